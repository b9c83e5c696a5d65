//! Scripts that nobody would write: whatever a script is, the interpreter ends without a panic.

use super::Printed;
use proxy_wasm_tour::lua::{Limits, Lua};

/// Numbers of a fixed seed (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

const WORDS: &[&str] = &[
    "local",
    "a",
    "b",
    "f",
    "=",
    "1",
    "0",
    "-1",
    "'x'",
    "nil",
    "true",
    "function",
    "(",
    ")",
    "end",
    "{",
    "}",
    "[",
    "]",
    ",",
    ";",
    "if",
    "then",
    "else",
    "elseif",
    "while",
    "do",
    "for",
    "in",
    "repeat",
    "until",
    "return",
    "break",
    "goto",
    "::l::",
    "...",
    "..",
    "+",
    "-",
    "*",
    "%",
    "^",
    "#",
    "not",
    "and",
    "or",
    "==",
    "<",
    ".",
    ":",
    "pairs(a)",
    "pcall(f)",
    "print(a)",
    "a.b",
    "a[1]",
    "f()",
    "f(a, b)",
    "('x'):rep(3)",
    "coroutine.wrap(f)",
    "coroutine.yield(a)",
    "setmetatable(a, {__index = f})",
    "table.sort(a)",
    "error(a)",
    "1e308",
    "local function f()",
    "local a, b = f(), ...",
    "a, b = b, a",
    "for i = 1, 3 do",
    "for k, v in pairs(a) do",
    "select('#', ...)",
    "unpack(a)",
    "string.format('%d', a)",
    "('a'):gsub('.', f)",
    "xpcall(f, f)",
];

/// Programs whose parts are mixed.
const PROGRAMS: &[&str] = &[
    "local t = {} for i = 1, 5 do t[i] = function() return i end end for i = 1, 5 do print(t[i]()) end",
    "local co = coroutine.create(function(a) local b = coroutine.yield(a) return b end) print(coroutine.resume(co, 1)) print(coroutine.resume(co, 2))",
    "local m = setmetatable({}, {__index = function(t, k) return k end, __call = function(...) return ... end}) print(m.x, m(1))",
    "local function f(...) local a, b = ... return select('#', ...), a, b end print(f(1, 2)) print((f()))",
    "local s = 0 for i = 10, 1, -2 do if i == 4 then goto next end s = s + i ::next:: end print(s)",
    "local ok, e = pcall(function() local x repeat x = (x or 0) + 1 local y = x until y > 3 error({x}) end) print(ok, e[1])",
    "print(('hello world'):gsub('(%w+) (%w+)', '%2 %1')) for w in ('a b'):gmatch('%a') do print(w) end",
    "local a = {3, 1, 2} table.sort(a, function(x, y) return x > y end) print(unpack(a)) a.n, a[#a + 1] = #a, 4",
];

fn run(script: &str) {
    let limits = Limits {
        instructions: 5_000,
        memory: 1 << 20,
    };
    let mut lua = Lua::new(limits, 0);
    // How it ends is all the same.
    let _ = lua.exec(script.as_bytes(), &mut Printed::default());
}

#[test]
fn words_in_any_order_do_not_panic() {
    let mut numbers = Numbers(1);
    for _ in 0..4_000 {
        let count = 1 + numbers.below(40);
        let words: Vec<&str> = (0..count)
            .map(|_| WORDS[numbers.below(WORDS.len())])
            .collect();
        run(&words.join(" "));
    }
}

#[test]
fn programs_with_parts_lost_doubled_or_swapped_do_not_panic() {
    let mut numbers = Numbers(2);
    for _ in 0..4_000 {
        let program = PROGRAMS[numbers.below(PROGRAMS.len())];
        let mut words: Vec<&str> = program.split(' ').collect();
        for _ in 0..1 + numbers.below(3) {
            let (at, other) = (numbers.below(words.len()), numbers.below(words.len()));
            match numbers.below(4) {
                0 => words.swap(at, other),
                1 => words.insert(at, words[other]),
                2 => words[at] = WORDS[numbers.below(WORDS.len())],
                _ if words.len() > 1 => drop(words.remove(at)),
                _ => {}
            }
        }
        run(&words.join(" "));
    }
}

#[test]
fn deep_nesting_is_refused_and_deep_calls_end() {
    for script in [
        "(".repeat(5_000),
        "{".repeat(5_000),
        "do ".repeat(5_000),
        "function f() ".repeat(5_000),
        "local x = ".to_owned() + &"-".repeat(5_000) + "1",
        "local x = ".to_owned() + &"1 .. ".repeat(5_000) + "1",
        "if a then ".repeat(5_000),
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k .. 'x'] end print(t.a)".to_owned(),
        "local function f() return coroutine.wrap(f)() end f()".to_owned(),
        "local function f() table.sort({1, 2}, f) end f()".to_owned(),
        "local function f() return (('x'):gsub('x', f)) end f()".to_owned(),
        "local t = setmetatable({}, {}) getmetatable(t).__index = t print(t.x)".to_owned(),
    ] {
        run(&script);
    }
}
