//! The cors filter: answers preflights, and names the allowed origin in responses.
//!
//! The policy is the route's. Policies of several places are laid over each other field by field,
//! the most specific first; whether they are on at all, the most specific alone decides.

use super::record::Change;
use super::{At, NativeStream};
use crate::model::Headers;
use crate::proxy::config::{Action, CorsPolicy, NativeRoute, TextMatch};
use crate::proxy::iterate::Verdict;
use crate::proxy::lookup::text_matches;
use crate::proxy::shared::Shared;
use crate::proxy::task::Direction;

/// The policies of a stream, the most specific first.
struct Policies<'a>(Vec<&'a CorsPolicy>);

impl<'a> Policies<'a> {
    fn text(&self, field: impl Fn(&'a CorsPolicy) -> &'a str) -> &'a str {
        let mut said = self.0.iter().map(|policy| field(policy));
        said.find(|text| !text.is_empty()).unwrap_or("")
    }

    fn flag(&self, field: impl Fn(&CorsPolicy) -> Option<bool>, unset: bool) -> bool {
        self.0
            .iter()
            .find_map(|policy| field(policy))
            .unwrap_or(unset)
    }

    /// Whether an origin is allowed. A matcher that takes `*` takes all, as one of `*` itself does.
    fn allows(&self, origin: &str) -> bool {
        let mut said = self.0.iter().map(|policy| &policy.origins[..]);
        let origins: &[TextMatch] = said.find(|list| !list.is_empty()).unwrap_or(&[]);
        let mut matchers = origins.iter();
        matchers.any(|matcher| text_matches(matcher, "*") || text_matches(matcher, origin))
    }
}

impl Shared {
    fn cors_policies<'a>(
        &mut self,
        config: &'a crate::proxy::config::Config,
        at: At,
    ) -> Policies<'a> {
        let routed = self.routed(config, at).into_iter();
        let policies = routed.filter_map(|route| match route {
            NativeRoute::Cors(policy) => Some(&**policy),
            _ => None,
        });
        Policies(policies.collect())
    }

    /// Request headers: a preflight with an allowed origin is answered here.
    pub(super) fn cors_request(&mut self, at: At) -> Verdict {
        let config = self.config.clone();
        let place = self.resolve_route(at.stream);
        let forwards = place.is_some_and(|p| matches!(self.route(p).action, Action::Forward(_)));
        let policies = self.cors_policies(&config, at);
        let Some(first) = policies.0.first().filter(|_| forwards) else {
            return Verdict::Continue;
        };
        let enabled = first.enabled.is_none_or(|share| self.falls_in(share));
        let shadow = first.shadow.is_some_and(|share| self.falls_in(share));
        let origin = self.request_header(at, "origin");
        if !enabled && !shadow || origin.is_empty() {
            return Verdict::Continue;
        }
        let allowed = policies.allows(&origin);
        self.native_count(match allowed {
            true => "cors.origin_valid",
            false => "cors.origin_invalid",
        });
        if !enabled {
            return Verdict::Continue;
        }
        if allowed {
            *self.native_state(at) = NativeStream::Cors(origin.clone().into_bytes());
        }
        let method = self.request_header(at, "access-control-request-method");
        if self.request_header(at, ":method") != "OPTIONS"
            || method.is_empty()
            || !allowed && policies.flag(|policy| policy.forward, true)
        {
            return Verdict::Continue;
        }
        let mut headers = Headers::default();
        headers.push(":status", "200");
        if allowed {
            headers.push("access-control-allow-origin", &origin);
        }
        if policies.flag(|policy| policy.credentials, false) {
            headers.push("access-control-allow-credentials", "true");
        }
        let asked = self.request_header(at, "access-control-request-headers");
        for (name, said, asked) in [
            ("methods", policies.text(|policy| &policy.methods), &method),
            ("headers", policies.text(|policy| &policy.headers), &asked),
        ] {
            let value = if said == "*" { asked } else { said };
            if !said.is_empty() {
                headers.push(format!("access-control-allow-{name}"), value);
            }
        }
        let max_age = policies.text(|policy| &policy.max_age);
        if !max_age.is_empty() {
            headers.push("access-control-max-age", max_age);
        }
        if policies.flag(|policy| policy.private_network, false)
            && self.request_header(at, "access-control-request-private-network") == "true"
        {
            headers.push("access-control-allow-private-network", "true");
        }
        self.native_answer(at, headers, "cors_response");
        Verdict::Stop
    }

    /// Response headers: those of a request whose origin was allowed, an answered preflight too.
    pub(super) fn cors_response(&mut self, at: At) -> Verdict {
        let NativeStream::Cors(origin) = self.native_state(at) else {
            return Verdict::Continue;
        };
        let origin = origin.clone();
        let config = self.config.clone();
        let policies = self.cors_policies(&config, at);
        let expose = policies.text(|policy| &policy.expose);
        let credentials = policies.flag(|policy| policy.credentials, false);
        let mut set = |name: &str, value: &[u8]| {
            let name = format!("access-control-{name}");
            self.native_change(at, Direction::Encode, Change::Replace, &name, value);
        };
        set("allow-origin", &origin);
        if credentials {
            set("allow-credentials", b"true");
        }
        if !expose.is_empty() {
            set("expose-headers", expose.as_bytes());
        }
        Verdict::Continue
    }
}
