//! Every kind of expectation against a report: where it holds, where it fails, and what it then says.

use crate::lab_file::Table;
use proxy_wasm_tour::lab::{check, parse};
use proxy_wasm_tour::model::report::{Check, ScenarioReport};

const REPORT: &str = r#"{
  "name": "s", "hidden": false, "ok": false,
  "exchanges": [
    {"worker": 0, "outcome": "completed",
     "request": {"headers": [[":method", "GET"]], "body": "", "trailers": []},
     "upstream_requests": [
       {"cluster": "web", "headers": [[":path", "/"], ["x-a", "1"], ["x-a", "2"]], "body": "HELLO", "trailers": []},
       {"cluster": "auth", "headers": [[":path", "/check"]], "body": "", "trailers": []}],
     "response": {"status": 200, "headers": [[":status", "200"], ["x-hello", "world"]], "body": "hi there", "trailers": [],
                  "flags": "-", "details": "via_upstream"}},
    {"worker": 0, "outcome": "stalled", "request": {"headers": [], "body": "", "trailers": []},
     "upstream_requests": [], "response": null}],
  "calls": [{"export": "max", "results": [2, 1.5]}, {"export": "boom", "results": [], "trap": "wasm `unreachable` instruction executed"}],
  "logs": [{"t_ns": 0, "thread": 1, "plugin": "f", "level": "info", "message": "hello 7"}],
  "access_log": ["\"GET / HTTP/1.1\" 200\n"],
  "stats": {"wasmcustom.hits": 3}, "shared_data": {"": {"hits": "1", "bin": {"base64": "/w=="}}}, "queues": {"jobs": 2},
  "vms": [{"vm": 1, "thread": 1, "vm_id": "", "plugins": ["f"], "memory_bytes": 131072, "fuel_max": 900, "failed": true}],
  "peak_buffer": 512,
  "events": [
    {"n": 0, "t_ns": 0, "thread": 1, "vm": 1, "context": 2, "kind": "callback", "name": "proxy_on_request_headers"},
    {"n": 1, "t_ns": 0, "thread": 1, "vm": 1, "context": 2, "kind": "host_call", "name": "proxy_log", "parent": 0},
    {"n": 2, "t_ns": 0, "thread": 1, "vm": 1, "context": 2, "kind": "callback", "name": "proxy_on_request_body"},
    {"n": 3, "t_ns": 0, "thread": 1, "vm": 2, "context": 2, "kind": "callback", "name": "proxy_on_tick"}],
  "checks": []
}"#;

fn checks(expectation: &str) -> Vec<Check> {
    checks_of(REPORT, expectation)
}

fn checks_of(report: &str, expectation: &str) -> Vec<Check> {
    let report: ScenarioReport = serde_json::from_str(report).unwrap();
    let lab = format!(
        "files: {{/m: {{text: x}}}}\nscenarios:\n- traffic: [{{request: {{}}}}, {{request: {{}}}}, {{request: {{}}}}, \
         {{call: {{module: /m, export: a}}}}, {{call: {{module: /m, export: a}}}}, {{call: {{module: /m, export: a}}}}]\n  \
         expect: [{{{expectation}, hint: look}}]\n"
    );
    let lab = parse("lab.yaml", &lab, &Table::default()).unwrap_or_else(|p| panic!("{p}"));
    check(&lab.scenarios[0].expect, &report)
}

/// Asserts that the expectation holds, in every part.
fn holds(expectation: &str) {
    let checks = checks(expectation);
    assert!(!checks.is_empty(), "{expectation}: no check");
    assert!(
        checks.iter().all(|check| check.ok),
        "{expectation}: {checks:?}"
    );
}

/// Asserts that exactly one part fails, and what it says.
fn fails(expectation: &str, what: &str, expected: &str, actual: &str) {
    let failed: Vec<Check> = checks(expectation)
        .into_iter()
        .filter(|check| !check.ok)
        .collect();
    let [check] = failed.as_slice() else {
        panic!("{expectation}: {failed:?}")
    };
    assert_eq!(
        (
            check.what.as_str(),
            check.expected.as_str(),
            check.actual.as_str()
        ),
        (what, expected, actual)
    );
    assert_eq!(check.hint, "look");
    assert!(check.event.is_some(), "{expectation}: nowhere to look");
}

