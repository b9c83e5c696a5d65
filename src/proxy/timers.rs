//! Ticks and queue notifications: what comes to root contexts by itself.

use super::clock::Weight;
use super::shared::Shared;
use super::task::{After, Call, Command, Task};
use crate::host::GuestCall;
use crate::host::port::At;
use crate::model::trace::{Kind, arg};

impl Shared {
    /// Arms a root's timer with its period, or takes it away.
    pub(super) fn arm_tick(&mut self, vm: usize, root: u32) {
        let info = &mut self.vms[vm];
        let (thread, failed) = (info.thread, info.failed);
        let Some(state) = info.roots.get_mut(&root) else {
            return;
        };
        if let Some(id) = state.tick.take() {
            self.clock.cancel(id);
        }
        if state.tick_ns > 0 && !failed {
            let task = Task::Tick(vm, root);
            state.tick = Some(self.clock.after(state.tick_ns, thread, task, Weight::Tick));
        }
    }

    /// A root's timer strikes. It is armed again when the callback has returned.
    pub(super) fn tick(&mut self, vm: usize, root: u32) -> Option<Call> {
        let info = &mut self.vms[vm];
        let state = info.roots.get_mut(&root)?;
        state.tick = None;
        if info.failed {
            return None;
        }
        let event = self.root_event("tick", vm, root);
        let command = Command::Call(GuestCall::OnTick { root });
        Some(Call {
            vm,
            command,
            after: After::Ticked(vm, root, event),
        })
    }

    /// An item waits in a queue.
    pub(super) fn queue_ready(&mut self, vm: usize, root: u32, token: u32) -> Option<Call> {
        let info = &self.vms[vm];
        if info.failed || !info.roots.contains_key(&root) {
            return None;
        }
        let event = self.root_event("queue_ready", vm, root);
        let command = Command::Call(GuestCall::OnQueueReady { root, token });
        Some(Call {
            vm,
            command,
            after: After::Notified(event),
        })
    }

    /// Something that comes to a root by itself.
    fn root_event(&mut self, name: &'static str, vm: usize, root: u32) -> Option<u32> {
        if !self.trace.capture {
            return None;
        }
        let plugin = self.vms[vm].roots.get(&root)?.plugin;
        let args = vec![arg("plugin", self.plugins[plugin].config.name.as_bytes())];
        self.open_event(name, Some(vm as u32), args)
    }

    /// Records that state shared between threads has changed.
    pub(super) fn state_event(
        &mut self,
        at: At,
        name: &'static str,
        key: &[u8],
        value: Option<&[u8]>,
    ) {
        if self.trace.capture {
            let mut args = vec![arg("key", key)];
            args.extend(value.map(|value| arg("value", value)));
            self.record(Kind::State, name, Some(at.vm), Some(at.context), args);
        }
    }
}
