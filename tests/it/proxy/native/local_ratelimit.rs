//! `envoy.filters.http.local_ratelimit`.

use super::{answer, counters, filter, got, of, play, refused, routed, sent};
use crate::proxy::{router, statuses};

const LIMITED: &str = "429 \"local_rate_limited\" RL local_rate_limited";
const ON: &str = ", filter_enabled: {default_value: {numerator: 100}}, filter_enforced: {default_value: {numerator: 100}}";

/// Two tokens, one of which comes back every second.
fn settings(more: &str) -> String {
    format!(", stat_prefix: lrl, token_bucket: {{max_tokens: 2, fill_interval: 1s}}{more}")
}

fn with(more: &str) -> String {
    filter("local_ratelimit.v3.LocalRateLimit", &settings(more))
}

#[test]
fn enabled_and_enforced_are_none_of_all_requests_by_default() {
    let enabled = ", filter_enabled: {default_value: {numerator: 100}}";
    for (more, expected, counted) in [
        ("", 200, ""),
        (enabled, 200, "enabled=3 ok=2 rate_limited=1"),
        (ON, 429, "enabled=3 enforced=1 ok=2 rate_limited=1"),
    ] {
        let report = play(&with(more), &["{}", "{}", "{}"]);
        assert_eq!(statuses(&report), [200, 200, expected]);
        let all = counters(&report, "lrl").replace("lrl.http_local_rate_limit.", "");
        assert_eq!(all, counted);
    }
}

#[test]
fn the_reply_has_its_text_flag_and_details_and_the_headers_that_are_configured() {
    let more = format!(
        "{ON}, token_bucket: {{max_tokens: 1, fill_interval: 1s}}, response_headers_to_add: [{{header: {{key: x-limited, value: 'yes'}}}}]"
    );
    let settings = format!(", stat_prefix: lrl{more}");
    let envoy = filter("local_ratelimit.v3.LocalRateLimit", &settings);
    let mut report = play(&envoy, &["{}", "{}"]);
    report.exchanges.remove(0);
    assert_eq!(answer(&report), LIMITED);
    assert_eq!(got(&report, "x-limited"), "yes");
}

#[test]
fn a_status_below_400_is_429() {
    for (status, expected) in [
        ("TooManyRequests", 429),
        ("ServiceUnavailable", 503),
        ("OK", 429),
        ("503", 503),
    ] {
        let more = format!("{ON}, status: {{code: {status}}}");
        let report = play(&with(&more), &["{}", "{}", "{}"]);
        assert_eq!(statuses(&report)[2], expected, "{status}");
    }
}

#[test]
fn tokens_come_back_at_the_rate_of_their_fills() {
    for (bucket, wait, expected) in [
        ("max_tokens: 1, fill_interval: 1s", "999ms", 429),
        ("max_tokens: 1, fill_interval: 1s", "1s", 200),
        // The bucket fills all the time: half of four tokens after half an interval.
        (
            "max_tokens: 1, tokens_per_fill: 4, fill_interval: 1s",
            "250ms",
            200,
        ),
    ] {
        let settings = format!(", stat_prefix: lrl, token_bucket: {{{bucket}}}{ON}");
        let envoy = filter("local_ratelimit.v3.LocalRateLimit", &settings);
        let traffic = format!("  - request: {{}}\n  - advance: {wait}\n  - request: {{}}\n");
        let report = router::play(&envoy, "", &traffic);
        assert_eq!(statuses(&report), [200, expected], "{bucket} {wait}");
    }
}

#[test]
fn the_bucket_is_shared_by_all_workers_unless_it_is_a_connections() {
    let traffic = "  - {request: {}, worker: 0}\n  - {request: {}, worker: 1}\n  - {request: {}, worker: 0}\n";
    for (more, expected) in [
        ("", 429),
        (", local_rate_limit_per_downstream_connection: true", 200),
    ] {
        let more = format!("{ON}{more}");
        let report = router::play(&with(&more), "concurrency: 2", traffic);
        assert_eq!(statuses(&report), [200, 200, expected]);
    }
    let more = format!("{ON}, local_rate_limit_per_downstream_connection: true");
    let same = "  - {request: {}, connection: c}\n".repeat(3);
    assert_eq!(
        statuses(&router::play(&with(&more), "", &same)),
        [200, 200, 429]
    );
}

