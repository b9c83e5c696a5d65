//! Calls, returns, errors and coroutines: frames of the stack machine.

use super::heap::{Status, Thread};
use super::lib::{self, Ret};
use super::op::Proto;
use super::value::Value;
use super::{Failure, Host, Lua, Reply};
use std::rc::Rc;

/// How a run of a coroutine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It is over.
    Ended,
    /// It waits to be resumed.
    Yielded {
        /// Whether a call of the host's made it wait, and not the script itself.
        by_host: bool,
    },
}

/// What breaks off a run.
#[derive(Debug)]
pub(super) enum Error {
    /// Lua's errors: `pcall` catches them.
    Raised(Value),
    /// A limit was hit: nothing catches that.
    Limit(&'static str),
}

/// How it goes on after an instruction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Next {
    /// With the frame on top.
    Go,
    /// Not now: the coroutine waits.
    Yield,
}

/// A function that runs.
#[derive(Debug)]
pub(super) struct Frame {
    /// Where its part of the stack begins; the function itself is below.
    pub(super) base: usize,
    /// How many results are wanted; -1 is all.
    pub(super) want: i32,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// A function of the script.
    Lua {
        closure: u32,
        proto: Rc<Proto>,
        /// The next instruction.
        pc: usize,
        varargs: Vec<Value>,
    },
    /// `pcall` or `xpcall`: `base` is where its results go, what it calls is above.
    Protected { handler: Value },
}

impl Frame {
    /// The function, as a root.
    pub(super) fn function(&self) -> Value {
        match &self.kind {
            Kind::Lua { closure, .. } => Value::Func(*closure),
            Kind::Protected { handler } => handler.clone(),
        }
    }

    /// Values that it holds beside the stack.
    pub(super) fn held(&self) -> impl Iterator<Item = &Value> {
        let varargs: &[Value] = match &self.kind {
            Kind::Lua { varargs, .. } => varargs,
            Kind::Protected { .. } => &[],
        };
        varargs.iter()
    }
}

/// How deep Rust may call itself: metamethods, comparators, coroutines in coroutines.
const DEPTH: u32 = 50;

/// LuaJIT's limit of values on a stack.
const STACK: usize = 65_500;

/// What the library functions are called in messages when they fail before they run.
pub(super) fn chunk_name(source: &[u8]) -> String {
    // As `lj_debug_shortname` does.
    let control = source.iter().position(|b| *b < b' ');
    let whole = control.is_none() && source.len() < 48;
    let end = control
        .unwrap_or(source.len())
        .min(if whole { 48 } else { 45 });
    let text = String::from_utf8_lossy(&source[..end]).into_owned();
    match whole {
        true => format!("[string \"{text}\"]"),
        false => format!("[string \"{text}...\"]"),
    }
}

impl Lua {
    /// A coroutine for a function; it runs when it is resumed.
    pub fn start(&mut self, function: Value) -> u32 {
        let thread = self.heap.new_thread(function);
        self.pinned.push(Value::Thread(thread));
        thread
    }

    /// Instructions that the last run has used.
    pub fn used(&self) -> u64 {
        self.limits.instructions - self.left
    }

    /// Gives up a coroutine that was started here.
    pub fn forget(&mut self, thread: u32) {
        self.pinned
            .retain(|held| !held.same(&Value::Thread(thread)));
    }

    /// Runs a coroutine until it ends or yields, with a fresh budget of instructions.
    ///
    /// # Errors
    /// What it raises, or the limit that it hits.
    pub fn resume(
        &mut self,
        thread: u32,
        args: Vec<Value>,
        host: &mut dyn Host,
    ) -> Result<Flow, Failure> {
        self.left = self.limits.instructions;
        let result = match cfg!(feature = "lua") {
            true => self.resume_thread(host, thread, args),
            // Nothing is ever compiled: what runs it need not be there either.
            false => Ok((Vec::new(), false)),
        };
        if !matches!(result, Ok((_, true))) {
            self.forget(thread);
        }
        match result {
            Ok((_, true)) => Ok(Flow::Yielded {
                by_host: self.by_host,
            }),
            Ok(_) => Ok(Flow::Ended),
            Err(Error::Raised(value)) => {
                let message = match value.text() {
                    Some(text) => String::from_utf8_lossy(&text).into_owned(),
                    None => format!("(error object is a {} value)", value.type_name()),
                };
                let line = line_of(&message);
                Err(Failure {
                    message,
                    line,
                    limit: None,
                })
            }
            Err(Error::Limit(limit)) => {
                self.depth = 0;
                let message = match limit {
                    "memory" => "not enough memory".to_owned(),
                    _ => "the script ran for too long".to_owned(),
                };
                Err(Failure {
                    message,
                    line: 0,
                    limit: Some(limit),
                })
            }
        }
    }

