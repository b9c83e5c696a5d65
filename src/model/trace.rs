//! The trace of a run: what happened, in order, as plain data.

use super::Bytes;
#[cfg(feature = "host")]
use super::{Problem, yaml::Node};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The name by which Envoy calls a thread: `main`, `worker_0` …
#[must_use]
pub fn thread_name(thread: u32) -> String {
    match thread.checked_sub(1) {
        Some(worker) => format!("worker_{worker}"),
        None => "main".to_owned(),
    }
}

/// A thread as people say it: `main thread`, `worker 0` …
#[must_use]
pub fn thread_words(thread: u32) -> String {
    match thread.checked_sub(1) {
        Some(worker) => format!("worker {worker}"),
        None => "main thread".to_owned(),
    }
}

/// The thread of such a name.
#[must_use]
pub fn thread_number(name: &str) -> Option<u32> {
    if name == "main" {
        return Some(0);
    }
    let worker = name.strip_prefix("worker_")?.parse::<u32>();
    worker.ok()?.checked_add(1)
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Number in the scenario, from 0.
    pub n: u32,
    /// Simulated time since the scenario began, in nanoseconds.
    pub t_ns: u64,
    /// The thread: 0 is main, 1 is worker 0, 2 is worker 1 and so on.
    pub thread: u32,
    /// The VM, numbered over the scenario in the order of their making.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub vm: Option<u32>,
    /// The Proxy-Wasm context id within the VM.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub context: Option<u32>,
    /// What sort of thing happened.
    pub kind: Kind,
    /// Its name: `proxy_on_request_headers`, `proxy_log`, `fd_write`, `decode_headers`, `request` …
    pub name: Cow<'static, str>,
    /// Decoded arguments, in order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub args: Vec<Arg>,
    /// How it ended; absent while it runs, and where nothing can be said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub result: Option<Outcome>,
    /// Guest fuel used by it, callees included.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fuel: Option<u64>,
    /// The event that this one happened in: a host call's callback, a callback's chain step.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<u32>,
}

/// The sorts of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The host calls an export of the guest.
    Callback,
    /// The guest calls an import.
    HostCall,
    /// A log line.
    Log,
    /// The proxy does something of its own: a filter chain step, a local reply, a VM's start.
    Chain,
    /// A message to or from an upstream cluster.
    Upstream,
    /// A message to or from the client.
    Client,
    /// State shared between threads changed.
    State,
    /// A VM trapped, or a limit was hit.
    Trap,
    /// The trace was cut here: the cap on its events or on their bytes was reached.
    Cut,
}

impl Kind {
    /// The sorts that one can ask for: all but [`Kind::Cut`], which no run means.
    pub const ASKED: [Self; 8] = [
        Self::Callback,
        Self::HostCall,
        Self::Log,
        Self::Chain,
        Self::Upstream,
        Self::Client,
        Self::State,
        Self::Trap,
    ];

    /// The word in the trace.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::HostCall => "host_call",
            Self::Log => "log",
            Self::Chain => "chain",
            Self::Upstream => "upstream",
            Self::Client => "client",
            Self::State => "state",
            Self::Trap => "trap",
            Self::Cut => "cut",
        }
    }

    /// Reads the word of a sort that one can ask for.
    ///
    /// # Errors
    /// When it is none: all of them.
    #[cfg(feature = "host")]
    pub fn read(node: &Node) -> Result<Self, Problem> {
        let word = node.as_str()?;
        let found = Self::ASKED.into_iter().find(|kind| kind.word() == word);
        found.ok_or_else(|| {
            node.expected(&format!(
                "one of {}",
                Self::ASKED.map(Self::word).join(", ")
            ))
        })
    }
}

/// A named argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arg {
    /// The parameter's name as the ABI spells it.
    pub name: Cow<'static, str>,
    /// Its decoded value.
    pub value: Value,
}

/// A decoded value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A number.
    Int(i64),
    /// A word of an enum, or other fixed text: `request_headers`, `end_of_stream`.
    Word(Cow<'static, str>),
    /// Bytes that the guest or the network carried.
    Bytes(Bytes),
    /// A header map or other list of pairs.
    Pairs(Vec<(Bytes, Bytes)>),
}

/// How an event ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The status or return value in words: `Ok`, `NotFound`, `Continue`, `Pause`, a trap's cause.
    pub status: Cow<'static, str>,
    /// Why: which argument, which rule. Empty where the status says it all.
    #[serde(skip_serializing_if = "str::is_empty", default)]
    pub reason: Cow<'static, str>,
    /// What came back through out-parameters, decoded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<Value>,
}

impl Outcome {
    /// An outcome of a bare status.
    pub fn status(status: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status: status.into(),
            ..Self::default()
        }
    }
}

impl Outcome {
    /// About the bytes it keeps.
    fn size(&self) -> usize {
        self.reason.len() + self.value.as_ref().map_or(0, Value::size)
    }
}

impl Value {
    /// About the bytes it keeps.
    fn size(&self) -> usize {
        match self {
            Self::Int(_) => 0,
            Self::Word(word) => word.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Pairs(pairs) => pairs.iter().map(|(k, v)| k.len() + v.len() + 64).sum(),
        }
    }
}

/// An argument of any value.
pub fn arg(name: &'static str, value: impl Into<Value>) -> Arg {
    Arg {
        name: Cow::Borrowed(name),
        value: value.into(),
    }
}

