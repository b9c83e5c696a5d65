//! The interface's words, in one table: here those of the lab, in `strings/` those of the rest.

mod site;

pub use site::*;

mod look;

pub use look::*;

/// The site's name.
pub const SITE: &str = "A Tour of Proxy-Wasm";
/// The playground.
pub const PLAYGROUND: &str = "Playground";
/// The playground in one sentence.
pub const PLAYGROUND_LEAD: &str =
    "A proxy with Wasm filters. Change anything, press Run, and see what happens.";
/// Makes a link of the lab.
pub const SHARE: &str = "Share";
/// The request as text.
pub const RAW: &str = "Raw request";
/// The labs that the playground begins with: their paths and names.
pub const PLAYGROUNDS: &[(&str, &str)] = &[
    ("/playground/", "Sample filters"),
    ("/playground/assemblyscript/", "AssemblyScript"),
    ("/playground/threads/", "Threads"),
    ("/playground/lua/", "Native, Lua, Wasm"),
];
/// Label of the links to them.
pub const BEGIN_WITH: &str = "Begin with";
/// The client.
pub const CLIENT: &str = "Client";
/// The upstream.
pub const UPSTREAM: &str = "Upstream";

/// `Playground`, and the name of any but the first.
pub fn playground(path: &str, name: &str) -> String {
    match path == PLAYGROUNDS[0].0 {
        true => PLAYGROUND.into(),
        false => format!("{PLAYGROUND}: {name}"),
    }
}

/// The document does not say where the engine is.
pub const ENGINE_UNNAMED: &str = "This page does not name its engine. Reload it; if that does not help, the site was not built whole.";
/// The worker refused the module.
pub const ENGINE_UNPOSTED: &str =
    "The browser did not hand the engine to its worker. Reload the page.";
/// Page and engine do not speak one language.
pub const ENGINE_VERSION: &str =
    "The page and its engine come from different builds. Reload the page.";
/// No worker can be made.
pub const NO_WORKER: &str =
    "This browser does not let the page start a worker, so labs cannot run here.";

/// A new worker never said that it is ready.
pub fn engine_silent(ms: u32) -> String {
    let seconds = ms / 1000;
    format!(
        "The engine did not start within {seconds} seconds. Your edits are safe. Run again, or reload the page."
    )
}

/// The engine ended by itself.
pub fn engine_broke(why: &str) -> String {
    format!("The engine stopped with an error ({why}). Your edits are safe. Run again.")
}

/// A file could not be fetched.
pub fn unfetched(address: &str, why: &str) -> String {
    format!("{address} could not be fetched: {why}. Check the connection, then run again.")
}

/// A file is no module.
pub fn uncompiled(address: &str, why: &str) -> String {
    format!("{address} is no module that this browser can run: {why}.")
}

/// A sample's name is not one.
pub fn sample_name(name: &str) -> String {
    format!("“{name}” is no name of a sample filter")
}

/// “Lab”
pub const LAB: &str = "Lab";
/// “What to send and what to run”
pub const EDITORS: &str = "What to send and what to run";
/// “What happened”
pub const RESULTS: &str = "What happened";
/// “Request”
pub const REQUEST: &str = "Request";
/// “Result”
pub const RESULT: &str = "Result";
/// “Timeline”
pub const TIMELINE: &str = "Timeline";
/// “Logs”
pub const LOGS: &str = "Logs";
/// “State”
pub const STATE: &str = "State";
/// “Checks”
pub const CHECKS: &str = "Checks";
/// “Run”
pub const RUN: &str = "Run";
/// “Ctrl ⏎”
pub const RUN_KEYS: &str = "Ctrl ⏎";
/// “Stop”
pub const STOP: &str = "Stop";
/// “Reset”
pub const RESET: &str = "Reset";
/// “Undo”
pub const UNDO: &str = "Undo";
/// “Read”
pub const READ: &str = "Read";
/// “Edit”
pub const EDIT: &str = "Edit";
/// “What to show”
pub const PANES: &str = "What to show";
/// “Scenario”
pub const SCENARIO: &str = "Scenario";
/// “Running…”
pub const RUNNING: &str = "Running…";
/// “Loading the engine. This happens once.”
pub const ENGINE_LOADING: &str = "Loading the engine. This happens once.";
/// After a reset or a solution: the editors show what has changed.
pub const WAS_RESET: &str = "Your edits were replaced.";
/// Puts one right answer into the editors.
pub const SOLUTION: &str = "Show a solution";
/// “These are your edits from last time.”
pub const LOADED: &str = "These are your edits from last time.";
/// “You stopped the run. Your edits are safe. Run again when you like.”
pub const STOPPED: &str = "You stopped the run. Your edits are safe. Run again when you like.";
/// “No run yet. Press Run, or Ctrl-Enter, to send the request through the proxy.”
pub const NO_RUN: &str =
    "No run yet. Press Run, or Ctrl-Enter, to send the request through the proxy.";
