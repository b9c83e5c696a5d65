//! State shared between threads, timers, queues, metrics, callouts.

use super::{first, guest, logs, outcomes, play_one, play_with, response};
use crate::lab_run::story;

#[test]
fn a_cas_number_that_is_old_is_refused() {
    let report = play_one(
        &[(
            "on_request_headers",
            "shared k; share k a 0; shared k; share k b 99; share new c 5",
        )],
        "  - request: {}",
    );
    let set = outcomes(&report, "proxy_set_shared_data");
    assert_eq!(set, ["Ok", "CasMismatch", "Ok"], "{}", story(&report));
    assert!(outcomes(&report, "proxy_get_shared_data")[0].starts_with("NotFound"));
    assert_eq!(report.shared_data["f"]["k"].as_str(), Some("a"));
}

#[test]
fn shared_data_is_seen_by_every_worker_of_the_vm_id() {
    let report = play_with(
        &[(
            "f",
            &guest(&[("on_request_headers", "shared k; share k v 0")]),
        )],
        "",
        "concurrency: 2",
        "  - request: {}\n  - request: {}",
    );
    let seen = outcomes(&report, "proxy_get_shared_data");
    assert_eq!(seen.len(), 2);
    assert!(
        seen[0].starts_with("NotFound") && seen[1].starts_with("Ok"),
        "{seen:?}"
    );
}

#[test]
fn the_last_to_register_a_queue_is_told_once_for_each_item() {
    let report = play_with(
        &[(
            "f",
            &guest(&[
                ("on_configure", "queue jobs"),
                ("on_queue_ready", "log ready; dequeue 1; dequeue 1"),
                (
                    "on_request_headers",
                    "enqueue 1 a; enqueue 1 b; enqueue 7 x",
                ),
            ]),
        )],
        "",
        "concurrency: 2",
        "  - request: {}",
    );
    assert_eq!(
        outcomes(&report, "proxy_enqueue_shared_queue"),
        ["Ok", "Ok", "NotFound"]
    );
    assert_eq!(logs(&report), ["ready", "ready"], "{}", story(&report));
    let taken = outcomes(&report, "proxy_dequeue_shared_queue");
    assert_eq!(taken[2..], ["Empty", "Empty"], "{taken:?}");
    assert_eq!(report.queues["jobs"], 0);
}

#[test]
fn metrics_are_one_stat_for_all_workers() {
    let report = play_with(
        &[(
            "f",
            &guest(&[
                ("on_configure", "metric hits"),
                (
                    "on_request_headers",
                    "count 4 2; count 4 0; count 8 1; count 6 1",
                ),
            ]),
        )],
        "",
        "concurrency: 2",
        "  - request: {}\n  - request: {}",
    );
    assert_eq!(report.stats["wasmcustom.hits"], 4);
    assert_eq!(
        outcomes(&report, "proxy_increment_metric")[..4],
        ["Ok", "BadArgument", "NotFound", "BadArgument"]
    );
}

#[test]
fn a_histogram_keeps_the_values_of_all_workers() {
    let report = play_with(
        &[(
            "f",
            &guest(&[
                ("on_configure", "metric level 1; metric took 2"),
                (
                    "on_request_headers",
                    "record 5 7; record 6 1234; record 6 30; count 6 1",
                ),
            ]),
        )],
        "",
        "concurrency: 2",
        "  - request: {}\n  - request: {}",
    );
    assert_eq!(
        outcomes(&report, "proxy_record_metric")[..3],
        ["Ok", "Ok", "Ok"]
    );
    assert_eq!(
        outcomes(&report, "proxy_increment_metric")[0],
        "BadArgument"
    );
    assert_eq!(report.stats["wasmcustom.level"], 7);
    assert_eq!(report.gauges, ["wasmcustom.level"]);
    assert!(!report.stats.contains_key("wasmcustom.took"));
    assert_eq!(report.histograms["wasmcustom.took"].0, [(30, 2), (1200, 2)]);
}

#[test]
fn times_of_requests_are_histograms_of_milliseconds() {
    let report = play_with(
        &[],
        "",
        "upstreams: {web: [{reply: {delay: 123ms}}]}",
        "  - request: {}",
    );
    let bins: Vec<_> = report
        .histograms
        .iter()
        .map(|(name, histogram)| (name.as_str(), histogram.0.as_slice()))
        .collect();
    assert_eq!(
        bins,
        [
            ("cluster.web.external.upstream_rq_time", &[(120, 1)][..]),
            ("cluster.web.upstream_rq_time", &[(120, 1)]),
            ("http.ingress.downstream_rq_time", &[(120, 1)]),
        ]
    );
}

#[test]
fn a_tick_comes_on_every_thread_after_each_period() {
    let report = play_with(
        &[(
            "f",
            &guest(&[("on_configure", "tick 1000"), ("on_tick", "log tick")]),
        )],
        "",
        "concurrency: 2",
        "  - advance: 3500ms",
    );
    // Main and two workers, three times each.
    assert_eq!(logs(&report).len(), 9, "{}", story(&report));
}

