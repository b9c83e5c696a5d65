//! Threads: guests are suspended at host calls that others can see, and schedules decide who goes on.

use super::{guest, lab, outcomes};
use crate::lab_run::{run_ok, story};
use proxy_wasm_tour::model::report::ScenarioReport;
use proxy_wasm_tour::model::trace::Kind;

/// Two workers read and write the same key at the same time.
fn race(schedule: &str, seed: u32) -> ScenarioReport {
    let f = guest(&[
        ("on_configure", "share k 0 0"),
        ("on_request_headers", "shared k; cas k 1"),
    ]);
    let text = lab(
        &[("f", &f)],
        "",
        &format!(
            "concurrency: 2\nseed: {seed}\nschedule: {schedule}\nscenarios:\n- name: race\n  traffic:\n  - {{request: {{}}, at: 1ms}}\n  - {{request: {{}}, at: 1ms}}"
        ),
    );
    run_ok(&text).scenarios.remove(0)
}

/// The threads of the host calls on shared data while requests run.
fn order(report: &ScenarioReport) -> Vec<(u32, &str)> {
    report
        .events
        .iter()
        .filter(|e| e.kind == Kind::HostCall && e.t_ns > 0 && e.name.ends_with("shared_data"))
        .map(|e| (e.thread, e.name.as_ref()))
        .collect()
}

const GET: &str = "proxy_get_shared_data";
const SET: &str = "proxy_set_shared_data";

#[test]
fn round_robin_finishes_a_turn_before_the_next_thread_runs() {
    let report = race("round-robin", 0);
    let order = order(&report);
    assert_eq!(order[0].0, order[1].0, "{}", story(&report));
    let set = outcomes(&report, SET);
    assert_eq!(set[set.len() - 2..], ["Ok", "Ok"]);
}

#[test]
fn an_explicit_schedule_suspends_a_guest_between_get_and_set() {
    // Both threads start their request and stop before the get; then get, get, set, set.
    let report = race(
        "[worker_0, worker_1, worker_0, worker_1, worker_0, worker_1]",
        0,
    );
    let order = order(&report);
    assert_eq!(
        order,
        [(1, GET), (2, GET), (1, SET), (2, SET)],
        "{}",
        story(&report)
    );
    let set = outcomes(&report, SET);
    assert_eq!(
        set[set.len() - 2..],
        ["Ok", "CasMismatch"],
        "the second has lost the race"
    );
}

#[test]
fn a_seeded_schedule_is_the_same_for_the_same_seed_and_finds_the_race_for_some() {
    let lost = |seed| {
        outcomes(&race("seeded", seed), SET)
            .iter()
            .any(|s| s == "CasMismatch")
    };
    let all: Vec<bool> = (0..8).map(lost).collect();
    assert!(all.contains(&true) && all.contains(&false), "{all:?}");
    assert_eq!(race("seeded", 3), race("seeded", 3));
}
