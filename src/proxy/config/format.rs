//! Envoy's substitution formatter: `%REQ(X?Y):Z%` and its kin, parsed once at load.

use super::not_simulated;
use crate::model::Problem;
use crate::model::yaml::{Node, nearest};
use crate::proxy::time::write_time;

/// A format: literal text and operators in turn.
#[derive(Clone, Debug)]
pub(crate) struct Format(pub(crate) Vec<Operator>);

/// A part of a format.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operator {
    /// Text as it stands.
    Text(String),
    /// A request header, another one in its absence, and a length to cut to.
    Request(String, Option<String>, Option<usize>),
    /// A response header.
    Response(String, Option<String>, Option<usize>),
    /// A response trailer.
    Trailer(String, Option<String>, Option<usize>),
    /// Filter state by its key, as plain text or as JSON of its message, and a length to cut to.
    FilterState(String, bool, Option<usize>),
    /// Metadata: whose, the namespace and the keys in it, and a length to cut to.
    Metadata(Source, Vec<String>, Option<usize>),
    /// A query parameter's first value, and a length to cut to.
    Query(String, Option<usize>),
    /// The path: whether with its query, and whether as it was, or is, or was if that is known.
    Path(bool, Option<bool>),
    /// The time of the start, or of the writing, in a format of its own.
    Time(bool, String),
    /// The time from one point to another, in units of so many nanoseconds.
    Between(&'static str, &'static str, u64),
    /// An operator without argument, by its name.
    Plain(&'static str),
}

/// Whose metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The stream's: dynamic metadata.
    Dynamic,
    /// The route's.
    Route,
    /// The virtual host's.
    VirtualHost,
    /// The cluster's.
    Cluster,
    /// The upstream host's.
    Host,
    /// The listener's.
    Listener,
}

/// The words of `METADATA`.
const SOURCES: [(&str, Source); 6] = [
    ("DYNAMIC", Source::Dynamic),
    ("ROUTE", Source::Route),
    ("VIRTUAL_HOST", Source::VirtualHost),
    ("CLUSTER", Source::Cluster),
    ("UPSTREAM_HOST", Source::Host),
    ("LISTENER", Source::Listener),
];

/// Points in time of `COMMON_DURATION`. What is connected here is connected at once, so the points of
/// that are not among them.
const POINTS: [&str; 7] = [
    "DS_RX_BEG",
    "DS_RX_END",
    "US_TX_BEG",
    "US_TX_END",
    "US_RX_END",
    "DS_TX_BEG",
    "DS_TX_END",
];

/// Operators with an argument, for whoever has slipped.
const WITH_ARGUMENT: [&str; 14] = [
    "REQ",
    "RESP",
    "TRAILER",
    "REQUEST_HEADER",
    "RESPONSE_HEADER",
    "RESPONSE_TRAILER",
    "FILTER_STATE",
    "DYNAMIC_METADATA",
    "CLUSTER_METADATA",
    "UPSTREAM_METADATA",
    "METADATA",
    "COMMON_DURATION",
    "QUERY_PARAM",
    "ENVIRONMENT",
];

/// Operators without argument.
const PLAIN: [&str; 51] = [
    "CONNECTION_TERMINATION_DETAILS",
    "DOWNSTREAM_DIRECT_REMOTE_PORT",
    "EMIT_TIME",
    "HOSTNAME",
    "PATH",
    "TRACE_ID",
    "UPSTREAM_CLUSTER_RAW",
    "UPSTREAM_LOCAL_ADDRESS",
    "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
    "UPSTREAM_LOCAL_PORT",
    "UPSTREAM_REMOTE_ADDRESS",
    "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
    "ACCESS_LOG_TYPE",
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT",
    "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
    "DOWNSTREAM_LOCAL_PORT",
    "DOWNSTREAM_REMOTE_PORT",
    "FILTER_CHAIN_NAME",
    "REQUESTED_SERVER_NAME",
    "REQUEST_HEADERS_BYTES",
    "REQUEST_TX_DURATION",
    "RESPONSE_FLAGS_LONG",
    "RESPONSE_HEADERS_BYTES",
    "RESPONSE_TRAILERS_BYTES",
    "RESPONSE_TX_DURATION",
    "UPSTREAM_PROTOCOL",
    "UPSTREAM_REMOTE_PORT",
    "VIRTUAL_CLUSTER_NAME",
    "VIRTUAL_HOST_NAME",
    "START_TIME",
    "RESPONSE_CODE",
    "RESPONSE_CODE_DETAILS",
    "RESPONSE_FLAGS",
    "PROTOCOL",
    "BYTES_RECEIVED",
    "BYTES_SENT",
    "DURATION",
    "REQUEST_DURATION",
    "RESPONSE_DURATION",
    "UPSTREAM_HOST",
    "UPSTREAM_CLUSTER",
    "UPSTREAM_REQUEST_ATTEMPT_COUNT",
    "UPSTREAM_TRANSPORT_FAILURE_REASON",
    "ROUTE_NAME",
    "CONNECTION_ID",
    "DOWNSTREAM_REMOTE_ADDRESS",
    "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS",
    "DOWNSTREAM_LOCAL_ADDRESS",
    "LOCAL_REPLY_BODY",
    "STREAM_ID",
];

/// Envoy's default access log line.
const USUAL: &str = "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\"\n";

impl Format {
    /// The default access log line.
    pub(crate) fn usual() -> Self {
        parse(USUAL).unwrap_or(Self(Vec::new()))
    }

