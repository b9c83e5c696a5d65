//! From source to code in one pass: functions, their locals, and what they capture.
//!
//! That a local is captured shows only after instructions that use it were written. They are noted
//! and changed when its scope ends.

mod expr;
mod scope;
mod stat;

use super::lex::{Lexer, Token, Wrong};
use super::op::{Capture, Op, Origin, Proto};
use super::value::{Str, Value};
use scope::{Goto, Label};

/// Compiles a chunk.
pub(super) fn compile(source: &[u8], chunk: &str) -> Result<Proto, Wrong> {
    if source.first() == Some(&0x1b) {
        return Err((
            1,
            "bytecode is not simulated: give the script as text".into(),
        ));
    }
    let mut compiler = Compiler {
        lexer: Lexer::new(source),
        token: Token::End,
        line: 1,
        ahead: None,
        last_line: 1,
        functions: Vec::new(),
        chunk: chunk.into(),
        levels: 0,
        loops: 0,
    };
    let result = compiler.main().map(|mut proto| {
        // About what instructions, their lines and names take.
        proto.bytes = 16 * source.len();
        proto
    });
    result.map_err(|(line, message)| (line, format!("{chunk}:{line}: {message}")))
}

/// A local as it stands on the stack: its place in the list is its slot.
#[derive(Debug)]
struct Local {
    name: String,
    captured: bool,
    /// Where it is declared: a place for `NewCell`.
    declared: usize,
    /// Instructions that use it.
    uses: Vec<usize>,
}

/// A function that is being compiled.
#[derive(Debug, Default)]
struct Function {
    proto: Proto,
    locals: Vec<Local>,
    /// Names of what it captures.
    captured: Vec<String>,
    /// How many locals stood before each open block.
    blocks: Vec<usize>,
    /// Labels of open blocks.
    labels: Vec<Label>,
    /// Jumps whose label has not come yet.
    gotos: Vec<Goto>,
    /// A jump ends here: what comes next is not one with what was before.
    barrier: usize,
    /// The open loops.
    loops: Vec<u32>,
}

/// An expression, as far as it has been written.
#[derive(Clone, Debug, PartialEq)]
enum Exp {
    /// Its value is on the stack.
    Value,
    /// A local.
    Local(u16),
    /// A captured local of an outer function.
    Up(u16),
    /// A global, by its name's constant.
    Global(u32),
    /// A field by constant; the object is on the stack.
    Field(u32),
    /// A field; object and key are on the stack.
    Index,
    /// A call that was written there.
    Call(usize),
    /// `...`, written there.
    Vararg(usize),
}

/// An expression, and what messages call it.
type Named = (Exp, Origin);

struct Compiler<'a> {
    lexer: Lexer<'a>,
    token: Token,
    line: u32,
    ahead: Option<(Token, u32)>,
    /// The line of the token before.
    last_line: u32,
    functions: Vec<Function>,
    chunk: std::rc::Rc<str>,
    levels: u32,
    loops: u32,
}

/// How deep expressions and blocks may nest.
const LEVELS: u32 = 120;

/// LuaJIT's limit of locals in a function.
const LOCALS: usize = 200;

