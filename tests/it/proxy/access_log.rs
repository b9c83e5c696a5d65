//! Access logs to files and streams: Envoy's format strings, in text and in JSON.

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
        ("100%%", "100%"),
    ] {
        let request = "{method: POST, body: hi, headers: {x-a: abc}}";
        assert_eq!(text(operator, request), expected, "{operator}");
    }
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
