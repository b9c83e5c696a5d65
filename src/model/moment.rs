//! The state of a scenario's world at the moment when an event was recorded, as plain data.

use super::trace::Event;
use super::{Bytes, Headers};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bytes in a page of linear memory.
pub const PAGE: u64 = 65_536;

/// Everything at one event: what `tour run --at K --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// The event, as it was recorded: what it led to is not known yet. Absent at the end of the run.
    pub event: Option<Event>,
    /// What the proxy is made of.
    pub proxy: ProxyNow,
    /// The streams that had begun and not ended.
    pub streams: Vec<StreamNow>,
    /// The TCP connections that were open.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub connections: Vec<ConnectionNow>,
    /// Shared data of all `vm_id`s.
    pub shared_data: Vec<SharedDatum>,
    /// Message queues, by token.
    pub queues: Vec<QueueNow>,
    /// Counters and gauges by Envoy's names.
    pub metrics: BTreeMap<String, u64>,
    /// What is counted for each host of a cluster, by `CLUSTER::ADDRESS:PORT`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub hosts: BTreeMap<String, BTreeMap<String, u64>>,
    /// What time will bring, next first.
    pub timers: Vec<Timer>,
    /// The VMs that were alive.
    pub vms: Vec<VmNow>,
    /// A window of the memory of the event's VM; absent when the event has none.
    pub memory: Option<Memory>,
}

/// What a proxy is made of, as its configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyNow {
    /// The listener's name.
    pub listener: String,
    /// The filters in order; the last one is the router, or a terminal network filter.
    pub filters: Vec<FilterNow>,
    /// The clusters, by name.
    pub clusters: Vec<String>,
    /// How many threads there are, the main thread among them.
    pub threads: u32,
}

/// A filter of the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterNow {
    /// Its name, as events have it.
    pub name: String,
    /// Its plugin's name, as root contexts have it; absent for a native filter.
    pub plugin: Option<String>,
}

/// A stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamNow {
    /// Its number, by which events name it.
    pub stream: u32,
    /// The thread of its worker.
    pub thread: u32,
    /// The request inside the proxy.
    pub request: Half,
    /// The response inside the proxy.
    pub response: Half,
}

/// A TCP connection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConnectionNow {
    /// Its number, by which events name it.
    pub connection: u32,
    /// The thread of its worker.
    pub thread: u32,
    /// What was read and no filter has taken yet.
    pub read: Option<Excerpt>,
    /// What is on its way to the client.
    pub write: Option<Excerpt>,
    /// What the upstream has sent and a filter has stopped.
    pub unread: Option<Excerpt>,
    /// The filters that see some of these bytes: they look at them, or have stopped them.
    pub seen_by: Vec<String>,
    /// Whether the client has closed its half.
    pub client_ended: bool,
    /// Whether the client is not being read: there is no upstream yet.
    pub not_read: bool,
}

/// A message inside the proxy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Half {
    /// Headers, once there are any.
    pub headers: Option<Headers>,
    /// Trailers, once there are any.
    pub trailers: Option<Headers>,
    /// The body that is held back.
    pub held: Option<Excerpt>,
    /// The chunk that is on its way through the chain.
    pub chunk: Option<Excerpt>,
    /// The filters that have stopped it, and how: `StopIteration` and so on.
    pub stopped_by: Vec<(String, String)>,
    /// Whether the sender has said everything.
    pub complete: bool,
    /// Whether the sender is not being read, because too much is held.
    pub paused: bool,
}

/// The beginning of some bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// How many there are in all.
    pub size: u64,
    /// The first of them, at most [`Self::MAX`].
    pub bytes: Bytes,
}

impl Excerpt {
    /// The most bytes of one value that a moment carries.
    pub const MAX: usize = 4096;
}

impl From<&[u8]> for Excerpt {
    fn from(bytes: &[u8]) -> Self {
        Self {
            size: bytes.len() as u64,
            bytes: bytes[..bytes.len().min(Self::MAX)].into(),
        }
    }
}

/// A key of shared data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SharedDatum {
    /// The `vm_id` it belongs to.
    pub vm_id: Bytes,
    /// The key.
    pub key: Bytes,
    /// Its value.
    pub value: Excerpt,
    /// The number that a compare-and-swap must name.
    pub cas: u32,
}

/// A message queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueueNow {
    /// Its token.
    pub token: u32,
    /// The `vm_id` it belongs to.
    pub vm_id: Bytes,
    /// Its name.
    pub name: Bytes,
    /// How many items wait.
    pub length: u64,
    /// The first of them, at most [`Self::ITEMS_MAX`].
    pub items: Vec<Excerpt>,
}

impl QueueNow {
    /// The most items of one queue that a moment carries.
    pub const ITEMS_MAX: usize = 20;
}

/// Something that time will bring.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timer {
    /// When, in nanoseconds of simulated time since the scenario began.
    pub at_ns: u64,
    /// The thread; absent for what happens outside the proxy.
    pub thread: Option<u32>,
    /// What, in words.
    pub what: String,
}

/// A VM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VmNow {
    /// Its number in trace events.
    pub vm: u32,
    /// The thread: 0 is main, 1 is worker 0.
    pub thread: u32,
    /// `vm_config.vm_id`.
    pub vm_id: String,
    /// What it is for: `base`, `canary` or `serving`.
    pub role: String,
    /// Its root contexts by number, with their plugins.
    pub roots: BTreeMap<u32, String>,
    /// Its stream contexts by number, with their streams.
    pub contexts: BTreeMap<u32, u32>,
    /// Its contexts of TCP connections by number, with their connections.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub connections: BTreeMap<u32, u32>,
    /// Linear memory, in bytes.
    pub memory_bytes: u64,
    /// The most fuel that one callback has used so far.
    pub fuel_max: u64,
    /// Whether it trapped and is dead.
    pub failed: bool,
}

/// A window of a VM's linear memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// The VM.
    pub vm: u32,
    /// The whole memory in bytes; a page is 65536.
    pub size: u64,
    /// Where the window begins.
    pub address: u32,
    /// Its bytes.
    pub bytes: Bytes,
    /// What the arguments of the host call that runs point to.
    pub marks: Vec<Mark>,
}

/// Bytes that an argument points to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The parameter, as the ABI spells it.
    pub name: String,
    /// Where the bytes begin.
    pub address: u32,
    /// How many they are.
    pub size: u32,
}

/// Which bytes of memory are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Where they begin.
    pub address: u32,
    /// How many; cut to [`Self::MAX`] and to the end of memory.
    pub length: u32,
}

impl Window {
    /// The most bytes of memory that a moment carries.
    pub const MAX: u32 = 65536;

    /// What is shown unasked: 256 bytes around the first that an argument points to, or nothing.
    pub fn around(marks: &[Mark]) -> Self {
        match marks.first() {
            Some(mark) => Self {
                address: (mark.address & !15).saturating_sub(32),
                length: 256,
            },
            None => Self {
                address: 0,
                length: 0,
            },
        }
    }
}
