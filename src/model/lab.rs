//! The lab file as data (design: one YAML format for lessons, playground, links, CLI and tests).
//!
//! `lab::parse` makes it from YAML and reports what is wrong with line and column.

mod assertion;

pub use assertion::{
    Assertion, ClientAssertion, ConnectionAssertion, StateAssertion, UpstreamAssertion,
    UpstreamOfConnection,
};

use super::exercise::{Play, Quest};
use super::yaml::Node;
use super::{Bytes, Exercise, Headers, Place, Request};
use std::collections::BTreeMap;

/// A lab: a proxy, its surroundings, and the traffic of each scenario.
#[derive(Clone, Debug)]
pub struct Lab {
    /// The lab file's name, as places carry it.
    pub file: String,
    /// A short name for people.
    pub name: String,
    /// Host profile: `envoy` by default.
    pub profile: String,
    /// Worker threads, at least 1.
    pub concurrency: u32,
    /// Seed of `random_get` and of a seeded schedule.
    pub seed: u64,
    /// Simulated wall clock at the start of each scenario, nanoseconds since the Unix epoch.
    pub start_ns: u64,
    /// Which thread runs next.
    pub schedule: Schedule,
    /// The Envoy configuration: source text with positions, read by `proxy::config`.
    pub envoy: Node,
    /// Simulated disk, HTTP origins and OCI registries: path or URL to content.
    pub files: BTreeMap<String, File>,
    /// Cluster to rules, first match wins.
    pub upstreams: BTreeMap<String, Vec<UpstreamRule>>,
    /// The scenarios, each run in a fresh world.
    pub scenarios: Vec<Scenario>,
    /// Exercises of a lesson; empty in a plain lab.
    pub exercises: Vec<Exercise>,
    /// What each of them asks beside its task, in the same order.
    pub quests: Vec<Quest>,
    /// Host calls that the learner answers.
    pub plays: Vec<Play>,
    /// Known mistakes of a lesson.
    pub mistakes: Vec<Mistake>,
    /// Variants that must fail.
    pub mutants: Vec<Mutant>,
    /// Names of the editable parts (`{edit: NAME}`), in the order of writing.
    pub parts: Vec<String>,
    /// The whole file as it was read, the parts in their places: what an export takes along.
    pub tree: Node,
    /// The scenario whose first request is another one than the file's: somebody has put it there.
    pub replaced: Option<usize>,
}

/// Which thread runs next when several can.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// Each in turn.
    #[default]
    RoundRobin,
    /// Drawn from the lab's seed.
    Seeded,
    /// This list of threads first (0 is main), then round-robin.
    Explicit(Vec<u32>),
}

/// A simulated file.
#[derive(Clone, Debug)]
pub struct File {
    /// Where in the lab file it is written.
    pub place: Place,
    /// What it holds.
    pub source: Source,
    /// Simulated time until it is served.
    pub delay_ns: u64,
    /// HTTP status that serves it; 200 by default.
    pub status: u16,
    /// How many fetches are answered with 503 before that.
    pub failures: u32,
    /// OCI media type.
    pub media_type: Option<String>,
    /// Where its text begins, when it is a `text`: errors in it have their place.
    pub text: Option<Place>,
}

/// Where a file's bytes come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A sample filter by name, built from `content/filters/NAME`.
    Sample(String),
    /// A file beside the lab file.
    Path(String),
    /// WebAssembly text, assembled before the run. The place is that of its first line.
    Wat(String, Place),
    /// AssemblyScript, compiled before the run.
    AssemblyScript(String, Place),
    /// The bytes themselves: `base64` and `text`.
    Inline(Bytes),
    /// Nothing: a `status` alone.
    Missing,
}

/// A rule of an upstream cluster.
#[derive(Clone, Debug, Default)]
pub struct UpstreamRule {
    /// Where in the lab file it is written.
    pub place: Place,
    /// Which requests it answers; empty matches all.
    pub matches: RequestMatch,
    /// What it does.
    pub action: UpstreamAction,
    /// Simulated time before it does so.
    pub delay_ns: u64,
}

/// Conditions on a request, or on what comes over a TCP connection, all of which must hold.
#[derive(Clone, Debug, Default)]
pub struct RequestMatch {
    /// Exact method.
    pub method: Option<String>,
    /// Exact path, query included.
    pub path: Option<String>,
    /// Headers that must match.
    pub headers: Vec<(String, Matcher)>,
    /// The bytes of one read of a TCP connection.
    pub data: Option<Matcher>,
    /// The moment of a TCP connection's beginning, in the place of bytes.
    pub connect: bool,
}

/// How an upstream fails a request, by the word that Envoy has for it in response code details.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reset {
    /// It resets the stream.
    #[default]
    Remote,
    /// It refuses the stream, so that another attempt does no harm.
    RefusedStream,
    /// It closes the connection.
    Termination,
    /// It refuses the connection.
    ConnectFailure,
    /// It does not accept the connection within the cluster's `connect_timeout`.
    ConnectTimeout,
    /// What it sends is no HTTP.
    Protocol,
}

