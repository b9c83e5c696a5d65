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
    if options.has("json") {
        let numbers = serde_json::json!({
            "request_ns_capture_off": off.as_nanos() as u64,
            "request_ns_capture_on": on.as_nanos() as u64,
            "first_run_ns": whole.as_nanos() as u64,
        });
        return Ok(Done::text(format!("{numbers}\n")));
    }
    Ok(Done::text(format!(
        "scenario {}\n  a request, capture off  {:>10.1} µs\n  a request, capture on   {:>10.1} µs   {:.2} times\n  the scenario, from modules to report  {:.2} ms\n",
        lab.scenarios[at].name,
        micros(off),
        micros(on),
        micros(on) / micros(off).max(0.001),
        micros(whole) / 1000.0,
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
    let mut best = Duration::MAX;
    for _ in 0..PAIRS {
        let short = timed(&short, contents, capture)?;
        let long = timed(&long, contents, capture)?;
        best = best.min(long.saturating_sub(short));
    }
    Ok(best / (ROUNDS * traffic.len()) as u32)
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
