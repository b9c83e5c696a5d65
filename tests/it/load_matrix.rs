//! Which modules load: every ABI, start function and allocator, and what is refused.
//!
//! The modules are WebAssembly text from a table. Each says in its log what was called.

use crate::fuzz::world::Nothing;
use crate::support::one_filter;
use proxy_wasm_tour::lab::{self, RunOptions};
use proxy_wasm_tour::model::report::ScenarioReport;
use std::sync::Arc;

/// The ABI's versions as their markers spell them.
const ABIS: [&str; 3] = ["0_1_0", "0_2_0", "0_2_1"];

/// A module that logs each function that the proxy calls, by name.
#[derive(Clone, Debug, Default)]
struct Guest {
    /// Exports that are called at the start: `_initialize`, `_start`, `main`, `__main_void`.
    starts: Vec<&'static str>,
    /// Allocators.
    allocators: Vec<&'static str>,
    /// ABI markers in export order.
    markers: Vec<String>,
    /// More fields of the module.
    more: String,
    /// More imports: they come before everything else.
    imports: String,
}

impl Guest {
    fn new(abi: &str, starts: &[&'static str], allocators: &[&'static str]) -> Self {
        Self {
            starts: starts.to_vec(),
            allocators: allocators.to_vec(),
            markers: vec![format!("proxy_abi_version_{abi}")],
            ..Self::default()
        }
    }

    fn good() -> Self {
        Self::new("0_2_1", &["_initialize"], &["malloc"])
    }

    fn imports(mut self, text: &str) -> Self {
        self.imports.push_str(text);
        self
    }

    fn more(mut self, text: &str) -> Self {
        self.more.push_str(text);
        self
    }

    /// The module's text. On its start with a VM configuration of 5 bytes it logs those bytes.
    fn wat(&self) -> String {
        let old = self.markers.first().is_some_and(|m| m.ends_with("0_1_0"));
        let mut names: Vec<&str> = Vec::new();
        let mut functions = String::new();
        let mut function = |name: &'static str, signature: &str, result: &str| {
            // Names stand in memory from 1024 on, 64 bytes apart.
            let at = 1024 + 64 * names.len();
            functions.push_str(&format!(
                r#"(func (export "{name}") {signature}
                     (drop (call $log (i32.const 2) (i32.const {at}) (i32.const {})))
                     {result})
                   (data (i32.const {at}) "{name}")
                "#,
                name.len()
            ));
            names.push(name);
        };
        for start in &self.starts {
            match *start {
                "main" => function(start, "(param i32 i32) (result i32)", "(i32.const 0)"),
                "__main_void" => function(start, "(result i32)", "(i32.const 0)"),
                _ => function(start, "", ""),
            }
        }
        for allocator in &self.allocators {
            // A page of blocks; `heap` is the next one.
            let bump =
                "(global.get $heap) (global.set $heap (i32.add (global.get $heap) (local.get 0)))";
            function(allocator, "(param i32) (result i32)", bump);
        }
        let words = if old {
            "(param i32 i32)"
        } else {
            "(param i32 i32 i32)"
        };
        function(
            "proxy_on_request_headers",
            &format!("{words} (result i32)"),
            "(i32.const 0)",
        );
        let markers: String = self
            .markers
            .iter()
            .map(|marker| format!("(func (export \"{marker}\"))\n"))
            .collect();
        let (import, call) = if old {
            (
                r#"(import "env" "proxy_get_configuration" (func $get (param i32 i32) (result i32)))"#,
                "(call $get (i32.const 0) (i32.const 4))",
            )
        } else {
            (
                r#"(import "env" "proxy_get_buffer_bytes" (func $get (param i32 i32 i32 i32 i32) (result i32)))"#,
                "(call $get (i32.const 6) (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 4))",
            )
        };
        format!(
            r#"(module
                 (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
                 {import}
                 {}
                 (memory (export "memory") 2)
                 (global $heap (mut i32) (i32.const 65536))
                 {markers}
                 {functions}
                 (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
                   (if {call} (then unreachable))
                   (drop (call $log (i32.const 2) (i32.load (i32.const 0)) (i32.load (i32.const 4))))
                   (i32.const 1))
                 {})"#,
            self.imports, self.more
        )
    }

    /// Loads it and sends one request: the scenario, or why the module or the proxy was refused.
    fn run(&self) -> Result<ScenarioReport, String> {
        let wat = self.wat();
        let module = wat::parse_str(&wat).unwrap_or_else(|e| panic!("{e}\n{wat}"));
        let text = one_filter(CONFIG) + REST;
        let mut lab = lab::parse("load.yaml", &text, &Nothing).unwrap_or_else(|p| panic!("{p}"));
        lab.name = format!("{:?}", self.markers);
        let contents = [("/guest.wasm".to_owned(), Arc::from(module))].into();
        let report =
            lab::run(&lab, &contents, &RunOptions::default()).map_err(|p| p.to_string())?;
        let scenario = report.scenarios.into_iter().next().unwrap();
        match &scenario.rejected {
            // Envoy refuses in one line and says why in its log.
            Some(why) => Err(scenario
                .logs
                .iter()
                .fold(why.clone(), |text, line| text + "\n" + &line.message)),
            None => Ok(scenario),
        }
    }

    /// What the VM of worker 0 logged.
    fn log(&self) -> Vec<String> {
        let scenario = self.run().unwrap_or_else(|why| panic!("{self:?}: {why}"));
        assert_eq!(
            scenario.exchanges[0].response.as_ref().map(|r| r.status),
            Some(200),
            "{self:?}"
        );
        let lines = scenario.logs.into_iter();
        lines
            .filter(|line| line.thread == 1 && line.level == "info")
            .map(|line| line.message)
            .collect()
    }

    /// Asserts that it is refused for a reason that names all of `parts`.
    fn check_refused(&self, parts: &[&str]) {
        match self.run() {
            Ok(_) => panic!("{self:?} was accepted"),
            Err(why) => {
                for part in parts {
                    assert!(why.contains(part), "{self:?}: `{part}` is not in: {why}");
                }
            }
        }
    }
}