    /// Resumes a coroutine: what it returns or yields, and whether it yields.
    pub(super) fn resume_thread(
        &mut self,
        host: &mut dyn Host,
        id: u32,
        args: Vec<Value>,
    ) -> Result<(Vec<Value>, bool), Error> {
        match self.heap.threads[id].status {
            Status::Suspended => {}
            Status::Dead => return Err(self.plain("cannot resume dead coroutine")),
            _ => return Err(self.plain("cannot resume non-suspended coroutine")),
        }
        self.enter()?;
        let thread = std::mem::take(&mut self.heap.threads[id]);
        // What is left in its place is no coroutine that could be resumed, by itself least of all.
        self.heap.threads[id].status = Status::Running;
        let mut outer = std::mem::replace(&mut self.co, thread);
        outer.status = Status::Normal;
        self.resumers.push((self.running.replace(id), outer));
        self.co.status = Status::Running;
        let begun = match self.co.waits.take() {
            Some((at, want)) => {
                self.deliver(at, args, want);
                Ok(Next::Go)
            }
            None => {
                self.co.stack.extend(args);
                self.call_at(host, 0, -1)
            }
        };
        let result = match begun {
            Ok(Next::Go) if !self.co.frames.is_empty() => self.run(host, 0),
            begun => begun,
        };
        let result = match result {
            Ok(Next::Yield) => {
                self.co.status = Status::Suspended;
                // Its stack is held from now on; the next collection counts it once.
                self.heap.used += self.co.bytes();
                self.left = self.left.saturating_sub(self.co.stack.len() as u64 / 16);
                Ok((std::mem::take(&mut self.yielded), true))
            }
            result => {
                self.co.status = Status::Dead;
                self.co.frames.clear();
                let values = std::mem::take(&mut self.co.stack);
                result.map(|_| (values, false))
            }
        };
        let (running, outer) = self.resumers.pop().unwrap_or_default();
        let thread = std::mem::replace(&mut self.co, outer);
        self.heap.threads[id] = thread;
        self.running = running;
        self.co.status = Status::Running;
        self.depth = self.depth.saturating_sub(1);
        result
    }

    /// Rust calls itself once more.
    fn enter(&mut self) -> Result<(), Error> {
        if self.depth >= DEPTH {
            return Err(self.error("C stack overflow"));
        }
        self.depth += 1;
        Ok(())
    }

    /// Calls a function from Rust.
    pub(super) fn call_value(
        &mut self,
        host: &mut dyn Host,
        function: &Value,
        args: &[Value],
    ) -> Result<Vec<Value>, Error> {
        self.enter()?;
        let at = self.co.stack.len();
        let entry = self.co.frames.len();
        self.co.stack.push(function.clone());
        self.co.stack.extend_from_slice(args);
        self.co.nested += 1;
        let called = match self.call_at(host, at, -1) {
            Ok(Next::Go) if self.co.frames.len() > entry => self.run(host, entry),
            called => called,
        };
        self.co.nested -= 1;
        self.depth = self.depth.saturating_sub(1);
        let values = self.co.stack.split_off(at.min(self.co.stack.len()));
        called.map(|_| values)
    }

    /// The first result of a call from Rust.
    pub(super) fn call_first(
        &mut self,
        host: &mut dyn Host,
        function: &Value,
        args: &[Value],
    ) -> Result<Value, Error> {
        let values = self.call_value(host, function, args)?;
        Ok(values.into_iter().next().unwrap_or_default())
    }

    /// Calls what stands on the stack, its arguments above it.
    pub(super) fn call_at(
        &mut self,
        host: &mut dyn Host,
        at: usize,
        want: i32,
    ) -> Result<Next, Error> {
        match self.co.stack[at].clone() {
            Value::Func(closure) => {
                self.push_frame(closure, at + 1, want)?;
                Ok(Next::Go)
            }
            Value::Native(number) => {
                let args = self.co.stack[at + 1..].to_vec();
                let (_, function) = lib::function(number);
                self.spend(10)?;
                match function(self, host, &args)? {
                    Ret::Values(values) => self.deliver(at, values, want),
                    Ret::Yield(values) => {
                        self.yielded = values;
                        return self.wait(at, want, false);
                    }
                    Ret::Protected(handler) => return self.protect(host, at, want, handler),
                }
                Ok(Next::Go)
            }
            Value::Wrapped(thread) => {
                let args = self.co.stack[at + 1..].to_vec();
                let (values, _) = self.resume_thread(host, thread, args)?;
                self.deliver(at, values, want);
                Ok(Next::Go)
            }
            Value::User(object) => {
                let args = self.co.stack[at + 1..].to_vec();
                self.call_host(host, object, "__call", &args, at, want)
            }
            Value::Method(method) => {
                let args = self.co.stack[at + 1..].to_vec();
                let object = match args.first() {
                    Some(Value::User(object)) => *object,
                    _ => return Err(self.bad_self(method, args.first())),
                };
                if host.method(object, method.as_bytes()).is_none() {
                    return Err(self.bad_self(method, args.first()));
                }
                self.call_host(host, object, method, &args[1..], at, want)
            }
            other => {
                let meta = self.metamethod(&other, "__call");
                if let Value::Nil = meta {
                    let what = self.described(&other, false);
                    return Err(self.error(&format!("attempt to call {what}")));
                }
                self.co.stack.insert(at, meta);
                self.call_at(host, at, want)
            }
        }
    }

