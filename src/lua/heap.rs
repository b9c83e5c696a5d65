//! The objects of a state by number, what they count, and the collection of those out of reach.

use super::op::Proto;
use super::table::Table;
use super::value::{Str, Value};
use std::ops::{Index, IndexMut};
use std::rc::Rc;

/// Objects of one sort. A number whose object was collected holds an empty one.
#[derive(Debug, Default)]
pub(super) struct Slab<T> {
    items: Vec<T>,
    free: Vec<u32>,
}

impl<T: Default> Slab<T> {
    fn put(&mut self, item: T) -> u32 {
        match self.free.pop() {
            Some(at) => {
                self.items[at as usize] = item;
                at
            }
            None => {
                self.items.push(item);
                self.items.len() as u32 - 1
            }
        }
    }

    /// Frees what this collection has not seen.
    fn sweep(&mut self, unseen: impl Fn(&T) -> bool) {
        self.free.clear();
        for (at, item) in self.items.iter_mut().enumerate() {
            if unseen(item) {
                *item = T::default();
                self.free.push(at as u32);
            }
        }
        // The lowest number is given out first.
        self.free.reverse();
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;

    fn index(&self, at: u32) -> &T {
        &self.items[at as usize]
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    fn index_mut(&mut self, at: u32) -> &mut T {
        &mut self.items[at as usize]
    }
}

/// A function of the script.
#[derive(Debug, Default)]
pub(super) struct Closure {
    pub(super) proto: Rc<Proto>,
    /// Its captured locals, by cell.
    pub(super) cells: Vec<u32>,
    pub(super) serial: u32,
    seen: u32,
}

/// A captured local.
#[derive(Debug, Default)]
pub(super) struct Captured {
    pub(super) value: Value,
    seen: u32,
}

/// How a coroutine stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Status {
    /// It can be resumed.
    #[default]
    Suspended,
    /// It runs.
    Running,
    /// It has resumed another.
    Normal,
    /// It has ended.
    Dead,
}

/// A coroutine.
#[derive(Debug, Default)]
pub(super) struct Thread {
    pub(super) stack: Vec<Value>,
    pub(super) frames: Vec<super::call::Frame>,
    pub(super) status: Status,
    /// Where what it is resumed with goes: the place on its stack, and how many are wanted.
    pub(super) waits: Option<(usize, i32)>,
    /// How deep Rust has called itself in it: there it cannot yield.
    pub(super) nested: u32,
    pub(super) serial: u32,
    seen: u32,
}

impl Thread {
    /// What it counts.
    pub(super) fn bytes(&self) -> usize {
        let held = self
            .frames
            .iter()
            .map(|frame| 64 + 16 * frame.held().count());
        1024 + 16 * self.stack.len() + held.sum::<usize>()
    }
}

/// The objects of a state.
#[derive(Debug, Default)]
pub(super) struct Heap {
    pub(super) tables: Slab<Table>,
    pub(super) closures: Slab<Closure>,
    pub(super) cells: Slab<Captured>,
    pub(super) threads: Slab<Thread>,
    /// What is held, with what may be garbage.
    pub(super) used: usize,
    /// When to collect.
    pub(super) collect_at: usize,
    limit: usize,
    serial: u32,
    epoch: u32,
}

/// What is held before a first collection.
const FIRST: usize = 1 << 20;

impl Heap {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            collect_at: FIRST.min(limit),
            limit,
            ..Self::default()
        }
    }

    /// Whether so many bytes more can be had at once.
    pub(super) fn fits(&self, more: usize) -> bool {
        // A library function cannot collect in its middle: it may go beyond what a script may keep.
        self.used.saturating_add(more) <= self.limit.saturating_mul(2)
    }

    pub(super) fn string(&mut self, bytes: &[u8]) -> Value {
        self.owned(bytes.to_vec())
    }

    pub(super) fn owned(&mut self, bytes: Vec<u8>) -> Value {
        self.used += bytes.len() + 32;
        Value::Str(Str::new(bytes))
    }

    fn number(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }

    pub(super) fn new_table(&mut self) -> u32 {
        let mut table = Table::default();
        table.serial = self.number();
        self.used += table.bytes();
        self.tables.put(table)
    }

    pub(super) fn new_closure(&mut self, proto: Rc<Proto>, cells: Vec<u32>) -> u32 {
        self.used += 48 + 8 * cells.len();
        let closure = Closure {
            proto,
            cells,
            serial: self.number(),
            seen: 0,
        };
        self.closures.put(closure)
    }

    pub(super) fn new_cell(&mut self, value: Value) -> u32 {
        self.used += 32;
        self.cells.put(Captured { value, seen: 0 })
    }

    pub(super) fn new_thread(&mut self, function: Value) -> u32 {
        self.used += 1024;
        let thread = Thread {
            stack: vec![function],
            serial: self.number(),
            ..Thread::default()
        };
        self.threads.put(thread)
    }

    /// Sets a field of a table, and counts what it has grown.
    pub(super) fn set(&mut self, table: u32, key: Value, value: Value) {
        let table = &mut self.tables[table];
        let before = table.bytes();
        table.set(key, value);
        self.used += table.bytes().saturating_sub(before);
    }

    /// Frees what cannot be reached from the roots, and counts the rest anew.
    pub(super) fn collect<'a>(
        &mut self,
        roots: impl Iterator<Item = &'a Value>,
        others: &[&Thread],
    ) {
        self.epoch += 1;
        let mut marker = Marker {
            epoch: self.epoch,
            queue: Vec::new(),
            bytes: 0,
        };
        roots.for_each(|value| marker.reach(value));
        for thread in others {
            marker.thread(thread);
        }
        while let Some(value) = marker.queue.pop() {
            marker.visit(self, &value);
        }
        let epoch = self.epoch;
        self.used = marker.bytes;
        self.tables.sweep(|table| table.seen != epoch);
        self.closures.sweep(|closure| closure.seen != epoch);
        self.cells.sweep(|cell| cell.seen != epoch);
        self.threads.sweep(|thread| thread.seen != epoch);
        self.collect_at = (self.used * 2).max(FIRST).min(self.limit);
    }

    /// Whether more is held than a script may keep.
    pub(super) fn over(&self) -> bool {
        self.used > self.limit
    }
}

