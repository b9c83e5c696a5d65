//! tour

fn main() {}
