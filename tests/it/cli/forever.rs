//! Filters that never stop, in one thing or the other, and filters that trap: `tour` reports which
//! VM died of what, and everybody else is served.

use super::{Folder, Tour, tour};
use crate::proxy::{guest, lab, statuses};
use proxy_wasm_tour::model::report::{Report, ScenarioReport};

/// What a filter does without an end, and the words and the limit that it dies with.
const FOREVER: [(&str, &str, &str, &str); 6] = [
    ("loops", "(loop (br 0))", "out of fuel", "fuel"),
    (
        "recurses",
        "(call $deeper (local.get 0))",
        "Maximum call stack size exceeded (the stack limit)",
        "stack",
    ),
    (
        "allocates",
        "(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)",
        "unreachable (after memory.grow was refused: the limit is 134217728 bytes)",
        "memory",
    ),
    (
        "logs",
        "(loop (drop (call $log (i32.const 2) (i32.const 0) (i32.const 60000))) (br 0))",
        "log limit: the VM has logged more than 4194304 bytes",
        "log",
    ),
    (
        "grows tables",
        "(loop (br_if 0 (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1)))) (unreachable)",
        "unreachable (after table.grow was refused by the limit)",
        "table",
    ),
    (
        "hoards",
        "(loop (i32.store (i32.const 0) (local.get 1)) (local.set 1 (i32.add (local.get 1) (i32.const 1)))
           (drop (call $share (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 1000000) (i32.const 0))) (br 0))",
        "shared data limit",
        "shared data",
    ),
];

/// A filter that does this at request headers.
fn filter_that(body: &str) -> String {
    format!(
        "(module
           (import \"env\" \"proxy_log\" (func $log (param i32 i32 i32) (result i32)))
           (import \"env\" \"proxy_set_shared_data\" (func $share (param i32 i32 i32 i32 i32) (result i32)))
           (memory (export \"memory\") 16) (table $t 0 funcref)
           (func (export \"malloc\") (param i32) (result i32) (i32.const 1024))
           (func (export \"proxy_abi_version_0_2_1\"))
           (func $deeper (param i32) (call $deeper (local.get 0)) (call $deeper (local.get 0)))
           (func (export \"proxy_on_request_headers\") (param i32 i32 i32) (result i32)
             {body} (i32.const 0)))"
    )
}

/// A neighbour in front of the filter, two workers, and a request for each, then one more.
fn beside_a_neighbour(folder: &Folder, f: &str) -> ScenarioReport {
    let neighbour = guest(&[("on_request_headers", "log neighbour")]);
    let text = lab(
        &[("a", &neighbour), ("f", f)],
        "",
        "concurrency: 2
scenarios: [{name: s, traffic: [{request: {}, worker: 0}, {request: {}, worker: 0}, {advance: 1s}]}]",
    );
    let ran = tour(&["run", &folder.file("lab.yaml", text), "--json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let mut report: Report = serde_json::from_str(&ran.out).unwrap();
    report.scenarios.remove(0)
}

/// The filter's VM on worker 0 is dead, and no other is.
fn check_others(report: &ScenarioReport, what: &str) {
    for vm in &report.vms {
        assert_eq!(
            vm.failed,
            vm.vm_id == "f" && vm.thread == 1,
            "{what}: {vm:?}"
        );
    }
    assert_eq!(report.vms.len(), 6, "{what}");
    let seen = report.logs.iter().filter(|l| l.message == "neighbour");
    assert_eq!(seen.count(), 2, "{what}");
}

#[test]
fn a_filter_that_never_ends_is_stopped_and_the_limit_is_named() {
    let folder = Folder::new("forever");
    // The others are run beside a neighbour below.
    for (what, body, words, _) in &FOREVER[..2] {
        let bytes = wat::parse_str(filter_that(body)).unwrap();
        let path = folder.file("f.wasm", bytes);
        let Tour { code, out, err } = tour(&["run", "--wasm", &path, "--request", "GET /"]);
        assert_eq!(code, 0, "{what}: {err}");
        for words in ["client got 503", "failed on thread 1", words] {
            assert!(
                out.contains(words),
                "{what}: no {words:?} in\n{}",
                &out[..out.len().min(2000)]
            );
        }
    }
}

#[test]
fn a_filter_that_never_ends_leaves_other_vms_alone() {
    let folder = Folder::new("forever-beside");
    for (what, body, words, limit) in FOREVER {
        let report = beside_a_neighbour(&folder, &filter_that(body));
        check_others(&report, what);
        let dead = report.vms.iter().find(|vm| vm.failed).unwrap();
        assert_eq!(dead.limit.as_deref(), Some(limit), "{what}");
        let why = dead.failure.as_deref().unwrap();
        assert!(why.contains(words), "{what}: {why}");
        assert_eq!(statuses(&report), [503, 503], "{what}");
    }
}

#[test]
fn a_trap_in_each_callback_of_a_request_is_reported_and_leaves_other_vms_alone() {
    let folder = Folder::new("traps");
    for callback in [
        "on_request_headers",
        "on_response_headers",
        "on_response_body",
        "on_log",
    ] {
        let report = beside_a_neighbour(&folder, &guest(&[(callback, "trap")]));
        check_others(&report, callback);
        let dead = report.vms.iter().find(|vm| vm.failed).unwrap();
        let why = dead.failure.as_deref().unwrap();
        let words =
            format!("Function: proxy_{callback} failed: Uncaught RuntimeError: unreachable");
        assert!(why.starts_with(&words), "{why}");
    }
}
