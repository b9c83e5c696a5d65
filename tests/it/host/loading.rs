//! What loads and what does not, and what is said about it.

use super::guest::{Guest, MALLOC, load, wat, whole};
use proxy_wasm_tour::abi::{AbiVersion, Group, WASI_MODULES, host_calls};
use proxy_wasm_tour::host::{Engine, FailState, Limits, Module, Step};

fn refused(text: &str) -> String {
    load(text).unwrap_err().message
}

fn refused_bytes(bytes: &[u8]) -> String {
    let engine = Engine::new(&Limits::default());
    Module::load(&engine, "f.wasm", bytes).unwrap_err().message
}

#[test]
fn every_host_call_of_the_table_links_by_its_exact_type() {
    let mut imports = String::new();
    for call in host_calls() {
        let modules: &[&str] = match call.group {
            Group::Wasi => &WASI_MODULES,
            _ => &["env"],
        };
        let params: Vec<_> = call.wasm_params().iter().map(ToString::to_string).collect();
        let results: Vec<_> = call
            .wasm_results()
            .iter()
            .map(ToString::to_string)
            .collect();
        for module in modules {
            imports += &format!(
                "(import \"{module}\" \"{}\" (func (param {}) (result {})))",
                call.name,
                params.join(" "),
                results.join(" "),
            );
        }
    }
    for version in ["0_1_0", "0_2_0", "0_2_1"] {
        Guest::start(&whole(version, &imports, MALLOC));
    }
}

#[test]
fn the_marker_tells_the_version_and_the_first_one_wins() {
    for abi in AbiVersion::ALL {
        let version = abi.to_string().replace('.', "_");
        let module = load(&whole(&version, "", MALLOC)).unwrap();
        assert_eq!(module.abi(), *abi);
    }
    let two = format!("{MALLOC} (func (export \"proxy_abi_version_0_1_0\"))");
    assert_eq!(
        load(&whole("0_2_0", "", &two)).unwrap().abi(),
        AbiVersion::V0_2_0
    );
}

#[test]
fn a_module_without_a_known_marker_is_refused() {
    let text = format!("(module (memory (export \"memory\") 1) {MALLOC})");
    let error = load(&text).unwrap_err();
    assert_eq!(error.state, FailState::UnableToInitializeCode);
    assert!(
        error.message.contains(
            "Missing or unknown Proxy-Wasm ABI version. It exports no proxy_abi_version_"
        )
    );
    assert!(
        refused(&whole("0_9_0", "", MALLOC))
            .contains("It exports proxy_abi_version_0_9_0, which no released ABI has")
    );
}

#[test]
fn a_missing_import_is_named_with_its_type_and_what_to_do() {
    let message = refused(&wat(
        "(import \"env\" \"fopen\" (func (param i32 i64) (result f32)))",
        "",
    ));
    assert_eq!(
        message,
        "guest: Failed to load Wasm module due to a missing import: env.fopen (i32, i64) -> f32. An undefined symbol has become an import: link the library that defines it"
    );
    let wasi = wat(
        "(import \"wasi_snapshot_preview1\" \"thread_spawn\" (func))",
        "",
    );
    assert!(
        refused(&wasi).contains("wasi_snapshot_preview1.thread_spawn () -> (). No Proxy-Wasm host")
    );
    let global = wat("(import \"env\" \"g\" (global i32))", "");
    assert!(refused(&global).contains("env.g, a global"));
}

#[test]
fn an_import_of_another_type_is_refused_with_both_types() {
    let message = refused(&wat(
        "(import \"env\" \"proxy_log\" (func (param i32) (result i32)))",
        "",
    ));
    assert!(message.contains("import type mismatch for function: env.proxy_log, want: (i32) -> i32, but host exports: (i32, i32, i32) -> i32"), "{message}");
}

#[test]
fn calls_of_0_1_0_link_with_and_without_a_result() {
    for result in ["", "(result i32)"] {
        let import = format!("(import \"env\" \"proxy_continue_request\" (func {result}))");
        Guest::start(&whole("0_1_0", &import, MALLOC));
    }
}

#[test]
fn the_same_function_may_be_imported_twice() {
    let import = "(import \"wasi_snapshot_preview1\" \"fd_close\" (func (param i32) (result i32)))";
    Guest::start(&wat(&import.repeat(2), ""));
}

