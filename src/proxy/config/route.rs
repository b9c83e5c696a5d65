//! Routes: virtual hosts, matches and what a match leads to.

use super::any::base64;
use super::{Format, Metadata, not_simulated};
use crate::model::yaml::{Fields, Node};
use crate::model::{Place, Problem};
use regex_lite::Regex;

/// A route configuration.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    /// The virtual hosts.
    pub(crate) hosts: Vec<VirtualHost>,
    /// Whether a route to an unknown cluster is refused at load; Envoy's default for static routes.
    pub(crate) validate_clusters: bool,
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
    /// Where it leads.
    pub(crate) action: Action,
}

/// How a path is compared, query left out.
#[derive(Clone, Debug)]
pub(crate) enum PathMatch {
    /// It begins with this.
    Prefix(String),
    /// It is this.
    Exact(String),
    /// It is this, or goes on with `/`.
    Separated(String),
    /// The whole of it matches.
    Regex(Regex),
}

/// A condition on a header.
#[derive(Clone, Debug)]
pub(crate) struct HeaderMatch {
    /// The header.
    pub(crate) name: String,
    /// How its value is compared; `None` asks for presence alone.
    pub(crate) text: Option<TextMatch>,
    /// Whether it must be there (`present_match`).
    pub(crate) present: bool,
    /// `invert_match`.
    pub(crate) invert: bool,
}

/// `envoy.type.matcher.v3.StringMatcher`.
#[derive(Clone, Debug)]
pub(crate) enum TextMatch {
    /// Equal.
    Exact(String, bool),
    /// Begins with.
    Prefix(String, bool),
    /// Ends with.
    Suffix(String, bool),
    /// Has somewhere.
    Contains(String, bool),
    /// The whole matches.
    Regex(Regex),
}

/// Headers that a route adds and removes.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeaderChange {
    /// Added: name, value, whether an existing one is overwritten.
    pub(crate) add: Vec<(String, Format, Append)>,
    /// Removed.
    pub(crate) remove: Vec<String>,
}

/// `append_action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Append {
    /// Adds another value.
    Always,
    /// Adds when absent.
    IfAbsent,
    /// Replaces or adds.
    Overwrite,
    /// Replaces when present.
    OverwritePresent,
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

