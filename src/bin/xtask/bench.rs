//! `cargo xtask bench`: what the budgets limit, measured on this machine.
//!
//! It builds what is measured; `tests/bench/measure.js` measures, in the system's Chromium and with
//! the finished `tour`, and prints each number beside its limit.

use crate::sh::{self, Outcome};
use crate::{npm, site};

/// Measures; a number over its limit makes it fail.
pub(crate) fn bench(args: &[String]) -> Outcome<()> {
    npm::browser_tests()?;
    let chromium = npm::chromium()?;
    site::release(None)?;
    sh::step("building the command line for release", || {
        sh::run(sh::cargo().args(["build", "-q", "--release", "--bin", "tour"]))
    })?;
    let own = std::env::current_exe().map_err(|e| format!("cannot find this command: {e}"))?;
    let mut node = sh::command("node");
    node.arg("tests/bench/measure.js").args(args);
    node.env("CHROMIUM", chromium).env("XTASK", own);
    node.env("TOUR", sh::root().join("target/release/tour"));
    sh::run(&mut node)
}
