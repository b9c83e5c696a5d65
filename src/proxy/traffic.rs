//! Traffic: its items begin in order or at their time, and end.

use super::clock::{OUTSIDE, Weight};
use super::shared::{Item, Shared};
use super::stream::{Iteration, Life, Side};
use super::task::Task;
use crate::abi::LogLevel;
use crate::host::call_plain;
use crate::model::lab::TrafficAction;
use crate::model::report::CallResult;
use crate::model::trace::{Kind, Outcome, arg};

impl Shared {
    /// The scenario's traffic begins.
    pub(super) fn begin_traffic(&mut self) {
        self.scheduler.begin();
        for item in 0..self.traffic.len() {
            if let Some(at) = self.traffic[item].at_ns {
                self.clock
                    .after(at, OUTSIDE, Task::Begin(item), Weight::Work);
            }
        }
        self.begin_next(0);
    }

    /// Begins an item, if it waits only for those before it.
    fn begin_next(&mut self, item: usize) {
        let Some(traffic) = self.traffic.get(item) else {
            return;
        };
        if traffic.at_ns.is_none() && self.items[item] == Item::Waiting {
            self.outside.push_back(Task::Begin(item));
        }
    }

    /// An item begins.
    pub(super) fn begin_item(&mut self, item: usize) {
        self.items[item] = Item::Running;
        self.patience = PATIENCE;
        let traffic = self.traffic[item].clone();
        match traffic.action {
            TrafficAction::Request(request) => {
                let (connection, thread) = self.connect(traffic.connection, traffic.worker);
                let stream = self.begin_request(&request, thread, connection, item);
                if let Some(cancel) = traffic.cancel_ns {
                    self.clock
                        .after(cancel, thread, Task::ClientGone(stream), Weight::Work);
                }
            }
            TrafficAction::Advance(ns) => {
                self.clock
                    .after(ns, OUTSIDE, Task::Elapsed(item), Weight::Work);
            }
            TrafficAction::Call {
                module,
                export,
                args,
            } => {
                self.plain_call(&module, export, &args);
                self.traffic_ended(item);
            }
            TrafficAction::Tcp {
                ref send,
                close,
                reset,
            } => self.begin_tcp(item, &traffic, send, close, reset),
        }
    }

    /// An item is over: the next may begin.
    pub(super) fn traffic_ended(&mut self, item: usize) {
        self.items[item] = Item::Over;
        self.patience = PATIENCE;
        self.begin_next(item + 1);
    }

    /// Nothing will happen any more to what still runs: it has stalled. Whether there was any.
    pub(super) fn give_up(&mut self) -> bool {
        let running = self.items.iter().position(|item| *item == Item::Running);
        match running {
            Some(item) => {
                self.stalled(item);
                self.traffic_ended(item);
                true
            }
            None => false,
        }
    }

    /// Records which filter holds a stream that has stalled.
    fn stalled(&mut self, item: usize) {
        if self.tcp_stalled(item) || !self.trace.capture {
            return;
        }
        let running = |s: &super::stream::Stream| s.traffic == item && s.life == Life::Running;
        let Some(index) = self.streams.iter().position(running) else {
            return;
        };
        let stream = &self.streams[index];
        let holds = |side: &Side| side.state != Iteration::Continue;
        let holder = stream
            .filters
            .iter()
            .position(|f| holds(&f.decode) || holds(&f.encode));
        self.trace.thread = stream.thread as u32;
        let mut args = vec![arg("stream", index)];
        if let Some(filter) = holder {
            args.push(arg("held_by", self.filter_name(filter).as_bytes()));
        }
        self.record(Kind::Chain, "stalled", None, None, args);
    }

    /// A connection by name or a new one, and the thread it is pinned to.
    fn connect(&mut self, name: Option<String>, worker: Option<u32>) -> (u64, usize) {
        if let Some(known) = name.as_ref().and_then(|name| self.connections.get(name)) {
            return *known;
        }
        let connection = self.pin(worker);
        self.http_stat("downstream_cx_total", 1);
        if let Some(name) = name {
            self.connections.insert(name, connection);
        }
        connection
    }

    /// A new connection's number, and the thread it is pinned to: round-robin, if not told.
    pub(super) fn pin(&mut self, worker: Option<u32>) -> (u64, usize) {
        let workers = self.threads.len() - 1;
        let worker = match worker {
            Some(worker) => worker as usize % workers,
            None => self.connections_made as usize % workers,
        };
        self.connections_made += 1;
        (self.connections_made, worker + 1)
    }

    /// An export of a plain module is called.
    fn plain_call(&mut self, module: &str, export: String, args: &[serde_json::Number]) {
        let event = if self.trace.capture {
            let words: Vec<String> = args.iter().map(ToString::to_string).collect();
            let args = vec![
                arg("module", module.as_bytes()),
                arg("export", export.as_bytes()),
                arg("args", words.join(", ").as_bytes()),
            ];
            let event = self.record(Kind::Callback, "call", None, None, args);
            self.trace.open(event);
            event
        } else {
            None
        };
        let bytes = self
            .contents
            .get(module)
            .cloned()
            .unwrap_or_else(|| [].into());
        let called = call_plain(&self.engine, &bytes, &export, args, &self.limits);
        let (call, fuel) = match called {
            Ok(call) => {
                for (level, text) in &call.logs {
                    self.plain_log(module, *level, text);
                }
                let results = call.results;
                (
                    CallResult {
                        export,
                        results,
                        trap: call.trap,
                    },
                    Some(call.fuel),
                )
            }
            // The call could not be made at all: to the caller that is as good as a trap.
            Err(why) => (
                CallResult {
                    export,
                    results: Vec::new(),
                    trap: Some(why),
                },
                None,
            ),
        };
        let words = match &call.trap {
            Some(trap) => format!("trap: {trap}"),
            None => call
                .results
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        };
        self.trace.close(event, Some(Outcome::status(words)), fuel);
        self.calls.push(call);
    }

    fn plain_log(&mut self, module: &str, level: u32, text: &[u8]) {
        let level = LogLevel::from_u32(level).unwrap_or(LogLevel::Info);
        if self.trace.capture {
            let args = vec![arg("log_level", level.word()), arg("message", text)];
            self.record(Kind::HostCall, "proxy_log", None, None, args);
        }
        self.log_line(None, module.to_owned(), level, text);
    }
}

/// How many ticks a stalled stream is given, to be continued by one of them.
pub(super) const PATIENCE: u32 = 64;
