//! `cargo xtask fuzz`: the long run of the fuzz targets in `tests/fuzz`.

use crate::sh::{self, Outcome};

/// Runs all targets for the given time together.
pub(crate) fn fuzz(args: &[String]) -> Outcome<()> {
    let minutes = sh::option(args, "--minutes")?.unwrap_or("1");
    let seed = sh::option(args, "--seed")?.unwrap_or("0");
    for (name, value) in [("--minutes", minutes), ("--seed", seed)] {
        if value.parse::<f64>().is_err() {
            return Err(format!("{name} needs a number, not {value}"));
        }
    }
    let mut cargo = sh::cargo();
    // With debug assertions and overflow checks: what they find counts.
    cargo.args(["test", "-q", "--test", "fuzz", "--"]);
    cargo.args(["--minutes", minutes, "--seed", seed]);
    sh::run(&mut cargo)
}
