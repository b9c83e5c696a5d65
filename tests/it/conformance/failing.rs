//! A trap in every callback under every failure policy, and who is still served after it.

use crate::lab_run::{run_with, story};
use crate::proxy::{guest, lab};
use proxy_wasm_tour::model::report::{ExchangeOutcome, ScenarioReport};

/// A request that makes every HTTP callback, time for a tick, and a second request.
const TRAFFIC: &str = r#"
upstreams:
  web:
  - reply: {status: 200, body: hello, trailers: {t: "1"}}
scenarios:
- name: s
  traffic:
  - request: {method: POST, body: hello, trailers: {t: "1"}}
  - advance: 5s
  - request: {method: POST, body: hello, trailers: {t: "1"}}
"#;

/// Runs a guest that traps in one callback, with a neighbour in front of it.
fn run(callback: &str, policy: &str) -> ScenarioReport {
    let mut callbacks = vec![(callback, "trap")];
    if callback == "on_tick" {
        callbacks.push(("on_configure", "tick 1000"));
    }
    let neighbour = guest(&[("on_request_headers", "log neighbour")]);
    let text = lab(&[("a", &neighbour), ("f", &guest(&callbacks))], "", TRAFFIC).replace(
        "{name: f, vm_config:",
        &format!("{{name: f, {policy}, vm_config:"),
    );
    let mut report = run_with(&text, &Default::default()).unwrap_or_else(|p| panic!("{p}"));
    report.scenarios.remove(0)
}

/// How an exchange ended: its status, or `reset`.
fn ends(report: &ScenarioReport) -> Vec<String> {
    let exchanges = report.exchanges.iter();
    exchanges
        .map(|exchange| match (&exchange.response, exchange.outcome) {
            (Some(response), ExchangeOutcome::Completed) => response.status.to_string(),
            (_, outcome) => format!("{outcome:?}").to_lowercase(),
        })
        .collect()
}

/// Callback, then what the two requests get under FAIL_CLOSED, FAIL_OPEN and FAIL_RELOAD.
///
/// The stream that traps gets 503, or a reset where its headers are out. After that a closed
/// plugin answers 503, an open one is skipped, and a reloaded one runs (and traps) anew. What comes
/// after the response (log, done, delete) can spoil nothing any more.
const TRAPS: [(&str, [[&str; 2]; 3]); 10] = [
    (
        "on_request_headers",
        [["503", "503"], ["503", "200"], ["503", "503"]],
    ),
    (
        "on_request_body",
        [["503", "503"], ["503", "200"], ["503", "503"]],
    ),
    (
        "on_request_trailers",
        [["503", "503"], ["503", "200"], ["503", "503"]],
    ),
    (
        "on_response_headers",
        [["503", "503"], ["503", "200"], ["503", "503"]],
    ),
    (
        "on_response_body",
        [["reset", "503"], ["reset", "200"], ["reset", "reset"]],
    ),
    (
        "on_response_trailers",
        [["reset", "503"], ["reset", "200"], ["reset", "reset"]],
    ),
    ("on_log", [["200", "503"], ["200", "200"], ["200", "200"]]),
    ("on_done", [["200", "503"], ["200", "200"], ["200", "200"]]),
    (
        "on_delete",
        [["200", "503"], ["200", "200"], ["200", "200"]],
    ),
    ("on_tick", [["200", "503"], ["200", "200"], ["200", "200"]]),
];

#[test]
fn a_trap_in_every_callback_ends_as_its_failure_policy_says() {
    for (callback, expected) in TRAPS {
        let policies = ["FAIL_CLOSED", "FAIL_OPEN", "FAIL_RELOAD"];
        for (policy, expected) in policies.iter().zip(expected) {
            let report = run(callback, &format!("failure_policy: {policy}"));
            assert_eq!(
                ends(&report),
                expected,
                "{callback}, {policy}\n{}",
                story(&report)
            );
        }
    }
}

#[test]
fn a_trap_in_any_callback_leaves_the_neighbours_vm_alive() {
    for (callback, ..) in TRAPS {
        let report = run(callback, "failure_policy: FAIL_CLOSED");
        let failed: Vec<&str> = report
            .vms
            .iter()
            .filter(|vm| vm.failed)
            .map(|vm| vm.vm_id.as_str())
            .collect();
        assert!(
            !failed.is_empty() && failed.iter().all(|id| *id == "f"),
            "{callback}: {failed:?}"
        );
        let lines = report
            .logs
            .iter()
            .filter(|line| line.message == "neighbour");
        assert_eq!(lines.count(), 2, "{callback}");
    }
}

#[test]
fn a_trap_is_logged_once_with_the_callbacks_name() {
    for (callback, ..) in TRAPS {
        let report = run(callback, "failure_policy: FAIL_CLOSED");
        let text = format!("Function: proxy_{callback} failed");
        // A tick is due on the main thread as well as on the worker, and its root ends as well.
        let everywhere = ["on_tick", "on_done", "on_delete"].contains(&callback);
        let threads = if everywhere { 2 } else { 1 };
        let lines = report
            .logs
            .iter()
            .filter(|line| line.message.contains(&text));
        assert_eq!(lines.count(), threads, "{callback}\n{}", story(&report));
    }
}

/// A root's callbacks refuse the whole configuration, because the canary runs them first.
#[test]
fn a_trap_while_the_plugin_starts_refuses_the_configuration_under_every_policy() {
    for callback in ["on_context_create", "on_vm_start", "on_configure"] {
        for policy in ["failure_policy: FAIL_OPEN", "fail_open: true"] {
            let report = run(callback, policy);
            assert!(report.rejected.is_some(), "{callback}, {policy}");
        }
    }
}
