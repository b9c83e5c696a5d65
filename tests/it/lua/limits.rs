//! Limits: instructions and bytes by our own count, so that every build stops at the same place.

use super::{Printed, limits, run};
use proxy_wasm_tour::lua::Lua;

#[test]
fn a_script_that_goes_on_for_ever_stops() {
    for script in [
        "while true do end",
        "local function f() return f() end f()",
        "pcall(function() while true do end end) print 'never'",
        "local s = ('a'):rep(200) print(s:find(('a*'):rep(20) .. 'b'))",
        "coroutine.wrap(function() repeat until false end)()",
        "for i = 1, math.huge do end",
        "setmetatable(_G, {__index = function(t, k) while true do end end}) print(x)",
    ] {
        let failure = run(script).expect_err(script);
        assert_eq!(failure.limit, Some("instructions"), "{script}: {failure:?}");
    }
}

#[test]
fn a_script_that_takes_ever_more_memory_stops() {
    for script in [
        "local s = 'x' while true do s = s .. s end",
        "local t = {} for i = 1, 1e9 do t[i] = i end",
        "local t = {} for i = 1, 1e9 do t[i] = {} end",
        "print(('x'):rep(1e9))",
        "pcall(function() local t = {} while true do t = {t, t} end end) print 'never'",
        "local s = ('x'):rep(1e6) print((s:gsub('x', s)))",
    ] {
        let failure = run(script).expect_err(script);
        assert_eq!(failure.limit, Some("memory"), "{script}: {failure:?}");
    }
}

#[test]
fn garbage_is_collected_and_what_is_in_use_is_not() {
    let script = "
        local keep = {}
        for i = 1, 50000 do
            local t = {i, {i}, function() return i end}
            if i % 5000 == 0 then keep[#keep + 1] = t end
        end
        local s = 0
        for _, t in ipairs(keep) do s = s + t[1] + t[2][1] + t[3]() end
        print(s)";
    assert_eq!(run(script).as_deref(), Ok("825000"));
}

#[test]
fn what_sort_compares_is_kept_while_it_sorts() {
    let script = "
        local t = {}
        for i = 1, 200 do t[i] = {(i * 7) % 200} end
        table.sort(t, function(a, b)
            for i = 1, 20 do local garbage = {i, i, i, ('x'):rep(500) .. i} end
            return a[1] < b[1]
        end)
        local ok = true
        for i = 2, 200 do ok = ok and t[i - 1][1] <= t[i][1] end
        print(ok)";
    assert_eq!(run(script).as_deref(), Ok("true"));
}

#[test]
fn bytes_are_counted_by_our_own_rule() {
    let mut lua = Lua::new(limits(), 0);
    let before = lua.bytes();
    let mut host = Printed::default();
    lua.exec(b"x = {1, 2, y = 'abc'}", &mut host)
        .expect("a script");
    // A closure and its coroutine, a table with two items and a key; and `x` itself.
    assert_eq!(lua.bytes() - before, 48 + 1024 + 64 + 2 * 16 + 48 + 48);
}
