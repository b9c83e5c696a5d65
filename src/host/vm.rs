//! A VM: one instance of a module, its contexts, and the calls into it.
//!
//! The proxy is moved in for the time of a call and handed back. A call can be suspended at a host
//! call and gone on with later; nothing is ever re-entered but the guest's allocator.

use super::failure::{FailState, Failure, LoadError};
use super::guest_call::{
    ALLOCATE, CONFIGURE, CONTEXT_CREATE, GuestCall, INITIALIZE, MAIN, MAIN_VOID, MALLOC, START,
    Step,
};
use super::limits::{Limits, MemoryShare, RunUse};
use super::link::link;
use super::module::Module;
use super::port::{HostCallPoint, Proxy};
use super::profile::{Change, Profile};
use super::run::Suspended;
use super::state::{Phase, VmState};
use crate::abi::CALLBACKS;
use crate::model::moment::Mark;
use crate::model::trace::Outcome;
use std::collections::{BTreeMap, BTreeSet};
use wasmi::{Func, Store};

/// How a VM is set up.
#[derive(Clone, Debug, Default)]
pub struct VmSettings {
    /// Its number in the trace.
    pub vm: u32,
    /// Environment variables for WASI.
    pub environment: Vec<(String, String)>,
    /// What it may use.
    pub limits: Limits,
    /// What the VMs of its run use together.
    pub run: RunUse,
    /// The only host calls and callbacks that are allowed; `None` and the empty set allow all.
    pub allowed_capabilities: Option<BTreeSet<String>>,
    /// The host that is stood for.
    pub profile: Profile,
}

/// One instance of a module.
pub struct Vm<P: Proxy> {
    pub(super) store: Store<VmState<P>>,
    pub(super) module: Module,
    /// For each callback of the table, the export; empty before the start.
    callbacks: Vec<Option<Func>>,
    pub(super) suspended: Option<Suspended>,
    pub(super) failure: Option<Failure>,
    pub(super) fuel_max: u64,
}

impl<P: Proxy> Vm<P> {
    /// Sets a VM up. Nothing of the guest runs before [`GuestCall::Start`].
    ///
    /// # Errors
    /// When the profile's host lacks a function that the module imports.
    pub fn new(module: &Module, settings: VmSettings) -> Result<Self, LoadError> {
        for import in module.inner.wasm.imports() {
            if settings.profile.change(import.name()) == Some(Change::Absent) {
                let (space, name) = (import.module(), import.name());
                return Err(LoadError::new(
                    FailState::UnableToInitializeCode,
                    format!(
                        "{}: Failed to load Wasm module due to a missing import: {space}.{name}. The host of profile {} does not have it: take another profile, or leave out what imports it",
                        module.name(),
                        settings.profile.name,
                    ),
                ));
            }
        }
        let mut limits = settings.limits;
        if let Some(bytes) = settings.profile.memory_bytes {
            limits.memory_bytes = limits.memory_bytes.min(bytes);
        }
        let state = VmState {
            proxy: None,
            vm: settings.vm,
            abi: module.abi(),
            phase: Phase::Start,
            current: 0,
            effective: 0,
            configuring: false,
            contexts: BTreeMap::new(),
            last_context: 0,
            memory: None,
            memory_name: module.inner.memory.clone(),
            allocator: None,
            pending: None,
            fuel_left: 0,
            failure: None,
            environment: settings.environment,
            capabilities: settings.allowed_capabilities,
            profile: settings.profile,
            limits,
            logged: 0,
            share: MemoryShare::new(settings.run),
            last_call: None,
            said: None,
            refused: None,
            marks: Vec::new(),
            scratch: Vec::new(),
        };
        let mut store = Store::new(&module.inner.engine.wasmi, state);
        store.limiter(|state| state);
        Ok(Self {
            store,
            module: module.clone(),
            callbacks: Vec::new(),
            suspended: None,
            failure: None,
            fuel_max: 0,
        })
    }

    /// Runs a guest call until it returns, traps or is suspended.
    ///
    /// While a call is suspended, another call only says so again.
    pub fn call(&mut self, proxy: Box<P>, call: GuestCall) -> (Box<P>, Step) {
        if self.failure.is_some() {
            return (proxy, Step::Failed);
        }
        if let Some(point) = self.waiting() {
            return (proxy, Step::Suspended(point));
        }
        let Some(wire) = call.wire() else {
            return self.with(proxy, Self::start);
        };
        let Some(callback) = CALLBACKS.get(wire.callback) else {
            return (proxy, Step::Absent);
        };
        let func = self.callbacks.get(wire.callback).copied().flatten();
        let Some(func) = func.filter(|_| self.is_let_through(callback.name)) else {
            return (proxy, Step::Absent);
        };
        let state = self.store.data_mut();
        state.phase = Phase::Callback;
        state.current = wire.words[0];
        state.configuring =
            wire.callback == CONFIGURE || wire.callback == CONTEXT_CREATE && wire.words[1] == 0;
        self.with(proxy, |vm| vm.run(callback, func, &wire.words))
    }

