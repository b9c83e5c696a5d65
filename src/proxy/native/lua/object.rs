//! What a script's userdata stand for, and the methods that each has.

use super::At;
use crate::proxy::config::Item;
use crate::proxy::task::Direction;

/// An object.
#[derive(Debug)]
pub(super) struct Object {
    /// Whose it is.
    pub(super) at: At,
    pub(super) direction: Direction,
    pub(super) what: What,
}

/// The sorts of object.
#[derive(Debug)]
pub(super) enum What {
    /// Its stream is over.
    Gone,
    /// The stream handle.
    Handle,
    /// Headers, or trailers, and whether an iterator walks over them.
    Map { trailers: bool, locked: bool },
    /// The body that is held, or the chunk that passes.
    Buffer { chunk: bool },
    /// Metadata of the route, or of its virtual host.
    Metadata { host: bool },
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

const HANDLE: [Method; 26] = [
    ("headers", &[]),
    ("body", &["always_wrap_body"]),
    ("bodyChunks", &[]),
    ("trailers", &[]),
    ("logTrace", &["message"]),
    ("logDebug", &["message"]),
    ("logInfo", &["message"]),
    ("logWarn", &["message"]),
    ("logErr", &["message"]),
    ("logCritical", &["message"]),
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
    ("base64Escape", &["text"]),
    ("timestamp", &["resolution"]),
    ("timestampString", &["resolution"]),
    ("setUpstreamOverrideHost", &["host", "strict"]),
    ("clearRouteCache", &[]),
    ("filterContext", &[]),
    ("virtualHost", &[]),
    ("route", &[]),
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

const STREAM_INFO: [Method; 12] = [
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

impl What {
    /// What the trace calls it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Handle => "handle",
            Self::Map {
                trailers: false, ..
            } => "headers",
            Self::Map { .. } => "trailers",
            Self::Buffer { chunk: false } => "body",
            Self::Buffer { .. } => "chunk",
            Self::Metadata { .. } => "metadata",
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
            Self::Metadata { .. } => &GET,
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
        if let Self::Gone = self {
            let all = [HANDLE.as_slice(), &MAP, &BUFFER, &STREAM_INFO, &DYNAMIC];
            let mut names = all.into_iter().flatten().map(|(known, _)| *known);
            return names.find(|known| known.as_bytes() == name);
        }
        let mut methods = self.methods().iter().map(|(known, _)| *known);
        methods.find(|known| known.as_bytes() == name)
    }

    /// What a method's arguments are called.
    pub(super) fn args(&self, method: &str) -> &'static [&'static str] {
        let found = self.methods().iter().find(|(known, _)| *known == method);
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
