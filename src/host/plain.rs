//! Plain modules: an export called with numbers, without proxy, contexts or ABI marker.
//!
//! The first lessons use it. A module may import `env.proxy_log` and nothing else.

use super::dispatch::CALL_COST;
use super::failure::{Stop, cause};
use super::limits::{Engine, Limits};
use super::module::{compile, signature};
use crate::model::Bytes;
use serde_json::{Number, Value};
use wasmi::{
    Caller, Error, Extern, ExternType, Linker, Store, StoreLimits, StoreLimitsBuilder, TrapCode,
    Val, ValType,
};

/// What a call of a plain module left behind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlainCall {
    /// What it returned; empty when it trapped.
    pub results: Vec<Value>,
    /// Why it trapped.
    pub trap: Option<String>,
    /// What it logged: level and text.
    pub logs: Vec<(u32, Bytes)>,
    /// Fuel used.
    pub fuel: u64,
}

struct State {
    limits: StoreLimits,
    logs: Vec<(u32, Bytes)>,
    log_left: u64,
    log_most: u64,
}

/// Calls an export of a plain module.
///
/// # Errors
/// When the call cannot be made: the bytes are no module, an import or the export is missing, or
/// an argument does not fit. A trap is a result, not an error.
pub fn call_plain(
    engine: &Engine,
    bytes: &[u8],
    export: &str,
    args: &[Number],
    limits: &Limits,
) -> Result<PlainCall, String> {
    let module = compile(engine, "module", bytes).map_err(|error| error.message)?;
    let memory = usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX);
    let state = State {
        limits: StoreLimitsBuilder::new()
            .memory_size(memory)
            .table_elements(limits.table_elements)
            .build(),
        logs: Vec::new(),
        log_left: limits.log_bytes,
        log_most: limits.log_bytes,
    };
    let mut store = Store::new(&engine.wasmi, state);
    store.limiter(|state| &mut state.limits);
    store
        .set_fuel(limits.fuel_per_callback)
        .map_err(|error| error.to_string())?;
    let linker = link(engine, &module)?;
    let fuel = limits.fuel_per_callback;
    let trapped = |store: &Store<State>, error: &wasmi::Error| PlainCall {
        trap: Some(cause(error, fuel).0),
        logs: store.data().logs.clone(),
        fuel: fuel.saturating_sub(store.get_fuel().unwrap_or(0)),
        ..PlainCall::default()
    };
    let instance = match linker.instantiate_and_start(&mut store, &module) {
        Ok(instance) => instance,
        Err(error) => return Ok(trapped(&store, &error)),
    };
    let Some(func) = instance.get_func(&store, export) else {
        return Err(missing_export(&module, export));
    };
    let ty = func.ty(&store);
    let inputs = inputs(export, ty.params(), args)?;
    let mut outputs: Vec<Val> = ty
        .results()
        .iter()
        .map(|ty| Val::default_for_ty(*ty))
        .collect();
    if let Err(error) = func.call(&mut store, &inputs, &mut outputs) {
        return Ok(trapped(&store, &error));
    }
    Ok(PlainCall {
        results: outputs.iter().map(value).collect(),
        trap: None,
        logs: std::mem::take(&mut store.data_mut().logs),
        fuel: fuel.saturating_sub(store.get_fuel().unwrap_or(0)),
    })
}

fn link(engine: &Engine, module: &wasmi::Module) -> Result<Linker<State>, String> {
    for import in module.imports() {
        let (space, name) = (import.module(), import.name());
        if (space, name) != ("env", "proxy_log") {
            return Err(format!(
                "the module imports {space}.{name}; called without a proxy it can import only env.proxy_log"
            ));
        }
    }
    let mut linker = Linker::new(&engine.wasmi);
    let linked = linker.func_wrap("env", "proxy_log", log);
    linked.map_err(|error| error.to_string())?;
    Ok(linker)
}

