//! What the lab's screens compute: plain functions and structs, tested natively.
//!
//! Must not know: Leptos, the browser.

pub mod diff;
pub mod event;
pub mod outcome;
pub mod request;
pub mod story;
pub mod text;
