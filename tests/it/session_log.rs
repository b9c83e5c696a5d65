//! A log of Envoy's in the engine without its browser: rows as those of a run.

use crate::support::root;
use proxy_wasm_tour::lab::{Session, event_line, read_wasm_log};
use proxy_wasm_tour::model::trace::Kind;
use proxy_wasm_tour::protocol::{FromEngine, ToEngine};

fn log(text: &str) -> ToEngine {
    ToEngine::Log {
        run: 7,
        name: "envoy.log".to_owned(),
        text: text.to_owned(),
    }
}

fn recorded() -> String {
    std::fs::read_to_string(root().join("tests/it/traces/envoy.log")).unwrap()
}

fn one(mut answers: Vec<FromEngine>) -> FromEngine {
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers.remove(0)
}

fn rows(session: &mut Session, search: &str, kind: Option<Kind>) -> (usize, Vec<String>) {
    let message = ToEngine::Rows {
        run: 7,
        scenario: 0,
        from: 0,
        count: 1_000,
        search: search.to_owned(),
        lane: None,
        kind,
    };
    let FromEngine::Rows { total, rows, .. } = one(session.handle(message, Vec::new())) else {
        panic!("no rows");
    };
    (total, rows.iter().map(event_line).collect())
}

#[test]
fn a_log_is_a_run_whose_rows_are_the_commands_events() {
    let mut session = Session::default();
    let text = recorded();
    let known = read_wasm_log(&text);
    let FromEngine::Done {
        run,
        report,
        events,
    } = one(session.handle(log(&text), Vec::new()))
    else {
        panic!("no report");
    };
    assert_eq!((run, events), (7, vec![known.events.len()]));
    let lines: Vec<String> = known.events.iter().map(event_line).collect();
    assert_eq!(rows(&mut session, "", None), (lines.len(), lines));
    // Every line that is none of Wasm's is named, with its number.
    let logs: Vec<&str> = (report.scenarios[0].logs.iter())
        .map(|line| line.message.as_str())
        .collect();
    assert_eq!(logs.len(), known.others.len() + 1);
    let others = known.others.len();
    let summary = format!(
        "envoy.log: {} events of {} lines; {others} are not of Wasm",
        known.events.len(),
        known.lines
    );
    assert_eq!(logs[0], summary);
    let (n, other) = &known.others[0];
    assert_eq!(logs[1], format!("envoy.log:{n}: not of Wasm: {other}"));
    // Rows are chosen as those of a run.
    let (calls, _) = rows(&mut session, "", Some(Kind::HostCall));
    assert!(calls > 0 && calls < known.events.len());
    assert!(rows(&mut session, "on_request_headers", None).0 > 0);
}

#[test]
fn a_log_has_no_state_and_says_so() {
    let mut session = Session::default();
    session.handle(log(&recorded()), Vec::new());
    for event in [None, Some(3)] {
        let message = ToEngine::State {
            run: 7,
            scenario: 0,
            event,
            window: None,
        };
        let FromEngine::State { state, .. } = one(session.handle(message, Vec::new())) else {
            panic!("no state");
        };
        let words = &state.sections[0].rows[0].1;
        assert!(words.contains("is not in it"), "{words}");
    }
}

#[test]
fn a_text_without_a_line_of_wasm_is_refused() {
    let mut session = Session::default();
    for text in [
        "",
        "hello\n",
        "[2026-11-23 17:50:58.672][1][info][main] [a.cc:1] up\n",
    ] {
        let FromEngine::Refused { run, problem } = one(session.handle(log(text), Vec::new()))
        else {
            panic!("{text}: not refused");
        };
        assert_eq!(run, 7);
        assert_eq!(problem.place.file, "envoy.log");
        assert_eq!(problem.message, "no line is of Wasm");
    }
}
