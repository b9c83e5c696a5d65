//! What a script's userdata stand for, and the methods that each has.

use super::At;
use crate::abi::LogLevel;
use crate::proxy::config::Item;
use crate::proxy::task::Direction;

/// An object.
#[derive(Debug)]
pub(super) struct Object {
    /// Whose it is.
    pub(super) at: At,
    pub(super) direction: Direction,
    pub(super) what: What,
    /// Whether an iterator walks over it.
    pub(super) locked: bool,
}

/// The sorts of object.
#[derive(Debug)]
pub(super) enum What {
    /// Its time is over: its stream's, or that between two waits of its script.
    Gone,
    /// The stream handle.
    Handle,
    /// Headers, or trailers.
    Map { trailers: bool },
    /// The body that is held, or the chunk that passes.
    Buffer { chunk: bool },
    /// Metadata of the route, or of its virtual host.
    Metadata { host: bool },
    /// What the route gives the script as `filter_context`.
    Context,
    /// The route, or its virtual host.
    Place { host: bool },
    /// Dynamic metadata: the stream's, or the connection's, which nothing sets.
    Dynamic { connection: bool },
    /// `streamInfo()`.
    StreamInfo,
    /// `connection()`.
    Connection,
    /// `connectionStreamInfo()`.
    ConnectionInfo,
    /// `filterState()`.
    FilterState,
    /// A public key, as DER.
    Key(Vec<u8>),
    /// The iterator of `bodyChunks()`.
    Chunks,
    /// The iterator of `pairs`: what is left, last first, and the map that it locks.
    Pairs { left: Vec<Left>, of: u32 },
}

/// What an iterator has still to give. No values of Lua's: those could be collected meanwhile.
#[derive(Debug)]
pub(super) enum Left {
    /// A header.
    Header(Vec<u8>, Vec<u8>),
    /// A field of metadata.
    Field(String, Item),
}

