//! `tcp_proxy`, and what a scripted upstream does with bytes.

use super::{ECHO, TCP_PROXY, connection, ended, play_chain};
use crate::lab_run::story;
use crate::proxy::{guest, logs};
use proxy_wasm_tour::model::report::{Closer, ConnectionOutcome, ScenarioReport};

fn with(rules: &str, traffic: &str) -> ScenarioReport {
    let rest = format!("upstreams: {{web: [{rules}]}}");
    play_chain(&[], TCP_PROXY, &rest, &format!("  - tcp: {{{traffic}}}"))
}

#[test]
fn an_upstream_without_rules_echoes_and_closes_after_the_client() {
    let report = with("", "send: [abc, def], close: true");
    assert_eq!(ended(&report), r#"Closed by Proxy "abcdef" "abcdef""#);
    assert_eq!(
        connection(&report).upstream[0].outcome,
        ConnectionOutcome::Closed
    );
}

#[test]
fn the_first_rule_that_matches_a_chunk_answers_it() {
    let rules = "{match: {data: ping}, tcp: {send: pong}}, {match: {data: {contains: i}}, tcp: {send: [a, b]}}";
    let report = with(rules, "send: [ping, hi, xyz]");
    assert_eq!(ended(&report), r#"Open "pinghixyz" "pongabxyz""#);
}

#[test]
fn an_upstream_may_speak_first() {
    let report = with("{match: {connect: true}, tcp: {send: hello}}", "send: []");
    assert_eq!(ended(&report), r#"Open "" "hello""#, "{}", story(&report));
}

#[test]
fn answers_come_one_after_the_other_with_their_delays() {
    let report = with(
        "{match: {data: a}, tcp: {send: A, delay: 20ms}}, {match: {data: b}, tcp: {send: B, delay: 5ms}}",
        "send: [a, b]",
    );
    let times: Vec<u64> = report
        .events
        .iter()
        .filter(|e| e.name == "client_receives")
        .map(|e| e.t_ns)
        .collect();
    assert_eq!(times, [20_000_000, 25_000_000]);
    assert_eq!(&connection(&report).received[..], b"AB");
}

#[test]
fn a_reset_of_the_upstream_closes_the_client_s_connection() {
    let report = with("{match: {data: die}, reset: true}", "send: [hi, die]");
    assert_eq!(
        ended(&report),
        r#"Closed by Proxy "hidie" "hi" upstream_reset"#
    );
    assert_eq!(
        connection(&report).upstream[0].outcome,
        ConnectionOutcome::Reset
    );
    assert_eq!(of_host(&report), "cx_active 0, cx_total 1");
}

/// What the only host has counted.
fn of_host(report: &ScenarioReport) -> String {
    let counted = report.hosts.values().flatten();
    let said: Vec<String> = counted
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    said.join(", ")
}

#[test]
fn a_refused_connection_closes_the_client_s_with_the_flag_uf() {
    let report = with("{match: {connect: true}, reset: true}", "send: [abc]");
    assert_eq!(
        ended(&report),
        r#"Closed by Proxy "" "" upstream_connect_failed"#
    );
    assert_eq!(connection(&report).flags, "UF");
    assert_eq!(report.stats["cluster.web.upstream_cx_connect_fail"], 1);
    assert_eq!(
        of_host(&report),
        "cx_active 0, cx_connect_fail 1, cx_total 1"
    );
}

#[test]
fn an_upstream_that_says_nothing_leaves_the_client_waiting() {
    let report = with("{timeout: true}", "send: [abc]");
    assert_eq!(ended(&report), r#"Open "abc" """#);
}

#[test]
fn a_cluster_that_is_not_there_closes_every_connection() {
    let end = format!("{TCP_PROXY}\n  clusters: [{{name: other}}]");
    let report = play_chain(&[], &end, "", "  - tcp: {send: [abc]}");
    assert_eq!(ended(&report), r#"Closed by Proxy "" "" cluster_not_found"#);
    assert_eq!(connection(&report).flags, "NC");
    assert_eq!(report.stats["tcp.t.downstream_cx_no_route"], 1);
}

#[test]
fn a_cluster_without_hosts_closes_every_connection() {
    let end = format!("{TCP_PROXY}\n  clusters: [{{name: web, load_assignment: {{}}}}]");
    let report = play_chain(&[], &end, "", "  - tcp: {send: [abc]}");
    assert_eq!(
        ended(&report),
        r#"Closed by Proxy "" "" no_healthy_upstream"#
    );
    assert_eq!(connection(&report).flags, "UH");
    assert_eq!(report.stats["cluster.web.upstream_cx_none_healthy"], 1);
}

#[test]
fn tcp_proxy_counts_connections_and_bytes() {
    let report = with("{tcp: {send: ok}}", "send: [abcde], close: true");
    for (stat, value) in [
        ("tcp.t.downstream_cx_total", 1),
        ("tcp.t.downstream_cx_rx_bytes_total", 5),
        ("tcp.t.downstream_cx_tx_bytes_total", 2),
        ("cluster.web.upstream_cx_total", 1),
        ("cluster.web.upstream_cx_tx_bytes_total", 5),
        ("cluster.web.upstream_cx_rx_bytes_total", 2),
    ] {
        assert_eq!(report.stats.get(stat), Some(&value), "{stat}");
    }
}

#[test]
fn echo_writes_back_what_it_reads_and_has_no_upstream() {
    let report = play_chain(&[], ECHO, "", "  - tcp: {send: [abc, {base64: /w==}]}");
    assert!(connection(&report).upstream.is_empty());
    assert_eq!(&connection(&report).received[..], b"abc\xff");
}

/// Rows: what it says, whether the client half-closes; what the client receives.
#[test]
fn direct_response_says_its_text_and_closes() {
    for (response, traffic, expected) in [
        (
            "response: {inline_string: \"bye\\n\"}",
            "{send: [abc]}",
            "bye\n",
        ),
        (
            "response: {inline_string: bye}",
            "{send: [abc, def], close: true}",
            "bye",
        ),
        ("response: {inline_string: bye}", "{send: []}", "bye"),
        ("", "{send: [abc]}", ""),
    ] {
        let comma = if response.is_empty() { "" } else { ", " };
        let end = format!(
            "  - {{name: d, typed_config: {{\"@type\": type.googleapis.com/envoy.extensions.filters.network.direct_response.v3.Config{comma}{response}}}}}"
        );
        let f = guest(&[
            ("on_upstream_data", "log written"),
            ("on_downstream_connection_close", "log closed"),
        ]);
        let report = play_chain(&[("f", &f)], &end, "", &format!("  - tcp: {traffic}"));
        let connection = connection(&report);
        assert_eq!(
            connection.received.0,
            expected.as_bytes(),
            "{response} {traffic}"
        );
        assert_eq!(
            connection.closed_by,
            Some(Closer::Proxy),
            "{response} {traffic}"
        );
        let logged = match expected {
            "" => vec!["closed"],
            _ => vec!["written", "closed"],
        };
        assert_eq!(logs(&report), logged, "{response} {traffic}");
    }
}
