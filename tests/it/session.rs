//! The engine without its browser: samples, refusals, requests, rows.

use crate::support::sample;
use proxy_wasm_tour::lab::Session;
use proxy_wasm_tour::model::Request;
use proxy_wasm_tour::model::Section;
use proxy_wasm_tour::model::moment::Window;
use proxy_wasm_tour::protocol::{FromEngine, ToEngine};
use proxy_wasm_tour::ui::json;
use std::collections::BTreeMap;

const LAB: &str = include_str!("labs/add-header.yaml");

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

fn rows(run: u32, scenario: usize, from: usize, count: usize, search: &str) -> ToEngine {
    ToEngine::Rows {
        run,
        scenario,
        from,
        count,
        search: search.to_owned(),
        lane: None,
        kind: None,
    }
}

/// A session that has the sample.
fn ready() -> Session {
    let mut session = Session::default();
    assert!(
        session
            .handle(
                ToEngine::Sample {
                    name: "add-header".to_owned(),
                    error: None
                },
                vec![sample("add-header")]
            )
            .is_empty()
    );
    session
}

#[test]
fn a_sample_is_asked_for_once_and_kept() {
    let mut session = Session::default();
    let asked = session.handle(run(1, LAB), Vec::new());
    assert!(
        matches!(asked.as_slice(), [FromEngine::NeedSample { name, .. }] if name == "add-header"),
        "{asked:?}"
    );
    let done = session.handle(
        ToEngine::Sample {
            name: "add-header".to_owned(),
            error: None,
        },
        vec![sample("add-header")],
    );
    assert!(
        matches!(done.as_slice(), [FromEngine::Done { run: 1, report, .. }] if report.ok),
        "{done:?}"
    );
    let done = session.handle(run(2, LAB), Vec::new());
    assert!(
        matches!(done.as_slice(), [FromEngine::Done { run: 2, .. }]),
        "{done:?}"
    );
}

#[test]
fn a_sample_that_cannot_be_had_refuses_the_run_and_may_come_later() {
    let mut session = Session::default();
    session.handle(run(1, LAB), Vec::new());
    let refused = session.handle(
        ToEngine::Sample {
            name: "add-header".to_owned(),
            error: Some("is not served here: 404".to_owned()),
        },
        Vec::new(),
    );
    let [FromEngine::Refused { run: 1, problem }] = refused.as_slice() else {
        panic!("{refused:?}")
    };
    assert_eq!(
        problem.to_string().lines().next().unwrap(),
        "lab.yaml:12:3: the sample filter `add-header` is not served here: 404"
    );
    let asked = session.handle(run(2, LAB), Vec::new());
    assert!(
        matches!(asked.as_slice(), [FromEngine::NeedSample { .. }]),
        "{asked:?}"
    );
}

#[test]
fn a_newer_run_replaces_one_that_waits() {
    let mut session = Session::default();
    session.handle(run(1, LAB), Vec::new());
    session.handle(run(2, LAB), Vec::new());
    let done = session.handle(
        ToEngine::Sample {
            name: "add-header".to_owned(),
            error: None,
        },
        vec![sample("add-header")],
    );
    assert!(
        matches!(done.as_slice(), [FromEngine::Done { run: 2, .. }]),
        "{done:?}"
    );
}

#[test]
fn a_lab_that_cannot_be_read_is_refused_with_its_place() {
    let refused = ready().handle(run(3, "nmae: x\n"), Vec::new());
    let [FromEngine::Refused { run: 3, problem }] = refused.as_slice() else {
        panic!("{refused:?}")
    };
    assert_eq!((problem.place.line, problem.place.column), (1, 1));
    let edits = BTreeMap::from([("envoy.yaml".to_owned(), "\nhttp_filtres: []\n".to_owned())]);
    let lab = "envoy: {edit: envoy.yaml}\n".to_owned();
    let refused = ready().handle(
        ToEngine::Run {
            run: 4,
            lab,
            edits,
            request: None,
            scenario: None,
            schedule: Vec::new(),
        },
        Vec::new(),
    );
    let [FromEngine::Refused { run: 4, problem }] = refused.as_slice() else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (problem.place.file.as_str(), problem.place.line),
        ("envoy.yaml", 2)
    );
}