#[test]
fn draft_version_03_adds_headers_to_every_response() {
    let more = format!("{ON}, enable_x_ratelimit_headers: DRAFT_VERSION_03");
    for (requests, remaining, reset) in [(1, "1", "0"), (2, "0", "1"), (3, "0", "1")] {
        let mut report = play(&with(&more), &vec!["{}"; requests]);
        report.exchanges.drain(..requests - 1);
        let all =
            ["limit", "remaining", "reset"].map(|n| got(&report, &format!("x-ratelimit-{n}")));
        assert_eq!(all, ["2", remaining, reset], "{requests}");
    }
}

#[test]
fn not_enforced_the_request_goes_on_with_headers() {
    let more = ", filter_enabled: {default_value: {numerator: 100}}, request_headers_to_add_when_not_enforced: [{header: {key: x-over, value: 'yes'}}]";
    let mut report = play(&with(more), &["{}", "{}", "{}"]);
    assert_eq!(sent(&report, "x-over"), "");
    report.exchanges.drain(..2);
    assert_eq!(sent(&report, "x-over"), "yes");
}

#[test]
fn a_grpc_request_is_unavailable_or_where_asked_for_resource_exhausted() {
    for (more, status) in [
        ("", "14"),
        (", rate_limited_as_resource_exhausted: true", "8"),
    ] {
        let request = "{method: POST, headers: {content-type: application/grpc}}";
        let report = play(&with(&format!("{ON}{more}")), &[request; 3]);
        let last = report.exchanges[2].response.as_ref().unwrap();
        assert_eq!(last.headers.get_str("grpc-status"), Some(status));
        assert_eq!(last.status, 200);
    }
}

#[test]
fn a_route_has_settings_and_a_bucket_of_its_own() {
    let kind = of("local_ratelimit.v3.LocalRateLimit");
    let said = |more: &str| format!("typed_per_filter_config: {{f: {{{kind}{more}}}}}");
    let a = said(&settings(ON));
    let envoy = with(ON)
        + &format!(
            "  routes:\n  - {{match: {{path: /a}}, route: {{cluster: web}}, {a}}}\n  - {{match: {{path: /b}}, route: {{cluster: web}}}}\n"
        );
    let requests = ["/b", "/b", "/a", "/a", "/a", "/b"].map(|path| format!("{{path: {path}}}"));
    let report = play(&envoy, &requests.each_ref().map(String::as_str));
    assert_eq!(statuses(&report), [200, 200, 200, 200, 429, 429]);
}

#[test]
fn without_a_bucket_nothing_is_limited_and_a_route_must_have_one() {
    let bare = format!(", stat_prefix: lrl{ON}");
    let envoy = filter("local_ratelimit.v3.LocalRateLimit", &bare);
    assert_eq!(statuses(&play(&envoy, &["{}"; 4])), [200; 4]);
    let problem = refused(&(envoy + &routed("local_ratelimit.v3.LocalRateLimit", &bare)));
    assert!(
        problem.contains("local rate limit token bucket must be set for per filter configs"),
        "{problem}"
    );
}

#[test]
fn what_cannot_be_a_bucket_or_is_not_simulated_is_refused() {
    for (more, expected) in [
        (
            ", token_bucket: {max_tokens: 1, fill_interval: 0.049s}",
            "local rate limit token bucket fill timer must be >= 50ms",
        ),
        (
            ", token_bucket: {max_tokens: 0, fill_interval: 1s}",
            "expected a number above 0",
        ),
        (
            ", token_bucket: {max_tokens: 1}",
            "the key `fill_interval` is missing",
        ),
        (
            ", descriptors: []",
            "`descriptors` of local_ratelimit is not simulated",
        ),
        (
            ", status: {code: TooManyRequest}",
            "Did you mean `TooManyRequests`?",
        ),
        (
            ", enable_x_ratelimit_headers: DRAFT",
            "expected OFF or DRAFT_VERSION_03",
        ),
    ] {
        let settings = format!(", stat_prefix: lrl{more}");
        let problem = refused(&filter("local_ratelimit.v3.LocalRateLimit", &settings));
        assert!(problem.contains(expected), "{more}: {problem}");
        assert!(problem.starts_with("lab.yaml:3:"), "{problem}");
    }
}
