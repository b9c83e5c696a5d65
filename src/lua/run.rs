//! The loop of the stack machine: one instruction after the other.

use super::call::{Error, Frame, Kind, Next};
use super::op::{Capture, Compare, Op};
use super::value::Value;
use super::{Host, Lua};

impl Lua {
    /// Runs until no more frames than `entry` are left, or the coroutine yields.
    pub(super) fn run(&mut self, host: &mut dyn Host, entry: usize) -> Result<Next, Error> {
        while self.co.frames.len() > entry {
            match self.step(host) {
                Ok(Next::Go) => {}
                Ok(Next::Yield) => return Ok(Next::Yield),
                Err(error) => self.unwind(host, error, entry)?,
            }
        }
        Ok(Next::Go)
    }

    fn pop(&mut self) -> Value {
        self.co.stack.pop().unwrap_or_default()
    }

    fn push(&mut self, value: Value) {
        self.co.stack.push(value);
    }

    fn jump(&mut self, to: u32) {
        if let Some(Frame {
            kind: Kind::Lua { pc, .. },
            ..
        }) = self.co.frames.last_mut()
        {
            *pc = to as usize;
        }
    }

    fn constant(&self, at: u32) -> Value {
        match self.co.frames.last() {
            Some(Frame {
                kind: Kind::Lua { proto, .. },
                ..
            }) => proto.constants[at as usize].clone(),
            _ => Value::Nil,
        }
    }

    /// A captured local of the function that runs, by its number.
    fn outer(&self, at: u16) -> u32 {
        match self.co.frames.last() {
            Some(Frame {
                kind: Kind::Lua { closure, .. },
                ..
            }) => self.heap.closures[*closure].cells[at as usize],
            _ => 0,
        }
    }

    fn step(&mut self, host: &mut dyn Host) -> Result<Next, Error> {
        self.spend(1)?;
        if self.heap.used >= self.heap.collect_at {
            self.collect()?;
        }
        let Some(Frame {
            base,
            kind: Kind::Lua { proto, pc, .. },
            ..
        }) = self.co.frames.last_mut()
        else {
            return Ok(Next::Go);
        };
        let (op, base) = (proto.code[*pc], *base);
        *pc += 1;
        match op {
            Op::Nop => {}
            Op::Adjust(by) => {
                let len = self.co.stack.len() as i64 + i64::from(by);
                self.co.stack.resize(len.max(0) as usize, Value::Nil);
            }
            Op::Bool(b) => self.push(Value::Bool(b)),
            Op::Const(at) => {
                let value = self.constant(at);
                self.push(value);
            }
            Op::GetLocal(slot) => {
                let value = self.co.stack[base + slot as usize].clone();
                self.push(value);
            }
            Op::SetLocal(slot) => {
                let value = self.pop();
                self.co.stack[base + slot as usize] = value;
            }
            Op::NewCell(slot) => {
                let at = base + slot as usize;
                let value = std::mem::take(&mut self.co.stack[at]);
                self.co.stack[at] = Value::Cell(self.heap.new_cell(value));
            }
            Op::GetCell(slot) => {
                if let Value::Cell(cell) = self.co.stack[base + slot as usize] {
                    let value = self.heap.cells[cell].value.clone();
                    self.push(value);
                } else {
                    self.push(Value::Nil);
                }
            }
            Op::SetCell(slot) => {
                let value = self.pop();
                if let Value::Cell(cell) = self.co.stack[base + slot as usize] {
                    self.heap.cells[cell].value = value;
                }
            }
            Op::GetUp(at) => {
                let cell = self.outer(at);
                let value = self.heap.cells[cell].value.clone();
                self.push(value);
            }
            Op::SetUp(at) => {
                let cell = self.outer(at);
                self.heap.cells[cell].value = self.pop();
            }
            Op::GetGlobal(name) => {
                let name = self.constant(name);
                let value = self.index(host, &Value::Table(self.globals), &name)?;
                self.push(value);
            }
            Op::SetGlobal(name) => {
                let (name, value) = (self.constant(name), self.pop());
                self.set_index(host, &Value::Table(self.globals), name, value)?;
            }
            Op::GetIndex => {
                let (key, object) = (self.pop(), self.pop());
                let value = self.index(host, &object, &key)?;
                self.push(value);
            }
            Op::GetField(name) => {
                let (key, object) = (self.constant(name), self.pop());
                let value = self.index(host, &object, &key)?;
                self.push(value);
            }
            Op::SetIndex(deep) => {
                let value = self.pop();
                let at = self.co.stack.len() - 2 - deep as usize;
                let (object, key) = (self.co.stack[at].clone(), self.co.stack[at + 1].clone());
                self.set_index(host, &object, key, value)?;
            }
            Op::Method(name) => {
                let (key, object) = (self.constant(name), self.pop());
                let method = self.index(host, &object, &key)?;
                self.push(method);
                self.push(object);
            }
            Op::NewTable => {
                let table = self.heap.new_table();
                self.push(Value::Table(table));
            }
            Op::InitIndex => {
                let (value, key) = (self.pop(), self.pop());
                if let Some(Value::Table(table)) = self.co.stack.last() {
                    self.raw_set(*table, key, value)?;
                }
            }
            Op::InitList { from, count, multi } => self.init_list(from, count, multi)?,
            Op::Arith(arith) => {
                let (b, a) = (self.pop(), self.pop());
                let value = match (&a, &b) {
                    (Value::Num(a), Value::Num(b)) => {
                        Value::Num(super::meta::compute(arith, *a, *b))
                    }
                    _ => self.arith(host, arith, &a, &b)?,
                };
                self.push(value);
            }
            Op::Concat(count) => {
                let from = self.co.stack.len() - count as usize;
                let value = self.concat(host, from)?;
                self.co.stack.truncate(from);
                self.push(value);
            }
            Op::Not => {
                let value = self.pop();
                self.push(Value::Bool(!value.truthy()));
            }
            Op::Neg => {
                let value = self.pop();
                let value = self.negate(host, &value)?;
                self.push(value);
            }
            Op::Len => {
                let value = self.pop();
                let value = self.length(host, &value)?;
                self.push(value);
            }
            Op::Compare(compare) => {
                let (b, a) = (self.pop(), self.pop());
                let holds = match compare {
                    Compare::Eq => self.equal(host, &a, &b)?,
                    Compare::Ne => !self.equal(host, &a, &b)?,
                    Compare::Lt => self.less(host, &a, &b, false)?,
                    Compare::Le => self.less(host, &a, &b, true)?,
                    Compare::Gt => self.less(host, &b, &a, false)?,
                    Compare::Ge => self.less(host, &b, &a, true)?,
                };
                self.push(Value::Bool(holds));
            }
            Op::Jump(to) => self.jump(to),
            Op::JumpIfNot(to) => {
                if !self.pop().truthy() {
                    self.jump(to);
                }
            }
            Op::And(to) | Op::Or(to) => {
                let truthy = self.co.stack.last().is_some_and(Value::truthy);
                match truthy == matches!(op, Op::Or(_)) {
                    true => self.jump(to),
                    false => drop(self.pop()),
                }
            }
            Op::Call { args, multi, want } => {
                let at = self.callee(args, multi);
                return self.call_at(host, at, want.into());
            }
            Op::TailCall { args, multi } => {
                let at = self.callee(args, multi);
                return self.tail_call(host, at);
            }
            Op::Return { count, multi } => {
                let count = count as usize + if multi { self.multi } else { 0 };
                self.returns(count);
            }
            Op::Vararg(want) => self.varargs(want),
            Op::Closure(at) => self.closure(at, base),
            Op::ForPrep(slot, to) => self.for_prepare(base + slot as usize, to)?,
            Op::ForLoop(slot, to) => self.for_step(base + slot as usize, to),
            Op::ForIn(slot) => {
                let at = base + slot as usize;
                self.co.stack.extend_from_within(at..at + 3);
            }
            Op::ForInTest { slot, vars, exit } => {
                let at = self.co.stack.len() - vars as usize;
                match self.co.stack[at].clone() {
                    Value::Nil => {
                        self.co.stack.truncate(at);
                        self.jump(exit);
                    }
                    control => self.co.stack[base + slot as usize + 2] = control,
                }
            }
        }
        Ok(Next::Go)
    }

