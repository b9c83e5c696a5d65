//! Local replies: by which way they reach the client, and who sees them; failing VMs.

use super::{answer, callbacks, first, guest, logs, play, play_one, play_with, response, statuses};
use crate::lab_run::story;
use proxy_wasm_tour::model::report::ExchangeOutcome;

#[test]
fn a_reply_from_the_request_goes_through_all_encoders_the_sender_included() {
    let a = guest(&[
        ("on_request_headers", "log a>"),
        ("on_response_headers", "log <a"),
    ]);
    let b = guest(&[
        ("on_request_headers", "reply 403 no x-why=because; return 0"),
        ("on_request_body", "log never"),
        ("on_response_headers", "log <b"),
        ("on_response_body", "log body"),
    ]);
    // The request never comes to c: it sees nothing of the response, but logs.
    let c = guest(&[
        ("on_request_headers", "log never"),
        ("on_response_headers", "log never"),
        ("on_log", "log c-log"),
    ]);
    let report = play(&[("a", &a), ("b", &b), ("c", &c)], "  - request: {body: x}");
    assert_eq!(
        logs(&report),
        ["a>", "<b", "<a", "body", "c-log"],
        "{}",
        story(&report)
    );
    assert_eq!(answer(&report), r#"403 "no" - my_details"#);
    let headers = &response(&report).headers;
    assert_eq!(headers.get_str("x-why"), Some("because"));
    assert_eq!(headers.get_str("content-type"), Some("text/plain"));
    assert_eq!(headers.get_str("content-length"), Some("2"));
    assert!(first(&report).upstream_requests.is_empty());
}

#[test]
fn a_reply_in_response_headers_goes_straight_to_the_codec() {
    let a = guest(&[("on_response_headers", "log never")]);
    let b = guest(&[
        ("on_response_headers", "reply 500 oops"),
        ("on_response_body", "log never"),
    ]);
    let report = play(&[("a", &a), ("b", &b)], "  - request: {}");
    assert!(logs(&report).is_empty(), "{}", story(&report));
    assert_eq!(answer(&report), r#"500 "oops" - my_details"#);
}

#[test]
fn a_reply_after_the_headers_are_out_resets_the_stream() {
    let report = play_one(&[("on_response_body", "reply 500 oops")], "  - request: {}");
    assert_eq!(first(&report).outcome, ExchangeOutcome::Reset);
    assert_eq!(response(&report).status, 200);
}

#[test]
fn a_second_reply_in_one_s_own_reply_replaces_it() {
    let f = [
        ("on_request_headers", "reply 403 first"),
        ("on_response_headers", "reply 418 second"),
    ];
    let report = play_one(&f, "  - request: {}");
    assert_eq!(answer(&report), r#"418 "second" - my_details"#);
    assert_eq!(report.exchanges.len(), 1);
}

#[test]
fn two_replies_in_one_callback_make_one_response() {
    let report = play_one(
        &[("on_request_headers", "reply 403 a; reply 404 b")],
        "  - request: {}",
    );
    assert_eq!(response(&report).status, 404, "{}", story(&report));
}

#[test]
fn an_empty_reply_has_no_content_headers() {
    let report = play_one(
        &[("on_request_headers", "reply 204 - content-type=x/y")],
        "  - request: {}",
    );
    let headers = &response(&report).headers;
    assert!(headers.get("content-type").is_none() && headers.get("content-length").is_none());
}

#[test]
fn a_reply_to_head_has_no_body() {
    let report = play_one(
        &[("on_request_headers", "reply 403 no")],
        "  - request: {method: HEAD}",
    );
    assert_eq!(
        response(&report).headers.get_str("content-length"),
        Some("2")
    );
    assert!(response(&report).body.is_empty());
}

#[test]
fn a_reply_to_grpc_is_trailers_only() {
    for (code, status) in [
        (400, "13"),
        (401, "16"),
        (403, "7"),
        (404, "12"),
        (429, "14"),
        (503, "14"),
        (418, "2"),
    ] {
        let f = [("on_request_headers", format!("reply {code} no%way"))];
        let report = play_one(
            &[(f[0].0, &f[0].1)],
            "  - request: {method: POST, headers: {content-type: application/grpc}}",
        );
        let headers = &response(&report).headers;
        assert_eq!(response(&report).status, 200);
        assert_eq!(headers.get_str("grpc-status"), Some(status));
        assert_eq!(headers.get_str("grpc-message"), Some("no%25way"));
        assert_eq!(headers.get_str("content-type"), Some("application/grpc"));
    }
}

#[test]
fn a_closed_stream_is_reset() {
    for (callback, which) in [("on_request_headers", 0), ("on_response_headers", 1)] {
        let report = play_one(
            &[(callback, &format!("close {which}; return 1"))],
            "  - request: {}",
        );
        assert_eq!(
            first(&report).outcome,
            ExchangeOutcome::Reset,
            "{}",
            story(&report)
        );
    }
}

#[test]
fn a_trap_gives_one_503_and_the_vm_stays_dead() {
    for callback in [
        "on_request_headers",
        "on_request_body",
        "on_request_trailers",
    ] {
        let report = play_one(
            &[
                (callback, "trap"),
                ("on_response_headers", "log never"),
                ("on_log", "log never"),
            ],
            "  - request: {body: x, trailers: {a: b}}\n  - request: {}",
        );
        assert_eq!(
            answer(&report),
            r#"503 "" - wasm_fail_stream"#,
            "{callback}"
        );
        assert_eq!(report.exchanges[1].response.as_ref().unwrap().status, 503);
        assert!(logs(&report).is_empty(), "{}", story(&report));
        let lines: Vec<_> = report
            .logs
            .iter()
            .filter(|l| l.message.starts_with("Function: proxy_"))
            .collect();
        assert_eq!(lines.len(), 1, "{}", story(&report));
    }
}

#[test]
fn a_trap_in_the_response_after_its_headers_resets() {
    let headers = play_one(&[("on_response_headers", "trap")], "  - request: {}");
    assert_eq!(answer(&headers), r#"503 "" - wasm_fail_stream"#);
    let body = play_one(&[("on_response_body", "trap")], "  - request: {}");
    assert_eq!(first(&body).outcome, ExchangeOutcome::Reset);
}

#[test]
fn fail_open_differs_between_the_old_flag_and_the_policy() {
    let f = guest(&[("on_request_headers", "trap")]);
    for (policy, first_status) in [
        ("fail_open: true", 200),
        ("failure_policy: FAIL_OPEN", 503),
        ("failure_policy: FAIL_CLOSED", 503),
    ] {
        let text = super::lab(
            &[("f", &f)],
            "",
            "scenarios: [{name: s, traffic: [{request: {}}, {request: {}}]}]",
        )
        .replace("vm_config:", &format!("{policy}, vm_config:"));
        let report = crate::lab_run::run_one(&text);
        let second = if policy.contains("CLOSED") { 503 } else { 200 };
        assert_eq!(statuses(&report), [first_status, second], "{policy}");
    }
}

#[test]
fn a_vm_start_or_configure_that_returns_false_rejects_the_configuration() {
    for (callback, line) in [
        ("on_vm_start", "Failed to start base Wasm"),
        ("on_configure", "Failed to configure base Wasm plugin"),
    ] {
        let report = play_one(&[(callback, "return 0")], "  - request: {}");
        assert_eq!(
            report.rejected.as_deref(),
            Some("Unable to create Wasm plugin f")
        );
        assert!(
            report.logs.iter().any(|l| l.message == line),
            "{}",
            story(&report)
        );
        assert!(report.exchanges.is_empty() && !report.ok);
    }
}

#[test]
fn a_canary_tries_the_configuration_before_every_thread_starts_the_plugin() {
    let report = play_with(
        &[(
            "f",
            &guest(&[
                ("on_vm_start", "log start"),
                ("on_configure", "log configure"),
            ]),
        )],
        "",
        "concurrency: 3",
        "  - request: {}",
    );
    // Canary, main and three workers.
    assert_eq!(
        logs(&report).iter().filter(|l| **l == "configure").count(),
        5
    );
    assert_eq!(report.vms.len(), 4);
    assert_eq!(report.stats["wasm.envoy.wasm.runtime.v8.active"], 5);
    assert_eq!(report.stats["wasm.envoy.wasm.runtime.v8.created"], 6);
    assert!(callbacks(&report).is_empty());
}

#[test]
fn plugins_with_the_same_id_configuration_and_code_share_a_vm() {
    let f = guest(&[("on_vm_start", "log start")]);
    let text = super::lab(
        &[("a", &f), ("b", &f)],
        "",
        "scenarios: [{name: s, traffic: [{request: {}}]}]",
    )
    .replace("vm_id: a", "vm_id: x")
    .replace("vm_id: b", "vm_id: x");
    let report = crate::lab_run::run_ok(&text);
    let scenario = &report.scenarios[0];
    assert_eq!(scenario.vms.len(), 2, "{}", story(scenario));
    assert_eq!(scenario.vms[0].plugins, ["a", "b"]);
    // on_vm_start comes once for each root context: two canaries, and both plugins on two threads.
    assert_eq!(logs(scenario).len(), 6);
}

#[test]
fn a_plugin_on_the_dead_vm_that_the_request_never_reached_stays_out_of_the_503() {
    let f = guest(&[("on_request_headers", "trap")]);
    let text = super::lab(
        &[("a", &f), ("b", &f)],
        "",
        "scenarios: [{name: s, traffic: [{request: {}}]}]",
    )
    .replace("vm_id: b", "vm_id: a");
    let scenario = &crate::lab_run::run_one(&text);
    assert_eq!(answer(scenario), r#"503 "" - wasm_fail_stream"#);
    let replies = scenario.events.iter().filter(|e| e.name == "local_reply");
    assert_eq!(replies.count(), 1, "{}", story(scenario));
}
