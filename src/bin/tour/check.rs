//! `tour check`: the course gate over a content folder.

use super::options::{Options, Takes};
use super::{Done, Unusable};
use proxy_wasm_tour::export::{content, gate, in_words};
use std::ffi::OsString;
use std::path::Path;

const KNOWN: &[(&str, Takes)] = &[("samples", Takes::One)];

pub(crate) fn command(args: impl Iterator<Item = OsString>) -> Result<Done, Unusable> {
    let options = Options::read(args, KNOWN)?;
    let folder = options.one_word("the content folder")?;
    let content = content::read(Path::new(folder))?;
    let samples = Path::new(options.value("samples").unwrap_or("target/filters"));
    let verdict = gate::check(&content, &|name| {
        let path = samples.join(format!("{name}.wasm"));
        std::fs::read(&path)
            .map_err(|e| format!("cannot be read: {}: {}", path.display(), in_words(&e)))
    });
    Ok(Done {
        out: format!("{verdict}\n"),
        err: String::new(),
        ok: verdict.failed == 0,
    })
}
