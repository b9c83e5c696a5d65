//! `cargo xtask check`: formatting, lints, and proofs that the walls stand.

use crate::sh::{self, Outcome};
use crate::{filters, tools};

/// The builds that are linted: what cargo is told beyond `clippy`.
const BUILDS: [&[&str]; 5] = [
    &["--all-targets"],
    // With its tests: those of the interface's logic are among them.
    &[
        "--no-default-features",
        "--features",
        "pages",
        "--bin",
        "pages",
        "--lib",
        "--tests",
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
        "--bin",
        "exporter",
        "--lib",
        "--target",
        "wasm32-unknown-unknown",
    ],
    &[
        "--no-default-features",
        "--features",
        "assemble",
        "--bin",
        "assembler",
        "--target",
        "wasm32-unknown-unknown",
    ],
];

/// What is built, its features, and the crates that must not be in its dependency tree; a name
/// that ends in `*` stands for all that begin so.
const WALLS: [(&str, &[&str], &[&str]); 3] = [
    (
        "the page",
        &["--no-default-features", "--features", "page"],
        &["wasmi*"],
    ),
    (
        "the native build",
        &[],
        &["wasm-bindgen*", "js-sys", "web-sys", "gloo*", "leptos*"],
    ),
    (
        "the engine",
        &["--no-default-features", "--features", "engine"],
        &["leptos*", "gloo*", "wat"],
    ),
];

/// Runs every check; the first that fails ends it.
pub(crate) fn check() -> Outcome<()> {
    tools::targets()?;
    sh::step("formatting", || {
        sh::run(sh::cargo().args(["fmt", "--all", "--check"]))
    })?;
    for build in BUILDS {
        lint(build)?;
    }
    let filters = filters::names()?;
    let packages = filters.iter().flat_map(|name| ["-p", name.as_str()]);
    let target = ["--target", "wasm32-unknown-unknown"];
    lint(&packages.chain(target).collect::<Vec<_>>())?;
    for (what, features, absent) in WALLS {
        sh::step(
            &format!("{what} does not contain {}", absent.join(", ")),
            || wall(what, features, absent),
        )?;
    }
    println!("everything holds");
    Ok(())
}

fn lint(build: &[&str]) -> Outcome<()> {
    sh::step(&format!("lints: {}", build.join(" ")), || {
        let mut cargo = sh::cargo();
        cargo.args(["clippy", "-q"]).args(build);
        sh::run(cargo.args(["--", "-D", "warnings"]))
    })
}

/// Asks cargo for the whole tree, so that a tree it cannot make is no proof.
fn wall(what: &str, features: &[&str], absent: &[&str]) -> Outcome<()> {
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
    match crossing(&tree, absent) {
        None => Ok(()),
        Some(found) => Err(format!(
            "{what} depends on {found}; `cargo tree {} -i {found}` shows the way it came",
            features.join(" ")
        )),
    }
}

/// The first package of the tree that must not be there.
fn crossing<'a>(tree: &'a str, absent: &[&str]) -> Option<&'a str> {
    tree.lines()
        .filter_map(|line| line.split(' ').next())
        .find(|package| {
            absent.iter().any(|name| match name.strip_suffix('*') {
                Some(start) => package.starts_with(start),
                None => package == name,
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_must_not_be_there_is_found_by_its_name_or_its_beginning() {
        let tree = "proxy-wasm-tour v0.1.0 (/here)\nserde v1.0.0\ngloo-timers v0.3.0 (*)\n";
        assert_eq!(crossing(tree, &["leptos*", "gloo*"]), Some("gloo-timers"));
        assert_eq!(crossing(tree, &["gloo", "ser", "wasm*"]), None);
        assert_eq!(crossing(tree, &["serde"]), Some("serde"));
    }

    #[test]
    fn the_native_build_stays_free_of_every_crate_of_the_browser() {
        let native = WALLS.iter().find(|(_, features, _)| features.is_empty());
        let (_, _, absent) = native.expect("there is one");
        for name in [
            "wasm-bindgen",
            "js-sys",
            "web-sys",
            "gloo",
            "gloo-net",
            "leptos",
        ] {
            assert_eq!(crossing(&format!("{name} v1"), absent), Some(name));
        }
    }
}
