//! `envoy.filters.http.ratelimit`, against a scripted service.

use super::{answer, filter, first, got, of, refused};
use crate::proxy::bootstrap::Bootstrap;
use crate::proxy::router;
use proxy_wasm_tour::model::Bytes;
use proxy_wasm_tour::model::report::ScenarioReport;

const SERVICE: &str = ", domain: app, rate_limit_service: {transport_api_version: V3, grpc_service: {envoy_grpc: {cluster_name: rls}}}";
const GENERIC: &str = "actions: [{generic_key: {descriptor_value: v}}]";
const LIMITED: &str = "429 \"\" RL request_rate_limited";

/// The filter, a route with rate limits, and the service's cluster.
fn envoy(settings: &str, route: &str, rest: &str) -> String {
    filter("ratelimit.v3.RateLimit", &format!("{SERVICE}{settings}"))
        + &format!(
            "  clusters: [{{name: web}}, {{name: rls}}]\n  routes: [{{match: {{prefix: /}}, route: {{cluster: web{route}}}{rest}}}]\n"
        )
}

/// Runs a request; the service answers with this.
fn ask(envoy: &str, service: &str, request: &str) -> ScenarioReport {
    let upstreams = format!("upstreams: {{rls: [{service}]}}");
    router::play(envoy, &upstreams, &format!("  - request: {request}\n"))
}

/// A `RateLimitResponse` as a scripted answer.
fn says(message: &[u8]) -> String {
    let text = Bytes::from(message).to_base64();
    format!("{{grpc: {{message: {{base64: \"{text}\"}}}}}}")
}

fn ok() -> String {
    says(b"\x08\x01")
}

fn over() -> String {
    says(b"\x08\x02")
}

fn limits(actions: &str) -> String {
    format!(", rate_limits: [{{{actions}}}]")
}

/// The message that the service got, its frame left out; empty when it was not asked.
fn asked(report: &ScenarioReport) -> Vec<u8> {
    let requests = first(report).upstream_requests.iter();
    let mut to_service = requests.filter(|request| request.cluster == "rls");
    to_service
        .next()
        .map_or(Vec::new(), |r| r.body[5..].to_vec())
}

fn counters(report: &ScenarioReport) -> String {
    super::counters(report, "cluster.web.ratelimit").replace("cluster.web.ratelimit.", "")
}

/// A `RateLimitRequest` of one descriptor.
fn told(entries: &[(&str, &str)]) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| {
        let mut out = vec![number << 3 | 2, bytes.len() as u8];
        out.extend(bytes);
        out
    };
    let entries = entries.iter().flat_map(|(key, value)| {
        let entry = [field(1, key.as_bytes()), field(2, value.as_bytes())].concat();
        field(1, &entry)
    });
    let descriptor: Vec<u8> = entries.collect();
    [field(1, b"app"), field(2, &descriptor)].concat()
}

#[test]
fn without_descriptors_nobody_is_asked() {
    let report = ask(&envoy("", "", ""), &over(), "{}");
    assert!(answer(&report).ends_with("via_upstream"));
    assert_eq!((asked(&report), counters(&report)), (vec![], String::new()));
}

#[test]
fn an_answer_decides() {
    for (service, settings, expected, counted) in [
        (ok(), "", " - via_upstream", "ok=1"),
        (over(), "", LIMITED, "over_limit=1"),
        (
            "{reset: true}".to_owned(),
            "",
            " - via_upstream",
            "error=1 failure_mode_allowed=1",
        ),
        (
            "{grpc: {status: 14}}".to_owned(),
            "",
            " - via_upstream",
            "error=1 failure_mode_allowed=1",
        ),
        (
            "{timeout: true}".to_owned(),
            "",
            " - via_upstream",
            "error=1 failure_mode_allowed=1",
        ),
        (
            "{timeout: true}".to_owned(),
            ", failure_mode_deny: true",
            "500 \"\" RLSE rate_limiter_error",
            "error=1",
        ),
        (
            "{reply: {status: 200}}".to_owned(),
            ", failure_mode_deny: true, status_on_error: {code: ServiceUnavailable}",
            "503 \"\" RLSE rate_limiter_error",
            "error=1",
        ),
        (
            over(),
            ", rate_limited_status: {code: ServiceUnavailable}",
            "503 \"\" RL request_rate_limited",
            "over_limit=1",
        ),
    ] {
        let report = ask(&envoy(settings, &limits(GENERIC), ""), &service, "{}");
        let found = answer(&report);
        assert!(found.ends_with(expected), "{service}{settings}: {found}");
        assert_eq!(counters(&report), counted, "{service}{settings}");
    }
}

#[test]
fn over_the_limit_x_envoy_ratelimited_is_added_unless_it_is_off() {
    for (settings, expected) in [
        ("", "true"),
        (", disable_x_envoy_ratelimited_header: true", ""),
    ] {
        let report = ask(&envoy(settings, &limits(GENERIC), ""), &over(), "{}");
        assert_eq!(got(&report, "x-envoy-ratelimited"), expected);
    }
}

