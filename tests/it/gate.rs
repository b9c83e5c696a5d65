//! The course gate: a sound lesson passes it, and each fault that is planted is told by its name.

use crate::support::{root, samples};
use proxy_wasm_tour::course::{Content, render_note};
use proxy_wasm_tour::export::{
    self,
    gate::{Verdict, check},
};
use proxy_wasm_tour::model::Place;

const FOLDER: &str = "en/00-start/01-first";

const INDEX: &str = r#"---
id: first
title: Double it
goal: double a number
minutes: 5
needs: []
kind: core
sources: [https://example.com/spec]
---
## Predict

```predict
id: what
scenario: seen
question: What does it give for 3?
choices:
- {text: three, say: it does, expect: [call: {index: 0, results: [3]}]}
- {text: six, say: not yet, expect: [call: {index: 0, results: [6]}]}
```

See [above](#predict).

```yaml
a: 1
```

```json
{"a": 1}
```

```wat
(module)
```
"#;

const LAB: &str = r#"name: Double it
files:
  /m.wasm: {wat: {edit: m.wat}}
scenarios:
- name: seen
  traffic:
  - call: {module: /m.wasm, export: double, args: [3]}
  expect:
  - call: {index: 0, results: [6]}
    hint: Three and three is six.
- name: unseen
  hidden: true
  traffic:
  - call: {module: /m.wasm, export: double, args: [5]}
  expect:
  - call: {index: 0, results: [10]}
    hint: Five and five is ten.
exercises:
- id: double
  kind: wat
  task: Double the number.
  hints: [Add it to itself.]
  why: A sum of two equal numbers is twice the one.
mistakes:
- name: squared
  files:
    m.wat: '(module (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0))))'
  expect:
  - call: {index: 0, results: [9]}
  say: That is the square.
mutants:
- name: always six
  files:
    m.wat: '(module (func (export "double") (param i32) (result i32) (i32.const 6)))'
"#;

const START: &str = r#"(module (func (export "double") (param i32) (result i32) (local.get 0)))"#;
const SOLUTION: &str = r#"(module (func (export "double") (param i32) (result i32) (i32.add (local.get 0) (local.get 0))))"#;

/// The sound course, with some of its files changed.
fn lesson(changed: &[(&str, &str)]) -> Content {
    let part = "---\nid: start\ntitle: Start\n---\n";
    let mut content = Content {
        root: "content".to_string(),
        ..Content::default()
    };
    let lesson = [
        ("index.md", INDEX),
        ("lab.yaml", LAB),
        ("start/m.wat", START),
        ("solution/m.wat", SOLUTION),
    ];
    let mut put = |path: String, text: &str| content.files.insert(path, text.as_bytes().to_vec());
    put("en/00-start/part.md".to_string(), part);
    for (name, text) in lesson.iter().chain(changed) {
        put(format!("{FOLDER}/{name}"), text);
    }
    content
}

/// The verdict on it.
fn verdict(changed: &[(&str, &str)]) -> Verdict {
    check(&lesson(changed), &|name| {
        Err(format!("is not built: {name}"))
    })
}

/// The problems of the course when `from` is replaced by `to` in one file.
fn planted(file: &str, from: &str, to: &str) -> Vec<String> {
    let text = match file {
        "index.md" => INDEX,
        "lab.yaml" => LAB,
        "start/m.wat" => START,
        _ => SOLUTION,
    };
    assert!(text.contains(from), "{from}");
    let verdict = verdict(&[(file, &text.replacen(from, to, 1))]);
    assert_eq!(verdict.failed > 0, !verdict.problems.is_empty());
    let problems = verdict.problems.iter();
    problems
        .map(|p| format!("{} {}", p.place, p.message))
        .collect()
}

/// The only problem, without the folder before its file.
fn fault(file: &str, from: &str, to: &str) -> String {
    let problems = planted(file, from, to);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems[0].replace(&format!("content/{FOLDER}/"), "")
}

#[test]
fn a_sound_lesson_passes() {
    let verdict = verdict(&[]);
    assert_eq!(verdict.problems, []);
    assert_eq!(
        verdict.to_string(),
        format!("{} passed, 0 failed", verdict.passed)
    );
    assert!(verdict.passed >= 12, "{}", verdict.passed);
}

#[test]
fn a_problem_is_one_line_with_its_place_and_what_to_do() {
    let verdict = verdict(&[("notes.txt", "x")]);
    let text = verdict.to_string();
    let (first, last) = text.split_once('\n').unwrap();
    assert_eq!(
        first,
        "content/en/00-start/01-first/notes.txt nothing reads this file / A lesson has index.md, lab.yaml, start/ and solution/."
    );
    assert_eq!(last, format!("{} passed, 1 failed", verdict.passed));
}

#[test]
fn a_starter_must_fail() {
    let solved = "(i32.add (local.get 0) (local.get 0))";
    assert_eq!(
        fault("start/m.wat", "(local.get 0)", solved),
        "lab.yaml:19:3 the exercise `double` passes before anything is done"
    );
}

#[test]
fn a_solution_must_pass() {
    let problems = planted("solution/m.wat", "i32.add", "i32.sub");
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(
        problems[0].contains("lab.yaml:19:3 the solution fails in `seen`: "),
        "{problems:#?}"
    );
    assert!(
        problems[1].contains("the solution fails in `unseen`"),
        "{problems:#?}"
    );
}

#[test]
fn a_solution_must_be_readable() {
    assert!(fault("solution/m.wat", "i32.add", "i32.at").starts_with("solution/m.wat:1:"));
    assert!(planted("start/m.wat", "local.get", "local.gt")[0].contains("/start/m.wat:1:"));
}

#[test]
fn a_mistake_must_fail_be_recognised_and_be_told_apart() {
    let mistake = "(i32.mul (local.get 0) (local.get 0))";
    assert_eq!(
        fault("lab.yaml", mistake, "(i32.add (local.get 0) (local.get 0))"),
        "lab.yaml:25:3 the mistake `squared` passes every exercise"
    );
    assert_eq!(
        fault("lab.yaml", "results: [9]", "results: [8]"),
        "lab.yaml:25:3 the mistake `squared` is not recognised"
    );
    assert_eq!(
        fault("lab.yaml", "results: [9]", "results: [10]"),
        "lab.yaml:25:3 the solution is taken for the mistake `squared`"
    );
    let other = "mistakes:\n- name: nine\n  files: {m.wat: '(module (func (export \"double\") (param i32) (result i32) (i32.const 9)))'}\n  expect: [call: {index: 0, results: [9]}]\n  say: Nine.\n";
    assert_eq!(
        fault("lab.yaml", "mistakes:\n", other),
        "lab.yaml:29:3 the mistake `squared` is taken for `nine`"
    );
}

#[test]
fn a_mutant_must_be_rejected() {
    assert_eq!(
        fault(
            "lab.yaml",
            "(i32.const 6)",
            "(i32.mul (local.get 0) (i32.const 2))"
        ),
        "lab.yaml:32:3 the mutant `always six` passes every exercise"
    );
}

#[test]
fn mistakes_and_mutants_need_an_exercise_that_rejects_them() {
    let (from, to) = (
        LAB.find("exercises:").unwrap(),
        LAB.find("mistakes:").unwrap(),
    );
    assert_eq!(
        planted("lab.yaml", &LAB[from..to], ""),
        [
            "content/en/00-start/01-first/lab.yaml:18:1 `mistakes` without `exercises`",
            "content/en/00-start/01-first/lab.yaml:25:1 `mutants` without `exercises`"
        ]
    );
}

#[test]
fn exercises_have_hints_a_why_and_a_hidden_scenario() {
    assert_eq!(
        fault("lab.yaml", "    hint: Three and three is six.\n", ""),
        "lab.yaml:9:5 an assertion without a hint"
    );
    assert_eq!(
        fault("lab.yaml", "hints: [Add it to itself.]", "hints: []"),
        "lab.yaml:19:3 an exercise without hints"
    );
    assert_eq!(
        fault("lab.yaml", "why: A", "# why: A"),
        "lab.yaml:19:3 an exercise without `why`"
    );
    assert_eq!(
        fault("lab.yaml", "hidden: true", "hidden: false"),
        "lab.yaml:19:3 an exercise without a hidden scenario"
    );
    assert_eq!(
        fault("lab.yaml", "kind: wat", "kind: wot"),
        "lab.yaml:19:3 an unknown kind of exercise"
    );
    assert_eq!(
        fault("lab.yaml", "task: Double", "task: <br> Double"),
        "lab.yaml:19:3 raw HTML is not passed through"
    );
}

#[test]
fn a_prediction_has_one_choice_that_holds() {
    assert_eq!(
        fault("index.md", "results: [3]", "results: [4]"),
        "index.md:13:1 no choice holds on the run"
    );
    assert_eq!(
        fault("index.md", "results: [6]", "results: [3]"),
        "index.md:18:3 a second choice holds on the run"
    );
    assert_eq!(
        fault("index.md", "scenario: seen", "scenario: sean"),
        "index.md:13:1 the lab has no scenario `sean`"
    );
}

#[test]
fn live_blocks_name_scenarios_that_are_there() {
    let button = "```lab\nscenario: gone\ntext: Run\n```\n\nSee [above]";
    assert!(fault("index.md", "See [above]", button).ends_with("the lab has no scenario `gone`"));
    let trace = "```trace\nscenario: gone\n```\n\nSee [above]";
    assert!(fault("index.md", "See [above]", trace).ends_with("the lab has no scenario `gone`"));
}

#[test]
fn code_in_the_text_is_what_it_claims_to_be() {
    assert!(fault("index.md", "a: 1", "a: 1: 2").starts_with("index.md:24:"));
    assert!(fault("index.md", "{\"a\": 1}", "{a: 1}").starts_with("index.md:28:2 not JSON"));
    assert!(fault("index.md", "(module)", "(modul)").starts_with("index.md:32:1 "));
}

#[test]
fn a_live_block_needs_a_lab_and_its_right_name() {
    let text = INDEX.replace("```predict", "```predct");
    let verdict = verdict(&[("index.md", &text)]);
    let problem = &verdict.problems[0];
    assert_eq!(
        (problem.message.as_str(), problem.help.as_str()),
        ("an unknown block `predct`", "Did you mean `predict`?")
    );
    let mut content = lesson(&[]);
    content.files.retain(|path, _| !path.ends_with("lab.yaml"));
    let problems = check(&content, &|name| Err(name.to_owned())).problems;
    let found = problems
        .iter()
        .find(|p| p.message == "a block `predict`, and the lesson has no lab");
    assert_eq!(found.map(|p| p.place.line), Some(13), "{problems:#?}");
}

#[test]
fn a_text_that_is_no_utf_8_is_not_passed_over() {
    for file in ["lab.yaml", "start/m.wat", "solution/m.wat"] {
        let mut content = lesson(&[]);
        let path = format!("{FOLDER}/{file}");
        content.files.get_mut(&path).unwrap().insert(1, 0xff);
        let problems = check(&content, &|name| Err(name.to_owned())).problems;
        let found = problems
            .iter()
            .find(|p| p.message == "a byte that is no UTF-8");
        let place = found.map(|p| (p.place.file.as_str(), p.place.line, p.place.column));
        let file = format!("content/{path}");
        assert_eq!(place, Some((&*file, 1, 2)), "{problems:#?}");
    }
}

#[test]
fn links_front_matter_and_files_are_checked() {
    assert!(
        fault("index.md", "(#predict)", "(#predicted)")
            .ends_with("no heading with the anchor `predicted`")
    );
    assert!(
        fault("index.md", "https://example.com", "http://example.com")
            .contains("expected an https address")
    );
    assert!(fault("index.md", "id: first\n", "").contains("the key `id` is missing"));
    assert!(fault("index.md", "id: first\n", "id: ''\n").contains("expected an id of"));
    assert_eq!(
        fault("lab.yaml", "exercises:", "exercices:"),
        "lab.yaml:18:1 unknown key `exercices`"
    );
    let verdict = verdict(&[("start/other.wat", "(module)")]);
    assert_eq!(
        verdict.problems[0].message,
        "nothing in lab.yaml uses this file"
    );
}

/// The files that content/README.md shows, by path.
fn example() -> Content {
    let text = std::fs::read_to_string(root().join("content/README.md")).unwrap();
    let rendered = render_note(&text, &Place::default());
    let mut content = Content {
        root: "content".to_string(),
        ..Content::default()
    };
    for fence in rendered.fences {
        if let Some(path) = fence.word("title") {
            content
                .files
                .insert(path.to_string(), fence.text.clone().into_bytes());
        }
    }
    content
}

#[test]
fn the_lesson_in_the_readme_passes() {
    let content = example();
    assert_eq!(content.files.len(), 5);
    let verdict = check(&content, &|name| Err(format!("is not used here: {name}")));
    assert_eq!(verdict.failed, 0, "{verdict}");
}

/// Takes away the lessons that need the AssemblyScript compiler.
fn leave_out_compiled(content: &mut Content) {
    let needs = |path: &&String| {
        let text = content.text(path).unwrap_or_default();
        path.ends_with("/lab.yaml") && text.contains("assemblyscript:")
    };
    let labs = content.files.keys().filter(needs);
    let folders: Vec<String> = labs.map(|path| path.replace("lab.yaml", "")).collect();
    let stays = |path: &String| {
        !folders
            .iter()
            .any(|folder| path.starts_with(folder.as_str()))
    };
    content.files.retain(|path, _| stays(path));
}

#[test]
fn the_course_itself_passes() {
    let mut content = export::content::read(&root().join("content")).unwrap();
    content.root = "content".to_string();
    // `cargo xtask test course` builds the compiler first and leaves no lesson out.
    if !root().join("target/vendor/assemblyscript.js").is_file() {
        leave_out_compiled(&mut content);
    }
    let sample = |name: &str| {
        let path = samples().join(format!("{name}.wasm"));
        std::fs::read(path).map_err(|e| e.to_string())
    };
    let verdict = check(&content, &sample);
    assert_eq!(verdict.failed, 0, "{verdict}");
}
