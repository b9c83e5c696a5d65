//! gRPC callouts of plugins: unary calls and streams to clusters, on behalf of a root context.
//!
//! Envoy's own gRPC client stands between the plugin and the cluster. It turns the upstream's frames
//! into signals: initial metadata, messages, trailing metadata, a close. A stream hears all of them, a
//! unary call only how it ended.

mod client;
mod service;
mod start;
mod wire;

pub(super) use client::{GrpcCallout, Seen, Signal};
pub(super) use wire::{framed, grpc_status, server_frames, unframed};
