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

/// Rows: what a scenario expects of callbacks in that chain; what it says where it fails.
#[test]
fn the_order_of_callbacks_can_be_expected_of_all_three_kinds_of_filter() {
    let wat = guest(&[("on_request_headers", "add request x-hello world")]);
    let bytes = Bytes::from(wat::parse_str(&wat).expect("a guest"));
    let script = "function envoy_on_request(h) h:httpCall('web', {[':path'] = '/', [':method'] = 'GET', [':authority'] = 'a'}, nil, 5) end function envoy_on_response(h) end";
    for (expectation, actual) in [
        (
            "{filter: native, order: [decode_headers, encode_headers]}",
            "",
        ),
        (
            "{filter: lua, order: [decode_headers, envoy_on_request, envoy_on_request, encode_headers, envoy_on_response]}",
            "",
        ),
        (
            "{filter: lua, order: [envoy_on_request, envoy_on_response]}",
            "",
        ),
        (
            "{filter: wasm, order: [decode_headers, on_request_headers, encode_headers]}",
            "",
        ),
        (
            "{order: [envoy_on_request, on_request_headers, envoy_on_response]}",
            "",
        ),
        (
            "{filter: native, order: [on_request_headers]}",
            "none: no guest and no script. Its steps, to ask for: decode_headers, encode_headers, encode_data",
        ),
        (
            "{filter: lua, order: [envoy_on_response, envoy_on_request]}",
            "envoy_on_request, envoy_on_request, envoy_on_response",
        ),
        (
            "{filter: other, order: [decode_headers]}",
            "nothing of a filter of this name",
        ),
    ] {
        let text = format!(
            "name: t\nenvoy:\n  http_filters:\n  - name: native\n    typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation\n  - name: lua\n    typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua\n      inline_code: \"{script}\"\n  - name: wasm\n    typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n      config: {{name: wasm, vm_config: {{code: {{local: {{filename: /w.wasm}}}}}}}}\nfiles: {{/w.wasm: {{base64: \"{}\"}}}}\nscenarios: [{{name: s, traffic: [{{request: {{}}}}], expect: [{{callbacks: {expectation}}}]}}]\n",
            bytes.to_base64()
        );
        let report = crate::lab_run::run_one(&text);
        let check = &report.checks[0];
        assert_eq!(check.ok, actual.is_empty(), "{expectation}: {check:?}");
        if !check.ok {
            assert_eq!(check.actual, actual, "{expectation}");
        }
    }
    let wrong = "scenarios: [{name: s, traffic: [{request: {}}], expect: [{hostcalls: {name: 'headers:add', count: 1}}]}]\n";
    let problem = crate::lab_run::refused(wrong);
    assert!(
        problem.contains("calls of a script, such as `headers:add`, are not counted"),
        "{problem}"
    );
}
