//! Matchers, and values in words for a check's two columns.

use crate::model::Bytes;
use crate::model::lab::Matcher;

/// More of a value than that does not help to see a difference.
const SHOWN: usize = 300;

/// What a matcher wants, in words.
pub(super) fn expected(matcher: &Matcher) -> String {
    match matcher {
        Matcher::Exact(bytes) => show(bytes),
        Matcher::Contains(bytes) => format!("contains {}", show(bytes)),
        Matcher::Matches(pattern) => format!("matches /{pattern}/"),
    }
}

/// A value as quoted text, or base64 where it is none.
pub(super) fn show(value: &[u8]) -> String {
    let shown = &value[..value.len().min(SHOWN)];
    let mut out = match std::str::from_utf8(shown) {
        Ok(text) => format!("{text:?}"),
        Err(e) if shown.len() < value.len() && e.error_len().is_none() => {
            format!("{:?}", String::from_utf8_lossy(&shown[..e.valid_up_to()]))
        }
        Err(_) => format!("base64:{}", Bytes::from(shown).to_base64()),
    };
    if shown.len() < value.len() {
        out.push_str(&format!(" … {} bytes in all", value.len()));
    }
    out
}

/// Several values.
pub(super) fn show_all(values: &[&[u8]]) -> String {
    values
        .iter()
        .map(|value| show(value))
        .collect::<Vec<_>>()
        .join(", ")
}
