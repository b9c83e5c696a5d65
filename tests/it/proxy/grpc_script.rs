//! Scripted gRPC servers: what `grpc` in a lab file says, for the router's own requests as well.

use super::{first, guest, play_with, response};
use crate::lab_run::{refused, story};
use proxy_wasm_tour::model::report::ExchangeOutcome;

/// A scripted gRPC server also answers what the router sends it, message by message.
#[test]
fn a_scripted_server_answers_a_client_of_the_proxy_in_its_own_time() {
    let report = play_with(
        &[("f", &guest(&[("on_response_body", "log body")]))],
        "",
        "upstreams: {web: [{grpc: {messages: [a, {message: b, delay: 40ms}], trailers: {x: y}}}]}",
        "  - request: {method: POST, headers: {content-type: application/grpc}}",
    );
    let response = response(&report);
    assert_eq!(&response.body[..], b"\0\0\0\0\x01a\0\0\0\0\x01b");
    assert_eq!(response.trailers.get_str("grpc-status"), Some("0"));
    let times: Vec<u64> = report
        .logs
        .iter()
        .filter(|line| line.message == "body")
        .map(|line| line.t_ns)
        .collect();
    assert_eq!(times[..2], [0, 40_000_000], "{}", story(&report));
}

#[test]
fn a_scripted_server_that_resets_after_its_messages_resets_the_clients_stream() {
    let report = play_with(
        &[("f", &guest(&[]))],
        "",
        "upstreams: {web: [{grpc: {message: a, reset: true}}]}",
        "  - request: {method: POST, headers: {content-type: application/grpc}}",
    );
    assert_eq!(
        first(&report).outcome,
        ExchangeOutcome::Reset,
        "{}",
        story(&report)
    );
}

#[test]
fn a_script_that_cannot_be_meant_is_refused_at_its_place() {
    for (grpc, expected) in [
        (
            "{message: a, messages: []}",
            "lab.yaml:1:37: `messages` beside `message`\n  Keep one.",
        ),
        (
            "{status: 17}",
            "lab.yaml:1:33: expected a gRPC status from 0 to 16, found `17`",
        ),
        (
            "{reset: true, timeout: true}",
            "lab.yaml:1:38: `timeout` is a second end of one answer\n  Keep one.",
        ),
        (
            "{reset: true, trailers: {a: b}}",
            "lab.yaml:1:38: `trailers` never comes: the answer ends with `reset`\n  Keep one.",
        ),
        (
            "{timeout: false}",
            "lab.yaml:1:34: expected true, found `false`",
        ),
        (
            "{messages: [{mesage: a}]}",
            "lab.yaml:1:37: unknown key `mesage`\n  Did you mean `message`?",
        ),
        (
            "{metadata: {':status': a}}",
            "lab.yaml:1:37: the pseudo-header `:status` has a key of its own\n  Write method, path, authority or status beside `headers`.",
        ),
    ] {
        let problem = refused(&format!("upstreams: {{a: [{{grpc: {grpc}}}]}}"));
        assert_eq!(problem, expected, "{grpc}");
    }
}