    /// Allots the id of a new context, a root when there is no parent. The caller then makes
    /// [`GuestCall::OnContextCreate`].
    pub fn new_context(&mut self, parent: Option<u32>) -> u32 {
        let state = self.store.data_mut();
        loop {
            state.last_context = state.last_context.wrapping_add(1);
            let id = state.last_context;
            if id != 0 && !state.contexts.contains_key(&id) {
                state.contexts.insert(id, parent.unwrap_or(id));
                return id;
            }
        }
    }

    /// Forgets a context, after its `proxy_on_delete`.
    pub fn drop_context(&mut self, id: u32) {
        self.store.data_mut().contexts.remove(&id);
    }

    /// Whether a callback is exported, and neither capability restriction nor the profile keep it back.
    pub fn has(&self, callback: &str) -> bool {
        self.module.exports(callback) && self.is_let_through(callback)
    }

    fn is_let_through(&self, callback: &str) -> bool {
        let state = self.store.data();
        state.allows(callback) && !state.profile.keeps_back(callback)
    }

    /// Why the VM is dead; `None` while it lives.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// The module it runs.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The size of its linear memory, in bytes.
    pub fn memory_bytes(&self) -> u64 {
        let memory = self.store.data().memory;
        memory.map_or(0, |memory| memory.data_size(&self.store) as u64)
    }

    /// Its linear memory.
    pub fn memory(&self) -> &[u8] {
        match self.store.data().memory {
            Some(memory) => memory.data(&self.store),
            None => &[],
        }
    }

    /// What the arguments of the host call point to at which a replay stopped.
    pub fn marks(&self) -> Vec<Mark> {
        self.store.data().marks.clone()
    }

    /// The most fuel that one callback has used.
    pub fn fuel_max(&self) -> u64 {
        self.fuel_max
    }

    /// What a suspended call waits at.
    pub fn waiting(&self) -> Option<HostCallPoint> {
        self.suspended
            .as_ref()
            .map(|suspended| suspended.point.clone())
    }

    /// Moves the proxy in, runs, and moves it out again.
    pub(super) fn with(
        &mut self,
        proxy: Box<P>,
        run: impl FnOnce(&mut Self) -> Step,
    ) -> (Box<P>, Step) {
        // The proxy is away only inside a host call, and every way out of one puts it back.
        self.store.data_mut().proxy = Some(proxy);
        let step = run(self);
        match self.store.data_mut().proxy.take() {
            Some(proxy) => (proxy, step),
            None => unreachable!("a host call kept the proxy"),
        }
    }

    /// Instantiates the module and runs what belongs to its start.
    fn start(&mut self) -> Step {
        if !self.callbacks.is_empty() {
            return Step::Returned(0);
        }
        self.refuel(false);
        let section = self.module.inner.has_start_section;
        let event = match section {
            true => self.open("start", 0, Vec::new()),
            false => None,
        };
        if self.store.data_mut().halts() {
            return Step::Failed;
        }
        let wasm = self.module.inner.wasm.clone();
        let linked = link(&self.module, &mut self.store);
        let instance =
            linked.and_then(|linker| linker.instantiate_and_start(&mut self.store, &wasm));
        self.close(event, Outcome::default());
        let instance = match instance {
            Ok(instance) => instance,
            Err(error) => return self.fail("start", &error),
        };
        self.callbacks = CALLBACKS
            .iter()
            .zip(&self.module.inner.exported)
            .map(|(callback, exported)| {
                let export = instance.get_func(&self.store, callback.name);
                export.filter(|_| *exported)
            })
            .collect();
        let memory = instance.get_memory(&self.store, &self.module.inner.memory);
        let found = |at: usize| self.callbacks[at].map(|func| (func, CALLBACKS[at].name));
        let allocator = found(MALLOC).or(found(ALLOCATE));
        let state = self.store.data_mut();
        state.memory = memory.or(state.memory);
        state.allocator = allocator;
        for at in [INITIALIZE, MAIN, MAIN_VOID, START] {
            let Some(func) = self.callbacks[at] else {
                continue;
            };
            self.store.data_mut().phase = Phase::Start;
            match self.run(&CALLBACKS[at], func, &[0; 5]) {
                Step::Returned(_) | Step::Absent => {}
                other => return other,
            }
        }
        Step::Returned(0)
    }
}