/// “No run yet. After a run, every callback, host call and chain step stands here, in order.”
pub const NO_TIMELINE: &str =
    "No run yet. After a run, every callback, host call and chain step stands here, in order.";
/// “No run yet. After a run, what the filters and the proxy logged stands here.”
pub const NO_LOGS_YET: &str =
    "No run yet. After a run, what the filters and the proxy logged stands here.";
/// “No run yet. …”
pub const NO_STATE_YET: &str = "No run yet. After a run, headers, buffers, shared data, timers, VMs \
    and their memory stand here, as they were at any event.";
/// A moment of a run that holds nothing: no stream, no VM.
pub const NO_STATE: &str = "Nothing is held here: no stream is open, and no VM is alive.";
/// The slider through the events.
pub const EVENT: &str = "Event";
/// One event back.
pub const EVENT_BEFORE: &str = "Previous event";
/// One event on.
pub const EVENT_AFTER: &str = "Next event";
/// From an event to the state at it.
pub const STATE_HERE: &str = "Show the state at this event";
/// Where a window of memory begins.
pub const ADDRESS: &str = "From address";
/// No address: the window is chosen by the engine.
pub const ADDRESS_AUTO: &str = "around the arguments";
/// “No run yet. Each run is checked against what this lab expects.”
pub const NO_CHECKS_YET: &str = "No run yet. Each run is checked against what this lab expects.";
/// “Nothing was logged.”
pub const NO_LOGS: &str = "Nothing was logged.";
/// “This lab checks nothing. Look at the result and the timeline.”
pub const NO_CHECKS: &str = "This lab checks nothing. Look at the result and the timeline.";
/// “Fetching the timeline…”
pub const ROWS_COMING: &str = "Fetching the timeline…";
/// “This lab has no such scenario any more. Choose another one.”
pub const NO_SCENARIO: &str = "This lab has no such scenario any more. Choose another one.";
/// “Others have been here.”
pub const KNOWN_MISTAKE: &str = "Others have been here.";
/// “This scenario is closed until it passes: only its name is told.”
pub const HIDDEN_SCENARIO: &str = "This scenario is closed until it passes: only its name is told.";
/// “This lab cannot run yet”
pub const REFUSED: &str = "This lab cannot run yet";
/// “The proxy rejected this configuration”
pub const REJECTED: &str = "The proxy rejected this configuration";
/// “The simulator stopped this scenario”
pub const STOPPED_SCENARIO: &str = "The simulator stopped this scenario";
/// “Method”
pub const METHOD: &str = "Method";
/// “Path”
pub const PATH: &str = "Path";
/// “Authority”
pub const AUTHORITY: &str = "Authority";
/// “Headers”
pub const HEADERS: &str = "Headers";
/// “Trailers”
pub const TRAILERS: &str = "Trailers";
/// “Add header”
pub const ADD_HEADER: &str = "Add header";
/// “Add trailer”
pub const ADD_TRAILER: &str = "Add trailer";
/// “Body”
pub const BODY: &str = "Body";
/// The fields that most requests leave empty.
pub const MORE_FIELDS: &str = "Body, chunks, trailers";
/// “Chunk sizes in bytes”
pub const CHUNKS: &str = "Chunk sizes in bytes";
/// “1, 2, 2”
pub const CHUNKS_EXAMPLE: &str = "1, 2, 2";
/// “Body is base64”
pub const BASE64: &str = "Body is base64";
/// “name”
pub const NAME: &str = "name";
/// “value”
pub const VALUE: &str = "value";
/// “Client sent”
pub const CLIENT_SENT: &str = "Client sent";
/// “Client got”
pub const CLIENT_GOT: &str = "Client got";
/// “Upstream saw”
pub const UPSTREAM_SAW: &str = "Upstream saw";
/// “Upstream sent”
pub const UPSTREAM_SENT: &str = "Upstream sent";
/// “Nothing.”
pub const NO_BYTES: &str = "Nothing.";
/// “The request never reached an upstream.”
pub const UPSTREAM_NOTHING: &str = "The request never reached an upstream.";
/// “The stream was reset before a response came.”
pub const GOT_RESET: &str = "The stream was reset before a response came.";
/// “No response came. Something holds the stream: look at the end of the timeline.”
pub const GOT_NOTHING: &str =
    "No response came. Something holds the stream: look at the end of the timeline.";
