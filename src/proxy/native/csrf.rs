//! The csrf filter: a request that changes something must come from where it goes to.

use super::At;
use crate::proxy::config::{Csrf, NativeRoute};
use crate::proxy::iterate::Verdict;
use crate::proxy::lookup::text_matches;
use crate::proxy::shared::Shared;

impl Shared {
    /// Request headers.
    pub(super) fn csrf_request(&mut self, at: At, policy: &Csrf) -> Verdict {
        let config = self.config.clone();
        let policy = match self.routed(&config, at).first() {
            Some(NativeRoute::Csrf(routed)) => routed,
            _ => policy,
        };
        let enabled = self.falls_in(policy.enabled);
        let shadow = self.falls_in(policy.shadow);
        let method = self.request_header(at, ":method");
        let changes = ["POST", "PUT", "DELETE", "PATCH"].contains(&method.as_str());
        if !enabled && !shadow || !changes {
            return Verdict::Continue;
        }
        let origin = self.request_header(at, "origin");
        let referer = self.request_header(at, "referer");
        let source = match host_and_port(&origin) {
            "" => host_and_port(&referer),
            source => source,
        };
        let authority = self.request_header(at, ":authority");
        let mut others = policy.origins.iter();
        let fits = source == host_and_port(&authority)
            || others.any(|matcher| text_matches(matcher, source));
        if source.is_empty() {
            self.native_count("csrf.missing_source_origin");
        }
        if !fits {
            self.native_count("csrf.request_invalid");
        }
        if fits && !source.is_empty() {
            self.native_count("csrf.request_valid");
            return Verdict::Continue;
        }
        if !enabled {
            return Verdict::Continue;
        }
        self.native_reply(at, 403, "Invalid origin", "csrf_origin_mismatch");
        Verdict::Stop
    }
}

/// `host[:port]` of a URL; a text that is none stays as it is.
fn host_and_port(text: &str) -> &str {
    match text.split_once("://") {
        None => text,
        Some((_, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let authority = &rest[..end];
            authority
                .rsplit_once('@')
                .map_or(authority, |(_, host)| host)
        }
    }
}
