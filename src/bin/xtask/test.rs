//! `cargo xtask test`: every test there is, and one line with their number at the end.

use crate::sh::{self, Outcome};
use crate::{filters, guests, npm, site};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count {
    passed: u64,
    failed: u64,
}

/// A group of tests.
type Group = fn() -> Outcome<Count>;

/// Runs all groups, even after one failed, so that one run tells everything.
pub(crate) fn test(args: &[String]) -> Outcome<()> {
    let groups: [(&str, Group); 3] = [("native", native), ("course", course), ("browser", browser)];
    let chosen = args.first().map(String::as_str);
    if let Some(name) = chosen
        && !groups.iter().any(|(group, _)| *group == name)
    {
        return Err(format!("no group of tests is called {name}"));
    }
    keep_own_copy()?;
    let mut total = Count::default();
    let mut summary = Vec::new();
    for (name, run) in groups {
        if chosen.is_some_and(|only| only != name) {
            continue;
        }
        let count = run().unwrap_or_else(|problem| {
            eprintln!("error: {name}: {problem}");
            // What did not run did not pass.
            Count {
                passed: 0,
                failed: 1,
            }
        });
        summary.push(format!(
            "{name}: {} passed, {} failed",
            count.passed, count.failed
        ));
        total.passed += count.passed;
        total.failed += count.failed;
    }
    println!();
    for line in summary {
        println!("{line}");
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed > 0 {
        Err("some tests failed".to_string())
    } else {
        Ok(())
    }
}

/// Copies this command to where the browser tests start it from: building the native tests
/// replaces the one that runs.
fn keep_own_copy() -> Outcome<()> {
    let own = std::env::current_exe().map_err(|e| format!("cannot find this command: {e}"))?;
    let copy = own_copy();
    sh::make_dir(&sh::root().join("target/browser-tests"))?;
    // Not over a file that may be running.
    if copy.exists() {
        std::fs::remove_file(&copy)
            .map_err(|e| format!("cannot replace {}: {e}", copy.display()))?;
    }
    sh::copy(&own, &copy)
}

fn own_copy() -> PathBuf {
    sh::root().join("target/browser-tests/xtask")
}

/// The library's and the commands' tests, the interface's logic among them.
fn native() -> Outcome<Count> {
    filters::build()?;
    guests::build()?;
    sh::step("native tests", || {
        let mut cargo = sh::cargo();
        cargo.args(["test", "--no-fail-fast", "--features", "pages"]);
        count(&mut cargo, |line| {
            let rest = line.strip_prefix("test result: ")?;
            let (_, numbers) = rest.split_once(". ")?;
            let mut parts = numbers.split("; ");
            Some(Count {
                passed: parts.next()?.strip_suffix(" passed")?.parse().ok()?,
                failed: parts.next()?.strip_suffix(" failed")?.parse().ok()?,
            })
        })
    })
}

/// The course gate: everything that a lesson states is tried.
fn course() -> Outcome<Count> {
    filters::build()?;
    sh::step("course gate", || {
        let mut cargo = sh::cargo();
        cargo.args(["run", "-q", "--bin", "tour", "--", "check", "content/"]);
        count(&mut cargo, |line| {
            let (passed, failed) = line.strip_suffix(" failed")?.split_once(" passed, ")?;
            Some(Count {
                passed: passed.parse().ok()?,
                failed: failed.parse().ok()?,
            })
        })
    })
}

/// The finished site in the system's Chromium.
fn browser() -> Outcome<Count> {
    npm::browser_tests()?;
    let chromium = npm::chromium()?;
    site::release(None)?;
    sh::run(sh::cargo().args(["build", "-q", "--bin", "tour"]))?;
    sh::step("browser tests", || {
        let dir = sh::root().join("tests/browser");
        let mut playwright = sh::command(dir.join("node_modules/.bin/playwright"));
        playwright.current_dir(&dir).arg("test");
        playwright
            .env("CHROMIUM", chromium)
            .env("XTASK", own_copy());
        count(&mut playwright, |line| {
            let (passed, failed) = line.strip_prefix("counted: ")?.split_once(", ")?;
            Some(Count {
                passed: passed.parse().ok()?,
                failed: failed.parse().ok()?,
            })
        })
    })
}

/// Runs a command, shows its output, and adds up the lines that `read` takes for counts.
///
/// A command that failed without a failed test (it did not compile, say) counts as one failure.
fn count(command: &mut Command, read: impl Fn(&str) -> Option<Count>) -> Outcome<Count> {
    let shown = sh::show(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot run `{shown}`: {e}"))?;
    let mut total = Count::default();
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if let Some(count) = read(&line) {
                total.passed += count.passed;
                total.failed += count.failed;
            }
            println!("{line}");
        }
    }
    let status = child
        .wait()
        .map_err(|e| format!("cannot wait for `{shown}`: {e}"))?;
    if !status.success() && total.failed == 0 {
        eprintln!("error: `{shown}` ended with {status}");
        total.failed = 1;
    }
    if total == Count::default() {
        return Err(format!("`{shown}` ran no test"));
    }
    Ok(total)
}
