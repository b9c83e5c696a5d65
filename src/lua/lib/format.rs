//! `string.format`.

use super::{Error, Ret, Value, any_arg, bad, num_arg, one, text_arg};
use crate::lua::{Host, Lua, number};

/// A conversion's flags, width and precision.
#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    blank: bool,
    hash: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

pub(super) fn format(lua: &mut Lua, host: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let template = text_arg(lua, args, 0, "format")?;
    let mut out = Vec::new();
    let (mut at, mut arg) = (0, 0);
    while let Some(byte) = template.get(at) {
        at += 1;
        if *byte != b'%' {
            out.push(*byte);
            continue;
        }
        if template.get(at) == Some(&b'%') {
            at += 1;
            out.push(b'%');
            continue;
        }
        let spec = spec(&template, &mut at);
        let conversion = template.get(at).copied().unwrap_or(0);
        at += 1;
        arg += 1;
        let (Some(spec), true) = (spec, b"cdiouxXeEfgGqs".contains(&conversion)) else {
            let shown = String::from_utf8_lossy(&template[..at.min(template.len())]).into_owned();
            let shown = shown.rsplit('%').next().unwrap_or("").to_owned();
            return Err(lua.error(&format!("invalid option '%{shown}' to 'format'")));
        };
        let text = convert(lua, host, args, arg, &spec, conversion)?;
        lua.room(text.len())?;
        lua.gathers(out.len() + text.len())?;
        out.extend(text);
    }
    one(lua.heap.owned(out))
}

fn spec(template: &[u8], at: &mut usize) -> Option<Spec> {
    let mut spec = Spec::default();
    while let Some(byte) = template.get(*at) {
        match byte {
            b'-' => spec.left = true,
            b'+' => spec.plus = true,
            b' ' => spec.blank = true,
            b'#' => spec.hash = true,
            b'0' => spec.zero = true,
            _ => break,
        }
        *at += 1;
    }
    spec.width = digits(template, at)?.unwrap_or(0);
    if template.get(*at) == Some(&b'.') {
        *at += 1;
        spec.precision = Some(digits(template, at)?.unwrap_or(0));
    }
    Some(spec)
}

/// At most two digits.
fn digits(template: &[u8], at: &mut usize) -> Option<Option<usize>> {
    let from = *at;
    while template.get(*at).is_some_and(u8::is_ascii_digit) {
        *at += 1;
    }
    match &template[from..*at] {
        [] => Some(None),
        digits if digits.len() <= 2 => {
            let value = digits.iter().fold(0, |n, d| n * 10 + usize::from(d - b'0'));
            Some(Some(value))
        }
        _ => None,
    }
}

fn convert(
    lua: &mut Lua,
    host: &mut dyn Host,
    args: &[Value],
    arg: usize,
    spec: &Spec,
    conversion: u8,
) -> Result<Vec<u8>, Error> {
    match conversion {
        b's' => {
            let value = any_arg(lua, args, arg, "format")?;
            let mut text = lua.show(host, &value)?;
            if let Some(precision) = spec.precision {
                text.truncate(precision);
            }
            Ok(pad(text, spec))
        }
        b'q' => Ok(quoted(&text_arg(lua, args, arg, "format")?)),
        b'c' => {
            let n = num_arg(lua, args, arg, "format")?;
            Ok(pad(vec![n as i64 as u8], spec))
        }
        _ => {
            let n = num_arg(lua, args, arg, "format")?;
            number_text(lua, arg, n, spec, conversion)
        }
    }
}

fn number_text(
    lua: &mut Lua,
    arg: usize,
    n: f64,
    spec: &Spec,
    conversion: u8,
) -> Result<Vec<u8>, Error> {
    let precision = spec.precision.unwrap_or(6);
    let whole = matches!(conversion, b'd' | b'i' | b'u' | b'o' | b'x' | b'X');
    if whole && !n.is_finite() {
        return Err(bad(
            lua,
            arg,
            "format",
            "number has no integer representation",
        ));
    }
    let magnitude = n.abs();
    let mut body = match conversion {
        b'd' | b'i' => format!("{}", magnitude.trunc() as u64),
        b'u' => format!("{}", n as i64 as u64),
        b'o' => format!("{:o}", n as i64 as u64),
        b'x' => format!("{:x}", n as i64 as u64),
        b'X' => format!("{:X}", n as i64 as u64),
        b'e' | b'E' => number::scientific(magnitude, precision, conversion == b'E'),
        b'f' => number::fixed(magnitude, precision),
        _ => number::general(magnitude, precision, spec.hash, conversion == b'G'),
    };
    if whole && let Some(precision) = spec.precision {
        body = format!("{body:0>precision$}");
    }
    if spec.hash && n != 0.0 {
        match conversion {
            b'x' => body.insert_str(0, "0x"),
            b'X' => body.insert_str(0, "0X"),
            b'o' => body.insert(0, '0'),
            _ => {}
        }
    }
    let signed = !matches!(conversion, b'u' | b'o' | b'x' | b'X');
    let sign = match n.is_sign_negative() && !n.is_nan() {
        true if signed && !(whole && magnitude < 1.0) => "-",
        _ if spec.plus && signed => "+",
        _ if spec.blank && signed => " ",
        _ => "",
    };
    let zeros = spec.zero && !spec.left && n.is_finite() && !(whole && spec.precision.is_some());
    let missing = spec.width.saturating_sub(sign.len() + body.len());
    if zeros && missing > 0 {
        body = format!("{}{body}", "0".repeat(missing));
    }
    body.insert_str(0, sign);
    Ok(pad(body.into_bytes(), spec))
}

fn pad(mut text: Vec<u8>, spec: &Spec) -> Vec<u8> {
    let missing = spec.width.saturating_sub(text.len());
    let blanks = vec![b' '; missing];
    match spec.left {
        true => text.extend(blanks),
        false => text.splice(0..0, blanks).for_each(drop),
    }
    text
}

/// A string as Lua can read it again.
fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for byte in text {
        match byte {
            b'"' | b'\\' | b'\n' => out.extend([b'\\', *byte]),
            b'\r' => out.extend(b"\\r"),
            0 => out.extend(b"\\0"),
            byte => out.push(*byte),
        }
    }
    out.push(b'"');
    out
}
