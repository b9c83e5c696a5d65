//! Tables: a list and a map, both in the order in which keys came.

use super::value::Value;

/// A table.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Items from 1; the last is never nil.
    array: Vec<Value>,
    /// Other keys in their order; a removed one stays with nil, so that `next` finds its place.
    entries: Vec<(Value, Value)>,
    /// Where each key's entry stands, from 1, at the key's hash or behind it; 0 is free.
    index: Vec<u32>,
    /// How many entries are nil.
    removed: usize,
    /// The metatable.
    pub(super) meta: Option<u32>,
    /// Its number in the state: what an address would be.
    pub(super) serial: u32,
    /// The collection that has seen it.
    pub(super) seen: u32,
}

/// FNV-1a: every build computes it alike.
fn fnv(bytes: &[u8]) -> u32 {
    let fold = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    bytes.iter().fold(0x811c_9dc5, fold)
}

/// Where a key is looked for first.
fn hash(key: &Value) -> u32 {
    match key {
        Value::Str(text) => fnv(text),
        // -0 is 0.
        Value::Num(n) => fnv(&(n + 0.0).to_bits().to_le_bytes()),
        Value::Method(name) => fnv(name.as_bytes()),
        Value::Bool(flag) => u32::from(*flag),
        Value::Native(id) => fnv(&id.to_le_bytes()),
        Value::Table(id)
        | Value::Func(id)
        | Value::Thread(id)
        | Value::Wrapped(id)
        | Value::User(id)
        | Value::Cell(id) => fnv(&id.to_le_bytes()),
        Value::Nil => 0,
    }
}

/// So many entries are found sooner by looking at each.
const FEW: usize = 8;

/// The place of an item in a list, from 0.
fn place(key: &Value) -> Option<usize> {
    match key {
        Value::Num(n) if *n >= 1.0 && *n <= 4e9 && n.fract() == 0.0 => Some(*n as usize - 1),
        _ => None,
    }
}

impl Table {
    /// What it counts.
    pub(super) fn bytes(&self) -> usize {
        64 + 16 * self.array.len() + 48 * self.entries.len()
    }

    pub(super) fn len(&self) -> usize {
        self.array.len()
    }

    pub(super) fn get(&self, key: &Value) -> Value {
        if let Some(found) = place(key).and_then(|at| self.array.get(at)) {
            return found.clone();
        }
        if let Value::Str(name) = key {
            return self.get_str(name);
        }
        let at = self.find(key);
        at.map_or(Value::Nil, |at| self.entries[at].1.clone())
    }

    /// The entry of a key.
    fn find(&self, key: &Value) -> Option<usize> {
        match self.index.is_empty() {
            true => self.entries.iter().position(|(known, _)| known.same(key)),
            false => self.probe(hash(key), |known| known.same(key)),
        }
    }

