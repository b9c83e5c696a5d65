//! Guests written as WAT, and the VM that runs them beside a recorder.

use super::recorder::Recorder;
use proxy_wasm_tour::host::{Engine, GuestCall, Limits, LoadError, Module, Step, Vm, VmSettings};
use proxy_wasm_tour::model::trace::{Event, Kind};

/// A bump allocator that begins at 64 KiB.
pub(super) const MALLOC: &str = "(global $heap (mut i32) (i32.const 65536))
  (func (export \"malloc\") (param i32) (result i32)
    (global.get $heap) (global.set $heap (i32.add (global.get $heap) (local.get 0))))";

/// A VM with its proxy.
pub(super) struct Guest {
    pub(super) vm: Vm<Recorder>,
    pub(super) proxy: Option<Box<Recorder>>,
}

/// A module of ABI 0.2.1 with two pages of memory and an allocator around some fields.
/// Imports come first, so they are given apart.
pub(super) fn wat(imports: &str, fields: &str) -> String {
    whole("0_2_1", imports, &format!("{MALLOC} {fields}"))
}

/// A module with everything but an allocator.
pub(super) fn whole(version: &str, imports: &str, fields: &str) -> String {
    format!(
        "(module {imports}
           (memory (export \"memory\") 2)
           (func (export \"proxy_abi_version_{version}\"))
           {fields})"
    )
}

pub(super) fn load(text: &str) -> Result<Module, LoadError> {
    load_within(text, &Limits::default())
}

pub(super) fn load_within(text: &str, limits: &Limits) -> Result<Module, LoadError> {
    let bytes = wat::parse_str(text).unwrap();
    Module::load(&Engine::new(limits), "guest", &bytes)
}

impl Guest {
    /// Loads a module and starts it.
    pub(super) fn start(text: &str) -> Self {
        let mut guest = Self::loaded(text, VmSettings::default());
        assert_eq!(guest.call(GuestCall::Start), Step::Returned(0));
        guest
    }

    /// Loads a module.
    pub(super) fn loaded(text: &str, settings: VmSettings) -> Self {
        let module = load_within(text, &settings.limits).unwrap();
        Self {
            vm: Vm::new(&module, settings).unwrap(),
            proxy: Some(Recorder::new()),
        }
    }

    pub(super) fn call(&mut self, call: GuestCall) -> Step {
        let proxy = self.proxy.take().unwrap();
        let (proxy, step) = self.vm.call(proxy, call);
        self.proxy = Some(proxy);
        step
    }

    pub(super) fn resume(&mut self) -> Step {
        let proxy = self.proxy.take().unwrap();
        let (proxy, step) = self.vm.resume(proxy);
        self.proxy = Some(proxy);
        step
    }

    /// Calls `proxy_on_done`, in which the guests of these tests do their one thing.
    pub(super) fn done(&mut self) -> Step {
        self.call(GuestCall::OnDone { context: 1 })
    }

    pub(super) fn proxy(&mut self) -> &mut Recorder {
        self.proxy.as_mut().unwrap()
    }

    /// The last host call of the trace.
    pub(super) fn last_host_call(&mut self) -> Event {
        let events = &self.proxy().trace.events;
        let last = events.iter().rfind(|event| event.kind == Kind::HostCall);
        last.unwrap().clone()
    }

    /// Status and reason of the last host call.
    pub(super) fn outcome(&mut self) -> (String, String) {
        let outcome = self.last_host_call().result.unwrap();
        (outcome.status.into_owned(), outcome.reason.into_owned())
    }

    pub(super) fn word(&self, address: usize) -> u32 {
        let bytes = self.vm.memory()[address..address + 4].try_into().unwrap();
        u32::from_le_bytes(bytes)
    }

    /// The bytes whose address and size stand at two places of memory.
    pub(super) fn delivered(&self, pointer: usize, size: usize) -> Vec<u8> {
        let (at, length) = (self.word(pointer) as usize, self.word(size) as usize);
        self.vm.memory()[at..at + length].to_vec()
    }
}

/// A module whose `proxy_on_done` makes one host call and returns its status.
pub(super) fn calls(name: &str, args: &[i64], data: &str) -> String {
    calls_with(
        name,
        args,
        &format!("{MALLOC} (data (i32.const 0) \"{data}\")"),
    )
}

/// The same with an allocator of the test's.
pub(super) fn calls_with(name: &str, args: &[i64], fields: &str) -> String {
    let call = proxy_wasm_tour::abi::host_calls().find(|call| call.name == name);
    let call = call.unwrap();
    let module = match call.group {
        proxy_wasm_tour::abi::Group::Wasi => "wasi_snapshot_preview1",
        _ => "env",
    };
    let types = call.wasm_params();
    assert_eq!(types.len(), args.len(), "{name}");
    let params: Vec<_> = types.iter().map(ToString::to_string).collect();
    let params = params.join(" ");
    let result = match call.wasm_results() {
        [] => "",
        _ => "(result i32)",
    };
    let consts = types.iter().zip(args).map(|(ty, n)| match ty {
        proxy_wasm_tour::abi::WasmType::I32 => format!("(i32.const {})", *n as i32),
        proxy_wasm_tour::abi::WasmType::I64 => format!("(i64.const {n})"),
    });
    let consts = consts.collect::<Vec<_>>().join(" ");
    let after = if result.is_empty() {
        "(i32.const 0)"
    } else {
        ""
    };
    whole(
        "0_2_1",
        &format!("(import \"{module}\" \"{name}\" (func $f (param {params}) {result}))"),
        &format!(
            "{fields} (func (export \"proxy_on_done\") (param i32) (result i32) (call $f {consts}) {after})"
        ),
    )
}
