//! The sample filters keep their promises: each runs in the simulated proxy, from its built module.

use crate::support::{root, samples};
use proxy_wasm_tour::export::Disk;
use proxy_wasm_tour::lab::{self, RunOptions};
use proxy_wasm_tour::model::report::Report;

/// Runs scenarios with one filter in front of the router.
fn run(filter: &str, configuration: &str, rest: &str) -> Report {
    let configuration = match configuration {
        "" => String::new(),
        text => format!(
            "\n        configuration: {{\"@type\": type.googleapis.com/google.protobuf.StringValue, value: {text:?}}}"
        ),
    };
    let text = format!(
        r#"envoy:
  http_filters:
  - name: envoy.filters.http.wasm
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
      config:
        name: {filter}{configuration}
        vm_config: {{runtime: envoy.wasm.runtime.v8, code: {{local: {{filename: /f.wasm}}}}}}
  - name: envoy.filters.http.router
    typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
files:
  /f.wasm: {{sample: {filter}}}
{rest}"#
    );
    let mut disk = Disk::around(&root().join("lab.yaml"));
    disk.samples = samples().to_owned();
    let lab = lab::parse("lab.yaml", &text, &disk).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let contents = lab::resolve(&lab, &disk).unwrap_or_else(|e| panic!("{e:?}"));
    let options = RunOptions {
        capture: true,
        event_cap: 20_000,
        ..RunOptions::default()
    };
    lab::run(&lab, &contents, &options).unwrap_or_else(|e| panic!("{e}"))
}

/// Asserts that every expectation holds.
fn holds(filter: &str, configuration: &str, rest: &str) {
    let report = run(filter, configuration, rest);
    for scenario in &report.scenarios {
        assert_eq!(scenario.rejected, None);
        assert!(!scenario.checks.is_empty());
        for check in &scenario.checks {
            assert!(check.ok, "{check:#?}\n{:#?}", scenario.logs);
        }
    }
}

#[test]
fn add_header_adds_and_keeps_what_is_there() {
    holds(
        "add-header",
        "",
        "scenarios:
- traffic:
  - request: {headers: {x-hello: me}}
  expect:
  - upstream: {count: 1, headers: {x-hello: [me, world]}}
  - client: {status: 200, no_headers: [x-hello]}
",
    );
}

#[test]
fn log_headers_logs_both_directions_and_bears_bytes() {
    holds(
        "log-headers",
        "",
        "upstreams:
  web:
  - reply: {status: 200, headers: {x-from: there}, body: hi}
scenarios:
- traffic:
  - request: {headers: {x-me: hello, x-raw: {base64: /w==}}}
  expect:
  - client: {status: 200, body: hi}
  - log: {level: info, text: {contains: '-> x-me: hello'}, count: 1}
  - log: {level: info, text: {contains: '-> x-raw: \u{fffd}'}, count: 1}
  - log: {level: info, text: {contains: '<- x-from: there'}, count: 1}
",
    );
}

