//! `coroutine`.

use super::{Error, Native, Ret, Value, one, wrong};
use crate::lua::heap::Status;
use crate::lua::{Host, Lua};

pub(super) const FUNCTIONS: [(&str, Native); 7] = [
    ("create", create),
    ("resume", resume),
    ("status", status),
    ("wrap", wrap),
    ("yield", yields),
    ("running", running),
    ("isyieldable", isyieldable),
];

fn function(lua: &mut Lua, args: &[Value], f: &str) -> Result<Value, Error> {
    match args.first() {
        Some(
            value @ (Value::Func(_) | Value::Native(_) | Value::Method(_) | Value::Wrapped(_)),
        ) => Ok(value.clone()),
        _ => Err(wrong(lua, args, 0, f, "function")),
    }
}

fn thread(lua: &mut Lua, args: &[Value], f: &str) -> Result<u32, Error> {
    match args.first() {
        Some(Value::Thread(id)) => Ok(*id),
        _ => Err(wrong(lua, args, 0, f, "coroutine")),
    }
}

fn create(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let function = function(lua, args, "create")?;
    one(Value::Thread(lua.heap.new_thread(function)))
}

fn resume(lua: &mut Lua, host: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let id = thread(lua, args, "resume")?;
    match lua.resume_thread(host, id, args[1..].to_vec()) {
        Ok((mut values, _)) => {
            values.insert(0, Value::Bool(true));
            Ok(Ret::Values(values))
        }
        Err(Error::Raised(value)) => Ok(Ret::Values(vec![Value::Bool(false), value])),
        Err(limit) => Err(limit),
    }
}

fn status(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let id = thread(lua, args, "status")?;
    let outer = lua.resumers.iter().any(|(outer, _)| *outer == Some(id));
    let status = match lua.heap.threads[id].status {
        _ if lua.running == Some(id) => Status::Running,
        _ if outer => Status::Normal,
        status => status,
    };
    let word = match status {
        Status::Suspended => "suspended",
        Status::Running => "running",
        Status::Normal => "normal",
        Status::Dead => "dead",
    };
    one(lua.string(word.as_bytes()))
}

fn wrap(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let function = function(lua, args, "wrap")?;
    one(Value::Wrapped(lua.heap.new_thread(function)))
}

fn yields(_: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    Ok(Ret::Yield(args.to_vec()))
}

fn running(lua: &mut Lua, _: &mut dyn Host, _: &[Value]) -> Result<Ret, Error> {
    // As with 5.2 compatibility: the coroutine, and whether it is the main one.
    let main = lua.resumers.len() <= 1;
    let id = lua.running.map_or(Value::Nil, Value::Thread);
    Ok(Ret::Values(vec![id, Value::Bool(main)]))
}

fn isyieldable(lua: &mut Lua, _: &mut dyn Host, _: &[Value]) -> Result<Ret, Error> {
    one(Value::Bool(lua.running.is_some() && lua.co.nested == 0))
}
