//! A connection: its buffers, its filters, how it stands.

use super::upstream::Upstream;
use crate::model::Bytes;
use crate::model::report::{Closer, Connection as Report, ConnectionOutcome};
use std::collections::VecDeque;

/// A TCP connection.
#[derive(Debug)]
pub(super) struct Connection {
    /// The thread of its worker.
    pub(super) thread: usize,
    /// Its number, from 1, among all connections of the scenario.
    pub(super) number: u64,
    /// When it was accepted, nanoseconds since the scenario began.
    pub(super) start_ns: u64,
    /// When it was closed.
    pub(super) end_ns: Option<u64>,
    /// Whether plugins that wait to be reloaded were seen to.
    pub(super) prepared: bool,
    /// Whether its filters exist.
    pub(super) accepted: bool,
    /// Whether bytes can still go: Envoy's state `Open`.
    pub(super) open: bool,
    /// What the client is about to do.
    pub(super) inbox: VecDeque<Step>,
    /// Whether a read is queued.
    pub(super) reading: bool,
    /// Whether the proxy does not read: `readDisable`.
    pub(super) read_disabled: bool,
    /// What was read and no filter has taken yet.
    pub(super) read: Vec<u8>,
    /// Whether the client has closed its half.
    pub(super) read_end: bool,
    /// What is on its way to the client, while it is.
    pub(super) write: Option<Write>,
    /// Whether the proxy has closed its half.
    pub(super) write_end: bool,
    /// Whether bytes have not left for the client yet.
    pub(super) flushing: bool,
    /// The Wasm filters, in the order of the configuration.
    pub(super) filters: Vec<Filter>,
    /// Whether the terminal filter was told of the connection.
    pub(super) terminal_told: bool,
    /// Whether the terminal filter has had the client's end.
    pub(super) terminal_ended: bool,
    /// The proxy's connection to an upstream.
    pub(super) upstream: Option<Upstream>,
    /// Items of traffic that are not over.
    pub(super) items: Vec<Item>,
    /// Whether a look at them is queued.
    pub(super) quiet_queued: bool,
    /// What the report says; `upstream` is filled at the end.
    pub(super) report: Report,
}

/// What a client does next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// It sends bytes.
    Data(Bytes),
    /// It closes its half.
    End,
    /// It tears the connection.
    Reset,
}

/// An item of traffic that waits for its connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    /// Which.
    pub(super) item: usize,
    /// Whether it waits for the connection's end, not only for quiet.
    pub(super) to_the_end: bool,
}

/// Bytes on their way to the client.
#[derive(Debug)]
pub(super) struct Write {
    /// The bytes.
    pub(super) data: Vec<u8>,
    /// Whether nothing comes after them.
    pub(super) end: bool,
    /// Whether they come from the upstream, not from the read buffer itself.
    pub(super) from_upstream: bool,
}

/// A Wasm filter's state on a connection.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// The plugin's VM and root context on this thread; `None` when it could not be started.
    pub(super) handle: Option<(usize, u32)>,
    /// It stays out of this connection: its VM had failed and the policy is open.
    pub(super) skipped: bool,
    /// Whether it was told of the connection.
    pub(super) told: bool,
    /// Its context, once created.
    pub(super) context: Option<u32>,
    /// Whether the guest sees what was read.
    pub(super) downstream: bool,
    /// Whether the guest sees what is written.
    pub(super) upstream: bool,
    /// In `on_log`.
    pub(super) logging: bool,
}

impl Connection {
    /// A connection that was just opened.
    pub(super) fn new(thread: usize, number: u64, name: Option<String>) -> Self {
        Self {
            thread,
            number,
            start_ns: 0,
            end_ns: None,
            prepared: false,
            accepted: false,
            open: true,
            inbox: VecDeque::new(),
            reading: false,
            read_disabled: false,
            read: Vec::new(),
            read_end: false,
            write: None,
            write_end: false,
            flushing: false,
            filters: Vec::new(),
            terminal_told: false,
            terminal_ended: false,
            upstream: None,
            items: Vec::new(),
            quiet_queued: false,
            report: Report {
                worker: (thread - 1) as u32,
                name,
                flags: "-".to_owned(),
                ..Report::default()
            },
        }
    }

    /// Whether a filter holds bytes that nobody will let go by himself.
    pub(super) fn held(&self) -> bool {
        let unread = |upstream: &Upstream| !upstream.unread.is_empty();
        self.open && (!self.read.is_empty() || self.upstream.as_ref().is_some_and(unread))
    }

    /// Whether nothing of it is under way.
    pub(super) fn quiet(&self) -> bool {
        let waits = |upstream: &Upstream| !upstream.connected || !upstream.inbox.is_empty();
        !self.open
            || self.accepted
                && self.inbox.is_empty()
                && !self.reading
                && !self.flushing
                && !self.held()
                && !self.upstream.as_ref().is_some_and(waits)
    }

    /// The first filter that has stopped the connection.
    pub(super) fn holder(&self) -> Option<usize> {
        self.filters.iter().position(|f| f.downstream || f.upstream)
    }

    /// How it stands.
    pub(super) fn outcome(&self) -> ConnectionOutcome {
        match self.report.closed_by {
            Some(_) => self.report.outcome,
            None if self.held() || self.read_end || !self.inbox.is_empty() => {
                ConnectionOutcome::Stalled
            }
            None if self.write_end => ConnectionOutcome::HalfClosed,
            None => ConnectionOutcome::Open,
        }
    }

    /// Notes how it was closed.
    pub(super) fn close(&mut self, by: Closer, torn: bool, details: &str, now_ns: u64) {
        self.open = false;
        self.end_ns = Some(now_ns);
        self.inbox.clear();
        self.write = None;
        self.report.closed_by = Some(by);
        self.report.details = details.to_owned();
        self.report.outcome = match torn {
            true => ConnectionOutcome::Reset,
            false => ConnectionOutcome::Closed,
        };
    }
}
