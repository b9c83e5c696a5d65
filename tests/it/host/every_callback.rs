//! Every callback of the table: its words, its trap, its slices of fuel.

use super::guest::{Guest, MALLOC, load, whole};
use super::recorder::Recorder;
use proxy_wasm_tour::abi::{CALLBACKS, PeerType, callback};
use proxy_wasm_tour::host::{GuestCall, Limits, Step, Vm, VmSettings};
use proxy_wasm_tour::model::trace::Kind;

/// Each call with the export it makes and the words it gives.
fn each() -> Vec<(&'static str, GuestCall, Vec<u32>)> {
    use GuestCall::*;
    let (context, root, parent, count, size, token) = (2, 1, 1, 3, 4, 5);
    let end_of_stream = true;
    let peer = PeerType::Remote;
    vec![
        (
            "proxy_on_context_create",
            OnContextCreate { context, parent },
            vec![2, 1],
        ),
        (
            "proxy_on_vm_start",
            OnVmStart {
                root,
                configuration_size: 9,
            },
            vec![1, 9],
        ),
        (
            "proxy_on_configure",
            OnConfigure {
                root,
                configuration_size: 9,
            },
            vec![1, 9],
        ),
        ("proxy_on_tick", OnTick { root }, vec![1]),
        (
            "proxy_on_queue_ready",
            OnQueueReady { root, token },
            vec![1, 5],
        ),
        (
            "proxy_on_new_connection",
            OnNewConnection { context },
            vec![2],
        ),
        (
            "proxy_on_downstream_data",
            OnDownstreamData {
                context,
                size,
                end_of_stream,
            },
            vec![2, 4, 1],
        ),
        (
            "proxy_on_upstream_data",
            OnUpstreamData {
                context,
                size,
                end_of_stream: false,
            },
            vec![2, 4, 0],
        ),
        (
            "proxy_on_downstream_connection_close",
            OnDownstreamConnectionClose { context, peer },
            vec![2, 2],
        ),
        (
            "proxy_on_upstream_connection_close",
            OnUpstreamConnectionClose {
                context,
                peer: PeerType::Local,
            },
            vec![2, 1],
        ),
        (
            "proxy_on_request_headers",
            OnRequestHeaders {
                context,
                count,
                end_of_stream,
            },
            vec![2, 3, 1],
        ),
        (
            "proxy_on_request_body",
            OnRequestBody {
                context,
                size,
                end_of_stream,
            },
            vec![2, 4, 1],
        ),
        (
            "proxy_on_request_trailers",
            OnRequestTrailers { context, count },
            vec![2, 3],
        ),
        (
            "proxy_on_request_metadata",
            OnRequestMetadata { context, count },
            vec![2, 3],
        ),
        (
            "proxy_on_response_headers",
            OnResponseHeaders {
                context,
                count,
                end_of_stream,
            },
            vec![2, 3, 1],
        ),
        (
            "proxy_on_response_body",
            OnResponseBody {
                context,
                size,
                end_of_stream,
            },
            vec![2, 4, 1],
        ),
        (
            "proxy_on_response_trailers",
            OnResponseTrailers { context, count },
            vec![2, 3],
        ),
        (
            "proxy_on_response_metadata",
            OnResponseMetadata { context, count },
            vec![2, 3],
        ),
        (
            "proxy_on_http_call_response",
            OnHttpCallResponse {
                root,
                token,
                headers: 3,
                body_size: 6,
                trailers: 7,
            },
            vec![1, 5, 3, 6, 7],
        ),
        (
            "proxy_on_grpc_receive_initial_metadata",
            OnGrpcReceiveInitialMetadata { root, token, count },
            vec![1, 5, 3],
        ),
        (
            "proxy_on_grpc_receive",
            OnGrpcReceive { root, token, size },
            vec![1, 5, 4],
        ),
        (
            "proxy_on_grpc_receive_trailing_metadata",
            OnGrpcReceiveTrailingMetadata { root, token, count },
            vec![1, 5, 3],
        ),
        (
            "proxy_on_grpc_close",
            OnGrpcClose {
                root,
                token,
                code: 14,
            },
            vec![1, 5, 14],
        ),
        (
            "proxy_on_foreign_function",
            OnForeignFunction {
                context,
                function: 7,
                size: 13,
            },
            vec![2, 7, 13],
        ),
        ("proxy_on_done", OnDone { context }, vec![2]),
        ("proxy_on_log", OnLog { context }, vec![2]),
        ("proxy_on_delete", OnDelete { context }, vec![2]),
    ]
}

/// A module of 0.2.1 with one callback of this body.
fn module(name: &str, body: impl Fn(usize) -> String) -> String {
    let entry = callback(name).unwrap();
    let params = entry.params.len();
    let (result, value) = match entry.returns.wasm() {
        [] => ("", ""),
        _ => ("(result i32)", "(i32.const 1)"),
    };
    let types = "i32 ".repeat(params);
    let func = format!(
        "(func (export \"{name}\") (param {types}) {result} (local $i i32) {} {value})",
        body(params)
    );
    whole("0_2_1", "", &format!("{MALLOC} {func}"))
}

