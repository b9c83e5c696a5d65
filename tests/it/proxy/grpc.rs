//! gRPC callouts: what Envoy's client makes of the upstream's frames, call by call and stream by stream.

use super::{first, guest, logs, outcomes, play_with, response, word};
use crate::lab_run::story;
use proxy_wasm_tour::model::report::ScenarioReport;
use proxy_wasm_tour::model::trace::{Event, Kind};

/// Every gRPC callback reads what it can.
const LISTEN: [(&str, &str); 4] = [
    (
        "on_grpc_receive_initial_metadata",
        "log initial; pairs grpc_initial",
    ),
    ("on_grpc_receive", "log receive; body 5"),
    (
        "on_grpc_receive_trailing_metadata",
        "log trailing; pairs grpc_trailing",
    ),
    ("on_grpc_close", "log close; status"),
];

/// One guest that begins with `begin` in its request headers, and a cluster `svc` with these rules.
fn play(begin: &str, more: &[(&str, &str)], rules: &str) -> ScenarioReport {
    let mut callbacks = vec![("on_request_headers", begin)];
    for (name, script) in LISTEN {
        let own = more.iter().find(|(own, _)| *own == name);
        callbacks.push((name, own.map_or(script, |(_, script)| script)));
    }
    callbacks.extend(
        more.iter()
            .filter(|(own, _)| LISTEN.iter().all(|(name, _)| name != own)),
    );
    play_with(
        &[("f", &guest(&callbacks))],
        "  clusters: [{name: web}, {name: svc}, {name: echo1}, {name: none, load_assignment: {endpoints: []}}]",
        &format!("upstreams: {{svc: [{rules}]}}"),
        "  - request: {}\n  - advance: 10s",
    )
}

/// What the plugin heard, in order: the callback and what came with it.
fn heard(report: &ScenarioReport) -> Vec<String> {
    let callbacks = report
        .events
        .iter()
        .filter(|event| event.kind == Kind::Callback && event.name.starts_with("proxy_on_grpc"));
    callbacks
        .map(|event| {
            let name = event.name.trim_start_matches("proxy_on_grpc_");
            let last = event.args.last().map(|arg| arg.name.clone()).unwrap();
            format!("{name} {}", word(event, &last))
        })
        .collect()
}

fn event<'a>(report: &'a ScenarioReport, name: &str) -> &'a Event {
    let found = report.events.iter().find(|event| event.name == name);
    found.unwrap_or_else(|| panic!("no {name}:\n{}", story(report)))
}

fn reason(report: &ScenarioReport, name: &str) -> String {
    let outcome = event(report, name).result.as_ref().unwrap();
    format!("{}: {}", outcome.status, outcome.reason)
}

