//! What modules import beside the specification: leftovers of toolchains, and Envoy's own.

use crate::abi::Status::*;
use crate::abi::table::{Group::Toolchain, HostCall, NONE, ParamKind::*, Returns, p};

pub(super) const CALLS: &[HostCall] = &[
    HostCall {
        name: "pthread_equal",
        group: Toolchain,
        versions: NONE,
        params: &[p("left", U32), p("right", U32)],
        returns: Returns::Number,
        statuses: &[],
        rust_ok: &[],
        doc: "Compares two thread ids. Emscripten's C++ runtime imports it.",
    },
    HostCall {
        name: "emscripten_notify_memory_growth",
        group: Toolchain,
        versions: NONE,
        params: &[p("memory", U32)],
        returns: Returns::Nothing,
        statuses: &[],
        rust_ok: &[],
        doc: "Emscripten tells that memory has grown. Nothing needs to be done.",
    },
    HostCall {
        name: "envoy_resolve_dns",
        group: Toolchain,
        versions: NONE,
        params: &[p("dns_address", Bytes), p("return_token", OutU32)],
        returns: Returns::Status,
        statuses: &[(Unimplemented, "the simulated proxy has no DNS")],
        rust_ok: &[],
        doc: "Envoy's own: resolves a name; the answer comes in envoy_on_resolve_dns.",
    },
];
