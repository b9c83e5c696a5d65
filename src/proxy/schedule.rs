//! Which thread runs next.

use super::random::Random;
use super::search::{Resource, Search, Use};
use crate::model::lab::Schedule;

/// Chooses among threads that have work.
#[derive(Debug)]
pub(super) struct Scheduler {
    schedule: Schedule,
    random: Random,
    /// The next entry of an explicit schedule.
    position: usize,
    /// The thread that ran last.
    last: usize,
    /// Whether traffic has begun: until then threads take turns.
    begun: bool,
    /// The walk through all orders that this run belongs to.
    search: Option<Search>,
}

impl Scheduler {
    /// A scheduler; a seeded one draws from the lab's seed.
    pub(super) fn new(schedule: Schedule, seed: u64) -> Self {
        Self {
            schedule,
            random: Random::new(seed ^ 0x7363_6865_6475_6c65),
            position: 0,
            last: 0,
            begun: false,
            search: None,
        }
    }

    /// Takes its choices from a search.
    pub(super) fn search(&mut self, search: Search) {
        self.search = Some(search);
    }

    /// Gives the search back.
    pub(super) fn searched(&mut self) -> Option<Search> {
        self.search.take()
    }

    /// Whether the run may end here, because another one covers it.
    pub(super) fn covered(&self) -> bool {
        self.search.as_ref().is_some_and(Search::covered)
    }

    /// Notes what the thread that runs uses, for the search if there is one.
    pub(super) fn note(&mut self, used: Use, resource: impl FnOnce() -> Resource) {
        if self.begun
            && let Some(search) = &mut self.search
        {
            search.note(resource(), used);
        }
    }

    /// Whether guests are suspended at host calls that other threads can see.
    pub(super) fn interleaves(&self) -> bool {
        self.begun && (self.search.is_some() || self.schedule != Schedule::RoundRobin)
    }

    /// Traffic begins: from here on the lab's schedule holds.
    pub(super) fn begin(&mut self) {
        self.begun = true;
    }

    /// The next thread; `ready` says for each whether it has work. `None` when none has.
    pub(super) fn pick(&mut self, ready: &[bool]) -> Option<usize> {
        let count = ready.iter().filter(|r| **r).count();
        if count == 0 {
            return None;
        }
        if self.begun
            && let Some(search) = &mut self.search
        {
            self.last = search.pick(ready, self.last)?;
            return Some(self.last);
        }
        let next = match &self.schedule {
            _ if !self.begun => None,
            Schedule::Seeded if count > 1 => {
                let nth = self.random.below(count as u64) as usize;
                ready
                    .iter()
                    .enumerate()
                    .filter(|(_, r)| **r)
                    .nth(nth)
                    .map(|(t, _)| t)
            }
            Schedule::Explicit(list) if count > 1 => {
                let rest = list.get(self.position..).unwrap_or(&[]);
                let skip = rest
                    .iter()
                    .position(|t| ready.get(*t as usize) == Some(&true));
                skip.map(|skip| {
                    self.position += skip + 1;
                    rest[skip] as usize
                })
            }
            _ => None,
        };
        let next = next.or_else(|| {
            (1..=ready.len())
                .map(|step| (self.last + step) % ready.len())
                .find(|thread| ready[*thread])
        })?;
        self.last = next;
        Some(next)
    }
}
