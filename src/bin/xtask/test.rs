//! `cargo xtask test`: every test there is, and one line with their number at the end.
//!
//! That line is the last one whatever happens, and the exit code is 0 when nothing failed: a part
//! that could not run counts as one failure, a wrong name and a panic of ours as well. What the
//! tests started has ended by then.

use crate::options::Given;
use crate::sh::{self, Outcome};
use crate::{envoy, filters, guests, leftovers, npm, site, tools, vendor};
use std::fmt;
use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

/// The groups, in the order they run.
const GROUPS: [&str; 4] = ["native", "course", "envoy", "browser"];

/// How many minutes a group's tests may take: far more than they need, so that one that hangs is
/// a failure and not an endless wait.
const PATIENCE: u64 = 45;

/// With the same features everywhere nothing is compiled twice.
const FEATURES: [&str; 2] = ["--features", "pages"];

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count {
    passed: u64,
    failed: u64,
}

impl Count {
    /// What did not run did not pass.
    const BROKEN: Self = Self {
        passed: 0,
        failed: 1,
    };
}

impl std::ops::AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Runs all groups, even after one failed, so that one run tells everything.
pub(crate) fn test(args: &[String]) -> ExitCode {
    // For the budget of the whole; nothing else is computed from it.
    #[allow(clippy::disallowed_methods)]
    let start = Instant::now();
    let counts = guarded(|| groups(args)).unwrap_or_else(|problem| {
        eprintln!("error: {problem}");
        vec![("tests", Count::BROKEN)]
    });
    leftovers::end();
    let total = sum(&counts);
    if counts.len() == GROUPS.len() {
        note_duration(start.elapsed().as_secs(), total);
    }
    println!();
    for (name, count) in &counts {
        println!("{name}: {count}");
    }
    println!("{total}");
    match total.failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// All counts together; no count at all is a failure, since nothing ran.
fn sum(counts: &[(&str, Count)]) -> Count {
    let mut total = Count::default();
    for (_, count) in counts {
        total += *count;
    }
    match total == Count::default() {
        true => Count::BROKEN,
        false => total,
    }
}

/// What the work gives; a panic in it is an error like any other.
fn guarded<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    // After a panic nothing of what the work touched is looked at again.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let words = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("panic: {}", words.unwrap_or("without a word")))
    })
}

/// Runs the chosen groups, each to its end.
fn groups(args: &[String]) -> Outcome<Vec<(&'static str, Count)>> {
    let chosen = chosen(args)?;
    tools::fetch_crates();
    let own = guarded(|| sh::keep_own_copy("target/browser-tests"));
    let run = |name: &str| match name {
        "native" => native(),
        "course" => course(),
        "envoy" => exports(),
        _ => browser(&own),
    };
    let counts = chosen.into_iter().map(|name| {
        let count = guarded(|| run(name)).unwrap_or_else(|problem| {
            eprintln!("error: {name}: {problem}");
            Count::BROKEN
        });
        leftovers::end();
        (name, count)
    });
    Ok(counts.collect())
}

/// All groups, or the one that is named.
fn chosen(args: &[String]) -> Outcome<Vec<&'static str>> {
    let given = Given::read(args, &[], 1)?;
    let Some(name) = given.words.first() else {
        return Ok(GROUPS.to_vec());
    };
    match GROUPS.into_iter().find(|group| group == name) {
        Some(group) => Ok(vec![group]),
        None => Err(format!(
            "no group of tests is called {name}: there are {}",
            GROUPS.join(", ")
        )),
    }
}

/// Where `cargo xtask bench` finds how long a whole run took.
pub(crate) fn duration_file() -> PathBuf {
    sh::root().join("target/test-duration")
}

fn note_duration(seconds: u64, total: Count) {
    // For the bench alone: a directory that cannot be written makes no test fail.
    if let Err(problem) = sh::write(&duration_file(), format!("{seconds} s: {total}\n")) {
        eprintln!("{problem}");
    }
}

/// The library's and the commands' tests, the interface's logic among them.
fn native() -> Outcome<Count> {
    filters::build()?;
    guests::build()?;
    // They check the course as well, and its lessons in AssemblyScript need the compiler.
    vendor::bundle()?;
    sh::step("native tests", || {
        let mut cargo = sh::cargo();
        cargo.args(["test", "--no-fail-fast"]).args(FEATURES);
        count(&mut cargo, cargo_count)
    })
}

/// The numbers in `test result: ok. 3 passed; 0 failed; …`.
fn cargo_count(line: &str) -> Option<Count> {
    let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut parts = numbers.split("; ");
    Some(Count {
        passed: parts.next()?.strip_suffix(" passed")?.parse().ok()?,
        failed: parts.next()?.strip_suffix(" failed")?.parse().ok()?,
    })
}

/// The course gate: everything that a lesson states is tried.
fn course() -> Outcome<Count> {
    filters::build()?;
    // Lessons in AssemblyScript are compiled as in the page.
    vendor::bundle()?;
    sh::step("course gate", || {
        let mut cargo = sh::cargo();
        cargo.args(["run", "-q", "--bin", "tour"]);
        cargo.args(FEATURES).args(["--", "check", "content/"]);
        count(&mut cargo, gate_count)
    })
}

/// What is exported for Envoy: it fits Envoy's messages, and Envoy takes it.
fn exports() -> Outcome<Count> {
    let mut check = envoy::prepared()?;
    sh::step("exported bootstraps", || count(&mut check, gate_count))
}

/// The numbers in `3 passed, 0 failed`.
fn gate_count(line: &str) -> Option<Count> {
    let (passed, failed) = line.strip_suffix(" failed")?.split_once(" passed, ")?;
    Some(Count {
        passed: passed.parse().ok()?,
        failed: failed.parse().ok()?,
    })
}

