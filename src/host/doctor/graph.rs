//! Which exports lead to which imports.
//!
//! Direct calls are certain. A call through a table (trait objects, interfaces) can go to any function
//! of its type that is in a table: it counts as perhaps.

use crate::abi::callback;
use std::collections::{BTreeMap, BTreeSet};
use wasmparser::{
    ElementItems, ExternalKind, FuncType, Operator, Parser, Payload, TypeRef, ValType,
};

/// Imports with the exports that reach them.
#[derive(Default)]
pub(super) struct Uses(BTreeMap<(String, String), By>);

/// Who reaches an import.
#[derive(Default)]
struct By {
    direct: BTreeSet<String>,
    perhaps: BTreeSet<String>,
}

impl Uses {
    /// The exports that reach an import by direct calls.
    pub(super) fn of(&self, module: &str, name: &str) -> Vec<String> {
        let found = self.0.get(&(module.to_owned(), name.to_owned()));
        found.map_or_else(Vec::new, |by| by.direct.iter().cloned().collect())
    }

    /// The exports that may reach it through a table as well.
    pub(super) fn perhaps(&self, module: &str, name: &str) -> Vec<String> {
        let found = self.0.get(&(module.to_owned(), name.to_owned()));
        found.map_or_else(Vec::new, |by| {
            by.perhaps.difference(&by.direct).cloned().collect()
        })
    }
}

/// Parameters and results: equal ones are one type, however often a module writes them down.
type Signature = (Vec<ValType>, Vec<ValType>);

/// The functions of a module as far as they can be read.
#[derive(Default)]
struct Functions {
    /// The number of each type's signature; `None` for what is no function.
    types: Vec<Option<usize>>,
    signatures: BTreeMap<Signature, usize>,
    imports: Vec<(String, String)>,
    exports: Vec<(String, u32)>,
    /// The type of each function, imported ones first.
    of: Vec<u32>,
    /// For each signature, the functions that are in a table or have their address taken.
    in_tables: BTreeMap<usize, BTreeSet<u32>>,
    /// For each function that is not imported, those that it calls.
    calls: Vec<Vec<u32>>,
    /// And the signatures that it calls through a table.
    through: Vec<BTreeSet<usize>>,
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
        for import in functions.reach(*root, false) {
            uses.0
                .entry(import)
                .or_default()
                .direct
                .insert(export.clone());
        }
        for import in functions.reach(*root, true) {
            uses.0
                .entry(import)
                .or_default()
                .perhaps
                .insert(export.clone());
        }
    }
    uses
}

impl Functions {
    fn read(&mut self, payload: Payload<'_>) -> Result<(), wasmparser::BinaryReaderError> {
        match payload {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    let number = self.signature(&ty?);
                    self.types.push(Some(number));
                }
            }
            Payload::ImportSection(section) => {
                for import in section {
                    let import = import?;
                    if let TypeRef::Func(ty) = import.ty {
                        let path = (import.module.to_owned(), import.name.to_owned());
                        self.imports.push(path);
                        self.of.push(ty);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.of.push(ty?);
                }
            }
            Payload::ElementSection(section) => {
                for element in section {
                    match element?.items {
                        ElementItems::Functions(list) => {
                            for function in list {
                                self.put_in_table(function?);
                            }
                        }
                        ElementItems::Expressions(_, list) => {
                            for expression in list {
                                for operator in expression?.get_operators_reader() {
                                    if let Operator::RefFunc { function_index } = operator? {
                                        self.put_in_table(function_index);
                                    }
                                }
                            }
                        }
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
                let (mut calls, mut through) = (Vec::new(), BTreeSet::new());
                for operator in body.get_operators_reader()? {
                    match operator? {
                        Operator::Call { function_index }
                        | Operator::ReturnCall { function_index } => calls.push(function_index),
                        Operator::CallIndirect { type_index, .. }
                        | Operator::ReturnCallIndirect { type_index, .. } => {
                            through.extend(self.types.get(type_index as usize).copied().flatten());
                        }
                        Operator::RefFunc { function_index } => self.put_in_table(function_index),
                        _ => {}
                    }
                }
                calls.sort_unstable();
                calls.dedup();
                self.calls.push(calls);
                self.through.push(through);
            }
            _ => {}
        }
        Ok(())
    }

    /// The number of a signature.
    fn signature(&mut self, ty: &FuncType) -> usize {
        let signature = (ty.params().to_vec(), ty.results().to_vec());
        let next = self.signatures.len();
        *self.signatures.entry(signature).or_insert(next)
    }

    fn put_in_table(&mut self, function: u32) {
        let ty = self.of.get(function as usize);
        let signature = ty.and_then(|ty| self.types.get(*ty as usize).copied().flatten());
        if let Some(signature) = signature {
            self.in_tables
                .entry(signature)
                .or_default()
                .insert(function);
        }
    }

    /// The imports that a function leads to; with tables, those that it may lead to.
    fn reach(&self, root: u32, tables: bool) -> Vec<(String, String)> {
        let (mut seen, mut open) = (BTreeSet::from([root]), vec![root]);
        let (mut found, mut tables_seen) = (Vec::new(), BTreeSet::new());
        while let Some(function) = open.pop() {
            let index = function as usize;
            if let Some(import) = self.imports.get(index) {
                found.push(import.clone());
                continue;
            }
            let at = index - self.imports.len();
            let mut next: Vec<u32> = self.calls.get(at).into_iter().flatten().copied().collect();
            for signature in self.through.get(at).into_iter().flatten() {
                if tables && tables_seen.insert(*signature) {
                    next.extend(self.in_tables.get(signature).into_iter().flatten());
                }
            }
            for next in next {
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        found
    }
}
