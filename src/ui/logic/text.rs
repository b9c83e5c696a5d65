//! Bytes, sizes and times as people read them.

/// Bytes as text; what is not UTF-8 as `base64:…`, because nothing of it may be lost.
pub fn show(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("base64:{}", crate::model::Bytes::from(bytes).to_base64()),
    }
}

/// At most `max` characters, with an ellipsis where something is left out.
pub fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// A size: `12 B`, `3.4 kB`, `2.0 MB` (powers of ten).
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => tenths(bytes / 100, "kB"),
        _ => tenths(bytes / 100_000, "MB"),
    }
}

// Not as a floating-point number: printing one takes more code than all else here.
fn tenths(n: u64, unit: &str) -> String {
    format!("{}.{} {unit}", n / 10, n % 10)
}

/// A simulated time in milliseconds, as short as it is exact to the microsecond: `30 ms`, `0.25 ms`.
pub fn time(ns: u64) -> String {
    let micros = (ns + 500) / 1_000;
    let mut text = format!("{}.{:03}", micros / 1_000, micros % 1_000);
    while text.ends_with('0') {
        text.pop();
    }
    if text.ends_with('.') {
        text.pop();
    }
    format!("{text} ms")
}

/// A count with thin spaces between groups of three digits: `12 345`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// How many lines a text has in an editor: an empty one has one.
pub fn lines(text: &str) -> usize {
    text.split('\n').count()
}

/// The longest line of a text, in characters.
pub fn width(text: &str) -> usize {
    text.split('\n')
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_times_and_counts_carry_units() {
        assert_eq!(size(12), "12 B");
        assert_eq!(size(3_400), "3.4 kB");
        assert_eq!(time(0), "0 ms");
        assert_eq!(time(30_000_000), "30 ms");
        assert_eq!(time(250_000), "0.25 ms");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(999), "999");
    }

    #[test]
    fn no_byte_is_lost() {
        assert_eq!(show(b"abc"), "abc");
        assert_eq!(show(&[0xff]), "base64:/w==");
    }

    #[test]
    fn texts_are_measured_and_cut() {
        assert_eq!(shorten("abcdef", 4), "abc…");
        assert_eq!(shorten("abc", 4), "abc");
        assert_eq!((lines(""), lines("a\nb\n")), (1, 3));
        assert_eq!(width("a\nabc\n"), 3);
    }
}
