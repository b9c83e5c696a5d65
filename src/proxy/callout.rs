//! HTTP callouts of plugins: requests to clusters on behalf of a root context.

use super::clock::Weight;
use super::retry::Failure;
use super::shared::Shared;
use super::task::{After, Call, Command, Task};
use super::upstream::{Answer as Script, answer, find_rule};
use crate::abi::Status;
use crate::host::GuestCall;
use crate::host::port::{Answer, At, HttpCallout, Refusal};
use crate::model::lab::{Reset, UpstreamAction};
use crate::model::report::{Message, UpstreamRequest};
use crate::model::trace::{Kind, arg};
use crate::model::{Bytes, Headers};

/// Callouts of one scenario: a plugin that calls out twice from each answer would never end.
pub(super) const CALLOUTS_MAX: usize = 10_000;

/// The longest response body that Envoy's async client takes (`http.async_response_buffer_limit`).
const RESPONSE_MAX: usize = 32 << 20;

/// What `proxy_get_status` says after a callout without a response.
const FAILED: u32 = 11;

/// A callout.
#[derive(Debug)]
pub(super) struct Callout {
    /// The VM and root that it belongs to.
    vm: usize,
    root: u32,
    /// Its token.
    token: u32,
    /// The thread it was sent from.
    thread: usize,
    /// The stream it was sent for, if one.
    stream: Option<usize>,
    /// Its place among the stream's upstream requests.
    index: usize,
    /// The cluster.
    cluster: String,
    /// How it ends: an answer, or `None` for a failure.
    outcome: Option<Message>,
}

impl Shared {
    /// Sends a callout; its token.
    pub(super) fn start_callout(&mut self, at: At, callout: HttpCallout) -> Answer<u32> {
        if callout.timeout_ms >= 1 << 31 {
            return Err(Refusal::new(
                Status::BadArgument,
                "the timeout does not fit 31 bits",
            ));
        }
        let cluster = String::from_utf8_lossy(&callout.upstream).into_owned();
        let Some(known) = self.config.clusters.iter().find(|c| c.name == cluster) else {
            return Err(Refusal::new(
                Status::BadArgument,
                format!("no cluster is named `{cluster}`"),
            ));
        };
        let no_host = known.hosts.is_empty();
        let connect_ns = known.connect_timeout_ns;
        for name in [":method", ":path", ":authority"] {
            if callout.headers.get(name).is_none() {
                return Err(Refusal::new(
                    Status::BadArgument,
                    format!("the header {name} is missing"),
                ));
            }
        }
        if no_host {
            return Err(Refusal::new(
                Status::InternalFailure,
                "the cluster has no healthy host",
            ));
        }
        if self.circuit_is_open(&cluster) {
            return Err(Refusal::new(
                Status::InternalFailure,
                "the cluster's circuit breaker is open: as many requests are under way as it lets through",
            ));
        }
        if self.callouts.len() + self.grpc.len() >= CALLOUTS_MAX {
            return Err(Refusal::new(
                Status::InternalFailure,
                "the simulator stops at 10000 callouts in one scenario",
            ));
        }
        let mut headers = callout.headers;
        if !callout.body.is_empty() {
            headers.set("content-length", callout.body.len().to_string());
        }
        async_client_headers(&mut headers, callout.timeout_ms);
        // Envoy's async client accepts trailers and does not send them.
        let request = UpstreamRequest {
            cluster: cluster.clone(),
            headers,
            body: callout.body.into(),
            trailers: Headers::default(),
            callout: true,
            response: None,
        };
        let (delay, outcome) = self.callout_outcome(&request, callout.timeout_ms, connect_ns);
        if self.trace.capture {
            let args = vec![
                arg("cluster", cluster.as_bytes()),
                arg("headers", &request.headers),
                arg("body", request.body.clone()),
            ];
            self.record(
                Kind::Upstream,
                "callout",
                Some(at.vm),
                Some(at.context),
                args,
            );
        }
        let stream = self.stream_of(at).map(|(stream, _)| stream);
        let requests = self.callout_requests(stream);
        let index = requests.len();
        requests.push(request);
        self.callout_begins(&cluster);
        let number = self.callouts.len();
        let vm = at.vm as usize;
        // Tokens of HTTP callouts are 4, 8, 12 … in each VM.
        let token = {
            let made = &mut self.vms[vm].callouts;
            *made += 1;
            *made * 4
        };
        let thread = self.thread;
        self.callouts.push(Callout {
            vm,
            root: at.root,
            token,
            thread,
            stream,
            index,
            cluster,
            outcome,
        });
        if let Some(delay) = delay {
            self.clock
                .after(delay, thread, Task::Callout(number), Weight::Callout);
        }
        Ok(token)
    }

