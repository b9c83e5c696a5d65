//! Blocks, labels and jumps to them, and the ends of functions.

use super::{Compiler, Function};
use crate::lua::lex::Wrong;
use crate::lua::op::{Op, Proto};

/// A label in an open block.
#[derive(Debug)]
pub(super) struct Label {
    name: String,
    /// The instruction it stands before.
    at: u32,
    /// How many locals stand there.
    locals: usize,
    /// How deep its block is.
    depth: usize,
}

/// A jump whose label has not come yet.
#[derive(Debug)]
pub(super) struct Goto {
    name: String,
    /// Its two instructions: the stack is adjusted, then it jumps.
    at: usize,
    locals: usize,
    depth: usize,
    line: u32,
}

impl Compiler<'_> {
    pub(super) fn open_block(&mut self) {
        let f = self.f();
        f.blocks.push(f.locals.len());
    }

    /// Ends a block; its locals are popped when the code goes on behind it.
    pub(super) fn close_block(&mut self, pop: bool) {
        let f = self.f();
        let from = f.blocks.pop().unwrap_or(0);
        let gone = f.locals.len() - from;
        f.forget_locals(from);
        let depth = f.blocks.len();
        f.labels.retain(|label| label.depth <= depth);
        for goto in &mut f.gotos {
            // It may still find its label in a block around.
            goto.depth = goto.depth.min(depth);
        }
        if pop {
            self.adjust(-(gone as i32));
        }
    }

    /// A label stands here.
    pub(super) fn label(&mut self, name: &str, ends_block: bool) -> Result<(), Wrong> {
        let at = self.here() as u32;
        let line = self.line;
        let f = self.f();
        let (locals, depth) = (f.locals.len(), f.blocks.len());
        if f.labels.iter().any(|label| label.name == name) {
            return Err((line, format!("duplicate label '{name}'")));
        }
        let mut waiting = Vec::new();
        for goto in std::mem::take(&mut f.gotos) {
            if goto.name != name || goto.depth < depth {
                waiting.push(goto);
                continue;
            }
            if goto.locals < locals && !ends_block {
                let local = &f.locals[goto.locals].name;
                let message = format!("<goto {name}> jumps into the scope of local '{local}'");
                return Err((goto.line, message));
            }
            f.aim_goto(&goto, at, locals);
        }
        f.gotos = waiting;
        f.labels.push(Label {
            name: name.to_owned(),
            at,
            locals,
            depth,
        });
        Ok(())
    }

    /// Jumps to a label, which may have come or not.
    pub(super) fn goto(&mut self, name: String) {
        let at = self.emit(Op::Adjust(0));
        self.emit(Op::Jump(0));
        let line = self.last_line;
        let f = self.f();
        let goto = Goto {
            name,
            at,
            locals: f.locals.len(),
            depth: f.blocks.len(),
            line,
        };
        let known = f.labels.iter().find(|label| label.name == goto.name);
        match known.map(|label| (label.at, label.locals)) {
            Some((at, locals)) => f.aim_goto(&goto, at, locals),
            None => f.gotos.push(goto),
        }
    }

    /// A loop begins: its number.
    pub(super) fn open_loop(&mut self) {
        self.loops += 1;
        let number = self.loops;
        self.f().loops.push(number);
    }

    /// The code behind a loop begins: here its `break`s lead.
    pub(super) fn close_loop(&mut self) -> Result<(), Wrong> {
        if let Some(number) = self.f().loops.pop() {
            self.label(&break_of(number), false)?;
        }
        Ok(())
    }

    pub(super) fn break_loop(&mut self) -> Result<(), Wrong> {
        match self.f().loops.last().copied() {
            Some(number) => {
                self.goto(break_of(number));
                Ok(())
            }
            None => Err((self.last_line, "no loop to break".to_owned())),
        }
    }

    /// The function that is being compiled ends.
    pub(super) fn close_function(&mut self) -> Result<Proto, Wrong> {
        self.emit(Op::Return {
            count: 0,
            multi: false,
        });
        let chunk = self.chunk.clone();
        let mut f = self.functions.pop().unwrap_or_default();
        f.forget_locals(0);
        if let Some(goto) = f.gotos.first() {
            return Err((goto.line, format!("undefined label '{}'", goto.name)));
        }
        f.proto.chunk = chunk;
        Ok(f.proto)
    }
}

/// The label behind a loop; no script can write it.
fn break_of(number: u32) -> String {
    format!("break {number}")
}

impl Function {
    fn aim_goto(&mut self, goto: &Goto, to: u32, locals: usize) {
        self.proto.code[goto.at] = Op::Adjust(locals as i32 - goto.locals as i32);
        self.proto.code[goto.at + 1] = Op::Jump(to);
    }

    /// Locals from a slot on go out of scope: those that a function has captured live in cells.
    fn forget_locals(&mut self, from: usize) {
        for slot in from..self.locals.len() {
            let local = &self.locals[slot];
            if !local.captured {
                continue;
            }
            let code = &mut self.proto.code;
            code[local.declared] = Op::NewCell(slot as u16);
            for at in &local.uses {
                code[*at] = match code[*at] {
                    Op::GetLocal(slot) => Op::GetCell(slot),
                    Op::SetLocal(slot) => Op::SetCell(slot),
                    op => op,
                };
            }
        }
        self.locals.truncate(from);
    }
}
