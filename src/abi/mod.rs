//! The Proxy-Wasm contract between a module and its host, as data: status codes, enums, the codecs
//! for header maps, properties and buffers, and the tables of host calls and callbacks.
//!
//! Must not know: how a module is run, and who serves it. The linker, the doctor and the reference
//! pages read the same tables.

mod enums;
mod status;

pub use enums::{AbiVersion, BufferType, LogLevel, MapType, MetricType, PeerType, StreamType};
pub use status::Status;
