//! `find`, `match`, `gmatch` and `gsub`.

use super::pattern::{Capture, Malformed, Matcher};
use super::{Error, Ret, Value, bad, int_arg, one, text_arg, wrong};
use crate::lua::{Host, Lua};

pub(super) fn find(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    search(lua, args, "find")
}

pub(super) fn matches(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    search(lua, args, "match")
}

fn search(lua: &mut Lua, args: &[Value], f: &str) -> Result<Ret, Error> {
    let text = text_arg(lua, args, 0, f)?;
    let pattern = text_arg(lua, args, 1, f)?;
    let from = int_arg(lua, args, 2, f, Some(1))?;
    let len = text.len() as i64;
    let from = if from < 0 {
        (len + from).max(0)
    } else {
        (from - 1).max(0)
    };
    if from > len {
        return one(Value::Nil);
    }
    let from = from as usize;
    let finds = f == "find";
    let plain = args.get(3).is_some_and(Value::truthy);
    let special = pattern.iter().any(|b| b"^$*+?.([%-".contains(b));
    if finds && (plain || !special) {
        lua.spend((text.len() - from) as u64 / 8 + 1)?;
        return match position(&text[from..], &pattern) {
            Some(at) => {
                let at = from + at;
                let ends = [at + 1, at + pattern.len()];
                Ok(Ret::Values(ends.map(|n| Value::Num(n as f64)).to_vec()))
            }
            None => one(Value::Nil),
        };
    }
    let Some((start, end, captures)) = first(lua, &text, &pattern, from)? else {
        return one(Value::Nil);
    };
    let mut values = Vec::new();
    if finds {
        values.extend([Value::Num((start + 1) as f64), Value::Num(end as f64)]);
        if captures.is_empty() {
            return Ok(Ret::Values(values));
        }
    }
    values.extend(captured(lua, &text, (start, end), &captures)?);
    Ok(Ret::Values(values))
}

/// Where bytes first stand in others.
fn position(text: &[u8], wanted: &[u8]) -> Option<usize> {
    if wanted.is_empty() {
        return Some(0);
    }
    text.windows(wanted.len())
        .position(|window| window == wanted)
}

type Found = (usize, usize, Vec<Capture>);

/// The first match from a place on.
fn first(lua: &mut Lua, text: &[u8], pattern: &[u8], from: usize) -> Result<Option<Found>, Error> {
    let anchored = pattern.first() == Some(&b'^');
    let mut matcher = Matcher::new(text, pattern, lua.left);
    let mut found = Ok(None);
    let mut start = from;
    while start <= text.len() {
        matcher.captures.clear();
        found = matcher.at(start, usize::from(anchored));
        if anchored || !matches!(found, Ok(None)) {
            break;
        }
        start += 1;
    }
    let (steps, captures) = (matcher.steps, matcher.captures);
    let end = found.map_err(|why| malformed(lua, why))?;
    lua.spend(steps)?;
    Ok(end.map(|end| (start, end, captures)))
}

fn malformed(lua: &mut Lua, why: Malformed) -> Error {
    match why {
        "" => Error::Limit("instructions"),
        why => lua.error(why),
    }
}

/// What a match captures: its captures, or all of it when there are none.
fn captured(
    lua: &mut Lua,
    text: &[u8],
    whole: (usize, usize),
    captures: &[Capture],
) -> Result<Vec<Value>, Error> {
    if captures.is_empty() {
        return Ok(vec![lua.string(&text[whole.0..whole.1])]);
    }
    let mut values = Vec::new();
    for capture in captures {
        values.push(match *capture {
            Capture::Closed(from, to) => lua.string(&text[from..to]),
            Capture::Position(at) => Value::Num((at + 1) as f64),
            Capture::Open(_) => return Err(lua.error("unfinished capture")),
        });
    }
    Ok(values)
}

