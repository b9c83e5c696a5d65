//! What a guest can ask for on behalf of a connection, done once it has returned.

use super::Way;
use crate::abi::StreamType;
use crate::host::port::{Answer, At};
use crate::model::report::Closer;
use crate::proxy::effects::Effect;
use crate::proxy::shared::Shared;

/// What a guest has asked for.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) enum TcpEffect {
    /// What was read goes on behind a filter: connection and filter.
    Continue(usize, usize),
    /// A connection is closed after what was written, and why.
    Close(usize, &'static str),
}

impl Shared {
    /// `proxy_continue_stream` for a connection: nothing where the context has none.
    pub(in crate::proxy) fn continue_connection(&mut self, at: At) -> Answer<()> {
        if let Some((connection, filter)) = self.connection_of(at) {
            self.tcp_effect(TcpEffect::Continue(connection, filter));
        }
        Ok(())
    }

    /// `proxy_close_stream` for either side: Envoy closes the client's connection in both cases.
    pub(in crate::proxy) fn close_connection_of(
        &mut self,
        at: At,
        stream: StreamType,
    ) -> Answer<()> {
        if let Some((connection, _)) = self.connection_of(at) {
            let details = match stream {
                StreamType::Upstream => "wasm_upstream_close",
                _ => "wasm_downstream_close",
            };
            self.tcp_effect(TcpEffect::Close(connection, details));
        }
        Ok(())
    }

    fn tcp_effect(&mut self, effect: TcpEffect) {
        let thread = self.thread;
        self.threads[thread].effects.push(Effect::Tcp(effect));
    }

    /// Does what a guest has asked for.
    pub(in crate::proxy) fn apply_tcp(&mut self, effect: TcpEffect) {
        match effect {
            TcpEffect::Continue(connection, filter) => {
                // The filter itself is not called again.
                self.tcp_walk(connection, Way::Read, filter + 1);
                self.tcp_quiet_later(connection);
            }
            TcpEffect::Close(connection, details) => {
                self.close_connection(connection, Closer::Proxy, false, details);
            }
        }
    }

    /// Whether a connection that is open keeps a plugin's handle on a VM.
    pub(in crate::proxy) fn connections_hold(&self, vm: usize, plugin: usize) -> bool {
        let of_vm = self
            .tcp
            .contexts
            .range((vm as u32, 0)..=(vm as u32, u32::MAX));
        let mut plugins = of_vm.map(|(_, (_, filter))| self.tcp.chain[*filter]);
        plugins.any(|of| self.plugins[of].same_as == plugin)
    }

    /// The number of the connection that a context stands for.
    pub(in crate::proxy) fn connection_number(&self, at: At) -> Option<u64> {
        let (connection, _) = self.connection_of(at)?;
        Some(self.tcp.connections[connection].number)
    }
}
