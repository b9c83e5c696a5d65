//! Arguments of no bytes, in every host call that takes bytes: what Envoy answers.

use super::{guest, outcomes, play_with};
use crate::lab_run::story;
use proxy_wasm_tour::abi::{Group, ParamKind, host_call, host_calls, pairs};

/// Where the texts stand, with their sizes.
const KEY: [i64; 2] = [64, 1];
const WEB: [i64; 2] = [80, 3];
const COMPRESS: [i64; 2] = [96, 8];
const UNCOMPRESS: [i64; 2] = [112, 10];
const PAIRS: i64 = 128;
const NOTHING: [i64; 2] = [0, 0];

/// The headers that a callout needs.
fn request() -> Vec<u8> {
    let headers = [(":method", "GET"), (":path", "/"), (":authority", "a")];
    let headers = headers.map(|(k, v)| (k.as_bytes(), v.as_bytes()));
    pairs::encode(headers.into_iter())
}

/// What a guest hears that makes one host call at request headers. There are a shared value, a queue
/// (token 1) and a gRPC stream (token 6) by then.
fn ask(name: &str, args: &[i64]) -> String {
    let params: Vec<_> = host_call("env", name).unwrap().wasm_params();
    assert_eq!(params.len(), args.len(), "{name}");
    let params: Vec<_> = params.iter().map(ToString::to_string).collect();
    let consts: Vec<_> = params.iter().zip(args).collect();
    let consts: Vec<_> = consts
        .iter()
        .map(|(ty, n)| format!("({ty}.const {n})"))
        .collect();
    let pairs: String = request().iter().map(|b| format!("\\{b:02x}")).collect();
    let callback = "(func (export \"proxy_on_request_headers\") (param i32 i32 i32 ) (result i32)";
    let text = guest(&[
        ("on_configure", "share k v 0; queue k; gstream web"),
        ("on_request_headers", ""),
    ])
    .replacen(
        "(module",
        &format!(
            "(module (import \"env\" \"{name}\" (func $it (param {}) (result i32)))",
            params.join(" ")
        ),
        1,
    )
    .replace(
        callback,
        &format!(
            "(data (i32.const 64) \"k\") (data (i32.const 80) \"web\") (data (i32.const 96) \"compress\")
             (data (i32.const 112) \"uncompress\") (data (i32.const {PAIRS}) \"{pairs}\")
             {callback} (drop (call $it {}))",
            consts.join(" ")
        ),
    );
    let report = play_with(
        &[("f", &text)],
        "",
        "upstreams: {web: [{match: {headers: {content-type: application/grpc}}, grpc: {delay: 1h}}, {reply: {}}]}",
        "  - request: {}",
    );
    assert!(report.rejected.is_none(), "{}", story(&report));
    let answer = outcomes(&report, name).pop();
    let answer = answer.unwrap_or_else(|| panic!("{}", story(&report)));
    answer.split(' ').next().unwrap().to_owned()
}

/// Every case: the host call, its arguments, and what Envoy answers.
fn cases() -> Vec<(&'static str, Vec<i64>, &'static str)> {
    let pairs = [PAIRS, request().len() as i64];
    let join = |parts: &[&[i64]]| parts.concat();
    let http = |upstream, headers| join(&[upstream, headers, &NOTHING, &NOTHING, &[1000, 8]]);
    let grpc = |service, name, method, rest: &[i64]| join(&[service, name, method, &NOTHING, rest]);
    let (call, stream) = ([0, 0, 1000, 8], [8]);
    vec![
        ("proxy_log", vec![2, 0, 0], "Ok"),
        (
            "proxy_get_property",
            vec![0, 0, 0, 4],
            "SerializationFailure",
        ),
        ("proxy_set_property", join(&[&NOTHING, &KEY]), "Ok"),
        ("proxy_set_property", join(&[&KEY, &NOTHING]), "Ok"),
        (
            "proxy_call_foreign_function",
            join(&[&NOTHING, &KEY, &[16, 20]]),
            "NotFound",
        ),
        (
            "proxy_call_foreign_function",
            join(&[&COMPRESS, &NOTHING, &[16, 20]]),
            "Ok",
        ),
        (
            "proxy_call_foreign_function",
            join(&[&UNCOMPRESS, &NOTHING, &[16, 20]]),
            "SerializationFailure",
        ),
        (
            "proxy_send_local_response",
            vec![200, 0, 0, 0, 0, 0, 0, -1],
            "Ok",
        ),
        (
            "proxy_send_local_response",
            vec![200, 0, 0, 64, 1, 0, 0, 0],
            "Ok",
        ),
        (
            "proxy_send_local_response",
            vec![200, 64, 1, 0, 0, 0, 0, 0],
            "Ok",
        ),
        ("proxy_set_header_map_pairs", vec![0, 0, 0], "Ok"),
        (
            "proxy_get_header_map_value",
            vec![0, 0, 0, 0, 4],
            "NotFound",
        ),
        ("proxy_add_header_map_value", vec![0, 0, 0, 64, 1], "Ok"),
        ("proxy_add_header_map_value", vec![0, 64, 1, 0, 0], "Ok"),
        ("proxy_replace_header_map_value", vec![0, 0, 0, 64, 1], "Ok"),
        ("proxy_replace_header_map_value", vec![0, 64, 1, 0, 0], "Ok"),
        ("proxy_remove_header_map_value", vec![0, 0, 0], "Ok"),
        // There is no body yet.
        ("proxy_set_buffer_bytes", vec![0, 0, 0, 0, 0], "BadArgument"),
        ("proxy_http_call", http(&NOTHING, &pairs), "BadArgument"),
        ("proxy_http_call", http(&WEB, &NOTHING), "BadArgument"),
        ("proxy_http_call", http(&WEB, &pairs), "Ok"),
        (
            "proxy_http_call",
            join(&[&WEB, &pairs, &KEY, &NOTHING, &[0, 8]]),
            "Ok",
        ),
        // No bytes are a GrpcService message that names no target.
        (
            "proxy_grpc_call",
            grpc(&NOTHING, &KEY, &KEY, &call),
            "BadArgument",
        ),
        ("proxy_grpc_call", grpc(&WEB, &NOTHING, &KEY, &call), "Ok"),
        ("proxy_grpc_call", grpc(&WEB, &KEY, &NOTHING, &call), "Ok"),
        ("proxy_grpc_call", grpc(&WEB, &KEY, &KEY, &call), "Ok"),
        (
            "proxy_grpc_call",
            join(&[&WEB, &KEY, &KEY, &pairs, &call]),
            "Ok",
        ),
        (
            "proxy_grpc_stream",
            grpc(&NOTHING, &KEY, &KEY, &stream),
            "BadArgument",
        ),
        (
            "proxy_grpc_stream",
            grpc(&WEB, &NOTHING, &KEY, &stream),
            "Ok",
        ),
        (
            "proxy_grpc_stream",
            grpc(&WEB, &KEY, &NOTHING, &stream),
            "Ok",
        ),
        ("proxy_grpc_stream", grpc(&WEB, &KEY, &KEY, &stream), "Ok"),
        ("proxy_grpc_send", vec![6, 0, 0, 0], "Ok"),
        ("proxy_get_shared_data", vec![0, 0, 0, 4, 8], "NotFound"),
        ("proxy_set_shared_data", vec![0, 0, 64, 1, 0], "Ok"),
        ("proxy_set_shared_data", vec![64, 1, 0, 0, 0], "Ok"),
        ("proxy_register_shared_queue", vec![0, 0, 8], "Ok"),
        // No vm_id is the caller's own; no name is one like any other, and nobody has it.
        ("proxy_resolve_shared_queue", vec![0, 0, 64, 1, 8], "Ok"),
        (
            "proxy_resolve_shared_queue",
            vec![0, 0, 0, 0, 8],
            "NotFound",
        ),
        ("proxy_enqueue_shared_queue", vec![1, 0, 0], "Ok"),
        ("proxy_define_metric", vec![0, 0, 0, 8], "Ok"),
    ]
}

#[test]
fn no_bytes_are_answered_as_envoy_answers_them() {
    for (name, args, expected) in cases() {
        assert_eq!(ask(name, &args), expected, "{name} {args:?}");
    }
}

#[test]
fn each_argument_of_every_host_call_is_empty_in_one_of_the_cases() {
    let cases = cases();
    for call in host_calls() {
        let mut place = 0;
        for param in call.params {
            let takes = [ParamKind::Bytes, ParamKind::Pairs, ParamKind::Path];
            let outside = [Group::Wasi, Group::Toolchain].contains(&call.group);
            if takes.contains(&param.kind) && !outside {
                let empty = |args: &[i64]| args[place..place + 2] == NOTHING;
                let found = cases
                    .iter()
                    .any(|(name, args, _)| *name == call.name && empty(args));
                assert!(found, "{} {}", call.name, param.name);
            }
            place += param.kind.wasm().len();
        }
    }
}
