//! The engine without its browser: searches for a race, part by part.

use crate::support::sample;
use proxy_wasm_tour::lab::Session;
use proxy_wasm_tour::protocol::{FromEngine, ToEngine};
use std::collections::BTreeMap;

fn run(run: u32, lab: &str) -> ToEngine {
    ToEngine::Run {
        run,
        lab: lab.to_owned(),
        edits: BTreeMap::new(),
        request: None,
        scenario: None,
        schedule: Vec::new(),
    }
}

/// Two requests on two workers at the same moment, each of which counts.
const VISITS: &str = r#"
name: visits
concurrency: 2
envoy:
  http_filters:
  - name: f
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
      config: {name: f, vm_config: {code: {local: {filename: /f.wasm}}}}
files: {/f.wasm: {sample: visit-counter}}
scenarios:
- name: both
  traffic:
  - {request: {}, worker: 0, at: 1ms}
  - {request: {}, worker: 1, at: 1ms}
  expect:
  - state: {shared_data: {visits: "2"}}
- name: idle
  traffic: [{advance: 1s}]
"#;

fn race(run: u32, scenario: &str) -> ToEngine {
    ToEngine::Race {
        run,
        lab: VISITS.to_owned(),
        edits: BTreeMap::new(),
        request: None,
        scenario: scenario.to_owned(),
    }
}

#[test]
fn a_search_for_a_race_goes_on_part_by_part_until_it_is_over() {
    let mut session = Session::default();
    let asked = session.handle(race(1, "both"), Vec::new());
    assert!(
        matches!(asked.as_slice(), [FromEngine::NeedSample { .. }]),
        "{asked:?}"
    );
    let found = session.handle(
        ToEngine::Sample {
            name: "visit-counter".to_owned(),
            error: None,
        },
        vec![sample("visit-counter")],
    );
    // Parts are short: the page hears of each, and asks for the next.
    let mut found = found;
    for _ in 0..100 {
        if matches!(found.as_slice(), [FromEngine::Raced { over: true, .. }]) {
            break;
        }
        found = session.handle(ToEngine::RaceOn { run: 1 }, Vec::new());
    }
    let [
        FromEngine::Raced {
            run: 1,
            race: found,
            over: true,
        },
    ] = found.as_slice()
    else {
        panic!("{found:?}")
    };
    assert_eq!((found.orders, found.breaking, found.complete), (4, 2, true));
    let shortest = found.shortest.as_ref().unwrap();
    assert_eq!(shortest.switches, 1);
    assert!(
        session
            .handle(ToEngine::RaceOn { run: 1 }, Vec::new())
            .is_empty()
    );
    // The order that is shown is the run that was found.
    let again = ToEngine::Run {
        run: 2,
        lab: VISITS.to_owned(),
        edits: BTreeMap::new(),
        request: None,
        scenario: None,
        schedule: shortest.schedule.clone(),
    };
    let done = session.handle(again, Vec::new());
    let [FromEngine::Done { report, .. }] = done.as_slice() else {
        panic!("{done:?}")
    };
    assert_eq!(report.scenarios[0].checks, shortest.checks);
}

#[test]
fn a_longer_search_is_left_after_each_part_and_forgotten_when_something_else_runs() {
    let mut session = Session::default();
    let bytes = vec![sample("visit-counter")];
    let name = "visit-counter".to_owned();
    session.handle(ToEngine::Sample { name, error: None }, bytes);
    let more = VISITS.replacen(
        "  expect:",
        "  - {request: {}, worker: 0, at: 1ms}\n  - {request: {}, worker: 1, at: 1ms}\n  expect:",
        1,
    );
    let ask = ToEngine::Race {
        run: 1,
        lab: more,
        edits: BTreeMap::new(),
        request: None,
        scenario: "both".to_owned(),
    };
    let first = session.handle(ask, Vec::new());
    let [
        FromEngine::Raced {
            race, over: false, ..
        },
    ] = first.as_slice()
    else {
        panic!("{first:?}")
    };
    let orders = race.orders;
    let second = session.handle(ToEngine::RaceOn { run: 1 }, Vec::new());
    let [FromEngine::Raced { race, .. }] = second.as_slice() else {
        panic!("{second:?}")
    };
    assert!(race.orders > orders && orders > 0);
    session.handle(run(2, VISITS), Vec::new());
    assert!(
        session
            .handle(ToEngine::RaceOn { run: 1 }, Vec::new())
            .is_empty()
    );
}

#[test]
fn a_scenario_that_expects_nothing_has_no_race() {
    let mut session = Session::default();
    let bytes = vec![sample("visit-counter")];
    let name = "visit-counter".to_owned();
    session.handle(ToEngine::Sample { name, error: None }, bytes);
    let refused = session.handle(race(1, "idle"), Vec::new());
    let [FromEngine::Refused { problem, .. }] = refused.as_slice() else {
        panic!("{refused:?}")
    };
    assert!(problem.to_string().contains("expects nothing"), "{problem}");
}
