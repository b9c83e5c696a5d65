//! The language and its libraries, as LuaJIT has them.

use super::check;

#[test]
fn expressions() {
    check(&[
        (
            "arithmetic",
            "print(1+2*3, 7/2, -7%3, 2^10, 2^-1, 10%0 ~= 10%0)",
            "7\t3.5\t2\t1024\t0.5\ttrue",
        ),
        (
            "precedence",
            "print(-2^2, not nil == true, 1 .. 2 == '12', 2^3^2)",
            "-4\ttrue\ttrue\t512",
        ),
        (
            "and or",
            "print(nil and 1, false or 'x', 1 and 2, nil or false)",
            "nil\tx\t2\tfalse",
        ),
        (
            "compare",
            "print(1 < 2, 'a' < 'b', 2 <= 2, 'B' > 'a', 1 ~= 1, 'x' == 'x')",
            "true\ttrue\ttrue\tfalse\tfalse\ttrue",
        ),
        (
            "concat",
            "local a = 'x' print(a .. 1 .. 2.5 .. (a .. 'y') .. a)",
            "x12.5xyx",
        ),
        (
            "concat behind and",
            "local x, y = true, 'b' print('a' .. (x and y .. 'c') .. 'd')",
            "abcd",
        ),
        (
            "numbers shown",
            "print(1e15, 1e100, 0.1, 1/3, 100000000000000, 1/0, -1/0, 0x10, 1e14)",
            "1e+15\t1e+100\t0.1\t0.33333333333333\t1e+14\tinf\t-inf\t16\t1e+14",
        ),
        (
            "strings read as numbers",
            "print('10' + 5, '0x10' * 1, ' 3 ' - 1, tonumber('z', 36), tonumber('1e1'), tonumber('x'))",
            "15\t16\t2\t35\t10\tnil",
        ),
        (
            "length",
            "print(#'abc', #{1, 2, 3}, #{}, #{1, nil})",
            "3\t3\t0\t1",
        ),
        (
            "escapes",
            r#"print("a\tb\\\"\65\x41\z
             c", 'd\
e')"#,
            "a\tb\\\"AAc\td\ne",
        ),
        (
            "long strings",
            "print([[a\nb]], [==[x]]y]==], #[[\nz]])",
            "a\nb\tx]]y\t1",
        ),
        (
            "comments",
            "-- one\n--[[ two\nthree ]] print(1) --[==[ x ]==] print(2)",
            "1\n2",
        ),
        (
            "calls without brackets",
            "print 'a' print [[b]] local f = function(t) print(t[1]) end f {'c'}",
            "a\nb\nc",
        ),
    ]);
}

#[test]
fn statements() {
    check(&[
        (
            "locals and blocks",
            "local a = 1 do local a = 2 print(a) end print(a)",
            "2\n1",
        ),
        (
            "assignments",
            "local a, b, c = 1, 2 a, b = b, a print(a, b, c) local t = {} t.x, t.y, a = 1, 2, 3 print(t.x, t.y, a)",
            "2\t1\tnil\n1\t2\t3",
        ),
        (
            "assignments of calls",
            "local function f() return 1, 2, 3 end local a, b, c, d = 0, f() print(a, b, c, d) a, b = f(), 9 print(a, b)",
            "0\t1\t2\t3\n1\t9",
        ),
        (
            "if",
            "for i = 1, 3 do if i == 1 then print 'a' elseif i == 2 then print 'b' else print 'c' end end",
            "a\nb\nc",
        ),
        (
            "while and break",
            "local i = 0 while true do i = i + 1 local x = i if x > 3 then break end end print(i)",
            "4",
        ),
        (
            "loops in loops",
            "for i = 1, 2 do for j = 1, 9 do if j > 1 then break end print(i, j) end if i == 2 then break end end",
            "1\t1\n2\t1",
        ),
        (
            "repeat",
            "local i = 0 repeat local done = i >= 2 i = i + 1 until done print(i)",
            "3",
        ),
        (
            "for",
            "local s = 0 for i = 10, 1, -3 do s = s + i end print(s) for i = 1, 0 do print 'no' end",
            "22",
        ),
        (
            "for in",
            "local t = {10, 20, x = 1, y = 2} for k, v in pairs(t) do print(k, v) end for i, v in ipairs(t) do print(i, v) end",
            "1\t10\n2\t20\nx\t1\ny\t2\n1\t10\n2\t20",
        ),
        (
            "goto",
            "for i = 1, 3 do if i == 2 then goto continue end local x = i print(x) ::continue:: end",
            "1\n3",
        ),
        (
            "goto back",
            "local i = 0 ::top:: i = i + 1 if i < 3 then goto top end print(i)",
            "3",
        ),
        (
            "varargs",
            "local function f(...) local a, b = ... print(a, b, select('#', ...)) return ... end print(f(1, nil, 3)) print((f(7)))",
            "1\tnil\t3\n1\tnil\t3\n7\tnil\t1\n7",
        ),
        (
            "tables",
            "local t = {1, 2, [10] = 'x', y = {z = 3}, (function() return 4, 5 end)()} print(#t, t[3], t[4], t[10], t.y.z)",
            "4\t4\t5\tx\t3",
        ),
        (
            "methods",
            "local o = {n = 1} function o:add(k) self.n = self.n + k return self end print(o:add(2):add(3).n)",
            "6",
        ),
        (
            "nested names",
            "local a = {b = {}} function a.b.f(x) return x end function a.b:g() return self == a.b end print(a.b.f(1), a.b:g())",
            "1\ttrue",
        ),
        (
            "numbers as keys",
            "local t = {} t[1.0] = 'a' t['1'] = 'b' t[-0] = 'c' print(t[1], t['1'], t[0])",
            "a\tb\tc",
        ),
        (
            "removing while it walks",
            "local t = {a = 1, b = 2, c = 3, 4, 5} for k in pairs(t) do t[k] = nil end print(next(t))",
            "nil",
        ),
    ]);
}