#[test]
fn block_path_blocks_admin_and_nothing_like_it() {
    for path in ["/admin", "/admin/", "/admin/users", "/admin?x=1"] {
        holds(
            "block-path",
            "",
            &format!(
                "scenarios:
- traffic:
  - request: {{path: {path:?}}}
  expect:
  - client: {{status: 403, headers: {{content-type: text/plain}}, body: \"Not for you.\\n\"}}
  - upstream: {{count: 0}}
"
            ),
        );
    }
    for path in ["/", "/administrator", "/x/admin"] {
        holds(
            "block-path",
            "",
            &format!(
                "scenarios:
- traffic:
  - request: {{path: {path:?}}}
  expect:
  - client: {{status: 200}}
  - upstream: {{count: 1}}
"
            ),
        );
    }
}

/// A response of `a secret b`, cut as given, with or without trailers.
fn secret(chunks: &str, trailers: &str) {
    holds(
        "rewrite-body",
        "",
        &format!(
            "upstreams:
  web:
  - reply: {{status: 200, headers: {{content-length: '10'}}, body: a secret b, chunks: {chunks}, trailers: {trailers}}}
scenarios:
- traffic:
  - request: {{path: /}}
  expect:
  - client: {{status: 200, body: 'a [redacted] b', no_headers: [content-length], outcome: completed}}
"
        ),
    );
}

#[test]
fn rewrite_body_works_however_the_body_is_cut() {
    secret("[]", "{}");
    secret("[4, 6]", "{}");
    secret("[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]", "{}");
}

#[test]
fn rewrite_body_works_when_trailers_end_the_stream() {
    secret("[4, 6]", "{x-end: done}");
}

#[test]
fn rewrite_body_leaves_bytes_and_empty_bodies_alone() {
    holds(
        "rewrite-body",
        "",
        "upstreams:
  web:
  - match: {path: /bytes}
    reply: {status: 200, body: {base64: /wBzZWNyZXT+}}
  - reply: {status: 204}
scenarios:
- traffic:
  - request: {path: /bytes}
  - request: {path: /empty}
  expect:
  - client: {request: 0, status: 200, body: {base64: /wBbcmVkYWN0ZWRd/g==}}
  - client: {request: 1, status: 204, outcome: completed}
",
    );
}

#[test]
fn api_key_lets_pass_who_knows_one_and_hides_it() {
    holds(
        "api-key",
        "open-sesame\n\n  second-key \n",
        "scenarios:
- traffic:
  - request: {headers: {x-api-key: open-sesame}}
  - request: {headers: {x-api-key: second-key}}
  - request: {headers: {x-api-key: open}}
  - request: {path: /none}
  - request: {headers: {x-api-key: {base64: /w==}}}
  expect:
  - upstream: {count: 2, request: 0, no_headers: [x-api-key]}
  - client: {request: 0, status: 200}
  - client: {request: 1, status: 200}
  - client: {request: 2, status: 401, headers: {www-authenticate: ApiKey}}
  - client: {request: 3, status: 401}
  - client: {request: 4, status: 401}
",
    );
}

#[test]
fn api_key_refuses_a_configuration_without_a_usable_key() {
    for configuration in ["", "\n \n", "two words"] {
        let report = run("api-key", configuration, "");
        let scenario = &report.scenarios[0];
        let told = |log: &&proxy_wasm_tour::model::report::LogLine| {
            log.message.contains("bad configuration: ")
        };
        assert!(scenario.logs.iter().any(|log| told(&log)), "{scenario:#?}");
    }
}

#[test]
fn rate_limiter_lets_three_pass_and_says_when_to_come_back() {
    holds(
        "rate-limiter",
        "",
        "scenarios:
- traffic:
  - request: {path: /1}
  - request: {path: /2}
  - advance: 2500ms
  - request: {path: /3}
  - request: {path: /4}
  - advance: 7500ms
  - request: {path: /5}
  expect:
  - client: {request: 0, status: 200}
  - client: {request: 2, status: 200}
  - client: {request: 3, status: 429, headers: {retry-after: '8'}}
  - client: {request: 4, status: 200}
  - upstream: {count: 4}
",
    );
}

#[test]
fn visit_counter_counts_and_refuses_other_words() {
    for configuration in ["", "cas"] {
        let rest = "scenarios:
- traffic: [{request: {}}, {request: {}}]
  expect:
  - state: {shared_data: {visits: '2'}}
";
        holds("visit-counter", configuration, rest);
    }
    let report = run("visit-counter", "later", "scenarios: [{traffic: []}]");
    assert!(report.scenarios[0].rejected.is_some());
}

#[test]
fn panic_and_spin_fail_as_their_lessons_say() {
    holds(
        "panic",
        "",
        "scenarios:
- traffic:
  - request: {path: /}
  - request: {headers: {x-boom: now}}
  expect:
  - client: {request: 0, status: 200}
  - client: {request: 1, status: 503}
  - log: {level: critical, text: {contains: x-boom asked for it}}
  - state: {failed_vms: 1}
",
    );
    holds(
        "spin",
        "",
        "scenarios:
- traffic:
  - request: {path: /}
  - request: {path: /spin}
  expect:
  - client: {request: 0, status: 200}
  - client: {request: 1, status: 503}
  - state: {failed_vms: 1}
",
    );
}
