//! The interface: shell, pages, lab. The same components render natively to HTML and hydrate in
//! the browser.
//!
//! Must not know: how anything runs. Runs happen in the engine worker, reached by
//! [`crate::protocol`] alone. Browser calls live in effects and event handlers only, because the
//! same code renders natively.
//!
//! The plain half (no Leptos: data, address arithmetic, diffs, the tree of events) is always
//! compiled, so that plain `cargo test` covers it.

#![cfg_attr(
    feature = "ui",
    allow(
        unreachable_pub,
        reason = "the component macro makes what it generates public"
    )
)]

pub mod document;
pub mod json;
pub mod logic;
pub mod page;
pub mod paths;
pub mod strings;

#[cfg(feature = "ui")]
mod answer;
#[cfg(feature = "ui")]
mod app;
#[cfg(feature = "ui")]
mod browser;
#[cfg(feature = "ui")]
mod engine_client;
#[cfg(feature = "ui")]
mod lab;
#[cfg(feature = "ui")]
mod navigation;
#[cfg(feature = "ui")]
mod parts;
#[cfg(feature = "pages")]
pub mod prerendered;
#[cfg(feature = "ui")]
mod routes;

#[cfg(feature = "ui")]
pub use app::App;
#[cfg(feature = "page")]
pub use app::hydrate;
