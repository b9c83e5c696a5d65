//! Where a module comes from: its producers section, and what SDKs leave in the bytes.

use crate::host::sections::{Reader, sections};

/// Languages and tools, as the producers section names them.
pub(super) fn made_by(wasm: &[u8]) -> Vec<String> {
    let custom = sections(wasm).filter(|section| section.id == 0);
    let mut found = Vec::new();
    for section in custom {
        let mut reader = Reader(section.bytes);
        if reader.name() == Some("producers") {
            // A section that ends early still tells what came before.
            let _ = fields(&mut reader, &mut found);
        }
    }
    found
}

fn fields(reader: &mut Reader<'_>, found: &mut Vec<String>) -> Option<()> {
    for _ in 0..reader.number()? {
        reader.name()?;
        for _ in 0..reader.number()? {
            let (name, version) = (reader.name()?, reader.name()?);
            found.push(format!("{name} {version}").trim_end().to_owned());
        }
    }
    Some(())
}

/// The SDK: paths of Rust sources, names of other runtimes.
pub(super) fn sdk(wasm: &[u8]) -> Option<String> {
    if let Some(version) = after(wasm, b"/proxy-wasm-") {
        return Some(format!("proxy-wasm {version} (Rust)"));
    }
    let known: [(&[u8], &str); 4] = [
        (b"proxy-wasm/proxy-wasm-go-sdk", "proxy-wasm-go-sdk (Go)"),
        (
            b"tetratelabs/proxy-wasm-go-sdk",
            "proxy-wasm-go-sdk (TinyGo)",
        ),
        (b"proxy-wasm-sdk-as", "proxy-wasm-sdk-as (AssemblyScript)"),
        (b"proxy_wasm_intrinsics", "proxy-wasm-cpp-sdk (C++)"),
    ];
    let named = known.iter().find(|(mark, _)| {
        // AssemblyScript keeps its texts in UTF-16.
        let wide: Vec<u8> = mark.iter().flat_map(|byte| [*byte, 0]).collect();
        position(wasm, mark).is_some() || position(wasm, &wide).is_some()
    });
    named.map(|(_, sdk)| (*sdk).to_owned())
}

/// The version number that follows a mark.
fn after(wasm: &[u8], mark: &[u8]) -> Option<String> {
    let rest = wasm.get(position(wasm, mark)? + mark.len()..)?;
    let digits = rest
        .iter()
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'.');
    let version: String = digits.take(20).map(|byte| char::from(*byte)).collect();
    version.contains('.').then_some(version)
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
