//! Exercises that are answered: each kind is graded against its run, and the gate refuses each fault
//! that is planted in one, by a message of its own.

use crate::lab_run::run_text;
use crate::proxy::{guest, tcp};
use crate::support::one_filter;
use proxy_wasm_tour::course::Content;
use proxy_wasm_tour::export::gate::{Verdict, check};
use std::cell::Cell;

const FOLDER: &str = "en/00-start/01-first";

const INDEX: &str = "---\nid: first\ntitle: All kinds\ngoal: answer\nminutes: 5\nneeds: []\nkind: core\n\
    sources: [https://example.com/spec]\n---\nText.\n";

/// Logs the value of `x-name`, or `nobody` when the host has none.
const GREETER: &str = include_str!("exercises.wat");

const SCENARIOS: &str = "scenarios:
- name: Anna
  traffic:
  - request: {path: /, headers: {x-name: Anna}}
- name: Bert
  hidden: true
  traffic:
  - request: {path: /, headers: {x-name: Bert}}
";

const COMMON: &str = "  task: Do it.\n  hints: [Look.]\n  why: So it is.\n";

const PREDICT: &str = "- id: guess\n  kind: predict\n  scenario: Anna\n  values:\n\
    \x20 - {id: status, label: The status, of: {client: {what: status}}, choices: [200, 503], hint: Look at the result.}\n\
    \x20 - {id: calls, label: Calls, of: {count: {kind: host_call}}, hint: Look at the timeline.}\n\
    \x20 mistakes:\n  - {answer: {calls: 1}, say: There is one more.}\n";

const ORDER: &str = "- id: life\n  kind: order\n  scenario: Anna\n  items:\n\
    \x20 - {id: log, text: it logs, event: {name: proxy_log}}\n\
    \x20 - {id: call, text: the callback, event: {kind: callback, name: on_request_headers}}\n\
    \x20 - {id: up, text: upstream, event: {kind: upstream, name: request_headers}}\n\
    \x20 mistakes:\n  - {answer: [up, log], say: The filter comes before the router.}\n";

const FIND: &str = "- id: where\n  kind: find\n  scenario: Anna\n  event: {kind: host_call, name: proxy_log, args: {message: Anna}}\n\
    \x20 mistakes:\n  - {answer: {kind: callback, name: on_request_headers}, say: This is what it happens in.}\n";

const HOST: &str = "- id: be-host\n  kind: host\n  scenarios: [Seen]\n  calls:\n\
    \x20 - {id: value, call: proxy_get_header_map_value, label: The value, ask: [status, size], given: {bytes: Anna}}\n";

const QUIZ: &str = "- id: ask\n  kind: quiz\n  questions:\n  - id: who\n    question: Who?\n    choices:\n\
    \x20   - {text: me, say: No.}\n    - {text: you, say: Yes., right: true}\n";

/// A lab with one exercise, its own files and scenarios, and what stands after the exercise.
struct Planted<'a> {
    exercise: String,
    files: &'a str,
    scenarios: String,
    rest: String,
    answers: &'a str,
    samples: &'a dyn Fn(&str) -> Result<Vec<u8>, String>,
}

impl Default for Planted<'_> {
    fn default() -> Self {
        Self {
            exercise: String::new(),
            files: "",
            scenarios: String::new(),
            rest: String::new(),
            answers: "",
            samples: &|name| Err(format!("is not built: {name}")),
        }
    }
}

impl Planted<'_> {
    fn lab(&self) -> String {
        let filter = one_filter(
            "{name: greeter, vm_config: {runtime: envoy.wasm.runtime.v8, code: {local: {filename: /f.wasm}}}}",
        );
        let Self {
            exercise,
            files,
            scenarios,
            rest,
            ..
        } = self;
        format!(
            "name: All kinds\n{filter}files:\n  /f.wasm: {{wat: {{edit: f.wat}}}}\n{files}{SCENARIOS}{scenarios}exercises:\n{exercise}{COMMON}{rest}"
        )
    }

    fn verdict(&self) -> Verdict {
        let mut content = Content {
            root: "content".to_string(),
            ..Content::default()
        };
        let mut put = |path: &str, text: &str| {
            content
                .files
                .insert(path.to_string(), text.as_bytes().to_vec());
        };
        put("en/00-start/part.md", "---\nid: start\ntitle: Start\n---\n");
        put(&format!("{FOLDER}/index.md"), INDEX);
        put(&format!("{FOLDER}/lab.yaml"), &self.lab());
        put(&format!("{FOLDER}/start/f.wat"), GREETER);
        if !self.answers.is_empty() {
            put(&format!("{FOLDER}/solution/answers.yaml"), self.answers);
        }
        check(&content, self.samples)
    }

    /// The problems, without their places.
    fn messages(&self) -> Vec<String> {
        let problems = self.verdict().problems;
        problems.into_iter().map(|p| p.message).collect()
    }

    fn problems(&self) -> Vec<String> {
        let problems = self.verdict().problems;
        problems
            .iter()
            .map(|p| format!("{} {}", p.place, p.message))
            .collect()
    }

    /// The only problem, without its place.
    fn fault(&self) -> String {
        let problems = self.verdict().problems;
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].place.line > 0, "{problems:#?}");
        assert!(!problems[0].help.is_empty(), "{problems:#?}");
        problems[0].message.clone()
    }
}

