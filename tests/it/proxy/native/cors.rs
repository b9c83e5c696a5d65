//! `envoy.filters.http.cors`.

use super::{answer, counters, filter, got, of, play, recorded, routed};
use crate::proxy::bootstrap::Bootstrap;

const POLICY: &str = ", allow_origin_string_match: [{exact: 'https://a.example'}, {suffix: .b.example}], allow_methods: 'GET, POST', allow_headers: x-token, expose_headers: x-rt, max_age: '600', allow_credentials: true";
const PREFLIGHT: &str =
    "{method: OPTIONS, headers: {origin: 'https://a.example', access-control-request-method: PUT}}";

fn with(policy: &str) -> String {
    filter("cors.v3.Cors", "") + &routed("cors.v3.CorsPolicy", policy)
}

#[test]
fn without_a_policy_of_a_route_it_does_nothing() {
    let report = play(&filter("cors.v3.Cors", ""), &[PREFLIGHT]);
    assert!(answer(&report).ends_with("via_upstream"));
    assert_eq!(counters(&report, "cors"), "");
    assert_eq!(got(&report, "access-control-allow-origin"), "");
}

#[test]
fn what_a_request_must_be_for_it_to_act() {
    let origin = "origin: 'https://a.example'";
    let asks = "access-control-request-method: PUT";
    for (request, counted, answered) in [
        ("{}".to_owned(), "", false),
        (
            format!("{{method: OPTIONS, headers: {{{asks}}}}}"),
            "",
            false,
        ),
        (
            format!("{{headers: {{{origin}, {asks}}}}}"),
            "cors.origin_valid=1",
            false,
        ),
        (
            format!("{{method: OPTIONS, headers: {{{origin}}}}}"),
            "cors.origin_valid=1",
            false,
        ),
        (
            format!("{{method: OPTIONS, headers: {{{origin}, {asks}}}}}"),
            "cors.origin_valid=1",
            true,
        ),
        (
            "{headers: {origin: 'https://x.b.example'}}".to_owned(),
            "cors.origin_valid=1",
            false,
        ),
        (
            "{headers: {origin: 'https://evil.example'}}".to_owned(),
            "cors.origin_invalid=1",
            false,
        ),
    ] {
        let report = play(&with(POLICY), &[&request]);
        assert_eq!(counters(&report, "cors"), counted, "{request}");
        assert_eq!(
            answer(&report).ends_with("cors_response"),
            answered,
            "{request}"
        );
    }
}

#[test]
fn a_direct_response_or_a_redirect_passes() {
    let kind = of("cors.v3.CorsPolicy");
    for action in [
        "direct_response: {status: 204}",
        "redirect: {path_redirect: /b}",
    ] {
        let route = format!(
            "  routes: [{{match: {{prefix: /}}, {action}, typed_per_filter_config: {{f: {{{kind}{POLICY}}}}}}}]\n"
        );
        let report = play(&(filter("cors.v3.Cors", "") + &route), &[PREFLIGHT]);
        assert_eq!(counters(&report, "cors"), "", "{action}");
    }
}

#[test]
fn a_preflight_is_answered_with_what_is_configured() {
    let asks = "origin: 'https://a.example', access-control-request-method: PUT, access-control-request-headers: 'x-a, x-b', access-control-request-private-network: 'true'";
    let request = format!("{{method: OPTIONS, headers: {{{asks}}}}}");
    let origin = "allow_origin_string_match: [{prefix: 'https://'}]";
    for (policy, expected) in [
        ("", [true, false, false, false, false, false]),
        (
            ", allow_methods: 'GET, PUT'",
            [true, true, false, false, false, false],
        ),
        (
            ", allow_headers: x-token",
            [true, false, true, false, false, false],
        ),
        (", max_age: '600'", [true, false, false, true, false, false]),
        (
            ", allow_credentials: true",
            [true, false, false, false, true, false],
        ),
        (
            ", allow_private_network_access: true",
            [true, false, false, false, false, true],
        ),
    ] {
        let report = play(&with(&format!(", {origin}{policy}")), &[&request]);
        assert_eq!(answer(&report), "200 \"\" - cors_response");
        let names = [
            "origin",
            "methods",
            "headers",
            "max-age",
            "credentials",
            "private-network",
        ];
        for (name, there) in names.into_iter().zip(expected) {
            let name = match name {
                "max-age" => "access-control-max-age".to_owned(),
                name => format!("access-control-allow-{name}"),
            };
            assert_eq!(!got(&report, &name).is_empty(), there, "{policy} {name}");
        }
        assert_eq!(
            got(&report, "access-control-allow-origin"),
            "https://a.example"
        );
    }
}

