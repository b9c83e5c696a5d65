//! The race explorer: which orders of threads there are, and the one that breaks a check.

use super::samples::lab_of;
use super::{Around, run_ok, run_with};
use proxy_wasm_tour::lab::{RaceOptions, RunOptions, parse, race, resolve};
use proxy_wasm_tour::model::race::Race;
use std::collections::BTreeMap;

fn explore(text: &str, orders: u32) -> Race {
    let around = Around(BTreeMap::new());
    let lab = parse("lab.yaml", text, &around).unwrap_or_else(|p| panic!("{p}"));
    let contents = resolve(&lab, &around).unwrap_or_else(|e| panic!("{e:?}"));
    let options = RaceOptions {
        orders,
        ..RaceOptions::default()
    };
    let mut races = race(&lab, &contents, &options).unwrap_or_else(|p| panic!("{p}"));
    assert_eq!(races.len(), 1);
    races.remove(0)
}

/// A request on each worker at the same moment; each must be counted.
fn visits(configuration: &str, workers: u32, more: &str) -> String {
    let requests: String = (0..workers)
        .map(|worker| format!("  - {{request: {{}}, worker: {worker}, at: 1ms}}\n"))
        .collect();
    lab_of(
        "visit-counter",
        configuration,
        &format!(
            "concurrency: {workers}\n{more}scenarios:\n- name: visits\n  traffic:\n{requests}  \
             expect:\n  - state: {{shared_data: {{visits: \"{workers}\"}}}}\n"
        ),
    )
}

#[test]
fn a_naive_limiter_on_four_workers_lets_four_times_its_quota_pass() {
    let requests = "{request: {}}, ".repeat(16);
    run_ok(&lab_of(
        "rate-limiter",
        "",
        &format!(
            "concurrency: 4\nscenarios:\n- traffic: [{requests}]\n  expect:\n  \
             - upstream: {{count: 12}}\n  - client: {{request: 11, status: 200}}\n  \
             - client: {{request: 12, status: 429}}\n"
        ),
    ));
}

#[test]
fn get_then_set_holds_in_turns_and_the_explorer_finds_the_lost_update() {
    run_ok(&visits("", 2, ""));
    let found = explore(&visits("", 2, ""), 1000);
    assert!(!found.ok && found.complete, "{found:?}");
    // Read, read, write, write, by either thread last; or one after the other, in either order.
    assert_eq!((found.orders, found.breaking), (4, 2));
    let shortest = found.shortest.unwrap();
    assert_eq!(shortest.switches, 1);
    assert_eq!(shortest.checks.len(), 1);
    assert_eq!(shortest.checks[0].actual, "\"1\"");
    let schedule = format!("schedule: [{}]\n", shortest.schedule.join(", "));
    let report = run_with(&visits("", 2, &schedule), &RunOptions::default()).unwrap();
    let checks = &report.scenarios[0].checks;
    assert_eq!(
        *checks, shortest.checks,
        "the schedule that is shown gives the run that was found"
    );
}

#[test]
fn a_compare_and_swap_loop_holds_in_every_order() {
    let found = explore(&visits("cas", 2, ""), 10_000);
    assert!(found.ok && found.complete, "{found:?}");
    assert!(found.orders > 2, "{found:?}");
    assert_eq!(found.shortest, None);
}

#[test]
fn requests_one_after_the_other_have_one_order() {
    let text = visits("", 2, "").replace(", at: 1ms", "");
    let found = explore(&text, 1000);
    assert!(found.ok && found.complete, "{found:?}");
    assert_eq!(found.orders, 1);
}

#[test]
fn a_search_says_when_it_ended_at_its_limit() {
    let found = explore(&visits("cas", 3, ""), 5);
    assert!(found.ok && !found.complete, "{found:?}");
    assert!(found.orders <= 5);
}

#[test]
fn a_scenario_that_expects_nothing_cannot_break() {
    let around = Around(BTreeMap::new());
    let text = lab_of(
        "visit-counter",
        "",
        "scenarios: [{name: idle, traffic: []}]",
    );
    let lab = parse("lab.yaml", &text, &around).unwrap();
    let contents = resolve(&lab, &around).unwrap_or_else(|e| panic!("{e:?}"));
    let problem = race(&lab, &contents, &RaceOptions::default()).unwrap_err();
    assert!(
        problem
            .to_string()
            .contains("scenario `idle` expects nothing")
    );
}
