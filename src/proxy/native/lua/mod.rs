//! The lua filter: scripts run in coroutines of a worker's state, and their waiting stops the chain.
//!
//! Envoy's `StreamHandleWrapper`: what a part of a message finds a script waiting for decides how
//! the script goes on, and where it stands then decides what becomes of the part.

mod call;
mod convert;
mod handle;
mod info;
mod load;
mod maps;
mod object;
mod world;

pub(in crate::proxy) use load::load_scripts;

use super::{At, NativeStream};
use crate::abi::LogLevel;
use crate::lua::{Failure, Flow, Limits, Lua, Value};
use crate::model::report::Message;
use crate::model::trace::{Kind, Outcome, arg};
use crate::proxy::config::{Config, FilterKind, LuaChoice, Native, NativeRoute};
use crate::proxy::iterate::Verdict;
use crate::proxy::shared::Shared;
use crate::proxy::task::{Direction, Part, Pass, Task};
use crate::proxy::wasm_filter::side;
use object::{Object, What};
use std::collections::BTreeMap;
use std::rc::Rc;
use world::World;

/// What a script may use in one run. In Envoy nothing stops one that goes on for ever.
pub(super) const LIMITS: Limits = Limits {
    instructions: 10_000_000,
    memory: 32 << 20,
};

/// The bytes that the scripts of a state may hand to the proxy: headers, bodies, metadata, logs.
pub(super) const GIVEN_MAX: usize = 32 << 20;

/// Scripts, their states and their calls.
#[derive(Debug, Default)]
pub(in crate::proxy) struct LuaWorld {
    /// The texts, by number.
    scripts: Rc<Vec<Vec<u8>>>,
    /// A state for each thread and script.
    states: BTreeMap<(usize, usize), State>,
    /// HTTP calls so far.
    calls: Vec<call::HttpCall>,
}

impl LuaWorld {
    pub(in crate::proxy) fn new(scripts: Rc<Vec<Vec<u8>>>) -> Self {
        Self {
            scripts,
            ..Self::default()
        }
    }
}

/// A script's state on a thread.
#[derive(Debug)]
struct State {
    lua: Lua,
    /// `envoy_on_request` and `envoy_on_response`.
    entries: [Value; 2],
    /// What the state's userdata stand for.
    objects: Vec<Object>,
    /// The bytes that it has handed to the proxy.
    given: usize,
}

/// The filter's state on a stream: what runs for the request, and for the response.
#[derive(Debug, Default)]
pub(in crate::proxy) struct LuaStream([Option<Run>; 2]);

/// A script that was called for a direction.
#[derive(Debug)]
struct Run {
    script: usize,
    thread: u32,
    waits: Wait,
    /// Whether the headers have gone on.
    headers_continued: bool,
    /// Whether a part of the body has come.
    saw_body: bool,
    /// Whether the message has come whole.
    ended: bool,
    /// Whether its trailers have come.
    saw_trailers: bool,
    /// A body that was added to a message without one.
    added_body: bool,
    /// Objects that there is one of.
    objects: Vec<(&'static str, u32)>,
    /// Public keys that it has imported.
    keys: Vec<Vec<u8>>,
    /// The HTTP call that it waits for.
    call: Option<usize>,
}

/// What a script waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// Nothing: it runs, or is over.
    Running,
    Body,
    Chunk,
    Trailers,
    HttpCall,
    /// It has answered, and never goes on.
    Responded,
}

/// What a script goes on with.
enum Resume {
    /// The handle: it begins.
    Handle,
    /// The whole body.
    Body,
    /// A part of it.
    Chunk,
    /// The trailers.
    Trailers,
    /// Nothing: what it waits for does not come.
    Nothing,
    /// An answer to its call, as a table or a list of values.
    Answer(Message, bool),
}

/// The entry points, by direction.
const ENTRIES: [&str; 2] = ["envoy_on_request", "envoy_on_response"];

impl Wait {
    fn of_headers(self) -> Verdict {
        match self {
            Self::Body | Self::HttpCall | Self::Responded => Verdict::Stop,
            _ => Verdict::Continue,
        }
    }

    fn of_data(self) -> Verdict {
        match self {
            Self::HttpCall => Verdict::Watermark,
            Self::Body => Verdict::Buffer,
            Self::Responded => Verdict::NoBuffer,
            _ => Verdict::Continue,
        }
    }

    fn of_trailers(self) -> Verdict {
        match self {
            Self::HttpCall | Self::Responded => Verdict::Stop,
            _ => Verdict::Continue,
        }
    }
}

