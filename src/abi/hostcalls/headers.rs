//! Calls on header maps, trailers and gRPC metadata.

use super::{MEMORY, OUT};
use crate::abi::Status::{self, *};
use crate::abi::table::{ALL, Group::Headers, HostCall, ParamKind::*, Returns, p};

const MAP: (Status, &str) = (BadArgument, "the map type is greater than 7");
const WRITE: (Status, &str) = (
    BadArgument,
    "this context has no such map now, or the map is read-only (types 4 to 7)",
);

pub(super) const CALLS: &[HostCall] = &[
    HostCall {
        name: "proxy_get_header_map_size",
        group: Headers,
        versions: ALL,
        params: &[p("map_type", Map), p("return_size", OutU32)],
        returns: Returns::Status,
        statuses: &[MAP, WRITE, OUT],
        rust_ok: &[],
        doc: "Tells the sum of the bytes of all names and values, not the number of entries.",
    },
    HostCall {
        name: "proxy_get_header_map_pairs",
        group: Headers,
        versions: ALL,
        params: &[p("map_type", Map), p("return_pairs", OutPairs)],
        returns: Returns::Status,
        statuses: &[MAP, OUT],
        rust_ok: &[Ok],
        doc: "Reads all pairs. A map that this context does not have now is Ok and empty.",
    },
    HostCall {
        name: "proxy_set_header_map_pairs",
        group: Headers,
        versions: ALL,
        params: &[p("map_type", Map), p("pairs", Pairs)],
        returns: Returns::Status,
        statuses: &[MAP, MEMORY, WRITE],
        rust_ok: &[Ok],
        doc: "Replaces all pairs, pseudo-headers included. Pairs that do not parse count as none: the map is cleared, with Ok.",
    },
    HostCall {
        name: "proxy_get_header_map_value",
        group: Headers,
        versions: ALL,
        params: &[
            p("map_type", Map),
            p("key", Bytes),
            p("return_value", OutBytes),
        ],
        returns: Returns::Status,
        statuses: &[
            MAP,
            MEMORY,
            (
                BadArgument,
                "this context has no such map now (in proxy_on_log: NotFound)",
            ),
            (
                NotFound,
                "the map has no such key (version 0.1.0: Ok and empty)",
            ),
            OUT,
        ],
        rust_ok: &[Ok, NotFound],
        doc: "Reads the first value of a key.",
    },
    HostCall {
        name: "proxy_add_header_map_value",
        group: Headers,
        versions: ALL,
        params: &[p("map_type", Map), p("key", Bytes), p("value", Bytes)],
        returns: Returns::Status,
        statuses: &[MAP, MEMORY, WRITE],
        rust_ok: &[Ok],
        doc: "Adds a value and keeps what is there. Headers that Envoy keeps apart, such as content-type, are joined with a comma.",
    },
    HostCall {
        name: "proxy_replace_header_map_value",
        group: Headers,
        versions: ALL,
        params: &[p("map_type", Map), p("key", Bytes), p("value", Bytes)],
        returns: Returns::Status,
        statuses: &[MAP, MEMORY, WRITE],
        rust_ok: &[Ok],
        doc: "Removes all values of a key and adds one at the end; also when there was none.",
    },
    HostCall {
        name: "proxy_remove_header_map_value",
        group: Headers,
        versions: ALL,
        params: &[p("map_type", Map), p("key", Bytes)],
        returns: Returns::Status,
        statuses: &[MAP, MEMORY, WRITE],
        rust_ok: &[Ok],
        doc: "Removes all values of a key. A key that is not there is Ok.",
    },
];
