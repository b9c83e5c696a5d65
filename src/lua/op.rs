//! The code of the stack machine, and a function's prototype.
//!
//! Locals are the lowest values of a frame's part of the stack; what an expression makes stands
//! above them. `[a b]` below is the top of the stack, `b` topmost.

use super::value::Value;
use std::rc::Rc;

/// An instruction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Op {
    /// Nothing: a place for what is known only later.
    Nop,
    /// Pushes so many nils; below 0 it pops.
    Adjust(i32),
    /// Pushes a boolean.
    Bool(bool),
    /// Pushes a constant.
    Const(u32),
    /// Pushes a local.
    GetLocal(u16),
    /// Pops into a local.
    SetLocal(u16),
    /// Puts a local into a cell: a function captures it.
    NewCell(u16),
    /// Pushes a captured local of this function.
    GetCell(u16),
    /// Pops into one.
    SetCell(u16),
    /// Pushes a captured local of an outer function.
    GetUp(u16),
    /// Pops into one.
    SetUp(u16),
    /// Pushes a global, by its name's constant.
    GetGlobal(u32),
    /// Pops into one.
    SetGlobal(u32),
    /// `[t k]` becomes `[t[k]]`.
    GetIndex,
    /// `[t]` becomes `[t.name]`.
    GetField(u32),
    /// Pops a value into `t[k]`, whose `t k` stand so many values below it.
    SetIndex(u16),
    /// `[o]` becomes `[o.name o]`.
    Method(u32),
    /// Pushes a new table.
    NewTable,
    /// `[t k v]` becomes `[t]` with `t[k] = v`.
    InitIndex,
    /// `[t v…]` becomes `[t]` with `v…` as items from this number on; the last may be many.
    InitList { from: u32, count: u16, multi: bool },
    /// Two numbers become one.
    Arith(Arith),
    /// So many strings become one.
    Concat(u16),
    /// `not`.
    Not,
    /// `-`.
    Neg,
    /// `#`.
    Len,
    /// Two values become a boolean.
    Compare(Compare),
    /// Goes on there.
    Jump(u32),
    /// Pops, and goes on there when it is false.
    JumpIfNot(u32),
    /// Goes on there when the top is false, and pops it otherwise: `and`.
    And(u32),
    /// Goes on there when the top is true, and pops it otherwise: `or`.
    Or(u32),
    /// `[f a…]` becomes what `f` returns: so many, or all for -1.
    Call { args: u16, multi: bool, want: i16 },
    /// The same in place of this frame.
    TailCall { args: u16, multi: bool },
    /// Returns the top values.
    Return { count: u16, multi: bool },
    /// Pushes `...`: so many, or all for -1.
    Vararg(i16),
    /// Pushes a function.
    Closure(u32),
    /// Checks `start limit step`, which stand in locals from here, and goes to its loop.
    ForPrep(u16, u32),
    /// Takes a step: pushes the number and goes on there, or leaves the loop.
    ForLoop(u16, u32),
    /// Pushes `f s control`, which stand in locals from here.
    ForIn(u16),
    /// Leaves a generic loop when its first of so many variables is nil.
    ForInTest { slot: u16, vars: u8, exit: u32 },
}

/// Arithmetic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Arith {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
}

/// Comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Compare {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// Where a captured local comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Capture {
    /// A local of the function around.
    Local(u16),
    /// One that the function around has captured itself.
    Outer(u16),
}

/// What an operand is called in messages.
pub(super) type Origin = Option<(&'static str, Rc<str>)>;

/// A function as compiled.
#[derive(Debug, Default)]
pub(super) struct Proto {
    /// `[string "…"]`.
    pub(super) chunk: Rc<str>,
    /// Its instructions.
    pub(super) code: Vec<Op>,
    /// The line of each.
    pub(super) lines: Vec<u32>,
    /// Its constants.
    pub(super) constants: Vec<Value>,
    /// Functions within.
    pub(super) protos: Vec<Rc<Proto>>,
    /// What it captures.
    pub(super) captures: Vec<Capture>,
    /// How many parameters it has.
    pub(super) params: u16,
    /// Whether it takes more.
    pub(super) vararg: bool,
    /// What it counts, when it is a whole chunk.
    pub(super) bytes: usize,
    /// The collection that has counted it.
    pub(super) seen: std::cell::Cell<u32>,
    /// What operands of instructions are called, in their order.
    pub(super) origins: Vec<(u32, Origin, Origin)>,
}
