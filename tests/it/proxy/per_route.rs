//! What routes say beyond where to: filters on and off, weighted clusters, headers of every level,
//! and what the connection manager refuses before a route is asked.

use super::bootstrap::Bootstrap;
use super::router::play;
use super::{answer, callbacks, first, guest, lab, play_with, response, steps};
use crate::lab_run::refused;

const FILTER: &str = "\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig";

#[test]
fn a_route_turns_a_filter_off() {
    let filter = guest(&[("on_request_headers", "add request x-f 1"), ("on_log", "")]);
    let routes = format!(
        "  routes:\n  - {{match: {{path: /off}}, route: {{cluster: web}}, typed_per_filter_config: {{f: {{{FILTER}, disabled: true}}}}}}\n  - {{match: {{prefix: /}}, route: {{cluster: web}}}}"
    );
    for (path, on) in [("/off", false), ("/on", true)] {
        let request = format!("  - request: {{path: {path}}}");
        let report = play_with(&[("f", &filter)], &routes, "", &request);
        let sent = &first(&report).upstream_requests[0].headers;
        assert_eq!(sent.get("x-f").is_some(), on, "{path}");
        assert_eq!(callbacks(&report).is_empty(), !on, "{path}");
        assert_eq!(steps(&report).iter().any(|step| step.starts_with("f ")), on);
    }
}

#[test]
fn the_most_specific_place_that_names_a_filter_decides() {
    // A filter that is off in the chain; what the route configuration, the host and the route say.
    let wat = guest(&[("on_request_headers", "add request x-f 1")]);
    let bytes = proxy_wasm_tour::model::Bytes::from(wat::parse_str(&wat).unwrap()).to_base64();
    let wasm = "\"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
    let off = format!(", typed_per_filter_config: {{f: {{{FILTER}, disabled: true}}}}");
    let on = format!(", typed_per_filter_config: {{f: {{{FILTER}, config: {{}}}}}}");
    for (chain, all, host, route, runs) in [
        (false, "", "", "", true),
        (true, "", "", "", false),
        (true, &*on, "", "", true),
        (false, &*on, &*off, "", false),
        (true, &*off, &*on, "", true),
        (true, &*on, &*on, &*off, false),
        (false, &*off, &*off, &*on, true),
    ] {
        let envoy = Bootstrap {
            filters: &format!(
                "{{name: f, disabled: {chain}, typed_config: {{{wasm}, config: {{name: f, vm_config: {{code: {{local: {{filename: /f.wasm}}}}}}}}}}}}, "
            ),
            all_routes: all,
            host,
            route,
            ..Bootstrap::default()
        };
        let files = format!("files: {{/f.wasm: {{base64: \"{bytes}\"}}}}");
        let report = play(&envoy.text(), &files, "  - request: {}");
        let sent = &first(&report).upstream_requests[0].headers;
        assert_eq!(
            sent.get("x-f").is_some(),
            runs,
            "{chain} {all} {host} {route}"
        );
    }
}

#[test]
fn what_a_route_cannot_say_of_a_filter_is_refused() {
    let wasm = "\"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
    let filter = guest(&[]);
    for (said, expected) in [
        (
            format!("f: {{{wasm}}}"),
            "The filter f doesn't support virtual host or route specific configurations",
        ),
        (
            format!("f: {{{FILTER}, config: {{{wasm}}}}}"),
            "The filter f doesn't support virtual host or route specific configurations",
        ),
        (
            format!("f: {{{FILTER}}}"),
            "Empty route/virtual host per filter configuration for f filter",
        ),
        (
            format!("ff: {{{FILTER}, disabled: true}}"),
            "no HTTP filter is named `ff`\n  Did you mean `f`?",
        ),
        (
            "f: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute}"
                .to_owned(),
            "the filter configuration `envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute` is not simulated",
        ),
        (
            "f: {disabled: true}".to_owned(),
            "the key `@type` is missing",
        ),
    ] {
        let routes = format!(
            "  routes: [{{match: {{prefix: /}}, route: {{cluster: web}}, typed_per_filter_config: {{{said}}}}}]"
        );
        let text = lab(
            &[("f", &filter)],
            &routes,
            "scenarios: [{name: s, traffic: [{request: {}}]}]",
        );
        let problem = refused(&text);
        assert!(problem.contains(expected), "{problem}");
        assert!(problem.starts_with("lab.yaml:8:"), "{problem}");
    }
}

