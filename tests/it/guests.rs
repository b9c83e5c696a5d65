//! Modules of every toolchain, built from `tests/guests`, run in the whole proxy.

use crate::support::root;
use proxy_wasm_tour::host::doctor;
use proxy_wasm_tour::lab::{self, Beside, RunOptions, Sample};
use proxy_wasm_tour::model::doctor::ImportKind;
use proxy_wasm_tour::model::report::ScenarioReport;
use proxy_wasm_tour::model::trace::{Event, Kind, Value};

/// The guests that do the common job of `tests/guests/README.md`.
const GUESTS: [&str; 6] = ["rust", "rust-wasip1", "assemblyscript", "c", "cpp", "zig"];

/// What a lab file finds beside it: the built guests.
struct Guests;

impl Beside for Guests {
    fn part(&self, _name: &str) -> Option<String> {
        None
    }

    fn sample(&self, _name: &str) -> Sample {
        Sample::Missing("is no guest".to_owned())
    }

    fn samples(&self) -> Vec<String> {
        Vec::new()
    }

    fn path(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(root().join("target/guests").join(path))
            .map_err(|_| "no such guest: run `cargo xtask guests`".to_owned())
    }
}

/// Runs a lab with one guest in front of the router; gives its only scenario.
fn run(guest: &str, config: &str, rest: &str) -> ScenarioReport {
    // A cluster without a rule has nobody behind it.
    let hosts = match rest.contains("directory") {
        true => "",
        false => ", load_assignment: {endpoints: []}",
    };
    let text = format!(
        r#"
envoy:
  clusters: [{{name: web}}, {{name: directory{hosts}}}]
  http_filters:
  - name: envoy.filters.http.wasm
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
      config:
        name: guest
        root_id: guest
        vm_config:
          vm_id: guests
          runtime: envoy.wasm.runtime.v8
          configuration: {{"@type": type.googleapis.com/google.protobuf.StringValue, value: "from the lab"}}
          code: {{local: {{filename: /guest.wasm}}}}
          environment_variables: {{key_values: {{GUEST: {guest}, TZ: UTC}}}}
        {config}
files:
  /guest.wasm: {{path: {guest}.wasm}}
{rest}"#
    );
    let lab = lab::parse("guest.yaml", &text, &Guests).unwrap_or_else(|p| panic!("{guest}: {p}"));
    let contents =
        lab::resolve(&lab, &Guests).unwrap_or_else(|unresolved| panic!("{guest}: {unresolved:?}"));
    let mut report = lab::run(&lab, &contents, &RunOptions::default())
        .unwrap_or_else(|problem| panic!("{guest}: {problem}"));
    let scenario = report.scenarios.remove(0);
    assert_eq!(scenario.rejected, None, "{guest}");
    scenario
}

/// Asserts that every assertion of the scenario's own holds.
fn check_holds(guest: &str, scenario: &ScenarioReport) {
    for check in &scenario.checks {
        assert!(
            check.ok,
            "{guest}: {}: expected {}, was {}",
            check.what, check.expected, check.actual
        );
    }
    assert!(!scenario.checks.is_empty());
}

/// Asserts that no host call was missing.
fn check_all_implemented(guest: &str, scenario: &ScenarioReport) {
    let missing: Vec<&Event> = scenario
        .events
        .iter()
        .filter(|event| event.kind == Kind::HostCall)
        .filter(|event| {
            event
                .result
                .as_ref()
                .is_some_and(|r| r.status == "Unimplemented")
        })
        .collect();
    assert!(missing.is_empty(), "{guest}: {missing:?}");
    assert!(
        scenario
            .events
            .iter()
            .any(|event| event.kind == Kind::HostCall)
    );
}

fn job(guest: &str) -> ScenarioReport {
    run(
        guest,
        "",
        &format!(
            r#"
scenarios:
- name: the common job
  traffic:
  - request: {{method: POST, path: /upload, headers: {{x-a: b}}, body: "one two three", chunks: [4, 4, 5]}}
  - request: {{path: /deny}}
  - request: {{path: /again}}
  expect:
  - upstream: {{count: 2}}
  - upstream: {{request: 0, headers: {{x-sdk: {guest}, x-a: b}}, body: "one two three"}}
  - upstream: {{request: 1, headers: {{x-sdk: {guest}, ":path": /again}}}}
  - client: {{request: 0, status: 200, headers: {{x-bytes: "13"}}, outcome: completed}}
  - client: {{request: 1, status: 403, headers: {{x-bytes: "0"}}, body: denied by {guest}}}
  - client: {{request: 2, status: 200, headers: {{x-bytes: "0"}}}}
  - log: {{level: info, text: {{contains: "configuration: from the lab"}}}}
  - log: {{level: info, text: {{contains: "/upload done, 13 bytes"}}, count: 1}}
  - log: {{level: info, text: {{contains: "/deny done, 0 bytes"}}, count: 1}}
  - log: {{level: info, text: {{contains: "/again done, 0 bytes"}}, count: 1}}
  - callbacks: {{filter: guest, order: [on_vm_start, on_request_headers, on_request_body, on_response_headers, on_log]}}
  - state: {{failed_vms: 0, stalled_streams: 0}}
"#
        ),
    )
}

