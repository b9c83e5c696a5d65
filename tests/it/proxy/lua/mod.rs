//! The lua filter: each test is named for a rule of Envoy's, each table for a row of them.

mod body;
mod calls;
mod handle;
mod limits;
mod model;
mod scripts;
mod side_by_side;

use super::native::{counters, sent};
use super::{answer, first, response, steps};
use crate::lab_run::story;
use proxy_wasm_tour::model::report::ScenarioReport;
use proxy_wasm_tour::model::trace::{Event, Kind};

/// A lua filter named `f` with a script, as an item of `http_filters`.
pub(super) fn item(script: &str, more: &str) -> String {
    let script = indented(script, 10);
    format!(
        "  - name: f\n    typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua\n{more}      default_source_code:\n        inline_string: |\n{script}"
    )
}

/// Lines moved to the right.
pub(super) fn indented(text: &str, by: usize) -> String {
    let lines = text.lines().map(|line| format!("{:by$}{line}\n", ""));
    lines.collect()
}

/// Runs a script against requests, with more keys of `envoy` and of the lab.
pub(super) fn play_with(
    script: &str,
    envoy: &str,
    rest: &str,
    requests: &[&str],
) -> ScenarioReport {
    let filters = format!("  http_filters:\n{}{envoy}", item(script, ""));
    let traffic = requests.iter().map(|r| format!("  - request: {r}\n"));
    super::router::play(&filters, rest, &traffic.collect::<String>())
}

/// Runs a script against one request.
pub(super) fn play(script: &str, request: &str) -> ScenarioReport {
    play_with(script, "", "", &[request])
}

/// Runs the body of `envoy_on_request(h)` against one GET; what it prints, by line.
pub(super) fn says(body: &str) -> String {
    says_of(body, "{}")
}

/// Runs the body of `envoy_on_request(h)` against a request; what it prints or logs, by line.
pub(super) fn says_of(body: &str, request: &str) -> String {
    logged(&play(&on_request(body), request))
}

/// A script of one function.
pub(super) fn on_request(body: &str) -> String {
    format!("function envoy_on_request(h)\n{body}\nend\n")
}

/// A script of the other function.
pub(super) fn on_response(body: &str) -> String {
    format!("function envoy_on_response(h)\n{body}\nend\n")
}

/// What scripts have printed and logged, Envoy's own prefix left out.
pub(super) fn logged(report: &ScenarioReport) -> String {
    let mine = report.logs.iter().filter(|line| line.plugin == "f");
    let lines = mine.map(|line| {
        let message = line.message.strip_prefix("script log: ");
        message.unwrap_or(&line.message).to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The calls that scripts have made, with how each ended.
pub(super) fn calls(report: &ScenarioReport) -> Vec<String> {
    let calls = report.events.iter().filter(|e| e.kind == Kind::HostCall);
    calls
        .map(|event| format!("{} {}", event.name, status(event)))
        .collect()
}

/// How an event ended.
pub(super) fn status(event: &Event) -> String {
    event
        .result
        .as_ref()
        .map_or("?".to_owned(), |r| r.status.to_string())
}

/// The problem with a filter's configuration.
pub(super) fn refused(settings: &str) -> String {
    let filter = format!(
        "  http_filters:\n  - name: f\n    typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua\n{settings}"
    );
    super::native::refused(&filter)
}
