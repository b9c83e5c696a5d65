//! A trap in every callback under every failure policy, and who is still served after it.

use crate::lab_run::{run_one, story};
use crate::proxy::{guest, lab, tcp};
use proxy_wasm_tour::abi::CALLBACKS;
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
    run_one(&text)
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

/// Callbacks that no failure policy looks at: those of callouts, and of queues.
const OF_ROOTS: [&str; 6] = [
    "on_http_call_response",
    "on_grpc_receive_initial_metadata",
    "on_grpc_receive",
    "on_grpc_receive_trailing_metadata",
    "on_grpc_close",
    "on_queue_ready",
];

/// Callbacks of TCP connections.
const OF_CONNECTIONS: [&str; 8] = [
    "on_new_connection",
    "on_downstream_data",
    "on_upstream_data",
    "on_downstream_connection_close",
    "on_upstream_connection_close",
    "on_log",
    "on_done",
    "on_delete",
];

/// The one VM that has failed, and what its log says of it; every other VM is alive.
fn check_one_failed(report: &ScenarioReport, callback: &str) {
    let failed: Vec<_> = report.vms.iter().filter(|vm| vm.failed).collect();
    assert_eq!(failed.len(), 1, "{callback}\n{}", story(report));
    assert_eq!(failed[0].vm_id, "f", "{callback}");
    let text = format!("Function: proxy_{callback} failed: Uncaught RuntimeError: unreachable");
    let lines = report.logs.iter().filter(|l| l.message.contains(&text));
    let on: Vec<u32> = lines.map(|line| line.thread).collect();
    assert!(on.contains(&failed[0].thread), "{callback}: {on:?}");
}

#[test]
fn a_trap_in_the_answer_of_a_callout_or_in_a_queue_fails_that_vm_alone() {
    for callback in OF_ROOTS {
        let f = guest(&[
            ("on_configure", "queue q"),
            (
                "on_request_headers",
                "call auth 1000 :method=GET :path=/ :authority=auth; gstream say; enqueue 1 x",
            ),
            (callback, "trap"),
        ]);
        let neighbour = guest(&[("on_request_headers", "log neighbour")]);
        let text = lab(
            &[("a", &neighbour), ("f", &f)],
            "  clusters: [{name: web}, {name: auth}, {name: say}]",
            "upstreams: {say: [{grpc: {metadata: {a: b}, message: hi, trailers: {c: d}}}]}
scenarios: [{name: s, traffic: [{request: {}}, {advance: 1s}, {request: {}}]}]",
        );
        let report = run_one(&text);
        check_one_failed(&report, callback);
        // The worker has registered the queue last, so it hears of it.
        assert_eq!(ends(&report)[1], "503", "{callback}");
        let lines = report.logs.iter().filter(|l| l.message == "neighbour");
        assert_eq!(lines.count(), 2, "{callback}");
    }
}

#[test]
fn a_trap_in_any_callback_of_a_connection_fails_that_vm_alone() {
    for callback in OF_CONNECTIONS {
        let f = guest(&[(callback, "trap")]);
        let neighbour = guest(&[("on_new_connection", "log neighbour")]);
        let text = tcp::lab(
            &[("a", &neighbour), ("f", &f)],
            "",
            tcp::TCP_PROXY,
            "scenarios: [{name: s, traffic: [{tcp: {send: [abc], close: true}}, {tcp: {send: [def], close: true}}]}]",
        );
        let report = run_one(&text);
        check_one_failed(&report, callback);
        assert_eq!(report.connections.len(), 2, "{callback}");
        let lines = report.logs.iter().filter(|l| l.message == "neighbour");
        assert_eq!(lines.count(), 2, "{callback}");
    }
}

/// What is in neither list the proxy never calls, or it comes before there is any traffic.
#[test]
fn every_callback_that_the_proxy_makes_is_in_a_list_above() {
    let left_out = [
        "proxy_on_memory_allocate",
        "proxy_on_context_create",
        "proxy_on_vm_start",
        "proxy_on_configure",
        "proxy_on_request_metadata",
        "proxy_on_response_metadata",
        "proxy_on_foreign_function",
    ];
    for callback in CALLBACKS.iter().filter(|c| c.name.starts_with("proxy_on_")) {
        let name = callback.name.trim_start_matches("proxy_");
        let listed = OF_ROOTS.contains(&name)
            || OF_CONNECTIONS.contains(&name)
            || TRAPS.iter().any(|(trap, _)| *trap == name);
        assert_ne!(listed, left_out.contains(&callback.name), "{name}");
    }
}
