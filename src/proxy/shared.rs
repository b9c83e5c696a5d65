//! What all threads, VMs and streams of a scenario share, and the work of one task.
//!
//! `Shared` is handed into a VM for the length of a guest call, so it never calls a guest itself:
//! a task names the call it wants, the driver makes it, and [`Shared::after`] goes on.

use super::clock::Clock;
use super::config::{Config, Plugin};
use super::effects::Effect;
use super::random::Random;
use super::schedule::Scheduler;
use super::state::State;
use super::stream::Stream;
use super::task::{After, Call, Direction, Ended, Made, Task};
use super::world::Contents;
use crate::abi::{AbiVersion, LogLevel};
use crate::host::{At, Engine, Limits, Profile, RunUse};
use crate::model::exercise::Play;
use crate::model::lab::{Traffic, UpstreamRule};
use crate::model::moment::Moment;
use crate::model::report::{CallResult, LogLine, UpstreamRequest, VmReport};
use crate::model::trace::{Kind, Trace, arg};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// The shared world of one scenario.
pub(super) struct Shared {
    /// The configuration.
    pub(super) config: Rc<Config>,
    /// The host profile.
    pub(super) profile: Profile,
    /// The lab's seed, drawn from by ids and guests.
    pub(super) random: Random,
    /// Wall clock at the scenario's beginning, nanoseconds since the epoch.
    pub(super) start_ns: u64,
    /// Simulated time.
    pub(super) clock: Clock,
    /// Which thread runs next.
    pub(super) scheduler: Scheduler,
    /// The threads: main, then workers.
    pub(super) threads: Vec<Thread>,
    /// What happens outside the proxy, next first: traffic begins or is over.
    pub(super) outside: VecDeque<Task>,
    /// The thread that runs now.
    pub(super) thread: usize,
    /// The plugins, in the order of the configuration.
    pub(super) plugins: Vec<PluginInfo>,
    /// The plugin of each filter of the chain; a native filter has none.
    pub(super) chain: Vec<Option<usize>>,
    /// The VMs, by number.
    pub(super) vms: Vec<VmInfo>,
    /// VMs that were thrown away and not yet freed.
    pub(super) gone: Vec<usize>,
    /// VM and context to stream and filter.
    pub(super) contexts: BTreeMap<(u32, u32), (usize, usize)>,
    /// The streams.
    pub(super) streams: Vec<Stream>,
    /// What the upstreams answer.
    pub(super) upstreams: Rc<BTreeMap<String, Vec<UpstreamRule>>>,
    /// The traffic.
    pub(super) traffic: Vec<Traffic>,
    /// How each item of the traffic stands.
    pub(super) items: Vec<Item>,
    /// Connections by name: number and thread.
    pub(super) connections: BTreeMap<String, (u64, usize)>,
    /// Connections so far.
    pub(super) connections_made: u64,
    /// TCP connections.
    pub(super) tcp: super::tcp::Tcp,
    /// Remote code that was asked for.
    pub(super) code_cache: super::remote::CodeCache,
    /// State that VMs share, and metrics.
    pub(super) state: State,
    /// Callouts so far.
    pub(super) callouts: Vec<super::callout::Callout>,
    /// Scripts, their states and their calls.
    pub(super) lua: super::native::LuaWorld,
    /// How many requests to a cluster are under way, callouts among them.
    pub(super) under_way: BTreeMap<String, usize>,
    /// How many retries to a cluster are under way.
    pub(super) retries: BTreeMap<String, usize>,
    /// gRPC callouts whose tokens mean something, by VM, root and token.
    pub(super) grpc_tokens: BTreeMap<(usize, u32, u32), usize>,
    /// gRPC callouts so far.
    pub(super) grpc: Vec<super::grpc::GrpcCallout>,
    /// Log lines.
    pub(super) logs: Vec<LogLine>,
    /// Access log lines.
    pub(super) access_log: Vec<String>,
    /// Results of plain calls.
    pub(super) calls: Vec<CallResult>,
    /// Why the configuration was rejected.
    pub(super) rejected: Option<String>,
    /// Why the scenario was stopped before its end.
    pub(super) stopped: Option<String>,
    /// Whether the traffic is over and Envoy shuts down: no time passes any more.
    pub(super) closing: bool,
    /// The VMs as they were when the traffic was over.
    pub(super) vms_at_end: Option<Vec<VmReport>>,
    /// Steps of its threads so far.
    pub(super) steps: u32,
    /// The most bytes that one filter held.
    pub(super) peak_buffer: u64,
    /// Requests of callouts that no stream has sent.
    pub(super) root_requests: Vec<UpstreamRequest>,
    /// The filter callback that runs now: stream, filter and direction.
    pub(super) running_callback: Option<(usize, usize, Direction)>,
    /// How many more ticks a stalled stream is given.
    pub(super) patience: u32,
    /// The interpreter, for plain calls.
    pub(super) engine: Rc<Engine>,
    /// What a VM may use.
    pub(super) limits: Limits,
    /// What the VMs of the scenario use together.
    pub(super) run: RunUse,
    /// The bytes of the lab's files.
    pub(super) contents: Rc<Contents>,
    /// Host calls that somebody answers in the proxy's place.
    pub(super) plays: Rc<Vec<Play>>,
    /// How often each of them was called in a stream.
    pub(super) called: BTreeMap<&'static str, usize>,
    /// The least level that is logged.
    pub(super) log_level: LogLevel,
    /// The trace.
    pub(super) trace: Trace,
    /// What a replay saw where it stopped.
    pub(super) seen: Option<Moment>,
}

