//! `bit`: operations on 32 bits, as LuaJIT's BitOp has them; results are signed.

use super::{Error, Native, Ret, Value, int_arg, num, num_arg, one};
use crate::lua::{Host, Lua};

pub(super) const FUNCTIONS: [(&str, Native); 12] = [
    ("tobit", tobit),
    ("bnot", bnot),
    ("band", band),
    ("bor", bor),
    ("bxor", bxor),
    ("lshift", lshift),
    ("rshift", rshift),
    ("arshift", arshift),
    ("rol", rol),
    ("ror", ror),
    ("bswap", bswap),
    ("tohex", tohex),
];

fn bits(lua: &mut Lua, args: &[Value], at: usize, f: &str) -> Result<u32, Error> {
    let n = num_arg(lua, args, at, f)?;
    // The number modulo 2^32; what is far beyond has no bits left.
    Ok((n.round_ties_even() % 4_294_967_296.0) as i64 as u32)
}

fn back(bits: u32) -> Result<Ret, Error> {
    num(f64::from(bits as i32))
}

fn fold(
    lua: &mut Lua,
    args: &[Value],
    f: &str,
    combine: fn(u32, u32) -> u32,
) -> Result<Ret, Error> {
    let mut result = bits(lua, args, 0, f)?;
    for at in 1..args.len() {
        result = combine(result, bits(lua, args, at, f)?);
    }
    back(result)
}

fn shift(lua: &mut Lua, args: &[Value], f: &str, by: fn(u32, u32) -> u32) -> Result<Ret, Error> {
    let value = bits(lua, args, 0, f)?;
    let count = bits(lua, args, 1, f)? & 31;
    back(by(value, count))
}

fn tobit(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    back(bits(lua, args, 0, "tobit")?)
}

fn bnot(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    back(!bits(lua, args, 0, "bnot")?)
}

fn bswap(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    back(bits(lua, args, 0, "bswap")?.swap_bytes())
}

fn band(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    fold(lua, args, "band", |a, b| a & b)
}

fn bor(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    fold(lua, args, "bor", |a, b| a | b)
}

fn bxor(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    fold(lua, args, "bxor", |a, b| a ^ b)
}

fn lshift(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    shift(lua, args, "lshift", |a, n| a << n)
}

fn rshift(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    shift(lua, args, "rshift", |a, n| a >> n)
}

fn arshift(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    shift(lua, args, "arshift", |a, n| ((a as i32) >> n) as u32)
}

fn rol(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    shift(lua, args, "rol", u32::rotate_left)
}

fn ror(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    shift(lua, args, "ror", u32::rotate_right)
}

fn tohex(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let value = bits(lua, args, 0, "tohex")?;
    let digits = int_arg(lua, args, 1, "tohex", Some(8))?.clamp(-8, 8);
    let text = match digits < 0 {
        true => format!("{value:08X}"),
        false => format!("{value:08x}"),
    };
    let from = 8 - digits.unsigned_abs() as usize;
    one(lua.string(&text.as_bytes()[from..]))
}
