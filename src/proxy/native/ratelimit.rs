//! The ratelimit filter: a service is asked, by gRPC, whether a request may pass.
//!
//! The service is a cluster of the lab that a rule answers as gRPC. Must not know how a service counts.

use super::descriptors::Descriptor;
use super::record::Change;
use super::{At, NativeStream};
use crate::model::Headers;
use crate::model::report::UpstreamRequest;
use crate::model::trace::{Kind, arg};
use crate::proxy::callout::async_client_headers;
use crate::proxy::clock::{TimerId, Weight};
use crate::proxy::config::{FilterKind, Native, NativeRoute, RateLimitService};
use crate::proxy::grpc::{framed, grpc_status, unframed};
use crate::proxy::iterate::Verdict;
use crate::proxy::local_reply::Reply;
use crate::proxy::protobuf::{Wire, fields, push_bytes};
use crate::proxy::shared::Shared;
use crate::proxy::stream::Life;
use crate::proxy::task::{Direction, Part, Task};
use crate::proxy::upstream::{Answer as Script, answer, find_rule};

/// What the service says.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::proxy) enum Judgement {
    /// No answer that can be read, in time.
    Error,
    /// A `RateLimitResponse`.
    Said {
        /// Whether `overall_code` is `OVER_LIMIT`.
        over: bool,
        /// `response_headers_to_add`.
        response: Headers,
        /// `request_headers_to_add`.
        request: Headers,
        /// `raw_body`.
        body: Vec<u8>,
    },
}

/// A call that is under way.
#[derive(Debug)]
pub(in crate::proxy) struct Asked {
    timer: Option<TimerId>,
    judgement: Judgement,
    /// The service's cluster.
    cluster: String,
}

const PATH: &str = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";

impl Shared {
    /// A part of the request: its headers are asked about, the rest waits for the answer.
    pub(super) fn ratelimit_request(
        &mut self,
        at: At,
        service: &RateLimitService,
        part: &Part,
    ) -> Verdict {
        let asked = matches!(self.native_state(at), NativeStream::Asked(_));
        match part {
            Part::Headers => self.ratelimit_headers(at, service),
            Part::Data(_) if asked => Verdict::Watermark,
            Part::Trailers if asked => Verdict::Stop,
            _ => Verdict::Continue,
        }
    }

    fn ratelimit_headers(&mut self, at: At, service: &RateLimitService) -> Verdict {
        let config = self.config.clone();
        let (host, domain) = match self.routed(&config, at).first() {
            Some(NativeRoute::RateLimit(route)) => (route.host, route.domain.as_str()),
            _ => (Default::default(), ""),
        };
        let cluster = self.streams[at.stream].info.cluster.clone();
        let known = cluster.is_some_and(|name| self.cluster_index(&name).is_some());
        let descriptors = match known && !service.internal_only {
            true => self.descriptors(at, service.stage, host),
            false => Vec::new(),
        };
        if descriptors.is_empty() {
            return Verdict::Continue;
        }
        let domain = if domain.is_empty() {
            &service.domain
        } else {
            domain
        };
        let index = self.cluster_index(&service.cluster);
        let no_host = index.is_none_or(|index| self.config.clusters[index].hosts.is_empty());
        if no_host || self.circuit_is_open(&service.cluster) {
            // The client fails at once, and nothing has been stopped yet.
            return match self.ratelimit_judged(at, service, Judgement::Error) {
                true => Verdict::Continue,
                false => Verdict::Stop,
            };
        }
        self.ratelimit_asks(at, service, domain, &descriptors);
        Verdict::Stop
    }

