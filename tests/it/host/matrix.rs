//! Every host call of the ABI with wrong pointers, wrong enums and failing allocators: the status
//! that Envoy gives, never a panic. The cases come from the table of host calls itself.

use super::guest::{Guest, MALLOC, calls_with};
use proxy_wasm_tour::abi::{
    BufferType, Group, HostCall, MapType, ParamKind, Returns, Status, host_calls,
};
use proxy_wasm_tour::host::Step;
use proxy_wasm_tour::model::Headers;

/// Where the one byte of every in-argument stands, and where out-pointers point.
const TEXT: i64 = 8;
const OUT: i64 = 256;
const MEMORY: i64 = 2 * 65536;

fn abi_calls() -> impl Iterator<Item = &'static HostCall> {
    let other = [Group::Wasi, Group::Toolchain];
    host_calls().filter(move |call| !other.contains(&call.group))
}

/// Arguments with which every call of the recorder below answers `Ok`.
fn good(call: &HostCall) -> Vec<i64> {
    let mut out = OUT;
    let mut args = Vec::new();
    for param in call.params {
        match param.kind {
            ParamKind::Bytes | ParamKind::Path => args.extend([TEXT, 1]),
            ParamKind::Pairs => args.extend([TEXT, 0]),
            kind if kind.is_out() => {
                for _ in kind.wasm() {
                    args.push(out);
                    out += 8;
                }
            }
            ParamKind::U32 if param.name.contains("stream_id") => args.push(6),
            ParamKind::U32 if param.name == "size" || param.name == "max_size" => args.push(5),
            ParamKind::I64 => args.push(1),
            _ => args.push(0),
        }
    }
    args
}

/// A guest that makes the call, beside a recorder that has everything.
fn guest(call: &HostCall, args: &[i64], allocator: &str) -> Guest {
    let fields = format!("{allocator} (data (i32.const {TEXT}) \"k\")");
    let mut guest = Guest::start(&calls_with(call.name, args, &fields));
    let proxy = guest.proxy();
    for map in MapType::ALL {
        let headers: Headers = [("k", "value")].into_iter().collect();
        proxy.maps.insert(*map, headers);
    }
    for buffer in BufferType::ALL {
        proxy.buffers.insert(*buffer, b"bytes".to_vec());
    }
    proxy.properties.insert(b"k".to_vec(), b"value".to_vec());
    proxy.shared.insert(b"k".to_vec(), (b"value".to_vec(), 7));
    proxy.queue.push(b"item".to_vec());
    proxy.metrics.insert(0, 42);
    guest.vm.new_context(None);
    guest
}

/// Makes the call and checks that the table lists what comes back.
fn run(call: &HostCall, args: &[i64], allocator: &str) -> Status {
    let mut guest = guest(call, args, allocator);
    let step = guest.done();
    let event = guest.last_host_call();
    let outcome = event.result.unwrap();
    let status = match step {
        Step::Returned(n) => Status::from_u32(n).unwrap(),
        Step::Failed => Status::ALL
            .iter()
            .copied()
            .find(|s| s.word() == outcome.status)
            .unwrap(),
        other => panic!("{}: {other:?}", call.name),
    };
    assert_eq!(outcome.status, status.word(), "{}", call.name);
    if status != Status::Ok {
        assert!(!outcome.reason.is_empty(), "{}: no reason", call.name);
        let listed = call.statuses.iter().any(|(listed, _)| *listed == status);
        assert!(listed, "{}: {status} is not in its table", call.name);
    }
    status
}

