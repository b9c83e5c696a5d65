//! Bodies and trailers: what a script waits for, and what becomes of the parts meanwhile.

use super::*;

const POST: &str = "{method: POST, body: abcdef, chunks: [2, 2, 2]}";

#[test]
fn body_waits_until_the_whole_body_is_held() {
    let report = play(
        &on_request("local b = h:body() print(b:length(), b:getBytes(0, 6), b:getBytes(2, 2))"),
        POST,
    );
    assert_eq!(logged(&report), "6\tabcdef\tcd");
    assert_eq!(
        steps(&report)[..5],
        [
            "f decode_headers StopIteration",
            "f decode_data StopIterationAndBuffer",
            "f decode_data StopIterationAndBuffer",
            "f decode_data Continue",
            "router decode_headers StopIteration",
        ]
    );
    assert_eq!(calls(&report)[0], "handle:body yields");
}

#[test]
fn headers_can_be_changed_after_the_body_was_read() {
    let report = play(
        &on_request("local n = h:body():length() h:headers():add('x-n', n)"),
        POST,
    );
    assert_eq!(sent(&report, "x-n"), "6");
}

#[test]
fn set_bytes_replaces_the_body_and_its_length() {
    let report = play(&on_request("print(h:body():setBytes('new'))"), POST);
    assert_eq!(logged(&report), "3");
    assert_eq!(first(&report).upstream_requests[0].body.0, b"new");
    assert_eq!(sent(&report, "content-length"), "3");
    let report = play(&on_response("h:body():setBytes('other')"), "{}");
    assert_eq!(response(&report).body.0, b"other");
    assert_eq!(
        response(&report).headers.get_str("content-length"),
        Some("5")
    );
}

#[test]
fn without_a_body_there_is_nil_unless_it_is_always_wrapped() {
    assert_eq!(says("print(h:body())"), "nil");
    let report = play(
        &on_request("local b = h:body(true) print(b:length()) b:setBytes('added')"),
        "{}",
    );
    assert_eq!(logged(&report), "0");
    assert_eq!(
        first(&report).upstream_requests[0].body.0,
        b"added",
        "{}",
        story(&report)
    );
}

#[test]
fn body_chunks_pass_while_the_script_sees_each() {
    let report = play(
        &on_request(
            "for c in h:bodyChunks() do print(c:length(), c:getBytes(0, 1)) end print('end')",
        ),
        POST,
    );
    assert_eq!(logged(&report), "2\ta\n2\tc\n2\te\nend");
    assert_eq!(
        steps(&report)[..3],
        [
            "f decode_headers Continue",
            "router decode_headers StopIteration",
            "f decode_data Continue"
        ]
    );
    assert_eq!(first(&report).upstream_requests[0].body.0, b"abcdef");
}

#[test]
fn after_streaming_has_begun_there_is_no_whole_body() {
    for (body, message) in [
        (
            "for c in h:bodyChunks() do h:body() end",
            "cannot call body() after body streaming has started",
        ),
        (
            "for c in h:bodyChunks() do h:bodyChunks() end",
            "cannot call bodyChunks after body processing has begun",
        ),
        (
            "for c in h:bodyChunks() do end h:body()",
            "cannot call body() after body has been streamed",
        ),
        (
            "h:body():getBytes(5, 2)",
            "index/length must be >= 0 and (index + length) must be <= buffer size",
        ),
        (
            "h:body():getBytes(-1, 2)",
            "index/length must be >= 0 and (index + length) must be <= buffer size",
        ),
    ] {
        let said = says_of(body, POST);
        assert!(said.ends_with(message), "{body}: {said}");
    }
}

#[test]
fn trailers_come_or_are_nil() {
    let body = "local t = h:trailers() print(t and t:get('x-t')) if t then t:add('x-u', 'v') end";
    let report = play(
        &on_request(body),
        "{method: POST, body: abc, trailers: {x-t: z}}",
    );
    assert_eq!(logged(&report), "z");
    let trailers = &first(&report).upstream_requests[0].trailers;
    assert_eq!(trailers.get_str("x-u"), Some("v"));
    assert_eq!(says_of(body, POST), "nil");
    assert_eq!(says_of(body, "{}"), "nil");
}

#[test]
fn trailers_end_the_body() {
    let request = "{method: POST, body: abc, chunks: [1, 2], trailers: {x-t: z}}";
    assert_eq!(
        says_of("print(h:body():length(), h:trailers():get('x-t'))", request),
        "3\tz"
    );
    assert_eq!(
        says_of(
            "for c in h:bodyChunks() do print(c:length()) end print('end')",
            request
        ),
        "1\n2\nend"
    );
}

#[test]
fn the_response_has_a_body_of_its_own() {
    let rest = "upstreams: {web: [{reply: {body: hello, chunks: [2, 3], headers: {x-r: '1'}}}]}";
    let script = on_response("print(h:headers():get('x-r'), h:body():getBytes(0, 5))");
    let report = play_with(&script, "", rest, &["{}"]);
    assert_eq!(logged(&report), "1\thello");
    assert_eq!(response(&report).body.0, b"hello");
}

#[test]
fn a_body_over_the_limit_is_413() {
    let listener = "  listener: {name: l, per_connection_buffer_limit_bytes: 4}\n";
    let report = play_with(
        &on_request("h:body() print('never')"),
        listener,
        "",
        &[POST],
    );
    assert_eq!(
        answer(&report),
        r#"413 "Payload Too Large" - request_payload_too_large"#
    );
    assert_eq!(logged(&report), "");
}
