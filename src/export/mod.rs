//! From labs and lessons to things that leave the tool: pages, bundles, packages.

mod assemblyscript;
#[cfg(feature = "pages")]
pub mod card;
pub mod content;
mod disk;
pub mod gate;
pub mod reference;
pub mod site;

pub use disk::{Disk, in_words};
