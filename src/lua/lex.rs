//! Tokens of a script, each with its line.

use super::number;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name that is no keyword.
    Name(String),
    /// A string.
    Str(Vec<u8>),
    /// A number.
    Num(f64),
    /// A keyword or a sign.
    Sign(&'static str),
    /// The end.
    End,
}

/// What stands between names: longer ones first, so that the first that fits is the one.
const SIGNS: [&str; 30] = [
    "...", "..", "==", "~=", "<=", ">=", "::", "+", "-", "*", "/", "%", "^", "#", "<", ">", "=",
    "(", ")", "{", "}", "[", "]", ";", ":", ",", ".", "!", "&", "|",
];

const KEYWORDS: [&str; 22] = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
    "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// A syntax error: its line and what is wrong.
pub(super) type Wrong = (u32, String);

/// Reads tokens.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    /// The line of what is read next, from 1.
    pub(super) line: u32,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        let mut lexer = Self {
            text,
            at: 0,
            line: 1,
        };
        // A first line that begins with `#` is for the shell.
        if text.first() == Some(&b'#') {
            lexer.skip_line();
        }
        lexer
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn skip_line(&mut self) {
        while self.at < self.text.len() && self.peek(0) != b'\n' {
            self.at += 1;
        }
    }

    fn wrong<T>(&self, message: &str) -> Result<T, Wrong> {
        Err((self.line, message.to_owned()))
    }

    fn blanks(&mut self) -> Result<(), Wrong> {
        loop {
            match self.peek(0) {
                b'\n' => {
                    self.line += 1;
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' | 0x0b | 0x0c => self.at += 1,
                b'-' if self.peek(1) == b'-' => {
                    self.at += 2;
                    match self.long_level() {
                        Some(level) => drop(self.long(level, "comment")?),
                        None => self.skip_line(),
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    /// The level of a long bracket that opens here.
    fn long_level(&self) -> Option<usize> {
        if self.peek(0) != b'[' {
            return None;
        }
        let level = self.text[self.at + 1..].iter().take_while(|b| **b == b'=');
        let level = level.count();
        (self.peek(level + 1) == b'[').then_some(level)
    }

    fn long(&mut self, level: usize, what: &str) -> Result<Vec<u8>, Wrong> {
        let began = self.line;
        self.at += level + 2;
        match self.peek(0) {
            b'\r' if self.peek(1) == b'\n' => self.at += 1,
            _ => {}
        }
        if self.peek(0) == b'\n' {
            self.line += 1;
            self.at += 1;
        }
        let mut out = Vec::new();
        loop {
            if self.at >= self.text.len() {
                let message = format!("unfinished long {what} near '<eof>'");
                return Err((began.max(self.line), message));
            }
            let byte = self.peek(0);
            if byte == b']' {
                let signs = self.text[self.at + 1..].iter().take_while(|b| **b == b'=');
                if signs.count() == level && self.peek(level + 1) == b']' {
                    self.at += level + 2;
                    return Ok(out);
                }
            }
            if byte == b'\n' {
                self.line += 1;
            }
            out.push(byte);
            self.at += 1;
        }
    }

    /// The next token, and its line.
    pub(super) fn next(&mut self) -> Result<(Token, u32), Wrong> {
        self.blanks()?;
        let line = self.line;
        if self.at >= self.text.len() {
            return Ok((Token::End, line));
        }
        let byte = self.peek(0);
        let token = match byte {
            b'"' | b'\'' => self.quoted(byte)?,
            b'0'..=b'9' => self.number()?,
            b'.' if self.peek(1).is_ascii_digit() => self.number()?,
            b'[' if self.long_level().is_some() => {
                let level = self.long_level().unwrap_or(0);
                Token::Str(self.long(level, "string")?)
            }
            _ if byte.is_ascii_alphabetic() || byte == b'_' => self.name(),
            _ => {
                let rest = &self.text[self.at..];
                let sign = SIGNS.iter().find(|sign| rest.starts_with(sign.as_bytes()));
                let Some(sign) = sign else {
                    let c = char::from(byte);
                    return self.wrong(&format!("unexpected symbol near '{}'", c.escape_default()));
                };
                self.at += sign.len();
                Token::Sign(sign)
            }
        };
        Ok((token, line))
    }

    fn name(&mut self) -> Token {
        let from = self.at;
        while self.peek(0).is_ascii_alphanumeric() || self.peek(0) == b'_' {
            self.at += 1;
        }
        let name = String::from_utf8_lossy(&self.text[from..self.at]).into_owned();
        match KEYWORDS.iter().find(|word| **word == name) {
            Some(word) => Token::Sign(word),
            None => Token::Name(name),
        }
    }

    fn number(&mut self) -> Result<Token, Wrong> {
        let from = self.at;
        let hex = self.peek(0) == b'0' && matches!(self.peek(1), b'x' | b'X');
        loop {
            let byte = self.peek(0);
            let exponent = match hex {
                true => matches!(byte, b'p' | b'P'),
                false => matches!(byte, b'e' | b'E'),
            };
            if exponent && matches!(self.peek(1), b'+' | b'-') {
                self.at += 2;
            } else if byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_' {
                self.at += 1;
            } else {
                break;
            }
        }
        let text = &self.text[from..self.at];
        match number::parse(text) {
            Some(n) => Ok(Token::Num(n)),
            None => self.wrong(&format!(
                "malformed number near '{}'",
                String::from_utf8_lossy(text)
            )),
        }
    }

    fn quoted(&mut self, quote: u8) -> Result<Token, Wrong> {
        let from = self.at;
        self.at += 1;
        let mut out = Vec::new();
        loop {
            let byte = self.peek(0);
            if self.at >= self.text.len() {
                return self.wrong("unfinished string near '<eof>'");
            }
            if byte == b'\n' {
                let text = String::from_utf8_lossy(&self.text[from..self.at]);
                return self.wrong(&format!("unfinished string near '{text}'"));
            }
            self.at += 1;
            match byte {
                _ if byte == quote => return Ok(Token::Str(out)),
                b'\\' => self.escape(&mut out)?,
                _ => out.push(byte),
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), Wrong> {
        let byte = self.peek(0);
        self.at += 1;
        match byte {
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'\\' | b'"' | b'\'' => out.push(byte),
            b'\n' => {
                self.line += 1;
                out.push(b'\n');
            }
            b'z' => {
                while self.peek(0).is_ascii_whitespace() {
                    if self.peek(0) == b'\n' {
                        self.line += 1;
                    }
                    self.at += 1;
                }
            }
            b'x' => {
                let digits = [self.peek(0), self.peek(1)].map(|b| char::from(b).to_digit(16));
                let [Some(high), Some(low)] = digits else {
                    return self.wrong("invalid escape sequence");
                };
                out.push((high * 16 + low) as u8);
                self.at += 2;
            }
            b'0'..=b'9' => {
                self.at -= 1;
                let mut value = 0;
                for _ in 0..3 {
                    if self.peek(0).is_ascii_digit() {
                        value = value * 10 + u32::from(self.peek(0) - b'0');
                        self.at += 1;
                    }
                }
                match u8::try_from(value) {
                    Ok(byte) => out.push(byte),
                    Err(_) => return self.wrong("invalid escape sequence"),
                }
            }
            _ => return self.wrong("invalid escape sequence"),
        }
        Ok(())
    }
}

impl Token {
    /// As messages show it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Str(text) => String::from_utf8_lossy(text).into_owned(),
            Self::Num(n) => number::show(*n),
            Self::Sign(sign) => (*sign).to_owned(),
            Self::End => "<eof>".to_owned(),
        }
    }
}
