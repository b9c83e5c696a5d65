//! `cargo xtask bench`: what the budgets limit, measured on this machine.
//!
//! It builds what is measured; `tests/bench/measure.js` measures, in the system's Chromium and with
//! the finished `tour`, and prints each number beside its limit.

use crate::sh::{self, Outcome};
use crate::tools::{self, Tools};
use crate::{npm, site, test};

/// Where the measured site is served.
const SITE_PORT: &str = "8487";

/// Measures; a number over its limit makes it fail.
pub(crate) fn bench() -> Outcome<()> {
    let own = sh::keep_own_copy("target/bench-command")?;
    npm::browser_tests()?;
    let packages = npm::bench()?;
    let chromium = npm::chromium()?;
    // Pages name their own address to search engines: it is to be the one that they are read at.
    site::release(Some(&format!("http://127.0.0.1:{SITE_PORT}/")))?;
    sh::step("building the command line for release", || {
        sh::run(sh::cargo().args(["build", "-q", "--release", "--bin", "tour"]))
    })?;
    host(&tools::bring()?)?;
    let mut node = sh::command("node");
    node.arg("tests/bench/measure.js");
    node.env("CHROMIUM", chromium).env("XTASK", own);
    node.env("TOUR", sh::root().join("target/release/tour"));
    node.env("BENCH_PACKAGES", packages);
    node.env("SITE_PORT", SITE_PORT);
    node.env("TEST_DURATION", test::duration_file());
    sh::run(&mut node)
}

/// Compiles `tests/bench/host.rs` as the engine is compiled, into `target/bench/`.
fn host(tools: &Tools) -> Outcome<()> {
    let out = sh::root().join("target/bench");
    sh::step("building the bench's host", || {
        sh::empty_dir(&out)?;
        let mut cargo = sh::cargo();
        cargo.args([
            "build",
            "-q",
            "--profile",
            "engine",
            "--example",
            "bench-host",
        ]);
        cargo.args(["--no-default-features", "--features", "engine"]);
        sh::run(cargo.args(["--target", "wasm32-unknown-unknown"]))?;
        let built = "target/wasm32-unknown-unknown/engine/examples/bench-host.wasm";
        let mut bindgen = sh::command("wasm-bindgen");
        bindgen
            .env("PATH", &tools.path)
            .args(["--target", "web", "--no-typescript", built]);
        sh::run(bindgen.arg("--out-dir").arg(&out))?;
        let wasm = out.join("bench-host_bg.wasm");
        site::optimise(tools, &wasm, site::ENGINE_LEVEL)?;
        for name in ["host.js", "lab.yaml"] {
            sh::copy(&sh::root().join("tests/bench").join(name), &out.join(name))?;
        }
        Ok(())
    })
}
