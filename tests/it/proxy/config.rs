//! Configuration: what is unknown, malformed or not simulated is refused with its place.

use crate::lab_run::{refused, run_ok};

/// A lab with this `envoy`, indented by two.
fn lab(envoy: &str) -> String {
    format!(
        "name: t\nenvoy:\n{envoy}\nfiles: {{/f.wasm: {{text: x}}}}\nscenarios: [{{name: s, traffic: [{{request: {{}}}}]}}]\n"
    )
}

/// A wasm filter whose plugin has these fields.
fn plugin(fields: &str) -> String {
    lab(&format!(
        "  http_filters:\n  - name: f\n    typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n      config: {{{fields}}}"
    ))
}

#[test]
fn what_is_wrong_is_named_with_line_and_column() {
    let vm = "vm_config: {code: {local: {filename: /f.wasm}}}";
    for (text, expected) in [
        (
            lab("  http_filter: []"),
            "lab.yaml:3:3: unknown key `http_filter`\n  Did you mean `http_filters`?",
        ),
        (
            plugin(&format!("nam: x, {vm}")),
            "lab.yaml:7:16: unknown key `nam`\n  Did you mean `name`?",
        ),
        (
            plugin("name: x"),
            "lab.yaml:7:15: the key `vm_config` is missing",
        ),
        (
            plugin(&format!("name: 1, {vm}")),
            "lab.yaml:7:22: expected text, found `1` without quotes",
        ),
        (
            plugin(&format!("fail_open: true, failure_policy: FAIL_OPEN, {vm}")),
            "lab.yaml:7:49: only one of fail_open or failure_policy can be set",
        ),
        (
            plugin(&format!("failure_policy: FAIL_OFTEN, {vm}")),
            "lab.yaml:7:32: expected FAIL_CLOSED, FAIL_OPEN or FAIL_RELOAD",
        ),
        (
            plugin(&format!("configuration: {{value: x}}, {vm}")),
            "lab.yaml:7:31: the key `@type` is missing",
        ),
        (
            plugin("vm_config: {code: {local: {filename: /g.wasm}}}"),
            "lab.yaml:7:53: there is no file `/g.wasm`\n  Did you mean `/f.wasm`?",
        ),
        (
            plugin(
                "vm_config: {code: {local: {filename: /f.wasm}}, environment_variables: {host_env_keys: [A], key_values: {A: b}}}",
            ),
            "lab.yaml:7:121: Key A is duplicated",
        ),
        (
            lab(
                "  http_filters: [{name: r, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.ruoter.v3.Router}}]",
            ),
            "lab.yaml:3:52: no such filter type: `envoy.extensions.filters.http.ruoter.v3.Router`\n  Did you mean `type.googleapis.com/envoy.extensions.filters.http.router.v3.Router`?",
        ),
        (
            lab(
                "  http_filters: [{name: r, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz}}]",
            ),
            "lab.yaml:3:52: the filter `envoy.extensions.filters.http.ext_authz.v3.ExtAuthz` is not simulated",
        ),
        (
            lab("  http_filters: [{name: r}]"),
            "lab.yaml:3:18: the key `typed_config` is missing",
        ),
        (
            lab("  routes: [{match: {prefix: /}}]"),
            "lab.yaml:3:12: expected exactly one of route, redirect and direct_response",
        ),
        (
            lab("  routes: [{match: {prefix: /}, route: {cluster: wbe}}]"),
            "lab.yaml:3:50: route: unknown cluster 'wbe'\n  Did you mean `web`?",
        ),
        (
            lab("  routes: [{match: {prefix: /}, route: {cluster: web, timeout: 80ms}}]"),
            "lab.yaml:3:64: expected a duration in seconds",
        ),
        (
            lab("  clusters: [{name: web, type: EDS}]"),
            "lab.yaml:3:32: the cluster type `EDS` is not simulated",
        ),
        (
            lab("  clusters: [{name: web}, {name: web}]"),
            "lab.yaml:3:27: cluster `web` is there twice",
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
fn bytes_that_are_no_module_are_refused_at_the_file_s_name() {
    let problem = refused(&plugin("vm_config: {code: {local: {filename: /f.wasm}}}"));
    assert!(problem.starts_with("lab.yaml:8:9: /f.wasm: "), "{problem}");
}

#[test]
fn json_names_of_protobuf_are_accepted() {
    run_ok(&lab(
        "  accessLog: []\n  listener: {perConnectionBufferLimitBytes: 100}",
    ));
}

#[test]
fn a_whole_bootstrap_runs() {
    run_ok(
        r#"
name: whole
envoy:
  node: {id: sim, cluster: sim}
  admin: {address: {socket_address: {address: 127.0.0.1, port_value: 9901}}}
  static_resources:
    listeners:
    - name: ingress
      address: {socket_address: {address: 0.0.0.0, port_value: 10000}}
      filter_chains:
      - filters:
        - name: envoy.filters.network.http_connection_manager
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
            stat_prefix: ingress_http
            codec_type: AUTO
            route_config:
              name: local_route
              virtual_hosts:
              - {name: exact, domains: [api.example.com], routes: [{match: {prefix: /}, direct_response: {status: 201}}]}
              - {name: suffix, domains: ["*.example.com"], routes: [{match: {prefix: /}, direct_response: {status: 202}}]}
              - {name: prefix, domains: ["api.*"], routes: [{match: {prefix: /}, direct_response: {status: 203}}]}
              - {name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: v1}}]}
            http_filters:
            - name: envoy.filters.http.router
              typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
    clusters:
    - name: v1
      type: STATIC
      connect_timeout: 0.25s
      lb_policy: ROUND_ROBIN
      load_assignment: {cluster_name: v1, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 8081}}}}]}]}
scenarios:
- name: hosts
  traffic:
  - request: {authority: api.example.com}
  - request: {authority: www.example.com}
  - request: {authority: api.other}
  - request: {authority: other}
  expect:
  - client: {request: 0, status: 201}
  - client: {request: 1, status: 202}
  - client: {request: 2, status: 203}
  - client: {request: 3, status: 200}
  - upstream: {cluster: v1, count: 1}
"#,
    );
}
