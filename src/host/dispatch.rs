//! The way of every host call: phase, profile, capability, trace, body, status.

use super::call::{Call, Out};
use super::decode;
use super::failure::{Stop, out_of_fuel};
use super::link::{Body, Bound};
use super::out;
use super::port::{HostCallPoint, Proxy, Refusal};
use super::profile::Change;
use super::state::{MAX_ARGS, Pending, Phase, VmState};
use crate::abi::{Group, HostCall, LogLevel, ParamKind, Returns, Status};
use crate::model::exercise::Played;
use crate::model::trace::{Kind, Outcome};
use std::borrow::Cow;
use wasmi::{AsContextMut as _, Caller, Error, Extern, StoreContextMut};

/// The calls of WASI that may not be made while a VM starts. Envoy forbids proc_exit too; here it
/// ends `_start` as C libraries mean it.
const FORBIDDEN_AT_START: [&str; 5] =
    ["fd_close", "fd_seek", "fd_read", "sched_yield", "path_open"];

/// Whether a call is let through in this phase. Toolchain helpers always are.
fn is_allowed(call: &HostCall, phase: Phase) -> bool {
    match (phase, call.group) {
        (Phase::Callback, _) => true,
        (_, Group::Toolchain) => call.returns != Returns::Status,
        (Phase::Start, Group::Wasi) => !FORBIDDEN_AT_START.contains(&call.name),
        (Phase::Start, _) => call.name == "proxy_log",
        (Phase::Allocator, _) => {
            ["proxy_log", "fd_write", "clock_time_get", "poll_oneoff"].contains(&call.name)
        }
    }
}

/// A guest's call of an import.
pub(super) fn enter<P: Proxy>(
    mut caller: Caller<'_, VmState<P>>,
    bound: Bound<P>,
    args: &[u64],
) -> Result<u32, Error> {
    if caller.data().memory.is_none() {
        // The start section runs before the host has seen the instance.
        let memory = caller.get_export(&caller.data().memory_name);
        caller.data_mut().memory = memory.and_then(Extern::into_memory);
    }
    let state = caller.data_mut();
    if state.phase == Phase::Callback {
        let point = HostCallPoint {
            name: bound.call.name,
            at: state.at(),
        };
        let suspends = match &mut state.proxy {
            Some(proxy) => proxy.suspends(&point),
            None => false,
        };
        if suspends {
            let mut words = [0; MAX_ARGS];
            for (to, from) in words.iter_mut().zip(args) {
                *to = *from;
            }
            state.pending = Some(Pending {
                bound,
                args: words,
                len: args.len(),
                point,
            });
            return Err(Error::host(Stop::Suspend));
        }
    }
    perform(caller.as_context_mut(), bound, args).map_err(Error::host)
}

