//! Entry points, states, errors: the model of Envoy's lua filter.

use super::*;

#[test]
fn a_script_runs_for_the_request_and_for_the_response() {
    let script = on_request("h:headers():add('x-lua', 'request')")
        + &on_response("h:headers():add('x-lua', 'response')");
    let report = play(&script, "{}");
    assert_eq!(sent(&report, "x-lua"), "request");
    let header = response(&report).headers.get_str("x-lua");
    assert_eq!(header, Some("response"));
    assert_eq!(
        counters(&report, "lua."),
        "lua.executions=2",
        "{}",
        story(&report)
    );
}

#[test]
fn either_entry_point_may_be_missing_and_envoy_says_so() {
    let report = play(&on_response("h:logInfo('hi')"), "{}");
    assert_eq!(logged(&report), "hi");
    assert_eq!(counters(&report, "lua."), "lua.executions=1");
    let line = "envoy_on_request() function not found. Lua filter will not hook requests.";
    assert!(
        report
            .logs
            .iter()
            .any(|l| l.message == line && l.level == "info")
    );
}

#[test]
fn globals_live_as_long_as_their_worker_and_are_its_own() {
    let script = "n = 0\n".to_owned() + &on_request("n = n + 1 h:headers():add('x-n', n)");
    let filters = format!("  http_filters:\n{}", item(&script, ""));
    let traffic = "  - {request: {}, worker: 0}\n  - {request: {}, worker: 1}\n  - {request: {}, worker: 0}\n";
    let report = super::super::router::play(&filters, "concurrency: 2", traffic);
    let seen: Vec<_> = report
        .exchanges
        .iter()
        .map(|exchange| {
            exchange.upstream_requests[0]
                .headers
                .get_str("x-n")
                .unwrap_or("")
                .to_owned()
        })
        .collect();
    assert_eq!(seen, ["1", "1", "2"]);
}

#[test]
fn each_script_has_a_state_of_its_own() {
    let script = on_request("shared = (shared or 0) + 1 h:headers():add('x-n', shared)");
    let filters = format!(
        "  http_filters:\n{}{}",
        item(&script, ""),
        item(&script, "").replace("name: f", "name: g")
    );
    let report = super::super::router::play(&filters, "", "  - request: {}\n");
    assert_eq!(sent(&report, "x-n"), "1|1");
}

#[test]
fn an_error_is_logged_and_counted_and_the_request_passes() {
    let rows = [
        ("error('boom')", "boom"),
        (
            "local x = nil\nx.y = 1",
            "attempt to index local 'x' (a nil value)",
        ),
        (
            "h:nothing()",
            "attempt to call method 'nothing' (a nil value)",
        ),
        (
            "h:headers():add('a')",
            "bad argument #2 to 'add' (string expected, got no value)",
        ),
    ];
    for (body, message) in rows {
        let report = play(&on_request(body), "{}");
        assert_eq!(answer(&report).split(' ').next(), Some("200"), "{body}");
        let line = logged(&report);
        assert!(
            line.starts_with("[string \"function envoy_on_request(h)...\"]:"),
            "{line}"
        );
        assert!(line.ends_with(message), "{line}");
        assert_eq!(report.logs.last().map(|l| l.level.as_str()), Some("error"));
        assert_eq!(counters(&report, "lua."), "lua.errors=1 lua.executions=1");
    }
}

#[test]
fn the_response_is_hooked_after_an_error_in_the_request() {
    let script = on_request("error('x')") + &on_response("h:headers():add('x-after', '1')");
    let report = play(&script, "{}");
    assert_eq!(response(&report).headers.get_str("x-after"), Some("1"));
}

#[test]
fn stats_have_the_prefix_that_is_set() {
    let filters = format!(
        "  http_filters:\n{}",
        item(&on_request("error('x')"), "      stat_prefix: mine\n")
    );
    let report = super::super::router::play(&filters, "", "  - request: {}\n");
    assert_eq!(
        counters(&report, "lua."),
        "lua.mine.errors=1 lua.mine.executions=1"
    );
}

#[test]
fn a_yield_of_the_scripts_own_is_an_error() {
    assert_eq!(
        says("coroutine.yield()"),
        "script performed an unexpected yield"
    );
    assert_eq!(
        says("local f = coroutine.wrap(function() coroutine.yield(1) end) h:logInfo(f())"),
        "1"
    );
}

#[test]
fn request_headers_cannot_be_changed_once_they_went_on() {
    let script = on_request("for chunk in h:bodyChunks() do h:headers():add('x', '1') end");
    let report = play(&script, "{method: POST, body: abc}");
    assert!(logged(&report).ends_with("header map can no longer be modified"));
    assert_eq!(sent(&report, "x"), "");
}

#[test]
fn a_change_of_the_request_clears_its_route_unless_that_is_off() {
    let routes = "  routes: [{match: {prefix: /, headers: [{name: x-to, string_match: {exact: b}}]}, route: {cluster: b}}, {match: {prefix: /}, route: {cluster: web}}]\n  clusters: [{name: web}, {name: b}]\n";
    let script = on_request("h:headers():add('x-to', 'b')");
    let cluster = |more: &str| {
        let filters = format!("  http_filters:\n{}{routes}", item(&script, more));
        let report = super::super::router::play(&filters, "", "  - request: {}\n");
        first(&report).upstream_requests[0].cluster.clone()
    };
    assert_eq!(cluster(""), "b");
    assert_eq!(cluster("      clear_route_cache: false\n"), "web");
}

#[test]
fn an_object_of_another_stream_is_out_of_scope() {
    let script = on_request("if kept then kept:headers() end kept = h");
    let report = play_with(&script, "", "", &["{}", "{}"]);
    assert!(logged(&report).ends_with("object used outside of proper scope"));
}

#[test]
fn each_call_is_in_the_trace_with_arguments_and_result() {
    let report = play(
        &on_request("h:headers():get('x-a') pcall(h.respond, h, 1)"),
        "{headers: {x-a: b}}",
    );
    assert_eq!(
        calls(&report),
        [
            "handle:headers Ok",
            "headers:get Ok",
            "handle:respond error"
        ]
    );
    let get = report
        .events
        .iter()
        .find(|e| e.name == "headers:get")
        .expect("a call");
    assert_eq!(super::super::word(get, "key"), "x-a");
    let value = get.result.as_ref().and_then(|r| r.value.clone());
    assert_eq!(value, Some(b"b"[..].into()));
    let callback = report
        .events
        .iter()
        .find(|e| e.kind == Kind::Callback)
        .expect("a callback");
    assert_eq!(callback.name, "envoy_on_request");
    assert_eq!(get.parent, Some(callback.n));
    assert!(callback.fuel > Some(0));
}
