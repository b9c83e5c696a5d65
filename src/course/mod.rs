//! The course as text: Markdown, front matter, the catalogue, the blocks that come alive.
//!
//! Must not know: how a lab runs, the file system, the screen. What a text needs from outside
//! (an included file, a link's address, the events of a run) it asks of a [`World`].

mod catalogue;
pub mod code;
mod markdown;

pub use catalogue::{Catalogue, LessonEntry, Part};
pub use markdown::{Block, Fence, Heading, Rendered, World, escape, render, render_note, slug};
