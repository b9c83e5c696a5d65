//! The header mutation filter: changes in their order, the filter's own before those of routes.

use super::At;
use super::record::Change;
use crate::proxy::config::{
    Addition, Append, HeaderMutation, Mutation, Mutations, NativeRoute, Parameter,
};
use crate::proxy::lookup::text_matches;
use crate::proxy::shared::Shared;
use crate::proxy::task::Direction;
use std::collections::BTreeMap;

impl Shared {
    /// Headers of either direction, local replies among them.
    pub(super) fn mutate_headers(&mut self, at: At, filter: &HeaderMutation, decode: bool) {
        let config = self.config.clone();
        let routed = self.routed(&config, at).into_iter();
        let mut all: Vec<&Mutations> = routed
            .filter_map(|route| match route {
                NativeRoute::HeaderMutation(mutations) => Some(&**mutations),
                _ => None,
            })
            .collect();
        if filter.specific_last {
            all.reverse();
        }
        all.insert(0, &filter.mutations);
        for mutations in all {
            let (direction, changes) = match decode {
                true => (Direction::Decode, &mutations.request),
                false => (Direction::Encode, &mutations.response),
            };
            for mutation in changes {
                self.mutate(at, direction, mutation);
            }
            if decode && !mutations.query.is_empty() {
                self.mutate_query(at, &mutations.query);
            }
        }
    }

    fn mutate(&mut self, at: At, direction: Direction, mutation: &Mutation) {
        let headers = self.streams[at.stream].half(direction).headers.as_ref();
        match mutation {
            Mutation::Append(addition) => self.add_native(at, direction, addition),
            Mutation::Remove(name) => self.native_change(at, direction, Change::Remove, name, b""),
            Mutation::RemoveMatching(matcher) => {
                let names = headers.into_iter().flat_map(|headers| headers.iter());
                let names: Vec<String> = names
                    .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
                    .filter(|name| text_matches(matcher, name))
                    .collect();
                for name in names {
                    self.native_change(at, direction, Change::Remove, &name, b"");
                }
            }
        }
    }

    /// Adds a header as a `HeaderValueOption` says; an empty value only where that is wanted.
    pub(super) fn add_native(&mut self, at: At, direction: Direction, addition: &Addition) {
        let value = self.write_value(at.stream, &addition.value);
        if value.is_empty() && !addition.keep_empty {
            return;
        }
        let headers = self.streams[at.stream].half(direction).headers.as_ref();
        let present = headers.is_some_and(|headers| headers.get(&addition.name).is_some());
        let change = match addition.append {
            Append::Always => Change::Add,
            Append::IfAbsent if !present => Change::Add,
            Append::Overwrite => Change::Replace,
            Append::OverwritePresent if present => Change::Replace,
            _ => return,
        };
        self.native_change(at, direction, change, &addition.name, value.as_bytes());
    }

    /// Envoy writes the query anew: decoded, and sorted by key.
    fn mutate_query(&mut self, at: At, parameters: &[Parameter]) {
        let path = self.request_header(at, ":path");
        let (path, mut pairs) = read_query(&path);
        for parameter in parameters {
            let (key, format, append) = match parameter {
                Parameter::Remove(key) => {
                    pairs.remove(key);
                    continue;
                }
                Parameter::Append(key, format, append) => (key, format, append),
            };
            let value = self.write_value(at.stream, format);
            let present = pairs.contains_key(key);
            match append {
                Append::Always => pairs.entry(key.clone()).or_default().push(value),
                Append::IfAbsent if present => {}
                Append::OverwritePresent if !present => {}
                _ => {
                    pairs.insert(key.clone(), vec![value]);
                }
            }
        }
        let whole = write_query(path, &pairs);
        let (direction, change) = (Direction::Decode, Change::Replace);
        self.native_change(at, direction, change, ":path", whole.as_bytes());
    }
}

/// A path without its query, and the query's values by key, decoded.
pub(in crate::proxy) fn read_query(path: &str) -> (&str, BTreeMap<String, Vec<String>>) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut pairs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.entry(decoded(key)).or_default().push(decoded(value));
    }
    (path, pairs)
}

/// A path with a query, sorted by key.
pub(super) fn write_query(path: &str, pairs: &BTreeMap<String, Vec<String>>) -> String {
    let all = pairs.iter().flat_map(|(key, values)| {
        let one = move |value| format!("{key}={value}");
        values.iter().map(one)
    });
    let query = all.collect::<Vec<String>>().join("&");
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{path}{mark}{query}")
}

/// `%XX` as the byte that it stands for.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
