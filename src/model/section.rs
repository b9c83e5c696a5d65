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
