//! The host against guests written for it: each rule of Envoy's that it keeps is a test named for it.

mod answers;
mod callbacks;
mod crossing;
mod doctoring;
mod every_callback;
mod guest;
mod headers;
mod large;
mod limits;
mod loading;
mod long;
mod matrix;
mod plain;
mod profiles;
mod recorder;
mod restricted;
mod samples;
mod wasi;
