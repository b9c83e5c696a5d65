//! The client's side: connections are opened, accepted and read from.

use super::connection::{Connection, Filter, Item, Step};
use super::{TcpTask, Walk, Way};
use crate::model::Bytes;
use crate::model::lab::Traffic;
use crate::model::report::Closer;
use crate::model::trace::{Kind, arg};
use crate::proxy::clock::Weight;
use crate::proxy::config::{FailurePolicy, Terminal};
use crate::proxy::shared::Shared;
use crate::proxy::task::Task;

impl Shared {
    /// An item of traffic sends over a connection, a known one or a new one.
    pub(in crate::proxy) fn begin_tcp(
        &mut self,
        item: usize,
        traffic: &Traffic,
        send: &[Bytes],
        close: bool,
        reset: bool,
    ) {
        let name = traffic.connection.clone();
        let known = name.as_ref().and_then(|name| self.tcp.names.get(name));
        let index = match known {
            Some(index) => *index,
            None => self.open_connection(name, traffic.worker),
        };
        let connection = &mut self.tcp.connections[index];
        let thread = connection.thread;
        if !connection.open {
            // Whoever writes to a closed connection is told so by its own system.
            self.tcp_event(Kind::Client, "not_sent", index, None, None);
            self.traffic_ended(item);
            return;
        }
        connection
            .inbox
            .extend(send.iter().cloned().map(Step::Data));
        connection.inbox.extend(close.then_some(Step::End));
        connection.inbox.extend(reset.then_some(Step::Reset));
        let to_the_end = close || reset || traffic.cancel_ns.is_some();
        connection.items.push(Item { item, to_the_end });
        if let Some(cancel) = traffic.cancel_ns {
            let task = Task::Tcp(TcpTask::Gone(index));
            self.clock.after(cancel, thread, task, Weight::Work);
        }
        self.tcp_read_later(index);
        self.tcp_quiet_later(index);
    }

    fn open_connection(&mut self, name: Option<String>, worker: Option<u32>) -> usize {
        let (number, thread) = self.pin(worker);
        let index = self.tcp.connections.len();
        let connection = Connection::new(thread, number, name.clone());
        self.tcp.connections.push(connection);
        if let Some(name) = name {
            self.tcp.names.insert(name, index);
        }
        self.tcp_push_back(thread, TcpTask::Accept(index));
        index
    }

    /// The worker accepts a connection: its filters are made and told.
    pub(super) fn accept(&mut self, index: usize) {
        let now = self.clock.now_ns;
        let connection = &mut self.tcp.connections[index];
        if !connection.prepared {
            connection.prepared = true;
            self.tcp_push_front(TcpTask::Accept(index));
            self.reload_plugins();
            return;
        }
        connection.start_ns = now;
        connection.accepted = true;
        let thread = connection.thread;
        let number = connection.number;
        let terminal = self.config.network.as_ref().map(|n| n.terminal.clone());
        let filters = self.tcp.chain.clone().into_iter().map(|plugin| {
            let handle = self.handle(thread, plugin);
            let failed = handle.is_none_or(|(vm, _)| self.vms[vm].failed);
            let open = self.plugins[plugin].config.policy == FailurePolicy::Open;
            Filter {
                handle,
                skipped: failed && open,
                ..Filter::default()
            }
        });
        let filters: Vec<_> = filters.collect();
        let connection = &mut self.tcp.connections[index];
        connection.filters = filters;
        if let Some(Terminal::TcpProxy { stat_prefix, .. }) = &terminal {
            // Nothing is read before there is an upstream to send it to.
            connection.read_disabled = true;
            self.tcp_stat(stat_prefix, "downstream_cx_total", 1);
        }
        if self.trace.capture {
            let args = vec![
                arg("connection", index),
                arg("number", number as usize),
                arg("worker", thread - 1),
            ];
            self.record(Kind::Client, "connect", None, None, args);
        }
        self.tcp_read_later(index);
        self.tcp_walk(index, Way::Read, 0);
    }

    /// Starts a walk before all else this thread has to do.
    pub(super) fn tcp_walk(&mut self, connection: usize, way: Way, at: usize) {
        self.tcp_push_front(TcpTask::Walk(Walk {
            connection,
            way,
            at,
            new: false,
            event: None,
        }));
    }

    /// Queues a read of what the client does next, unless the proxy is not reading.
    pub(super) fn tcp_read_later(&mut self, index: usize) {
        let limit = self.config.buffer_limit;
        let connection = &mut self.tcp.connections[index];
        let full = limit > 0 && connection.read.len() >= limit;
        if connection.reading
            || !connection.open
            || !connection.accepted
            || connection.read_disabled
            || connection.inbox.is_empty()
            || full
        {
            return;
        }
        connection.reading = true;
        let thread = connection.thread;
        self.tcp_push_back(thread, TcpTask::Read(index));
    }

