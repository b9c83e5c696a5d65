//! A native filter, a Lua filter and a Wasm filter that do the same, in one chain.

use super::*;
use crate::proxy::guest;
use proxy_wasm_tour::model::Bytes;

#[test]
fn the_same_header_from_three_kinds_of_filter_in_one_request() {
    let wat = guest(&[("on_request_headers", "add request x-hello world")]);
    let bytes = Bytes::from(wat::parse_str(&wat).expect("a guest"));
    let native = "  - name: native\n    typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation\n      mutations: {request_mutations: [{append: {header: {key: x-hello, value: world}}}]}\n";
    let lua = item(&on_request("h:headers():add('x-hello', 'world')"), "");
    let wasm = "  - name: wasm\n    typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n      config: {name: wasm, vm_config: {code: {local: {filename: /w.wasm}}}}\n";
    let filters = format!("  http_filters:\n{native}{lua}{wasm}");
    let files = format!("files: {{/w.wasm: {{base64: \"{}\"}}}}", bytes.to_base64());
    let report = super::super::router::play(&filters, &files, "  - request: {}\n");
    assert_eq!(sent(&report, "x-hello"), "world|world|world");
    // Each filter's own words for the same step, in the order of the chain.
    let adds = report.events.iter().filter(|event| {
        event.name == "headers:add" || event.name.ends_with("add_header_map_value")
    });
    let adds: Vec<String> = adds
        .map(|event| {
            let words = ["key", "value"].map(|arg| super::super::word(event, arg));
            format!("{:?} {} {}", event.kind, event.name, words.join(" "))
        })
        .collect();
    assert_eq!(
        adds,
        [
            "Chain add_header_map_value x-hello world",
            "HostCall headers:add x-hello world",
            "HostCall proxy_add_header_map_value x-hello world",
        ]
    );
}
