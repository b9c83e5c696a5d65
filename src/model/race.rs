//! What a search through the orders of a scenario's threads has found.

use super::report::Check;
use serde::{Deserialize, Serialize};

/// What the race explorer says of one scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Race {
    /// The scenario's name.
    pub scenario: String,
    /// Whether the checks hold in every order that was run.
    pub ok: bool,
    /// Orders that were run. Orders that cannot differ in what guests share are run once.
    pub orders: u32,
    /// Whether these are all there are; if not, the search ended at its limit.
    pub complete: bool,
    /// In how many of them a check fails.
    pub breaking: u32,
    /// The one of these with the fewest switches between threads.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shortest: Option<Breaking>,
}

/// An order in which a check fails.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Breaking {
    /// What to write as the lab's `schedule` to see this run.
    pub schedule: Vec<String>,
    /// How often a thread is left that could have gone on.
    pub switches: u32,
    /// The checks that fail.
    pub checks: Vec<Check>,
}
