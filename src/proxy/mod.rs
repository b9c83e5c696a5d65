//! The simulated Envoy: configuration, clock, threads, connection manager, filter chain, router,
//! upstreams and access logs around the VMs of one scenario.
//!
//! Reading order: `world` runs tasks and makes the guest calls that they ask for; `shared` is what
//! all threads share; `iterate` moves a message through the chain; `wasm_filter` turns chain
//! callbacks into guest callbacks; `tcp` is the same for network filters; `port` is what guests can
//! ask for. Must not know: lab files and
//! assertions as text, who looks at the report, wasmi.

mod access_log;
mod attribute;
mod boot;
mod callout;
mod clock;
mod code;
pub(crate) mod config;
mod downstream;
mod effects;
mod ending;
mod filter_state;
mod foreign;
mod grpc;
mod gzip;
mod hosts;
mod iterate;
mod jwt;
mod local_reply;
mod log_line;
mod lookup;
mod moment;
mod native;
pub(crate) mod oci;
mod port;
mod properties;
mod protobuf;
mod random;
mod remote;
mod report;
mod retry;
mod router;
mod schedule;
mod search;
mod shared;
mod shutdown;
mod state;
mod stream;
mod strict;
mod task;
mod tcp;
pub(crate) mod time;
mod timers;
mod traffic;
mod upstream;
mod wasm_filter;
mod world;

pub use search::Search;
pub(crate) use upstream::matches;
pub use world::Prepared;
