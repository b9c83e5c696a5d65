//! Callbacks: arguments, return values, contexts, traps, limits, suspension.

use super::guest::{Guest, MALLOC, calls, calls_with, load, wat};
use proxy_wasm_tour::abi::{LogLevel, MapType};
use proxy_wasm_tour::host::{GuestCall, Limits, Step, VmSettings};
use proxy_wasm_tour::model::trace::{Kind, Value};

const LOG: &str = "(import \"env\" \"proxy_log\" (func $log (param i32 i32 i32) (result i32)))";
const EFFECTIVE: &str =
    "(import \"env\" \"proxy_set_effective_context\" (func $effective (param i32) (result i32)))
     (import \"env\" \"proxy_continue_stream\" (func $continue (param i32) (result i32)))";

#[test]
fn an_export_that_is_missing_is_absent() {
    let mut guest = Guest::start(&wat("", ""));
    assert_eq!(guest.call(GuestCall::OnTick { root: 1 }), Step::Absent);
    assert!(!guest.vm.has("proxy_on_tick"));
}

#[test]
fn a_callbacks_arguments_and_answer_are_in_the_trace_in_words() {
    let text = wat(
        "",
        "(func (export \"proxy_on_request_headers\") (param i32 i32 i32) (result i32)
        (i32.add (local.get 1) (local.get 2)))",
    );
    let mut guest = Guest::start(&text);
    let call = GuestCall::OnRequestHeaders {
        context: 2,
        count: 0,
        end_of_stream: true,
    };
    assert_eq!(guest.call(call), Step::Returned(1));
    let event = guest.proxy().trace.events[0].clone();
    assert_eq!(
        (event.kind, &*event.name, event.context),
        (Kind::Callback, "proxy_on_request_headers", Some(2))
    );
    assert_eq!(event.args[2].value, Value::from("true"));
    assert_eq!(event.result.unwrap().status, "StopIteration");
    assert!(event.fuel.unwrap() > 0);
}

#[test]
fn a_trap_kills_the_vm_with_envoys_message() {
    let text = wat(
        "",
        "(func (export \"proxy_on_tick\") (param i32) unreachable)",
    );
    let mut guest = Guest::start(&text);
    assert_eq!(guest.call(GuestCall::OnTick { root: 1 }), Step::Failed);
    let failure = guest.vm.failure().unwrap().clone();
    assert_eq!(
        failure.message,
        "Function: proxy_on_tick failed: Uncaught RuntimeError: unreachable"
    );
    assert_eq!(failure.limit, None);
    assert_eq!(guest.call(GuestCall::OnTick { root: 1 }), Step::Failed);
    let last = guest.proxy().trace.events.last().unwrap().clone();
    assert_eq!(last.kind, Kind::Trap);
}

#[test]
fn a_trap_names_the_last_host_call_that_is_no_logging() {
    let text = wat(
        &format!("{LOG} {EFFECTIVE}"),
        "(func (export \"proxy_on_tick\") (param i32)
          (drop (call $effective (i32.const 77)))
          (drop (call $log (i32.const 2) (i32.const 0) (i32.const 0))) unreachable)",
    );
    let mut guest = Guest::start(&text);
    assert_eq!(guest.call(GuestCall::OnTick { root: 1 }), Step::Failed);
    let failure = guest.vm.failure().unwrap().clone();
    assert_eq!(
        failure.message,
        "Function: proxy_on_tick failed: Uncaught RuntimeError: unreachable (last host call: proxy_set_effective_context: BadArgument)"
    );
    let trap = guest.proxy().trace.events.last().unwrap().clone();
    let args: Vec<String> = trap
        .args
        .iter()
        .map(|arg| match &arg.value {
            Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Value::Word(word) => word.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        args,
        [
            "unreachable",
            "proxy_set_effective_context: BadArgument",
            "none: the interpreter keeps no list of calls"
        ]
    );
}

