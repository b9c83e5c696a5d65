//! OCI references and WasmPlugins, as Istio resolves them.

use super::{base64, first, guest, response};
use crate::lab_run::{refused, run_ok, run_one, story};
use proxy_wasm_tour::model::report::ScenarioReport;

const IMAGE: &str = "oci://registry.example:5000/filters/hello";

/// The module of every image here: base64.
fn module() -> String {
    base64(&guest(&[("on_request_headers", "add request x-f 1")]))
}

/// One plugin with this url and more of its spec, and an image under `name` with more keys.
fn text(spec: &str, name: &str, image: &str) -> String {
    format!(
        "name: t\nenvoy:\n  wasm_plugins:\n  - metadata: {{name: hello, namespace: apps}}\n    spec: {{{spec}}}\nfiles:\n  \"{name}\": {{base64: \"{}\"{image}}}\nscenarios: [{{name: s, traffic: [{{request: {{}}}}]}}]\n",
        module()
    )
}

fn runs(report: &ScenarioReport) -> bool {
    let sent = &first(report).upstream_requests;
    sent.first()
        .is_some_and(|request| request.headers.get("x-f").is_some())
}

/// The digest in the agent's complaint of a wrong one.
fn digest(image: &str) -> String {
    let wrong = "0".repeat(64);
    let spec = format!("url: \"{IMAGE}:v1\", sha256: \"{wrong}\"");
    let report = run_one(&text(&spec, &format!("{IMAGE}:v1"), image));
    let line = report
        .logs
        .iter()
        .find_map(|line| line.message.split_once("has checksum "))
        .unwrap_or_else(|| panic!("{}", story(&report)));
    let (digest, rest) = line.1.split_once(", which does not match: ").unwrap();
    assert_eq!(rest, wrong);
    assert_eq!(digest.len(), 64);
    assert_eq!(response(&report).status, 503);
    digest.to_owned()
}

#[test]
fn a_reference_is_found_by_tag_by_latest_and_by_digest() {
    let pinned = digest("");
    for (url, stored) in [
        (format!("{IMAGE}:v1"), format!("{IMAGE}:v1")),
        (IMAGE.to_owned(), format!("{IMAGE}:latest")),
        (format!("{IMAGE}:latest"), IMAGE.to_owned()),
        (format!("{IMAGE}@sha256:{pinned}"), format!("{IMAGE}:v7")),
        (format!("{IMAGE}:v1@sha256:{pinned}"), format!("{IMAGE}:v1")),
        // Without a scheme it is a reference too.
        (
            IMAGE.trim_start_matches("oci://").to_owned() + ":v1",
            format!("{IMAGE}:v1"),
        ),
    ] {
        let report = run_one(&text(&format!("url: \"{url}\""), &stored, ""));
        assert!(runs(&report), "{url} {stored} {}", story(&report));
    }
    let spec = format!("url: \"{IMAGE}:v1\", sha256: \"{pinned}\"");
    assert!(runs(&run_one(&text(&spec, &format!("{IMAGE}:v1"), ""))));
}

#[test]
fn the_digest_is_the_manifests_and_changes_with_its_media_types() {
    let artifact = digest("");
    let docker = digest(", media_type: application/vnd.docker.distribution.manifest.v2+json");
    let compat = digest(", media_type: application/vnd.oci.image.layer.v1.tar+gzip");
    assert!(artifact != docker && docker != compat && artifact != compat);
    let oci = digest(", media_type: application/vnd.oci.image.manifest.v1+json");
    assert_eq!(oci, artifact);
}

#[test]
fn a_pinned_digest_that_is_not_there_is_refused_by_the_agent() {
    let wrong = "1".repeat(64);
    let url = format!("url: \"{IMAGE}:v1@sha256:{wrong}\"");
    let report = run_one(&text(&url, &format!("{IMAGE}:v1"), ""));
    assert_eq!(response(&report).status, 503, "{}", story(&report));
    assert!(
        report
            .logs
            .iter()
            .any(|l| l.message.contains("which does not match"))
    );
}

#[test]
fn media_types_decide_what_the_agent_can_read() {
    for (media_type, reads) in [
        ("application/vnd.oci.image.manifest.v1+json", true),
        ("application/vnd.docker.distribution.manifest.v2+json", true),
        ("application/vnd.oci.image.layer.v1.tar+gzip", true),
        ("application/vnd.module.wasm.content.layer.v1+wasm", true),
        ("application/wasm", false),
        ("application/vnd.oci.image.layer.v1.tar", false),
    ] {
        let image = format!(", media_type: {media_type}");
        let report = run_one(&text(
            &format!("url: \"{IMAGE}:v1\""),
            &format!("{IMAGE}:v1"),
            &image,
        ));
        assert_eq!(runs(&report), reads, "{media_type}");
        let said = report.logs.iter().any(|line| {
            line.message.contains("invalid format as an OCI image")
                && line
                    .message
                    .contains(&format!("invalid media type {media_type}"))
        });
        assert_eq!(said, !reads, "{media_type} {}", story(&report));
    }
}