    fn bad_self(&mut self, method: &str, got: Option<&Value>) -> Error {
        let got = got.map_or("no value", Value::type_name);
        self.error(&format!(
            "bad argument #1 to '{method}' (an object that has it expected, got {got})"
        ))
    }

    fn call_host(
        &mut self,
        host: &mut dyn Host,
        object: u32,
        method: &'static str,
        args: &[Value],
        at: usize,
        want: i32,
    ) -> Result<Next, Error> {
        args.iter().for_each(|arg| self.weigh(arg));
        self.spend(20)?;
        match host.call(self, object, method, args) {
            Ok(Reply::Values(values)) => {
                self.deliver(at, values, want);
                Ok(Next::Go)
            }
            Ok(Reply::Yield) => {
                self.yielded = Vec::new();
                self.wait(at, want, true)
            }
            Err(message) => Err(self.error(&message)),
        }
    }

    /// The coroutine waits; what it is resumed with goes where the call stood.
    fn wait(&mut self, at: usize, want: i32, by_host: bool) -> Result<Next, Error> {
        if self.running.is_none() || self.co.nested > 0 {
            return Err(self.error("attempt to yield across C-call boundary"));
        }
        self.by_host = by_host;
        self.co.stack.truncate(at);
        self.co.waits = Some((at, want));
        Ok(Next::Yield)
    }

    /// Calls what is above in a protected way.
    fn protect(
        &mut self,
        host: &mut dyn Host,
        at: usize,
        want: i32,
        handler: Value,
    ) -> Result<Next, Error> {
        self.co.frames.push(Frame {
            base: at,
            want,
            kind: Kind::Protected { handler },
        });
        let entry = self.co.frames.len() - 1;
        match self.call_at(host, at + 1, -1) {
            Err(error) => {
                self.unwind(host, error, entry)?;
                Ok(Next::Go)
            }
            next => next,
        }
    }

    fn push_frame(&mut self, closure: u32, base: usize, want: i32) -> Result<(), Error> {
        if self.co.stack.len() > STACK || self.co.frames.len() > STACK / 4 {
            return Err(self.error("stack overflow"));
        }
        let proto = self.heap.closures[closure].proto.clone();
        let params = base + proto.params as usize;
        let stack = &mut self.co.stack;
        let varargs = match proto.vararg && stack.len() > params {
            true => stack.split_off(params),
            false => Vec::new(),
        };
        stack.resize(params, Value::Nil);
        self.co.frames.push(Frame {
            base,
            want,
            kind: Kind::Lua {
                closure,
                proto,
                pc: 0,
                varargs,
            },
        });
        Ok(())
    }

    /// Gives the results of a call that stood at a place of the stack.
    pub(super) fn deliver(&mut self, at: usize, values: Vec<Value>, want: i32) {
        self.co.stack.truncate(at);
        self.co.stack.extend(values);
        self.settle(at, want);
    }

    /// The results stand from a place on: as many as are wanted stay.
    fn settle(&mut self, mut at: usize, mut want: i32) {
        while let Some(Frame {
            base,
            want: outer,
            kind: Kind::Protected { .. },
        }) = self.co.frames.last()
            && base + 1 == at
        {
            (at, want) = (*base, *outer);
            self.co.frames.pop();
            self.co.stack[at] = Value::Bool(true);
        }
        match want {
            -1 => self.multi = self.co.stack.len() - at,
            want => self.co.stack.resize(at + want as usize, Value::Nil),
        }
    }

    /// The frame on top returns the last values of the stack.
    pub(super) fn returns(&mut self, count: usize) {
        let Some(frame) = self.co.frames.pop() else {
            return;
        };
        let from = self.co.stack.len() - count;
        let at = frame.base - 1;
        self.co.stack.drain(at..from);
        self.settle(at, frame.want);
    }

    /// What a call on top of the stack leaves takes the place of the frame.
    pub(super) fn tail_call(&mut self, host: &mut dyn Host, at: usize) -> Result<Next, Error> {
        let Value::Func(closure) = self.co.stack[at] else {
            return self.call_at(host, at, -1);
        };
        let Some(frame) = self.co.frames.pop() else {
            return Ok(Next::Go);
        };
        self.co.stack.drain(frame.base - 1..at);
        self.push_frame(closure, frame.base, frame.want)?;
        Ok(Next::Go)
    }

