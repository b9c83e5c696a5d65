//! One module in one VM: loading, linking, host calls, callbacks, limits. Generic over the proxy
//! that it serves.
//!
//! Must not know: what a filter chain, a cluster or a lab is. No clock and no randomness but the
//! port's. A module can do nothing that makes the host panic.

mod call;
mod calls;
mod decode;
mod dispatch;
mod doctor;
mod failure;
mod guard;
mod guest_call;
mod limits;
mod link;
mod module;
mod out;
mod plain;
pub mod port;
mod profile;
mod run;
mod sections;
mod state;
mod vm;

pub(crate) use decode::argument;
pub use doctor::{doctor, words};
pub use failure::{FailState, Failure, LoadError};
pub use guest_call::{GuestCall, Step};
pub use limits::{Engine, Limits, RunUse};
pub use module::Module;
pub(crate) use module::sha256;
pub use plain::{PlainCall, call_plain, plain_exports};
pub use port::{
    Answer, At, ForeignCall, GrpcCallout, HostCallPoint, HttpCallout, LocalReply, Proxy, Refusal,
};
pub use profile::{Change, PROFILES, Profile};
pub use vm::{Vm, VmSettings};
