//! What a run gives back: the JSON object of `tour run --json`.

use super::trace::Event;
use super::{Bytes, Headers, Histogram};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The report of a lab: one entry for each scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whether every check of every scenario holds.
    pub ok: bool,
    /// The scenarios, in the order of the file.
    pub scenarios: Vec<ScenarioReport>,
    /// The known mistake that the run shows, when a check has failed and one is recognised.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mistake: Option<KnownMistake>,
    /// How each exercise stands, in the order of the file.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exercises: Vec<Graded>,
}

/// An exercise, graded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Graded {
    /// Its id.
    pub id: String,
    /// Whether it is solved; absent while nothing was answered, or not all of its scenarios ran.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub passed: Option<bool>,
    /// The scenario that the events of its checks belong to; empty when there are none.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub scenario: String,
    /// What was looked at: each answer, or what failed first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub checks: Vec<Check>,
    /// The known mistake that the learner has made.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mistake: Option<KnownMistake>,
    /// The right answer as JSON, as `answers.yaml` has it, where the run or the lab tells it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub right: Option<String>,
}

/// A mistake that the lab knows, for the learner who has made it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownMistake {
    /// Its name in the lab file.
    pub name: String,
    /// What to tell the learner.
    pub say: String,
    /// The misconception behind it: `M25`; may be empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub see: String,
}

/// One scenario's report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScenarioReport {
    /// The scenario's name.
    pub name: String,
    /// Whether the page hides it until it passes.
    pub hidden: bool,
    /// Whether every check holds.
    pub ok: bool,
    /// Set when the proxy refused the configuration or could not start: why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rejected: Option<String>,
    /// Set when the simulator stopped the scenario before its end: why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stopped: Option<String>,
    /// HTTP requests, in the order in which they began.
    pub exchanges: Vec<Exchange>,
    /// Requests of callouts that belong to no exchange: a root context has sent them, from its start,
    /// a tick or another callout's answer.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub upstream_requests: Vec<UpstreamRequest>,
    /// TCP connections, in the order in which they were opened.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub connections: Vec<Connection>,
    /// Results of `call` traffic, in order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub calls: Vec<CallResult>,
    /// Log lines, in order.
    pub logs: Vec<LogLine>,
    /// Access log lines, in order.
    pub access_log: Vec<String>,
    /// Counters and gauges by Envoy's names.
    pub stats: BTreeMap<String, u64>,
    /// Which of the plugins' own stats are gauges: their names do not tell.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub gauges: Vec<String>,
    /// Histograms by Envoy's names; times are in milliseconds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub histograms: BTreeMap<String, Histogram>,
    /// What is counted for each host of a cluster, by `CLUSTER::ADDRESS:PORT`, as Envoy's `/clusters`
    /// has it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub hosts: BTreeMap<String, BTreeMap<String, u64>>,
    /// Shared data by vm_id and key.
    pub shared_data: BTreeMap<String, BTreeMap<String, Bytes>>,
    /// Length of each message queue by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub queues: BTreeMap<String, u64>,
    /// The VMs that were made, canaries left out, as they were before the proxy shut down.
    pub vms: Vec<VmReport>,
    /// The most bytes that one filter held back.
    #[serde(default)]
    pub peak_buffer: u64,
    /// The trace; empty when capturing was off or not asked for.
    pub events: Vec<Event>,
    /// The assertions, in the order of the file.
    pub checks: Vec<Check>,
}

impl ScenarioReport {
    /// How many VMs failed.
    #[must_use]
    pub fn failed_vms(&self) -> usize {
        self.vms.iter().filter(|vm| vm.failed).count()
    }

    /// How many streams never ended: HTTP exchanges and TCP connections.
    #[must_use]
    pub fn stalled_streams(&self) -> usize {
        let exchanges = self.exchanges.iter().map(|exchange| exchange.outcome);
        let connections = self.connections.iter().map(|connection| connection.outcome);
        let stalled = |outcome: &ExchangeOutcome| *outcome == ExchangeOutcome::Stalled;
        exchanges.filter(stalled).count()
            + connections
                .filter(|outcome| *outcome == ConnectionOutcome::Stalled)
                .count()
    }
}

/// One HTTP request and its answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// The worker that served it, from 0.
    pub worker: u32,
    /// How it ended.
    pub outcome: ExchangeOutcome,
    /// What the client sent.
    pub request: Message,
    /// What reached upstream clusters, retries and all.
    pub upstream_requests: Vec<UpstreamRequest>,
    /// What the client received; absent when no response headers came.
    pub response: Option<Response>,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeOutcome {
    /// The response arrived whole.
    Completed,
    /// The stream was reset.
    Reset,
    /// Nothing more will happen, and the response is not whole.
    #[default]
    Stalled,
}