    fn ratelimit_asks(
        &mut self,
        at: At,
        service: &RateLimitService,
        domain: &str,
        descriptors: &[Descriptor],
    ) {
        let message = message(domain, descriptors);
        let request = UpstreamRequest {
            cluster: service.cluster.clone(),
            headers: headers(service),
            body: framed(&message).into(),
            callout: true,
            ..UpstreamRequest::default()
        };
        if self.trace.capture {
            let told = descriptors.iter().map(|descriptor| {
                let pairs = descriptor
                    .iter()
                    .map(|(key, value)| format!("{key}={value}"));
                pairs.collect::<Vec<_>>().join(",")
            });
            let told = told.collect::<Vec<_>>().join("; ");
            let args = vec![
                arg("cluster", service.cluster.as_bytes()),
                arg("domain", domain.as_bytes()),
                arg("descriptors", told.as_bytes()),
            ];
            self.record(Kind::Upstream, "ratelimit_call", None, None, args);
        }
        let rule = find_rule(self.upstreams.get(&service.cluster), &request);
        let (delay, judgement, response) = match answer(&rule, &request) {
            Script::Frames(frames, message) if frames.iter().any(|frame| frame.end) => {
                let waits = frames.iter().map(|frame| frame.after_ns).sum::<u64>();
                let judgement = judge(&message.headers, &message.body, &message.trailers);
                (
                    rule.delay_ns.saturating_add(waits),
                    judgement,
                    Some(message),
                )
            }
            // A script that never ends, as one that never begins.
            Script::Frames(frames, _) if frames.iter().all(|frame| frame.reset.is_none()) => {
                (u64::MAX, Judgement::Error, None)
            }
            Script::Silence => (u64::MAX, Judgement::Error, None),
            _ => (rule.delay_ns, Judgement::Error, None),
        };
        let late = service.timeout_ns > 0 && delay >= service.timeout_ns;
        let (delay, judgement, response) = match late {
            true => (service.timeout_ns, Judgement::Error, None),
            false => (delay, judgement, response),
        };
        let request = UpstreamRequest {
            response,
            ..request
        };
        self.callout_requests(Some(at.stream)).push(request);
        self.callout_begins(&service.cluster);
        let task = Task::RateLimited(at.stream, at.filter);
        let ever = delay < u64::MAX;
        let timer = ever.then(|| self.clock.after(delay, self.thread, task, Weight::Work));
        *self.native_state(at) = NativeStream::Asked(Asked {
            timer,
            judgement,
            cluster: service.cluster.clone(),
        });
    }

    /// The service has answered, or its time is over.
    pub(in crate::proxy) fn ratelimit_answered(&mut self, stream: usize, filter: usize) {
        let at = At { stream, filter };
        let NativeStream::Asked(asked) = std::mem::take(self.native_state(at)) else {
            return;
        };
        self.callout_is_over(&asked.cluster);
        let config = self.config.clone();
        let FilterKind::Native(Native::RateLimit(service)) = &config.manager.filters[filter].kind
        else {
            return;
        };
        if self.streams[stream].life == Life::Running
            && self.ratelimit_judged(at, service, asked.judgement)
        {
            self.push_front(Task::Continue(stream, filter, Direction::Decode, true));
        }
    }

    /// The stream ends while the service is asked: the call is given up.
    pub(super) fn ratelimit_ends(&mut self, asked: Asked) {
        if let Some(timer) = asked.timer {
            self.clock.cancel(timer);
        }
        self.callout_is_over(&asked.cluster);
    }

    /// What follows from an answer; whether the request goes on.
    fn ratelimit_judged(&mut self, at: At, service: &RateLimitService, said: Judgement) -> bool {
        let word = match &said {
            Judgement::Error => "error",
            Judgement::Said { over: true, .. } => "over_limit",
            Judgement::Said { .. } => "ok",
        };
        self.ratelimit_stat(at, word);
        match said {
            Judgement::Error if !service.deny => {
                self.ratelimit_stat(at, "failure_mode_allowed");
                true
            }
            Judgement::Error => {
                self.native_reply(at, service.on_error, "", "rate_limiter_error");
                self.streams[at.stream].flag("RLSE");
                false
            }
            Judgement::Said {
                over: true,
                response,
                body,
                ..
            } => {
                // Envoy counts it as a response of the cluster, to somebody internal.
                let cluster = self.streams[at.stream].info.cluster.clone();
                let status = service.status.to_string();
                self.count_response(&cluster.unwrap_or_default(), &["", "internal."], &status);
                let mut headers = response;
                if service.envoy_header {
                    headers.set("x-envoy-ratelimited", "true");
                }
                let reply = Reply {
                    status: service.status,
                    body,
                    headers,
                    grpc_status: service.exhausted.then_some(8),
                    details: "request_rate_limited".to_owned(),
                };
                self.local_reply(at.stream, reply);
                self.streams[at.stream].flag("RL");
                false
            }
            Judgement::Said {
                response, request, ..
            } => {
                for (name, value) in request.iter() {
                    let name = String::from_utf8_lossy(name);
                    self.native_change(at, Direction::Decode, Change::Add, &name, value);
                }
                *self.native_state(at) = NativeStream::Answer(response);
                true
            }
        }
    }