#[test]
fn the_timeout_is_20_ms_unless_another_is_set() {
    for (settings, delay, counted) in [
        ("", "19ms", "ok=1"),
        ("", "20ms", "error=1 failure_mode_allowed=1"),
        (", timeout: 0.1s", "99ms", "ok=1"),
    ] {
        let service = ok().replace("{grpc: {", &format!("{{grpc: {{delay: {delay}, "));
        let report = ask(&envoy(settings, &limits(GENERIC), ""), &service, "{}");
        assert_eq!(counters(&report), counted, "{settings} {delay}");
    }
}

#[test]
fn actions_make_the_entries_of_a_descriptor() {
    let header = "request_headers: {header_name: x-user, descriptor_key: user";
    let matching = "header_value_match: {descriptor_value: v, headers: [{name: x-user, string_match: {exact: ann}}]";
    for (action, with, without) in [
        (
            "generic_key: {descriptor_value: v}".to_owned(),
            Some(("generic_key", "v")),
            Some(("generic_key", "v")),
        ),
        (
            "generic_key: {descriptor_value: v, descriptor_key: k}".to_owned(),
            Some(("k", "v")),
            Some(("k", "v")),
        ),
        (
            "source_cluster: {}".to_owned(),
            Some(("source_cluster", "sim")),
            Some(("source_cluster", "sim")),
        ),
        (
            "destination_cluster: {}".to_owned(),
            Some(("destination_cluster", "web")),
            Some(("destination_cluster", "web")),
        ),
        (
            "remote_address: {}".to_owned(),
            Some(("remote_address", "127.0.0.1")),
            Some(("remote_address", "127.0.0.1")),
        ),
        (format!("{header}}}"), Some(("user", "ann")), None),
        (format!("{matching}}}"), Some(("header_match", "v")), None),
        (
            format!("{matching}, expect_match: false, descriptor_key: k}}"),
            None,
            Some(("k", "v")),
        ),
    ] {
        for (request, expected) in [("{headers: {x-user: ann}}", with), ("{}", without)] {
            let route = limits(&format!("actions: [{{{action}}}]"));
            let report = ask(&envoy("", &route, ""), &ok(), request);
            let expected = expected.map_or(vec![], |entry| told(&[entry]));
            assert_eq!(asked(&report), expected, "{action} {request}");
        }
    }
}

#[test]
fn a_refusal_is_counted_as_an_internal_response_of_the_cluster() {
    let report = ask(&envoy("", &limits(GENERIC), ""), &over(), "{}");
    for name in [
        "upstream_rq_429",
        "upstream_rq_4xx",
        "upstream_rq_completed",
    ] {
        for prefix in ["", "internal."] {
            let stat = format!("cluster.web.{prefix}{name}");
            assert_eq!(report.stats.get(&stat), Some(&1), "{stat}");
        }
    }
    assert_eq!(report.stats.get("cluster.web.upstream_rq_total"), None);
}

/// Rows: the rest of the action, and what the service is told.
#[test]
fn an_action_may_take_its_value_from_metadata() {
    let metadata = ", metadata: {filter_metadata: {app: {team: blue, size: 7}}}";
    for (path, more, expected) in [
        ("team", ", source: ROUTE_ENTRY", Some("blue")),
        ("team", "", None),
        ("team", ", default_value: red", Some("red")),
        ("size", ", source: ROUTE_ENTRY", None),
        (
            "size",
            ", source: ROUTE_ENTRY, default_value: red",
            Some("red"),
        ),
        ("none", ", skip_if_absent: true", Some("")),
    ] {
        let action = format!(
            "{{generic_key: {{descriptor_value: v}}}}, {{metadata: {{descriptor_key: k, metadata_key: {{key: app, path: [{{key: {path}}}]}}{more}}}}}"
        );
        let route = limits(&format!("actions: [{action}]"));
        let report = ask(&envoy("", &route, metadata), &ok(), "{}");
        let told = match expected {
            None => vec![],
            Some("") => told(&[("generic_key", "v")]),
            Some(value) => told(&[("generic_key", "v"), ("k", value)]),
        };
        assert_eq!(asked(&report), told, "{path}{more}");
    }
}

#[test]
fn a_missing_header_drops_its_descriptor_unless_it_is_skipped() {
    let header = "{request_headers: {header_name: x-user, descriptor_key: user";
    let generic = "{generic_key: {descriptor_value: v}}";
    for (skip, expected) in [
        ("", vec![]),
        (", skip_if_absent: true", told(&[("generic_key", "v")])),
    ] {
        let route = limits(&format!("actions: [{generic}, {header}{skip}}}}}]"));
        let report = ask(&envoy("", &route, ""), &ok(), "{}");
        assert_eq!(asked(&report), expected, "{skip}");
    }
}