#[test]
fn each_callback_gets_its_words_in_order() {
    for (name, call, words) in each() {
        let stores = |params: usize| {
            let store = |i: usize| format!("(i32.store (i32.const {}) (local.get {i}))", 4 * i);
            (0..params).map(store).collect()
        };
        let mut guest = Guest::start(&module(name, stores));
        let returned = u32::from(!callback(name).unwrap().returns.wasm().is_empty());
        assert_eq!(guest.call(call), Step::Returned(returned), "{name}");
        let seen: Vec<u32> = (0..words.len()).map(|i| guest.word(4 * i)).collect();
        assert_eq!(seen, words, "{name}");
        let event = &guest.proxy().trace.events[0];
        assert_eq!(
            (event.kind, &*event.name, event.args.len()),
            (Kind::Callback, name, words.len())
        );
    }
}

#[test]
fn the_list_above_is_whole() {
    let made: Vec<_> = each().into_iter().map(|(name, ..)| name).collect();
    let other = ["proxy_on_memory_allocate"];
    for callback in CALLBACKS
        .iter()
        .filter(|callback| callback.name.starts_with("proxy_on_"))
    {
        assert!(
            made.contains(&callback.name) || other.contains(&callback.name),
            "{}",
            callback.name
        );
    }
}

#[test]
fn a_trap_in_any_callback_names_it_and_leaves_other_vms_alone() {
    for (name, call, _) in each() {
        let mut guest = Guest::start(&module(name, |_| "unreachable".into()));
        let mut other = Guest::start(&module(name, |_| String::new()));
        assert_eq!(guest.call(call), Step::Failed, "{name}");
        let failure = guest.vm.failure().unwrap();
        assert_eq!(
            failure.message,
            format!("Function: {name} failed: Uncaught RuntimeError: unreachable")
        );
        assert!(matches!(other.call(call), Step::Returned(_)));
    }
}

/// Counts to a thousand.
const COUNT: &str = "(loop (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if 0 (i32.lt_u (local.get $i) (i32.const 1000))))";

#[test]
fn a_callback_runs_in_slices_of_fuel_and_is_suspended_between_them() {
    let run = |fuel_slice, suspends: &[&'static str]| {
        let limits = Limits {
            fuel_slice,
            ..Limits::default()
        };
        let settings = VmSettings {
            limits,
            ..VmSettings::default()
        };
        let mut guest = Guest::loaded(&module("proxy_on_done", |_| COUNT.into()), settings);
        guest.proxy().suspends = suspends.to_vec();
        guest.call(GuestCall::Start);
        let mut step = guest.done();
        let mut slices = 0;
        while let Step::Suspended(point) = step {
            assert_eq!((point.name, point.at.context), ("fuel slice", 1));
            slices += 1;
            step = guest.resume();
        }
        let event = guest.proxy().trace.events[0].clone();
        assert_eq!(
            step,
            Step::Returned(1),
            "{slices} {:?} {fuel_slice:?}",
            guest.vm.failure()
        );
        (slices, event.fuel.unwrap())
    };
    let (whole, used) = run(None, &[]);
    assert_eq!(whole, 0);
    assert_eq!(run(Some(500), &[]), (0, used), "nobody suspends it");
    let (slices, sliced) = run(Some(500), &["fuel slice"]);
    assert_eq!(sliced, used, "slices cost nothing");
    assert!(
        slices >= used / 500 - 1 && slices <= used / 500 + 1,
        "{slices} of {used}"
    );
    assert!(run(Some(1), &["fuel slice"]).0 > slices);
}

#[test]
fn slices_end_at_the_callbacks_limit() {
    let limits = Limits {
        fuel_per_callback: 2000,
        fuel_slice: Some(300),
        ..Limits::default()
    };
    let settings = VmSettings {
        limits,
        ..VmSettings::default()
    };
    let mut guest = Guest::loaded(
        &module("proxy_on_done", |_| "(loop (br 0))".into()),
        settings,
    );
    guest.call(GuestCall::Start);
    assert_eq!(guest.done(), Step::Failed);
    assert_eq!(guest.vm.failure().unwrap().limit, Some("fuel"));
    assert!(guest.vm.fuel_max() <= 2000);
}

#[test]
fn a_callback_costs_the_same_fuel_each_time_and_in_each_vm() {
    let module = load(&module("proxy_on_done", |_| COUNT.into())).unwrap();
    let fuel = || {
        let mut vm = Vm::<Recorder>::new(&module, VmSettings::default()).unwrap();
        let (proxy, _) = vm.call(Recorder::new(), GuestCall::Start);
        let (proxy, _) = vm.call(proxy, GuestCall::OnDone { context: 1 });
        let (proxy, _) = vm.call(proxy, GuestCall::OnDone { context: 1 });
        let events = &proxy.trace.events;
        (events[0].fuel.unwrap(), events[1].fuel.unwrap())
    };
    let (first, second) = fuel();
    assert_eq!(first, second);
    assert_eq!(fuel(), (first, first));
}
