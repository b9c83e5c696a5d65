//! A search for a race, part by part: between two parts the worker listens, so the page can stop it
//! and hear how far it is. And a lab whose threads run in the order that was found.

use super::race::{Explorer, RaceOptions};
use super::scenario_named;
use crate::model::Problem;
use crate::model::lab::{Lab, Scenario, Schedule};
use crate::model::race::Race;
use crate::model::trace::thread_number;
use crate::proxy::Prepared;

/// How many orders are run in one part. A worker that says nothing for long counts as stuck.
const PART: u32 = 16;

/// A search between two of its parts.
#[derive(Debug)]
pub(super) struct Hunt {
    /// Names it in every answer.
    pub(super) run: u32,
    explorer: Explorer,
    scenario: Scenario,
    prepared: Prepared,
}

impl Hunt {
    /// A search that has not begun.
    ///
    /// # Errors
    /// When there is no such scenario, or it expects nothing.
    pub(super) fn new(
        run: u32,
        lab: &Lab,
        prepared: Prepared,
        scenario: Option<&str>,
    ) -> Result<Self, Problem> {
        let at = match scenario {
            Some(name) => scenario_named(lab, name)?,
            None => 0,
        };
        let scenario = lab.scenarios[at].clone();
        let explorer = Explorer::new(lab, &scenario, &RaceOptions::default())?;
        Ok(Self {
            run,
            explorer,
            scenario,
            prepared,
        })
    }

    /// Runs the next part; what is found so far, and whether it is over.
    pub(super) fn go_on(&mut self) -> (Race, bool) {
        self.explorer.go_on(&self.prepared, &self.scenario, PART);
        (self.explorer.race.clone(), self.explorer.over())
    }
}

/// Lets a lab's threads run in an order that a search has found; an empty one changes nothing.
pub(super) fn put_schedule(lab: &mut Lab, threads: &[String]) {
    if !threads.is_empty() {
        let numbers = threads.iter().filter_map(|name| thread_number(name));
        lab.schedule = Schedule::Explicit(numbers.collect());
    }
}