#[test]
fn a_filter_asks_about_the_rate_limits_of_its_stage() {
    let route = limits(&format!("stage: 1, {GENERIC}"));
    for (settings, told) in [("", false), (", stage: 1", true)] {
        let report = ask(&envoy(settings, &route, ""), &ok(), "{}");
        assert_eq!(!asked(&report).is_empty(), told);
    }
}

#[test]
fn limits_of_the_virtual_host_hold_where_the_route_has_none_or_as_it_says() {
    let kind = of("ratelimit.v3.RateLimitPerRoute");
    let said = |word: &str| {
        format!(", typed_per_filter_config: {{f: {{{kind}, vh_rate_limits: {word}}}}}")
    };
    let own = limits("actions: [{generic_key: {descriptor_value: route}}]");
    for (route, rest, expected) in [
        ("", String::new(), "host"),
        (&*own, String::new(), "route"),
        (&*own, said("INCLUDE"), "route host"),
        (&*own, said("OVERRIDE"), "route"),
        ("", said("IGNORE"), ""),
        (
            ", include_vh_rate_limits: true, rate_limits: [{actions: [{generic_key: {descriptor_value: route}}]}]",
            said("IGNORE"),
            "route host",
        ),
    ] {
        let filter = of("ratelimit.v3.RateLimit");
        let envoy = Bootstrap {
            clusters: ", {name: rls}",
            filters: &format!("{{name: f, typed_config: {{{filter}{SERVICE}}}}}, "),
            host: &limits("actions: [{generic_key: {descriptor_value: host}}]"),
            action: route,
            route: &rest,
            ..Bootstrap::default()
        };
        let report = ask(&envoy.text(), &ok(), "{}");
        let message = String::from_utf8_lossy(&asked(&report)).into_owned();
        let found: Vec<&str> = ["route", "host"]
            .into_iter()
            .filter(|value| message.contains(value))
            .collect();
        assert_eq!(found.join(" "), expected, "{route} {rest}");
    }
}

#[test]
fn the_service_may_add_headers_and_a_body() {
    // response_headers_to_add x-r: 1, request_headers_to_add x-q: 2, raw_body `no`.
    let more = b"\x1a\x08\x0a\x03x-r\x12\x011\x22\x08\x0a\x03x-q\x12\x012\x2a\x02no";
    let report = ask(
        &envoy("", &limits(GENERIC), ""),
        &says(&[b"\x08\x01", &more[..]].concat()),
        "{}",
    );
    assert_eq!(got(&report, "x-r"), "1");
    let requests = first(&report).upstream_requests.iter();
    let web = requests.clone().find(|request| request.cluster == "web");
    assert_eq!(web.unwrap().headers.get_str("x-q"), Some("2"));
    let report = ask(
        &envoy("", &limits(GENERIC), ""),
        &says(&[b"\x08\x02", &more[..]].concat()),
        "{}",
    );
    assert_eq!(answer(&report), "429 \"no\" RL request_rate_limited");
    assert_eq!(got(&report, "x-r"), "1");
}

#[test]
fn a_body_waits_for_the_answer() {
    let service = ok().replace("{grpc: {", "{grpc: {delay: 10ms, ");
    let request = "{method: POST, body: abcd, chunks: [2, 2]}";
    let report = ask(&envoy("", &limits(GENERIC), ""), &service, request);
    let steps = crate::proxy::steps(&report);
    assert_eq!(
        steps[..3],
        [
            "f decode_headers StopIteration",
            "f decode_data StopIterationAndWatermark",
            "f decode_data StopIterationAndWatermark",
        ]
    );
    assert_eq!(answer(&report).split(' ').next(), Some("200"));
}

#[test]
fn a_service_that_cannot_be_asked_is_refused_at_load() {
    let route = "  routes: [{match: {prefix: /}, route: {cluster: web}}]\n";
    for (settings, expected) in [
        (SERVICE.to_owned(), "Unknown gRPC client cluster 'rls'"),
        (
            ", domain: app".to_owned(),
            "the key `rate_limit_service` is missing",
        ),
        (
            SERVICE.replace("domain: app, ", ""),
            "the key `domain` is missing",
        ),
        (
            format!("{SERVICE}, enable_x_ratelimit_headers: DRAFT_VERSION_03"),
            "`enable_x_ratelimit_headers` of ratelimit is not simulated",
        ),
        (
            format!("{SERVICE}, stage: 11"),
            "expected a stage from 0 to 10",
        ),
        (
            SERVICE.replace("envoy_grpc", "google_grpc"),
            "the key `envoy_grpc` is missing",
        ),
    ] {
        let problem = refused(&(filter("ratelimit.v3.RateLimit", &settings) + route));
        assert!(problem.contains(expected), "{settings}: {problem}");
        assert!(problem.starts_with("lab.yaml:3:"), "{problem}");
    }
}
