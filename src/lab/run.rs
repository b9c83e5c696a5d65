//! Runs a lab: every scenario in a fresh world, then its assertions.

use super::{Contents, check, grade, recognise};
use crate::model::Problem;
use crate::model::lab::Lab;
use crate::model::report::Report;
use crate::proxy::Prepared;

/// How a lab is run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Whether events are recorded.
    pub capture: bool,
    /// The most events that are kept of a scenario.
    pub event_cap: u32,
    /// Only the scenario of this name; all when absent.
    pub scenario: Option<String>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            capture: true,
            event_cap: 100_000,
            scenario: None,
        }
    }
}

/// Runs a lab whose files have been resolved.
///
/// The report is a function of its arguments: the same lab gives the same report, byte for byte.
///
/// # Errors
/// What of the lab cannot be used: the configuration, a module, an item of traffic.
pub fn run(lab: &Lab, contents: &Contents, options: &RunOptions) -> Result<Report, Problem> {
    run_prepared(&Prepared::new(lab, contents)?, lab, options)
}

/// The same for a lab that has been prepared, and may be run or replayed again.
pub(super) fn run_prepared(
    prepared: &Prepared,
    lab: &Lab,
    options: &RunOptions,
) -> Result<Report, Problem> {
    let mut report = Report {
        ok: true,
        ..Report::default()
    };
    let only = match &options.scenario {
        Some(name) => Some(super::scenario_named(lab, name)?),
        None => None,
    };
    for (index, scenario) in lab.scenarios.iter().enumerate() {
        if only.is_some_and(|only| only != index) {
            continue;
        }
        let mut result = prepared.run(scenario, options.capture, options.event_cap);
        result.checks = check(&scenario.expect, &result);
        result.ok &= result.checks.iter().all(|check| check.ok);
        report.ok &= result.ok;
        report.scenarios.push(result);
    }
    if !report.ok {
        report.mistake = recognise(&lab.mistakes, &report);
    }
    report.exercises = grade(lab, &report);
    Ok(report)
}
