//! Envoy's own trace as a timeline: a log of Envoy 1.39 with the lab `chain.yaml`, and odd ones.

use crate::support::root;
use proxy_wasm_tour::lab::{WasmLog, read_wasm_log};
use proxy_wasm_tour::model::trace::{Event, Kind, Value};

fn recorded() -> WasmLog {
    let text = std::fs::read_to_string(root().join("tests/it/traces/envoy.log")).unwrap();
    read_wasm_log(&text)
}

fn value<'a>(event: &'a Event, name: &str) -> &'a Value {
    let arg = event.args.iter().find(|arg| arg.name == name);
    &arg.unwrap_or_else(|| panic!("{event:?} has no {name}"))
        .value
}

#[test]
fn the_order_of_callbacks_of_a_real_envoy_is_in_the_events() {
    let log = recorded();
    let of_worker = log.events.iter().filter(|event| event.thread == 1);
    let callbacks = of_worker.filter(|event| event.kind == Kind::Callback);
    let names: Vec<&str> = callbacks
        .map(|event| &*event.name)
        .filter(|name| *name != "malloc")
        .collect();
    // Three filters: in as written, out in reverse, and each step of the end filter by filter.
    let mut expected = ["proxy_on_context_create", "proxy_on_request_headers"].repeat(3);
    expected.extend(["proxy_on_response_headers"; 3]);
    expected.extend(["proxy_on_response_body"; 3]);
    expected.extend(["proxy_on_log"; 3]);
    expected.extend(["proxy_on_done", "proxy_on_delete"].repeat(3));
    assert_eq!(names, expected);
}

#[test]
fn calls_nest_have_words_for_their_arguments_and_say_how_they_ended() {
    let log = recorded();
    let find = |name: &str| {
        let mut events = log.events.iter();
        let event = events.find(|event| event.name == name);
        event.unwrap_or_else(|| panic!("no {name}"))
    };
    let reply = find("proxy_send_local_response");
    assert_eq!(value(reply, "status_code"), &Value::Int(403));
    assert_eq!(value(reply, "grpc_status"), &Value::Int(-1));
    assert_eq!(
        value(reply, "body"),
        &Value::Word("13 bytes at 0x1002f7".into())
    );
    assert_eq!(reply.result.as_ref().unwrap().status, "Ok");
    let parent = &log.events[reply.parent.unwrap() as usize];
    assert_eq!(parent.name, "proxy_on_request_headers");
    assert_eq!(parent.result.as_ref().unwrap().status, "StopIteration");
    assert_eq!((parent.context, parent.thread), (Some(2), 1));
    let line = find("proxy_log");
    assert_eq!(value(line, "log_level"), &Value::Word("info".into()));
    assert_eq!(
        value(line, "message"),
        &Value::Bytes("#2 -> :authority: example.com".into()),
        "the line beside the call has the text"
    );
    // The allocator is called inside the host call that needs memory.
    let malloc = find("malloc");
    let around = &log.events[malloc.parent.unwrap() as usize];
    assert_eq!(around.name, "proxy_get_header_map_pairs");
    assert_eq!(
        (log.events[0].t_ns, malloc.t_ns),
        (84_000_000, 5_801_000_000)
    );
}

#[test]
fn no_line_is_dropped_and_those_of_other_components_have_their_number() {
    let log = recorded();
    let numbers: Vec<u32> = log.others.iter().map(|(line, _)| *line).collect();
    assert_eq!((log.lines, numbers), (106, vec![1, 15]));
    assert!(log.others[1].1.contains("all clusters initialized"));
    let odd = read_wasm_log("hello\n[host->vm] run()\n[host<-vm] run return: void\n\n");
    assert_eq!(odd.others, [(1, "hello".to_owned()), (4, String::new())]);
    assert_eq!((odd.events.len(), odd.calls), (1, 2));
}

#[test]
fn a_trap_ends_what_was_under_way_and_keeps_its_backtrace() {
    let head =
        |level: &str| format!("[2026-01-01 00:00:00.000][7][{level}][wasm] [source/x/wasm.cc:9] ");
    let (trace, error) = (head("trace"), head("error"));
    let text = format!(
        "{trace}[host->vm] proxy_on_request_headers(2, 8, 1)\n\
         {trace}[vm->host] env.proxy_log(5, 100, 4)\n\
         {}wasm log panic: one\ntwo\n\
         {trace}[vm<-host] env.proxy_log return: 0\n\
         {error}Function: proxy_on_request_headers failed: Uncaught RuntimeError: unreachable\n\
         Proxy-Wasm plugin in-VM backtrace:\n  0:  0xdbd - runtime._panic\n\
         {trace}[host->vm] proxy_on_log(2)\n",
        head("critical")
    );
    let log = read_wasm_log(&text);
    assert_eq!(log.others, []);
    assert_eq!(
        value(&log.events[1], "message"),
        &Value::Bytes("one\ntwo".into())
    );
    let trap = &log.events[2];
    assert_eq!((trap.kind, trap.parent), (Kind::Trap, Some(0)));
    let Value::Bytes(cause) = value(trap, "cause") else {
        panic!("{trap:?}")
    };
    assert!(
        cause.as_str().unwrap().ends_with("runtime._panic"),
        "{cause:?}"
    );
    assert_eq!(log.events[0].result.as_ref().unwrap().status, "trap");
    assert_eq!(log.events[3].parent, None);
}

#[test]
fn logs_of_istio_and_calls_that_nobody_knows_are_read_too() {
    let text = "2022-04-24T07:59:01.094754Z\ttrace\tenvoy wasm\t[host->vm] proxy_on_tomorrow(13, 2)\n\
                2022-04-24T07:59:01.094772Z\ttrace\tenvoy wasm\t[vm->host] wasi_snapshot_preview1.random_get(86928, 32)\n\
                2022-04-24T07:59:01.094777Z\ttrace\tenvoy wasm\t[vm<-host] wasi_snapshot_preview1.random_get return: 0\n\
                2022-04-24T07:59:01.094778Z\tdebug\tenvoy http\t[C44] request end stream\n\
                2022-04-24T07:59:01.094779Z\ttrace\tenvoy wasm\t[host<-vm] proxy_on_tomorrow return: 7\n";
    let log = read_wasm_log(text);
    assert_eq!(log.others.len(), 1);
    assert_eq!(log.events.len(), 2);
    assert_eq!(value(&log.events[0], "word"), &Value::Int(13));
    assert_eq!(log.events[0].result.as_ref().unwrap().status, "7");
    assert_eq!(
        (&*log.events[1].name, log.events[1].t_ns),
        ("random_get", 18_000)
    );
}