#[test]
fn functions_and_closures() {
    check(&[
        (
            "counters",
            "local function new() local n = 0 return function() n = n + 1 return n end end local a, b = new(), new() print(a(), a(), b())",
            "1\t2\t1",
        ),
        (
            "a variable for each turn",
            "local f = {} for i = 1, 3 do local j = i * 10 f[i] = function() j = j + i return j end end print(f[1](), f[1](), f[2](), f[3]())",
            "11\t12\t22\t33",
        ),
        (
            "shared between closures",
            "local x = 0 local function get() return x end local function set(v) x = v end set(5) print(get(), x)",
            "5\t5",
        ),
        (
            "captured parameters",
            "local function f(a) return function() a = a + 1 return a end end local g = f(1) print(g(), g())",
            "2\t3",
        ),
        (
            "recursion",
            "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end print(fib(15))",
            "610",
        ),
        (
            "two levels",
            "local function a() local x = 1 return function() return function() x = x + 1 return x end end end print(a()()())",
            "2",
        ),
        (
            "tail calls",
            "local function loop(n) if n == 0 then return 'done' end return loop(n - 1) end print(loop(100000))",
            "done",
        ),
        (
            "tail calls of library functions",
            "local function f() return tostring(5) end print(f())",
            "5",
        ),
    ]);
}

#[test]
fn metatables() {
    check(&[
        (
            "index",
            "local t = setmetatable({}, {__index = function(t, k) return k .. '!' end}) print(t.a, rawget(t, 'a'))",
            "a!\tnil",
        ),
        (
            "inheritance",
            "local A = {} A.__index = A function A.new() return setmetatable({}, A) end function A:hi() return 'hi' end local B = setmetatable({}, {__index = A}) print(A.new():hi(), B.hi())",
            "hi\thi",
        ),
        (
            "newindex",
            "local log = {} local t = setmetatable({}, {__newindex = function(t, k, v) rawset(t, k, v * 2) end}) t.a = 2 print(t.a)",
            "4",
        ),
        (
            "operators",
            "local m = {} m.__add = function(a, b) return 'add' end m.__concat = function() return 'cat' end m.__eq = function() return true end m.__lt = function() return true end m.__unm = function() return 'neg' end m.__len = function() return 42 end m.__call = function(self, x) return x end local a, b = setmetatable({}, m), setmetatable({}, m) print(a + 1, 1 + a, a .. 'x', 'x' .. a, a == b, a < b, -a, #a, a(7))",
            "add\tadd\tcat\tcat\ttrue\ttrue\tneg\t42\t7",
        ),
        (
            "tostring",
            "print(setmetatable({}, {__tostring = function() return 'me' end}))",
            "me",
        ),
        (
            "pairs",
            "for k, v in pairs(setmetatable({}, {__pairs = function() return function(_, k) if not k then return 1, 2 end end end})) do print(k, v) end",
            "1\t2",
        ),
        (
            "protected",
            "print(getmetatable(setmetatable({}, {__metatable = 'no'})))",
            "no",
        ),
        (
            "strings have methods",
            "print(('x'):rep(3), ('%d'):format(5), #('ab'):upper())",
            "xxx\t5\t2",
        ),
    ]);
}

