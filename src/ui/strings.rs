//! Names for the interface's words: here those of the lab, in `strings/` those of the rest.
//!
//! The words themselves stand in `content/LANGUAGE/words.properties`; here is what fills them in.

mod site;

pub use site::*;

mod look;

pub use look::*;

/// The site's name.
pub const SITE: &str = say!(site);
/// The playground.
pub const PLAYGROUND: &str = say!(playground);
/// The playground in one sentence.
pub const PLAYGROUND_LEAD: &str = say!(playground_lead);
/// Makes a link of the lab.
pub const SHARE: &str = say!(share);
/// Gives the lab as files that run elsewhere.
pub const EXPORT: &str = say!(export);
/// The request as text.
pub const RAW: &str = say!(raw);
/// The labs that the playground begins with: their paths and names.
pub const PLAYGROUNDS: &[(&str, &str)] = &[
    ("/playground/", say!(playground_samples)),
    (
        "/playground/assemblyscript/",
        say!(playground_assemblyscript),
    ),
    ("/playground/threads/", say!(playground_threads)),
    ("/playground/lua/", say!(playground_lua)),
];
/// Label of the links to them.
pub const BEGIN_WITH: &str = say!(begin_with);
/// The client.
pub const CLIENT: &str = say!(client);
/// The upstream.
pub const UPSTREAM: &str = say!(upstream);

/// Where no script runs.
pub const PLAYGROUND_SCRIPTLESS: &str = say!(playground_scriptless);

/// `Playground`, and the name of any but the first.
pub fn playground(path: &str, name: &str) -> String {
    match path == PLAYGROUNDS[0].0 {
        true => PLAYGROUND.into(),
        false => format!(say!(playground_named), name = name),
    }
}

/// The document does not say where the engine is.
pub const ENGINE_UNNAMED: &str = say!(engine_unnamed);
/// The worker refused the module.
pub const ENGINE_UNPOSTED: &str = say!(engine_unposted);
/// Page and engine do not speak one language.
pub const ENGINE_VERSION: &str = say!(engine_version);
/// No worker can be made.
pub const NO_WORKER: &str = say!(no_worker);

/// A new worker never said that it is ready.
pub fn engine_silent(ms: u32) -> String {
    let seconds = ms / 1000;
    format!(say!(engine_silent), seconds = seconds)
}

/// The engine ended by itself.
pub fn engine_broke(why: &str) -> String {
    format!(say!(engine_broke), why = why)
}

/// A file could not be fetched.
pub fn unfetched(address: &str, why: &str) -> String {
    format!(say!(unfetched), address = address, why = why)
}

/// A file is no module.
pub fn uncompiled(address: &str, why: &str) -> String {
    format!(say!(uncompiled), address = address, why = why)
}

/// A sample's name is not one.
pub fn sample_name(name: &str) -> String {
    format!(say!(sample_name), name = name)
}

