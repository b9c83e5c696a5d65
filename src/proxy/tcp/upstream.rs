//! The upstream's side: what the lab has a cluster answer to bytes, and how that comes back.

use super::TcpTask;
use super::connection::Step;
use crate::model::lab::{Lab, Reset, UpstreamAction, UpstreamRule};
use crate::model::report::{Closer, ConnectionOutcome};
use crate::model::trace::Kind;
use crate::model::{Bytes, Problem};
use crate::proxy::clock::{TimerId, Weight};
use crate::proxy::config::{Config, Terminal};
use crate::proxy::shared::Shared;
use crate::proxy::task::Task;
use crate::proxy::upstream::matches;
use std::collections::VecDeque;

/// A connection of the proxy's to an upstream.
#[derive(Debug)]
pub(super) struct Upstream {
    /// The cluster.
    pub(super) cluster: String,
    /// The host's `ip:port`.
    pub(super) host: (String, u16),
    /// Whether it will be refused.
    pub(super) refuses: bool,
    /// Whether it stands, or was refused.
    pub(super) connected: bool,
    /// Whether it is over.
    pub(super) gone: bool,
    /// What the upstream is about to do, each with its timer, if it waits for one.
    pub(super) inbox: VecDeque<(Step, Option<TimerId>)>,
    /// When the last of that will be done: an upstream does one thing after the other.
    due_ns: u64,
    /// Bytes that a write filter has stopped.
    pub(super) unread: Vec<u8>,
    /// Whether the proxy has closed its half.
    closed: bool,
    /// Whether the upstream is about to close its half, or has.
    closing: bool,
    /// Whether its end has come.
    ended: bool,
    /// All that it received.
    pub(super) received: Vec<u8>,
    /// All that it sent.
    pub(super) sent: Vec<u8>,
    /// How it stands.
    pub(super) outcome: ConnectionOutcome,
}

impl Upstream {
    /// A connection that does not stand yet.
    pub(super) fn new(cluster: &str, host: (String, u16), refuses: bool) -> Self {
        Self {
            cluster: cluster.to_owned(),
            host,
            refuses,
            connected: false,
            gone: false,
            inbox: VecDeque::new(),
            due_ns: 0,
            unread: Vec::new(),
            closed: false,
            closing: false,
            ended: false,
            received: Vec::new(),
            sent: Vec::new(),
            outcome: ConnectionOutcome::Open,
        }
    }
}

impl UpstreamRule {
    /// Whether it tears the connection.
    pub(super) fn resets(&self) -> bool {
        matches!(self.action, UpstreamAction::Reset(_))
    }
}

impl Shared {
    /// The rule for the moment when a connection begins.
    pub(super) fn connect_rule(&self, cluster: &str) -> Option<UpstreamRule> {
        let rules = self.upstreams.get(cluster)?;
        rules.iter().find(|rule| rule.matches.connect).cloned()
    }

    /// The upstream receives what `tcp_proxy` sends on.
    pub(super) fn upstream_receives(&mut self, index: usize, data: Vec<u8>, end: bool) {
        let connection = &mut self.tcp.connections[index];
        let Some(upstream) = connection.upstream.as_mut().filter(|up| !up.gone) else {
            return;
        };
        upstream.received.extend(&data);
        upstream.closed |= end;
        let thread = connection.thread;
        let cluster = upstream.cluster.clone();
        let bytes = data.len() as u64;
        self.cluster_stat(&cluster, "upstream_cx_tx_bytes_total", bytes);
        let what = Some((&data[..], end));
        self.tcp_event(
            Kind::Upstream,
            "upstream_receives",
            index,
            what,
            Some(&cluster),
        );
        if !data.is_empty() {
            let fits = |rule: &&UpstreamRule| {
                let wanted = rule.matches.data.as_ref();
                !rule.matches.connect && wanted.is_none_or(|wanted| matches(wanted, &data))
            };
            let rules = self.upstreams.get(&cluster);
            let rule = rules.and_then(|rules| rules.iter().find(fits)).cloned();
            self.upstream_acts(index, &rule.unwrap_or_default(), &data);
        }
        if end {
            // It has heard the end: once it has said everything, it closes its half too.
            self.upstream_plans(index, 0, [Step::End]);
            self.tcp_push_back(thread, TcpTask::UpstreamDone(index));
        }
    }

    /// The upstream does what a rule says.
    pub(super) fn upstream_acts(&mut self, index: usize, rule: &UpstreamRule, data: &[u8]) {
        let steps: Vec<Step> = match &rule.action {
            UpstreamAction::Echo if data.is_empty() => Vec::new(),
            UpstreamAction::Echo => vec![Step::Data(Bytes::from(data))],
            UpstreamAction::Tcp { send, close } => {
                let chunks = send.iter().cloned().map(Step::Data);
                chunks.chain(close.then_some(Step::End)).collect()
            }
            UpstreamAction::Reset(_) => vec![Step::Reset],
            // Answers of HTTP are refused where the lab is prepared.
            UpstreamAction::Timeout
            | UpstreamAction::Reply { .. }
            | UpstreamAction::Grpc(_)
            | UpstreamAction::Strict => Vec::new(),
        };
        self.upstream_plans(index, rule.delay_ns, steps);
    }