    fn probe(&self, hash: u32, is: impl Fn(&Value) -> bool) -> Option<usize> {
        let mask = self.index.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let entry = (self.index[at] as usize).checked_sub(1)?;
            if is(&self.entries[entry].0) {
                return Some(entry);
            }
            at = (at + 1) & mask;
        }
    }

    /// Notes where the last entry stands.
    fn note(&mut self) {
        let count = self.entries.len();
        if count <= FEW {
            return;
        }
        if self.index.len() < count * 2 {
            self.index = vec![0; (count * 4).next_power_of_two()];
            (0..count).for_each(|entry| self.put(entry));
        } else {
            self.put(count - 1);
        }
    }

    fn put(&mut self, entry: usize) {
        let mask = self.index.len() - 1;
        let mut at = hash(&self.entries[entry].0) as usize & mask;
        while self.index[at] != 0 {
            at = (at + 1) & mask;
        }
        self.index[at] = entry as u32 + 1;
    }

    pub(super) fn get_str(&self, name: &[u8]) -> Value {
        let named = |key: &Value| matches!(key, Value::Str(key) if key[..] == *name);
        if self.index.is_empty() {
            let found = self.entries.iter().find(|(key, _)| named(key));
            return found.map_or(Value::Nil, |(_, value)| value.clone());
        }
        let at = self.probe(fnv(name), named);
        at.map_or(Value::Nil, |at| self.entries[at].1.clone())
    }

    /// Sets a field; the key is neither nil nor NaN.
    pub(super) fn set(&mut self, key: Value, value: Value) {
        let nil = matches!(value, Value::Nil);
        if let Some(at) = place(&key) {
            if at < self.array.len() {
                self.array[at] = value;
                self.trim();
                return;
            }
            if at == self.array.len() && !nil {
                self.take(&key);
                self.array.push(value);
                self.follow();
                return;
            }
        }
        if let Some(at) = self.find(&key) {
            let slot = &mut self.entries[at].1;
            match (matches!(slot, Value::Nil), nil) {
                (true, false) => self.removed -= 1,
                (false, true) => self.removed += 1,
                _ => {}
            }
            *slot = value;
            return;
        }
        if nil {
            return;
        }
        if self.removed > 8 && self.removed * 2 > self.entries.len() {
            self.compact();
        }
        self.entries.push((key, value));
        self.note();
    }

    /// Removes an entry's value, if there is one.
    fn take(&mut self, key: &Value) -> Option<Value> {
        let at = self.find(key)?;
        let value = std::mem::take(&mut self.entries[at].1);
        match value {
            Value::Nil => None,
            value => {
                self.removed += 1;
                Some(value)
            }
        }
    }

    /// Entries that now follow the list become a part of it.
    fn follow(&mut self) {
        while self.removed < self.entries.len() {
            let next = Value::Num((self.array.len() + 1) as f64);
            match self.take(&next) {
                Some(value) => self.array.push(value),
                None => return,
            }
        }
    }

    fn compact(&mut self) {
        self.entries
            .retain(|(_, value)| !matches!(value, Value::Nil));
        self.removed = 0;
        self.index.clear();
        self.note();
    }

    /// The field after a key; `None` for a key that is not there.
    pub(super) fn next(&self, key: &Value) -> Option<Option<(Value, Value)>> {
        let mut at = match key {
            Value::Nil => 0,
            key => match place(key) {
                Some(at) if at < self.array.len() => at + 1,
                list => match self.find(key) {
                    Some(at) => self.array.len() + at + 1,
                    // An item that was removed on the way, with all behind it.
                    None => list.map(|_| self.array.len())?,
                },
            },
        };
        while at < self.array.len() {
            if !matches!(self.array[at], Value::Nil) {
                let key = Value::Num((at + 1) as f64);
                return Some(Some((key, self.array[at].clone())));
            }
            at += 1;
        }
        let rest = &self.entries[(at - self.array.len()).min(self.entries.len())..];
        let found = rest.iter().find(|(_, value)| !matches!(value, Value::Nil));
        Some(found.cloned())
    }

    /// All fields, in order.
    pub(super) fn pairs(&self) -> Vec<(Value, Value)> {
        let list = self.array.iter().enumerate();
        let list = list.map(|(at, value)| (Value::Num((at + 1) as f64), value.clone()));
        let all = list.chain(self.entries.iter().cloned());
        all.filter(|(_, value)| !matches!(value, Value::Nil))
            .collect()
    }

    /// Visits what it holds.
    pub(super) fn each(&self, mut visit: impl FnMut(&Value)) {
        self.array.iter().for_each(&mut visit);
        for (key, value) in &self.entries {
            visit(key);
            visit(value);
        }
    }

    /// Takes an item out of the list; what follows moves up.
    pub(super) fn remove(&mut self, at: usize) -> Value {
        let gone = self.array.remove(at);
        self.trim();
        gone
    }

    fn trim(&mut self) {
        while matches!(self.array.last(), Some(Value::Nil)) {
            self.array.pop();
        }
    }

    /// The list, to insert in.
    pub(super) fn list(&mut self) -> &mut Vec<Value> {
        &mut self.array
    }
}
