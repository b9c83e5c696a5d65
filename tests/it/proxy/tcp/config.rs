//! Network filters in the configuration, and TCP in the lab file: what is refused, and where.

use super::{ECHO, TCP_PROXY};
use crate::lab_run::{refused, run_ok};
use crate::support::root;

/// A lab whose network filters are these.
fn lab(filters: &str) -> String {
    whole(
        filters,
        "scenarios: [{name: s, traffic: [{tcp: {send: [a]}}]}]",
    )
}

fn whole(filters: &str, rest: &str) -> String {
    format!(
        "name: t\nenvoy:\n  network_filters:\n{filters}\nfiles: {{/f.wasm: {{wat: '(module)'}}}}\n{rest}\n"
    )
}

fn filter(kind: &str, fields: &str) -> String {
    format!(
        "  - {{name: f, typed_config: {{\"@type\": type.googleapis.com/envoy.extensions.filters.{kind}{fields}}}}}"
    )
}

#[test]
fn what_is_wrong_is_named_with_line_and_column() {
    let wasm = "network.wasm.v3.Wasm, config: {vm_config: {code: {local: {filename: /f.wasm}}}}";
    let manager = "network.http_connection_manager.v3.HttpConnectionManager, stat_prefix: a, route_config: {}, http_filters: [{name: r, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]";
    let proxy = |fields: &str| filter("network.tcp_proxy.v3.TcpProxy", fields);
    for (text, expected) in [
        (
            lab(&format!("{ECHO}\n{TCP_PROXY}")),
            "lab.yaml:4:5: Error: terminal filter named echo must be the last filter in a network filter chain.",
        ),
        (
            lab(&filter("network.ehco.v3.Echo", "")),
            "lab.yaml:4:39: no such filter type: `envoy.extensions.filters.network.ehco.v3.Echo`\n  Did you mean `type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo`?",
        ),
        (
            lab(&filter("network.rbac.v3.RBAC", "")),
            "lab.yaml:4:39: the network filter `envoy.extensions.filters.network.rbac.v3.RBAC` is not simulated",
        ),
        (
            lab(&filter("http.wasm.v3.Wasm", "")),
            "lab.yaml:4:39: `envoy.extensions.filters.http.wasm.v3.Wasm` is an HTTP filter",
        ),
        (
            lab(&proxy(", cluster: web")),
            "lab.yaml:4:29: the key `stat_prefix` is missing",
        ),
        (
            lab(&proxy(", stat_prefix: t, clutser: web")),
            "lab.yaml:4:131: unknown key `clutser`\n  Did you mean `cluster`?",
        ),
        (
            lab(&proxy(", stat_prefix: t, cluster: web, idle_timeout: 5s")),
            "lab.yaml:4:145: `idle_timeout` of tcp_proxy is not simulated",
        ),
        (
            lab(&filter("network.echo.v3.Echo", ", x: 1")),
            "lab.yaml:4:106: unknown key `x`",
        ),
        (
            lab(&format!("{}\n{}", filter(wasm, ""), filter(manager, ""))),
            "lab.yaml:5:5: an HTTP connection manager behind a Wasm network filter",
        ),
        (
            whole(
                &format!("{ECHO}\n  http_filters: []"),
                "scenarios: [{name: s, traffic: [{tcp: {send: [a]}}]}]",
            ),
            "lab.yaml:5:17: `http_filters` beside `network_filters`",
        ),
        (
            whole("  - {name: f}", ""),
            "lab.yaml:4:5: the key `typed_config` is missing",
        ),
        (
            whole(ECHO, "scenarios: [{name: s, traffic: [{request: {}}]}]"),
            "lab.yaml:6:33: a `request` to a listener that speaks TCP",
        ),
        (
            "name: t\nscenarios:\n- traffic:\n  - tcp: {send: [a]}\n".to_owned(),
            "lab.yaml:4:5: `tcp` to a listener that speaks HTTP",
        ),
    ] {
        let problem = refused(&text);
        assert!(
            problem.starts_with(expected),
            "\nexpected {expected}\n   found {problem}"
        );
    }
}

#[test]
fn rules_of_an_upstream_fit_what_it_gets() {
    let tcp = |rule: &str| {
        whole(
            TCP_PROXY,
            &format!("upstreams:\n  web:\n  - {rule}\nscenarios: [{{traffic: [{{tcp: {{}}}}]}}]"),
        )
    };
    for rule in [
        "reply: {status: 200}",
        "grpc: {}",
        "match: {path: /}",
        "{match: {headers: {a: b}}, tcp: {send: a}}",
    ] {
        let problem = refused(&tcp(rule));
        assert!(
            problem.starts_with("lab.yaml:8:5: cluster `web` gets bytes, not requests"),
            "{problem}"
        );
    }
    for rule in [
        "tcp: {send: a}",
        "match: {data: a}",
        "match: {connect: true}",
    ] {
        let text = format!("upstreams:\n  web:\n  - {rule}\n");
        let problem = refused(&text);
        assert!(
            problem.starts_with("lab.yaml:3:5: cluster `web` gets requests, not bytes"),
            "{problem}"
        );
    }
    for (rule, expected) in [
        ("tcp: {}", "lab.yaml:8:10: this upstream does nothing"),
        (
            "tcp: {sned: a}",
            "lab.yaml:8:11: unknown key `sned`\n  Did you mean `send`?",
        ),
        (
            "match: {data: a, connect: true}",
            "lab.yaml:8:19: `data` beside `connect`",
        ),
        (
            "{tcp: {send: a}, reset: true}",
            "lab.yaml:8:6: `tcp` is a second answer",
        ),
    ] {
        let problem = refused(&tcp(rule));
        assert!(
            problem.starts_with(expected),
            "\nexpected {expected}\n   found {problem}"
        );
    }
}

