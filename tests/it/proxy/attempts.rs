//! Attempts of the router: failures of upstreams, retries, timeouts, circuit breakers, 1xx.

use super::bootstrap::{Bootstrap, access_log};
use super::router::play;
use super::{answer, first, guest, play_with, response, word};
use crate::lab_run::story;
use proxy_wasm_tour::model::report::{ExchangeOutcome, ScenarioReport};
use proxy_wasm_tour::model::trace::Kind;

const CONNECT: &str = "upstream connect error or disconnect/reset before headers.";

fn one(envoy: &str, rules: &str) -> ScenarioReport {
    let rules = format!("upstreams: {{web: [{rules}]}}");
    play(envoy, &rules, "  - request: {}")
}

fn stat(report: &ScenarioReport, name: &str) -> u64 {
    report.stats.get(name).copied().unwrap_or(0)
}

/// A retry policy on the only route, with more fields of the route.
fn retrying(policy: &str) -> String {
    format!(
        "  routes: [{{match: {{prefix: /}}, route: {{cluster: web, retry_policy: {{{policy}}}}}}}]"
    )
}

#[test]
fn each_reset_reason_has_its_status_text_flag_details_and_stat() {
    for (reset, status, reason, flag, details, counted) in [
        (
            "true",
            503,
            "remote reset",
            "UR",
            "remote_reset",
            "upstream_rq_rx_reset",
        ),
        (
            "remote_refused_stream_reset",
            503,
            "remote refused stream reset",
            "UR",
            "remote_refused_stream_reset",
            "upstream_rq_rx_reset",
        ),
        (
            "connection_termination",
            503,
            "connection termination",
            "UC",
            "connection_termination",
            "upstream_cx_destroy_remote_with_active_rq",
        ),
        (
            "remote_connection_failure",
            503,
            "remote connection failure, transport failure reason: delayed connect error: Connection refused",
            "UF",
            "remote_connection_failure|delayed_connect_error:_Connection_refused",
            "upstream_cx_connect_fail",
        ),
        (
            "connection_timeout",
            503,
            "connection timeout",
            "UF",
            "connection_timeout",
            "upstream_cx_connect_timeout",
        ),
        (
            "protocol_error",
            502,
            "protocol error",
            "UPE",
            "protocol_error",
            "upstream_cx_protocol_error",
        ),
    ] {
        let report = one("", &format!("{{reset: {reset}}}"));
        let expected = format!(
            "{status} {:?} {flag} upstream_reset_before_response_started{{{details}}}",
            format!("{CONNECT} reset reason: {reason}")
        );
        assert_eq!(answer(&report), expected);
        assert_eq!(
            stat(&report, &format!("cluster.web.{counted}")),
            1,
            "{reset}"
        );
        // Without a connection nobody has received a request.
        let received = usize::from(flag != "UF");
        assert_eq!(first(&report).upstream_requests.len(), received, "{reset}");
    }
}

#[test]
fn a_connection_that_is_not_accepted_fails_after_the_connect_timeout() {
    let report = one(
        &format!(
            "  clusters: [{{name: web, connect_timeout: 0.25s}}]\n  {}",
            access_log("%DURATION% %UPSTREAM_TRANSPORT_FAILURE_REASON%")
        ),
        "{reset: connection_timeout}",
    );
    assert_eq!(report.access_log, ["250 -"]);
}

#[test]
fn a_failure_after_the_response_headers_resets_the_stream() {
    for (reset, flag) in [
        ("true", "UR"),
        ("connection_termination", "UC"),
        ("protocol_error", "UPE"),
    ] {
        let report = one("", &format!("{{reply: {{body: half, reset: {reset}}}}}"));
        let exchange = first(&report);
        assert_eq!(
            exchange.outcome,
            ExchangeOutcome::Reset,
            "{}",
            story(&report)
        );
        let response = response(&report);
        let word = match reset {
            "true" => "remote_reset",
            word => word,
        };
        assert_eq!(response.flags, flag);
        assert_eq!(
            response.details,
            format!("upstream_reset_after_response_started{{{word}}}")
        );
        assert_eq!(response.body.0, b"half");
    }
}

