//! Callbacks that run long: the interpreter's own stack must not grow with the work done.
//!
//! The interpreter goes from one instruction to the next by tail calls. A build in which one of
//! them is none would die here, with the whole process.

use super::guest::{Guest, wat};
use proxy_wasm_tour::host::{GuestCall, Limits, Step, VmSettings};

const TIMES: u32 = 400_000;

const IMPORTS: &str =
    "(import \"env\" \"pthread_equal\" (func $host (param i32 i32) (result i32)))";

/// Runs a body many times.
fn repeat(body: &str) {
    let text = wat(
        IMPORTS,
        &format!(
            "(type $unary (func (param i32) (result i32)))
             (table $t 4 4 funcref) (elem (i32.const 0) $same $same $same $same)
             (elem $passive func $same $same)
             (data $data \"0123456789\")
             (global $g (mut i64) (i64.const 1))
             (func $same (type $unary) (local.get 0))
             (func $two (param i32) (result i32 i64) (local.get 0) (i64.const 2))
             (func $tail (param i32) (result i32) (return_call $same (local.get 0)))
             (func (export \"proxy_on_tick\") (param i32)
               (local $i i32) (local $x i32) (local $y i64) (local $f f32) (local $d f64) (local $v v128)
               (local.set $i (i32.const {TIMES}))
               (loop $again
                 {body}
                 (local.set $i (i32.sub (local.get $i) (i32.const 1)))
                 (br_if $again (local.get $i))))"
        ),
    );
    let limits = Limits {
        fuel_per_callback: u64::MAX,
        ..Limits::default()
    };
    let settings = VmSettings {
        limits,
        ..VmSettings::default()
    };
    let mut guest = Guest::loaded(&text, settings);
    guest.proxy().trace.capture = false;
    assert_eq!(guest.call(GuestCall::Start), Step::Returned(0));
    let step = guest.call(GuestCall::OnTick { root: 1 });
    assert_eq!(step, Step::Returned(0), "{body}: {:?}", guest.vm.failure());
}

/// A body for an operator with operands of one type.
fn operator(op: &str) -> String {
    let (result, rest) = op.split_once('.').unwrap();
    let operand = match rest.split_once('_') {
        Some((
            "convert" | "trunc" | "extend" | "wrap" | "demote" | "promote" | "reinterpret",
            from,
        )) => &from[from.find(['i', 'f']).unwrap_or(0)..][..3],
        _ => result,
    };
    let value = |ty: &str| match ty {
        "i32" => "(i32.add (local.get $x) (i32.const 3))",
        "i64" => "(i64.add (local.get $y) (i64.const 3))",
        "f32" => "(f32.add (local.get $f) (f32.const 3))",
        _ => "(f64.add (local.get $d) (f64.const 3))",
    };
    let unary = [
        "clz", "ctz", "popcnt", "eqz", "abs", "neg", "sqrt", "ceil", "floor", "trunc", "nearest",
    ];
    let one = unary.contains(&rest)
        || rest.contains('_')
            && !rest.contains("div")
            && !rest.contains("rem")
            && !rest.contains("shr")
            && !["lt", "gt", "le", "ge"].iter().any(|c| rest.starts_with(c));
    match one {
        true => format!("(drop ({op} {}))", value(operand)),
        false => format!("(drop ({op} {} {}))", value(operand), value(operand)),
    }
}

#[test]
fn arithmetic_for_long_leaves_the_native_stack_alone() {
    let whole = [
        "add", "sub", "mul", "div_s", "div_u", "rem_s", "rem_u", "and", "or", "xor", "shl",
        "shr_s", "shr_u", "rotl", "rotr", "clz", "ctz", "popcnt", "eqz", "eq", "ne", "lt_s",
        "lt_u", "gt_s", "le_u", "ge_s",
    ];
    let float = [
        "add", "sub", "mul", "div", "min", "max", "copysign", "abs", "neg", "sqrt", "ceil",
        "floor", "trunc", "nearest", "eq", "lt", "ge",
    ];
    let mut body = String::new();
    for ty in ["i32", "i64"] {
        body.extend(whole.iter().map(|op| operator(&format!("{ty}.{op}"))));
    }
    for ty in ["f32", "f64"] {
        body.extend(float.iter().map(|op| operator(&format!("{ty}.{op}"))));
    }
    let others = [
        "i32.wrap_i64",
        "i64.extend_i32_s",
        "f64.promote_f32",
        "f32.demote_f64",
        "f64.convert_i64_u",
        "i32.trunc_f64_s",
        "i64.reinterpret_f64",
    ];
    body.extend(others.iter().map(|op| operator(op)));
    repeat(&body);
}

#[test]
fn memory_tables_and_globals_for_long_leave_the_native_stack_alone() {
    repeat(
        "(drop (i32.load8_s (i32.const 3))) (drop (i64.load32_u (i32.const 8))) (i32.store16 (i32.const 5) (local.get $i))
         (f64.store (i32.const 64) (f64.load (i32.const 128)))
         (memory.copy (i32.const 200) (i32.const 100) (i32.const 16)) (memory.fill (i32.const 300) (i32.const 7) (i32.const 9))
         (memory.init $data (i32.const 400) (i32.const 2) (i32.const 3))
         (drop (memory.size)) (drop (memory.grow (i32.const 0)))
         (table.set $t (i32.const 1) (table.get $t (i32.const 2))) (drop (table.size $t)) (drop (table.grow $t (ref.null func) (i32.const 0)))
         (table.copy (i32.const 0) (i32.const 1) (i32.const 2)) (table.init $passive (i32.const 0) (i32.const 0) (i32.const 1)) (table.fill $t (i32.const 2) (ref.func $same) (i32.const 1))
         (global.set $g (i64.add (global.get $g) (i64.const 3)))",
    );
}

#[test]
fn calls_and_branches_for_long_leave_the_native_stack_alone() {
    repeat(
        "(drop (call $same (local.get $i))) (drop (call $tail (local.get $i)))
         (drop (call_indirect (type $unary) (local.get $i) (i32.const 1)))
         (drop (call $host (local.get $i) (i32.const 1)))
         (call $two (local.get $i)) (drop) (drop)
         (block $a (block $b (block $c (br_table $a $b $c (i32.and (local.get $i) (i32.const 3))))))
         (if (i32.and (local.get $i) (i32.const 1)) (then (nop)) (else (local.set $x (i32.const 1))))
         (local.set $x (select (local.get $x) (local.get $i) (i32.eqz (local.get $i))))",
    );
}

#[test]
fn vectors_for_long_leave_the_native_stack_alone() {
    repeat(
        "(local.set $v (i32x4.add (local.get $v) (i32x4.splat (local.get $i))))
         (local.set $v (f64x2.mul (local.get $v) (v128.const f64x2 1 2)))
         (local.set $v (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get $v) (local.get $v)))
         (local.set $v (i8x16.swizzle (local.get $v) (local.get $v)))
         (v128.store (i32.const 512) (local.get $v)) (local.set $v (v128.load (i32.const 512)))
         (drop (i16x8.extract_lane_u 3 (local.get $v))) (drop (v128.any_true (local.get $v))) (drop (i8x16.bitmask (local.get $v)))
         (local.set $v (v128.bitselect (local.get $v) (local.get $v) (local.get $v)))
         (local.set $v (i16x8.sub_sat_s (local.get $v) (local.get $v)))",
    );
}