/// “Lab”
pub const LAB: &str = say!(lab);
/// “What to send and what to run”
pub const EDITORS: &str = say!(editors);
/// “What happened”
pub const RESULTS: &str = say!(results);
/// “Request”
pub const REQUEST: &str = say!(request);
/// “Result”
pub const RESULT: &str = say!(result);
/// “Timeline”
pub const TIMELINE: &str = say!(timeline);
/// “Logs”
pub const LOGS: &str = say!(logs);
/// “State”
pub const STATE: &str = say!(state);
/// “Checks”
pub const CHECKS: &str = say!(checks);
/// “Run”
pub const RUN: &str = say!(run);
/// “Ctrl ⏎”
pub const RUN_KEYS: &str = say!(run_keys);
/// “Stop”
pub const STOP: &str = say!(stop);
/// “Reset”
pub const RESET: &str = say!(reset);
/// What opens the list of the visitor's own modules in a lesson's lab.
pub const OWN_MODULE: &str = say!(own_module);
/// “Undo”
pub const UNDO: &str = say!(undo);
/// “Read”
pub const READ: &str = say!(read);
/// “Edit”
pub const EDIT: &str = say!(edit);
/// “What to show”
pub const PANES: &str = say!(panes);
/// “Scenario”
pub const SCENARIO: &str = say!(scenario);
/// “Running…”
pub const RUNNING: &str = say!(running);
/// “Loading the engine. This happens once.”
pub const ENGINE_LOADING: &str = say!(engine_loading);
/// After a reset or a solution: the editors show what has changed.
pub const WAS_RESET: &str = say!(was_reset);
/// Puts one right answer into the editors.
pub const SOLUTION: &str = say!(solution);
/// “These are your edits from last time.”
pub const LOADED: &str = say!(loaded);
/// “You stopped the run. Your edits are safe. Run again when you like.”
pub const STOPPED: &str = say!(stopped);
/// “No run yet. Press Run, or Ctrl-Enter, to send the request through the proxy.”
pub const NO_RUN: &str = say!(no_run);
/// “No run yet. After a run, every callback, host call and chain step stands here, in order.”
pub const NO_TIMELINE: &str = say!(no_timeline);
/// “No run yet. After a run, what the filters and the proxy logged stands here.”
pub const NO_LOGS_YET: &str = say!(no_logs_yet);
/// “No run yet. …”
pub const NO_STATE_YET: &str = say!(no_state_yet);
/// A moment of a run that holds nothing: no stream, no VM.
pub const NO_STATE: &str = say!(no_state);
/// The slider through the events.
pub const EVENT: &str = say!(event);
/// One event back.
pub const EVENT_BEFORE: &str = say!(event_before);
/// One event on.
pub const EVENT_AFTER: &str = say!(event_after);
/// From an event to the state at it.
pub const STATE_HERE: &str = say!(state_here);
/// Where a window of memory begins.
pub const ADDRESS: &str = say!(address);
/// No address: the window is chosen by the engine.
pub const ADDRESS_AUTO: &str = say!(address_auto);
/// “No run yet. Each run is checked against what this lab expects.”
pub const NO_CHECKS_YET: &str = say!(no_checks_yet);
/// “Nothing was logged.”
pub const NO_LOGS: &str = say!(no_logs);
/// What stands where a log of Envoy's has nothing to show.
pub const OF_LOG: &str = say!(of_log);
/// “This lab checks nothing. Look at the result and the timeline.”
pub const NO_CHECKS: &str = say!(no_checks);
/// “Fetching the timeline…”
pub const ROWS_COMING: &str = say!(rows_coming);
/// “This lab has no such scenario any more. Choose another one.”
pub const NO_SCENARIO: &str = say!(no_scenario);
/// “Others have been here.”
pub const KNOWN_MISTAKE: &str = say!(known_mistake);
/// “This scenario is closed until it passes: only its name is told.”
pub const HIDDEN_SCENARIO: &str = say!(hidden_scenario);
/// “This lab cannot run yet”
pub const REFUSED: &str = say!(refused);
/// “The proxy rejected this configuration”
pub const REJECTED: &str = say!(rejected);
/// “The simulator stopped this scenario”
pub const STOPPED_SCENARIO: &str = say!(stopped_scenario);
/// “Method”
pub const METHOD: &str = say!(method);
/// “Path”
pub const PATH: &str = say!(path);
/// “Authority”
pub const AUTHORITY: &str = say!(authority);
/// “Headers”
pub const HEADERS: &str = say!(headers);
/// “Trailers”
pub const TRAILERS: &str = say!(trailers);
/// “Add header”
pub const ADD_HEADER: &str = say!(add_header);
/// “Add trailer”
pub const ADD_TRAILER: &str = say!(add_trailer);
/// “Body”
pub const BODY: &str = say!(body);
/// The fields that most requests leave empty.
pub const MORE_FIELDS: &str = say!(more_fields);
/// “Chunk sizes in bytes”
pub const CHUNKS: &str = say!(chunks);
/// “1, 2, 2”
pub const CHUNKS_EXAMPLE: &str = say!(chunks_example);
/// “Body is base64”
pub const BASE64: &str = say!(base64);
/// “name”
pub const NAME: &str = say!(name);
/// “value”
pub const VALUE: &str = say!(value);
/// “Client sent”
pub const CLIENT_SENT: &str = say!(client_sent);
/// “Client got”
pub const CLIENT_GOT: &str = say!(client_got);
/// “Upstream saw”
pub const UPSTREAM_SAW: &str = say!(upstream_saw);
/// “Upstream sent”
pub const UPSTREAM_SENT: &str = say!(upstream_sent);
/// “Nothing.”
pub const NO_BYTES: &str = say!(no_bytes);
/// “The request never reached an upstream.”
pub const UPSTREAM_NOTHING: &str = say!(upstream_nothing);
/// “The stream was reset before a response came.”
pub const GOT_RESET: &str = say!(got_reset);
/// “No response came. Something holds the stream: look at the end of the timeline.”
pub const GOT_NOTHING: &str = say!(got_nothing);
/// “Then the stream was reset.”
pub const THEN_RESET: &str = say!(then_reset);
/// “The rest of the response never came.”
pub const THEN_STALLED: &str = say!(then_stalled);
/// “Made by the proxy: no upstream answered.”
pub const BY_PROXY: &str = say!(by_proxy);
/// “A filter called”
pub const CALLOUT: &str = say!(callout);
/// Above callouts of root contexts
pub const OUTSIDE_REQUESTS: &str = say!(outside_requests);
/// “Earlier attempt”
pub const ATTEMPT: &str = say!(attempt);
/// “Details”
pub const DETAILS: &str = say!(details);
/// “flags”
pub const FLAGS: &str = say!(flags);
/// “Added:”
pub const ADDED: &str = say!(added);
/// “Removed:”
pub const REMOVED: &str = say!(removed);
/// “Changed:”
pub const CHANGED: &str = say!(changed);
/// “was”
pub const WAS: &str = say!(was);
/// “Search the timeline”
pub const SEARCH: &str = say!(search);
/// “Time”, of a log that Envoy wrote
pub const TIME_OF_LOG: &str = say!(time_of_log);
/// “Simulated time”
pub const TIME: &str = say!(time);
/// “Who”
pub const WHO: &str = say!(who);
/// “What”
pub const WHAT: &str = say!(what);
/// “Fuel”
pub const FUEL: &str = say!(fuel);
/// “Returned”
pub const RETURNED: &str = say!(returned);
/// “Status”
pub const STATUS: &str = say!(status);
/// “Where”
pub const WHERE: &str = say!(where);
/// “proxy”
pub const PROXY: &str = say!(proxy);
/// “Access log”
pub const ACCESS_LOG: &str = say!(access_log);
/// “Expected”
pub const EXPECTED: &str = say!(expected);
/// “Got”
pub const ACTUAL: &str = say!(actual);
/// “holds”
pub const HOLDS: &str = say!(holds);
/// “fails”
pub const FAILS: &str = say!(fails);