const CONFIG: &str = "{name: guest, vm_config: {runtime: envoy.wasm.runtime.v8, configuration: {\"@type\": type.googleapis.com/google.protobuf.StringValue, value: hello}, code: {local: {filename: /guest.wasm}}}}";

const REST: &str = r#"files:
  /guest.wasm: {text: ""}
upstreams:
  web:
  - reply: {status: 200}
scenarios:
- name: one request
  traffic:
  - request: {path: /}
"#;

/// Every ABI with every start and every allocator: what is called, and in which order.
#[test]
fn every_abi_start_and_allocator_loads() {
    // What is exported, and what of it is called.
    let starts: [(&[&str], &[&str]); 8] = [
        (&[], &[]),
        (&["_initialize"], &["_initialize"]),
        (&["_start"], &["_start"]),
        (&["_initialize", "main"], &["_initialize", "main"]),
        (
            &["_initialize", "__main_void"],
            &["_initialize", "__main_void"],
        ),
        (
            &["_initialize", "main", "__main_void"],
            &["_initialize", "main"],
        ),
        (&["_start", "main"], &["_start"]),
        (&["_start", "_initialize"], &["_initialize"]),
    ];
    // Envoy takes `malloc` when it is there, whatever the specification says.
    let allocators: [(&[&str], &str); 3] = [
        (&["malloc"], "malloc"),
        (&["proxy_on_memory_allocate"], "proxy_on_memory_allocate"),
        (&["proxy_on_memory_allocate", "malloc"], "malloc"),
    ];
    for abi in ABIS {
        for (start, called) in starts {
            for (allocator, used) in allocators {
                let guest = Guest::new(abi, start, allocator);
                let mut expected: Vec<&str> = called.to_vec();
                expected.extend([used, "hello", "proxy_on_request_headers"]);
                assert_eq!(guest.log(), expected, "{guest:?}");
            }
        }
    }
}

#[test]
fn a_module_without_an_allocator_is_refused() {
    for abi in ABIS {
        Guest::new(abi, &["_initialize"], &[])
            .check_refused(&["malloc", "proxy_on_memory_allocate"]);
    }
}

#[test]
fn a_module_without_a_known_abi_marker_is_refused() {
    let mut guest = Guest::good();
    guest.markers = vec![];
    guest.check_refused(&["unknown Proxy-Wasm ABI version"]);
    guest.markers = vec!["proxy_abi_version_0_3_0".to_owned()];
    guest.check_refused(&["unknown Proxy-Wasm ABI version"]);
}

