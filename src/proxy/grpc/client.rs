//! Envoy's gRPC client: what it makes of the upstream's frames, and what the plugin hears of it.

use super::super::clock::{TimerId, Weight};
use super::super::shared::Shared;
use super::super::stream::Frame;
use super::super::task::{After, Call, Command, Ended, Part, Task};
use super::super::upstream::Answer as Script;
use super::service::Target;
use super::wire;
use crate::host::GuestCall;
use crate::host::port::At;
use crate::model::Headers;
use crate::model::report::Message;
use crate::model::trace::{Arg, Kind, arg};
use std::collections::VecDeque;

/// A gRPC call or stream of a plugin.
#[derive(Debug, Default)]
pub(in crate::proxy) struct GrpcCallout {
    /// The VM and root that it belongs to.
    pub(super) vm: usize,
    pub(super) root: u32,
    /// Its token.
    pub(super) token: u32,
    /// The thread it was sent from.
    pub(super) thread: usize,
    /// The cluster.
    pub(super) cluster: String,
    /// The stream it was sent for, if one, and its place among the upstream requests; `None` when it
    /// was never sent.
    pub(super) request: Option<(Option<usize>, usize)>,
    /// One message each way, and one callback.
    pub(super) unary: bool,
    /// Whether our half is closed on the wire.
    pub(super) local_done: bool,
    /// Whether the plugin has called `proxy_grpc_close`.
    pub(super) closed: bool,
    /// Whether the upstream has closed, or was given up.
    pub(super) remote_closed: bool,
    /// Whether the plugin hears, or has heard, that the upstream has closed.
    pub(super) told: bool,
    /// Whether the upstream has begun to work.
    pub(super) began: bool,
    /// The call's timeout.
    pub(super) timeout: Option<TimerId>,
    /// The longest message that is taken; 0 is no limit.
    message_max: u32,
    /// Frames that are still to come, and the timer of the next.
    frames: VecDeque<Frame>,
    next: Option<TimerId>,
    /// What the upstream answers, for the report.
    whole: Option<Message>,
    /// Whether its headers were here.
    answered: bool,
    /// Bytes of a message that is not whole.
    partial: Vec<u8>,
    /// A unary call's message.
    response: Option<Vec<u8>>,
}

/// What the client tells a plugin.
#[derive(Clone, Debug)]
pub(in crate::proxy) enum Signal {
    /// The upstream's headers; empty in an answer of trailers only.
    InitialMetadata(Headers),
    /// A message.
    Message(Vec<u8>),
    /// The upstream's trailers.
    TrailingMetadata(Headers),
    /// The end: status and message.
    Close(u32, Vec<u8>),
}

/// What a root can read while a gRPC callback runs.
pub(in crate::proxy) type Seen = Signal;

impl GrpcCallout {
    pub(super) fn new(at: At, token: u32, thread: usize, target: &Target) -> Self {
        Self {
            vm: at.vm as usize,
            root: at.root,
            token,
            thread,
            cluster: target.cluster.clone(),
            message_max: target.message_max,
            ..Self::default()
        }
    }

    /// What its token is looked up by.
    pub(super) fn owner(&self) -> (usize, u32, u32) {
        (self.vm, self.root, self.token)
    }
}

impl Shared {
    /// Takes over what the upstream will send.
    pub(super) fn grpc_script(&mut self, number: usize, script: Script, delay_ns: u64) {
        let callout = &mut self.grpc[number];
        match script {
            Script::Frames(frames, message) => {
                callout.frames = frames;
                callout.whole = Some(message);
            }
            Script::Reset(reset) => callout.frames.push_back(Frame {
                reset: Some(reset),
                ..Frame::new(Part::Data(Vec::new()), Headers::default())
            }),
            Script::Silence => return,
        }
        self.grpc_next(number, delay_ns);
    }

    /// The upstream's next frame is on its way.
    fn grpc_next(&mut self, number: usize, delay_ns: u64) {
        let callout = &mut self.grpc[number];
        let Some(frame) = callout.frames.front() else {
            return;
        };
        let delay = delay_ns.saturating_add(frame.after_ns);
        let task = Task::GrpcFrame(number);
        if delay == 0 && callout.answered {
            self.threads[callout.thread].queue.push_back(task);
            return;
        }
        callout.next = Some(
            self.clock
                .after(delay, callout.thread, task, Weight::Callout),
        );
    }

