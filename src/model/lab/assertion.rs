//! What a scenario can expect of its run, as data.
//!
//! Must not know: how it is written, and how it is checked.

use super::Matcher;
use crate::model::report::{Closer, ConnectionOutcome, ExchangeOutcome};

/// What can be asserted of a run.
#[derive(Clone, Debug)]
pub enum Assertion {
    /// What the client of a request received.
    Client(ClientAssertion),
    /// What a cluster received.
    Upstream(UpstreamAssertion),
    /// A TCP connection.
    Connection(ConnectionAssertion),
    /// Log lines.
    Log {
        /// Their level; any when absent.
        level: Option<String>,
        /// Their text; any when absent.
        text: Option<Matcher>,
        /// How many; at least one when absent.
        count: Option<usize>,
    },
    /// Callbacks of a filter, in order; others may come between.
    Callbacks {
        /// The plugin's name; any when absent.
        filter: Option<String>,
        /// Names without `proxy_`.
        order: Vec<String>,
    },
    /// Host calls.
    HostCalls {
        /// The import's name.
        name: String,
        /// How many.
        count: usize,
    },
    /// A line of the access log.
    AccessLog {
        /// Which, from 0.
        line: usize,
        /// Its text.
        text: Matcher,
    },
    /// The result of a `call`.
    Call {
        /// Which, from 0.
        index: usize,
        /// What it returned.
        results: Option<Vec<serde_json::Number>>,
        /// Text that its trap must contain.
        trap: Option<String>,
    },
    /// State at the end of the scenario.
    State(StateAssertion),
}

/// What is asserted of the client's side of a request.
#[derive(Clone, Debug)]
pub struct ClientAssertion {
    /// Which request, from 0.
    pub request: usize,
    /// Its status.
    pub status: Option<u16>,
    /// Headers that it has. Several values must match in order.
    pub headers: Vec<(String, Vec<Matcher>)>,
    /// Headers that it does not have.
    pub no_headers: Vec<String>,
    /// Its body.
    pub body: Option<Matcher>,
    /// How the exchange ended.
    pub outcome: Option<ExchangeOutcome>,
}

/// What is asserted of a request that a cluster received.
#[derive(Clone, Debug)]
pub struct UpstreamAssertion {
    /// The cluster; any when absent.
    pub cluster: Option<String>,
    /// Which request to it, from 0.
    pub request: usize,
    /// How many there were.
    pub count: Option<usize>,
    /// Headers that it has.
    pub headers: Vec<(String, Vec<Matcher>)>,
    /// Headers that it does not have.
    pub no_headers: Vec<String>,
    /// Its body.
    pub body: Option<Matcher>,
}

/// What is asserted of a TCP connection.
#[derive(Clone, Debug)]
pub struct ConnectionAssertion {
    /// Which connection, from 0, in the order in which they were opened.
    pub index: usize,
    /// How it stands at the end.
    pub outcome: Option<ConnectionOutcome>,
    /// Who closed it.
    pub closed_by: Option<Closer>,
    /// All that the client sent.
    pub sent: Option<Matcher>,
    /// All that the client received.
    pub received: Option<Matcher>,
    /// What its upstream saw.
    pub upstream: Option<UpstreamOfConnection>,
}

/// What is asserted of a TCP connection's upstream.
#[derive(Clone, Debug, Default)]
pub struct UpstreamOfConnection {
    /// The cluster; any when absent.
    pub cluster: Option<String>,
    /// How many connections there were to it.
    pub count: Option<usize>,
    /// All that the first of them received.
    pub received: Option<Matcher>,
    /// All that the first of them sent.
    pub sent: Option<Matcher>,
}

/// What is asserted of the state at the end; each named value must match.
#[derive(Clone, Debug)]
pub struct StateAssertion {
    /// `shared_data`, by key, in any vm_id.
    pub shared_data: Vec<(String, Matcher)>,
    /// Queue lengths by name.
    pub queues: Vec<(String, u64)>,
    /// Stats by name.
    pub metrics: Vec<(String, u64)>,
    /// How many VMs.
    pub vms: Option<u64>,
    /// How many of them failed.
    pub failed_vms: Option<u64>,
    /// Streams that never ended.
    pub stalled_streams: Option<u64>,
    /// The most bytes that a filter held back.
    pub peak_buffer_max: Option<u64>,
    /// The most fuel that one callback may use.
    pub fuel_max: Option<u64>,
    /// The most pages of linear memory that one VM may have.
    pub pages_max: Option<u64>,
}
