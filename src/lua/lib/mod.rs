//! The libraries that LuaJIT has and a filter can use, with its messages.

mod base;
mod bit;
mod coroutine;
mod format;
mod math;
mod pattern;
mod search;
mod string;
mod table;

use super::call::Error;
use super::value::{Str, Value};
use super::{Host, Lua, number};
use std::rc::Rc;

/// What a library function comes to.
pub(super) enum Ret {
    /// It returns these.
    Values(Vec<Value>),
    /// The coroutine yields these.
    Yield(Vec<Value>),
    /// The arguments are a call, to be made in a protected way.
    Protected(Value),
}

/// A library function.
pub(super) type Native = fn(&mut Lua, &mut dyn Host, &[Value]) -> Result<Ret, Error>;

/// A library: its table's name, and its functions.
struct Library {
    name: &'static str,
    functions: &'static [(&'static str, Native)],
}

const LIBRARIES: [Library; 7] = [
    Library {
        name: "_G",
        functions: &base::FUNCTIONS,
    },
    Library {
        name: "string",
        functions: &string::FUNCTIONS,
    },
    Library {
        name: "table",
        functions: &table::FUNCTIONS,
    },
    Library {
        name: "math",
        functions: &math::FUNCTIONS,
    },
    Library {
        name: "bit",
        functions: &bit::FUNCTIONS,
    },
    Library {
        name: "coroutine",
        functions: &coroutine::FUNCTIONS,
    },
    Library {
        name: "os",
        functions: &base::OS,
    },
];

/// What LuaJIT in Envoy has and this one has not: a use says so.
const ABSENT: [&str; 5] = ["io", "debug", "jit", "package", "ffi"];

/// A function by its number: which library, and which of it.
pub(super) fn function(number: u16) -> (&'static str, Native) {
    let library = &LIBRARIES[usize::from(number >> 8) % LIBRARIES.len()];
    let at = usize::from(number & 0xff) % library.functions.len();
    library.functions[at]
}

/// Fills the globals of a new state.
pub(super) fn open(lua: &mut Lua) {
    for (l, library) in LIBRARIES.iter().enumerate() {
        let table = match library.name {
            "_G" => lua.globals,
            "string" => lua.strings,
            _ => lua.table(),
        };
        for (at, (name, _)) in library.functions.iter().enumerate() {
            if name.ends_with("(internal)") {
                continue;
            }
            let key = lua.string(name.as_bytes());
            lua.set(table, key, Value::Native((l << 8 | at) as u16));
        }
        lua.set_global(library.name, Value::Table(table));
        if library.name == "os" {
            absent(lua, table, "os");
        }
    }
    for name in ABSENT {
        let table = lua.table();
        absent(lua, table, name);
        lua.set_global(name, Value::Table(table));
    }
    let version = lua.string(b"Lua 5.1");
    lua.set_global("_VERSION", version);
    let math = lua.global("math");
    if let Value::Table(math) = math {
        for (name, value) in [("pi", std::f64::consts::PI), ("huge", f64::INFINITY)] {
            let key = lua.string(name.as_bytes());
            lua.set(math, key, Value::Num(value));
        }
    }
}

/// Makes a use of a table's missing fields an error that says what is not simulated.
fn absent(lua: &mut Lua, table: u32, name: &str) {
    let meta = lua.table();
    let index = base::FUNCTIONS.iter().position(|(f, _)| *f == base::ABSENT);
    let (key, of) = (lua.string(b"__index"), lua.string(b"__name"));
    lua.set(meta, key, Value::Native(index.unwrap_or(0) as u16));
    let name = lua.string(name.as_bytes());
    lua.set(meta, of, name);
    lua.heap.tables[table].meta = Some(meta);
}

// ---- results and arguments ----

fn none() -> Result<Ret, Error> {
    Ok(Ret::Values(Vec::new()))
}

fn one(value: Value) -> Result<Ret, Error> {
    Ok(Ret::Values(vec![value]))
}

fn num(n: f64) -> Result<Ret, Error> {
    one(Value::Num(n))
}

/// `bad argument #n to 'f' (…)`.
fn bad(lua: &mut Lua, at: usize, function: &str, why: &str) -> Error {
    lua.error(&format!("bad argument #{} to '{function}' ({why})", at + 1))
}

fn wrong(lua: &mut Lua, args: &[Value], at: usize, function: &str, expected: &str) -> Error {
    let got = args.get(at).map_or("no value", Value::type_name);
    bad(
        lua,
        at,
        function,
        &format!("{expected} expected, got {got}"),
    )
}

fn table_arg(lua: &mut Lua, args: &[Value], at: usize, f: &str) -> Result<u32, Error> {
    match args.get(at) {
        Some(Value::Table(table)) => Ok(*table),
        _ => Err(wrong(lua, args, at, f, "table")),
    }
}

fn num_arg(lua: &mut Lua, args: &[Value], at: usize, f: &str) -> Result<f64, Error> {
    match args.get(at).and_then(Value::number) {
        Some(n) => Ok(n),
        None => Err(wrong(lua, args, at, f, "number")),
    }
}

/// A whole number; what is missing is `default`.
fn int_arg(
    lua: &mut Lua,
    args: &[Value],
    at: usize,
    f: &str,
    default: Option<i64>,
) -> Result<i64, Error> {
    match (args.get(at), default) {
        (None | Some(Value::Nil), Some(default)) => Ok(default),
        _ => Ok(num_arg(lua, args, at, f)? as i64),
    }
}

fn text_arg(lua: &mut Lua, args: &[Value], at: usize, f: &str) -> Result<Rc<Str>, Error> {
    match args.get(at) {
        Some(Value::Str(text)) => Ok(text.clone()),
        Some(Value::Num(n)) => Ok(Str::new(number::show(*n).into_bytes())),
        _ => Err(wrong(lua, args, at, f, "string")),
    }
}

fn any_arg(lua: &mut Lua, args: &[Value], at: usize, f: &str) -> Result<Value, Error> {
    match args.get(at) {
        Some(value) => Ok(value.clone()),
        None => Err(bad(lua, at, f, "value expected")),
    }
}