fn plain(exercise: &str) -> Planted<'_> {
    Planted {
        exercise: exercise.to_string(),
        ..Planted::default()
    }
}

/// The only problem of an exercise with something else in the place of a part of it.
fn planted(exercise: &str, from: &str, to: &str) -> String {
    assert!(exercise.contains(from), "{from}");
    plain(&exercise.replacen(from, to, 1)).fault()
}

/// Faults of one exercise: what is replaced, by what, and what is said.
fn check_faults(exercise: &str, faults: &[[&str; 3]]) {
    for [from, to, expected] in faults {
        assert_eq!(planted(exercise, from, to), *expected, "{to}");
    }
}

const SEEN: &str = "- name: Seen\n  traffic:\n  - request: {path: /, headers: {x-name: Anna}}\n  expect:\n\
    \x20 - log: {level: info, text: Anna}\n    hint: The guest should log the name.\n";

fn host(answers: &str) -> Planted<'_> {
    Planted {
        exercise: HOST.to_string(),
        scenarios: SEEN.to_string(),
        answers,
        ..Planted::default()
    }
}

#[test]
fn exercises_of_every_answered_kind_pass_and_their_answers_come_from_the_run() {
    for exercise in [PREDICT, ORDER, FIND, QUIZ] {
        assert_eq!(
            plain(exercise).problems(),
            Vec::<String>::new(),
            "{exercise}"
        );
    }
    let answers = "be-host: {value.status: Ok, value.size: 4}\n";
    assert_eq!(host(answers).problems(), Vec::<String>::new());
}

/// The lab with these answers, run; the one exercise's state.
fn graded(exercise: &str, answers: &str) -> proxy_wasm_tour::model::report::Graded {
    let planted = Planted {
        exercise: exercise.to_string(),
        scenarios: SEEN.to_string(),
        ..Planted::default()
    };
    let report = run_text(
        &planted.lab(),
        &[("f.wat", GREETER), ("answers.yaml", answers)],
    );
    report.unwrap().exercises.remove(0)
}

