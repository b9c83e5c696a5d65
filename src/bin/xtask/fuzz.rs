//! `cargo xtask fuzz`: the long run of the fuzz targets in `tests/fuzz`.

use crate::options::Given;
use crate::sh::{self, Outcome};

/// Runs all targets for the given time together.
pub(crate) fn fuzz(args: &[String]) -> Outcome<()> {
    let given = Given::read(args, &["--minutes", "--seed"], 0)?;
    let minutes = given.option("--minutes").unwrap_or("1");
    let seed = given.option("--seed").unwrap_or("0");
    for (name, value) in [("--minutes", minutes), ("--seed", seed)] {
        if value.parse::<f64>().is_err() {
            return Err(format!("{name} needs a number, not {value}"));
        }
    }
    let mut cargo = sh::cargo();
    // With debug assertions and overflow checks: what they find counts.
    cargo.args(["test", "-q", "--test", "fuzz", "--"]);
    cargo.args(["--minutes", minutes, "--seed", seed]);
    // The targets end by themselves; the limit is for the build before them.
    let limit = minutes
        .parse::<f64>()
        .map_or(0, |minutes| minutes.ceil() as u64);
    sh::run_within(sh::BUILD_MINUTES.saturating_add(limit), &mut cargo)
}
