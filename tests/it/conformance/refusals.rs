//! The table of refused fields in `tests/README.md`: all of them, each with a reason, no other.

use crate::support::root;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Fields = BTreeMap<String, BTreeSet<String>>;

/// The texts between quotes.
fn quoted(text: &str, mark: char) -> impl Iterator<Item = &str> {
    text.split(mark).skip(1).step_by(2)
}

/// The arguments of a call that begins behind its bracket.
fn arguments(text: &str) -> Vec<&str> {
    let (mut depth, mut quotes, mut start, mut found) = (0, false, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '"' => quotes = !quotes,
            _ if quotes => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ')' => {
                found.push(text[start..at].trim());
                break;
            }
            ',' if depth == 0 => {
                found.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.retain(|argument| !argument.is_empty());
    found
}

/// What a list or the name of one holds, as the code says it nearest before a place.
fn names(source: &str, at: usize, list: &str) -> Vec<String> {
    let list = list.trim_start_matches('&');
    let text = match list.starts_with('[') {
        true => list,
        false => {
            let defined = [format!("const {list}: ["), format!("let {list} = [")];
            let mut places = defined.iter().map(|word| source[..at].rfind(word.as_str()));
            let place = places.find_map(|place| place);
            let place =
                place.or_else(|| defined.iter().find_map(|word| source.find(word.as_str())));
            let rest = &source[place.unwrap_or_else(|| panic!("no list {list}"))..];
            let rest = &rest[rest.find("= [").unwrap()..];
            &rest[..rest.find(']').unwrap()]
        }
    };
    quoted(text, '"').map(str::to_owned).collect()
}

/// The fields that the code refuses, by what they are of.
fn refused_by(source: &str, all: &mut Fields) {
    for (call, list, of) in [("refuse(", 1, 2), ("one_of(", 2, 3)] {
        for (at, _) in source.match_indices(call) {
            let begins = !source[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let arguments = arguments(&source[at + call.len()..]);
            let word = arguments.get(of).filter(|word| word.starts_with('"'));
            let Some(word) = word.filter(|_| begins) else {
                continue;
            };
            let fields = names(source, at, arguments[list]);
            let of = word.trim_matches('"').to_owned();
            all.entry(of).or_default().extend(fields);
        }
    }
}

/// Values that the code refuses, where it says them in one piece.
fn values_of(source: &str, all: &mut Fields) {
    let call = "not_simulated(";
    for (at, _) in source.match_indices(call) {
        let arguments = arguments(&source[at + call.len()..]);
        if let Some(word) = arguments.get(1).filter(|word| word.starts_with('"')) {
            let value = word.trim_matches('"').to_owned();
            all.entry("a value".to_owned()).or_default().insert(value);
        }
    }
}

fn sources(folder: &Path, all: &mut Fields) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else {
            let source = std::fs::read_to_string(path).unwrap();
            refused_by(&source, all);
            values_of(&source, all);
        }
    }
}

#[test]
fn the_table_has_every_refused_field_and_why() {
    let mut refused = Fields::new();
    sources(&root().join("src/proxy/config"), &mut refused);
    refused.retain(|_, fields| !fields.is_empty());
    let count: usize = refused.values().map(BTreeSet::len).sum();
    assert!(count > 200, "the lists are gone: {count}");
    let text = std::fs::read_to_string(root().join("tests/README.md")).unwrap();
    let (_, section) = text.split_once("\n## What is refused\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut listed = Fields::new();
    for line in section
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(2)
    {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [of, fields, why] = cells[..] else {
            panic!("three cells: {line}");
        };
        assert!(why.len() > 12, "{line}: why?");
        let entry = listed.entry(of.to_owned()).or_default();
        let fields: Vec<&str> = match of {
            "a value" => vec![fields],
            _ => quoted(fields, '`').collect(),
        };
        for field in fields {
            assert!(entry.insert(field.to_owned()), "{of}: `{field}` twice");
        }
    }
    for (of, fields) in &refused {
        let there = listed.remove(of).unwrap_or_default();
        let missing: Vec<_> = fields.difference(&there).collect();
        let too_many: Vec<_> = there.difference(fields).collect();
        assert!(
            missing.is_empty() && too_many.is_empty(),
            "{of}: missing {missing:?}, not refused {too_many:?}"
        );
    }
    assert!(listed.is_empty(), "nothing refuses these: {listed:#?}");
}
