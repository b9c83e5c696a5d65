//! The course as text: Markdown, front matter, the catalogue, the blocks that come alive.
//!
//! Must not know: how a lab runs, the file system, the screen. What a text needs from outside
//! (an included file, a link's address, the events of a run) it asks of a [`World`].
//!
//! The browser compiles the Markdown renderer and the catalogue; the rest needs YAML and works
//! where lessons are built. What a page's script may rely on in a lesson's HTML:
//!
//! - `fieldset.ask.predict` and `fieldset.ask.quiz`, with `data-ask` (the id) and, on a
//!   prediction, `data-scenario`; in it a `.choice` for each radio button, `.choice.right` and
//!   `.choice.wrong` where the answer is known; in that a `.say` to show when it is chosen.
//! - `button[data-run]`: runs the scenario of that name.
//! - `figure.diagram svg`: `.lane` with `.actor-client`, `.actor-wasm` …, `.message`, `.note`.
//! - `table.trace`: a row's class is the kind of event.
//! - `figure.code`: an included file under its name; `pre code` with spans of class `k` (key
//!   word), `s` (string), `n` (number), `c` (comment).

/// The language that is built, and the folder of `content` that has its lessons: `en`.
pub const LANGUAGE: &str = env!("TOUR_LANGUAGE");

#[cfg(feature = "host")]
mod ask;
#[cfg(feature = "host")]
mod book;
mod catalogue;
pub mod code;
#[cfg(feature = "host")]
mod diagram;
#[cfg(feature = "host")]
mod events;
#[cfg(feature = "host")]
mod form;
#[cfg(feature = "host")]
mod front_matter;
#[cfg(feature = "host")]
mod lesson;
#[cfg(feature = "host")]
mod manual;
mod markdown;
#[cfg(feature = "host")]
mod paper;
#[cfg(feature = "host")]
mod paths;
#[cfg(feature = "host")]
mod terms;

#[cfg(feature = "host")]
pub use ask::{Ask, Choice};
#[cfg(feature = "host")]
pub use book::{Book, Content, Lesson};
pub use catalogue::{Catalogue, LessonEntry, Part};
#[cfg(feature = "host")]
pub use events::sentence;
#[cfg(feature = "host")]
pub use form::form;
#[cfg(feature = "host")]
pub use front_matter::FrontMatter;
#[cfg(feature = "host")]
pub use lesson::Facts;
#[cfg(feature = "host")]
pub use manual::{Manual, ManualEntry, manuals};
pub use markdown::{
    Block, Fence, Heading, Rendered, World, escape, inline, render, render_note, slug,
};
#[cfg(feature = "host")]
pub use paper::paper;
#[cfg(feature = "host")]
pub use paths::{Pathway, pathways};
#[cfg(feature = "host")]
pub use terms::explain;
