//! Messages between the page and the engine worker: one enum each way.
//!
//! They travel as JSON text beside a list of transferred byte buffers. Both ends come from one
//! build and compare [`VERSION`] before anything else.

use crate::model::moment::{MomentText, Window};
use crate::model::report::Report;
use crate::model::trace::Event;
use crate::model::{Problem, Request};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names the build that this code is from: page and engine of two builds refuse to talk.
///
/// A release build sets `TOUR_BUILD` to a hash of all source; while developing it is absent.
pub const VERSION: u32 = match option_env!("TOUR_BUILD") {
    Some(id) => number(id.as_bytes()),
    None => 1,
};

/// FNV-1a.
const fn number(text: &[u8]) -> u32 {
    let (mut state, mut at) = (0x811c_9dc5_u32, 0);
    while at < text.len() {
        state = (state ^ text[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    state
}

/// From the page to the engine. Tagged by its key: other tags would cost the page a tenth of its size.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToEngine {
    /// The first message.
    Hello {
        /// The page's [`VERSION`].
        version: u32,
    },
    /// Runs a lab.
    Run {
        /// Names this run in every answer.
        run: u32,
        /// The lab file's text.
        lab: String,
        /// Text of editable parts by name (`{edit: NAME}`).
        edits: BTreeMap<String, String>,
        /// Replaces the first request of the first scenario.
        request: Option<Request>,
        /// Only this scenario; all when absent.
        scenario: Option<String>,
    },
    /// Bytes of a sample filter that the engine asked for; buffer 0 of the message.
    Sample {
        /// Its name.
        name: String,
        /// Why there are none, when there are none.
        error: Option<String>,
    },
    /// Asks for rows of the last report's trace.
    Rows {
        /// The run.
        run: u32,
        /// Index of the scenario.
        scenario: usize,
        /// The first row.
        from: usize,
        /// How many.
        count: usize,
        /// Only rows that contain this text; empty for all.
        search: String,
    },
    /// Asks for the state at an event of the last report's trace.
    State {
        /// The run.
        run: u32,
        /// Index of the scenario.
        scenario: usize,
        /// The event's number.
        event: u32,
        /// Which bytes of memory; those around what the event's arguments point to when absent.
        window: Option<Window>,
    },
}

/// From the engine to the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromEngine {
    /// The engine is up.
    Ready {
        /// The engine's [`VERSION`].
        version: u32,
    },
    /// A sample filter is needed for the run to go on.
    NeedSample {
        /// Its name.
        name: String,
    },
    /// A run ended; events are asked for by [`ToEngine::Rows`].
    Done {
        /// The run.
        run: u32,
        /// The report, without events.
        report: Report,
        /// How many events each scenario has.
        events: Vec<usize>,
    },
    /// A run could not start: what to mend.
    Refused {
        /// The run.
        run: u32,
        /// Why, with the place.
        problem: Problem,
    },
    /// Rows of a trace.
    Rows {
        /// The run.
        run: u32,
        /// Index of the scenario.
        scenario: usize,
        /// The first row's index.
        from: usize,
        /// How many rows there are in all.
        total: usize,
        /// The rows.
        rows: Vec<Event>,
    },
    /// The state at an event.
    State {
        /// The run.
        run: u32,
        /// Index of the scenario.
        scenario: usize,
        /// The event's number.
        event: u32,
        /// The state in words.
        state: MomentText,
    },
}
