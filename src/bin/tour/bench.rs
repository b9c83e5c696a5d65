//! `tour bench`: time for each request, with the trace on and off.
//!
//! The one place that looks at a real clock.

use super::options::{Options, Takes};
use super::{Done, Unusable, run};
use proxy_wasm_tour::lab::{self, Contents, RunOptions};
use proxy_wasm_tour::model::lab::{Lab, Traffic, TrafficAction};
use std::ffi::OsString;
use std::time::{Duration, Instant};

/// Requests in the long run; the short one has a single round. Their difference leaves out what a
/// run costs once: reading modules, starting VMs.
const ROUNDS: usize = 200;
/// Requests of the run that stands for load.
const THOUSAND: usize = 1000;
/// Pairs of runs for each number; the least is taken, since other programs can only add to it.
const PAIRS: usize = 5;

const KNOWN: &[(&str, Takes)] = &[
    ("samples", Takes::One),
    ("parts", Takes::One),
    ("scenario", Takes::One),
    ("json", Takes::Nothing),
];

pub(crate) fn command(args: impl Iterator<Item = OsString>) -> Result<Done, Unusable> {
    let options = Options::read(args, KNOWN)?;
    let (lab, contents) = run::from_file(&options)?;
    let at = match options.value("scenario") {
        Some(name) => lab::scenario_named(&lab, name)?,
        None => 0,
    };
    let traffic: Vec<Traffic> = lab.scenarios[at]
        .traffic
        .iter()
        .filter(|one| matches!(one.action, TrafficAction::Request(_)))
        .cloned()
        .collect();
    if traffic.is_empty() {
        return Err(Unusable(format!(
            "the scenario `{}` sends no request",
            lab.scenarios[at].name
        )));
    }
    let off = per_request(&lab, at, &traffic, &contents, false)?;
    let on = per_request(&lab, at, &traffic, &contents, true)?;
    let whole = whole_run(&lab, at, &contents)?;
    let (thousand, memory) = thousand(&lab, at, &traffic, &contents)?;
    let largest = memory.iter().max().copied().unwrap_or(0);
    if options.has("json") {
        let numbers = serde_json::json!({
            "request_ns_capture_off": off.as_nanos() as u64,
            "request_ns_capture_on": on.as_nanos() as u64,
            "first_run_ns": whole.as_nanos() as u64,
            "thousand_requests_ns": thousand.as_nanos() as u64,
            "vms": memory.len(),
            "largest_vm_bytes": largest,
        });
        return Ok(Done::text(format!("{numbers}\n")));
    }
    Ok(Done::text(format!(
        "scenario {}\n  a request, capture off  {:>10.1} µs\n  a request, capture on   {:>10.1} µs   {:.2} times\n  the scenario, from modules to report  {:.2} ms\n  1000 requests, capture off  {:.1} ms\n  memory of {} VMs, each at most  {:.2} MiB\n",
        lab.scenarios[at].name,
        micros(off),
        micros(on),
        micros(on) / micros(off).max(0.001),
        micros(whole) / 1000.0,
        micros(thousand) / 1000.0,
        memory.len(),
        largest as f64 / 1_048_576.0,
    )))
}

/// Time that one more request costs.
fn per_request(
    lab: &Lab,
    at: usize,
    traffic: &[Traffic],
    contents: &Contents,
    capture: bool,
) -> Result<Duration, Unusable> {
    let short = repeated(lab, at, traffic, 1);
    let long = repeated(lab, at, traffic, 1 + ROUNDS);
    let (mut least, mut most) = (Duration::MAX, Duration::MAX);
    for _ in 0..PAIRS {
        least = least.min(timed(&short, contents, capture)?);
        most = most.min(timed(&long, contents, capture)?);
    }
    Ok(most.saturating_sub(least) / (ROUNDS * traffic.len()) as u32)
}

/// A run of a thousand requests, capture off, from modules to report; and the memory of its VMs.
fn thousand(
    lab: &Lab,
    at: usize,
    traffic: &[Traffic],
    contents: &Contents,
) -> Result<(Duration, Vec<u64>), Unusable> {
    let mut many = repeated(lab, at, traffic, THOUSAND.div_ceil(traffic.len()));
    many.scenarios[0].traffic.truncate(THOUSAND);
    let mut best = Duration::MAX;
    for _ in 0..PAIRS {
        best = best.min(timed(&many, contents, false)?);
    }
    let options = RunOptions {
        capture: false,
        ..RunOptions::default()
    };
    let report = lab::run(&many, contents, &options)?;
    let vms = report.scenarios.iter().flat_map(|scenario| &scenario.vms);
    Ok((best, vms.map(|vm| vm.memory_bytes).collect()))
}

fn whole_run(lab: &Lab, at: usize, contents: &Contents) -> Result<Duration, Unusable> {
    let mut one = lab.clone();
    one.scenarios = vec![lab.scenarios[at].clone()];
    timed(&one, contents, true)
}

/// The lab with one scenario that does its requests so many times, one after another.
fn repeated(lab: &Lab, at: usize, traffic: &[Traffic], rounds: usize) -> Lab {
    let mut many = lab.clone();
    let mut scenario = lab.scenarios[at].clone();
    scenario.expect.clear();
    scenario.traffic = std::iter::repeat_n(traffic, rounds)
        .flatten()
        .cloned()
        .collect();
    for one in &mut scenario.traffic {
        one.at_ns = None;
        one.cancel_ns = None;
    }
    many.scenarios = vec![scenario];
    many
}

#[allow(clippy::disallowed_methods)]
fn timed(lab: &Lab, contents: &Contents, capture: bool) -> Result<Duration, Unusable> {
    let options = RunOptions {
        capture,
        ..RunOptions::default()
    };
    let began = Instant::now();
    lab::run(lab, contents, &options)?;
    Ok(began.elapsed())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
