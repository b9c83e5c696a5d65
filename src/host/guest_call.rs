//! The calls that a proxy makes into a guest, and how they end.

use super::port::HostCallPoint;
use crate::abi::{CALLBACKS, PeerType};

/// A callback with its arguments, named as in the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The fields are the parameters of the callback table.
pub enum GuestCall {
    /// The start section, then `_initialize` and `main`, or `_start`. Few host calls are allowed.
    Start,
    OnContextCreate {
        context: u32,
        parent: u32,
    },
    OnVmStart {
        root: u32,
        configuration_size: u32,
    },
    OnConfigure {
        root: u32,
        configuration_size: u32,
    },
    OnTick {
        root: u32,
    },
    OnQueueReady {
        root: u32,
        token: u32,
    },
    OnNewConnection {
        context: u32,
    },
    OnDownstreamData {
        context: u32,
        size: u32,
        end_of_stream: bool,
    },
    OnUpstreamData {
        context: u32,
        size: u32,
        end_of_stream: bool,
    },
    OnDownstreamConnectionClose {
        context: u32,
        peer: PeerType,
    },
    OnUpstreamConnectionClose {
        context: u32,
        peer: PeerType,
    },
    OnRequestHeaders {
        context: u32,
        count: u32,
        end_of_stream: bool,
    },
    OnRequestBody {
        context: u32,
        size: u32,
        end_of_stream: bool,
    },
    OnRequestTrailers {
        context: u32,
        count: u32,
    },
    OnRequestMetadata {
        context: u32,
        count: u32,
    },
    OnResponseHeaders {
        context: u32,
        count: u32,
        end_of_stream: bool,
    },
    OnResponseBody {
        context: u32,
        size: u32,
        end_of_stream: bool,
    },
    OnResponseTrailers {
        context: u32,
        count: u32,
    },
    OnResponseMetadata {
        context: u32,
        count: u32,
    },
    OnHttpCallResponse {
        root: u32,
        token: u32,
        headers: u32,
        body_size: u32,
        trailers: u32,
    },
    OnGrpcReceiveInitialMetadata {
        root: u32,
        token: u32,
        count: u32,
    },
    OnGrpcReceive {
        root: u32,
        token: u32,
        size: u32,
    },
    OnGrpcReceiveTrailingMetadata {
        root: u32,
        token: u32,
        count: u32,
    },
    OnGrpcClose {
        root: u32,
        token: u32,
        code: u32,
    },
    OnForeignFunction {
        context: u32,
        function: u32,
        size: u32,
    },
    OnDone {
        context: u32,
    },
    OnLog {
        context: u32,
    },
    OnDelete {
        context: u32,
    },
}

/// How a guest call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Not exported, or not allowed: Continue, true, nothing.
    Absent,
    /// The raw return value, 0 where there is none.
    Returned(u32),
    /// The proxy asked for it: [`resume`](super::Vm::resume) goes on.
    Suspended(HostCallPoint),
    /// Trapped now or earlier: see [`failure`](super::Vm::failure).
    Failed,
}

/// The place of a callback in the table.
const fn index(name: &str) -> usize {
    let mut i = 0;
    while i < CALLBACKS.len() {
        let (a, b) = (CALLBACKS[i].name.as_bytes(), name.as_bytes());
        let mut k = 0;
        while k < a.len() && k < b.len() && a[k] == b[k] {
            k += 1;
        }
        if k == a.len() && k == b.len() {
            return i;
        }
        i += 1;
    }
    panic!("not in the table of callbacks")
}

pub(super) const INITIALIZE: usize = index("_initialize");
pub(super) const START: usize = index("_start");
pub(super) const MAIN: usize = index("main");
pub(super) const MAIN_VOID: usize = index("__main_void");
pub(super) const MALLOC: usize = index("malloc");
pub(super) const ALLOCATE: usize = index("proxy_on_memory_allocate");
pub(super) const CONTEXT_CREATE: usize = index("proxy_on_context_create");
pub(super) const CONFIGURE: usize = index("proxy_on_configure");

