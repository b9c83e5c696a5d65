//! The sample filters: built as an author would ship them, one `.wasm` per package.

use crate::sh::{self, Outcome};
use crate::tools;
use std::path::PathBuf;

/// Builds every package in `content/filters` and gives the directory with `NAME.wasm`.
pub(crate) fn build() -> Outcome<PathBuf> {
    tools::targets()?;
    let names = names()?;
    let out = sh::root().join("target/filters");
    sh::step(&format!("building {} sample filters", names.len()), || {
        let mut cargo = sh::cargo();
        cargo.args([
            "build",
            "-q",
            "--profile",
            "filter",
            "--target",
            "wasm32-unknown-unknown",
        ]);
        for name in &names {
            cargo.args(["-p", name]);
        }
        // A directory of its own, which the native tests share: neither waits for other builds.
        cargo
            .arg("--target-dir")
            .arg(sh::root().join("target/filter-build"));
        // Set but empty, it outranks flags of the user's own: samples are the same everywhere.
        cargo.env("CARGO_ENCODED_RUSTFLAGS", "");
        sh::run(&mut cargo)
    })?;
    sh::make_dir(&out)?;
    let built = sh::root().join("target/filter-build/wasm32-unknown-unknown/filter");
    for name in &names {
        let bytes = sh::read_bytes(&built.join(format!("{}.wasm", name.replace('-', "_"))))?;
        let target = out.join(format!("{name}.wasm"));
        // An unchanged file keeps its time, and so wakes nobody who watches it.
        if std::fs::read(&target).is_ok_and(|have| have == bytes) {
            continue;
        }
        sh::write(&target, bytes)?;
    }
    Ok(out)
}

/// The packages' names: their directories'.
pub(crate) fn names() -> Outcome<Vec<String>> {
    Ok(sh::list(&sh::root().join("content/filters"))?
        .into_iter()
        .filter(|path| path.join("Cargo.toml").is_file())
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect())
}
