//! Binds a module's imports to host calls, by exact type.

use super::calls;
use super::dispatch::enter;
use super::module::{Module, is_result_optional};
use super::port::Proxy;
use super::profile::Change;
use super::state::VmState;
use crate::abi::{HostCall, WasmType, host_call};
use wasmi::errors::LinkerError;
use wasmi::{Caller, Error, ExternType, Linker, Memory, Store, Table};

/// What performs a host call.
pub(super) enum Body<P: Proxy> {
    /// Answers with a status.
    Status(fn(&mut super::call::Call<'_, P>) -> super::port::Answer<()>),
    /// Answers with a WASI error number.
    Errno(fn(&mut super::call::Call<'_, P>) -> Result<(), calls::wasi::Errno>),
    /// Answers with a number.
    Number(fn(&mut super::call::Call<'_, P>) -> u32),
}

impl<P: Proxy> Clone for Body<P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P: Proxy> Copy for Body<P> {}

/// A host call with what performs it.
pub(super) struct Bound<P: Proxy> {
    pub(super) call: &'static HostCall,
    pub(super) body: Body<P>,
    pub(super) change: Option<Change>,
}

impl<P: Proxy> Clone for Bound<P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P: Proxy> Copy for Bound<P> {}

/// The imports of one module.
pub(super) fn link<P: Proxy>(
    module: &Module,
    store: &mut Store<VmState<P>>,
) -> Result<Linker<VmState<P>>, Error> {
    let mut linker = Linker::new(&module.inner.engine.wasmi);
    // A module may import the same function twice.
    linker.allow_shadowing(true);
    for import in module.inner.wasm.imports() {
        let (space, name) = (import.module(), import.name());
        match import.ty() {
            ExternType::Func(ty) => {
                let missing = || Error::new(format!("missing import {space}.{name}"));
                let call = host_call(space, name).ok_or_else(missing)?;
                let body = calls::body::<P>(call).ok_or_else(missing)?;
                let change = store.data().profile.change(name);
                let bound = Bound { call, body, change };
                let quiet = ty.results().is_empty() && is_result_optional(call);
                define(&mut linker, space, bound, quiet)?;
            }
            ExternType::Memory(ty) => {
                let memory = Memory::new(&mut *store, *ty)?;
                if module.inner.memory.is_empty() {
                    store.data_mut().memory = Some(memory);
                }
                linker.define(space, name, memory)?;
            }
            ExternType::Table(ty) => {
                let init = wasmi::Ref::default_for_ty(ty.element());
                let table = Table::new(&mut *store, *ty, init)?;
                linker.define(space, name, table)?;
            }
            ExternType::Global(_) => {}
        }
    }
    Ok(linker)
}

macro_rules! shapes {
    ($linker:ident, $space:ident, $bound:ident, $quiet:ident; $($shape:literal ($($a:ident: $t:ty),*))*) => {{
        let name = $bound.call.name;
        let has_result = !$bound.call.wasm_results().is_empty() && !$quiet;
        match (shape($bound.call).as_str(), has_result) {
            $(($shape, true) => {
                $linker.func_wrap($space, name, move |caller: Caller<'_, VmState<P>>, $($a: $t),*| {
                    let args: &[u64] = &[$(u64::from($a)),*];
                    enter(caller, $bound, args)
                })
            })*
            ("", false) => $linker.func_wrap($space, name, move |caller: Caller<'_, VmState<P>>| {
                enter(caller, $bound, &[]).map(|_| ())
            }),
            ("i", false) => $linker.func_wrap($space, name, move |caller: Caller<'_, VmState<P>>, a: u32| {
                enter(caller, $bound, &[u64::from(a)]).map(|_| ())
            }),
            (other, _) => return Err(Error::new(format!("{name}: no shape {other}"))),
        }
    }};
}

/// Links one function. `quiet`: the module declares it without its result.
fn define<P: Proxy>(
    linker: &mut Linker<VmState<P>>,
    space: &str,
    bound: Bound<P>,
    quiet: bool,
) -> Result<(), Error> {
    let linked: Result<_, LinkerError> = shapes!(linker, space, bound, quiet;
        ""()
        "i"(a: u32)
        "ii"(a: u32, b: u32)
        "iii"(a: u32, b: u32, c: u32)
        "iiii"(a: u32, b: u32, c: u32, d: u32)
        "iiiii"(a: u32, b: u32, c: u32, d: u32, e: u32)
        "iiiiii"(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32)
        "iiiiiii"(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32)
        "iiiiiiii"(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32, h: u32)
        "iiiiiiiii"(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32, h: u32, i: u32)
        "iiiiiiiiii"(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32, h: u32, i: u32, j: u32)
        "iiiiiiiiiiii"(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32, h: u32, i: u32, j: u32, k: u32, l: u32)
        "iI"(a: u32, b: u64)
        "iII"(a: u32, b: u64, c: u64)
        "iIi"(a: u32, b: u64, c: u32)
        "iIii"(a: u32, b: u64, c: u32, d: u32)
        "iIIi"(a: u32, b: u64, c: u64, d: u32)
        "iiiIi"(a: u32, b: u32, c: u32, d: u64, e: u32)
        "iiiiIIi"(a: u32, b: u32, c: u32, d: u32, e: u64, f: u64, g: u32)
        "iiiiiIIii"(a: u32, b: u32, c: u32, d: u32, e: u32, f: u64, g: u64, h: u32, i: u32)
    );
    linked?;
    Ok(())
}

/// A host call's parameters in short: `i` for i32, `I` for i64.
fn shape(call: &HostCall) -> String {
    let short = |ty: WasmType| match ty {
        WasmType::I32 => 'i',
        WasmType::I64 => 'I',
    };
    call.wasm_params().into_iter().map(short).collect()
}