/// A callback's place in the table, and its words.
pub(super) struct Wire {
    pub(super) callback: usize,
    pub(super) words: [u32; 5],
}

impl GuestCall {
    /// What goes over the wire. The first word is the context. `Start` has no single callback.
    pub(super) fn wire(self) -> Option<Wire> {
        macro_rules! wire {
            ($name:literal $(, $word:expr)*) => {{
                const AT: usize = index($name);
                let given: &[u32] = &[$($word),*];
                let mut words = [0; 5];
                for (to, from) in words.iter_mut().zip(given) {
                    *to = *from;
                }
                Some(Wire { callback: AT, words })
            }};
        }
        use GuestCall::*;
        match self {
            Start => None,
            OnContextCreate { context, parent } => {
                wire!("proxy_on_context_create", context, parent)
            }
            OnVmStart {
                root,
                configuration_size,
            } => wire!("proxy_on_vm_start", root, configuration_size),
            OnConfigure {
                root,
                configuration_size,
            } => wire!("proxy_on_configure", root, configuration_size),
            OnTick { root } => wire!("proxy_on_tick", root),
            OnQueueReady { root, token } => wire!("proxy_on_queue_ready", root, token),
            OnNewConnection { context } => wire!("proxy_on_new_connection", context),
            OnDownstreamData {
                context,
                size,
                end_of_stream,
            } => wire!(
                "proxy_on_downstream_data",
                context,
                size,
                end_of_stream.into()
            ),
            OnUpstreamData {
                context,
                size,
                end_of_stream,
            } => wire!(
                "proxy_on_upstream_data",
                context,
                size,
                end_of_stream.into()
            ),
            OnDownstreamConnectionClose { context, peer } => wire!(
                "proxy_on_downstream_connection_close",
                context,
                peer.number()
            ),
            OnUpstreamConnectionClose { context, peer } => {
                wire!("proxy_on_upstream_connection_close", context, peer.number())
            }
            OnRequestHeaders {
                context,
                count,
                end_of_stream,
            } => wire!(
                "proxy_on_request_headers",
                context,
                count,
                end_of_stream.into()
            ),
            OnRequestBody {
                context,
                size,
                end_of_stream,
            } => wire!("proxy_on_request_body", context, size, end_of_stream.into()),
            OnRequestTrailers { context, count } => {
                wire!("proxy_on_request_trailers", context, count)
            }
            OnRequestMetadata { context, count } => {
                wire!("proxy_on_request_metadata", context, count)
            }
            OnResponseHeaders {
                context,
                count,
                end_of_stream,
            } => wire!(
                "proxy_on_response_headers",
                context,
                count,
                end_of_stream.into()
            ),
            OnResponseBody {
                context,
                size,
                end_of_stream,
            } => wire!(
                "proxy_on_response_body",
                context,
                size,
                end_of_stream.into()
            ),
            OnResponseTrailers { context, count } => {
                wire!("proxy_on_response_trailers", context, count)
            }
            OnResponseMetadata { context, count } => {
                wire!("proxy_on_response_metadata", context, count)
            }
            OnHttpCallResponse {
                root,
                token,
                headers,
                body_size,
                trailers,
            } => wire!(
                "proxy_on_http_call_response",
                root,
                token,
                headers,
                body_size,
                trailers
            ),
            OnGrpcReceiveInitialMetadata { root, token, count } => {
                wire!("proxy_on_grpc_receive_initial_metadata", root, token, count)
            }
            OnGrpcReceive { root, token, size } => {
                wire!("proxy_on_grpc_receive", root, token, size)
            }
            OnGrpcReceiveTrailingMetadata { root, token, count } => wire!(
                "proxy_on_grpc_receive_trailing_metadata",
                root,
                token,
                count
            ),
            OnGrpcClose { root, token, code } => wire!("proxy_on_grpc_close", root, token, code),
            OnForeignFunction {
                context,
                function,
                size,
            } => wire!("proxy_on_foreign_function", context, function, size),
            OnDone { context } => wire!("proxy_on_done", context),
            OnLog { context } => wire!("proxy_on_log", context),
            OnDelete { context } => wire!("proxy_on_delete", context),
        }
    }
}
