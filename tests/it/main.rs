//! Everything that is tested natively, in one binary.

mod book;
mod markdown;
mod yaml;
