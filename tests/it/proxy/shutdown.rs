//! Root contexts at the end of a scenario, where Envoy shuts down.

use super::{guest, lab, outcomes, parent, play_with, word};
use crate::lab_run::{run_one, story};
use proxy_wasm_tour::model::report::ScenarioReport;
use proxy_wasm_tour::model::trace::Event;

const TELL: [(&str, &str); 2] = [("on_done", "log done"), ("on_delete", "log deleted")];

/// Log lines of plugins: thread, plugin, text.
fn lines(report: &ScenarioReport) -> Vec<String> {
    let lines = report.logs.iter().filter(|line| !line.plugin.is_empty());
    lines
        .map(|line| format!("{} {} {}", line.thread, line.plugin, line.message))
        .collect()
}

/// The ends of plugins: `thread plugin status`.
fn stops(report: &ScenarioReport) -> Vec<String> {
    ends(report)
        .map(|e| {
            let status = e.result.as_ref().map_or("", |r| &r.status);
            format!("{} {} {status}", e.thread, word(e, "plugin"))
        })
        .collect()
}

fn ends(report: &ScenarioReport) -> impl Iterator<Item = &Event> {
    report.events.iter().filter(|e| e.name == "plugin_stop")
}

#[test]
fn roots_are_done_and_deleted_at_the_end_the_workers_before_the_main_thread() {
    let report = play_with(
        &[("f", &guest(&TELL))],
        "",
        "concurrency: 2",
        "  - advance: 1s",
    );
    assert_eq!(
        lines(&report),
        [
            "1 f done",
            "1 f deleted",
            "2 f done",
            "2 f deleted",
            "0 f done",
            "0 f deleted"
        ]
    );
    // What ran for the canary is gone without a word, and the report tells of the VMs as they served.
    assert_eq!(report.vms.len(), 3);
    assert_eq!(report.stats["wasm.envoy.wasm.runtime.v8.active"], 4);
}

#[test]
fn what_was_configured_last_ends_first() {
    let a = guest(&[("on_done", "log done a")]);
    let b = guest(&[("on_done", "log done b")]);
    let report = play_with(&[("a", &a), ("b", &b)], "", "", "  - advance: 1s");
    assert_eq!(
        stops(&report),
        ["1 b deleted", "1 a deleted", "0 b deleted", "0 a deleted"],
        "{}",
        story(&report)
    );
}

#[test]
fn a_stream_ends_before_its_root() {
    let report = play_with(&[("f", &guest(&TELL))], "", "", "  - request: {}");
    let worker: Vec<String> = lines(&report)
        .into_iter()
        .filter(|line| line.starts_with('1'))
        .collect();
    assert_eq!(
        worker,
        ["1 f done", "1 f deleted", "1 f done", "1 f deleted"]
    );
    let roots = report.events.iter().filter(|e| e.name == "proxy_on_done");
    let contexts: Vec<Option<u32>> = roots.map(|e| e.context).collect();
    assert_eq!(contexts, [Some(2), Some(1), Some(1)]);
}

/// A parked root does not keep its VM alive.
#[test]
fn a_root_whose_on_done_returns_false_is_not_deleted_with_its_vm() {
    let report = play_with(
        &[(
            "f",
            &guest(&[
                ("on_done", "done; return 0"),
                ("on_delete", "log never"),
                ("on_tick", "done"),
                ("on_configure", "tick 10"),
            ]),
        )],
        "",
        "",
        "  - advance: 15ms",
    );
    assert_eq!(
        stops(&report),
        ["1 f waits for proxy_done", "0 f waits for proxy_done"]
    );
    assert!(lines(&report).is_empty(), "{}", story(&report));
    // Neither before on_done nor inside it has it returned false.
    let done = outcomes(&report, "proxy_done");
    assert!(done.iter().all(|status| status == "NotFound"), "{done:?}");
    let reasons: Vec<_> = ends(&report)
        .map(|e| e.result.as_ref().unwrap().reason.clone())
        .collect();
    assert!(reasons[0].contains("never deleted"), "{reasons:?}");
}

