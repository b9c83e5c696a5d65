//! A module that has passed the checks of loading: bytes, imports, ABI marker, memory, allocator,
//! and the types of its callbacks.

use super::failure::{FailState, LoadError};
use super::guard;
use super::limits::Engine;
use super::sections;
use crate::abi::{
    AbiVersion, CALLBACKS, Callback, CallbackReturns, HostCall, Returns, WASI_MODULES, WasmType,
    host_call,
};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;
use wasmi::{ExternType, FuncType, ValType};

/// A loaded module. Cheap to clone; its VMs share the compiled code.
#[derive(Clone, Debug)]
pub struct Module {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) wasm: wasmi::Module,
    pub(super) engine: Engine,
    name: String,
    abi: AbiVersion,
    sha256: String,
    /// The export (or import) that is the module's memory.
    pub(super) memory: String,
    pub(super) has_start_section: bool,
    /// For each callback of the table, whether the module exports it.
    pub(super) exported: Vec<bool>,
}

impl Module {
    /// Loads a module: compiles it and checks what every Proxy-Wasm host checks.
    ///
    /// # Errors
    /// The first check that fails, in Envoy's words and with what to do.
    pub fn load(engine: &Engine, name: &str, bytes: &[u8]) -> Result<Self, LoadError> {
        let wasm = compile(engine, name, bytes)?;
        check_imports(&wasm, name)?;
        let exports = sections::exports(bytes);
        let abi = abi_version(&exports, name)?;
        let memory = memory(&wasm, &exports, name)?;
        let exported = check_callbacks(&wasm, abi, name)?;
        Ok(Self {
            inner: Arc::new(Inner {
                wasm,
                engine: engine.clone(),
                name: name.to_owned(),
                abi,
                sha256: sha256(bytes),
                memory,
                has_start_section: sections::has_start(bytes),
                exported,
            }),
        })
    }

    /// The name it was loaded under.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The version that its marker export tells.
    pub fn abi(&self) -> AbiVersion {
        self.inner.abi
    }

    /// The SHA-256 of its bytes, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.inner.sha256
    }

    /// Whether it exports a callback of this name.
    pub fn exports(&self, callback: &str) -> bool {
        let mut table = CALLBACKS.iter().zip(&self.inner.exported);
        table.any(|(entry, exported)| *exported && entry.name == callback)
    }
}

/// Compiles bytes, with a hint for what people hand in by mistake.
pub(super) fn compile(
    engine: &Engine,
    name: &str,
    bytes: &[u8],
) -> Result<wasmi::Module, LoadError> {
    let bad = |why: String| {
        // A download or a copy that was cut short.
        let cut = match why.contains("unexpected end") {
            true => "; the file ends too early: build or copy it again",
            false => "",
        };
        LoadError::new(
            FailState::UnableToInitializeCode,
            format!("{name}: Failed to load Wasm bytecode: {why}{cut}"),
        )
    };
    if bytes.is_empty() {
        return Err(bad("the file is empty".into()));
    }
    if !bytes.starts_with(b"\0asm") {
        let hint = match bytes.trim_ascii_start().first() {
            Some(b'(') => {
                "this is WebAssembly text; give it as `wat:`, or assemble it with wat2wasm"
            }
            Some(0x1f) => "this looks compressed; unpack it first",
            Some(b'<') => "this is HTML; the address answered with a web page",
            _ => {
                "a module begins with the bytes 00 61 73 6d; give the .wasm file that your build writes"
            }
        };
        return Err(bad(hint.into()));
    }
    if bytes
        .get(4..8)
        .is_some_and(|version| version != [1, 0, 0, 0])
    {
        return Err(bad(
            "this is a component, or of a version to come; build a core module, for example for wasm32-unknown-unknown or wasm32-wasip1"
                .into(),
        ));
    }
    if let Some(why) = guard::unsafe_here(bytes) {
        return Err(bad(why));
    }
    wasmi::Module::new(&engine.wasmi, bytes).map_err(|error| bad(error.to_string()))
}

