//! What is counted for each host of a cluster, as Envoy's `/clusters` shows it.
//!
//! It is what the router and `tcp_proxy` send. A call that a filter makes is counted for its cluster
//! alone, because no host is picked for it. Must not know: who prints it.

use super::shared::Shared;
use super::stream::Frame;
use super::task::Part;
use crate::model::Headers;

impl Shared {
    /// Counts something for a host; gauges go down again.
    pub(super) fn host_stat(
        &mut self,
        cluster: &str,
        (address, port): &(String, u16),
        name: &str,
        by: i64,
    ) {
        let host = format!("{cluster}::{address}:{port}");
        let counted = self.state.hosts.entry(host).or_default();
        let value = counted.entry(name.to_owned()).or_insert(0);
        *value = value.saturating_add_signed(by);
    }

    /// Counts something for the host of a request's attempt.
    pub(super) fn attempt_stat(&mut self, index: usize, name: &str, by: i64) {
        if let Some(upstream) = &self.streams[index].upstream {
            let (cluster, host) = (upstream.cluster.clone(), upstream.host.clone());
            self.host_stat(&cluster, &host, name, by);
        }
    }

    /// A part of a response goes on to the client: it tells whether its request went well, at once or,
    /// of gRPC, with its end. There a response without a status is an error.
    pub(super) fn attempt_answered(&mut self, index: usize, frame: &Frame) {
        let info = &self.streams[index].info;
        let grpc = info.grpc;
        let known = info.status.is_some_and(|status| status >= 500);
        let failed = match &frame.part {
            Part::Headers if fails(&frame.headers) => true,
            Part::Headers if !grpc => false,
            _ if !grpc || known || !frame.end => return,
            Part::Data(_) => true,
            Part::Headers | Part::Trailers => grpc_fails(&frame.headers),
        };
        let name = if failed { "rq_error" } else { "rq_success" };
        self.attempt_stat(index, name, 1);
    }
}

/// Whether a response is of 5xx.
fn fails(headers: &Headers) -> bool {
    let status = headers.get_str(":status");
    status.is_some_and(|status| status.starts_with('5'))
}

/// Whether a gRPC status is one that HTTP has a 5xx for, or none.
fn grpc_fails(headers: &Headers) -> bool {
    let status = headers.get_str("grpc-status");
    match status.and_then(|status| status.parse().ok()) {
        // OK, and what the client is to blame for.
        Some(0_u32 | 1 | 3 | 5..=11 | 16) => false,
        _ => true,
    }
}