#[test]
fn errors_that_are_caught() {
    check(&[
        (
            "pcall",
            "print(pcall(error, 'x')) print(pcall(error, {})) print(pcall(function() return 1, 2 end))",
            "false\tx\nfalse\ttable: 0x00000015\ntrue\t1\t2",
        ),
        (
            "a place",
            "print(pcall(function() error('x') end))\nprint(pcall(function() error('x', 0) end))",
            "false\t[string \"print(pcall(function() error('x') end))...\"]:1: x\nfalse\tx",
        ),
        (
            "level 2",
            "local function f() error('bad', 2) end\nprint(select(2, pcall(function()\nf() end)))",
            "[string \"local function f() error('bad', 2) end...\"]:3: bad",
        ),
        (
            "xpcall",
            "print(xpcall(function(a) error(a, 0) end, function(m) return m .. '!' end, 'x'))",
            "false\tx!",
        ),
        (
            "in depth",
            "local ok, m = pcall(function() pcall(error) local x = nil; return x.y end) print(ok, (m:gsub('^.-:%d+: ', '')))",
            "false\tattempt to index local 'x' (a nil value)",
        ),
        (
            "assert",
            "print(pcall(assert, false, 'm')) print(pcall(assert, nil)) print(assert(1, 2))",
            "false\tm\nfalse\tassertion failed!\n1\t2",
        ),
        (
            "overflow of the stack",
            "local function f() return 1 + f() end local ok, m = pcall(f) print(ok, (m:gsub('^.-:%d+: ', '')))",
            "false\tstack overflow",
        ),
    ]);
}

#[test]
fn coroutines() {
    check(&[
        (
            "back and forth",
            "local co = coroutine.create(function(a, b) print(a, b) local c = coroutine.yield(a + b) print(c) return 'end' end) print(coroutine.resume(co, 1, 2)) print(coroutine.status(co)) print(coroutine.resume(co, 'x')) print(coroutine.status(co), coroutine.resume(co))",
            "1\t2\ntrue\t3\nsuspended\nx\ntrue\tend\ndead\tfalse\tcannot resume dead coroutine",
        ),
        (
            "wrap",
            "local f = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) print(f(), f(), f())",
            "1\t2\t3",
        ),
        (
            "as an iterator",
            "for x in coroutine.wrap(function() coroutine.yield('a') coroutine.yield('b') end) do print(x) end",
            "a\nb",
        ),
        (
            "across pcall",
            "local co = coroutine.wrap(function() print(pcall(function() local x = coroutine.yield(1) error(x, 0) end)) return 'after' end) print(co()) print(co('boom'))",
            "1\nfalse\tboom\nafter",
        ),
        (
            "errors",
            "local co = coroutine.create(function() error('x', 0) end) print(coroutine.resume(co)) print(coroutine.status(co))",
            "false\tx\ndead",
        ),
        (
            "resumed by itself, and by what it has resumed",
            "local co co = coroutine.create(function() return coroutine.resume(co) end) print(coroutine.resume(co)) local a, b a = coroutine.wrap(function() return b() end) b = coroutine.wrap(function() return pcall(a) end) print(a())",
            "true\tfalse\tcannot resume non-suspended coroutine\nfalse\tcannot resume non-suspended coroutine",
        ),
        (
            "running",
            "print(select(2, coroutine.running())) coroutine.wrap(function() print(select(2, coroutine.running())) end)()",
            "true\nfalse",
        ),
    ]);
}

