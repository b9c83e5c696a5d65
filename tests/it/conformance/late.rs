//! What happens outside a stream's own callbacks: callouts, ticks and effective contexts.

use crate::lab_run::story;
use crate::proxy::{first, guest, logs, outcomes, play_with, response};
use proxy_wasm_tour::model::report::{ExchangeOutcome, ScenarioReport};

/// A callout to the cluster `auth`.
const CALL: &str = "call auth 1000 :method=GET :path=/check :authority=auth";

/// Runs one guest with a cluster `auth` that answers after 20 ms.
fn play(callbacks: &[(&str, &str)], traffic: &str) -> ScenarioReport {
    play_with(
        &[("f", &guest(callbacks))],
        "  clusters: [{name: web}, {name: auth}]",
        "upstreams: {auth: [{reply: {status: 200, body: ok, delay: 20ms}}]}",
        traffic,
    )
}

fn count(report: &ScenarioReport, line: &str) -> usize {
    logs(report).iter().filter(|log| **log == line).count()
}

#[test]
fn a_local_reply_while_paused_comes_from_a_callout_as_well() {
    let report = play(
        &[
            ("on_request_headers", &format!("{CALL}; return 1")),
            ("on_http_call_response", "effective 2; reply 403 no"),
            ("on_response_headers", "log own reply"),
        ],
        "  - request: {}",
    );
    assert_eq!(response(&report).status, 403, "{}", story(&report));
    assert_eq!(count(&report, "own reply"), 1);
}

#[test]
fn a_local_reply_while_paused_comes_from_a_tick_as_well() {
    let report = play(
        &[
            ("on_configure", "tick 100"),
            ("on_request_headers", "return 1"),
            ("on_tick", "effective 2; reply 403 no"),
        ],
        "  - request: {}",
    );
    assert_eq!(response(&report).status, 403, "{}", story(&report));
}

#[test]
fn headers_may_be_changed_from_a_tick_before_it_continues_the_stream() {
    let report = play(
        &[
            ("on_configure", "tick 100"),
            ("on_request_headers", "return 1"),
            ("on_tick", "effective 2; add request x-late yes; continue 0"),
        ],
        "  - request: {}",
    );
    let upstream = &first(&report).upstream_requests[0];
    assert_eq!(
        upstream.headers.get_str("x-late"),
        Some("yes"),
        "{}",
        story(&report)
    );
}

#[test]
fn the_context_of_an_ended_stream_is_no_effective_context() {
    let report = play(
        &[
            ("on_configure", "tick 1000"),
            ("on_tick", "effective 2; effective 0"),
        ],
        "  - request: {}\n  - advance: 1500ms",
    );
    let set = outcomes(&report, "proxy_set_effective_context");
    // The main thread never had the stream; the worker has it no more.
    assert_eq!(
        set,
        ["BadArgument", "Ok", "BadArgument", "Ok"],
        "{}",
        story(&report)
    );
}

#[test]
fn callouts_in_parallel_have_tokens_of_their_own_and_each_is_answered() {
    let report = play(
        &[
            ("on_request_headers", &format!("{CALL}; {CALL}; return 1")),
            (
                "on_http_call_response",
                "log answer; effective 2; continue 0",
            ),
        ],
        "  - request: {}",
    );
    assert_eq!(response(&report).status, 200, "{}", story(&report));
    assert_eq!(count(&report, "answer"), 2);
    let tokens = outcomes(&report, "proxy_http_call");
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1]);
}

/// A callout is the root's: it ends on the root when its stream is gone.
#[test]
fn a_callout_outlives_its_stream() {
    let report = play(
        &[
            ("on_request_headers", CALL),
            ("on_log", "log gone"),
            ("on_http_call_response", "log answer; effective 2"),
        ],
        "  - request: {}\n  - advance: 1s",
    );
    assert_eq!(logs(&report), ["gone", "answer"], "{}", story(&report));
    assert_eq!(
        outcomes(&report, "proxy_set_effective_context"),
        ["BadArgument"]
    );
}

#[test]
fn a_trap_in_a_callouts_callback_fails_the_stream_that_waits() {
    let report = play(
        &[
            ("on_request_headers", &format!("{CALL}; return 1")),
            ("on_http_call_response", "trap"),
        ],
        "  - request: {}\n  - request: {}",
    );
    assert_ne!(first(&report).outcome, ExchangeOutcome::Completed);
    let second = report.exchanges[1].response.as_ref().map(|r| r.status);
    assert_eq!(second, Some(503), "{}", story(&report));
    assert!(report.vms.iter().any(|vm| vm.failed));
}

#[test]
fn without_environment_variables_nothing_is_printed() {
    let environment = r#"(module
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
      (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 64) "some")
      (func (export "malloc") (param i32) (result i32) (i32.const 1024))
      (func (export "proxy_abi_version_0_2_1"))
      (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
        (i32.store (i32.const 0) (i32.const -1))
        (if (call $sizes (i32.const 0) (i32.const 4)) (then unreachable))
        (if (i32.load (i32.const 0)) (then (drop (call $log (i32.const 2) (i32.const 64) (i32.const 4)))))
        (i32.const 1)))"#;
    let report = play_with(&[("f", environment)], "", "", "  - request: {}");
    assert_eq!(report.rejected, None);
    assert!(logs(&report).is_empty(), "{}", story(&report));
}

#[test]
fn a_period_of_0_stops_the_timer() {
    let report = play(
        &[
            ("on_configure", "tick 100"),
            ("on_tick", "log tick; tick 0"),
        ],
        "  - advance: 1s",
    );
    // Once on the main thread and once on the worker.
    assert_eq!(count(&report, "tick"), 2, "{}", story(&report));
}

#[test]
fn a_new_period_takes_the_place_of_the_old_one() {
    let report = play(
        &[
            ("on_configure", "tick 100"),
            ("on_tick", "log tick; tick 400"),
        ],
        "  - advance: 1s",
    );
    // At 100, 500 and 900 ms, on two threads.
    assert_eq!(count(&report, "tick"), 6, "{}", story(&report));
}

#[test]
fn a_stream_arms_the_timer_of_its_root() {
    let report = play(
        &[
            ("on_request_headers", "tick 100"),
            ("on_tick", "log tick; tick 0"),
        ],
        "  - request: {}\n  - advance: 1s",
    );
    // Only on the worker that had the stream.
    assert_eq!(count(&report, "tick"), 1, "{}", story(&report));
}

#[test]
fn a_dead_vm_ticks_no_more() {
    let report = play(
        &[
            ("on_configure", "tick 100"),
            ("on_tick", "log tick"),
            ("on_request_headers", "trap"),
        ],
        "  - request: {}\n  - advance: 1s",
    );
    // The main thread's VM lives on.
    let threads: Vec<u32> = report
        .logs
        .iter()
        .filter(|line| line.message == "tick")
        .map(|line| line.thread)
        .collect();
    assert!(
        threads.len() >= 9 && threads.iter().all(|thread| *thread == 0),
        "{threads:?}"
    );
}
