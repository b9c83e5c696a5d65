//! Upstreams that refuse malformed requests.

use super::{answer, first, guest, outcomes, play_with, response};

const STRICT: &str = "upstreams: {web: [{strict: true}, {reply: {body: fine}}]}";

#[test]
fn a_strict_upstream_answers_400_and_says_why() {
    for (script, request, why) in [
        ("", "{}", None),
        ("", "{method: POST, body: hello}", None),
        (
            "",
            "{method: POST, body: hello, chunks: [2, 3], trailers: {t: v}}",
            None,
        ),
        (
            "add request :status 200",
            "{}",
            Some("the pseudo-header :status does not exist"),
        ),
        (
            "add request connection close",
            "{}",
            Some("the header connection belongs to one connection"),
        ),
        ("add request a(b 1", "{}", Some("`a(b` is no header name")),
        (
            "set request content-length 9",
            "{method: POST, body: hello}",
            Some("content-length says 9 bytes, and the body has 5"),
        ),
        (
            "set request content-length 2",
            "{method: POST, body: hello}",
            Some("content-length says 2 bytes, and the body has 5"),
        ),
        (
            "set request content-length x",
            "{}",
            Some("the content-length x is no number"),
        ),
        (
            "add request content-length 6",
            "{method: POST, body: hello}",
            Some("the content-length 5,6 is no number"),
        ),
        (
            "add request transfer-encoding chunked",
            "{method: POST, body: hello}",
            Some("content-length beside transfer-encoding"),
        ),
    ] {
        let filter = guest(&[("on_request_headers", script)]);
        let report = play_with(
            &[("f", &filter)],
            "",
            STRICT,
            &format!("  - request: {request}"),
        );
        let expected = match why {
            None => r#"200 "fine" - via_upstream"#.to_owned(),
            Some(why) => format!(
                "400 {:?} - via_upstream",
                format!("malformed request: {why}")
            ),
        };
        assert_eq!(answer(&report), expected, "{script}");
    }
}

#[test]
fn a_body_edited_without_its_length_is_refused_instead_of_waited_for() {
    let filter = guest(&[("on_request_body", "put 0 0 100 longer-than-before")]);
    let request = "  - request: {method: POST, body: hello}";
    let report = play_with(&[("f", &filter)], "", STRICT, request);
    assert_eq!(response(&report).status, 400);
    assert_eq!(
        response(&report).body.0,
        b"malformed request: content-length says 5 bytes, and the body has 18"
    );
    assert_eq!(
        first(&report).upstream_requests[0].body.0,
        b"longer-than-before"
    );
}

#[test]
fn callouts_meet_the_same_strictness() {
    for (path, header, status) in [
        ("/", "x=y", 200),
        ("/", "content-length=4", 400),
        ("x", "x=y", 400),
        ("/", "keep-alive=1", 400),
    ] {
        let call =
            format!("call web 1000 :method=GET :path={path} :authority=a {header}; return 1");
        let filter = guest(&[
            ("on_request_headers", &call),
            (
                "on_http_call_response",
                "get call :status; effective 2; continue 0",
            ),
        ]);
        let report = play_with(&[("f", &filter)], "", STRICT, "  - request: {}");
        let expected = format!(r#"Ok {{"bytes":"{status}"}}"#);
        assert_eq!(
            outcomes(&report, "proxy_get_header_map_value"),
            [expected],
            "{header}"
        );
    }
}
