//! The doctor's findings.

use super::guest::{MALLOC, wat, whole};
use proxy_wasm_tour::host::doctor;
use proxy_wasm_tour::model::doctor::{ExportKind, Findings, ImportKind};

fn examine(text: &str) -> Findings {
    doctor("guest", &wat::parse_str(text).unwrap())
}

const IMPORTS: &str = "(import \"env\" \"proxy_log\" (func $log (param i32 i32 i32) (result i32)))
  (import \"env\" \"proxy_grpc_cancel\" (func (param i32) (result i32)))
  (import \"wasi_snapshot_preview1\" \"fd_write\" (func (param i32 i32 i32 i32) (result i32)))";

#[test]
fn imports_are_told_apart_and_followed_to_the_callbacks_that_use_them() {
    let fields = "(func $inner (drop (call $log (i32.const 0) (i32.const 0) (i32.const 0))))
      (func (export \"proxy_on_tick\") (param i32) (call $inner))";
    let findings = examine(&wat(IMPORTS, fields));
    assert!(findings.loads);
    assert_eq!(findings.abi.as_deref(), Some("0.2.1"));
    let log = &findings.imports[0];
    assert_eq!(
        (log.kind, &log.used_by[..]),
        (ImportKind::HostCall, &["proxy_on_tick".to_owned()][..])
    );
    assert_eq!(log.signature, "(i32, i32, i32) -> i32");
    assert_eq!(findings.imports[1].used_by, Vec::<String>::new());
    assert_eq!(findings.imports[2].kind, ImportKind::Wasi);
    assert_eq!(findings.allocator.as_deref(), Some("malloc"));
    let tick = findings
        .exports
        .iter()
        .find(|export| export.name == "proxy_on_tick");
    assert_eq!(tick.unwrap().kind, ExportKind::Callback);
    assert!(
        findings
            .warnings
            .iter()
            .any(|warning| warning.contains("neither _initialize nor _start"))
    );
}

#[test]
fn a_module_that_does_not_load_is_examined_all_the_same() {
    let findings = examine(&wat("(import \"env\" \"puts\" (func (param i32)))", ""));
    assert!(!findings.loads && findings.error.unwrap().contains("env.puts"));
    assert_eq!(findings.imports[0].kind, ImportKind::Unknown);
    assert!(findings.hosts.iter().all(|host| !host.loads));
    assert!(doctor("x", b"no wasm").error.is_some());
}

#[test]
fn an_import_of_another_type_is_marked() {
    let findings = examine(&wat("(import \"env\" \"proxy_log\" (func))", ""));
    assert_eq!(findings.imports[0].kind, ImportKind::WrongType);
}

#[test]
fn two_allocators_get_a_warning() {
    let both = format!(
        "{MALLOC} (func (export \"proxy_on_memory_allocate\") (param i32) (result i32) (i32.const 0))"
    );
    let findings = examine(&whole("0_2_0", "", &both));
    assert!(findings.warnings[0].contains("malloc and proxy_on_memory_allocate"));
    assert!(findings.warnings[1].contains("exports no callback"));
}

#[test]
fn proposals_beyond_the_first_version_are_named() {
    let fields = "(func (export \"f\") (param v128) (result i32) (i32.extend8_s (i32x4.extract_lane 0 (local.get 0))))";
    let findings = examine(&wat("", fields));
    assert_eq!(findings.proposals, ["sign-extension", "simd"]);
}

#[test]
fn other_hosts_differ_by_their_tables() {
    let findings = examine(&wat(
        IMPORTS,
        "(func (export \"proxy_on_queue_ready\") (param i32 i32))",
    ));
    let host = |name: &str| {
        findings
            .hosts
            .iter()
            .find(|host| host.host == name)
            .unwrap()
    };
    assert!(host("envoy").loads && host("envoy").differences.is_empty());
    assert_eq!(
        host("kong").differences,
        [
            "proxy_grpc_cancel answers Unimplemented",
            "proxy_on_queue_ready is never called"
        ]
    );
    assert!(!host("mosn").loads);
}

#[test]
fn what_a_module_can_be_is_told_by_its_callbacks() {
    let findings = examine(&wat("", "(func (export \"proxy_on_log\") (param i32))"));
    let fits: Vec<_> = findings
        .kinds
        .iter()
        .filter(|kind| kind.fits)
        .map(|kind| &kind.name[..])
        .collect();
    assert_eq!(fits, ["access_log"]);
}

#[test]
fn the_start_is_told_in_order() {
    let fields = "(func $s) (start $s) (func (export \"_initialize\")) (func (export \"main\") (param i32 i32) (result i32) (i32.const 0)) (func (export \"_start\"))";
    assert_eq!(
        examine(&wat("", fields)).start,
        ["start section", "_initialize", "main"]
    );
}

#[test]
fn the_producers_section_and_the_sdk_are_read() {
    let producers = "(@custom \"producers\" \"\\01\\08language\\01\\04Rust\\042021\") (data (i32.const 0) \"/registry/proxy-wasm-0.2.5/src/\")";
    let findings = examine(&wat("", producers));
    assert_eq!(findings.made_by, ["Rust 2021"]);
    assert_eq!(findings.sdk.as_deref(), Some("proxy-wasm 0.2.5 (Rust)"));
}

#[test]
fn a_call_through_a_table_may_reach_any_function_of_its_type() {
    let fields = "(type $unary (func (param i32))) (type $other (func (param i32 i32)))
      (table 3 funcref) (elem (i32.const 0) $logs $quiet $cancels)
      (func $logs (type $unary) (drop (call $log (i32.const 0) (i32.const 0) (i32.const 0))))
      (func $quiet (type $unary))
      (func $cancels (type $other) (drop (call 1 (i32.const 4))))
      (func (export \"proxy_on_tick\") (param i32) (call_indirect (type $unary) (i32.const 1) (i32.const 0)))";
    let findings = examine(&wat(IMPORTS, fields));
    let (log, cancel) = (&findings.imports[0], &findings.imports[1]);
    assert_eq!(
        (&log.used_by[..], &log.perhaps_used_by[..]),
        (&[][..], &["proxy_on_tick".to_owned()][..])
    );
    // In the table, and of another type.
    assert!(cancel.perhaps_used_by.is_empty());
}

#[test]
fn proposals_that_the_interpreter_lacks_are_named() {
    let fields = "(func (export \"f\") (param i32) (result i32) (i32.atomic.load (local.get 0)))";
    let findings = examine(&wat("", fields));
    assert!(!findings.loads);
    assert_eq!(findings.lacking, ["threads"]);
    let thrown = "(tag $e) (func (export \"f\") (throw $e))";
    assert_eq!(examine(&wat("", thrown)).lacking, ["exception-handling"]);
    assert!(examine(&wat("", "")).lacking.is_empty());
    assert!(doctor("x", b"\0asm\x01\0\0\0junk").lacking.is_empty());
}

#[test]
fn callbacks_that_are_missing_are_told_for_each_kind() {
    let fields =
        "(func (export \"proxy_on_new_connection\") (param i32) (result i32) (i32.const 0))";
    let findings = examine(&wat("", fields));
    let network = findings.kinds.iter().find(|kind| kind.name == "network");
    let network = network.unwrap();
    assert!(network.fits);
    assert_eq!(network.missing.len(), 4);
    assert!(findings.kinds.iter().filter(|kind| kind.fits).count() == 1);
}

#[test]
fn assemblyscript_and_its_sdk_are_told_by_their_wide_texts() {
    let wide: String = "~lib/@gcoredev/proxy-wasm-sdk-as/assembly/runtime.ts"
        .bytes()
        .map(|byte| format!("\\{byte:02x}\\00"))
        .collect();
    let findings = examine(&wat("", &format!("(data (i32.const 64) \"{wide}\")")));
    assert_eq!(
        findings.sdk.as_deref(),
        Some("proxy-wasm-sdk-as (AssemblyScript)")
    );
}

/// In a time that grows with their number, not with its square.
#[test]
fn a_module_of_very_many_types_is_examined() {
    let number = |mut n: usize| {
        let mut out = Vec::new();
        while n > 0x7f {
            out.push((n & 0x7f) as u8 | 0x80);
            n >>= 7;
        }
        out.push(n as u8);
        out
    };
    // No two have the same parameters: a number in binary, i32 for 0 and i64 for 1.
    let (count, bits) = (100_000_usize, 17);
    let mut types = number(count);
    for n in 0..count {
        types.extend([0x60, bits]);
        types.extend((0..bits).map(|bit| 0x7f - (n >> bit & 1) as u8));
        types.push(0);
    }
    let bytes = [b"\0asm\x01\0\0\0\x01", &number(types.len())[..], &types].concat();
    let findings = doctor("types", &bytes);
    assert!(findings.error.unwrap().contains("Proxy-Wasm ABI version"));
}
