//! The doctor: what a module is, what it needs and where it could run, before anything runs.
//!
//! Must not know: how findings are shown.

mod graph;
mod origin;
mod portability;
mod words;

pub use words::words;

use super::limits::{Engine, Limits};
use super::module::{Module, matches_import, sha256, signature};
use super::sections::{self, Reader};
use crate::abi::{AbiVersion, CALLBACKS, Callback, CallbackReturns, Group, host_call};
use crate::model::doctor::{Export, ExportKind, Findings, Import, ImportKind, PluginKind};
use wasmi::{Config, ExternType};
use wasmparser::{Validator, WasmFeatures};

/// Examines a module's bytes. Whatever they are, there is an answer.
pub fn doctor(name: &str, bytes: &[u8]) -> Findings {
    let engine = Engine::new(&Limits::default());
    let mut findings = Findings {
        name: name.to_owned(),
        size: bytes.len() as u64,
        sha256: sha256(bytes),
        made_by: origin::made_by(bytes),
        sdk: origin::sdk(bytes),
        ..Findings::default()
    };
    match Module::load(&engine, name, bytes) {
        Ok(module) => {
            findings.loads = true;
            findings.abi = Some(module.abi().to_string());
        }
        Err(error) => findings.error = Some(error.message),
    }
    let Ok(wasm) = super::module::compile(&engine, name, bytes) else {
        findings.lacking = lacking(bytes);
        return findings;
    };
    let uses = graph::uses(bytes);
    findings.imports = wasm
        .imports()
        .map(|import| describe(&import, &uses))
        .collect();
    findings.exports = exports(&wasm, bytes);
    findings.memory_pages = wasm
        .exports()
        .find_map(|export| pages(export.ty()))
        .unwrap_or(0);
    findings.custom_sections = custom_sections(bytes);
    findings.proposals = proposals(bytes);
    let exported = |name: &str| findings.exports.iter().any(|export| export.name == name);
    if findings.abi.is_none() {
        let marker = |abi: &&AbiVersion| exported(abi.marker());
        findings.abi = AbiVersion::ALL.iter().find(marker).map(ToString::to_string);
    }
    let allocators = ["malloc", "proxy_on_memory_allocate"];
    findings.allocator = allocators
        .iter()
        .find(|name| exported(name))
        .map(ToString::to_string);
    findings.start = start(bytes, &exported);
    findings.kinds = kinds(&exported);
    findings.warnings = warnings(&findings, &exported);
    findings.hosts = portability::verdicts(&findings);
    findings
}

fn describe(import: &wasmi::ImportType<'_>, uses: &graph::Uses) -> Import {
    let (module, name) = (import.module(), import.name());
    let (kind, signature) = match import.ty() {
        ExternType::Func(ty) => {
            let kind = match host_call(module, name) {
                Some(call) if !matches_import(call, ty) => ImportKind::WrongType,
                Some(call) => match call.group {
                    Group::Wasi => ImportKind::Wasi,
                    Group::Toolchain => ImportKind::Toolchain,
                    _ => ImportKind::HostCall,
                },
                None => ImportKind::Unknown,
            };
            (kind, signature(ty))
        }
        ExternType::Global(_) => (ImportKind::Unknown, "global".to_owned()),
        other => (ImportKind::Made, word(other).to_owned()),
    };
    Import {
        module: module.to_owned(),
        name: name.to_owned(),
        signature,
        kind,
        used_by: uses.of(module, name),
        perhaps_used_by: uses.perhaps(module, name),
    }
}

fn word(ty: &ExternType) -> &'static str {
    match ty {
        ExternType::Func(_) => "function",
        ExternType::Global(_) => "global",
        ExternType::Memory(_) => "memory",
        ExternType::Table(_) => "table",
    }
}

fn pages(ty: &ExternType) -> Option<u64> {
    match ty {
        ExternType::Memory(memory) => Some(memory.minimum()),
        _ => None,
    }
}

