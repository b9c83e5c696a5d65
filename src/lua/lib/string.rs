//! `string`, but for patterns and `format`.

use super::format::format;
use super::search::{find, gmatch, gsub, matches};
use super::{Error, Native, Ret, Value, bad, int_arg, num, one, text_arg};
use crate::lua::{Host, Lua};

pub(super) const FUNCTIONS: [(&str, Native); 15] = [
    ("byte", byte),
    ("char", char),
    ("find", find),
    ("format", format),
    ("gmatch", gmatch),
    ("gsub", gsub),
    ("len", len),
    ("lower", lower),
    ("match", matches),
    ("rep", rep),
    ("reverse", reverse),
    ("sub", sub),
    ("upper", upper),
    ("gfind", gmatch),
    ("gmatch step (internal)", step),
];

/// The part from one place to another, both counted from 1, or from the end when negative.
fn range(len: usize, from: i64, to: i64) -> std::ops::Range<usize> {
    let len = len as i64;
    let place = |at: i64| if at < 0 { len + at + 1 } else { at };
    let (from, to) = (place(from).max(1), place(to).min(len));
    match from > to {
        true => 0..0,
        false => from as usize - 1..to as usize,
    }
}

fn sub(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let text = text_arg(lua, args, 0, "sub")?;
    let from = int_arg(lua, args, 1, "sub", Some(1))?;
    let to = int_arg(lua, args, 2, "sub", Some(-1))?;
    one(lua.string(&text[range(text.len(), from, to)]))
}

fn byte(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let text = text_arg(lua, args, 0, "byte")?;
    let from = int_arg(lua, args, 1, "byte", Some(1))?;
    let to = int_arg(lua, args, 2, "byte", Some(from))?;
    let part = &text[range(text.len(), from, to)];
    if part.len() > 8000 {
        return Err(lua.error("string slice too long"));
    }
    let values = part.iter().map(|byte| Value::Num(f64::from(*byte)));
    Ok(Ret::Values(values.collect()))
}

fn char(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let mut out = Vec::new();
    for at in 0..args.len() {
        let n = int_arg(lua, args, at, "char", None)?;
        match u8::try_from(n) {
            Ok(byte) => out.push(byte),
            Err(_) => return Err(bad(lua, at, "char", "invalid value")),
        }
    }
    one(lua.heap.owned(out))
}

fn len(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    num(text_arg(lua, args, 0, "len")?.len() as f64)
}

fn lower(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let text = text_arg(lua, args, 0, "lower")?;
    lua.room(text.len())?;
    one(lua.heap.owned(text.to_ascii_lowercase()))
}

fn upper(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let text = text_arg(lua, args, 0, "upper")?;
    lua.room(text.len())?;
    one(lua.heap.owned(text.to_ascii_uppercase()))
}

fn reverse(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let text = text_arg(lua, args, 0, "reverse")?;
    lua.room(text.len())?;
    let mut text = text.to_vec();
    text.reverse();
    one(lua.heap.owned(text))
}

fn rep(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let text = text_arg(lua, args, 0, "rep")?;
    let count = int_arg(lua, args, 1, "rep", None)?.max(0) as usize;
    let between = match args.get(2) {
        None | Some(Value::Nil) => Vec::new(),
        Some(_) => text_arg(lua, args, 2, "rep")?.to_vec(),
    };
    lua.room(count.saturating_mul(text.len() + between.len()))?;
    let out = match between.is_empty() {
        true => text.repeat(if text.is_empty() { 0 } else { count }),
        false => vec![text.to_vec(); count].join(&between[..]),
    };
    one(lua.heap.owned(out))
}

impl Lua {
    /// An iterator over a list of lists: each step gives the items of the next.
    pub(super) fn iterator(&mut self, list: u32) -> Result<Ret, Error> {
        let at = FUNCTIONS
            .iter()
            .position(|(name, _)| name.starts_with("gmatch step"));
        let meta = self.table();
        let key = self.string(b"__call");
        let step = Value::Native((1 << 8 | at.unwrap_or(0)) as u16);
        self.set(meta, key, step);
        self.heap.tables[list].meta = Some(meta);
        one(Value::Table(list))
    }
}

/// The next of an iterator: how many were taken stands in its field 0.
fn step(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let Some(Value::Table(list)) = args.first() else {
        return one(Value::Nil);
    };
    let taken = lua.get(*list, &Value::Num(0.0)).number().unwrap_or(0.0) + 1.0;
    lua.set(*list, Value::Num(0.0), Value::Num(taken));
    match lua.get(*list, &Value::Num(taken)) {
        Value::Table(found) => {
            let values = lua.pairs(found).into_iter().map(|(_, value)| value);
            Ok(Ret::Values(values.collect()))
        }
        _ => one(Value::Nil),
    }
}
