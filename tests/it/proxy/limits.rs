//! Labs that ask for too much: too long a time, too many steps, what is not fetched here.

use super::{guest, lab, play_with, response};
use crate::lab_run::{run_with, story};
use proxy_wasm_tour::lab::RunOptions;

fn refused(text: &str) -> String {
    match run_with(text, &RunOptions::default()) {
        Ok(_) => panic!("{text}"),
        Err(problem) => problem.to_string(),
    }
}

#[test]
fn a_vm_that_could_not_be_made_is_thrown_away_without_harm() {
    let status = "(module (import \"env\" \"proxy_get_status\" (func (param i32 i32 i32) (result i32))) (memory (export \"memory\") 1) (func (export \"malloc\") (param i32) (result i32) (i32.const 0)) (func (export \"proxy_abi_version_0_2_1\")))";
    let a = guest(&[
        ("on_configure", "queue q; enqueue 1 x"),
        ("on_queue_ready", "log ready"),
    ]);
    let report = play_with(
        &[("a", &a), ("b", status)],
        "",
        "profile: mosn",
        "  - request: {}",
    );
    assert!(report.rejected.is_some(), "{}", story(&report));
}

#[test]
fn a_time_of_more_than_a_year_is_refused_with_its_place() {
    for (key, rest) in [
        (
            "at",
            "scenarios: [{traffic: [{request: {}, at: 5124095h}]}]",
        ),
        (
            "cancel",
            "scenarios: [{traffic: [{request: {}, cancel: 8761h}]}]",
        ),
        ("advance", "scenarios: [{traffic: [{advance: 5000000h}]}]"),
        ("delay", "upstreams: {web: [{delay: 8761h}]}"),
        ("delay", "upstreams: {web: [{reply: {delay: 8761h}}]}"),
    ] {
        let said = refused(&format!("name: t\n{rest}\n"));
        let column = rest.find(&format!("{key}:")).unwrap() + key.len() + 3;
        assert!(
            said.contains(&format!(":2:{column}: this is longer than a year")),
            "{said}"
        );
    }
}

#[test]
fn a_wall_clock_stays_at_the_end_of_what_it_can_count() {
    let year = "  - advance: 8760h\n".repeat(400);
    let report = play_with(
        &[],
        "",
        "start: 2261-01-01T00:00:00Z",
        &format!("{year}  - request: {{}}"),
    );
    assert_eq!(response(&report).status, 200, "{}", story(&report));
}

#[test]
fn a_scenario_of_more_than_a_million_steps_is_stopped_and_is_not_ok() {
    let ticking = guest(&[("on_configure", "tick 1"), ("on_tick", "")]);
    let text = lab(
        &[("f", &ticking)],
        "",
        "scenarios: [{traffic: [{advance: 1000h}, {request: {}}]}]",
    );
    let options = RunOptions {
        capture: false,
        ..RunOptions::default()
    };
    let report = run_with(&text, &options).unwrap();
    let scenario = &report.scenarios[0];
    assert!(!report.ok && !scenario.ok);
    let why = scenario.stopped.as_deref();
    assert_eq!(why, Some("the scenario has taken a million steps"));
    let said = scenario.logs.iter();
    let said = said.filter(|line| line.message.starts_with("stopped: "));
    assert_eq!(said.count(), 1);
    assert!(scenario.exchanges.is_empty());
}

#[test]
fn what_is_said_of_a_file_s_fetching_is_refused_where_nobody_fetches_it() {
    let unused = |key: &str| format!("`{key}` of a file that no plugin fetches");
    for (file, what) in [
        (
            "https://e.com/f.wasm: {text: x, delay: 80ms}",
            unused("delay"),
        ),
        ("https://e.com/f.wasm: {status: 404}", unused("status")),
        (
            "https://e.com/f.wasm: {text: x, failures: 1}",
            unused("failures"),
        ),
        (
            "oci://e.com/f:v1: {text: x, media_type: a/b}",
            unused("media_type"),
        ),
    ] {
        let said = refused(&format!("name: t\nfiles:\n  {file}\n"));
        assert!(said.contains(&format!(":3:3: {what}")), "{said}");
    }
}

