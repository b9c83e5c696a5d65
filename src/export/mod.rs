//! From labs and lessons to things that leave the tool: pages, bundles, packages.

mod admin;
mod assemblyscript;
mod bootstrap;
mod bundle;
#[cfg(feature = "pages")]
pub mod card;
mod compose;
pub mod content;
mod disk;
mod exporter;
#[cfg(feature = "assembler")]
pub mod gate;
mod histogram;
mod import;
mod istio;
pub mod licences;
mod project;
pub mod reference;
pub mod search;
pub mod site;
mod stats;
mod surroundings;
mod tree;
mod yaml_text;

pub use admin::{View, admin, envoy_log};
pub use bundle::{Bundle, BundleFile, Sources, Target, bundle};
pub use disk::{Disk, in_words, read_text, text_of};
pub use exporter::{Answer, Exporter, FromExporter, Text, ToExporter};
pub use import::{Named, import, is_bootstrap};
pub use stats::{stats_prometheus, stats_text};
pub use yaml_text::yaml_text;
pub mod twin;