/// A collection on its way.
struct Marker {
    epoch: u32,
    queue: Vec<Value>,
    bytes: usize,
}

impl Marker {
    fn reach(&mut self, value: &Value) {
        match value {
            Value::Str(s) if s.seen.replace(self.epoch) != self.epoch => {
                self.bytes += s.len() + 32;
            }
            Value::Wrapped(id) => self.queue.push(Value::Thread(*id)),
            Value::Table(_) | Value::Func(_) | Value::Cell(_) | Value::Thread(_) => {
                self.queue.push(value.clone());
            }
            _ => {}
        }
    }

    fn thread(&mut self, thread: &Thread) {
        self.bytes += thread.bytes();
        thread.stack.iter().for_each(|value| self.reach(value));
        for frame in &thread.frames {
            self.reach(&frame.function());
            frame.held().for_each(|value| self.reach(value));
        }
    }

    fn visit(&mut self, heap: &mut Heap, value: &Value) {
        let epoch = self.epoch;
        match value {
            Value::Table(id) => {
                let table = &mut heap.tables[*id];
                if std::mem::replace(&mut table.seen, epoch) != epoch {
                    self.bytes += table.bytes();
                    table.each(|value| self.reach(value));
                    if let Some(meta) = table.meta {
                        self.queue.push(Value::Table(meta));
                    }
                }
            }
            Value::Func(id) => {
                let closure = &mut heap.closures[*id];
                if std::mem::replace(&mut closure.seen, epoch) != epoch {
                    self.bytes += 48 + 8 * closure.cells.len();
                    if closure.proto.seen.replace(epoch) != epoch {
                        self.bytes += closure.proto.bytes;
                    }
                    let cells = closure.cells.iter().map(|cell| Value::Cell(*cell));
                    self.queue.extend(cells);
                }
            }
            Value::Cell(id) => {
                let cell = &mut heap.cells[*id];
                if std::mem::replace(&mut cell.seen, epoch) != epoch {
                    self.bytes += 32;
                    self.reach(&cell.value);
                }
            }
            Value::Thread(id) => {
                let thread = &mut heap.threads[*id];
                if std::mem::replace(&mut thread.seen, epoch) != epoch {
                    self.thread(thread);
                }
            }
            _ => {}
        }
    }
}