/// A task.
pub const TASK: &str = say!(task);
/// A task is done.
pub const TASK_DONE: &str = say!(task_done);
/// A task is not done yet.
pub const TASK_OPEN: &str = say!(task_open);

/// `Task 2`.
pub fn task(number: usize) -> String {
    format!(say!(task_numbered), number = number)
}

/// The button that shows the next hint.
pub fn hint(number: usize, of: usize) -> String {
    format!(say!(hint), number = number, of = of)
}

/// A module gave no sign of life.
pub fn stuck(ms: u64) -> String {
    format!(say!(stuck), ms = ms)
}

/// `Request 2`.
pub fn request(number: usize) -> String {
    format!(say!(request_numbered), number = number)
}

/// “Connection 2”
pub fn connection(number: usize) -> String {
    format!(say!(connection_numbered), number = number)
}

/// A trap as the result of a call.
pub fn trapped(trap: &str) -> String {
    format!(say!(trapped), trap = trap)
}

/// `Line 5, column 3:`; without a line, the file as a whole.
pub fn line_column(line: u32, column: u32) -> String {
    match line {
        0 => say!(whole_file).into(),
        line => format!(say!(line_column), line = line, column = column),
    }
}

/// A hidden scenario in the list.
pub fn hidden_named(name: &str) -> String {
    format!(say!(hidden_named), name = name)
}

/// `main thread`, `worker 0`: thread numbers of the trace begin with the main thread.
pub fn thread(thread: u32) -> String {
    match thread.checked_sub(1) {
        None => say!(thread_main).into(),
        Some(worker) => format!(say!(thread_worker), worker = worker),
    }
}

