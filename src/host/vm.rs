//! A VM: one instance of a module, its contexts, and the calls into it.
//!
//! The proxy is moved in for the time of a call and handed back. A call can be suspended at a host
//! call and gone on with later; nothing is ever re-entered but the guest's allocator.

use super::dispatch::perform;
use super::failure::{FailState, Failure, LoadError, Stop, cause};
use super::guest_call::{
    ALLOCATE, CONFIGURE, CONTEXT_CREATE, GuestCall, INITIALIZE, MAIN, MAIN_VOID, MALLOC, START,
    Step,
};
use super::limits::Limits;
use super::link::link;
use super::module::{Module, callback_params};
use super::port::{HostCallPoint, Proxy};
use super::profile::{Change, Profile};
use super::state::{Phase, VmState};
use super::{decode, state};
use crate::abi::{CALLBACKS, Callback};
use crate::model::Bytes;
use crate::model::trace::{Kind, Outcome, arg};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use wasmi::{AsContextMut as _, Error, Func, ResumableCall, ResumableCallHostTrap, Store, Val};

/// How a VM is set up.
#[derive(Clone, Debug, Default)]
pub struct VmSettings {
    /// Its number in the trace.
    pub vm: u32,
    /// Environment variables for WASI.
    pub environment: Vec<(String, String)>,
    /// What it may use.
    pub limits: Limits,
    /// The only host calls and callbacks that are allowed; `None` and the empty set allow all.
    pub allowed_capabilities: Option<BTreeSet<String>>,
    /// The host that is stood for.
    pub profile: Profile,
}

/// One instance of a module.
pub struct Vm<P: Proxy> {
    store: Store<VmState<P>>,
    module: Module,
    /// For each callback of the table, the export; empty before the start.
    callbacks: Vec<Option<Func>>,
    suspended: Option<Suspended>,
    failure: Option<Failure>,
    fuel_max: u64,
}

/// A call that is under way.
struct Running {
    callback: &'static Callback,
    event: Option<u32>,
    /// Whether the export has a result on the wire.
    results: usize,
}

