//! Real filters, compiled from Rust with the published SDK.

use super::recorder::Recorder;
use crate::support::samples;
use proxy_wasm_tour::abi::{LogLevel, MapType};
use proxy_wasm_tour::host::{Engine, GuestCall, Limits, Module, Step, Vm, VmSettings, doctor};
use proxy_wasm_tour::model::doctor::ImportKind;

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(samples().join(format!("{name}.wasm"))).unwrap()
}

struct Filter {
    vm: Vm<Recorder>,
    proxy: Option<Box<Recorder>>,
    root: u32,
    stream: u32,
}

impl Filter {
    /// Loads a sample, starts it, and makes a root and a stream context.
    fn new(name: &str) -> Self {
        let limits = Limits {
            fuel_per_callback: 50_000_000,
            ..Limits::default()
        };
        let module = Module::load(&Engine::new(&limits), name, &bytes(name)).unwrap();
        let settings = VmSettings {
            limits,
            ..VmSettings::default()
        };
        let mut filter = Self {
            vm: Vm::new(&module, settings).unwrap(),
            proxy: Some(Recorder::new()),
            root: 0,
            stream: 0,
        };
        assert_eq!(filter.call(GuestCall::Start), Step::Returned(0));
        filter.root = filter.vm.new_context(None);
        let (root, size) = (filter.root, 0);
        filter.call(GuestCall::OnContextCreate {
            context: root,
            parent: 0,
        });
        assert_eq!(
            filter.call(GuestCall::OnVmStart {
                root,
                configuration_size: size
            }),
            Step::Returned(1)
        );
        assert_eq!(
            filter.call(GuestCall::OnConfigure {
                root,
                configuration_size: size
            }),
            Step::Returned(1)
        );
        filter.stream = filter.vm.new_context(Some(root));
        let context = filter.stream;
        filter.call(GuestCall::OnContextCreate {
            context,
            parent: root,
        });
        filter
    }

    fn call(&mut self, call: GuestCall) -> Step {
        let (proxy, step) = self.vm.call(self.proxy.take().unwrap(), call);
        self.proxy = Some(proxy);
        step
    }

    fn request_headers(&mut self, path: &str) -> Step {
        let headers = [
            (":method", "GET"),
            (":path", path),
            ("x-boom", "1"),
            (":authority", "example.com"),
        ];
        let proxy = self.proxy.as_mut().unwrap();
        proxy
            .maps
            .insert(MapType::RequestHeaders, headers.into_iter().collect());
        let context = self.stream;
        self.call(GuestCall::OnRequestHeaders {
            context,
            count: 3,
            end_of_stream: true,
        })
    }
}

#[test]
fn the_add_header_sample_adds_its_header() {
    let mut filter = Filter::new("add-header");
    assert_eq!(filter.request_headers("/"), Step::Returned(0));
    let map = &filter.proxy.as_ref().unwrap().maps[&MapType::RequestHeaders];
    assert_eq!(map.get_str("x-hello"), Some("world"));
    let context = filter.stream;
    assert_eq!(
        filter.call(GuestCall::OnDone { context }),
        Step::Returned(1)
    );
    filter.call(GuestCall::OnLog { context });
    filter.call(GuestCall::OnDelete { context });
    assert!(filter.vm.failure().is_none());
}

#[test]
fn a_panic_of_a_rust_filter_is_in_the_log_and_fails_the_vm() {
    let mut filter = Filter::new("panic");
    assert_eq!(filter.request_headers("/spin"), Step::Failed);
    let failure = filter.vm.failure().unwrap();
    let message = "Function: proxy_on_request_headers failed: Uncaught RuntimeError: unreachable";
    assert!(failure.message.starts_with(message), "{}", failure.message);
    // The panic's own line went to the log; this is the call before it.
    let call = failure.last_host_call.as_deref();
    assert_eq!(call, Some("proxy_get_header_map_value: Ok"));
    let said = failure.said.clone().unwrap();
    let place = "; what the module itself says is in the log before this line";
    assert!(failure.message.ends_with(place), "{}", failure.message);
    let logs = &filter.proxy.as_ref().unwrap().logs;
    let (level, text) = logs.last().unwrap();
    assert_eq!(said, text.as_bytes().into());
    assert_eq!(*level, LogLevel::Critical);
    assert!(text.contains("panicked at"), "{text}");
}

#[test]
fn a_rust_filter_that_spins_runs_out_of_fuel() {
    let mut filter = Filter::new("spin");
    assert_eq!(filter.request_headers("/spin"), Step::Failed);
    assert_eq!(filter.vm.failure().unwrap().limit, Some("fuel"));
}

#[test]
fn the_doctor_knows_a_rust_filter() {
    let findings = doctor("add-header", &bytes("add-header"));
    assert!(findings.loads, "{:?}", findings.error);
    assert_eq!(findings.abi.as_deref(), Some("0.2.1"));
    assert!(findings.sdk.unwrap().starts_with("proxy-wasm 0.2"));
    assert!(findings.imports.len() > 20);
    assert!(
        findings
            .imports
            .iter()
            .all(|import| import.kind == ImportKind::HostCall)
    );
}
