//! Labs from text to report: real sample filters and small guests in WebAssembly text.

mod races;
mod samples;

use crate::support::sample;
use proxy_wasm_tour::lab::{Beside, RunOptions, Sample, parse, resolve, run};
use proxy_wasm_tour::model::Problem;
use proxy_wasm_tour::model::report::{Report, ScenarioReport};
use std::collections::BTreeMap;

/// Sample filters from the build, and editable parts by name.
struct Around(BTreeMap<String, String>);

impl Beside for Around {
    fn part(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn sample(&self, name: &str) -> Sample {
        Sample::Bytes(sample(name).into())
    }

    fn samples(&self) -> Vec<String> {
        Vec::new()
    }

    fn path(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("no such file".to_owned())
    }
}

/// Runs a lab's text with some options.
pub(crate) fn run_with(text: &str, options: &RunOptions) -> Result<Report, Problem> {
    let around = Around(BTreeMap::new());
    let lab = parse("lab.yaml", text, &around)?;
    let contents = resolve(&lab, &around).unwrap_or_else(|e| panic!("{e:?}"));
    run(&lab, &contents, options)
}

/// Runs a lab; the report of its first scenario.
pub(crate) fn run_one(text: &str) -> ScenarioReport {
    let mut report =
        run_with(text, &RunOptions::default()).unwrap_or_else(|p| panic!("{p}\n{text}"));
    report.scenarios.remove(0)
}

/// Runs a lab with parts; a problem in words.
pub(crate) fn run_text(text: &str, parts: &[(&str, &str)]) -> Result<Report, String> {
    let parts = parts
        .iter()
        .map(|(name, part)| (name.to_string(), part.to_string()));
    let around = Around(parts.collect());
    let lab = parse("lab.yaml", text, &around).map_err(|problem| problem.to_string())?;
    let contents = resolve(&lab, &around).unwrap_or_else(|e| panic!("{e:?}"));
    run(&lab, &contents, &RunOptions::default()).map_err(|problem| problem.to_string())
}

/// Runs a lab whose every check must hold.
pub(crate) fn run_ok(text: &str) -> Report {
    let report = run_with(text, &RunOptions::default()).unwrap_or_else(|p| panic!("{p}"));
    for scenario in &report.scenarios {
        let failed: Vec<_> = scenario.checks.iter().filter(|check| !check.ok).collect();
        assert!(
            scenario.ok,
            "{}: {failed:#?}\nrejected: {:?}\n{}",
            scenario.name,
            scenario.rejected,
            story(scenario)
        );
    }
    report
}

/// Runs a lab that is refused: the problem in words.
pub(crate) fn refused(text: &str) -> String {
    match run_with(text, &RunOptions::default()) {
        Ok(_) => panic!("accepted: {text}"),
        Err(problem) => problem.to_string(),
    }
}

/// The problem with a lab, one of whose parts has this text.
pub(crate) fn refused_with(text: &str, part: &str, source: &str) -> String {
    let around = Around(BTreeMap::from([(part.to_owned(), source.to_owned())]));
    let lab = parse("lab.yaml", text, &around).unwrap_or_else(|p| panic!("{p}"));
    let contents = resolve(&lab, &around).unwrap_or_else(|e| panic!("{e:?}"));
    match run(&lab, &contents, &RunOptions::default()) {
        Ok(_) => panic!("accepted: {text}"),
        Err(problem) => problem.to_string(),
    }
}

/// What happened, for a failing test: logs, exchanges, events.
pub(crate) fn story(scenario: &ScenarioReport) -> String {
    let mut out = String::new();
    for line in &scenario.logs {
        out += &format!("log [{}] {}: {}\n", line.level, line.plugin, line.message);
    }
    for exchange in &scenario.exchanges {
        out += &format!("{:?} {:?}\n", exchange.outcome, exchange.response);
    }
    for event in &scenario.events {
        let args: Vec<_> = event
            .args
            .iter()
            .map(|arg| format!("{}={:?}", arg.name, arg.value))
            .collect();
        let result = event
            .result
            .as_ref()
            .map(|r| format!("{} {}", r.status, r.reason));
        out += &format!(
            "{:>4} {:?} t{} {:?} {} {} => {}\n",
            event.n,
            event.parent,
            event.thread,
            event.kind,
            event.name,
            args.join(" "),
            result.unwrap_or_default()
        );
    }
    out
}