/// What `tests/guests/README.md` says of each guest, read from its bytes.
#[test]
fn the_doctor_knows_modules_of_every_sdk() {
    let malloc = "malloc";
    let allocate = "proxy_on_memory_allocate";
    let guests: [(&str, &str, &[&str], &str); 8] = [
        ("rust", "0.2.1", &["_initialize"], malloc),
        ("rust-wasip1", "0.2.1", &["_initialize"], allocate),
        ("rust-rewriter", "0.2.1", &["_initialize"], malloc),
        ("rust-grpc", "0.2.1", &["_initialize"], malloc),
        ("assemblyscript", "0.2.1", &["_start"], malloc),
        ("c", "0.1.0", &[], malloc),
        ("cpp", "0.2.1", &["_initialize"], malloc),
        ("zig", "0.2.0", &[], allocate),
    ];
    for (name, abi, start, allocator) in guests {
        let bytes = Guests.path(&format!("{name}.wasm"));
        let found = doctor(name, &bytes.unwrap_or_else(|why| panic!("{name}: {why}")));
        assert!(found.loads, "{name}: {:?}", found.error);
        assert_eq!(found.abi.as_deref(), Some(abi), "{name}");
        assert_eq!(found.start, start, "{name}");
        assert_eq!(found.allocator.as_deref(), Some(allocator), "{name}");
        for import in &found.imports {
            let known = [ImportKind::HostCall, ImportKind::Wasi].contains(&import.kind);
            assert!(known, "{name}: {import:?}");
        }
        assert!(!found.imports.is_empty(), "{name}");
    }
}

#[test]
fn every_sdk_does_the_common_job() {
    for guest in GUESTS {
        let scenario = job(guest);
        check_holds(guest, &scenario);
        check_all_implemented(guest, &scenario);
        let errors = scenario.logs.iter();
        let errors: Vec<_> = errors.filter(|l| l.message.contains("failed")).collect();
        // Its root's on_done traps, on the worker and on the main thread: see below.
        let expected = if guest == "assemblyscript" { 2 } else { 0 };
        assert_eq!(errors.len(), expected, "{guest}: {errors:?}");
    }
}

/// The SDK looks a root's id up among its streams. No request is affected: all of them are over.
#[test]
fn assemblyscript_traps_in_its_roots_on_done_and_that_is_borne() {
    let scenario = job("assemblyscript");
    let traps: Vec<&Event> = scenario
        .events
        .iter()
        .filter(|event| event.kind == Kind::Trap)
        .collect();
    assert!(traps.len() == 2 && traps.iter().all(|trap| trap.name == "proxy_on_done"));
    for trap in traps {
        let said = trap.args.iter().find(|arg| arg.name == "said").unwrap();
        let Value::Bytes(text) = &said.value else {
            panic!("{said:?}")
        };
        assert!(
            text.as_str()
                .unwrap()
                .starts_with("abort: Key does not exist")
        );
    }
    assert!(scenario.ok && scenario.vms.iter().all(|vm| !vm.failed));
    let said = |text: &str| {
        let lines = scenario.logs.iter();
        lines.filter(|line| line.message.starts_with(text)).count()
    };
    assert_eq!(said("abort: Key does not exist"), 2);
    assert_eq!(said("Function: proxy_on_done failed"), 2);
    assert_eq!(said("the trap came while the proxy shut down"), 2);
}

/// environ, clocks, random and both streams of output, as rustc's standard library uses them.
#[test]
fn rust_standard_library_works_on_wasi() {
    let scenario = job("rust-wasip1");
    let lines: Vec<(&str, &str)> = scenario
        .logs
        .iter()
        .map(|line| (line.level.as_str(), line.message.as_str()))
        .collect();
    let has = |level: &str, text: &str| {
        assert!(
            lines.contains(&(level, text)),
            "no {level} line `{text}` in {lines:#?}"
        );
    };
    has(
        "info",
        r#"environment: [("GUEST", "rust-wasip1"), ("TZ", "UTC")]"#,
    );
    has("info", "clock: 1767225600 s");
    has("info", "elapsed: 0");
    has("info", "map: 3");
    // One write is one line, and the standard library's stderr writes piece by piece.
    let errors: Vec<&str> = lines
        .iter()
        .filter(|line| line.0 == "error")
        .map(|line| line.1)
        .collect();
    assert_eq!(errors[..3], ["arguments: ", "0", ""]);
    assert!(lines.iter().any(|(_, text)| text.starts_with("random: ")));
}

