//! A scenario's world: the shared part, its VMs, and the loop that runs threads and lets time pass.

use super::clock::{Clock, OUTSIDE, Weight};
use super::code::{Loaded, absent};
use super::config::{self, Config, FilterKind, Logger, Plugin};
use super::moment;
use super::random::Random;
use super::remote::CodeCache;
use super::report::report;
use super::schedule::Scheduler;
use super::search::Search;
use super::shared::{Item, PluginInfo, Purpose, Shared, Thread};
use super::state::State;
use super::task::{After, Command, Ended, Made};
use super::tcp::{Tcp, check_rules};
use super::traffic::PATIENCE;
use crate::abi::{AbiVersion, LogLevel};
use crate::host::{Engine, GuestCall, Limits, Module, Profile, RunUse, Step, Vm, VmSettings};
use crate::model::Problem;
use crate::model::exercise::Play;
use crate::model::lab::{Lab, Scenario, TrafficAction};
use crate::model::moment::{Moment, Window};
use crate::model::report::ScenarioReport;
use crate::model::trace::{Event, Trace};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// The bytes of a lab's files, by path or URL.
pub(crate) type Contents = BTreeMap<String, Arc<[u8]>>;

/// A lab whose configuration has been read and whose modules have been loaded.
pub struct Prepared {
    config: Rc<Config>,
    engine: Rc<Engine>,
    limits: Limits,
    profile: Profile,
    loaded: Loaded,
    contents: Rc<Contents>,
    plays: Rc<Vec<Play>>,
    upstreams: Rc<BTreeMap<String, Vec<crate::model::lab::UpstreamRule>>>,
    /// Lua's scripts, by number.
    scripts: Rc<Vec<Vec<u8>>>,
    lab: LabParts,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let modules = self.loaded.modules.iter().map(Module::name);
        f.debug_struct("Prepared")
            .field("modules", &modules.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// What every scenario needs of the lab.
struct LabParts {
    concurrency: u32,
    seed: u64,
    start_ns: u64,
    schedule: crate::model::lab::Schedule,
}

/// Steps after which a scenario is stopped: somebody goes in circles, or a tick strikes for hours.
const STEPS_MAX: u32 = 1_000_000;

/// Answers of callouts that are awaited when nothing else keeps a scenario going.
const CALLOUTS_MAX: u32 = 100;

impl Prepared {
    /// Reads the configuration and loads the modules.
    ///
    /// # Errors
    /// The first thing that cannot be used: a field, a file, a module, an item of traffic.
    pub fn new(lab: &Lab, contents: &BTreeMap<String, Arc<[u8]>>) -> Result<Self, Problem> {
        let mut config = config::read(&lab.envoy)?;
        config.read_files(|name, place| match contents.get(name) {
            Some(bytes) => Ok(&**bytes),
            None => Err(absent(name, place, contents.keys())),
        })?;
        let scripts = super::native::load_scripts(&mut config, lab, contents)?;
        let limits = Limits::default();
        let engine = Engine::new(&limits);
        let Some(profile) = Profile::named(&lab.profile) else {
            return Err(Problem::in_file(
                &lab.file,
                format!("no host profile is named `{}`", lab.profile),
                "Leave `profile` out for Envoy.",
            ));
        };
        let plugins = configured(&config).into_iter().map(|(plugin, _)| plugin);
        let loaded = Loaded::load(lab, &config, plugins, contents, &engine)?;
        for scenario in &lab.scenarios {
            check_traffic(lab, &config, scenario, contents)?;
        }
        check_rules(lab, &config)?;
        Ok(Self {
            config: Rc::new(config),
            engine: Rc::new(engine),
            limits,
            profile,
            loaded,
            contents: Rc::new(contents.clone()),
            plays: Rc::new(lab.plays.clone()),
            upstreams: Rc::new(lab.upstreams.clone()),
            scripts: Rc::new(scripts),
            lab: LabParts {
                concurrency: lab.concurrency.max(1),
                seed: lab.seed,
                start_ns: lab.start_ns,
                schedule: lab.schedule.clone(),
            },
        })
    }

    /// Runs a scenario in a fresh world. The report has no checks yet.
    pub fn run(&self, scenario: &Scenario, capture: bool, event_cap: u32) -> ScenarioReport {
        let mut vms = Vec::new();
        let shared = Box::new(self.shared(scenario, Trace::new(capture, event_cap)));
        let shared = self.play(shared, &mut vms);
        report(*shared, &vms, scenario)
    }

    /// Runs a scenario in the order of threads that a search has come to, and not in the lab's.
    ///
    /// The report is nothing when the run was given up: another one covers it.
    pub fn run_in_order(
        &self,
        scenario: &Scenario,
        event_cap: u32,
        search: Search,
    ) -> (Option<ScenarioReport>, Search) {
        let mut vms = Vec::new();
        let mut shared = Box::new(self.shared(scenario, Trace::new(true, event_cap)));
        shared.scheduler.search(search);
        let mut shared = self.play(shared, &mut vms);
        let search = shared.scheduler.searched().unwrap_or_default();
        let report = match search.covered() {
            true => None,
            false => Some(report(*shared, &vms, scenario)),
        };
        (report, search)
    }

    /// Runs a scenario again up to the moment when event `at` is recorded; to its end for `None`, and
    /// when the run has no such event.
    ///
    /// Gives the events up to there, and the state: with a window of the memory of the event's VM,
    /// the one asked for or one around what its arguments point to.
    pub fn replay(
        &self,
        scenario: &Scenario,
        event_cap: u32,
        at: Option<u32>,
        window: Option<Window>,
    ) -> (Vec<Event>, Moment) {
        let mut vms = Vec::new();
        let mut trace = Trace::new(true, event_cap);
        trace.stop_at = at;
        let shared = Box::new(self.shared(scenario, trace));
        let mut shared = self.play(shared, &mut vms);
        let mut moment = shared.seen.take().unwrap_or_else(|| shared.look());
        let events = shared.trace.events;
        moment::complete(&mut moment, &events, &vms, window);
        (events, moment)
    }

    fn play(&self, mut shared: Box<Shared>, vms: &mut Vec<Option<Vm<Shared>>>) -> Box<Shared> {
        shared.boot_scripts();
        shared.boot_plugins();
        shared = self.settle(shared, vms);
        if shared.rejected.is_none() && shared.stopped.is_none() {
            shared.begin_traffic();
            shared = self.settle(shared, vms);
            shared.vms_at_end = Some(super::report::vm_reports(&shared, vms));
            for thread in shared.stopping_threads() {
                if shared.stopped.is_none() {
                    shared.stop_plugins(thread);
                    shared = self.settle(shared, vms);
                }
            }
        }
        shared
    }

    fn shared(&self, scenario: &Scenario, trace: Trace) -> Shared {
        let mut plugins: Vec<PluginInfo> = Vec::new();
        let mut keys: Vec<(String, Vec<u8>, Option<usize>)> = Vec::new();
        let loaded = self.loaded.of_plugin.iter().zip(&self.loaded.fetches);
        for ((plugin, purpose), (module, fetch)) in configured(&self.config).into_iter().zip(loaded)
        {
            let key = (
                plugin.vm_id.clone(),
                plugin.vm_configuration.clone(),
                *module,
            );
            let module = module.map(|module| &self.loaded.modules[module]);
            let key = keys.iter().position(|k| *k == key).unwrap_or_else(|| {
                keys.push(key);
                keys.len() - 1
            });
            let same = plugins.iter().position(|p| {
                p.key == key
                    && p.config.name == plugin.name
                    && p.config.root_id == plugin.root_id
                    && p.config.configuration == plugin.configuration
            });
            plugins.push(PluginInfo {
                config: plugin.clone(),
                purpose,
                key,
                same_as: same.unwrap_or(plugins.len()),
                // Without code no callback comes, so no version shows.
                abi: module.map_or(AbiVersion::V0_2_1, Module::abi),
                sha256: module.map_or("", Module::sha256).to_owned(),
                fetch: fetch.clone(),
            });
        }
        let threads = self.lab.concurrency as usize + 1;
        Shared {
            config: self.config.clone(),
            profile: self.profile,
            random: Random::new(self.lab.seed),
            start_ns: self.lab.start_ns,
            clock: Clock::default(),
            scheduler: Scheduler::new(self.lab.schedule.clone(), self.lab.seed),
            threads: (0..threads).map(|_| Thread::default()).collect(),
            outside: std::collections::VecDeque::new(),
            thread: 0,
            chain: chain_of(&self.config),
            // With network filters there are no HTTP filters, so these come first as well.
            tcp: Tcp::new((0..network_filters(&self.config).len()).collect()),
            plugins,
            vms: Vec::new(),
            gone: Vec::new(),
            contexts: BTreeMap::new(),
            streams: Vec::new(),
            upstreams: self.upstreams.clone(),
            items: vec![Item::Waiting; scenario.traffic.len()],
            traffic: scenario.traffic.clone(),
            connections: BTreeMap::new(),
            connections_made: 0,
            code_cache: CodeCache::default(),
            state: State::default(),
            callouts: Vec::new(),
            lua: super::native::LuaWorld::new(self.scripts.clone()),
            under_way: BTreeMap::new(),
            retries: BTreeMap::new(),
            grpc_tokens: BTreeMap::new(),
            grpc: Vec::new(),
            logs: Vec::new(),
            access_log: Vec::new(),
            calls: Vec::new(),
            rejected: None,
            stopped: None,
            closing: false,
            vms_at_end: None,
            steps: 0,
            peak_buffer: 0,
            root_requests: Vec::new(),
            running_callback: None,
            patience: PATIENCE,
            engine: self.engine.clone(),
            limits: self.limits.clone(),
            run: RunUse::default(),
            contents: self.contents.clone(),
            plays: self.plays.clone(),
            called: BTreeMap::new(),
            // As a developer runs Envoy: --component-log-level wasm:trace.
            log_level: LogLevel::Trace,
            trace,
            seen: None,
        }
    }

    /// Runs threads and lets time pass until nothing more happens by itself.
    fn settle(&self, mut shared: Box<Shared>, vms: &mut Vec<Option<Vm<Shared>>>) -> Box<Shared> {
        let mut callouts_left = CALLOUTS_MAX;
        loop {
            if shared.trace.reached() {
                return shared;
            }
            if !shared.in_turn()
                && let Some(task) = shared.outside.pop_front()
            {
                shared.enter(0);
                // Nothing outside the proxy calls a guest.
                shared.perform(task);
                continue;
            }
            let next = match shared.in_turn() {
                true => Some(shared.thread),
                false => {
                    let ready = shared.ready();
                    shared.scheduler.pick(&ready)
                }
            };
            if shared.scheduler.covered() {
                return shared;
            }
            if let Some(thread) = next {
                if shared.steps == STEPS_MAX {
                    let message = "the scenario has taken a million steps".to_owned();
                    shared.own_log(LogLevel::Critical, format!("stopped: {message}"));
                    shared.stopped = Some(message);
                    return shared;
                }
                shared.steps += 1;
                shared = self.step(shared, vms, thread);
                continue;
            }
            if shared.rejected.is_some() || shared.closing {
                return shared;
            }
            let waits = shared.items.contains(&Item::Running);
            let (work, callout) = (
                shared.clock.has(Weight::Work),
                shared.clock.has(Weight::Callout) && callouts_left > 0,
            );
            if work || callout || waits && shared.patience > 0 && shared.clock.has(Weight::Tick) {
                if callout && !work {
                    callouts_left -= 1;
                } else if !work {
                    shared.patience -= 1;
                }
                for (thread, task) in shared.clock.advance() {
                    match thread {
                        OUTSIDE => shared.outside.push_back(task),
                        thread => shared.threads[thread].queue.push_back(task),
                    }
                }
            } else if !shared.give_up() {
                return shared;
            }
        }
    }

    /// One task of a thread, with the guest call that it wants.
    fn step(
        &self,
        mut shared: Box<Shared>,
        vms: &mut Vec<Option<Vm<Shared>>>,
        thread: usize,
    ) -> Box<Shared> {
        shared.enter(thread);
        let (made, resumed) = match shared.threads[thread].parked.take() {
            Some(made) => (made, true),
            None => {
                let Some(task) = shared.pop() else {
                    return shared;
                };
                match shared.perform(task) {
                    Some(call) => (
                        Made {
                            call,
                            context: None,
                        },
                        false,
                    ),
                    None => return shared,
                }
            }
        };
        self.make(shared, vms, made, resumed)
    }

    /// Makes a guest call, or goes on with one.
    fn make(
        &self,
        mut shared: Box<Shared>,
        vms: &mut Vec<Option<Vm<Shared>>>,
        mut made: Made,
        resumed: bool,
    ) -> Box<Shared> {
        if shared.trace.reached() {
            return shared;
        }
        let number = made.call.vm;
        if let Command::Make = made.call.command {
            let ended = match self.make_vm(&shared, number) {
                Ok(vm) => {
                    vms.resize_with(vms.len().max(number + 1), || None);
                    vms[number] = Some(vm);
                    Ended::Absent
                }
                Err(message) => Ended::Failed(message),
            };
            shared.after(made.call.after, number, ended, None);
            return shared;
        }
        let Some(vm) = vms.get_mut(number).and_then(Option::as_mut) else {
            let ended = Ended::Failed("the VM is gone".to_owned());
            shared.after(made.call.after, number, ended, None);
            return shared;
        };
        shared.running_callback = match &made.call.after {
            After::Callback(pass) => pass.at.map(|filter| (pass.stream, filter, pass.direction)),
            _ => None,
        };
        let (mut shared, step) = if resumed {
            vm.resume(shared)
        } else {
            let call = match made.call.command {
                Command::Call(call) => call,
                Command::Delete(context) => GuestCall::OnDelete { context },
                Command::Create(parent) => {
                    let context = vm.new_context(parent);
                    made.context = Some(context);
                    shared.context_allotted(&mut made.call.after, number, context);
                    GuestCall::OnContextCreate {
                        context,
                        parent: parent.unwrap_or(0),
                    }
                }
                Command::Make => return shared,
            };
            vm.call(shared, call)
        };
        shared.running_callback = None;
        if shared.trace.reached() {
            return shared;
        }
        let ended = match step {
            Step::Suspended(_) => {
                let thread = shared.thread;
                shared.threads[thread].parked = Some(made);
                return shared;
            }
            Step::Absent => Ended::Absent,
            Step::Returned(value) => Ended::Returned(value),
            Step::Failed => {
                Ended::Failed(vm.failure().map_or(String::new(), |f| f.message.clone()))
            }
        };
        if let Command::Delete(context) = made.call.command {
            vm.drop_context(context);
        }
        shared.after(made.call.after, number, ended, made.context);
        if shared.trace.reached() {
            return shared;
        }
        for gone in shared.gone.drain(..) {
            // A VM that could not be made has a number and no place.
            if let Some(slot) = vms.get_mut(gone) {
                *slot = None;
            }
        }
        shared
    }

    fn make_vm(&self, shared: &Shared, number: usize) -> Result<Vm<Shared>, String> {
        let plugin = shared.vms[number].plugin;
        let config = &shared.plugins[plugin].config;
        let settings = VmSettings {
            vm: number as u32,
            environment: config.environment.clone(),
            limits: self.limits.clone(),
            run: shared.run.clone(),
            allowed_capabilities: config.capabilities.clone(),
            profile: self.profile,
        };
        let Some(module) = self.loaded.of_plugin[plugin] else {
            return Err("the plugin has no code".to_owned());
        };
        Vm::new(&self.loaded.modules[module], settings).map_err(|e| e.message)
    }
}

/// Every plugin of a configuration and what for: filters in their order, access loggers, services.
fn configured(config: &Config) -> Vec<(&Plugin, Purpose)> {
    let network = network_filters(config)
        .iter()
        .map(|filter| (&filter.plugin, Purpose::Filter));
    let filters = config
        .manager
        .filters
        .iter()
        .filter_map(|filter| match &filter.kind {
            FilterKind::Wasm(plugin) => Some((&**plugin, Purpose::Filter)),
            FilterKind::Native(_) => None,
        });
    let loggers = config
        .manager
        .access_log
        .iter()
        .filter_map(|logger| match logger {
            Logger::Wasm(plugin) => Some((&**plugin, Purpose::Logger)),
            Logger::Line(_) => None,
        });
    let services = config.services.iter().map(|service| {
        let singleton = service.singleton;
        (&service.plugin, Purpose::Service { singleton })
    });
    let chains = network.chain(filters);
    chains.chain(loggers).chain(services).collect()
}

/// The plugin of each HTTP filter: the first plugins are theirs, in their order.
fn chain_of(config: &Config) -> Vec<Option<usize>> {
    let mut plugins = 0..;
    let filters = config.manager.filters.iter();
    filters
        .map(|filter| match filter.kind {
            FilterKind::Wasm(_) => plugins.next(),
            FilterKind::Native(_) => None,
        })
        .collect()
}

/// The Wasm network filters of a listener of TCP.
fn network_filters(config: &Config) -> &[config::NetworkFilter] {
    config.network.as_ref().map_or(&[], |chain| &chain.filters)
}

/// Refuses traffic that cannot run.
fn check_traffic(
    lab: &Lab,
    config: &Config,
    scenario: &Scenario,
    contents: &Contents,
) -> Result<(), Problem> {
    for item in &scenario.traffic {
        if let Some(worker) = item.worker
            && worker >= lab.concurrency.max(1)
        {
            return Err(Problem::at(
                &item.place,
                format!("there is no worker {worker}"),
                format!(
                    "`concurrency` is {}: workers count from 0.",
                    lab.concurrency
                ),
            ));
        }
        match &item.action {
            TrafficAction::Tcp { .. } if config.network.is_none() => {
                return Err(Problem::at(
                    &item.place,
                    "`tcp` to a listener that speaks HTTP",
                    "Send a `request`, or give the listener `network_filters` that end in echo or tcp_proxy.",
                ));
            }
            TrafficAction::Request(_) if config.network.is_some() => {
                return Err(Problem::at(
                    &item.place,
                    "a `request` to a listener that speaks TCP",
                    "Send `tcp: {send: […]}`, or end the network filters in an HTTP connection manager.",
                ));
            }
            TrafficAction::Call { module, .. } if !contents.contains_key(module) => {
                return Err(Problem::at(
                    &item.place,
                    format!("there is no file `{module}`"),
                    "Add it to `files`.",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}