    /// A frame of the upstream's is here.
    pub(in crate::proxy) fn grpc_frame(&mut self, number: usize) {
        let callout = &mut self.grpc[number];
        callout.next = None;
        let Some(frame) = callout.frames.pop_front() else {
            return;
        };
        if let (Some((stream, index)), Some(whole)) = (callout.request, callout.whole.take())
            && let Some(request) = self.callout_requests(stream).get_mut(index)
        {
            request.response = Some(whole);
        }
        let signals = match frame.reset {
            Some(reset) => {
                self.grpc_broken(number, &super::super::retry::Failure::of(reset).body(false))
            }
            None => self.grpc_signals(number, frame),
        };
        self.grpc_hears(number, signals);
        self.grpc_next(number, 0);
    }

    /// A call's time is over.
    pub(in crate::proxy) fn grpc_timed_out(&mut self, number: usize) {
        self.grpc[number].timeout = None;
        let cluster = self.grpc[number].cluster.clone();
        self.cluster_stat(&cluster, "upstream_rq_timeout", 1);
        let signals = self.grpc_broken(number, "upstream request timeout");
        self.grpc_hears(number, signals);
    }

    /// Nothing more comes: before headers the client's router answers itself, by trailers only; after
    /// them the client gives the stream up as INTERNAL.
    fn grpc_broken(&mut self, number: usize, words: &str) -> Vec<Signal> {
        match self.grpc[number].answered {
            true => error(13),
            false => {
                let headers = wire::router_reply(words);
                let frame = Frame {
                    end: true,
                    ..Frame::new(Part::Headers, headers)
                };
                self.grpc_signals(number, frame)
            }
        }
    }

    /// What the client makes of a frame, as Envoy's `AsyncStreamImpl` does.
    fn grpc_signals(&mut self, number: usize, frame: Frame) -> Vec<Signal> {
        let callout = &mut self.grpc[number];
        match frame.part {
            Part::Headers => {
                callout.answered = true;
                let headers = frame.headers;
                let status = headers.get_str(":status").unwrap_or("").to_owned();
                let none = Signal::InitialMetadata(Headers::default());
                let mut signals = vec![none];
                let grpc = wire::grpc_status(&headers).is_some();
                if frame.end && (status == "200" || grpc) {
                    signals.extend(trailers(headers));
                } else if status == "200" {
                    signals = vec![Signal::InitialMetadata(headers)];
                } else {
                    let status = status.parse().unwrap_or(0);
                    signals.extend(error(super::super::local_reply::grpc_of_http(status)));
                }
                signals
            }
            Part::Data(bytes) => {
                callout.partial.extend(bytes);
                let mut signals = Vec::new();
                match wire::unframed(&mut callout.partial, callout.message_max) {
                    Ok(messages) => signals.extend(messages.into_iter().map(Signal::Message)),
                    Err((code, why)) => {
                        self.grpc_event(number, "grpc_malformed", vec![arg("reason", why)]);
                        return error(code);
                    }
                }
                if frame.end {
                    // An end without trailers has no status.
                    signals.extend(error(2));
                }
                signals
            }
            Part::Trailers => trailers(frame.headers),
        }
    }

    /// Queues what the plugin hears, in order. A unary call hears one thing.
    fn grpc_hears(&mut self, number: usize, signals: Vec<Signal>) {
        let mut heard = Vec::new();
        for signal in signals {
            let callout = &mut self.grpc[number];
            let close = matches!(signal, Signal::Close(..));
            match signal {
                _ if callout.remote_closed => break,
                Signal::Message(message) if callout.unary => callout.response = Some(message),
                Signal::Close(0, _) if callout.unary => {
                    heard.push(match callout.response.take() {
                        Some(message) => Signal::Message(message),
                        None => Signal::Close(13, Vec::new()),
                    });
                }
                Signal::Close(..) => heard.push(signal),
                _ if callout.unary => {}
                _ => heard.push(signal),
            }
            if close {
                self.grpc_over(number);
            }
        }
        for signal in heard.into_iter().rev() {
            self.push_front(Task::Grpc(number, signal));
        }
    }

    /// The upstream's side is over: nothing more comes of it.
    fn grpc_over(&mut self, number: usize) {
        let callout = &mut self.grpc[number];
        let sent = callout.request.is_some();
        let open = !std::mem::replace(&mut callout.remote_closed, true);
        callout.local_done = true;
        callout.frames.clear();
        let timers = [callout.timeout.take(), callout.next.take()];
        let cluster = (open && sent).then(|| callout.cluster.clone());
        for id in timers.into_iter().flatten() {
            self.clock.cancel(id);
        }
        if let Some(cluster) = cluster {
            self.callout_is_over(&cluster);
        }
    }

    /// A callout is given up: the upstream's stream is reset, and the plugin hears nothing more.
    pub(super) fn reset_grpc(&mut self, number: usize, why: &'static str) {
        let open = !self.grpc[number].remote_closed;
        self.grpc_over(number);
        self.forget_grpc(number);
        if open {
            let cluster = self.grpc[number].cluster.clone();
            self.cluster_stat(&cluster, "upstream_rq_cancelled", 1);
            self.grpc_event(number, "grpc_reset", vec![arg("reason", why)]);
        }
    }

