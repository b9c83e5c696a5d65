//! `RBAC` and `RBACPerRoute`: policies of permissions and principals.

use super::{flag, text};
use crate::model::Problem;
use crate::model::yaml::{Fields, Node};
use crate::proxy::config::matching::{
    HeaderMatch, MetadataMatch, TextMatch, read_header_match, read_metadata_match, read_text_match,
};
use crate::proxy::config::{Source, not_simulated, one_of, refuse};
use std::net::IpAddr;

/// The filter's settings, or a route's in their place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rbac {
    /// `rules`.
    pub(crate) rules: Option<Rules>,
    /// `rules_stat_prefix`.
    pub(crate) prefix: String,
    /// `shadow_rules`.
    pub(crate) shadow: Option<Rules>,
    /// `shadow_rules_stat_prefix`.
    pub(crate) shadow_prefix: String,
}

/// `envoy.config.rbac.v3.RBAC`.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// `action`.
    pub(crate) action: RbacAction,
    /// `policies`, sorted by name, as Envoy asks them.
    pub(crate) policies: Vec<Policy>,
}

/// What a match means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RbacAction {
    /// One policy must match.
    Allow,
    /// None may match.
    Deny,
    /// All pass.
    Log,
}

/// A policy: one of the permissions and one of the principals must match.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    /// Its name.
    pub(crate) name: String,
    /// What is done.
    pub(crate) permissions: Vec<Rule>,
    /// Who does it.
    pub(crate) principals: Vec<Rule>,
}

/// A permission or a principal.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    /// All of them (`and_rules`, `and_ids`).
    All(Vec<Rule>),
    /// One of them (`or_rules`, `or_ids`).
    Some(Vec<Rule>),
    /// Not this (`not_rule`, `not_id`).
    Not(Box<Rule>),
    /// `any`.
    Any,
    /// `header`.
    Header(HeaderMatch),
    /// `url_path`, without query.
    Path(TextMatch),
    /// `destination_ip`.
    DestinationIp(Cidr),
    /// `destination_port`, or a range whose end is not part of it.
    DestinationPorts(u32, u32),
    /// `requested_server_name`.
    ServerName(TextMatch),
    /// `direct_remote_ip` and `source_ip`.
    DirectIp(Cidr),
    /// `remote_ip`.
    RemoteIp(Cidr),
    /// `metadata`, or `sourced_metadata` with the stream's or the route's.
    Metadata(Box<MetadataMatch>, Source),
    /// `authenticated`: by a certificate, and no client here has one.
    Authenticated,
}

/// `CidrRange`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cidr(IpAddr, u32);

impl Cidr {
    /// Whether an address is in the range.
    pub(crate) fn has(self, ip: IpAddr) -> bool {
        let shift = |bits: u32, value: u128| value.checked_shr(bits - self.1.min(bits));
        match (self.0, ip) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                let (a, b) = (u32::from(a).into(), u32::from(b).into());
                shift(32, a) == shift(32, b)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => shift(128, a.into()) == shift(128, b.into()),
            _ => false,
        }
    }

    fn read(node: &Node) -> Result<Self, Problem> {
        let mut fields = Fields::of_message(node)?;
        let prefix = fields.require("address_prefix")?;
        let length = fields.take("prefix_len").map_or(Ok(0), Node::as_u32)?;
        fields.finish()?;
        let parsed = prefix.as_string_field()?.parse();
        let ip: IpAddr = parsed.map_err(|_| prefix.expected("an IP address"))?;
        let most = if ip.is_ipv4() { 32 } else { 128 };
        Ok(Self(ip, length.min(most)))
    }
}

impl Rbac {
    /// Reads the message's fields.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let rules = fields.take("rules").map(Rules::read).transpose()?;
        let shadow = fields.take("shadow_rules").map(Rules::read).transpose()?;
        refuse(fields, &["matcher", "shadow_matcher"], "rbac")?;
        let place = fields.node().get("track_per_rule_stats");
        if flag(fields, "track_per_rule_stats")? {
            let place = place.map_or(&fields.node().place, |node| &node.place);
            return Err(not_simulated(place, "`track_per_rule_stats`"));
        }
        Ok(Self {
            rules,
            prefix: text(fields, "rules_stat_prefix")?,
            shadow,
            shadow_prefix: text(fields, "shadow_rules_stat_prefix")?,
        })
    }

    /// Reads an `RBACPerRoute`; without `rbac` the filter is off.
    pub(super) fn read_route(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let Some(node) = fields.take("rbac") else {
            return Ok(Self::default());
        };
        let mut fields = Fields::of_message(node)?;
        let read = Self::read(&mut fields)?;
        fields.finish()?;
        Ok(read)
    }
}

impl Rules {
    fn read(node: &Node) -> Result<Self, Problem> {
        let mut fields = Fields::of_message(node)?;
        let action = match fields.take("action") {
            None => RbacAction::Allow,
            Some(node) => match node.as_str()? {
                "ALLOW" | "0" => RbacAction::Allow,
                "DENY" | "1" => RbacAction::Deny,
                "LOG" | "2" => RbacAction::Log,
                _ => return Err(node.expected("ALLOW, DENY or LOG")),
            },
        };
        let policies = fields.take("policies");
        refuse(&fields, &["audit_logging_options"], "rbac rules")?;
        fields.finish()?;
        let policies = policies.map_or(Ok(&[][..]), Node::as_map)?.iter();
        let mut policies: Vec<Policy> = policies
            .map(|(key, node)| Policy::read(&key.text, node))
            .collect::<Result<_, _>>()?;
        policies.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { action, policies })
    }
}

