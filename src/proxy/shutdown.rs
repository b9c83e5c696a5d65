//! The end of a scenario: Envoy shuts down, and its root contexts with it.
//!
//! Each thread gives its plugins' handles up, the workers before the main thread, and what was made
//! last goes first: filters, then access loggers, then services, each in reverse. A handle that goes
//! ends its root: `on_done`, and `on_delete` unless `on_done` has returned false. Then the root waits for
//! `proxy_done`, which can come only from another plugin of the same VM: the VM goes with its last
//! handle, and what waits in it is never deleted.
//!
//! A stream keeps its plugin's handle, and so does a TCP connection: a root whose stream has stalled,
//! or whose connection is open, goes on.

use super::shared::{Purpose, Shared};
use super::stream::Life;
use super::task::{After, Call, Command, Ended, Task};
use crate::abi::LogLevel;
use crate::host::GuestCall;
use crate::model::trace::{Outcome, arg};

impl Shared {
    /// The threads, in the order in which they stop.
    pub(super) fn stopping_threads(&self) -> impl Iterator<Item = usize> + use<> {
        (1..self.threads.len()).chain([0])
    }

    /// Queues the end of each plugin of a thread.
    pub(super) fn stop_plugins(&mut self, thread: usize) {
        self.closing = true;
        let rank = |plugin: &usize| match self.plugins[*plugin].purpose {
            Purpose::Filter => 2,
            Purpose::Logger => 1,
            Purpose::Service { .. } => 0,
        };
        let mut order: Vec<usize> = (0..self.plugins.len()).collect();
        order.sort_by_key(|plugin| (rank(plugin), *plugin));
        // Plugins of one root share a handle, which goes with the first of them that was made.
        let mut handles = Vec::new();
        for plugin in order {
            let same = self.plugins[plugin].same_as;
            if !handles.contains(&same) {
                handles.push(same);
            }
        }
        for handle in handles.into_iter().rev() {
            if self.threads[thread].roots.contains_key(&handle) {
                self.threads[thread]
                    .queue
                    .push_back(Task::PluginStops(handle));
            }
        }
    }

    /// A plugin's handle goes on this thread: its root is done.
    pub(super) fn plugin_stops(&mut self, plugin: usize) -> Option<Call> {
        let (vm, root) = self.handle(self.thread, plugin)?;
        let held = self.contexts.iter().any(|((of, _), (stream, filter))| {
            let same = self.plugins[self.filter_plugin(*filter)].same_as == plugin;
            *of == vm as u32 && same && self.streams[*stream].life != Life::Ended
        });
        if held || self.connections_hold(vm, plugin) {
            return None;
        }
        let event = match self.trace.capture {
            true => {
                let name = self.plugins[plugin].config.name.as_bytes();
                self.open_event("plugin_stop", Some(vm as u32), vec![arg("plugin", name)])
            }
            false => None,
        };
        self.push_front(Task::PluginStopped(plugin, event));
        if self.vms[vm].failed || !self.vms[vm].roots.contains_key(&root) {
            return None;
        }
        let command = Command::Call(GuestCall::OnDone { context: root });
        let after = After::RootDone(vm, root);
        Some(Call { vm, command, after })
    }

    /// A root's `on_done` has returned: false parks it. A trap is borne, as the VM goes anyway.
    pub(super) fn root_done(&mut self, vm: usize, root: u32, ended: &Ended) {
        if matches!(ended, Ended::Failed(_)) {
            let line = "the trap came while the proxy shut down: no request is affected";
            self.own_log(LogLevel::Info, line.to_owned());
        }
        if let Some(state) = self.vms[vm].roots.get_mut(&root) {
            state.parked = *ended == Ended::Returned(0);
        }
    }

    /// After `on_done`: the root is deleted, or waits, or its VM is dead.
    pub(super) fn plugin_stopped(&mut self, plugin: usize, event: Option<u32>) -> Option<Call> {
        let (vm, root) = self.handle(self.thread, plugin)?;
        let info = &self.vms[vm];
        let parked = info.roots.get(&root).is_some_and(|state| state.parked);
        if info.failed || parked {
            let words = match parked {
                true => "waits for proxy_done",
                false => "its VM is dead",
            };
            self.handle_gone(plugin, vm, event, words);
            return None;
        }
        Some(self.delete_root(vm, root, Some((plugin, event))))
    }

    /// `on_delete` of a root, and which plugin's end it completes.
    fn delete_root(&self, vm: usize, root: u32, end: Option<(usize, Option<u32>)>) -> Call {
        Call {
            vm,
            command: Command::Delete(root),
            after: After::RootDeleted(vm, root, end),
        }
    }

    /// `on_delete` of a root that `proxy_done` has released.
    pub(super) fn released_root(&self, vm: usize, root: u32) -> Option<Call> {
        let info = &self.vms[vm];
        let there = !info.failed && info.roots.contains_key(&root);
        there.then(|| self.delete_root(vm, root, None))
    }

    /// A root is deleted: its timer and its callouts go with it.
    pub(super) fn root_deleted(&mut self, vm: usize, root: u32, end: Option<(usize, Option<u32>)>) {
        let timer = self.vms[vm].roots.remove(&root).and_then(|root| root.tick);
        if let Some(id) = timer {
            self.clock.cancel(id);
        }
        self.root_leaves_callouts(vm, root);
        if let Some((plugin, event)) = end {
            self.handle_gone(plugin, vm, event, "deleted");
        }
    }

    /// A handle is gone. With the last one of a VM go the VM and the roots that wait in it.
    fn handle_gone(&mut self, plugin: usize, vm: usize, event: Option<u32>, words: &'static str) {
        let roots = &mut self.threads[self.thread].roots;
        roots.remove(&plugin);
        let last = !roots.values().any(|(used, _)| *used == vm);
        let mut outcome = Outcome::status(words);
        if last {
            let left: Vec<u32> = self.vms[vm].roots.keys().copied().collect();
            let waiting = self.vms[vm].roots.values().any(|root| root.parked);
            if waiting {
                outcome.reason =
                    "the VM goes with its last plugin: a root that waits in it is never deleted"
                        .into();
            }
            for root in left {
                self.root_leaves_callouts(vm, root);
            }
        }
        self.trace.close(event, Some(outcome), None);
    }
}
