//! Rules of the connection manager and the chain that stand in no other file.

use super::bootstrap::{Bootstrap, access_log};
use super::router::play;
use super::{answer, first, logs, play_one, response};
use crate::lab_run::story;

#[test]
fn after_a_local_reply_the_rest_of_the_request_is_dropped() {
    let report = play_one(
        &[
            ("on_request_body", "log chunk; reply 403 no"),
            ("on_request_trailers", "log trailers"),
        ],
        "  - request: {method: POST, body: abc, chunks: [1, 1, 1], trailers: {t: v}}",
    );
    assert_eq!(logs(&report), ["chunk"], "{}", story(&report));
    assert_eq!(response(&report).status, 403);
}

#[test]
fn white_space_in_details_becomes_an_underscore() {
    // The guests of these tests say `my details`.
    let report = play_one(&[("on_request_headers", "reply 403 no")], "  - request: {}");
    assert_eq!(response(&report).details, "my_details");
}

#[test]
fn names_are_in_lower_case_and_host_is_the_authority() {
    let report = play_one(
        &[(
            "on_request_headers",
            "get request X-Mixed; get request :authority; add request X-Added 1",
        )],
        "  - request: {headers: {X-MiXeD: 'Value', Host: other.example}}",
    );
    assert_eq!(
        super::outcomes(&report, "proxy_get_header_map_value"),
        [r#"Ok {"bytes":"Value"}"#, r#"Ok {"bytes":"other.example"}"#]
    );
    let sent = &first(&report).upstream_requests[0].headers;
    let names: Vec<_> = sent
        .iter()
        .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
        .collect();
    assert!(names.contains(&"x-added".to_owned()) && names.contains(&"x-mixed".to_owned()));
    assert!(!names.contains(&"host".to_owned()), "{names:?}");
}

#[test]
fn a_request_id_is_kept_and_returned_on_demand() {
    for (manager, returned) in [
        ("", None),
        (
            "            always_set_request_id_in_response: true\n",
            Some("mine"),
        ),
    ] {
        let envoy = Bootstrap {
            manager,
            ..Bootstrap::default()
        }
        .text();
        let report = play(&envoy, "", "  - request: {headers: {x-request-id: mine}}");
        let report = &report;
        let sent = &first(report).upstream_requests[0].headers;
        assert_eq!(sent.get_str("x-request-id"), Some("mine"));
        assert_eq!(response(report).headers.get_str("x-request-id"), returned);
    }
}

#[test]
fn a_stream_that_idles_behind_the_router_is_answered_408() {
    let report = play(
        "  routes: [{match: {prefix: /}, route: {cluster: web, timeout: 0s}}]",
        "upstreams: {web: [{timeout: true}]}",
        "  - request: {}\n  - advance: 301s",
    );
    assert_eq!(
        answer(&report),
        r#"408 "stream timeout" SI stream_idle_timeout"#
    );
}

#[test]
fn each_worker_takes_the_hosts_in_turn() {
    let host = |port: u16| {
        format!(
            "{{endpoint: {{address: {{socket_address: {{address: 10.0.0.1, port_value: {port}}}}}}}}}"
        )
    };
    let envoy = format!(
        "  clusters: [{{name: web, load_assignment: {{endpoints: [{{lb_endpoints: [{}, {}]}}]}}}}]\n  {}",
        host(1),
        host(2),
        access_log("%UPSTREAM_HOST%")
    );
    let requests = "  - {request: {}, worker: 0}\n".repeat(3) + "  - {request: {}, worker: 1}\n";
    let report = play(&envoy, "concurrency: 2", &requests);
    assert_eq!(
        report.access_log,
        ["10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:1", "10.0.0.1:1"]
    );
}

#[test]
fn headers_of_more_than_60_kib_are_answered_431() {
    // Names and values of all headers count, those that begin with a colon too.
    let others = ":authorityexample.com:path/:methodGET:schemehttpx-big".len();
    for (size, expected) in [
        (60 * 1024 - others, "via_upstream"),
        (
            60 * 1024 - others + 1,
            r#"431 "Request Header Fields Too Large" DPE http1.headers_too_large"#,
        ),
    ] {
        let value = "a".repeat(size);
        let report = play_one(
            &[
                ("on_request_headers", "log request"),
                ("on_response_headers", "log response"),
            ],
            &format!("  - request: {{headers: {{x-big: {value}}}}}"),
        );
        assert!(answer(&report).ends_with(expected), "{}", answer(&report));
        let asked = logs(&report).contains(&"request");
        assert_eq!(asked, expected == "via_upstream");
        // A plugin that has no context, for want of a request, is not asked about the response.
        assert_eq!(logs(&report).contains(&"response"), asked);
    }
}
