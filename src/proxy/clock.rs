//! Simulated time: entries in one queue, ordered by time and then by their making.

use super::task::Task;
use std::collections::BTreeMap;

/// Names an entry, to cancel it.
pub(super) type TimerId = (u64, u64);

/// In the place of a thread: the world outside the proxy, where traffic begins.
pub(super) const OUTSIDE: usize = usize::MAX;

/// The clock.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Nanoseconds since the scenario began.
    pub(super) now_ns: u64,
    entries: BTreeMap<TimerId, Entry>,
    made: u64,
    /// How many entries there are of each weight.
    counts: [usize; 4],
}

/// Whether an entry keeps a scenario going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// It does: traffic, answers, timeouts.
    Work,
    /// A callout's answer: only so often, as a plugin may call out again from each.
    Callout,
    /// A tick: only for a while, and only when something waits.
    Tick,
    /// An idle timer: never; it strikes when time passes for another reason.
    Idle,
}

#[derive(Debug)]
struct Entry {
    thread: usize,
    task: Task,
    weight: Weight,
}

impl Clock {
    /// Puts a task into a thread's queue later.
    pub(super) fn after(
        &mut self,
        delay_ns: u64,
        thread: usize,
        task: Task,
        weight: Weight,
    ) -> TimerId {
        let id = (self.now_ns.saturating_add(delay_ns), self.made);
        self.made += 1;
        self.counts[weight as usize] += 1;
        self.entries.insert(
            id,
            Entry {
                thread,
                task,
                weight,
            },
        );
        id
    }

    /// Takes an entry away, if it has not struck yet.
    pub(super) fn cancel(&mut self, id: TimerId) {
        if let Some(entry) = self.entries.remove(&id) {
            self.counts[entry.weight as usize] -= 1;
        }
    }

    /// Whether an entry of this weight is left.
    pub(super) fn has(&self, weight: Weight) -> bool {
        self.counts[weight as usize] > 0
    }

    /// What is to come, next first: its time, its thread and its task.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u64, usize, &Task)> {
        let entries = self.entries.iter();
        entries.map(|((at_ns, _), entry)| (*at_ns, entry.thread, &entry.task))
    }

    /// Moves on to the time of the next entries and takes them: their threads and tasks.
    pub(super) fn advance(&mut self) -> Vec<(usize, Task)> {
        let mut due = Vec::new();
        while let Some(first) = self.entries.first_entry() {
            let time = first.key().0;
            if !due.is_empty() && time != self.now_ns {
                break;
            }
            self.now_ns = time;
            let entry = first.remove();
            self.counts[entry.weight as usize] -= 1;
            due.push((entry.thread, entry.task));
        }
        due
    }
}