#[test]
fn log_lines_reach_the_proxy_and_a_level_above_5_is_bad_argument() {
    let mut guest = Guest::start(&calls("proxy_log", &[5, 0, 5], "panic"));
    assert_eq!(guest.done(), Step::Returned(0));
    assert_eq!(guest.proxy().logs, [(LogLevel::Critical, "panic".into())]);
    let mut guest = Guest::start(&calls("proxy_log", &[6, -1, 5], ""));
    assert_eq!(guest.done(), Step::Returned(2));
    assert_eq!(guest.outcome().1, "log_level 6 is greater than 5");
}

#[test]
fn contexts_are_numbered_from_1_by_one_counter_that_skips_ids_in_use() {
    let mut guest = Guest::start(&wat("", ""));
    assert_eq!(guest.vm.new_context(None), 1);
    assert_eq!(guest.vm.new_context(Some(1)), 2);
    guest.vm.drop_context(2);
    assert_eq!(guest.vm.new_context(None), 3);
}

#[test]
fn the_effective_context_lasts_until_the_callback_returns() {
    let text = wat(
        EFFECTIVE,
        "
      (func (export \"proxy_on_tick\") (param i32)
        (drop (call $effective (i32.const 2)))
        (drop (call $continue (i32.const 0))))
      (func (export \"proxy_on_done\") (param i32) (result i32) (call $continue (i32.const 1)))",
    );
    let mut guest = Guest::start(&text);
    let root = guest.vm.new_context(None);
    let stream = guest.vm.new_context(Some(root));
    guest.call(GuestCall::OnTick { root });
    guest.call(GuestCall::OnDone { context: root });
    assert_eq!(
        guest.proxy().asked,
        ["2 continue request", "1 continue response"]
    );
    guest.vm.drop_context(stream);
    guest.proxy().asked.clear();
    guest.call(GuestCall::OnTick { root });
    assert_eq!(guest.outcome().0, "Ok");
    assert_eq!(
        guest.proxy().asked,
        ["1 continue request"],
        "falls back to the callback's context"
    );
}

#[test]
fn an_unknown_effective_context_is_bad_argument() {
    let mut guest = Guest::start(&calls("proxy_set_effective_context", &[77], ""));
    assert_eq!(guest.done(), Step::Returned(2));
    assert_eq!(guest.outcome().1, "there is no context 77");
}

#[test]
fn a_callback_that_loops_for_ever_runs_out_of_fuel() {
    let limits = Limits {
        fuel_per_callback: 10_000,
        ..Limits::default()
    };
    let settings = VmSettings {
        limits,
        ..VmSettings::default()
    };
    let text = wat(
        "",
        "(func (export \"proxy_on_tick\") (param i32) (loop (br 0)))",
    );
    let mut guest = Guest::loaded(&text, settings);
    guest.call(GuestCall::Start);
    assert_eq!(guest.call(GuestCall::OnTick { root: 1 }), Step::Failed);
    let failure = guest.vm.failure().unwrap();
    assert_eq!(failure.limit, Some("fuel"));
    assert!(
        failure
            .message
            .contains("out of fuel: the callback used its limit of 10000 units")
    );
}

#[test]
fn a_guest_that_calls_itself_for_ever_hits_the_stack_limit() {
    let text = wat(
        "",
        "(func $f (export \"proxy_on_tick\") (param i32) (call $f (local.get 0)) (call $f (local.get 0)))",
    );
    let mut guest = Guest::start(&text);
    assert_eq!(guest.call(GuestCall::OnTick { root: 1 }), Step::Failed);
    assert_eq!(guest.vm.failure().unwrap().limit, Some("stack"));
}

#[test]
fn memory_grows_to_its_limit_and_a_trap_after_that_names_it() {
    let limits = Limits {
        memory_bytes: 1 << 20,
        ..Limits::default()
    };
    let settings = VmSettings {
        limits,
        ..VmSettings::default()
    };
    let text = wat(
        "",
        "(func (export \"proxy_on_tick\") (param i32)
        (loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable)",
    );
    let mut guest = Guest::loaded(&text, settings);
    guest.call(GuestCall::Start);
    assert_eq!(guest.call(GuestCall::OnTick { root: 1 }), Step::Failed);
    assert_eq!(guest.vm.memory_bytes(), 1 << 20);
    assert_eq!(guest.vm.failure().unwrap().limit, Some("memory"));
}

#[test]
fn a_guest_that_logs_for_ever_hits_the_log_limit() {
    let limits = Limits {
        log_bytes: 1000,
        ..Limits::default()
    };
    let settings = VmSettings {
        limits,
        ..VmSettings::default()
    };
    let text = wat(
        LOG,
        "(func (export \"proxy_on_tick\") (param i32)
        (loop (drop (call $log (i32.const 2) (i32.const 0) (i32.const 100))) (br 0)))",
    );
    let mut guest = Guest::loaded(&text, settings);
    guest.call(GuestCall::Start);
    assert_eq!(guest.call(GuestCall::OnTick { root: 1 }), Step::Failed);
    assert_eq!(guest.vm.failure().unwrap().limit, Some("log"));
    assert_eq!(guest.proxy().logs.len(), 9);
}

#[test]
fn a_suspended_host_call_is_performed_when_it_is_resumed() {
    let mut guest = Guest::start(&calls(
        "proxy_get_header_map_value",
        &[0, 0, 1, 100, 104],
        "a",
    ));
    guest.proxy().suspends = vec!["proxy_get_header_map_value"];
    let Step::Suspended(point) = guest.done() else {
        panic!()
    };
    assert_eq!(
        (point.name, point.at.context),
        ("proxy_get_header_map_value", 1)
    );
    assert!(matches!(guest.done(), Step::Suspended(_)), "it still waits");
    // What another thread does in between is seen.
    let headers = [("a", "later")].into_iter().collect();
    guest.proxy().maps.insert(MapType::RequestHeaders, headers);
    assert_eq!(guest.resume(), Step::Returned(0));
    assert_eq!(guest.delivered(100, 104), b"later");
    assert_eq!(guest.done(), guest.done());
}

#[test]
fn an_allocator_that_traps_gives_6_and_fails_the_vm() {
    let fields = "(data (i32.const 0) \"a\")
      (func (export \"malloc\") (param i32) (result i32) unreachable)";
    let text = calls_with("proxy_get_header_map_value", &[0, 0, 1, 100, 104], fields);
    let mut guest = Guest::start(&text);
    let headers = [("a", "1")].into_iter().collect();
    guest.proxy().maps.insert(MapType::RequestHeaders, headers);
    assert_eq!(guest.done(), Step::Failed);
    assert_eq!(guest.outcome().0, "InvalidMemoryAccess");
    assert_eq!(guest.vm.failure().unwrap().function, "malloc");
}

#[test]
fn an_allocator_may_log_but_make_no_other_host_call() {
    let text = |body: &str| {
        let imports = format!(
            "{LOG} {EFFECTIVE}
          (import \"env\" \"proxy_get_property\" (func $get (param i32 i32 i32 i32) (result i32)))"
        );
        wat(&imports, "").replace(
            MALLOC,
            &format!(
                "
          (func (export \"malloc\") (param i32) (result i32) (drop {body}) (i32.const 4096))
          (func (export \"proxy_on_done\") (param i32) (result i32)
            (call $get (i32.const 0) (i32.const 1) (i32.const 100) (i32.const 104)))
          (data (i32.const 0) \"p\")"
            ),
        )
    };
    let run = |body: &str| {
        let mut guest = Guest::start(&text(body));
        guest
            .proxy()
            .properties
            .insert(b"p".to_vec(), b"v".to_vec());
        let step = guest.done();
        (step, guest)
    };
    let (step, mut guest) = run("(call $log (i32.const 2) (i32.const 0) (i32.const 1))");
    assert_eq!((step, guest.proxy().logs.len()), (Step::Returned(0), 1));
    let (step, guest) = run("(call $continue (i32.const 0))");
    assert_eq!(step, Step::Failed);
    let failure = guest.vm.failure().unwrap();
    assert!(failure.cause.contains(
        "restricted_callback: proxy_continue_stream may not be called inside its allocator"
    ));
}

#[test]
fn host_calls_other_than_log_trap_while_the_vm_starts() {
    let text = wat(
        EFFECTIVE,
        "(func (export \"_initialize\") (drop (call $continue (i32.const 0))))",
    );
    let mut guest = Guest::loaded(&text, VmSettings::default());
    assert_eq!(guest.call(GuestCall::Start), Step::Failed);
    assert!(
        guest
            .vm
            .failure()
            .unwrap()
            .message
            .contains("Function: _initialize failed: Uncaught RuntimeError: restricted_callback")
    );
}

#[test]
fn a_start_section_runs_with_the_start_and_its_trap_is_reported() {
    let log = "(drop (call $log (i32.const 2) (i32.const 0) (i32.const 1)))";
    let text = wat(
        LOG,
        &format!("(func $s {log}) (start $s) (data (i32.const 0) \"s\")"),
    );
    let mut guest = Guest::start(&text);
    assert_eq!(guest.proxy().logs, [(LogLevel::Info, "s".into())]);
    let text = wat("", "(func $s unreachable) (start $s)");
    let mut guest = Guest::loaded(&text, VmSettings::default());
    assert_eq!(guest.call(GuestCall::Start), Step::Failed);
}

#[test]
fn without_capture_nothing_is_recorded() {
    let mut guest = Guest::start(&calls("proxy_log", &[2, 0, 1], "x"));
    guest.proxy().trace.capture = false;
    assert_eq!(guest.done(), Step::Returned(0));
    assert_eq!(guest.proxy().trace.events, []);
    assert!(guest.vm.fuel_max() > 0);
}

#[test]
fn a_module_that_wants_more_memory_than_the_limit_fails_at_its_start() {
    let text = format!(
        "(module (memory (export \"memory\") 60000) (func (export \"proxy_abi_version_0_2_1\")) {MALLOC})"
    );
    assert!(load(&text).is_ok());
    let mut guest = Guest::loaded(&text, VmSettings::default());
    assert_eq!(guest.call(GuestCall::Start), Step::Failed);
    assert_eq!(guest.vm.failure().unwrap().limit, Some("memory"));
}

#[test]
fn a_host_call_costs_fuel_by_the_bytes_it_carries() {
    let fuel = |size| {
        let mut guest = Guest::start(&calls("proxy_enqueue_shared_queue", &[1, 0, size], ""));
        guest.done();
        guest.vm.fuel_max()
    };
    assert!(fuel(0) >= 100);
    assert_eq!(fuel(5000) - fuel(0), 5000);
    assert_eq!(fuel(-1), fuel(0), "what is refused carries nothing");
    let read = |length: usize| {
        let text = calls("proxy_get_property", &[0, 1, 100, 104], "p");
        let mut guest = Guest::start(&text);
        let properties = &mut guest.proxy().properties;
        properties.insert(b"p".to_vec(), vec![b'v'; length]);
        guest.done();
        guest.vm.fuel_max()
    };
    assert_eq!(read(600) - read(100), 500);
}

#[test]
fn a_guest_that_fills_the_proxy_for_ever_runs_out_of_fuel() {
    let import = "(import \"env\" \"proxy_enqueue_shared_queue\" (func $enqueue (param i32 i32 i32) (result i32)))";
    let limits = Limits {
        fuel_per_callback: 1_000_000,
        ..Limits::default()
    };
    let settings = VmSettings {
        limits,
        ..VmSettings::default()
    };
    let text = wat(
        import,
        "(func (export \"proxy_on_tick\") (param i32)
        (loop (drop (call $enqueue (i32.const 1) (i32.const 0) (i32.const 65536))) (br 0)))",
    );
    let mut guest = Guest::loaded(&text, settings);
    guest.call(GuestCall::Start);
    assert_eq!(guest.call(GuestCall::OnTick { root: 1 }), Step::Failed);
    assert_eq!(guest.vm.failure().unwrap().limit, Some("fuel"));
    assert!(guest.proxy().asked.len() <= 16);
}