impl ExchangeOutcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Completed, Self::Reset, Self::Stalled];

    /// Its word in lab files and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Reset => "reset",
            Self::Stalled => "stalled",
        }
    }
}

/// A TCP connection and what went over it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// The worker that it is pinned to, from 0.
    pub worker: u32,
    /// Its name in the lab file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// How it stands at the end.
    pub outcome: ConnectionOutcome,
    /// Who closed it; absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub closed_by: Option<Closer>,
    /// All that the client sent.
    pub sent: Bytes,
    /// All that the client received.
    pub received: Bytes,
    /// Its connections to upstream clusters.
    pub upstream: Vec<UpstreamConnection>,
    /// Envoy's response flags: `-` when there is none.
    pub flags: String,
    /// Why the proxy closed it: `wasm_downstream_close`, `wasm_fail_stream` … Empty elsewhere.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub details: String,
}

/// How a TCP connection stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionOutcome {
    /// Both sides can still write.
    #[default]
    Open,
    /// The proxy has closed its half, the client has not.
    HalfClosed,
    /// Closed in order.
    Closed,
    /// Torn.
    Reset,
    /// Nothing more will happen, and bytes are held back or the client waits for the end.
    Stalled,
}

impl ConnectionOutcome {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Open,
        Self::HalfClosed,
        Self::Closed,
        Self::Reset,
        Self::Stalled,
    ];

    /// Its word in lab files and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::HalfClosed => "half_closed",
            Self::Closed => "closed",
            Self::Reset => "reset",
            Self::Stalled => "stalled",
        }
    }
}

/// Who closed a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closer {
    /// The client: Envoy's remote close.
    Client,
    /// The proxy: Envoy's local close.
    Proxy,
}

impl Closer {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Client, Self::Proxy];

    /// Its word in lab files and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Proxy => "proxy",
        }
    }
}

/// A TCP connection of the proxy's to an upstream cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UpstreamConnection {
    /// The cluster.
    pub cluster: String,
    /// All that the upstream received.
    pub received: Bytes,
    /// All that the upstream sent, before any filter touched it.
    pub sent: Bytes,
    /// How it stands: open, closed, or reset by the upstream.
    pub outcome: ConnectionOutcome,
}

/// Headers, body and trailers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Headers, pseudo-headers first.
    pub headers: Headers,
    /// The whole body.
    pub body: Bytes,
    /// Trailers.
    pub trailers: Headers,
}

/// A request as an upstream cluster saw it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UpstreamRequest {
    /// The cluster.
    pub cluster: String,
    /// Headers, pseudo-headers first.
    pub headers: Headers,
    /// The whole body.
    pub body: Bytes,
    /// Trailers.
    pub trailers: Headers,
    /// Set when a filter's callout sent it, not the router.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub callout: bool,
    /// What the upstream answered, before any filter touched it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub response: Option<Message>,
}

/// A response as the client received it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Headers, `:status` first.
    pub headers: Headers,
    /// The whole body.
    pub body: Bytes,
    /// Trailers.
    pub trailers: Headers,
    /// Envoy's response flags, as `%RESPONSE_FLAGS%` writes them: `-` when there is none.
    pub flags: String,
    /// Envoy's response code details: `via_upstream`, `route_not_found` …
    pub details: String,
}

/// A plain module's export, called.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CallResult {
    /// The export's name.
    pub export: String,
    /// What it returned; empty when it trapped.
    pub results: Vec<serde_json::Value>,
    /// Why it trapped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trap: Option<String>,
}

/// A log line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// Simulated time since the scenario began, in nanoseconds.
    pub t_ns: u64,
    /// The thread: 0 is main, 1 is worker 0.
    pub thread: u32,
    /// The plugin that wrote it; empty for the proxy itself.
    pub plugin: String,
    /// `trace`, `debug`, `info`, `warn`, `error` or `critical`.
    pub level: String,
    /// The text, as Envoy would print it after its own prefix.
    pub message: String,
}

/// A VM at the end of a scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VmReport {
    /// Its number in trace events.
    pub vm: u32,
    /// The thread: 0 is main, 1 is worker 0.
    pub thread: u32,
    /// `vm_config.vm_id`.
    pub vm_id: String,
    /// The plugins that live in it.
    pub plugins: Vec<String>,
    /// Linear memory, in bytes.
    pub memory_bytes: u64,
    /// The most fuel that one callback used.
    pub fuel_max: u64,
    /// Whether it trapped and is dead.
    pub failed: bool,
    /// The line that says why it is dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The limit that has ended it, when one has: `fuel`, `memory`, `log` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

/// An assertion and how it went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Whether it holds.
    pub ok: bool,
    /// What was asserted, in words: `client response 0: header x-hello`.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What the run gave.
    pub actual: String,
    /// The author's hint, shown when it fails.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub hint: String,
    /// Why it matters, shown when it holds.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub why: String,
    /// The event to look at.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub event: Option<u32>,
}
