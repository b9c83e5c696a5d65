//! A problem with what a person gave us: the place, what was expected, what to do.

use serde::{Deserialize, Serialize};

/// Where something stands. Lines and columns count from 1; 0 means the file as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file's name as the person knows it: `lab.yaml`, `envoy.yaml`, `/etc/envoy/f.wasm`.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Why a lab, a module or a lesson cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong, and what was expected: one lower-case phrase.
    pub message: String,
    /// What to do about it: a sentence, may be empty.
    pub help: String,
}

impl Problem {
    /// A problem at a place.
    pub fn at(place: &Place, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            place: place.clone(),
            message: message.into(),
            help: help.into(),
        }
    }

    /// A problem with a whole file.
    pub fn in_file(
        file: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::at(
            &Place {
                file: file.into(),
                line: 0,
                column: 0,
            },
            message,
            help,
        )
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.file),
            line => write!(f, "{}:{line}:{}", self.file, self.column),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        if !self.help.is_empty() {
            write!(f, "\n  {}", self.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
