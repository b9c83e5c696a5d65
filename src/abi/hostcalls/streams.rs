//! Calls that continue, close and answer streams.

use super::MEMORY;
use crate::abi::Status::*;
use crate::abi::table::{ALL, Group::Streams, HostCall, ParamKind::*, Returns, V10, V20, p};

pub(super) const CALLS: &[HostCall] = &[
    HostCall {
        name: "proxy_continue_stream",
        group: Streams,
        versions: V20,
        params: &[p("stream_type", Stream)],
        returns: Returns::Status,
        statuses: &[
            (BadArgument, "the stream type is greater than 3"),
            (
                Unimplemented,
                "a paused upstream direction cannot be resumed",
            ),
        ],
        rust_ok: &[Ok],
        doc: "Lets a paused stream go on, once the current callback has returned.",
    },
    HostCall {
        name: "proxy_close_stream",
        group: Streams,
        versions: V20,
        params: &[p("stream_type", Stream)],
        returns: Returns::Status,
        statuses: &[(BadArgument, "the stream type is greater than 3")],
        rust_ok: &[Ok],
        doc: "Resets an HTTP stream, or closes a TCP connection after what is written, once the current callback has returned.",
    },
    HostCall {
        name: "proxy_continue_request",
        group: Streams,
        versions: V10,
        params: &[],
        returns: Returns::Status,
        statuses: &[],
        rust_ok: &[],
        doc: "Like proxy_continue_stream for the request. The specification has no result; SDKs of 0.1.0 expect one.",
    },
    HostCall {
        name: "proxy_continue_response",
        group: Streams,
        versions: V10,
        params: &[],
        returns: Returns::Status,
        statuses: &[],
        rust_ok: &[],
        doc: "Like proxy_continue_stream for the response. The specification has no result; SDKs of 0.1.0 expect one.",
    },
    HostCall {
        name: "proxy_clear_route_cache",
        group: Streams,
        versions: V10,
        params: &[],
        returns: Returns::Status,
        statuses: &[],
        rust_ok: &[],
        doc: "Makes the proxy choose the route again. Newer modules call the foreign function clear_route_cache.",
    },
    HostCall {
        name: "proxy_send_local_response",
        group: Streams,
        versions: ALL,
        params: &[
            p("status_code", U32),
            p("status_code_details", Bytes),
            p("body", Bytes),
            p("headers", Pairs),
            p("grpc_status", GrpcStatus),
        ],
        returns: Returns::Status,
        statuses: &[MEMORY],
        rust_ok: &[Ok],
        doc: "Answers the client from here. Headers that do not parse count as none. The callback's own return value no longer matters.",
    },
];