#[test]
fn the_visitors_request_takes_the_place_of_the_first() {
    let with = |request: Request, scenario: Option<&str>| {
        let message = ToEngine::Run {
            run: 1,
            lab: LAB.to_owned(),
            edits: BTreeMap::new(),
            request: Some(request),
            scenario: scenario.map(str::to_owned),
            schedule: Vec::new(),
        };
        ready().handle(message, Vec::new()).pop().unwrap()
    };
    let request = Request {
        path: "/mine".to_owned(),
        headers: [("x-me", "you")].into_iter().collect(),
        ..Request::default()
    };
    let FromEngine::Done { report, .. } = with(request.clone(), Some("GET")) else {
        panic!()
    };
    assert_eq!(report.scenarios.len(), 1);
    let seen = &report.scenarios[0].exchanges[0].upstream_requests[0].headers;
    assert_eq!(
        (
            seen.get_str(":path"),
            seen.get_str("x-me"),
            seen.get_str(":method")
        ),
        (Some("/mine"), Some("you"), Some("GET"))
    );

    let FromEngine::Refused { problem, .. } = with(request.clone(), Some("GTE")) else {
        panic!()
    };
    assert!(problem.to_string().contains("Did you mean `GET`?"));
    let FromEngine::Refused { problem, .. } = with(
        Request {
            chunks: vec![9],
            ..request.clone()
        },
        None,
    ) else {
        panic!()
    };
    assert!(problem.message.contains("9 bytes"));
    let headers = [("bad name", "x")].into_iter().collect();
    let FromEngine::Refused { problem, .. } = with(Request { headers, ..request }, None) else {
        panic!()
    };
    assert!(problem.message.contains("`bad name`"));
}

#[test]
fn rows_come_by_window_and_by_search() {
    let mut session = ready();
    let done = session.handle(run(1, LAB), Vec::new());
    let [FromEngine::Done { events, .. }] = done.as_slice() else {
        panic!("{done:?}")
    };
    assert_eq!(events.len(), 3);
    let mut ask = |message| session.handle(message, Vec::new()).pop();
    let Some(FromEngine::Rows {
        from: 2,
        total,
        rows: window,
        ..
    }) = ask(rows(1, 0, 2, 3, ""))
    else {
        panic!()
    };
    assert_eq!(
        (
            total,
            window.iter().map(|event| event.n).collect::<Vec<_>>()
        ),
        (events[0], vec![2, 3, 4])
    );
    let Some(FromEngine::Rows {
        total, rows: found, ..
    }) = ask(rows(1, 0, 0, 100, "X-HELLO"))
    else {
        panic!()
    };
    assert!(total >= 1 && total < events[0] && found.len() == total);
    assert!(
        found
            .iter()
            .any(|event| event.name == "proxy_add_header_map_value")
    );
    let Some(FromEngine::Rows { total: 0, .. }) = ask(rows(1, 0, 0, 100, "no such text")) else {
        panic!()
    };
    assert!(
        ask(rows(9, 0, 0, 1, "")).is_none(),
        "rows of a run that is no longer the last"
    );
    assert!(ask(rows(1, 9, 0, 1, "")).is_none());
}

#[test]
fn the_state_at_an_event_comes_by_a_replay() {
    let mut session = ready();
    let ran = ToEngine::Run {
        run: 1,
        lab: LAB.to_owned(),
        edits: BTreeMap::new(),
        request: None,
        scenario: Some("a header of that name is there already".to_owned()),
        schedule: Vec::new(),
    };
    session.handle(ran, Vec::new());
    let mut ask = |run, event, window| {
        let message = ToEngine::State {
            run,
            scenario: 0,
            event,
            window,
        };
        session.handle(message, Vec::new()).pop()
    };
    let Some(FromEngine::State {
        event: Some(25),
        state,
        ..
    }) = ask(1, Some(25), None)
    else {
        panic!()
    };
    let rows = |title: &str| {
        let section = state.sections.iter().find(|one| one.title == title);
        section.unwrap_or_else(|| panic!("{state:?}")).rows.clone()
    };
    let headers = rows("Stream 0: request headers");
    assert!(
        headers.iter().any(|(name, _)| name == "x-hello"),
        "the scenario that was run by name: {headers:?}"
    );
    assert_eq!(rows("Arguments in memory")[0].0, "key");
    let dump = state.dump.clone().unwrap();
    assert_eq!(dump.rows.len(), 16);
    let first = |dump: &Section| u32::from_str_radix(&dump.rows[0].0, 16).unwrap();
    let window = Window {
        address: first(&dump) + 1,
        length: 20,
    };
    let Some(FromEngine::State { state: other, .. }) = ask(1, Some(25), Some(window)) else {
        panic!()
    };
    let other = other.dump.unwrap();
    assert_eq!((first(&other), other.rows.len()), (window.address, 2));
    let Some(FromEngine::State { state: end, .. }) = ask(1, None, None) else {
        panic!()
    };
    assert_eq!((end.title.as_str(), end.dump), ("The end of the run", None));
    assert!(
        ask(2, Some(25), None).is_none(),
        "of a run that is not the last"
    );
}

