//! Everything that is tested natively, in one binary.

// A test that panics has failed: that is what unwrap is for here.
#![allow(clippy::unwrap_used)]

mod assertions;
mod book;
mod cli;
mod conformance;
mod disk;
mod exercises;
mod export;
mod export_compose;
mod export_istio;
mod exporter;
mod filters;
#[path = "../fuzz/mod.rs"]
mod fuzz;
mod fuzzing;
mod gate;
mod guests;
mod host;
mod lab_file;
mod lab_run;
mod labs;
mod languages;
mod load_matrix;
mod lua;
mod markdown;
mod mutated;
mod observe;
mod own_chain;
mod proxy;
mod reference;
mod samples;
mod search;
mod session;
mod session_log;
mod session_own;
mod session_race;
mod support;
mod tidy;
mod wasm_log;
mod words;
mod yaml;
