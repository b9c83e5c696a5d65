//! What `tour run` prints, and that the page's engine gives the same.

use super::{Folder, tour};
use crate::labs;
use crate::support::{brought, sample};
use proxy_wasm_tour::lab::{Session, event_line};
use proxy_wasm_tour::model::report::Report;
use proxy_wasm_tour::protocol::{FromEngine, ToEngine, VERSION};
use std::collections::BTreeMap;

#[test]
fn help_and_version() {
    for args in [
        &[][..],
        &["help"],
        &["--help"],
        &["run", "--help"],
        &["doctor", "-h"],
    ] {
        let ran = tour(args);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("tour run LAB.yaml"));
    }
    assert_eq!(
        tour(&["--version"]).out,
        format!("tour {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn people_read_what_came_and_what_was_checked() {
    let ran = tour(&["run", "tests/it/labs/add-header.yaml", "--scenario", "GET"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for words in [
        "Add a header",
        "━━ GET",
        "upstream web got",
        "x-hello: world",
        "client got 200",
        "✓ upstream web request 0: header x-hello",
        "ok: ",
    ] {
        assert!(ran.out.contains(words), "no {words:?} in\n{}", ran.out);
    }
}

#[test]
fn a_check_that_fails_exits_with_1_and_says_why() {
    let folder = Folder::new("fails");
    let lab = folder.file("lab.yaml", "scenarios:\n- name: s\n  traffic: [{request: {}}]\n  expect:\n  - {client: {status: 418}, hint: Tea?}\n");
    let ran = tour(&["run", &lab]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    for words in [
        "✗ client response 0: status",
        "expected  418",
        "actual    200",
        "hint      Tea?",
        "failed: 0 of 1",
    ] {
        assert!(ran.out.contains(words), "no {words:?} in\n{}", ran.out);
    }
    let ran = tour(&["run", &lab, "--trace"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("✗ client response 0: status"),
        "{}",
        ran.err
    );
}

#[test]
fn json_is_one_object_and_two_runs_are_equal() {
    let args = ["run", "tests/it/labs/rewrite-body.yaml", "--json"];
    let (once, again) = (tour(&args), tour(&args));
    assert_eq!(once.code, 0, "{}", once.err);
    assert!(once.out == again.out);
    assert_eq!(once.out.lines().count(), 1);
    let report: Report = serde_json::from_str(&once.out).unwrap();
    assert!(report.ok && report.scenarios.len() == 3 && !report.scenarios[0].events.is_empty());
}

#[test]
fn a_tcp_connection_is_told_with_its_bytes_and_its_end() {
    let ran = tour(&["run", "tests/it/labs/tcp-guard.yaml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let told = "  connection 0  on worker 0
    client sent
      | HI
    upstream web got nothing
    upstream web sent nothing
    client got nothing
    closed by the proxy (wasm_downstream_close)
";
    assert!(ran.out.contains(told), "{}", ran.out);
}

#[test]
fn one_filter_and_one_request_without_a_lab() {
    let folder = Folder::new("oneshot");
    let keys = folder.file("keys.txt", "open-sesame\n");
    let filter = folder.file("api-key.wasm", sample("api-key"));
    let ran = tour(&[
        "run",
        "--wasm",
        &filter,
        "--config",
        &format!("@{keys}"),
        "--request",
        "http://shop.example/cart?x=1",
        "--header",
        "X-Api-Key: open-sesame",
        "--header",
        "a: 1",
        "--header",
        "a: 2",
        "--body",
        "hello",
        "--json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report: Report = serde_json::from_str(&ran.out).unwrap();
    let exchange = &report.scenarios[0].exchanges[0];
    let seen = &exchange.upstream_requests[0];
    let header = |name| seen.headers.get_str(name);
    assert_eq!(
        (header(":method"), header(":path"), header(":authority")),
        (Some("POST"), Some("/cart?x=1"), Some("shop.example"))
    );
    assert_eq!(
        (
            seen.headers.get_all("a").count(),
            header("x-api-key"),
            seen.body.as_str()
        ),
        (2, None, Some("hello"))
    );

    let ran = tour(&["run", "--wasm", &filter, "--config", "open-sesame"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("client got 401"), "{}", ran.out);
}

#[test]
fn a_configuration_that_the_plugin_refuses_is_told() {
    let folder = Folder::new("rejected");
    let filter = folder.file("api-key.wasm", sample("api-key"));
    let ran = tour(&["run", "--wasm", &filter]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("rejected: "), "{}", ran.out);
    assert!(ran.out.contains("bad configuration"), "{}", ran.out);
}

#[test]
fn a_filter_that_panics_gives_503_and_its_text_is_in_the_log() {
    let folder = Folder::new("panics");
    let filter = folder.file("panic.wasm", sample("panic"));
    let ran = tour(&["run", "--wasm", &filter, "--header", "x-boom: 1"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for words in ["client got 503", "x-boom asked for it", "failed on thread"] {
        assert!(ran.out.contains(words), "no {words:?} in\n{}", ran.out);
    }
}

/// What a session in the page answers for a lab, its samples brought as the page brings them.
fn in_the_page(lab: &str) -> (Report, Vec<String>) {
    let mut session = Session::default();
    let hello = session.handle(ToEngine::Hello { version: VERSION }, Vec::new());
    assert!(matches!(
        hello.as_slice(),
        [FromEngine::Ready { version: VERSION }]
    ));
    let run = ToEngine::Run {
        run: 7,
        lab: lab.to_owned(),
        edits: BTreeMap::new(),
        request: None,
        scenario: None,
        schedule: Vec::new(),
    };
    let mut answers = session.handle(run, Vec::new());
    while let Some(FromEngine::NeedSample { .. }) = answers.first() {
        let mut next = Vec::new();
        for answer in answers {
            let FromEngine::NeedSample { name, script } = answer else {
                panic!("{answer:?}")
            };
            let bytes = brought(&name, script.as_ref());
            next = session.handle(ToEngine::Sample { name, error: None }, vec![bytes]);
        }
        answers = next;
    }
    let Some(FromEngine::Done {
        run: 7,
        report,
        events,
    }) = answers.pop()
    else {
        panic!("{answers:?}")
    };
    let mut lines = Vec::new();
    for (scenario, count) in events.iter().enumerate() {
        // Windows of odd size, as scrolling asks for them.
        for from in (0..*count).step_by(7) {
            let rows = ToEngine::Rows {
                run: 7,
                scenario,
                from,
                count: 7,
                search: String::new(),
                lane: None,
                kind: None,
            };
            let Some(FromEngine::Rows { rows, total, .. }) = session.handle(rows, Vec::new()).pop()
            else {
                panic!()
            };
            assert_eq!(total, *count);
            lines.extend(rows.iter().map(event_line));
        }
    }
    (report, lines)
}

#[test]
fn the_trace_is_that_of_the_page_byte_for_byte() {
    for path in labs::all() {
        let ran = tour(&["run", path.to_str().unwrap(), "--trace"]);
        assert_eq!(ran.code, 0, "{}: {}", path.display(), ran.err);
        let (report, lines) = in_the_page(&std::fs::read_to_string(&path).unwrap());
        assert!(
            report.ok
                && report
                    .scenarios
                    .iter()
                    .all(|scenario| scenario.events.is_empty())
        );
        assert!(
            ran.out.lines().eq(lines.iter().map(String::as_str)),
            "{}",
            path.display()
        );
    }
}

#[test]
fn bench_measures_a_request_with_the_trace_on_and_off() {
    let ran = tour(&["bench", "tests/it/labs/add-header.yaml", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let numbers: std::collections::BTreeMap<String, u64> = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(numbers.len(), 6);
    assert!(numbers.values().all(|ns| *ns > 0), "{numbers:?}");
    let ran = tour(&["bench", "tests/it/labs/add-header.yaml"]);
    assert!(
        ran.out.contains("capture off")
            && ran.out.contains("µs")
            && ran.out.contains("memory of 2 VMs"),
        "{}",
        ran.out
    );
}

#[test]
fn every_lesson_s_solution_runs_from_its_folder() {
    let lessons = std::fs::read_dir(crate::support::root().join("content/en")).unwrap();
    let labs = lessons
        .flat_map(|part| {
            std::fs::read_dir(part.unwrap().path())
                .into_iter()
                .flatten()
        })
        .map(|lesson| lesson.unwrap().path().join("lab.yaml"))
        .filter(|lab| lab.is_file());
    let mut ran = 0;
    let compiler = crate::support::root().join("target/vendor/assemblyscript.js");
    for lab in labs {
        // `cargo xtask test course` has the compiler, and proves these.
        let compiled = std::fs::read_to_string(&lab)
            .unwrap()
            .contains("assemblyscript:");
        if compiled && !compiler.is_file() {
            continue;
        }
        let tour = tour(&["run", lab.to_str().unwrap(), "--parts", "solution"]);
        assert_eq!(tour.code, 0, "{}{}", tour.out, tour.err);
        ran += 1;
    }
    assert!(ran >= 3, "only {ran} labs");
}

#[test]
fn a_native_a_lua_and_a_wasm_filter_give_three_traces_of_one_request() {
    let lab = "content/playground/lua/lab.yaml";
    let ran = tour(&["run", lab, "--json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let report: Report = serde_json::from_str(&ran.out).unwrap();
    let scenario = &report.scenarios[0];
    let sent = &scenario.exchanges[0].upstream_requests[0].headers;
    assert_eq!(sent.get_all("x-hello").count(), 3);
    let ran = tour(&["run", lab, "--trace"]);
    let events: Vec<serde_json::Value> = ran
        .out
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    // Inside a filter's step, and inside what it calls there: what changes the header.
    let changes = |filter: &str| {
        let of_step = |event: &serde_json::Value| {
            event["name"] == "decode_headers" && event["args"][1]["value"]["bytes"] == filter
        };
        let step = events.iter().find(|event| of_step(event)).unwrap();
        let mut within = vec![step["n"].clone()];
        let mut found = Vec::new();
        for event in &events {
            if within.contains(&event["parent"]) {
                within.push(event["n"].clone());
                let name = event["name"].as_str().unwrap();
                let args = event["args"].as_array().into_iter().flatten();
                if args.clone().any(|arg| arg["value"]["bytes"] == "x-hello") {
                    found.push(format!("{} {name}", event["kind"].as_str().unwrap()));
                }
            }
        }
        found
    };
    assert_eq!(changes("native"), ["chain add_header_map_value"]);
    assert_eq!(changes("lua"), ["host_call headers:add"]);
    assert_eq!(
        changes("add-header"),
        ["host_call proxy_add_header_map_value"]
    );
}
