//! The Proxy-Wasm contract between a module and its host, as data: status codes, enums, the codecs
//! for header maps, properties and buffers, and the tables of host calls and callbacks.
//!
//! Must not know: how a module is run, and who serves it. The linker, the doctor and the reference
//! pages read the same tables.

mod callbacks;
mod enums;
mod hostcalls;
pub mod pairs;
pub mod property;
mod status;
mod table;

pub use callbacks::{CALLBACKS, callback};
pub use enums::{AbiVersion, BufferType, LogLevel, MapType, MetricType, PeerType, StreamType};
pub use hostcalls::{GROUPS, WASI_MODULES, host_call, host_calls};
pub use status::Status;
pub use table::{Callback, CallbackReturns, Group, HostCall, Param, ParamKind, Returns, WasmType};
