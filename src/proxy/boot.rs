//! Plugins come up: base VM, canary, then one VM per thread and key, as Envoy does at config load.

use super::config::FailurePolicy;
use super::shared::{Purpose, Root, Shared, VmInfo};
use super::task::{After, Boot, Call, Command, Ended, Role, Stage, Task};
use crate::abi::LogLevel;
use crate::host::GuestCall;
use crate::model::trace::{Outcome, arg};
use std::collections::BTreeMap;

impl Shared {
    /// Queues the start of every plugin, one after the other on the main thread.
    pub(super) fn boot_plugins(&mut self) {
        for plugin in 0..self.plugins.len() {
            if self.plugins[plugin].fetch.is_some() {
                let fetch = Task::FetchCode(plugin, 0);
                self.threads[0].queue.push_back(fetch);
                continue;
            }
            let role = match self.plugins[..plugin]
                .iter()
                .any(|p| p.fetch.is_none() && p.key == self.plugins[plugin].key)
            {
                true => Role::Canary,
                false => Role::Base,
            };
            self.threads[0]
                .queue
                .push_back(Task::Boot(Boot::new(plugin, role)));
        }
    }

    /// A plugin's VM and root context on a thread.
    pub(super) fn handle(&self, thread: usize, plugin: usize) -> Option<(usize, u32)> {
        self.threads[thread]
            .roots
            .get(&self.plugins[plugin].same_as)
            .copied()
    }

    /// One step of a plugin's start.
    pub(super) fn boot(&mut self, mut boot: Boot) -> Option<Call> {
        if self.rejected.is_some() {
            return None;
        }
        let plugin = &self.plugins[boot.plugin];
        match boot.stage {
            Stage::Make => {
                if boot.role == Role::Serving {
                    let handle = self.handle(self.thread, boot.plugin);
                    if handle.is_some_and(|(vm, _)| !self.vms[vm].failed) {
                        return None;
                    }
                    let there = self.threads[self.thread].vms.get(&plugin.key).copied();
                    if let Some(vm) = there.filter(|vm| !self.vms[*vm].failed) {
                        boot.vm = vm;
                        boot.stage = Stage::Create;
                        return self.boot(boot);
                    }
                }
                if boot.role == Role::Canary && self.tried(boot.plugin) {
                    self.serve(boot.plugin);
                    return None;
                }
                boot.vm = self.vms.len();
                self.vms.push(VmInfo {
                    thread: self.thread,
                    plugin: boot.plugin,
                    role: boot.role,
                    failed: false,
                    loaded_ns: self.clock.now_ns,
                    callouts: 0,
                    grpc_callouts: [0; 2],
                    roots: BTreeMap::new(),
                });
                self.gauge_vms(1);
                Some(Call {
                    vm: boot.vm,
                    command: Command::Make,
                    after: After::Boot(boot),
                })
            }
            Stage::Start => {
                self.open_boot(&mut boot, "vm_start");
                let command = Command::Call(GuestCall::Start);
                Some(Call {
                    vm: boot.vm,
                    command,
                    after: After::Boot(boot),
                })
            }
            Stage::Create => {
                self.open_boot(&mut boot, "plugin_start");
                Some(Call {
                    vm: boot.vm,
                    command: Command::Create(None),
                    after: After::Boot(boot),
                })
            }
            Stage::VmStart => {
                let configuration_size = plugin.config.vm_configuration.len() as u32;
                self.set_stage(&boot, Some(Stage::VmStart));
                let call = GuestCall::OnVmStart {
                    root: boot.root,
                    configuration_size,
                };
                Some(Call {
                    vm: boot.vm,
                    command: Command::Call(call),
                    after: After::Boot(boot),
                })
            }
            Stage::Configure => {
                let configuration_size = plugin.config.configuration.len() as u32;
                self.set_stage(&boot, Some(Stage::Configure));
                let call = GuestCall::OnConfigure {
                    root: boot.root,
                    configuration_size,
                };
                Some(Call {
                    vm: boot.vm,
                    command: Command::Call(call),
                    after: After::Boot(boot),
                })
            }
        }
    }

    /// Whether a canary has tried the same plugin on the same VM key before: Envoy keeps what it said.
    fn tried(&self, plugin: usize) -> bool {
        let first = self.plugins[plugin].same_as;
        let local = |plugin: usize| self.plugins[plugin].fetch.is_none();
        first != plugin && local(first) && local(plugin)
    }

