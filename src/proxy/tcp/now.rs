//! A connection at the moment of an event, for whoever looks at the world there.

use super::Tcp;
use super::connection::Connection;
use crate::model::moment::{ConnectionNow, Excerpt};
use crate::proxy::shared::Shared;
use std::collections::BTreeMap;

impl Shared {
    /// The connections that are open, as they are now.
    pub(in crate::proxy) fn connections_now(&self) -> Vec<ConnectionNow> {
        let open = |(_, connection): &(usize, &Connection)| connection.open;
        let all = self.tcp.connections.iter().enumerate();
        let now = all.filter(open).map(|(number, connection)| {
            let stopped = connection.filters.iter().enumerate();
            let stopped =
                stopped.filter(|(_, f)| f.context.is_some() && (f.downstream || f.upstream));
            let write = connection.write.as_ref().map(|write| &write.data[..]);
            let upstream = connection.upstream.as_ref();
            let unread = upstream.map(|upstream| &upstream.unread[..]);
            let some = |bytes: &[u8]| (!bytes.is_empty()).then(|| Excerpt::from(bytes));
            ConnectionNow {
                connection: number as u32,
                thread: connection.thread as u32,
                read: some(&connection.read),
                write: write.and_then(some),
                unread: unread.and_then(some),
                seen_by: stopped
                    .map(|(filter, _)| self.network_name(filter).to_owned())
                    .collect(),
                client_ended: connection.read_end,
                not_read: connection.read_disabled,
            }
        });
        now.collect()
    }
}

impl Tcp {
    /// The contexts of a VM, each with its connection.
    pub(in crate::proxy) fn contexts_of(&self, vm: u32) -> BTreeMap<u32, u32> {
        let of_vm = self.contexts.range((vm, 0)..=(vm, u32::MAX));
        of_vm
            .map(|((_, context), (connection, _))| (*context, *connection as u32))
            .collect()
    }
}
