//! `RouteAction`: to which cluster a route sends a request, and how.

use super::change::{HeaderChange, read_changes};
use super::per_route::PerRoute;
use super::rate_limits::{RateLimit, read_rate_limits};
use super::retry::RetryPolicy;
use super::{not_one_of, not_simulated, refuse};
use crate::model::yaml::{Fields, Node};
use crate::model::{Place, Problem};

/// `RouteAction`.
#[derive(Clone, Debug)]
pub(crate) struct Forward {
    /// How the cluster is chosen.
    pub(crate) choice: Choice,
    /// The status when there is no such cluster (`cluster_not_found_response_code`).
    pub(crate) not_found: u16,
    /// `timeout`, nanoseconds; 0 is off.
    pub(crate) timeout_ns: u64,
    /// `prefix_rewrite`.
    pub(crate) prefix_rewrite: Option<String>,
    /// `host_rewrite_literal`.
    pub(crate) host_rewrite: Option<String>,
    /// `retry_policy`.
    pub(crate) retry: Option<RetryPolicy>,
    /// `rate_limits`.
    pub(crate) limits: Vec<RateLimit>,
    /// `include_vh_rate_limits`.
    pub(crate) include_host_limits: bool,
}

/// How a route chooses its cluster.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    /// This one, and where it is named.
    Named(String, Place),
    /// The one that a request header names.
    Header(String),
    /// By weight.
    Weighted(Vec<Weighted>),
}

/// A cluster of `weighted_clusters`.
#[derive(Clone, Debug)]
pub(crate) struct Weighted {
    /// Its name.
    pub(crate) name: String,
    /// Where that stands.
    pub(crate) place: Place,
    /// Its weight.
    pub(crate) weight: u32,
    /// Changes to its requests.
    pub(crate) request: HeaderChange,
    /// Changes to its responses.
    pub(crate) response: HeaderChange,
    /// What it says of filters.
    pub(crate) per_route: PerRoute,
}

impl Choice {
    /// The clusters that are named in the configuration.
    pub(crate) fn named(&self) -> Vec<(&str, &Place)> {
        match self {
            Self::Named(name, place) => vec![(name, place)],
            Self::Header(_) => Vec::new(),
            Self::Weighted(list) => list.iter().map(|w| (w.name.as_str(), &w.place)).collect(),
        }
    }
}

/// Envoy's default route timeout.
const TIMEOUT_NS: u64 = 15_000_000_000;

/// Fields of `RouteAction` that Envoy knows and the simulator does not.
const NOT_HONOURED: [&str; 25] = [
    "append_x_forwarded_host",
    "auto_host_rewrite",
    "cluster_specifier_plugin",
    "cors",
    "early_data_policy",
    "flush_timeout",
    "grpc_timeout_offset",
    "hash_policy",
    "hedge_policy",
    "host_rewrite_header",
    "host_rewrite_path_regex",
    "idle_timeout",
    "inline_cluster_specifier_plugin",
    "internal_redirect_action",
    "internal_redirect_policy",
    "max_grpc_timeout",
    "max_internal_redirects",
    "max_stream_duration",
    "metadata_match",
    "path_rewrite_policy",
    "priority",
    "regex_rewrite",
    "request_mirror_policies",
    "retry_policy_typed_config",
    "upgrade_configs",
];

impl Forward {
    /// Everything to one cluster, with Envoy's defaults.
    pub(super) fn to(choice: Choice) -> Self {
        Self {
            choice,
            not_found: 503,
            timeout_ns: TIMEOUT_NS,
            prefix_rewrite: None,
            host_rewrite: None,
            retry: None,
            limits: Vec::new(),
            include_host_limits: false,
        }
    }

    /// Reads a `RouteAction`.
    pub(super) fn read(node: &Node) -> Result<Self, Problem> {
        let mut fields = Fields::of_message(node)?;
        let by_header = fields.take("cluster_header");
        let weighted = fields.take("weighted_clusters");
        let choice = match (by_header, weighted) {
            (Some(header), None) => Choice::Header(header.as_string_field()?.to_ascii_lowercase()),
            (None, Some(weighted)) => Choice::Weighted(read_weighted(weighted)?),
            (None, None) => {
                let cluster = fields.require("cluster")?;
                Choice::Named(cluster.as_string_field()?.to_owned(), cluster.place.clone())
            }
            (Some(_), Some(second)) => return Err(one_choice(&second.place)),
        };
        if let (Some(second), true) = (fields.take("cluster"), !matches!(choice, Choice::Named(..)))
        {
            return Err(one_choice(&second.place));
        }
        let mut forward = Self::to(choice);
        if let Some(timeout) = fields.take("timeout") {
            forward.timeout_ns = timeout.as_proto_duration_ns()?;
        }
        let mut text = |name| fields.take(name).map(Node::as_string_field).transpose();
        forward.prefix_rewrite = text("prefix_rewrite")?.map(str::to_owned);
        forward.host_rewrite = text("host_rewrite_literal")?.map(str::to_owned);
        forward.retry = fields
            .take("retry_policy")
            .map(RetryPolicy::read)
            .transpose()?;
        if let Some(code) = fields.take("cluster_not_found_response_code") {
            forward.not_found = match code.as_str()? {
                "SERVICE_UNAVAILABLE" => 503,
                "NOT_FOUND" => 404,
                "INTERNAL_SERVER_ERROR" => 500,
                _ => {
                    return Err(
                        code.expected("SERVICE_UNAVAILABLE, NOT_FOUND or INTERNAL_SERVER_ERROR")
                    );
                }
            };
        }
        forward.limits = read_rate_limits(fields.take("rate_limits"))?;
        if let Some(flag) = fields.take("include_vh_rate_limits") {
            forward.include_host_limits = flag.as_bool()?;
        }
        refuse(&fields, &NOT_HONOURED, "a route's action")?;
        fields.finish()?;
        Ok(forward)
    }
}

fn one_choice(place: &Place) -> Problem {
    not_one_of(place, "cluster, cluster_header and weighted_clusters")
}

fn read_weighted(node: &Node) -> Result<Vec<Weighted>, Problem> {
    let mut fields = Fields::of_message(node)?;
    let list = fields.require("clusters")?;
    refuse(
        &fields,
        &[
            "header_name",
            "runtime_key_prefix",
            "use_hash_policy",
            "total_weight",
        ],
        "weighted clusters",
    )?;
    fields.finish()?;
    let mut clusters = Vec::new();
    for item in list.as_list()? {
        let mut fields = Fields::of_message(item)?;
        if let Some(header) = fields.take("cluster_header") {
            return Err(not_simulated(
                &header.place,
                "`cluster_header` of a weighted cluster",
            ));
        }
        let name = fields.require("name")?;
        let weight = match fields.take("weight") {
            Some(weight) => weight.get("value").unwrap_or(weight).as_u32()?,
            None => 0,
        };
        let (request, response) = read_changes(&mut fields)?;
        let per_route = PerRoute::read(fields.take("typed_per_filter_config"))?;
        refuse(
            &fields,
            &["metadata_match", "host_rewrite_literal"],
            "a weighted cluster",
        )?;
        fields.finish()?;
        clusters.push(Weighted {
            name: name.as_string_field()?.to_owned(),
            place: name.place.clone(),
            weight,
            request,
            response,
            per_route,
        });
    }
    if clusters.iter().all(|cluster| cluster.weight == 0) {
        return Err(Problem::at(
            &list.place,
            "Sum of weights in the weighted_cluster must be greater than 0.",
            "Give each cluster a `weight`.",
        ));
    }
    Ok(clusters)
}
