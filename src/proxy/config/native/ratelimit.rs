//! `RateLimit`: the filter that asks a rate limit service, and `RateLimitPerRoute`.

use super::{flag, status, text};
use crate::model::yaml::{Fields, Node};
use crate::model::{Place, Problem};
use crate::proxy::config::rate_limits::read_stage;
use crate::proxy::config::{not_simulated, refuse};

/// The settings.
#[derive(Clone, Debug)]
pub(crate) struct RateLimitService {
    /// `domain`.
    pub(crate) domain: String,
    /// `stage`.
    pub(crate) stage: u32,
    /// `timeout`, nanoseconds; 20 ms when it is not set.
    pub(crate) timeout_ns: u64,
    /// `failure_mode_deny`.
    pub(crate) deny: bool,
    /// `status_on_error`.
    pub(crate) on_error: u16,
    /// `rate_limited_status`: 429 also where less than 400 is asked for.
    pub(crate) status: u16,
    /// `rate_limited_as_resource_exhausted`.
    pub(crate) exhausted: bool,
    /// Whether `x-envoy-ratelimited` is added.
    pub(crate) envoy_header: bool,
    /// The cluster of `rate_limit_service`.
    pub(crate) cluster: String,
    /// Where that stands.
    pub(crate) place: Place,
    /// Whether requests of other proxies of the mesh alone are asked for: no client is one.
    pub(crate) internal_only: bool,
}

/// What a route says.
#[derive(Clone, Debug)]
pub(crate) struct RateLimitRoute {
    /// `vh_rate_limits`.
    pub(crate) host: HostLimits,
    /// `domain`; empty is the filter's.
    pub(crate) domain: String,
}

/// When the virtual host's `rate_limits` are asked too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum HostLimits {
    /// Where the route has none.
    #[default]
    Override,
    /// Always.
    Include,
    /// Never.
    Ignore,
}

/// Fields that Envoy knows and the simulator does not.
const NOT_HONOURED: [&str; 7] = [
    "failure_mode_deny_percent",
    "filter_enabled",
    "filter_enforced",
    "rate_limits",
    "response_headers_to_add",
    "stat_prefix",
    "request_headers_to_add_when_not_enforced",
];

impl RateLimitService {
    /// Reads the message's fields.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let domain = fields.require("domain")?.as_string_field()?.to_owned();
        let timeout = fields.take("timeout").map(Node::as_proto_duration_ns);
        let on_error = fields.take("status_on_error").map(status::read);
        let limited = fields.take("rate_limited_status").map(status::read);
        let limited = limited.transpose()?.filter(|status| *status >= 400);
        if let Some(node) = fields.take("enable_x_ratelimit_headers")
            && !matches!(node.as_str()?, "OFF" | "0")
        {
            return Err(not_simulated(
                &node.place,
                "`enable_x_ratelimit_headers` of ratelimit",
            ));
        }
        let internal_only = match fields.take("request_type") {
            None => false,
            Some(node) => match node.as_str()? {
                "internal" => true,
                "external" | "both" | "" => false,
                _ => return Err(node.expected("internal, external or both")),
            },
        };
        let service = fields.require("rate_limit_service")?;
        refuse(fields, &NOT_HONOURED, "ratelimit")?;
        let cluster = read_service(service)?;
        Ok(Self {
            domain,
            stage: read_stage(fields)?,
            timeout_ns: timeout.transpose()?.unwrap_or(20_000_000),
            deny: flag(fields, "failure_mode_deny")?,
            on_error: on_error.transpose()?.unwrap_or(500),
            status: limited.unwrap_or(429),
            exhausted: flag(fields, "rate_limited_as_resource_exhausted")?,
            envoy_header: !flag(fields, "disable_x_envoy_ratelimited_header")?,
            cluster: cluster.as_string_field()?.to_owned(),
            place: cluster.place.clone(),
            internal_only,
        })
    }
}

/// The cluster of a `RateLimitServiceConfig`.
fn read_service(node: &Node) -> Result<&Node, Problem> {
    let mut fields = Fields::of_message(node)?;
    if let Some(node) = fields.take("transport_api_version")
        && !matches!(node.as_str()?, "V3" | "2")
    {
        return Err(node.expected("V3"));
    }
    let service = fields.require("grpc_service")?;
    fields.finish()?;
    let mut fields = Fields::of_message(service)?;
    let envoy = fields.require("envoy_grpc")?;
    refuse(
        &fields,
        &["google_grpc", "initial_metadata", "retry_policy", "timeout"],
        "a grpc service",
    )?;
    fields.finish()?;
    let mut fields = Fields::of_message(envoy)?;
    let cluster = fields.require("cluster_name")?;
    refuse(
        &fields,
        &[
            "authority",
            "max_receive_message_length",
            "retry_policy",
            "skip_envoy_headers",
        ],
        "envoy_grpc",
    )?;
    fields.finish()?;
    Ok(cluster)
}

impl RateLimitRoute {
    /// Reads a `RateLimitPerRoute`.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let host = match fields.take("vh_rate_limits") {
            None => HostLimits::Override,
            Some(node) => match node.as_str()? {
                "OVERRIDE" | "0" => HostLimits::Override,
                "INCLUDE" | "1" => HostLimits::Include,
                "IGNORE" | "2" => HostLimits::Ignore,
                _ => return Err(node.expected("OVERRIDE, INCLUDE or IGNORE")),
            },
        };
        let domain = text(fields, "domain")?;
        refuse(fields, &["override_option", "rate_limits"], "ratelimit")?;
        Ok(Self { host, domain })
    }
}
