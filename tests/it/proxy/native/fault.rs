//! `envoy.filters.http.fault`.

use super::{answer, counters, filter, first, play, recorded, refused, routed};
use crate::proxy::bootstrap::access_log;
use crate::proxy::{router, steps};

const ALL: &str = "percentage: {numerator: 100}";
const ABORTED: &str = "503 \"fault filter abort\" FI fault_filter_abort";

fn with(settings: &str) -> String {
    filter("fault.v3.HTTPFault", settings)
}

fn abort(more: &str) -> String {
    with(&format!(", abort: {{http_status: 503, {ALL}}}{more}"))
}

fn aborts(report: &proxy_wasm_tour::model::report::ScenarioReport) -> bool {
    answer(report).ends_with("fault_filter_abort")
}

#[test]
fn without_a_percentage_nothing_happens() {
    let report = play(
        &with(", abort: {http_status: 503}, delay: {fixed_delay: 2s}"),
        &["{}"],
    );
    assert_eq!(answer(&report), answer(&play("", &["{}"])));
    assert_eq!(counters(&report, "fault"), "");
}

#[test]
fn a_delay_holds_the_request_and_flags_it() {
    let delay = with(&format!(", delay: {{fixed_delay: 2s, {ALL}}}"));
    let report = play(&delay, &["{method: POST, body: abcd, chunks: [2, 2]}"]);
    assert!(
        answer(&report).ends_with(" DI via_upstream"),
        "{}",
        answer(&report)
    );
    assert_eq!(first(&report).upstream_requests[0].body, b"abcd"[..].into());
    assert_eq!(
        steps(&report)[..3],
        [
            "f decode_headers StopIteration",
            "f decode_data StopIterationAndWatermark",
            "f decode_data StopIterationAndWatermark",
        ]
    );
    let sent = report.events.iter().find(|e| e.name == "upstream_headers");
    let late = report.events.iter().filter(|e| e.t_ns >= 2_000_000_000);
    assert!(sent.is_none_or(|e| e.t_ns >= 2_000_000_000));
    assert!(late.count() > 0);
    assert_eq!(
        counters(&report, "fault"),
        "fault.active_faults=0 fault.delays_injected=1"
    );
}

#[test]
fn an_abort_answers_with_its_text_flag_and_details() {
    let report = play(&abort(""), &["{}"]);
    assert_eq!(answer(&report), ABORTED);
    assert!(first(&report).upstream_requests.is_empty());
    assert_eq!(
        counters(&report, "fault"),
        "fault.aborts_injected=1 fault.active_faults=0"
    );
    assert_eq!(recorded(&report)[0], "decode_headers counter");
}

#[test]
fn a_delay_comes_before_an_abort_and_both_flags_are_set() {
    let both = abort(&format!(", delay: {{fixed_delay: 2s, {ALL}}}"));
    let report = play(&both, &["{}"]);
    assert_eq!(answer(&report), ABORTED.replace(" FI ", " DI,FI "));
}

#[test]
fn gates_decide_whom_a_fault_concerns() {
    for (gate, request, hit) in [
        ("upstream_cluster: web", "{}", true),
        ("upstream_cluster: other", "{}", false),
        (
            "headers: [{name: x-test, string_match: {exact: '1'}}]",
            "{headers: {x-test: 1}}",
            true,
        ),
        (
            "headers: [{name: x-test, string_match: {exact: '1'}}]",
            "{}",
            false,
        ),
        (
            "downstream_nodes: [a, b]",
            "{headers: {x-envoy-downstream-service-node: b}}",
            true,
        ),
        ("downstream_nodes: [a, b]", "{}", false),
    ] {
        let report = play(&abort(&format!(", {gate}")), &[request]);
        assert_eq!(aborts(&report), hit, "{gate} {request}");
    }
}

