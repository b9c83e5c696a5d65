//! Expressions.

use super::{Compiler, Exp, Function, Named};
use crate::lua::lex::{Token, Wrong};
use crate::lua::op::{Arith, Compare, Op, Origin};
use crate::lua::value::Value;
use std::rc::Rc;

/// Binds tighter than every binary sign but `^`.
const UNARY: u8 = 8;

/// How tight a binary sign binds to its left and to its right.
fn priority(sign: &str) -> Option<(u8, u8)> {
    Some(match sign {
        "or" => (1, 1),
        "and" => (2, 2),
        "<" | ">" | "<=" | ">=" | "~=" | "==" => (3, 3),
        ".." => (5, 4),
        "+" | "-" => (6, 6),
        "*" | "/" | "%" => (7, 7),
        "^" => (10, 9),
        _ => return None,
    })
}

impl Compiler<'_> {
    /// An expression whose value is then on the stack; what messages call it.
    pub(super) fn value(&mut self) -> Result<Origin, Wrong> {
        let named = self.expr(0)?;
        Ok(self.finish(named))
    }

    /// Puts an expression's value on the stack.
    pub(super) fn finish(&mut self, (exp, origin): Named) -> Origin {
        match exp {
            Exp::Value => return origin,
            Exp::Call(_) | Exp::Vararg(_) => return None,
            Exp::Local(slot) => self.use_local(Op::GetLocal(slot), slot),
            Exp::Up(at) => drop(self.emit(Op::GetUp(at))),
            Exp::Global(name) => drop(self.emit(Op::GetGlobal(name))),
            Exp::Field(name) => {
                let at = self.emit(Op::GetField(name));
                self.origin(at, origin, None);
                let field = match &self.f().proto.constants[name as usize] {
                    Value::Str(text) => String::from_utf8_lossy(text).into_owned(),
                    _ => String::new(),
                };
                return Some(("field", field.into()));
            }
            Exp::Index => {
                let at = self.emit(Op::GetIndex);
                self.origin(at, origin, None);
                return None;
            }
        }
        origin
    }

    pub(super) fn expr(&mut self, limit: u8) -> Result<Named, Wrong> {
        self.deeper(|c| c.expr_within(limit))
    }

    fn expr_within(&mut self, limit: u8) -> Result<Named, Wrong> {
        let line = self.line;
        let unary = ["not", "-", "#"].into_iter().find(|sign| self.is(sign));
        let mut left = match unary {
            Some(sign) => {
                self.advance()?;
                let inner = self.expr(UNARY)?;
                let origin = self.finish(inner);
                let op = match sign {
                    "not" => Op::Not,
                    "-" => Op::Neg,
                    _ => Op::Len,
                };
                let at = self.emit_at(op, line);
                self.origin(at, origin, None);
                (Exp::Value, None)
            }
            None => self.simple()?,
        };
        loop {
            let Token::Sign(sign) = self.token else {
                return Ok(left);
            };
            let Some((before, after)) = priority(sign) else {
                return Ok(left);
            };
            if before <= limit {
                return Ok(left);
            }
            let line = self.line;
            self.advance()?;
            let first = self.finish(left);
            self.binary(sign, after, line, first)?;
            left = (Exp::Value, None);
        }
    }

    fn binary(&mut self, sign: &str, after: u8, line: u32, first: Origin) -> Result<(), Wrong> {
        if let "and" | "or" = sign {
            let op = if sign == "and" { Op::And(0) } else { Op::Or(0) };
            let jump = self.emit(op);
            let right = self.expr(after)?;
            self.finish(right);
            self.land(jump);
            return Ok(());
        }
        let right = self.expr(after)?;
        let second = self.finish(right);
        let arith = |arith| Op::Arith(arith);
        let op = match sign {
            "+" => arith(Arith::Add),
            "-" => arith(Arith::Sub),
            "*" => arith(Arith::Mul),
            "/" => arith(Arith::Div),
            "%" => arith(Arith::Mod),
            "^" => arith(Arith::Pow),
            "==" => Op::Compare(Compare::Eq),
            "~=" => Op::Compare(Compare::Ne),
            "<" => Op::Compare(Compare::Lt),
            "<=" => Op::Compare(Compare::Le),
            ">" => Op::Compare(Compare::Gt),
            ">=" => Op::Compare(Compare::Ge),
            _ => {
                // `a .. b .. c` is put together at once.
                let f = self.f();
                let joined = f.barrier < f.proto.code.len();
                if let Some(Op::Concat(n)) = f.proto.code.last_mut().filter(|_| joined) {
                    *n += 1;
                    return Ok(());
                }
                Op::Concat(2)
            }
        };
        let at = self.emit_at(op, line);
        self.origin(at, first, second);
        Ok(())
    }

    fn simple(&mut self) -> Result<Named, Wrong> {
        let constant = match &self.token {
            Token::Num(n) => Some(Value::Num(*n)),
            Token::Str(text) => Some(Value::Str(crate::lua::value::Str::new(text.clone()))),
            _ => None,
        };
        if let Some(value) = constant {
            self.advance()?;
            let at = self.constant(value);
            self.emit(Op::Const(at));
            return Ok((Exp::Value, None));
        }
        let op = match &self.token {
            Token::Sign("nil") => Op::Adjust(1),
            Token::Sign("true") => Op::Bool(true),
            Token::Sign("false") => Op::Bool(false),
            Token::Sign("...") => {
                if !self.f().proto.vararg {
                    return self.near("cannot use '...' outside a vararg function");
                }
                self.advance()?;
                let at = self.emit(Op::Vararg(1));
                return Ok((Exp::Vararg(at), None));
            }
            Token::Sign("{") => return self.constructor(),
            Token::Sign("function") => {
                let line = self.line;
                self.advance()?;
                self.body(false, line)?;
                return Ok((Exp::Value, None));
            }
            _ => return self.suffixed(),
        };
        self.advance()?;
        self.emit(op);
        Ok((Exp::Value, None))
    }

    /// A name or `( … )` with what follows it.
    pub(super) fn suffixed(&mut self) -> Result<Named, Wrong> {
        let line = self.line;
        let mut exp = match self.token {
            Token::Name(_) => {
                let name = self.name()?;
                self.resolve(&name)
            }
            Token::Sign("(") => {
                self.advance()?;
                let inner = self.expr(0)?;
                self.finish(inner);
                self.expect_close(")", "(", line)?;
                (Exp::Value, None)
            }
            _ => return self.near("unexpected symbol"),
        };
        loop {
            exp = match &self.token {
                Token::Sign(".") => {
                    self.advance()?;
                    let origin = self.finish(exp);
                    let name = self.name()?;
                    (Exp::Field(self.text(name.as_bytes())), origin)
                }
                Token::Sign("[") => {
                    self.advance()?;
                    let origin = self.finish(exp);
                    self.value()?;
                    self.expect("]")?;
                    (Exp::Index, origin)
                }
                Token::Sign(":") => {
                    self.advance()?;
                    let origin = self.finish(exp);
                    let name = self.name()?;
                    let constant = self.text(name.as_bytes());
                    let at = self.emit(Op::Method(constant));
                    self.origin(at, origin, None);
                    self.call(1, Some(("method", name.into())))?
                }
                Token::Sign("(" | "{") | Token::Str(_) => {
                    let origin = self.finish(exp);
                    self.call(0, origin)?
                }
                _ => return Ok(exp),
            };
        }
    }

    /// Arguments, of which some are on the stack, and the call.
    fn call(&mut self, before: u16, origin: Origin) -> Result<Named, Wrong> {
        let line = self.line;
        let (count, multi) = match &self.token {
            Token::Str(text) => {
                let text = text.clone();
                self.advance()?;
                let at = self.text(&text);
                self.emit(Op::Const(at));
                (1, false)
            }
            Token::Sign("{") => {
                self.constructor()?;
                (1, false)
            }
            Token::Sign("(") => {
                self.advance()?;
                let arguments = match self.is(")") {
                    true => (0, false),
                    false => self.list()?,
                };
                self.expect_close(")", "(", line)?;
                arguments
            }
            _ => return self.expected("function arguments"),
        };
        let op = Op::Call {
            args: before + count,
            multi,
            want: 1,
        };
        let at = self.emit_at(op, line);
        self.origin(at, origin, None);
        Ok((Exp::Call(at), None))
    }

    /// Expressions by comma, all on the stack: how many, without the last when that is many.
    pub(super) fn list(&mut self) -> Result<(u16, bool), Wrong> {
        let (count, last) = self.list_of()?;
        match last {
            Exp::Call(_) | Exp::Vararg(_) => {
                self.want(&last, -1);
                Ok((count - 1, true))
            }
            _ => Ok((count, false)),
        }
    }

    /// The same, with the last expression as it is.
    pub(super) fn list_of(&mut self) -> Result<(u16, Exp), Wrong> {
        let mut count = 1;
        loop {
            let (exp, origin) = self.expr(0)?;
            let many = matches!(exp, Exp::Call(_) | Exp::Vararg(_));
            self.finish((exp.clone(), origin));
            if !self.takes(",")? {
                return Ok((count, if many { exp } else { Exp::Value }));
            }
            count += 1;
        }
    }

    /// How many values a call or `...` is to leave.
    pub(super) fn want(&mut self, exp: &Exp, n: i16) {
        if let Exp::Call(at) | Exp::Vararg(at) = exp {
            match &mut self.f().proto.code[*at] {
                Op::Call { want, .. } | Op::Vararg(want) => *want = n,
                _ => {}
            }
        }
    }

    fn constructor(&mut self) -> Result<Named, Wrong> {
        let line = self.line;
        self.expect("{")?;
        self.emit(Op::NewTable);
        let (mut from, mut waiting) = (1, 0_u16);
        while !self.is("}") {
            let keyed = match &self.token {
                Token::Sign("[") => true,
                Token::Name(_) => *self.look_ahead()? == Token::Sign("="),
                _ => false,
            };
            // Items so far go in before a keyed one, and some at a time.
            if waiting > 0 && (keyed || waiting == 50) {
                self.items(from, waiting, false);
                from += u32::from(waiting);
                waiting = 0;
            }
            if keyed {
                match self.takes("[")? {
                    true => {
                        self.value()?;
                        self.expect("]")?;
                    }
                    false => {
                        let name = self.name()?;
                        let at = self.text(name.as_bytes());
                        self.emit(Op::Const(at));
                    }
                }
                self.expect("=")?;
                self.value()?;
                self.emit(Op::InitIndex);
            } else {
                let (exp, origin) = self.expr(0)?;
                let last = !self.is(",") && !self.is(";");
                let many = matches!(exp, Exp::Call(_) | Exp::Vararg(_));
                self.finish((exp.clone(), origin));
                if last && many {
                    self.want(&exp, -1);
                    self.items(from, waiting, true);
                    waiting = 0;
                    break;
                }
                waiting += 1;
            }
            if !self.takes(",")? && !self.takes(";")? {
                break;
            }
        }
        self.expect_close("}", "{", line)?;
        if waiting > 0 {
            self.items(from, waiting, false);
        }
        Ok((Exp::Value, None))
    }

    fn items(&mut self, from: u32, count: u16, multi: bool) {
        self.emit(Op::InitList { from, count, multi });
    }

    /// Parameters and body of a function, which is then on the stack.
    pub(super) fn body(&mut self, method: bool, line: u32) -> Result<(), Wrong> {
        self.functions.push(Function::default());
        self.open_block();
        let mut params = Vec::new();
        if method {
            params.push("self".to_owned());
        }
        self.expect("(")?;
        while !self.is(")") {
            if self.takes("...")? {
                self.f().proto.vararg = true;
                break;
            }
            params.push(self.name()?);
            if !self.takes(",")? {
                break;
            }
            if self.is(")") {
                return self.expected("<name>");
            }
        }
        self.expect(")")?;
        self.f().proto.params = params.len() as u16;
        for name in &params {
            self.declare(name)?;
        }
        self.deeper(Self::block)?;
        self.expect_close("end", "function", line)?;
        let proto = self.close_function()?;
        let protos = &mut self.f().proto.protos;
        protos.push(Rc::new(proto));
        let at = protos.len() as u32 - 1;
        self.emit(Op::Closure(at));
        Ok(())
    }
}