/// A thread.
#[derive(Debug, Default)]
pub(super) struct Thread {
    /// What it has to do, next first.
    pub(super) queue: VecDeque<Task>,
    /// How many tasks at the front belong to the turn that runs: one event and all it leads to.
    pub(super) turn: usize,
    /// The guest call that is suspended, if one is.
    pub(super) parked: Option<Made>,
    /// Effects of the guest call that runs.
    pub(super) effects: Vec<Effect>,
    /// Its serving VM of each VM key.
    pub(super) vms: BTreeMap<usize, usize>,
    /// Its root contexts: plugin to VM and root.
    pub(super) roots: BTreeMap<usize, (usize, u32)>,
    /// Turns of load balancing, by cluster.
    pub(super) turns: BTreeMap<usize, usize>,
}

/// What a plugin is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A filter of the chain.
    Filter,
    /// An access logger.
    Logger,
    /// A service without traffic: on every thread, or on the main thread alone.
    Service {
        /// Only one instance.
        singleton: bool,
    },
}

/// A plugin.
pub(super) struct PluginInfo {
    /// What it is for.
    pub(super) purpose: Purpose,
    /// Its configuration.
    pub(super) config: Plugin,
    /// The number of its VM key: same vm_id, VM configuration and code share it.
    pub(super) key: usize,
    /// The first plugin with the same name, root id and configuration on this key: they share a root.
    pub(super) same_as: usize,
    /// The ABI version of its module.
    pub(super) abi: AbiVersion,
    /// The SHA-256 of its module's bytes, in hexadecimal: a trace names what it ran.
    pub(super) sha256: String,
    /// What the fetch of its code comes to; `None` where nothing is fetched.
    pub(super) fetch: Option<super::code::Fetch>,
}

/// A VM, as far as the proxy knows it.
#[derive(Debug)]
pub(super) struct VmInfo {
    /// Its thread.
    pub(super) thread: usize,
    /// The plugin whose settings it was made with.
    pub(super) plugin: usize,
    /// What it is for.
    pub(super) role: super::task::Role,
    /// Whether it is dead.
    pub(super) failed: bool,
    /// When it was made, or last tried to be made anew, nanoseconds since the scenario began.
    pub(super) loaded_ns: u64,
    /// How many HTTP callouts it has sent.
    pub(super) callouts: u32,
    /// How many gRPC calls and streams it has begun.
    pub(super) grpc_callouts: [u32; 2],
    /// Its root contexts.
    pub(super) roots: BTreeMap<u32, Root>,
}

/// A root context.
#[derive(Debug)]
pub(super) struct Root {
    /// Its plugin.
    pub(super) plugin: usize,
    /// The stage of its start that runs, which decides what configuration is readable.
    pub(super) stage: Option<super::task::Stage>,
    /// Tick period in nanoseconds; 0 is off.
    pub(super) tick_ns: u64,
    /// The tick's timer.
    pub(super) tick: Option<super::clock::TimerId>,
    /// Code and message of the last status.
    pub(super) status: (u32, Vec<u8>),
    /// `on_done` returned false and `proxy_done` has not come.
    pub(super) parked: bool,
    /// The callout whose answer is readable.
    pub(super) callout: Option<usize>,
    /// What a gRPC callout has brought, readable while its callback runs.
    pub(super) grpc: Option<super::grpc::Seen>,
    /// The stream that it logs, as an access logger.
    pub(super) logs: Option<usize>,
}

