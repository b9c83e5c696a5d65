//! How gRPC callouts begin, send and are given up: what the guest asks for.

use super::super::callout::{CALLOUTS_MAX, async_client_headers};
use super::super::clock::Weight;
use super::super::effects::Effect;
use super::super::shared::Shared;
use super::super::task::Task;
use super::client::{GrpcCallout, Signal};
use super::service::{Service, Target, service};
use super::wire;
use crate::abi::Status;
use crate::host::port::{self, Answer, At, Refusal};
use crate::model::Headers;
use crate::model::lab::UpstreamAction;
use crate::model::report::UpstreamRequest;
use crate::model::trace::{Kind, arg};
use std::collections::VecDeque;

impl Shared {
    /// Starts a call or opens a stream; its token. The checks stand in Envoy's order.
    pub(in crate::proxy) fn start_grpc(&mut self, at: At, asked: port::GrpcCallout) -> Answer<u32> {
        let target = self.grpc_target(&asked.service)?;
        if self.callouts.len() + self.grpc.len() >= CALLOUTS_MAX {
            let reason = "the simulator stops at 10000 callouts in one scenario";
            return Err(Refusal::new(Status::InternalFailure, reason));
        }
        let unary = asked.message.is_some();
        let token = self.grpc_token(at, unary);
        if let Some((words, reason)) = self.grpc_hindrance(&target.cluster) {
            // Envoy's client fails inside the host call: the plugin gets no token, and yet hears of
            // the end of this one, once its callback has returned.
            let mut callout = GrpcCallout::new(at, token, self.thread, &target);
            callout.unary = unary;
            let close = Signal::Close(14, words.as_bytes().to_vec());
            let number = self.keep_grpc(callout);
            self.threads[self.thread]
                .effects
                .push(Effect::Grpc(number, close));
            let reason = format!("{reason}; proxy_on_grpc_close follows for token {token}");
            return Err(Refusal::new(Status::InternalFailure, reason));
        }
        let cluster = target.cluster.clone();
        let request = UpstreamRequest {
            cluster: cluster.clone(),
            headers: request_headers(&target, &asked),
            body: asked
                .message
                .as_deref()
                .map(wire::framed)
                .unwrap_or_default()
                .into(),
            callout: true,
            ..UpstreamRequest::default()
        };
        if self.trace.capture {
            let mut args = vec![
                arg("cluster", cluster.as_bytes()),
                arg("token", token),
                arg("headers", &request.headers),
            ];
            args.extend(asked.message.as_ref().map(|m| arg("message", m.as_slice())));
            let name = if unary { "grpc_call" } else { "grpc_stream" };
            let (vm, context) = (Some(at.vm), Some(at.context));
            self.record(Kind::Upstream, name, vm, context, args);
        }
        let stream = self.stream_of(at).map(|(stream, _)| stream);
        let requests = self.callout_requests(stream);
        let index = requests.len();
        requests.push(request);
        self.callout_begins(&cluster);
        let mut callout = GrpcCallout::new(at, token, self.thread, &target);
        callout.request = Some((stream, index));
        callout.unary = unary;
        callout.local_done = unary;
        let number = self.keep_grpc(callout);
        if unary && asked.timeout_ms > 0 {
            let delay = u64::from(asked.timeout_ms) * 1_000_000;
            let task = Task::GrpcTimeout(number);
            let thread = self.thread;
            self.grpc[number].timeout =
                Some(self.clock.after(delay, thread, task, Weight::Callout));
        }
        self.grpc_server_begins(number);
        Ok(token)
    }

