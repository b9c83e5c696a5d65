//! TCP: connections through a chain of network filters to a terminal one.
//!
//! Reading order: `client` opens connections and reads from them; `chain` moves what was read, and
//! what is written, through the filters as Envoy's `FilterManagerImpl` does; `guest` turns its steps
//! into guest callbacks; `terminal` is what ends the chain; `upstream` is the scripted other end;
//! `ending` closes. One read buffer belongs to a connection, and every filter sees the same one.
//!
//! Must not know: HTTP, streams, lab files as text.

mod chain;
mod client;
mod connection;
mod effect;
mod ending;
mod guest;
mod now;
mod properties;
mod report;
mod terminal;
mod upstream;

pub(super) use effect::TcpEffect;
pub(super) use upstream::check_rules;

use crate::abi::PeerType;
use connection::Connection;
use std::collections::BTreeMap;

/// All that is known of TCP in a scenario.
#[derive(Debug, Default)]
pub(super) struct Tcp {
    /// The plugin of each Wasm network filter, in the order of the chain.
    pub(super) chain: Vec<usize>,
    /// The connections, in the order in which they were opened.
    connections: Vec<Connection>,
    /// Connections by their names in the lab file.
    names: BTreeMap<String, usize>,
    /// VM and context to connection and filter.
    contexts: BTreeMap<(u32, u32), (usize, usize)>,
}

impl Tcp {
    /// No connection yet, and the plugins of the chain.
    pub(super) fn new(chain: Vec<usize>) -> Self {
        Self {
            chain,
            ..Self::default()
        }
    }
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the client, in the order of the configuration.
    Read,
    /// To the client, in reverse.
    Write,
}

/// A walk through the filters, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Walk {
    /// The connection.
    pub(super) connection: usize,
    /// Which way it goes.
    pub(super) way: Way,
    /// Reading: the filter it has come to, and behind the last the terminal one. Writing: how many
    /// filters are still to come.
    pub(super) at: usize,
    /// Whether the filter is told of the connection, not of bytes.
    pub(super) new: bool,
    /// The chain step's event.
    pub(super) event: Option<u32>,
}

/// What a filter answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FilterStatus {
    /// On to the next filter.
    Continue,
    /// Not now.
    StopIteration,
}

/// What a thread has to do for a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum TcpTask {
    /// The connection is accepted.
    Accept(usize),
    /// The client's next bytes are read.
    Read(usize),
    /// A walk goes on by one filter.
    Walk(Walk),
    /// All filters have had what was read.
    ReadDone(usize),
    /// What was written has left for the client.
    Flushed(usize),
    /// The proxy's connection to the upstream stands.
    Connected(usize),
    /// The upstream's next bytes are read.
    UpstreamRead(usize),
    /// Both halves of the upstream's connection may be closed.
    UpstreamDone(usize),
    /// A filter has seen the upstream's end, and is told so; what it had answered to the bytes.
    UpstreamEnds(Walk, FilterStatus),
    /// The client tears the connection.
    Gone(usize),
    /// Items of traffic that waited for the connection to fall quiet may be over.
    Quiet(usize),
    /// The connection is closed: the filters hear of it.
    Closed(usize, PeerType),
    /// `on_downstream_connection_close` of a filter.
    FilterClosed(usize, usize, PeerType),
    /// `on_done` of a filter.
    FilterDone(usize, usize),
    /// `on_log` of a filter.
    FilterLog(usize, usize),
    /// `on_delete` of a filter.
    FilterDelete(usize, usize),
    /// Nothing is left of a connection; the event that it closes.
    Ended(usize, Option<u32>),
}

impl TcpTask {
    /// What it is, for whoever asks what a timer is for.
    pub(super) fn words(self) -> String {
        match self {
            Self::Connected(connection) => {
                format!("the upstream's answer to the connect of connection {connection}")
            }
            Self::UpstreamRead(connection) => {
                format!("the upstream of connection {connection} sends")
            }
            Self::Gone(connection) => format!("the client of connection {connection} goes away"),
            // No other task waits for its time.
            other => format!("{other:?}"),
        }
    }
}

/// What comes after a guest call on a connection's behalf.
#[derive(Clone, Copy, Debug)]
pub(super) enum TcpAfter {
    /// The context exists: `on_new_connection` comes next.
    Created(Walk),
    /// A filter's callback has returned.
    Returned(Walk),
    /// `on_upstream_connection_close` has returned; what the filter had answered before.
    UpstreamClosed(Walk, FilterStatus),
    /// `on_log` has returned.
    Logged(usize, usize),
    /// `on_delete` has returned.
    Deleted(usize, usize),
}
