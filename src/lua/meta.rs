//! What operators do to values, with the metamethods of tables.

use super::call::Error;
use super::number;
use super::op::Arith;
use super::value::Value;
use super::{Host, Lua};

/// How many `__index` tables may follow one another.
const CHAIN: usize = 100;

/// An operator on numbers.
pub(super) fn compute(arith: Arith, a: f64, b: f64) -> f64 {
    match arith {
        Arith::Add => a + b,
        Arith::Sub => a - b,
        Arith::Mul => a * b,
        Arith::Div => a / b,
        Arith::Mod => number::modulo(a, b),
        Arith::Pow => number::power_of(a, b),
    }
}

impl Lua {
    /// Counts what it costs to look at a long string; the next instruction finds what is left.
    pub(super) fn weigh(&mut self, value: &Value) {
        if let Value::Str(text) = value {
            self.left = self.left.saturating_sub(text.len() as u64 / 64);
        }
    }

    /// The metatable's field, or nil.
    pub(super) fn metamethod(&self, value: &Value, name: &str) -> Value {
        match value {
            Value::Table(id) => match self.heap.tables[*id].meta {
                Some(meta) => self.heap.tables[meta].get_str(name.as_bytes()),
                None => Value::Nil,
            },
            _ => Value::Nil,
        }
    }

    /// `object[key]`.
    pub(super) fn index(
        &mut self,
        host: &mut dyn Host,
        object: &Value,
        key: &Value,
    ) -> Result<Value, Error> {
        let mut object = object.clone();
        self.weigh(key);
        for _ in 0..CHAIN {
            let handler = match &object {
                Value::Table(id) => {
                    let found = self.heap.tables[*id].get(key);
                    if !matches!(found, Value::Nil) {
                        return Ok(found);
                    }
                    self.metamethod(&object, "__index")
                }
                Value::Str(_) => Value::Table(self.strings),
                Value::User(id) => {
                    let Value::Str(name) = key else {
                        return Ok(Value::Nil);
                    };
                    return Ok(host.method(*id, name).map_or(Value::Nil, Value::Method));
                }
                other => {
                    let what = self.described(other, false);
                    return Err(self.error(&format!("attempt to index {what}")));
                }
            };
            match handler {
                Value::Nil => return Ok(Value::Nil),
                Value::Func(_) | Value::Native(_) | Value::Wrapped(_) => {
                    return self.call_first(host, &handler, &[object, key.clone()]);
                }
                other => object = other,
            }
        }
        Err(self.error("'__index' chain too long; possible loop"))
    }

    /// `object[key] = value`.
    pub(super) fn set_index(
        &mut self,
        host: &mut dyn Host,
        object: &Value,
        key: Value,
        value: Value,
    ) -> Result<(), Error> {
        let mut object = object.clone();
        self.weigh(&key);
        for _ in 0..CHAIN {
            let handler = match &object {
                Value::Table(id) => {
                    let table = &self.heap.tables[*id];
                    let plain = table.meta.is_none() || !matches!(table.get(&key), Value::Nil);
                    let handler = match plain {
                        true => Value::Nil,
                        false => self.metamethod(&object, "__newindex"),
                    };
                    if let Value::Nil = handler {
                        return self.raw_set(*id, key, value);
                    }
                    handler
                }
                other => {
                    let what = self.described(other, false);
                    return Err(self.error(&format!("attempt to index {what}")));
                }
            };
            match handler {
                Value::Func(_) | Value::Native(_) | Value::Wrapped(_) => {
                    self.call_value(host, &handler, &[object, key, value])?;
                    return Ok(());
                }
                other => object = other,
            }
        }
        Err(self.error("'__newindex' chain too long; possible loop"))
    }

    /// Sets a field without metamethods.
    pub(super) fn raw_set(&mut self, table: u32, key: Value, value: Value) -> Result<(), Error> {
        match &key {
            Value::Nil => return Err(self.error("table index is nil")),
            Value::Num(n) if n.is_nan() => return Err(self.error("table index is NaN")),
            _ => {}
        }
        self.heap.set(table, key, value);
        Ok(())
    }

    pub(super) fn arith(
        &mut self,
        host: &mut dyn Host,
        arith: Arith,
        a: &Value,
        b: &Value,
    ) -> Result<Value, Error> {
        if let (Some(a), Some(b)) = (a.number(), b.number()) {
            return Ok(Value::Num(compute(arith, a, b)));
        }
        let name = match arith {
            Arith::Add => "__add",
            Arith::Sub => "__sub",
            Arith::Mul => "__mul",
            Arith::Div => "__div",
            Arith::Mod => "__mod",
            Arith::Pow => "__pow",
        };
        match self.binary(host, name, a, b)? {
            Some(value) => Ok(value),
            None => {
                let second = a.number().is_some();
                let what = self.described(if second { b } else { a }, second);
                Err(self.error(&format!("attempt to perform arithmetic on {what}")))
            }
        }
    }

    /// A metamethod of the first operand, or of the second.
    fn binary(
        &mut self,
        host: &mut dyn Host,
        name: &str,
        a: &Value,
        b: &Value,
    ) -> Result<Option<Value>, Error> {
        let mut handler = self.metamethod(a, name);
        if let Value::Nil = handler {
            handler = self.metamethod(b, name);
        }
        match handler {
            Value::Nil => Ok(None),
            handler => {
                let args = [a.clone(), b.clone()];
                self.call_first(host, &handler, &args).map(Some)
            }
        }
    }