#[test]
fn a_module_of_the_visitors_own_is_examined_and_stands_in_the_lab() {
    let mut session = Session::default();
    let mut bring = |name: &str, bytes: Vec<u8>| {
        let name = name.to_owned();
        let answers = session.handle(ToEngine::Module { name }, vec![bytes]);
        let [FromEngine::Module { found }] = answers.as_slice() else {
            panic!("{answers:?}")
        };
        found.clone()
    };
    let text = bring("page.wasm", b"<!doctype html>".to_vec());
    assert_eq!(text.path, None);
    let (first, why) = &text.sections[0].rows[0];
    assert!(first == "loads" && why.starts_with("no: "), "{why}");

    let own = bring("my own: filter.wasm", sample("block-path"));
    assert_eq!(own.title, "my own: filter.wasm");
    assert_eq!(own.path.unwrap(), "/etc/envoy/my-own--filter.wasm");
    assert_eq!(
        own.sections[0].rows[0],
        ("loads".to_owned(), "yes, Proxy-Wasm ABI 0.2.1".to_owned())
    );
    let lab = "envoy:
  http_filters:
  - name: envoy.filters.http.wasm
    typed_config:
      '@type': type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
      config: {name: own, vm_config: {code: {local: {filename: /etc/envoy/my-own--filter.wasm}}}}
scenarios:
- name: s
  traffic: [{request: {path: /admin}}]
  expect: [{client: {status: 403}}]
";
    let done = session.handle(run(1, lab), Vec::new());
    assert!(
        matches!(done.as_slice(), [FromEngine::Done { report, .. }] if report.ok),
        "{done:?}"
    );
    // Without bytes it is forgotten, and the lab says at its line what is missing.
    let name = "my own: filter.wasm".to_owned();
    let nothing = session.handle(ToEngine::Module { name }, Vec::new());
    assert!(nothing.is_empty(), "{nothing:?}");
    let refused = session.handle(run(2, lab), Vec::new());
    assert!(
        matches!(refused.as_slice(), [FromEngine::Refused { problem, .. }]
            if problem.place.line == 6 && problem.message.contains("/etc/envoy/my-own--filter.wasm")),
        "{refused:?}"
    );
}

const SCRIPT: &str = r#"
name: A filter in AssemblyScript
envoy:
  http_filters:
  - name: envoy.filters.http.wasm
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
      config: {vm_config: {runtime: envoy.wasm.runtime.v8, code: {local: {filename: /f.wasm}}}}
files:
  /f.wasm: {assemblyscript: {edit: filter.ts}}
scenarios:
- name: One
  traffic:
  - request: {path: /}
"#;

fn script_run(source: &str) -> ToEngine {
    ToEngine::Run {
        run: 1,
        lab: SCRIPT.to_owned(),
        edits: [("filter.ts".to_owned(), source.to_owned())].into(),
        request: None,
        scenario: None,
        schedule: Vec::new(),
    }
}

/// The name under which a text is to be compiled.
fn asked(answers: &[FromEngine]) -> String {
    let [
        FromEngine::NeedSample {
            name,
            script: Some(script),
        },
    ] = answers
    else {
        panic!("{answers:?}");
    };
    assert_eq!(script.file, "filter.ts");
    name.clone()
}