    /// Things that the upstream will do, one after the other, after what it does already.
    fn upstream_plans(
        &mut self,
        index: usize,
        delay_ns: u64,
        steps: impl IntoIterator<Item = Step>,
    ) {
        let now = self.clock.now_ns;
        let connection = &mut self.tcp.connections[index];
        let thread = connection.thread;
        let Some(upstream) = &mut connection.upstream else {
            return;
        };
        upstream.due_ns = upstream.due_ns.max(now).saturating_add(delay_ns);
        for step in steps {
            if upstream.closing {
                return;
            }
            upstream.closing = step == Step::End;
            let task = Task::Tcp(TcpTask::UpstreamRead(index));
            let timer = match upstream.due_ns - now {
                0 => {
                    self.threads[thread].queue.push_back(task);
                    None
                }
                wait => Some(self.clock.after(wait, thread, task, Weight::Work)),
            };
            upstream.inbox.push_back((step, timer));
        }
    }

    /// The proxy reads what the upstream does next.
    pub(super) fn read_from_upstream(&mut self, index: usize) {
        let connection = &mut self.tcp.connections[index];
        let Some(upstream) = connection.upstream.as_mut().filter(|up| !up.gone) else {
            return;
        };
        let Some((step, _)) = upstream.inbox.pop_front() else {
            return;
        };
        let cluster = upstream.cluster.clone();
        let (bytes, end) = match &step {
            Step::Data(bytes) => (&bytes[..], false),
            Step::End => (&[][..], true),
            Step::Reset => {
                self.upstream_tears(index, &cluster);
                return;
            }
        };
        upstream.sent.extend(bytes);
        upstream.ended |= end;
        // Bytes that a write filter has stopped go before the new ones.
        let mut data = std::mem::take(&mut upstream.unread);
        data.extend(bytes);
        let what = Some((bytes, end));
        self.tcp_event(
            Kind::Upstream,
            "upstream_sends",
            index,
            what,
            Some(&cluster),
        );
        self.cluster_stat(&cluster, "upstream_cx_rx_bytes_total", bytes.len() as u64);
        if end {
            self.tcp_push_front(TcpTask::UpstreamDone(index));
        }
        self.write_through(index, data, end, true);
        self.tcp_quiet_later(index);
    }

    /// The upstream tears its connection: `tcp_proxy` closes the client's.
    fn upstream_tears(&mut self, index: usize, cluster: &str) {
        self.tcp_event(Kind::Upstream, "reset", index, None, Some(cluster));
        self.cluster_stat(cluster, "upstream_cx_destroy_remote", 1);
        self.drop_upstream(index, ConnectionOutcome::Reset);
        self.close_connection(index, Closer::Proxy, false, "upstream_reset");
    }

    /// Both halves of the upstream's connection closed: it is over, and `tcp_proxy` closes the
    /// client's as well, whatever a filter still holds.
    pub(super) fn upstream_done(&mut self, index: usize) {
        let upstream = self.tcp.connections[index].upstream.as_ref();
        if upstream.is_some_and(|up| up.closed && up.ended && !up.gone) {
            self.drop_upstream(index, ConnectionOutcome::Closed);
            self.close_connection(index, Closer::Proxy, false, "");
        }
    }

    /// The upstream's connection is over.
    pub(super) fn drop_upstream(&mut self, index: usize, outcome: ConnectionOutcome) {
        let Some(upstream) = &mut self.tcp.connections[index].upstream else {
            return;
        };
        if upstream.gone {
            return;
        }
        upstream.gone = true;
        upstream.outcome = outcome;
        let (cluster, host) = (upstream.cluster.clone(), upstream.host.clone());
        for timer in upstream.inbox.drain(..).filter_map(|(_, timer)| timer) {
            self.clock.cancel(timer);
        }
        self.host_stat(&cluster, &host, "cx_active", -1);
    }
}

/// Refuses rules of a cluster that do not fit what the listener sends to it.
pub(in crate::proxy) fn check_rules(lab: &Lab, config: &Config) -> Result<(), Problem> {
    let tcp = match config.network.as_ref().map(|network| &network.terminal) {
        Some(Terminal::TcpProxy { cluster, .. }) => Some(cluster),
        _ => None,
    };
    for (cluster, rules) in &lab.upstreams {
        let bytes = tcp == Some(cluster);
        for rule in rules {
            let when = &rule.matches;
            let of_tcp = when.data.is_some() || when.connect;
            let of_http = when.method.is_some() || when.path.is_some() || !when.headers.is_empty();
            let wrong = match &rule.action {
                UpstreamAction::Reply { .. } | UpstreamAction::Grpc(_) | UpstreamAction::Strict => {
                    bytes || of_tcp
                }
                UpstreamAction::Reset(reset) if bytes => *reset != Reset::default() || of_http,
                UpstreamAction::Tcp { .. } => !bytes || of_http,
                _ => bytes && of_http || !bytes && of_tcp,
            };
            if wrong {
                let (what, help) = match bytes {
                    true => (
                        "bytes, not requests",
                        "Its rules match `data` or `connect`, and answer with `tcp`, `reset` or `timeout`.",
                    ),
                    false => (
                        "requests, not bytes",
                        "`tcp`, `data` and `connect` are for the cluster of a `tcp_proxy`.",
                    ),
                };
                let message = format!("cluster `{cluster}` gets {what}");
                return Err(Problem::at(&rule.place, message, help));
            }
        }
    }
    Ok(())
}