fn check_imports(wasm: &wasmi::Module, name: &str) -> Result<(), LoadError> {
    let fail = |text: String| {
        let text = format!("{name}: {text}");
        Err(LoadError::new(FailState::UnableToInitializeCode, text))
    };
    for import in wasm.imports() {
        let path = format!("{}.{}", import.module(), import.name());
        match import.ty() {
            ExternType::Func(have) => match host_call(import.module(), import.name()) {
                Some(call) if matches_import(call, have) => {}
                Some(call) => {
                    return fail(format!(
                        "Failed to load Wasm module due to an import type mismatch for function: {path}, want: {}, but host exports: {}. The SDK that built the module declares it otherwise: use the released SDK",
                        signature(have),
                        call_signature(call),
                    ));
                }
                None => {
                    return fail(format!(
                        "Failed to load Wasm module due to a missing import: {path} {}. {}",
                        signature(have),
                        missing_hint(import.module(), import.name()),
                    ));
                }
            },
            ExternType::Memory(_) | ExternType::Table(_) => {}
            ExternType::Global(_) => {
                return fail(format!(
                    "Failed to load Wasm module due to a missing import: {path}, a global. Proxy-Wasm hosts give functions only: link the module so that it defines its globals itself",
                ));
            }
        }
    }
    Ok(())
}

fn missing_hint(module: &str, name: &str) -> String {
    if module == "__wbindgen_placeholder__" || module == "wbg" || name.starts_with("__wbindgen") {
        return "It was made for a browser by wasm-bindgen: leave that crate out".into();
    }
    if module == "env" && crate::abi::host_call(WASI_MODULES[0], name).is_some() {
        return format!("WASI functions come from module {}", WASI_MODULES[0]);
    }
    if WASI_MODULES.contains(&module) {
        return "No Proxy-Wasm host has this WASI function: leave out what needs it (threads, files, signals)".into();
    }
    if module.starts_with("wasi:") {
        return "This is WASI preview 2: build for wasm32-wasip1 or wasm32-unknown-unknown".into();
    }
    if module == "env" && name.starts_with("proxy_") {
        return "It is not part of ABI 0.1.0 to 0.2.1: use a released SDK, or another host".into();
    }
    if module == "env" {
        return "An undefined symbol has become an import: link the library that defines it".into();
    }
    "Proxy-Wasm hosts give only module env and WASI: leave out the library that needs it".into()
}

/// Whether an import's type is the host call's. The 0.1.0 calls without parameters may also
/// be declared without a result, as their specification has them.
pub(super) fn matches_import(call: &HostCall, have: &FuncType) -> bool {
    let params = call.wasm_params();
    let results = call.wasm_results();
    let no_result = have.results().is_empty() && is_result_optional(call);
    same(have.params(), &params) && (no_result || same(have.results(), results))
}

pub(super) fn is_result_optional(call: &HostCall) -> bool {
    call.params.is_empty()
        && call.returns == Returns::Status
        && call.versions == [AbiVersion::V0_1_0]
}

fn same(have: &[ValType], want: &[WasmType]) -> bool {
    let want = want.iter().map(|ty| match ty {
        WasmType::I32 => ValType::I32,
        WasmType::I64 => ValType::I64,
    });
    have.iter().copied().eq(want)
}

/// A function type as people write it: `(i32, i32) -> i32`.
pub(super) fn signature(ty: &FuncType) -> String {
    let list = |types: &[ValType]| {
        let names: Vec<_> = types.iter().map(type_name).collect();
        names.join(", ")
    };
    let results = match ty.results() {
        [] => "()".to_owned(),
        [one] => type_name(one).to_owned(),
        many => format!("({})", list(many)),
    };
    format!("({}) -> {results}", list(ty.params()))
}

fn type_name(ty: &ValType) -> &'static str {
    match ty {
        ValType::I32 => "i32",
        ValType::I64 => "i64",
        ValType::F32 => "f32",
        ValType::F64 => "f64",
        ValType::V128 => "v128",
        ValType::FuncRef => "funcref",
        ValType::ExternRef => "externref",
    }
}

fn wire_signature(params: &[WasmType], results: &[WasmType]) -> String {
    let params: Vec<_> = params.iter().map(ToString::to_string).collect();
    let result = results.first().map_or("()".to_owned(), ToString::to_string);
    format!("({}) -> {result}", params.join(", "))
}

