//! A browser course on extending Envoy with WebAssembly that runs everything it teaches.
//!
//! Reading order, and who may name whom (`tests/it/tidy.rs` reads this list):
//!
//! ```text
//! abi -> nothing
//! assembler -> nothing
//! model -> nothing
//! lua -> nothing
//! host -> abi, model
//! proxy -> lua, host, abi, model
//! lab -> proxy, host, abi, protocol, model, assembler
//! course -> model
//! protocol -> model
//! export -> lab, assembler, course, protocol, proxy, host, abi, model
//! ui -> course, protocol, abi, model
//! ```

// Views are types, and a page nests them deep.
#![cfg_attr(feature = "ui", recursion_limit = "512")]

/// Every word of the interface, from `content/LANGUAGE/words.properties`: `say!(key)`.
#[macro_use]
mod words {
    include!(concat!(env!("OUT_DIR"), "/words.rs"));
}

pub mod abi;
#[cfg(feature = "assembler")]
pub mod assembler;
#[cfg(feature = "course")]
pub mod course;
#[cfg(feature = "host")]
pub mod export;
#[cfg(feature = "host")]
pub mod host;
#[cfg(feature = "host")]
pub mod lab;
#[cfg(feature = "host")]
pub mod lua;
pub mod model;
pub mod protocol;
#[cfg(feature = "host")]
pub mod proxy;
#[cfg(feature = "course")]
pub mod ui;