#[test]
fn a_prediction_is_held_against_the_run() {
    let none = graded(PREDICT, "");
    assert_eq!((none.passed, none.checks.len()), (None, 0));
    assert_eq!(
        none.right.as_deref(),
        Some(r#"{"status":"200","calls":"2"}"#)
    );
    let right = graded(PREDICT, "guess: {status: 200, calls: ' 2'}");
    assert_eq!(right.passed, Some(true));
    let wrong = graded(PREDICT, "guess: {status: 200, calls: 1}");
    assert_eq!(wrong.passed, Some(false));
    assert!(wrong.checks[0].ok);
    let check = &wrong.checks[1];
    assert_eq!((&*check.expected, &*check.actual), ("2", "1"));
    assert!(check.event.is_some());
    assert_eq!(wrong.mistake.unwrap().say, "There is one more.");
    assert_eq!(wrong.scenario, "Anna");
}

#[test]
fn a_stalled_connection_is_a_stalled_stream_for_a_prediction_too() {
    let holds = guest(&[("on_downstream_data", "return 1")]);
    let text = tcp::lab(
        &[("f", &holds)],
        "",
        tcp::TCP_PROXY,
        "scenarios:\n- name: s\n  traffic:\n  - tcp: {send: [abc], close: true}\n  expect:\n  - state: {stalled_streams: 1}\nexercises:\n\
         - id: guess\n  kind: predict\n  scenario: s\n  task: Say it.\n  values:\n  - {id: n, label: N, of: {state: stalled_streams}, hint: Look.}\n",
    );
    let report = run_text(&text, &[("answers.yaml", "guess: {n: 1}")]).unwrap();
    assert!(report.scenarios[0].ok);
    assert_eq!(report.exercises[0].passed, Some(true));
}

#[test]
fn an_order_is_the_order_of_the_events() {
    assert_eq!(graded(ORDER, "life: [call, log, up]").passed, Some(true));
    let wrong = graded(ORDER, "life: [call, up, log]");
    assert_eq!(wrong.passed, Some(false));
    assert!(wrong.checks[0].expected.starts_with("it logs (event "));
    assert_eq!(
        wrong.mistake.unwrap().say,
        "The filter comes before the router."
    );
    assert_eq!(graded(ORDER, "life: [log, call, up]").mistake, None);
}

#[test]
fn an_event_is_found_by_what_it_is() {
    let right = graded(FIND, "").right.unwrap();
    assert_eq!(graded(FIND, &format!("where: {right}")).passed, Some(true));
    let wrong = graded(FIND, "where: 0");
    assert_eq!((wrong.passed, wrong.mistake), (Some(false), None));
    let before: u32 = right.parse::<u32>().unwrap() - 3;
    let parent = graded(FIND, &format!("where: {before}"));
    assert_eq!(parent.mistake.unwrap().say, "This is what it happens in.");
}

#[test]
fn who_plays_the_host_is_believed_by_the_guest() {
    let right = graded(HOST, "be-host: {value.status: Ok, value.size: 4}");
    assert_eq!(right.passed, Some(true));
    let short = graded(HOST, "be-host: {value.status: 0, value.size: 0x2}");
    assert_eq!(short.passed, Some(false));
    assert_eq!(short.scenario, "Seen");
    let other = graded(HOST, "be-host: {value.status: NotFound, value.size: 4}");
    assert_eq!(other.passed, Some(false));
    assert_eq!(
        graded(HOST, "be-host: {value.status: Ok}").passed,
        Some(false)
    );
    assert_eq!(graded(HOST, "").passed, None);
}

#[test]
fn a_quiz_says_what_there_is_to_say_about_a_choice() {
    let wrong = graded(QUIZ, "ask: {who: 0}");
    assert_eq!((wrong.passed, &*wrong.checks[0].hint), (Some(false), "No."));
    let right = graded(QUIZ, "ask: {who: '1'}");
    assert_eq!((right.passed, &*right.checks[0].why), (Some(true), "Yes."));
}

#[test]
fn an_answer_that_could_never_be_one_is_refused_with_its_place() {
    let refused = |exercise: &str, answers: &str| {
        let planted = plain(exercise);
        let report = run_text(
            &planted.lab(),
            &[("f.wat", GREETER), ("answers.yaml", answers)],
        );
        report.unwrap_err()
    };
    assert!(
        refused(PREDICT, "gess: {}").starts_with("answers.yaml:1:1: no exercise has the id `gess`")
    );
    assert!(refused(PREDICT, "guess: {state: 1}").contains("no field `state`"));
    assert!(refused(ORDER, "life: [log, log, up]").contains("expected each of call, log, up once"));
    assert!(refused(FIND, "where: here").contains("expected a whole number"));
    let planted = host("");
    let answers = "be-host: {value.status: Okay, value.size: 1}";
    let report = run_text(
        &planted.lab(),
        &[("f.wat", GREETER), ("answers.yaml", answers)],
    );
    assert!(
        report
            .unwrap_err()
            .contains("answers.yaml:1:25: expected a status")
    );
}

#[test]
fn a_prediction_must_be_told_by_the_run() {
    check_faults(
        PREDICT,
        &[
            [
                "choices: [200, 503]",
                "choices: [201, 503]",
                "no choice is what the run gives: 200",
            ],
            [
                ", hint: Look at the timeline.",
                "",
                "a value without a hint",
            ],
            [
                "scenario: Anna",
                "scenario: Ana",
                "no scenario is named `Ana`",
            ],
            [
                "id: calls",
                "id: status",
                "a second item with the id `status`",
            ],
            [
                "{answer: {calls: 1}",
                "{answer: {call: 1}",
                "this exercise has no `call`",
            ],
        ],
    );
}

#[test]
fn a_mistake_in_an_answer_must_be_wrong_and_have_its_own_message() {
    let twice = "  mistakes:\n  - {answer: {calls: 3}, say: There is one more.}\n";
    check_faults(
        PREDICT,
        &[
            [
                "{answer: {calls: 1}",
                "{answer: {calls: 2}",
                "mistake 1 of `guess` is right",
            ],
            [
                "say: There is one more.",
                "say: ''",
                "mistake 1 of `guess` has nothing to say",
            ],
            [
                "  mistakes:\n",
                twice,
                "mistake 2 of `guess` says the same as mistake 1",
            ],
        ],
    );
    let wide = "  mistakes:\n  - {answer: {status: 200}, say: It is so.}\n";
    let problems = plain(&PREDICT.replacen("  mistakes:\n", wide, 1)).problems();
    assert!(
        problems[1].ends_with("mistake 2 of `guess` is taken for mistake 1"),
        "{problems:#?}"
    );
    check_faults(
        ORDER,
        &[[
            "{answer: [up, log]",
            "{answer: [log, up]",
            "mistake 1 of `life` is right",
        ]],
    );
    check_faults(
        FIND,
        &[[
            "{answer: {kind: callback, name: on_request_headers}",
            "{answer: {name: on_request_body}",
            "no answer could be mistake 1 of `where`",
        ]],
    );
}

#[test]
fn an_order_must_be_shown_in_another_one_and_happen() {
    let log = "  - {id: log, text: it logs, event: {name: proxy_log}}\n";
    let sorted =
        ORDER
            .replacen(log, "", 1)
            .replacen("  - {id: up,", &format!("{log}  - {{id: up,"), 1);
    assert_eq!(
        plain(&sorted).fault(),
        "the items of `life` stand in the right order already"
    );
    let gone = plain(&ORDER.replacen("on_request_headers", "on_request_body", 1)).problems();
    assert!(
        gone[0].ends_with("the run gives no answer to `life`: no event is like `call`"),
        "{gone:#?}"
    );
    let same = ORDER.replacen(
        "{kind: callback, name: on_request_headers}",
        "{name: proxy_log}",
        1,
    );
    let same = plain(&same).problems();
    assert!(same[0].contains("are both event"), "{same:#?}");
}

#[test]
fn an_event_to_be_found_must_be_there_and_not_be_every_event() {
    let gone = plain(&FIND.replacen("message: Anna", "message: Ann", 1)).problems();
    assert!(
        gone[0].ends_with("the run gives no answer to `where`: no event is like this"),
        "{gone:#?}"
    );
    let every = FIND.split("  mistakes:").next().unwrap();
    let event = "{kind: host_call, name: proxy_log, args: {message: Anna}}";
    check_faults(
        every,
        &[[event, "{args: {}}", "every event is right for `where`"]],
    );
}

#[test]
fn the_host_must_be_answered_by_the_solution_and_called_by_the_guest() {
    assert_eq!(host("").fault(), "the solution does not answer `be-host`");
    let wrong = host("be-host: {value.status: Ok, value.size: 3}\n").problems();
    assert!(
        wrong[0].contains("the solution fails in `Seen`: log lines"),
        "{wrong:#?}"
    );
    let mut other = host("be-host: {value.status: Ok}\n");
    other.exercise = HOST
        .replacen("proxy_get_header_map_value", "proxy_continue_stream", 1)
        .replacen(
            "ask: [status, size], given: {bytes: Anna}",
            "ask: [status]",
            1,
        );
    assert!(other.problems()[0].ends_with("no scenario makes the host call proxy_continue_stream"));
    let mistake = |answers: &str, say: &str| {
        let rest = format!(
            "mistakes:\n- name: cut\n  files: {{answers.yaml: 'be-host: {answers}'}}\n  expect:\n  - log: {{text: An}}\n  say: {say}\n"
        );
        let mut planted = host("be-host: {value.status: Ok, value.size: 4}\n");
        planted.rest = rest;
        planted.problems()
    };
    let cut = "{value.status: Ok, value.size: 2}";
    assert_eq!(mistake(cut, "Half of it."), Vec::<String>::new());
    assert!(mistake(cut, "''")[0].ends_with("the mistake `cut` has nothing to say"));
    assert!(
        mistake("{value.status: Ok, value.size: 1}", "Half.")[0].ends_with("is not recognised")
    );
    assert!(
        mistake("{value.status: Ok, value.size: 4}", "Half.")[0].ends_with("passes every exercise")
    );
}

#[test]
fn a_choice_of_a_quiz_says_something() {
    check_faults(
        QUIZ,
        &[
            ["say: No.", "say: ''", "a choice that says nothing"],
            [", right: true", "", "expected one right choice"],
        ],
    );
}

/// Labs in which the learner's module, or the card that was chosen, is a plain module.
fn module(kind: &str) -> Planted<'_> {
    const TWICE: &str = "(module (func (export \"f\") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))";
    const SAME: &str = "(module (func (export \"f\") (param i32) (result i32) (local.get 0)))";
    const FOUR: &str = "(module (func (export \"f\") (param i32) (result i32) (i32.const 4)))";
    let asks = match kind {
        "own" => format!("  solution: {{wat: '{TWICE}'}}\n"),
        _ => format!(
            "  cards:\n  - {{label: same, wat: '{SAME}', say: Nothing happens.}}\n  - {{label: twice, wat: '{TWICE}'}}\n"
        ),
    };
    Planted {
        exercise: format!(
            "- id: mine\n  kind: {kind}\n  file: /m.wasm\n  scenarios: [two, three]\n{asks}"
        ),
        files: "  /m.wasm: {wat: '(module (func (export \"f\") (param i32) (result i32) (local.get 0)))'}\n",
        scenarios: "- name: two\n  traffic: [{call: {module: /f.wasm, export: proxy_abi_version_0_2_1, args: []}}, {call: {module: /m.wasm, export: f, args: [2]}}]\n\
            \x20 expect:\n  - call: {index: 1, results: [4]}\n    hint: Twice two.\n\
            - name: three\n  hidden: true\n  traffic: [{call: {module: /m.wasm, export: f, args: [3]}}]\n\
            \x20 expect:\n  - call: {results: [6]}\n    hint: Twice three.\n".to_string(),
        rest: format!(
            "mutants:\n- name: always four\n  modules: {{/m.wasm: {{wat: '{FOUR}'}}}}\n"
        ),
        ..Planted::default()
    }
}

