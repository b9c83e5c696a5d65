//! How a call into the guest runs: to its end, to a trap, to a host call or a slice of fuel at
//! which it is suspended, and on from there.

use super::decode;
use super::dispatch::perform;
use super::failure::{Failure, Stop, cause};
use super::guest_call::Step;
use super::module::{Module, callback_params};
use super::port::{HostCallPoint, Proxy};
use super::state::{Phase, VmState};
use super::vm::Vm;
use crate::abi::Callback;
use crate::model::Bytes;
use crate::model::trace::{Arg, Kind, Outcome, arg};
use std::borrow::Cow;
use wasmi::{
    AsContextMut as _, Error, Func, ResumableCall, ResumableCallHostTrap, ResumableCallOutOfFuel,
    Val,
};

/// The point at which a guest waits whose slice of fuel is used up.
const SLICE: &str = "fuel slice";

/// Envoy's V8 logs the functions that were under way. wasmi has no list of them to hand out.
const NO_BACKTRACE: &str = "none: the interpreter keeps no list of calls";

/// A call that is under way.
pub(super) struct Running {
    callback: &'static Callback,
    event: Option<u32>,
    /// Whether the export has a result on the wire.
    results: usize,
}

/// A call that waits.
pub(super) struct Suspended {
    running: Running,
    waits: Waits,
    pub(super) point: HostCallPoint,
}

/// What a call waits at.
enum Waits {
    HostCall(ResumableCallHostTrap),
    Fuel(ResumableCallOutOfFuel),
}

impl<P: Proxy> Vm<P> {
    /// Goes on with a suspended call: performs the host call that it waits at, then runs.
    pub fn resume(&mut self, proxy: Box<P>) -> (Box<P>, Step) {
        let Some(suspended) = self.suspended.take() else {
            return (proxy, Step::Failed);
        };
        let Suspended { running, waits, .. } = suspended;
        self.with(proxy, |vm| {
            let done = match waits {
                Waits::HostCall(invocation) => vm.answer(&running, invocation),
                Waits::Fuel(invocation) => vm.go_on(&running, invocation),
            };
            vm.ended(running, done)
        })
    }

    /// Performs the host call that is waited at, and hands its answer to the guest.
    fn answer(
        &mut self,
        running: &Running,
        invocation: ResumableCallHostTrap,
    ) -> Result<(ResumableCall, u32), Error> {
        let Some(pending) = self.store.data_mut().pending.take() else {
            return Err(Error::new("no host call is waited at"));
        };
        let args = pending.args.get(..pending.len).unwrap_or_default();
        let number = perform(self.store.as_context_mut(), pending.bound, args);
        let input = [Val::I32(number.map_err(Error::host)? as i32)];
        let inputs = invocation.host_func().ty(&self.store).results().len();
        let mut outputs = [Val::I32(0)];
        let outputs = &mut outputs[..running.results];
        let done = invocation.resume(&mut self.store, &input[..inputs.min(1)], outputs);
        done.map(|call| (call, outputs.first().map_or(0, word)))
    }