impl Shared {
    /// Says which entry points scripts have not, as Envoy does when it loads them.
    pub(in crate::proxy) fn boot_scripts(&mut self) {
        self.enter(0);
        for script in 0..self.lua.scripts.len() {
            self.lua_state(script);
            let state = &self.lua.states[&(0, script)];
            let missing = ENTRIES.iter().zip(&state.entries);
            let missing = missing.filter(|(_, entry)| matches!(entry, Value::Nil));
            for (name, what) in missing
                .map(|(name, _)| (*name, &name[9..]))
                .collect::<Vec<_>>()
            {
                let message =
                    format!("{name}() function not found. Lua filter will not hook {what}s.");
                self.own_log(LogLevel::Info, message);
            }
        }
    }

    /// Makes the state of a script on the thread that runs, unless there is one.
    fn lua_state(&mut self, script: usize) {
        let key = (self.thread, script);
        if self.lua.states.contains_key(&key) {
            return;
        }
        let mut lua = load::new_state(script as u64);
        let scripts = self.lua.scripts.clone();
        let mut host = load::Loading {
            printed: Vec::new(),
            seconds: self.wall_ns(self.clock.now_ns) as f64 / 1e9,
        };
        // That it runs was seen when it was loaded.
        let ran = lua.exec(&scripts[script], &mut host);
        for line in host.printed {
            self.log_line(None, "lua".to_owned(), LogLevel::Info, &line);
        }
        let entries = ENTRIES.map(|name| match (&ran, lua.global(name)) {
            (Ok(()), entry @ Value::Func(_)) => {
                lua.keep(entry.clone());
                entry
            }
            _ => Value::Nil,
        });
        let state = State {
            lua,
            entries,
            objects: Vec::new(),
            given: 0,
        };
        self.lua.states.insert(key, state);
    }

    /// A part of a message comes to the filter.
    pub(super) fn lua_pass(
        &mut self,
        at: At,
        filter: &crate::proxy::config::Lua,
        pass: &mut Pass,
    ) -> Verdict {
        let (direction, end) = (pass.direction, pass.end);
        match &mut pass.part {
            Part::Headers => {
                let verdict = self.lua_headers(at, filter, direction, end);
                if verdict == Verdict::Continue && end {
                    self.lua_added_body(at, pass);
                }
                verdict
            }
            Part::Data(bytes) => self.lua_data(at, direction, bytes, end),
            Part::Trailers => self.lua_trailers(at, direction),
        }
    }

    fn run(&mut self, at: At, direction: Direction) -> Option<&mut Run> {
        match self.native_state(at) {
            NativeStream::Lua(stream) => stream.0[side(direction)].as_mut(),
            _ => None,
        }
    }

    /// Which script runs for a stream now.
    fn lua_script(&mut self, at: At, filter: &crate::proxy::config::Lua) -> Option<usize> {
        let config = self.config.clone();
        let route = self.lua_route(&config, at);
        let script = match route.map(|route| &route.choice) {
            None | Some(LuaChoice::Own) => filter.default.as_ref(),
            Some(LuaChoice::Disabled) => None,
            Some(LuaChoice::Named(name)) => {
                let named = filter.named.iter().find(|(known, _)| known == name);
                named.map(|(_, script)| script)
            }
            Some(LuaChoice::Script(script)) => Some(script),
        };
        script.map(|script| script.number)
    }

