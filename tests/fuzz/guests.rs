//! Modules: broken ones, valid ones that do anything, and ones that call the host all the time.

use super::mutate;
use arbitrary::{Result, Unstructured};
use proxy_wasm_tour::abi::{
    CALLBACKS, Callback, CallbackReturns, HostCall, ParamKind, Returns, WASI_MODULES, WasmType,
    host_calls,
};
use std::fmt::Write as _;
use wasm_smith::Config;

/// A valid module with damage, or any bytes after the magic number.
pub(crate) fn broken(u: &mut Unstructured) -> Result<Vec<u8>> {
    if u.ratio(1, 8)? {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        bytes.extend(u.bytes(u.len())?);
        return Ok(bytes);
    }
    // Kept back, because the makers below take all there is.
    let mut rest = Unstructured::new(u.bytes(u.len().min(64))?);
    let module = if u.arbitrary()? {
        valid(u)?
    } else {
        calling(u)?
    };
    mutate::damage(&mut rest, module)
}

/// A valid module of any shape that ends: half of them with what a plugin must have.
pub(crate) fn valid(u: &mut Unstructured) -> Result<Vec<u8>> {
    let (plugin, from_start) = (u.ratio(3, 4)?, u.ratio(1, 4)?);
    let config = Config {
        exports: plugin.then(|| wat::parse_str(exports(from_start)).unwrap()),
        available_imports: Some(wat::parse_str(imports()).unwrap()),
        max_imports: 20,
        max_instructions: 100,
        max_memory32_bytes: 16 << 20,
        max_table_elements: 10_000,
        allow_start_export: false,
        // What Envoy's engine does not take either.
        compact_imports_enabled: false,
        custom_page_sizes_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        shared_everything_threads_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    };
    let mut module = wasm_smith::Module::new(config, u)?;
    module.ensure_termination(10_000).unwrap();
    Ok(module.to_bytes())
}

/// The exports of a plugin, as a module that wasm-smith copies the types of.
///
/// Most bodies trap. A trap at the start ends what could have followed, so those callbacks are
/// left out unless `from_start` asks for them.
fn exports(from_start: bool) -> String {
    let early = [
        "proxy_on_context_create",
        "proxy_on_vm_start",
        "proxy_on_configure",
    ];
    let mut text = "(module (memory (export \"memory\") 1)\n".to_owned();
    for callback in CALLBACKS {
        let one_of_many = callback.name.starts_with("proxy_on_") && !early.contains(&callback.name);
        if !(one_of_many
            || callback.name == "malloc"
            || from_start && early.contains(&callback.name))
        {
            continue;
        }
        let body = "unreachable";
        let _ = writeln!(
            text,
            "(func (export {:?}) {} {body})",
            callback.name,
            signature(callback)
        );
    }
    text + "(func (export \"proxy_abi_version_0_2_1\")))"
}

/// Everything that a module can import.
fn imports() -> String {
    let mut text = "(module\n".to_owned();
    for call in host_calls() {
        let _ = writeln!(text, "{}", import(call, ""));
    }
    text + ")"
}

/// A plugin whose callbacks call the host with arguments that are right, nearly right, or wild.
pub(crate) fn calling(u: &mut Unstructured) -> Result<Vec<u8>> {
    let calls: Vec<&HostCall> = host_calls().collect();
    let version = *u.choose(&["0_1_0", "0_2_0", "0_2_1", "0_2_1"])?;
    let mut text = "(module\n".to_owned();
    for call in &calls {
        let _ = writeln!(text, "{}", import(call, call.name));
    }
    let _ = writeln!(
        text,
        "(memory (export \"memory\") 4 64)\n(global $heap (mut i32) (i32.const 131072))\n\
         (func (export \"proxy_abi_version_{version}\"))\n{}",
        allocator(u)?
    );
    let strings = strings(u)?;
    for (slot, bytes) in strings.iter().enumerate() {
        let at = slot * SLOT as usize;
        let _ = writeln!(text, "(data (i32.const {at}) \"{}\")", escaped(bytes));
    }
    for callback in CALLBACKS {
        // At a VM's start nearly every call is a trap, which ends what could have followed.
        let start = callback.name == "_initialize" && u.ratio(1, 8)?;
        let chosen = callback.name.starts_with("proxy_on_") || start;
        if !chosen || callback.name == "proxy_on_memory_allocate" || u.ratio(1, 5)? {
            continue;
        }
        let old = version == "0_1_0" && callback.params_0_1_0.is_some();
        let _ = writeln!(
            text,
            "(func (export {:?}) {}",
            callback.name,
            if old {
                "(param i32 i32) (result i32)".to_owned()
            } else {
                signature(callback)
            }
        );
        for _ in 0..u.int_in_range(0..=5)? {
            let call = *u.choose(&calls)?;
            if call.name == "proc_exit" && !u.ratio(1, 8)? {
                continue;
            }
            text.push_str(&call_text(u, call, &strings)?);
        }
        if callback.returns != CallbackReturns::Nothing {
            // At the start 0 means that the plugin cannot be used: rarely what we want to see.
            let start = callback.returns == CallbackReturns::Truth;
            let value = if start && !u.ratio(1, 8)? {
                1
            } else {
                u.int_in_range(0..=5)?
            };
            let _ = write!(text, "(i32.const {value})");
        }
        text.push_str(")\n");
    }
    text.push(')');
    Ok(wat::parse_str(&text).unwrap_or_else(|e| panic!("{e}\n{text}")))
}