/// Of two markers the first in export order counts: the shape of the header callback follows it.
#[test]
fn the_first_abi_marker_wins() {
    for (first, second) in [("0_1_0", "0_2_1"), ("0_2_1", "0_1_0")] {
        let mut guest = Guest::new(first, &[], &["malloc"]);
        guest.markers.push(format!("proxy_abi_version_{second}"));
        assert_eq!(guest.log(), ["malloc", "hello", "proxy_on_request_headers"]);
    }
}

/// Go's linker imports `fd_write` twice.
#[test]
fn a_function_may_be_imported_twice() {
    let twice = r#"
        (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
        (import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))"#;
    let log = Guest::good().imports(twice).log();
    assert_eq!(
        log.last().map(String::as_str),
        Some("proxy_on_request_headers")
    );
}

/// SDKs declare calls of other ABI versions: all are linked for all.
#[test]
fn host_calls_of_every_abi_are_linked_for_every_module() {
    let calls = r#"
        (import "env" "proxy_continue_request" (func (result i32)))
        (import "env" "proxy_continue_response" (func (result i32)))
        (import "env" "proxy_clear_route_cache" (func (result i32)))
        (import "env" "proxy_continue_stream" (func (param i32) (result i32)))
        (import "env" "proxy_close_stream" (func (param i32) (result i32)))
        (import "env" "proxy_get_log_level" (func (param i32) (result i32)))
        (import "env" "pthread_equal" (func (param i32 i32) (result i32)))
        (import "env" "emscripten_notify_memory_growth" (func (param i32)))
        (import "wasi_unstable" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#;
    for abi in ABIS {
        Guest::new(abi, &[], &["malloc"]).imports(calls).log();
    }
}

#[test]
fn a_missing_import_is_named() {
    let unknown = r#"(import "env" "proxy_make_coffee" (func (param i32)))"#;
    Guest::good()
        .imports(unknown)
        .check_refused(&["env", "proxy_make_coffee"]);
    let module = r#"(import "gojs" "runtime.wasmExit" (func (param i32)))"#;
    Guest::good()
        .imports(module)
        .check_refused(&["gojs", "runtime.wasmExit"]);
}

#[test]
fn an_import_of_the_wrong_type_is_named_with_both_types() {
    let wrong = r#"(import "env" "proxy_get_log_level" (func (param i32 i32) (result i32)))"#;
    Guest::good()
        .imports(wrong)
        .check_refused(&["proxy_get_log_level", "i32, i32"]);
}

#[test]
fn an_imported_global_is_refused() {
    let global = r#"(import "env" "__stack_pointer" (global i32))"#;
    Guest::good()
        .imports(global)
        .check_refused(&["__stack_pointer"]);
}

#[test]
fn a_callback_of_the_wrong_type_is_refused() {
    let callback =
        r#"(func (export "proxy_on_request_body") (param i32 i32) (result i32) (i32.const 0))"#;
    Guest::good()
        .more(callback)
        .check_refused(&["proxy_on_request_body"]);
    // The header callbacks of 0.1.0 have two parameters, of 0.2.x three.
    let mut guest = Guest::good();
    guest.markers = vec!["proxy_abi_version_0_2_1".to_owned()];
    let three = r#"(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (i32.const 0))"#;
    Guest::good().more(three).log();
    Guest::new("0_1_0", &[], &["malloc"])
        .more(three)
        .check_refused(&["proxy_on_response_headers"]);
}

#[test]
fn an_unknown_export_is_no_one_elses_business() {
    let more = r#"(func (export "proxy_on_something_new") (param f64)) (global (export "version") i32 (i32.const 1))"#;
    Guest::good().more(more).log();
}

/// A trap while the VM starts refuses the module as a whole.
#[test]
fn a_trap_in_the_start_function_is_refused() {
    let trap = r#"(func $boom unreachable) (start $boom)"#;
    Guest::good().more(trap).check_refused(&["unreachable"]);
}

/// The interpreter's own words name the number of its store, which differs from run to run.
#[test]
fn an_element_segment_that_does_not_fit_is_told_in_the_same_words_each_time() {
    let segment = "(table 1 funcref) (elem (i32.const 7) func $log)";
    let guest = Guest::good().more(segment);
    guest.check_refused(&["table index is out of bounds", "at 7"]);
    assert_eq!(guest.run().err(), guest.run().err());
}