#[test]
fn client() {
    holds(
        "client: {status: 200, headers: {X-Hello: world, ':status': 200}, no_headers: [server], body: {contains: there}, outcome: completed}",
    );
    holds("client: {request: 1, outcome: stalled}");
    fails(
        "client: {status: 404}",
        "client response 0: status",
        "404",
        "200 (via_upstream)",
    );
    fails(
        "client: {request: 1, status: 200}",
        "client response 1: status",
        "200",
        "no response",
    );
    fails(
        "client: {request: 2, status: 200}",
        "client response 2",
        "a response",
        "the request was never sent",
    );
    fails(
        "client: {headers: {x-hello: you}}",
        "client response 0: header x-hello",
        "\"you\"",
        "\"world\"",
    );
    fails(
        "client: {headers: {x-gone: you}}",
        "client response 0: header x-gone",
        "\"you\"",
        "absent",
    );
    fails(
        "client: {no_headers: [x-hello]}",
        "client response 0: no header x-hello",
        "absent",
        "\"world\"",
    );
    fails(
        "client: {request: 1, no_headers: [x-hello]}",
        "client response 1: no header x-hello",
        "absent",
        "nothing came",
    );
    fails(
        "client: {body: hi}",
        "client response 0: body",
        "\"hi\"",
        "\"hi there\"",
    );
    fails(
        "client: {outcome: reset}",
        "client response 0: outcome",
        "reset",
        "completed",
    );
}

#[test]
fn upstream() {
    holds(
        "upstream: {cluster: web, count: 1, headers: {x-a: ['1', {matches: '^\\d$'}]}, body: HELLO}",
    );
    holds("upstream: {count: 2}");
    holds("upstream: {request: 1, headers: {':path': /check}}");
    holds("upstream: {cluster: nobody, count: 0}");
    fails(
        "upstream: {cluster: web, headers: {x-a: '1'}}",
        "upstream web request 0: header x-a",
        "\"1\"",
        "\"1\", \"2\"",
    );
    fails(
        "upstream: {cluster: web, request: 1, body: x}",
        "upstream web request 1: body",
        "\"x\"",
        "nothing came",
    );
    fails(
        "upstream: {cluster: web, count: 2}",
        "upstream web: requests",
        "2",
        "1",
    );
}

#[test]
fn logs_and_calls() {
    holds("log: {level: info, text: {matches: '^hello \\d'}, count: 1}");
    holds("log: {text: hello 7}");
    holds("log: {level: error, count: 0}");
    fails(
        "log: {level: warn}",
        "log lines at warn",
        "at least one",
        "none among 1",
    );
    fails(
        "log: {text: {contains: bye}, count: 2}",
        "log lines (contains \"bye\")",
        "2",
        "0",
    );
    holds("callbacks: {filter: f, order: [on_request_headers, on_request_body]}");
    holds("callbacks: {order: [on_request_headers, on_tick]}");
    fails(
        "callbacks: {filter: f, order: [on_tick]}",
        "callbacks of f",
        "on_tick",
        "on_request_headers, on_request_body",
    );
    fails(
        "callbacks: {order: [on_request_body, on_request_headers]}",
        "callbacks",
        "on_request_body, on_request_headers",
        "on_request_headers, on_request_body, on_tick",
    );
    holds("hostcalls: {name: proxy_log, count: 1}");
    fails(
        "hostcalls: {name: proxy_log, count: 0}",
        "host calls proxy_log",
        "0",
        "1",
    );
    holds("access_log: {text: '\"GET / HTTP/1.1\" 200'}");
    fails(
        "access_log: {line: 1, text: x}",
        "access log line 1",
        "\"x\"",
        "there are 1 lines",
    );
}

#[test]
fn calls_of_plain_modules() {
    holds("call: {results: [2, 1.5]}");
    holds("call: {index: 1, trap: unreachable}");
    fails("call: {results: [2]}", "call 0: results", "[2]", "[2, 1.5]");
    fails(
        "call: {trap: unreachable}",
        "call 0: trap",
        "contains \"unreachable\"",
        "[2, 1.5]",
    );
    fails(
        "call: {index: 1, results: []}",
        "call 1: results",
        "[]",
        "trapped: wasm `unreachable` instruction executed",
    );
    fails(
        "call: {index: 2, results: []}",
        "call 2",
        "a call",
        "it was never made",
    );
}

