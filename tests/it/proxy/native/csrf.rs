//! `envoy.filters.http.csrf`.

use super::{answer, counters, filter, play, refused, routed};
use crate::proxy::steps;

const ON: &str = ", filter_enabled: {default_value: {numerator: 100}}";
const DENIED: &str = "403 \"Invalid origin\" - csrf_origin_mismatch";

#[test]
fn filter_enabled_must_be_there() {
    let problem = refused(&filter("csrf.v3.CsrfPolicy", ""));
    assert!(
        problem.contains("the key `filter_enabled` is missing"),
        "{problem}"
    );
}

#[test]
fn only_methods_that_change_something_are_looked_at() {
    for (method, denied) in [
        ("GET", false),
        ("HEAD", false),
        ("OPTIONS", false),
        ("POST", true),
        ("PUT", true),
        ("DELETE", true),
        ("PATCH", true),
    ] {
        let request = format!("{{method: {method}, headers: {{origin: 'http://evil'}}}}");
        let report = play(&filter("csrf.v3.CsrfPolicy", ON), &[&request]);
        assert_eq!(answer(&report) == DENIED, denied, "{method}");
    }
}

#[test]
fn source_and_target_are_compared_by_host_and_port() {
    let settings = format!("{ON}, additional_origins: [{{suffix: .friend.example}}]");
    for (headers, passes, counted) in [
        ("origin: 'http://example.com'", true, "csrf.request_valid=1"),
        (
            "origin: 'http://example.com:80'",
            false,
            "csrf.request_invalid=1",
        ),
        (
            "origin: 'http://example.com:8080', host: 'example.com:8080'",
            true,
            "csrf.request_valid=1",
        ),
        (
            "referer: 'http://example.com/a?b'",
            true,
            "csrf.request_valid=1",
        ),
        (
            "origin: 'http://evil', referer: 'http://example.com/'",
            false,
            "csrf.request_invalid=1",
        ),
        (
            "origin: 'https://a.friend.example'",
            true,
            "csrf.request_valid=1",
        ),
        ("origin: 'null'", false, "csrf.request_invalid=1"),
        (
            "x-a: b",
            false,
            "csrf.missing_source_origin=1 csrf.request_invalid=1",
        ),
    ] {
        let request = format!("{{method: POST, headers: {{{headers}}}}}");
        let report = play(&filter("csrf.v3.CsrfPolicy", &settings), &[&request]);
        assert_eq!(answer(&report) != DENIED, passes, "{headers}");
        assert_eq!(counters(&report, "csrf"), counted, "{headers}");
    }
}

#[test]
fn shadow_counts_and_lets_pass() {
    let off = ", filter_enabled: {default_value: {}}";
    let shadow = format!("{off}, shadow_enabled: {{default_value: {{numerator: 100}}}}");
    for (settings, counted) in [(off, ""), (&shadow, "csrf.request_invalid=1")] {
        let request = "{method: POST, headers: {origin: 'http://evil'}}";
        let report = play(&filter("csrf.v3.CsrfPolicy", settings), &[request]);
        assert!(answer(&report).ends_with("via_upstream"));
        assert_eq!(counters(&report, "csrf"), counted);
    }
}

#[test]
fn a_routes_policy_takes_the_place_of_the_filters() {
    let envoy = filter("csrf.v3.CsrfPolicy", ON)
        + &routed(
            "csrf.v3.CsrfPolicy",
            ", filter_enabled: {default_value: {}}",
        );
    let report = play(&envoy, &["{method: POST}"]);
    assert!(answer(&report).ends_with("via_upstream"));
}

#[test]
fn a_decoder_filter_is_skipped_by_responses() {
    let report = play(&filter("csrf.v3.CsrfPolicy", ON), &["{method: POST}"]);
    assert_eq!(steps(&report), ["f decode_headers StopIteration"]);
}