    /// Reads what the client does next.
    pub(super) fn tcp_read(&mut self, index: usize) {
        let connection = &mut self.tcp.connections[index];
        connection.reading = false;
        if !connection.open || connection.read_disabled {
            return;
        }
        let Some(step) = connection.inbox.pop_front() else {
            return;
        };
        match step {
            Step::Data(bytes) => {
                connection.report.sent.0.extend(&bytes[..]);
                connection.read.extend(&bytes[..]);
                self.tcp_event(
                    Kind::Client,
                    "client_sends",
                    index,
                    Some((&bytes, false)),
                    None,
                );
                self.downstream_bytes("downstream_cx_rx_bytes_total", bytes.len());
                if bytes.is_empty() {
                    // No bytes make no read.
                    self.tcp_read_later(index);
                    self.tcp_quiet_later(index);
                    return;
                }
            }
            Step::End => {
                connection.read_end = true;
                self.tcp_event(Kind::Client, "client_sends", index, Some((&[], true)), None);
            }
            Step::Reset => {
                self.client_tears(index);
                return;
            }
        }
        self.tcp_read_later(index);
        self.tcp_push_front(TcpTask::ReadDone(index));
        self.tcp_walk(index, Way::Read, 0);
        self.tcp_quiet_later(index);
    }

    /// The client tears the connection.
    pub(super) fn client_tears(&mut self, index: usize) {
        self.close_connection(index, Closer::Client, true, "");
    }

    /// All filters have had what was read: with both halves closed, so is the connection.
    pub(super) fn read_done(&mut self, index: usize) {
        let connection = &self.tcp.connections[index];
        if connection.open && connection.read_end && connection.write_end && !connection.flushing {
            self.close_connection(index, Closer::Client, false, "");
        }
    }

    /// Queues a look at the items of traffic that wait for quiet.
    ///
    /// Behind everything else: by then no walk of this thread is under way.
    pub(super) fn tcp_quiet_later(&mut self, index: usize) {
        let connection = &mut self.tcp.connections[index];
        if connection.quiet_queued || connection.items.is_empty() {
            return;
        }
        connection.quiet_queued = true;
        let thread = connection.thread;
        self.tcp_push_back(thread, TcpTask::Quiet(index));
    }

    /// Ends the items that waited for quiet, if it is quiet.
    pub(super) fn tcp_quiet(&mut self, index: usize) {
        let connection = &mut self.tcp.connections[index];
        connection.quiet_queued = false;
        if !connection.quiet() {
            return;
        }
        let open = connection.open;
        let (waiting, over): (Vec<_>, Vec<_>) = connection
            .items
            .drain(..)
            .partition(|item| open && item.to_the_end);
        connection.items = waiting;
        for item in over {
            self.traffic_ended(item.item);
        }
    }

    /// The connection of an item of traffic that will never be over, and what holds it.
    pub(in crate::proxy) fn tcp_stalled(&mut self, item: usize) -> bool {
        let of_item = |c: &Connection| c.items.iter().any(|i| i.item == item);
        let Some(index) = self.tcp.connections.iter().position(of_item) else {
            return false;
        };
        let connection = &mut self.tcp.connections[index];
        connection.items.retain(|i| i.item != item);
        if self.trace.capture {
            let connection = &self.tcp.connections[index];
            self.trace.thread = connection.thread as u32;
            let mut args = vec![arg("connection", index)];
            if let Some(filter) = connection.holder() {
                args.push(arg("held_by", self.network_name(filter).as_bytes()));
            }
            self.record(Kind::Chain, "stalled", None, None, args);
        }
        true
    }

    pub(super) fn tcp_push_back(&mut self, thread: usize, task: TcpTask) {
        self.threads[thread].queue.push_back(Task::Tcp(task));
    }

    pub(super) fn tcp_push_front(&mut self, task: TcpTask) {
        self.push_front(Task::Tcp(task));
    }

    /// An event of a connection, with bytes and end, or with a cluster.
    pub(super) fn tcp_event(
        &mut self,
        kind: Kind,
        name: &'static str,
        connection: usize,
        data: Option<(&[u8], bool)>,
        cluster: Option<&str>,
    ) {
        if !self.trace.capture {
            return;
        }
        let mut args = vec![arg("connection", connection)];
        args.extend(cluster.map(|cluster| arg("cluster", cluster.as_bytes())));
        if let Some((bytes, end)) = data {
            args.push(arg("data", bytes));
            args.push(arg("end_of_stream", if end { "true" } else { "false" }));
        }
        self.record(kind, name, None, None, args);
    }

    /// Adds to a stat of a `tcp_proxy`.
    pub(super) fn tcp_stat(&mut self, prefix: &str, name: &str, by: u64) {
        let name = format!("tcp.{prefix}.{name}");
        *self.state.stats.entry(name).or_insert(0) += by;
    }

    /// Adds bytes to a stat of the `tcp_proxy`, if one ends the chain.
    pub(super) fn downstream_bytes(&mut self, name: &str, bytes: usize) {
        let terminal = self.config.network.as_ref().map(|n| n.terminal.clone());
        if let Some(Terminal::TcpProxy { stat_prefix, .. }) = terminal {
            self.tcp_stat(&stat_prefix, name, bytes as u64);
        }
    }
}