#[test]
fn state() {
    holds(
        "state: {shared_data: {hits: '1', bin: {base64: /w==}}, queues: {jobs: 2}, metrics: {wasmcustom.hits: 3}, vms: 1, failed_vms: 1, stalled_streams: 1, peak_buffer_max: 512, fuel_max: 900, pages_max: 2}",
    );
    fails(
        "state: {shared_data: {hits: '2'}}",
        "shared data hits",
        "\"2\"",
        "\"1\"",
    );
    fails(
        "state: {shared_data: {misses: '2'}}",
        "shared data misses",
        "\"2\"",
        "absent",
    );
    fails("state: {queues: {jobs: 0}}", "queue jobs", "0", "2");
    fails("state: {metrics: {none: 0}}", "metric none", "0", "absent");
    fails("state: {vms: 2}", "VMs", "2", "1");
    fails("state: {failed_vms: 0}", "failed VMs", "0", "1");
    fails("state: {stalled_streams: 0}", "stalled streams", "0", "1");
    fails(
        "state: {peak_buffer_max: 511}",
        "bytes held back by a filter",
        "at most 511",
        "512",
    );
    fails(
        "state: {fuel_max: 1}",
        "fuel of one callback",
        "at most 1",
        "900",
    );
    fails(
        "state: {pages_max: 1}",
        "pages of linear memory",
        "at most 1",
        "2",
    );
}

/// What came after the cut is unknown: only what was seen before it is proven.
#[test]
fn a_cut_trace_proves_no_count_and_no_order_but_one_that_was_seen() {
    let end = "\"name\": \"proxy_on_tick\"}";
    let mark = r#"{"n": 4, "t_ns": 0, "thread": 1, "kind": "cut", "name": "cut"}"#;
    assert!(REPORT.contains(end));
    let report = REPORT.replace(end, &format!("{end}, {mark}"));
    for (expectation, ok, actual) in [
        (
            "hostcalls: {name: proxy_log, count: 1}",
            false,
            "the trace was cut at event 4",
        ),
        (
            "hostcalls: {name: proxy_get_property, count: 0}",
            false,
            "the trace was cut at event 4",
        ),
        (
            "callbacks: {order: [on_log]}",
            false,
            "the trace was cut at event 4",
        ),
        (
            "callbacks: {order: [on_tick]}",
            true,
            "on_request_headers, on_request_body, on_tick",
        ),
    ] {
        let checks = checks_of(&report, expectation);
        let got: Vec<_> = checks.iter().map(|c| (c.ok, c.actual.as_str())).collect();
        assert_eq!(got, [(ok, actual)], "{expectation}");
    }
}

#[test]
fn a_check_that_fails_says_where_to_look() {
    let event = |expectation: &str| checks(expectation).iter().find(|c| !c.ok).unwrap().event;
    // What never happened: the end of the run, or the trap that ended it.
    assert_eq!(event("log: {level: error}"), Some(3));
    assert_eq!(event("hostcalls: {name: proxy_done, count: 1}"), Some(3));
    let trap = r#""kind": "trap", "name": "trap"}"#;
    let trapped = REPORT.replace(
        r#""kind": "callback", "name": "proxy_on_request_body"}"#,
        trap,
    );
    let checks = checks_of(&trapped, "log: {level: error}");
    assert_eq!(checks[0].event, Some(2));

    let call = r#""args": [{"name": "key", "value": {"bytes": "hits"}}], "kind": "host_call", "name": "proxy_log""#;
    let named = REPORT.replace(r#""kind": "host_call", "name": "proxy_log""#, call);
    let stopped = r#""fuel": 7, "result": {"status": "StopIterationAndBuffer"}, "kind": "callback", "name": "proxy_on_request_body""#;
    let named = named.replace(
        r#""kind": "callback", "name": "proxy_on_request_body""#,
        stopped,
    );
    for (expectation, n) in [
        ("state: {shared_data: {hits: '5'}}", 1),
        ("state: {metrics: {wasmcustom.hits: 9}}", 1),
        ("state: {stalled_streams: 0}", 2),
        ("state: {fuel_max: 1}", 2),
        ("state: {pages_max: 0}", 3),
    ] {
        let checks = checks_of(&named, expectation);
        assert_eq!(
            (checks[0].ok, checks[0].event),
            (false, Some(n)),
            "{expectation}"
        );
    }
}