impl Reset {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Remote,
        Self::RefusedStream,
        Self::Termination,
        Self::ConnectFailure,
        Self::ConnectTimeout,
        Self::Protocol,
    ];

    /// Envoy's word, as in `upstream_reset_before_response_started{…}`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Remote => "remote_reset",
            Self::RefusedStream => "remote_refused_stream_reset",
            Self::Termination => "connection_termination",
            Self::ConnectFailure => "remote_connection_failure",
            Self::ConnectTimeout => "connection_timeout",
            Self::Protocol => "protocol_error",
        }
    }

    /// Whether no connection comes about, so that the upstream never sees the request.
    #[must_use]
    pub fn unconnected(self) -> bool {
        matches!(self, Self::ConnectFailure | Self::ConnectTimeout)
    }
}

/// What an upstream does with a request.
#[derive(Clone, Debug, Default)]
pub enum UpstreamAction {
    /// Echoes the request as JSON with status 200.
    #[default]
    Echo,
    /// Answers.
    Reply {
        /// The HTTP status.
        status: u16,
        /// Headers without `:status`.
        headers: Headers,
        /// The whole body.
        body: Bytes,
        /// Sizes of its chunks; empty is one chunk. What is left over is a last chunk.
        chunks: Vec<usize>,
        /// Trailers.
        trailers: Headers,
        /// Statuses from 100 to 199 that come before it.
        informational: Vec<u16>,
        /// How the stream is broken off once all this has been sent, without an end.
        reset: Option<Reset>,
    },
    /// Fails before a response, as Envoy would name it.
    Reset(Reset),
    /// Answers 400 to a malformed request; what is well-formed goes to the rules after it.
    Strict,
    /// Never answers.
    Timeout,
    /// Answers a gRPC call or stream.
    Grpc(Box<GrpcReply>),
    /// Writes on a TCP connection.
    Tcp {
        /// The chunks, each a write of its own.
        send: Vec<Bytes>,
        /// Whether it then closes its half.
        close: bool,
    },
}

/// What a gRPC server answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrpcReply {
    /// Initial metadata: response headers beside `:status` and `content-type`.
    pub metadata: Headers,
    /// Its messages, in order.
    pub messages: Vec<GrpcMessage>,
    /// Whether headers and status travel in one frame, as servers do that fail at once.
    pub trailers_only: bool,
    /// How it ends.
    pub end: GrpcEnd,
}

/// A message of a gRPC server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrpcMessage {
    /// The message, without the five bytes in front of it.
    pub message: Bytes,
    /// Simulated time before it is sent, after what came before.
    pub delay_ns: u64,
}

/// How a gRPC server's answer ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrpcEnd {
    /// With trailers.
    Status {
        /// `grpc-status`.
        status: u32,
        /// `grpc-message`; left out when empty.
        message: String,
        /// Trailing metadata beside these two.
        trailers: Headers,
    },
    /// The stream is reset after the messages.
    Reset,
    /// Nothing comes after the messages.
    Timeout,
}

impl Default for GrpcEnd {
    fn default() -> Self {
        Self::Status {
            status: 0,
            message: String::new(),
            trailers: Headers::default(),
        }
    }
}

/// A scenario: traffic and what must hold after it.
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// Not shown until it passes.
    pub hidden: bool,
    /// In order; the next begins when the one before has ended, unless `at_ns` is given.
    pub traffic: Vec<Traffic>,
    /// Assertions.
    pub expect: Vec<Expectation>,
}

/// One item of traffic.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// What happens.
    pub action: TrafficAction,
    /// Which worker; round-robin over connections when absent.
    pub worker: Option<u32>,
    /// Reuse the connection of this name.
    pub connection: Option<String>,
    /// Simulated time since the scenario began.
    pub at_ns: Option<u64>,
    /// The client goes away this long after it began.
    pub cancel_ns: Option<u64>,
    /// Where it is written.
    pub place: Place,
}

/// What an item of traffic does.
#[derive(Clone, Debug)]
pub enum TrafficAction {
    /// An HTTP request.
    Request(Request),
    /// Bytes on a TCP connection.
    Tcp {
        /// The chunks to send, each read on its own.
        send: Vec<Bytes>,
        /// Whether the client then closes its half.
        close: bool,
        /// Whether the client then tears the connection.
        reset: bool,
    },
    /// Simulated time passes, in nanoseconds.
    Advance(u64),
    /// An export of a plain module is called; no proxy.
    Call {
        /// The module's path in `files`.
        module: String,
        /// The export.
        export: String,
        /// Arguments as numbers.
        args: Vec<serde_json::Number>,
    },
}

/// An assertion, with what to say when it fails or holds.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// What must hold.
    pub assertion: Assertion,
    /// Shown when it fails.
    pub hint: String,
    /// Shown when it holds.
    pub why: String,
    /// Where it is written.
    pub place: Place,
}

/// How a value is compared.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// Exactly these bytes.
    Exact(Bytes),
    /// These bytes somewhere.
    Contains(Bytes),
    /// A regular expression that matches somewhere.
    Matches(String),
}

/// A mistake that learners make, recognised by what its run does.
#[derive(Clone, Debug)]
pub struct Mistake {
    /// Its name.
    pub name: String,
    /// Edits that make it.
    pub files: BTreeMap<String, String>,
    /// Modules that make it, by the file that they stand in.
    pub modules: BTreeMap<String, Source>,
    /// Assertions that hold on its run.
    pub expect: Vec<Expectation>,
    /// What to tell the learner.
    pub say: String,
    /// The misconception.
    pub see: String,
}

/// A variant of the solution that some check must reject.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Its name.
    pub name: String,
    /// Edits that make it.
    pub files: BTreeMap<String, String>,
    /// Modules that make it, by the file that they stand in.
    pub modules: BTreeMap<String, Source>,
}
