//! Failure policies and capability restriction of network filters.

use super::super::logs;
use super::{ECHO, TCP_PROXY, callbacks, ended, guest, lab, of, play_chain, play_plugin};
use crate::lab_run::{run_one, story};
use proxy_wasm_tour::model::report::{Connection, ConnectionOutcome};

const TWICE: &str = "  - tcp: {send: [abc], close: true}\n  - tcp: {send: [def], close: true}";

fn words(connection: &Connection) -> String {
    format!(
        "{:?} {:?} {}",
        connection.outcome,
        String::from_utf8_lossy(&connection.received),
        connection.details
    )
}

#[test]
fn a_trap_closes_the_connection_and_every_later_one() {
    for callback in [
        "on_new_connection",
        "on_downstream_data",
        "on_upstream_data",
    ] {
        let f = guest(&[(callback, "trap"), ("on_log", "log never")]);
        let report = play_chain(&[("f", &f)], TCP_PROXY, "", TWICE);
        let all: Vec<_> = report.connections.iter().map(words).collect();
        let closed = r#"Closed "" wasm_fail_stream"#;
        assert_eq!(all, [closed, closed], "{callback}\n{}", story(&report));
        // A dead VM hears of nothing more.
        assert!(logs(&report).is_empty());
        assert_eq!(callbacks(&report).len(), 1, "{callback}");
    }
}

#[test]
fn other_filters_hear_of_the_close_after_a_trap() {
    let (a, b) = (
        guest(&[("on_downstream_connection_close", "")]),
        guest(&[("on_downstream_data", "trap")]),
    );
    let report = play_chain(&[("a", &a), ("b", &b)], ECHO, "", "  - tcp: {send: [abc]}");
    assert_eq!(of(&report, "on_downstream_connection_close"), ["local"]);
}

#[test]
fn fail_open_lets_the_connection_pass_in_which_the_trap_came() {
    for callback in [
        "on_new_connection",
        "on_downstream_data",
        "on_upstream_data",
    ] {
        let f = guest(&[(callback, "trap")]);
        let report = play_plugin(&[("f", &f)], "fail_open: true,", TCP_PROXY, "", TWICE);
        let all: Vec<_> = report.connections.iter().map(words).collect();
        assert_eq!(
            all,
            [r#"Closed "abc" "#, r#"Closed "def" "#],
            "{callback}\n{}",
            story(&report)
        );
    }
}

#[test]
fn the_open_policy_skips_the_filter_for_later_connections_only() {
    let f = guest(&[("on_downstream_data", "trap")]);
    let report = play_plugin(
        &[("f", &f)],
        "failure_policy: FAIL_OPEN,",
        TCP_PROXY,
        "",
        TWICE,
    );
    let all: Vec<_> = report.connections.iter().map(words).collect();
    assert_eq!(all, [r#"Closed "" wasm_fail_stream"#, r#"Closed "def" "#]);
}

#[test]
fn the_reload_policy_makes_the_vm_anew_for_a_later_connection() {
    let f = guest(&[("on_downstream_data", "trap")]);
    let report = play_plugin(
        &[("f", &f)],
        "failure_policy: FAIL_RELOAD,",
        TCP_PROXY,
        "",
        &format!("{TWICE}\n  - advance: 2s\n  - tcp: {{send: [ghi]}}"),
    );
    assert_eq!(
        report.stats["wasm.f.vm_reload_success"],
        1,
        "{}",
        story(&report)
    );
    assert_eq!(report.stats["wasm.f.vm_reload_backoff"], 1);
    assert!(
        report
            .connections
            .iter()
            .all(|c| c.outcome == ConnectionOutcome::Closed)
    );
}

#[test]
fn a_callback_that_is_not_allowed_is_never_called() {
    let everything = [
        ("on_new_connection", "log new"),
        ("on_downstream_data", "log data"),
        ("on_downstream_connection_close", "log close"),
        ("on_log", "log logged"),
    ];
    for (denied, line) in [
        ("proxy_on_new_connection", "new"),
        ("proxy_on_downstream_connection_close", "close"),
        ("proxy_on_log", "logged"),
    ] {
        let allowed = [
            "proxy_log",
            "proxy_on_context_create",
            "proxy_on_new_connection",
            "proxy_on_downstream_data",
            "proxy_on_downstream_connection_close",
            "proxy_on_log",
        ];
        let allowed: Vec<_> = allowed
            .iter()
            .filter(|name| **name != denied)
            .map(|name| format!("{name}: {{}}"))
            .collect();
        let plugin = format!(
            "capability_restriction_config: {{allowed_capabilities: {{{}}}}},",
            allowed.join(", ")
        );
        let report = play_plugin(
            &[("f", &guest(&everything))],
            &plugin,
            ECHO,
            "",
            "  - tcp: {send: [abc], close: true}",
        );
        let mut expected = vec!["new", "data", "data", "close", "logged"];
        expected.retain(|text| *text != line);
        assert_eq!(logs(&report), expected, "{denied}");
        assert_eq!(ended(&report), r#"Closed by Client "abc" "abc""#);
    }
}

#[test]
fn a_module_that_cannot_start_refuses_the_configuration() {
    let f = guest(&[("on_configure", "return 0")]);
    let text = lab(
        &[("f", &f)],
        "",
        ECHO,
        "scenarios: [{name: s, traffic: [{tcp: {send: [a]}}]}]",
    );
    let report = run_one(&text);
    let rejected = report.rejected.as_deref();
    assert_eq!(rejected, Some("Unable to create Wasm plugin f"));
    assert!(report.connections.is_empty());
}