    /// The canary was content: the plugin starts on each thread.
    fn serve(&mut self, plugin: usize) {
        let serving = Task::Boot(Boot::new(plugin, Role::Serving));
        let purpose = self.plugins[plugin].purpose;
        let everywhere = purpose != Purpose::Service { singleton: true };
        for thread in self.threads.iter_mut().skip(1).filter(|_| everywhere) {
            thread.queue.push_back(serving.clone());
        }
        self.push_front(serving);
    }

    fn open_boot(&mut self, boot: &mut Boot, name: &'static str) {
        if !self.trace.capture {
            return;
        }
        let role = match boot.role {
            Role::Base => "base",
            Role::Canary => "canary",
            Role::Serving => "serving",
        };
        let plugin = &self.plugins[boot.plugin];
        let mut args = vec![
            arg("plugin", plugin.config.name.as_bytes()),
            arg("vm_role", role),
        ];
        if name == "vm_start" {
            args.push(arg("sha256", plugin.sha256.as_bytes()));
        }
        boot.event = self.open_event(name, Some(boot.vm as u32), args);
    }

    fn close_boot(&mut self, boot: &mut Boot, words: &'static str) {
        self.trace
            .close(boot.event.take(), Some(Outcome::status(words)), None);
    }

    fn set_stage(&mut self, boot: &Boot, stage: Option<Stage>) {
        if let Some(root) = self.vms[boot.vm].roots.get_mut(&boot.root) {
            root.stage = stage;
        }
    }

    /// A root's id is known, and the guest is about to hear of it: it is readable from now on.
    pub(super) fn context_allotted(&mut self, after: &mut After, vm: usize, context: u32) {
        match after {
            After::Boot(boot) => {
                boot.root = context;
                let root = Root {
                    plugin: boot.plugin,
                    stage: Some(Stage::Create),
                    tick_ns: 0,
                    tick: None,
                    status: (0, Vec::new()),
                    parked: false,
                    callout: None,
                    grpc: None,
                    logs: None,
                };
                self.vms[vm].roots.insert(context, root);
            }
            After::Created(pass) => {
                if let Some(filter) = pass.at {
                    self.contexts
                        .insert((vm as u32, context), (pass.stream, filter));
                }
            }
            After::Tcp(after) => self.network_allotted(*after, vm, context),
            After::CreatedToLog(stream, filter) => {
                self.contexts
                    .insert((vm as u32, context), (*stream, *filter));
            }
            _ => {}
        }
    }

    /// A step of a plugin's start has ended.
    pub(super) fn booted(&mut self, mut boot: Boot, ended: Ended, _context: Option<u32>) {
        let stage = boot.stage;
        let refused = matches!(
            (&ended, stage),
            (Ended::Failed(_), _) | (Ended::Returned(0), Stage::VmStart | Stage::Configure)
        );
        if refused {
            self.close_boot(&mut boot, "failed");
            self.boot_failed(boot, stage);
            return;
        }
        match stage {
            Stage::Make => boot.stage = Stage::Start,
            Stage::Start => {
                self.close_boot(&mut boot, "started");
                match boot.role {
                    Role::Base => {
                        // The base VM is only there to be copied.
                        self.push_front(Task::Boot(Boot::new(boot.plugin, Role::Canary)));
                        return;
                    }
                    Role::Canary => {}
                    Role::Serving => {
                        let key = self.plugins[boot.plugin].key;
                        let thread = self.thread;
                        self.threads[thread].vms.insert(key, boot.vm);
                    }
                }
                boot.stage = Stage::Create;
            }
            Stage::Create => boot.stage = Stage::VmStart,
            Stage::VmStart => boot.stage = Stage::Configure,
            Stage::Configure => {
                self.set_stage(&boot, None);
                self.close_boot(&mut boot, "configured");
                match boot.role {
                    Role::Canary => {
                        self.drop_vm(boot.vm);
                        self.serve(boot.plugin);
                    }
                    _ => {
                        let thread = self.thread;
                        let same = self.plugins[boot.plugin].same_as;
                        let handle = (boot.vm, boot.root);
                        if let Some((old, _)) = self.threads[thread].roots.insert(same, handle) {
                            self.reloaded(boot.plugin, old);
                        }
                    }
                }
                return;
            }
        }
        self.push_front(Task::Boot(boot));
    }

