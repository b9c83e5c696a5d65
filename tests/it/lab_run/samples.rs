//! The sample filters do what their lessons say.

use super::{run_ok, run_with, story};
use crate::support::one_filter;
use proxy_wasm_tour::lab::RunOptions;

/// A lab around one sample.
pub(super) fn lab_of(sample: &str, configuration: &str, rest: &str) -> String {
    let filter = one_filter(&format!(
        r#"{{name: {sample}, configuration: {{"@type": type.googleapis.com/google.protobuf.StringValue, value: "{configuration}"}}, vm_config: {{runtime: envoy.wasm.runtime.v8, code: {{local: {{filename: /f.wasm}}}}}}}}"#
    ));
    format!("name: {sample}\n{filter}files:\n  /f.wasm: {{sample: {sample}}}\n{rest}\n")
}

const ADD_HEADER: &str = r#"
scenarios:
- name: GET
  traffic:
  - request: {method: GET, path: /, headers: {a: b}}
  expect:
  - client: {request: 0, status: 200, outcome: completed, no_headers: [x-hello]}
  - upstream: {cluster: web, request: 0, headers: {x-hello: world, a: b}}
  - callbacks: {filter: add-header, order: [on_vm_start, on_configure, on_request_headers, on_log, on_done, on_delete]}
  - hostcalls: {name: proxy_add_header_map_value, count: 1}
  - state: {vms: 2, failed_vms: 0, stalled_streams: 0}
"#;

#[test]
fn add_header_reaches_the_upstream() {
    run_ok(&lab_of("add-header", "", ADD_HEADER));
}

#[test]
fn the_same_lab_gives_the_same_report() {
    let lab = lab_of("add-header", "", ADD_HEADER);
    let text = |report| serde_json::to_string(&report).unwrap();
    assert_eq!(text(run_ok(&lab)), text(run_ok(&lab)));
}

#[test]
fn without_capture_nothing_else_changes() {
    let lab = lab_of("add-header", "", ADD_HEADER);
    let options = RunOptions {
        capture: false,
        ..RunOptions::default()
    };
    let mut with = run_ok(&lab);
    let mut without = run_with(&lab, &options).unwrap();
    for report in [&mut with, &mut without] {
        report.ok = true;
        for scenario in &mut report.scenarios {
            scenario.events.clear();
            scenario.checks.clear();
            scenario.ok = true;
        }
    }
    assert_eq!(with, without);
}

#[test]
fn block_path_answers_itself() {
    run_ok(&lab_of(
        "block-path",
        "",
        r#"
scenarios:
- name: blocked
  traffic:
  - request: {path: /admin/users}
  - request: {path: /administrator}
  expect:
  - client: {request: 0, status: 403, body: "Not for you.\n", headers: {content-type: text/plain, content-length: "13"}}
  - client: {request: 1, status: 200}
  - upstream: {cluster: web, count: 1}
"#,
    ));
}

#[test]
fn rewrite_body_waits_for_the_whole_body() {
    let report = run_ok(&lab_of(
        "rewrite-body",
        "",
        r#"
upstreams:
  web:
  - match: {path: /trailers}
    reply: {status: 200, body: a secret, chunks: [4, 4], trailers: {x-t: "1"}}
  - reply: {status: 200, body: a secret here, chunks: [4, 4, 5]}
scenarios:
- name: cut in two
  traffic:
  - request: {path: /}
  - request: {path: /trailers}
  expect:
  - client: {request: 0, status: 200, body: "a [redacted] here", no_headers: [content-length]}
  - client: {request: 1, status: 200, body: "a [redacted]"}
"#,
    ));
    let scenario = &report.scenarios[0];
    assert_eq!(scenario.peak_buffer, 13, "{}", story(scenario));
}

#[test]
fn api_key_is_configured() {
    run_ok(&lab_of(
        "api-key",
        "one\\ntwo",
        r#"
scenarios:
- name: keys
  traffic:
  - request: {headers: {x-api-key: two}}
  - request: {headers: {x-api-key: three}}
  expect:
  - client: {request: 0, status: 200}
  - client: {request: 1, status: 401, headers: {www-authenticate: ApiKey}}
  - upstream: {request: 0, no_headers: [x-api-key]}
  - log: {level: info, text: 2 keys loaded, count: 3}
"#,
    ));
}

#[test]
fn a_refused_configuration_rejects_the_whole() {
    let lab = lab_of(
        "api-key",
        "",
        "scenarios: [{name: none, traffic: [{request: {}}]}]",
    );
    let report = run_with(&lab, &RunOptions::default()).unwrap();
    let scenario = &report.scenarios[0];
    assert_eq!(
        scenario.rejected.as_deref(),
        Some("Unable to create Wasm plugin api-key")
    );
    assert!(!report.ok);
    assert!(scenario.exchanges.is_empty());
    assert!(
        scenario
            .logs
            .iter()
            .any(|line| line.message == "Failed to configure base Wasm plugin")
    );
}

#[test]
fn a_limiter_counts_for_each_worker() {
    run_ok(&lab_of(
        "rate-limiter",
        "",
        r#"
concurrency: 2
scenarios:
- name: two workers
  traffic: [{request: {}}, {request: {}}, {request: {}}, {request: {}}, {request: {}}, {request: {}}, {request: {}},
    {advance: 11s}, {request: {}}]
  expect:
  - client: {request: 5, status: 200}
  - client: {request: 6, status: 429}
  - client: {request: 7, status: 200}
"#,
    ));
}

#[test]
fn a_panic_fails_closed_on_its_worker_only() {
    let report = run_ok(&lab_of(
        "panic",
        "",
        r#"
concurrency: 2
scenarios:
- name: boom
  traffic:
  - request: {headers: {x-boom: "1"}}
    worker: 0
  - request: {}
    worker: 0
  - request: {}
    worker: 1
  expect:
  - client: {request: 0, status: 503, body: "", outcome: completed}
  - client: {request: 1, status: 503}
  - client: {request: 2, status: 200}
  - state: {failed_vms: 1, vms: 3}
"#,
    ));
    let scenario = &report.scenarios[0];
    let response = scenario.exchanges[0].response.as_ref().unwrap();
    assert_eq!(response.details, "wasm_fail_stream", "{}", story(scenario));
    assert!(
        scenario
            .logs
            .iter()
            .any(|line| line.message.contains("panicked")),
        "{}",
        story(scenario)
    );
}
