//! What ends a chain of network filters: `echo`, `direct_response`, and `tcp_proxy` with its upstream
//! connection.

use super::connection::Write;
use super::upstream::Upstream;
use super::{TcpTask, Way};
use crate::model::report::{Closer, ConnectionOutcome, UpstreamConnection};
use crate::model::trace::Kind;
use crate::proxy::clock::Weight;
use crate::proxy::config::Terminal;
use crate::proxy::filter_state::{Home, Object};
use crate::proxy::shared::Shared;
use crate::proxy::task::Task;

impl Shared {
    /// The terminal filter is told of the connection, and takes what was read.
    pub(super) fn terminal_reads(&mut self, index: usize) {
        let Some(terminal) = self.config.network.as_ref().map(|n| n.terminal.clone()) else {
            return;
        };
        let connection = &mut self.tcp.connections[index];
        if !connection.terminal_told {
            connection.terminal_told = true;
            if let Terminal::DirectResponse(text) = &terminal {
                // The client is heard no more; with the last byte written the connection closes.
                connection.read_end = true;
                match text.is_empty() {
                    true => self.close_connection(index, Closer::Proxy, false, ""),
                    false => self.write_through(index, text.clone(), true, false),
                }
                return;
            }
            if let Terminal::TcpProxy {
                stat_prefix,
                cluster,
            } = terminal
            {
                // Filter state names another cluster for this connection.
                let number = self.tcp.connections[index].number;
                let home = Home::Connection(number);
                let cluster = match self.object_at(home, b"envoy.tcp_proxy.cluster") {
                    Some(Object::Own(chosen, _)) => chosen.clone(),
                    _ => cluster,
                };
                // It stops until its upstream connection stands.
                self.connect_upstream(index, &stat_prefix, &cluster);
                return;
            }
        }
        let connection = &mut self.tcp.connections[index];
        let ends = connection.read_end && !connection.terminal_ended;
        if connection.read.is_empty() && !ends {
            return;
        }
        match terminal {
            Terminal::Echo => {
                let data = std::mem::take(&mut connection.read);
                connection.terminal_ended = connection.read_end;
                let end = connection.read_end;
                self.write_through(index, data, end, false);
            }
            Terminal::DirectResponse(_) => connection.read.clear(),
            Terminal::TcpProxy { .. } => {
                let ready = connection.upstream.as_ref().is_some_and(|u| u.connected);
                if !ready {
                    return;
                }
                let data = std::mem::take(&mut connection.read);
                connection.terminal_ended = connection.read_end;
                self.upstream_receives(index, data, ends);
            }
        }
        // Room again in the buffer.
        self.tcp_read_later(index);
    }

    /// Bytes begin their way through the write filters.
    pub(super) fn write_through(
        &mut self,
        index: usize,
        data: Vec<u8>,
        end: bool,
        from_upstream: bool,
    ) {
        let connection = &mut self.tcp.connections[index];
        if connection.write_end {
            return;
        }
        connection.write = Some(Write {
            data,
            end,
            from_upstream,
        });
        let filters = connection.filters.len();
        self.tcp_walk(index, Way::Write, filters);
    }

    /// `tcp_proxy` connects when it is told of the connection, before any byte was read.
    fn connect_upstream(&mut self, index: usize, stat_prefix: &str, name: &str) {
        let thread = self.tcp.connections[index].thread;
        let found = self.config.clusters.iter().position(|c| c.name == name);
        let Some(cluster) = found else {
            self.tcp_stat(stat_prefix, "downstream_cx_no_route", 1);
            self.refuse_connection(index, "NC", "cluster_not_found");
            return;
        };
        let Some(host) = self.pick_host(thread, cluster) else {
            self.cluster_stat(name, "upstream_cx_none_healthy", 1);
            self.refuse_connection(index, "UH", "no_healthy_upstream");
            return;
        };
        self.cluster_stat(name, "upstream_cx_total", 1);
        self.host_stat(name, &host, "cx_total", 1);
        self.host_stat(name, &host, "cx_active", 1);
        self.tcp_event(Kind::Upstream, "connect", index, None, Some(name));
        let rule = self.connect_rule(name);
        let refused = rule.as_ref().filter(|rule| rule.resets());
        let delay_ns = refused.map_or(0, |rule| rule.delay_ns);
        let upstream = Upstream::new(name, host, refused.is_some());
        self.tcp.connections[index].upstream = Some(upstream);
        let task = Task::Tcp(TcpTask::Connected(index));
        self.clock.after(delay_ns, thread, task, Weight::Work);
    }

    /// The upstream's answer to the connection: from here on the client is read.
    pub(super) fn upstream_connected(&mut self, index: usize) {
        let connection = &mut self.tcp.connections[index];
        let Some(upstream) = connection.upstream.as_mut().filter(|_| connection.open) else {
            return;
        };
        let cluster = upstream.cluster.clone();
        if upstream.refuses {
            upstream.connected = true;
            upstream.gone = true;
            upstream.outcome = ConnectionOutcome::Reset;
            let host = upstream.host.clone();
            self.cluster_stat(&cluster, "upstream_cx_connect_fail", 1);
            self.host_stat(&cluster, &host, "cx_connect_fail", 1);
            self.host_stat(&cluster, &host, "cx_active", -1);
            self.tcp_event(Kind::Upstream, "refused", index, None, Some(&cluster));
            self.refuse_connection(index, "UF", "upstream_connect_failed");
            return;
        }
        upstream.connected = true;
        connection.read_disabled = false;
        if let Some(rule) = self.connect_rule(&cluster) {
            self.upstream_acts(index, &rule, &[]);
        }
        let filters = self.tcp.connections[index].filters.len();
        self.tcp_read_later(index);
        // What a filter let go before there was an upstream waits in front of the terminal filter.
        self.tcp_walk(index, Way::Read, filters);
        self.tcp_quiet_later(index);
    }

    /// `tcp_proxy` has no upstream for the connection: it is closed without a word.
    fn refuse_connection(&mut self, index: usize, flag: &str, details: &str) {
        self.tcp.connections[index].report.flags = flag.to_owned();
        self.close_connection(index, Closer::Proxy, false, details);
    }
}

impl Upstream {
    /// What the report says of it.
    pub(super) fn report(&self) -> UpstreamConnection {
        UpstreamConnection {
            cluster: self.cluster.clone(),
            received: self.received.clone().into(),
            sent: self.sent.clone().into(),
            outcome: self.outcome,
        }
    }
}
