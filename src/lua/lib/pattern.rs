//! Lua's patterns: one matcher for `find`, `match`, `gmatch` and `gsub`.

/// How many captures a pattern may have.
const CAPTURES: usize = 32;

/// How deep a match may nest.
const DEPTH: u32 = 120;

/// What a capture holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Capture {
    /// It is open: where it begins.
    Open(usize),
    /// From there to there.
    Closed(usize, usize),
    /// `()`: a position.
    Position(usize),
}

/// A match being tried.
pub(super) struct Matcher<'a> {
    pub(super) text: &'a [u8],
    pub(super) pattern: &'a [u8],
    pub(super) captures: Vec<Capture>,
    depth: u32,
    /// Steps so far: what it costs.
    pub(super) steps: u64,
    /// Steps that are left to the run.
    pub(super) most: u64,
}

/// A pattern that is wrong, or too much work (an empty message).
pub(super) type Malformed = &'static str;

impl<'a> Matcher<'a> {
    pub(super) fn new(text: &'a [u8], pattern: &'a [u8], most: u64) -> Self {
        Self {
            text,
            pattern,
            captures: Vec::new(),
            depth: 0,
            steps: 0,
            most,
        }
    }

    /// Matches the pattern from a place of its own at a place of the text: where that ends.
    pub(super) fn at(&mut self, s: usize, p: usize) -> Result<Option<usize>, Malformed> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("pattern too complex");
        }
        let result = self.step(s, p);
        self.depth -= 1;
        result
    }

    fn step(&mut self, mut s: usize, mut p: usize) -> Result<Option<usize>, Malformed> {
        loop {
            self.steps += 1;
            if self.steps > self.most {
                return Err("");
            }
            let Some(&c) = self.pattern.get(p) else {
                return Ok(Some(s));
            };
            match c {
                b'(' if self.pattern.get(p + 1) == Some(&b')') => {
                    return self.open(s, p + 2, Capture::Position(s));
                }
                b'(' => return self.open(s, p + 1, Capture::Open(s)),
                b')' => return self.close(s, p + 1),
                b'$' if p + 1 == self.pattern.len() => {
                    return Ok((s == self.text.len()).then_some(s));
                }
                b'%' => match self.pattern.get(p + 1) {
                    Some(b'b') => match self.balance(s, p + 2)? {
                        Some(end) => {
                            (s, p) = (end, p + 4);
                            continue;
                        }
                        None => return Ok(None),
                    },
                    Some(b'f') => {
                        let set = p + 2;
                        if self.pattern.get(set) != Some(&b'[') {
                            return Err("missing '[' after '%f' in pattern");
                        }
                        let end = self.class_end(set)?;
                        let before = if s == 0 { 0 } else { self.text[s - 1] };
                        let now = self.text.get(s).copied().unwrap_or(0);
                        if !self.in_set(before, set, end - 1) && self.in_set(now, set, end - 1) {
                            p = end;
                            continue;
                        }
                        return Ok(None);
                    }
                    Some(digit) if digit.is_ascii_digit() => {
                        match self.again(s, *digit)? {
                            Some(end) => {
                                (s, p) = (end, p + 2);
                                continue;
                            }
                            None => return Ok(None),
                        };
                    }
                    _ => {}
                },
                _ => {}
            }
            let end = self.class_end(p)?;
            let here = self.single(s, p, end);
            match self.pattern.get(end) {
                Some(b'?') => {
                    if here && let Some(found) = self.at(s + 1, end + 1)? {
                        return Ok(Some(found));
                    }
                    p = end + 1;
                }
                Some(b'*') => return self.most_of(s, p, end, 0),
                Some(b'+') => return self.most_of(s, p, end, 1),
                Some(b'-') => return self.least_of(s, p, end),
                _ if here => (s, p) = (s + 1, end),
                _ => return Ok(None),
            }
        }
    }

    fn most_of(
        &mut self,
        s: usize,
        p: usize,
        end: usize,
        least: usize,
    ) -> Result<Option<usize>, Malformed> {
        let mut count = 0;
        while self.single(s + count, p, end) {
            count += 1;
        }
        self.steps += count as u64;
        loop {
            if count < least {
                return Ok(None);
            }
            if let Some(found) = self.at(s + count, end + 1)? {
                return Ok(Some(found));
            }
            if count == 0 {
                return Ok(None);
            }
            count -= 1;
        }
    }

    fn least_of(&mut self, mut s: usize, p: usize, end: usize) -> Result<Option<usize>, Malformed> {
        loop {
            if let Some(found) = self.at(s, end + 1)? {
                return Ok(Some(found));
            }
            if !self.single(s, p, end) {
                return Ok(None);
            }
            s += 1;
        }
    }

    fn open(&mut self, s: usize, p: usize, capture: Capture) -> Result<Option<usize>, Malformed> {
        if self.captures.len() >= CAPTURES {
            return Err("too many captures");
        }
        self.captures.push(capture);
        let level = self.captures.len();
        let found = self.at(s, p)?;
        if found.is_none() {
            self.captures.truncate(level - 1);
        }
        Ok(found)
    }

    fn close(&mut self, s: usize, p: usize) -> Result<Option<usize>, Malformed> {
        let open = self
            .captures
            .iter()
            .rposition(|c| matches!(c, Capture::Open(_)));
        let Some(at) = open else {
            return Err("invalid pattern capture");
        };
        let was = self.captures[at];
        if let Capture::Open(from) = was {
            self.captures[at] = Capture::Closed(from, s);
        }
        let found = self.at(s, p)?;
        if found.is_none() {
            self.captures[at] = was;
        }
        Ok(found)
    }

    /// `%b()`: to the bracket that closes the one here.
    fn balance(&self, s: usize, p: usize) -> Result<Option<usize>, Malformed> {
        let [open, close] = match self.pattern.get(p..p + 2) {
            Some(pair) => [pair[0], pair[1]],
            None => return Err("unbalanced pattern"),
        };
        if self.text.get(s) != Some(&open) {
            return Ok(None);
        }
        let mut depth = 1;
        for (at, byte) in self.text.iter().enumerate().skip(s + 1) {
            if *byte == close {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some(at + 1));
                }
            } else if *byte == open {
                depth += 1;
            }
        }
        Ok(None)
    }

    /// `%1`: what a capture has matched, once more.
    fn again(&self, s: usize, digit: u8) -> Result<Option<usize>, Malformed> {
        let at = usize::from(digit.wrapping_sub(b'1'));
        let Some(Capture::Closed(from, to)) = self.captures.get(at).copied() else {
            return Err("invalid capture index");
        };
        let same = self.text[s..].starts_with(&self.text[from..to]);
        Ok(same.then_some(s + to - from))
    }

    /// Where the item that begins at `p` ends.
    fn class_end(&self, p: usize) -> Result<usize, Malformed> {
        match self.pattern.get(p) {
            Some(b'%') if p + 1 >= self.pattern.len() => Err("malformed pattern (ends with '%')"),
            Some(b'%') => Ok(p + 2),
            Some(b'[') => {
                let mut at = p + 1;
                if self.pattern.get(at) == Some(&b'^') {
                    at += 1;
                }
                loop {
                    let Some(c) = self.pattern.get(at) else {
                        return Err("malformed pattern (missing ']')");
                    };
                    at += if *c == b'%' { 2 } else { 1 };
                    if self.pattern.get(at) == Some(&b']') {
                        return Ok(at + 1);
                    }
                }
            }
            _ => Ok(p + 1),
        }
    }

    /// Whether the byte at `s` is the item from `p` to `end`.
    fn single(&self, s: usize, p: usize, end: usize) -> bool {
        let Some(&byte) = self.text.get(s) else {
            return false;
        };
        match self.pattern[p] {
            b'.' => true,
            b'%' => class(byte, self.pattern[p + 1]),
            b'[' => self.in_set(byte, p, end - 1),
            c => c == byte,
        }
    }

    /// Whether a byte is in the set between `[` at `p` and `]` at `end`.
    fn in_set(&self, byte: u8, p: usize, end: usize) -> bool {
        let mut at = p + 1;
        let negated = self.pattern.get(at) == Some(&b'^');
        if negated {
            at += 1;
        }
        while at < end {
            let c = self.pattern[at];
            if c == b'%' {
                if class(byte, self.pattern[at + 1]) {
                    return !negated;
                }
                at += 2;
            } else if self.pattern[at + 1] == b'-' && at + 2 < end {
                if (c..=self.pattern[at + 2]).contains(&byte) {
                    return !negated;
                }
                at += 3;
            } else {
                if c == byte {
                    return !negated;
                }
                at += 1;
            }
        }
        negated
    }
}

/// `%a` and its like; `%A` is all but those.
fn class(byte: u8, class: u8) -> bool {
    let is = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'g' => byte.is_ascii_graphic(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => byte.is_ascii_whitespace() || byte == 0x0b,
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    is != class.is_ascii_uppercase()
}
