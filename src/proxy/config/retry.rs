//! `RetryPolicy`: when the router tries a request again.

use super::matching::{HeaderMatch, read_header_match};
use super::refuse;
use crate::model::Problem;
use crate::model::yaml::{Fields, Node, nearest};

/// The most retries of a request. The report keeps every attempt, so there is an end to them.
pub(crate) const RETRIES_MAX: u32 = 100;

/// A reason to try again: a word of `retry_on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// A 5xx, or no response at all.
    ServerError,
    /// 502, 503, 504, or no response at all.
    GatewayError,
    /// No response at all.
    Reset,
    /// No connection.
    ConnectFailure,
    /// 409.
    Retriable4xx,
    /// The upstream has refused the stream.
    RefusedStream,
    /// One of the configured statuses.
    StatusCodes,
    /// A header that is configured.
    Headers,
    /// `x-envoy-ratelimited` in the response.
    RateLimited,
    /// A `grpc-status` in the response's headers.
    Grpc(u32),
}

/// The words of `retry_on`.
const WORDS: [(&str, On); 14] = [
    ("5xx", On::ServerError),
    ("gateway-error", On::GatewayError),
    ("reset", On::Reset),
    ("connect-failure", On::ConnectFailure),
    ("retriable-4xx", On::Retriable4xx),
    ("refused-stream", On::RefusedStream),
    ("retriable-status-codes", On::StatusCodes),
    ("retriable-headers", On::Headers),
    ("envoy-ratelimited", On::RateLimited),
    ("cancelled", On::Grpc(1)),
    ("deadline-exceeded", On::Grpc(4)),
    ("resource-exhausted", On::Grpc(8)),
    ("internal", On::Grpc(13)),
    ("unavailable", On::Grpc(14)),
];

/// A retry policy.
#[derive(Clone, Debug)]
pub(crate) struct RetryPolicy {
    /// `retry_on`.
    pub(crate) on: Vec<On>,
    /// `num_retries`.
    pub(crate) retries: u32,
    /// `per_try_timeout`, nanoseconds; 0 is none.
    pub(crate) per_try_ns: u64,
    /// `retriable_status_codes`.
    pub(crate) statuses: Vec<u32>,
    /// `retriable_headers`.
    pub(crate) headers: Vec<HeaderMatch>,
    /// `retry_back_off.base_interval`, nanoseconds.
    pub(crate) base_ns: u64,
    /// `retry_back_off.max_interval`, nanoseconds.
    pub(crate) max_ns: u64,
}

impl Default for RetryPolicy {
    /// Envoy's defaults, with nothing to retry on.
    fn default() -> Self {
        Self {
            on: Vec::new(),
            retries: 1,
            per_try_ns: 0,
            statuses: Vec::new(),
            headers: Vec::new(),
            base_ns: 25_000_000,
            max_ns: 250_000_000,
        }
    }
}

impl On {
    /// The reasons in a list of words, as `x-envoy-retry-on` and `x-envoy-retry-grpc-on` have them;
    /// unknown words are passed over, as Envoy does with those of a header.
    pub(crate) fn words(text: &str) -> impl Iterator<Item = Self> {
        text.split(',').filter_map(|word| known(word.trim()))
    }
}

fn known(word: &str) -> Option<On> {
    let mut words = WORDS.iter();
    words.find(|(name, _)| *name == word).map(|(_, on)| *on)
}

/// Fields of `RetryPolicy` that Envoy knows and the simulator does not.
const NOT_HONOURED: [&str; 7] = [
    "host_selection_retry_max_attempts",
    "per_try_idle_timeout",
    "rate_limited_retry_back_off",
    "retriable_request_headers",
    "retry_host_predicate",
    "retry_options_predicates",
    "retry_priority",
];

impl RetryPolicy {
    /// Reads a policy.
    ///
    /// # Errors
    /// What is unknown, malformed or not simulated in it.
    pub(super) fn read(node: &Node) -> Result<Self, Problem> {
        let mut fields = Fields::of_message(node)?;
        let mut policy = Self::default();
        if let Some(words) = fields.take("retry_on") {
            for word in words.as_string_field()?.split(',').map(str::trim) {
                let help = match nearest(word, WORDS.map(|(name, _)| name)) {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => format!("Known here: {}.", WORDS.map(|(name, _)| name).join(", ")),
                };
                policy.on.push(known(word).ok_or_else(|| {
                    Problem::at(&words.place, format!("nothing to retry on: `{word}`"), help)
                })?);
            }
        }
        if let Some(retries) = fields.take("num_retries") {
            policy.retries = retries.get("value").unwrap_or(retries).as_u32()?;
            if policy.retries > RETRIES_MAX {
                return Err(retries.expected("at most 100 retries: every attempt is kept here"));
            }
        }
        if let Some(timeout) = fields.take("per_try_timeout") {
            policy.per_try_ns = timeout.as_proto_duration_ns()?;
        }
        if let Some(list) = fields.take("retriable_status_codes") {
            let statuses = list.as_list()?.iter().map(Node::as_u32);
            policy.statuses = statuses.collect::<Result<_, _>>()?;
        }
        if let Some(list) = fields.take("retriable_headers") {
            let headers = list.as_list()?.iter().map(read_header_match);
            policy.headers = headers.collect::<Result<_, _>>()?;
        }
        let backoff = fields.take("retry_back_off");
        refuse(&fields, &NOT_HONOURED, "a retry policy")?;
        fields.finish()?;
        if let Some(backoff) = backoff {
            let mut fields = Fields::of_message(backoff)?;
            let base = fields.require("base_interval")?;
            let longest = fields.take("max_interval");
            fields.finish()?;
            policy.base_ns = base.as_proto_duration_ns()?;
            if policy.base_ns == 0 {
                return Err(base.expected("an interval above 0"));
            }
            // Envoy rounds what is below a millisecond up to one.
            policy.base_ns = policy.base_ns.max(1_000_000);
            policy.max_ns = policy.base_ns.saturating_mul(10);
            if let Some(longest) = longest {
                policy.max_ns = longest.as_proto_duration_ns()?;
                if policy.max_ns < policy.base_ns {
                    return Err(Problem::at(
                        &longest.place,
                        "retry_policy.max_interval must greater than or equal to the base_interval",
                        "",
                    ));
                }
            }
        }
        Ok(policy)
    }
}
