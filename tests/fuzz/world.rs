//! The world around a fuzzed module: a proxy with traffic that reaches every phase.

use proxy_wasm_tour::lab::{self, Beside, RunOptions, Sample};
use proxy_wasm_tour::model::report::{ExchangeOutcome, Report};
use std::sync::Arc;

/// Nothing stands beside these labs.
pub(crate) struct Nothing;

impl Beside for Nothing {
    fn part(&self, _name: &str) -> Option<String> {
        None
    }

    fn sample(&self, _name: &str) -> Sample {
        Sample::Missing("is not here".to_owned())
    }

    fn samples(&self) -> Vec<String> {
        Vec::new()
    }

    fn path(&self, _path: &str) -> Result<Vec<u8>, String> {
        Err("no such file".to_owned())
    }
}

/// What `run` is asked for: a short trace shows where it is cut, too.
pub(crate) fn options() -> RunOptions {
    RunOptions {
        event_cap: 20_000,
        ..RunOptions::default()
    }
}

/// Loads a module; most are refused.
pub(crate) fn load(module: &[u8]) {
    let _ = proxy_wasm_tour::host::doctor("fuzz.wasm", module);
    serve(module);
}

/// Serves traffic with a module in the chain. Whatever it does, the run ends with a report.
pub(crate) fn serve(module: &[u8]) {
    run(module, b"hello");
    let report = same_twice(TCP_LAB, module);
    for scenario in report.iter().flat_map(|report| &report.scenarios) {
        let connections = if scenario.rejected.is_some() { 0 } else { 2 };
        assert_eq!(
            scenario.connections.len(),
            connections,
            "a connection is missing"
        );
    }
}

/// Reads a property by this path in every HTTP phase.
pub(crate) fn property(path: &[u8]) {
    let module = wat::parse_str(PROPERTY).unwrap();
    run(&module, path);
}

fn run(module: &[u8], configuration: &[u8]) {
    let text = LAB.replace("CONFIGURATION", &base64(configuration));
    let Some(mut report) = same_twice(&text, module) else {
        return;
    };
    report
        .scenarios
        .retain(|scenario| scenario.rejected.is_none());
    for scenario in &report.scenarios {
        assert_eq!(scenario.exchanges.len(), 3, "an exchange is missing");
        for exchange in &scenario.exchanges {
            assert!(
                exchange.response.is_some() || exchange.outcome != ExchangeOutcome::Completed,
                "completed without a response"
            );
        }
    }
}

/// The report of a lab with this module, which is the same without a trace; `None` when the module
/// is refused both times.
fn same_twice(text: &str, module: &[u8]) -> Option<Report> {
    let lab = lab::parse("fuzz.yaml", text, &Nothing).unwrap_or_else(|p| panic!("{p}"));
    let contents = [("/guest.wasm".to_owned(), Arc::from(module))].into();
    let seen = lab::run(&lab, &contents, &options());
    // A run is a function of its lab, and nobody who looks changes what happens.
    let blind = RunOptions {
        capture: false,
        ..options()
    };
    let unseen = lab::run(&lab, &contents, &blind);
    match (seen, unseen) {
        (Ok(seen), Ok(unseen)) => {
            let mut seen_without_trace = seen.clone();
            for scenario in &mut seen_without_trace.scenarios {
                scenario.events.clear();
            }
            assert!(seen_without_trace == unseen, "capturing changed the run");
            Some(seen)
        }
        (Err(seen), Err(unseen)) => {
            assert_eq!(seen, unseen);
            None
        }
        (seen, _) => panic!("capturing decided: {:?}", seen.err()),
    }
}

fn base64(bytes: &[u8]) -> String {
    proxy_wasm_tour::model::Bytes(bytes.to_vec()).to_base64()
}

/// A module can hold its request for ever; what waits for that ends soon.
const LAB: &str = r#"
concurrency: 2
envoy:
  static_resources:
    listeners:
    - address: {socket_address: {address: 0.0.0.0, port_value: 10000}}
      filter_chains:
      - filters:
        - name: envoy.filters.network.http_connection_manager
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
            stat_prefix: ingress_http
            stream_idle_timeout: 1s
            route_config:
              virtual_hosts:
              - name: all
                domains: ["*"]
                routes:
                - match: {prefix: /}
                  route: {cluster: web}
            http_filters:
            - name: envoy.filters.http.wasm
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
                config:
                  name: guest
                  vm_config:
                    vm_id: fuzz
                    runtime: envoy.wasm.runtime.v8
                    code: {local: {filename: /guest.wasm}}
                  configuration: {"@type": type.googleapis.com/google.protobuf.BytesValue, value: "CONFIGURATION"}
            - name: envoy.filters.http.router
              typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
    clusters:
    - name: web
      load_assignment:
        cluster_name: web
        endpoints:
        - lb_endpoints:
          - endpoint: {address: {socket_address: {address: web, port_value: 80}}}
files:
  /guest.wasm: {text: ""}
upstreams:
  web:
  - match: {headers: {content-type: application/grpc}}
    grpc: {metadata: {a: b}, messages: [hi, {message: again, delay: 10ms}], trailers: {c: d}}
  - match: {path: /slow}
    reply: {status: 200, headers: {a: b}, body: slow, delay: 30ms}
  - reply: {status: 200, headers: {content-type: text/plain}, body: hello, chunks: [2, 3], trailers: {t: "1"}}
scenarios:
- name: traffic
  traffic:
  - request: {method: POST, path: /?q=1, headers: {x-a: [b, c]}, body: hello, chunks: [1, 2, 2], trailers: {t: "1"}}
  - request: {path: /slow}
    cancel: 20ms
  - advance: 5s
  - request: {path: /}
"#;

/// The same module as a network filter.
const TCP_LAB: &str = r#"
concurrency: 2
envoy:
  network_filters:
  - name: envoy.filters.network.wasm
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.network.wasm.v3.Wasm
      config:
        name: guest
        vm_config: {vm_id: fuzz, runtime: envoy.wasm.runtime.v8, code: {local: {filename: /guest.wasm}}}
files:
  /guest.wasm: {text: ""}
upstreams:
  web:
  - match: {data: {contains: l}}
    tcp: {send: [he, llo], close: true, delay: 30ms}
scenarios:
- name: tcp
  traffic:
  - tcp: {send: [he, llo]}
    connection: c
  - tcp: {send: [hello], reset: true}
  - advance: 5s
  - tcp: {send: [again], close: true}
    connection: c
"#;

/// Reads the property that the plugin's configuration names, wherever it can.
const PROPERTY: &str = r#"(module
  (import "env" "proxy_get_buffer_bytes" (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_property" (func $get (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_property" (func $set (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (global $heap (mut i32) (i32.const 65536))
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "malloc") (param i32) (result i32)
    global.get $heap
    (global.set $heap (i32.add (global.get $heap) (local.get 0))))
  (func $read (param i32) (result i32)
    (drop (call $get (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 8) (i32.const 12)))
    (i32.const 0))
  (func (export "proxy_on_configure") (param i32 i32) (result i32)
    (drop (call $buffer (i32.const 7) (i32.const 0) (local.get 1) (i32.const 0) (i32.const 4)))
    (drop (call $read (i32.const 0)))
    (i32.const 1))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (drop (call $read (i32.const 0)))
    (drop (call $set (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 0) (i32.const 16)))
    (call $read (i32.const 0)))
  (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (call $read (i32.const 0)))
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (call $read (i32.const 0)))
  (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) (call $read (i32.const 0)))
  (func (export "proxy_on_log") (param i32) (drop (call $read (i32.const 0)))))"#;
