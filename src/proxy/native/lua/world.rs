//! The world behind a script's userdata: each call is recorded with arguments and result, as a host
//! call is.

use super::object::{Left, Object, What, level_of, refusal};
use super::{At, GIVEN_MAX, Resume, Run};
use crate::abi::LogLevel;
use crate::lua::{Host, Lua, Reply, Value};
use crate::model::trace::{Arg, Kind, Outcome, Value as Shown};
use crate::proxy::shared::Shared;
use crate::proxy::task::Direction;
use std::borrow::Cow;

/// A script that runs, and what it reaches.
pub(super) struct World<'a> {
    pub(super) shared: &'a mut Shared,
    pub(super) objects: &'a mut Vec<Object>,
    pub(super) given: &'a mut usize,
    pub(super) at: At,
    pub(super) direction: Direction,
}

/// The most objects of a state: each is small, and streams come and go.
const OBJECTS_MAX: usize = 200_000;

impl World<'_> {
    pub(super) fn run(&mut self) -> Option<&mut Run> {
        self.shared.run(self.at, self.direction)
    }

    /// A new object.
    pub(super) fn object(&mut self, what: What) -> Value {
        self.objects.push(Object {
            at: self.at,
            direction: self.direction,
            what,
            locked: false,
        });
        Value::User(self.objects.len() as u32 - 1)
    }

    /// The one object of its sort in this run.
    pub(super) fn the(&mut self, what: What) -> Value {
        let name = match &what {
            What::Metadata { host: true } => "host metadata",
            What::Dynamic { connection: true } => "connection metadata",
            what => what.word(),
        };
        let known = self
            .run()
            .and_then(|run| run.objects.iter().find(|(n, _)| *n == name));
        if let Some((_, object)) = known {
            return Value::User(*object);
        }
        let value = self.object(what);
        if let (Value::User(object), Some(run)) = (&value, self.shared.run(self.at, self.direction))
        {
            run.objects.push((name, *object));
        }
        value
    }

    /// Counts bytes that the script hands to the proxy.
    pub(super) fn give(&mut self, bytes: usize) -> Result<(), String> {
        *self.given = self.given.saturating_add(bytes + 64);
        match *self.given > GIVEN_MAX {
            true => Err("the simulator's limit of what scripts hand to the proxy is hit".into()),
            false => Ok(()),
        }
    }

    /// What a script goes on with.
    pub(super) fn resume_with(&mut self, lua: &mut Lua, with: Resume) -> Vec<Value> {
        match with {
            Resume::Handle => vec![self.the(What::Handle)],
            Resume::Body => match self.body(false) {
                Ok(Reply::Values(values)) => values,
                _ => Vec::new(),
            },
            Resume::Chunk => vec![self.the(What::Buffer { chunk: true })],
            Resume::Trailers => vec![self.trailers()],
            Resume::Nothing => vec![Value::Nil],
            Resume::Answer(message, lists) => super::call::answer(lua, &message, lists),
        }
    }

    /// `trailers()`, once they are here.
    pub(super) fn trailers(&mut self) -> Value {
        self.the(What::Map { trailers: true })
    }

    fn opens(&mut self, object: u32, method: &str, args: &[Value]) -> Option<u32> {
        if !self.shared.trace.capture {
            return None;
        }
        let what = &self.objects[object as usize].what;
        let word = what.word();
        let name = match method {
            "__call" => word.to_owned(),
            "__pairs" => format!("{word}:pairs"),
            method => format!("{word}:{method}"),
        };
        let names = what
            .args(method)
            .iter()
            .copied()
            .chain(std::iter::repeat("more"));
        let shown = names
            .zip(args)
            .filter(|(_, value)| !matches!(value, Value::Nil));
        let args = shown.map(|(name, value)| Arg {
            name: Cow::Borrowed(name),
            value: show(value),
        });
        let args = args.collect();
        let event = self.shared.record(Kind::HostCall, name, None, None, args);
        self.shared.trace.open(event);
        event
    }

    fn dispatch(
        &mut self,
        lua: &mut Lua,
        object: u32,
        method: &'static str,
        args: &[Value],
    ) -> Result<Reply, String> {
        if method == "__pairs" {
            return self.pairs(object);
        }
        if let Some(level) = level_of(method) {
            let message = text(args, 0, method)?;
            self.give(message.len())?;
            self.shared.lua_log(self.at, level, &message);
            return nothing();
        }
        if let Some(why) = refusal(method) {
            return Err(why);
        }
        match &mut self.objects[object as usize].what {
            What::Gone => Err("object used outside of proper scope".to_owned()),
            What::Handle => self.handle(lua, method, args),
            What::Map { trailers } => {
                let trailers = *trailers;
                self.map(lua, object, trailers, method, args)
            }
            What::Buffer { chunk } => {
                let chunk = *chunk;
                self.buffer(lua, chunk, method, args)
            }
            What::Chunks => self.next_chunk(),
            What::Pairs { left, of } => {
                let (next, of) = (left.pop(), *of);
                match next {
                    Some(Left::Header(name, value)) => {
                        Ok(Reply::Values(vec![lua.string(&name), lua.string(&value)]))
                    }
                    Some(Left::Field(name, item)) => {
                        let key = lua.string(name.as_bytes());
                        Ok(Reply::Values(vec![
                            key,
                            super::convert::value_of(lua, &item),
                        ]))
                    }
                    None => {
                        self.lock(of, false);
                        Ok(Reply::Values(vec![Value::Nil]))
                    }
                }
            }
            _ => self.info(lua, object, method, args),
        }
    }
}