    /// Reads a format from a scalar.
    ///
    /// # Errors
    /// For an operator that is unknown, or that the simulator does not have.
    pub(crate) fn read(node: &Node) -> Result<Self, Problem> {
        let text = node.as_str()?;
        parse(text).map_err(|error| match error {
            Bad::Unclosed => Problem::at(
                &node.place,
                "a `%` without its partner",
                "An operator stands between two `%`; a single one is written `%%`.",
            ),
            Bad::Operator(name) => {
                let known = PLAIN.into_iter().chain(WITH_ARGUMENT);
                match nearest(&name, known).filter(|near| *near != name) {
                    Some(near) => Problem::at(
                        &node.place,
                        format!("unknown operator `%{name}%`"),
                        format!("Did you mean `%{near}%`?"),
                    ),
                    None => not_simulated(&node.place, &format!("the operator `%{name}%`")),
                }
            }
        })
    }
}

enum Bad {
    Unclosed,
    Operator(String),
}

fn parse(text: &str) -> Result<Format, Bad> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        literal.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = end_of_operator(rest).ok_or(Bad::Unclosed)?;
        let inner = &rest[..end];
        rest = &rest[end + 1..];
        if inner.is_empty() {
            literal.push('%');
            continue;
        }
        if !literal.is_empty() {
            parts.push(Operator::Text(std::mem::take(&mut literal)));
        }
        parts.push(operator(inner)?);
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Operator::Text(literal));
    }
    Ok(Format(parts))
}

/// Where an operator ends; `%` within its parentheses does not end it.
fn end_of_operator(text: &str) -> Option<usize> {
    let word = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let name = text.find(|c| !word(c))?;
    let inner = match text[name..].starts_with('(') && name > 0 {
        true => name + text[name..].find(')')?,
        false => 0,
    };
    Some(inner + text[inner..].find('%')?)
}

fn operator(inner: &str) -> Result<Operator, Bad> {
    let unknown = || Bad::Operator(inner.to_owned());
    if let Some(name) = PLAIN.iter().find(|name| **name == inner) {
        return Ok(Operator::Plain(name));
    }
    let open = inner.find('(').ok_or_else(unknown)?;
    let close = inner.rfind(')').ok_or_else(unknown)?;
    let argument = inner.get(open + 1..close).ok_or_else(unknown)?;
    let cut = match inner[close + 1..].strip_prefix(':') {
        Some(length) => Some(length.parse().map_err(|_| unknown())?),
        None if close + 1 == inner.len() => None,
        None => return Err(unknown()),
    };
    let (first, second) = match argument.split_once('?') {
        Some((first, second)) => (
            first.to_ascii_lowercase(),
            Some(second.to_ascii_lowercase()),
        ),
        None => (argument.to_ascii_lowercase(), None),
    };
    match &inner[..open] {
        "REQ" | "REQUEST_HEADER" => Ok(Operator::Request(first, second, cut)),
        "RESP" | "RESPONSE_HEADER" => Ok(Operator::Response(first, second, cut)),
        "TRAILER" | "RESPONSE_TRAILER" => Ok(Operator::Trailer(first, second, cut)),
        name @ ("START_TIME" | "EMIT_TIME")
            if cut.is_none() && write_time(argument, 0).is_some() =>
        {
            let emit = name == "EMIT_TIME";
            Ok(Operator::Time(emit, argument.to_owned()))
        }
        "FILTER_STATE" => match argument.split_once(':') {
            None | Some((_, "TYPED")) => {
                let key = argument.trim_end_matches(":TYPED").to_owned();
                Ok(Operator::FilterState(key, false, cut))
            }
            Some((key, "PLAIN")) => Ok(Operator::FilterState(key.to_owned(), true, cut)),
            Some(_) => Err(unknown()),
        },
        "METADATA" => {
            let (word, keys) = argument.split_once(':').ok_or_else(unknown)?;
            let mut known = SOURCES.iter();
            let source = known
                .find(|(known, _)| *known == word)
                .ok_or_else(unknown)?;
            Ok(metadata(source.1, keys, cut))
        }
        "DYNAMIC_METADATA" => Ok(metadata(Source::Dynamic, argument, cut)),
        "CLUSTER_METADATA" => Ok(metadata(Source::Cluster, argument, cut)),
        "UPSTREAM_METADATA" => Ok(metadata(Source::Host, argument, cut)),
        "QUERY_PARAM" => Ok(Operator::Query(argument.to_owned(), cut)),
        "PATH" if cut.is_none() => {
            let (query, which) = argument.split_once(':').unwrap_or((argument, ""));
            let query = match query {
                "" | "WQ" => true,
                "NQ" => false,
                _ => return Err(unknown()),
            };
            let original = match which {
                "" | "ORIG_OR_PATH" => None,
                "ORIG" => Some(true),
                "PATH" => Some(false),
                _ => return Err(unknown()),
            };
            Ok(Operator::Path(query, original))
        }
        "COMMON_DURATION" if cut.is_none() => {
            let parts: Vec<&str> = argument.split(':').collect();
            let [from, to, unit] = parts[..] else {
                return Err(unknown());
            };
            let point = |word| {
                let mut points = POINTS.into_iter();
                points.find(|point| *point == word).ok_or_else(unknown)
            };
            let unit = match unit {
                "ms" => 1_000_000,
                "us" => 1000,
                "ns" => 1,
                _ => return Err(unknown()),
            };
            Ok(Operator::Between(point(from)?, point(to)?, unit))
        }
        // The simulated process has none.
        "ENVIRONMENT" => Ok(Operator::Plain("ENVIRONMENT")),
        _ => Err(unknown()),
    }
}

fn metadata(source: Source, keys: &str, cut: Option<usize>) -> Operator {
    let keys = keys.split(':').map(str::to_owned).collect();
    Operator::Metadata(source, keys, cut)
}