#[test]
fn a_star_for_methods_and_headers_repeats_what_was_asked() {
    let policy =
        ", allow_origin_string_match: [{exact: '*'}], allow_methods: '*', allow_headers: '*'";
    let request = "{method: OPTIONS, headers: {origin: 'https://z.example', access-control-request-method: PUT, access-control-request-headers: 'x-a, x-b'}}";
    let report = play(&with(policy), &[request]);
    assert_eq!(got(&report, "access-control-allow-methods"), "PUT");
    assert_eq!(got(&report, "access-control-allow-headers"), "x-a, x-b");
    // An origin of `*` allows all, and the answer still names the one that asked.
    assert_eq!(
        got(&report, "access-control-allow-origin"),
        "https://z.example"
    );
}

#[test]
fn a_preflight_of_another_origin_passes_on_unless_it_is_kept() {
    let request = "{method: OPTIONS, headers: {origin: 'https://evil.example', access-control-request-method: PUT}}";
    let report = play(&with(POLICY), &[request]);
    assert!(answer(&report).ends_with("via_upstream"));
    let kept = format!("{POLICY}, forward_not_matching_preflights: false");
    let report = play(&with(&kept), &[request]);
    assert_eq!(answer(&report), "200 \"\" - cors_response");
    assert_eq!(got(&report, "access-control-allow-origin"), "");
    assert_eq!(got(&report, "access-control-allow-methods"), "GET, POST");
}

#[test]
fn a_simple_request_passes_and_its_response_names_an_allowed_origin() {
    for (origin, expected) in [
        ("https://a.example", ["https://a.example", "true", "x-rt"]),
        ("https://evil.example", ["", "", ""]),
    ] {
        let report = play(
            &with(POLICY),
            &[&format!("{{headers: {{origin: '{origin}'}}}}")],
        );
        assert!(answer(&report).ends_with("via_upstream"));
        let names = ["allow-origin", "allow-credentials", "expose-headers"];
        let all = names.map(|name| got(&report, &format!("access-control-{name}")));
        assert_eq!(all, expected);
    }
}

#[test]
fn shadow_counts_and_changes_nothing() {
    let off = ", filter_enabled: {default_value: {numerator: 0}}";
    let shadow = ", shadow_enabled: {default_value: {numerator: 100}}";
    for (policy, counted) in [
        (off, ""),
        (&(off.to_owned() + shadow), "cors.origin_valid=1"),
    ] {
        let report = play(&with(&format!("{POLICY}{policy}")), &[PREFLIGHT]);
        assert!(answer(&report).ends_with("via_upstream"), "{policy}");
        assert_eq!(got(&report, "access-control-allow-origin"), "");
        assert_eq!(counters(&report, "cors"), counted);
    }
}

#[test]
fn policies_are_merged_field_by_field_the_route_first() {
    let kind = of("cors.v3.CorsPolicy");
    let envoy = Bootstrap {
        filters: &format!("{{name: f, typed_config: {{{}}}}}, ", of("cors.v3.Cors")),
        all_routes: &format!(
            ", typed_per_filter_config: {{f: {{{kind}, max_age: '9', allow_methods: ALL}}}}"
        ),
        host: &format!(
            ", typed_per_filter_config: {{f: {{{kind}, allow_methods: HOST, allow_credentials: true, filter_enabled: {{default_value: {{numerator: 0}}}}}}}}"
        ),
        route: &format!(
            ", typed_per_filter_config: {{f: {{{kind}, allow_credentials: false, allow_origin_string_match: [{{exact: 'https://a.example'}}]}}}}"
        ),
        ..Bootstrap::default()
    };
    let report = play(&envoy.text(), &[PREFLIGHT]);
    // Whether it is on, the most specific policy alone decides.
    assert_eq!(answer(&report), "200 \"\" - cors_response");
    assert_eq!(got(&report, "access-control-allow-methods"), "HOST");
    assert_eq!(got(&report, "access-control-max-age"), "9");
    assert_eq!(got(&report, "access-control-allow-credentials"), "");
}

#[test]
fn its_steps_are_in_the_trace() {
    let report = play(&with(POLICY), &["{headers: {origin: 'https://a.example'}}"]);
    assert_eq!(
        recorded(&report),
        [
            "decode_headers counter",
            "encode_headers replace_header_map_value",
            "encode_headers replace_header_map_value",
            "encode_headers replace_header_map_value",
        ]
    );
}
