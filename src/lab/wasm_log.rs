//! Envoy's own trace of a Wasm VM, `--component-log-level wasm:trace`, as the events of a timeline.
//!
//! proxy-wasm's C++ host writes a line when a call crosses the border and one when it comes back:
//! `[host->vm]`, `[host<-vm]`, `[vm->host]`, `[vm<-host]`. Arguments are bare words there, so the
//! tables of `abi` give them names; bytes behind a pointer are not in the log. Istio and `docker
//! compose` put other things in front of a line. Must not know: files, who prints the events.

mod line;

use crate::abi::{self, CallbackReturns, Param, ParamKind, Returns, Status};
use crate::host::argument;
use crate::model::trace::{Arg, Event, Kind, Outcome, Trace, Value, arg};
use line::{Head, read_head};
use std::borrow::Cow;

/// What was read of a log.
#[derive(Debug, Default)]
pub struct WasmLog {
    /// The events, as a run's trace has them.
    pub events: Vec<Event>,
    /// Lines that are none of the Wasm component: number, from 1, and text.
    pub others: Vec<(u32, String)>,
    /// How many lines there are.
    pub lines: u32,
    /// How many of them trace a call.
    pub calls: u32,
}

/// The most events of a log: as many as fit a timeline.
const EVENTS_MAX: u32 = 1_000_000;

/// Reads a log. No line is dropped: what is not of the Wasm component is among the others.
pub fn read_wasm_log(text: &str) -> WasmLog {
    let mut reader = Reader {
        trace: Trace::new(true, EVENTS_MAX),
        ..Reader::default()
    };
    let mut log = WasmLog::default();
    for line in text.lines() {
        log.lines += 1;
        let head = read_head(line);
        if !reader.take(&head, &mut log.calls) {
            log.others.push((log.lines, line.to_owned()));
        }
    }
    log.events = reader.trace.events;
    log
}

/// A call that has begun and not come back.
#[derive(Debug)]
struct Open {
    /// The function, with its module for an import.
    name: String,
    event: Option<u32>,
    context: Option<u32>,
    returns: Back,
}

/// What comes back from a call.
#[derive(Clone, Copy, Debug)]
enum Back {
    Callback(CallbackReturns),
    Call(Returns),
    Unknown,
}

#[derive(Debug, Default)]
struct Reader {
    trace: Trace,
    /// Threads by the word that the log has for them, in the order of their coming.
    threads: Vec<String>,
    /// Calls under way, by thread.
    open: Vec<Vec<Open>>,
    /// The time of the first line.
    start_ns: Option<u64>,
    /// The event whose text the next line goes on with, when it has no head of its own.
    goes_on: Option<u32>,
}

impl Reader {
    /// Takes a line; false when it is not of the Wasm component.
    fn take(&mut self, head: &Head<'_>, calls: &mut u32) -> bool {
        if let Some(ns) = head.time_ns {
            let start = *self.start_ns.get_or_insert(ns);
            self.trace.t_ns = ns.saturating_sub(start);
        }
        if head.component.is_some_and(|component| component != "wasm") {
            self.goes_on = None;
            return false;
        }
        let goes_on = match head.component {
            // A line without a head goes on with a text, or it is one that somebody has cut out.
            None => self.goes_on.take(),
            Some(_) => None,
        };
        let crossing = crossing(head.message);
        if crossing.is_none() && head.component.is_none() {
            if let Some(event) = goes_on {
                self.append(event, head.message);
                self.goes_on = Some(event);
            }
            return goes_on.is_some();
        }
        let thread = self.thread(head.thread.unwrap_or_default());
        self.trace.thread = thread as u32;
        match crossing {
            Some((Direction::IntoVm, rest)) => self.begin(thread, rest, true),
            Some((Direction::IntoHost, rest)) => self.begin(thread, rest, false),
            Some((Direction::Back, rest)) => self.end(thread, rest),
            None => {
                self.say(thread, head);
                return true;
            }
        }
        *calls += 1;
        true
    }

    fn thread(&mut self, word: &str) -> usize {
        if let Some(at) = self.threads.iter().position(|known| known == word) {
            return at;
        }
        self.threads.push(word.to_owned());
        self.open.push(Vec::new());
        self.threads.len() - 1
    }

    /// A call: `proxy_on_log(2)` or `env.proxy_log(2, 87776, 18)`.
    fn begin(&mut self, thread: usize, rest: &str, into_vm: bool) {
        let (name, words) = match rest.split_once('(') {
            Some((name, words)) => (name, words.trim_end().trim_end_matches(')')),
            None => (rest, ""),
        };
        let words: Vec<u64> = words
            .split(',')
            .filter_map(|word| number(word.trim()))
            .collect();
        let (module, function) = match into_vm {
            true => ("", name),
            false => name.split_once('.').unwrap_or(("env", name)),
        };
        let (params, returns): (&[Param], Back) = match into_vm {
            true => match abi::callback(function) {
                Some(known) => (known.params, Back::Callback(known.returns)),
                None => (&[], Back::Unknown),
            },
            false => match abi::host_call(module, function) {
                Some(known) => (known.params, Back::Call(known.returns)),
                None => (&[], Back::Unknown),
            },
        };
        let args = match params {
            [] => words
                .iter()
                .map(|word| arg("word", Value::Int(*word as i64)))
                .collect(),
            params => args(params, &words),
        };
        let first = params.first().map(|param| param.kind);
        let context = match (into_vm, first) {
            (true, Some(ParamKind::Context)) => words.first().map(|word| *word as u32),
            _ => self.open[thread].last().and_then(|open| open.context),
        };
        let kind = if into_vm {
            Kind::Callback
        } else {
            Kind::HostCall
        };
        let event = self
            .trace
            .record(kind, function.to_owned(), None, context, args, None);
        self.trace.open(event);
        self.open[thread].push(Open {
            name: name.to_owned(),
            event,
            context,
            returns,
        });
    }

