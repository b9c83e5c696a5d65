//! Routes: virtual hosts, matches and what a match leads to.

use super::any::base64;
use super::change::{HeaderChange, read_changes};
use super::forward::{Choice, Forward};
use super::matching::{HeaderMatch, PathMatch, read_match};
use super::per_route::PerRoute;
use super::rate_limits::{RateLimit, read_rate_limits};
use super::retry::RetryPolicy;
use super::{Metadata, not_one_of, refuse};
use crate::model::yaml::{Fields, Node};
use crate::model::{Place, Problem};

/// A route configuration.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    /// The virtual hosts.
    pub(crate) hosts: Vec<VirtualHost>,
    /// Whether a route to an unknown cluster is refused at load; Envoy's default for static routes.
    pub(crate) validate_clusters: bool,
    /// Changes to all requests, after those of the virtual host.
    pub(crate) request: HeaderChange,
    /// Changes to all responses.
    pub(crate) response: HeaderChange,
    /// What is said of filters for all routes.
    pub(crate) per_route: PerRoute,
}

/// A virtual host.
#[derive(Clone, Debug)]
pub(crate) struct VirtualHost {
    /// Its name.
    pub(crate) name: String,
    /// `metadata`.
    pub(crate) metadata: Metadata,
    /// Domains: exact, `*.suffix`, `prefix.*` or `*`.
    pub(crate) domains: Vec<String>,
    /// Its routes; the first match wins.
    pub(crate) routes: Vec<Route>,
    /// Changes to its requests, after those of the route.
    pub(crate) request: HeaderChange,
    /// Changes to its responses.
    pub(crate) response: HeaderChange,
    /// What it says of filters.
    pub(crate) per_route: PerRoute,
    /// `retry_policy`, for routes without one.
    pub(crate) retry: Option<RetryPolicy>,
    /// `rate_limits`.
    pub(crate) limits: Vec<RateLimit>,
    /// `include_request_attempt_count`.
    pub(crate) attempt_count: bool,
}

/// A route.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// `name`, for `xds.route_name` and `%ROUTE_NAME%`.
    pub(crate) name: String,
    /// `metadata`.
    pub(crate) metadata: Metadata,
    /// What the path must be.
    pub(crate) path: PathMatch,
    /// What headers must be.
    pub(crate) headers: Vec<HeaderMatch>,
    /// Changes to the request on its way to the upstream.
    pub(crate) request: HeaderChange,
    /// Changes to the response on its way to the client.
    pub(crate) response: HeaderChange,
    /// What it says of filters.
    pub(crate) per_route: PerRoute,
    /// Where it leads.
    pub(crate) action: Action,
}

/// What a route does.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Sends the request to a cluster.
    Forward(Forward),
    /// Answers itself: status and body.
    Direct(u16, Vec<u8>),
    /// Sends the client elsewhere.
    Redirect(Redirect),
}

/// `RedirectAction`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redirect {
    /// `host_redirect`.
    pub(crate) host: Option<String>,
    /// `path_redirect`.
    pub(crate) path: Option<String>,
    /// `prefix_rewrite`.
    pub(crate) prefix: Option<String>,
    /// `scheme_redirect`, or https by `https_redirect`.
    pub(crate) scheme: Option<String>,
    /// The status: 301 unless `response_code` says otherwise.
    pub(crate) status: u16,
    /// `strip_query`.
    pub(crate) strip_query: bool,
}

impl Routes {
    /// Every request goes to one cluster.
    pub(super) fn default_to(cluster: &str) -> Self {
        let route = Route {
            name: String::new(),
            metadata: Metadata::default(),
            path: PathMatch::Prefix("/".to_owned()),
            headers: Vec::new(),
            request: HeaderChange::default(),
            response: HeaderChange::default(),
            per_route: PerRoute::default(),
            action: Action::Forward(Forward::to(Choice::Named(
                cluster.to_owned(),
                Place::default(),
            ))),
        };
        let host = VirtualHost {
            name: "all".to_owned(),
            metadata: Metadata::default(),
            domains: vec!["*".to_owned()],
            routes: vec![route],
            request: HeaderChange::default(),
            response: HeaderChange::default(),
            per_route: PerRoute::default(),
            retry: None,
            limits: Vec::new(),
            attempt_count: false,
        };
        Self {
            hosts: vec![host],
            validate_clusters: true,
            request: HeaderChange::default(),
            response: HeaderChange::default(),
            per_route: PerRoute::default(),
        }
    }