/// How an item of traffic stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// Not begun.
    Waiting,
    /// Begun, not over.
    Running,
    /// Over.
    Over,
}

impl Shared {
    /// Puts a task before all others of the thread that runs.
    pub(super) fn push_front(&mut self, task: Task) {
        let thread = &mut self.threads[self.thread];
        thread.queue.push_front(task);
        thread.turn += 1;
    }

    /// Makes a thread the one that runs.
    pub(super) fn enter(&mut self, thread: usize) {
        self.thread = thread;
        self.trace.thread = thread as u32;
        self.trace.t_ns = self.clock.now_ns;
    }

    /// Takes the next task of the thread that runs.
    pub(super) fn pop(&mut self) -> Option<Task> {
        let thread = &mut self.threads[self.thread];
        thread.turn = thread.turn.saturating_sub(1);
        thread.queue.pop_front()
    }

    /// Whether the thread that runs is in the middle of a turn: an event loop finishes what it has
    /// begun before it lets go, unless its guest is suspended at a host call.
    pub(super) fn in_turn(&self) -> bool {
        let thread = &self.threads[self.thread];
        thread.turn > 0 && thread.parked.is_none()
    }

    /// Which threads have work.
    pub(super) fn ready(&self) -> Vec<bool> {
        self.threads.iter().map(Thread::has_work).collect()
    }

    /// Does a task; the guest call that it wants, if it wants one.
    pub(super) fn perform(&mut self, task: Task) -> Option<Call> {
        match task {
            Task::Boot(boot) => return self.boot(boot),
            Task::FetchCode(plugin, attempt) => self.fetch_code(plugin, attempt),
            Task::CodeFetched(plugin, attempt) => self.code_fetched(plugin, attempt),
            Task::Pass(pass) => return self.pass(pass),
            Task::Continue(stream, filter, direction, trailers) => {
                self.continue_filter(stream, filter, direction, trailers);
            }
            Task::ContinueBody(body) => self.continue_body(body),
            Task::ContinueTrailers(stream, direction, at) => {
                self.continue_trailers(stream, direction, at)
            }
            Task::ClientRead(stream) => self.client_read(stream),
            Task::UpstreamRead(stream) => self.upstream_read(stream),
            Task::ClientGone(stream) => self.client_gone(stream),
            Task::RouteTimeout(stream) => self.timed_out(stream),
            Task::PerTryTimeout(stream) => self.per_try_timed_out(stream),
            Task::Retry(stream) => self.retry(stream),
            Task::IdleTimeout(stream) => self.idle_timeout(stream),
            Task::UpstreamAnswer(stream) => self.upstream_answers(stream),
            Task::FaultTokens(stream, filter) => self.fault_tokens(stream, filter),
            Task::FaultDelay(stream, filter) => self.fault_delayed(stream, filter),
            Task::RateLimited(stream, filter) => self.ratelimit_answered(stream, filter),
            Task::LuaCalled(call) => self.lua_called(call),
            Task::Log(stream) => self.log_stream(stream),
            Task::FilterLog(..) | Task::FilterDone(..) | Task::FilterDelete(..) => {
                return self.filter_end(&task);
            }
            Task::RootDelete(vm, root) => return self.released_root(vm, root),
            Task::PluginStops(plugin) => return self.plugin_stops(plugin),
            Task::PluginStopped(plugin, event) => return self.plugin_stopped(plugin, event),
            Task::RootLog(stream, plugin) => return self.root_log(stream, plugin),
            Task::Ended(stream, event) => self.ended(stream, event),
            Task::Begin(item) => self.begin_item(item),
            Task::Elapsed(item) => self.traffic_ended(item),
            Task::Tick(vm, root) => return self.tick(vm, root),
            Task::QueueReady(vm, root, token) => return self.queue_ready(vm, root, token),
            Task::Tcp(task) => return self.tcp(task),
            Task::Callout(callout) => return self.callout_ended(callout),
            Task::GrpcFrame(callout) => self.grpc_frame(callout),
            Task::GrpcTimeout(callout) => self.grpc_timed_out(callout),
            Task::Grpc(callout, signal) => return self.grpc_signal(callout, signal),
        }
        None
    }

