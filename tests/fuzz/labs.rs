//! Lab files: right ones with damage to their lines and values.

use super::mutate;
use super::world::{Nothing, options};
use arbitrary::{Result, Unstructured};
use proxy_wasm_tour::lab;
use proxy_wasm_tour::model::yaml;

/// The lab files that damage begins with: one with every key, and an Envoy of our own making.
const SEEDS: [&str; 5] = [
    include_str!("seeds/everything.yaml"),
    include_str!("seeds/bootstrap.yaml"),
    include_str!("seeds/tcp.yaml"),
    include_str!("seeds/routes.yaml"),
    include_str!("seeds/istio.yaml"),
];

/// A damaged lab file: mostly other values, sometimes lines out of place.
pub(crate) fn make(u: &mut Unstructured) -> Result<Vec<u8>> {
    let mut lines: Vec<String> = u.choose(&SEEDS)?.lines().map(str::to_owned).collect();
    for _ in 0..u.int_in_range(1..=3)? {
        let at = u.int_in_range(0..=lines.len() - 1)?;
        match u.int_in_range(0..=23)? {
            0..=2 => {
                lines.remove(at);
            }
            3 => lines.insert(at, lines[at].clone()),
            4 => {
                let other = u.int_in_range(0..=lines.len() - 1)?;
                lines.swap(at, other);
            }
            5 => lines[at].insert_str(0, "  "),
            6 => lines[at] = lines[at].trim_start().to_owned(),
            7 => {
                let nested = u.choose(&["[", "{a: ", "- "])?;
                lines[at].push_str(&nested.repeat(u.int_in_range(1..=2000)?));
            }
            _ => lines[at] = other_value(u, &lines[at])?,
        }
        if lines.is_empty() {
            return Ok(Vec::new());
        }
    }
    let text = lines.join("\n").into_bytes();
    if u.ratio(1, 8)? {
        return mutate::damage(u, text);
    }
    Ok(text)
}

/// A line with one of its values, or all of them, replaced.
fn other_value(u: &mut Unstructured, line: &str) -> Result<String> {
    let value = *u.choose(&VALUES)?;
    let colons: Vec<usize> = line.match_indices(": ").map(|(at, _)| at + 2).collect();
    if colons.is_empty() {
        return Ok(line.to_owned());
    }
    let start = *u.choose(&colons)?;
    let length = line[start..].find([',', '}', ']']);
    let end = length.map_or(line.len(), |length| start + length);
    Ok(format!("{}{value}{}", &line[..start], &line[end..]))
}

const VALUES: [&str; 32] = [
    "",
    "~",
    "true",
    "-1",
    "0",
    "1",
    "4294967296",
    "18446744073709551616",
    "1e400",
    ".nan",
    "0x10",
    "99999999999s",
    "-5s",
    "1ns",
    "2MB",
    "99999999TB",
    "é\u{1f600}",
    "\"\\0\\n\\u0000\"",
    "'",
    "\"",
    "[]",
    "{}",
    "[[1, {a: b}], c]",
    "{base64: AP8=}",
    "{matches: '(a*)*$'}",
    "{matches: '(['}",
    "{contains: ''}",
    "&a [*a]",
    "*a",
    "!!binary x",
    "|",
    "2026-13-32T25:61:61Z",
];

/// A lab file is read, or refused at a place inside it; what is read runs.
pub(crate) fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let _ = yaml::parse("fuzz.yaml", &text);
    match lab::parse("fuzz.yaml", &text, &Nothing) {
        Err(problem) => {
            let lines = text.lines().count() as u32 + 1;
            assert!(problem.place.line <= lines, "{problem}");
            assert!(!problem.message.is_empty());
        }
        Ok(lab) => {
            if let Ok(contents) = lab::resolve(&lab, &Nothing) {
                let _ = lab::run(&lab, &contents, &options());
            }
        }
    }
}
