//! The functions that are global, and `os`.

use super::{Error, Native, Ret, Value, any_arg, bad, int_arg, none, num, one, table_arg, wrong};
use crate::lua::call::chunk_name;
use crate::lua::{Host, Lua, compile, number};
use std::rc::Rc;

/// The `__index` of what is not simulated.
pub(super) const ABSENT: &str = "absent (internal)";

pub(super) const FUNCTIONS: [(&str, Native); 29] = [
    ("assert", assert),
    ("collectgarbage", collectgarbage),
    ("error", error),
    ("getmetatable", getmetatable),
    ("ipairs", ipairs),
    ("load", load),
    ("loadstring", load),
    ("next", next),
    ("pairs", pairs),
    ("pcall", pcall),
    ("print", print),
    ("rawequal", rawequal),
    ("rawget", rawget),
    ("rawlen", rawlen),
    ("rawset", rawset),
    ("select", select),
    ("setmetatable", setmetatable),
    ("tonumber", tonumber),
    ("tostring", tostring),
    ("type", type_of),
    ("unpack", unpack),
    ("xpcall", xpcall),
    ("require", require),
    ("dofile", require),
    ("loadfile", require),
    ("setfenv", environment),
    ("getfenv", environment),
    (ABSENT, absent),
    ("ipairs step (internal)", ipairs_step),
];

pub(super) const OS: [(&str, Native); 2] = [("time", time), ("clock", clock)];

fn assert(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    if any_arg(lua, args, 0, "assert")?.truthy() {
        return Ok(Ret::Values(args.to_vec()));
    }
    match args.get(1) {
        None => Err(lua.plain("assertion failed!")),
        Some(message) => Err(Error::Raised(message.clone())),
    }
}

/// Memory is the simulator's: a script sees none of it.
fn collectgarbage(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let option = match args.first() {
        None => b"collect".to_vec(),
        Some(_) => super::text_arg(lua, args, 0, "collectgarbage")?.to_vec(),
    };
    match &option[..] {
        b"collect" | b"count" | b"stop" | b"restart" | b"setpause" | b"setstepmul" => num(0.0),
        b"step" => one(Value::Bool(true)),
        b"isrunning" => one(Value::Bool(true)),
        other => {
            let why = format!("invalid option '{}'", String::from_utf8_lossy(other));
            Err(bad(lua, 0, "collectgarbage", &why))
        }
    }
}

fn error(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let level = int_arg(lua, args, 1, "error", Some(1))?;
    let value = args.first().cloned().unwrap_or_default();
    match &value {
        Value::Str(text) if level > 0 => {
            let mut whole = lua.place(level as usize).into_bytes();
            whole.extend_from_slice(text);
            let value = lua.heap.owned(whole);
            Err(Error::Raised(value))
        }
        _ => Err(Error::Raised(value)),
    }
}

fn getmetatable(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let value = any_arg(lua, args, 0, "getmetatable")?;
    let protected = lua.metamethod(&value, "__metatable");
    match (protected, value) {
        (Value::Nil, Value::Table(id)) => {
            one(lua.heap.tables[id].meta.map_or(Value::Nil, Value::Table))
        }
        (protected, _) => one(protected),
    }
}

fn setmetatable(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let table = table_arg(lua, args, 0, "setmetatable")?;
    let meta = match args.get(1) {
        Some(Value::Nil) => None,
        Some(Value::Table(meta)) => Some(*meta),
        _ => return Err(wrong(lua, args, 1, "setmetatable", "nil or table")),
    };
    if !matches!(lua.metamethod(&args[0], "__metatable"), Value::Nil) {
        return Err(lua.error("cannot change a protected metatable"));
    }
    lua.heap.tables[table].meta = meta;
    one(args[0].clone())
}

fn ipairs(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let table = any_arg(lua, args, 0, "ipairs")?;
    if !matches!(table, Value::Table(_)) {
        return Err(wrong(lua, args, 0, "ipairs", "table"));
    }
    Ok(Ret::Values(vec![
        Value::Native(step_of("ipairs step (internal)")),
        table,
        Value::Num(0.0),
    ]))
}

