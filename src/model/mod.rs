//! Plain data that every layer speaks: bytes, headers, the lab file, trace events, the report.
//!
//! Must not know: how anything runs. No wasmi, no browser, no Envoy rule beyond the shape of a header map.

mod bytes;
mod digest;
pub mod doctor;
#[cfg(feature = "host")]
pub mod exercise;
mod headers;
mod histogram;
#[cfg(feature = "host")]
pub mod lab;
pub mod moment;
pub mod picture;
mod problem;
pub mod race;
pub mod report;
mod request;
mod section;
pub mod trace;
#[cfg(feature = "host")]
pub mod yaml;

pub use bytes::Bytes;
pub use digest::digest;
pub use headers::Headers;
pub use histogram::Histogram;
pub use problem::{Place, Problem};
pub use request::{Exercise, Request};
pub use section::{MARK, Section, Told};