#[test]
fn a_filter_with_regex_url_json_and_html_rewriter_works_on_chunks() {
    let scenario = run(
        "rust-rewriter",
        r#"configuration: {"@type": type.googleapis.com/google.protobuf.StringValue, value: '{"routes": [{"pattern": "^/old/([a-z]+)$", "path": "/new/$1"}], "base": "https://cdn.example/site/"}'}"#,
        r#"
upstreams:
  web:
  - match: {path: /new/page}
    reply:
      status: 200
      headers: {content-type: text/html; charset=utf-8, content-length: "133"}
      body: '<p>é <a href="a/b?c=d">x</a> <img src="../i.png"> <a href="https://other.example/">y</a><script>alert(1)</script><script src=s></script>'
      chunks: [10, 7, 1, 40, 30]
  - reply: {status: 200, headers: {content-type: text/plain}, body: '<a href="a">'}
scenarios:
- name: pages
  traffic:
  - request: {path: /old/page}
  - request: {path: /old/page2}
  expect:
  - upstream: {request: 0, headers: {":path": /new/page}}
  - upstream: {request: 1, headers: {":path": /old/page2}}
  - client:
      request: 0
      no_headers: [content-length]
      body: '<p>é <a href="https://cdn.example/site/a/b?c=d">x</a> <img src="https://cdn.example/i.png"> <a href="https://other.example/">y</a><script src=s></script>'
  - client: {request: 1, body: '<a href="a">'}
  - state: {failed_vms: 0}
"#,
    );
    check_holds("rust-rewriter", &scenario);
    check_all_implemented("rust-rewriter", &scenario);
}

/// A lab with the gRPC guest and a service that it asks.
fn asks(rules: &str, traffic: &str, expect: &str) -> ScenarioReport {
    let text = format!(
        r#"
upstreams: {{directory: [{rules}]}}
scenarios:
- name: asks
  traffic:
{traffic}
  expect:
{expect}
"#
    );
    let scenario = run("rust-grpc", "", &text);
    check_holds("rust-grpc", &scenario);
    check_all_implemented("rust-grpc", &scenario);
    scenario
}

#[test]
fn the_rust_sdks_grpc_call_is_answered_and_its_failure_told() {
    let rules = r#"
  {match: {path: /users.v1.Users/Get, headers: {x-path: /ann}}, grpc: {message: ann, delay: 20ms}},
  {match: {headers: {x-path: /bob}}, grpc: {status: 5, status_message: no such user}},
  {match: {headers: {x-path: /slow}}, timeout: true}"#;
    asks(
        rules,
        "  - request: {path: /ann}\n  - request: {path: /bob}\n  - request: {path: /slow}",
        r#"
  - upstream: {cluster: directory, request: 0, headers: {":path": /users.v1.Users/Get, content-type: application/grpc, te: trailers, grpc-timeout: 250m}, body: {base64: AAAAAAN3aG8=}}
  - upstream: {cluster: web, count: 1, headers: {x-user: ann}}
  - client: {request: 0, status: 200}
  - client: {request: 1, status: 503, body: 5 5 no such user}
  - client: {request: 2, status: 503, body: 14 14 upstream request timeout}
  - state: {failed_vms: 0, stalled_streams: 0}"#,
    );
}

#[test]
fn the_rust_sdks_grpc_stream_hears_all_and_ends() {
    asks(
        "{grpc: {metadata: {x-page: one}, messages: [ann, {message: bob, delay: 5ms}], trailers: {x-total: two}, delay: 10ms}}",
        "  - request: {path: /watch}",
        r#"
  - upstream: {cluster: directory, request: 0, body: {base64: AAAAAAVuYW1lcwAAAAAGcGxlYXNl}}
  - upstream: {cluster: web, headers: {x-users: ann bob}}
  - log: {level: info, text: page one}
  - log: {level: info, text: total two}
  - log: {level: info, text: "closed 0, ours: true"}
  - callbacks: {order: [on_grpc_receive_initial_metadata, on_grpc_receive, on_grpc_receive, on_grpc_receive_trailing_metadata, on_grpc_close]}
  - client: {status: 200}
  - state: {failed_vms: 0, stalled_streams: 0}"#,
    );
}

/// The SDK bears the close of a token that it never got.
#[test]
fn the_rust_sdk_bears_a_call_that_cannot_be_sent() {
    let scenario = run(
        "rust-grpc",
        "",
        "scenarios: [{name: s, traffic: [{request: {path: /ann}}]}]",
    );
    let lines: Vec<&str> = scenario.logs.iter().map(|l| l.message.as_str()).collect();
    assert_eq!(lines, ["no call: InternalFailure"]);
    let closed = |event: &&Event| event.name == "proxy_on_grpc_close";
    assert_eq!(scenario.events.iter().filter(closed).count(), 1);
    assert!(scenario.vms.iter().all(|vm| !vm.failed));
}
