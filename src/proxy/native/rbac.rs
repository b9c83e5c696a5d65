//! The rbac filter: who may do what. Shadow rules are asked first and only counted.

use super::At;
use crate::model::trace::{Kind, arg};
use crate::proxy::access_log::CLIENT;
use crate::proxy::config::{Item, NativeRoute, Rbac, RbacAction, Rule, Rules, Source, Struct};
use crate::proxy::iterate::Verdict;
use crate::proxy::lookup::{header_matches, text_matches};
use crate::proxy::shared::Shared;
use std::net::{IpAddr, Ipv4Addr};

impl Shared {
    /// Request headers.
    pub(super) fn rbac_request(&mut self, at: At, rbac: &Rbac) -> Verdict {
        let config = self.config.clone();
        let rbac = match self.routed(&config, at).first() {
            Some(NativeRoute::Rbac(routed)) => routed,
            _ => rbac,
        };
        if let Some(rules) = &rbac.shadow {
            let (allowed, policy) = self.rbac_asks(at, rules, "shadow_rules");
            self.rbac_count(&rbac.shadow_prefix, "shadow_", allowed);
            self.rbac_tells(
                at,
                &format!("{}shadow", rbac.shadow_prefix),
                allowed,
                &policy,
            );
        }
        let Some(rules) = &rbac.rules else {
            return Verdict::Continue;
        };
        let (allowed, policy) = self.rbac_asks(at, rules, "rules");
        self.rbac_count(&rbac.prefix, "", allowed);
        self.rbac_tells(at, &format!("{}enforced", rbac.prefix), allowed, &policy);
        if rules.action == RbacAction::Log {
            let hint = Item::Bool(policy.is_some());
            let told = vec![("access_log_hint".to_owned(), hint)];
            self.set_dynamic_metadata(at.stream, "envoy.common", Struct(told));
        }
        if allowed {
            return Verdict::Continue;
        }
        let policy = policy.as_deref().unwrap_or("none");
        let details = format!("rbac_access_denied_matched_policy[{policy}]");
        self.native_reply(at, 403, "RBAC: access denied", &details);
        Verdict::Stop
    }

    /// Whether rules allow a request, and the first policy that matches.
    fn rbac_asks(&mut self, at: At, rules: &Rules, which: &'static str) -> (bool, Option<String>) {
        let mut policies = rules.policies.iter();
        let matched = policies.find(|policy| {
            policy.permissions.iter().any(|rule| self.matches(at, rule))
                && policy.principals.iter().any(|rule| self.matches(at, rule))
        });
        let matched = matched.map(|policy| policy.name.clone());
        let allowed = match rules.action {
            RbacAction::Allow => matched.is_some(),
            RbacAction::Deny => matched.is_none(),
            RbacAction::Log => true,
        };
        if self.trace.capture {
            let policy = matched.as_deref().unwrap_or("none").as_bytes();
            let args = vec![
                arg("rules", which),
                arg("policy", policy),
                arg("decision", if allowed { "allowed" } else { "denied" }),
            ];
            self.record(Kind::Chain, "rbac", None, None, args);
        }
        (allowed, matched)
    }

    /// A decision in dynamic metadata.
    fn rbac_tells(&mut self, at: At, prefix: &str, allowed: bool, policy: &Option<String>) {
        let word = if allowed { "allowed" } else { "denied" };
        let text = |text: &str| Item::Text(text.to_owned());
        let mut told = vec![(format!("{prefix}_engine_result"), text(word))];
        if let Some(policy) = policy {
            told.push((format!("{prefix}_effective_policy_id"), text(policy)));
        }
        self.set_dynamic_metadata(at.stream, "envoy.filters.http.rbac", Struct(told));
    }

    fn rbac_count(&mut self, prefix: &str, shadow: &str, allowed: bool) {
        let dot = if prefix.is_empty() || prefix.ends_with('.') {
            ""
        } else {
            "."
        };
        let word = if allowed { "allowed" } else { "denied" };
        self.native_count(&format!("rbac.{prefix}{dot}{shadow}{word}"));
    }

    fn matches(&self, at: At, rule: &Rule) -> bool {
        let one = |rule: &Rule| self.matches(at, rule);
        match rule {
            Rule::All(rules) => rules.iter().all(one),
            Rule::Some(rules) => rules.iter().any(one),
            Rule::Not(rule) => !one(rule),
            Rule::Any => true,
            Rule::Authenticated => false,
            Rule::Metadata(wanted, source) => {
                let info = &self.streams[at.stream].info;
                match (source, info.route) {
                    (Source::Dynamic, _) => wanted.fits(&info.metadata),
                    (_, Some(place)) => wanted.fits(&self.route(place).metadata),
                    (_, None) => wanted.fits(&Default::default()),
                }
            }
            Rule::Header(header) => {
                let headers = self.streams[at.stream].request.headers.as_ref();
                headers.is_some_and(|headers| header_matches(header, headers))
            }
            Rule::Path(path) => {
                let whole = self.request_header(at, ":path");
                let bare = whole.split(['?', '#']).next().unwrap_or("");
                text_matches(path, bare)
            }
            // No client speaks TLS here, so there is no name.
            Rule::ServerName(name) => text_matches(name, ""),
            Rule::DestinationPorts(start, end) => {
                (*start..*end).contains(&u32::from(self.config.address.1))
            }
            Rule::DestinationIp(range) => range.has(ip(self.local_ip())),
            Rule::DirectIp(range) => range.has(ip(CLIENT)),
            Rule::RemoteIp(range) => range.has(self.remote_ip(at)),
        }
    }
}

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}