/// `RouteAction`.
#[derive(Clone, Debug)]
pub(crate) struct Forward {
    /// The cluster.
    pub(crate) cluster: String,
    /// Where the cluster is named.
    pub(crate) place: Place,
    /// `timeout`, nanoseconds; 0 is off.
    pub(crate) timeout_ns: u64,
    /// `prefix_rewrite`.
    pub(crate) prefix_rewrite: Option<String>,
    /// `host_rewrite_literal`.
    pub(crate) host_rewrite: Option<String>,
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

/// Envoy's default route timeout.
const TIMEOUT_NS: u64 = 15_000_000_000;

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
            action: Action::Forward(Forward {
                cluster: cluster.to_owned(),
                place: Place::default(),
                timeout_ns: TIMEOUT_NS,
                prefix_rewrite: None,
                host_rewrite: None,
            }),
        };
        let host = VirtualHost {
            name: "all".to_owned(),
            metadata: Metadata::default(),
            domains: vec!["*".to_owned()],
            routes: vec![route],
        };
        Self {
            hosts: vec![host],
            validate_clusters: true,
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
        })
    }
}

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
    fields.finish()?;
    Ok(VirtualHost {
        name,
        metadata,
        domains,
        routes,
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
    if let Some(config) = fields.take("typed_per_filter_config") {
        return Err(not_simulated(&config.place, "`typed_per_filter_config`"));
    }
    let forward = fields.take("route");
    let direct = fields.take("direct_response");
    let redirect = fields.take("redirect");
    let request = read_change(
        fields.take("request_headers_to_add"),
        fields.take("request_headers_to_remove"),
    )?;
    let response = read_change(
        fields.take("response_headers_to_add"),
        fields.take("response_headers_to_remove"),
    )?;
    fields.finish()?;
    let action = match (forward, direct, redirect) {
        (Some(node), None, None) => Action::Forward(read_forward(node)?),
        (None, Some(node), None) => read_direct(node)?,
        (None, None, Some(node)) => Action::Redirect(read_redirect(node)?),
        _ => {
            return Err(Problem::at(
                &node.place,
                "expected exactly one of route, redirect and direct_response",
                "",
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
        action,
    })
}

fn read_match(node: &Node) -> Result<(PathMatch, Vec<HeaderMatch>), Problem> {
    let mut fields = Fields::of_message(node)?;
    let prefix = fields.take("prefix");
    let exact = fields.take("path");
    let separated = fields.take("path_separated_prefix");
    let regex = fields.take("safe_regex");
    let headers = fields.take("headers");
    fields.finish()?;
    let text = |node: &Node| node.as_string_field().map(str::to_owned);
    let path = match (prefix, exact, separated, regex) {
        (Some(n), None, None, None) => PathMatch::Prefix(text(n)?),
        (None, Some(n), None, None) => PathMatch::Exact(text(n)?),
        (None, None, Some(n), None) => PathMatch::Separated(text(n)?),
        (None, None, None, Some(n)) => PathMatch::Regex(read_regex(n)?),
        _ => {
            return Err(Problem::at(
                &node.place,
                "expected exactly one of prefix, path, path_separated_prefix and safe_regex",
                "",
            ));
        }
    };
    let headers = headers
        .map_or(Ok(&[][..]), Node::as_list)?
        .iter()
        .map(read_header_match)
        .collect::<Result<_, _>>()?;
    Ok((path, headers))
}

/// RE2 matches the whole value.
fn read_regex(node: &Node) -> Result<Regex, Problem> {
    let mut fields = Fields::of_message(node)?;
    let regex = fields.require("regex")?;
    if let Some(engine) = fields.take("google_re2") {
        Fields::of_message(engine)?.finish()?;
    }
    fields.finish()?;
    let pattern = regex.as_str()?;
    Regex::new(&format!("^(?:{pattern})$"))
        .map_err(|e| Problem::at(&regex.place, format!("not a regular expression: {e}"), ""))
}

fn read_header_match(node: &Node) -> Result<HeaderMatch, Problem> {
    let mut fields = Fields::of_message(node)?;
    let name = fields
        .require("name")?
        .as_string_field()?
        .to_ascii_lowercase();
    let text = fields
        .take("string_match")
        .map(read_text_match)
        .transpose()?;
    let present = fields
        .take("present_match")
        .map(Node::as_bool)
        .transpose()?;
    let invert = fields.take("invert_match").map(Node::as_bool).transpose()?;
    for old in [
        "exact_match",
        "prefix_match",
        "suffix_match",
        "contains_match",
        "safe_regex_match",
    ] {
        if let Some(value) = fields.take(old) {
            let word = old.trim_end_matches("_match");
            return Err(Problem::at(
                &value.place,
                format!("`{old}` is gone from current Envoy versions"),
                format!("Write `string_match: {{{word}: …}}`."),
            ));
        }
    }
    fields.finish()?;
    Ok(HeaderMatch {
        name,
        text,
        present: present.unwrap_or(true),
        invert: invert.unwrap_or(false),
    })
}

fn read_text_match(node: &Node) -> Result<TextMatch, Problem> {
    let mut fields = Fields::of_message(node)?;
    let ignore_case = match fields.take("ignore_case") {
        Some(flag) => flag.as_bool()?,
        None => false,
    };
    let all = ["exact", "prefix", "suffix", "contains"].map(|name| fields.take(name));
    let regex = fields.take("safe_regex");
    fields.finish()?;
    let text = |node: &Node| node.as_string_field().map(str::to_owned);
    match (all, regex) {
        ([Some(n), None, None, None], None) => Ok(TextMatch::Exact(text(n)?, ignore_case)),
        ([None, Some(n), None, None], None) => Ok(TextMatch::Prefix(text(n)?, ignore_case)),
        ([None, None, Some(n), None], None) => Ok(TextMatch::Suffix(text(n)?, ignore_case)),
        ([None, None, None, Some(n)], None) => Ok(TextMatch::Contains(text(n)?, ignore_case)),
        ([None, None, None, None], Some(n)) => Ok(TextMatch::Regex(read_regex(n)?)),
        _ => Err(Problem::at(
            &node.place,
            "expected exactly one of exact, prefix, suffix, contains and safe_regex",
            "",
        )),
    }
}

fn read_forward(node: &Node) -> Result<Forward, Problem> {
    let mut fields = Fields::of_message(node)?;
    if let Some(weighted) = fields.take("weighted_clusters") {
        return Err(not_simulated(&weighted.place, "`weighted_clusters`"));
    }
    if let Some(retry) = fields.take("retry_policy") {
        return Err(not_simulated(&retry.place, "`retry_policy`"));
    }
    let cluster = fields.require("cluster")?;
    let timeout = fields
        .take("timeout")
        .map(Node::as_proto_duration_ns)
        .transpose()?;
    let prefix = fields
        .take("prefix_rewrite")
        .map(Node::as_string_field)
        .transpose()?;
    let host = fields
        .take("host_rewrite_literal")
        .map(Node::as_string_field)
        .transpose()?;
    fields.finish()?;
    Ok(Forward {
        cluster: cluster.as_string_field()?.to_owned(),
        place: cluster.place.clone(),
        timeout_ns: timeout.unwrap_or(TIMEOUT_NS),
        prefix_rewrite: prefix.map(str::to_owned),
        host_rewrite: host.map(str::to_owned),
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

fn read_change(add: Option<&Node>, remove: Option<&Node>) -> Result<HeaderChange, Problem> {
    let mut change = HeaderChange::default();
    for item in add.map_or(Ok(&[][..]), Node::as_list)? {
        let mut fields = Fields::of_message(item)?;
        let header = fields.require("header")?;
        let append = match fields.take("append_action") {
            None => Append::Always,
            Some(node) => match node.as_str()? {
                "APPEND_IF_EXISTS_OR_ADD" => Append::Always,
                "ADD_IF_ABSENT" => Append::IfAbsent,
                "OVERWRITE_IF_EXISTS_OR_ADD" => Append::Overwrite,
                "OVERWRITE_IF_EXISTS" => Append::OverwritePresent,
                _ => {
                    return Err(
                        node.expected("an append action such as OVERWRITE_IF_EXISTS_OR_ADD")
                    );
                }
            },
        };
        fields.finish()?;
        let mut fields = Fields::of_message(header)?;
        let key = fields
            .require("key")?
            .as_string_field()?
            .to_ascii_lowercase();
        let value = Format::read(fields.require("value")?)?;
        fields.finish()?;
        change.add.push((key, value, append));
    }
    for item in remove.map_or(Ok(&[][..]), Node::as_list)? {
        change
            .remove
            .push(item.as_string_field()?.to_ascii_lowercase());
    }
    Ok(change)
}
