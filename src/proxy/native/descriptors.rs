//! Descriptors: what of a request the rate limit service is told, by the actions of its route.

use super::At;
use crate::proxy::access_log::CLIENT;
use crate::proxy::config::{Action, DescribeBy, HostLimits, Item, RateLimit};
use crate::proxy::lookup::header_matches;
use crate::proxy::shared::Shared;

/// A descriptor: keys and values, in the order of its actions.
pub(super) type Descriptor = Vec<(String, String)>;

impl Shared {
    /// The descriptors of a request whose route leads to a cluster.
    pub(super) fn descriptors(&self, at: At, stage: u32, host: HostLimits) -> Vec<Descriptor> {
        let Some(place) = self.streams[at.stream].info.route else {
            return Vec::new();
        };
        let Action::Forward(forward) = &self.route(place).action else {
            return Vec::new();
        };
        let of_host = &self.config.manager.routes.hosts[place.0].limits;
        let host = match (forward.include_host_limits, host) {
            (true, _) | (_, HostLimits::Include) => &of_host[..],
            (_, HostLimits::Override) if forward.limits.is_empty() => &of_host[..],
            _ => &[],
        };
        let limits = forward.limits.iter().chain(host);
        limits
            .filter(|limit| limit.stage == stage)
            .filter_map(|limit| self.descriptor(at, limit))
            .collect()
    }

    /// One descriptor; `None` when something that it needs is not there.
    fn descriptor(&self, at: At, limit: &RateLimit) -> Option<Descriptor> {
        let mut entries = Descriptor::new();
        for action in &limit.actions {
            let (key, value) = match action {
                DescribeBy::SourceCluster => ("source_cluster", self.config.node_cluster.clone()),
                DescribeBy::DestinationCluster => {
                    let cluster = self.streams[at.stream].info.cluster.clone();
                    ("destination_cluster", cluster?)
                }
                DescribeBy::RemoteAddress => ("remote_address", self.remote_ip(at).to_string()),
                DescribeBy::Header(key, header, skip) => {
                    match (self.request_header(at, header), skip) {
                        (value, true) if value.is_empty() => continue,
                        (value, false) if value.is_empty() => return None,
                        (value, _) => (key.as_str(), value),
                    }
                }
                DescribeBy::Generic(key, value) => (key.as_str(), value.clone()),
                DescribeBy::Metadata(by) => {
                    match self.metadata_at(at.stream, by.source, &by.keys) {
                        Some(Item::Text(text)) if !text.is_empty() => (by.key.as_str(), text),
                        _ if !by.default.is_empty() => (by.key.as_str(), by.default.clone()),
                        _ if by.skip => continue,
                        _ => return None,
                    }
                }
                DescribeBy::HeaderMatch(key, value, matchers, expect) => {
                    let headers = self.streams[at.stream].request.headers.as_ref()?;
                    let all = matchers.iter().all(|m| header_matches(m, headers));
                    if all != *expect {
                        return None;
                    }
                    (key.as_str(), value.clone())
                }
            };
            entries.push((key.to_owned(), value));
        }
        Some(entries)
    }

    /// The client's address: the last of x-forwarded-for, as use_remote_address is off, or the peer's.
    pub(super) fn remote_ip(&self, at: At) -> std::net::IpAddr {
        let forwarded = self.request_header(at, "x-forwarded-for");
        let last = forwarded.rsplit(',').next().unwrap_or("").trim();
        last.parse().unwrap_or_else(|_| super::rbac::ip(CLIENT))
    }
}
