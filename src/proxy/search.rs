//! Walks through the orders in which a scenario's threads can run, one run after the other.
//!
//! A run is a list of transitions: what one thread does from one choice of the scheduler to the
//! next. Two transitions that touch nothing in common end the same in either order, so only one of
//! the two is run: sleep sets, as P. Godefroid describes them in "Partial-Order Methods for the
//! Verification of Concurrent Systems" (1996), chapter 5. Must not know: what a run is checked for.

use std::collections::BTreeMap;

/// What a transition can have in common with one of another thread.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Resource {
    /// A key of shared data, by vm_id.
    Data(Vec<u8>, Vec<u8>),
    /// Which queues there are, and who is told.
    Queues,
    /// What is in a queue, by its token.
    Queue(u32),
    /// What a thread is told by others, in order.
    Inbox(usize),
    /// A metric, by the stat behind it.
    Metric(String),
    /// The random numbers that guests draw.
    Random,
    /// The lines of the access log.
    AccessLog,
    /// A bucket of the local_ratelimit filter.
    Bucket(super::native::BucketKey),
}

/// How it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Read only.
    Read,
    /// Added to: the order of additions makes no difference.
    Add,
    /// Anything else.
    Write,
}

impl Use {
    fn commutes(self, other: Self) -> bool {
        self == other && self != Self::Write
    }
}

/// What a transition has used.
type Footprint = BTreeMap<Resource, Use>;

fn independent(one: &Footprint, other: &Footprint) -> bool {
    one.iter().all(|(resource, used)| {
        other
            .get(resource)
            .is_none_or(|theirs| used.commutes(*theirs))
    })
}

/// A choice of the scheduler, and what it led to.
#[derive(Debug)]
struct Choice {
    /// The threads that could run.
    ready: Vec<usize>,
    /// The one that runs.
    picked: usize,
    /// What its transition used, once it is over.
    used: Footprint,
    /// Threads that need not run here: another branch has done the same.
    asleep: Vec<(usize, Footprint)>,
}

impl Choice {
    fn sleeps(&self, thread: usize) -> bool {
        self.asleep.iter().any(|(asleep, _)| *asleep == thread)
    }
}

/// A walk through all orders: each run takes one of them.
#[derive(Debug, Default)]
pub struct Search {
    /// The choices of the run that goes on, or of the last one.
    choices: Vec<Choice>,
    /// How many of them this run has made.
    made: usize,
    /// What the transition that goes on has used.
    using: Footprint,
    /// Whether this run is one that another has covered.
    covered: bool,
}

impl Search {
    /// Notes what the running transition uses.
    pub(super) fn note(&mut self, resource: Resource, used: Use) {
        self.using
            .entry(resource)
            .and_modify(|before| {
                if *before != used {
                    *before = Use::Write;
                }
            })
            .or_insert(used);
    }

    /// The next thread; `None` when no thread is ready, or what would follow has been run before.
    pub(super) fn pick(&mut self, ready: &[bool], last: usize) -> Option<usize> {
        let ready: Vec<usize> = (0..ready.len()).filter(|thread| ready[*thread]).collect();
        if ready.is_empty() {
            return None;
        }
        self.transition_over();
        if self.made == self.choices.len() {
            let asleep = self.choices.last().map_or_else(Vec::new, still_asleep);
            let mut choice = Choice {
                ready,
                picked: last,
                used: Footprint::new(),
                asleep,
            };
            // A thread goes on for as long as it can: the fewer switches, the easier to follow.
            let awake = |thread: &&usize| !choice.sleeps(**thread);
            let Some(next) = choice
                .ready
                .iter()
                .filter(awake)
                .min_by_key(|thread| (**thread != last, **thread < last, **thread))
            else {
                self.covered = true;
                return None;
            };
            choice.picked = *next;
            self.choices.push(choice);
        }
        self.made += 1;
        Some(self.choices[self.made - 1].picked)
    }

    fn transition_over(&mut self) {
        let used = std::mem::take(&mut self.using);
        if let Some(choice) = self.made.checked_sub(1).map(|at| &mut self.choices[at]) {
            choice.used = used;
        }
    }

    /// Whether the run has been given up because another one covers it.
    pub fn covered(&self) -> bool {
        self.covered
    }

    /// Goes to the next order; `false` when there is none left.
    pub fn advance(&mut self) -> bool {
        self.transition_over();
        self.made = 0;
        self.covered = false;
        while let Some(choice) = self.choices.last_mut() {
            let used = std::mem::take(&mut choice.used);
            choice.asleep.push((choice.picked, used));
            let next = choice.ready.iter().find(|thread| !choice.sleeps(**thread));
            if let Some(next) = next {
                choice.picked = *next;
                return true;
            }
            self.choices.pop();
        }
        false
    }

    /// The threads of the last run, at each choice between several: an explicit schedule.
    pub fn schedule(&self) -> Vec<u32> {
        self.choices
            .iter()
            .filter(|choice| choice.ready.len() > 1)
            .map(|choice| choice.picked as u32)
            .collect()
    }

    /// How often the last run left a thread that could have gone on.
    pub fn switches(&self) -> u32 {
        self.choices
            .windows(2)
            .filter(|pair| pair[1].picked != pair[0].picked)
            .filter(|pair| pair[1].ready.contains(&pair[0].picked))
            .count() as u32
    }
}

/// The threads whose next transition has nothing in common with what was just done.
fn still_asleep(choice: &Choice) -> Vec<(usize, Footprint)> {
    choice
        .asleep
        .iter()
        .filter(|(thread, used)| *thread != choice.picked && independent(used, &choice.used))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Threads that each do a list of uses, one in each transition; the orders that were run.
    fn orders(threads: &[&[(u32, Use)]]) -> Vec<Vec<usize>> {
        let mut search = Search::default();
        let mut found = Vec::new();
        loop {
            let mut done = vec![0; threads.len()];
            let (mut order, mut last) = (Vec::new(), 0);
            loop {
                let ready: Vec<bool> = (0..threads.len())
                    .map(|t| done[t] < threads[t].len())
                    .collect();
                let Some(next) = search.pick(&ready, last) else {
                    break;
                };
                let (queue, used) = threads[next][done[next]];
                search.note(Resource::Queue(queue), used);
                done[next] += 1;
                last = next;
                order.push(next);
            }
            if !search.covered() {
                found.push(order);
            }
            if !search.advance() {
                return found;
            }
        }
    }

    #[test]
    fn what_touches_nothing_in_common_is_run_in_one_order() {
        use Use::{Add, Read, Write};
        assert_eq!(orders(&[&[(1, Write); 5], &[(2, Write); 5]]).len(), 1);
        assert_eq!(orders(&[&[(1, Read); 3], &[(1, Read); 3]]).len(), 1);
        assert_eq!(orders(&[&[(1, Add); 3], &[(1, Add); 3]]).len(), 1);
    }

    #[test]
    fn writes_of_one_thing_are_run_in_every_order() {
        // Three of one thread among three of the other: 6 over 3.
        let all = orders(&[&[(1, Use::Write); 3], &[(1, Use::Write); 3]]);
        assert_eq!(all.len(), 20);
        let mut different = all.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), 20);
    }

    #[test]
    fn two_that_read_and_then_write_have_four_outcomes() {
        // Reads commute, so that both may read first in one order only; then either writes first.
        let read_write: &[(u32, Use)] = &[(1, Use::Read), (1, Use::Write)];
        assert_eq!(orders(&[read_write, read_write]).len(), 4);
    }
}
