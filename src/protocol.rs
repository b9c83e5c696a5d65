//! Messages between the page and the engine worker: one enum each way.
//!
//! They travel as JSON text beside a list of transferred byte buffers. Both ends come from one
//! build and compare [`VERSION`] before anything else.

use crate::model::moment::Window;
use crate::model::picture::Picture;
use crate::model::race::Race;
use crate::model::report::Report;
use crate::model::trace::{Event, Kind};
use crate::model::{Problem, Request, Told, digest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names the build that this code is from: page and engine of two builds refuse to talk.
///
/// A release build sets `TOUR_BUILD` to a hash of all source; while developing it is absent.
pub const VERSION: u32 = match option_env!("TOUR_BUILD") {
    Some(id) => digest(id.as_bytes()) as u32,
    None => 1,
};

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
        /// The order of the threads, as a search has found it; the lab's own when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        schedule: Vec<String>,
    },
    /// Looks for an order of the threads in which a check of a scenario fails. It is answered by
    /// [`FromEngine::Raced`] after a part of the search; [`Self::RaceOn`] asks for the next part.
    Race {
        /// Names this search in every answer.
        run: u32,
        /// The lab file's text.
        lab: String,
        /// Text of editable parts by name.
        edits: BTreeMap<String, String>,
        /// Replaces the first request of the scenario.
        request: Option<Request>,
        /// The scenario.
        scenario: String,
    },
    /// Goes on with the search.
    RaceOn {
        /// The search.
        run: u32,
    },
    /// Asks whether a lab could run, without running it: while the learner types.
    Check {
        /// The lab file's text.
        lab: String,
        /// Text of editable parts by name.
        edits: BTreeMap<String, String>,
    },
    /// Bytes of a sample filter or a compiled text that the engine asked for; buffer 0 of the message.
    Sample {
        /// Its name.
        name: String,
        /// Why there are none, when there are none. What a compiler refused begins with its place
        /// in the text, as in `3:14: `.
        error: Option<String>,
    },
    /// Shows a log of Envoy's as a run: its events are rows, and lines that are not of Wasm are logs.
    Log {
        /// Names this run in every answer.
        run: u32,
        /// The file's name.
        name: String,
        /// The log.
        text: String,
    },
    /// Bytes of a module of the visitor's own: buffer 0 of the message. It is examined, and stands
    /// in every run from now on. Without a buffer it is forgotten, and nothing is answered.
    Module {
        /// The file's name.
        name: String,
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
        /// Only rows that touch this lane, or happen on its thread; absent for all.
        lane: Option<usize>,
        /// Only rows of this sort; absent for all.
        kind: Option<Kind>,
    },
    /// Asks for the state at an event of the last report's trace, or at its end.
    State {
        /// The run.
        run: u32,
        /// Index of the scenario.
        scenario: usize,
        /// The event's number; absent for the end of the run.
        event: Option<u32>,
        /// Which bytes of memory; those around what the event's arguments point to when absent.
        window: Option<Window>,
    },
}

/// A text to compile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// Its language: `assemblyscript` or `wat`.
    pub language: String,
    /// The name of the file that it stands in.
    pub file: String,
    /// The text.
    pub source: String,
}

/// A lane of the sequence diagram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// Its name: `client`, `worker 0`, `VM 3 add-header`.
    pub name: String,
    /// The sort of actor: `client`, `native`, `wasm` or `upstream`.
    pub actor: String,
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// How many events are around it.
    pub depth: usize,
    /// The lane that it begins on, by index.
    pub from: usize,
    /// The lane that it goes to; the same where nothing is handed over.
    pub to: usize,
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
    /// A sample filter is needed for the run to go on, or a text compiled.
    NeedSample {
        /// Its name.
        name: String,
        /// What to compile, where it is not a sample.
        script: Option<Script>,
    },
    /// The answer to [`ToEngine::Check`], unless a later message took its place.
    Checked {
        /// What to mend first; nothing when it could run.
        problem: Option<Problem>,
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
    /// What was found in a module of the visitor's own.
    Module {
        /// The findings.
        found: Told,
    },
    /// What a search through the orders of threads has found so far.
    Raced {
        /// The search.
        run: u32,
        /// What is found.
        race: Race,
        /// Whether it is over: all orders were run, or as many as it runs at most.
        over: bool,
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
        /// The lanes of the whole scenario, from the client to the upstream.
        lanes: Vec<Lane>,
        /// Where each of the rows stands.
        places: Vec<Place>,
        /// The rows.
        rows: Vec<Event>,
    },
    /// The state at an event.
    State {
        /// The run.
        run: u32,
        /// Index of the scenario.
        scenario: usize,
        /// The event's number; absent for the end of the run.
        event: Option<u32>,
        /// The state in words.
        state: Told,
        /// The same as a picture.
        picture: Picture,
    },
}