/// Exports in the order of the module.
fn exports(wasm: &wasmi::Module, bytes: &[u8]) -> Vec<Export> {
    let mut exports = Vec::new();
    for (name, _) in sections::exports(bytes) {
        let Some(ty) = wasm.get_export(name) else {
            continue;
        };
        let signature = match &ty {
            ExternType::Func(ty) => signature(ty),
            other => word(other).to_owned(),
        };
        let kind = match (name, &ty) {
            (_, ExternType::Memory(_)) => ExportKind::Memory,
            ("_initialize" | "_start" | "main" | "__main_void", ExternType::Func(_)) => {
                ExportKind::Start
            }
            ("malloc" | "proxy_on_memory_allocate", ExternType::Func(_)) => ExportKind::Allocator,
            (name, ExternType::Func(_)) if name.starts_with("proxy_abi_version_") => {
                ExportKind::Marker
            }
            (name, ExternType::Func(_)) if crate::abi::callback(name).is_some() => {
                ExportKind::Callback
            }
            _ => ExportKind::Other,
        };
        let name = name.to_owned();
        exports.push(Export {
            name,
            signature,
            kind,
        });
    }
    exports
}

fn custom_sections(bytes: &[u8]) -> Vec<(String, u64)> {
    let custom = sections::sections(bytes).filter(|section| section.id == 0);
    let named = custom.filter_map(|section| {
        let name = Reader(section.bytes).name()?;
        Some((name.to_owned(), section.bytes.len() as u64))
    });
    named.collect()
}

fn start(bytes: &[u8], exported: &impl Fn(&str) -> bool) -> Vec<String> {
    let initialize = exported("_initialize");
    let steps = [
        ("start section", sections::has_start(bytes)),
        ("_initialize", initialize),
        ("main", initialize && exported("main")),
        (
            "__main_void",
            initialize && !exported("main") && exported("__main_void"),
        ),
        ("_start", !initialize && exported("_start")),
    ];
    let taken = steps.into_iter().filter(|(_, runs)| *runs);
    taken.map(|(step, _)| step.to_owned()).collect()
}