#[test]
fn what_is_retried_on_and_what_is_not() {
    for (on, rule, tries) in [
        ("5xx", "{reply: {status: 500}}", 2),
        ("5xx", "{reply: {status: 404}}", 1),
        ("5xx", "{reset: true}", 2),
        ("gateway-error", "{reply: {status: 502}}", 2),
        ("gateway-error", "{reply: {status: 500}}", 1),
        ("gateway-error", "{reset: connection_termination}", 2),
        ("reset", "{reset: true}", 2),
        ("reset", "{reply: {status: 503}}", 1),
        ("connect-failure", "{reset: true}", 1),
        ("refused-stream", "{reset: remote_refused_stream_reset}", 2),
        ("refused-stream", "{reset: true}", 1),
        ("retriable-4xx", "{reply: {status: 409}}", 2),
        ("retriable-4xx", "{reply: {status: 404}}", 1),
        (
            "envoy-ratelimited",
            "{reply: {status: 429, headers: {x-envoy-ratelimited: 'true'}}}",
            2,
        ),
        (
            "5xx",
            "{reply: {status: 503, headers: {x-envoy-ratelimited: 'true'}}}",
            1,
        ),
        (
            "unavailable",
            "{reply: {status: 200, headers: {grpc-status: '14'}}}",
            2,
        ),
        (
            "cancelled",
            "{reply: {status: 200, headers: {grpc-status: '14'}}}",
            1,
        ),
        ("retriable-status-codes", "{reply: {status: 418}}", 2),
        (
            "retriable-headers",
            "{reply: {status: 200, headers: {x-again: 'yes'}}}",
            2,
        ),
        ("retriable-headers", "{reply: {status: 200}}", 1),
    ] {
        let policy = format!(
            "retry_on: {on}, retriable_status_codes: [418], retriable_headers: [{{name: x-again}}]"
        );
        let report = one(&retrying(&policy), rule);
        assert_eq!(first(&report).upstream_requests.len(), tries, "{on} {rule}");
        let limit = stat(&report, "cluster.web.upstream_rq_retry_limit_exceeded");
        assert_eq!(limit, u64::from(tries == 2), "{on} {rule}");
        assert_eq!(
            response(&report).flags.contains("URX"),
            tries == 2,
            "{on} {rule}"
        );
    }
}

#[test]
fn a_connection_that_is_refused_is_tried_again_and_then_told_of() {
    let report = one(
        &retrying("retry_on: connect-failure, num_retries: 2"),
        "{reset: remote_connection_failure}",
    );
    let body = String::from_utf8_lossy(&response(&report).body).into_owned();
    assert_eq!(response(&report).flags, "UF,URX");
    assert!(
        body.starts_with(&format!(
            "{CONNECT} retried and the latest reset reason: remote connection failure"
        )),
        "{body}"
    );
    assert_eq!(stat(&report, "cluster.web.upstream_rq_retry"), 2);
    assert_eq!(stat(&report, "cluster.web.upstream_cx_connect_fail"), 3);
}

