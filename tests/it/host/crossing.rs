//! Bytes that cross the border between guest and host: they cost fuel, and fill the trace.

use super::guest::{Guest, wat};
use proxy_wasm_tour::abi::MapType;
use proxy_wasm_tour::host::{GuestCall, Limits, Step, VmSettings};
use proxy_wasm_tour::model::Headers;
use proxy_wasm_tour::model::trace::Kind;

/// A guest that gives 100 KiB of its memory to shared data, over and over.
fn hoarder() -> Guest {
    Guest::start(&wat(
        r#"(import "env" "proxy_set_shared_data"
             (func $set (param i32 i32 i32 i32 i32) (result i32)))"#,
        r#"(func (export "proxy_on_done") (param i32) (result i32)
             (loop $again
               (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
               (drop (call $set (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 102400) (i32.const 0)))
               (br $again))
             (i32.const 1))"#,
    ))
}

/// Without a price for bytes one callback could fill the host's memory.
#[test]
fn bytes_handed_to_the_host_cost_fuel() {
    let mut guest = hoarder();
    guest.proxy().trace.capture = false;
    assert_eq!(guest.done(), Step::Failed);
    let failure = guest.vm.failure().unwrap();
    assert_eq!(failure.limit, Some("fuel"), "{failure:?}");
    // 200 million units of fuel for as many bytes.
    let calls = guest.proxy().asked.len();
    assert!((1800..2000).contains(&calls), "{calls}");
}

/// Over many callbacks fuel is no bound: what the proxy keeps has one of its own.
#[test]
fn a_guest_that_hoards_for_ever_hits_the_limit_on_what_is_kept() {
    let limits = Limits {
        kept_bytes: 10_000,
        ..Limits::default()
    };
    let text = wat(
        r#"(import "env" "proxy_enqueue_shared_queue" (func $enqueue (param i32 i32 i32) (result i32)))"#,
        r#"(func (export "proxy_on_done") (param i32) (result i32)
             (drop (call $enqueue (i32.const 1) (i32.const 0) (i32.const 36)))
             (i32.const 1))"#,
    );
    let settings = VmSettings {
        limits,
        ..VmSettings::default()
    };
    let mut guest = Guest::loaded(&text, settings);
    guest.call(GuestCall::Start);
    // Each item counts as 100 bytes: its own and its place.
    for _ in 0..100 {
        assert_eq!(guest.done(), Step::Returned(1));
    }
    assert_eq!(guest.done(), Step::Failed);
    let failure = guest.vm.failure().unwrap();
    assert_eq!(failure.limit, Some("kept"), "{failure:?}");
}

#[test]
fn random_bytes_cost_fuel() {
    let mut guest = Guest::start(&wat(
        r#"(import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))"#,
        r#"(func (export "proxy_on_done") (param i32) (result i32)
             (loop $again (drop (call $random (i32.const 0) (i32.const 65536))) (br $again))
             (i32.const 1))"#,
    ));
    assert_eq!(guest.done(), Step::Failed);
    assert_eq!(guest.vm.failure().unwrap().limit, Some("fuel"));
}

/// A vector without text is read all the same.
#[test]
fn empty_vectors_of_fd_write_cost_fuel() {
    let mut guest = Guest::start(&wat(
        r#"(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))"#,
        r#"(func (export "proxy_on_done") (param i32) (result i32)
             (loop $again
               (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
               (drop (call $write (i32.const 1) (i32.const 1024) (i32.const 8000) (i32.const 8)))
               (br_if $again (i32.lt_u (i32.load (i32.const 0)) (i32.const 10000))))
             (i32.const 1))"#,
    ));
    guest.proxy().trace.capture = false;
    assert_eq!(guest.done(), Step::Failed);
    assert_eq!(guest.vm.failure().unwrap().limit, Some("fuel"));
}

/// A key is looked for in every entry, so a long map costs more than a short one.
#[test]
fn looking_through_a_long_header_map_costs_fuel() {
    let mut guest = Guest::start(&wat(
        r#"(import "env" "proxy_remove_header_map_value" (func $remove (param i32 i32 i32) (result i32)))"#,
        r#"(func (export "proxy_on_done") (param i32) (result i32)
             (loop $again
               (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
               (drop (call $remove (i32.const 0) (i32.const 1024) (i32.const 1)))
               (br_if $again (i32.lt_u (i32.load (i32.const 0)) (i32.const 10000))))
             (i32.const 1))"#,
    ));
    guest.proxy().trace.capture = false;
    let headers: Headers = (0..50_000).map(|n| (n.to_string(), "")).collect();
    guest.proxy().maps.insert(MapType::RequestHeaders, headers);
    assert_eq!(guest.done(), Step::Failed);
    assert_eq!(guest.vm.failure().unwrap().limit, Some("fuel"));
}

/// A size that points outside memory copies nothing: the call answers with its status as ever.
#[test]
fn bytes_that_are_not_there_cost_nothing() {
    let mut guest = Guest::start(&wat(
        r#"(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))"#,
        r#"(func (export "proxy_on_done") (param i32) (result i32)
             (call $log (i32.const 2) (i32.const 0) (i32.const -1)))"#,
    ));
    assert_eq!(guest.done(), Step::Returned(6));
}

#[test]
fn a_trace_is_cut_where_its_bytes_are_too_many() {
    let mut guest = hoarder();
    guest.done();
    let events = &guest.proxy().trace.events;
    let cuts = events
        .iter()
        .filter(|event| event.kind == Kind::Cut)
        .count();
    assert_eq!(
        (cuts, events.last().map(|event| event.kind)),
        (1, Some(Kind::Cut))
    );
    // 32 MiB of 100 KiB each.
    assert!((300..700).contains(&events.len()), "{}", events.len());
}

/// The host lends the proxy's headers to those who ask, and hands nobody a copy unasked.
#[test]
fn headers_cross_the_border_only_when_they_are_asked_for() {
    let mut guest = Guest::start(&super::guest::whole(
        "0_2_1",
        r#"(import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
           (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))"#,
        r#"(global $allocated (mut i32) (i32.const 0))
           (func (export "malloc") (param i32) (result i32)
             (global.set $allocated (i32.add (global.get $allocated) (local.get 0))) (i32.const 65536))
           (data (i32.const 8) "k7")
           (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
             (drop (call $add (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 8) (i32.const 1)))
             (global.get $allocated))
           (func (export "proxy_on_done") (param i32) (result i32)
             (drop (call $get (i32.const 0) (i32.const 8) (i32.const 2) (i32.const 0) (i32.const 4)))
             (global.get $allocated))"#,
    ));
    let headers: Headers = (0..1000).map(|n| (format!("k{n}"), "value")).collect();
    guest.proxy().maps.insert(MapType::RequestHeaders, headers);
    let call = GuestCall::OnRequestHeaders {
        context: 1,
        count: 1000,
        end_of_stream: true,
    };
    assert_eq!(guest.call(call), Step::Returned(0));
    // One value of one header, and nothing of the 999 others.
    assert_eq!(guest.done(), Step::Returned("value".len() as u32));
}
