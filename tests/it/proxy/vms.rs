//! How many VMs and root contexts there are, and what each thread has of its own.

use super::{base64, guest, lab, logs, parent, word};
use crate::lab_run::{run_ok, story};
use proxy_wasm_tour::model::report::ScenarioReport;
use proxy_wasm_tour::model::trace::Kind;

/// Plugins by name, vm_id and configuration, on so many workers, one request each.
fn run(workers: usize, plugins: &[(&str, &str, &str)]) -> ScenarioReport {
    let wat = guest(&[
        ("on_vm_start", "log vm_start"),
        ("on_configure", "log configured"),
    ]);
    let bytes = base64(&wat);
    let filters: String = plugins
        .iter()
        .map(|(name, vm_id, text)| {
            format!(
                "  - {{name: {name}, typed_config: {{\"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm, config: {{name: {name}, configuration: {{\"@type\": type.googleapis.com/google.protobuf.StringValue, value: '{text}'}}, vm_config: {{vm_id: {vm_id}, code: {{local: {{filename: /f.wasm}}}}}}}}}}}}\n"
            )
        })
        .collect();
    let text = format!(
        "name: t\nconcurrency: {workers}\nenvoy:\n  http_filters:\n{filters}files: {{/f.wasm: {{base64: \"{bytes}\"}}}}\nscenarios: [{{name: s, traffic: [{{request: {{}}}}]}}]\n"
    );
    run_ok(&text).scenarios.remove(0)
}

#[test]
fn n_workers_and_k_keys_make_k_times_n_plus_2_vms_and_a_canary_for_each_plugin() {
    for (workers, plugins, keys, pairs) in [
        (1, &[("a", "v", "1")][..], 1, 1),
        (4, &[("a", "v", "1")], 1, 1),
        (4, &[("a", "v", "1"), ("b", "v", "1")], 1, 2),
        (4, &[("a", "v", "1"), ("b", "w", "1")], 2, 2),
        (2, &[("a", "v", "1"), ("a", "v", "1")], 1, 1),
        (2, &[("a", "v", "1"), ("a", "v", "2")], 1, 2),
        (
            3,
            &[("a", "v", "1"), ("b", "v", "1"), ("c", "w", "1")],
            2,
            3,
        ),
    ] {
        let report = run(workers, plugins);
        let stat = |name: &str| report.stats[&format!("wasm.envoy.wasm.runtime.v8.{name}")];
        let active = (keys * (workers + 2)) as u64;
        assert_eq!(stat("active"), active, "{workers} {plugins:?}");
        assert_eq!(
            stat("created"),
            active + pairs as u64,
            "{workers} {plugins:?}"
        );
        // The report has those that serve: the main thread's and each worker's.
        assert_eq!(report.vms.len(), keys * (workers + 1), "{}", story(&report));
        // Each root is started on the canary, the main thread and each worker.
        let roots = pairs * (workers + 2);
        let count = |line: &str| logs(&report).iter().filter(|log| **log == line).count();
        assert_eq!((count("vm_start"), count("configured")), (roots, roots));
    }
}

#[test]
fn every_vm_tells_its_memory() {
    let report = run(8, &[("a", "v", "1"), ("b", "w", "1"), ("c", "x", "1")]);
    assert_eq!(report.vms.len(), 3 * 9);
    // The guest of these tests has 40 pages.
    assert!(report.vms.iter().all(|vm| vm.memory_bytes == 40 << 16));
}

#[test]
fn a_connection_stays_on_its_worker_for_life() {
    let f = guest(&[("on_request_headers", "log here")]);
    let text = lab(
        &[("f", &f)],
        "",
        "concurrency: 3\nscenarios:\n- name: s\n  traffic:\n  - {request: {}, connection: a}\n  - {request: {}, connection: b}\n  - {request: {}, connection: a}\n  - {request: {}, connection: b}",
    );
    let report = run_ok(&text).scenarios.remove(0);
    let threads: Vec<u32> = report
        .logs
        .iter()
        .filter(|line| line.message == "here")
        .map(|line| line.thread)
        .collect();
    assert_eq!(threads, [1, 2, 1, 2]);
}

#[test]
fn plugins_start_on_the_main_thread_first_and_then_on_each_worker() {
    let report = run(2, &[("a", "v", "1")]);
    let started: Vec<_> = report
        .events
        .iter()
        .filter(|e| e.kind == Kind::Callback && e.name == "proxy_on_configure")
        .map(|e| {
            (
                e.thread,
                parent(&report, e).map_or(String::new(), |p| p.name.to_string()),
            )
        })
        .collect();
    let threads: Vec<u32> = started.iter().map(|(thread, _)| *thread).collect();
    assert_eq!(
        threads,
        [0, 0, 1, 2],
        "canary, main thread, workers: {started:?}"
    );
}

#[test]
fn metrics_are_process_wide_and_their_ids_belong_to_a_vm() {
    // The second plugin defines another metric first, so the same name has another id there.
    let a = guest(&[
        ("on_configure", "metric hits"),
        ("on_request_headers", "count 4 1"),
    ]);
    let b = guest(&[
        ("on_configure", "metric other; metric hits"),
        ("on_request_headers", "count 8 1"),
    ]);
    let text = lab(
        &[("a", &a), ("b", &b)],
        "",
        "concurrency: 2\nscenarios: [{name: s, traffic: [{request: {}}, {request: {}}]}]",
    );
    let report = run_ok(&text).scenarios.remove(0);
    let ids: Vec<String> = report
        .events
        .iter()
        .filter(|e| e.name == "proxy_increment_metric" || e.name == "proxy_record_metric")
        .map(|e| word(e, "metric_id"))
        .collect();
    assert_eq!(
        report.stats["wasmcustom.hits"],
        4,
        "{ids:?} {}",
        story(&report)
    );
}