#[test]
fn strings() {
    check(&[
        (
            "find",
            "print(('hello'):find('l'), ('hello'):find('xyz'), ('a.b'):find('.', 1, true), ('hello'):find('(l)(l)'))",
            "3\tnil\t2\t3\t4\tl\tl",
        ),
        (
            "match",
            "print(('key = value'):match('^(%w+)%s*=%s*(%w+)$'), ('2026-01-02'):match('(%d+)-(%d+)'))",
            "key\t2026\t01",
        ),
        (
            "classes",
            "print(('a1_ B'):gsub('%a', 'x'), ('x+y'):gsub('%+', '-'), ('[a]'):match('%[(.-)%]'), ('f(a(b)c)d'):match('%b()'))",
            "x1_ x\tx-y\ta\t(a(b)c)",
        ),
        (
            "gsub",
            "print(('abc'):gsub('', '-')) print(('hello world'):gsub('o', {o = '0'})) print(('abc'):gsub('%w', function(c) if c == 'b' then return 'B' end end)) print(('abc'):gsub('(a)(b)', '%2%1%0'), ('aaa'):gsub('a', 'b', 2))",
            "-a-b-c-\t4\nhell0 w0rld\t2\naBc\t3\nbaabc\tbba\t2",
        ),
        (
            "gmatch",
            "for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do print(k, v) end for w in ('x y'):gmatch('%a+') do print(w) end",
            "a\t1\nb\t2\nx\ny",
        ),
        (
            "frontier",
            "print(('THE (quick) fox'):find('%f[%a]%a+%f[%A]'), ('x'):find('%f[%w]'))",
            "1\t1\t0",
        ),
        ("positions", "print(('hello'):match('()ll()'))", "3\t5"),
        (
            "sub and byte",
            "print(('hello'):sub(2, -2), ('hello'):sub(-3), ('hi'):sub(5), ('A'):byte(), ('abc'):byte(1, -1), string.char(72, 105))",
            "ell\tllo\t\t65\t97\tHi",
        ),
        (
            "others",
            "print(('ab'):rep(2, ','), ('abc'):reverse(), ('aB'):upper(), ('aB'):lower(), #('x'):rep(0))",
            "ab,ab\tcba\tAB\tab\t0",
        ),
        (
            "format",
            "print(('%5d|%-5d|%05d|%+d|%x|%X|%o'):format(42, 42, 42, 42, 255, 255, 8)) print(('%.3f %e %g %g'):format(1/3, 12345.678, 0.0001, 1e20)) print(('%s %q %c %% %5s %.2s'):format(nil, 'a\"b', 65, 'x', 'abc'))",
            "   42|42   |00042|+42|ff|FF|10\n0.333 1.234568e+04 0.0001 1e+20\nnil \"a\\\"b\" A %     x ab",
        ),
    ]);
}

#[test]
fn tables_math_and_bits() {
    check(&[
        (
            "insert and remove",
            "local t = {1, 2} table.insert(t, 3) table.insert(t, 1, 0) print(table.concat(t, ',')) print(table.remove(t), table.remove(t, 1), table.concat(t, ','))",
            "0,1,2,3\n3\t0\t1,2",
        ),
        (
            "sort",
            "local t = {3, 1, 2} table.sort(t) print(table.concat(t, ' ')) table.sort(t, function(a, b) return a > b end) print(table.concat(t, ' '))",
            "1 2 3\n3 2 1",
        ),
        (
            "unpack and pack",
            "print(unpack({1, 2, 3}, 2)) print(table.pack(1, nil).n, select(-1, 1, 2))",
            "2\t3\n2\t2",
        ),
        (
            "math",
            "print(math.floor(-1.5), math.ceil(1.2), math.max(1, 5, 3), math.min(2, 1), math.abs(-3), math.sqrt(16), math.huge, math.fmod(7, 3)) print(math.modf(3.7))",
            "-2\t2\t5\t1\t3\t4\tinf\t1\n3\t0.7",
        ),
        (
            "random is the seed's",
            "math.randomseed(1) local a = math.random(100) math.randomseed(1) print(a == math.random(100), math.random() < 1)",
            "true\ttrue",
        ),
        (
            "bits",
            "print(bit.band(0xff, 0x0f), bit.bor(1, 2), bit.bxor(3, 1), bit.bnot(0), bit.lshift(1, 31), bit.rshift(-1, 28), bit.arshift(-8, 1), bit.tohex(255), bit.tohex(10, 2))",
            "15\t3\t2\t-1\t-2147483648\t15\t-4\t000000ff\t0a",
        ),
        (
            "load",
            "print(load('return 1 + 1')()) print(load('x =')) x = 1 load('x = 2')() print(x)",
            "2\nnil\t[string \"x =\"]:1: unexpected symbol near '<eof>'\n2",
        ),
        (
            "time is the host's",
            "print(os.time(), os.clock(), type(_G), _VERSION)",
            "1767225600\t0\ttable\tLua 5.1",
        ),
    ]);
}