/// The number of a global function.
fn step_of(name: &str) -> u16 {
    let at = FUNCTIONS.iter().position(|(known, _)| *known == name);
    at.unwrap_or(0) as u16
}

fn ipairs_step(lua: &mut Lua, host: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let n = int_arg(lua, args, 1, "ipairs", None)? as f64 + 1.0;
    let table = args.first().cloned().unwrap_or_default();
    match lua.index(host, &table, &Value::Num(n))? {
        Value::Nil => one(Value::Nil),
        value => Ok(Ret::Values(vec![Value::Num(n), value])),
    }
}

fn next(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let table = table_arg(lua, args, 0, "next")?;
    let key = args.get(1).unwrap_or(&Value::Nil);
    match lua.heap.tables[table].next(key) {
        Some(Some((key, value))) => Ok(Ret::Values(vec![key, value])),
        Some(None) => one(Value::Nil),
        None => Err(lua.error("invalid key to 'next'")),
    }
}

fn pairs(lua: &mut Lua, host: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let value = any_arg(lua, args, 0, "pairs")?;
    if let Value::User(object) = value {
        return match host.call(lua, object, "__pairs", &[]) {
            Ok(crate::lua::Reply::Values(values)) => Ok(Ret::Values(values)),
            Ok(crate::lua::Reply::Yield) => none(),
            Err(message) => Err(lua.error(&message)),
        };
    }
    let handler = lua.metamethod(&value, "__pairs");
    if !matches!(handler, Value::Nil) {
        let mut values = lua.call_value(host, &handler, &[value])?;
        values.resize(3, Value::Nil);
        return Ok(Ret::Values(values));
    }
    table_arg(lua, args, 0, "pairs")?;
    let values = vec![Value::Native(step_of("next")), value, Value::Nil];
    Ok(Ret::Values(values))
}

fn pcall(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    any_arg(lua, args, 0, "pcall")?;
    Ok(Ret::Protected(Value::Nil))
}

fn xpcall(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let handler = any_arg(lua, args, 1, "xpcall")?;
    // The handler leaves its place between the function and its arguments.
    let at = lua.co.stack.len() - args.len() + 1;
    lua.co.stack.remove(at);
    Ok(Ret::Protected(handler))
}

fn print(lua: &mut Lua, host: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let mut line = Vec::new();
    for (at, value) in args.iter().enumerate() {
        if at > 0 {
            line.push(b'\t');
        }
        line.extend(lua.show(host, value)?);
    }
    host.print(&line);
    none()
}

fn rawequal(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let a = any_arg(lua, args, 0, "rawequal")?;
    let b = any_arg(lua, args, 1, "rawequal")?;
    one(Value::Bool(a.same(&b)))
}

fn rawget(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let table = table_arg(lua, args, 0, "rawget")?;
    let key = any_arg(lua, args, 1, "rawget")?;
    one(lua.get(table, &key))
}

fn rawset(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let table = table_arg(lua, args, 0, "rawset")?;
    let key = any_arg(lua, args, 1, "rawset")?;
    let value = any_arg(lua, args, 2, "rawset")?;
    lua.raw_set(table, key, value)?;
    one(args[0].clone())
}

fn rawlen(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    match args.first() {
        Some(Value::Table(id)) => num(lua.heap.tables[*id].len() as f64),
        Some(Value::Str(text)) => num(text.len() as f64),
        _ => Err(wrong(lua, args, 0, "rawlen", "table or string")),
    }
}

fn select(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    if let Some(Value::Str(sign)) = args.first()
        && sign[..] == *b"#"
    {
        return num((args.len() - 1) as f64);
    }
    let n = int_arg(lua, args, 0, "select", None)?;
    let count = args.len() as i64 - 1;
    let from = if n < 0 { count + n } else { n - 1 };
    if n == 0 || from < 0 {
        return Err(bad(lua, 0, "select", "index out of range"));
    }
    let from = (from as usize + 1).min(args.len());
    Ok(Ret::Values(args[from..].to_vec()))
}