impl Host for World<'_> {
    fn method(&self, object: u32, name: &[u8]) -> Option<&'static str> {
        self.objects.get(object as usize)?.what.method(name)
    }

    fn call(
        &mut self,
        lua: &mut Lua,
        object: u32,
        method: &'static str,
        args: &[Value],
    ) -> Result<Reply, String> {
        let Some(found) = self.objects.get(object as usize) else {
            return Err("object used outside of proper scope".to_owned());
        };
        let mine = found.at.stream == self.at.stream
            && found.at.filter == self.at.filter
            && found.direction == self.direction
            && !matches!(found.what, What::Gone);
        if !mine {
            return Err("object used outside of proper scope".to_owned());
        }
        if self.objects.len() > OBJECTS_MAX {
            return Err("the simulator's limit of objects is hit".to_owned());
        }
        if method == "__call" && !matches!(found.what, What::Chunks | What::Pairs { .. }) {
            return Err("attempt to call a userdata value".to_owned());
        }
        // The steps of `pairs` are no calls that anybody has written.
        let event = match found.what {
            What::Pairs { .. } => None,
            _ => self.opens(object, method, args),
        };
        let result = self.dispatch(lua, object, method, args);
        let outcome = match &result {
            Ok(Reply::Values(values)) => Outcome {
                value: values
                    .first()
                    .filter(|v| !matches!(v, Value::User(_)))
                    .map(show),
                ..Outcome::status("Ok")
            },
            Ok(Reply::Yield) => Outcome::status("yields"),
            Err(message) => Outcome {
                reason: message.clone().into(),
                ..Outcome::status("error")
            },
        };
        self.shared.trace.close(event, Some(outcome), None);
        result
    }

    fn print(&mut self, line: &[u8]) {
        if self.give(line.len()).is_ok() {
            let name = self.shared.filter_name(self.at.filter).to_owned();
            self.shared.log_line(None, name, LogLevel::Info, line);
        }
    }

    fn seconds(&self) -> f64 {
        self.shared.wall_ns(self.shared.clock.now_ns) as f64 / 1e9
    }
}

/// A value as the trace shows it.
fn show(value: &Value) -> Shown {
    match value {
        Value::Str(text) => Shown::Bytes(text[..].into()),
        Value::Num(n) if n.fract() == 0.0 && n.abs() < 1e15 => Shown::Int(*n as i64),
        Value::Num(n) => Shown::Word(n.to_string().into()),
        Value::Bool(true) => Shown::Word("true".into()),
        Value::Bool(false) => Shown::Word("false".into()),
        other => Shown::Word(other.type_name().into()),
    }
}

// ---- arguments ----

/// The error of an argument that is not what a method takes.
pub(super) fn wrong(args: &[Value], at: usize, method: &str, expected: &str) -> String {
    let got = args.get(at).map_or("no value", Value::type_name);
    let at = at + 1;
    format!("bad argument #{at} to '{method}' ({expected} expected, got {got})")
}

/// A string, or a number's text.
pub(super) fn text(args: &[Value], at: usize, method: &str) -> Result<Vec<u8>, String> {
    let found = args.get(at).and_then(Value::text);
    found.ok_or_else(|| wrong(args, at, method, "string"))
}

/// A string that may be left out.
pub(super) fn maybe_text(
    args: &[Value],
    at: usize,
    method: &str,
) -> Result<Option<Vec<u8>>, String> {
    match args.get(at) {
        None | Some(Value::Nil) => Ok(None),
        Some(_) => text(args, at, method).map(Some),
    }
}

/// A number, fractions cut off.
pub(super) fn number(args: &[Value], at: usize, method: &str) -> Result<i64, String> {
    let found = args.get(at).and_then(Value::number);
    found
        .map(|n| n as i64)
        .ok_or_else(|| wrong(args, at, method, "number"))
}

/// A table.
pub(super) fn table(args: &[Value], at: usize, method: &str) -> Result<u32, String> {
    match args.get(at) {
        Some(Value::Table(table)) => Ok(*table),
        _ => Err(wrong(args, at, method, "table")),
    }
}

/// One value.
pub(super) fn one(value: Value) -> Result<Reply, String> {
    Ok(Reply::Values(vec![value]))
}

/// None.
pub(super) fn nothing() -> Result<Reply, String> {
    Ok(Reply::Values(Vec::new()))
}