/// A method, and what its arguments are called.
type Method = (&'static str, &'static [&'static str]);

/// What every object has.
const LOGS: [Method; 6] = [
    ("logTrace", &["message"]),
    ("logDebug", &["message"]),
    ("logInfo", &["message"]),
    ("logWarn", &["message"]),
    ("logErr", &["message"]),
    ("logCritical", &["message"]),
];

/// Methods of Envoy's that are refused by name, so that nobody takes them for a slip of the pen.
const REFUSED: [&str; 5] = [
    "base64Decode",
    "downstreamRequestHeaders",
    "drainConnectionUponCompletion",
    "setHttp1ReasonPhrase",
    "stats",
];

const HANDLE: [Method; 23] = [
    ("headers", &[]),
    ("body", &["always_wrap_body"]),
    ("bodyChunks", &[]),
    ("trailers", &[]),
    (
        "httpCall",
        &["cluster", "headers", "body", "timeout_ms", "asynchronous"],
    ),
    ("respond", &["headers", "body"]),
    ("metadata", &[]),
    ("streamInfo", &[]),
    ("connection", &[]),
    ("connectionStreamInfo", &[]),
    ("importPublicKey", &["key_der", "length"]),
    (
        "verifySignature",
        &[
            "hash_function",
            "public_key",
            "signature",
            "signature_length",
            "data",
            "data_length",
        ],
    ),
    ("base64Decode", &["text"]),
    ("base64Escape", &["text"]),
    ("timestamp", &["resolution"]),
    ("timestampString", &["resolution"]),
    ("setUpstreamOverrideHost", &["host", "strict"]),
    ("clearRouteCache", &[]),
    ("downstreamRequestHeaders", &[]),
    ("filterContext", &[]),
    ("virtualHost", &[]),
    ("route", &[]),
    ("stats", &[]),
];

const MAP: [Method; 7] = [
    ("add", &["key", "value"]),
    ("get", &["key"]),
    ("getAtIndex", &["key", "index"]),
    ("getNumValues", &["key"]),
    ("remove", &["key"]),
    ("replace", &["key", "value"]),
    ("setHttp1ReasonPhrase", &["reason"]),
];

const BUFFER: [Method; 3] = [
    ("length", &[]),
    ("getBytes", &["index", "length"]),
    ("setBytes", &["value"]),
];

const STREAM_INFO: [Method; 13] = [
    ("protocol", &[]),
    ("routeName", &[]),
    ("virtualClusterName", &[]),
    ("downstreamLocalAddress", &[]),
    ("downstreamDirectLocalAddress", &[]),
    ("downstreamRemoteAddress", &[]),
    ("downstreamDirectRemoteAddress", &[]),
    ("dynamicMetadata", &[]),
    ("dynamicTypedMetadata", &["filter"]),
    ("filterState", &[]),
    ("downstreamSslConnection", &[]),
    ("requestedServerName", &[]),
    ("drainConnectionUponCompletion", &[]),
];

const GET: [Method; 1] = [("get", &["key"])];
const DYNAMIC: [Method; 2] = [("get", &["filter"]), ("set", &["filter", "key", "value"])];
const CONNECTION: [Method; 1] = [("ssl", &[])];
const CONNECTION_INFO: [Method; 2] = [
    ("dynamicMetadata", &[]),
    ("dynamicTypedMetadata", &["filter"]),
];
const FILTER_STATE: [Method; 1] = [("get", &["key", "field"])];
const KEY: [Method; 1] = [("get", &[])];
const PLACE: [Method; 1] = [("metadata", &[])];

/// The methods of all objects.
const ALL: [&[Method]; 10] = [
    &HANDLE,
    &MAP,
    &BUFFER,
    &STREAM_INFO,
    &DYNAMIC,
    &CONNECTION,
    &CONNECTION_INFO,
    &FILTER_STATE,
    &KEY,
    &PLACE,
];

/// The level of a method that logs.
pub(super) fn level_of(method: &str) -> Option<LogLevel> {
    Some(match method {
        "logTrace" => LogLevel::Trace,
        "logDebug" => LogLevel::Debug,
        "logInfo" => LogLevel::Info,
        "logWarn" => LogLevel::Warn,
        "logErr" => LogLevel::Error,
        "logCritical" => LogLevel::Critical,
        _ => return None,
    })
}

/// Why a method cannot be called here.
pub(super) fn refusal(method: &str) -> Option<String> {
    REFUSED
        .contains(&method)
        .then(|| format!("{method}() is not simulated"))
}

impl What {
    /// What the trace calls it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Handle => "handle",
            Self::Map { trailers: false } => "headers",
            Self::Map { .. } => "trailers",
            Self::Buffer { chunk: false } => "body",
            Self::Buffer { .. } => "chunk",
            Self::Metadata { .. } => "metadata",
            Self::Context => "filterContext",
            Self::Place { host: true } => "virtualHost",
            Self::Place { .. } => "route",
            Self::Dynamic { .. } => "dynamicMetadata",
            Self::StreamInfo => "streamInfo",
            Self::Connection => "connection",
            Self::ConnectionInfo => "connectionStreamInfo",
            Self::FilterState => "filterState",
            Self::Key(_) => "publicKey",
            Self::Chunks => "bodyChunks",
            Self::Pairs { .. } => "pairs",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Gone | Self::Chunks | Self::Pairs { .. } => &[],
            Self::Handle => &HANDLE,
            Self::Map { .. } => &MAP,
            Self::Buffer { .. } => &BUFFER,
            Self::Metadata { .. } | Self::Context => &GET,
            Self::Place { .. } => &PLACE,
            Self::Dynamic { .. } => &DYNAMIC,
            Self::StreamInfo => &STREAM_INFO,
            Self::Connection => &CONNECTION,
            Self::ConnectionInfo => &CONNECTION_INFO,
            Self::FilterState => &FILTER_STATE,
            Self::Key(_) => &KEY,
        }
    }

    /// A method by its name. What is gone was one of these: a call is told that it comes too late.
    pub(super) fn method(&self, name: &[u8]) -> Option<&'static str> {
        let mine = match self {
            Self::Gone => &ALL[..],
            what => &[what.methods()],
        };
        let mut known = mine.iter().copied().flatten().chain(&LOGS);
        let found = known.find(|(known, _)| known.as_bytes() == name);
        found.map(|(known, _)| *known)
    }

    /// What a method's arguments are called.
    pub(super) fn args(&self, method: &str) -> &'static [&'static str] {
        let mut known = self.methods().iter().chain(&LOGS);
        let found = known.find(|(known, _)| *known == method);
        found.map_or(&[], |(_, args)| args)
    }
}

impl Left {
    /// About the bytes it holds.
    pub(super) fn bytes(&self) -> usize {
        64 + match self {
            Self::Header(name, value) => name.len() + value.len(),
            Self::Field(name, item) => name.len() + item.bytes().len(),
        }
    }
}