/// The finished site in the system's Chromium; `own` is the command that serves it.
fn browser(own: &Outcome<PathBuf>) -> Outcome<Count> {
    let own = own.as_ref().map_err(Clone::clone)?;
    npm::browser_tests()?;
    let chromium = npm::chromium()?;
    site::release(None)?;
    let mut tour = sh::cargo();
    sh::run(tour.args(["build", "-q", "--bin", "tour"]).args(FEATURES))?;
    sh::step("browser tests", || {
        let dir = sh::root().join("tests/browser");
        let mut playwright = sh::command(dir.join("node_modules/.bin/playwright"));
        playwright.current_dir(&dir).arg("test");
        playwright.env("CHROMIUM", chromium).env("XTASK", own);
        count(&mut playwright, browser_count)
    })
}

/// The numbers in `counted: 3, 0`, which `tests/browser/count.js` prints.
fn browser_count(line: &str) -> Option<Count> {
    let (passed, failed) = line.strip_prefix("counted: ")?.split_once(", ")?;
    Some(Count {
        passed: passed.parse().ok()?,
        failed: failed.parse().ok()?,
    })
}

/// Runs a command, shows its output, and adds up the lines that `read` takes for counts.
fn count(command: &mut Command, read: fn(&str) -> Option<Count>) -> Outcome<Count> {
    let shown = sh::show(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot run `{shown}`: {e}"))?;
    let out = child.stdout.take();
    // Beside us, so that a silent command is not waited for without end.
    let reader = std::thread::spawn(move || {
        let mut total = Count::default();
        for line in out
            .into_iter()
            .flat_map(|out| BufReader::new(out).split(b'\n'))
        {
            let Ok(line) = line else { break };
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches('\r');
            if let Some(count) = read(line) {
                total += count;
            }
            println!("{line}");
        }
        total
    });
    let status = sh::wait_within(PATIENCE, &mut child);
    // Whoever is left holds the pipe open, and the reader would wait for its end.
    leftovers::end();
    let counted = reader
        .join()
        .map_err(|_| format!("the output of `{shown}` cannot be read"))?;
    let problem = match status? {
        Some(status) if status.success() => None,
        Some(status) => Some(format!("`{shown}` ended with {status}")),
        None => Some(format!("`{shown}` was ended after {PATIENCE} minutes")),
    };
    judged(counted, problem, &shown)
}

/// What a command's tests count: one that failed without a failed test (it did not compile, say)
/// has failed once, and one without any test has shown nothing.
fn judged(counted: Count, problem: Option<String>, shown: &str) -> Outcome<Count> {
    match problem {
        Some(problem) => {
            eprintln!("error: {problem}");
            Ok(Count {
                failed: counted.failed.max(1),
                ..counted
            })
        }
        None if counted == Count::default() => Err(format!("`{shown}` ran no test")),
        None => Ok(counted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(passed: u64, failed: u64) -> Count {
        Count { passed, failed }
    }

    #[test]
    fn the_numbers_of_each_runner_are_read() {
        let line =
            "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out";
        assert_eq!(cargo_count(line), Some(count(12, 3)));
        assert_eq!(cargo_count("test result: nothing"), None);
        assert_eq!(gate_count("7 passed, 1 failed"), Some(count(7, 1)));
        assert_eq!(gate_count("lesson passed, 1 failed"), None);
        assert_eq!(browser_count("counted: 4, 0"), Some(count(4, 0)));
        assert_eq!(browser_count("counted: 4"), None);
    }

    #[test]
    fn the_total_counts_every_group_and_nothing_at_all_is_a_failure() {
        let groups = [("native", count(2, 0)), ("course", Count::BROKEN)];
        assert_eq!(sum(&groups).to_string(), "2 passed, 1 failed");
        assert_eq!(sum(&[]), count(0, 1));
        assert_eq!(sum(&[("native", count(0, 0))]), count(0, 1));
    }

    #[test]
    fn a_command_that_fails_without_a_failed_test_counts_as_one() {
        let failed = |counted| judged(counted, Some("it ended badly".to_string()), "run");
        assert_eq!(failed(count(5, 0)), Ok(count(5, 1)));
        assert_eq!(failed(count(5, 2)), Ok(count(5, 2)));
        assert_eq!(failed(count(0, 0)), Ok(count(0, 1)));
        assert_eq!(judged(count(5, 0), None, "run"), Ok(count(5, 0)));
        assert_eq!(
            judged(count(0, 0), None, "run"),
            Err("`run` ran no test".to_string())
        );
    }

    #[test]
    fn a_panic_is_an_error_with_its_words() {
        let broken: Outcome<()> = guarded(|| panic!("no {}", "luck"));
        assert_eq!(broken, Err("panic: no luck".to_string()));
        assert_eq!(guarded(|| Ok(1)), Ok(1));
    }

    #[test]
    fn one_group_can_be_chosen_and_a_wrong_name_is_refused() {
        let chosen = |words: &[&str]| {
            let args: Vec<String> = words.iter().map(|word| (*word).to_string()).collect();
            chosen(&args)
        };
        assert_eq!(chosen(&[]), Ok(GROUPS.to_vec()));
        assert_eq!(chosen(&["course"]), Ok(vec!["course"]));
        let refused = chosen(&["nativ"]).expect_err("it is refused");
        assert!(
            refused.contains("native, course, envoy, browser"),
            "{refused}"
        );
        assert!(chosen(&["--fast"]).is_err());
        assert!(chosen(&["native", "course"]).is_err());
    }
}