/// A call that waits at a host call.
struct Suspended {
    running: Running,
    invocation: ResumableCallHostTrap,
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
                        "{}: Failed to load Wasm module due to a missing import: {space}.{name}. The host of profile {} does not have it",
                        module.name(),
                        settings.profile.name,
                    ),
                ));
            }
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
            failure: None,
            environment: settings.environment,
            capabilities: settings.allowed_capabilities,
            profile: settings.profile,
            limits: settings.limits,
            logged: 0,
            refused: None,
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

    /// Goes on with a suspended call: performs the host call that it waits at, then runs.
    pub fn resume(&mut self, proxy: Box<P>) -> (Box<P>, Step) {
        let pending = self.store.data_mut().pending.take();
        let (Some(suspended), Some(pending)) = (self.suspended.take(), pending) else {
            return (proxy, Step::Failed);
        };
        self.with(proxy, |vm| {
            let Suspended {
                running,
                invocation,
            } = suspended;
            let args = pending.args.get(..pending.len).unwrap_or_default();
            let answer = perform(vm.store.as_context_mut(), pending.bound, args);
            let done = match answer {
                Ok(number) => {
                    let input = [Val::I32(number as i32)];
                    let inputs = invocation.host_func().ty(&vm.store).results().len();
                    let mut outputs = [Val::I32(0)];
                    let outputs = &mut outputs[..running.results];
                    let resumed =
                        invocation.resume(&mut vm.store, &input[..inputs.min(1)], outputs);
                    resumed.map(|call| (call, outputs.first().map_or(0, word)))
                }
                Err(stop) => Err(Error::host(stop)),
            };
            vm.ended(running, done)
        })
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
        state.allows(callback) && !state.profile.callbacks.contains(&callback)
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

    /// The most fuel that one callback has used.
    pub fn fuel_max(&self) -> u64 {
        self.fuel_max
    }

    /// What a suspended call waits at.
    pub fn waiting(&self) -> Option<HostCallPoint> {
        let pending = self.store.data().pending.as_ref();
        pending.map(|pending| pending.point.clone())
    }

    /// Moves the proxy in, runs, and moves it out again.
    fn with(&mut self, proxy: Box<P>, run: impl FnOnce(&mut Self) -> Step) -> (Box<P>, Step) {
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
        let fuel = self.store.data().limits.fuel_per_callback;
        let _ = self.store.set_fuel(fuel);
        let section = self.module.inner.has_start_section;
        let event = match section {
            true => self.open("start", 0, Vec::new()),
            false => None,
        };
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

    /// Calls an export with as many words as it takes.
    fn run(&mut self, callback: &'static Callback, func: Func, words: &[u32; 5]) -> Step {
        let params = callback_params_len(callback, &self.module);
        let mut inputs = [const { Val::I32(0) }; 5];
        for (input, word) in inputs.iter_mut().zip(words) {
            *input = Val::I32(*word as i32);
        }
        let fuel = self.store.data().limits.fuel_per_callback;
        let _ = self.store.set_fuel(fuel);
        let event = self.open_callback(callback, words, params);
        let results = callback.returns.wasm().len();
        let running = Running {
            callback,
            event,
            results,
        };
        let mut outputs = [Val::I32(0)];
        let outputs = &mut outputs[..results];
        let done = func.call_resumable(&mut self.store, &inputs[..params], outputs);
        let done = done.map(|call| (call, outputs.first().map_or(0, word)));
        self.ended(running, done)
    }

    /// What becomes of a call that the interpreter has handed back.
    fn ended(&mut self, running: Running, done: Result<(ResumableCall, u32), Error>) -> Step {
        let name = running.callback.name;
        let event = running.event;
        let error = match done {
            Ok((ResumableCall::Finished, word)) => return self.returned(running, word),
            Ok((ResumableCall::HostTrap(invocation), _)) => {
                if let Some(point) = self.waiting() {
                    self.suspended = Some(Suspended {
                        running,
                        invocation,
                    });
                    return Step::Suspended(point);
                }
                invocation.into_host_error()
            }
            Ok((ResumableCall::OutOfFuel(_), _)) => Error::from(wasmi::TrapCode::OutOfFuel),
            Err(error) => error,
        };
        let exit = error.downcast_ref::<Stop>();
        if matches!(exit, Some(Stop::Exit(0))) && name == "_start" {
            return self.returned(running, 0);
        }
        let (why, _) = cause(&error, self.store.data().limits.fuel_per_callback);
        self.close(
            event,
            Outcome {
                status: "trap".into(),
                reason: why.into(),
                value: None,
            },
        );
        self.fail(name, &error)
    }

    fn returned(&mut self, running: Running, word: u32) -> Step {
        let callback = running.callback;
        if running.event.is_some() {
            let status = match callback.returns.word(word) {
                Some(word) => Cow::Borrowed(word),
                None if running.results == 0 => Cow::Borrowed(""),
                None => Cow::Owned(word.to_string()),
            };
            self.close(running.event, Outcome::status(status));
        } else {
            self.count_fuel();
        }
        self.leave();
        // The allocator may have trapped while the callback went on.
        if let Some(failure) = self.store.data_mut().failure.take() {
            return self.dead(failure);
        }
        Step::Returned(word)
    }

    /// Every call from the host begins without an effective context.
    fn leave(&mut self) {
        let state = self.store.data_mut();
        (state.current, state.effective, state.configuring) = (0, 0, false);
        state.phase = Phase::Callback;
    }

    fn fail(&mut self, function: &str, error: &Error) -> Step {
        let state = self.store.data_mut();
        let (why, limit) = cause(error, state.limits.fuel_per_callback);
        let (why, limit) = match (limit, state.refused.take()) {
            (None, Some(refused)) => {
                let bytes = state.limits.memory_bytes;
                let why = match refused {
                    "memory" => {
                        format!("{why} (after memory.grow was refused: the limit is {bytes} bytes)")
                    }
                    _ => format!("{why} (after table.grow was refused by the limit)"),
                };
                (why, Some(refused))
            }
            (limit, _) => (why, limit),
        };
        let first = state.failure.take();
        let failure = first.unwrap_or_else(|| Failure::trap(function, why, limit));
        self.leave();
        self.dead(failure)
    }

    fn dead(&mut self, failure: Failure) -> Step {
        self.count_fuel();
        let state = self.store.data_mut();
        let vm = state.vm;
        if let Some(proxy) = &mut state.proxy {
            let trace = proxy.trace();
            if trace.capture {
                let args = vec![arg("cause", Bytes::from(&*failure.cause))];
                let name = failure.function.clone();
                trace.record(
                    Kind::Trap,
                    name,
                    Some(vm),
                    None,
                    args,
                    failure.limit.map(Outcome::status),
                );
            }
        }
        self.failure = Some(failure);
        Step::Failed
    }

    fn open_callback(
        &mut self,
        callback: &Callback,
        words: &[u32; 5],
        params: usize,
    ) -> Option<u32> {
        let state = self.store.data_mut();
        if !state.proxy.as_mut()?.trace().capture {
            return None;
        }
        let words = words.map(u64::from);
        let args = decode::args(&callback.params[..params], &words, &[]);
        let name = callback.name;
        self.open(name, words[0] as u32, args)
    }

    fn open(
        &mut self,
        name: &'static str,
        context: u32,
        args: Vec<crate::model::trace::Arg>,
    ) -> Option<u32> {
        let state: &mut state::VmState<P> = self.store.data_mut();
        let vm = state.vm;
        let trace = state.proxy.as_mut()?.trace();
        let event = trace.record(Kind::Callback, name, Some(vm), Some(context), args, None);
        trace.open(event);
        event
    }

    fn close(&mut self, event: Option<u32>, outcome: Outcome) {
        let used = self.count_fuel();
        if let Some(proxy) = &mut self.store.data_mut().proxy {
            proxy.trace().close(event, Some(outcome), Some(used));
        }
    }

    fn count_fuel(&mut self) -> u64 {
        let limit = self.store.data().limits.fuel_per_callback;
        let used = limit.saturating_sub(self.store.get_fuel().unwrap_or(0));
        self.fuel_max = self.fuel_max.max(used);
        used
    }
}

fn callback_params_len(callback: &Callback, module: &Module) -> usize {
    match callback.params_0_1_0 {
        Some(_) => callback_params(callback, module.abi()).len(),
        None => callback.params.len(),
    }
}

fn word(value: &Val) -> u32 {
    match value {
        Val::I32(n) => *n as u32,
        _ => 0,
    }
}
