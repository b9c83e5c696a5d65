//! Capability restriction and host profiles.

use super::guest::{Guest, calls, load, wat};
use super::recorder::Recorder;
use proxy_wasm_tour::abi::LogLevel;
use proxy_wasm_tour::host::{GuestCall, PROFILES, Profile, Step, Vm, VmSettings};

fn with(text: &str, allowed: &[&str], profile: &str) -> Guest {
    let allowed = allowed.iter().map(ToString::to_string).collect();
    let settings = VmSettings {
        allowed_capabilities: Some(allowed),
        profile: Profile::named(profile).unwrap(),
        ..VmSettings::default()
    };
    let mut guest = Guest::loaded(text, settings);
    assert_eq!(guest.call(GuestCall::Start), Step::Returned(0));
    guest
}

#[test]
fn a_host_call_that_is_not_allowed_logs_an_error_and_answers_10() {
    let text = calls("proxy_done", &[], "");
    let mut guest = with(&text, &["proxy_on_done"], "envoy");
    assert_eq!(guest.done(), Step::Returned(10));
    assert_eq!(
        guest.proxy().logs,
        [(
            LogLevel::Error,
            "Attempted call to restricted capability: proxy_done".into()
        )]
    );
    assert!(guest.proxy().asked.is_empty());
    let mut guest = with(&text, &["proxy_on_done", "proxy_done"], "envoy");
    assert_eq!(guest.done(), Step::Returned(0));
}

#[test]
fn a_wasi_function_that_is_not_allowed_answers_76() {
    let mut guest = with(
        &calls("fd_write", &[1, 0, 0, 100], ""),
        &["proxy_on_done"],
        "envoy",
    );
    assert_eq!(guest.done(), Step::Returned(76));
    let mut guest = with(&calls("proc_exit", &[1], ""), &["proxy_on_done"], "envoy");
    assert_eq!(guest.done(), Step::Returned(0), "proc_exit does nothing");
}

#[test]
fn a_callback_that_is_not_allowed_is_never_called() {
    let text = wat(
        "",
        "(func (export \"proxy_on_tick\") (param i32) unreachable)",
    );
    let mut guest = with(&text, &["proxy_log"], "envoy");
    assert_eq!(guest.call(GuestCall::OnTick { root: 1 }), Step::Absent);
    assert!(!guest.vm.has("proxy_on_tick"));
}

#[test]
fn an_empty_list_restricts_nothing() {
    let mut guest = with(&calls("proxy_done", &[], ""), &[], "envoy");
    assert_eq!(guest.done(), Step::Returned(0));
}

#[test]
fn what_toolchains_import_is_always_allowed() {
    let text = calls("pthread_equal", &[1, 1], "");
    let mut guest = with(&text, &["proxy_on_done"], "envoy");
    assert_eq!(guest.done(), Step::Returned(1));
}

#[test]
fn another_host_takes_calls_and_callbacks_away() {
    let text = calls("proxy_get_log_level", &[100], "");
    assert_eq!(with(&text, &[], "kong").done(), Step::Returned(12));
    let text = calls("proxy_continue_stream", &[0], "");
    let mut guest = with(&text, &[], "apisix");
    assert_eq!(guest.done(), Step::Returned(0));
    assert_eq!(guest.outcome().1, "this host accepts it and does nothing");
    assert!(guest.proxy().asked.is_empty());
    let tick = wat(
        "",
        "(func (export \"proxy_on_tick\") (param i32) unreachable)",
    );
    assert_eq!(
        with(&tick, &[], "apisix").call(GuestCall::OnTick { root: 1 }),
        Step::Absent
    );
}

#[test]
fn a_call_that_another_host_does_not_export_keeps_the_module_from_loading() {
    let module = load(&calls("proxy_continue_stream", &[0], "")).unwrap();
    let profile = Profile::named("mosn").unwrap();
    let settings = VmSettings {
        profile,
        ..VmSettings::default()
    };
    let error = Vm::<Recorder>::new(&module, settings)
        .map(|_| ())
        .unwrap_err();
    assert!(error.message.contains(
        "missing import: env.proxy_continue_stream. The host of profile mosn does not have it"
    ));
}

#[test]
fn every_name_in_a_profile_is_one_of_the_tables() {
    for profile in PROFILES {
        for (name, _) in profile.calls.iter().copied().flatten() {
            assert!(
                proxy_wasm_tour::abi::host_call("env", name).is_some(),
                "{name}"
            );
        }
        for name in profile.callbacks.iter().copied().flatten() {
            assert!(proxy_wasm_tour::abi::callback(name).is_some(), "{name}");
        }
    }
}