    /// Breaks off frames down to the innermost `pcall` above `entry`; without one the error goes on.
    pub(super) fn unwind(
        &mut self,
        host: &mut dyn Host,
        error: Error,
        entry: usize,
    ) -> Result<(), Error> {
        let protected = |frame: &Frame| matches!(frame.kind, Kind::Protected { .. });
        let catcher = self.co.frames[entry..].iter().rposition(protected);
        let (mut value, at) = match (error, catcher) {
            (Error::Raised(value), Some(at)) => (value, entry + at),
            (error, _) => {
                self.co.frames.truncate(entry);
                return Err(error);
            }
        };
        let (base, want, handler) = {
            let frame = &self.co.frames[at];
            (frame.base, frame.want, frame.function())
        };
        if !matches!(handler, Value::Nil) {
            value = self.call_first(host, &handler, &[value])?;
        }
        self.co.frames.truncate(at);
        self.deliver(base, vec![Value::Bool(false), value], want);
        Ok(())
    }

    // ---- errors ----

    /// An error with the place of the function that runs in front.
    pub(super) fn error(&mut self, message: &str) -> Error {
        let text = format!("{}{message}", self.place(1));
        Error::Raised(self.heap.owned(text.into_bytes()))
    }

    /// An error without a place.
    pub(super) fn plain(&mut self, message: &str) -> Error {
        Error::Raised(self.heap.string(message.as_bytes()))
    }

    /// `chunk:line: ` of a function that runs, from the innermost; nothing for `pcall`.
    pub(super) fn place(&self, level: usize) -> String {
        let frame = level
            .checked_sub(1)
            .and_then(|at| self.co.frames.iter().rev().nth(at));
        match frame.map(|frame| &frame.kind) {
            Some(Kind::Lua { proto, pc, .. }) => {
                let line = proto.lines.get(pc.saturating_sub(1));
                format!("{}:{}: ", proto.chunk, line.copied().unwrap_or(0))
            }
            _ => String::new(),
        }
    }

    /// What an operand of the instruction that runs is called, with its type.
    pub(super) fn described(&self, value: &Value, second: bool) -> String {
        let kind = value.type_name();
        if let Some(Frame {
            kind: Kind::Lua { proto, pc, .. },
            ..
        }) = self.co.frames.last()
        {
            let at = pc.saturating_sub(1) as u32;
            let named = proto.origins.iter().find(|(named, ..)| *named == at);
            let origin = named.and_then(|(_, a, b)| if second { b } else { a }.as_ref());
            if let Some((sort, name)) = origin {
                return format!("{sort} '{name}' (a {kind} value)");
            }
        }
        format!("a {kind} value")
    }

    // ---- limits ----

    /// Counts work of a library function.
    pub(super) fn spend(&mut self, work: u64) -> Result<(), Error> {
        self.left = self.left.saturating_sub(work);
        match self.left {
            0 => Err(Error::Limit("instructions")),
            _ => Ok(()),
        }
    }

    /// Asks for bytes that a library function is about to make.
    pub(super) fn room(&mut self, bytes: usize) -> Result<(), Error> {
        self.gathers(bytes)?;
        self.spend(bytes as u64 / 64 + 1)
    }

    /// Whether bytes that a library function gathers can still become a string.
    pub(super) fn gathers(&self, bytes: usize) -> Result<(), Error> {
        match self.heap.fits(bytes) {
            true => Ok(()),
            false => Err(Error::Limit("memory")),
        }
    }

    /// Collects when it is time.
    pub(super) fn collect(&mut self) -> Result<(), Error> {
        let thread = self.running.map(Value::Thread);
        let resumed = self
            .resumers
            .iter()
            .filter_map(|(id, _)| id.map(Value::Thread));
        let mut roots: Vec<Value> = thread.into_iter().chain(resumed).collect();
        roots.push(Value::Table(self.globals));
        roots.push(Value::Table(self.strings));
        roots.extend(self.yielded.iter().cloned());
        let mut threads: Vec<&Thread> = self.resumers.iter().map(|(_, thread)| thread).collect();
        threads.push(&self.co);
        let held = roots.iter().chain(&self.pinned);
        self.heap.collect(held, &threads);
        match self.heap.over() {
            true => Err(Error::Limit("memory")),
            false => Ok(()),
        }
    }
}

/// The line in `chunk:line: message`.
fn line_of(message: &str) -> u32 {
    let rest = message.find("\"]:").map_or("", |at| &message[at + 3..]);
    let digits = rest.split(':').next().unwrap_or("");
    digits.parse().unwrap_or(0)
}