#[test]
fn a_module_of_ones_own_is_tried_by_hidden_scenarios() {
    assert_eq!(module("own").messages(), Vec::<String>::new());
    let mut wrong = module("own");
    wrong.exercise = wrong.exercise.replacen("i32.mul", "i32.add", 1);
    assert!(wrong.messages()[0].starts_with("the solution fails in `three`"));
    let mut weak = module("own");
    weak.scenarios = weak
        .scenarios
        .replace("args: [3]", "args: [2]")
        .replace("[6]", "[4]");
    assert_eq!(
        weak.messages(),
        ["the mutant `always four` passes every exercise"]
    );
    let mut gone = module("own");
    gone.exercise = gone.exercise.replacen("/m.wasm", "/n.wasm", 1);
    assert_eq!(gone.messages()[0], "there is no file `/n.wasm` in this lab");
}

#[test]
fn one_card_passes_and_each_that_fails_says_why() {
    assert_eq!(module("patch").messages(), Vec::<String>::new());
    let mut silent = module("patch");
    silent.exercise = silent.exercise.replacen(", say: Nothing happens.", "", 1);
    assert_eq!(silent.messages(), ["a card that fails in silence"]);
    let mut none = module("patch");
    none.exercise = none.exercise.replacen("i32.mul", "i32.add", 1);
    assert!(
        none.messages()
            .contains(&"no card of the exercise `mine` passes".to_string())
    );
}

