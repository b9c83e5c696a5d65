//! The rows of the trace that are here, and the step that is looked at: rows come from the engine
//! by window, however many there are.
//!
//! Must not know: how a row is drawn.

use super::pane::Pane;
use super::state::{LabState, TIMELINE_TAB};
use crate::model::trace::{Event, Kind};
use crate::protocol::{Lane, Place, ToEngine};
use crate::ui::browser;
use leptos::prelude::*;

/// How many rows are asked for at once: what is in sight on a large display, and as much around it.
const COUNT: usize = 90;

/// After so many rows another window is asked for.
const BLOCK: usize = 20;

/// A window of rows.
#[derive(Clone, Debug, Default)]
pub(in crate::ui) struct Rows {
    /// The first row's index among all that are wanted.
    pub(in crate::ui) from: usize,
    /// The rows.
    pub(in crate::ui) rows: Vec<(Place, Event)>,
    /// The lanes of the sequence diagram.
    pub(in crate::ui) lanes: Vec<Lane>,
    /// How many rows are wanted in all; `None` while the first are on their way.
    pub(in crate::ui) total: Option<usize>,
}

impl Rows {
    /// The index of an event's row among all that are wanted, as far as it is here.
    fn index(&self, n: u32) -> Option<usize> {
        let here = self.rows.iter().position(|(_, event)| event.n == n);
        here.map(|at| self.from + at)
    }
}

/// Which rows are wanted, and those that are here; a handle to copy around.
#[derive(Clone, Copy)]
pub(super) struct Trace {
    pub(super) rows: RwSignal<Rows>,
    /// Only rows that show this text.
    pub(super) search: RwSignal<String>,
    /// Only rows of this lane.
    pub(super) lane: RwSignal<Option<usize>>,
    /// Only rows of this sort.
    pub(super) kind: RwSignal<Option<Kind>>,
    /// Whether they are drawn as a sequence diagram.
    pub(super) drawn: RwSignal<bool>,
    /// The row that is picked as soon as it is here.
    wish: RwSignal<Option<usize>>,
    /// The row from which a window was asked for last.
    asked: RwSignal<usize>,
}

impl Trace {
    pub(super) fn new() -> Self {
        Self {
            rows: RwSignal::new(Rows::default()),
            search: RwSignal::new(String::new()),
            lane: RwSignal::new(None),
            kind: RwSignal::new(None),
            drawn: RwSignal::new(false),
            wish: RwSignal::new(None),
            asked: RwSignal::new(0),
        }
    }

    /// Whether all rows are wanted, so that an event's number is its row's index.
    fn all(self) -> bool {
        self.search.with_untracked(String::is_empty)
            && self.lane.get_untracked().is_none()
            && self.kind.get_untracked().is_none()
    }

    /// The index of an event's row.
    pub(super) fn index(self, n: u32) -> Option<usize> {
        match self.all() {
            true => Some(n as usize),
            false => self.rows.with_untracked(|rows| rows.index(n)),
        }
    }
}

impl LabState {
    /// Another scenario, or another run: its rows, from the first. Its lanes are others.
    pub(super) fn fresh_rows(self) {
        self.trace.lane.set(None);
        self.trace.rows.set(Rows::default());
        self.picked.set(None);
        self.filter_rows();
    }

    /// Other rows are wanted.
    pub(super) fn filter_rows(self) {
        self.trace.wish.set(None);
        browser::scroll_in("rows", 0.0, 0.0);
        self.ask_rows(0);
    }

    fn ask_rows(self, from: usize) {
        let (Some(done), Some(engine)) = (self.finished(), self.engine) else {
            return;
        };
        self.trace.asked.set(from);
        engine.ask(&ToEngine::Rows {
            run: done.run,
            scenario: self.scenario.get_untracked(),
            from,
            count: COUNT,
            search: self.trace.search.get_untracked(),
            lane: self.trace.lane.get_untracked(),
            kind: self.trace.kind.get_untracked(),
        });
    }

    /// Rows have come.
    pub(super) fn hear_rows(self, rows: Rows) {
        self.trace.rows.set(rows);
        if let Some(wish) = self.trace.wish.get_untracked() {
            self.seek(wish);
        }
    }

    /// This row is the first in sight.
    pub(super) fn look_from(self, first: usize) {
        let from = (first / BLOCK * BLOCK).saturating_sub(BLOCK);
        if from != self.trace.asked.get_untracked() {
            self.ask_rows(from);
        }
    }

    /// Picks the event of a row; of the last one where there are not so many.
    pub(super) fn seek(self, at: usize) {
        let (total, here) = self.trace.rows.with_untracked(|rows| {
            let total = rows.total.unwrap_or_default();
            let row = at.min(total.saturating_sub(1)).checked_sub(rows.from);
            let row = row.and_then(|row| rows.rows.get(row));
            (total, row.map(|(_, event)| event.n))
        });
        self.trace.wish.set(None);
        match here {
            Some(n) => self.picked.set(Some(n)),
            None if total > 0 => {
                let at = at.min(total - 1);
                self.trace.wish.set(Some(at));
                self.ask_rows(at.saturating_sub(COUNT / 2));
            }
            None => {}
        }
    }

    /// Opens the timeline at an event of a scenario.
    pub(super) fn show_event(self, scenario: usize, n: u32) {
        self.scenario.set(scenario);
        self.trace.search.set(String::new());
        self.trace.kind.set(None);
        self.fresh_rows();
        self.picked.set(Some(n));
        self.result_tab.set(TIMELINE_TAB);
        self.pane.set(Pane::Result);
        // It may have to be made first.
        request_animation_frame(|| browser::focus("rows"));
    }
}
