//! A proxy as a picture, as plain data: who stands where, and where the message is.

use serde::{Deserialize, Serialize};

/// What a picture shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// The client, the listener, the filters, the upstream clusters: as a request meets them.
    pub stations: Vec<Station>,
    /// The threads with their VMs, main first.
    pub threads: Vec<ThreadShape>,
}

/// Somebody whom a message passes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    /// The sort of actor: `client`, `native`, `wasm` or `upstream`.
    pub actor: String,
    /// What it is, in words: `Wasm filter, VM 3`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What of a message is here: `request headers`. Absent where none is.
    pub here: Option<String>,
    /// Whether that goes back to the client.
    pub back: bool,
    /// What it holds, and how it has stopped the message.
    pub notes: Vec<String>,
    /// Whether its VM is dead.
    pub failed: bool,
}

/// A thread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadShape {
    /// Its name: `main thread`, `worker 0`.
    pub name: String,
    /// Whether the event is its own.
    pub runs: bool,
    /// Its VMs.
    pub vms: Vec<VmShape>,
}

/// A VM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VmShape {
    /// Its name: `VM 3`.
    pub name: String,
    /// Its plugins, what it is for, its memory.
    pub detail: String,
    /// Whether it is dead.
    pub failed: bool,
}