    /// Where the function of a call stands.
    fn callee(&self, args: u16, multi: bool) -> usize {
        let many = if multi { self.multi } else { 0 };
        self.co.stack.len() - 1 - args as usize - many
    }

    fn init_list(&mut self, from: u32, count: u16, multi: bool) -> Result<(), Error> {
        let count = count as usize + if multi { self.multi } else { 0 };
        self.spend(count as u64)?;
        let at = self.co.stack.len() - count;
        let values = self.co.stack.split_off(at);
        if let Some(Value::Table(table)) = self.co.stack.last() {
            let table = *table;
            for (n, value) in values.into_iter().enumerate() {
                let key = Value::Num(f64::from(from) + n as f64);
                self.heap.set(table, key, value);
            }
        }
        Ok(())
    }

    fn varargs(&mut self, want: i16) {
        let Some(Frame {
            kind: Kind::Lua { varargs, .. },
            ..
        }) = self.co.frames.last()
        else {
            return;
        };
        let count = if want < 0 {
            varargs.len()
        } else {
            want as usize
        };
        let values = varargs.iter().cloned().chain(std::iter::repeat(Value::Nil));
        self.co.stack.extend(values.take(count));
        if want < 0 {
            self.multi = count;
        }
    }

    fn closure(&mut self, at: u32, base: usize) {
        let Some(Frame {
            kind: Kind::Lua { proto, closure, .. },
            ..
        }) = self.co.frames.last()
        else {
            return;
        };
        let inner = proto.protos[at as usize].clone();
        let around = *closure;
        let cells = inner.captures.iter().map(|capture| match capture {
            Capture::Local(slot) => match self.co.stack[base + *slot as usize] {
                Value::Cell(cell) => cell,
                _ => 0,
            },
            Capture::Outer(at) => self.heap.closures[around].cells[*at as usize],
        });
        let cells = cells.collect();
        let made = self.heap.new_closure(inner, cells);
        self.push(Value::Func(made));
    }

    fn for_prepare(&mut self, at: usize, to: u32) -> Result<(), Error> {
        for (n, what) in ["initial", "limit", "step"].into_iter().enumerate() {
            let value = self.co.stack[at + n].number();
            let Some(number) = value else {
                let message = match n {
                    0 => "'for' initial value must be a number".to_owned(),
                    _ => format!("'for' {what} must be a number"),
                };
                return Err(self.error(&message));
            };
            self.co.stack[at + n] = Value::Num(number);
        }
        if let [Value::Num(start), _, Value::Num(step)] = self.co.stack[at..at + 3] {
            self.co.stack[at] = Value::Num(start - step);
        }
        self.jump(to);
        Ok(())
    }

    fn for_step(&mut self, at: usize, to: u32) {
        if let [Value::Num(now), Value::Num(limit), Value::Num(step)] = self.co.stack[at..at + 3] {
            let next = now + step;
            let goes_on = if step > 0.0 {
                next <= limit
            } else {
                next >= limit
            };
            if goes_on {
                self.co.stack[at] = Value::Num(next);
                self.push(Value::Num(next));
                self.jump(to);
            }
        }
    }
}
