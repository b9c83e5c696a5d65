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
fn what_is_said_of_a_file_s_fetching_is_refused() {
    for (key, file) in [
        ("delay", "https://e.com/f.wasm: {text: x, delay: 80ms}"),
        ("status", "https://e.com/f.wasm: {status: 404}"),
        ("media_type", "oci://e.com/f:v1: {text: x, media_type: a/b}"),
    ] {
        let said = refused(&format!("name: t\nfiles:\n  {file}\n"));
        assert!(
            said.contains(&format!(":3:3: `{key}` of a file is not simulated")),
            "{said}"
        );
    }
}
