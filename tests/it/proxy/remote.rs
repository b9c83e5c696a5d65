//! Code that is fetched: attempts, the SHA-256, and what streams find when there is none.

use super::{guest, logs, word};
use crate::lab_run::{refused, run_one, story};
use proxy_wasm_tour::model::Bytes;
use proxy_wasm_tour::model::report::ScenarioReport;
use sha2::Digest as _;

const URL: &str = "https://code.example/f.wasm";

/// A module in base64, and its SHA-256 in hexadecimal.
fn module(callback: &str, script: &str) -> (String, String) {
    let bytes = wat::parse_str(guest(&[(callback, script)])).unwrap();
    let hash = sha2::Sha256::digest(&bytes);
    let hex = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    (Bytes::from(bytes).to_base64(), hex)
}

/// The module that a lab has, unless it says otherwise.
fn served() -> (String, String) {
    module("on_request_headers", "log served")
}

/// A lab of a filter whose code is fetched: keys of the file, of the remote source, of the plugin
/// and of its VM.
fn lab(file: &str, remote: &str, plugin: &str, vm: &str) -> String {
    let (bytes, hash) = served();
    let remote = match remote.contains("sha256") {
        true => remote.to_owned(),
        false => format!("sha256: {hash}{remote}"),
    };
    format!(
        r#"envoy:
  clusters: [{{name: web}}, {{name: code}}]
  http_filters:
  - name: f
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
      config: {{name: f, {plugin} vm_config: {{{vm} code: {{remote: {{http_uri: {{uri: "{URL}", cluster: code, timeout: 5s}}, {remote}}}}}}}}}
files:
  {URL}: {{base64: "{bytes}", {file}}}
scenarios:
- name: s
  traffic:
  - request: {{}}
"#
    )
}

fn play(file: &str, remote: &str, plugin: &str, vm: &str) -> ScenarioReport {
    run_one(&lab(file, remote, plugin, vm))
}

/// Status and details of the request, and the time at which it began in milliseconds.
fn outcome(report: &ScenarioReport) -> String {
    let response = report.exchanges[0].response.as_ref();
    let response = response.unwrap_or_else(|| panic!("{}", story(report)));
    let began = report.events.iter().find(|e| e.name == "request_headers");
    format!(
        "{} {} at {} ms",
        response.status,
        response.details,
        began.unwrap().t_ns / 1_000_000
    )
}

/// The attempts and how each ended.
fn attempts(report: &ScenarioReport) -> Vec<String> {
    let fetched = report.events.iter().filter(|e| e.name == "code_fetched");
    fetched
        .map(|event| {
            let result = event.result.as_ref().unwrap();
            format!("{} {}", word(event, "attempt"), result.status)
        })
        .collect()
}

fn stat(report: &ScenarioReport, name: &str) -> u64 {
    let name = format!("wasm.remote_load_{name}");
    report.stats.get(&name).copied().unwrap_or(0)
}

#[test]
fn the_listener_waits_for_the_code() {
    let report = play("delay: 80ms", "", "", "");
    assert_eq!(outcome(&report), "200 via_upstream at 80 ms");
    assert_eq!(logs(&report), ["served"]);
    assert_eq!(attempts(&report), ["0 fetched"]);
    assert_eq!(stat(&report, "cache_misses"), 1);
    assert_eq!(stat(&report, "cache_entries"), 1);
    assert_eq!(stat(&report, "fetch_successes"), 1);
}

#[test]
fn a_fetch_that_fails_is_tried_again_after_a_back_off() {
    let retry =
        ", retry_policy: {num_retries: 3, retry_back_off: {base_interval: 1s, max_interval: 2s}}";
    let report = play("failures: 2", retry, "", "");
    assert_eq!(attempts(&report), ["0 failed", "1 failed", "2 fetched"]);
    assert!(outcome(&report).starts_with("200 "), "{}", outcome(&report));
    assert_eq!(stat(&report, "fetch_failures"), 0);
    assert_eq!(stat(&report, "fetch_successes"), 1);
}

#[test]
fn there_is_one_retry_if_nothing_else_is_said() {
    let report = play("failures: 2", "", "", "");
    assert_eq!(attempts(&report), ["0 failed", "1 failed"]);
    assert_eq!(stat(&report, "fetch_failures"), 1);
}

