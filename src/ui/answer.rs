//! What the engine's end in the page tells a lab: how far it is, and what it has about a run.
//!
//! Must not know: how the engine is reached, or how an answer is drawn.

use super::lab::Rows;
use crate::model::picture::Picture;
use crate::model::race::Race;
use crate::model::report::Report;
use crate::model::{Problem, Told};
use std::rc::Rc;

/// How far the engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not asked for yet, or ended.
    Cold,
    /// On its way.
    Loading,
    /// There.
    Ready,
}

/// What a run gets to hear.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// The run of this number ended; each scenario has so many events.
    Done(u32, Report, Vec<usize>),
    /// It could not start.
    Refused(Problem),
    /// Rows of the trace of a scenario.
    Rows(usize, Rows),
    /// The state at an event of a scenario.
    State(usize, Option<u32>, Told, Picture),
    /// It was stopped after so many milliseconds without a sign of life.
    Stuck(u64),
    /// The engine could not be had, or broke.
    Broken(String),
}

/// Hears what a run gave.
pub(super) type Listener = Rc<dyn Fn(Answer)>;

/// Hears how far a search for a race is, and whether it is over; or why it could not be.
pub(super) type Racer = Rc<dyn Fn(Result<(Race, bool), String>)>;

/// Hears what a check found.
pub(super) type Checker = Rc<dyn Fn(Option<Problem>)>;
