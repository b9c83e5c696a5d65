//! What VMs of one run may use together.

use super::guest::{Guest, wat};
use proxy_wasm_tour::host::{GuestCall, Limits, RunUse, Step, VmSettings};

const CALLS: &str = "(import \"env\" \"proxy_log\" (func $log (param i32 i32 i32) (result i32)))
    (import \"env\" \"proxy_set_property\" (func $set (param i32 i32 i32 i32) (result i32)))
    (import \"env\" \"proxy_add_header_map_value\" (func $add (param i32 i32 i32 i32 i32) (result i32)))";

/// A VM of a run, whose tick does this.
fn vm(run: &RunUse, limits: &Limits, tick: &str) -> Guest {
    let settings = VmSettings {
        limits: limits.clone(),
        run: run.clone(),
        ..VmSettings::default()
    };
    let callback = format!("(func (export \"proxy_on_tick\") (param i32) {tick})");
    let mut guest = Guest::loaded(&wat(CALLS, &callback), settings);
    assert_eq!(guest.call(GuestCall::Start), Step::Returned(0));
    guest
}

const GROW: &str = "(if (i32.eq (memory.grow (i32.const 10)) (i32.const -1)) (then (unreachable)))";

#[test]
fn all_vms_of_a_run_share_its_memory_and_give_it_back() {
    let limits = Limits {
        run_memory_bytes: 25 << 16,
        ..Limits::default()
    };
    let run = RunUse::default();
    let mut first = vm(&run, &limits, GROW);
    let mut second = vm(&run, &limits, GROW);
    assert_eq!(first.call(GuestCall::OnTick { root: 1 }), Step::Returned(0));
    let step = second.call(GuestCall::OnTick { root: 1 });
    assert_eq!(step, Step::Returned(0));
    assert_eq!(first.call(GuestCall::OnTick { root: 1 }), Step::Failed);
    let failure = first.vm.failure().unwrap();
    assert_eq!(failure.limit, Some("run memory"));
    let words = "all VMs of this run together may have 1638400 bytes";
    assert!(failure.message.contains(words), "{}", failure.message);
    // The dead VM keeps its memory until it is thrown away.
    drop(first);
    let step = second.call(GuestCall::OnTick { root: 1 });
    assert_eq!(step, Step::Returned(0));
    // Another run has a limit of its own.
    let mut other = vm(&RunUse::default(), &limits, GROW);
    assert_eq!(other.call(GuestCall::OnTick { root: 1 }), Step::Returned(0));
}

#[test]
fn a_vm_for_which_the_runs_memory_is_too_small_fails_at_its_start() {
    let limits = Limits {
        run_memory_bytes: 3 << 16,
        ..Limits::default()
    };
    let run = RunUse::default();
    let first = vm(&run, &limits, "");
    let settings = VmSettings {
        limits,
        run,
        ..VmSettings::default()
    };
    let mut second = Guest::loaded(&wat("", ""), settings);
    assert_eq!(second.call(GuestCall::Start), Step::Failed);
    assert_eq!(second.vm.failure().unwrap().limit, Some("run memory"));
    assert!(first.vm.failure().is_none());
}

#[test]
fn all_vms_of_a_run_share_its_log() {
    let limits = Limits {
        run_log_bytes: 250,
        ..Limits::default()
    };
    let run = RunUse::default();
    let log = "(drop (call $log (i32.const 2) (i32.const 0) (i32.const 99)))";
    let mut first = vm(&run, &limits, log);
    let mut second = vm(&run, &limits, log);
    assert_eq!(first.call(GuestCall::OnTick { root: 1 }), Step::Returned(0));
    let step = second.call(GuestCall::OnTick { root: 1 });
    assert_eq!(step, Step::Returned(0));
    assert_eq!(second.call(GuestCall::OnTick { root: 1 }), Step::Failed);
    let failure = second.vm.failure().unwrap();
    assert_eq!(failure.limit, Some("run log"));
    let words = "run log limit: the VMs of this run have logged more than 250 bytes";
    assert!(failure.message.contains(words), "{}", failure.message);
}

#[test]
fn what_all_vms_hand_over_to_be_kept_counts_together() {
    let limits = Limits {
        kept_bytes: 1000,
        ..Limits::default()
    };
    let run = RunUse::default();
    let set = "(drop (call $set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 335)))";
    let add = "(drop (call $add (i32.const 0) (i32.const 0) (i32.const 36) (i32.const 0) (i32.const 300)))";
    let mut first = vm(&run, &limits, set);
    let mut second = vm(&run, &limits, add);
    assert_eq!(first.call(GuestCall::OnTick { root: 1 }), Step::Returned(0));
    let step = second.call(GuestCall::OnTick { root: 1 });
    assert_eq!(step, Step::Returned(0));
    assert_eq!(first.call(GuestCall::OnTick { root: 1 }), Step::Failed);
    let failure = first.vm.failure().unwrap();
    assert_eq!(failure.limit, Some("kept"));
    let words = "kept limit: the VMs of this run have handed over more than 1000 bytes";
    assert!(failure.message.contains(words), "{}", failure.message);
    // The third attempt was refused before the proxy saw it.
    assert_eq!(first.proxy().asked.len(), 1);
}
