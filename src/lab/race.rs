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
use crate::model::trace::thread_name;
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
        let mut explorer = Explorer::new(lab, scenario, options)?;
        explorer.go_on(&prepared, scenario, options.orders);
        found.push(explorer.race);
    }
    Ok(found)
}

/// A search that can be left and gone on with.
#[derive(Debug)]
pub(super) struct Explorer {
    /// What is found so far.
    pub(super) race: Race,
    search: Search,
    /// Runs that are still allowed, those that are given up among them: they cost as much.
    left: u32,
    event_cap: u32,
}

impl Explorer {
    /// A search that has not begun.
    ///
    /// # Errors
    /// When the scenario expects nothing.
    pub(super) fn new(
        lab: &Lab,
        scenario: &Scenario,
        options: &RaceOptions,
    ) -> Result<Self, Problem> {
        if scenario.expect.is_empty() {
            return Err(Problem::in_file(
                &lab.file,
                format!("scenario `{}` expects nothing", scenario.name),
                "Say under `expect` what has to hold in every order.",
            ));
        }
        Ok(Self {
            race: Race {
                scenario: scenario.name.clone(),
                ok: true,
                ..Race::default()
            },
            search: Search::default(),
            left: options.orders,
            event_cap: options.event_cap,
        })
    }

    /// Whether nothing is left to search.
    pub(super) fn over(&self) -> bool {
        self.race.complete || self.left == 0
    }

    /// Runs so many more orders.
    pub(super) fn go_on(&mut self, prepared: &Prepared, scenario: &Scenario, orders: u32) {
        for _ in 0..orders {
            if self.over() {
                return;
            }
            self.left -= 1;
            let search = std::mem::take(&mut self.search);
            let (report, search) = prepared.run_in_order(scenario, self.event_cap, search);
            self.search = search;
            if let Some(report) = report {
                let race = &mut self.race;
                race.orders += 1;
                let mut failed = check(&scenario.expect, &report);
                failed.retain(|check| !check.ok);
                if !failed.is_empty() {
                    race.ok = false;
                    race.breaking += 1;
                    keep_shorter(&mut race.shortest, &self.search, failed);
                }
            }
            if !self.search.advance() {
                self.race.complete = true;
            }
        }
    }
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
