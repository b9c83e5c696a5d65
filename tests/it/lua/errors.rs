//! Messages: LuaJIT's words, with chunk and line.

use super::{check, run};

#[test]
fn errors_name_what_was_wrong() {
    let rows = [
        (
            "local x x.y = 1",
            "attempt to index local 'x' (a nil value)",
        ),
        ("x.y.z = 1", "attempt to index global 'x' (a nil value)"),
        (
            "local t = {} t.a.b = 1",
            "attempt to index field 'a' (a nil value)",
        ),
        ("f()", "attempt to call global 'f' (a nil value)"),
        (
            "local t = {} t.f()",
            "attempt to call field 'f' (a nil value)",
        ),
        (
            "local t = {} t:f()",
            "attempt to call method 'f' (a nil value)",
        ),
        (
            "local a = {} print(a + 1)",
            "attempt to perform arithmetic on local 'a' (a table value)",
        ),
        ("print(1 .. nil)", "attempt to concatenate a nil value"),
        (
            "local n print('a' .. n)",
            "attempt to concatenate local 'n' (a nil value)",
        ),
        ("print(1 < 'x')", "attempt to compare number with string"),
        ("print({} < {})", "attempt to compare two table values"),
        ("print(#5)", "attempt to get length of a number value"),
        ("local t = {} t[nil] = 1", "table index is nil"),
        (
            "('x'):rep()",
            "bad argument #2 to 'rep' (number expected, got no value)",
        ),
        (
            "setmetatable(1, {})",
            "bad argument #1 to 'setmetatable' (table expected, got number)",
        ),
        (
            "for i = 'x', 2 do end",
            "'for' initial value must be a number",
        ),
        ("io.open('x')", "io.open is not simulated"),
        ("os.execute('ls')", "os.execute is not simulated"),
        (
            "require 'x'",
            "scripts in files (require, dofile, loadfile) are not simulated",
        ),
        (
            "coroutine.yield()",
            "attempt to yield from outside a coroutine",
        ),
    ];
    for (script, expected) in rows {
        let failure = run(script).expect_err(script);
        assert!(
            failure.message.ends_with(expected),
            "{script}: {}",
            failure.message
        );
    }
}

#[test]
fn an_error_has_chunk_and_line() {
    let failure = run("local a = 1\nlocal b\nreturn b.c").expect_err("an error");
    let expected = "[string \"local a = 1...\"]:3: attempt to index local 'b' (a nil value)";
    assert_eq!(failure.message, expected);
    assert_eq!(failure.line, 3);
}

#[test]
fn a_syntax_error_has_its_line() {
    let rows = [
        ("x = = 1", 1, "unexpected symbol near '='"),
        ("local x\nif x then", 2, "'end' expected near '<eof>'"),
        (
            "if x then\n\nlocal y = 1\n",
            4,
            "'end' (to close 'if' at line 1) expected near '<eof>'",
        ),
        ("f(", 1, "unexpected symbol near '<eof>'"),
        ("x = 'abc", 1, "unfinished string near '<eof>'"),
        ("break", 1, "no loop to break"),
        ("goto nowhere", 1, "undefined label 'nowhere'"),
        (
            "local function f() return ... end",
            1,
            "cannot use '...' outside a vararg function near '...'",
        ),
        ("x = 0x", 1, "malformed number near '0x'"),
        ("a.b:c = 1", 1, "function arguments expected near '='"),
        ("x", 1, "syntax error near '<eof>'"),
    ];
    for (script, line, expected) in rows {
        let failure = run(script).expect_err(script);
        assert!(
            failure.message.ends_with(expected),
            "{script}: {}",
            failure.message
        );
        assert_eq!(failure.line, line, "{script}");
    }
}

#[test]
fn what_an_address_would_be_is_a_number_of_the_state() {
    check(&[(
        "the same in every run",
        "local a, b = {}, {} print(a == b, tostring(a) == tostring(a), tostring(a) < tostring(b)) print(collectgarbage('count'))",
        "false\ttrue\ttrue\n0",
    )]);
    assert_eq!(run("print({})"), run("print({})"));
}