#[test]
fn a_text_in_assemblyscript_is_compiled_once_and_run() {
    let mut session = Session::default();
    let name = asked(&session.handle(script_run("// mine"), Vec::new()));
    let compiled = ToEngine::Sample { name, error: None };
    let done = session.handle(compiled, vec![sample("add-header")]);
    let [FromEngine::Done { report, .. }] = done.as_slice() else {
        panic!("{done:?}");
    };
    let upstream = &report.scenarios[0].exchanges[0].upstream_requests[0];
    assert_eq!(upstream.headers.get_str("x-hello"), Some("world"));
    // The same text needs no compiler, another one does.
    let again = session.handle(script_run("// mine"), Vec::new());
    assert!(
        matches!(again.as_slice(), [FromEngine::Done { .. }]),
        "{again:?}"
    );
    asked(&session.handle(script_run("// other"), Vec::new()));
}

#[test]
fn what_the_compiler_refuses_stands_at_its_line() {
    for (error, place, words) in [
        (
            "3:14: Expected: a type (AS1)",
            "filter.ts:3:14",
            "Expected: a type",
        ),
        (
            "the compiler could not be fetched",
            "filter.ts:1:1",
            "could not be fetched",
        ),
    ] {
        let mut session = Session::default();
        let name = asked(&session.handle(script_run("oops"), Vec::new()));
        let error = Some(error.to_owned());
        let refused = session.handle(ToEngine::Sample { name, error }, Vec::new());
        let [FromEngine::Refused { problem, .. }] = refused.as_slice() else {
            panic!("{refused:?}");
        };
        assert_eq!(problem.place.to_string(), place);
        assert!(problem.message.contains(words), "{problem}");
    }
}

#[test]
fn a_lab_is_checked_while_it_is_typed_without_a_run() {
    let mut session = ready();
    let check = |lab: &str| ToEngine::Check {
        lab: lab.to_owned(),
        edits: BTreeMap::new(),
    };
    let fine = session.handle(check(LAB), Vec::new());
    assert!(
        matches!(fine.as_slice(), [FromEngine::Checked { problem: None }]),
        "{fine:?}"
    );
    let wrong = LAB.replace("vm_config", "vm_confg");
    let found = session.handle(check(&wrong), Vec::new());
    let [
        FromEngine::Checked {
            problem: Some(problem),
        },
    ] = found.as_slice()
    else {
        panic!("{found:?}");
    };
    let line = wrong.lines().position(|line| line.contains("vm_confg"));
    assert_eq!(Some(problem.place.line as usize), line.map(|at| at + 1));
    // A lab whose sample is not here yet asks for it, as a run does.
    let asked = Session::default().handle(check(LAB), Vec::new());
    assert!(
        matches!(
            asked.as_slice(),
            [FromEngine::NeedSample { script: None, .. }]
        ),
        "{asked:?}"
    );
}

/// The page reads answers by a shorter way than `serde_json`'s: it has to come to the same end.
#[test]
fn the_page_reads_every_answer_as_it_was_sent() {
    let mut session = ready();
    let mut answers = session.handle(run(1, LAB), Vec::new());
    answers.extend(session.handle(rows(1, 0, 0, 500, ""), Vec::new()));
    let state = ToEngine::State {
        run: 1,
        scenario: 0,
        event: Some(25),
        window: None,
    };
    answers.extend(session.handle(state, Vec::new()));
    answers.extend(session.handle(run(2, "scenarios: 7"), Vec::new()));
    let module = ToEngine::Module {
        name: "mine.wasm".to_owned(),
    };
    answers.extend(session.handle(module, vec![sample("add-header")]));
    assert_eq!(answers.len(), 5, "{answers:?}");
    for answer in answers {
        let text = serde_json::to_string(&answer).expect("is JSON");
        let read: FromEngine = json::read(&text).expect("the page reads it");
        assert_eq!(format!("{read:?}"), format!("{answer:?}"));
    }
}

#[test]
fn the_page_refuses_what_is_no_answer() {
    for (text, expected) in [
        ("{", "EOF while parsing an object"),
        ("[]", "not a "),
        (r#"{"ready": []}"#, "not a "),
        (r#"{"ready": {"version": "1"}}"#, "not a "),
        (r#"{"ready": {"version": 1}, "done": {}}"#, "not a "),
        (r#"{"refused": {"run": 1}}"#, "not a "),
    ] {
        let problem = json::read::<FromEngine>(text).expect_err(text);
        assert!(problem.starts_with(expected), "{problem}");
    }
}