    /// The target that the bytes name.
    fn grpc_target(&self, bytes: &[u8]) -> Answer<Target> {
        match service(bytes) {
            Service::Envoy(target) => Ok(target),
            Service::Name(name) => {
                if self.config.clusters.iter().any(|c| c.name == name) {
                    return Ok(Target {
                        cluster: name,
                        ..Target::default()
                    });
                }
                let reason = format!(
                    "`{}` is no GrpcService message, and no cluster has this name",
                    name.escape_debug()
                );
                Err(Refusal::new(Status::ParseFailure, reason))
            }
            Service::NoTarget => {
                let name = self.config.clusters.iter().map(|c| c.name.as_bytes());
                let what = match name.into_iter().any(|name| name == bytes) {
                    true => "the cluster's name happens to be",
                    false => "these bytes are",
                };
                let reason = format!(
                    "{what} a GrpcService message without a target, on which Envoy itself aborts: send one with envoy_grpc"
                );
                Err(Refusal::new(Status::BadArgument, reason))
            }
            Service::NotSimulated(what) => Err(Refusal::new(Status::Unimplemented, what)),
        }
    }

    /// The next token: 5, 9, 13 … for calls and 6, 10, 14 … for streams, in each VM.
    fn grpc_token(&mut self, at: At, unary: bool) -> u32 {
        let made = &mut self.vms[at.vm as usize].grpc_callouts;
        let (made, kind) = match unary {
            true => (&mut made[0], 1),
            false => (&mut made[1], 2),
        };
        *made += 1;
        *made * 4 + kind
    }

    /// Why Envoy's client cannot send to a cluster: the close's message, and the reason in words.
    fn grpc_hindrance(&mut self, cluster: &str) -> Option<(&'static str, String)> {
        let Some(known) = self.config.clusters.iter().find(|c| c.name == cluster) else {
            let reason = format!("no cluster is named `{cluster}`");
            return Some(("Cluster not available", reason));
        };
        if known.hosts.is_empty() {
            let reason = "the cluster has no healthy host".to_owned();
            return Some(("no healthy upstream", reason));
        }
        if self.circuit_is_open(cluster) {
            let words =
                "upstream connect error or disconnect/reset before headers. reset reason: overflow";
            let reason =
                "the cluster's circuit breaker is open: as many requests are under way as it lets through"
                    .to_owned();
            return Some((words, reason));
        }
        None
    }

    fn keep_grpc(&mut self, callout: GrpcCallout) -> usize {
        let number = self.grpc.len();
        self.grpc_tokens.insert(callout.owner(), number);
        self.grpc.push(callout);
        number
    }

    /// The upstream requests of a stream, or of no stream.
    pub(in crate::proxy) fn callout_requests(
        &mut self,
        stream: Option<usize>,
    ) -> &mut Vec<UpstreamRequest> {
        match stream {
            Some(stream) => &mut self.streams[stream].exchange.upstream_requests,
            None => &mut self.root_requests,
        }
    }

    /// The live callout of a token, among those of the caller's root.
    fn grpc_of(&self, at: At, token: u32) -> Answer<usize> {
        let owner = (at.vm as usize, at.root, token);
        self.grpc_tokens.get(&owner).copied().ok_or_else(|| {
            let reason = format!(
                "this root has no gRPC call or stream of token {token}: it never had, or it has ended or was cancelled"
            );
            Refusal::new(Status::NotFound, reason)
        })
    }

    /// Sends a message on a stream, and closes our half when it is the last.
    pub(in crate::proxy) fn send_grpc(
        &mut self,
        at: At,
        token: u32,
        message: &[u8],
        end: bool,
    ) -> Answer<()> {
        let number = self.grpc_of(at, token)?;
        self.grpc_upstream_hears(number, Some(message), end);
        Ok(())
    }

    /// Gives a call or stream up: no callback follows, and the token is forgotten.
    pub(in crate::proxy) fn cancel_grpc(&mut self, at: At, token: u32) -> Answer<()> {
        let number = self.grpc_of(at, token)?;
        self.reset_grpc(number, "the plugin has cancelled it");
        Ok(())
    }

    /// Closes our half of a stream; a call is cancelled.
    pub(in crate::proxy) fn close_grpc(&mut self, at: At, token: u32) -> Answer<()> {
        let number = self.grpc_of(at, token)?;
        if self.grpc[number].unary {
            self.reset_grpc(number, "the plugin has closed it");
            return Ok(());
        }
        self.grpc_upstream_hears(number, None, true);
        let callout = &mut self.grpc[number];
        callout.closed = true;
        if callout.told {
            self.forget_grpc(number);
        }
        Ok(())
    }

