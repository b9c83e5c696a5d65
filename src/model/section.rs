//! Facts in words under a title: what the page shows as a table and the command line as lines.

use serde::{Deserialize, Serialize};

/// Names and values under a title.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// What they are about: `stream 0: request headers`, `shared data` …
    pub title: String,
    /// Names and values; a value may have several lines.
    pub rows: Vec<(String, String)>,
}

impl Section {
    /// A section.
    pub fn new(title: impl Into<String>, rows: Vec<(String, String)>) -> Self {
        Self {
            title: title.into(),
            rows,
        }
    }
}

/// Several sections about one thing: a moment of a run, a module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Which moment, which module; or what is to be known at once.
    pub title: String,
    /// Where a module stands in the lab; absent when it cannot be run.
    pub path: Option<String>,
    /// The facts; what is empty is left out.
    pub sections: Vec<Section>,
    /// A window of memory: addresses in hexadecimal, then sixteen bytes each, as hexadecimal and as
    /// ASCII. Bytes that an argument points to stand between two [`MARK`]s.
    pub dump: Option<Section>,
}

/// Begins and ends what is marked in a dump.
pub const MARK: char = '\u{1}';