    /// Reads a `RouteConfiguration`.
    pub(super) fn read(node: &Node) -> Result<Self, Problem> {
        let mut fields = Fields::of_message(node)?;
        fields.take("name").map(Node::as_string_field).transpose()?;
        let validate = match fields.take("validate_clusters") {
            Some(flag) => flag.as_bool()?,
            None => true,
        };
        let list = fields.take("virtual_hosts");
        let (request, response) = read_changes(&mut fields)?;
        let per_route = PerRoute::read(fields.take("typed_per_filter_config"))?;
        refuse(&fields, &ROUTES, "a route configuration")?;
        fields.finish()?;
        let mut hosts: Vec<VirtualHost> = Vec::new();
        for item in list.map_or(Ok(&[][..]), Node::as_list)? {
            let host = read_host(item)?;
            for domain in &host.domains {
                if hosts.iter().any(|h| h.domains.contains(domain)) {
                    return Err(Problem::at(
                        &item.place,
                        format!("the domain `{domain}` is in two virtual hosts"),
                        "Only unique values for domains are permitted.",
                    ));
                }
            }
            hosts.push(host);
        }
        Ok(Self {
            hosts,
            validate_clusters: validate,
            request,
            response,
            per_route,
        })
    }
}

/// Fields of `RouteConfiguration` that Envoy knows and the simulator does not.
const ROUTES: [&str; 9] = [
    "cluster_specifier_plugins",
    "ignore_path_parameters_in_path_matching",
    "ignore_port_in_host_matching",
    "internal_only_headers",
    "max_direct_response_body_size_bytes",
    "metadata",
    "most_specific_header_mutations_wins",
    "request_mirror_policies",
    "vhds",
];

/// Fields of `VirtualHost` that Envoy knows and the simulator does not.
const HOST: [&str; 10] = [
    "cors",
    "hedge_policy",
    "include_attempt_count_in_response",
    "include_is_timeout_retry_header",
    "matcher",
    "per_request_buffer_limit_bytes",
    "request_mirror_policies",
    "require_tls",
    "retry_policy_typed_config",
    "virtual_clusters",
];

/// Fields of `Route` that Envoy knows and the simulator does not.
const ROUTE: [&str; 7] = [
    "decorator",
    "filter_action",
    "non_forwarding_action",
    "per_request_buffer_limit_bytes",
    "request_body_buffer_limit",
    "stat_prefix",
    "tracing",
];

fn read_host(node: &Node) -> Result<VirtualHost, Problem> {
    let mut fields = Fields::of_message(node)?;
    let name = fields.require("name")?.as_string_field()?.to_owned();
    let mut domains = Vec::new();
    for domain in fields.require("domains")?.as_list()? {
        domains.push(domain.as_string_field()?.to_ascii_lowercase());
    }
    let routes = match fields.take("routes") {
        Some(list) => read_list(list)?,
        None => Vec::new(),
    };
    let metadata = Metadata::read(fields.take("metadata"))?;
    let (request, response) = read_changes(&mut fields)?;
    let per_route = PerRoute::read(fields.take("typed_per_filter_config"))?;
    let retry = fields
        .take("retry_policy")
        .map(RetryPolicy::read)
        .transpose()?;
    let limits = read_rate_limits(fields.take("rate_limits"))?;
    let attempt_count = fields.take("include_request_attempt_count");
    refuse(&fields, &HOST, "a virtual host")?;
    fields.finish()?;
    Ok(VirtualHost {
        name,
        metadata,
        domains,
        routes,
        request,
        response,
        per_route,
        retry,
        limits,
        attempt_count: attempt_count.map_or(Ok(false), Node::as_bool)?,
    })
}