#[test]
fn a_run_that_is_another_one_each_time_is_refused() {
    let turn = Cell::new(0_u8);
    let sample = |_: &str| {
        turn.set(turn.get().wrapping_add(1));
        let text = format!(
            "(module (func (export \"f\") (result i32) (i32.const {})))",
            turn.get()
        );
        Ok(wat::parse_str(text).unwrap())
    };
    let mut planted = plain(FIND);
    planted.files = "  /s.wasm: {sample: s}\n";
    planted.scenarios =
        "- name: other\n  traffic: [{call: {module: /s.wasm, export: f, args: []}}]\n".to_string();
    planted.samples = &sample;
    let messages = planted.messages();
    let expected = "two runs of the solution differ".to_string();
    assert!(messages.contains(&expected), "{messages:#?}");
}

#[test]
fn what_the_page_fills_in_is_json() {
    let rows = [
        (PREDICT, r#"{}"#, None),
        (
            PREDICT,
            r#"{"guess":{"status":"200","calls":"2"}}"#,
            Some(true),
        ),
        (ORDER, r#"{"life":["call","log","up"]}"#, Some(true)),
        (FIND, r#"{"where":null}"#, None),
        (QUIZ, r#"{"ask":{"who":"1"}}"#, Some(true)),
        (
            HOST,
            r#"{"be-host":{"value.status":"Ok","value.size":"4"}}"#,
            Some(true),
        ),
    ];
    for (exercise, answers, passed) in rows {
        assert_eq!(graded(exercise, answers).passed, passed, "{answers}");
    }
}