#[test]
fn a_callout_s_answer_is_readable_in_its_callback_only() {
    let call = "call auth 1000 :method=GET :path=/check :authority=auth";
    let report = play_with(
        &[(
            "f",
            &guest(&[
                ("on_request_headers", &format!("{call}; return 1")),
                (
                    "on_http_call_response",
                    "get call :status; body 4; effective 2; get call x-user; continue 0",
                ),
                ("on_request_body", "get call :status"),
            ]),
        )],
        "  clusters: [{name: web}, {name: auth}]",
        "upstreams: {auth: [{reply: {status: 200, headers: {x-user: ann}, body: ok, delay: 20ms}}]}",
        "  - request: {body: x}",
    );
    assert_eq!(response(&report).status, 200, "{}", story(&report));
    assert_eq!(
        outcomes(&report, "proxy_get_header_map_value"),
        [
            r#"Ok {"bytes":"200"}"#,
            r#"Ok {"bytes":"ann"}"#,
            "BadArgument"
        ]
    );
    assert_eq!(
        outcomes(&report, "proxy_get_buffer_bytes"),
        [r#"Ok {"bytes":"ok"}"#]
    );
    let requests = &first(&report).upstream_requests;
    assert!(requests[0].callout && requests[0].cluster == "auth");
    // What Envoy's async client and its router add.
    let sent = &requests[0].headers;
    assert_eq!(sent.get_str("x-envoy-internal"), Some("true"));
    assert_eq!(sent.get_str("x-envoy-expected-rq-timeout-ms"), Some("1000"));
    assert_eq!(requests[1].cluster, "web");
}

#[test]
fn what_the_callout_s_router_answers_itself_is_a_success() {
    let call = "call auth 100 :method=GET :path=/ :authority=auth";
    for (rule, status) in [
        ("{timeout: true}", "504"),
        ("{reset: true}", "503"),
        ("{reply: {delay: 1s}}", "504"),
    ] {
        let report = play_with(
            &[(
                "f",
                &guest(&[
                    ("on_request_headers", &format!("{call}; return 1")),
                    (
                        "on_http_call_response",
                        "get call :status; effective 2; continue 0",
                    ),
                ]),
            )],
            "  clusters: [{name: web}, {name: auth}]",
            &format!("upstreams: {{auth: [{rule}]}}"),
            "  - request: {}",
        );
        assert_eq!(
            outcomes(&report, "proxy_get_header_map_value"),
            [format!(r#"Ok {{"bytes":"{status}"}}"#)]
        );
        assert_eq!(response(&report).status, 200);
    }
}

#[test]
fn a_callout_that_cannot_be_sent_is_refused_at_once() {
    let report = play_with(
        &[(
            "f",
            &guest(&[
                (
                    "on_request_headers",
                    "call nowhere 10 :method=GET :path=/ :authority=a; call web 10 :path=/ :authority=a; call empty 10 :method=GET :path=/ :authority=a",
                ),
                ("on_http_call_response", "log never"),
            ]),
        )],
        "  clusters: [{name: web}, {name: empty, load_assignment: {endpoints: []}}]",
        "",
        "  - request: {}",
    );
    assert_eq!(
        outcomes(&report, "proxy_http_call"),
        ["BadArgument", "BadArgument", "InternalFailure"]
    );
    assert!(logs(&report).is_empty());
}

#[test]
fn a_thousand_requests_over_three_filters_and_eight_workers_run_through() {
    let f = guest(&[
        ("on_request_headers", "add request a b"),
        ("on_response_headers", "add response a b"),
        ("on_log", ""),
    ]);
    let guests = [("a", f.as_str()), ("b", &f), ("c", &f)];
    let text = super::lab(
        &guests,
        "",
        &format!(
            "concurrency: 8\nscenarios:\n- name: s\n  traffic: [{}]",
            "{request: {}}, ".repeat(1000)
        ),
    );
    let options = proxy_wasm_tour::lab::RunOptions {
        capture: false,
        ..Default::default()
    };
    let report = crate::lab_run::run_with(&text, &options).unwrap();
    let exchanges = &report.scenarios[0].exchanges;
    assert_eq!(exchanges.len(), 1000);
    assert!(
        exchanges
            .iter()
            .all(|e| e.response.as_ref().is_some_and(|r| r.status == 200))
    );
}

#[test]
fn callouts_that_breed_are_stopped() {
    let call = "call web 50 :method=GET :path=/ :authority=a";
    let report = play_with(
        &[(
            "f",
            &guest(&[
                ("on_request_headers", call),
                ("on_http_call_response", &format!("{call}; {call}")),
            ]),
        )],
        "",
        "upstreams: {web: [{reply: {delay: 1ms}}]}",
        "  - request: {}",
    );
    let refused = outcomes(&report, "proxy_http_call")
        .iter()
        .filter(|s| *s == "InternalFailure")
        .count();
    assert!(refused > 0);
    assert_eq!(response(&report).status, 200);
}

#[test]
fn continuing_a_direction_that_has_not_stopped_does_nothing() {
    let report = play_one(
        &[
            ("on_request_headers", "continue 1"),
            ("on_response_headers", "log seen"),
        ],
        "  - request: {}",
    );
    assert_eq!(logs(&report), ["seen"]);
    assert_eq!(response(&report).status, 200, "{}", story(&report));
}