/// A filter whose request headers make a call with a mebibyte again and again.
fn hoarder(import: &str, call: &str) -> String {
    format!(
        "(module (import \"env\" {import}) (memory (export \"memory\") 40)
           (func (export \"malloc\") (param i32) (result i32) (i32.const 65536))
           (func (export \"proxy_abi_version_0_2_1\"))
           (data (i32.const 0) \"q\")
           (func (export \"proxy_on_context_create\") (param i32 i32))
           (func (export \"proxy_on_request_headers\") (param i32 i32 i32) (result i32)
             (local $i i32)
             (loop $again
               (i32.store (i32.const 16) (local.get $i))
               (if {call} (then (unreachable)))
               (local.set $i (i32.add (local.get $i) (i32.const 1)))
               (br_if $again (i32.lt_u (local.get $i) (i32.const 100))))
             (i32.const 0)))"
    )
}

#[test]
fn each_limit_of_a_run_ends_as_a_trap_of_one_vm_that_names_it() {
    let queue = hoarder(
        "\"proxy_register_shared_queue\" (func $register (param i32 i32 i32) (result i32))",
        "(call $register (i32.const 0) (i32.const 1) (i32.const 8))",
    );
    let queue = queue.replace(
        "(memory",
        "(import \"env\" \"proxy_enqueue_shared_queue\" (func $enqueue (param i32 i32 i32) (result i32))) (memory",
    );
    let queue = queue.replace(
        "(local.set $i (i32.add",
        "(drop (call $enqueue (i32.load (i32.const 8)) (i32.const 0) (i32.const 1048576))) (local.set $i (i32.add",
    );
    let data = hoarder(
        "\"proxy_set_shared_data\" (func $set (param i32 i32 i32 i32 i32) (result i32))",
        "(call $set (i32.const 16) (i32.const 4) (i32.const 0) (i32.const 1048576) (i32.const 0))",
    );
    let log = hoarder(
        "\"proxy_log\" (func $log (param i32 i32 i32) (result i32))",
        "(call $log (i32.const 2) (i32.const 0) (i32.const 1048576))",
    );
    let memory = hoarder(
        "\"proxy_log\" (func $log (param i32 i32 i32) (result i32))",
        "(i32.eq (memory.grow (i32.const 100)) (i32.const -1))",
    );
    let loops = hoarder(
        "\"proxy_log\" (func $log (param i32 i32 i32) (result i32))",
        "(i32.const 0)",
    );
    let loops = loops.replace("(i32.const 100)", "(i32.const -1)");
    let recurses = hoarder(
        "\"proxy_log\" (func $log (param i32 i32 i32) (result i32))",
        "(call $deeper)",
    );
    let recurses = recurses.replace(
        "(data",
        "(func $deeper (result i32) (i32.add (call $deeper) (i32.const 1))) (data",
    );
    for (limit, wat, words) in [
        (
            "fuel",
            &loops,
            "out of fuel: the callback used its limit of 200000000 units",
        ),
        (
            "stack",
            &recurses,
            "Maximum call stack size exceeded (the stack limit)",
        ),
        (
            "queue",
            &queue,
            "queue limit: all queues together would hold more than 67108864 bytes",
        ),
        (
            "shared data",
            &data,
            "shared data limit: it would hold more than 67108864 bytes",
        ),
        (
            "log",
            &log,
            "log limit: the VM has logged more than 4194304 bytes",
        ),
        (
            "memory",
            &memory,
            "(after memory.grow was refused: the limit is 134217728 bytes)",
        ),
    ] {
        let neighbour = guest(&[("on_request_headers", "add request x-seen 1")]);
        let report = play_with(
            &[("neighbour", &neighbour), ("hoarder", wat)],
            "",
            "concurrency: 2",
            "  - request: {}",
        );
        let answer = super::answer(&report);
        assert_eq!(answer, "503 \"\" - wasm_fail_stream", "{limit}");
        let failed: Vec<_> = report.vms.iter().filter(|vm| vm.failed).collect();
        assert_eq!(
            failed.len(),
            1,
            "{limit}: the VMs of other threads and plugins live"
        );
        assert_eq!(failed[0].plugins, ["hoarder"]);
        assert_eq!(failed[0].limit.as_deref(), Some(limit));
        let own = report.logs.iter().filter(|line| line.plugin.is_empty());
        let said = own.filter(|line| line.message.contains(words));
        assert_eq!(said.count(), 1, "{limit}: {:?}", failed[0].failure);
    }
}

#[test]
fn what_leaves_shared_data_and_queues_makes_room() {
    let filter = guest(&[
        ("on_configure", "queue q"),
        (
            "on_request_headers",
            "share k 1 0; share k 22 0; enqueue 1 a; dequeue 1; dequeue 1",
        ),
    ]);
    let report = super::play(&[("f", &filter)], "  - request: {}");
    assert_eq!(response(&report).status, 200);
    assert_eq!(
        super::outcomes(&report, "proxy_dequeue_shared_queue"),
        [r#"Ok {"bytes":"a"}"#, "Empty"]
    );
}

#[test]
fn a_trace_that_is_cut_says_so_in_its_last_event() {
    use proxy_wasm_tour::model::trace::Kind;
    let options = RunOptions {
        event_cap: 10,
        ..RunOptions::default()
    };
    let text = lab(
        &[("f", &guest(&[("on_request_headers", "log a")]))],
        "",
        "scenarios: [{traffic: [{request: {}}]}]",
    );
    let report = run_with(&text, &options).unwrap();
    let events = &report.scenarios[0].events;
    assert_eq!(events.len(), 11);
    let last = events.last().unwrap();
    assert_eq!(last.kind, Kind::Cut);
    assert_eq!(
        (super::word(last, "of"), super::word(last, "cap")),
        ("events".into(), "10".into())
    );
    assert_eq!(
        response(&report.scenarios[0]).status,
        200,
        "the run goes on"
    );
}