/// “Then the stream was reset.”
pub const THEN_RESET: &str = "Then the stream was reset.";
/// “The rest of the response never came.”
pub const THEN_STALLED: &str = "The rest of the response never came.";
/// “Made by the proxy: no upstream answered.”
pub const BY_PROXY: &str = "Made by the proxy: no upstream answered.";
/// “A filter called”
pub const CALLOUT: &str = "A filter called";
/// Above callouts of root contexts
pub const OUTSIDE_REQUESTS: &str = "Outside any request";
/// “Earlier attempt”
pub const ATTEMPT: &str = "Earlier attempt";
/// “Details”
pub const DETAILS: &str = "Details";
/// “flags”
pub const FLAGS: &str = "flags";
/// “Added:”
pub const ADDED: &str = "Added:";
/// “Removed:”
pub const REMOVED: &str = "Removed:";
/// “Changed:”
pub const CHANGED: &str = "Changed:";
/// “was”
pub const WAS: &str = "was";
/// “Search the timeline”
pub const SEARCH: &str = "Search the timeline";
/// “Simulated time”
pub const TIME: &str = "Simulated time";
/// “Who”
pub const WHO: &str = "Who";
/// “What”
pub const WHAT: &str = "What";
/// “Fuel”
pub const FUEL: &str = "Fuel";
/// “Returned”
pub const RETURNED: &str = "Returned";
/// “Status”
pub const STATUS: &str = "Status";
/// “Where”
pub const WHERE: &str = "Where";
/// “proxy”
pub const PROXY: &str = "proxy";
/// “Access log”
pub const ACCESS_LOG: &str = "Access log";
/// “Expected”
pub const EXPECTED: &str = "Expected";
/// “Got”
pub const ACTUAL: &str = "Got";
/// “holds”
pub const HOLDS: &str = "holds";
/// “fails”
pub const FAILS: &str = "fails";

/// A task.
pub const TASK: &str = "Task";
/// A task is done.
pub const TASK_DONE: &str = "✓ done";
/// A task is not done yet.
pub const TASK_OPEN: &str = "not yet";

/// `Task 2`.
pub fn task(number: usize) -> String {
    format!("Task {number}")
}

/// The button that shows the next hint.
pub fn hint(number: usize, of: usize) -> String {
    format!("Hint {number} of {of}")
}

/// A module gave no sign of life.
pub fn stuck(ms: u64) -> String {
    format!("The module was stopped after {ms} ms; the page and your edits are safe. Run again.")
}

/// `Request 2`.
pub fn request(number: usize) -> String {
    format!("Request {number}")
}

/// “Connection 2”
pub fn connection(number: usize) -> String {
    format!("Connection {number}")
}

/// A trap as the result of a call.
pub fn trapped(trap: &str) -> String {
    format!("trap: {trap}")
}

/// `Line 5, column 3:`; without a line, the file as a whole.
pub fn line_column(line: u32, column: u32) -> String {
    match line {
        0 => "This file:".into(),
        line => format!("Line {line}, column {column}:"),
    }
}

/// A hidden scenario in the list.
pub fn hidden_named(name: &str) -> String {
    format!("{name} (hidden)")
}

/// `main thread`, `worker 0`: thread numbers of the trace begin with the main thread.
pub fn thread(thread: u32) -> String {
    match thread.checked_sub(1) {
        None => "main thread".into(),
        Some(worker) => format!("worker {worker}"),
    }
}