    /// Calls an export with as many words as it takes.
    pub(super) fn run(
        &mut self,
        callback: &'static Callback,
        func: Func,
        words: &[u32; 5],
    ) -> Step {
        let params = callback_params_len(callback, &self.module);
        let state = self.store.data_mut();
        (state.last_call, state.said) = (None, None);
        let mut inputs = [const { Val::I32(0) }; 5];
        for (input, word) in inputs.iter_mut().zip(words) {
            *input = Val::I32(*word as i32);
        }
        self.refuel(self.store.data().phase == Phase::Callback);
        let event = self.open_callback(callback, words, params);
        if self.store.data_mut().halts() {
            return Step::Failed;
        }
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
    fn ended(&mut self, running: Running, mut done: Result<(ResumableCall, u32), Error>) -> Step {
        let error = loop {
            match done {
                Ok((ResumableCall::Finished, word)) => return self.returned(running, word),
                Ok((ResumableCall::HostTrap(invocation), _)) => {
                    let pending = self.store.data().pending.as_ref();
                    if let Some(point) = pending.map(|pending| pending.point.clone()) {
                        return self.suspend(running, Waits::HostCall(invocation), point);
                    }
                    break invocation.into_host_error();
                }
                Ok((ResumableCall::OutOfFuel(invocation), _)) => {
                    if !self.next_slice(invocation.required_fuel()) {
                        break Error::from(wasmi::TrapCode::OutOfFuel);
                    }
                    let name = SLICE;
                    let state = self.store.data_mut();
                    let point = HostCallPoint {
                        name,
                        at: state.at(),
                    };
                    let mut proxy = state.proxy.as_mut();
                    if proxy.as_mut().is_some_and(|proxy| proxy.suspends(&point)) {
                        return self.suspend(running, Waits::Fuel(invocation), point);
                    }
                    done = self.go_on(&running, invocation);
                }
                Err(error) => break error,
            }
        };
        let name = running.callback.name;
        let exit = error.downcast_ref::<Stop>();
        if matches!(exit, Some(Stop::Exit(0))) && name == "_start" {
            return self.returned(running, 0);
        }
        let (why, _) = cause(&error, self.store.data().limits.fuel_per_callback);
        let outcome = Outcome {
            status: "trap".into(),
            reason: why.into(),
            value: None,
        };
        self.close(running.event, outcome);
        self.fail(name, &error)
    }

    fn suspend(&mut self, running: Running, waits: Waits, point: HostCallPoint) -> Step {
        self.suspended = Some(Suspended {
            running,
            waits,
            point: point.clone(),
        });
        Step::Suspended(point)
    }

    fn go_on(
        &mut self,
        running: &Running,
        invocation: ResumableCallOutOfFuel,
    ) -> Result<(ResumableCall, u32), Error> {
        let mut outputs = [Val::I32(0)];
        let outputs = &mut outputs[..running.results];
        let done = invocation.resume(&mut self.store, outputs);
        done.map(|call| (call, outputs.first().map_or(0, word)))
    }

    /// Fills the tank for a call: the whole limit, or its first slice.
    pub(super) fn refuel(&mut self, sliced: bool) {
        let state = self.store.data_mut();
        let limit = state.limits.fuel_per_callback;
        let slice = state.limits.fuel_slice.filter(|_| sliced);
        let now = slice.map_or(limit, |slice| slice.clamp(1, limit));
        state.fuel_left = limit - now;
        // It fails only for an engine that does not count fuel, and ours does.
        let _ = self.store.set_fuel(now);
    }

    /// Takes as many further slices as the next instructions need; false when they exceed the limit.
    fn next_slice(&mut self, required: u64) -> bool {
        let have = self.store.get_fuel().unwrap_or(0);
        let state = self.store.data_mut();
        let slice = state
            .limits
            .fuel_slice
            .unwrap_or(0)
            .max(required.saturating_sub(have));
        let more = slice.min(state.fuel_left);
        if more == 0 || have + more < required {
            return false;
        }
        state.fuel_left -= more;
        self.store.set_fuel(have + more).is_ok()
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

    pub(super) fn fail(&mut self, function: &str, error: &Error) -> Step {
        if self.store.data_mut().halts() {
            return Step::Failed;
        }
        let state = self.store.data_mut();
        let (why, limit) = cause(error, state.limits.fuel_per_callback);
        let (why, limit) = match (limit, state.refused.take()) {
            (None, Some(refused)) => {
                let bytes = state.limits.memory_bytes;
                let run = state.limits.run_memory_bytes;
                let why = match refused {
                    "run memory" => format!(
                        "{why} (after memory.grow was refused: all VMs of this run together may have {run} bytes)"
                    ),
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
        let mut failure = first.unwrap_or_else(|| Failure::trap(function, why, limit));
        if let Some((name, status)) = state.last_call.take() {
            failure.after(name, &status);
        }
        let state = self.store.data_mut();
        if let Some(line) = state.said.take() {
            failure.said = Some(line.into());
            failure.message += "; what the module itself says is in the log before this line";
        }
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
                let mut args = vec![arg("cause", Bytes::from(&*failure.cause))];
                if let Some(call) = &failure.last_host_call {
                    args.push(arg("last_host_call", Bytes::from(&**call)));
                }
                if let Some(line) = &failure.said {
                    args.push(arg("said", line.clone()));
                }
                args.push(arg("backtrace", NO_BACKTRACE));
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

    pub(super) fn open(&mut self, name: &'static str, context: u32, args: Vec<Arg>) -> Option<u32> {
        let state: &mut VmState<P> = self.store.data_mut();
        let vm = state.vm;
        let trace = state.proxy.as_mut()?.trace();
        let event = trace.record(Kind::Callback, name, Some(vm), Some(context), args, None);
        trace.open(event);
        event
    }

    pub(super) fn close(&mut self, event: Option<u32>, outcome: Outcome) {
        let used = self.count_fuel();
        if let Some(proxy) = &mut self.store.data_mut().proxy {
            proxy.trace().close(event, Some(outcome), Some(used));
        }
    }

    fn count_fuel(&mut self) -> u64 {
        let state = self.store.data();
        let limit = state.limits.fuel_per_callback - state.fuel_left;
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