    /// A token means nothing any more.
    pub(super) fn forget_grpc(&mut self, number: usize) {
        self.grpc_tokens.remove(&self.grpc[number].owner());
    }

    /// A root context is gone, and its callouts with it.
    pub(in crate::proxy) fn root_leaves_callouts(&mut self, vm: usize, root: u32) {
        let of_root = self.grpc_tokens.range((vm, root, 0)..=(vm, root, u32::MAX));
        let numbers: Vec<usize> = of_root.map(|(_, number)| *number).collect();
        for number in numbers {
            self.reset_grpc(number, "its root context is gone");
        }
    }

    /// A signal is told to the plugin, if its VM and root live.
    pub(in crate::proxy) fn grpc_signal(&mut self, number: usize, signal: Signal) -> Option<Call> {
        let callout = &self.grpc[number];
        if !self.grpc_tokens.contains_key(&callout.owner()) {
            return None;
        }
        let (vm, root, token) = (callout.vm, callout.root, callout.token);
        let event = self.grpc_signal_event(number, &signal);
        let info = &mut self.vms[vm];
        if info.failed {
            return None;
        }
        let state = info.roots.get_mut(&root)?;
        self.grpc[number].told |= matches!(signal, Signal::Close(..));
        let call = match &signal {
            Signal::InitialMetadata(map) => GuestCall::OnGrpcReceiveInitialMetadata {
                root,
                token,
                count: map.len() as u32,
            },
            Signal::Message(message) => GuestCall::OnGrpcReceive {
                root,
                token,
                size: message.len() as u32,
            },
            Signal::TrailingMetadata(map) => GuestCall::OnGrpcReceiveTrailingMetadata {
                root,
                token,
                count: map.len() as u32,
            },
            Signal::Close(code, _) => GuestCall::OnGrpcClose {
                root,
                token,
                code: *code,
            },
        };
        state.grpc = Some(signal);
        self.trace.open(event);
        Some(Call {
            vm,
            command: Command::Call(call),
            after: After::GrpcSignalled(number, event),
        })
    }

    /// The plugin has heard it: nothing of it is readable any more but the status' code.
    pub(in crate::proxy) fn grpc_signalled(&mut self, number: usize, ended: &Ended) {
        let callout = &mut self.grpc[number];
        let unary = callout.unary || callout.request.is_none();
        let over = callout.closed && callout.told;
        let Some(root) = self.vms[callout.vm].roots.get_mut(&callout.root) else {
            return;
        };
        let close = match root.grpc.take() {
            Some(Signal::Close(code, _)) => Some(code),
            _ => None,
        };
        // Envoy sets it only for a plugin that has the callback.
        if let (Some(code), true) = (close, *ended != Ended::Absent) {
            root.status = (code, Vec::new());
        }
        if unary || over && close.is_some() {
            self.forget_grpc(number);
        }
    }

    fn grpc_signal_event(&mut self, number: usize, signal: &Signal) -> Option<u32> {
        let (name, args) = match signal {
            Signal::InitialMetadata(map) => ("grpc_initial_metadata", vec![arg("headers", map)]),
            Signal::Message(message) => ("grpc_message", vec![arg("message", message.as_slice())]),
            Signal::TrailingMetadata(map) => ("grpc_trailing_metadata", vec![arg("trailers", map)]),
            Signal::Close(code, message) => {
                let args = vec![
                    arg("grpc_status", *code),
                    arg("status", wire::status_word(*code)),
                    arg("message", message.as_slice()),
                ];
                ("grpc_close", args)
            }
        };
        self.grpc_event(number, name, args)
    }

    fn grpc_event(&mut self, number: usize, name: &'static str, more: Vec<Arg>) -> Option<u32> {
        if !self.trace.capture {
            return None;
        }
        let callout = &self.grpc[number];
        let mut args = vec![
            arg("cluster", callout.cluster.as_bytes()),
            arg("token", callout.token),
        ];
        args.extend(more);
        let vm = Some(callout.vm as u32);
        self.record(Kind::Upstream, name, vm, None, args)
    }
}

/// Trailers end a stream with the status in them, or with UNKNOWN.
fn trailers(headers: Headers) -> Vec<Signal> {
    let code = wire::grpc_status(&headers).unwrap_or(2);
    let message = wire::grpc_message(&headers);
    vec![
        Signal::TrailingMetadata(headers),
        Signal::Close(code, message),
    ]
}

/// The client gives a stream up.
fn error(code: u32) -> Vec<Signal> {
    vec![
        Signal::TrailingMetadata(Headers::default()),
        Signal::Close(code, Vec::new()),
    ]
}