#[test]
fn a_registry_that_fails_leaves_the_plugin_to_its_fail_strategy() {
    for (strategy, image, status) in [
        ("FAIL_CLOSE", ", failures: 1", 503),
        ("FAIL_OPEN", ", failures: 1", 200),
        ("FAIL_CLOSE", ", status: 404", 503),
        ("FAIL_OPEN", ", status: 404", 200),
        ("FAIL_CLOSE", ", delay: 3s", 200),
    ] {
        let spec = format!("url: \"{IMAGE}:v1\", failStrategy: {strategy}");
        let report = run_one(&text(&spec, &format!("{IMAGE}:v1"), image));
        assert_eq!(response(&report).status, status, "{strategy} {image}");
        // Envoy is handed a file: its own statistics of remote code stay away.
        assert!(!report.stats.keys().any(|name| name.contains("remote_load")));
    }
}

#[test]
fn envoys_own_remote_source_may_name_an_image_too() {
    let text = format!(
        "name: t\nenvoy:\n  http_filters:\n  - name: f\n    typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n      config: {{vm_config: {{code: {{remote: {{http_uri: {{uri: \"{IMAGE}:v1\", cluster: _, timeout: 30s}}}}}}}}}}\nfiles: {{\"{IMAGE}:v1\": {{base64: \"{}\"}}}}\nscenarios: [{{name: s, traffic: [{{request: {{}}}}]}}]\n",
        module()
    );
    assert!(runs(&run_one(&text)));
}

#[test]
fn plugins_stand_in_the_order_of_phase_priority_and_name() {
    let plugins: String = [
        ("late", ""),
        ("b", ", phase: AUTHN"),
        ("a", ", phase: AUTHN"),
        ("first", ", phase: AUTHN, priority: 10"),
        ("stats", ", phase: STATS, priority: 99"),
        ("authz", ", phase: AUTHZ"),
    ]
    .iter()
    .map(|(name, more)| {
        format!("  - {{metadata: {{name: {name}}}, spec: {{url: file:///f.wasm{more}}}}}\n")
    })
    .collect();
    let report = run_one(&format!(
        "name: t\nenvoy:\n  wasm_plugins:\n{plugins}files: {{/f.wasm: {{base64: \"{}\"}}}}\nscenarios: [{{name: s, traffic: [{{request: {{}}}}]}}]\n",
        module()
    ));
    let steps = super::steps(&report);
    let order: Vec<&str> = steps
        .iter()
        .filter_map(|step| step.strip_suffix(" decode_headers Continue"))
        .collect();
    let expected = ["first", "a", "b", "authz", "stats", "late"].map(|n| format!("default.{n}"));
    assert_eq!(order, expected);
}

#[test]
fn a_plugins_name_root_configuration_and_environment_are_istios() {
    let wat = guest(&[(
        "on_configure",
        "config 7; prop plugin_name; prop plugin_root_id; prop plugin_vm_id",
    )]);
    let bytes = base64(&wat);
    let text = format!(
        "name: t\nenvoy:\n  wasm_plugins:\n  - apiVersion: extensions.istio.io/v1alpha1\n    kind: WasmPlugin\n    metadata: {{name: hello, namespace: apps}}\n    spec:\n      url: file:///f.wasm\n      pluginName: root\n      pluginConfig: {{b: 2, a: [x, true, 1.5]}}\n      vmConfig: {{env: [{{name: A, value: b}}, {{name: POD, valueFrom: HOST}}]}}\nfiles: {{/f.wasm: {{base64: \"{bytes}\"}}}}\nscenarios: [{{name: s, traffic: [{{request: {{}}}}]}}]\n"
    );
    let report = run_ok(&text).scenarios.remove(0);
    let configuration = &super::outcomes(&report, "proxy_get_buffer_bytes")[0];
    assert!(
        configuration.contains(r#"{\"a\":[\"x\",true,1.5],\"b\":2}"#),
        "{configuration}"
    );
    let properties = super::outcomes(&report, "proxy_get_property");
    assert_eq!(
        properties[..3],
        [
            r#"Ok {"bytes":"apps.hello"}"#,
            r#"Ok {"bytes":"root"}"#,
            r#"Ok {"bytes":""}"#
        ]
    );
}

#[test]
fn what_a_plugin_says_wrong_or_beyond_a_lab_is_refused_at_its_place() {
    for (spec, expected) in [
        (
            "url: gopher://x",
            "expected a URL of oci, http, https or file",
        ),
        (
            "url: f, phase: AUTH",
            "expected one of AUTHN, AUTHZ, STATS, UNSPECIFIED_PHASE",
        ),
        (
            "url: f, failStrategy: FAIL_CLOSED",
            "expected FAIL_CLOSE, FAIL_OPEN or FAIL_RELOAD",
        ),
        (
            "url: f, sha256: abc",
            "expected a SHA-256 of 64 hexadecimal digits",
        ),
        (
            "url: f, selector: {}",
            "`selector` of a WasmPlugin is not simulated",
        ),
        (
            "url: f, type: NETWORK",
            "a WasmPlugin of type NETWORK is not simulated",
        ),
        (
            "url: f, pluginconfig: {}",
            "unknown key `pluginconfig`\n  Did you mean `pluginConfig`?",
        ),
        (
            "url: f, vmConfig: {env: [{name: A, value: b}, {name: A, value: c}]}",
            "duplicate env A",
        ),
        (
            "url: oci://registry.example:5000/filters/helo:v1",
            "there is no file",
        ),
    ] {
        let problem = refused(&text(spec, &format!("{IMAGE}:v1"), ""));
        assert!(problem.starts_with("lab.yaml:5:"), "{problem}");
        assert!(problem.contains(expected), "{problem}");
    }
}
