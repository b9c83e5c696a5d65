//! Order, stopping, going on, buffers: what network filters see of the bytes.

use super::super::{logs, outcomes, word};
use super::{ECHO, TCP_PROXY, callbacks, connection, ended, guest, of, play, play_chain};
use crate::lab_run::story;
use proxy_wasm_tour::model::trace::Kind;

const ALL: [(&str, &str); 4] = [
    ("on_new_connection", ""),
    ("on_downstream_data", "body 2"),
    ("on_upstream_data", "body 3"),
    ("on_downstream_connection_close", ""),
];

#[test]
fn read_filters_run_in_order_and_write_filters_in_reverse() {
    let (a, b) = (guest(&ALL), guest(&ALL));
    let report = play_chain(
        &[("a", &a), ("b", &b)],
        ECHO,
        "",
        "  - tcp: {send: [abc], close: true}",
    );
    assert_eq!(
        callbacks(&report),
        [
            "a on_new_connection",
            "b on_new_connection",
            "a on_downstream_data 3 false",
            "b on_downstream_data 3 false",
            "b on_upstream_data 3 false",
            "a on_upstream_data 3 false",
            "a on_downstream_data 0 true",
            "b on_downstream_data 0 true",
            "b on_upstream_data 0 true",
            "a on_upstream_data 0 true",
            "a on_downstream_connection_close remote",
            "b on_downstream_connection_close remote",
        ],
        "{}",
        story(&report)
    );
    assert_eq!(ended(&report), r#"Closed by Client "abc" "abc""#);
}

#[test]
fn each_chunk_is_a_read_of_its_own_and_the_half_close_is_one_of_no_bytes() {
    let report = play(&ALL, TCP_PROXY, "  - tcp: {send: [abc, de], close: true}");
    assert_eq!(
        of(&report, "on_downstream_data"),
        ["3 false", "2 false", "0 true"]
    );
    assert_eq!(
        of(&report, "on_upstream_data"),
        ["3 false", "2 false", "0 true"]
    );
}

#[test]
fn what_a_filter_stops_stays_in_the_buffer_and_the_next_read_brings_all_of_it() {
    let report = play(
        &[("on_downstream_data", "body 2; unless_end 1")],
        TCP_PROXY,
        "  - tcp: {send: [abc, def], close: true}",
    );
    assert_eq!(
        of(&report, "on_downstream_data"),
        ["3 false", "6 false", "6 true"]
    );
    assert_eq!(
        outcomes(&report, "proxy_get_buffer_bytes")[2],
        r#"Ok {"bytes":"abcdef"}"#
    );
    let upstream = &connection(&report).upstream[0];
    assert_eq!(&upstream.received[..], b"abcdef");
    assert_eq!(report.peak_buffer, 6);
}

/// One buffer serves the whole chain, so filters before the one that stops see bytes again.
#[test]
fn a_filter_before_the_one_that_stops_sees_the_bytes_again() {
    let (a, b) = (
        guest(&[("on_downstream_data", "")]),
        guest(&[("on_downstream_data", "unless_end 1")]),
    );
    let report = play_chain(
        &[("a", &a), ("b", &b)],
        TCP_PROXY,
        "",
        "  - tcp: {send: [abc, def], close: true}",
    );
    assert_eq!(
        callbacks(&report),
        [
            "a on_downstream_data 3 false",
            "b on_downstream_data 3 false",
            "a on_downstream_data 6 false",
            "b on_downstream_data 6 false",
            "a on_downstream_data 6 true",
            "b on_downstream_data 6 true",
        ]
    );
}

#[test]
fn bytes_that_are_never_let_go_stall_the_connection() {
    let report = play(
        &[("on_downstream_data", "return 1")],
        TCP_PROXY,
        "  - tcp: {send: [abc], close: true}",
    );
    assert_eq!(ended(&report), r#"Stalled "abc" """#);
    let stalled = report.events.iter().find(|e| e.name == "stalled").unwrap();
    assert_eq!(word(stalled, "held_by"), "f");
}

#[test]
fn stop_iteration_on_a_new_connection_keeps_the_next_filter_from_hearing_of_it() {
    let (a, b) = (
        guest(&[
            ("on_new_connection", "return 1"),
            ("on_downstream_data", ""),
        ]),
        guest(&[("on_new_connection", ""), ("on_downstream_data", "")]),
    );
    let report = play_chain(&[("a", &a), ("b", &b)], ECHO, "", "  - tcp: {send: [abc]}");
    // The first bytes bring the news: the next filter is told when it gets some.
    assert_eq!(
        callbacks(&report),
        [
            "a on_new_connection",
            "a on_downstream_data 3 false",
            "b on_new_connection",
            "b on_downstream_data 3 false",
        ]
    );
    assert_eq!(ended(&report), r#"Open "abc" "abc""#);
}

/// `tcp_proxy` turns reading off until it is connected, and it connects when it hears of the
/// connection: a filter that stops there waits for bytes that nobody reads.
#[test]
fn before_a_tcp_proxy_a_stopped_new_connection_gets_no_bytes() {
    let report = play(
        &[
            ("on_new_connection", "return 1"),
            ("on_downstream_data", ""),
        ],
        TCP_PROXY,
        "  - tcp: {send: [abc]}",
    );
    assert_eq!(callbacks(&report), ["f on_new_connection"]);
    assert_eq!(ended(&report), r#"Stalled "" """#);
    assert!(connection(&report).upstream.is_empty());
}

#[test]
fn a_stopped_new_connection_goes_on_by_continue() {
    let report = play(
        &[
            ("on_configure", "tick 10"),
            ("on_new_connection", "return 1"),
            ("on_tick", "effective 2; continue 2; tick 0"),
            ("on_downstream_data", ""),
        ],
        TCP_PROXY,
        "  - tcp: {send: [abc]}",
    );
    assert_eq!(of(&report, "on_downstream_data"), ["3 false"]);
    assert_eq!(ended(&report), r#"Open "abc" "abc""#);
}

const CALL: &str = "call auth 1000 :method=GET :path=/ :authority=auth";
const AUTH: &str = "upstreams: {auth: [{reply: {status: 200, delay: 20ms}}]}";

/// A guest that stops one way and goes on once its callout is answered, before `echo`.
fn via_callout(callback: &str, stream: u32) -> proxy_wasm_tour::model::report::ScenarioReport {
    let stop = format!("{CALL}; return 1");
    let go_on = format!("effective 2; continue {stream}");
    let f = guest(&[(callback, &stop), ("on_http_call_response", &go_on)]);
    play_chain(
        &[("f", &f)],
        &format!("{TCP_PROXY}\n  clusters: [{{name: web}}, {{name: auth}}]"),
        AUTH,
        "  - tcp: {send: [abc]}",
    )
}

#[test]
fn continue_from_a_callout_sends_what_was_stopped_on() {
    let report = via_callout("on_downstream_data", 2);
    assert_eq!(outcomes(&report, "proxy_continue_stream"), ["Ok"]);
    // The filter itself is not called again.
    assert_eq!(of(&report, "on_downstream_data"), ["3 false"]);
    assert_eq!(ended(&report), r#"Open "abc" "abc""#);
}

#[test]
fn the_upstream_direction_cannot_be_continued() {
    let report = via_callout("on_upstream_data", 3);
    assert_eq!(
        outcomes(&report, "proxy_continue_stream"),
        ["Unimplemented"]
    );
    assert_eq!(ended(&report), r#"Stalled "abc" """#);
}

#[test]
fn a_stopped_write_goes_with_the_next_one() {
    let report = play(
        &[("on_upstream_data", "body 3; unless_end 1")],
        TCP_PROXY,
        "  - tcp: {send: [abc, def], close: true}",
    );
    assert_eq!(
        of(&report, "on_upstream_data"),
        ["3 false", "6 false", "6 true"]
    );
    assert_eq!(ended(&report), r#"Closed by Proxy "abcdef" "abcdef""#);
}

#[test]
fn continue_in_the_callback_that_stops_lets_the_bytes_go() {
    let report = play(
        &[("on_downstream_data", "continue 2; return 1")],
        TCP_PROXY,
        "  - tcp: {send: [abc]}",
    );
    assert_eq!(ended(&report), r#"Open "abc" "abc""#);
}

#[test]
fn buffers_are_read_and_written_in_both_directions() {
    let report = play(
        &[
            ("on_downstream_data", "put 2 0 100 down; put 2 100 0 !"),
            ("on_upstream_data", "put 3 0 0 up:"),
        ],
        TCP_PROXY,
        "  - tcp: {send: [abc]}",
    );
    assert_eq!(ended(&report), r#"Open "abc" "up:down!""#);
    let upstream = &connection(&report).upstream[0];
    assert_eq!(&upstream.received[..], b"down!");
    assert_eq!(&upstream.sent[..], b"down!");
}

#[test]
fn a_filter_that_takes_all_bytes_leaves_none_for_the_next() {
    let (a, b) = (
        guest(&[("on_downstream_data", "put 2 0 100 -; put 2 0 100")]),
        guest(&[("on_downstream_data", "log b")]),
    );
    let report = play_chain(&[("a", &a), ("b", &b)], ECHO, "", "  - tcp: {send: [abc]}");
    assert!(logs(&report).is_empty(), "{}", story(&report));
    assert_eq!(ended(&report), r#"Open "abc" """#);
}

/// Envoy keeps its pointer to the buffer until a callback answers Continue.
#[test]
fn a_buffer_is_visible_in_its_callback_and_while_it_is_stopped() {
    let report = play(
        &[
            ("on_configure", "tick 10"),
            ("on_new_connection", "body 2; put 2 0 0 x; body 3"),
            ("on_downstream_data", "body 2; body 3; unless_end 1"),
            (
                "on_tick",
                "tick 0; effective 2; body 2; put 2 0 0 >; continue 2",
            ),
            ("on_downstream_connection_close", "body 2"),
        ],
        TCP_PROXY,
        "  - tcp: {send: [abc]}\n    connection: c\n  - advance: 10ms\n  - tcp: {close: true}\n    connection: c",
    );
    let read = outcomes(&report, "proxy_get_buffer_bytes");
    let of_worker: Vec<_> = read.iter().map(String::as_str).collect();
    assert_eq!(
        of_worker,
        [
            r#"Ok {"bytes":""}"#,
            r#"Ok {"bytes":""}"#,
            r#"Ok {"bytes":"abc"}"#,
            r#"Ok {"bytes":""}"#,
            // The main thread's root has no connection.
            r#"Ok {"bytes":""}"#,
            r#"Ok {"bytes":"abc"}"#,
            r#"Ok {"bytes":""}"#,
            r#"Ok {"bytes":""}"#,
            r#"Ok {"bytes":""}"#,
        ],
        "{}",
        story(&report)
    );
    assert_eq!(
        outcomes(&report, "proxy_set_buffer_bytes"),
        ["BadArgument", "BadArgument", "Ok"]
    );
    assert_eq!(&connection(&report).upstream[0].received[..], b">abc");
}

#[test]
fn at_the_buffer_limit_the_client_is_not_read_until_the_bytes_go_on() {
    let limited = format!("{TCP_PROXY}\n  listener: {{per_connection_buffer_limit_bytes: 4}}");
    let script = [
        ("on_configure", "tick 10"),
        ("on_downstream_data", "unless_end 1"),
        ("on_tick", "effective 2; continue 2"),
    ];
    let report = play(
        &script,
        &limited,
        "  - tcp: {send: [abcdef, gh], close: true}",
    );
    // The second chunk is read when a tick has let the first go on.
    assert_eq!(
        of(&report, "on_downstream_data"),
        ["6 false", "2 false", "2 true"],
        "{}",
        story(&report)
    );
    let paused = report.events.iter().find(|e| e.name == "read_disabled");
    assert_eq!(word(paused.unwrap(), "held"), "6");
    assert_eq!(&connection(&report).received[..], b"abcdefgh");
}

#[test]
fn a_connection_stays_on_its_worker_and_others_go_round() {
    let report = play_chain(
        &[("f", &guest(&[("on_downstream_data", "")]))],
        ECHO,
        "concurrency: 3",
        "  - tcp: {send: [a]}\n    connection: c\n  - tcp: {send: [b]}\n  - tcp: {send: [c]}\n    worker: 0\n  - tcp: {send: [d]}\n    connection: c",
    );
    let workers: Vec<u32> = report.connections.iter().map(|c| c.worker).collect();
    assert_eq!(workers, [0, 1, 0]);
    assert_eq!(&report.connections[0].sent[..], b"ad");
    let of_first = report.events.iter().filter(|e| {
        e.kind == Kind::Client && e.name == "client_sends" && word(e, "connection") == "0"
    });
    assert!(of_first.clone().all(|e| e.thread == 1));
    assert_eq!(of_first.count(), 2);
}

#[test]
fn items_with_a_time_of_their_own_begin_at_it() {
    let report = play(
        &[("on_downstream_data", "")],
        ECHO,
        "  - tcp: {send: [b]}\n    connection: c\n    at: 20ms\n  - tcp: {send: [a]}\n    connection: c\n    at: 5ms",
    );
    let times: Vec<u64> = report
        .events
        .iter()
        .filter(|e| e.name == "client_sends")
        .map(|e| e.t_ns)
        .collect();
    assert_eq!(times, [5_000_000, 20_000_000]);
    assert_eq!(ended(&report), r#"Open "ab" "ab""#);
}

#[test]
fn an_item_is_over_once_its_answer_has_come() {
    let report = play_chain(
        &[],
        TCP_PROXY,
        "upstreams: {web: [{tcp: {send: ok, delay: 30ms}}]}",
        "  - tcp: {send: [a]}\n    connection: c\n  - tcp: {send: [b]}\n    connection: c",
    );
    let times: Vec<u64> = report
        .events
        .iter()
        .filter(|e| e.name == "client_sends")
        .map(|e| e.t_ns)
        .collect();
    assert_eq!(times, [0, 30_000_000], "{}", story(&report));
    assert!(!report.events.iter().any(|e| e.name == "stalled"));
}

#[test]
fn properties_of_a_connection_are_readable_and_state_is_shared_by_its_filters() {
    let (a, b) = (
        guest(&[(
            "on_new_connection",
            "prop source.address; prop destination.port; prop connection.id; prop upstream.address; prop request.path; prop source; setprop who ann",
        )]),
        guest(&[(
            "on_downstream_data",
            "prop who; prop upstream.address; prop xds.cluster_name; prop plugin_name",
        )]),
    );
    let report = play_chain(
        &[("a", &a), ("b", &b)],
        TCP_PROXY,
        "",
        "  - tcp: {send: [abc]}",
    );
    let read = outcomes(&report, "proxy_get_property");
    assert_eq!(
        read,
        [
            r#"Ok {"bytes":"127.0.0.1:49153"}"#,
            r#"Ok {"int":10000}"#,
            r#"Ok {"int":1}"#,
            "NotFound",
            "NotFound",
            "SerializationFailure",
            r#"Ok {"bytes":"ann"}"#,
            r#"Ok {"bytes":"127.0.0.1:8080"}"#,
            r#"Ok {"bytes":"web"}"#,
            r#"Ok {"bytes":"b"}"#,
        ]
    );
}

#[test]
fn a_run_of_tcp_is_the_same_each_time() {
    let run = || {
        let f = guest(&[
            ("on_downstream_data", "unless_end 1"),
            ("on_upstream_data", "body 3"),
        ]);
        play_chain(
            &[("f", &f)],
            TCP_PROXY,
            "concurrency: 2\nschedule: seeded\nseed: 7",
            "  - tcp: {send: [a, b], close: true}\n    at: 0ms\n  - tcp: {send: [c, d], close: true}\n    at: 0ms",
        )
    };
    let first = run();
    assert_eq!(first, run());
    assert_eq!(first.connections.len(), 2);
}