/// Performs a host call; what the guest gets back. Serves direct and resumed calls.
pub(super) fn perform<P: Proxy>(
    mut ctx: StoreContextMut<'_, VmState<P>>,
    bound: Bound<P>,
    args: &[u64],
) -> Result<u32, Stop> {
    let state = ctx.data_mut();
    let (at, phase) = (state.at(), state.phase);
    let Some(mut proxy) = state.proxy.take() else {
        return Err(Stop::Trap(
            "a host call outside of any callback".into(),
            None,
        ));
    };
    let call = bound.call;
    let memory = state.memory;
    let size = memory.map_or(0, |memory| memory.data_size(&ctx));
    let crossing = crossing(call, args, size);
    let event = if proxy.trace().takes(crossing) {
        let args = decode::args(call.params, args, memory.map_or(&[], |m| m.data(&ctx)));
        let trace = proxy.trace();
        let event = trace.record(
            Kind::HostCall,
            call.name,
            Some(at.vm),
            Some(at.context),
            args,
            None,
        );
        trace.open(event);
        event
    } else {
        None
    };
    if proxy.trace().reached() {
        ctx.data_mut().proxy = Some(proxy);
        return Err(halt(&mut ctx, call, args));
    }
    let mut running = Call::new(ctx, proxy, call, args, at);
    let mut outcome = if !charge(&mut running.ctx, CALL_COST + crossing) {
        let (cause, limit) = out_of_fuel(running.ctx.data().limits.fuel_per_callback);
        running.trap(cause, Some(limit));
        Ended::number(0)
    } else if !running.may_keep(crossing) {
        Ended::number(0)
    } else if is_allowed(call, phase) {
        run(&mut running, bound)
    } else {
        let when = match phase {
            Phase::Allocator => "inside its allocator",
            _ => "while the VM starts",
        };
        let cause = format!(
            "restricted_callback: {} may not be called {when}",
            call.name
        );
        running.trap(cause, None);
        Ended::number(0)
    };
    let Call {
        mut ctx,
        proxy,
        outs,
        outs_always,
        mut stop,
        walked,
        ..
    } = running;
    ctx.data_mut().proxy = Some(proxy);
    if ctx.data_mut().halts() {
        return Err(halt(&mut ctx, call, args));
    }
    let results: usize = outs.iter().flatten().map(Out::size).sum();
    if stop.is_none() && !charge(&mut ctx, results + walked) {
        let (cause, limit) = out_of_fuel(ctx.data().limits.fuel_per_callback);
        stop = Some(Stop::Trap(cause, Some(limit)));
    }
    let mut value = None;
    let wanted = outcome.number == 0 || outs_always;
    if stop.is_none() && wanted && outs.iter().any(Option::is_some) {
        let handed = out::hand_over(&mut ctx, call, args, outs, event.is_some());
        value = handed.value;
        if let Err(refusal) = handed.result {
            outcome = Ended::refused(refusal);
        }
    }
    if ctx.data_mut().halts() {
        return Err(halt(&mut ctx, call, args));
    }
    let logs = ["proxy_log", "fd_write", "fd_pwrite", "proxy_get_log_level"].contains(&call.name);
    if phase != Phase::Allocator && stop.is_none() && !logs && call.group != Group::Toolchain {
        ctx.data_mut().last_call = Some((call.name, outcome.status.clone()));
    }
    if let (Some(proxy), true) = (&mut ctx.data_mut().proxy, event.is_some()) {
        let (status, reason) = match &stop {
            Some(stop) => ("trap".into(), stop.to_string().into()),
            None => (outcome.status, outcome.reason),
        };
        let outcome = Outcome {
            status,
            reason,
            value,
        };
        proxy.trace().close(event, Some(outcome), None);
    }
    match stop {
        Some(stop) => Err(stop),
        None => Ok(outcome.number),
    }
}

/// A replay stops in this host call: keeps what its arguments point to.
fn halt<P: Proxy>(
    ctx: &mut StoreContextMut<'_, VmState<P>>,
    call: &HostCall,
    args: &[u64],
) -> Stop {
    let marks = decode::marks(call.params, args);
    let state = ctx.data_mut();
    // A host call of the allocator's lies inside the one that is kept: the inner one comes first.
    if state.marks.is_empty() {
        state.marks = marks;
    }
    Stop::Halt
}

/// How many bytes of the guest's memory a call's arguments name, where they lie inside it.
fn crossing(call: &HostCall, args: &[u64], memory: usize) -> usize {
    let word = |place: usize| args.get(place).map_or(0, |word| *word as u32 as usize);
    // The one call that has the host write as many bytes as it is told.
    if call.name == "random_get" {
        return word(1).min(memory);
    }
    // A vector is 8 bytes, and its text may be empty: reading many takes time all the same.
    if matches!(call.name, "fd_write" | "fd_pwrite") {
        return word(2)
            .saturating_mul(8)
            .min(memory.saturating_sub(word(1)));
    }
    let (mut place, mut bytes) = (0, 0);
    for param in call.params {
        if matches!(
            param.kind,
            ParamKind::Bytes | ParamKind::Path | ParamKind::Pairs
        ) {
            let (pointer, size) = (word(place), word(place + 1));
            let inside = pointer.checked_add(size).is_some_and(|end| end <= memory);
            bytes += if inside { size } else { 0 };
        }
        place += param.kind.wasm().len();
    }
    bytes
}

/// The fuel of a host call beside its bytes: a module that only calls the host must end in time too.
pub(super) const CALL_COST: usize = 100;

