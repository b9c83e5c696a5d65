//! Calls to other services, over HTTP and gRPC.

use super::{MEMORY, OUT};
use crate::abi::Status::{self, *};
use crate::abi::table::{ALL, Group::Callouts, HostCall, ParamKind::*, Returns, p};

const CLUSTER: (Status, &str) = (
    ParseFailure,
    "the name is neither a GrpcService message nor a cluster",
);
const CLIENT: (Status, &str) = (
    BadArgument,
    "no client can be made: the GrpcService message has no target",
);
const MISSING: (Status, &str) = (
    Unimplemented,
    "the GrpcService message wants google_grpc, a retry_policy or an operator in its metadata, which are not simulated",
);
const REFUSED: (Status, &str) = (InternalFailure, "the proxy refused to send it");
const UNSENT: (Status, &str) = (
    InternalFailure,
    "it cannot be sent: proxy_on_grpc_close follows all the same",
);
const KIND: (Status, &str) = (
    BadArgument,
    "the token's last two bits say that it is no gRPC token",
);
const TOKEN: (Status, &str) = (NotFound, "no call or stream has this token now");

pub(super) const CALLS: &[HostCall] = &[
    HostCall {
        name: "proxy_http_call",
        group: Callouts,
        versions: ALL,
        params: &[
            p("upstream_name", Bytes),
            p("headers", Pairs),
            p("body", Bytes),
            p("trailers", Pairs),
            p("timeout_milliseconds", U32),
            p("return_call_id", OutU32),
        ],
        returns: Returns::Status,
        statuses: &[
            MEMORY,
            OUT,
            (
                BadArgument,
                "the timeout is too long, the cluster unknown, or :method, :path or :authority is missing",
            ),
            REFUSED,
        ],
        rust_ok: &[Ok, BadArgument, InternalFailure],
        doc: "Sends an HTTP request to a cluster. The answer comes to the root context, in proxy_on_http_call_response.",
    },
    HostCall {
        name: "proxy_grpc_call",
        group: Callouts,
        versions: ALL,
        params: &[
            p("upstream_name", Bytes),
            p("service_name", Bytes),
            p("method_name", Bytes),
            p("initial_metadata", Pairs),
            p("message", Bytes),
            p("timeout_milliseconds", U32),
            p("return_call_id", OutU32),
        ],
        returns: Returns::Status,
        statuses: &[MEMORY, CLUSTER, CLIENT, MISSING, UNSENT, OUT],
        rust_ok: &[Ok, ParseFailure, InternalFailure],
        doc: "Calls a unary gRPC method. The answer comes in proxy_on_grpc_receive, or proxy_on_grpc_close when it fails.",
    },
    HostCall {
        name: "proxy_grpc_stream",
        group: Callouts,
        versions: ALL,
        params: &[
            p("upstream_name", Bytes),
            p("service_name", Bytes),
            p("method_name", Bytes),
            p("initial_metadata", Pairs),
            p("return_stream_id", OutU32),
        ],
        returns: Returns::Status,
        statuses: &[MEMORY, CLUSTER, CLIENT, MISSING, UNSENT, OUT],
        rust_ok: &[Ok, ParseFailure, InternalFailure],
        doc: "Opens a gRPC stream in both directions.",
    },
    HostCall {
        name: "proxy_grpc_send",
        group: Callouts,
        versions: ALL,
        params: &[
            p("stream_id", U32),
            p("message", Bytes),
            p("end_of_stream", Bool),
        ],
        returns: Returns::Status,
        statuses: &[MEMORY, KIND, TOKEN],
        rust_ok: &[Ok, NotFound, BadArgument],
        doc: "Sends a message on a gRPC stream, and closes our half when told so.",
    },
    HostCall {
        name: "proxy_grpc_cancel",
        group: Callouts,
        versions: ALL,
        params: &[p("call_or_stream_id", U32)],
        returns: Returns::Status,
        statuses: &[KIND, TOKEN],
        rust_ok: &[Ok, NotFound],
        doc: "Gives up a gRPC call or stream; no callback follows.",
    },
    HostCall {
        name: "proxy_grpc_close",
        group: Callouts,
        versions: ALL,
        params: &[p("call_or_stream_id", U32)],
        returns: Returns::Status,
        statuses: &[KIND, TOKEN],
        rust_ok: &[Ok, NotFound],
        doc: "Closes our half of a gRPC stream, the other may go on. A call is cancelled.",
    },
];
