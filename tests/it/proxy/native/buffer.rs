//! `envoy.filters.http.buffer`.

use super::{answer, filter, play, routed, sent};
use crate::proxy::steps;

fn with(route: &str) -> String {
    let filter = filter("buffer.v3.Buffer", ", max_request_bytes: 8");
    match route {
        "" => filter,
        route => filter + &routed("buffer.v3.BufferPerRoute", route),
    }
}

#[test]
fn a_request_of_headers_alone_passes() {
    let report = play(&with(""), &["{}"]);
    assert_eq!(
        steps(&report)[..2],
        [
            "f decode_headers Continue",
            "router decode_headers StopIteration"
        ]
    );
}

#[test]
fn a_body_is_held_until_its_end_and_its_length_is_added() {
    let report = play(
        &with(""),
        &["{method: POST, body: abcdef, chunks: [2, 2, 2]}"],
    );
    assert_eq!(
        steps(&report),
        [
            "f decode_headers StopIteration",
            "f decode_data StopIterationAndBuffer",
            "f decode_data StopIterationAndBuffer",
            "f decode_data Continue",
            "router decode_headers StopIteration",
            "router decode_data StopIterationNoBuffer",
        ]
    );
    assert_eq!(sent(&report, "content-length"), "6");
}

#[test]
fn trailers_end_the_waiting_too() {
    let request = "{method: POST, body: abcdef, chunks: [2, 4], trailers: {x-t: 1}}";
    let report = play(&with(""), &[request]);
    assert_eq!(sent(&report, "content-length"), "6");
    assert!(steps(&report).contains(&"f decode_trailers Continue".to_owned()));
}

#[test]
fn a_length_that_is_said_stays() {
    let report = play(&with(""), &["{method: POST, body: abc}"]);
    assert_eq!(sent(&report, "content-length"), "3");
}

#[test]
fn over_the_limit_the_answer_is_413_and_a_route_may_set_another() {
    let body = "{method: POST, body: abcdefghij, chunks: [6, 3, 1]}";
    let large = "413 \"Payload Too Large\" - request_payload_too_large";
    for (route, refused) in [
        ("", true),
        (", buffer: {max_request_bytes: 9}", false),
        (", disabled: true", false),
    ] {
        let report = play(&with(route), &[body]);
        assert_eq!(
            answer(&report) == large,
            refused,
            "{route}: {}",
            answer(&report)
        );
    }
}

#[test]
fn disabled_on_a_route_nothing_is_held() {
    let report = play(
        &with(", disabled: true"),
        &["{method: POST, body: abc, chunks: [1, 2]}"],
    );
    assert_eq!(steps(&report)[0], "f decode_headers Continue");
    assert_eq!(sent(&report, "content-length"), "");
}