    /// Response headers: what the service wants added.
    pub(super) fn ratelimit_response(&mut self, at: At) -> Verdict {
        if let NativeStream::Answer(headers) = self.native_state(at) {
            let headers = std::mem::take(headers);
            for (name, value) in headers.iter() {
                let name = String::from_utf8_lossy(name);
                self.native_change(at, Direction::Encode, Change::Add, &name, value);
            }
        }
        Verdict::Continue
    }

    /// The stats are those of the cluster that the request goes to.
    fn ratelimit_stat(&mut self, at: At, word: &str) {
        let cluster = self.streams[at.stream].info.cluster.clone();
        let cluster = cluster.unwrap_or_default();
        let name = format!("ratelimit.{word}");
        self.native_counted(&format!("cluster.{cluster}.{name}"));
        self.cluster_stat(&cluster, &name, 1);
    }
}

/// The headers of the call, as Envoy's gRPC client writes them.
fn headers(service: &RateLimitService) -> Headers {
    let mut headers = Headers::default();
    let timeout_ms = (service.timeout_ns / 1_000_000) as u32;
    headers.push(":method", "POST");
    headers.push(":path", PATH);
    headers.push(":authority", &service.cluster);
    headers.push(":scheme", "http");
    headers.push("te", "trailers");
    if timeout_ms > 0 {
        headers.push("grpc-timeout", format!("{timeout_ms}m"));
    }
    headers.push("content-type", "application/grpc");
    async_client_headers(&mut headers, timeout_ms);
    headers
}

/// A `RateLimitRequest`.
fn message(domain: &str, descriptors: &[Descriptor]) -> Vec<u8> {
    let mut message = Vec::new();
    push_bytes(&mut message, 1, domain.as_bytes());
    for descriptor in descriptors {
        let mut entries = Vec::new();
        for (key, value) in descriptor {
            let mut entry = Vec::new();
            push_bytes(&mut entry, 1, key.as_bytes());
            push_bytes(&mut entry, 2, value.as_bytes());
            push_bytes(&mut entries, 1, &entry);
        }
        push_bytes(&mut message, 2, &entries);
    }
    message
}

/// What a response says: a message and status 0, or an error.
fn judge(headers: &Headers, body: &[u8], trailers: &Headers) -> Judgement {
    let status = grpc_status(trailers).or_else(|| grpc_status(headers));
    let mut partial = body.to_vec();
    let messages = unframed(&mut partial, 0).unwrap_or_default();
    let found = match (headers.get_str(":status"), status, &messages[..]) {
        (Some("200"), Some(0), [message]) => read(message),
        _ => None,
    };
    found.unwrap_or(Judgement::Error)
}

/// A `RateLimitResponse`.
fn read(message: &[u8]) -> Option<Judgement> {
    let (mut over, mut body) = (false, Vec::new());
    let (mut response, mut request) = (Headers::default(), Headers::default());
    for (number, wire) in fields(message)? {
        match (number, wire) {
            (1, Wire::Varint(code)) => over = code == 2,
            (3, Wire::Bytes(header)) => add(&mut response, header)?,
            (4, Wire::Bytes(header)) => add(&mut request, header)?,
            (5, Wire::Bytes(bytes)) => body = bytes.to_vec(),
            _ => {}
        }
    }
    Some(Judgement::Said {
        over,
        response,
        request,
        body,
    })
}

/// A `HeaderValue`.
fn add(headers: &mut Headers, message: &[u8]) -> Option<()> {
    let (mut key, mut value) = (&[][..], &[][..]);
    for (number, wire) in fields(message)? {
        match (number, wire) {
            (1, Wire::Bytes(bytes)) => key = bytes,
            (2 | 3, Wire::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    headers.push(key, value);
    Some(())
}