#[test]
fn headers_ask_for_faults_where_that_is_configured() {
    for (settings, headers, expected) in [
        (
            format!("abort: {{header_abort: {{}}, {ALL}}}"),
            "x-envoy-fault-abort-request: 418",
            "418 \"fault filter abort\" FI fault_filter_abort",
        ),
        (
            format!("abort: {{header_abort: {{}}, {ALL}}}"),
            "x-envoy-fault-abort-request: 600",
            "via_upstream",
        ),
        (
            format!("abort: {{header_abort: {{}}, {ALL}}}"),
            "x-envoy-fault-abort-grpc-request: 5, content-type: application/grpc",
            "200 \"\" FI fault_filter_abort",
        ),
        (
            format!("abort: {{http_status: 503, {ALL}}}"),
            "x-envoy-fault-abort-request: 418",
            ABORTED,
        ),
        (
            format!("delay: {{header_delay: {{}}, {ALL}}}"),
            "x-envoy-fault-delay-request: 100",
            " DI via_upstream",
        ),
        (
            format!("delay: {{header_delay: {{}}, {ALL}}}"),
            "x-a: b",
            " - via_upstream",
        ),
    ] {
        let request = format!("{{method: POST, headers: {{{headers}}}}}");
        let report = play(&with(&format!(", {settings}")), &[&request]);
        let found = answer(&report);
        assert!(found.ends_with(expected), "{settings} {headers}: {found}");
    }
}

#[test]
fn a_header_makes_the_percentage_smaller_and_never_larger() {
    for (configured, asked, hit) in [(100, "0", false), (100, "100", true), (0, "100", false)] {
        let settings =
            format!(", abort: {{header_abort: {{}}, percentage: {{numerator: {configured}}}}}");
        let request = format!(
            "{{headers: {{x-envoy-fault-abort-request: 503, x-envoy-fault-abort-request-percentage: {asked}}}}}"
        );
        assert_eq!(aborts(&play(&with(&settings), &[&request])), hit);
    }
}

#[test]
fn a_percentage_is_a_share_of_requests() {
    let settings =
        ", abort: {http_status: 503, percentage: {numerator: 2500, denominator: TEN_THOUSAND}}";
    let report = play(&with(settings), &["{}"; 100]);
    let hit = report
        .exchanges
        .iter()
        .filter(|e| e.response.as_ref().unwrap().status == 503);
    let hit = hit.count();
    assert!((10..40).contains(&hit), "{hit}");
}

#[test]
fn max_active_faults_is_asked_at_each_injection() {
    let settings = format!(", delay: {{fixed_delay: 1s, {ALL}}}, max_active_faults: 1");
    let traffic =
        "  - {request: {}, at: 0ms}\n  - {request: {}, at: 10ms}\n  - {request: {}, at: 2s}\n";
    let report = router::play(&with(&settings), "", traffic);
    let flags = report
        .exchanges
        .iter()
        .map(|e| &*e.response.as_ref().unwrap().flags);
    assert_eq!(flags.collect::<Vec<_>>(), ["DI", "-", "DI"]);
    assert_eq!(
        counters(&report, "fault"),
        "fault.active_faults=0 fault.delays_injected=2 fault.faults_overflow=1"
    );
}

#[test]
fn counters_have_twins_of_the_downstream_cluster() {
    let request = "{headers: {x-envoy-downstream-service-cluster: shop}}";
    for (more, expected) in [
        (
            "",
            "fault.aborts_injected=1 fault.active_faults=0 fault.shop.aborts_injected=1",
        ),
        (
            ", disable_downstream_cluster_stats: true",
            "fault.aborts_injected=1 fault.active_faults=0",
        ),
    ] {
        assert_eq!(counters(&play(&abort(more), &[request]), "fault"), expected);
    }
}

#[test]
fn a_client_that_leaves_ends_the_fault() {
    let delay = with(&format!(", delay: {{fixed_delay: 2s, {ALL}}}"));
    let report = router::play(&delay, "", "  - {request: {}, cancel: 100ms}\n");
    assert!(first(&report).upstream_requests.is_empty());
    assert_eq!(
        counters(&report, "fault"),
        "fault.active_faults=0 fault.delays_injected=1"
    );
}

