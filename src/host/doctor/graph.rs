//! Which exports lead to which imports by direct calls.
//!
//! Calls through tables (trait objects, interfaces) cannot be followed, so an import that nobody
//! seems to use may still be used.

use crate::abi::callback;
use std::collections::{BTreeMap, BTreeSet};
use wasmparser::{ExternalKind, Operator, Parser, Payload, TypeRef};

/// Imports with the exports that reach them.
#[derive(Default)]
pub(super) struct Uses(BTreeMap<(String, String), BTreeSet<String>>);

impl Uses {
    /// The exports that reach an import.
    pub(super) fn of(&self, module: &str, name: &str) -> Vec<String> {
        let found = self.0.get(&(module.to_owned(), name.to_owned()));
        found.into_iter().flatten().cloned().collect()
    }
}

/// The functions of a module as far as they can be read.
#[derive(Default)]
struct Functions {
    imports: Vec<(String, String)>,
    exports: Vec<(String, u32)>,
    /// For each function that is not imported, those that it calls.
    calls: Vec<Vec<u32>>,
}

/// Follows calls from every callback and start function. Wrong bytes end the reading early.
pub(super) fn uses(wasm: &[u8]) -> Uses {
    let mut functions = Functions::default();
    for payload in Parser::new(0).parse_all(wasm) {
        let read = payload.and_then(|payload| functions.read(payload));
        if read.is_err() {
            break;
        }
    }
    let mut uses = Uses::default();
    for (export, root) in &functions.exports {
        for import in functions.reach(*root) {
            let users = uses.0.entry(import).or_default();
            users.insert(export.clone());
        }
    }
    uses
}

impl Functions {
    fn read(&mut self, payload: Payload<'_>) -> Result<(), wasmparser::BinaryReaderError> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section {
                    let import = import?;
                    if let TypeRef::Func(_) = import.ty {
                        let path = (import.module.to_owned(), import.name.to_owned());
                        self.imports.push(path);
                    }
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    let followed = callback(export.name).is_some();
                    if export.kind == ExternalKind::Func && followed {
                        self.exports.push((export.name.to_owned(), export.index));
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                let mut calls = Vec::new();
                for operator in body.get_operators_reader()? {
                    if let Operator::Call { function_index }
                    | Operator::ReturnCall { function_index } = operator?
                    {
                        calls.push(function_index);
                    }
                }
                calls.sort_unstable();
                calls.dedup();
                self.calls.push(calls);
            }
            _ => {}
        }
        Ok(())
    }

    /// The imports that a function leads to.
    fn reach(&self, root: u32) -> Vec<(String, String)> {
        let (mut seen, mut open) = (BTreeSet::from([root]), vec![root]);
        let mut found = Vec::new();
        while let Some(function) = open.pop() {
            let index = function as usize;
            if let Some(import) = self.imports.get(index) {
                found.push(import.clone());
                continue;
            }
            let calls = self.calls.get(index - self.imports.len());
            for next in calls.into_iter().flatten() {
                if seen.insert(*next) {
                    open.push(*next);
                }
            }
        }
        found
    }
}
