//! YAML as a tree in which every node knows its place.
//!
//! One reader for the lab file, the Envoy configuration and front matter, so that every message
//! names file, line and column, also in an editor that holds only a part.

mod fields;
mod nearest;
mod parse;
mod read;

use super::Place;

pub use fields::{Fields, is_field, unknown_key};
pub use nearest::nearest;
pub use parse::parse;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// The file, line and column of its first character; of a quoted or block scalar, of its text.
    pub place: Place,
    /// The value.
    pub value: Value,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// A scalar, as written (quotes resolved). `quoted` tells `"1"` from `1`.
    Scalar {
        /// The text.
        text: String,
        /// Whether it was quoted or a block scalar, and so always a string.
        quoted: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in order of writing; keys are scalars and unique.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}