    /// What the stream's route says of the filter.
    fn lua_route<'a>(
        &mut self,
        config: &'a Config,
        at: At,
    ) -> Option<&'a crate::proxy::config::LuaRoute> {
        let routed = self.routed(config, at);
        routed.into_iter().find_map(|route| match route {
            NativeRoute::Lua(route) => Some(&**route),
            _ => None,
        })
    }

    fn lua_headers(
        &mut self,
        at: At,
        filter: &crate::proxy::config::Lua,
        direction: Direction,
        end: bool,
    ) -> Verdict {
        let Some(script) = self.lua_script(at, filter) else {
            return Verdict::Continue;
        };
        self.lua_state(script);
        let Some(state) = self.lua.states.get_mut(&(self.thread, script)) else {
            return Verdict::Continue;
        };
        let entry = state.entries[side(direction)].clone();
        if let Value::Nil = entry {
            return Verdict::Continue;
        }
        let run = Run {
            script,
            thread: state.lua.start(entry),
            waits: Wait::Running,
            headers_continued: false,
            saw_body: false,
            ended: end,
            saw_trailers: false,
            added_body: false,
            objects: Vec::new(),
            keys: Vec::new(),
            call: None,
        };
        let native = self.native_state(at);
        if !matches!(native, NativeStream::Lua(_)) {
            *native = NativeStream::Lua(Box::default());
        }
        if let NativeStream::Lua(stream) = native {
            stream.0[side(direction)] = Some(run);
        }
        self.lua_stat(at, "executions");
        self.lua_resume(at, direction, Resume::Handle);
        self.lua_verdict(at, direction, Wait::of_headers)
    }

    fn lua_data(
        &mut self,
        at: At,
        direction: Direction,
        bytes: &mut Vec<u8>,
        end: bool,
    ) -> Verdict {
        let Some(run) = self.run(at, direction) else {
            return Verdict::Continue;
        };
        (run.saw_body, run.ended) = (true, end);
        match run.waits {
            Wait::Chunk => {
                self.streams[at.stream].half(direction).chunk = std::mem::take(bytes);
                self.lua_resume(at, direction, Resume::Chunk);
                *bytes = std::mem::take(&mut self.streams[at.stream].half(direction).chunk);
            }
            Wait::Body if end => {
                let bytes = std::mem::take(bytes);
                self.hold(at.stream, direction, bytes);
                if !self.streams[at.stream].iterates(direction) {
                    return Verdict::NoBuffer;
                }
                self.lua_resume(at, direction, Resume::Body);
            }
            Wait::Trailers if end => self.lua_resume(at, direction, Resume::Nothing),
            _ => {}
        }
        self.lua_verdict(at, direction, Wait::of_data)
    }

    fn lua_trailers(&mut self, at: At, direction: Direction) -> Verdict {
        let Some(run) = self.run(at, direction) else {
            return Verdict::Continue;
        };
        (run.ended, run.saw_trailers) = (true, true);
        match run.waits {
            Wait::Chunk => self.lua_resume(at, direction, Resume::Nothing),
            Wait::Body => self.lua_resume(at, direction, Resume::Body),
            _ => {}
        }
        if self
            .run(at, direction)
            .is_some_and(|run| run.waits == Wait::Trailers)
        {
            self.lua_resume(at, direction, Resume::Trailers);
        }
        self.lua_verdict(at, direction, Wait::of_trailers)
    }

    /// What becomes of a part, by where its script stands now; a script that has failed lets it pass.
    fn lua_verdict(&mut self, at: At, direction: Direction, of: fn(Wait) -> Verdict) -> Verdict {
        let Some(run) = self.run(at, direction) else {
            return Verdict::Continue;
        };
        let verdict = of(run.waits);
        run.headers_continued |= verdict == Verdict::Continue;
        verdict
    }

    /// A body that a script has added to a message of headers alone follows these.
    fn lua_added_body(&mut self, at: At, pass: &mut Pass) {
        let added = self
            .run(at, pass.direction)
            .is_some_and(|run| run.added_body);
        let stream = &mut self.streams[at.stream];
        let held = match added {
            true => stream.half(pass.direction).held.take(),
            false => None,
        };
        if let Some(bytes) = held.filter(|bytes| !bytes.is_empty()) {
            pass.end = false;
            let mut body = pass.clone();
            body.event = None;
            (body.part, body.end) = (Part::Data(bytes), true);
            body.at = stream.next(Some(at.filter), pass.direction);
            self.push_front(Task::Pass(body));
        }
    }

    /// Lets a script go on.
    fn lua_resume(&mut self, at: At, direction: Direction, with: Resume) {
        let Some(run) = self.run(at, direction) else {
            return;
        };
        run.waits = Wait::Running;
        let (script, thread) = (run.script, run.thread);
        let key = (self.thread, script);
        let Some(mut state) = self.lua.states.remove(&key) else {
            return;
        };
        let event = self.lua_opens(at, direction, &with);
        let first = state.objects.len();
        let mut world = World {
            shared: self,
            objects: &mut state.objects,
            given: &mut state.given,
            at,
            direction,
        };
        let args = world.resume_with(&mut state.lua, with);
        let result = state.lua.resume(thread, args, &mut world);
        let fuel = state.lua.used();
        // Envoy's `onMarkDead`: but for the handle, no object outlives a wait of its script.
        for object in state.objects.iter_mut().skip(first) {
            if !matches!(object.what, What::Handle | What::Chunks) {
                object.what = What::Gone;
            }
        }
        self.lua.states.insert(key, state);
        if let Some(run) = self.run(at, direction) {
            run.objects.retain(|(name, _)| *name == "handle");
        }
        let waits = self
            .run(at, direction)
            .map_or(Wait::Running, |run| run.waits);
        let failure = match result {
            Ok(Flow::Ended) => {
                if let Some(run) = self.run(at, direction) {
                    run.waits = Wait::Running;
                }
                None
            }
            Ok(Flow::Yielded { by_host }) if by_host && waits != Wait::Running => None,
            Ok(Flow::Yielded { .. }) => Some(Failure {
                message: "script performed an unexpected yield".to_owned(),
                line: 0,
                limit: None,
            }),
            Err(failure) => Some(failure),
        };
        let word = match (&failure, waits) {
            (Some(_), _) => "error",
            (None, Wait::Running) => "returned",
            (None, Wait::Body) => "waits for the body",
            (None, Wait::Chunk) => "waits for a chunk",
            (None, Wait::Trailers) => "waits for trailers",
            (None, Wait::HttpCall) => "waits for httpCall",
            (None, Wait::Responded) => "responded",
        };
        let mut outcome = Outcome::status(word);
        if let Some(failure) = failure {
            outcome.reason = failure.message.clone().into();
            self.lua_failed(at, failure);
        }
        self.trace.close(event, Some(outcome), Some(fuel));
    }

    /// Records that a script runs, and nests what happens in it.
    fn lua_opens(&mut self, at: At, direction: Direction, with: &Resume) -> Option<u32> {
        if !self.trace.capture {
            return None;
        }
        let word = match with {
            Resume::Handle => "begin",
            Resume::Body => "body",
            Resume::Chunk => "chunk",
            Resume::Trailers => "trailers",
            Resume::Nothing => "end",
            Resume::Answer(..) => "response",
        };
        let filter = self.filter_name(at.filter).as_bytes();
        let args = vec![
            arg("stream", at.stream),
            arg("filter", filter),
            arg("resume", word),
        ];
        let name = ENTRIES[side(direction)];
        let event = self.record(Kind::Callback, name, None, None, args);
        self.trace.open(event);
        event
    }

    /// Envoy's `scriptError`: the message is logged, both handles are dropped, the stream goes on.
    fn lua_failed(&mut self, at: At, failure: Failure) {
        let message = match failure.limit {
            None => failure.message,
            Some("memory") => format!(
                "{}: the simulator's limit is {} MiB for a script's state",
                failure.message,
                LIMITS.memory >> 20
            ),
            Some(_) => format!(
                "{}: the simulator's limit is {} instructions for one run; in Envoy it would hold up its worker",
                failure.message, LIMITS.instructions
            ),
        };
        if let Some(limit) = failure.limit
            && self.trace.capture
        {
            let args = vec![arg("limit", limit)];
            self.record(Kind::Trap, "lua_limit", None, None, args);
        }
        self.lua_log(at, LogLevel::Error, message.as_bytes());
        self.lua_stat(at, "errors");
        if let NativeStream::Lua(stream) = std::mem::take(self.native_state(at)) {
            self.lua_ends(at.stream, *stream);
        }
    }

    /// `script log: …` in Envoy's log.
    fn lua_log(&mut self, at: At, level: LogLevel, message: &[u8]) {
        let line = [b"script log: ", message].concat();
        let name = self.filter_name(at.filter).to_owned();
        self.log_line(None, name, level, &line);
    }

    fn lua_stat(&mut self, at: At, word: &str) {
        let config = self.config.clone();
        let FilterKind::Native(Native::Lua(filter)) = &config.manager.filters[at.filter].kind
        else {
            return;
        };
        match filter.stat_prefix.as_str() {
            "" => self.http_stat(&format!("lua.{word}"), 1),
            prefix => self.http_stat(&format!("lua.{prefix}.{word}"), 1),
        }
    }

    /// Scripts of a stream are given up: it has ended, or one of them has failed.
    pub(super) fn lua_ends(&mut self, stream: usize, lua: LuaStream) {
        for run in lua.0.into_iter().flatten() {
            if let Some(call) = run.call {
                self.lua_gives_up(call);
            }
            let thread = self.streams[stream].thread;
            if let Some(state) = self.lua.states.get_mut(&(thread, run.script)) {
                state.lua.forget(run.thread);
                let mine = |object: &&mut Object| object.at.stream == stream;
                let objects = state.objects.iter_mut().filter(mine);
                objects.for_each(|object| object.what = What::Gone);
            }
        }
    }
}
