//! Walks through the network filters: Envoy's `FilterManagerImpl`.
//!
//! What was read stays in the connection's one buffer until a filter takes it. A filter that stops
//! leaves it there, and the next read brings all of it to the first filter again.

use super::{FilterStatus, TcpTask, Walk, Way};
use crate::model::trace::{Kind, Outcome, arg};
use crate::proxy::shared::Shared;
use crate::proxy::task::Call;

impl Shared {
    /// Does a task of a connection; the guest call that it wants, if it wants one.
    pub(in crate::proxy) fn tcp(&mut self, task: TcpTask) -> Option<Call> {
        match task {
            TcpTask::Accept(index) => self.accept(index),
            TcpTask::Read(index) => self.tcp_read(index),
            TcpTask::Walk(walk) => return self.walk(walk),
            TcpTask::ReadDone(index) => self.read_done(index),
            TcpTask::Flushed(index) => self.flushed(index),
            TcpTask::Connected(index) => self.upstream_connected(index),
            TcpTask::UpstreamRead(index) => self.read_from_upstream(index),
            TcpTask::UpstreamDone(index) => self.upstream_done(index),
            TcpTask::UpstreamEnds(walk, status) => return self.upstream_ends(walk, status),
            TcpTask::Gone(index) => self.client_tears(index),
            TcpTask::Quiet(index) => self.tcp_quiet(index),
            TcpTask::Closed(index, peer) => self.tell_closed(index, peer),
            TcpTask::FilterClosed(..)
            | TcpTask::FilterDone(..)
            | TcpTask::FilterLog(..)
            | TcpTask::FilterDelete(..) => return self.network_end(task),
            TcpTask::Ended(index, event) => self.connection_ended(index, event),
        }
        None
    }

    fn walk(&mut self, walk: Walk) -> Option<Call> {
        let connection = &mut self.tcp.connections[walk.connection];
        if !connection.open {
            self.close_walk(walk, "StopIteration");
            return None;
        }
        match walk.way {
            Way::Read => self.read_step(walk),
            Way::Write => self.write_step(walk),
        }
    }

    /// `onContinueReading`: a filter that was not told of the connection is told first; it gets
    /// bytes only when there are some.
    fn read_step(&mut self, mut walk: Walk) -> Option<Call> {
        let connection = &mut self.tcp.connections[walk.connection];
        if walk.new {
            return self.network_created(walk);
        }
        let Some(filter) = connection.filters.get_mut(walk.at) else {
            self.terminal_reads(walk.connection);
            return None;
        };
        if !filter.told {
            filter.told = true;
            walk.new = true;
            self.open_walk(&mut walk, "new_connection");
            return self.network_new(walk);
        }
        if connection.read.is_empty() && !connection.read_end {
            self.tcp_walk(walk.connection, Way::Read, walk.at + 1);
            return None;
        }
        self.open_walk(&mut walk, "read_data");
        self.network_data(walk)
    }

    /// `onWrite`: the last filter comes first, and behind the first stands the client.
    fn write_step(&mut self, mut walk: Walk) -> Option<Call> {
        if walk.at == 0 {
            self.write_to_client(walk.connection);
            return None;
        }
        walk.at -= 1;
        self.open_walk(&mut walk, "write_data");
        self.network_data(walk)
    }

    fn open_walk(&mut self, walk: &mut Walk, name: &'static str) {
        if self.trace.capture {
            let args = vec![
                arg("connection", walk.connection),
                arg("filter", self.network_name(walk.at).as_bytes()),
            ];
            walk.event = self.open_event(name, None, args);
        }
    }

    fn close_walk(&mut self, walk: Walk, word: &'static str) {
        self.trace
            .close(walk.event, Some(Outcome::status(word)), None);
    }

    /// A filter has answered.
    pub(super) fn network_settle(&mut self, mut walk: Walk, status: FilterStatus) {
        let goes_on = status == FilterStatus::Continue;
        self.close_walk(
            walk,
            match status {
                FilterStatus::Continue => "Continue",
                FilterStatus::StopIteration => "StopIteration",
            },
        );
        walk.event = None;
        let connection = &mut self.tcp.connections[walk.connection];
        let filter = &mut connection.filters[walk.at];
        match (walk.way, walk.new) {
            (Way::Read, true) => {}
            // A filter that stops keeps its view of the buffer.
            (Way::Read, false) => filter.downstream = !goes_on,
            (Way::Write, _) => filter.upstream = !goes_on,
        }
        if !connection.open {
            return;
        }
        match walk.way {
            Way::Read if goes_on => {
                walk.at += usize::from(!walk.new);
                walk.new = false;
                self.tcp_push_front(TcpTask::Walk(walk));
            }
            Way::Read => self.watermark(walk.connection),
            Way::Write if goes_on => self.tcp_push_front(TcpTask::Walk(walk)),
            Way::Write => self.write_stopped(walk.connection),
        }
        let held = self.tcp.connections[walk.connection].read.len();
        self.peak_buffer = self.peak_buffer.max(held as u64);
        self.tcp_quiet_later(walk.connection);
    }

    /// More is held than the limit: the client is not read until some of it has gone.
    fn watermark(&mut self, index: usize) {
        let limit = self.config.buffer_limit;
        let connection = &self.tcp.connections[index];
        let held = connection.read.len();
        if limit == 0 || held < limit || !self.trace.capture {
            return;
        }
        let args = vec![
            arg("connection", index),
            arg("held", held),
            arg("limit", limit),
        ];
        self.record(Kind::Chain, "read_disabled", None, None, args);
    }

    /// Envoy cannot go on with a write that was stopped: the bytes lie where they came from, and
    /// go with the next ones, if any come. An end is lost.
    fn write_stopped(&mut self, index: usize) {
        let connection = &mut self.tcp.connections[index];
        let Some(write) = connection.write.take() else {
            return;
        };
        let place = match (&mut connection.upstream, write.from_upstream) {
            (Some(upstream), true) => &mut upstream.unread,
            _ => &mut connection.read,
        };
        place.splice(..0, write.data);
    }

    /// Bytes have come through all write filters.
    fn write_to_client(&mut self, index: usize) {
        let connection = &mut self.tcp.connections[index];
        let Some(write) = connection.write.take() else {
            return;
        };
        if connection.write_end || write.data.is_empty() && !write.end {
            return;
        }
        connection.write_end = write.end;
        connection.report.received.0.extend(&write.data);
        connection.flushing = !write.data.is_empty() || write.from_upstream;
        let thread = connection.thread;
        let data = Some((&write.data[..], write.end));
        self.tcp_event(Kind::Client, "client_receives", index, data, None);
        self.downstream_bytes("downstream_cx_tx_bytes_total", write.data.len());
        self.tcp_push_back(thread, TcpTask::Flushed(index));
        self.tcp_quiet_later(index);
    }

    /// A network filter's configured plugin name, for the trace.
    pub(in crate::proxy) fn network_name(&self, filter: usize) -> &str {
        let name = &self.plugins[self.tcp.chain[filter]].config.name;
        match (name.as_str(), &self.config.network) {
            ("", Some(network)) => &network.filters[filter].name,
            _ => name,
        }
    }
}
