//! A native filter and a Wasm filter that do the same: their traces say the same.

use super::{filter, play, sent};
use crate::proxy::{parent, play_one, word};
use proxy_wasm_tour::model::report::ScenarioReport;
use proxy_wasm_tour::model::trace::Event;

/// Each change of headers with the step that it was made in.
fn changes(report: &ScenarioReport) -> Vec<String> {
    let step = |event: &Event| {
        let mut at = parent(report, event);
        while let Some(above) = at {
            if above.name.starts_with("decode") || above.name.starts_with("encode") {
                return Some(above.name.to_string());
            }
            at = parent(report, above);
        }
        None
    };
    let changed = report
        .events
        .iter()
        .filter(|event| event.name.ends_with("_header_map_value"));
    changed
        .filter_map(|event| {
            let name = event.name.trim_start_matches("proxy_");
            let args = ["map_type", "key", "value"].map(|arg| word(event, arg));
            Some(format!("{} {name} {}", step(event)?, args.join(" ")))
        })
        .collect()
}

#[test]
fn the_same_header_from_a_native_and_a_wasm_filter_is_the_same_change_in_the_trace() {
    let mutations = ", mutations: {request_mutations: [{append: {header: {key: x-hello, value: world}}}], response_mutations: [{append: {append_action: OVERWRITE_IF_EXISTS_OR_ADD, header: {key: x-by, value: f}}}]}";
    let native = play(
        &filter("header_mutation.v3.HeaderMutation", mutations),
        &["{}"],
    );
    let wasm = play_one(
        &[
            ("on_request_headers", "add request x-hello world"),
            ("on_response_headers", "set response x-by f"),
        ],
        "  - request: {}\n",
    );
    assert_eq!(sent(&native, "x-hello"), sent(&wasm, "x-hello"));
    assert_eq!(
        changes(&native),
        [
            "decode_headers add_header_map_value request_headers x-hello world",
            "encode_headers replace_header_map_value response_headers x-by f",
        ]
    );
    assert_eq!(changes(&native), changes(&wasm));
    assert_eq!(crate::proxy::steps(&native), crate::proxy::steps(&wasm));
}
