//! Lua as Envoy's LuaJIT reads it: 5.1 with what 5.2 has added (`goto`, `\x`, `__pairs`, `bit`).
//!
//! Our own, because a run is a pure function of its lab: the same script gives the same output, the
//! same order of `pairs` and the same limits natively and in the browser. So bytes are counted by a
//! rule of ours, tables keep the order in which keys came, and what an address would name has a
//! number. All of it is safe Rust. Must not know: Envoy, HTTP, files, the clock.
//!
//! A script is compiled in one pass to the code of a stack machine ([`compile`]), which runs on
//! frames of its own ([`run`]), so a coroutine can stop anywhere and Lua never nests in Rust, but
//! where a metamethod, `table.sort` or `string.gsub` calls back.

mod call;
mod compile;
mod heap;
mod lex;
mod lib;
mod meta;
mod number;
mod op;
mod run;
mod table;
mod value;

pub use call::Flow;
pub use value::{Str, Value};

use heap::Heap;
use std::rc::Rc;

/// What a script may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Instructions of one run: until it ends or yields. Library functions count by their work.
    pub instructions: u64,
    /// Bytes that a state may hold, by our own count: a string its length and 32, a table 64 and 16
    /// for each item, 48 for each key.
    pub memory: usize,
}

/// Why a script stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Lua's message, with chunk and line in front where Lua puts them.
    pub message: String,
    /// The line of the script, from 1; 0 where it is not known.
    pub line: u32,
    /// The limit that was hit: no script can catch that.
    pub limit: Option<&'static str>,
}

/// What a call to the host comes to.
#[derive(Debug)]
pub enum Reply {
    /// It returns these.
    Values(Vec<Value>),
    /// The coroutine waits; what it is resumed with is what the call returns.
    Yield,
}

/// The world behind a state's userdata.
pub trait Host {
    /// The method of this name, when the object has one.
    fn method(&self, object: u32, name: &[u8]) -> Option<&'static str>;

    /// Calls a method of an object; `__call` calls the object itself and `__pairs` is asked by `pairs`.
    ///
    /// # Errors
    /// The message that Lua raises, without a place.
    fn call(
        &mut self,
        lua: &mut Lua,
        object: u32,
        method: &'static str,
        args: &[Value],
    ) -> Result<Reply, String>;

    /// `print`.
    fn print(&mut self, line: &[u8]);

    /// Seconds since the epoch, for `os.time`.
    fn seconds(&self) -> f64;
}

/// A Lua state.
#[derive(Debug)]
pub struct Lua {
    heap: Heap,
    limits: Limits,
    /// Instructions that are left to the run.
    left: u64,
    globals: u32,
    /// The metatable's `__index` of strings.
    strings: u32,
    /// The coroutine that runs.
    co: heap::Thread,
    /// Its number; `None` for the main one.
    running: Option<u32>,
    /// Those that have resumed it, the outermost first.
    resumers: Vec<(Option<u32>, heap::Thread)>,
    /// How deep Rust has called itself.
    depth: u32,
    /// How many values the last call or `...` has left on the stack.
    multi: usize,
    /// State of `math.random`.
    random: u64,
    /// What a coroutine has yielded.
    yielded: Vec<Value>,
    /// Whether the host made it yield.
    by_host: bool,
    /// What Rust holds while Lua may collect.
    pinned: Vec<Value>,
}

impl Lua {
    /// A state with the libraries.
    pub fn new(limits: Limits, seed: u64) -> Self {
        let mut heap = Heap::new(limits.memory);
        let globals = heap.new_table();
        let strings = heap.new_table();
        let mut lua = Self {
            heap,
            left: limits.instructions,
            limits,
            globals,
            strings,
            co: heap::Thread::default(),
            running: None,
            resumers: Vec::new(),
            depth: 0,
            multi: 0,
            random: seed ^ 0x9E37_79B9_7F4A_7C15,
            yielded: Vec::new(),
            by_host: false,
            pinned: Vec::new(),
        };
        lib::open(&mut lua);
        lua
    }

    /// Compiles a chunk and runs it.
    ///
    /// # Errors
    /// A syntax error, or what the chunk raises.
    pub fn exec(&mut self, source: &[u8], host: &mut dyn Host) -> Result<(), Failure> {
        if cfg!(not(feature = "lua")) {
            return Err(Failure {
                message: "Lua is not simulated in this build".to_owned(),
                line: 0,
                limit: None,
            });
        }
        let chunk = call::chunk_name(source);
        let proto = compile::compile(source, &chunk).map_err(|(line, message)| Failure {
            message,
            line,
            limit: None,
        })?;
        let main = self.heap.new_closure(Rc::new(proto), Vec::new());
        let thread = self.start(Value::Func(main));
        match self.resume(thread, Vec::new(), host)? {
            Flow::Ended => Ok(()),
            Flow::Yielded { .. } => Err(Failure {
                message: "attempt to yield from outside a coroutine".to_owned(),
                line: 0,
                limit: None,
            }),
        }
    }

    /// Keeps a value as long as the state lives.
    pub fn keep(&mut self, value: Value) {
        self.pinned.push(value);
    }

    /// A global variable.
    pub fn global(&self, name: &str) -> Value {
        self.heap.tables[self.globals].get_str(name.as_bytes())
    }

    /// Sets a global variable.
    pub fn set_global(&mut self, name: &str, value: Value) {
        let key = self.string(name.as_bytes());
        self.set(self.globals, key, value);
    }

    /// A string.
    pub fn string(&mut self, bytes: &[u8]) -> Value {
        self.heap.string(bytes)
    }

    /// A new table.
    pub fn table(&mut self) -> u32 {
        self.heap.new_table()
    }

    /// Sets a field, as `rawset` does.
    pub fn set(&mut self, table: u32, key: Value, value: Value) {
        self.heap.set(table, key, value);
    }

    /// A field, as `rawget` reads it.
    pub fn get(&self, table: u32, key: &Value) -> Value {
        self.heap.tables[table].get(key)
    }

    /// The fields of a table, in order.
    pub fn pairs(&self, table: u32) -> Vec<(Value, Value)> {
        self.heap.tables[table].pairs()
    }

    /// What the state holds, in bytes of our count.
    pub fn bytes(&self) -> usize {
        self.heap.used
    }
}
