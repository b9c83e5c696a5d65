//! `LocalRateLimit`, of the filter and of routes alike, and its token bucket.

use super::{Percent, flag, list, status};
use crate::model::yaml::{Fields, Node};
use crate::model::{Place, Problem};
use crate::proxy::config::change::{Addition, read_addition};
use crate::proxy::config::refuse;

/// The settings.
#[derive(Clone, Debug)]
pub(crate) struct LocalRateLimit {
    /// `stat_prefix`.
    pub(crate) stat_prefix: String,
    /// `status`: 429 also where less than 400 is asked for.
    pub(crate) status: u16,
    /// `token_bucket`; without one nothing is limited.
    pub(crate) bucket: Option<TokenBucket>,
    /// Where the settings stand: each place has a bucket of its own.
    pub(crate) place: Place,
    /// `filter_enabled`; none when it is not set.
    pub(crate) enabled: Percent,
    /// `filter_enforced`; none when it is not set.
    pub(crate) enforced: Percent,
    /// `request_headers_to_add_when_not_enforced`.
    pub(crate) request_headers: Vec<Addition>,
    /// `response_headers_to_add`.
    pub(crate) response_headers: Vec<Addition>,
    /// `local_rate_limit_per_downstream_connection`.
    pub(crate) per_connection: bool,
    /// `enable_x_ratelimit_headers`.
    pub(crate) x_headers: bool,
    /// `rate_limited_as_resource_exhausted`.
    pub(crate) exhausted: bool,
}

/// `envoy.type.v3.TokenBucket`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenBucket {
    /// The most tokens; it begins full.
    pub(crate) max: u64,
    /// Tokens of one fill.
    pub(crate) per_fill: u64,
    /// Nanoseconds of one fill.
    pub(crate) interval_ns: u64,
}

/// Fields that Envoy knows and the simulator does not.
const NOT_HONOURED: [&str; 6] = [
    "descriptors",
    "local_cluster_rate_limit",
    "max_dynamic_descriptors",
    "rate_limits",
    "stage",
    "vh_rate_limits",
];

impl LocalRateLimit {
    /// Reads the message's fields.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let prefix = fields.require("stat_prefix")?;
        let status = fields.take("status").map(status::read).transpose()?;
        let bucket = fields.take("token_bucket").map(TokenBucket::read);
        let mut share = |name| fields.take(name).map(Percent::read_runtime).transpose();
        let enabled = share("filter_enabled")?.unwrap_or_default();
        let enforced = share("filter_enforced")?.unwrap_or_default();
        let mut headers = |name| -> Result<Vec<Addition>, Problem> {
            let items = list(fields, name)?;
            items.iter().map(read_addition).collect()
        };
        let request_headers = headers("request_headers_to_add_when_not_enforced")?;
        let response_headers = headers("response_headers_to_add")?;
        let x_headers = match fields.take("enable_x_ratelimit_headers") {
            None => false,
            Some(node) => match node.as_str()? {
                "OFF" | "0" => false,
                "DRAFT_VERSION_03" | "1" => true,
                _ => return Err(node.expected("OFF or DRAFT_VERSION_03")),
            },
        };
        // It makes a difference beside descriptors alone, and those are refused.
        let always = fields.take("always_consume_default_token_bucket");
        always.map(Node::as_bool).transpose()?;
        let per_connection = flag(fields, "local_rate_limit_per_downstream_connection")?;
        let exhausted = flag(fields, "rate_limited_as_resource_exhausted")?;
        refuse(fields, &NOT_HONOURED, "local_ratelimit")?;
        Ok(Self {
            stat_prefix: prefix.as_string_field()?.to_owned(),
            status: status.filter(|status| *status >= 400).unwrap_or(429),
            bucket: bucket.transpose()?,
            place: prefix.place.clone(),
            enabled,
            enforced,
            request_headers,
            response_headers,
            per_connection,
            x_headers,
            exhausted,
        })
    }

    /// Reads a route's, which must have a bucket.
    pub(super) fn read_route(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let read = Self::read(fields)?;
        match read.bucket {
            Some(_) => Ok(read),
            None => Err(Problem::at(
                &fields.node().place,
                "local rate limit token bucket must be set for per filter configs",
                "Add `token_bucket: {max_tokens: …, fill_interval: …}`.",
            )),
        }
    }
}

impl TokenBucket {
    fn read(node: &Node) -> Result<Self, Problem> {
        let mut fields = Fields::of_message(node)?;
        let max = fields.require("max_tokens")?;
        let per_fill = fields.take("tokens_per_fill");
        let interval = fields.require("fill_interval")?;
        fields.finish()?;
        let above_0 = |node: &Node| match node.as_u32()? {
            0 => Err(node.expected("a number above 0")),
            n => Ok(u64::from(n)),
        };
        let interval_ns = interval.as_proto_duration_ns()?;
        if interval_ns < 50_000_000 {
            return Err(Problem::at(
                &interval.place,
                "local rate limit token bucket fill timer must be >= 50ms",
                "Fill more tokens less often.",
            ));
        }
        Ok(Self {
            max: above_0(max)?,
            per_fill: per_fill.map_or(Ok(1), above_0)?,
            interval_ns,
        })
    }
}
