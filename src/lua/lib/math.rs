//! `math`: what every build computes to the same last bit. The rest is refused by name.

use super::{Error, Native, Ret, Value, bad, int_arg, none, num, num_arg};
use crate::lua::{Host, Lua, number};

pub(super) const FUNCTIONS: [(&str, Native); 20] = [
    ("abs", abs),
    ("ceil", ceil),
    ("floor", floor),
    ("max", max),
    ("min", min),
    ("fmod", fmod),
    ("mod", fmod),
    ("modf", modf),
    ("sqrt", sqrt),
    ("pow", pow),
    ("deg", deg),
    ("rad", rad),
    ("ldexp", ldexp),
    ("random", random),
    ("randomseed", randomseed),
    ("exp", transcendental),
    ("log", transcendental),
    ("sin", transcendental),
    ("cos", transcendental),
    ("tan", transcendental),
];

fn abs(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    num(num_arg(lua, args, 0, "abs")?.abs())
}

fn ceil(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    num(num_arg(lua, args, 0, "ceil")?.ceil())
}

fn floor(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    num(num_arg(lua, args, 0, "floor")?.floor())
}

fn sqrt(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    num(num_arg(lua, args, 0, "sqrt")?.sqrt())
}

fn deg(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    num(num_arg(lua, args, 0, "deg")? * (180.0 / std::f64::consts::PI))
}

fn rad(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    num(num_arg(lua, args, 0, "rad")? * (std::f64::consts::PI / 180.0))
}

fn pow(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let (a, b) = (num_arg(lua, args, 0, "pow")?, num_arg(lua, args, 1, "pow")?);
    num(number::power_of(a, b))
}

fn ldexp(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let (a, b) = (
        num_arg(lua, args, 0, "ldexp")?,
        num_arg(lua, args, 1, "ldexp")?,
    );
    num(a * number::power_of(2.0, b.trunc()))
}

fn max(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let mut best = num_arg(lua, args, 0, "max")?;
    for at in 1..args.len() {
        best = best.max(num_arg(lua, args, at, "max")?);
    }
    num(best)
}

fn min(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let mut best = num_arg(lua, args, 0, "min")?;
    for at in 1..args.len() {
        best = best.min(num_arg(lua, args, at, "min")?);
    }
    num(best)
}

fn fmod(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    num(num_arg(lua, args, 0, "fmod")? % num_arg(lua, args, 1, "fmod")?)
}

fn modf(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let n = num_arg(lua, args, 0, "modf")?;
    let fraction = if n.is_infinite() { 0.0 } else { n.fract() };
    Ok(Ret::Values(vec![
        Value::Num(n.trunc()),
        Value::Num(fraction),
    ]))
}

/// The next 53 bits as a number from 0 to below 1 (SplitMix64).
fn draw(lua: &mut Lua) -> f64 {
    lua.random = lua.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = lua.random;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

fn random(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let (low, high) = match args.len() {
        0 => {
            let n = draw(lua);
            return num(n);
        }
        1 => (1, int_arg(lua, args, 0, "random", None)?),
        _ => (
            int_arg(lua, args, 0, "random", None)?,
            int_arg(lua, args, 1, "random", None)?,
        ),
    };
    if low > high {
        let at = args.len().min(2) - 1;
        return Err(bad(lua, at, "random", "interval is empty"));
    }
    let count = (high as f64) - (low as f64) + 1.0;
    let n = draw(lua);
    num((n * count).floor() + low as f64)
}

fn randomseed(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    lua.random = num_arg(lua, args, 0, "randomseed")?.to_bits();
    none()
}

fn transcendental(lua: &mut Lua, _: &mut dyn Host, _: &[Value]) -> Result<Ret, Error> {
    Err(lua.error("exp, log and the trigonometric functions are not simulated"))
}