fn tonumber(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let value = any_arg(lua, args, 0, "tonumber")?;
    let base = int_arg(lua, args, 1, "tonumber", Some(10))?;
    let number = match base {
        10 => value.number(),
        2..=36 => {
            let text = super::text_arg(lua, args, 0, "tonumber")?;
            number::in_base(&text, base as u32)
        }
        _ => return Err(bad(lua, 1, "tonumber", "base out of range")),
    };
    one(number.map_or(Value::Nil, Value::Num))
}

fn tostring(lua: &mut Lua, host: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let value = any_arg(lua, args, 0, "tostring")?;
    if let Value::Str(_) = value {
        return one(value);
    }
    let text = lua.show(host, &value)?;
    one(lua.heap.owned(text))
}

fn type_of(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let name = any_arg(lua, args, 0, "type")?.type_name();
    one(lua.string(name.as_bytes()))
}

pub(super) fn unpack(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let table = table_arg(lua, args, 0, "unpack")?;
    let from = int_arg(lua, args, 1, "unpack", Some(1))?;
    let len = lua.heap.tables[table].len() as i64;
    let to = int_arg(lua, args, 2, "unpack", Some(len))?;
    if to.saturating_sub(from) >= 8000 {
        return Err(lua.error("too many results to unpack"));
    }
    lua.spend(to.saturating_sub(from).max(0) as u64)?;
    let values = (from..=to).map(|n| lua.get(table, &Value::Num(n as f64)));
    Ok(Ret::Values(values.collect()))
}

/// `load` and `loadstring`: text, or a function that gives it piece by piece.
fn load(lua: &mut Lua, host: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let source = match args.first() {
        Some(Value::Str(text)) => text.to_vec(),
        Some(function @ (Value::Func(_) | Value::Native(_) | Value::Wrapped(_))) => {
            let mut whole = Vec::new();
            loop {
                match lua.call_first(host, function, &[])? {
                    Value::Str(piece) if !piece.is_empty() => {
                        lua.room(whole.len() + piece.len())?;
                        whole.extend_from_slice(&piece);
                    }
                    _ => break whole,
                }
            }
        }
        _ => return Err(wrong(lua, args, 0, "load", "string")),
    };
    if args.len() > 3 {
        return Err(lua.error("an environment for 'load' is not simulated"));
    }
    lua.spend(source.len() as u64)?;
    let name = match args.get(1).and_then(Value::text) {
        Some(name) if matches!(name.first(), Some(b'=' | b'@')) => {
            String::from_utf8_lossy(&name[1..]).into_owned()
        }
        Some(name) => chunk_name(&name),
        None => chunk_name(&source),
    };
    match compile::compile(&source, &name) {
        Ok(proto) => {
            lua.room(proto.bytes)?;
            lua.heap.used += proto.bytes;
            let function = lua.heap.new_closure(Rc::new(proto), Vec::new());
            one(Value::Func(function))
        }
        Err((_, message)) => {
            let message = lua.string(message.as_bytes());
            Ok(Ret::Values(vec![Value::Nil, message]))
        }
    }
}

fn require(lua: &mut Lua, _: &mut dyn Host, _: &[Value]) -> Result<Ret, Error> {
    Err(lua.error("scripts in files (require, dofile, loadfile) are not simulated"))
}

fn environment(lua: &mut Lua, _: &mut dyn Host, _: &[Value]) -> Result<Ret, Error> {
    Err(lua.error("setfenv and getfenv are not simulated"))
}

fn absent(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let table = args.first().cloned().unwrap_or_default();
    let name = lua.metamethod(&table, "__name").text().unwrap_or_default();
    let field = args.get(1).and_then(Value::text).unwrap_or_default();
    let (name, field) = (
        String::from_utf8_lossy(&name),
        String::from_utf8_lossy(&field),
    );
    Err(lua.error(&format!("{name}.{field} is not simulated")))
}

fn time(lua: &mut Lua, host: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    match args.first() {
        None | Some(Value::Nil) => num(host.seconds().floor()),
        Some(_) => Err(lua.error("os.time of a table is not simulated")),
    }
}

/// A run takes no time of a processor.
fn clock(_: &mut Lua, _: &mut dyn Host, _: &[Value]) -> Result<Ret, Error> {
    num(0.0)
}
