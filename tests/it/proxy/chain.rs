//! Iteration over the chain: order, pause and resume, buffering, trailers.

use super::bootstrap::access_log;
use super::{answer, callbacks, first, guest, logs, play, play_one, play_with, response, steps};
use crate::lab_run::story;
use proxy_wasm_tour::model::report::ExchangeOutcome;

#[test]
fn decode_runs_in_order_and_encode_in_reverse() {
    let all = |name: &str| {
        guest(&[
            ("on_request_headers", &format!("log {name}>")),
            ("on_response_headers", &format!("log <{name}")),
        ])
    };
    let report = play(&[("a", &all("a")), ("b", &all("b"))], "  - request: {}");
    assert_eq!(
        logs(&report),
        ["a>", "b>", "<b", "<a"],
        "{}",
        story(&report)
    );
}

#[test]
fn a_stream_ends_with_log_then_done_then_delete_filter_by_filter() {
    let all = guest(&[("on_log", ""), ("on_done", ""), ("on_delete", "")]);
    let report = play(&[("a", &all), ("b", &all)], "  - request: {}");
    assert_eq!(
        callbacks(&report),
        ["a:log", "b:log", "a:done", "a:delete", "b:done", "b:delete"]
    );
}

#[test]
fn a_body_less_request_ends_in_its_headers() {
    let report = play_one(
        &[
            ("on_request_headers", ""),
            ("on_request_body", ""),
            ("on_request_trailers", ""),
        ],
        "  - request: {}",
    );
    assert_eq!(callbacks(&report), ["f:request_headers"]);
}

#[test]
fn return_values_of_headers_map_as_envoy_maps_them() {
    // 1 becomes StopAllIterationAndWatermark, 2 is Continue, what is unknown is 4.
    for (value, status) in [
        (0, "Continue"),
        (1, "StopAllIterationAndWatermark"),
        (2, "Continue"),
        (3, "StopAllIterationAndBuffer"),
        (4, "StopAllIterationAndWatermark"),
        (77, "StopAllIterationAndWatermark"),
    ] {
        let report = play_one(
            &[("on_request_headers", &format!("return {value}"))],
            "  - request: {}",
        );
        assert_eq!(steps(&report)[0], format!("f decode_headers {status}"));
        let outcome = first(&report).outcome;
        let stalled = status != "Continue";
        assert_eq!(outcome == ExchangeOutcome::Stalled, stalled, "{value}");
    }
}

#[test]
fn return_values_of_data_and_trailers_map_as_envoy_maps_them() {
    for (value, status) in [
        (0, "Continue"),
        (1, "StopIterationAndBuffer"),
        (2, "StopIterationAndWatermark"),
        (3, "StopIterationNoBuffer"),
        (9, "StopIterationNoBuffer"),
    ] {
        let report = play_one(
            &[("on_request_body", &format!("return {value}"))],
            "  - request: {body: x}",
        );
        assert_eq!(steps(&report)[2], format!("f decode_data {status}"));
    }
    let report = play_one(
        &[("on_request_trailers", "return 5")],
        "  - request: {body: x, trailers: {t: u}}",
    );
    assert_eq!(steps(&report)[4], "f decode_trailers StopIteration");
}

#[test]
fn stopped_headers_hold_the_body_until_continue_and_are_not_repeated() {
    // A tick continues the stream, by its effective context.
    let report = play_one(
        &[
            ("on_vm_start", "tick 10"),
            ("on_tick", "effective 2; continue 0; tick 0"),
            ("on_request_headers", "return 1"),
            ("on_request_body", ""),
        ],
        "  - request: {body: abcdef, chunks: [2, 4]}",
    );
    assert_eq!(
        callbacks(&report),
        ["f:request_headers", "f:tick", "f:tick", "f:request_body"],
        "{}",
        story(&report)
    );
    assert_eq!(
        first(&report).upstream_requests[0].body.as_str(),
        Some("abcdef")
    );
    assert_eq!(first(&report).outcome, ExchangeOutcome::Completed);
}

#[test]
fn a_filter_behind_a_stopped_one_sees_nothing_until_it_continues() {
    let a = guest(&[
        ("on_vm_start", "tick 5"),
        ("on_tick", "effective 2; continue 0"),
        ("on_request_headers", "log a; return 1"),
    ]);
    let b = guest(&[
        ("on_request_headers", "log b"),
        ("on_request_body", "log b-body"),
    ]);
    let report = play(&[("a", &a), ("b", &b)], "  - request: {body: x}");
    assert_eq!(logs(&report), ["a", "b", "b-body"]);
    assert_eq!(first(&report).outcome, ExchangeOutcome::Completed);
}