pub(super) fn call_signature(call: &HostCall) -> String {
    wire_signature(&call.wasm_params(), call.wasm_results())
}

/// The first marker in the order of the exports wins.
fn abi_version(exports: &[(&str, u8)], name: &str) -> Result<AbiVersion, LoadError> {
    let functions = exports.iter().filter(|(_, kind)| *kind == 0);
    let markers: Vec<&str> = functions
        .map(|(export, _)| *export)
        .filter(|export| export.starts_with("proxy_abi_version_"))
        .collect();
    let known = markers.iter().find_map(|marker| {
        let version = |v: &&AbiVersion| v.marker() == *marker;
        AbiVersion::ALL.iter().find(version).copied()
    });
    known.ok_or_else(|| {
        let seen = match markers.first() {
            Some(marker) => format!("It exports {marker}, which no released ABI has"),
            None => "It exports no proxy_abi_version_… function: build it with a Proxy-Wasm SDK, or export proxy_abi_version_0_2_1".into(),
        };
        LoadError::new(
            FailState::UnableToInitializeCode,
            format!("{name}: Missing or unknown Proxy-Wasm ABI version. {seen}"),
        )
    })
}

/// The first exported memory, or an imported one.
fn memory(wasm: &wasmi::Module, exports: &[(&str, u8)], name: &str) -> Result<String, LoadError> {
    let exported = exports.iter().find(|(_, kind)| *kind == 2);
    let imported = || {
        wasm.imports()
            .any(|import| matches!(import.ty(), ExternType::Memory(_)))
    };
    match exported {
        Some((memory, _)) => Ok((*memory).to_owned()),
        None if imported() => Ok(String::new()),
        None => Err(LoadError::new(
            FailState::UnableToInitializeCode,
            format!("{name}: The module exports no memory. Export its memory as \"memory\""),
        )),
    }
}

/// The types that a callback may have in a module of this version.
pub(super) fn callback_params(callback: &Callback, abi: AbiVersion) -> Vec<WasmType> {
    let all = callback.params.iter().flat_map(|param| param.kind.wasm());
    let count = match (abi, callback.params_0_1_0) {
        (AbiVersion::V0_1_0, Some(count)) => count,
        _ => callback.params.len(),
    };
    all.copied().take(count).collect()
}

/// Which callbacks are exported. Envoy refuses the whole module for a wrong type.
fn check_callbacks(
    wasm: &wasmi::Module,
    abi: AbiVersion,
    name: &str,
) -> Result<Vec<bool>, LoadError> {
    let is_function = |export: &str| matches!(wasm.get_export(export), Some(ExternType::Func(_)));
    let initialize = is_function("_initialize");
    let malloc = is_function("malloc");
    let mut exported = Vec::with_capacity(CALLBACKS.len());
    for callback in CALLBACKS {
        // What is not looked up may have any type.
        let looked_up = match callback.name {
            "_start" => !initialize,
            "main" => initialize,
            "__main_void" => initialize && !is_function("main"),
            "proxy_on_memory_allocate" => !malloc,
            _ => true,
        };
        let Some(ExternType::Func(have)) = wasm.get_export(callback.name).filter(|_| looked_up)
        else {
            exported.push(false);
            continue;
        };
        let params = callback_params(callback, abi);
        let results = callback.returns.wasm();
        if !same(have.params(), &params) || !same(have.results(), results) {
            let mut text = format!(
                "{name}: Bad function signature for: {}, want: {}, but the module exports: {}.",
                callback.name,
                wire_signature(&params, results),
                signature(&have),
            );
            let _ = write!(
                text,
                " Its marker says ABI {abi}: give the callback that ABI's parameters"
            );
            return Err(LoadError::new(FailState::UnableToInitializeCode, text));
        }
        exported.push(true);
    }
    let allocators = CALLBACKS.iter().zip(&exported);
    let has_allocator = allocators
        .into_iter()
        .any(|(callback, exported)| *exported && callback.returns == CallbackReturns::Address);
    if !has_allocator {
        return Err(LoadError::new(
            FailState::MissingFunction,
            format!(
                "{name}: The module exports neither malloc nor proxy_on_memory_allocate. The host needs one of them, (i32) -> i32, to hand over results"
            ),
        ));
    }
    Ok(exported)
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}
