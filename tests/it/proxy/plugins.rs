//! Wasm outside the chain: services and access loggers; and VMs that are made anew.

use super::{base64, guest, lab, logs, outcomes, statuses};
use crate::lab_run::{run_ok, run_one, story};
use proxy_wasm_tour::model::report::ScenarioReport;

/// A lab with one more guest, configured somewhere else than in the chain.
fn with(chain: &[(&str, &str)], envoy: &str, extra: &str, rest: &str) -> ScenarioReport {
    let bytes = base64(extra);
    let text = lab(chain, envoy, rest).replace(
        "files:\n",
        &format!("files:\n  /extra.wasm: {{base64: \"{bytes}\"}}\n"),
    );
    run_ok(&text).scenarios.remove(0)
}

const PLUGIN: &str = "{name: extra, vm_config: {vm_id: v, code: {local: {filename: /extra.wasm}}}}";

fn service(singleton: bool) -> String {
    format!(
        "  bootstrap_extensions: [{{name: envoy.bootstrap.wasm, typed_config: {{\"@type\": type.googleapis.com/envoy.extensions.wasm.v3.WasmService, singleton: {singleton}, config: {PLUGIN}}}}}]"
    )
}

#[test]
fn a_singleton_service_lives_on_the_main_thread_alone() {
    for (singleton, vms, active, ticks) in [(true, 1, 2, 3), (false, 3, 4, 9)] {
        let report = with(
            &[],
            &service(singleton),
            &guest(&[("on_configure", "tick 1000"), ("on_tick", "log tick")]),
            "concurrency: 2\nscenarios: [{name: s, traffic: [{advance: 3500ms}]}]",
        );
        assert_eq!(report.vms.len(), vms, "{}", story(&report));
        assert_eq!(report.stats["wasm.envoy.wasm.runtime.v8.active"], active);
        assert_eq!(logs(&report).len(), ticks);
    }
}

#[test]
fn workers_send_and_a_singleton_aggregates() {
    let worker = guest(&[("on_request_headers", "enqueue 1 hit")]);
    let report = with(
        &[("f", &worker)],
        &service(true),
        &guest(&[
            ("on_configure", "queue hits"),
            ("on_queue_ready", "log got; dequeue 1"),
        ]),
        "concurrency: 4\nscenarios: [{name: s, traffic: [{request: {}}, {request: {}}, {request: {}}, {request: {}}, {request: {}}]}]",
    );
    assert_eq!(logs(&report).len(), 5, "{}", story(&report));
    assert_eq!(report.queues["hits"], 0);
    let main_thread = report
        .logs
        .iter()
        .filter(|l| l.message == "got")
        .all(|l| l.thread == 0);
    assert!(main_thread);
}

#[test]
fn a_wasm_access_logger_logs_on_its_root_local_replies_too() {
    let logger = format!(
        "  access_log: [{{name: envoy.access_loggers.wasm, typed_config: {{\"@type\": type.googleapis.com/envoy.extensions.access_loggers.wasm.v3.WasmAccessLog, config: {PLUGIN}}}}}]"
    );
    let report = with(
        &[("f", &guest(&[("on_request_headers", "reply 403 no")]))],
        &logger,
        &guest(&[(
            "on_log",
            "log logged; get request :path; get response :status; prop response.code; prop request.path",
        )]),
        "scenarios: [{name: s, traffic: [{request: {path: /p}}]}]",
    );
    assert_eq!(logs(&report), ["logged"], "{}", story(&report));
    assert_eq!(
        outcomes(&report, "proxy_get_header_map_value"),
        [r#"Ok {"bytes":"/p"}"#, r#"Ok {"bytes":"403"}"#]
    );
    assert!(
        outcomes(&report, "proxy_get_property")
            .iter()
            .all(|s| s.starts_with("Ok"))
    );
    // No stream context is created: the only callbacks on the worker's VM are those of the root.
    let created = report
        .events
        .iter()
        .filter(|e| e.name == "proxy_on_context_create" && e.t_ns > 0);
    assert_eq!(created.count(), 0);
}

#[test]
fn fail_reload_makes_the_vm_anew_once_the_back_off_is_over() {
    let f = guest(&[("on_request_headers", "trap")]);
    let text = lab(
        &[("f", &f)],
        "",
        "scenarios: [{name: s, traffic: [{request: {}}, {request: {}}, {advance: 2s}, {request: {}}]}]",
    )
    .replace("vm_config:", "failure_policy: FAIL_RELOAD, reload_config: {backoff: {base_interval: 1s}}, vm_config:");
    let scenario = &run_one(&text);
    assert_eq!(statuses(scenario), [503, 503, 503]);
    assert_eq!(
        scenario.stats["wasm.f.vm_reload_backoff"],
        1,
        "{}",
        story(scenario)
    );
    assert_eq!(scenario.stats["wasm.f.vm_reload_success"], 1);
    // The new VM trapped as well: each trap is logged once.
    let traps = scenario
        .logs
        .iter()
        .filter(|l| l.message.starts_with("Function: proxy_on_request_headers"));
    assert_eq!(traps.count(), 2);
    assert_eq!(scenario.vms.len(), 2);
}