impl From<u32> for Value {
    fn from(n: u32) -> Self {
        Self::Int(n.into())
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<usize> for Value {
    fn from(n: usize) -> Self {
        Self::Int(n as i64)
    }
}

impl From<&'static str> for Value {
    fn from(word: &'static str) -> Self {
        Self::Word(Cow::Borrowed(word))
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&super::Headers> for Value {
    fn from(headers: &super::Headers) -> Self {
        Self::Pairs(headers.iter().map(|(n, v)| (n.into(), v.into())).collect())
    }
}

/// Collects events while a scenario runs.
///
/// Numbers them, stamps thread and simulated time, nests them, and stops at a cap with a
/// visible mark. When capturing is off it records nothing and costs a branch.
///
/// Bytes count as well as events: a module may hand over all its memory in every call.
#[derive(Debug, Default)]
pub struct Trace {
    /// The events so far.
    pub events: Vec<Event>,
    /// Whether events are recorded at all.
    pub capture: bool,
    /// The most events that are kept.
    pub cap: u32,
    /// Simulated time since the scenario began, set by the proxy's clock.
    pub t_ns: u64,
    /// The thread that runs now.
    pub thread: u32,
    /// The event at which a replay stops: nothing is recorded or closed after it.
    pub stop_at: Option<u32>,
    /// Open events of each thread, innermost last: parents of what comes next.
    open: Vec<(u32, Vec<u32>)>,
    /// The bytes of all values so far.
    bytes: usize,
    /// Whether the mark is set and nothing more is recorded.
    cut: bool,
    /// Whether the event at which a replay stops is there.
    reached: bool,
}

/// The most bytes of values that a trace keeps.
const BYTES_MAX: usize = 32 << 20;

impl Trace {
    /// A trace that keeps up to `cap` events, or none when `capture` is false.
    pub fn new(capture: bool, cap: u32) -> Self {
        Self {
            capture,
            cap,
            ..Self::default()
        }
    }

    /// Records an event inside the innermost open one of this thread; returns its number.
    ///
    /// `None` when nothing is captured or the cap is reached.
    pub fn record(
        &mut self,
        kind: Kind,
        name: impl Into<Cow<'static, str>>,
        vm: Option<u32>,
        context: Option<u32>,
        args: Vec<Arg>,
        result: Option<Outcome>,
    ) -> Option<u32> {
        if !self.takes(0) {
            return None;
        }
        let n = self.events.len() as u32;
        if n == self.cap {
            self.cut("events", self.cap as usize);
            return None;
        }
        self.bytes += args.iter().map(|arg| arg.value.size()).sum::<usize>();
        self.bytes += result.as_ref().map_or(0, Outcome::size);
        self.push(kind, name.into(), vm, context, args, result);
        Some(n)
    }

    /// Whether an event with about so many bytes would be recorded. When it is the first that
    /// would not, the trace is cut here.
    pub fn takes(&mut self, bytes: usize) -> bool {
        if !self.capture || self.cut {
            return false;
        }
        let fits = self.bytes.saturating_add(bytes) <= BYTES_MAX;
        if !fits {
            self.cut("bytes", BYTES_MAX);
        }
        fits
    }

    fn cut(&mut self, of: &'static str, cap: usize) {
        self.cut = true;
        let args = vec![arg("of", of), arg("cap", cap)];
        self.push(Kind::Cut, Cow::Borrowed("cut"), None, None, args, None);
    }

    fn push(
        &mut self,
        kind: Kind,
        name: Cow<'static, str>,
        vm: Option<u32>,
        context: Option<u32>,
        args: Vec<Arg>,
        result: Option<Outcome>,
    ) {
        let parent = self.stack().last().copied();
        let n = self.events.len() as u32;
        if self.stop_at == Some(n) {
            (self.reached, self.cut) = (true, true);
        }
        self.events.push(Event {
            n,
            t_ns: self.t_ns,
            thread: self.thread,
            vm,
            context,
            kind,
            name,
            args,
            result,
            fuel: None,
            parent,
        });
    }

    /// Whether the event at which a replay stops has been recorded.
    pub fn reached(&self) -> bool {
        self.reached
    }

    /// Makes event `n` the parent of what this thread records next, until it is closed.
    pub fn open(&mut self, n: Option<u32>) {
        if let Some(n) = n {
            self.stack().push(n);
        }
    }

    /// Ends event `n`: sets its result and fuel, and stops nesting below it.
    pub fn close(&mut self, n: Option<u32>, result: Option<Outcome>, fuel: Option<u64>) {
        let Some(n) = n.filter(|_| !self.reached) else {
            return;
        };
        let stack = self.stack();
        if let Some(at) = stack.iter().rposition(|&open| open == n) {
            stack.truncate(at);
        }
        self.bytes += result.as_ref().map_or(0, Outcome::size);
        if let Some(event) = self.events.get_mut(n as usize) {
            event.result = result;
            event.fuel = fuel;
        }
    }

    fn stack(&mut self) -> &mut Vec<u32> {
        let thread = self.thread;
        let at = match self.open.iter().position(|(t, _)| *t == thread) {
            Some(at) => at,
            None => {
                self.open.push((thread, Vec::new()));
                self.open.len() - 1
            }
        };
        &mut self.open[at].1
    }
}
