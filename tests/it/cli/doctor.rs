//! `tour doctor`: what people and programs read, and the exit code.

use super::{Folder, tour};
use proxy_wasm_tour::model::doctor::{Findings, ImportKind};

#[test]
fn a_sample_loads_and_says_what_it_is() {
    let ran = tour(&["doctor", "target/filters/add-header.wasm"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for words in [
        "yes, Proxy-Wasm ABI 0.2.1",
        "host calls",
        "proxy_add_header_map_value",
        "proxy_on_request_headers",
        "hosts",
        "envoy",
        "sha256",
    ] {
        assert!(ran.out.contains(words), "no {words:?} in\n{}", ran.out);
    }
    let json = tour(&["doctor", "target/filters/add-header.wasm", "--json"]);
    let findings: Findings = serde_json::from_str(&json.out).unwrap();
    assert!(
        findings.loads
            && findings
                .imports
                .iter()
                .all(|import| import.kind != ImportKind::Unknown)
    );
}

#[test]
fn what_does_not_load_exits_with_1_and_names_the_import() {
    let folder = Folder::new("doctor");
    let bytes = wat::parse_str(
        r#"(module (import "env" "proxy_fly" (func)) (memory (export "memory") 1) (func (export "proxy_abi_version_0_2_1")))"#,
    )
    .unwrap();
    let ran = tour(&["doctor", &folder.file("fly.wasm", bytes)]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("no: ") && ran.out.contains("proxy_fly"),
        "{}",
        ran.out
    );
    let ran = tour(&["doctor", &folder.file("text.wasm", "text")]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let ran = tour(&["doctor", "nowhere.wasm"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(
        ran.err.starts_with("tour: nowhere.wasm: no such file"),
        "{}",
        ran.err
    );
}