/// For each call and each of its parameters of a sort: the arguments with `change` applied.
fn each(
    sort: impl Fn(ParamKind) -> bool,
    mut check: impl FnMut(&'static HostCall, usize, Vec<i64>),
) {
    let mut cases = 0;
    for call in abi_calls() {
        let mut place = 0;
        for param in call.params {
            if sort(param.kind) {
                check(call, place, good(call));
                cases += 1;
            }
            place += param.kind.wasm().len();
        }
    }
    assert!(cases > 0);
}

fn is_in(kind: ParamKind) -> bool {
    matches!(kind, ParamKind::Bytes | ParamKind::Pairs | ParamKind::Path)
}

fn allocates(kind: ParamKind) -> bool {
    matches!(kind, ParamKind::OutBytes | ParamKind::OutPairs)
}

#[test]
fn good_arguments_are_ok_in_every_call() {
    for call in abi_calls() {
        assert_eq!(run(call, &good(call), MALLOC), Status::Ok, "{}", call.name);
    }
}

#[test]
fn an_argument_whose_pointer_lies_outside_memory_is_invalid_memory_access() {
    each(is_in, |call, place, mut args| {
        (args[place], args[place + 1]) = (MEMORY, 1);
        assert_eq!(
            run(call, &args, MALLOC),
            Status::InvalidMemoryAccess,
            "{}",
            call.name
        );
    });
}

#[test]
fn an_argument_whose_pointer_plus_size_wraps_is_invalid_memory_access() {
    each(is_in, |call, place, mut args| {
        (args[place], args[place + 1]) = (0xffff_fff0, 0x20);
        assert_eq!(
            run(call, &args, MALLOC),
            Status::InvalidMemoryAccess,
            "{}",
            call.name
        );
    });
}

#[test]
fn an_argument_that_ends_one_byte_beyond_memory_is_invalid_memory_access() {
    each(is_in, |call, place, mut args| {
        (args[place], args[place + 1]) = (MEMORY - 1, 2);
        assert_eq!(
            run(call, &args, MALLOC),
            Status::InvalidMemoryAccess,
            "{}",
            call.name
        );
    });
}

#[test]
fn an_argument_of_no_bytes_at_the_end_of_memory_is_read() {
    each(is_in, |call, place, mut args| {
        (args[place], args[place + 1]) = (MEMORY, 0);
        assert_ne!(
            run(call, &args, MALLOC),
            Status::InvalidMemoryAccess,
            "{}",
            call.name
        );
    });
}

#[test]
fn a_result_pointer_outside_memory_is_invalid_memory_access() {
    each(ParamKind::is_out, |call, place, good| {
        let words = if allocates_at(call, place) { 2 } else { 1 };
        for word in place..place + words {
            let mut args = good.clone();
            args[word] = MEMORY - 3;
            assert_eq!(
                run(call, &args, MALLOC),
                Status::InvalidMemoryAccess,
                "{}",
                call.name
            );
            args[word] = -1;
            assert_eq!(
                run(call, &args, MALLOC),
                Status::InvalidMemoryAccess,
                "{}",
                call.name
            );
        }
    });
}

fn allocates_at(call: &HostCall, place: usize) -> bool {
    let mut at = 0;
    for param in call.params {
        if at == place {
            return allocates(param.kind);
        }
        at += param.kind.wasm().len();
    }
    false
}

#[test]
fn an_allocator_that_returns_0_or_an_address_outside_memory_is_invalid_memory_access() {
    for address in ["0", "-4", "131072"] {
        let malloc =
            format!("(func (export \"malloc\") (param i32) (result i32) (i32.const {address}))");
        each(allocates, |call, _, args| {
            assert_eq!(
                run(call, &args, &malloc),
                Status::InvalidMemoryAccess,
                "{}",
                call.name
            );
        });
    }
}

#[test]
fn an_allocator_that_traps_is_invalid_memory_access_and_fails_the_vm() {
    let malloc = "(func (export \"malloc\") (param i32) (result i32) unreachable)";
    each(allocates, |call, _, args| {
        let mut guest = guest(call, &args, malloc);
        assert_eq!(guest.done(), Step::Failed, "{}", call.name);
        assert_eq!(guest.outcome().0, "InvalidMemoryAccess", "{}", call.name);
    });
}

#[test]
fn a_result_of_no_bytes_is_ok_and_needs_no_memory() {
    let malloc = "(func (export \"malloc\") (param i32) (result i32) unreachable)";
    each(allocates, |call, place, mut args| {
        // A foreign function answers in upper case what it is given.
        if call.name == "proxy_call_foreign_function" {
            args[3] = 0;
        }
        let mut guest = guest(call, &args, malloc);
        let proxy = guest.proxy();
        for headers in proxy.maps.values_mut() {
            *headers = match call.name {
                "proxy_get_header_map_value" => [("k", "")].into_iter().collect(),
                _ => Headers::default(),
            };
        }
        proxy.buffers.values_mut().for_each(Vec::clear);
        proxy.properties.insert(b"k".to_vec(), Vec::new());
        proxy.shared.insert(b"k".to_vec(), (Vec::new(), 7));
        proxy.queue = vec![Vec::new()];
        proxy.silent = true;
        assert_eq!(guest.done(), Step::Returned(0), "{}", call.name);
        let words = [args[place], args[place + 1]].map(|at| guest.word(at as usize));
        assert_eq!(words, [0, 0], "{}", call.name);
    });
}

#[test]
fn an_enum_beyond_its_last_value_is_bad_argument() {
    let last = |kind| match kind {
        ParamKind::Level => Some(5),
        ParamKind::Map => Some(7),
        ParamKind::Buffer => Some(8),
        ParamKind::Stream => Some(3),
        ParamKind::Metric => Some(2),
        _ => None,
    };
    each(
        |kind| last(kind).is_some(),
        |call, place, good| {
            let max = last(call.params[place].kind).unwrap();
            for n in [max + 1, 0xffff_ffff] {
                let mut args = good.clone();
                args[place] = n;
                assert_eq!(
                    run(call, &args, MALLOC),
                    Status::BadArgument,
                    "{}",
                    call.name
                );
            }
            let mut args = good.clone();
            args[place] = max;
            // Read-only maps and the upstream direction have their own answers.
            let status = run(call, &args, MALLOC);
            let own = [Status::BadArgument, Status::Unimplemented];
            assert!(
                status == Status::Ok || own.contains(&status),
                "{}",
                call.name
            );
        },
    );
}

#[test]
fn memory_is_checked_after_the_enum_and_before_the_proxy_is_asked() {
    for call in abi_calls().filter(|call| call.group == Group::Headers) {
        let mut args = good(call);
        let has_key = call.params.get(1).is_some_and(|param| is_in(param.kind));
        if !has_key {
            continue;
        }
        (args[1], args[2]) = (MEMORY, 1);
        // The map is absent as well: memory comes first.
        let mut absent = guest(call, &args, MALLOC);
        absent.proxy().maps.clear();
        assert_eq!(absent.done(), Step::Returned(6), "{}", call.name);
        args[0] = 8;
        assert_eq!(
            run(call, &args, MALLOC),
            Status::BadArgument,
            "{}",
            call.name
        );
    }
}

#[test]
fn a_callout_is_begun_only_when_all_its_arguments_lie_in_memory() {
    let mut cases = 0;
    each(is_in, |call, place, mut args| {
        if call.group != Group::Callouts {
            return;
        }
        (args[place], args[place + 1]) = (MEMORY, 1);
        let mut guest = guest(call, &args, MALLOC);
        assert_eq!(guest.done(), Step::Returned(6), "{}", call.name);
        assert!(guest.proxy().asked.is_empty(), "{} {place}", call.name);
        cases += 1;
    });
    // Four texts of an HTTP call, five of a gRPC call, four of a stream, one of a message.
    assert_eq!(cases, 14);
}

#[test]
fn an_absent_buffer_is_not_found_before_memory_is_looked_at() {
    let set = host_calls()
        .find(|call| call.name == "proxy_set_buffer_bytes")
        .unwrap();
    let mut guest = guest(set, &[0, 0, 0, MEMORY, 1], MALLOC);
    guest.proxy().buffers.clear();
    assert_eq!(guest.done(), Step::Returned(1));
}

#[test]
fn define_metric_looks_at_memory_before_the_type() {
    let define = host_calls()
        .find(|call| call.name == "proxy_define_metric")
        .unwrap();
    assert_eq!(
        run(define, &[3, MEMORY, 1, OUT], MALLOC),
        Status::InvalidMemoryAccess
    );
}

#[test]
fn every_call_of_the_table_answers_in_a_way_its_types_say() {
    for call in host_calls() {
        let results = call.wasm_results().len();
        assert_eq!(
            results,
            usize::from(call.returns != Returns::Nothing),
            "{}",
            call.name
        );
        assert!(call.doc.ends_with('.') && !call.name.is_empty());
    }
}
