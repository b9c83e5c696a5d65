//! pages

fn main() {}