#[test]
fn imported_memory_and_table_are_made_by_the_host() {
    let text = format!(
        "(module (import \"env\" \"memory\" (memory 2)) (import \"env\" \"t\" (table 1 funcref))
           (func (export \"proxy_abi_version_0_2_1\")) {MALLOC})"
    );
    assert_eq!(Guest::start(&text).vm.memory_bytes(), 2 * 65536);
}

#[test]
fn a_callback_of_another_type_refuses_the_whole_module() {
    let message = refused(&wat("", "(func (export \"proxy_on_tick\"))"));
    assert!(message.contains("Bad function signature for: proxy_on_tick, want: (i32) -> (), but the module exports: () -> ()."), "{message}");
}

#[test]
fn header_callbacks_have_two_parameters_in_0_1_0_and_three_later() {
    let two =
        "(func (export \"proxy_on_request_headers\") (param i32 i32) (result i32) (i32.const 0))";
    let fields = format!("{MALLOC} {two}");
    assert!(load(&whole("0_1_0", "", &fields)).is_ok());
    assert!(load(&whole("0_2_0", "", &fields)).is_err());
}

#[test]
fn a_module_needs_an_allocator_and_a_memory() {
    let error = load(&whole("0_2_1", "", "")).unwrap_err();
    assert_eq!(error.state, FailState::MissingFunction);
    assert!(
        error
            .message
            .contains("neither malloc nor proxy_on_memory_allocate")
    );
    let bare = "(module (func (export \"proxy_abi_version_0_2_1\")))";
    assert!(refused(bare).contains("exports no memory"));
}

#[test]
fn bytes_that_are_no_module_say_what_they_look_like() {
    assert!(refused_bytes(b"").contains("the file is empty"));
    assert!(refused_bytes(b"(module)").contains("WebAssembly text"));
    assert!(refused_bytes(b"<!doctype html>").contains("HTML"));
    assert!(refused_bytes(b"MZ").contains("00 61 73 6d"));
    assert!(refused_bytes(b"\0asm\x0d\0\x01\0").contains("a component"));
    assert!(refused_bytes(b"\0asm\x01\0\0\0\xff").contains("Failed to load Wasm bytecode"));
    let whole = wat::parse_str(wat("", "")).unwrap();
    for length in [9, whole.len() / 2, whole.len() - 1] {
        let said = refused_bytes(&whole[..length]);
        assert!(said.contains("the file ends too early"), "{length}: {said}");
    }
}

#[test]
fn modules_are_known_by_the_sha_256_of_their_bytes() {
    let bytes = wat::parse_str(wat("", "")).unwrap();
    let engine = Engine::new(&Limits::default());
    let module = Module::load(&engine, "m", &bytes).unwrap();
    assert_eq!(module.sha256().len(), 64);
    assert!(module.exports("malloc") && !module.exports("proxy_on_tick"));
}

#[test]
fn initialize_then_main_or_start_run_once_each_in_envoys_order() {
    let import = "(import \"env\" \"proxy_log\" (func $log (param i32 i32 i32) (result i32)))";
    let says = |export: &str, at: u32, result: &str| {
        let value = if result.is_empty() {
            ""
        } else {
            "(i32.const 0)"
        };
        format!(
            "(func (export \"{export}\") {result} (drop (call $log (i32.const 2) (i32.const {at}) (i32.const 1))) {value})"
        )
    };
    let data = "(data (i32.const 0) \"imvs\")";
    let run = |fields: &[String]| {
        let mut guest = Guest::start(&wat(import, &format!("{} {data}", fields.concat())));
        assert_eq!(
            guest.call(proxy_wasm_tour::host::GuestCall::Start),
            Step::Returned(0)
        );
        let logs = &guest.proxy().logs;
        logs.iter()
            .map(|(_, text)| text.clone())
            .collect::<String>()
    };
    let initialize = says("_initialize", 0, "");
    let main = says("main", 1, "(param i32 i32) (result i32)");
    let void = says("__main_void", 2, "(result i32)");
    let start = says("_start", 3, "");
    assert_eq!(
        run(&[
            initialize.clone(),
            main.clone(),
            void.clone(),
            start.clone()
        ]),
        "im"
    );
    assert_eq!(run(&[initialize.clone(), void.clone()]), "iv");
    assert_eq!(run(&[initialize]), "i");
    assert_eq!(run(&[main, void, start]), "s");
    assert_eq!(run(&[]), "");
}

/// The interpreter would jump into nowhere.
#[test]
fn a_lane_store_with_a_large_offset_is_refused() {
    let with = |store: &str| {
        let body = format!(
            "{MALLOC} (memory $two 1) (func (export \"f\") (param i32) ({store} (local.get 0) (i16x8.splat (local.get 0))))"
        );
        load(&whole("0_2_1", "", &body))
    };
    for store in ["v128.store8_lane", "v128.store16_lane"] {
        for arguments in ["offset=65536 3", "$two 3", "offset=4000000000 0"] {
            let said = with(&format!("{store} {arguments}")).unwrap_err().message;
            let expected = format!("Failed to load Wasm bytecode: {store} with offset=");
            assert!(said.contains(&expected), "{said}");
        }
        with(&format!("{store} offset=65535 3")).unwrap();
    }
    for store in ["v128.store32_lane", "v128.store64_lane"] {
        with(&format!("{store} offset=65536 1")).unwrap();
    }
}