#[test]
fn the_last_response_goes_to_the_client_when_the_retries_are_used_up() {
    let report = one(
        &retrying("retry_on: 5xx, num_retries: 3"),
        "{reply: {status: 500, body: no}}",
    );
    assert_eq!(answer(&report), r#"500 "no" URX via_upstream"#);
    assert_eq!(first(&report).upstream_requests.len(), 4);
}

#[test]
fn a_retry_that_succeeds_sends_the_whole_request_again_with_its_count() {
    let log = format!(
        "            {}\n",
        access_log("%UPSTREAM_REQUEST_ATTEMPT_COUNT%")
    );
    let envoy = Bootstrap {
        manager: &log,
        host: ", include_request_attempt_count: true, retry_policy: {retry_on: 5xx}",
        action: ", timeout: 3s",
        ..Bootstrap::default()
    };
    let report = play(
        &envoy.text(),
        "upstreams: {web: [{match: {headers: {x-envoy-attempt-count: '1'}}, reply: {status: 503}}]}",
        "  - request: {method: POST, body: hello, chunks: [2, 3], trailers: {t: v}}",
    );
    let report = &report;
    let sent = &first(report).upstream_requests;
    assert_eq!(sent.len(), 2, "{}", story(report));
    for (at, request) in sent.iter().enumerate() {
        assert_eq!(request.body.0, b"hello");
        assert_eq!(request.trailers.get_str("t"), Some("v"));
        let count = (at + 1).to_string();
        assert_eq!(
            request.headers.get_str("x-envoy-attempt-count"),
            Some(count.as_str())
        );
    }
    // What is left of the three seconds after a back-off below 25 ms.
    let left = sent[1]
        .headers
        .get_str("x-envoy-expected-rq-timeout-ms")
        .unwrap();
    assert!((2975..3000).contains(&left.parse().unwrap()), "{left}");
    assert_eq!(response(report).status, 200);
    assert_eq!(response(report).flags, "-");
    assert_eq!(stat(report, "cluster.web.upstream_rq_retry_success"), 1);
    assert_eq!(report.access_log, ["2"]);
}

#[test]
fn back_offs_grow_from_the_base_interval_and_are_jittered() {
    let policy =
        "retry_on: 5xx, num_retries: 4, retry_back_off: {base_interval: 1s, max_interval: 2s}";
    let report = one(&retrying(policy), "{reply: {status: 500}}");
    let waits: Vec<u64> = report
        .events
        .iter()
        .filter(|e| e.name == "retry" && e.kind == Kind::Upstream)
        .map(|e| word(e, "back_off_ms").parse().unwrap())
        .collect();
    assert_eq!(waits.len(), 4);
    for (wait, longest) in waits.iter().zip([1000, 2000, 2000, 2000]) {
        assert!(*wait < longest, "{waits:?}");
    }
}

#[test]
fn a_body_over_the_buffer_limit_is_not_tried_again() {
    let report = play(
        &format!(
            "{}\n  listener: {{per_connection_buffer_limit_bytes: 10}}",
            retrying("retry_on: 5xx")
        ),
        "upstreams: {web: [{reply: {status: 500}}]}",
        "  - request: {method: POST, body: {size: 11}}",
    );
    assert_eq!(first(&report).upstream_requests.len(), 1);
    assert_eq!(stat(&report, "cluster.web.retry_or_shadow_abandoned"), 1);
}

#[test]
fn per_try_and_route_timeouts_have_their_answers() {
    for (policy, rule, tries, expected) in [
        (
            "retry_on: 5xx, per_try_timeout: 1s",
            "{timeout: true}",
            2,
            r#"504 "upstream request timeout" UT,URX upstream_per_try_timeout"#,
        ),
        (
            "per_try_timeout: 1s",
            "{timeout: true}",
            1,
            r#"504 "upstream request timeout" UT upstream_per_try_timeout"#,
        ),
        (
            "retry_on: 5xx, num_retries: 100, per_try_timeout: 4s",
            "{timeout: true}",
            4,
            r#"504 "upstream request timeout" UT response_timeout"#,
        ),
        (
            "retry_on: 5xx, per_try_timeout: 20s",
            "{timeout: true}",
            1,
            r#"504 "upstream request timeout" UT response_timeout"#,
        ),
    ] {
        let report = one(&retrying(policy), rule);
        assert_eq!(answer(&report), expected, "{policy}");
        assert_eq!(first(&report).upstream_requests.len(), tries, "{policy}");
    }
}

#[test]
fn the_route_timeout_strikes_in_a_back_off_too() {
    let policy = "retry_on: 5xx, num_retries: 9, retry_back_off: {base_interval: 60s}";
    let report = one(&retrying(policy), "{reply: {status: 500}}");
    assert_eq!(
        answer(&report),
        r#"504 "upstream request timeout" UT response_timeout"#
    );
}

#[test]
fn a_filter_sets_timeouts_and_retries_by_headers_that_the_router_takes_out() {
    for (headers, rule, expected, tries) in [
        (
            "x-envoy-upstream-rq-timeout-ms 50",
            "{timeout: true}",
            r#"504 "upstream request timeout" UT response_timeout"#,
            1,
        ),
        (
            "x-envoy-upstream-rq-timeout-ms 50; add request x-envoy-upstream-rq-timeout-alt-response 1",
            "{timeout: true}",
            r#"204 "" UT response_timeout"#,
            1,
        ),
        (
            "x-envoy-upstream-rq-per-try-timeout-ms 10; add request x-envoy-retry-on reset",
            "{timeout: true}",
            r#"504 "upstream request timeout" UT,URX upstream_per_try_timeout"#,
            2,
        ),
        (
            "x-envoy-retry-on 5xx; add request x-envoy-max-retries 3",
            "{reply: {status: 500}}",
            r#"500 "" URX via_upstream"#,
            4,
        ),
        (
            "x-envoy-retry-grpc-on unavailable",
            "{reply: {headers: {grpc-status: '14'}}}",
            r#"200 "" URX via_upstream"#,
            2,
        ),
    ] {
        let filter = guest(&[("on_request_headers", &format!("add request {headers}"))]);
        let rules = format!("upstreams: {{web: [{rule}]}}");
        let report = play_with(&[("f", &filter)], "", &rules, "  - request: {}");
        assert_eq!(answer(&report), expected, "{headers}");
        let sent = &first(&report).upstream_requests;
        assert_eq!(sent.len(), tries, "{headers}");
        let names: Vec<_> = sent[0].headers.iter().map(|(name, _)| name).collect();
        assert!(
            !names
                .iter()
                .any(|name| name.starts_with(b"x-envoy-upstream")
                    || name.starts_with(b"x-envoy-retry")
                    || name.starts_with(b"x-envoy-max")),
            "{headers}"
        );
    }
}

#[test]
fn strict_check_headers_answers_400() {
    let router = "  - {name: r, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router, strict_check_headers: [x-envoy-max-retries, x-envoy-retry-on]}}\n";
    for (header, bad) in [
        (
            "x-envoy-max-retries many",
            Some(("x-envoy-max-retries", "many")),
        ),
        ("x-envoy-max-retries 2", None),
        (
            "x-envoy-retry-on never",
            Some(("x-envoy-retry-on", "never")),
        ),
        ("x-envoy-retry-on 5xx,reset", None),
    ] {
        let filter = guest(&[("on_request_headers", &format!("add request {header}"))]);
        let report = play_with(&[("f", &filter)], router, "", "  - request: {}");
        match bad {
            None => assert_eq!(response(&report).status, 200, "{header}"),
            Some((name, value)) => assert_eq!(
                answer(&report),
                format!(
                    "400 \"invalid header '{name}' with value '{value}'\" IH request_headers_failed_strict_check{{{name}}}"
                )
            ),
        }
    }
}

#[test]
fn suppress_envoy_headers_leaves_the_routers_own_headers_out() {
    let router = "  - {name: r, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router, suppress_envoy_headers: true}}";
    let report = play(&format!("  http_filters:\n{router}"), "", "  - request: {}");
    let sent = &first(&report).upstream_requests[0].headers;
    assert!(sent.get("x-envoy-expected-rq-timeout-ms").is_none());
    assert!(
        response(&report)
            .headers
            .get("x-envoy-upstream-service-time")
            .is_none()
    );
}

#[test]
fn more_requests_than_the_circuit_breaker_lets_through_overflow() {
    let report = play(
        "  clusters: [{name: web, circuit_breakers: {thresholds: [{max_requests: 1, max_connections: 1024}]}}]",
        "concurrency: 2\nupstreams: {web: [{reply: {delay: 50ms}}]}",
        "  - {request: {}, at: 1ms}\n  - {request: {}, at: 2ms}\n  - {request: {}, at: 100ms}",
    );
    let answers: Vec<_> = report
        .exchanges
        .iter()
        .map(|e| {
            let response = e.response.as_ref().unwrap();
            (
                response.status,
                response.flags.as_str(),
                response.headers.get_str("x-envoy-overloaded"),
            )
        })
        .collect();
    assert_eq!(
        answers,
        [
            (200, "-", None),
            (503, "UO", Some("true")),
            (200, "-", None)
        ]
    );
    let second = report.exchanges[1].response.as_ref().unwrap();
    assert_eq!(
        second.body.0,
        format!("{CONNECT} reset reason: overflow").as_bytes()
    );
    assert_eq!(
        second.details,
        "upstream_reset_before_response_started{overflow}"
    );
    assert_eq!(stat(&report, "cluster.web.upstream_rq_pending_overflow"), 1);
}

#[test]
fn more_retries_at_once_than_the_circuit_breaker_lets_through_are_not_made() {
    let report = play(
        &format!(
            "{}\n  clusters: [{{name: web, circuit_breakers: {{thresholds: [{{max_retries: 1}}]}}}}]",
            retrying("retry_on: 5xx")
        ),
        "concurrency: 2\nupstreams: {web: [{reply: {status: 503, delay: 50ms}}]}",
        "  - {request: {}, at: 1ms}\n  - {request: {}, at: 2ms}",
    );
    let tries: Vec<_> = report
        .exchanges
        .iter()
        .map(|e| e.upstream_requests.len())
        .collect();
    assert_eq!(tries, [2, 1]);
    assert_eq!(report.exchanges[1].response.as_ref().unwrap().flags, "UO");
    assert_eq!(stat(&report, "cluster.web.upstream_rq_retry_overflow"), 1);
}

#[test]
fn responses_of_1xx_are_swallowed_and_no_filter_hears_of_them() {
    let filter = guest(&[("on_response_headers", "get response :status")]);
    let informational = |report: &ScenarioReport, kind: Kind| {
        let of = |e: &&proxy_wasm_tour::model::trace::Event| {
            e.kind == kind && e.name == "informational_headers"
        };
        report.events.iter().filter(of).count()
    };
    let rules = "upstreams: {web: [{reply: {informational: [100, 103], body: hi}}]}";
    let request = "  - request: {method: POST, headers: {expect: 100-continue}, body: x}";
    let report = play_with(&[("f", &filter)], "", rules, request);
    assert_eq!(answer(&report), r#"200 "hi" - via_upstream"#);
    assert_eq!(
        super::outcomes(&report, "proxy_get_header_map_value"),
        [r#"Ok {"bytes":"200"}"#]
    );
    // Two from the upstream; the client's own 100 is the manager's.
    assert_eq!(informational(&report, Kind::Upstream), 2);
    assert_eq!(informational(&report, Kind::Client), 1);
    assert!(
        first(&report).upstream_requests[0]
            .headers
            .get("expect")
            .is_none()
    );
}

#[test]
fn with_proxy_100_continue_1xx_reach_the_client_and_expect_the_upstream() {
    let envoy = Bootstrap {
        manager: "            proxy_100_continue: true\n",
        ..Bootstrap::default()
    };
    let report = play(
        &envoy.text(),
        "upstreams: {web: [{reply: {informational: [100]}}]}",
        "  - request: {method: POST, headers: {expect: 100-continue}, body: x}",
    );
    let report = &report;
    let seen = report
        .events
        .iter()
        .filter(|e| e.name == "informational_headers");
    let kinds: Vec<_> = seen.map(|e| e.kind).collect();
    assert_eq!(kinds, [Kind::Upstream, Kind::Client]);
    let sent = &first(report).upstream_requests[0].headers;
    assert_eq!(sent.get_str("expect"), Some("100-continue"));
}

#[test]
fn there_is_an_end_to_retries() {
    let refused = crate::lab_run::refused(&format!(
        "name: t\nenvoy:\n{}\nscenarios: [{{name: s, traffic: [{{request: {{}}}}]}}]\n",
        retrying("retry_on: 5xx, num_retries: 101")
    ));
    assert!(refused.contains("at most 100 retries"), "{refused}");
    // A filter asks for more, without a timeout, and with a body that takes its room.
    for (body, tries) in [("{size: 1}", 101), ("{size: 1MB}", 16)] {
        let filter = guest(&[(
            "on_request_headers",
            "add request x-envoy-retry-on 5xx; add request x-envoy-max-retries 4000000000; add request x-envoy-upstream-rq-timeout-ms 0",
        )]);
        let request = format!("  - request: {{method: POST, body: {body}}}");
        let rules = "upstreams: {web: [{reply: {status: 500}}]}";
        let report = play_with(&[("f", &filter)], "", rules, &request);
        assert_eq!(first(&report).upstream_requests.len(), tries, "{body}");
        assert_eq!(response(&report).flags, "URX");
    }
}

#[test]
fn an_attempt_s_time_begins_with_its_connection() {
    let report = one(
        &retrying("retry_on: 5xx, per_try_timeout: 1s"),
        "{reset: connection_timeout}",
    );
    // Two attempts of five seconds each, and not of one.
    assert_eq!(response(&report).flags, "UF,URX");
    assert_eq!(stat(&report, "cluster.web.upstream_cx_connect_timeout"), 2);
    assert_eq!(stat(&report, "cluster.web.upstream_rq_per_try_timeout"), 0);
    assert!(first(&report).upstream_requests.is_empty());
}