    /// A plugin could not be started: at config load the configuration is rejected.
    fn boot_failed(&mut self, boot: Boot, stage: Stage) {
        let name = self.plugins[boot.plugin].config.name.clone();
        let words = match (boot.role, stage) {
            (Role::Serving, Stage::Configure) => "Failed to configure thread-local Wasm plugin",
            (Role::Serving, Stage::Make | Stage::Start) => "Failed to clone Base Wasm",
            (Role::Serving, _) => "Failed to start thread-local Wasm",
            (_, Stage::Make | Stage::Start) => "Failed to initialize Wasm code",
            (_, Stage::Configure) => "Failed to configure base Wasm plugin",
            (_, _) => "Failed to start base Wasm",
        };
        self.own_log(LogLevel::Error, words.to_owned());
        if boot.role == Role::Serving && self.handle(self.thread, boot.plugin).is_some() {
            self.reload_stat(boot.plugin, "failure");
        }
        if boot.role != Role::Serving {
            match self.plugins[boot.plugin].fetch {
                // The configuration was taken before the code was there.
                Some(_) => self.plugin_without_code(boot.plugin),
                None => self.reject(&name),
            }
        }
        self.drop_vm(boot.vm);
    }

    /// A failed VM was replaced: nothing uses it any more once its streams have ended.
    fn reloaded(&mut self, plugin: usize, old: usize) {
        self.reload_stat(plugin, "success");
        let used = self.threads[self.thread]
            .roots
            .values()
            .any(|(vm, _)| *vm == old);
        if !used && self.vms[old].failed {
            self.drop_vm(old);
        }
    }

    fn reload_stat(&mut self, plugin: usize, what: &str) {
        let name = &self.plugins[plugin].config.name;
        let stat = format!("wasm.{name}.vm_reload_{what}");
        *self.state.stats.entry(stat).or_insert(0) += 1;
    }

    /// Queues the reload of every plugin of the chain whose VM has failed here, whose policy is to
    /// reload, and whose back-off is over.
    pub(super) fn reload_plugins(&mut self) {
        let plugins = self.chain.iter().flatten().chain(&self.tcp.chain);
        for plugin in plugins.copied().collect::<Vec<usize>>() {
            let FailurePolicy::Reload(base) = self.plugins[plugin].config.policy else {
                continue;
            };
            let Some((vm, _)) = self.handle(self.thread, plugin) else {
                continue;
            };
            if !self.vms[vm].failed {
                continue;
            }
            // Jittered: from the base interval to half as much again.
            let backoff = base.saturating_add(self.random.below(base / 2 + 1));
            if self.clock.now_ns - self.vms[vm].loaded_ns < backoff {
                self.reload_stat(plugin, "backoff");
                continue;
            }
            self.vms[vm].loaded_ns = self.clock.now_ns;
            self.push_front(Task::Boot(Boot::new(plugin, Role::Serving)));
        }
    }

    /// A VM that never serves again.
    fn drop_vm(&mut self, vm: usize) {
        let info = &mut self.vms[vm];
        let timers: Vec<_> = info
            .roots
            .values_mut()
            .filter_map(|root| root.tick.take())
            .collect();
        let roots = std::mem::take(&mut info.roots);
        for root in roots.into_keys() {
            self.root_leaves_callouts(vm, root);
        }
        self.gone.push(vm);
        for id in timers {
            self.clock.cancel(id);
        }
        self.gauge_vms(-1);
    }

    /// Envoy's counter and gauge of VMs.
    fn gauge_vms(&mut self, by: i64) {
        let stats = &mut self.state.stats;
        if by > 0 {
            *stats
                .entry("wasm.envoy.wasm.runtime.v8.created".to_owned())
                .or_insert(0) += 1;
        }
        let active = stats
            .entry("wasm.envoy.wasm.runtime.v8.active".to_owned())
            .or_insert(0);
        *active = active.saturating_add_signed(by);
    }

    /// A VM trapped: it is dead, and its line is logged once.
    pub(super) fn vm_failed(&mut self, vm: usize, message: String) {
        let info = &mut self.vms[vm];
        if info.failed {
            return;
        }
        info.failed = true;
        let timers: Vec<_> = info
            .roots
            .values_mut()
            .filter_map(|root| root.tick.take())
            .collect();
        for id in timers {
            self.clock.cancel(id);
        }
        self.own_log(LogLevel::Error, message);
    }
}

impl Boot {
    /// The start of a plugin on the thread that runs.
    pub(super) fn new(plugin: usize, role: Role) -> Self {
        Self {
            plugin,
            role,
            stage: Stage::Make,
            vm: 0,
            root: 0,
            event: None,
        }
    }
}