    pub(super) fn negate(&mut self, host: &mut dyn Host, a: &Value) -> Result<Value, Error> {
        if let Some(n) = a.number() {
            return Ok(Value::Num(-n));
        }
        match self.binary(host, "__unm", a, a)? {
            Some(value) => Ok(value),
            None => {
                let what = self.described(a, false);
                Err(self.error(&format!("attempt to perform arithmetic on {what}")))
            }
        }
    }

    pub(super) fn length(&mut self, host: &mut dyn Host, a: &Value) -> Result<Value, Error> {
        if let Value::Str(text) = a {
            return Ok(Value::Num(text.len() as f64));
        }
        if let Some(value) = self.binary(host, "__len", a, a)? {
            return Ok(value);
        }
        match a {
            Value::Table(id) => Ok(Value::Num(self.heap.tables[*id].len() as f64)),
            _ => {
                let what = self.described(a, false);
                Err(self.error(&format!("attempt to get length of {what}")))
            }
        }
    }

    /// Joins the values of the stack from a place on.
    pub(super) fn concat(&mut self, host: &mut dyn Host, from: usize) -> Result<Value, Error> {
        let mut values = self.co.stack[from..].to_vec();
        if values
            .iter()
            .all(|v| matches!(v, Value::Str(_) | Value::Num(_)))
        {
            let size = values.iter().map(|value| match value {
                Value::Str(text) => text.len(),
                _ => 16,
            });
            self.room(size.sum())?;
            let parts: Vec<Vec<u8>> = values.iter().filter_map(Value::text).collect();
            return Ok(self.heap.owned(parts.concat()));
        }
        let count = values.len();
        let mut right = values.pop().unwrap_or_default();
        while let Some(left) = values.pop() {
            let texts = match (&left, &right) {
                (Value::Str(_) | Value::Num(_), Value::Str(_) | Value::Num(_)) => {
                    left.text().zip(right.text())
                }
                _ => None,
            };
            right = match texts {
                Some((mut a, b)) => {
                    self.room(a.len() + b.len())?;
                    a.extend(b);
                    self.heap.owned(a)
                }
                None => match self.binary(host, "__concat", &left, &right)? {
                    Some(value) => value,
                    None => {
                        let second = left.text().is_some();
                        let wrong = if second { &right } else { &left };
                        // Only of two operands is it known what they are called.
                        let what = match count {
                            2 => self.described(wrong, second),
                            _ => format!("a {} value", wrong.type_name()),
                        };
                        return Err(self.error(&format!("attempt to concatenate {what}")));
                    }
                },
            };
        }
        Ok(right)
    }

    pub(super) fn equal(
        &mut self,
        host: &mut dyn Host,
        a: &Value,
        b: &Value,
    ) -> Result<bool, Error> {
        self.weigh(a);
        if a.same(b) {
            return Ok(true);
        }
        match (a, b) {
            (Value::Table(_), Value::Table(_)) => {
                let value = self.binary(host, "__eq", a, b)?;
                Ok(value.is_some_and(|value| value.truthy()))
            }
            _ => Ok(false),
        }
    }

    pub(super) fn less(
        &mut self,
        host: &mut dyn Host,
        a: &Value,
        b: &Value,
        or_equal: bool,
    ) -> Result<bool, Error> {
        self.weigh(a);
        match (a, b) {
            (Value::Num(a), Value::Num(b)) => return Ok(if or_equal { a <= b } else { a < b }),
            (Value::Str(a), Value::Str(b)) => {
                return Ok(if or_equal {
                    a[..] <= b[..]
                } else {
                    a[..] < b[..]
                });
            }
            _ => {}
        }
        let name = if or_equal { "__le" } else { "__lt" };
        if let Some(value) = self.binary(host, name, a, b)? {
            return Ok(value.truthy());
        }
        let (x, y) = (a.type_name(), b.type_name());
        Err(match x == y {
            true => self.error(&format!("attempt to compare two {x} values")),
            false => self.error(&format!("attempt to compare {x} with {y}")),
        })
    }

    /// `tostring`.
    pub(super) fn show(&mut self, host: &mut dyn Host, value: &Value) -> Result<Vec<u8>, Error> {
        let handler = self.metamethod(value, "__tostring");
        if !matches!(handler, Value::Nil) {
            let shown = self.call_first(host, &handler, std::slice::from_ref(value))?;
            return match shown.text() {
                Some(text) => Ok(text),
                None => Err(self.error("'tostring' must return a string to 'print'")),
            };
        }
        if let Some(text) = value.text() {
            return Ok(text);
        }
        // In the place of an address: which object of the state it was, by its making.
        let number = match value {
            Value::Nil | Value::Cell(_) => return Ok(b"nil".to_vec()),
            Value::Bool(b) => return Ok(b.to_string().into_bytes()),
            Value::Table(id) => self.heap.tables[*id].serial,
            Value::Func(id) => self.heap.closures[*id].serial,
            Value::Thread(id) | Value::Wrapped(id) => match self.running == Some(*id) {
                true => self.co.serial,
                false => self.heap.threads[*id].serial,
            },
            Value::Native(id) => return Ok(format!("function: builtin#{id}").into_bytes()),
            Value::Method(name) => return Ok(format!("function: builtin: {name}").into_bytes()),
            Value::User(id) => *id,
            Value::Num(_) | Value::Str(_) => 0,
        };
        let kind = value.type_name();
        Ok(format!("{kind}: 0x{number:08x}").into_bytes())
    }
}