#[test]
fn without_code_a_plugin_that_fails_closed_answers_503() {
    let none = ", retry_policy: {num_retries: 0}";
    let wrong = format!("sha256: {}{none}", "ab".repeat(32));
    for (file, remote) in [
        ("status: 404", none),
        ("delay: 6s", none),
        ("failures: 1", none),
        ("delay: 1ms", &wrong),
        ("failures: 9", none),
    ] {
        let report = play(file, remote, "", "");
        let outcome = outcome(&report);
        assert!(outcome.starts_with("503 wasm_fail_stream at "), "{outcome}");
        let critical: Vec<_> = report
            .logs
            .iter()
            .filter(|l| l.level == "critical")
            .collect();
        // Once on the main thread and once on the worker.
        assert_eq!(critical.len(), 2, "{}", story(&report));
        assert_eq!(
            critical[0].message,
            "Plugin configured to fail closed failed to load"
        );
        assert_eq!(report.rejected, None);
        assert_eq!(stat(&report, "fetch_failures"), 1);
        assert!(report.vms.is_empty());
    }
}

#[test]
fn an_answer_after_the_timeout_is_none() {
    let report = play("delay: 6s", ", retry_policy: {num_retries: 0}", "", "");
    assert!(
        outcome(&report).ends_with("at 5000 ms"),
        "{}",
        outcome(&report)
    );
}

#[test]
fn without_code_a_plugin_that_fails_open_is_skipped() {
    let report = play("status: 404", "", "failure_policy: FAIL_OPEN,", "");
    assert!(outcome(&report).starts_with("200 via_upstream"));
    assert!(logs(&report).is_empty());
    assert!(report.logs.iter().all(|line| line.level != "critical"));
}

/// The configuration was taken before the code was there, so nobody is left to reject it.
#[test]
fn fetched_code_that_cannot_start_leaves_the_plugin_without_a_vm() {
    let (other, hash) = module("on_configure", "return 0");
    let text = lab("delay: 1ms", &format!("sha256: {hash}"), "", "").replace(&served().0, &other);
    let report = run_one(&text);
    assert_eq!(report.rejected, None);
    assert!(
        outcome(&report).starts_with("503 wasm_fail_stream"),
        "{}",
        story(&report)
    );
    assert_eq!(stat(&report, "fetch_successes"), 1);
}

#[test]
fn nack_on_code_cache_miss_rejects_the_configuration() {
    let report = play("delay: 1ms", "", "", "nack_on_code_cache_miss: true,");
    let rejected = report.rejected.as_deref();
    assert_eq!(rejected, Some("Unable to create Wasm plugin f"));
    assert!(report.exchanges.is_empty());
}

/// Envoy warns that the second has failed, and fetches it all the same.
#[test]
fn two_plugins_of_one_sha256_are_fetched_both() {
    let text = lab("delay: 1ms", "", "failure_policy: FAIL_OPEN,", "");
    let (head, rest) = text.split_once("  - name: f\n").unwrap();
    let (filter, tail) = rest.split_once("files:\n").unwrap();
    let second = filter.replace("{name: f,", "{name: g,");
    let text = format!("{head}  - name: f\n{filter}  - name: g\n{second}files:\n{tail}");
    let report = run_one(&text);
    assert_eq!(logs(&report), ["served", "served"], "{}", story(&report));
    assert_eq!(stat(&report, "cache_misses"), 2);
    assert_eq!(stat(&report, "cache_negative_hits"), 1);
    assert_eq!(stat(&report, "cache_entries"), 1);
    let warned: Vec<_> = report.logs.iter().filter(|l| l.level == "warn").collect();
    assert_eq!(
        warned[0].message,
        format!("createWasm: failed to load (in progress) from {URL}")
    );
}

#[test]
fn what_is_wrong_with_remote_code_is_named_with_its_place() {
    let other = |from: &str, to: &str| lab("delay: 1ms", "", "", "").replace(from, to);
    for (text, expected) in [
        (
            other("/f.wasm\", cluster", "/g.wasm\", cluster"),
            "lab.yaml:7:72: there is no file `https://code.example/g.wasm`\n  Did you mean `https://code.example/f.wasm`?",
        ),
        (
            other("timeout: 5s", "timeuot: 5s"),
            "lab.yaml:7:117: unknown key `timeuot`\n  Did you mean `timeout`?",
        ),
        (
            lab("delay: 1ms", "sha256: abc", "", ""),
            "lab.yaml:7:139: expected a SHA-256 of 64 hexadecimal digits",
        ),
        (
            lab("delay: 1ms", "sha: sha256", "", ""),
            "lab.yaml:7:54: the key `sha256` is missing",
        ),
    ] {
        let problem = refused(&text);
        assert!(
            problem.starts_with(expected),
            "\nexpected {expected}\n   found {problem}"
        );
    }
    let local = "envoy: {}\nfiles:\n  https://a.example/f: {text: x, failures: 1}\n";
    let problem = refused(local);
    assert!(
        problem.starts_with("lab.yaml:3:3: `failures` of a file that no plugin fetches"),
        "{problem}"
    );
}
