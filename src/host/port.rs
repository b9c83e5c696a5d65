//! The port: what a host asks of the proxy it serves.
//!
//! One method for each thing that a host call can want. The host has already read guest memory,
//! checked enums, and resolved the effective context; the proxy answers with plain data, or refuses
//! with a status and the reason in words. Effects on streams (continue, close, local reply, callouts'
//! answers) are queued by the proxy and applied when the guest has returned: a host call never
//! re-enters the guest.

use crate::abi::{BufferType, LogLevel, MapType, MetricType, Status, StreamType};
use crate::model::Headers;
use crate::model::exercise::Played;
use crate::model::trace::Trace;
use std::borrow::Cow;

/// Which VM, and on behalf of which context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The VM, numbered over the scenario.
    pub vm: u32,
    /// The effective context, or the current one where none is set.
    pub context: u32,
    /// The root context above it; itself when it is a root.
    pub root: u32,
}

/// Why a host call is not answered with `Ok`: the status Envoy gives, and the rule behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status that the guest sees.
    pub status: Status,
    /// The reason: which argument, which rule. A lower-case phrase.
    pub reason: Cow<'static, str>,
    /// A limit of the run that was hit: then the guest gets no status, its call ends in a trap.
    pub limit: Option<&'static str>,
}

impl Refusal {
    /// A refusal.
    pub fn new(status: Status, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            reason: reason.into(),
            limit: None,
        }
    }

    /// The end of the guest's call at a limit of this name. The reason names it too.
    pub fn at_limit(limit: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            limit: Some(limit),
            ..Self::new(Status::InternalFailure, reason)
        }
    }
}

/// The proxy's answer to a host call.
pub type Answer<T> = Result<T, Refusal>;

/// A local reply as the guest asked for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LocalReply {
    /// The HTTP status.
    pub status: u32,
    /// Response code details; white space is not yet replaced.
    pub details: Vec<u8>,
    /// The body.
    pub body: Vec<u8>,
    /// Extra headers.
    pub headers: Headers,
    /// The gRPC status, or -1 for none (also for values outside 0..=16).
    pub grpc_status: i32,
}

/// An HTTP callout as the guest asked for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpCallout {
    /// The cluster.
    pub upstream: Vec<u8>,
    /// Headers with pseudo-headers.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
    /// Trailers; Envoy's client accepts and does not send them.
    pub trailers: Headers,
    /// Milliseconds; 0 is no timeout.
    pub timeout_ms: u32,
}

/// A gRPC call or stream as the guest asked for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GrpcCallout {
    /// A serialised `GrpcService` or a cluster's name.
    pub service: Vec<u8>,
    /// The service's full name.
    pub service_name: Vec<u8>,
    /// The method.
    pub method: Vec<u8>,
    /// Initial metadata.
    pub metadata: Headers,
    /// The message; `None` opens a stream.
    pub message: Option<Vec<u8>>,
    /// Milliseconds; 0 is no timeout.
    pub timeout_ms: u32,
}

/// A call of a foreign function.
#[derive(Debug)]
pub struct ForeignCall<'a> {
    /// The function's name.
    pub name: &'a [u8],
    /// Its argument.
    pub argument: &'a [u8],
    /// The context that the callback was made for, whatever context is effective.
    pub current: u32,
    /// The proxy says what the work is worth, in fuel.
    pub work: u64,
    /// The proxy says how many bytes it keeps when the callback is over.
    pub kept: usize,
    /// Something to say about an `Ok` in the trace.
    pub note: Cow<'static, str>,
}

/// What a suspended guest waits at, for the scheduler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCallPoint {
    /// The import's name.
    pub name: &'static str,
    /// On behalf of whom.
    pub at: At,
}