/// The proposals without which the module does not validate.
fn proposals(bytes: &[u8]) -> Vec<String> {
    type Without = (&'static str, fn(&mut Config) -> &mut Config);
    let each: [Without; 9] = [
        ("mutable-global", |config| config.wasm_mutable_global(false)),
        ("multi-value", |config| config.wasm_multi_value(false)),
        ("saturating-float-to-int", |config| {
            config.wasm_saturating_float_to_int(false)
        }),
        ("sign-extension", |config| config.wasm_sign_extension(false)),
        ("bulk-memory", |config| config.wasm_bulk_memory(false)),
        ("reference-types", |config| {
            config.wasm_reference_types(false)
        }),
        ("tail-call", |config| config.wasm_tail_call(false)),
        ("extended-const", |config| config.wasm_extended_const(false)),
        ("simd", |config| {
            config.wasm_simd(false).wasm_relaxed_simd(false)
        }),
    ];
    let mut used = Vec::new();
    for (name, without) in each {
        let mut config = Config::default();
        without(&mut config);
        if wasmi::Module::validate(&wasmi::Engine::new(&config), bytes).is_err() {
            used.push(name.to_owned());
        }
    }
    used
}

/// The proposals that keep a sound module from running here; none for bytes that are sound nowhere.
fn lacking(bytes: &[u8]) -> Vec<String> {
    let each = [
        ("threads", WasmFeatures::THREADS),
        (
            "shared-everything-threads",
            WasmFeatures::SHARED_EVERYTHING_THREADS,
        ),
        ("exception-handling", WasmFeatures::EXCEPTIONS),
        ("legacy exception-handling", WasmFeatures::LEGACY_EXCEPTIONS),
        ("gc", WasmFeatures::GC),
        ("function-references", WasmFeatures::FUNCTION_REFERENCES),
        ("relaxed-simd", WasmFeatures::RELAXED_SIMD),
        ("multi-memory", WasmFeatures::MULTI_MEMORY),
        ("memory64", WasmFeatures::MEMORY64),
        ("memory-control", WasmFeatures::MEMORY_CONTROL),
        ("custom-page-sizes", WasmFeatures::CUSTOM_PAGE_SIZES),
        ("stack-switching", WasmFeatures::STACK_SWITCHING),
        ("wide-arithmetic", WasmFeatures::WIDE_ARITHMETIC),
    ];
    let sound = |features| {
        let mut validator = Validator::new_with_features(features);
        validator.validate_all(bytes).is_ok()
    };
    // Components are told by the loader.
    let all = WasmFeatures::all().difference(WasmFeatures::COMPONENT_MODEL);
    if !sound(all) {
        return Vec::new();
    }
    let needed = each.iter().filter(|(_, one)| !sound(all.difference(*one)));
    needed.map(|(name, _)| (*name).to_owned()).collect()
}

fn kinds(exported: &impl Fn(&str) -> bool) -> Vec<PluginKind> {
    let kinds: [(&str, &[&str]); 4] = [
        (
            "http",
            &[
                "proxy_on_request_headers",
                "proxy_on_request_body",
                "proxy_on_request_trailers",
                "proxy_on_response_headers",
                "proxy_on_response_body",
                "proxy_on_response_trailers",
            ],
        ),
        (
            "network",
            &[
                "proxy_on_new_connection",
                "proxy_on_downstream_data",
                "proxy_on_upstream_data",
                "proxy_on_downstream_connection_close",
                "proxy_on_upstream_connection_close",
            ],
        ),
        ("access_log", &["proxy_on_log"]),
        (
            "service",
            &[
                "proxy_on_vm_start",
                "proxy_on_configure",
                "proxy_on_tick",
                "proxy_on_queue_ready",
            ],
        ),
    ];
    let kind = |(name, callbacks): &(&str, &[&str])| PluginKind {
        name: (*name).to_owned(),
        fits: callbacks.iter().any(|callback| exported(callback)),
        missing: callbacks
            .iter()
            .filter(|callback| !exported(callback))
            .map(ToString::to_string)
            .collect(),
    };
    kinds.iter().map(kind).collect()
}

fn warnings(findings: &Findings, exported: &impl Fn(&str) -> bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if exported("malloc") && exported("proxy_on_memory_allocate") {
        warnings.push("It exports both malloc and proxy_on_memory_allocate. Envoy calls malloc, and the Go SDK for TinyGo never frees what malloc gave: memory leaks with every host call that returns bytes. Do not export malloc.".to_owned());
    }
    let is_callback = |callback: &&Callback| {
        callback.name.starts_with("proxy_on_") && callback.returns != CallbackReturns::Address
    };
    if !CALLBACKS
        .iter()
        .filter(is_callback)
        .any(|callback| exported(callback.name))
    {
        warnings.push("It exports no callback: it loads and does nothing. Is the SDK's main macro or function missing?".to_owned());
    }
    let wasi = findings
        .imports
        .iter()
        .any(|import| import.kind == ImportKind::Wasi);
    if wasi && !exported("_initialize") && !exported("_start") {
        warnings.push("It imports WASI and exports neither _initialize nor _start, so its C library is never set up. Build it as a reactor (Rust: crate-type cdylib for wasm32-wasip1; C: -mexec-model=reactor).".to_owned());
    }
    let debug: u64 = findings
        .custom_sections
        .iter()
        .filter(|(name, _)| name.starts_with(".debug") || name == "name")
        .map(|(_, size)| size)
        .sum();
    if debug * 4 > findings.size {
        let percent = debug * 100 / findings.size.max(1);
        warnings.push(format!("{percent} % of it are names and debug information. They make traps readable; strip them where size counts."));
    }
    if findings.memory_pages > 256 {
        let mib = findings.memory_pages / 16;
        warnings.push(format!(
            "It begins with {mib} MiB of memory, in every VM: one per worker thread."
        ));
    }
    if findings.abi.as_deref() == Some("0.1.0") {
        warnings.push("ABI 0.1.0: header callbacks have no end_of_stream, and a missing header reads as an empty one. Move to an SDK of today.".to_owned());
    }
    warnings
}
