//! it

mod markdown;