#[test]
fn a_call_is_answered_by_receive_alone_and_its_message_is_readable_there_only() {
    let report = play(
        "grpc svc 1000 ping; body 5; return 1",
        &[("on_grpc_receive", "body 5; effective 2; body 5; continue 0")],
        "{grpc: {message: pong, delay: 20ms}}",
    );
    assert_eq!(heard(&report), ["receive 4"], "{}", story(&report));
    assert_eq!(
        outcomes(&report, "proxy_get_buffer_bytes"),
        [
            r#"Ok {"bytes":""}"#,
            r#"Ok {"bytes":"pong"}"#,
            r#"Ok {"bytes":"pong"}"#
        ]
    );
    assert_eq!(outcomes(&report, "proxy_grpc_call"), [r#"Ok {"int":5}"#]);
    assert_eq!(response(&report).status, 200);
}

#[test]
fn the_cluster_sees_a_framed_message_and_the_headers_of_envoys_grpc_client() {
    let report = play(
        "grpc svc 1500 ping X-Token=abc key-bin=a/b content-type=+proto",
        &[],
        "{grpc: {message: pong}}",
    );
    let request = &first(&report).upstream_requests[0];
    assert!(request.callout && request.cluster == "svc");
    let headers: Vec<String> = request
        .headers
        .iter()
        .map(|(n, v)| format!("{}: {}", n.escape_ascii(), v.escape_ascii()))
        .collect();
    assert_eq!(
        headers,
        [
            ":method: POST",
            ":path: /test.Echo/Say",
            ":authority: svc",
            ":scheme: http",
            "te: trailers",
            "grpc-timeout: 1500m",
            "content-type: application/grpc,+proto",
            "x-token: abc",
            "key-bin: YS9i",
            "x-envoy-internal: true",
            "x-envoy-expected-rq-timeout-ms: 1500",
        ]
    );
    assert_eq!(&request.body[..], b"\0\0\0\0\x04ping");
    let answer = request.response.as_ref().unwrap();
    assert_eq!(&answer.body[..], b"\0\0\0\0\x04pong");
    assert_eq!(answer.trailers.get_str("grpc-status"), Some("0"));
}

#[test]
fn a_call_that_fails_is_closed_with_the_status_and_get_status_tells_its_message() {
    let report = play(
        "grpc svc 1000 ping",
        &[],
        "{grpc: {status: 5, status_message: no such user}}",
    );
    assert_eq!(heard(&report), ["close 5"], "{}", story(&report));
    let status = event(&report, "proxy_get_status");
    let value = format!("{:?}", status.result.as_ref().unwrap().value);
    assert!(
        value.contains('5') && value.contains("no such user"),
        "{value}"
    );
}

#[test]
fn the_message_of_a_close_is_gone_after_its_callback_and_the_code_stays() {
    let report = play(
        "grpc svc 1000 ping",
        &[("on_grpc_close", "tick 100"), ("on_tick", "status; tick 0")],
        "{grpc: {status: 5, status_message: no such user}}",
    );
    let status = event(&report, "proxy_get_status");
    let value = format!("{:?}", status.result.as_ref().unwrap().value);
    assert!(value.contains('5') && !value.contains("user"), "{value}");
}

/// What an upstream sends, and how a call of 100 ms hears of it.
#[test]
fn what_envoys_client_makes_of_an_upstreams_answer_to_a_call() {
    let cases = [
        ("grpc: {message: a}", "receive 1"),
        ("grpc: {}", "receive 0"),
        ("grpc: {messages: [a, bcd]}", "receive 3"),
        // OK without a message is INTERNAL.
        ("grpc: {messages: []}", "close 13"),
        ("grpc: {message: a, status: 9}", "close 9"),
        ("grpc: {status: 16}", "close 16"),
        // The client's router answers by trailers only, UNAVAILABLE.
        ("reset: true", "close 14"),
        ("timeout: true", "close 14"),
        ("grpc: {message: a, delay: 1s}", "close 14"),
        // After headers it gives up: INTERNAL.
        ("grpc: {message: a, reset: true}", "close 13"),
        ("grpc: {messages: [], timeout: true}", "close 13"),
        ("grpc: {messages: [{message: a, delay: 200ms}]}", "close 13"),
        // HTTP that is no gRPC.
        ("reply: {status: 400}", "close 13"),
        ("reply: {status: 401}", "close 16"),
        ("reply: {status: 403}", "close 7"),
        ("reply: {status: 404}", "close 12"),
        ("reply: {status: 429}", "close 14"),
        ("reply: {status: 502}", "close 14"),
        ("reply: {status: 503, body: gone}", "close 14"),
        ("reply: {status: 504}", "close 14"),
        ("reply: {status: 500}", "close 2"),
        // With the end in its headers, grpc-status counts before the HTTP status.
        ("reply: {status: 500, headers: {grpc-status: 8}}", "close 8"),
        (
            "reply: {status: 500, headers: {grpc-status: 8}, body: x}",
            "close 2",
        ),
        // 200 and no status, or one that is none.
        ("reply: {status: 200}", "close 2"),
        ("reply: {headers: {grpc-status: many}}", "close 4294967295"),
        ("reply: {trailers: {x: y}}", "close 2"),
        // A body that is no gRPC frame.
        ("reply: {body: '{}'}", "close 13"),
        ("", "close 13"),
    ];
    for (rule, expected) in cases {
        let report = play("grpc svc 100 ping", &[], &format!("{{{rule}}}"));
        assert_eq!(heard(&report), [expected], "{rule}\n{}", story(&report));
    }
}

#[test]
fn a_call_without_a_timeout_waits_for_ever() {
    let report = play("grpc svc 0 ping", &[], "{timeout: true}");
    assert!(heard(&report).is_empty());
    let headers = &first(&report).upstream_requests[0].headers;
    assert_eq!(headers.get_str("grpc-timeout"), Some("0m"));
}

#[test]
fn a_name_that_no_cluster_has_is_a_parse_failure() {
    let report = play("grpc nowhere 10 x; gstream nowhere", &[], "{grpc: {}}");
    assert_eq!(outcomes(&report, "proxy_grpc_call"), ["ParseFailure"]);
    assert_eq!(outcomes(&report, "proxy_grpc_stream"), ["ParseFailure"]);
    assert!(reason(&report, "proxy_grpc_call").contains("`nowhere`"));
    assert!(heard(&report).is_empty());
    assert_eq!(first(&report).upstream_requests.len(), 1);
}

#[test]
fn a_serialized_grpc_service_names_the_cluster_and_the_authority() {
    // envoy_grpc {cluster_name: "svc", authority: "echo"}
    let report = play(
        "grpc hex:0a0b0a0373766312046563686f 10 x",
        &[],
        "{grpc: {}}",
    );
    assert_eq!(heard(&report), ["receive 0"], "{}", story(&report));
    let headers = &first(&report).upstream_requests[0].headers;
    assert_eq!(headers.get_str(":authority"), Some("echo"));
}

#[test]
fn a_message_longer_than_the_service_takes_is_resource_exhausted() {
    // envoy_grpc {cluster_name: "svc", max_receive_message_length {value: 3}}
    let service = "hex:0a090a0373766322020803";
    for (message, expected) in [("abc", "receive 3"), ("abcd", "close 8")] {
        let rule = format!("{{grpc: {{message: {message}}}}}");
        let report = play(&format!("grpc {service} 10 x"), &[], &rule);
        assert_eq!(heard(&report), [expected], "{}", story(&report));
    }
}

#[test]
fn a_grpc_service_without_a_target_is_a_bad_argument_and_google_grpc_is_not_simulated() {
    // This cluster's name happens to be a message of one unknown field.
    let report = play("grpc echo1 10 x; gstream hex:1200", &[], "{grpc: {}}");
    assert!(reason(&report, "proxy_grpc_call").contains("cluster's name"));
    assert_eq!(outcomes(&report, "proxy_grpc_call"), ["BadArgument"]);
    assert_eq!(outcomes(&report, "proxy_grpc_stream"), ["Unimplemented"]);
    assert!(reason(&report, "proxy_grpc_stream").contains("google_grpc"));
}

/// The host call fails, and the close comes nevertheless, for a token that the plugin never got.
#[test]
fn what_cannot_be_sent_is_an_internal_failure_and_closed_after_the_callback() {
    // envoy_grpc {cluster_name: "no"}: a message is not checked against the clusters.
    for service in ["none", "hex:0a040a026e6f"] {
        for (begin, call) in [
            (format!("grpc {service} 10 x; log after"), "proxy_grpc_call"),
            (format!("gstream {service}; log after"), "proxy_grpc_stream"),
        ] {
            let report = play(&begin, &[], "{grpc: {}}");
            assert_eq!(outcomes(&report, call), ["InternalFailure"]);
            assert_eq!(logs(&report), ["after", "close"], "{}", story(&report));
            assert_eq!(heard(&report), ["close 14"]);
            assert_eq!(response(&report).status, 200);
        }
    }
}

#[test]
fn a_stream_hears_metadata_messages_trailers_and_the_close_in_order() {
    let report = play(
        "gstream svc x-a=b; gsend 6 0 one; gsend 6 1 two",
        &[],
        "{grpc: {metadata: {x-m: n}, messages: [{message: first, delay: 10ms}, second], status: 3, status_message: so, trailers: {x-t: u}}}",
    );
    assert_eq!(
        heard(&report),
        [
            "receive_initial_metadata 3",
            "receive 5",
            "receive 6",
            "receive_trailing_metadata 3",
            "close 3"
        ],
        "{}",
        story(&report)
    );
    let maps = outcomes(&report, "proxy_get_header_map_pairs");
    assert!(maps[0].contains(r#""x-m""#), "{maps:?}");
    assert!(maps[1].contains(r#""x-t""#), "{maps:?}");
    assert_eq!(outcomes(&report, "proxy_grpc_stream"), [r#"Ok {"int":6}"#]);
    let request = &first(&report).upstream_requests[0];
    assert_eq!(&request.body[..], b"\0\0\0\0\x03one\0\0\0\0\x03two");
    assert_eq!(request.headers.get_str("grpc-timeout"), None);
}

#[test]
fn an_answer_of_trailers_only_has_empty_initial_metadata_and_its_headers_trailing() {
    let report = play("gstream svc", &[], "{grpc: {status: 7}}");
    assert_eq!(
        heard(&report),
        [
            "receive_initial_metadata 0",
            "receive_trailing_metadata 3",
            "close 7"
        ],
        "{}",
        story(&report)
    );
}

#[test]
fn a_stream_that_is_reset_hears_empty_trailers_and_a_close() {
    for (rule, closes) in [
        ("{reset: true}", "receive_trailing_metadata 4, close 14"),
        (
            "{grpc: {messages: [], reset: true}}",
            "receive_trailing_metadata 0, close 13",
        ),
        (
            "{reply: {status: 503}}",
            "receive_trailing_metadata 0, close 14",
        ),
    ] {
        let report = play("gstream svc", &[], rule);
        assert_eq!(heard(&report)[1..].join(", "), closes, "{}", story(&report));
    }
}

/// GrpcStreamCloseLocal: we close first, the upstream goes on and closes too.
#[test]
fn a_stream_closed_here_still_receives_until_the_upstream_closes() {
    let report = play(
        "gstream svc; gclose 6; gsend 6 0 late",
        &[
            ("on_grpc_close", "gclose 6; log close"),
            ("on_tick", "gclose 6"),
        ],
        "{grpc: {messages: [{message: a, delay: 10ms}]}}",
    );
    assert_eq!(logs(&report), ["initial", "receive", "trailing", "close"]);
    assert_eq!(outcomes(&report, "proxy_grpc_close"), ["Ok", "Ok"]);
    // What is sent after the close is lost.
    assert_eq!(outcomes(&report, "proxy_grpc_send"), ["Ok"]);
    assert!(first(&report).upstream_requests[0].body.is_empty());
}

/// GrpcStreamCloseRemote: the upstream closes first, the token lives until we close.
#[test]
fn a_stream_that_the_upstream_has_closed_is_forgotten_once_it_is_closed_here() {
    let report = play(
        "gstream svc",
        &[
            ("on_grpc_close", "tick 100"),
            (
                "on_tick",
                "gsend 6 0 lost; gclose 6; gclose 6; gsend 6 0 x; tick 0",
            ),
        ],
        "{grpc: {messages: []}}",
    );
    assert_eq!(
        outcomes(&report, "proxy_grpc_close"),
        ["Ok", "NotFound"],
        "{}",
        story(&report)
    );
    assert_eq!(outcomes(&report, "proxy_grpc_send"), ["Ok", "NotFound"]);
}

#[test]
fn after_a_cancel_nothing_more_is_heard_and_the_token_is_forgotten() {
    let rule = "{grpc: {messages: [{message: a, delay: 10ms}]}}";
    let report = play(
        "gstream svc",
        &[(
            "on_grpc_receive_initial_metadata",
            "gcancel 6; gcancel 6; gclose 6",
        )],
        rule,
    );
    assert_eq!(heard(&report), ["receive_initial_metadata 2"]);
    assert_eq!(outcomes(&report, "proxy_grpc_cancel"), ["Ok", "NotFound"]);
    assert_eq!(outcomes(&report, "proxy_grpc_close"), ["NotFound"]);
    assert_eq!(event(&report, "grpc_reset").kind, Kind::Upstream);
    for end in ["gcancel 5", "gclose 5"] {
        let report = play(&format!("grpc svc 100 x; {end}; {end}"), &[], rule);
        assert!(heard(&report).is_empty(), "{end}");
    }
}

#[test]
fn the_last_two_bits_of_a_token_are_looked_at_before_the_token() {
    let report = play(
        "gsend 65280 0 x; gsend 65281 0 x; gsend 65282 0 x; gcancel 65280; gcancel 65281; gcancel 65282; gclose 65283",
        &[],
        "{grpc: {}}",
    );
    assert_eq!(
        outcomes(&report, "proxy_grpc_send"),
        ["BadArgument", "BadArgument", "NotFound"]
    );
    assert_eq!(
        outcomes(&report, "proxy_grpc_cancel"),
        ["BadArgument", "NotFound", "NotFound"]
    );
    assert_eq!(outcomes(&report, "proxy_grpc_close"), ["BadArgument"]);
}

#[test]
fn tokens_of_calls_and_streams_count_apart() {
    let report = play(
        "grpc svc 10 x; grpc svc 10 x; gstream svc; gstream svc; call svc 10 :method=GET :path=/ :authority=svc",
        &[],
        "{grpc: {}}",
    );
    let tokens = ["proxy_grpc_call", "proxy_grpc_stream", "proxy_http_call"]
        .map(|name| outcomes(&report, name).join(" "));
    assert_eq!(
        tokens,
        [
            r#"Ok {"int":5} Ok {"int":9}"#,
            r#"Ok {"int":6} Ok {"int":10}"#,
            r#"Ok {"int":4}"#
        ]
    );
}

/// The host calls and callbacks are those of later versions; a missing key is an empty value.
#[test]
fn abi_0_1_0_has_grpc_too() {
    let text = guest(&[
        ("on_request_headers", "gstream svc"),
        ("on_grpc_receive_initial_metadata", "get grpc_initial none"),
        ("on_grpc_close", "log close"),
    ])
    .replace("proxy_abi_version_0_2_1", "proxy_abi_version_0_1_0")
    .replacen("(param i32 i32 i32 )", "(param i32 i32 )", 1);
    let report = play_with(
        &[("f", &text)],
        "  clusters: [{name: web}, {name: svc}]",
        "upstreams: {svc: [{grpc: {}}]}",
        "  - request: {}\n  - advance: 1s",
    );
    assert_eq!(logs(&report), ["close"], "{}", story(&report));
    assert_eq!(
        outcomes(&report, "proxy_get_header_map_value"),
        [r#"Ok {"bytes":""}"#]
    );
}

#[test]
fn a_plugin_that_calls_out_in_a_loop_ends_in_time() {
    let report = play(
        &"grpc none 10 x; gsend 6 0 x; ".repeat(3000),
        &[("on_grpc_close", "grpc none 10 x; grpc none 10 x")],
        "{grpc: {}}",
    );
    let calls = outcomes(&report, "proxy_grpc_call");
    assert!(calls.len() > 10_000, "{}", calls.len());
    assert_eq!(heard(&report).len(), 10_000);
}

#[test]
fn a_call_outlives_its_stream_and_ends_on_the_root() {
    let report = play(
        "grpc svc 1000 x",
        &[
            ("on_log", "log gone"),
            ("on_grpc_receive", "log receive; effective 2"),
        ],
        "{grpc: {message: a, delay: 20ms}}",
    );
    assert_eq!(logs(&report), ["gone", "receive"], "{}", story(&report));
    assert_eq!(
        outcomes(&report, "proxy_set_effective_context"),
        ["BadArgument"]
    );
}

#[test]
fn a_dead_vm_hears_nothing_of_its_callouts() {
    let report = play("gstream svc; trap", &[], "{grpc: {delay: 10ms}}");
    assert!(heard(&report).is_empty());
    assert_eq!(event(&report, "grpc_close").kind, Kind::Upstream);
}

#[test]
fn a_stream_that_sends_to_an_echo_is_answered_when_it_is_whole() {
    // An echo is JSON, not gRPC: the client gives up.
    let report = play(
        "gstream svc",
        &[("on_response_headers", "log response; gsend 6 1 x")],
        "{}",
    );
    assert_eq!(
        logs(&report),
        ["response", "initial", "trailing", "close"],
        "{}",
        story(&report)
    );
    assert_eq!(heard(&report)[2], "close 13");
}

#[test]
fn requests_of_a_root_are_in_the_report_too() {
    let report = play_with(
        &[(
            "f",
            &guest(&[
                ("on_tick", "grpc svc 10 x; tick 0"),
                ("on_configure", "tick 10"),
            ]),
        )],
        "  clusters: [{name: web}, {name: svc}]",
        "",
        "  - advance: 1s",
    );
    // The main thread and the worker.
    assert_eq!(report.upstream_requests.len(), 2, "{}", story(&report));
    assert!(report.upstream_requests.iter().all(|r| r.callout));
}
