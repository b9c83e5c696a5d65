//! Whole documents of Envoy's and Istio's kinds: each loads and runs, or is refused for a reason that is
//! stated; with the refused piece out, the rest of it runs.

use crate::lab_run::{run_one, run_text};
use crate::proxy::{base64, guest};
use sha2::Digest;

/// Lines under a key of a lab.
fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("  {line}\n"));
    lines.collect()
}

/// A lab with these keys of `envoy`, and a module wherever the documents look for one.
fn lab(envoy: &str, traffic: &str) -> String {
    let module = base64(&guest(&[("on_request_headers", "return 0")]));
    let files = [
        "/etc/envoy/svc.wasm",
        "/etc/envoy/al.wasm",
        "/f.wasm",
        "http://code.local/f.wasm",
    ];
    let files = files
        .map(|name| format!("  '{name}': {{base64: \"{module}\"}}\n"))
        .concat();
    let envoy = indented(envoy);
    format!(
        "name: t\nenvoy:\n{envoy}files:\n{files}scenarios: [{{name: s, traffic: [{traffic}]}}]\n"
    )
}

/// Rows: what is said of the text as it is, what of it is to blame, and what is put in its place.
/// After the last row it runs.
fn runs_after(text: &str, rows: &[(&str, &str, &str)], whole: impl Fn(&str) -> String) {
    let mut text = text.to_owned();
    for (reason, piece, other) in rows {
        match run_text(&whole(&text), &[]) {
            Ok(_) => panic!("it runs before: {reason}"),
            Err(problem) => {
                assert!(problem.starts_with("lab.yaml:"), "{problem}");
                assert!(problem.contains(reason), "{problem}, not {reason}");
            }
        }
        assert!(text.contains(piece), "no {piece} in {text}");
        text = text.replace(piece, other);
    }
    let report = run_one(&whole(&text));
    assert_eq!(report.rejected, None);
    let answered = |status: u16| (200..=403).contains(&status);
    for exchange in &report.exchanges {
        let status = exchange.response.as_ref().map(|response| response.status);
        assert!(status.is_some_and(answered), "{status:?}");
    }
}

const FILTERS: &str = include_str!("documents/http_filters.yaml");

/// The chain of all filters, with a key for the one that needs some.
fn chain() -> String {
    let keys = r#"{"keys":[{"kty":"oct","k":"AQ"}]}"#;
    format!(
        "http_filters:\n{}clusters: [{{name: web}}, {{name: rls}}]\n",
        FILTERS.replace(r#"{"keys":[]}"#, keys)
    )
}

#[test]
fn a_whole_bootstrap_runs_without_what_is_refused() {
    let text = include_str!("documents/bootstrap.yaml");
    // The document's hash is that of no bytes.
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let module = wat::parse_str(guest(&[("on_request_headers", "return 0")])).unwrap();
    let hash = sha2::Sha256::digest(&module);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = &text.replace(nothing, &hash);
    let (_, rest) = text.split_once("  - name: tcp\n").unwrap();
    let second = format!(
        "  - name: tcp\n{}",
        rest.split_once("  clusters:\n").unwrap().0
    );
    let lua = "          http_filters:\n          - { name: envoy.filters.http.lua, typed_config: { \"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua } }\n";
    runs_after(
        text,
        &[
            ("a second listener is not simulated", &second, ""),
            (
                "no HTTP filter is named `envoy.filters.http.lua`",
                "          http_filters:\n",
                lua,
            ),
            (
                "`connection_balance_config` of a listener is not simulated",
                "    connection_balance_config: { exact_balance: {} }    # optional; default = kernel\n",
                "",
            ),
        ],
        |envoy| {
            lab(
                envoy,
                "{request: {path: /health}}, {request: {path: /api/x, headers: {x-v: '2'}}}",
            )
        },
    );
}

#[test]
fn a_chain_of_every_http_filter_runs_with_a_key_for_its_tokens() {
    let all = format!("http_filters:\n{FILTERS}clusters: [{{name: web}}, {{name: rls}}]\n");
    runs_after(
        &all,
        &[(
            "Provider 'p' in jwt_authn config has invalid local jwks: Jwks doesn't have any valid public key",
            r#"{"keys":[]}"#,
            r#"{"keys":[{"kty":"oct","k":"AQ"}]}"#,
        )],
        |envoy| lab(envoy, "{request: {}}"),
    );
}

#[test]
fn each_route_may_say_what_the_document_says_of_a_filter() {
    let rows = include_str!("documents/per_route.yaml");
    let mut seen = 0;
    for line in rows.lines() {
        // `any.disabled` stands for the name of any filter.
        let entry = line.replace("any.disabled", "envoy.filters.http.rbac");
        let entry = entry.split("   #").next().unwrap().trim_end();
        let route = format!(
            "routes: [{{match: {{prefix: /}}, route: {{cluster: web}}, typed_per_filter_config: {{{entry}}}}}]\n"
        );
        runs_after(&(chain() + &route), &[], |envoy| {
            lab(envoy, "{request: {}}")
        });
        seen += 1;
    }
    assert_eq!(seen, 7);
}

#[test]
fn each_terminal_network_filter_of_the_document_runs() {
    let text = include_str!("documents/network_filters.yaml");
    let filters: Vec<&str> = text.split("- name:").skip(1).collect();
    assert_eq!(filters.len(), 2);
    for filter in filters {
        let envoy = format!("network_filters:\n- name:{filter}");
        runs_after(&envoy, &[], |envoy| {
            lab(envoy, "{tcp: {send: [a], close: true}}")
        });
    }
}

#[test]
fn of_istios_kinds_a_wasm_plugin_runs_and_the_others_say_why_not() {
    let text = include_str!("documents/istio.yaml");
    let documents: Vec<&str> = text.split("---\n").collect();
    let rows: [&[(&str, &str, &str)]; 3] = [
        &[(
            "an EnvoyFilter is not simulated",
            documents[0],
            "metadata: {name: a}\nspec: {url: file:///f.wasm}\n",
        )],
        &[
            (
                "`selector` of a WasmPlugin is not simulated",
                "  selector: { matchLabels: { istio: ingressgateway } } ",
                "",
            ),
            (
                "`match` of a WasmPlugin is not simulated",
                "  match: [ { mode: SERVER, ports: [ { number: 8080 } ] } ] ",
                "",
            ),
            (
                "there is no file `oci://ghcr.io/me/f:1.0`",
                "oci://ghcr.io/me/f:1.0",
                "file:///f.wasm",
            ),
        ],
        &[(
            "a TrafficExtension is not simulated",
            documents[2],
            "metadata: {name: a}\nspec: {url: file:///f.wasm}\n",
        )],
    ];
    assert_eq!(documents.len(), rows.len());
    for (document, rows) in documents.iter().zip(rows) {
        let item = |document: &str| {
            let lines = indented(document);
            lab(
                &format!("wasm_plugins:\n- {}", lines.trim_start()),
                "{request: {}}",
            )
        };
        runs_after(document, rows, item);
    }
}
