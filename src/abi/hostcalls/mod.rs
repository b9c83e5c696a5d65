//! The table of host calls, one file per group of the reference.

mod buffers;
mod callouts;
mod general;
mod headers;
mod metrics;
mod state;
mod streams;
mod toolchain;
mod wasi;

use super::Status;
use super::table::{Group, HostCall};

/// The groups of module `env`, in reading order.
pub const GROUPS: &[&[HostCall]] = &[
    general::CALLS,
    streams::CALLS,
    headers::CALLS,
    buffers::CALLS,
    callouts::CALLS,
    state::CALLS,
    metrics::CALLS,
    toolchain::CALLS,
    wasi::CALLS,
];

/// The names under which WASI's functions are imported.
pub const WASI_MODULES: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

/// Every function that a module can import, in reading order.
pub fn host_calls() -> impl Iterator<Item = &'static HostCall> {
    GROUPS.iter().flat_map(|group| group.iter())
}

/// The function imported as `module`.`name`; `None` when this host has no such function.
pub fn host_call(module: &str, name: &str) -> Option<&'static HostCall> {
    let wasi = WASI_MODULES.contains(&module);
    if !wasi && module != "env" {
        return None;
    }
    host_calls().find(|call| call.name == name && (call.group == Group::Wasi) == wasi)
}

/// The cause shared by all calls that read the module's memory.
const MEMORY: (Status, &str) = (
    Status::InvalidMemoryAccess,
    "an argument's pointer plus its size lies outside the module's memory",
);
/// The cause shared by all calls that write to the module's memory.
const OUT: (Status, &str) = (
    Status::InvalidMemoryAccess,
    "a result's pointer lies outside the module's memory, or the module's allocator failed",
);
