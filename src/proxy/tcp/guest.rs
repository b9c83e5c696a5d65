//! The Wasm network filter: steps of the chain become callbacks of the guest.

use super::{FilterStatus, TcpAfter, TcpTask, Walk, Way};
use crate::abi::{BufferType, PeerType};
use crate::host::GuestCall;
use crate::host::port::At;
use crate::model::report::Closer;
use crate::proxy::shared::Shared;
use crate::proxy::task::{After, Call, Command, Ended};

impl Shared {
    /// A filter is told of the connection: its context is made first.
    pub(super) fn network_new(&mut self, walk: Walk) -> Option<Call> {
        let filter = &self.tcp.connections[walk.connection].filters[walk.at];
        if filter.skipped {
            self.network_settle(walk, FilterStatus::Continue);
            return None;
        }
        let Some((vm, root)) = filter.handle.filter(|(vm, _)| !self.vms[*vm].failed) else {
            let status = self.network_failed(walk);
            self.network_settle(walk, status);
            return None;
        };
        Some(Call {
            vm,
            command: Command::Create(Some(root)),
            after: After::Tcp(TcpAfter::Created(walk)),
        })
    }

    /// A context's id is known, and the guest is about to hear of it.
    pub(in crate::proxy) fn network_allotted(&mut self, after: TcpAfter, vm: usize, context: u32) {
        if let TcpAfter::Created(walk) = after {
            let filter = &mut self.tcp.connections[walk.connection].filters[walk.at];
            filter.context = Some(context);
            let place = (walk.connection, walk.at);
            self.tcp.contexts.insert((vm as u32, context), place);
        }
    }

    /// The context exists: `on_new_connection`.
    pub(super) fn network_created(&mut self, walk: Walk) -> Option<Call> {
        let (vm, context) = self.network_context(walk.connection, walk.at)?;
        let call = GuestCall::OnNewConnection { context };
        Some(Call {
            vm,
            command: Command::Call(call),
            after: After::Tcp(TcpAfter::Returned(walk)),
        })
    }

    /// Bytes come to a filter.
    ///
    /// A filter that was never told of the connection lets everything pass.
    pub(super) fn network_data(&mut self, walk: Walk) -> Option<Call> {
        let connection = &mut self.tcp.connections[walk.connection];
        let filter = &mut connection.filters[walk.at];
        let (Some((vm, _)), Some(context)) = (filter.handle, filter.context) else {
            self.network_settle(walk, FilterStatus::Continue);
            return None;
        };
        if self.vms[vm].failed {
            let status = self.network_failed(walk);
            self.network_settle(walk, status);
            return None;
        }
        let call = match walk.way {
            Way::Read => {
                filter.downstream = true;
                GuestCall::OnDownstreamData {
                    context,
                    size: connection.read.len() as u32,
                    end_of_stream: connection.read_end,
                }
            }
            Way::Write => {
                filter.upstream = true;
                let write = connection.write.as_ref();
                GuestCall::OnUpstreamData {
                    context,
                    size: write.map_or(0, |write| write.data.len()) as u32,
                    end_of_stream: write.is_some_and(|write| write.end),
                }
            }
        };
        Some(Call {
            vm,
            command: Command::Call(call),
            after: After::Tcp(TcpAfter::Returned(walk)),
        })
    }

    /// A guest call on a connection's behalf has ended.
    pub(in crate::proxy) fn tcp_after(&mut self, after: TcpAfter, ended: Ended) {
        match after {
            TcpAfter::Created(walk) => match ended {
                Ended::Failed(_) => {
                    let status = self.network_failed(walk);
                    self.network_settle(walk, status);
                }
                _ => self.tcp_push_front(TcpTask::Walk(walk)),
            },
            TcpAfter::Returned(walk) => self.network_returned(walk, &ended),
            TcpAfter::UpstreamClosed(walk, status) => self.network_settle(walk, status),
            TcpAfter::Logged(connection, filter) => {
                self.tcp.connections[connection].filters[filter].logging = false;
            }
            TcpAfter::Deleted(connection, filter) => self.network_deleted(connection, filter),
        }
    }

    fn network_returned(&mut self, walk: Walk, ended: &Ended) {
        let status = match ended {
            Ended::Failed(_) => self.network_failed(walk),
            Ended::Absent | Ended::Returned(0) => FilterStatus::Continue,
            Ended::Returned(_) => FilterStatus::StopIteration,
        };
        let connection = &mut self.tcp.connections[walk.connection];
        let ends = connection.write.as_ref().is_some_and(|write| write.end);
        if walk.way == Way::Write && ends && connection.open {
            connection.filters[walk.at].upstream = status == FilterStatus::StopIteration;
            // An upstream's end is known by the end of what it writes.
            self.tcp_push_front(TcpTask::UpstreamEnds(walk, status));
            return;
        }
        self.network_settle(walk, status);
    }

    /// `on_upstream_connection_close`, right after the last `on_upstream_data`.
    pub(super) fn upstream_ends(&mut self, walk: Walk, status: FilterStatus) -> Option<Call> {
        let place = self.network_context(walk.connection, walk.at);
        let Some((vm, context)) = place.filter(|(vm, _)| !self.vms[*vm].failed) else {
            self.network_settle(walk, status);
            return None;
        };
        let peer = PeerType::Unknown;
        let call = GuestCall::OnUpstreamConnectionClose { context, peer };
        Some(Call {
            vm,
            command: Command::Call(call),
            after: After::Tcp(TcpAfter::UpstreamClosed(walk, status)),
        })
    }

    /// Envoy's `failStream` for a connection: it is closed, unless the plugin fails open.
    fn network_failed(&mut self, walk: Walk) -> FilterStatus {
        let plugin = self.tcp.chain[walk.at];
        if self.plugins[plugin].config.fail_open {
            return FilterStatus::Continue;
        }
        self.close_connection(walk.connection, Closer::Proxy, false, "wasm_fail_stream");
        FilterStatus::StopIteration
    }

    /// The VM and context of a filter on a connection.
    pub(super) fn network_context(&self, connection: usize, filter: usize) -> Option<(usize, u32)> {
        let filter = &self.tcp.connections[connection].filters[filter];
        let (vm, _) = filter.handle?;
        Some((vm, filter.context?))
    }

    /// The connection and filter that a context stands for.
    pub(in crate::proxy) fn connection_of(&self, at: At) -> Option<(usize, usize)> {
        self.tcp.contexts.get(&(at.vm, at.context)).copied()
    }

    /// The bytes of a connection that a guest sees now; `None` when it sees none.
    pub(in crate::proxy) fn network_buffer(
        &mut self,
        at: At,
        buffer: BufferType,
    ) -> Option<&mut Vec<u8>> {
        let (connection, filter) = self.connection_of(at)?;
        let connection = &mut self.tcp.connections[connection];
        let filter = &connection.filters[filter];
        match buffer {
            BufferType::DownstreamData if filter.downstream => Some(&mut connection.read),
            BufferType::UpstreamData if filter.upstream => {
                match (&mut connection.write, &mut connection.upstream) {
                    (Some(write), _) => Some(&mut write.data),
                    (None, Some(upstream)) => Some(&mut upstream.unread),
                    (None, None) => Some(&mut connection.read),
                }
            }
            _ => None,
        }
    }
}
