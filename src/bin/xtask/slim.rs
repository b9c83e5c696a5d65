//! Empties functions of a wasm module by name, so that wasm-opt drops them and what only they use.
//!
//! Leptos keeps a second, asynchronous way to hydrate in the table of every view, for islands and
//! for lazy hydration. We use neither, and no linker can know that: it is a fifth of the page. A
//! function that is emptied traps when it is called, and the browser tests would see that.

use crate::sh::Outcome;

/// One `unreachable`, no locals.
const EMPTY: [u8; 4] = [3, 0, 0x00, 0x0b];

/// Section ids of the core specification.
const CUSTOM: u8 = 0;
const IMPORT: u8 = 2;
const CODE: u8 = 10;

/// The module with each function emptied whose name contains `part`, and how many those are.
pub(crate) fn empty_functions(module: &[u8], part: &str) -> Outcome<(Vec<u8>, usize)> {
    let broken = || "the page's module cannot be read".to_string();
    let doomed = doomed(module, part).ok_or_else(broken)?;
    let mut out = module.get(..8).ok_or_else(broken)?.to_vec();
    for (id, body) in sections(module).ok_or_else(broken)? {
        out.push(id);
        let body = match id {
            CODE => without(body, &doomed).ok_or_else(broken)?,
            _ => body.to_vec(),
        };
        write_number(&mut out, body.len());
        out.extend(body);
    }
    Ok((out, doomed.len()))
}

/// The code section's functions that are to be emptied, by their place in it.
fn doomed(module: &[u8], part: &str) -> Option<Vec<usize>> {
    let mut imported = 0;
    let mut found = Vec::new();
    for (id, body) in sections(module)? {
        match id {
            IMPORT => imported = imported_functions(body)?,
            CUSTOM => {
                let mut bytes = Bytes { rest: body };
                if bytes.block()? == b"name" {
                    found = named(&mut bytes, part)?;
                }
            }
            _ => {}
        }
    }
    // Imports come first in the numbering, and have no body.
    found
        .iter()
        .map(|index: &usize| index.checked_sub(imported))
        .collect()
}

/// The sections in order.
fn sections(module: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut bytes = Bytes {
        rest: module.get(8..)?,
    };
    let mut found = Vec::new();
    while !bytes.rest.is_empty() {
        found.push((bytes.byte()?, bytes.block()?));
    }
    Some(found)
}

fn imported_functions(section: &[u8]) -> Option<usize> {
    let mut bytes = Bytes { rest: section };
    let mut functions = 0;
    for _ in 0..bytes.number()? {
        bytes.block()?;
        bytes.block()?;
        match bytes.byte()? {
            0 => {
                functions += 1;
                bytes.number()?;
            }
            1 => {
                bytes.byte()?;
                bytes.limits()?;
            }
            2 => bytes.limits()?,
            3 => {
                bytes.byte()?;
                bytes.byte()?;
            }
            _ => return None,
        }
    }
    Some(functions)
}

/// Numbers of the functions whose name contains `part`.
fn named(names: &mut Bytes<'_>, part: &str) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    while !names.rest.is_empty() {
        let kind = names.byte()?;
        let mut map = Bytes {
            rest: names.block()?,
        };
        // 1 are the functions' names.
        if kind == 1 {
            for _ in 0..map.number()? {
                let index = map.number()?;
                if String::from_utf8_lossy(map.block()?).contains(part) {
                    found.push(index);
                }
            }
        }
    }
    Some(found)
}

fn without(code: &[u8], doomed: &[usize]) -> Option<Vec<u8>> {
    let mut bytes = Bytes { rest: code };
    let count = bytes.number()?;
    let mut out = Vec::with_capacity(code.len());
    write_number(&mut out, count);
    for at in 0..count {
        let body = bytes.block()?;
        if doomed.binary_search(&at).is_ok() {
            out.extend(EMPTY);
        } else {
            write_number(&mut out, body.len());
            out.extend(body);
        }
    }
    Some(out)
}

/// What is left to read.
struct Bytes<'a> {
    rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// An unsigned number in LEB128.
    fn number(&mut self) -> Option<usize> {
        let (mut value, mut shift) = (0usize, 0u32);
        loop {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
            shift += 7;
        }
    }

    /// A length and as many bytes.
    fn block(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        let (block, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(block)
    }

    fn limits(&mut self) -> Option<()> {
        let flags = self.byte()?;
        self.number()?;
        if flags & 1 == 1 {
            self.number()?;
        }
        Some(())
    }
}

fn write_number(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(module (import "m" "f" (func)) (func $keep) (func $async_drop))`, with names.
    const MODULE: &[u8] = b"\0asm\x01\0\0\0\
        \x01\x04\x01\x60\0\0\
        \x02\x07\x01\x01m\x01f\0\0\
        \x03\x03\x02\0\0\
        \x0a\x07\x02\x02\0\x0b\x02\0\x0b\
        \0\x1b\x04name\x01\x14\x03\0\x01f\x01\x04keep\x02\x08async_do";

    #[test]
    fn only_functions_of_that_name_are_emptied() {
        let (out, count) = empty_functions(MODULE, "async").expect("it is a module");
        assert_eq!(count, 1);
        let (_, code) = sections(&out).expect("it still is")[3];
        assert_eq!(code, b"\x02\x02\0\x0b\x03\0\x00\x0b");
        assert_eq!(out.len(), MODULE.len() + 1);
    }

    #[test]
    fn a_cut_module_is_refused() {
        assert!(empty_functions(&MODULE[..30], "async").is_err());
    }
}