#[test]
fn weighted_clusters_share_the_requests_and_add_their_headers() {
    let envoy = "  clusters: [{name: a}, {name: b}, {name: c}]\n  routes: [{match: {prefix: /}, route: {weighted_clusters: {clusters: [{name: a, weight: 3, request_headers_to_add: [{header: {key: x-to, value: a}}]}, {name: b, weight: 1, response_headers_to_add: [{header: {key: x-of, value: b}}]}, {name: c, weight: 0}]}}}]";
    let requests = "  - request: {}\n".repeat(80);
    let report = play(envoy, "", &requests);
    let mut counts = [0; 3];
    for exchange in &report.exchanges {
        let sent = &exchange.upstream_requests[0];
        let at = ["a", "b", "c"]
            .iter()
            .position(|name| *name == sent.cluster)
            .unwrap();
        counts[at] += 1;
        assert_eq!(sent.headers.get("x-to").is_some(), at == 0);
        let response = exchange.response.as_ref().unwrap();
        assert_eq!(response.headers.get("x-of").is_some(), at == 1);
    }
    assert!(
        counts[0] > 45 && counts[1] > 8 && counts[2] == 0,
        "{counts:?}"
    );
    assert_eq!(counts.iter().sum::<usize>(), 80);
}

#[test]
fn a_header_may_name_the_cluster() {
    let envoy = "  clusters: [{name: a}, {name: b}]\n  routes: [{match: {prefix: /}, route: {cluster_header: x-to, cluster_not_found_response_code: NOT_FOUND}}]";
    for (headers, expected) in [
        ("{x-to: a}", Some("a")),
        ("{x-to: b}", Some("b")),
        ("{x-to: z}", None),
        ("{}", None),
    ] {
        let report = play(envoy, "", &format!("  - request: {{headers: {headers}}}"));
        match expected {
            Some(name) => assert_eq!(first(&report).upstream_requests[0].cluster, name),
            None => assert_eq!(answer(&report), r#"404 "" NC cluster_not_found"#),
        }
    }
}

#[test]
fn headers_of_route_host_and_all_routes_are_added_in_that_order() {
    let add = |value: &str| {
        format!(
            ", request_headers_to_add: [{{header: {{key: x-way, value: {value}}}}}], response_headers_to_add: [{{header: {{key: x-back, value: {value}}}}}]"
        )
    };
    let envoy = Bootstrap {
        all_routes: &add("all"),
        host: &add("host"),
        route: &add("route"),
        ..Bootstrap::default()
    };
    let report = play(&envoy.text(), "", "  - request: {}");
    let report = &report;
    let values = |headers: &proxy_wasm_tour::model::Headers, name: &str| {
        let all = headers
            .get_all(name)
            .map(|v| String::from_utf8_lossy(v).into_owned());
        all.collect::<Vec<_>>().join(" ")
    };
    let sent = &first(report).upstream_requests[0].headers;
    assert_eq!(values(sent, "x-way"), "route host all");
    assert_eq!(
        values(&response(report).headers, "x-back"),
        "route host all"
    );
}

#[test]
fn a_local_reply_has_the_response_headers_of_its_route() {
    let routes = "  routes: [{match: {prefix: /}, route: {cluster: web}, response_headers_to_add: [{header: {key: x-r, value: '1'}}]}]";
    let filter = guest(&[("on_request_headers", "reply 403 no x-own=2")]);
    for (rules, guests) in [
        ("", vec![("f", filter.as_str())]),
        ("upstreams: {web: [{reset: true}]}", vec![]),
    ] {
        let report = match guests.is_empty() {
            true => play(routes, rules, "  - request: {}"),
            false => play_with(&guests, routes, rules, "  - request: {}"),
        };
        assert_eq!(response(&report).headers.get_str("x-r"), Some("1"));
    }
}

#[test]
fn the_manager_refuses_an_upgrade_and_a_path_that_is_none() {
    for (request, expected) in [
        (
            "{headers: {connection: 'keep-alive, Upgrade', upgrade: websocket}}",
            r#"403 "" - upgrade_failed"#,
        ),
        (
            "{headers: {upgrade: websocket}}",
            r#"200 "ok" - direct_response"#,
        ),
        ("{path: 'x'}", r#"404 "" - absolute_path_rejected"#),
    ] {
        let report = play(
            "  routes: [{match: {prefix: /}, direct_response: {status: 200, body: {inline_string: ok}}}]",
            "",
            &format!("  - request: {request}"),
        );
        assert_eq!(answer(&report), expected, "{request}");
    }
}

#[test]
fn only_the_proxy_says_what_is_internal() {
    let request = "  - request: {headers: {x-envoy-internal: 'true', x-envoy-max-retries: '5', x-forwarded-for: 10.0.0.1}}";
    let report = play("", "", request);
    let sent = &first(&report).upstream_requests[0].headers;
    for name in ["x-envoy-internal", "x-envoy-max-retries"] {
        assert!(sent.get(name).is_none(), "{name}");
    }
    assert_eq!(sent.get_str("x-forwarded-for"), Some("10.0.0.1"));
}