/// `proxy_log` without a proxy: a line beyond the log's limit ends the call.
fn log(mut caller: Caller<'_, State>, level: u32, at: u32, size: u32) -> Result<u32, Error> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    let end = usize::try_from(u64::from(at) + u64::from(size)).unwrap_or(usize::MAX);
    let text = at as usize..end;
    let memory = memory.filter(|memory| memory.data(&caller).get(text.clone()).is_some());
    pay(&mut caller, memory.map_or(0, |_| u64::from(size)))?;
    if level > 5 {
        return Ok(2);
    }
    let Some(memory) = memory else {
        return Ok(6);
    };
    let (data, state) = memory.data_and_store_mut(&mut caller);
    let Some(left) = state.log_left.checked_sub(u64::from(size) + 1) else {
        let most = state.log_most;
        let cause = format!("log limit: the module has logged more than {most} bytes");
        return Err(Error::host(Stop::Trap(cause, Some("log"))));
    };
    state.log_left = left;
    let text = Bytes::from(data.get(text).unwrap_or_default());
    state.logs.push((level, text));
    Ok(0)
}

/// Takes the fuel that a host call costs beside a proxy as well: its own, and one for each byte.
fn pay(caller: &mut Caller<'_, State>, bytes: u64) -> Result<(), Error> {
    let left = caller.get_fuel()?.checked_sub(CALL_COST as u64 + bytes);
    caller.set_fuel(left.unwrap_or(0))?;
    left.map(drop).ok_or_else(|| TrapCode::OutOfFuel.into())
}

fn missing_export(module: &wasmi::Module, export: &str) -> String {
    let functions = module
        .exports()
        .filter(|export| matches!(export.ty(), ExternType::Func(_)));
    let mut names: Vec<_> = functions.map(|export| export.name().to_owned()).collect();
    names.sort();
    match names.is_empty() {
        true => format!("the module exports no function {export}; it exports none at all"),
        false => format!(
            "the module exports no function {export}; it exports {}",
            names.join(", ")
        ),
    }
}

fn inputs(export: &str, params: &[ValType], args: &[Number]) -> Result<Vec<Val>, String> {
    if params.len() != args.len() {
        let (want, have) = (params.len(), args.len());
        return Err(format!(
            "{export} takes {want} arguments, and {have} are given"
        ));
    }
    let each = params.iter().zip(args).enumerate();
    each.map(|(i, (ty, n))| {
        input(*ty, n)
            .ok_or_else(|| format!("argument {i} of {export}: {n} is no {}", type_word(*ty)))
    })
    .collect()
}

/// Whole numbers may be given signed or unsigned.
fn input(ty: ValType, n: &Number) -> Option<Val> {
    let whole = n.as_i64().map(i128::from).or(n.as_u64().map(i128::from));
    match ty {
        ValType::I32 => {
            let n = whole?;
            let n = i32::try_from(n)
                .ok()
                .or_else(|| Some(u32::try_from(n).ok()? as i32))?;
            Some(Val::I32(n))
        }
        ValType::I64 => {
            let n = whole?;
            let n = i64::try_from(n)
                .ok()
                .or_else(|| Some(u64::try_from(n).ok()? as i64))?;
            Some(Val::I64(n))
        }
        ValType::F32 => Some(Val::F32((n.as_f64()? as f32).into())),
        ValType::F64 => Some(Val::F64(n.as_f64()?.into())),
        _ => None,
    }
}

fn type_word(ty: ValType) -> &'static str {
    match ty {
        ValType::I32 => "i32",
        ValType::I64 => "i64",
        ValType::F32 => "f32",
        ValType::F64 => "f64",
        _ => "type that can be given as a number",
    }
}

/// A result as JSON: floats that JSON does not have are their names.
fn value(value: &Val) -> Value {
    let float =
        |n: f64| Number::from_f64(n).map_or_else(|| Value::String(n.to_string()), Value::Number);
    match value {
        Val::I32(n) => Value::from(*n),
        Val::I64(n) => Value::from(*n),
        Val::F32(n) => float(f64::from(f32::from(*n))),
        Val::F64(n) => float(f64::from(*n)),
        other => Value::String(format!("{:?}", other.ty())),
    }
}

/// The exported functions of a module with their types, by name: `max (i32, i32) -> i32`.
///
/// # Errors
/// When the bytes are no module.
pub fn plain_exports(engine: &Engine, bytes: &[u8]) -> Result<Vec<String>, String> {
    let module = compile(engine, "module", bytes).map_err(|error| error.message)?;
    let function = |export: wasmi::ExportType<'_>| match export.ty() {
        ExternType::Func(ty) => Some(format!("{} {}", export.name(), signature(ty))),
        _ => None,
    };
    let mut functions: Vec<_> = module.exports().filter_map(function).collect();
    functions.sort();
    Ok(functions)
}