/// The world around one VM.
///
/// Implemented by the simulated proxy, and by a recorder in the host's own tests.
pub trait Proxy: Sized + 'static {
    /// Whether the guest is suspended before this host call, so that another thread can run.
    fn suspends(&mut self, point: &HostCallPoint) -> bool;

    /// What somebody who plays the host answers to this host call: `None` where the proxy answers
    /// itself, `Some(None)` while that answer is missing.
    fn played(&mut self, _call: &'static str, _at: At) -> Option<Option<Played>> {
        None
    }

    /// The trace that callbacks and host calls are recorded in.
    fn trace(&mut self) -> &mut Trace;

    /// A line of `proxy_log`, or of a WASI write to stdout (info) or stderr (error).
    fn log(&mut self, at: At, level: LogLevel, message: &[u8]);

    /// The least level that is logged.
    fn log_level(&self) -> LogLevel;

    /// Simulated wall clock, nanoseconds since the Unix epoch.
    fn wall_clock_ns(&self) -> u64;

    /// Simulated monotonic clock, nanoseconds.
    fn monotonic_ns(&self) -> u64;

    /// Fills `bytes` from the lab's seed.
    fn random(&mut self, bytes: &mut [u8]);

    /// The root context's last status: code and message (`proxy_get_status`).
    fn status(&self, at: At) -> (u32, Vec<u8>);

    /// Arms or, with 0, disarms the root's timer.
    fn set_tick_period(&mut self, at: At, milliseconds: u32);

    /// Completes a root whose `proxy_on_done` returned false.
    fn done(&mut self, at: At) -> Answer<()>;

    /// A property by the raw path (segments joined by NUL).
    fn property(&mut self, at: At, path: &[u8]) -> Answer<Vec<u8>>;

    /// Sets a property.
    fn set_property(&mut self, at: At, path: &[u8], value: &[u8]) -> Answer<()>;

    /// Calls a foreign function by name.
    fn foreign_function(&mut self, at: At, call: &mut ForeignCall<'_>) -> Answer<Vec<u8>>;

    /// Queues a continue.
    fn continue_stream(&mut self, at: At, stream: StreamType) -> Answer<()>;

    /// Queues a close.
    fn close_stream(&mut self, at: At, stream: StreamType) -> Answer<()>;

    /// Clears the route cache (ABI 0.1.0's host call).
    fn clear_route_cache(&mut self, at: At) -> Answer<()>;

    /// Queues a local reply.
    fn send_local_reply(&mut self, at: At, reply: LocalReply) -> Answer<()>;

    /// A header map as it is readable now; `None` when this context has none attached.
    fn header_map(&mut self, at: At, map: MapType) -> Option<&Headers>;

    /// A header map to be written. The refusal says why it cannot be (absent, read-only).
    ///
    /// Called once for each writing host call, also by `proxy_get_header_map_size`, because Envoy
    /// creates trailers there too. The proxy clears the route cache where Envoy does.
    fn header_map_mut(&mut self, at: At, map: MapType) -> Answer<&mut Headers>;

    /// Whether this context is in its log callback (`proxy_get_header_map_value` answers otherwise there).
    fn in_log(&self, at: At) -> bool;

    /// A buffer as it is readable now; the refusal is `NotFound` when there is none at all.
    fn buffer(&mut self, at: At, buffer: BufferType) -> Answer<&[u8]>;

    /// Checks that a buffer can be written, before the guest's bytes are read.
    fn buffer_exists(&mut self, at: At, buffer: BufferType) -> Answer<()>;

    /// Writes a buffer: `start` and `length` say which bytes `data` stands for.
    fn set_buffer(
        &mut self,
        at: At,
        buffer: BufferType,
        start: u32,
        length: u32,
        data: &[u8],
    ) -> Answer<()>;

    /// Sends an HTTP callout; the token.
    fn http_call(&mut self, at: At, callout: HttpCallout) -> Answer<u32>;

    /// Starts a gRPC call or stream; the token.
    fn grpc_call(&mut self, at: At, callout: GrpcCallout) -> Answer<u32>;

    /// Sends a message on a gRPC stream.
    fn grpc_send(&mut self, at: At, token: u32, message: &[u8], end_of_stream: bool) -> Answer<()>;

    /// Cancels a gRPC call or stream.
    fn grpc_cancel(&mut self, at: At, token: u32) -> Answer<()>;

    /// Closes a gRPC call or stream.
    fn grpc_close(&mut self, at: At, token: u32) -> Answer<()>;

    /// A shared data value and its CAS number.
    fn shared_data(&mut self, at: At, key: &[u8]) -> Answer<(Vec<u8>, u32)>;

    /// Sets a shared data value; CAS 0 is unconditional.
    fn set_shared_data(&mut self, at: At, key: &[u8], value: &[u8], cas: u32) -> Answer<()>;

    /// Registers a queue; its token.
    fn register_queue(&mut self, at: At, name: &[u8]) -> Answer<u32>;

    /// Resolves a queue; its token. An empty `vm_id` means the caller's.
    fn resolve_queue(&mut self, at: At, vm_id: &[u8], name: &[u8]) -> Answer<u32>;

    /// Appends to a queue.
    fn enqueue(&mut self, at: At, token: u32, value: &[u8]) -> Answer<()>;

    /// Takes from a queue.
    fn dequeue(&mut self, at: At, token: u32) -> Answer<Vec<u8>>;

    /// Defines a metric; its id within the VM.
    fn define_metric(&mut self, at: At, kind: MetricType, name: &[u8]) -> Answer<u32>;

    /// Adds to a metric.
    fn increment_metric(&mut self, at: At, id: u32, delta: i64) -> Answer<()>;

    /// Records a metric's value.
    fn record_metric(&mut self, at: At, id: u32, value: u64) -> Answer<()>;

    /// Reads a metric.
    fn metric(&mut self, at: At, id: u32) -> Answer<u64>;
}
