//! Plain modules, called without a proxy.

use proxy_wasm_tour::host::{Engine, Limits, PlainCall, call_plain, plain_exports};
use serde_json::{Number, Value, json};

const MAX: &str = "(module
  (import \"env\" \"proxy_log\" (func $log (param i32 i32 i32) (result i32)))
  (memory (export \"memory\") 1) (data (i32.const 8) \"hi\")
  (func (export \"max\") (param i32 i32) (result i32)
    (select (local.get 0) (local.get 1) (i32.gt_s (local.get 0) (local.get 1))))
  (func (export \"say\") (drop (call $log (i32.const 2) (i32.const 8) (i32.const 2))))
  (func (export \"half\") (param f64) (result f64) (f64.div (local.get 0) (f64.const 2)))
  (func (export \"big\") (result i64) (i64.const -1))
  (func (export \"nan\") (result f32) (f32.const nan))
  (func (export \"trap\") unreachable)
  (func (export \"chat\") (param i32 i32) (loop (drop (call $log (i32.const 2) (local.get 0) (local.get 1))) (br 0)))
  (func $deeper (export \"deeper\") (result i32) (i32.add (call $deeper) (i32.const 1)))
  (func (export \"spin\") (loop (br 0))))";

fn call(export: &str, args: &[Value]) -> Result<PlainCall, String> {
    let limits = Limits {
        fuel_per_callback: 100_000,
        log_bytes: 50_000,
        ..Limits::default()
    };
    let bytes = wat::parse_str(MAX).unwrap();
    let args: Vec<Number> = args
        .iter()
        .map(|arg| arg.as_number().unwrap().clone())
        .collect();
    call_plain(&Engine::new(&limits), &bytes, export, &args, &limits)
}

#[test]
fn an_export_is_called_with_numbers_and_returns_numbers() {
    assert_eq!(
        call("max", &[json!(3), json!(-7)]).unwrap().results,
        [json!(3)]
    );
    assert_eq!(
        call("max", &[json!(4294967295u32), json!(0)])
            .unwrap()
            .results,
        [json!(0)]
    );
    assert_eq!(call("half", &[json!(5)]).unwrap().results, [json!(2.5)]);
    assert_eq!(call("big", &[]).unwrap().results, [json!(-1)]);
    assert_eq!(call("nan", &[]).unwrap().results, [json!("NaN")]);
}

#[test]
fn a_plain_module_may_log() {
    let done = call("say", &[]).unwrap();
    assert_eq!(done.logs, [(2, "hi".into())]);
    assert!(done.fuel > 0);
}

#[test]
fn a_trap_is_a_result_in_words() {
    assert_eq!(call("trap", &[]).unwrap().trap.unwrap(), "unreachable");
    assert!(
        call("spin", &[])
            .unwrap()
            .trap
            .unwrap()
            .contains("out of fuel")
    );
}

#[test]
fn a_plain_module_that_never_ends_is_stopped_and_the_limit_is_named() {
    let trap = |export, args: &[Value]| call(export, args).unwrap().trap.unwrap();
    let deep = trap("deeper", &[]);
    assert!(deep.contains("(the stack limit)"), "{deep}");
    let lines = trap("chat", &[json!(0), json!(1000)]);
    assert_eq!(
        lines,
        "log limit: the module has logged more than 50000 bytes"
    );
    // Host calls cost fuel: lines of nothing end as well, and so do lines from outside memory.
    for at in [0_u32, 0xffff_ff00] {
        let nothing = call("chat", &[json!(at), json!(0)]).unwrap();
        assert!(nothing.trap.unwrap().contains("out of fuel"));
        assert!(nothing.logs.len() < 1000 && nothing.fuel <= 100_000);
    }
}

#[test]
fn what_cannot_be_called_says_why() {
    assert_eq!(
        call("min", &[]).unwrap_err(),
        "the module exports no function min; it exports big, chat, deeper, half, max, nan, say, spin, trap"
    );
    assert_eq!(
        call("max", &[json!(1)]).unwrap_err(),
        "max takes 2 arguments, and 1 are given"
    );
    assert_eq!(
        call("max", &[json!(1.5), json!(1)]).unwrap_err(),
        "argument 0 of max: 1.5 is no i32"
    );
    let other = wat::parse_str("(module (import \"env\" \"puts\" (func)))").unwrap();
    let limits = Limits::default();
    let engine = Engine::new(&limits);
    let message = call_plain(&engine, &other, "f", &[], &limits).unwrap_err();
    assert!(message.contains("imports env.puts"));
    assert!(call_plain(&engine, b"?", "f", &[], &limits).is_err());
    assert_eq!(
        plain_exports(&engine, &wat::parse_str(MAX).unwrap()).unwrap()[4],
        "max (i32, i32) -> i32"
    );
}
