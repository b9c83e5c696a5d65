//! Numbers and their text, by rules that need no C library.

/// A number as `%.14g` writes it.
pub(super) fn show(n: f64) -> String {
    general(n, 14, false, false)
}

/// `%g`: the shorter of the two ways, without zeros at the end unless `keep`.
pub(super) fn general(n: f64, precision: usize, keep: bool, upper: bool) -> String {
    if let Some(word) = odd(n) {
        return word.to_owned();
    }
    let precision = precision.max(1);
    let text = format!("{:.*e}", precision - 1, n);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= precision as i32 {
        let mantissa = if keep { mantissa } else { trimmed(mantissa) };
        format!("{mantissa}{}", power(exponent, upper))
    } else {
        let decimals = (precision as i32 - 1 - exponent).max(0) as usize;
        let fixed = format!("{n:.decimals$}");
        if keep {
            fixed
        } else {
            trimmed(&fixed).to_owned()
        }
    }
}

/// `%e`.
pub(super) fn scientific(n: f64, precision: usize, upper: bool) -> String {
    if let Some(word) = odd(n) {
        return word.to_owned();
    }
    let text = format!("{n:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent = exponent.parse().unwrap_or(0);
    format!("{mantissa}{}", power(exponent, upper))
}

/// `%f`.
pub(super) fn fixed(n: f64, precision: usize) -> String {
    match odd(n) {
        Some(word) => word.to_owned(),
        None => format!("{n:.precision$}"),
    }
}

/// What is no number that digits can write.
fn odd(n: f64) -> Option<&'static str> {
    match n {
        n if n.is_nan() => Some("nan"),
        f64::INFINITY => Some("inf"),
        f64::NEG_INFINITY => Some("-inf"),
        _ => None,
    }
}

fn power(exponent: i32, upper: bool) -> String {
    let e = if upper { 'E' } else { 'e' };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{e}{sign}{:02}", exponent.unsigned_abs())
}

fn trimmed(text: &str) -> &str {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}

/// Reads a number as Lua does: decimal or hexadecimal, blanks around it.
pub(super) fn parse(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let hex = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X"));
    let value = match hex {
        Some(digits) => hexadecimal(digits)?,
        None if rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') => rest.parse().ok()?,
        None => return None,
    };
    Some(if negative { -value } else { value })
}

fn hexadecimal(text: &str) -> Option<f64> {
    let (digits, exponent) = match text.find(['p', 'P']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 {
        return None;
    }
    let mut value = 0.0;
    for digit in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let shift = exponent.saturating_sub(4 * fraction.len() as i32);
    Some(value * 2_f64.powi(shift))
}

/// Reads digits of a base from 2 to 36.
pub(super) fn in_base(text: &[u8], base: u32) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0.0;
    for digit in digits.chars() {
        value = value * f64::from(base) + f64::from(digit.to_digit(base)?);
    }
    Some(if negative { -value } else { value })
}

/// `a % b`: the sign is that of `b`.
pub(super) fn modulo(a: f64, b: f64) -> f64 {
    a - (a / b).floor() * b
}

/// `a ^ b`. Whole exponents are multiplied out, so that every build gives the same last digit.
pub(super) fn power_of(a: f64, b: f64) -> f64 {
    if b == 0.5 {
        return a.sqrt();
    }
    if b.fract() != 0.0 || b.abs() > 1024.0 {
        // The last bits differ from one C library to the next: they are left out.
        return f64::from_bits(a.powf(b).to_bits() & !0xff);
    }
    let (mut result, mut base, mut left) = (1.0, a, b.abs() as u32);
    while left > 0 {
        if left & 1 == 1 {
            result *= base;
        }
        base *= base;
        left >>= 1;
    }
    if b < 0.0 { 1.0 / result } else { result }
}