    /// Bytes for the upstream, which are lost once either side has closed.
    fn grpc_upstream_hears(&mut self, number: usize, message: Option<&[u8]>, end: bool) {
        let callout = &mut self.grpc[number];
        if callout.local_done || callout.remote_closed {
            return;
        }
        callout.local_done = end;
        let (cluster, token, vm) = (callout.cluster.clone(), callout.token, callout.vm);
        if let Some((stream, index)) = callout.request
            && let Some(message) = message
            && let Some(request) = self.callout_requests(stream).get_mut(index)
        {
            request.body.0.extend(wire::framed(message));
        }
        if self.trace.capture {
            let mut args = vec![arg("cluster", cluster.as_bytes()), arg("token", token)];
            args.extend(message.map(|message| arg("message", message)));
            args.push(arg("end_of_stream", if end { "true" } else { "false" }));
            let vm = Some(vm as u32);
            self.record(Kind::Upstream, "grpc_send", vm, None, args);
        }
        if end {
            self.grpc_server_begins(number);
        }
    }

    /// The upstream begins to work: at once by its script, and with the whole request to echo it.
    fn grpc_server_begins(&mut self, number: usize) {
        let callout = &self.grpc[number];
        if callout.began {
            return;
        }
        let Some((stream, index)) = callout.request else {
            return;
        };
        let (cluster, whole) = (callout.cluster.clone(), callout.local_done);
        let request = self.callout_requests(stream)[index].clone();
        let rule = super::super::upstream::find_rule(self.upstreams.get(&cluster), &request);
        if matches!(rule.action, UpstreamAction::Echo) && !whole {
            return;
        }
        let frames = super::super::upstream::answer(&rule, &request);
        self.grpc[number].began = true;
        self.grpc_script(number, frames, rule.delay_ns);
    }
}

/// The headers of a request as Envoy's gRPC client writes them, then the plugin's own metadata.
fn request_headers(target: &Target, asked: &port::GrpcCallout) -> Headers {
    let mut headers = Headers::default();
    let authority = match target.authority.is_empty() {
        true => &target.cluster,
        false => &target.authority,
    };
    let mut path = b"/".to_vec();
    path.extend(&asked.service_name);
    path.push(b'/');
    path.extend(&asked.method);
    headers.push(":method", "POST");
    headers.push(":path", path);
    headers.push(":authority", authority);
    headers.push(":scheme", "http");
    headers.push("te", "trailers");
    if asked.message.is_some() {
        headers.push("grpc-timeout", wire::grpc_timeout(asked.timeout_ms));
    }
    headers.push("content-type", "application/grpc");
    for (name, value) in target.metadata.iter() {
        headers.set(name, value);
    }
    for (name, value) in asked.metadata.iter() {
        let join = |old: &mut Vec<u8>| {
            old.push(b',');
            old.extend(value);
        };
        // Metadata is added to what Envoy keeps in places of their own, one value each.
        let single = name.starts_with(b":")
            || [&b"te"[..], b"grpc-timeout", b"content-type"].contains(&name);
        if !(single && headers.edit_first(name, join)) {
            headers.push(name, value);
        }
    }
    let mut headers = binary_as_base64(headers);
    let timeout_ms = asked.message.as_ref().map_or(0, |_| asked.timeout_ms);
    async_client_headers(&mut headers, timeout_ms);
    if target.bare {
        headers.remove("x-envoy-internal");
    }
    headers
}

/// Metadata whose name ends in `-bin` travels as base64; of several values the first is kept.
fn binary_as_base64(headers: Headers) -> Headers {
    let mut out = Headers::default();
    let mut binary: VecDeque<(Vec<u8>, String)> = VecDeque::new();
    for (name, value) in headers.iter() {
        if !name.ends_with(b"-bin") {
            out.push(name, value);
        } else if !binary.iter().any(|(known, _)| known == name) {
            binary.push_back((name.to_vec(), crate::model::Bytes::from(value).to_base64()));
        }
    }
    for (name, value) in binary {
        out.push(name, value);
    }
    out
}