    /// How the async client's request will end: after what time, never for `None`, and with which
    /// answer; without one it is a failure.
    pub(super) fn callout_outcome(
        &self,
        request: &UpstreamRequest,
        timeout_ms: u32,
        connect_ns: u64,
    ) -> (Option<u64>, Option<Message>) {
        let rule = find_rule(self.upstreams.get(&request.cluster), request);
        let timeout_ns = u64::from(timeout_ms) * 1_000_000;
        let late = timeout_ns > 0 && rule.delay_ns >= timeout_ns;
        match answer(&rule, request) {
            _ if late || (matches!(rule.action, UpstreamAction::Timeout) && timeout_ns > 0) => {
                // The async client's router answers itself: to the plugin this is a success.
                (
                    Some(timeout_ns),
                    Some(router_reply("504", "upstream request timeout")),
                )
            }
            Script::Silence => (None, None),
            Script::Reset(reset) => {
                let failure = Failure::of(reset);
                let status = failure.status.to_string();
                let delay = match reset {
                    Reset::ConnectTimeout => connect_ns,
                    _ => rule.delay_ns,
                };
                (
                    Some(delay),
                    Some(router_reply(&status, &failure.body(false))),
                )
            }
            // Broken off once its headers were there: the one failure that is no response.
            Script::Frames(frames, _) if frames.iter().any(|frame| frame.reset.is_some()) => {
                (Some(rule.delay_ns), None)
            }
            // It never ends: once the time is over there is a part of a response, which is none.
            Script::Frames(frames, _) if frames.back().is_none_or(|last| !last.end) => {
                ((timeout_ns > 0).then_some(timeout_ns), None)
            }
            Script::Frames(_, message) if message.body.len() > RESPONSE_MAX => {
                (Some(rule.delay_ns), None)
            }
            Script::Frames(_, message) => (Some(rule.delay_ns), Some(message)),
        }
    }

    /// Whether as many requests to a cluster are under way as its circuit breaker lets through.
    pub(super) fn circuit_is_open(&mut self, cluster: &str) -> bool {
        let most = self
            .cluster_index(cluster)
            .map_or(0, |at| self.config.clusters[at].max_requests);
        let under_way = self.under_way.get(cluster).copied().unwrap_or(0);
        let open = under_way >= most;
        if open {
            self.cluster_stat(cluster, "upstream_rq_pending_overflow", 1);
        }
        open
    }

    /// A request to a cluster is sent.
    pub(super) fn callout_begins(&mut self, cluster: &str) {
        self.cluster_stat(cluster, "upstream_rq_total", 1);
        *self.under_way.entry(cluster.to_owned()).or_insert(0) += 1;
    }

    /// A request to a cluster is over.
    pub(super) fn callout_is_over(&mut self, cluster: &str) {
        if let Some(n) = self.under_way.get_mut(cluster) {
            *n = n.saturating_sub(1);
        }
    }

    /// A callout's answer is here: its plugin hears of it, if its VM lives.
    pub(super) fn callout_ended(&mut self, number: usize) -> Option<Call> {
        let cluster = self.callouts[number].cluster.clone();
        self.callout_is_over(&cluster);
        let callout = &self.callouts[number];
        let (vm, root, token) = (callout.vm, callout.root, callout.token);
        debug_assert_eq!(callout.thread, self.thread);
        let (headers, body_size, trailers) = match &callout.outcome {
            Some(m) => (
                m.headers.len() as u32,
                m.body.len() as u32,
                m.trailers.len() as u32,
            ),
            None => (0, 0, 0),
        };
        if let Some(message) = callout.outcome.clone() {
            let (stream, index) = (callout.stream, callout.index);
            if let Some(request) = self.callout_requests(stream).get_mut(index) {
                request.response = Some(message);
            }
        }
        let callout = &self.callouts[number];
        let event = if self.trace.capture {
            let mut args = vec![
                arg("cluster", callout.cluster.as_bytes()),
                arg("token", token),
            ];
            if let Some(message) = &callout.outcome {
                args.push(arg("headers", &message.headers));
                args.push(arg("body", message.body.clone()));
            }
            let vm = Some(vm as u32);
            self.record(Kind::Upstream, "callout_response", vm, None, args)
        } else {
            None
        };
        let failed = self.callouts[number].outcome.is_none();
        let info = &mut self.vms[vm];
        if info.failed {
            return None;
        }
        let state = info.roots.get_mut(&root)?;
        state.callout = Some(number);
        if failed {
            state.status = (FAILED, b"reset".to_vec());
        }
        self.trace.open(event);
        let call = GuestCall::OnHttpCallResponse {
            root,
            token,
            headers,
            body_size,
            trailers,
        };
        Some(Call {
            vm,
            command: Command::Call(call),
            after: After::CalledOut(number, event),
        })
    }

    /// The plugin has seen the answer: it is no longer readable.
    pub(super) fn called_out(&mut self, number: usize) {
        let callout = &self.callouts[number];
        if let Some(root) = self.vms[callout.vm].roots.get_mut(&callout.root) {
            root.callout = None;
            // The message goes, the code stays.
            root.status.1.clear();
        }
    }

    /// The answer that is readable now, by the root or any stream of it.
    pub(super) fn callout_answer(&self, at: At) -> Option<&Message> {
        let number = self.root_of(at)?.callout?;
        self.callouts.get(number)?.outcome.as_ref()
    }
}

/// The headers that Envoy's async client and its router add to what a plugin sends.
pub(super) fn async_client_headers(headers: &mut Headers, timeout_ms: u32) {
    headers.set("x-envoy-internal", "true");
    if timeout_ms > 0 {
        headers.set("x-envoy-expected-rq-timeout-ms", timeout_ms.to_string());
    }
}

/// An answer that the async client's router makes itself.
pub(super) fn router_reply(status: &str, body: &str) -> Message {
    let mut headers = Headers::default();
    headers.push(":status", status);
    headers.push("content-length", body.len().to_string());
    headers.push("content-type", "text/plain");
    Message {
        headers,
        body: Bytes::from(body),
        trailers: Headers::default(),
    }
}
