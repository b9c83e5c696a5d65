//! A tree as YAML text that every reader takes for the same tree.
//!
//! Envoy reads YAML 1.1, we read 1.2, Kubernetes and Python differ again; so a word stands without
//! quotes only where all of them agree on it. Must not know: what any key means.

use crate::model::yaml::{Node, Value};
use std::fmt::Write as _;

/// The longest text that is worth a line of its own in quotes; longer ones with line ends become
/// blocks.
const SHORT: usize = 60;

/// The tree as a document in block style.
pub fn yaml_text(root: &Node) -> String {
    let mut out = String::new();
    block(&mut out, root, 0);
    out
}

/// A node on lines of its own, each indented.
fn block(out: &mut String, node: &Node, depth: usize) {
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            for (at, (key, value)) in entries.iter().enumerate() {
                if at > 0 {
                    indent(out, depth);
                }
                out.push_str(&string(&key.text));
                out.push(':');
                inside(out, value, depth);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    indent(out, depth);
                }
                out.push('-');
                match &item.value {
                    Value::Map(entries) if !entries.is_empty() => {
                        out.push(' ');
                        block(out, item, depth + 1);
                    }
                    Value::List(items) if !is_flow(item, items) => {
                        out.push(' ');
                        block(out, item, depth + 1);
                    }
                    _ => inside(out, item, depth),
                }
            }
        }
        _ => {
            let _ = writeln!(out, "{}", one_line(node));
        }
    }
}

/// What stands behind a key or a dash.
fn inside(out: &mut String, value: &Node, depth: usize) {
    match &value.value {
        Value::Map(entries) if !entries.is_empty() => {
            out.push('\n');
            indent(out, depth + 1);
            block(out, value, depth + 1);
        }
        Value::List(items) if is_flow(value, items) => {
            let _ = writeln!(out, " {}", one_line(value));
        }
        Value::List(_) => {
            // A list stands as deep as its key, as everybody writes Envoy's configuration.
            out.push('\n');
            indent(out, depth);
            block(out, value, depth);
        }
        Value::Scalar { text, .. } if is_block(text) => {
            literal(out, text, depth + 1);
        }
        _ => {
            let _ = writeln!(out, " {}", one_line(value));
        }
    }
}

/// Whether a list is short and simple enough for one line.
fn is_flow(list: &Node, items: &[Node]) -> bool {
    items.iter().all(is_plain) && one_line(list).len() <= SHORT
}

fn is_plain(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar { text, .. } if !is_block(text))
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// A scalar, or an empty or short list, on one line.
fn one_line(node: &Node) -> String {
    match &node.value {
        Value::Map(_) => "{}".to_owned(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(one_line).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Scalar { text, quoted: true } => string(text),
        Value::Scalar { .. } if node.is_null() => "null".to_owned(),
        Value::Scalar { text, .. } if node.is_number_or_bool() => number(text),
        Value::Scalar { text, .. } => string(text),
    }
}

/// A number or a boolean in the one form that every reader knows.
fn number(text: &str) -> String {
    if let Ok(whole) = text.parse::<i64>() {
        return whole.to_string();
    }
    match text.parse::<f64>() {
        Ok(number) => number.to_string(),
        Err(_) => text.to_owned(),
    }
}

/// A string, in quotes where a reader could take it for something else.
fn string(text: &str) -> String {
    match bare(text) {
        true => text.to_owned(),
        // JSON's strings are YAML's too.
        false => serde_json::Value::from(text).to_string(),
    }
}

/// Whether a string needs no quotes for any reader.
fn bare(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan",
    ];
    let first = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '/');
    let rest = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_./-".contains(c));
    let word = WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    first && rest && !word || is_duration(text) || is_address(text)
}

/// Seconds, as Protobuf's JSON has durations.
fn is_duration(text: &str) -> bool {
    text.strip_suffix('s').is_some_and(|number| {
        number.starts_with(|c: char| c.is_ascii_digit())
            && number.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

fn is_address(text: &str) -> bool {
    text.parse::<std::net::Ipv4Addr>().is_ok()
}

/// Whether a text is better read as a literal block, and can be one.
fn is_block(text: &str) -> bool {
    let lines = || text.split('\n');
    let shown = |c: char| !c.is_control() && c != '\u{feff}' && c != '\u{2028}' && c != '\u{2029}';
    text.trim_end_matches('\n').contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && lines().all(|line| !line.ends_with([' ', '\t']) && line.chars().all(shown))
        && !text.ends_with("\n\n")
}

fn literal(out: &mut String, text: &str, depth: usize) {
    out.push_str(if text.ends_with('\n') {
        " |\n"
    } else {
        " |-\n"
    });
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            indent(out, depth);
            out.push_str(line);
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::yaml::parse;

    /// The tree as plain data, without places.
    fn plain(node: &Node) -> String {
        match &node.value {
            Value::Scalar { text, quoted } => {
                let like = node.is_number_or_bool() || node.is_null();
                format!("{}{:?}", if *quoted || !like { "s" } else { "p" }, text)
            }
            Value::List(items) => format!("{:?}", items.iter().map(plain).collect::<Vec<_>>()),
            Value::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|(k, v)| format!("{:?}: {}", k.text, plain(v)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }

    #[test]
    fn what_is_written_reads_as_the_same_tree() {
        for source in [
            "a: {b: [1, 2.5, true, null, x], c: [], d: {}}",
            "'@type': type.googleapis.com/envoy.x\nyes: 'no'\n'1': \"1\"\non: off",
            "a:\n- b: 1\n  c: 2\n- [x, [y, z]]\n- - 1\n  - {a: b}\n",
            "text: |\n  one\n    two\n\n  three\nlast: |-\n  a\n  b\n",
            "text: \"a\\tb\\n\"\nodd: \"x \\n y\"\nlead: \" a\\nb\"\nend: \"a\\n\\n\\n\"\nempty: ''",
            "t: 0.25s\nd: 2026-01-01\nip: 127.0.0.1\nsix: 1:30\nh: '# no'\nc: 'a: b'\nstar: '*'",
            "nul: \"\\0\\e\\x85\\u2028\"\nsnow: ☃",
            "key with blanks: 1\n'a:b': 2\n",
        ] {
            let tree = parse("t", source).expect("it parses");
            let text = yaml_text(&tree);
            let again = parse("t", &text).unwrap_or_else(|why| panic!("{why}\n{text}"));
            assert_eq!(plain(&tree), plain(&again), "{text}");
        }
    }

    #[test]
    fn words_that_an_old_reader_takes_for_something_else_are_in_quotes() {
        for word in [
            "yes",
            "No",
            "on",
            "OFF",
            "y",
            "null",
            "1:30",
            "2026-01-01",
            "0x1F",
            "1e3",
            "",
            "~",
        ] {
            assert!(string(word).starts_with('"'), "{word}");
        }
        for word in [
            "web",
            "envoy.filters.http.wasm",
            "/etc/envoy/f.wasm",
            "5s",
            "127.0.0.1",
        ] {
            assert_eq!(string(word), word);
        }
    }
}
