//! What a guest can see, and when: header maps, bodies, properties.

use super::{first, outcomes, play_one, response};
use crate::lab_run::story;

const GET: &str = "proxy_get_header_map_value";

#[test]
fn request_headers_are_gone_after_continue_and_back_in_on_log() {
    let get = "get request :path";
    let report = play_one(
        &[
            ("on_request_headers", get),
            ("on_request_body", get),
            ("on_response_headers", get),
            ("on_log", get),
        ],
        "  - request: {path: /p, body: x}",
    );
    let path = r#"Ok {"bytes":"/p"}"#;
    assert_eq!(
        outcomes(&report, GET),
        [path, "BadArgument", "BadArgument", path],
        "{}",
        story(&report)
    );
}

#[test]
fn request_headers_stay_while_the_request_is_paused() {
    let report = play_one(
        &[
            ("on_request_headers", "return 1"),
            ("on_vm_start", "tick 5"),
            (
                "on_tick",
                "effective 2; get request :path; continue 0; get request :path; tick 0",
            ),
        ],
        "  - request: {path: /p}",
    );
    let seen = outcomes(&report, GET);
    // Main thread's tick has no such stream; the worker's has.
    assert!(
        seen.windows(2)
            .any(|w| w == [r#"Ok {"bytes":"/p"}"#, "BadArgument"]),
        "{seen:?}"
    );
}

#[test]
fn request_headers_stay_attached_after_one_s_own_local_reply() {
    let report = play_one(
        &[
            ("on_request_headers", "reply 403 no"),
            ("on_response_headers", "get request :path"),
        ],
        "  - request: {path: /p}",
    );
    assert_eq!(outcomes(&report, GET), [r#"Ok {"bytes":"/p"}"#]);
}

#[test]
fn an_absent_map_reads_as_no_pairs_and_cannot_be_written() {
    let report = play_one(
        &[(
            "on_request_headers",
            "pairs response; add response a b; set request_trailers a b; del response_trailers a",
        )],
        "  - request: {}",
    );
    let pairs = outcomes(&report, "proxy_get_header_map_pairs");
    assert!(pairs[0].starts_with("Ok"), "{pairs:?}");
    for name in [
        "proxy_add_header_map_value",
        "proxy_replace_header_map_value",
        "proxy_remove_header_map_value",
    ] {
        assert_eq!(outcomes(&report, name), ["BadArgument"]);
    }
}

#[test]
fn in_on_log_missing_maps_answer_not_found_and_nothing_is_written() {
    let report = play_one(
        &[(
            "on_log",
            "get response :status; get request_trailers a; get response_trailers a; add request a b",
        )],
        "  - request: {}",
    );
    assert_eq!(
        outcomes(&report, GET),
        [r#"Ok {"bytes":"200"}"#, "NotFound", "NotFound"]
    );
    assert_eq!(
        outcomes(&report, "proxy_add_header_map_value"),
        ["BadArgument"]
    );
}

#[test]
fn trailers_are_made_only_in_the_last_body_callback() {
    let report = play_one(
        &[
            ("on_response_headers", "add response_trailers a b"),
            ("on_response_body", "add response_trailers a b"),
        ],
        "  - request: {}",
    );
    assert_eq!(
        outcomes(&report, "proxy_add_header_map_value"),
        ["BadArgument", "Ok"]
    );
    assert_eq!(response(&report).trailers.get_str("a"), Some("b"));
}

#[test]
fn a_body_outside_its_callback_reads_empty_and_cannot_be_written() {
    let report = play_one(
        &[
            ("on_request_headers", "body 0; put 0 0 0 x"),
            ("on_response_headers", "body 0; body 4; body 7"),
        ],
        "  - request: {body: abc}",
    );
    let seen = outcomes(&report, "proxy_get_buffer_bytes");
    assert!(
        seen[0].starts_with("Ok") && seen[1].starts_with("Ok"),
        "{seen:?}"
    );
    assert_eq!(seen[2..], ["NotFound", "NotFound"]);
    assert_eq!(outcomes(&report, "proxy_set_buffer_bytes"), ["BadArgument"]);
}

#[test]
fn set_buffer_prepends_replaces_and_appends() {
    for (start, length, expected) in [
        (0, 0, "Xabcd"),
        (0, 2, "Xcd"),
        (0, 4, "X"),
        (0, 99, "X"),
        (4, 0, "abcdX"),
        (99, 7, "abcdX"),
        (2, 1, "abcd"),
    ] {
        let put = format!("put 0 {start} {length} X");
        let report = play_one(
            &[
                ("on_request_headers", "del request content-length"),
                ("on_request_body", &put),
            ],
            "  - request: {body: abcd}",
        );
        assert_eq!(
            first(&report).upstream_requests[0].body.as_str(),
            Some(expected),
            "{start} {length}"
        );
        let status = if start == 2 { "BadArgument" } else { "Ok" };
        assert_eq!(outcomes(&report, "proxy_set_buffer_bytes"), [status]);
    }
}

#[test]
fn properties_of_the_request_follow_its_headers() {
    let all = "prop request.path; prop request.url_path; prop request.query; prop request.host; prop request.method; \
               prop request.headers.a; prop request.headers; prop request.protocol; prop nothing; prop plugin_name";
    let report = play_one(
        &[
            ("on_request_headers", all),
            (
                "on_response_headers",
                "prop request.path; prop response.code; prop upstream.address; prop xds.cluster_name",
            ),
        ],
        "  - request: {path: /p?q=1, headers: {a: [x, y]}}",
    );
    let seen = outcomes(&report, "proxy_get_property");
    let bytes = |text: &str| format!(r#"Ok {{"bytes":"{text}"}}"#);
    assert_eq!(seen[0], bytes("/p?q=1"), "{seen:#?}");
    assert_eq!(seen[1], bytes("/p"));
    assert_eq!(seen[2], bytes("q=1"));
    assert_eq!(seen[3], bytes("example.com"));
    assert_eq!(seen[4], bytes("GET"));
    assert_eq!(seen[5], bytes("x,y"));
    assert!(seen[6].contains(":authority"), "the whole map, as pairs");
    assert_eq!(seen[7], bytes("HTTP/1.1"));
    assert_eq!(seen[8], "NotFound");
    assert_eq!(seen[9], bytes("f"));
    // In the response phase the request's attributes are gone, the upstream's are there.
    assert_eq!(seen[10], "NotFound");
    assert_eq!(seen[11], r#"Ok {"int":200}"#);
    assert_eq!(seen[12], bytes("127.0.0.1:8080"));
    assert_eq!(seen[13], bytes("web"));
}

#[test]
fn a_root_has_no_stream_properties() {
    let report = play_one(
        &[(
            "on_configure",
            "prop request.path; prop plugin_name; prop xds.node.id; setprop a b",
        )],
        "  - request: {}",
    );
    let seen = outcomes(&report, "proxy_get_property");
    assert_eq!(
        seen[..3],
        ["NotFound", r#"Ok {"bytes":"f"}"#, r#"Ok {"bytes":"sim"}"#]
    );
    assert_eq!(outcomes(&report, "proxy_set_property")[0], "NotFound");
}

#[test]
fn what_is_set_is_filter_state_and_read_back_by_one_segment() {
    let report = play_one(
        &[
            (
                "on_request_headers",
                "setprop mine 1; setprop request.path x",
            ),
            (
                "on_response_headers",
                "prop mine; prop filter_state.wasm.mine",
            ),
        ],
        "  - request: {}",
    );
    let seen = outcomes(&report, "proxy_get_property");
    assert_eq!(seen[0], r#"Ok {"bytes":"1"}"#, "{seen:?}");
    assert_eq!(outcomes(&report, "proxy_set_property"), ["Ok", "Ok"]);
}

#[test]
fn a_changed_request_header_chooses_the_route_anew() {
    let report = super::play_with(
        &[(
            "f",
            &super::guest(&[("on_request_headers", "set request :path /b")]),
        )],
        "  routes:\n  - {match: {prefix: /a}, direct_response: {status: 201}}\n  - {match: {prefix: /b}, direct_response: {status: 202}}",
        "",
        "  - request: {path: /a}",
    );
    assert_eq!(response(&report).status, 202, "{}", story(&report));
}