    /// A return: `proxy_on_log return: void`. Calls that never came back, as after a trap, end with
    /// the one around them.
    fn end(&mut self, thread: usize, rest: &str) {
        let (name, value) = rest.split_once(" return: ").unwrap_or((rest, "void"));
        let open = &mut self.open[thread];
        let Some(at) = open.iter().rposition(|open| open.name == name) else {
            // Its beginning stands before the log does.
            let args = vec![arg("return", Value::Word(value.trim().to_owned().into()))];
            self.trace
                .record(Kind::Chain, name.to_owned(), None, None, args, None);
            return;
        };
        let call = open.swap_remove(at);
        open.truncate(at);
        let status = status(call.returns, value.trim());
        self.trace
            .close(call.event, Some(Outcome::status(status)), None);
    }

    /// A line of text: a plugin's own, the report of a failure, or what Envoy says of its VMs.
    fn say(&mut self, thread: usize, head: &Head<'_>) {
        if let Some(text) = head.message.strip_prefix("wasm log") {
            let text = text.trim_start();
            let logging = self.open[thread].last();
            let logging = logging.filter(|open| open.name == "env.proxy_log");
            if let Some(event) = logging.and_then(|open| open.event) {
                // The log has the line itself beside the call that wrote it.
                let message = text.split_once(": ").map_or(text, |(_, message)| message);
                self.tell(event, "message", message);
                self.goes_on = Some(event);
                return;
            }
        }
        let message = head.message.strip_prefix("Function: ");
        let failed = message.and_then(|rest| rest.split_once(" failed: "));
        let context = self.open[thread].last().and_then(|open| open.context);
        let event = match failed {
            Some((function, why)) => {
                let args = vec![arg("cause", why.as_bytes())];
                let event =
                    self.trace
                        .record(Kind::Trap, function.to_owned(), None, context, args, None);
                // Nothing of this thread's VM comes back any more.
                if let Some(first) = self.open[thread].first() {
                    self.trace
                        .close(first.event, Some(Outcome::status("trap")), None);
                }
                self.open[thread].clear();
                event
            }
            None => {
                let level = head.level.unwrap_or("info").to_owned();
                let args = vec![
                    arg("level", Value::Word(level.into())),
                    arg("message", head.message.as_bytes()),
                ];
                self.trace
                    .record(Kind::Log, "log", None, context, args, None)
            }
        };
        self.goes_on = event;
    }

    /// Sets an argument of an event that is there already.
    fn tell(&mut self, event: u32, name: &str, text: &str) {
        if let Some(event) = self.trace.events.get_mut(event as usize)
            && let Some(arg) = event.args.iter_mut().find(|arg| arg.name == name)
        {
            arg.value = Value::Bytes(text.into());
        }
    }

    /// Adds a line to the text of an event: its last argument of bytes.
    fn append(&mut self, event: u32, line: &str) {
        if let Some(event) = self.trace.events.get_mut(event as usize) {
            let texts = event.args.iter_mut().rev();
            let text = texts.filter_map(|arg| match &mut arg.value {
                Value::Bytes(bytes) => Some(bytes),
                _ => None,
            });
            for bytes in text.take(1) {
                bytes.0.push(b'\n');
                bytes.0.extend_from_slice(line.as_bytes());
            }
        }
    }
}

enum Direction {
    IntoVm,
    IntoHost,
    Back,
}

/// The arrow of a line, and what stands behind it.
fn crossing(message: &str) -> Option<(Direction, &str)> {
    let arrows = [
        ("[host->vm] ", Direction::IntoVm),
        ("[vm->host] ", Direction::IntoHost),
        ("[host<-vm] ", Direction::Back),
        ("[vm<-host] ", Direction::Back),
    ];
    let mut found = arrows.into_iter();
    found.find_map(|(arrow, direction)| Some((direction, message.strip_prefix(arrow)?)))
}

fn number(word: &str) -> Option<u64> {
    word.parse()
        .ok()
        .or_else(|| word.parse::<i64>().ok().map(|n| n as u64))
}

/// Arguments by the table, out-pointers left out as in a run's own trace.
fn args(params: &[Param], words: &[u64]) -> Vec<Arg> {
    let mut place = 0;
    let mut args = Vec::new();
    for param in params {
        let Some(word) = words.get(place) else { break };
        let next = words.get(place + 1).copied().unwrap_or(0);
        place += param.kind.wasm().len();
        if !param.kind.is_out() {
            args.push(Arg {
                name: Cow::Borrowed(param.name),
                // The log has no memory, only where the bytes were.
                value: argument(param.kind, *word, next, |pointer, size| {
                    Value::Word(format!("{size} bytes at 0x{pointer:x}").into())
                }),
            });
        }
    }
    // A module of another version takes more or fewer.
    let more = words.iter().skip(place);
    args.extend(more.map(|word| arg("word", Value::Int(*word as i64))));
    args
}

/// What came back, in the words of a run's own trace.
fn status(returns: Back, value: &str) -> Cow<'static, str> {
    let Some(n) = number(value) else {
        return match value {
            "void" => Cow::Borrowed(""),
            other => Cow::Owned(other.to_owned()),
        };
    };
    let word = match returns {
        Back::Callback(returns) => returns.word(n as u32),
        Back::Call(Returns::Status) => Status::from_u32(n as u32).map(Status::word),
        Back::Call(_) | Back::Unknown => None,
    };
    word.map_or_else(|| Cow::Owned(n.to_string()), Cow::Borrowed)
}
