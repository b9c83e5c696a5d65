//! Callouts whose upstream fails in each way, and counts that add up across threads.

use super::{base64, guest, lab, logs, outcomes, play_with, response};
use crate::lab_run::{run_ok, story};

#[test]
fn a_callout_survives_each_shape_of_failure() {
    let connect = "upstream connect error or disconnect/reset before headers. reset reason:";
    let success = |status: u16, body: String| (format!(r#"Ok {{"bytes":"{status}"}}"#), body);
    let none = || ("BadArgument".to_owned(), String::new());
    for (rule, (status, body), get_status) in [
        ("{reply: {body: fine}}", success(200, "fine".into()), 0),
        (
            "{reply: {status: 503, body: no}}",
            success(503, "no".into()),
            0,
        ),
        // What the router answers itself is a success to the plugin.
        (
            "{reset: true}",
            success(503, format!("{connect} remote reset")),
            0,
        ),
        (
            "{reset: connection_termination}",
            success(503, format!("{connect} connection termination")),
            0,
        ),
        (
            "{reset: remote_connection_failure}",
            success(
                503,
                format!(
                    "{connect} remote connection failure, transport failure reason: delayed connect error: Connection refused"
                ),
            ),
            0,
        ),
        (
            "{reset: protocol_error}",
            success(502, format!("{connect} protocol error")),
            0,
        ),
        (
            "{timeout: true}",
            success(504, "upstream request timeout".into()),
            0,
        ),
        (
            "{reply: {delay: 2s}}",
            success(504, "upstream request timeout".into()),
            0,
        ),
        // What has begun and does not end is none.
        ("{reply: {body: half, reset: true}}", none(), 11),
        ("{grpc: {messages: [a], timeout: true}}", none(), 11),
        ("{reply: {body: {size: 33MB}}}", none(), 11),
    ] {
        let report = play_with(
            &[(
                "f",
                &guest(&[
                    (
                        "on_request_headers",
                        "call auth 1000 :method=GET :path=/ :authority=auth; return 1",
                    ),
                    (
                        "on_http_call_response",
                        "get call :status; body 4; status; effective 2; continue 0",
                    ),
                ]),
            )],
            "  clusters: [{name: web}, {name: auth}]",
            &format!("upstreams: {{auth: [{rule}]}}"),
            "  - request: {}",
        );
        assert_eq!(
            outcomes(&report, "proxy_get_header_map_value"),
            std::slice::from_ref(&status),
            "{rule} {}",
            story(&report)
        );
        let bodies = outcomes(&report, "proxy_get_buffer_bytes");
        match body.is_empty() {
            true => assert!(!bodies[0].starts_with("Ok"), "{rule} {bodies:?}"),
            false => assert!(bodies[0].contains(&body), "{rule} {bodies:?}"),
        }
        let codes = outcomes(&report, "proxy_get_status");
        assert!(
            codes[0].contains(&get_status.to_string()),
            "{rule} {codes:?}"
        );
        assert_eq!(
            codes[0].contains("reset"),
            get_status == 11,
            "{rule} {codes:?}"
        );
        // The stream that waited goes on in any case.
        assert_eq!(response(&report).status, 200, "{rule}");
    }
}

#[test]
fn a_singleton_counts_what_workers_send_and_flushes_by_simulated_time() {
    const REQUESTS: usize = 40;
    let worker = guest(&[("on_request_headers", "enqueue 1 hit")]);
    let service = guest(&[
        ("on_configure", "queue hits; metric received; tick 1000"),
        ("on_queue_ready", "dequeue 1; count 4 1"),
        ("on_tick", "log flush; share flushed yes 0"),
    ]);
    let bytes = base64(&service);
    let requests: String = (0..REQUESTS)
        .map(|n| {
            format!(
                "  - {{request: {{}}, worker: {}, at: {}ms}}\n",
                n % 4,
                n * 50
            )
        })
        .collect();
    let text = lab(
        &[("f", &worker)],
        "  bootstrap_extensions: [{name: envoy.bootstrap.wasm, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.wasm.v3.WasmService, singleton: true, config: {name: s, vm_config: {vm_id: f, code: {local: {filename: /s.wasm}}}}}}]",
        &format!("concurrency: 4\nscenarios:\n- name: s\n  traffic:\n{requests}  - advance: 3s\n"),
    )
    .replace("files:\n", &format!("files:\n  /s.wasm: {{base64: \"{bytes}\"}}\n"));
    let report = run_ok(&text).scenarios.remove(0);
    assert_eq!(
        report.stats["wasmcustom.received"],
        REQUESTS as u64,
        "{}",
        story(&report)
    );
    assert_eq!(report.queues["hits"], 0);
    let flushes: Vec<(u64, u32)> = report
        .logs
        .iter()
        .filter(|line| line.message == "flush")
        .map(|line| (line.t_ns / 1_000_000, line.thread))
        .collect();
    assert_eq!(
        flushes,
        [(1000, 0), (2000, 0), (3000, 0), (4000, 0)],
        "{:?}",
        logs(&report)
    );
}