/// All matches at once: the iterator walks a list of them.
pub(super) fn gmatch(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let text = text_arg(lua, args, 0, "gmatch")?;
    let pattern = text_arg(lua, args, 1, "gmatch")?;
    let list = lua.table();
    let (mut from, mut count) = (0, 0);
    while let Some((start, end, captures)) = first(lua, &text, &pattern, from)? {
        let found = lua.table();
        for (n, value) in captured(lua, &text, (start, end), &captures)?
            .into_iter()
            .enumerate()
        {
            lua.set(found, Value::Num((n + 1) as f64), value);
        }
        count += 1;
        lua.room(128)?;
        lua.set(list, Value::Num(f64::from(count)), Value::Table(found));
        from = if end == start { end + 1 } else { end };
        if from > text.len() {
            break;
        }
    }
    lua.iterator(list)
}

pub(super) fn gsub(lua: &mut Lua, host: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let text = text_arg(lua, args, 0, "gsub")?;
    let pattern = text_arg(lua, args, 1, "gsub")?;
    let most = int_arg(lua, args, 3, "gsub", Some(i64::MAX))?;
    let with = args.get(2).cloned().unwrap_or_default();
    let usable = matches!(with, Value::Str(_) | Value::Num(_) | Value::Table(_))
        || with.type_name() == "function";
    if !usable {
        return Err(wrong(lua, args, 2, "gsub", "string/function/table"));
    }
    let anchored = pattern.first() == Some(&b'^');
    let (mut out, mut from, mut count) = (Vec::new(), 0, 0);
    while count < most
        && let Some((start, end, captures)) = first(lua, &text, &pattern, from)?
    {
        count += 1;
        out.extend_from_slice(&text[from..start]);
        let values = captured(lua, &text, (start, end), &captures)?;
        let whole = &text[start..end];
        let new = replacement(lua, host, &with, whole, values)?;
        out.extend(new.unwrap_or_else(|| whole.to_vec()));
        lua.gathers(out.len())?;
        from = end;
        if end == start {
            out.extend(text.get(start));
            from = end + 1;
        }
        if anchored || from > text.len() {
            break;
        }
    }
    out.extend_from_slice(text.get(from..).unwrap_or(&[]));
    lua.room(out.len())?;
    let out = lua.heap.owned(out);
    Ok(Ret::Values(vec![out, Value::Num(count as f64)]))
}

/// What stands in the place of a match; `None` leaves it.
fn replacement(
    lua: &mut Lua,
    host: &mut dyn Host,
    with: &Value,
    whole: &[u8],
    values: Vec<Value>,
) -> Result<Option<Vec<u8>>, Error> {
    let value = match with {
        Value::Table(_) => lua.index(host, with, &values[0])?,
        Value::Str(_) | Value::Num(_) => {
            let template = with.text().unwrap_or_default();
            return template_of(lua, &template, whole, &values).map(Some);
        }
        function => lua.call_first(host, function, &values)?,
    };
    match &value {
        Value::Nil | Value::Bool(false) => Ok(None),
        value => match value.text() {
            Some(text) => Ok(Some(text)),
            None => {
                let kind = value.type_name();
                Err(lua.error(&format!("invalid replacement value (a {kind})")))
            }
        },
    }
}

fn template_of(
    lua: &mut Lua,
    template: &[u8],
    whole: &[u8],
    values: &[Value],
) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let mut bytes = template.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'%' {
            out.push(*byte);
            continue;
        }
        match bytes.next() {
            Some(b'0') => out.extend_from_slice(whole),
            Some(digit @ b'1'..=b'9') => match values.get(usize::from(digit - b'1')) {
                Some(value) => out.extend(value.text().unwrap_or_default()),
                None => {
                    let n = digit - b'0';
                    return Err(lua.error(&format!("invalid capture index %{n}")));
                }
            },
            Some(other) => out.push(*other),
            None => {
                return Err(bad(
                    lua,
                    2,
                    "gsub",
                    "invalid use of '%' in replacement string",
                ));
            }
        }
    }
    Ok(out)
}
