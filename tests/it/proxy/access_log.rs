//! Access logs to files and streams: Envoy's format strings, in text and in JSON.

use super::bootstrap::Bootstrap;
use super::router::play;
use crate::lab_run::refused;

const FILE: &str = "\"@type\": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog, path: /log";

fn log(format: &str) -> String {
    format!(
        "  access_log: [{{name: envoy.access_loggers.file, typed_config: {{{FILE}, log_format: {{{format}}}}}}}]\n"
    )
}

fn line(format: &str, request: &str) -> String {
    let report = play(&log(format), "", &format!("  - request: {request}\n"));
    report.access_log[0].clone()
}

fn text(operators: &str, request: &str) -> String {
    let format = format!("text_format_source: {{inline_string: \"{operators}\"}}");
    line(&format, request)
}

#[test]
fn operators_have_envoys_values() {
    for (operator, expected) in [
        ("%START_TIME%", "2026-01-01T00:00:00.000Z"),
        ("%START_TIME(%Y/%m/%d %H:%M:%S)%", "2026/01/01 00:00:00"),
        ("%START_TIME(%s.%3f)%", "1767225600.000"),
        (
            "%START_TIME(%FT%TZ %E3S %z)%",
            "2026-01-01T00:00:00Z 00.000 +0000",
        ),
        ("%REQ(X-A)%", "abc"),
        ("%REQ(X-A):2%", "ab"),
        ("%REQ(X-NONE?X-A)%", "abc"),
        ("%REQ(X-NONE)%", "-"),
        (
            "%REQUEST_HEADER(X-A)% %RESPONSE_HEADER(:STATUS)%",
            "abc 200",
        ),
        (
            "%RESPONSE_CODE% %RESPONSE_CODE_DETAILS%",
            "200 via_upstream",
        ),
        ("%RESPONSE_FLAGS% %RESPONSE_FLAGS_LONG%", "- -"),
        ("%PROTOCOL% %UPSTREAM_PROTOCOL%", "HTTP/1.1 HTTP/1.1"),
        ("%BYTES_RECEIVED%", "2"),
        (
            "%DURATION% %REQUEST_DURATION% %REQUEST_TX_DURATION%",
            "0 0 0",
        ),
        ("%RESPONSE_DURATION% %RESPONSE_TX_DURATION%", "0 0"),
        ("%UPSTREAM_CLUSTER% %VIRTUAL_HOST_NAME%", "web all"),
        ("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "127.0.0.1"),
        (
            "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_PORT%",
            "127.0.0.1:10000 10000",
        ),
        (
            "%ACCESS_LOG_TYPE% %REQUESTED_SERVER_NAME%",
            "DownstreamEnd -",
        ),
        (
            "%START_TIME(%F)% %EMIT_TIME% %EMIT_TIME(%T)%",
            "2026-01-01 2026-01-01T00:00:00.000Z 00:00:00",
        ),
        ("%RESP(:STATUS?X):1%", "2"),
        ("%TRAILER(X-T)%", "-"),
        ("%REQUEST_HEADERS_BYTES% %RESPONSE_TRAILERS_BYTES%", "149 0"),
        ("%CONNECTION_TERMINATION_DETAILS%", "-"),
        (
            "%UPSTREAM_HOST% %UPSTREAM_REMOTE_ADDRESS%",
            "127.0.0.1:8080 127.0.0.1:8080",
        ),
        (
            "%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %UPSTREAM_REMOTE_PORT%",
            "127.0.0.1 8080",
        ),
        (
            "%UPSTREAM_LOCAL_ADDRESS% %UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT% %UPSTREAM_LOCAL_PORT%",
            "127.0.0.1:40000 127.0.0.1 40000",
        ),
        (
            "%UPSTREAM_CLUSTER_RAW% %UPSTREAM_REQUEST_ATTEMPT_COUNT% %UPSTREAM_TRANSPORT_FAILURE_REASON%",
            "web 1 -",
        ),
        (
            "%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
            "127.0.0.1:49153 127.0.0.1:49153",
        ),
        (
            "%DOWNSTREAM_REMOTE_PORT% %DOWNSTREAM_DIRECT_REMOTE_PORT%",
            "49153 49153",
        ),
        (
            "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%",
            "127.0.0.1 127.0.0.1",
        ),
        (
            "%ROUTE_NAME% %VIRTUAL_CLUSTER_NAME% %FILTER_CHAIN_NAME% %TRACE_ID%",
            "- - - -",
        ),
        ("%HOSTNAME% %CONNECTION_ID% %STREAM_ID%", "envoy 1 me"),
        ("%ENVIRONMENT(HOME)% %LOCAL_REPLY_BODY%", "- -"),
        (
            "%QUERY_PARAM(b)% %QUERY_PARAM(b):1% %QUERY_PARAM(c)%",
            "x y x -",
        ),
        (
            "%PATH% %PATH(NQ)% %PATH(WQ:PATH)% %PATH(NQ:ORIG)%",
            "/a?b=x%20y /a /a?b=x%20y -",
        ),
        (
            "%DYNAMIC_METADATA(a:b)% %CLUSTER_METADATA(a)% %UPSTREAM_METADATA(a)%",
            "- - -",
        ),
        ("%FILTER_STATE(wasm.none:PLAIN)%", "-"),
        ("100%%", "100%"),
    ] {
        let request =
            "{method: POST, path: '/a?b=x%20y', body: hi, headers: {x-a: abc, x-request-id: me}}";
        assert_eq!(text(operator, request), expected, "{operator}");
    }
}

#[test]
fn durations_are_counted_from_the_points_that_their_names_say() {
    for (operator, expected) in [
        (
            "%DURATION% %RESPONSE_DURATION% %RESPONSE_TX_DURATION%",
            "30 30 0",
        ),
        ("%COMMON_DURATION(DS_RX_BEG:DS_TX_END:ms)%", "30"),
        ("%COMMON_DURATION(US_TX_END:US_RX_END:us)%", "30000"),
        ("%COMMON_DURATION(DS_TX_BEG:DS_RX_END:ns)%", "-30000000"),
    ] {
        let format = format!("text_format: '{operator}'");
        let upstreams = "upstreams: {web: [{reply: {delay: 30ms}}]}";
        let report = play(&log(&format), upstreams, "  - request: {}\n");
        assert_eq!(report.access_log, [expected], "{operator}");
    }
    // Nobody was asked.
    let route = "  routes: [{match: {prefix: /}, direct_response: {status: 200}}]\n";
    let format = "text_format: '%COMMON_DURATION(US_TX_BEG:US_RX_END:ms)% %UPSTREAM_LOCAL_PORT%'";
    let report = play(&(log(format) + route), "", "  - request: {}\n");
    assert_eq!(report.access_log, ["- -"]);
}

#[test]
fn metadata_is_written_as_text_or_json_and_cut() {
    let said =
        "metadata: {filter_metadata: {a: {t: text, n: 7, b: {c: true}, l: [x, 1.5], z: null}}}";
    let listener = Bootstrap {
        clusters: &format!(", {{name: other, {said}}}"),
        host: &format!(", {said}"),
        route: &format!(", {said}"),
        ..Bootstrap::default()
    }
    .text()
    .replace("route: {cluster: web}", "route: {cluster: other}");
    for (operator, text, json) in [
        ("%METADATA(ROUTE:a:t)%", "text", "\"text\""),
        ("%METADATA(VIRTUAL_HOST:a:t):2%", "te", "\"text\""),
        ("%CLUSTER_METADATA(a:n)%", "7", "7"),
        ("%METADATA(CLUSTER:a:b)%", r#"{"c":true}"#, r#"{"c":true}"#),
        ("%METADATA(CLUSTER:a:b:c)%", "true", "true"),
        ("%METADATA(CLUSTER:a:l)%", r#"["x",1.5]"#, r#"["x",1.5]"#),
        ("%METADATA(CLUSTER:a:z)%", "-", "null"),
        ("%METADATA(CLUSTER:none)%", "-", "null"),
        ("%METADATA(LISTENER:a:t)%", "-", "null"),
        ("%UPSTREAM_METADATA(a:t)%", "-", "null"),
    ] {
        for (format, expected) in [
            (format!("text_format: '{operator}'"), text.to_owned()),
            (
                format!("json_format: {{v: '{operator}'}}"),
                format!("{{\"v\":{json}}}"),
            ),
        ] {
            let log = log(&format).trim().replace("  ", "");
            let manager = format!("            {log}\n");
            let envoy = listener.clone() + &manager;
            let report = play(&envoy, "", "  - request: {}\n");
            assert_eq!(report.access_log, [expected], "{operator}");
        }
    }
}

/// Without `PLAIN` what a filter has set is the message of it, and that is bytes.
#[test]
fn filter_state_is_plain_or_the_json_of_its_message() {
    let set = super::guest(&[("on_request_headers", "setprop k hello")]);
    let format = "text_format: '%FILTER_STATE(wasm.k:PLAIN)% %FILTER_STATE(wasm.k:PLAIN):2% %FILTER_STATE(wasm.k)%'";
    let report = super::play_with(&[("f", &set)], &log(format), "", "  - request: {}\n");
    assert_eq!(
        report.access_log,
        [
            r#"hello he {"@type":"type.googleapis.com/google.protobuf.BytesValue","value":"aGVsbG8="}"#
        ]
    );
}

#[test]
fn flags_have_short_and_long_names() {
    let route = "  routes: [{match: {path: /a}, route: {cluster: web}}]\n";
    let format = "text_format: \"%RESPONSE_FLAGS% %RESPONSE_FLAGS_LONG% %ROUTE_NAME%\"";
    let report = play(&(log(format) + route), "", "  - request: {}\n");
    assert_eq!(report.access_log, ["NR NoRouteFound -"]);
}

#[test]
fn json_has_the_types_of_its_operators_and_sorted_keys() {
    for (format, expected) in [
        (
            "json_format: {status: '%RESPONSE_CODE%', cluster: '%UPSTREAM_CLUSTER%', none: '%REQ(X-NONE)%'}",
            r#"{"cluster":"web","none":null,"status":200}"#,
        ),
        (
            "json_format: {z: 'a %RESPONSE_CODE% %REQ(X-NONE)%', a: {b: [true, 1, x]}}",
            r#"{"a":{"b":[true,1,"x"]},"z":"a 200 -"}"#,
        ),
        (
            "omit_empty_values: true, json_format: {none: '%REQ(X-NONE)%', b: 'a%REQ(X-NONE)%'}",
            r#"{"b":"a"}"#,
        ),
    ] {
        assert_eq!(line(format, "{}"), expected);
    }
}

#[test]
fn omit_empty_values_leaves_nothing_where_there_is_nothing() {
    let format = "omit_empty_values: true, text_format: \"[%REQ(X-NONE)%] %RESPONSE_CODE%\"";
    assert_eq!(line(format, "{}"), "[] 200");
}

#[test]
fn formats_that_cannot_be_written_are_refused_with_their_place() {
    for (format, expected) in [
        (
            "text_format: '%RESPONSE_CODES%'",
            "Did you mean `%RESPONSE_CODE%`?",
        ),
        (
            "text_format: '%CEL(x)%'",
            "the operator `%CEL(x)%` is not simulated",
        ),
        ("text_format: '%START_TIME(%Q)%'", "`%START_TIME(%Q)%`"),
        (
            "text_format: '%METADATA(NODE:a)%'",
            "the operator `%METADATA(NODE:a)%` is not simulated",
        ),
        (
            "text_format: '%COMMON_DURATION(US_CX_BEG:DS_TX_END:ms)%'",
            "is not simulated",
        ),
        (
            "text_format: '%FILTER_STATE(a:FIELD:b)%'",
            "is not simulated",
        ),
        (
            "text_format: '%UPSTREAM_WIRE_BYTES_SENT%'",
            "the operator `%UPSTREAM_WIRE_BYTES_SENT%` is not simulated",
        ),
        (
            "text_format: '%UNIQUE_ID%'",
            "the operator `%UNIQUE_ID%` is not simulated",
        ),
        ("text_format: '100%'", "a `%` without its partner"),
        (
            "",
            "expected exactly one of text_format, text_format_source and json_format",
        ),
        (
            "text_format: a, json_format: {}",
            "expected exactly one of text_format",
        ),
        (
            "formatters: []",
            "`formatters` of a log format is not simulated",
        ),
        ("text_formt: a", "Did you mean `text_format`?"),
    ] {
        let text = format!(
            "name: t\nenvoy:\n{}scenarios: [{{name: s, traffic: [{{request: {{}}}}]}}]\n",
            log(format)
        );
        let problem = refused(&text);
        assert!(problem.contains(expected), "{format}: {problem}");
        assert!(problem.starts_with("lab.yaml:3:"), "{problem}");
    }
}