    /// A guest call has ended: its effects, then what it was for.
    pub(super) fn after(&mut self, after: After, vm: usize, ended: Ended, context: Option<u32>) {
        if let Ended::Failed(message) = &ended {
            self.vm_failed(vm, message.clone());
        }
        self.apply_effects();
        match after {
            After::Boot(boot) => self.booted(boot, ended, context),
            After::Created(pass) => self.wasm_created(pass, context),
            After::Callback(pass) => self.wasm_returned(pass, ended),
            After::CreatedToLog(stream, filter) => {
                self.wasm_created_to_log(stream, filter, context)
            }
            After::LoggedByRoot(vm, root) => self.logged_by_root(vm, root),
            After::Logged(stream, filter) => {
                self.streams[stream].filters[filter].wasm.logging = false
            }
            After::Deleted(stream, filter) => self.deleted(stream, filter),
            After::Ticked(vm, root, event) => {
                self.trace.close(event, None, None);
                self.arm_tick(vm, root);
            }
            After::Notified(event) => self.trace.close(event, None, None),
            After::CalledOut(callout, event) => {
                self.trace.close(event, None, None);
                self.called_out(callout);
            }
            After::GrpcSignalled(callout, event) => {
                self.trace.close(event, None, None);
                self.grpc_signalled(callout, &ended);
            }
            After::RootDone(vm, root) => self.root_done(vm, root, &ended),
            After::RootDeleted(vm, root, end) => self.root_deleted(vm, root, end),
            After::Tcp(after) => self.tcp_after(after, ended),
            After::Nothing => {}
        }
    }

    /// Wall clock at a simulated time, in nanoseconds; it stays at the end of what they can count.
    pub(super) fn wall_ns(&self, at_ns: u64) -> u64 {
        self.start_ns.saturating_add(at_ns)
    }

    /// Wall clock as `date` writes it.
    pub(super) fn now_text(&self) -> String {
        super::time::http_date(self.wall_ns(self.clock.now_ns))
    }

    /// Adds to a stat of the connection manager.
    pub(super) fn http_stat(&mut self, name: &str, by: u64) {
        let name = format!("http.{}.{name}", self.config.manager.stat_prefix);
        *self.state.stats.entry(name).or_insert(0) += by;
    }

    /// Adds to a stat of a cluster.
    pub(super) fn cluster_stat(&mut self, cluster: &str, name: &str, by: u64) {
        *self
            .state
            .stats
            .entry(format!("cluster.{cluster}.{name}"))
            .or_insert(0) += by;
    }

    /// Records a time, in nanoseconds, in a histogram of milliseconds.
    pub(super) fn time_stat(&mut self, name: String, ns: u64) {
        let histogram = self.state.histograms.entry(name).or_default();
        histogram.record(ns / 1_000_000);
    }

    /// Counts a response by its code, in a cluster's stats: as it is, and with prefixes before it.
    pub(super) fn count_response(&mut self, cluster: &str, prefixes: &[&str], status: &str) {
        let class = status.get(..1).unwrap_or("0");
        for prefix in prefixes {
            for what in ["completed", &format!("{class}xx"), status] {
                self.cluster_stat(cluster, &format!("{prefix}upstream_rq_{what}"), 1);
            }
        }
    }

    /// Counts a response that the router has, whoever made it. No client is internal.
    pub(super) fn count_final(&mut self, cluster: &str, status: &str) {
        self.count_response(cluster, &["", "external."], status);
    }

    /// A filter's configured plugin name, for the trace.
    pub(super) fn filter_name(&self, filter: usize) -> &str {
        let plugin = self.chain[filter].map(|plugin| &self.plugins[plugin].config.name);
        match plugin.filter(|name| !name.is_empty()) {
            None => &self.config.manager.filters[filter].name,
            Some(name) => name,
        }
    }

    /// A line of the proxy's own log.
    pub(super) fn own_log(&mut self, level: LogLevel, message: String) {
        self.log_line(None, String::new(), level, message.as_bytes());
    }

    /// A line of the log, in the report and in the trace.
    pub(super) fn log_line(
        &mut self,
        at: Option<At>,
        plugin: String,
        level: LogLevel,
        message: &[u8],
    ) {
        if self.trace.takes(message.len()) {
            let args = vec![arg("log_level", level.word()), arg("message", message)];
            let (vm, context) = (at.map(|at| at.vm), at.map(|at| at.context));
            self.record(Kind::Log, "log", vm, context, args);
        }
        self.logs.push(LogLine {
            t_ns: self.clock.now_ns,
            thread: self.thread as u32,
            plugin,
            level: level.word().to_owned(),
            message: String::from_utf8_lossy(message).into_owned(),
        });
    }
}

impl Thread {
    /// Whether there is something to do.
    fn has_work(&self) -> bool {
        self.parked.is_some() || !self.queue.is_empty()
    }
}