impl Policy {
    fn read(name: &str, node: &Node) -> Result<Self, Problem> {
        let mut fields = Fields::of_message(node)?;
        let permissions = fields.require("permissions")?;
        let principals = fields.require("principals")?;
        refuse(
            &fields,
            &["cel_config", "checked_condition", "condition"],
            "an rbac policy",
        )?;
        fields.finish()?;
        Ok(Self {
            name: name.to_owned(),
            permissions: read_rules(permissions, read_permission)?,
            principals: read_rules(principals, read_principal)?,
        })
    }
}

fn read_rules(node: &Node, read: fn(&Node) -> Result<Rule, Problem>) -> Result<Vec<Rule>, Problem> {
    match node.as_list()? {
        [] => Err(node.expected("a list of at least one")),
        items => items.iter().map(read).collect(),
    }
}

fn read_set(
    node: &Node,
    name: &'static str,
    read: fn(&Node) -> Result<Rule, Problem>,
) -> Result<Vec<Rule>, Problem> {
    let mut fields = Fields::of_message(node)?;
    let items = read_rules(fields.require(name)?, read)?;
    fields.finish()?;
    Ok(items)
}

fn read_permission(node: &Node) -> Result<Rule, Problem> {
    const KNOWN: [&str; 12] = [
        "and_rules",
        "or_rules",
        "not_rule",
        "any",
        "header",
        "url_path",
        "destination_ip",
        "destination_port",
        "destination_port_range",
        "requested_server_name",
        "metadata",
        "sourced_metadata",
    ];
    let elsewhere = ["matcher", "uri_template"];
    let (name, node) = one_of(node, &KNOWN, &elsewhere, "an rbac rule")?;
    Ok(match name {
        "and_rules" => Rule::All(read_set(node, "rules", read_permission)?),
        "or_rules" => Rule::Some(read_set(node, "rules", read_permission)?),
        "not_rule" => Rule::Not(Box::new(read_permission(node)?)),
        "destination_ip" => Rule::DestinationIp(Cidr::read(node)?),
        "destination_port" => {
            let port = node.as_u32()?;
            Rule::DestinationPorts(port, port.saturating_add(1))
        }
        "destination_port_range" => {
            let mut fields = Fields::of_message(node)?;
            let start = fields.require("start")?.as_u32()?;
            let end = fields.require("end")?.as_u32()?;
            fields.finish()?;
            if start >= end {
                let message =
                    format!("range start {start} cannot be greater or equal than range end {end}");
                return Err(Problem::at(
                    &node.place,
                    message,
                    "The end is not part of it.",
                ));
            }
            Rule::DestinationPorts(start, end)
        }
        "requested_server_name" => Rule::ServerName(read_text_match(node)?),
        _ => read_common(name, node)?,
    })
}

fn read_principal(node: &Node) -> Result<Rule, Problem> {
    const KNOWN: [&str; 12] = [
        "and_ids",
        "or_ids",
        "not_id",
        "any",
        "header",
        "url_path",
        "authenticated",
        "source_ip",
        "direct_remote_ip",
        "remote_ip",
        "metadata",
        "sourced_metadata",
    ];
    let elsewhere = ["custom", "filter_state"];
    let (name, node) = one_of(node, &KNOWN, &elsewhere, "an rbac rule")?;
    Ok(match name {
        "and_ids" => Rule::All(read_set(node, "ids", read_principal)?),
        "or_ids" => Rule::Some(read_set(node, "ids", read_principal)?),
        "not_id" => Rule::Not(Box::new(read_principal(node)?)),
        "authenticated" => {
            let mut fields = Fields::of_message(node)?;
            let name = fields.take("principal_name");
            name.map(read_text_match).transpose()?;
            fields.finish()?;
            Rule::Authenticated
        }
        "source_ip" | "direct_remote_ip" => Rule::DirectIp(Cidr::read(node)?),
        "remote_ip" => Rule::RemoteIp(Cidr::read(node)?),
        _ => read_common(name, node)?,
    })
}

fn read_common(name: &str, node: &Node) -> Result<Rule, Problem> {
    match name {
        "metadata" => Ok(Rule::Metadata(
            Box::new(read_metadata_match(node)?),
            Source::Dynamic,
        )),
        "sourced_metadata" => {
            let mut fields = Fields::of_message(node)?;
            let matcher = read_metadata_match(fields.require("metadata_matcher")?)?;
            let source = match fields.take("metadata_source") {
                None => Source::Dynamic,
                Some(node) => match node.as_str()? {
                    "DYNAMIC" | "0" => Source::Dynamic,
                    "ROUTE" | "1" => Source::Route,
                    _ => return Err(node.expected("DYNAMIC or ROUTE")),
                },
            };
            fields.finish()?;
            Ok(Rule::Metadata(Box::new(matcher), source))
        }
        "header" => Ok(Rule::Header(read_header_match(node)?)),
        "url_path" => {
            let mut fields = Fields::of_message(node)?;
            let path = read_text_match(fields.require("path")?)?;
            fields.finish()?;
            Ok(Rule::Path(path))
        }
        _ => match node.as_bool()? {
            true => Ok(Rule::Any),
            false => Err(node.expected("true")),
        },
    }
}