#[test]
fn proxy_done_deletes_a_root_that_waits_once_the_callback_has_returned() {
    // Two plugins on one VM: the second one's root, 2, ends first and waits.
    let both = guest(&[
        (
            "on_done",
            "effective 2; done; effective 0; log done; unless_context 1 0",
        ),
        ("on_delete", "log deleted"),
    ]);
    let text = lab(
        &[("a", &both), ("b", &both)],
        "",
        "scenarios: [{name: s, traffic: [{advance: 1s}]}]",
    )
    .replace("vm_id: b", "vm_id: a");
    let report = run_one(&text);
    let worker: Vec<String> = lines(&report)
        .into_iter()
        .filter(|line| line.starts_with('1'))
        .collect();
    assert_eq!(
        worker,
        ["1 b done", "1 a done", "1 b deleted", "1 a deleted"],
        "{}",
        story(&report)
    );
    assert_eq!(outcomes(&report, "proxy_done")[..2], ["NotFound", "Ok"]);
    assert_eq!(
        stops(&report)[..2],
        ["1 b waits for proxy_done", "1 a deleted"]
    );
}

#[test]
fn the_root_of_a_dead_vm_hears_nothing() {
    let mut callbacks = TELL.to_vec();
    callbacks.push(("on_request_headers", "trap"));
    let report = play_with(&[("f", &guest(&callbacks))], "", "", "  - request: {}");
    assert_eq!(stops(&report), ["1 f its VM is dead", "0 f deleted"]);
    assert_eq!(lines(&report), ["0 f done", "0 f deleted"]);
}

#[test]
fn a_trap_in_a_roots_on_done_is_borne() {
    let callbacks = [("on_done", "trap"), ("on_delete", "log never")];
    let report = play_with(&[("f", &guest(&callbacks))], "", "", "  - advance: 1s");
    assert_eq!(stops(&report), ["1 f its VM is dead", "0 f its VM is dead"]);
    assert!(lines(&report).is_empty());
    // It came when all was over: the VMs of the report had not failed.
    assert!(report.ok && report.vms.iter().all(|vm| !vm.failed));
    let failed = report
        .logs
        .iter()
        .filter(|line| line.message.starts_with("Function: proxy_on_done failed"));
    assert_eq!(failed.count(), 2);
}

/// A stream keeps its plugin's handle.
#[test]
fn a_root_whose_stream_has_stalled_is_not_done() {
    let mut callbacks = TELL.to_vec();
    callbacks.push(("on_request_headers", "return 1"));
    let report = play_with(&[("f", &guest(&callbacks))], "", "", "  - request: {}");
    assert_eq!(
        lines(&report),
        ["0 f done", "0 f deleted"],
        "{}",
        story(&report)
    );
}

#[test]
fn a_configuration_that_is_rejected_has_no_end() {
    let mut callbacks = TELL.to_vec();
    callbacks.push(("on_configure", "return 0"));
    let report = play_with(&[("f", &guest(&callbacks))], "", "", "  - request: {}");
    assert!(report.rejected.is_some() && stops(&report).is_empty());
}

/// GrpcStreamOpenAtShutdown.
#[test]
fn a_grpc_stream_that_is_open_at_the_end_is_reset_with_its_root() {
    let report = play_with(
        &[(
            "f",
            &guest(&[
                ("on_request_headers", "gstream web"),
                ("on_grpc_close", "log never"),
            ]),
        )],
        "",
        "upstreams: {web: [{match: {method: POST}, grpc: {messages: [], timeout: true}}]}",
        "  - request: {}",
    );
    let reset = report.events.iter().find(|e| e.name == "grpc_reset");
    let reset = reset.unwrap_or_else(|| panic!("{}", story(&report)));
    assert_eq!(word(reset, "reason"), "its root context is gone");
    assert_eq!(parent(&report, reset).unwrap().name, "plugin_stop");
    assert!(lines(&report).is_empty());
}
