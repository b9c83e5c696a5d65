//! `httpCall`.

use super::*;

const CLUSTERS: &str = "  clusters: [{name: web}, {name: auth}, {name: empty, load_assignment: {cluster_name: empty, endpoints: []}}]\n";

/// Runs a request whose script calls `auth`, which answers by this rule.
fn calling(body: &str, rule: &str, request: &str) -> ScenarioReport {
    let rest = format!("upstreams: {{auth: [{rule}]}}");
    play_with(&on_request(body), CLUSTERS, &rest, &[request])
}

const CALL: &str = "h:httpCall('auth', {[':method'] = 'POST', [':path'] = '/check', [':authority'] = 'auth', ['x-a'] = {'1', '2'}}, 'question', 1000)";

#[test]
fn a_call_waits_and_returns_headers_and_body() {
    let body = format!(
        "local head, body = {CALL} print(head[':status'], head['x-r'], body) h:headers():add('x-ok', head['x-r'])"
    );
    let report = calling(
        &body,
        "{reply: {status: 200, headers: {x-r: yes}, body: fine, delay: 20ms}}",
        "{}",
    );
    assert_eq!(logged(&report), "200\tyes\tfine");
    assert_eq!(sent(&report, "x-ok"), "", "the callout comes first");
    let requests = &first(&report).upstream_requests;
    assert_eq!(requests.len(), 2);
    assert!(requests[0].callout);
    assert_eq!(requests[0].body.0, b"question");
    let values: Vec<_> = requests[0].headers.get_all("x-a").collect();
    assert_eq!(values, [b"1", b"2"]);
    assert_eq!(requests[0].headers.get_str("content-length"), Some("8"));
    assert_eq!(requests[1].headers.get_str("x-ok"), Some("yes"));
    assert_eq!(steps(&report)[0], "f decode_headers StopIteration");
}

#[test]
fn how_a_call_can_end() {
    let connect =
        "upstream connect error or disconnect/reset before headers. reset reason: remote reset";
    for (rule, expected) in [
        ("{reply: {status: 204}}", "204\tnil".to_owned()),
        (
            "{timeout: true}",
            "504\tupstream request timeout".to_owned(),
        ),
        (
            "{reply: {delay: 2s}}",
            "504\tupstream request timeout".to_owned(),
        ),
        ("{reset: true}", format!("503\t{connect}")),
    ] {
        let report = calling(
            &format!("local head, body = {CALL} print(head[':status'], body)"),
            rule,
            "{}",
        );
        assert_eq!(logged(&report), expected, "{rule}");
        assert_eq!(answer(&report).split(' ').next(), Some("200"), "{rule}");
    }
}

#[test]
fn a_cluster_without_hosts_answers_without_waiting() {
    let body = format!(
        "local head, body = {} print(head[':status'], body)",
        CALL.replace("'auth', {", "'empty', {")
    );
    let report = calling(&body, "{reply: {status: 200}}", "{}");
    assert_eq!(logged(&report), "503\tno healthy upstream");
    assert_eq!(steps(&report)[0], "f decode_headers Continue");
}

#[test]
fn what_a_call_needs() {
    let head = "{[':method'] = 'GET', [':path'] = '/', [':authority'] = 'a'}";
    for (args, message) in [
        (
            format!("'none', {head}, nil, 1"),
            "http call cluster invalid. Must be configured",
        ),
        (
            "'auth', {}, nil, 1".to_owned(),
            "http call headers must include ':path', ':method', and ':authority'",
        ),
        (
            format!("'auth', {head}, nil, -1"),
            "http call timeout must be >= 0",
        ),
        (
            format!("'auth', {head}, nil, 1, 'x'"),
            "http call asynchronous flag must be 'true', 'false', or empty",
        ),
        (
            format!("'auth', {head}, nil, {{x = 1}}"),
            "\"x\" is not valid key for httpCall() options",
        ),
        (
            "'auth'".to_owned(),
            "bad argument #2 to 'httpCall' (table expected, got no value)",
        ),
    ] {
        let report = calling(&format!("h:httpCall({args})"), "{reply: {}}", "{}");
        assert!(
            logged(&report).ends_with(message),
            "{args}: {}",
            logged(&report)
        );
    }
}

#[test]
fn an_asynchronous_call_returns_nothing_at_once() {
    for call in [
        CALL.replace("1000)", "1000, true)"),
        CALL.replace("1000)", "{asynchronous = true, timeout_ms = 1000})"),
    ] {
        let report = calling(&format!("print({call})"), "{reply: {delay: 5s}}", "{}");
        assert_eq!(logged(&report), "");
        assert_eq!(first(&report).upstream_requests.len(), 2);
        assert_eq!(steps(&report)[0], "f decode_headers Continue");
    }
}

#[test]
fn headers_that_come_twice_can_be_lists() {
    let rule = "{reply: {headers: {x-r: [a, b]}}}";
    let report = calling(&format!("print(({CALL})['x-r'])"), rule, "{}");
    assert_eq!(logged(&report), "b");
    let call = CALL.replace(
        "1000)",
        "{timeout_ms = 1000, return_duplicate_headers = true})",
    );
    let report = calling(
        &format!("print(table.concat(({call})['x-r'], '+'))"),
        rule,
        "{}",
    );
    assert_eq!(logged(&report), "a+b");
}

#[test]
fn a_body_waits_for_the_call() {
    let body = format!("{CALL} print(h:body():length())");
    let report = calling(
        &body,
        "{reply: {delay: 20ms}}",
        "{method: POST, body: abcdef, chunks: [2, 4]}",
    );
    assert_eq!(logged(&report), "6", "{}", story(&report));
    assert_eq!(
        steps(&report)[..3],
        [
            "f decode_headers StopIteration",
            "f decode_data StopIterationAndWatermark",
            "f decode_data StopIterationAndWatermark"
        ]
    );
    assert_eq!(first(&report).upstream_requests[1].body.0, b"abcdef");
}

#[test]
fn after_a_call_the_script_may_respond() {
    let body = format!(
        "local head = {CALL} if head[':status'] ~= '200' then h:respond({{[':status'] = '401'}}, 'who?') end"
    );
    let report = calling(&body, "{reply: {status: 403, delay: 1ms}}", "{}");
    assert_eq!(answer(&report), r#"401 "who?" - lua_response"#);
}

#[test]
fn an_error_after_a_call_lets_the_request_pass() {
    let report = calling(&format!("{CALL} error('x')"), "{reply: {delay: 1ms}}", "{}");
    assert_eq!(answer(&report).split(' ').next(), Some("200"));
    assert_eq!(counters(&report, "lua."), "lua.errors=1 lua.executions=1");
}

#[test]
fn a_response_can_call_as_well() {
    let rest = "upstreams: {auth: [{reply: {body: extra, delay: 3ms}}]}";
    let body = format!("local _, body = {CALL} h:headers():add('x-extra', body)");
    let report = play_with(&on_response(&body), CLUSTERS, rest, &["{}"]);
    assert_eq!(response(&report).headers.get_str("x-extra"), Some("extra"));
}

#[test]
fn a_client_that_leaves_gives_up_the_call() {
    let rest = "upstreams: {auth: [{reply: {delay: 5s}}]}";
    let script = on_request(&format!("{} print('never')", CALL.replace("1000", "0")));
    let filters = format!("  http_filters:\n{}{CLUSTERS}", item(&script, ""));
    let report = super::super::router::play(
        &filters,
        rest,
        "  - {request: {}, cancel: 20ms}\n  - request: {}\n",
    );
    assert_eq!(logged(&report).matches("never").count(), 1);
}
