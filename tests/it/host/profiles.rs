//! Host profiles against what is known of each host, call by call.

use super::guest::{Guest, calls, wat};
use proxy_wasm_tour::abi::{callback, host_call};
use proxy_wasm_tour::host::{Change, GuestCall, PROFILES, Profile, Step, VmSettings, doctor};

/// The hosts of the columns below.
const HOSTS: [&str; 5] = ["kong", "apisix", "mosn", "ats", "service-extensions"];

/// What each host does with some calls: `y` as Envoy, `x` Unimplemented, `-` not importable,
/// `o` accepted without effect, `?` not known and so as Envoy (or known to differ in part).
const CALLS: &[(&str, &[&str])] = &[
    (
        "yyyyy",
        &[
            "proxy_log",
            "proxy_get_header_map_value",
            "proxy_add_header_map_value",
            "proxy_replace_header_map_value",
            "proxy_remove_header_map_value",
            "proxy_get_header_map_pairs",
            "proxy_get_buffer_bytes",
        ],
    ),
    ("yyyy?", &["proxy_set_effective_context"]),
    ("yxyyy", &["proxy_set_header_map_pairs"]),
    ("?--yy", &["proxy_get_header_map_size"]),
    ("yxyyy", &["proxy_set_buffer_bytes"]),
    ("?--yy", &["proxy_get_buffer_status"]),
    ("x--?x", &["proxy_get_log_level"]),
    ("yx?y?", &["proxy_get_current_time_nanoseconds"]),
    ("yxxyx", &["proxy_set_tick_period_milliseconds"]),
    ("?????", &["proxy_get_property"]),
    ("??xyx", &["proxy_set_property"]),
    ("yy-yy", &["proxy_send_local_response"]),
    ("?o-?x", &["proxy_continue_stream"]),
    ("xo-?x", &["proxy_close_stream"]),
    ("yy?yx", &["proxy_http_call"]),
    (
        "xx-xx",
        &[
            "proxy_grpc_call",
            "proxy_grpc_stream",
            "proxy_grpc_send",
            "proxy_grpc_cancel",
            "proxy_grpc_close",
        ],
    ),
    ("yx?yx", &["proxy_get_shared_data", "proxy_set_shared_data"]),
    (
        "yx??x",
        &[
            "proxy_register_shared_queue",
            "proxy_enqueue_shared_queue",
            "proxy_dequeue_shared_queue",
        ],
    ),
    ("xx??x", &["proxy_resolve_shared_queue"]),
    (
        "yoxyx",
        &[
            "proxy_define_metric",
            "proxy_increment_metric",
            "proxy_record_metric",
            "proxy_get_metric",
        ],
    ),
    ("xxx?x", &["proxy_done"]),
    ("xx-?x", &["proxy_get_status"]),
    ("?xx?x", &["proxy_call_foreign_function"]),
];

/// The callbacks that each host makes (`y`, or `?` where it is not known) and never makes (`x`).
const CALLBACKS: &[(&str, &[&str])] = &[
    (
        "yyyyy",
        &[
            "proxy_on_vm_start",
            "proxy_on_configure",
            "proxy_on_context_create",
            "proxy_on_request_headers",
            "proxy_on_request_body",
            "proxy_on_response_headers",
            "proxy_on_response_body",
            "proxy_on_done",
            "proxy_on_log",
            "proxy_on_delete",
        ],
    ),
    (
        "xx?xy",
        &["proxy_on_request_trailers", "proxy_on_response_trailers"],
    ),
    ("yxxyx", &["proxy_on_tick"]),
    ("yy?yx", &["proxy_on_http_call_response"]),
    (
        "xx?xx",
        &[
            "proxy_on_grpc_receive_initial_metadata",
            "proxy_on_grpc_receive",
            "proxy_on_grpc_receive_trailing_metadata",
            "proxy_on_grpc_close",
        ],
    ),
    ("xx??x", &["proxy_on_queue_ready"]),
    (
        "xx?xx",
        &[
            "proxy_on_new_connection",
            "proxy_on_downstream_data",
            "proxy_on_upstream_data",
            "proxy_on_downstream_connection_close",
            "proxy_on_upstream_connection_close",
        ],
    ),
];

fn profile(name: &str) -> Profile {
    Profile::named(name).unwrap_or_else(|| panic!("{name}"))
}

#[test]
fn each_profile_changes_the_calls_that_its_host_is_known_to_change() {
    for (column, host) in HOSTS.iter().enumerate() {
        for (row, names) in CALLS {
            let wanted = match row.as_bytes()[column] {
                b'x' => Some(Change::Unimplemented),
                b'-' => Some(Change::Absent),
                b'o' => Some(Change::Ignored),
                _ => None,
            };
            for name in *names {
                assert!(host_call("env", name).is_some(), "{name}");
                assert_eq!(profile(host).change(name), wanted, "{host}: {name}");
            }
        }
    }
}

#[test]
fn each_profile_keeps_back_the_callbacks_that_its_host_never_makes() {
    for (column, host) in HOSTS.iter().enumerate() {
        for (row, names) in CALLBACKS {
            let never = row.as_bytes()[column] == b'x';
            for name in *names {
                assert!(callback(name).is_some(), "{name}");
                assert_eq!(profile(host).keeps_back(name), never, "{host}: {name}");
            }
        }
    }
}

#[test]
fn the_columns_above_are_all_profiles_but_envoys_own() {
    let others = PROFILES.iter().map(|profile| profile.name);
    let others: Vec<&str> = others.filter(|name| !name.starts_with("envoy")).collect();
    assert_eq!(others, HOSTS);
}

/// A guest under the profile of Google's hosts.
fn service_extension(text: &str) -> Guest {
    let settings = VmSettings {
        profile: profile("service-extensions"),
        ..VmSettings::default()
    };
    Guest::loaded(text, settings)
}

#[test]
fn service_extensions_have_one_property() {
    let status = |path: &str| {
        let size = path.len() as i64;
        let mut guest = service_extension(&calls("proxy_get_property", &[0, size, 100, 104], path));
        guest.call(GuestCall::Start);
        let properties = &mut guest.proxy().properties;
        properties.insert(path.as_bytes().to_vec(), b"v".to_vec());
        guest.done()
    };
    assert_eq!(status("plugin_root_id"), Step::Returned(0));
    assert_eq!(status("plugin_name"), Step::Returned(1));
}

#[test]
fn service_extensions_have_16_mib_of_memory() {
    let grows = "(func (export \"proxy_on_log\") (param i32)
      (if (i32.eq (memory.grow (i32.const 254)) (i32.const -1)) (then (unreachable))))";
    let mut guest = service_extension(&wat("", grows));
    assert_eq!(guest.call(GuestCall::Start), Step::Returned(0));
    assert_eq!(
        guest.call(GuestCall::OnLog { context: 1 }),
        Step::Returned(0)
    );
    assert_eq!(guest.call(GuestCall::OnLog { context: 1 }), Step::Failed);
    assert_eq!(guest.vm.failure().unwrap().limit, Some("memory"));
    let large = wat("", "").replace(
        "(memory (export \"memory\") 2)",
        "(memory (export \"memory\") 257)",
    );
    let findings = doctor("large", &wat::parse_str(large).unwrap());
    let verdict = findings
        .hosts
        .iter()
        .find(|host| host.host == "service-extensions");
    let verdict = verdict.unwrap();
    assert!(!verdict.loads, "{:?}", verdict.differences);
    assert!(verdict.differences[0].contains("16 MiB are given"));
}