/// One call and what becomes of its result.
fn call_text(u: &mut Unstructured, call: &HostCall, strings: &[Vec<u8>]) -> Result<String> {
    let mut text = format!("(call ${}", call.name);
    for param in call.params {
        if param.kind == ParamKind::I64 {
            let value: i64 = *u.choose(&[0, 1, -1, i64::MAX, i64::MIN])?;
            let _ = write!(text, " (i64.const {value})");
            continue;
        }
        for word in words(u, param.kind, strings)? {
            let _ = write!(text, " (i32.const {})", word as i32);
        }
    }
    text.push(')');
    Ok(match call.returns {
        Returns::Nothing => text + "\n",
        _ => format!("(drop {text})\n"),
    })
}

/// A parameter's words on the wire.
fn words(u: &mut Unstructured, kind: ParamKind, strings: &[Vec<u8>]) -> Result<Vec<u32>> {
    let wild: [u32; 8] = [0, 1, 5, 65_536, 262_143, 262_144, 0x8000_0000, u32::MAX];
    if u.ratio(1, 6)? {
        let mut words = Vec::new();
        for _ in kind.wasm() {
            words.push(*u.choose(&wild)?);
        }
        return Ok(words);
    }
    Ok(match kind {
        ParamKind::Bytes | ParamKind::Path | ParamKind::Pairs => {
            let slot = u.int_in_range(0..=SLOTS - 1)?;
            // What has a meaning has it at its own size.
            let whole = strings.get(slot as usize).map_or(0, Vec::len) as u32;
            let size = *u.choose(&[whole, whole, whole, 0, 1, 12, SLOT])?;
            vec![slot * SLOT, size]
        }
        ParamKind::OutBytes | ParamKind::OutPairs => vec![65_536, 65_540],
        ParamKind::OutU32 | ParamKind::OutU64 | ParamKind::Pointer => {
            vec![65_536 + 8 * u.int_in_range(0..=4)?]
        }
        // Enums, tokens and context ids are small.
        _ => vec![u.int_in_range(0..=13)?],
    })
}

/// Slots of memory with bytes that mean something to some call.
const SLOTS: u32 = 16;
/// The size of a slot.
const SLOT: u32 = 64;

fn strings(u: &mut Unstructured) -> Result<Vec<Vec<u8>>> {
    const KNOWN: [&[u8]; 22] = [
        b":path",
        b"content-length",
        b"x-a",
        b"web",
        b"request\0path",
        b"plugin_name",
        b"fuzz",
        b"compress",
        // One pair, a: 1.
        b"\x01\0\0\0\x01\0\0\0\x01\0\0\0a\x001\0",
        // A callout's three pseudo-headers.
        b"\x03\0\0\0\x07\0\0\0\x03\0\0\0\x05\0\0\0\x01\0\0\0\x0a\0\0\0\x01\0\0\0:method\0GET\0:path\0/\0:authority\0a\0",
        b"clear_route_cache",
        b"proxy",
        b"uncompress",
        b"\x78\x9c\x4b\x04\x00\x00\x62\x00\x62",
        b"verify_signature",
        b"\x0a\x06sha256\x12\x01k\x1a\x01s\x22\x01t",
        b"sign",
        b"set_envoy_filter_state",
        b"\x0a\x17envoy.tcp_proxy.cluster\x12\x03web",
        b"declare_property",
        // `x` is read-only and a string.
        b"\x0a\x01x\x10\x01\x18\x01",
        b"wasm.x",
    ];
    let mut slots = Vec::new();
    for _ in 0..SLOTS {
        let bytes = if u.ratio(1, 4)? {
            let length = u.int_in_range(0..=16)?.min(u.len());
            u.bytes(length)?.to_vec()
        } else {
            u.choose(&KNOWN)?.to_vec()
        };
        slots.push(bytes);
    }
    Ok(slots)
}

/// An allocator: one that works, and some that do not.
fn allocator(u: &mut Unstructured) -> Result<String> {
    let body = match u.int_in_range(0..=9)? {
        0 => "(i32.const 0)",
        1 => "(i32.const -1)",
        2 => "unreachable",
        3 => "(drop (memory.grow (i32.const 1))) (i32.const 65600)",
        4 => "(drop (call $proxy_log (i32.const 2) (i32.const 0) (i32.const 5))) (i32.const 65600)",
        5 => "(drop (call $proxy_done)) (i32.const 65600)",
        _ => "global.get $heap (global.set $heap (i32.add (global.get $heap) (local.get 0)))",
    };
    let name = *u.choose(&["malloc", "malloc", "proxy_on_memory_allocate"])?;
    Ok(format!(
        "(func (export \"{name}\") (param i32) (result i32) {body})"
    ))
}

/// An import, named `$name` unless the name is empty.
fn import(call: &HostCall, name: &str) -> String {
    let wasi = call.group == proxy_wasm_tour::abi::Group::Wasi;
    let module = if wasi { WASI_MODULES[0] } else { "env" };
    let name = if name.is_empty() {
        String::new()
    } else {
        format!("${name}")
    };
    format!(
        "(import {module:?} {:?} (func {name} {} {}))",
        call.name,
        types("param", &call.wasm_params()),
        types("result", call.wasm_results())
    )
}

fn signature(callback: &Callback) -> String {
    let params: Vec<WasmType> = callback
        .params
        .iter()
        .flat_map(|param| param.kind.wasm())
        .copied()
        .collect();
    let results: &[WasmType] = match callback.returns {
        CallbackReturns::Nothing => &[],
        _ => &[WasmType::I32],
    };
    format!("{} {}", types("param", &params), types("result", results))
}

fn types(word: &str, types: &[WasmType]) -> String {
    if types.is_empty() {
        return String::new();
    }
    let names: Vec<String> = types.iter().map(WasmType::to_string).collect();
    format!("({word} {})", names.join(" "))
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:02x}");
        text
    })
}
