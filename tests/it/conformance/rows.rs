//! Rows of Envoy's own tests that belong to no other file: roots, shared VMs, access logs, upstream
//! filters.

use crate::lab_run::{refused, run_ok, story};
use crate::proxy::{first, guest, lab, outcomes, play_with, response};
use proxy_wasm_tour::model::report::ScenarioReport;

/// Two plugins of one module on one VM, each with a root id of its own or none.
fn roots(first: &str, second: &str, f: &str) -> ScenarioReport {
    let text = lab(
        &[("a", f), ("b", f)],
        "",
        "scenarios: [{name: s, traffic: [{request: {}}]}]",
    )
    .replace("vm_id: a", "vm_id: x")
    .replace("vm_id: b", "vm_id: x")
    .replace(
        "{name: a, vm_config",
        &format!("{{name: a, {first} vm_config"),
    )
    .replace(
        "{name: b, vm_config",
        &format!("{{name: b, {second} vm_config"),
    );
    run_ok(&text).scenarios.remove(0)
}

/// SDKs choose the code of a root by it.
#[test]
fn a_root_reads_its_root_id_when_it_is_created_and_an_unset_one_is_empty() {
    let f = guest(&[("on_context_create", "prop plugin_root_id")]);
    let report = roots("root_id: one,", "", &f);
    let mut seen = outcomes(&report, "proxy_get_property");
    seen.dedup();
    // Two canaries, then both roots on two threads, then a stream context for each plugin.
    let (one, none) = (r#"Ok {"bytes":"one"}"#, r#"Ok {"bytes":""}"#);
    assert!(seen.iter().all(|s| s == one || s == none), "{seen:?}");
    assert!(seen.len() > 2, "{}", story(&report));
}

#[test]
fn a_vm_is_shared_only_where_id_configuration_and_code_are_the_same() {
    let f = guest(&[("on_vm_start", "log start")]);
    let other = guest(&[("on_vm_start", "log begin")]);
    let configured = "configuration: {\"@type\": type.googleapis.com/google.protobuf.StringValue, value: v}, code: {local: {filename: /b.wasm";
    for (second, id, configuration, vms) in [
        (&f, "x", "", 2),
        (&f, "y", "", 4),
        (&f, "x", configured, 4),
        (&other, "x", "", 4),
    ] {
        let mut text = lab(
            &[("a", &f), ("b", second)],
            "",
            "scenarios: [{name: s, traffic: [{request: {}}]}]",
        )
        .replace("vm_id: a", "vm_id: x")
        .replace("vm_id: b", &format!("vm_id: {id}"));
        if !configuration.is_empty() {
            text = text.replace("code: {local: {filename: /b.wasm", configuration);
        }
        let report = run_ok(&text);
        assert_eq!(report.scenarios[0].vms.len(), vms, "{id} {configuration}");
    }
}

/// Envoy calls on_log when the request is complete, and a client that is gone completes it too.
#[test]
fn on_log_comes_once_when_the_stream_is_complete_however_it_ends() {
    for traffic in [
        "  - request: {}",
        "  - request: {}\n    cancel: 20ms",
        "  - request: {headers: {x: y}, body: abc}",
    ] {
        let report = play_with(
            &[(
                "f",
                &guest(&[("on_log", "get request :path; prop response.code")]),
            )],
            "",
            "upstreams: {web: [{reply: {delay: 50ms}}]}",
            traffic,
        );
        let paths = outcomes(&report, "proxy_get_header_map_value");
        assert_eq!(paths, [r#"Ok {"bytes":"/"}"#], "{traffic}");
    }
}

#[test]
fn a_plugin_without_a_context_lets_every_callback_pass() {
    let f = guest(&[("on_request_headers", "add request x-seen yes")]);
    let text = lab(
        &[("f", &f)],
        "",
        "scenarios: [{name: s, traffic: [{request: {method: POST, body: abc, trailers: {t: '1'}}}]}]",
    )
    .replace(
        "{name: f, vm_config:",
        "{name: f, capability_restriction_config: {allowed_capabilities: {proxy_log: {}}}, vm_config:",
    );
    let report = run_ok(&text).scenarios.remove(0);
    let seen = &first(&report).upstream_requests[0];
    assert_eq!(response(&report).status, 200);
    assert_eq!(seen.headers.get_str("x-seen"), None);
    assert_eq!((seen.body.as_str(), seen.trailers.len()), (Some("abc"), 1));
}

#[test]
fn wasm_as_a_filter_of_an_upstream_is_refused_at_its_place() {
    let problem = refused(
        "envoy:\n  clusters:\n  - name: web\n    typed_extension_protocol_options:\n      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:\n        \"@type\": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions\n        http_filters: []\n",
    );
    let expected = "lab.yaml:7:9: `http_filters` of HttpProtocolOptions is not simulated";
    assert!(problem.starts_with(expected), "{problem}");
}