#[test]
fn a_routes_faults_take_the_place_of_the_filters() {
    let envoy = abort("") + &routed("fault.v3.HTTPFault", "");
    assert!(!aborts(&play(&envoy, &["{}"])));
}

#[test]
fn faults_that_cannot_be_are_refused() {
    for (settings, expected) in [
        (
            ", abort: {http_status: 199}",
            "expected a status from 200 to 599",
        ),
        (
            ", abort: {}",
            "expected exactly one of http_status, grpc_status and header_abort",
        ),
        (", delay: {fixed_delay: 0s}", "expected a duration above 0"),
        (
            ", response_rate_limit: {}",
            "expected exactly one of fixed_limit and header_limit",
        ),
        (
            ", response_rate_limit: {fixed_limit: {limit_kbps: 0}}",
            "expected a number above 0",
        ),
        (
            ", filter_metadata: {}",
            "`filter_metadata` of the fault filter is not simulated",
        ),
        (", aborts: {}", "Did you mean `abort`?"),
    ] {
        let problem = refused(&with(settings));
        assert!(problem.contains(expected), "{settings}: {problem}");
        assert!(problem.starts_with("lab.yaml:3:"), "{problem}");
    }
}

/// Rows: KiB in a second, bytes of the body, milliseconds until the last.
#[test]
fn a_slow_response_has_a_twentieth_of_its_rate_every_50_ms() {
    for (kbps, size, expected) in [
        (1, 51, "0"),
        (1, 52, "50"),
        (1, 102, "50"),
        (1, 103, "100"),
        (1, 193, "150"),
        (10, 512, "0"),
        (10, 513, "50"),
        (10, 5120, "450"),
    ] {
        let limit =
            format!(", response_rate_limit: {{fixed_limit: {{limit_kbps: {kbps}}}, {ALL}}}");
        let log = access_log("%DURATION% %BYTES_SENT%");
        for more in ["", ", trailers: {x-t: '1'}", ", chunks: [7, 30]"] {
            let upstreams =
                format!("upstreams: {{web: [{{reply: {{body: {{size: {size}}}{more}}}}}]}}");
            let envoy = with(&limit) + &format!("  {log}\n");
            let report = router::play(&envoy, &upstreams, "  - request: {}\n");
            assert_eq!(
                report.access_log,
                [format!("{expected} {size}")],
                "{kbps}{more}"
            );
            let trailer = super::response(&report).trailers.get_str("x-t");
            assert_eq!(trailer.is_some(), more.contains("trailers"), "{kbps}");
            assert_eq!(
                counters(&report, "fault"),
                "fault.active_faults=0 fault.response_rl_injected=1"
            );
        }
    }
}

#[test]
fn a_request_may_ask_for_a_slow_response() {
    let limit = with(&format!(
        ", response_rate_limit: {{header_limit: {{}}, {ALL}}}"
    ));
    for (headers, slow) in [
        ("x-envoy-fault-throughput-response: '1'", true),
        ("x-envoy-fault-throughput-response: '0'", false),
        ("", false),
        (
            "x-envoy-fault-throughput-response: '1', x-envoy-fault-throughput-response-percentage: '0'",
            false,
        ),
    ] {
        let report = play(&limit, &[&format!("{{headers: {{{headers}}}}}")]);
        assert!(answer(&report).ends_with("via_upstream"));
        let counted = counters(&report, "fault.response_rl_injected");
        assert_eq!(!counted.is_empty(), slow, "{headers}");
    }
}

/// Envoy counts a delay and a slow response of one stream as one active fault.
#[test]
fn a_slow_response_may_follow_a_delay() {
    let both = with(&format!(
        ", max_active_faults: 1, delay: {{fixed_delay: 2s, {ALL}}}, response_rate_limit: {{fixed_limit: {{limit_kbps: 1}}, {ALL}}}"
    ));
    let report = play(&both, &["{}"]);
    assert!(answer(&report).ends_with(" DI via_upstream"));
    assert_eq!(
        counters(&report, "fault"),
        "fault.active_faults=0 fault.delays_injected=1 fault.response_rl_injected=1"
    );
}