#[test]
fn traffic_and_expectations_of_tcp_are_checked_in_the_lab_file() {
    let traffic = |items: &str| whole(ECHO, &format!("scenarios:\n- traffic:\n{items}"));
    for (text, expected) in [
        (
            traffic("  - tcp: {snd: [a]}"),
            "lab.yaml:8:11: unknown key `snd`\n  Did you mean `send`?",
        ),
        (
            traffic("  - tcp: {close: true, reset: true}"),
            "lab.yaml:8:31: `reset` beside `close`",
        ),
        (
            traffic(
                "  - tcp: {close: true}\n    connection: c\n  - tcp: {send: [a]}\n    connection: c",
            ),
            "lab.yaml:10:5: the client has ended the connection `c` above",
        ),
        (
            traffic("  - tcp: {}\n  expect:\n  - connection: {index: 1, outcome: open}"),
            "lab.yaml:10:25: connection 1, but this scenario has 1",
        ),
        (
            traffic("  - tcp: {}\n  expect:\n  - connection: {outcome: gone}"),
            "lab.yaml:10:27: expected open, half_closed, closed, reset or stalled",
        ),
        (
            traffic("  - tcp: {}\n  expect:\n  - connection: {closed_by: me}"),
            "lab.yaml:10:29: expected client or proxy",
        ),
        (
            traffic("  - tcp: {}\n  expect:\n  - connection: {upstream: {}}"),
            "lab.yaml:10:28: this expects nothing",
        ),
        (
            traffic("  - tcp: {}\n  expect:\n  - connection: {}"),
            "lab.yaml:10:17: this expects nothing",
        ),
    ] {
        let problem = refused(&text);
        assert!(
            problem.starts_with(expected),
            "\nexpected {expected}\n   found {problem}"
        );
    }
}

#[test]
fn a_whole_bootstrap_may_have_a_listener_of_tcp() {
    run_ok(
        r#"
envoy:
  static_resources:
    listeners:
    - name: tcp
      address: {socket_address: {address: 0.0.0.0, port_value: 10001}}
      filter_chains:
      - filters:
        - name: envoy.filters.network.tcp_proxy
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
            statPrefix: tcp
            cluster: v1
    clusters:
    - name: v1
upstreams:
  v1:
  - tcp: {send: [he, llo], close: true, delay: 1ms}
scenarios:
- traffic:
  - tcp: {send: [hi], close: true}
    connection: c
  expect:
  - connection: {outcome: closed, closed_by: proxy, sent: hi, received: hello, upstream: {cluster: v1, count: 1, received: hi, sent: {contains: llo}}}
  - state: {stalled_streams: 0, metrics: {tcp.tcp.downstream_cx_total: 1}}
"#,
    );
}

#[test]
fn what_the_short_form_leaves_out_is_a_tcp_proxy_to_web() {
    run_ok(
        r#"
envoy: {network_filters: []}
scenarios:
- traffic:
  - tcp: {send: [hi]}
  expect:
  - connection: {outcome: open, received: hi, upstream: {cluster: web, received: hi}}
"#,
    );
    let without = "envoy: {network_filters: [], clusters: [{name: db}]}\nscenarios: [{traffic: [{tcp: {}}]}]\n";
    let problem = refused(without);
    assert!(
        problem.starts_with("lab.yaml:1:26: the chain has no terminal filter"),
        "{problem}"
    );
}

#[test]
fn a_manager_may_stand_among_the_network_filters() {
    run_ok(
        r#"
envoy:
  network_filters:
  - name: hcm
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
      stat_prefix: in
      route_config: {virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: web}}]}]}
      http_filters:
      - {name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
scenarios:
- traffic:
  - request: {}
  expect:
  - client: {status: 200}
"#,
    );
}

#[test]
fn the_lab_of_the_authors_guide_runs() {
    let guide = std::fs::read_to_string(root().join("content/README.md")).unwrap();
    let (_, section) = guide.split_once("## A lab of TCP").unwrap();
    let (_, lab) = section.split_once("```yaml\n").unwrap();
    run_ok(lab.split_once("```").unwrap().0);
}