/// Reads a list of routes.
pub(super) fn read_list(node: &Node) -> Result<Vec<Route>, Problem> {
    node.as_list()?.iter().map(read_route).collect()
}

fn read_route(node: &Node) -> Result<Route, Problem> {
    let mut fields = Fields::of_message(node)?;
    let (path, headers) = read_match(fields.require("match")?)?;
    let name = match fields.take("name") {
        Some(name) => name.as_string_field()?.to_owned(),
        None => String::new(),
    };
    let metadata = Metadata::read(fields.take("metadata"))?;
    let per_route = PerRoute::read(fields.take("typed_per_filter_config"))?;
    let forward = fields.take("route");
    let direct = fields.take("direct_response");
    let redirect = fields.take("redirect");
    let (request, response) = read_changes(&mut fields)?;
    refuse(&fields, &ROUTE, "a route")?;
    fields.finish()?;
    let action = match (forward, direct, redirect) {
        (Some(node), None, None) => Action::Forward(Forward::read(node)?),
        (None, Some(node), None) => read_direct(node)?,
        (None, None, Some(node)) => Action::Redirect(read_redirect(node)?),
        _ => {
            return Err(not_one_of(
                &node.place,
                "route, redirect and direct_response",
            ));
        }
    };
    Ok(Route {
        name,
        metadata,
        path,
        headers,
        request,
        response,
        per_route,
        action,
    })
}

fn read_direct(node: &Node) -> Result<Action, Problem> {
    let mut fields = Fields::of_message(node)?;
    let status = fields.require("status")?;
    let body = fields.take("body");
    fields.finish()?;
    let number = status.as_u32()?;
    if !(100..600).contains(&number) {
        return Err(status.expected("a status from 100 to 599"));
    }
    let mut bytes = Vec::new();
    if let Some(body) = body {
        let mut fields = Fields::of_message(body)?;
        if let Some(text) = fields.take("inline_string") {
            bytes = text.as_string_field()?.as_bytes().to_vec();
        } else if let Some(encoded) = fields.take("inline_bytes") {
            bytes = base64(encoded)?;
        }
        fields.finish()?;
    }
    Ok(Action::Direct(number as u16, bytes))
}

fn read_redirect(node: &Node) -> Result<Redirect, Problem> {
    let mut fields = Fields::of_message(node)?;
    let mut text = |name| fields.take(name).map(Node::as_string_field).transpose();
    let host = text("host_redirect")?.map(str::to_owned);
    let path = text("path_redirect")?.map(str::to_owned);
    let prefix = text("prefix_rewrite")?.map(str::to_owned);
    let mut scheme = text("scheme_redirect")?.map(str::to_owned);
    if let Some(flag) = fields.take("https_redirect")
        && flag.as_bool()?
    {
        scheme = Some("https".to_owned());
    }
    let strip_query = match fields.take("strip_query") {
        Some(flag) => flag.as_bool()?,
        None => false,
    };
    refuse(&fields, &["port_redirect", "regex_rewrite"], "a redirect")?;
    let status =
        match fields.take("response_code") {
            None => 301,
            Some(code) => match code.as_str()? {
                "MOVED_PERMANENTLY" => 301,
                "FOUND" => 302,
                "SEE_OTHER" => 303,
                "TEMPORARY_REDIRECT" => 307,
                "PERMANENT_REDIRECT" => 308,
                _ => return Err(code.expected(
                    "MOVED_PERMANENTLY, FOUND, SEE_OTHER, TEMPORARY_REDIRECT or PERMANENT_REDIRECT",
                )),
            },
        };
    fields.finish()?;
    Ok(Redirect {
        host,
        path,
        prefix,
        scheme,
        status,
        strip_query,
    })
}
