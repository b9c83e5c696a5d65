//! The router and the connection manager: tables of what Envoy answers and adds.

use super::{answer, first, response, statuses};
use crate::lab_run::{run_one, story};

pub(super) fn play(
    envoy: &str,
    rest: &str,
    traffic: &str,
) -> proxy_wasm_tour::model::report::ScenarioReport {
    let listener = match envoy.contains("listener: ") || envoy.contains("static_resources") {
        true => "",
        false => "  listener: {name: l}\n",
    };
    run_one(&format!(
        "name: t\nenvoy:\n{listener}{envoy}\n{rest}\nscenarios:\n- name: s\n  traffic:\n{traffic}"
    ))
}

#[test]
fn failures_of_upstreams_have_envoy_s_status_text_flag_and_details() {
    let connect = "upstream connect error or disconnect/reset before headers. reset reason:";
    for (rule, expected) in [
        (
            "{reset: true}",
            format!(
                r#"503 "{connect} remote reset" UR upstream_reset_before_response_started{{remote_reset}}"#
            ),
        ),
        (
            "{timeout: true}",
            r#"504 "upstream request timeout" UT response_timeout"#.to_owned(),
        ),
        (
            "{reply: {delay: 16s}}",
            r#"504 "upstream request timeout" UT response_timeout"#.to_owned(),
        ),
        (
            "{reply: {status: 418, body: tea}}",
            r#"418 "tea" - via_upstream"#.to_owned(),
        ),
    ] {
        let report = play(
            "",
            &format!("upstreams: {{web: [{rule}]}}"),
            "  - request: {}",
        );
        assert_eq!(answer(&report), expected, "{rule}");
    }
}

#[test]
fn routes_that_lead_nowhere_have_envoy_s_answers() {
    for (envoy, expected) in [
        (
            "  routes: [{match: {path: /x}, route: {cluster: web}}]",
            r#"404 "" NR route_not_found"#,
        ),
        (
            "  routes: [{match: {prefix: /}, direct_response: {status: 200, body: {inline_string: ok}}}]",
            r#"200 "ok" - direct_response"#,
        ),
        (
            "  clusters: [{name: web, load_assignment: {endpoints: []}}]",
            r#"503 "no healthy upstream" UH no_healthy_upstream"#,
        ),
    ] {
        assert_eq!(answer(&play(envoy, "", "  - request: {}")), expected);
    }
}