/// Where an event happened.
pub fn event_place(n: u32, thread: &str, vm: Option<u32>, context: Option<u32>) -> String {
    let mut text = format!("event {n}, {thread}");
    if let Some(vm) = vm {
        text.push_str(&format!(", VM {vm}"));
    }
    if let Some(context) = context {
        text.push_str(&format!(", context {context}"));
    }
    text
}

/// How many rows there are: `310 events`, `12 of 310 events`.
pub fn rows(shown: usize, all: usize) -> String {
    match shown == all {
        true => format!("{all} events"),
        false => format!("{shown} of {all} events"),
    }
}

/// `Show 20 more of 480`.
pub fn more(count: usize, left: usize) -> String {
    format!("Show {count} more of {left}")
}

/// From a check to its event.
pub fn show_event(n: u32) -> String {
    format!("Show event {n} in the timeline")
}

/// `Body, 12 B`.
pub fn body(size: &str) -> String {
    format!("Body, {size}")
}

/// `Body changed: 12 B, was 10 B`.
pub fn body_changed(size: &str, was: &str) -> String {
    format!("Body changed: {size}, was {was}")
}

/// Label of a row's name field.
pub fn row_name(prefix: &str) -> String {
    format!("Name of {prefix}")
}

/// Label of a row's value field.
pub fn row_value(prefix: &str) -> String {
    format!("Value of {prefix}")
}

/// Label of a row's button.
pub fn remove_row(prefix: &str, name: &str) -> String {
    format!("Remove {prefix} {name}")
}

/// What changed on the way: `2 added, 1 removed`.
pub fn changes(added: usize, removed: usize, changed: usize, body: bool) -> String {
    let mut words = Vec::new();
    for (n, word) in [(added, "added"), (removed, "removed"), (changed, "changed")] {
        if n > 0 {
            words.push(format!("{n} {word}"));
        }
    }
    if body {
        words.push("body changed".into());
    }
    match words.is_empty() {
        true => "Nothing changed on the way.".into(),
        false => format!("On the way: {}.", words.join(", ")),
    }
}

/// “Every order of the threads”
pub const ORDERS: &str = "Every order of the threads";
/// What the search is.
pub const ORDERS_LEAD: &str = "Threads can be swapped where events begin, and at host calls on what they share. \
     The engine can run this scenario in every order that makes a difference.";
/// “Try every order”
pub const SEARCH_ORDERS: &str = "Try every order";
/// “Stop the search”
pub const STOP_SEARCH: &str = "Stop the search";
/// “Open this order in the timeline”
pub const OPEN_ORDER: &str = "Open this order in the timeline";
/// Announced when a search begins.
pub const SEARCHING: &str = "Trying every order of the threads …";

/// “12 orders so far, and a check fails in 2 of them …”
pub fn searched(orders: u32, breaking: u32) -> String {
    format!("{} so far{} …", orders_of(orders), fails_in(breaking))
}

/// “All 12 orders were run, and a check fails in 2 of them.”
pub fn all_orders(orders: u32, breaking: u32) -> String {
    match orders {
        1 => format!("There is one order only{}.", fails_in(breaking)),
        n => format!("All {n} orders were run{}.", fails_in(breaking)),
    }
}

/// “12 orders were run, and every check holds so far. There are more.”
pub fn some_orders(orders: u32, breaking: u32) -> String {
    let orders = orders_of(orders);
    format!("{orders} were run{}. There are more.", fails_in(breaking))
}

fn orders_of(orders: u32) -> String {
    match orders {
        1 => "1 order".to_owned(),
        n => format!("{n} orders"),
    }
}

fn fails_in(breaking: u32) -> String {
    match breaking {
        0 => ", and every check holds".to_owned(),
        n => format!(", and a check fails in {n}"),
    }
}

/// “The shortest of these leaves a thread once before it is done:”
pub fn shortest(switches: u32) -> String {
    match switches {
        0 => "The shortest of these leaves no thread before it is done:".to_owned(),
        1 => "The shortest of these leaves a thread once before it is done:".to_owned(),
        n => format!("The shortest of these leaves a thread {n} times before it is done:"),
    }
}
