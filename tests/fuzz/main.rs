//! The long run of the fuzz targets: `cargo xtask fuzz --minutes N [--seed S]`.
//!
//! Each target runs in a process of its own, so that a stack overflow, an abort or a run that never
//! ends is found as well. A child writes down which input it is at before it runs it.

// A tool that is run by hand: it speaks, and its clock decides nothing that is tested.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

#[path = "mod.rs"]
mod fuzz;

use fuzz::driver;
use fuzz::{TARGETS, Target};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// An input that runs for longer is a find.
const LONGEST: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let number = |name: &str, default: f64| {
        let at = args.iter().position(|arg| arg == name);
        at.map_or(default, |at| {
            let value = args.get(at + 1).and_then(|value| value.parse().ok());
            value.unwrap_or_else(|| panic!("{name} needs a number"))
        })
    };
    let text = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1).cloned()
    };
    let seed = number("--seed", 0.0) as u64;
    if let Some(file) = text("--input") {
        return one_input(
            &text("--target").expect("--input goes with --target NAME"),
            &file,
        );
    }
    if let Some(name) = text("--child") {
        let seconds = number("--seconds", 1.0);
        child(
            &fuzz::target(&name).unwrap(),
            seed,
            number("--from", 0.0) as u64,
            seconds,
        );
        return ExitCode::SUCCESS;
    }
    let seconds = number("--minutes", 1.0) * 60.0 / TARGETS.len() as f64;
    println!(
        "{:<16} {:>12} {:>12} {:>8}",
        "target", "seed", "executions", "crashes"
    );
    let mut crashes = 0;
    for target in TARGETS {
        let (executions, found) = watch(&target, seed, Duration::from_secs_f64(seconds));
        println!("{:<16} {seed:>12} {executions:>12} {found:>8}", target.name);
        crashes += found;
    }
    if crashes == 0 {
        return ExitCode::SUCCESS;
    }
    println!("inputs that crashed are in target/fuzz; keep them in tests/fuzz/inputs/TARGET/");
    ExitCode::FAILURE
}

/// Runs one input from a file, for a debugger.
fn one_input(target: &str, file: &str) -> ExitCode {
    let target = fuzz::target(target).unwrap_or_else(|| panic!("no target is called {target}"));
    (target.run)(&std::fs::read(file).unwrap());
    ExitCode::SUCCESS
}

/// Runs inputs until the time is over, from number `from` on.
fn child(target: &Target, seed: u64, from: u64, seconds: f64) {
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let (mut n, mut crashes) = (from, 0);
    // Written over in place: a file that is emptied each time costs a flush of the disk.
    let mut at = std::fs::File::create(progress(target)).unwrap();
    while Instant::now() < end {
        let input = driver::input(target, seed, n);
        at.rewind().unwrap();
        write!(at, "{n:020}").unwrap();
        if let Err(problem) = driver::run(target, &input) {
            crashes += 1;
            keep(target, seed, n, &problem);
        }
        n += 1;
    }
    println!("{n} {crashes}");
}

/// Runs children until the time is over; gives executions and crashes.
fn watch(target: &Target, seed: u64, time: Duration) -> (u64, u64) {
    let end = Instant::now() + time;
    let (mut next, mut crashes) = (0_u64, 0_u64);
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        let _ = std::fs::remove_file(progress(target));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--child", target.name])
            .args(["--seed", &seed.to_string(), "--from", &next.to_string()])
            .args(["--seconds", &left.as_secs_f64().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (mut at, mut since) = (None, Instant::now());
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.success();
            }
            let now = read_progress(target);
            if now != at {
                (at, since) = (now, Instant::now());
            } else if since.elapsed() > LONGEST {
                child.kill().unwrap();
                child.wait().unwrap();
                break false;
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        if ended {
            let out = child.wait_with_output().unwrap().stdout;
            let line = String::from_utf8_lossy(&out);
            let mut numbers = line.split_whitespace().map(|n| n.parse::<u64>().unwrap());
            let executions = numbers.next().unwrap();
            return (executions, crashes + numbers.next().unwrap());
        }
        // What it was at did not come back.
        let n = read_progress(target).unwrap_or(next);
        keep(
            target,
            seed,
            n,
            "the process died, or ran for longer than a minute",
        );
        crashes += 1;
        next = n + 1;
    }
    (next, crashes)
}

/// Writes an input that crashed where a person finds it.
fn keep(target: &Target, seed: u64, n: u64, problem: &str) {
    let stem = directory().join(format!("{}-{seed}-{n}", target.name));
    std::fs::write(stem.with_extension("input"), driver::input(target, seed, n)).unwrap();
    std::fs::write(stem.with_extension("txt"), problem).unwrap();
}

fn read_progress(target: &Target) -> Option<u64> {
    let text = std::fs::read_to_string(progress(target)).ok()?;
    text.parse().ok()
}

fn progress(target: &Target) -> PathBuf {
    directory().join(format!("{}.at", target.name))
}

fn directory() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
    std::fs::create_dir_all(&path).unwrap();
    path
}