/// Takes one unit of fuel for each byte that crosses the border; false when there is not as much.
///
/// Copying takes time as instructions do, and what the proxy keeps takes memory. Without this, a
/// module could have its whole memory copied for the price of one call.
fn charge<P: Proxy>(ctx: &mut StoreContextMut<'_, VmState<P>>, bytes: usize) -> bool {
    let bytes = bytes as u64;
    let slice = ctx.get_fuel().unwrap_or(0);
    // What the slice lacks comes from what is left of the callback's limit.
    let lacking = bytes.saturating_sub(slice);
    let state = ctx.data_mut();
    let enough = lacking <= state.fuel_left;
    state.fuel_left = state.fuel_left.saturating_sub(lacking);
    let _ = ctx.set_fuel(slice.saturating_sub(bytes));
    enough
}

/// How a host call ended: the number for the guest, the words for the trace.
struct Ended {
    number: u32,
    status: Cow<'static, str>,
    reason: Cow<'static, str>,
}

impl Ended {
    fn new(number: u32, status: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        let status = Cow::Borrowed(status);
        Self {
            number,
            status,
            reason: reason.into(),
        }
    }

    fn number(number: u32) -> Self {
        Self::new(number, "", "")
    }

    fn refused(refusal: Refusal) -> Self {
        Self::new(
            refusal.status.number(),
            refusal.status.word(),
            refusal.reason,
        )
    }
}

/// A host call that somebody answers in the host's place.
fn play<P: Proxy>(
    running: &mut Call<'_, P>,
    call: &'static HostCall,
    played: Option<Played>,
) -> Ended {
    let Some(played) = played else {
        let why = "nobody has answered it yet: the part of the host is yours";
        return Ended::refused(Refusal::new(Status::InternalFailure, why));
    };
    let status = played.status.and_then(Status::from_u32);
    let status = status.unwrap_or(Status::Ok);
    let mut place = 0;
    for param in call.params {
        if matches!(param.kind, ParamKind::OutBytes | ParamKind::OutPairs) {
            running.give(Out::Played(place, Box::new(played)));
            break;
        }
        place += param.kind.wasm().len();
    }
    Ended::new(status.number(), status.word(), "as you have answered it")
}

/// Capability and profile first, then the body.
fn run<P: Proxy>(running: &mut Call<'_, P>, bound: Bound<P>) -> Ended {
    let call = bound.call;
    if call.group != Group::Toolchain && !running.state().allows(call.name) {
        let why = "allowed_capabilities does not list it";
        let line = format!("Attempted call to restricted capability: {}", call.name);
        running.log(LogLevel::Error, line.as_bytes());
        return match call.returns {
            Returns::Errno => Ended::new(76, "NOTCAPABLE", why),
            Returns::Nothing => Ended::new(0, "", why),
            _ => Ended::refused(Refusal::new(Status::InternalFailure, why)),
        };
    }
    match bound.change {
        Some(Change::Ignored) => {
            return Ended::new(0, "Ok", "this host accepts it and does nothing");
        }
        Some(Change::Unimplemented) => {
            let refusal = Refusal::new(Status::Unimplemented, "this host does not have it");
            return Ended::refused(refusal);
        }
        Some(Change::Absent) | None => {}
    }
    if let (Body::Status(_), Phase::Callback) = (&bound.body, running.state().phase) {
        let at = running.at;
        if let Some(played) = running.proxy.played(call.name, at) {
            return play(running, call, played);
        }
    }
    match bound.body {
        Body::Status(body) => match body(running) {
            Ok(()) => Ended::new(0, "Ok", std::mem::take(&mut running.reason)),
            Err(refusal) => {
                if refusal.limit.is_some() {
                    running.trap(refusal.reason.clone(), refusal.limit);
                }
                Ended::refused(refusal)
            }
        },
        Body::Errno(body) => match body(running) {
            Ok(()) if call.returns == Returns::Nothing => Ended::number(0),
            Ok(()) => Ended::new(0, "SUCCESS", std::mem::take(&mut running.reason)),
            Err(errno) => Ended::new(errno.number, errno.name, errno.reason),
        },
        Body::Number(body) => {
            let number = body(running);
            let status = Cow::Owned(number.to_string());
            Ended {
                number,
                status,
                reason: "".into(),
            }
        }
    }
}
