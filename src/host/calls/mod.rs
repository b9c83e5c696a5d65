//! What performs each host call: one file per group of the table.
//!
//! A body reads arguments in the order in which Envoy checks them, asks the proxy, and says what to
//! hand over. It knows no status numbers beyond the refusals it gives, and does not touch the trace.

mod buffers;
mod callouts;
mod general;
mod headers;
mod metrics;
mod shared;
mod streams;
mod toolchain;
pub(super) mod wasi;

use super::call::Call;
use super::link::Body;
use super::port::{Answer, Proxy, Refusal};
use crate::abi::{BufferType, Group, HostCall, MapType, MetricType, Status, StreamType};
use crate::model::Headers;

/// What performs a call of the table.
pub(super) fn body<P: Proxy>(call: &HostCall) -> Option<Body<P>> {
    match call.group {
        Group::General => general::body(call.name),
        Group::Streams => streams::body(call.name),
        Group::Headers => headers::body(call.name),
        Group::Buffers => buffers::body(call.name),
        Group::Callouts => callouts::body(call.name),
        Group::State => shared::body(call.name),
        Group::Metrics => metrics::body(call.name),
        Group::Toolchain => toolchain::body(call.name),
        Group::Wasi => wasi::body(call.name),
    }
}

/// An enum from the argument word at a place.
fn named<T>(word: u32, what: &str, last: u32, found: Option<T>) -> Answer<T> {
    found.ok_or_else(|| {
        let reason = format!("{what} {word} is greater than {last}");
        Refusal::new(Status::BadArgument, reason)
    })
}

fn map_type<P: Proxy>(call: &Call<'_, P>) -> Answer<MapType> {
    let word = call.word(0);
    named(word, "map_type", 7, MapType::from_u32(word))
}

fn buffer_type<P: Proxy>(call: &Call<'_, P>) -> Answer<BufferType> {
    let word = call.word(0);
    named(word, "buffer_type", 8, BufferType::from_u32(word))
}

fn stream_type<P: Proxy>(call: &Call<'_, P>) -> Answer<StreamType> {
    let word = call.word(0);
    named(word, "stream_type", 3, StreamType::from_u32(word))
}

fn metric_type(word: u32) -> Answer<MetricType> {
    named(word, "metric_type", 2, MetricType::from_u32(word))
}

/// Pairs as headers. What does not parse is no pairs, as in Envoy; the reason is for the trace.
fn pairs(bytes: &[u8]) -> (Headers, Option<&'static str>) {
    match crate::abi::pairs::decode(bytes) {
        Ok(pairs) => (pairs.into_iter().collect(), None),
        Err(why) => (Headers::default(), Some(why)),
    }
}