/// Where an event happened.
pub fn event_place(n: u32, thread: &str, vm: Option<u32>, context: Option<u32>) -> String {
    let mut text = format!(say!(event_place), n = n, thread = thread);
    if let Some(vm) = vm {
        text.push_str(&format!(say!(event_place_vm), vm = vm));
    }
    if let Some(context) = context {
        text.push_str(&format!(say!(event_place_context), context = context));
    }
    text
}

/// How many rows there are: `310 events`, `12 of 310 events`.
pub fn rows(shown: usize, all: usize) -> String {
    match shown == all {
        true => format!(say!(rows_all), all = all),
        false => format!(say!(rows_some), shown = shown, all = all),
    }
}

/// `Show 20 more of 480`.
pub fn more(count: usize, left: usize) -> String {
    format!(say!(more), count = count, left = left)
}

/// From a check to its event.
pub fn show_event(n: u32) -> String {
    format!(say!(show_event), n = n)
}

/// `Body, 12 B`.
pub fn body(size: &str) -> String {
    format!(say!(body_sized), size = size)
}

/// `Body changed: 12 B, was 10 B`.
pub fn body_changed(size: &str, was: &str) -> String {
    format!(say!(body_changed), size = size, was = was)
}

/// Label of a row's name field.
pub fn row_name(prefix: &str) -> String {
    format!(say!(row_name), prefix = prefix)
}

/// Label of a row's value field.
pub fn row_value(prefix: &str) -> String {
    format!(say!(row_value), prefix = prefix)
}

/// Label of a row's button.
pub fn remove_row(prefix: &str, name: &str) -> String {
    format!(say!(remove_row), prefix = prefix, name = name)
}

/// What changed on the way: `2 added, 1 removed`.
pub fn changes(added: usize, removed: usize, changed: usize, body: bool) -> String {
    let mut words = Vec::new();
    for (n, word) in [
        (added, say!(changes_added)),
        (removed, say!(changes_removed)),
        (changed, say!(changes_changed)),
    ] {
        if n > 0 {
            words.push(format!("{n} {word}"));
        }
    }
    if body {
        words.push(say!(changes_body).into());
    }
    match words.is_empty() {
        true => say!(changes_none).into(),
        false => format!(say!(changes_list), changes = words.join(", ")),
    }
}

/// “Every order of the threads”
pub const ORDERS: &str = say!(orders);
/// What the search is.
pub const ORDERS_LEAD: &str = say!(orders_lead);
/// “Try every order”
pub const SEARCH_ORDERS: &str = say!(search_orders);
/// “Stop the search”
pub const STOP_SEARCH: &str = say!(stop_search);
/// “Open this order in the timeline”
pub const OPEN_ORDER: &str = say!(open_order);
/// Announced when a search begins.
pub const SEARCHING: &str = say!(searching);

/// “12 orders so far, and a check fails in 2 of them …”
pub fn searched(orders: u32, breaking: u32) -> String {
    format!(
        say!(searched),
        orders = orders_of(orders),
        fails = fails_in(breaking)
    )
}

/// “All 12 orders were run, and a check fails in 2 of them.”
pub fn all_orders(orders: u32, breaking: u32) -> String {
    match orders {
        1 => format!(say!(all_orders_one), fails = fails_in(breaking)),
        n => format!(say!(all_orders_many), n = n, fails = fails_in(breaking)),
    }
}

/// “12 orders were run, and every check holds so far. There are more.”
pub fn some_orders(orders: u32, breaking: u32) -> String {
    let orders = orders_of(orders);
    format!(
        say!(some_orders),
        orders = orders,
        fails = fails_in(breaking)
    )
}

fn orders_of(orders: u32) -> String {
    match orders {
        1 => say!(orders_one).to_owned(),
        n => format!(say!(orders_many), n = n),
    }
}

fn fails_in(breaking: u32) -> String {
    match breaking {
        0 => say!(fails_in_none).to_owned(),
        n => format!(say!(fails_in_some), n = n),
    }
}

/// “The shortest of these leaves a thread once before it is done:”
pub fn shortest(switches: u32) -> String {
    match switches {
        0 => say!(shortest_never).to_owned(),
        1 => say!(shortest_once).to_owned(),
        n => format!(say!(shortest_often), n = n),
    }
}