#[test]
fn an_unknown_cluster_is_refused_at_load_or_answered_503() {
    let text = |validate: &str| {
        format!(
            "name: t\nenvoy:\n  static_resources:\n    listeners:\n    - name: l\n      filter_chains:\n      - filters:\n        - name: hcm\n          typed_config:\n            \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager\n            stat_prefix: ingress\n            route_config: {{{validate}virtual_hosts: [{{name: v, domains: [\"*\"], routes: [{{match: {{prefix: /}}, route: {{cluster: webb}}}}]}}]}}\n            http_filters: [{{name: r, typed_config: {{\"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}}}]\n    clusters: [{{name: web}}]\nscenarios: [{{name: s, traffic: [{{request: {{}}}}]}}]"
        )
    };
    let refused = crate::lab_run::refused(&text(""));
    assert!(
        refused.contains("route: unknown cluster 'webb'")
            && refused.contains("Did you mean `web`?"),
        "{refused}"
    );
    let report = run_one(&text("validate_clusters: false, "));
    assert_eq!(answer(&report), r#"503 "" NC cluster_not_found"#);
}

#[test]
fn the_first_matching_route_wins() {
    let routes = r#"  routes:
  - {match: {prefix: /api, headers: [{name: x-v, string_match: {exact: "2"}}]}, direct_response: {status: 202}}
  - {match: {path_separated_prefix: /api}, direct_response: {status: 201}}
  - {match: {safe_regex: {regex: "/n[0-9]+"}}, direct_response: {status: 203}}
  - {match: {path: /exact}, direct_response: {status: 204}}
  - {match: {prefix: /inv, headers: [{name: a, present_match: true, invert_match: true}]}, direct_response: {status: 205}}
"#;
    for (request, status) in [
        ("{path: /api, headers: {x-v: '2'}}", 202),
        ("{path: /api/x}", 201),
        ("{path: /apix}", 404),
        ("{path: /n12}", 203),
        ("{path: /n12/x}", 404),
        ("{path: '/exact?q'}", 204),
        ("{path: /inv}", 205),
        ("{path: /inv, headers: {a: b}}", 404),
    ] {
        let report = play(routes, "", &format!("  - request: {request}"));
        assert_eq!(response(&report).status, status, "{request}");
    }
}

#[test]
fn redirects_keep_what_they_do_not_change() {
    for (redirect, location) in [
        ("{https_redirect: true}", "https://example.com/p?q=1"),
        (
            "{host_redirect: other, response_code: FOUND}",
            "http://other/p?q=1",
        ),
        (
            "{path_redirect: /n, strip_query: true}",
            "http://example.com/n",
        ),
    ] {
        let report = play(
            &format!("  routes: [{{match: {{prefix: /}}, redirect: {redirect}}}]"),
            "",
            "  - request: {path: '/p?q=1'}",
        );
        assert_eq!(
            response(&report).headers.get_str("location"),
            Some(location)
        );
    }
}

#[test]
fn a_redirect_rewrites_the_prefix_that_was_matched_and_keeps_the_rest() {
    for (matched, path, location) in [
        ("prefix: /old", "/old/x?q=1", "http://example.com/new/x?q=1"),
        (
            "path_separated_prefix: /old",
            "/old/x",
            "http://example.com/new/x",
        ),
        ("path: /old", "/old?q=1", "http://example.com/new?q=1"),
    ] {
        let report = play(
            &format!("  routes: [{{match: {{{matched}}}, redirect: {{prefix_rewrite: /new}}}}]"),
            "",
            &format!("  - request: {{path: '{path}'}}"),
        );
        assert_eq!(
            response(&report).headers.get_str("location"),
            Some(location)
        );
    }
}

#[test]
fn the_manager_and_the_router_add_their_headers() {
    let report = play(
        "",
        "upstreams: {web: [{reply: {delay: 30ms, headers: {server: nginx, connection: close}}}]}",
        "  - request: {headers: {connection: keep-alive, x-envoy-retry-on: 5xx, expect: 100-continue}}",
    );
    let sent = &first(&report).upstream_requests[0].headers;
    assert_eq!(sent.get_str("x-forwarded-proto"), Some("http"));
    assert_eq!(
        sent.get_str("x-envoy-expected-rq-timeout-ms"),
        Some("15000")
    );
    let id = sent.get_str("x-request-id").unwrap();
    assert_eq!((id.len(), &id[14..15]), (36, "4"));
    assert!(
        sent.get("connection").is_none() && sent.get("x-envoy-retry-on").is_none(),
        "{}",
        story(&report)
    );
    assert!(sent.get("expect").is_none());
    let got = &response(&report).headers;
    assert_eq!(got.get_str("server"), Some("envoy"));
    assert_eq!(got.get_str("x-envoy-upstream-service-time"), Some("30"));
    assert_eq!(got.get_str("date"), Some("Thu, 01 Jan 2026 00:00:00 GMT"));
    assert!(got.get("connection").is_none() && got.get("x-request-id").is_none());
}

#[test]
fn routes_rewrite_and_change_headers() {
    let report = play(
        r#"  routes:
  - match: {prefix: /api/}
    route: {cluster: web, prefix_rewrite: /, host_rewrite_literal: inner, timeout: 3s}
    request_headers_to_add: [{header: {key: x-from, value: "%REQ(:AUTHORITY)%"}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}]
    response_headers_to_add: [{header: {key: x-out, value: "yes"}}]
    response_headers_to_remove: [content-type]"#,
        "",
        "  - request: {path: /api/x}",
    );
    let sent = &first(&report).upstream_requests[0].headers;
    assert_eq!(sent.get_str(":path"), Some("/x"));
    assert_eq!(sent.get_str("x-envoy-original-path"), Some("/api/x"));
    assert_eq!(sent.get_str(":authority"), Some("inner"));
    assert_eq!(sent.get_str("x-envoy-expected-rq-timeout-ms"), Some("3000"));
    assert_eq!(sent.get_str("x-from"), Some("example.com"));
    let got = &response(&report).headers;
    assert_eq!(got.get_str("x-out"), Some("yes"));
    assert!(got.get("content-type").is_none());
}

#[test]
fn the_default_access_log_line_is_envoy_s() {
    let report = play(
        "  access_log: [{name: l, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog}}]",
        "upstreams: {web: [{reply: {body: hello, delay: 5ms}}]}",
        "  - request: {path: /p, headers: {user-agent: curl, x-request-id: abc}, body: xy}",
    );
    assert_eq!(
        report.access_log,
        [
            r#"[2026-01-01T00:00:00.000Z] "GET /p HTTP/1.1" 200 - 2 5 5 5 "-" "curl" "abc" "example.com" "127.0.0.1:8080""#
        ]
    );
}

#[test]
fn upstream_rules_match_in_order_and_echo_without_one() {
    let report = play(
        "",
        "upstreams: {web: [{match: {method: POST}, reply: {status: 201}}, {match: {headers: {a: b}}, reply: {status: 202}}]}",
        "  - request: {method: POST}\n  - request: {headers: {a: b}}\n  - request: {body: hi}",
    );
    assert_eq!(statuses(&report), [201, 202, 200]);
    let echo: serde_json::Value =
        serde_json::from_slice(&report.exchanges[2].response.as_ref().unwrap().body).unwrap();
    assert_eq!(
        (echo["method"].as_str(), echo["body"].as_str()),
        (Some("GET"), Some("hi"))
    );
    assert_eq!(echo["headers"][":path"], "/");
}

#[test]
fn requests_go_to_workers_in_turn_and_named_connections_stay() {
    let report = play(
        "",
        "concurrency: 2",
        "  - {request: {}, connection: c}\n  - request: {}\n  - {request: {}, connection: c}\n  - {request: {}, worker: 1}",
    );
    let workers: Vec<_> = report.exchanges.iter().map(|e| e.worker).collect();
    assert_eq!(workers, [0, 1, 0, 1]);
}

#[test]
fn traffic_with_a_time_overlaps_the_rest() {
    let report = play(
        "",
        "upstreams: {web: [{reply: {delay: 50ms}}]}",
        "  - request: {path: /slow}\n  - request: {path: /other}\n    at: 10ms",
    );
    let began: Vec<_> = report
        .events
        .iter()
        .filter(|e| {
            e.name == "request_headers" && e.kind == proxy_wasm_tour::model::trace::Kind::Client
        })
        .map(|e| e.t_ns / 1_000_000)
        .collect();
    assert_eq!(began, [0, 10]);
}

#[test]
fn a_plain_module_is_called() {
    let text = "name: t\nenvoy: {}\nfiles:\n  /m.wasm: {wat: '(module (func (export \"max\") (param i32 i32) (result i32) (select (local.get 0) (local.get 1) (i32.gt_s (local.get 0) (local.get 1)))) (func (export \"bad\") unreachable))'}\nscenarios:\n- name: s\n  traffic:\n  - call: {module: /m.wasm, export: max, args: [1, 2]}\n  - call: {module: /m.wasm, export: bad}\n  expect:\n  - call: {index: 0, results: [2]}\n  - call: {index: 1, trap: unreachable}\n";
    crate::lab_run::run_ok(text);
}

/// Rows: the route, the upstream; stats of `cluster.web.` by code, and of the manager's router.
#[test]
fn responses_are_counted_by_code_and_those_of_retries_apart() {
    let route =
        |more: &str| format!("  routes: [{{match: {{prefix: /}}, route: {{cluster: web{more}}}}}]");
    let each = |prefixes: &[&str], code: &str| {
        let one = |prefix: &&str| {
            ["completed", code, &format!("{}xx", &code[..1])]
                .map(|what| format!("{prefix}upstream_rq_{what}=1"))
        };
        prefixes.iter().flat_map(one).collect::<Vec<_>>()
    };
    let last = ["", "external."];
    for (more, upstream, expected) in [
        ("", "{reply: {status: 204}}", each(&last, "204")),
        ("", "{reset: true}", each(&last, "503")),
        (", timeout: 1s", "{timeout: true}", each(&last, "504")),
        (
            ", retry_policy: {retry_on: 5xx, num_retries: 1}",
            "{reply: {status: 502}}",
            [each(&last, "502"), each(&["retry."], "502")].concat(),
        ),
    ] {
        let report = play(
            &route(more),
            &format!("upstreams: {{web: [{upstream}]}}"),
            "  - request: {}",
        );
        let mut found: Vec<String> = report
            .stats
            .iter()
            .filter_map(|(name, value)| {
                let name = name.strip_prefix("cluster.web.")?;
                let code = name.split("upstream_rq_").nth(1)?;
                let counted = code == "completed" || code.starts_with(char::is_numeric);
                counted.then(|| format!("{name}={value}"))
            })
            .collect();
        let mut expected = expected;
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{more} {upstream}");
        assert_eq!(report.stats.get("http.ingress.rq_total"), Some(&1));
    }
    let broken = "upstreams: {web: [{reply: {body: half, reset: true}}]}";
    let report = play("", broken, "  - request: {}");
    let name = "http.ingress.rq_reset_after_downstream_response_started";
    assert_eq!(report.stats.get(name), Some(&1));
}
