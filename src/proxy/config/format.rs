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
    /// Filter state by its key.
    FilterState(String),
    /// `START_TIME` in a format of its own.
    StartTime(String),
    /// An operator without argument, by its name.
    Plain(&'static str),
}

/// Operators without argument.
const PLAIN: [&str; 39] = [
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
                let known = PLAIN
                    .iter()
                    .copied()
                    .chain(["REQ", "RESP", "TRAILER", "FILTER_STATE"]);
                match nearest(&name, known) {
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
        "START_TIME" if cut.is_none() && write_time(argument, 0).is_some() => {
            Ok(Operator::StartTime(argument.to_owned()))
        }
        "FILTER_STATE" => {
            let key = argument.strip_suffix(":PLAIN").unwrap_or(argument);
            Ok(Operator::FilterState(key.to_owned()))
        }
        _ => Err(unknown()),
    }
}
