//! A request and an exercise: parts of the lab file that the page edits or shows.

use super::{Bytes, Headers};
use serde::{Deserialize, Serialize};

/// An HTTP request as the client sends it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// The method; `GET` when empty.
    pub method: String,
    /// Path and query; `/` when empty.
    pub path: String,
    /// Host; `example.com` when empty.
    pub authority: String,
    /// Headers, without pseudo-headers.
    pub headers: Headers,
    /// The whole body.
    pub body: Bytes,
    /// Sizes of its chunks; empty is one chunk. What is left over is a last chunk.
    pub chunks: Vec<usize>,
    /// Trailers.
    pub trailers: Headers,
}

/// An exercise of a lesson.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exercise {
    /// Unique in the lesson.
    pub id: String,
    /// What the learner does: `config`, `wat`, `request`, `predict` …
    pub kind: String,
    /// The task as Markdown.
    pub task: String,
    /// The scenarios that check it.
    pub scenarios: Vec<String>,
    /// Staged hints.
    pub hints: Vec<String>,
    /// Shown after it passes.
    pub why: String,
}
