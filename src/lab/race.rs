//! The race explorer: a scenario in every order of its threads.
//!
//! Threads can be swapped where events begin and at host calls on what they share. Random ids are
//! drawn in the order of the run, so a check on them may differ for that reason alone. Must not
//! know: how orders are walked through (that is [`Search`]'s).

use super::{Contents, check, scenario_named};
use crate::model::Problem;
use crate::model::lab::{Lab, Scenario};
use crate::model::race::{Breaking, Race};
use crate::model::report::Check;
use crate::proxy::{Prepared, Search};

/// How far the race explorer goes.
#[derive(Clone, Debug)]
pub struct RaceOptions {
    /// Only the scenario of this name; all when absent.
    pub scenario: Option<String>,
    /// The most orders that are run of a scenario.
    pub orders: u32,
    /// The most events that are kept of a run, for checks on callbacks and host calls.
    pub event_cap: u32,
}

impl Default for RaceOptions {
    fn default() -> Self {
        Self {
            scenario: None,
            orders: 10_000,
            event_cap: 100_000,
        }
    }
}

/// Looks for an order of threads in which a check fails.
///
/// # Errors
/// What [`super::run`] refuses, and a scenario that expects nothing.
pub fn race(lab: &Lab, contents: &Contents, options: &RaceOptions) -> Result<Vec<Race>, Problem> {
    let only = match &options.scenario {
        Some(name) => Some(scenario_named(lab, name)?),
        None => None,
    };
    let prepared = Prepared::new(lab, contents)?;
    let mut found = Vec::new();
    for (index, scenario) in lab.scenarios.iter().enumerate() {
        if only.is_some_and(|only| only != index) {
            continue;
        }
        if scenario.expect.is_empty() {
            return Err(Problem::in_file(
                &lab.file,
                format!("scenario `{}` expects nothing", scenario.name),
                "Say under `expect` what has to hold in every order.",
            ));
        }
        found.push(explore(&prepared, scenario, options));
    }
    Ok(found)
}

fn explore(prepared: &Prepared, scenario: &Scenario, options: &RaceOptions) -> Race {
    let mut race = Race {
        scenario: scenario.name.clone(),
        ok: true,
        ..Race::default()
    };
    let mut search = Search::default();
    // Runs that are given up cost as much as others, so they count towards the limit.
    for _ in 0..options.orders {
        let report;
        (report, search) = prepared.run_in_order(scenario, options.event_cap, search);
        if let Some(report) = report {
            race.orders += 1;
            let mut failed = check(&scenario.expect, &report);
            failed.retain(|check| !check.ok);
            if !failed.is_empty() {
                race.ok = false;
                race.breaking += 1;
                keep_shorter(&mut race.shortest, &search, failed);
            }
        }
        if !search.advance() {
            race.complete = true;
            break;
        }
    }
    race
}

fn keep_shorter(shortest: &mut Option<Breaking>, search: &Search, checks: Vec<Check>) {
    let switches = search.switches();
    let schedule = search.schedule();
    let size = (switches, schedule.len());
    if shortest
        .as_ref()
        .is_none_or(|known| size < (known.switches, known.schedule.len()))
    {
        *shortest = Some(Breaking {
            schedule: schedule.into_iter().map(thread_name).collect(),
            switches,
            checks,
        });
    }
}

/// A thread as a lab's schedule names it.
fn thread_name(thread: u32) -> String {
    match thread {
        0 => "main".to_owned(),
        n => format!("worker_{}", n - 1),
    }
}
