//! `cargo xtask check`: formatting, lints, and proofs that the walls stand.

use crate::sh::{self, Outcome};
use crate::tools;

/// The builds that are linted: what cargo is told beyond `clippy`.
const BUILDS: [&[&str]; 4] = [
    &["--all-targets"],
    &[
        "--no-default-features",
        "--features",
        "pages",
        "--bin",
        "pages",
        "--lib",
    ],
    &[
        "--no-default-features",
        "--features",
        "page",
        "--bin",
        "app",
        "--lib",
        "--target",
        "wasm32-unknown-unknown",
    ],
    &[
        "--no-default-features",
        "--features",
        "engine",
        "--bin",
        "engine",
        "--lib",
        "--target",
        "wasm32-unknown-unknown",
    ],
];

/// Features, and a crate that must not be in their dependency tree.
const WALLS: [(&str, &[&str], &str); 4] = [
    (
        "the page",
        &["--no-default-features", "--features", "page"],
        "wasmi",
    ),
    ("the native build", &[], "web-sys"),
    ("the native build", &[], "leptos"),
    (
        "the engine",
        &["--no-default-features", "--features", "engine"],
        "leptos",
    ),
];

/// Runs every check; the first that fails ends it.
pub(crate) fn check() -> Outcome<()> {
    tools::targets()?;
    sh::step("formatting", || {
        sh::run(sh::cargo().args(["fmt", "--all", "--check"]))
    })?;
    for build in BUILDS {
        sh::step(&format!("lints: {}", build.join(" ")), || {
            sh::run(
                sh::cargo()
                    .args(["clippy", "-q"])
                    .args(build)
                    .args(["--", "-D", "warnings"]),
            )
        })?;
    }
    for (what, features, absent) in WALLS {
        sh::step(&format!("{what} does not contain {absent}"), || {
            wall(what, features, absent)
        })?;
    }
    println!("everything holds");
    Ok(())
}

/// Asks cargo for the whole tree, so that a tree it cannot make is no proof.
fn wall(what: &str, features: &[&str], absent: &str) -> Outcome<()> {
    let mut tree = sh::cargo();
    tree.args([
        "tree", "--edges", "normal", "--prefix", "none", "--format", "{p}",
    ]);
    // Every platform's dependencies, the browser's among them.
    tree.args(["--target", "all"]).args(features);
    let tree = sh::output(&mut tree)?;
    if !tree.starts_with("proxy-wasm-tour ") {
        return Err("cargo tree did not begin with our package".to_string());
    }
    match tree
        .lines()
        .find(|line| line.split(' ').next() == Some(absent))
    {
        None => Ok(()),
        Some(found) => Err(format!(
            "{what} depends on {found}; `cargo tree {} -i {absent}` shows the way it came",
            features.join(" ")
        )),
    }
}
