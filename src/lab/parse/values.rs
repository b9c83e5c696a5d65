//! Values that stand in many places: bytes, headers, bodies, chunks, matchers, numbers.

use crate::model::lab::Matcher;
use crate::model::yaml::{Fields, Key, Node, Value};
use crate::model::{Bytes, Headers, Problem};

/// A body larger than that helps nobody and fills the page's memory.
const BODY_MAX: u64 = 64 << 20;
/// What `{size: …}` repeats.
const FILLER: &[u8; 16] = b"0123456789abcdef";

/// Text, or `{base64: …}`.
pub(super) fn bytes(node: &Node) -> Result<Bytes, Problem> {
    match &node.value {
        Value::Map(_) => {
            let mut f = Fields::of(node)?;
            let bytes = base64(f.require("base64")?)?;
            f.finish()?;
            Ok(bytes)
        }
        _ => Ok(node.as_str()?.into()),
    }
}

pub(super) fn base64(node: &Node) -> Result<Bytes, Problem> {
    Bytes::from_base64(node.as_str()?)
        .map_err(|why| Problem::at(&node.place, format!("not base64: {why}"), ""))
}

/// Text, `{base64: …}`, or `{size: 2MB}` of filler.
pub(super) fn body(node: &Node) -> Result<Bytes, Problem> {
    let Some(size) = node.get("size") else {
        return bytes(node);
    };
    let mut f = Fields::of(node)?;
    f.take("size");
    f.finish()?;
    match size.as_size()? {
        n if n <= BODY_MAX => {
            let mut filler = FILLER.repeat(n as usize / FILLER.len() + 1);
            filler.truncate(n as usize);
            Ok(filler.into())
        }
        n => Err(Problem::at(
            &size.place,
            format!("a body of {n} bytes"),
            "64MB is the most.",
        )),
    }
}

/// The sizes of a body's chunks: together no more than the body.
pub(super) fn chunks(node: &Node, body: &Bytes) -> Result<Vec<usize>, Problem> {
    let chunks = node
        .as_list()?
        .iter()
        .map(Node::as_usize)
        .collect::<Result<Vec<usize>, _>>()?;
    let sum = chunks.iter().fold(0_usize, |sum, n| sum.saturating_add(*n));
    if sum > body.len() {
        return Err(Problem::at(
            &node.place,
            format!(
                "the chunks add up to {sum} bytes, the body has {}",
                body.len()
            ),
            "What the chunks leave over is sent as a last chunk.",
        ));
    }
    Ok(chunks)
}

/// A header map: values are text, `{base64: …}`, or a list of these.
pub(super) fn headers(node: &Node) -> Result<Headers, Problem> {
    let mut headers = Headers::default();
    for (key, value) in node.as_map()? {
        if key.text.starts_with(':') {
            return Err(Problem::at(
                &key.place,
                format!("the pseudo-header `{}` has a key of its own", key.text),
                "Write method, path, authority or status beside `headers`.",
            ));
        }
        let name = header_name(key)?;
        match &value.value {
            Value::List(list) => {
                for item in list {
                    headers.push(&name, &bytes(item)?[..]);
                }
            }
            _ => headers.push(&name, &bytes(value)?[..]),
        }
    }
    Ok(headers)
}

/// Whether HTTP allows this header name (RFC 9110, token).
pub(crate) fn is_header_name(name: &str) -> bool {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.chars().all(token)
}

/// A header's name in lower case.
fn header_name(key: &Key) -> Result<String, Problem> {
    if !is_header_name(&key.text) {
        return Err(Problem::at(
            &key.place,
            format!("`{}` is no header name", key.text),
            "Names are letters, digits and -_.!#$%&'*+^`|~ without spaces.",
        ));
    }
    Ok(key.text.to_ascii_lowercase())
}

/// Headers to be matched; pseudo-headers may stand among them.
pub(super) fn header_matchers(node: &Node) -> Result<Vec<(String, Vec<Matcher>)>, Problem> {
    let one = |(key, value): &(Key, Node)| {
        let name = match key.text.strip_prefix(':') {
            Some(_) => key.text.to_ascii_lowercase(),
            None => header_name(key)?,
        };
        let matchers = match &value.value {
            Value::List(list) => list.iter().map(matcher).collect::<Result<_, _>>()?,
            _ => vec![matcher(value)?],
        };
        Ok((name, matchers))
    };
    node.as_map()?.iter().map(one).collect()
}

/// Names of headers, in lower case.
pub(super) fn header_names(node: &Node) -> Result<Vec<String>, Problem> {
    node.as_list()?
        .iter()
        .map(|item| Ok(item.as_str()?.to_ascii_lowercase()))
        .collect()
}

/// Exact text, `{contains: …}`, `{matches: REGEX}` or `{base64: …}`.
pub(super) fn matcher(node: &Node) -> Result<Matcher, Problem> {
    if !matches!(node.value, Value::Map(_)) {
        return Ok(Matcher::Exact(node.as_str()?.into()));
    }
    let mut f = Fields::of(node)?;
    let (kind, value) = super::one_of(
        &mut f,
        &["contains", "matches", "base64"],
        "a value to match",
    )?;
    f.finish()?;
    match kind {
        "contains" => Ok(Matcher::Contains(bytes(value)?)),
        "matches" => {
            let pattern = value.as_str()?;
            regex_lite::Regex::new(pattern).map_err(|e| {
                Problem::at(&value.place, format!("not a regular expression: {e}"), "")
            })?;
            Ok(Matcher::Matches(pattern.to_owned()))
        }
        _ => Ok(Matcher::Exact(base64(value)?)),
    }
}

/// A whole number or a decimal one, as WebAssembly takes them.
pub(super) fn number(node: &Node) -> Result<serde_json::Number, Problem> {
    if let Ok(n) = node.as_i64() {
        return Ok(n.into());
    }
    if let Ok(n) = node.as_u64() {
        return Ok(n.into());
    }
    node.as_f64()
        .ok()
        .and_then(serde_json::Number::from_f64)
        .ok_or_else(|| node.expected("a number"))
}

/// A duration of simulated time, in nanoseconds: at most a year, so that clocks can count it.
pub(super) fn span_ns(node: &Node) -> Result<u64, Problem> {
    const YEAR_NS: u64 = 8760 * 3_600_000_000_000;
    match node.as_duration_ns()? {
        ns if ns > YEAR_NS => Err(Problem::at(
            &node.place,
            "this is longer than a year",
            "Write at most 8760h.",
        )),
        ns => Ok(ns),
    }
}
