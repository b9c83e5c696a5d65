//! Statements.

use super::{Compiler, Exp, Named};
use crate::lua::lex::{Token, Wrong};
use crate::lua::op::{Op, Origin};

/// What is assigned to.
enum Target {
    Name(Exp),
    /// Object and key stand on the stack; what messages call the object.
    Index(Origin),
}

impl Compiler<'_> {
    /// Whether no statement follows in this block.
    fn block_ends(&self) -> bool {
        matches!(
            self.token,
            Token::End | Token::Sign("end" | "else" | "elseif" | "until")
        )
    }

    /// Statements until the block's end.
    pub(super) fn block(&mut self) -> Result<(), Wrong> {
        while !self.block_ends() {
            if self.is("return") {
                return self.returns();
            }
            self.deeper(Self::statement)?;
        }
        Ok(())
    }

    /// A block of its own.
    fn inner(&mut self) -> Result<(), Wrong> {
        self.open_block();
        self.block()?;
        self.close_block(true);
        Ok(())
    }

    fn statement(&mut self) -> Result<(), Wrong> {
        let line = self.line;
        let Token::Sign(sign) = self.token else {
            return self.plain();
        };
        match sign {
            ";" => self.advance(),
            "if" => self.conditional(line),
            "while" => self.while_loop(line),
            "for" => self.for_loop(line),
            "repeat" => self.repeat(line),
            "do" => {
                self.advance()?;
                self.inner()?;
                self.expect_close("end", "do", line)
            }
            "function" => self.function(line),
            "local" => {
                self.advance()?;
                match self.takes("function")? {
                    true => self.local_function(line),
                    false => self.local(),
                }
            }
            "break" => {
                self.advance()?;
                self.break_loop()
            }
            "goto" => {
                self.advance()?;
                let name = self.name()?;
                self.goto(name);
                Ok(())
            }
            "::" => {
                self.advance()?;
                let name = self.name()?;
                self.expect("::")?;
                while self.takes(";")? {}
                let ends = self.block_ends() && !self.is("until");
                self.label(&name, ends)
            }
            _ => self.plain(),
        }
    }

    fn conditional(&mut self, line: u32) -> Result<(), Wrong> {
        let mut ends = Vec::new();
        loop {
            self.advance()?;
            self.value()?;
            self.expect("then")?;
            let no = self.emit(Op::JumpIfNot(0));
            self.inner()?;
            if self.is("elseif") || self.is("else") {
                ends.push(self.emit(Op::Jump(0)));
            }
            self.land(no);
            if self.takes("else")? {
                self.inner()?;
                break;
            }
            if !self.is("elseif") {
                break;
            }
        }
        self.expect_close("end", "if", line)?;
        for end in ends {
            self.land(end);
        }
        Ok(())
    }

    fn while_loop(&mut self, line: u32) -> Result<(), Wrong> {
        self.advance()?;
        let start = self.here() as u32;
        self.value()?;
        self.expect("do")?;
        let no = self.emit(Op::JumpIfNot(0));
        self.open_loop();
        self.inner()?;
        self.expect_close("end", "while", line)?;
        self.emit(Op::Jump(start));
        self.land(no);
        self.close_loop()
    }

    fn repeat(&mut self, line: u32) -> Result<(), Wrong> {
        self.advance()?;
        let start = self.here() as u32;
        self.open_loop();
        self.open_block();
        let before = self.f().locals.len();
        self.block()?;
        self.expect_close("until", "repeat", line)?;
        // The condition sees the block's locals.
        self.value()?;
        let locals = self.f().locals.len() - before;
        let again = self.emit(Op::JumpIfNot(0));
        self.adjust(-(locals as i32));
        let done = self.emit(Op::Jump(0));
        self.land(again);
        self.close_block(true);
        self.emit(Op::Jump(start));
        self.land(done);
        self.close_loop()
    }

    fn for_loop(&mut self, line: u32) -> Result<(), Wrong> {
        self.advance()?;
        let name = self.name()?;
        match &self.token {
            Token::Sign("=") => self.for_numbers(name, line),
            Token::Sign("," | "in") => self.for_each(name, line),
            _ => self.expected("'=' or 'in'"),
        }
    }

    /// Declares the locals of a loop that no script sees.
    fn hidden(&mut self) -> Result<u16, Wrong> {
        let slot = self.f().locals.len() as u16;
        for _ in 0..3 {
            self.declare("(for)")?;
        }
        Ok(slot)
    }

    fn for_numbers(&mut self, name: String, line: u32) -> Result<(), Wrong> {
        self.advance()?;
        self.value()?;
        self.expect(",")?;
        self.value()?;
        match self.takes(",")? {
            true => drop(self.value()?),
            false => {
                let one = self.constant(crate::lua::value::Value::Num(1.0));
                self.emit(Op::Const(one));
            }
        }
        self.open_block();
        let slot = self.hidden()?;
        self.expect("do")?;
        let prepare = self.emit_at(Op::ForPrep(slot, 0), line);
        let start = self.here() as u32;
        self.open_loop();
        self.open_block();
        self.declare(&name)?;
        self.block()?;
        self.close_block(true);
        self.expect_close("end", "for", line)?;
        self.land(prepare);
        self.emit_at(Op::ForLoop(slot, start), line);
        self.close_loop()?;
        self.close_block(true);
        Ok(())
    }

    fn for_each(&mut self, first: String, line: u32) -> Result<(), Wrong> {
        let mut names = vec![first];
        while self.takes(",")? {
            names.push(self.name()?);
        }
        self.expect("in")?;
        let call_line = self.line;
        let (count, last) = self.list_of()?;
        self.fit(3, count, &last);
        self.open_block();
        let slot = self.hidden()?;
        self.expect("do")?;
        let start = self.here() as u32;
        self.emit(Op::ForIn(slot));
        let call = Op::Call {
            args: 2,
            multi: false,
            want: names.len() as i16,
        };
        self.emit_at(call, call_line);
        let vars = names.len() as u8;
        let test = self.emit(Op::ForInTest {
            slot,
            vars,
            exit: 0,
        });
        self.open_loop();
        self.open_block();
        for name in &names {
            self.declare(name)?;
        }
        self.block()?;
        self.close_block(true);
        self.expect_close("end", "for", line)?;
        self.emit(Op::Jump(start));
        self.land(test);
        self.close_loop()?;
        self.close_block(true);
        Ok(())
    }

    fn function(&mut self, line: u32) -> Result<(), Wrong> {
        self.advance()?;
        let name = self.name()?;
        let mut target = self.resolve(&name);
        let mut method = false;
        while self.is(".") || self.is(":") {
            method = self.is(":");
            self.advance()?;
            let origin = self.finish(target);
            let name = self.name()?;
            target = (Exp::Field(self.text(name.as_bytes())), origin);
            if method {
                break;
            }
        }
        let target = self.target(target)?;
        self.body(method, line)?;
        self.store(&target, 0);
        if let Target::Index(_) = target {
            self.adjust(-2);
        }
        Ok(())
    }

    fn local_function(&mut self, line: u32) -> Result<(), Wrong> {
        let name = self.name()?;
        self.emit(Op::Adjust(1));
        self.declare(&name)?;
        let slot = self.f().locals.len() as u16 - 1;
        self.body(false, line)?;
        self.use_local(Op::SetLocal(slot), slot);
        Ok(())
    }

    fn local(&mut self) -> Result<(), Wrong> {
        let mut names = vec![self.name()?];
        while self.takes(",")? {
            names.push(self.name()?);
        }
        if self.takes("=")? {
            let (count, last) = self.list_of()?;
            self.fit(names.len() as i32, count, &last);
        } else {
            self.adjust(names.len() as i32);
        }
        for name in &names {
            self.declare(name)?;
        }
        Ok(())
    }

    /// Makes so many values of a list.
    fn fit(&mut self, wanted: i32, count: u16, last: &Exp) {
        let missing = wanted - i32::from(count);
        if missing >= 0 && *last != Exp::Value {
            self.want(last, missing as i16 + 1);
        } else {
            self.adjust(missing);
        }
    }

    fn returns(&mut self) -> Result<(), Wrong> {
        self.advance()?;
        let (mut count, mut multi) = (0, false);
        if !self.block_ends() && !self.is(";") {
            let (n, last) = self.list_of()?;
            count = n;
            if let (1, Exp::Call(at)) = (n, &last)
                && let Op::Call { args, multi, .. } = self.f().proto.code[*at]
            {
                self.f().proto.code[*at] = Op::TailCall { args, multi };
            }
            if last != Exp::Value {
                self.want(&last, -1);
                (count, multi) = (n - 1, true);
            }
        }
        self.takes(";")?;
        self.emit(Op::Return { count, multi });
        match self.block_ends() {
            true => Ok(()),
            false => self.expected("'end'"),
        }
    }

    /// A call, or an assignment.
    fn plain(&mut self) -> Result<(), Wrong> {
        let first = self.suffixed()?;
        if !self.is("=") && !self.is(",") {
            return match first.0 {
                Exp::Call(_) => {
                    self.want(&first.0, 0);
                    Ok(())
                }
                _ => self.near("syntax error"),
            };
        }
        let mut targets = vec![self.target(first)?];
        while self.takes(",")? {
            let next = self.suffixed()?;
            targets.push(self.target(next)?);
        }
        self.expect("=")?;
        let (count, last) = self.list_of()?;
        self.fit(targets.len() as i32, count, &last);
        let mut pairs = 0;
        for at in (0..targets.len()).rev() {
            // The values that are left, and the pairs of targets that follow.
            self.store(&targets[at], at as u16 + pairs);
            if let Target::Index(_) = targets[at] {
                pairs += 2;
            }
        }
        self.adjust(-i32::from(pairs));
        Ok(())
    }

    fn target(&mut self, (exp, origin): Named) -> Result<Target, Wrong> {
        match exp {
            Exp::Local(_) | Exp::Up(_) | Exp::Global(_) => Ok(Target::Name(exp)),
            Exp::Index => Ok(Target::Index(origin)),
            Exp::Field(name) => {
                self.emit(Op::Const(name));
                Ok(Target::Index(origin))
            }
            _ => self.near("syntax error"),
        }
    }

    /// Pops the top into a target.
    fn store(&mut self, target: &Target, deep: u16) {
        match target {
            Target::Name(Exp::Local(slot)) => self.use_local(Op::SetLocal(*slot), *slot),
            Target::Name(Exp::Up(at)) => drop(self.emit(Op::SetUp(*at))),
            Target::Name(Exp::Global(name)) => drop(self.emit(Op::SetGlobal(*name))),
            Target::Name(_) => {}
            Target::Index(origin) => {
                let at = self.emit(Op::SetIndex(deep));
                self.origin(at, origin.clone(), None);
            }
        }
    }
}
