//! What is counted for each host of a cluster, and how Envoy's `/clusters` shows it.

use super::router::play;
use proxy_wasm_tour::model::report::ScenarioReport;
use std::collections::BTreeMap;

const TWO: &str = "  clusters: [{name: web, load_assignment: {cluster_name: web, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 10.0.0.1, port_value: 80}}}}, {endpoint: {address: {socket_address: {address: 10.0.0.2, port_value: 80}}}}]}]}}]";

fn route(fields: &str) -> String {
    format!("  routes: [{{match: {{prefix: /}}, route: {{cluster: web{fields}}}}}]")
}

/// What was counted for the only host, without what is zero.
fn counted(report: &ScenarioReport) -> String {
    assert_eq!(report.hosts.len(), 1, "{:?}", report.hosts);
    let counted = report.hosts.values().flatten();
    let said = counted.filter(|(_, value)| **value > 0);
    let said: Vec<String> = said
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    said.join(", ")
}

#[test]
fn each_end_of_a_request_counts_for_its_host() {
    for (fields, rules, expected) in [
        ("", "{reply: {status: 200}}", "rq_success 1, rq_total 1"),
        ("", "{reply: {status: 404}}", "rq_success 1, rq_total 1"),
        ("", "{reply: {status: 503}}", "rq_error 1, rq_total 1"),
        ("", "{reset: true}", "rq_error 1, rq_total 1"),
        // No connection takes the request.
        (
            "",
            "{reset: remote_connection_failure}",
            "cx_connect_fail 1, rq_error 1",
        ),
        (
            ", timeout: 1s",
            "{timeout: true}",
            "rq_error 1, rq_timeout 1, rq_total 1",
        ),
        (
            ", retry_policy: {retry_on: 5xx, num_retries: 2, per_try_timeout: 1s}",
            "{timeout: true}",
            "rq_error 3, rq_timeout 3, rq_total 3",
        ),
        (
            ", retry_policy: {retry_on: 5xx, num_retries: 2}",
            "{reply: {status: 500}}",
            "rq_error 3, rq_total 3",
        ),
    ] {
        let rules = format!("upstreams: {{web: [{rules}]}}");
        let report = play(&route(fields), &rules, "  - request: {}");
        assert_eq!(counted(&report), expected, "{fields} {rules}");
    }
}

#[test]
fn a_grpc_request_went_well_when_its_trailers_say_so() {
    let reply = |more: &str| {
        format!("{{reply: {{status: 200, headers: {{content-type: application/grpc}}, {more}}}}}")
    };
    for (more, expected) in [
        ("body: a, trailers: {grpc-status: '0'}", "rq_success 1"),
        ("body: a, trailers: {grpc-status: '5'}", "rq_success 1"),
        ("body: a, trailers: {grpc-status: '14'}", "rq_error 1"),
        ("body: a", "rq_error 1"),
    ] {
        let rules = format!("upstreams: {{web: [{}]}}", reply(more));
        let request = "  - request: {method: POST, headers: {content-type: application/grpc}}";
        let report = play(&route(""), &rules, request);
        assert_eq!(
            counted(&report),
            format!("{expected}, rq_total 1"),
            "{more}"
        );
    }
}

#[test]
fn hosts_take_turns_and_each_has_its_own_counters() {
    let requests = "  - request: {}\n".repeat(3);
    let envoy = format!("{}\n{TWO}", route(""));
    let report = play(
        &envoy,
        "upstreams: {web: [{reply: {status: 200}}]}",
        &requests,
    );
    let all: u64 = report.hosts.values().map(total).sum();
    assert_eq!(report.hosts.len(), 2, "{:?}", report.hosts);
    assert_eq!(all, 3);
    assert!(report.hosts.values().all(|host| total(host) > 0));
}

fn total(host: &BTreeMap<String, u64>) -> u64 {
    host.get("rq_total").copied().unwrap_or(0)
}
