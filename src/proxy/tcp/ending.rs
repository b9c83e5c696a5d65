//! How connections end: closed by either side, then each filter's last callbacks.

use super::{TcpAfter, TcpTask};
use crate::abi::PeerType;
use crate::host::GuestCall;
use crate::model::report::{Closer, ConnectionOutcome};
use crate::model::trace::{Kind, Outcome, arg};
use crate::proxy::shared::Shared;
use crate::proxy::task::{After, Call, Command};

impl Shared {
    /// Closes a connection, once. `details` says why, where the proxy does it of its own accord.
    ///
    /// What was written before has left: Envoy closes after a flush.
    pub(super) fn close_connection(&mut self, index: usize, by: Closer, torn: bool, details: &str) {
        let now = self.clock.now_ns;
        let connection = &mut self.tcp.connections[index];
        if !connection.open {
            return;
        }
        connection.close(by, torn, details, now);
        if self.trace.capture {
            let who = match by {
                Closer::Client => "client",
                Closer::Proxy => "proxy",
            };
            let mut args = vec![arg("connection", index), arg("by", who)];
            if !details.is_empty() {
                args.push(arg("details", details.as_bytes()));
            }
            let name = if torn { "reset" } else { "close" };
            self.record(Kind::Client, name, None, None, args);
        }
        let peer = match by {
            Closer::Client => PeerType::Remote,
            Closer::Proxy => PeerType::Local,
        };
        self.tcp_push_front(TcpTask::Closed(index, peer));
    }

    /// What was written has left: with both halves closed, so is the connection.
    pub(super) fn flushed(&mut self, index: usize) {
        let connection = &mut self.tcp.connections[index];
        connection.flushing = false;
        if connection.open && connection.read_end && connection.write_end {
            self.close_connection(index, Closer::Proxy, false, "");
        }
        self.tcp_quiet_later(index);
    }

    /// Every filter hears that the connection is closed: close, done, log, delete, one filter
    /// after the other in the order of the configuration. `tcp_proxy` comes last.
    pub(super) fn tell_closed(&mut self, index: usize, peer: PeerType) {
        let event = match self.trace.capture {
            true => self.open_event("end_of_connection", None, vec![arg("connection", index)]),
            false => None,
        };
        self.tcp_push_front(TcpTask::Ended(index, event));
        for filter in (0..self.tcp.connections[index].filters.len()).rev() {
            self.tcp_push_front(TcpTask::FilterDelete(index, filter));
            self.tcp_push_front(TcpTask::FilterLog(index, filter));
            self.tcp_push_front(TcpTask::FilterDone(index, filter));
            self.tcp_push_front(TcpTask::FilterClosed(index, filter, peer));
        }
    }

    /// One of a filter's last callbacks; none for a filter that was never told of the connection.
    pub(super) fn network_end(&mut self, task: TcpTask) -> Option<Call> {
        let (TcpTask::FilterClosed(index, filter, _)
        | TcpTask::FilterDone(index, filter)
        | TcpTask::FilterLog(index, filter)
        | TcpTask::FilterDelete(index, filter)) = task
        else {
            return None;
        };
        let (vm, context) = self.network_context(index, filter)?;
        if self.vms[vm].failed {
            self.network_deleted(index, filter);
            return None;
        }
        let nothing = After::Nothing;
        let (command, after) = match task {
            TcpTask::FilterClosed(_, _, peer) => {
                let call = GuestCall::OnDownstreamConnectionClose { context, peer };
                (Command::Call(call), nothing)
            }
            TcpTask::FilterDone(..) => (Command::Call(GuestCall::OnDone { context }), nothing),
            TcpTask::FilterLog(..) => {
                self.tcp.connections[index].filters[filter].logging = true;
                let after = After::Tcp(TcpAfter::Logged(index, filter));
                (Command::Call(GuestCall::OnLog { context }), after)
            }
            _ => {
                let after = After::Tcp(TcpAfter::Deleted(index, filter));
                (Command::Delete(context), after)
            }
        };
        Some(Call { vm, command, after })
    }

    /// A filter's context is gone.
    pub(super) fn network_deleted(&mut self, index: usize, filter: usize) {
        let filter = &mut self.tcp.connections[index].filters[filter];
        if let (Some((vm, _)), Some(context)) = (filter.handle, filter.context.take()) {
            self.tcp.contexts.remove(&(vm as u32, context));
        }
    }

    /// Nothing is left of a connection but its report.
    pub(super) fn connection_ended(&mut self, index: usize, event: Option<u32>) {
        self.drop_upstream(index, ConnectionOutcome::Closed);
        self.trace
            .close(event, Some(Outcome::status("ended")), None);
        let connection = &mut self.tcp.connections[index];
        connection.read = Vec::new();
        for item in std::mem::take(&mut connection.items) {
            self.traffic_ended(item.item);
        }
    }
}