#[test]
fn paused_body_accumulates_and_goes_on_whole() {
    let f = [("on_request_body", "body 0; unless_end 1; put 0 0 100 X")];
    let report = play_one(&f, "  - request: {body: abcdef, chunks: [2, 2, 2]}");
    let seen = super::outcomes(&report, "proxy_get_buffer_bytes");
    assert_eq!(
        seen,
        [
            r#"Ok {"bytes":"ab"}"#,
            r#"Ok {"bytes":"abcd"}"#,
            r#"Ok {"bytes":"abcdef"}"#
        ]
    );
    assert_eq!(first(&report).upstream_requests[0].body.as_str(), Some("X"));
    assert_eq!(report.peak_buffer, 6);
}

#[test]
fn after_the_buffered_body_chunks_pass_one_by_one_again() {
    let f = guest(&[("on_request_body", "body 0")]);
    // The first chunk is held by a filter that continues at the second.
    let report = play(&[("f", &f)], "  - request: {body: abcd, chunks: [2, 2]}");
    let seen = super::outcomes(&report, "proxy_get_buffer_bytes");
    assert_eq!(seen, [r#"Ok {"bytes":"ab"}"#, r#"Ok {"bytes":"cd"}"#]);
}

#[test]
fn no_buffer_drops_the_chunk_and_the_end_still_arrives() {
    let f = [("on_request_body", "unless_end 3")];
    let report = play_one(&f, "  - request: {body: abcd, chunks: [2, 2]}");
    assert_eq!(
        first(&report).upstream_requests[0].body.as_str(),
        Some("cd")
    );
    assert_eq!(first(&report).outcome, ExchangeOutcome::Completed);
}

#[test]
fn trailers_made_in_the_last_body_callback_start_behind_their_maker() {
    let a = guest(&[
        ("on_request_body", "add request_trailers made yes"),
        ("on_request_trailers", "log a"),
    ]);
    let b = guest(&[
        ("on_request_body", "log b-body"),
        ("on_request_trailers", "log b-trailers"),
    ]);
    let report = play(&[("a", &a), ("b", &b)], "  - request: {body: x}");
    assert_eq!(
        logs(&report),
        ["b-body", "b-trailers"],
        "{}",
        story(&report)
    );
    let sent = &first(&report).upstream_requests[0];
    assert_eq!(sent.trailers.get_str("made"), Some("yes"));
}

#[test]
fn continuing_in_the_callback_that_pauses_is_continuing() {
    let report = play_one(
        &[("on_request_headers", "continue 0; return 1")],
        "  - request: {}",
    );
    assert_eq!(response(&report).status, 200);
}

#[test]
fn with_allow_on_headers_stop_iteration_the_body_is_delivered_and_releases_the_headers() {
    let text = super::lab(
        &[(
            "f",
            &guest(&[
                ("on_request_headers", "return 1"),
                ("on_request_body", "log body"),
            ]),
        )],
        "",
        "scenarios: [{name: s, traffic: [{request: {body: x}}]}]",
    )
    .replace(
        "vm_config:",
        "allow_on_headers_stop_iteration: true, vm_config:",
    );
    let report = crate::lab_run::run_ok(&text);
    assert_eq!(
        steps(&report.scenarios[0])[..2],
        ["f decode_headers StopIteration", "f decode_data Continue"]
    );
    assert_eq!(
        first(&report.scenarios[0]).outcome,
        ExchangeOutcome::Completed
    );
}

#[test]
fn a_request_held_over_the_limit_is_answered_413() {
    let report = play_with(
        &[(
            "f",
            &guest(&[
                ("on_request_body", "return 1"),
                ("on_response_headers", "log seen"),
            ]),
        )],
        "  listener: {per_connection_buffer_limit_bytes: 4}",
        "",
        "  - request: {body: abcdef, chunks: [3, 3]}",
    );
    assert_eq!(
        answer(&report),
        r#"413 "Payload Too Large" - request_payload_too_large"#
    );
    // The plugin that held it sees the reply.
    assert_eq!(logs(&report), ["seen"]);
}

#[test]
fn a_response_held_over_the_limit_with_its_headers_is_answered_500() {
    let report = play_with(
        &[("f", &guest(&[("on_response_headers", "return 3")]))],
        "  listener: {per_connection_buffer_limit_bytes: 4}",
        "upstreams: {web: [{reply: {body: abcdef}}]}",
        "  - request: {}",
    );
    assert_eq!(
        answer(&report),
        r#"500 "Internal Server Error" - response_payload_too_large"#
    );
}

#[test]
fn a_response_body_held_over_the_limit_after_its_headers_resets() {
    let report = play_with(
        &[("f", &guest(&[("on_response_body", "return 1")]))],
        "  listener: {per_connection_buffer_limit_bytes: 4}",
        "upstreams: {web: [{reply: {body: abcdef}}]}",
        "  - request: {}",
    );
    assert_eq!(
        first(&report).outcome,
        ExchangeOutcome::Reset,
        "{}",
        story(&report)
    );
    assert_eq!(response(&report).details, "response_payload_too_large");
}

#[test]
fn watermark_holds_more_than_the_limit_by_back_pressure() {
    let report = play_with(
        &[(
            "f",
            &guest(&[
                ("on_vm_start", "tick 5"),
                ("on_tick", "effective 2; continue 0"),
                ("on_request_headers", "return 4"),
            ]),
        )],
        "  listener: {per_connection_buffer_limit_bytes: 4}",
        "",
        "  - request: {body: abcdefghi, chunks: [3, 3, 3]}",
    );
    assert_eq!(response(&report).status, 200, "{}", story(&report));
    assert_eq!(
        first(&report).upstream_requests[0].body.as_str(),
        Some("abcdefghi")
    );
    // The third chunk was not read before the first two had gone on.
    assert_eq!(report.peak_buffer, 6);
}

#[test]
fn required_headers_may_not_be_removed() {
    for (callback, map, name, expected) in [
        (
            "on_request_headers",
            "request",
            ":path",
            "400 \"\" - filter_removed_required_request_headers{:path}",
        ),
        (
            "on_request_headers",
            "request",
            ":method",
            "400 \"\" - filter_removed_required_request_headers{:method}",
        ),
        (
            "on_request_headers",
            "request",
            ":authority",
            "400 \"\" - filter_removed_required_request_headers{:authority}",
        ),
        (
            "on_response_headers",
            "response",
            ":status",
            "502 \"\" - filter_removed_required_response_headers{:status}",
        ),
    ] {
        let report = play_one(
            &[(callback, &format!("del {map} {name}"))],
            "  - request: {}",
        );
        assert_eq!(answer(&report), expected);
    }
}

#[test]
fn a_request_whose_filter_never_continues_stalls() {
    let report = play_one(
        &[("on_request_headers", "return 1")],
        "  - request: {}\n  - advance: 1s\n  - request: {}",
    );
    assert_eq!(report.exchanges.len(), 2);
    assert!(
        report
            .exchanges
            .iter()
            .all(|e| e.outcome == ExchangeOutcome::Stalled && e.response.is_none())
    );
}

#[test]
fn the_stream_idle_timeout_ends_a_request_that_never_went_on() {
    let report = play_one(
        &[("on_request_headers", "return 1")],
        "  - request: {}\n  - advance: 301s",
    );
    assert_eq!(
        answer(&report),
        r#"504 "stream timeout" SI stream_idle_timeout"#
    );
}

#[test]
fn a_wrong_content_length_leaves_the_client_waiting() {
    let f = |text: &str| [("on_response_body".to_owned(), format!("put 1 0 100 {text}"))];
    let play = |text: &str| {
        let f = f(text);
        play_with(
            &[("f", &guest(&[(&f[0].0, &f[0].1)]))],
            "",
            "upstreams: {web: [{reply: {body: abcd}}]}",
            "  - request: {}",
        )
    };
    let shorter = play("x");
    assert_eq!(first(&shorter).outcome, ExchangeOutcome::Stalled);
    let longer = play("abcdefgh");
    assert_eq!(response(&longer).body.as_str(), Some("abcd"));
    assert_eq!(first(&longer).outcome, ExchangeOutcome::Completed);
}

#[test]
fn a_client_that_goes_away_ends_the_stream() {
    let report = play_with(
        &[(
            "f",
            &guest(&[("on_log", "log logged"), ("on_delete", "log deleted")]),
        )],
        &format!(
            "  {}",
            access_log("%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%")
        ),
        "upstreams: {web: [{reply: {delay: 1s}}]}",
        "  - request: {}\n    cancel: 20ms",
    );
    assert_eq!(first(&report).outcome, ExchangeOutcome::Reset);
    assert_eq!(report.access_log, ["0 DC downstream_remote_disconnect"]);
    // The roots are deleted later.
    assert_eq!(logs(&report)[..2], ["logged", "deleted"]);
}