impl Compiler<'_> {
    fn main(&mut self) -> Result<Proto, Wrong> {
        self.advance()?;
        self.functions.push(Function::default());
        self.f().proto.vararg = true;
        self.open_block();
        self.block()?;
        if self.token != Token::End {
            return self.expected("<eof>");
        }
        self.close_function()
    }

    fn f(&mut self) -> &mut Function {
        let last = self.functions.len() - 1;
        &mut self.functions[last]
    }

    // ---- tokens ----

    fn advance(&mut self) -> Result<(), Wrong> {
        self.last_line = self.line;
        (self.token, self.line) = match self.ahead.take() {
            Some(next) => next,
            None => self.lexer.next()?,
        };
        Ok(())
    }

    fn look_ahead(&mut self) -> Result<&Token, Wrong> {
        if self.ahead.is_none() {
            self.ahead = Some(self.lexer.next()?);
        }
        Ok(self.ahead.as_ref().map_or(&Token::End, |(token, _)| token))
    }

    fn is(&self, sign: &str) -> bool {
        matches!(&self.token, Token::Sign(is) if *is == sign)
    }

    /// Takes a sign, if it is the next.
    fn takes(&mut self, sign: &str) -> Result<bool, Wrong> {
        let is = self.is(sign);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    fn expect(&mut self, sign: &str) -> Result<(), Wrong> {
        match self.takes(sign)? {
            true => Ok(()),
            false => self.expected(&format!("'{sign}'")),
        }
    }

    /// The sign that closes what was opened on a line.
    fn expect_close(&mut self, sign: &str, open: &str, line: u32) -> Result<(), Wrong> {
        match self.takes(sign)? {
            true => Ok(()),
            false if line == self.line => self.expected(&format!("'{sign}'")),
            false => self.expected(&format!("'{sign}' (to close '{open}' at line {line})")),
        }
    }

    fn expected<T>(&self, what: &str) -> Result<T, Wrong> {
        self.near(&format!("{what} expected"))
    }

    fn near<T>(&self, message: &str) -> Result<T, Wrong> {
        Err((
            self.line,
            format!("{message} near '{}'", self.token.shown()),
        ))
    }

    fn name(&mut self) -> Result<String, Wrong> {
        match std::mem::replace(&mut self.token, Token::End) {
            Token::Name(name) => {
                self.advance()?;
                Ok(name)
            }
            other => {
                self.token = other;
                self.expected("<name>")
            }
        }
    }

    /// Goes one level deeper.
    fn deeper<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Wrong>) -> Result<T, Wrong> {
        self.levels += 1;
        if self.levels > LEVELS {
            return self.near("chunk has too many syntax levels");
        }
        let result = run(self);
        self.levels -= 1;
        result
    }

    // ---- code ----

    fn emit(&mut self, op: Op) -> usize {
        let line = self.last_line;
        self.emit_at(op, line)
    }

    fn emit_at(&mut self, op: Op, line: u32) -> usize {
        let proto = &mut self.f().proto;
        proto.code.push(op);
        proto.lines.push(line);
        proto.code.len() - 1
    }

    fn here(&mut self) -> usize {
        let f = self.f();
        f.barrier = f.proto.code.len();
        f.barrier
    }

    /// Makes a jump end where the next instruction will stand.
    fn land(&mut self, at: usize) {
        let to = self.here() as u32;
        self.aim(at, to);
    }

    fn aim(&mut self, at: usize, to: u32) {
        match &mut self.f().proto.code[at] {
            Op::Jump(t) | Op::JumpIfNot(t) | Op::And(t) | Op::Or(t) => *t = to,
            Op::ForPrep(_, t) | Op::ForLoop(_, t) => *t = to,
            Op::ForInTest { exit, .. } => *exit = to,
            _ => {}
        }
    }

    fn adjust(&mut self, by: i32) {
        if by != 0 {
            self.emit(Op::Adjust(by));
        }
    }

    fn origin(&mut self, at: usize, first: Origin, second: Origin) {
        if first.is_some() || second.is_some() {
            let origins = &mut self.f().proto.origins;
            origins.push((at as u32, first, second));
        }
    }

    fn constant(&mut self, value: Value) -> u32 {
        let constants = &mut self.f().proto.constants;
        let from = constants.len().saturating_sub(256);
        let exact = |c: &Value| match (c, &value) {
            (Value::Num(a), Value::Num(b)) => a.to_bits() == b.to_bits(),
            (a, b) => a.same(b),
        };
        match constants[from..].iter().position(exact) {
            Some(at) => (from + at) as u32,
            None => {
                constants.push(value);
                constants.len() as u32 - 1
            }
        }
    }

    fn text(&mut self, text: &[u8]) -> u32 {
        self.constant(Value::Str(Str::new(text.to_vec())))
    }

    // ---- locals ----

    /// The value on top of the stack, or the next one, is a new local.
    fn declare(&mut self, name: &str) -> Result<(), Wrong> {
        if self.f().locals.len() >= LOCALS {
            return self.near("too many local variables");
        }
        let declared = self.emit(Op::Nop);
        self.f().locals.push(Local {
            name: name.to_owned(),
            captured: false,
            declared,
            uses: Vec::new(),
        });
        Ok(())
    }

    /// Where a name leads.
    fn resolve(&mut self, name: &str) -> Named {
        let top = self.functions.len() - 1;
        match self.find(top, name) {
            Some(Capture::Local(slot)) => (Exp::Local(slot), Some(("local", name.into()))),
            Some(Capture::Outer(at)) => (Exp::Up(at), Some(("upvalue", name.into()))),
            None => {
                let constant = self.text(name.as_bytes());
                (Exp::Global(constant), Some(("global", name.into())))
            }
        }
    }

    fn find(&mut self, level: usize, name: &str) -> Option<Capture> {
        let f = &self.functions[level];
        if let Some(slot) = f.locals.iter().rposition(|local| local.name == name) {
            return Some(Capture::Local(slot as u16));
        }
        if let Some(at) = f.captured.iter().position(|known| known == name) {
            return Some(Capture::Outer(at as u16));
        }
        let outer = self.find(level.checked_sub(1)?, name)?;
        if let Capture::Local(slot) = outer {
            self.functions[level - 1].locals[slot as usize].captured = true;
        }
        let f = &mut self.functions[level];
        f.proto.captures.push(outer);
        f.captured.push(name.to_owned());
        Some(Capture::Outer(f.captured.len() as u16 - 1))
    }

    fn use_local(&mut self, op: Op, slot: u16) {
        let at = self.emit(op);
        self.f().locals[slot as usize].uses.push(at);
    }
}
