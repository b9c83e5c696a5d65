//! Who closes, what filters hear of it, and in which order.

use super::super::{logs, outcomes};
use super::{ECHO, TCP_PROXY, callbacks, connection, ended, guest, of, play, play_chain};
use crate::lab_run::story;

const LAST: [(&str, &str); 6] = [
    ("on_upstream_data", ""),
    ("on_upstream_connection_close", ""),
    ("on_downstream_connection_close", ""),
    ("on_done", ""),
    ("on_log", ""),
    ("on_delete", ""),
];

/// Unlike an HTTP stream, whose `on_log` comes first.
#[test]
fn a_connection_ends_with_close_done_log_delete() {
    let report = play(&LAST, TCP_PROXY, "  - tcp: {send: [abc], close: true}");
    assert_eq!(
        callbacks(&report)[1..],
        [
            "f on_upstream_data 0 true",
            "f on_upstream_connection_close unknown",
            "f on_downstream_connection_close local",
            "f on_done",
            "f on_log",
            "f on_delete",
        ],
        "{}",
        story(&report)
    );
}

#[test]
fn each_filter_ends_whole_before_the_next_one() {
    let (a, b) = (guest(&LAST[2..]), guest(&LAST[2..]));
    let report = play_chain(&[("a", &a), ("b", &b)], ECHO, "", "  - tcp: {close: true}");
    let filters: Vec<_> = callbacks(&report)
        .iter()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(filters, ["a", "a", "a", "a", "b", "b", "b", "b"]);
}

#[test]
fn a_client_that_tears_the_connection_is_a_remote_close_without_an_end() {
    for traffic in [
        "  - tcp: {send: [abc], reset: true}",
        "  - tcp: {send: [abc]}\n    cancel: 20ms",
    ] {
        let report = play(&[("on_downstream_data", ""), LAST[2]], TCP_PROXY, traffic);
        assert_eq!(
            callbacks(&report),
            [
                "f on_downstream_data 3 false",
                "f on_downstream_connection_close remote",
            ],
            "{traffic}"
        );
        assert!(
            ended(&report).starts_with(r#"Reset by Client "abc""#),
            "{}",
            ended(&report)
        );
    }
}

#[test]
fn a_filter_closes_the_connection_after_its_callback() {
    let report = play(
        &[
            ("on_downstream_data", "close 2; log still here"),
            LAST[2],
            ("on_log", "log gone"),
        ],
        TCP_PROXY,
        "  - tcp: {send: [abc, def]}",
    );
    assert_eq!(
        callbacks(&report),
        [
            "f on_downstream_data 3 false",
            "f on_downstream_connection_close local",
            "f on_log",
        ]
    );
    assert_eq!(logs(&report), ["still here", "gone"]);
    // Nothing of it reached the upstream.
    assert!(connection(&report).upstream[0].received.is_empty());
    assert_eq!(
        ended(&report),
        r#"Closed by Proxy "abc" "" wasm_downstream_close"#
    );
}

/// There is one connection to close: the client's.
#[test]
fn closing_the_upstream_closes_the_client_s_connection_too() {
    let report = play(
        &[("on_upstream_data", "close 3"), LAST[2]],
        TCP_PROXY,
        "  - tcp: {send: [abc]}",
    );
    assert_eq!(outcomes(&report, "proxy_close_stream"), ["Ok"]);
    assert_eq!(of(&report, "on_downstream_connection_close"), ["local"]);
    assert_eq!(
        ended(&report),
        r#"Closed by Proxy "abc" "" wasm_upstream_close"#
    );
}

#[test]
fn what_was_written_before_the_close_arrives() {
    let report = play(
        &[
            ("on_upstream_data", "unless_end 0"),
            ("on_downstream_data", "body 2"),
        ],
        ECHO,
        "  - tcp: {send: [abc, def], close: true}",
    );
    assert_eq!(ended(&report), r#"Closed by Client "abcdef" "abcdef""#);
}

#[test]
fn a_close_from_a_tick_ends_a_connection_that_was_stopped() {
    let report = play(
        &[
            ("on_configure", "tick 10"),
            ("on_downstream_data", "return 1"),
            ("on_tick", "effective 2; close 2"),
        ],
        TCP_PROXY,
        "  - tcp: {send: [abc], close: true}",
    );
    assert_eq!(
        ended(&report),
        r#"Closed by Proxy "abc" "" wasm_downstream_close"#
    );
}

/// The upstream has said all, and heard the client's end: its connection is over, and with it the
/// client's. What a write filter still holds is lost.
#[test]
fn bytes_that_a_write_filter_holds_are_lost_when_the_upstream_is_done() {
    let report = play(
        &[("on_upstream_data", "return 1")],
        TCP_PROXY,
        "  - tcp: {send: [abc], close: true}",
    );
    assert_eq!(of(&report, "on_upstream_data"), ["3 false", "3 true"]);
    assert_eq!(ended(&report), r#"Closed by Proxy "abc" """#);
}

#[test]
fn an_upstream_that_closes_first_half_closes_the_client_s_connection() {
    let upstream = "upstreams: {web: [{tcp: {send: bye, close: true}}]}";
    let f = guest(&LAST[..3]);
    let half = play_chain(&[("f", &f)], TCP_PROXY, upstream, "  - tcp: {send: [abc]}");
    assert_eq!(ended(&half), r#"HalfClosed "abc" "bye""#);
    let whole = play_chain(
        &[("f", &f)],
        TCP_PROXY,
        upstream,
        "  - tcp: {send: [abc]}\n    connection: c\n  - tcp: {close: true}\n    connection: c",
    );
    // The client's end is read last: a remote close.
    assert_eq!(
        callbacks(&whole),
        [
            "f on_upstream_data 3 false",
            "f on_upstream_data 0 true",
            "f on_upstream_connection_close unknown",
            "f on_downstream_connection_close remote",
        ],
        "{}",
        story(&whole)
    );
}

#[test]
fn nothing_is_sent_over_a_connection_that_the_proxy_has_closed() {
    let report = play(
        &[("on_downstream_data", "close 2")],
        ECHO,
        "  - tcp: {send: [abc]}\n    connection: c\n  - tcp: {send: [def]}\n    connection: c",
    );
    assert_eq!(report.connections.len(), 1);
    assert_eq!(&connection(&report).sent[..], b"abc");
    assert!(report.events.iter().any(|e| e.name == "not_sent"));
}
