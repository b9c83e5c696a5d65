//! What Envoy's documents configure, piece by piece: each loads, or is refused for a reason.

use super::rules::{TYPES, at};
use crate::lab_run::{run_one, run_text};
use crate::proxy::bootstrap::access_log;
use crate::proxy::{base64, guest, outcomes, play, response};

/// The problem with a lab; empty when it runs and its one request is answered 200.
fn problem(text: &str) -> String {
    match run_text(text, &[]) {
        Err(problem) => problem,
        Ok(report) => {
            let scenario = &report.scenarios[0];
            assert_eq!(scenario.rejected, None, "{text}");
            let response = scenario.exchanges[0].response.as_ref();
            let status = response.map(|response| response.status);
            assert_eq!(status, Some(200), "{text}");
            String::new()
        }
    }
}

/// Checks rows of a piece and why it is refused, empty where it loads.
fn check<'a>(rows: impl IntoIterator<Item = (String, &'a str)>) {
    for (text, reason) in rows {
        let problem = problem(&text);
        assert_eq!(problem.is_empty(), reason.is_empty(), "{problem}\n{text}");
        assert!(problem.contains(reason), "{problem}\n{text}");
        if !reason.is_empty() {
            let place = problem.split(": ").next().unwrap();
            assert_eq!(place.split(':').count(), 3, "{problem}");
        }
    }
}

/// A module that does nothing, in the lab's files.
fn with_files(text: String) -> String {
    let module = base64(&guest(&[("on_request_headers", "return 0")]));
    format!(
        "{text}files: {{/f.wasm: {{base64: \"{module}\"}}, 'http://code.local/f.wasm': {{base64: \"{module}\"}}}}\n"
    )
}

#[test]
fn each_field_of_a_bootstrap_loads_or_says_why_not() {
    let log = "typed_config: {\"@type\": type.googleapis.com/envoy.extensions.access_loggers";
    let endpoint = "{endpoint: {address: {socket_address: {address: 10.0.0.1, port_value: 80}}}}";
    let hosts = format!(
        "load_assignment: {{cluster_name: web, endpoints: [{{lb_endpoints: [{endpoint}]}}]}}, "
    );
    let health = "{match: {path: /health}, direct_response: {status: 204}}";
    check([
        ("bootstrap", "node: {id: sim, cluster: sim, locality: {zone: z}}, ", ""),
        ("bootstrap", "admin: {address: {socket_address: {address: 127.0.0.1, port_value: 9901}}}, ", ""),
        ("bootstrap", "layered_runtime: {}, ", "`layered_runtime` of a bootstrap is not simulated"),
        ("bootstrap", "dynamic_resources: {}, ", "`dynamic_resources` of a bootstrap is not simulated"),
        ("bootstrap", "stats_config: {}, ", "`stats_config` of a bootstrap is not simulated"),
        ("listener", "address: {socket_address: {address: 0.0.0.0, port_value: 10000}}, ", ""),
        ("listener", "per_connection_buffer_limit_bytes: 32768, ", ""),
        ("listener", "connection_balance_config: {exact_balance: {}}, ", "`connection_balance_config` of a listener is not simulated"),
        ("listener", "listener_filters: [], ", "`listener_filters` of a listener is not simulated"),
        ("manager", "codec_type: AUTO, ", ""),
        ("manager", "codec_type: HTTP2, ", "a codec other than HTTP/1.1 is not simulated"),
        ("manager", "server_name: edge, generate_request_id: false, stream_idle_timeout: 5s, ", ""),
        ("manager", &format!("access_log: [{{name: a, {log}.stream.v3.StdoutAccessLog}}}}, {{name: b, {log}.file.v3.FileAccessLog, path: /dev/null}}}}], "), ""),
        ("manager", &format!("access_log: [{{name: a, {log}.grpc.v3.HttpGrpcAccessLogConfig}}}}], "), "does not fit here"),
        ("all_routes", "name: local_route, ", ""),
        ("all_routes", "vhds: {}, ", "`vhds` of a route configuration is not simulated"),
        ("host", "require_tls: NONE, ", "`require_tls` of a virtual host is not simulated"),
        ("routes", &format!("{health}, "), ""),
        ("routes", "{match: {prefix: /x, headers: [{name: x-v, string_match: {exact: '2'}}]}, name: v2, route: {cluster: web}}, ", ""),
        ("routes", "{match: {prefix: /x, query_parameters: []}, route: {cluster: web}}, ", "`query_parameters` of a route's match is not simulated"),
        ("action", "prefix_rewrite: /new, timeout: 3s, ", ""),
        ("action", "retry_policy: {retry_on: '5xx,connect-failure', num_retries: 2, per_try_timeout: 1s}, ", ""),
        ("cluster", "type: STATIC, connect_timeout: 0.25s, lb_policy: ROUND_ROBIN, ", ""),
        ("cluster", "type: STRICT_DNS, ", ""),
        ("cluster", "type: LOGICAL_DNS, ", ""),
        ("cluster", "type: EDS, ", "the cluster type `EDS` is not simulated"),
        ("cluster", "lb_policy: MAGLEV, ", "is not simulated"),
        ("cluster", "circuit_breakers: {thresholds: [{max_connections: 1024, max_pending_requests: 1024, max_requests: 1024, max_retries: 3}]}, ", ""),
        ("cluster", &hosts, ""),
        ("cluster", "health_checks: [], ", "`health_checks` of a cluster is not simulated"),
        ("filter", "disabled: false, ", ""),
        ("filter", "is_optional: true, ", "`is_optional` is not simulated"),
        ("filter", "config_discovery: {}, ", "a filter from a server (`config_discovery`) is not simulated"),
        ("filters", &format!("{{name: r, typed_config: {{\"@type\": {TYPES}.http.router.v3.Router}}}}, "), "a filter after the router"),
        ("listeners", "{name: l2, filter_chains: [{filters: []}]}, ", "a second listener is not simulated"),
    ].map(|(scope, more, reason)| (at(scope, more), reason)));
}

#[test]
fn each_field_of_a_wasm_plugin_loads_or_says_why_not() {
    let code = "code: {local: {filename: /f.wasm}}";
    let vm = |more: &str| format!("vm_config: {{{code}{more}}}");
    let remote = |more: &str| {
        format!(
            "vm_config: {{code: {{remote: {{http_uri: {{uri: 'http://code.local/f.wasm', cluster: web, timeout: 10s}}{more}}}}}}}"
        )
    };
    let string = "{\"@type\": type.googleapis.com/google.protobuf.StringValue, value: '{}'}";
    let plugin = |fields: String| {
        let filter = format!(
            "{{name: w, typed_config: {{\"@type\": {TYPES}.http.wasm.v3.Wasm, config: {{{fields}}}}}}}, "
        );
        with_files(at("filters", &filter))
    };
    check([
        (format!("name: p, root_id: r, {}", vm("")), ""),
        (format!("configuration: {string}, {}", vm("")), ""),
        (format!("configuration: {}, {}", string.replace("StringValue", "BytesValue").replace("'{}'", "AQI="), vm("")), ""),
        (format!("configuration: {}, {}", string.replace("StringValue", "Struct").replace("'{}'", "{k: v}"), vm("")), ""),
        (format!("configuration: {}, {}", string.replace("StringValue", "Int32Value"), vm("")), "a configuration of type `google.protobuf.Int32Value` is not simulated"),
        (format!("fail_open: true, {}", vm("")), ""),
        (format!("failure_policy: FAIL_RELOAD, reload_config: {{backoff: {{base_interval: 1s, max_interval: 10s}}}}, {}", vm("")), ""),
        (format!("fail_open: false, failure_policy: FAIL_CLOSED, {}", vm("")), "only one of fail_open or failure_policy can be set"),
        (format!("allow_on_headers_stop_iteration: true, {}", vm("")), ""),
        (format!("capability_restriction_config: {{allowed_capabilities: {{proxy_log: {{}}, proxy_on_request_headers: {{}}}}}}, {}", vm("")), ""),
        (vm(", capability_restriction_config: {allowed_capabilities: {proxy_log: {}}}"), ""),
        (vm(", vm_id: v, runtime: envoy.wasm.runtime.v8"), ""),
        (vm(", runtime: envoy.wasm.runtime.null"), "the null runtime (filters linked into Envoy) is not simulated"),
        (vm(", allow_precompiled: false, nack_on_code_cache_miss: false"), ""),
        (vm(&format!(", configuration: {string}")), ""),
        (vm(", environment_variables: {host_env_keys: [HOME], key_values: {REGION: eu}}"), ""),
        (vm(", environment_variables: {host_env_keys: [A], key_values: {A: eu}}"), "Key A is duplicated in envoy.extensions.wasm.v3.VmConfig.environment_variables"),
        (vm("").replace("filename: /f.wasm", "inline_bytes: AGFzbQEAAAA="), "inline_bytes: Missing or unknown Proxy-Wasm ABI version"),
        (vm("").replace("filename: /f.wasm", "environment_variable: CODE"), "is not simulated"),
        (remote(", sha256: \"\""), "expected a SHA-256 of 64 hexadecimal digits"),
        (remote(", sha256: abc, retry_policy: {num_retries: 3, retry_back_off: {base_interval: 1s, max_interval: 10s}}"), "expected a SHA-256 of 64 hexadecimal digits"),
        ("name: p".to_owned(), "the key `vm_config` is missing"),
    ].map(|(fields, reason)| (plugin(fields), reason)));
}

/// The pieces of each filter's own document, as one of each.
#[test]
fn each_http_filter_loads_or_says_why_not() {
    let all = "{numerator: 100}";
    let gzip = |kind: &str| {
        format!(
            "{kind}_library: {{name: l, typed_config: {{\"@type\": type.googleapis.com/envoy.extensions.compression.gzip.{kind}.v3.Gzip}}}}"
        )
    };
    let jwt = "providers: {p: {issuer: 'https://iss', audiences: [app], forward: true, payload_in_metadata: jwt, local_jwks: {inline_string: '{\"keys\":[{\"kty\":\"oct\",\"k\":\"AQ\"}]}'}}}, rules: [{match: {prefix: /in}, requires: {provider_name: p}}]";
    let rbac = "rules: {action: ALLOW, policies: {a: {permissions: [{and_rules: {rules: [{header: {name: ':method', string_match: {exact: GET}}}, {url_path: {path: {prefix: /}}}]}}], principals: [{header: {name: x-role, string_match: {exact: admin}}}, {direct_remote_ip: {address_prefix: 127.0.0.0, prefix_len: 8}}]}}}";
    let mutation = "mutations: {request_mutations: [{append: {append_action: APPEND_IF_EXISTS_OR_ADD, header: {key: x-src, value: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%'}}}, {remove: x-in}], query_parameter_mutations: [{append: {action: APPEND_IF_EXISTS_OR_ADD, record: {key: q, value: v}}}], response_mutations: [{append: {header: {key: x-by, value: envoy}}}]}";
    let fault = "delay: {fixed_delay: 2s, percentage: {numerator: 0, denominator: HUNDRED}}, abort: {http_status: 503, percentage: {numerator: 0}}, headers: [{name: x-test, string_match: {exact: '1'}}]";
    let limit = format!(
        "stat_prefix: l, status: {{code: TooManyRequests}}, token_bucket: {{max_tokens: 10, tokens_per_fill: 10, fill_interval: 1s}}, filter_enabled: {{default_value: {all}}}, filter_enforced: {{default_value: {all}}}, response_headers_to_add: [{{append_action: OVERWRITE_IF_EXISTS_OR_ADD, header: {{key: x-l, value: 'true'}}}}], enable_x_ratelimit_headers: DRAFT_VERSION_03"
    );
    let service = "domain: app, timeout: 0.02s, failure_mode_deny: false, rate_limit_service: {transport_api_version: V3, grpc_service: {envoy_grpc: {cluster_name: web}}}";
    check([
        ("cors.v3.Cors", "", ""),
        ("csrf.v3.CsrfPolicy", "filter_enabled: {default_value: {numerator: 100, denominator: HUNDRED}}, additional_origins: [{suffix: .example.com}]", ""),
        ("local_ratelimit.v3.LocalRateLimit", &limit, ""),
        ("local_ratelimit.v3.LocalRateLimit", &format!("{limit}, descriptors: []"), "`descriptors` of local_ratelimit is not simulated"),
        ("ratelimit.v3.RateLimit", service, ""),
        ("fault.v3.HTTPFault", fault, ""),
        ("fault.v3.HTTPFault", "response_rate_limit: {fixed_limit: {limit_kbps: 10}, percentage: {numerator: 100}}", ""),
        ("rbac.v3.RBAC", rbac, ""),
        ("header_mutation.v3.HeaderMutation", mutation, ""),
        ("buffer.v3.Buffer", "max_request_bytes: 65536", ""),
        ("compressor.v3.Compressor", &gzip("compressor"), ""),
        ("decompressor.v3.Decompressor", &gzip("decompressor"), ""),
        ("jwt_authn.v3.JwtAuthentication", jwt, ""),
        ("jwt_authn.v3.JwtAuthentication", "providers: {p: {local_jwks: {inline_string: '{\"keys\":[]}'}}}", "Provider 'p' in jwt_authn config has invalid local jwks: Jwks doesn't have any valid public key"),
        ("ext_authz.v3.ExtAuthz", "", "the filter `envoy.extensions.filters.http.ext_authz.v3.ExtAuthz` is not simulated"),
        ("ext_proc.v3.ExternalProcessor", "", "the filter `envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor` is not simulated"),
    ].map(|(message, fields, reason)| {
        let comma = if fields.is_empty() { "" } else { ", " };
        let filter = format!("{{name: f, typed_config: {{\"@type\": {TYPES}.http.{message}{comma}{fields}}}}}, ");
        (at("filters", &filter), reason)
    }));
}

/// Rows: the filter, what a route says of it.
#[test]
fn each_route_configuration_loads_or_says_why_not() {
    let enabled = "filter_enabled: {default_value: {numerator: 100}}";
    let cors = "allow_origin_string_match: [{exact: 'https://a.example'}, {suffix: .b.example}], allow_methods: 'GET, POST', allow_headers: x-token, expose_headers: x-rt, max_age: '600', allow_credentials: true";
    let bucket = "stat_prefix: s, token_bucket: {max_tokens: 1, fill_interval: 1s}";
    let gzip = "compressor_library: {name: l, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip}}";
    check(
        [
            ("cors.v3.Cors", "", "cors.v3.CorsPolicy", cors, ""),
            (
                "csrf.v3.CsrfPolicy",
                enabled,
                "csrf.v3.CsrfPolicy",
                enabled,
                "",
            ),
            (
                "buffer.v3.Buffer",
                "max_request_bytes: 1",
                "buffer.v3.BufferPerRoute",
                "disabled: true",
                "",
            ),
            ("rbac.v3.RBAC", "rules: {}", "rbac.v3.RBACPerRoute", "", ""),
            (
                "header_mutation.v3.HeaderMutation",
                "",
                "header_mutation.v3.HeaderMutationPerRoute",
                "mutations: {request_mutations: [{remove: x-a}]}",
                "",
            ),
            (
                "fault.v3.HTTPFault",
                "",
                "fault.v3.HTTPFault",
                "abort: {header_abort: {}, percentage: {numerator: 100}}",
                "",
            ),
            (
                "local_ratelimit.v3.LocalRateLimit",
                "stat_prefix: s",
                "local_ratelimit.v3.LocalRateLimit",
                bucket,
                "",
            ),
            (
                "compressor.v3.Compressor",
                gzip,
                "compressor.v3.CompressorPerRoute",
                "disabled: true",
                "",
            ),
            (
                "jwt_authn.v3.JwtAuthentication",
                "",
                "jwt_authn.v3.PerRouteConfig",
                "disabled: true",
                "",
            ),
            (
                "cors.v3.Cors",
                "",
                "buffer.v3.BufferPerRoute",
                "disabled: true",
                "the filter `f` has no such configuration",
            ),
            (
                "cors.v3.Cors",
                "",
                "ext_authz.v3.ExtAuthzPerRoute",
                "disabled: true",
                "is not simulated",
            ),
        ]
        .map(|(filter, own, message, routed, reason)| {
            let filled = |kind: &str, fields: &str| {
                let comma = if fields.is_empty() { "" } else { ", " };
                format!("{{\"@type\": {TYPES}.http.{kind}{comma}{fields}}}")
            };
            let filter = format!("{{name: f, typed_config: {}}}, ", filled(filter, own));
            let text = at("filters", &filter);
            let route = format!(
                "typed_per_filter_config: {{f: {}}}, match: {{prefix: /}}, route: {{cluster",
                filled(message, routed)
            );
            (
                text.replace("match: {prefix: /}, route: { cluster", &route),
                reason,
            )
        }),
    );
    for text in ["disabled: true", "config: {}"] {
        let filter =
            format!("{{name: f, typed_config: {{\"@type\": {TYPES}.http.rbac.v3.RBAC}}}}, ");
        let route = format!(
            "typed_per_filter_config: {{f: {{\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig, {text}}}}}, match: {{prefix: /}}, route: {{cluster"
        );
        let lab = at("filters", &filter).replace("match: {prefix: /}, route: { cluster", &route);
        assert_eq!(problem(&lab), "");
    }
}

#[test]
fn each_network_filter_loads_or_says_why_not() {
    let tcp = "stat_prefix: t, cluster: web";
    for (message, fields, reason) in [
        ("echo.v3.Echo", "", ""),
        ("tcp_proxy.v3.TcpProxy", tcp, ""),
        (
            "tcp_proxy.v3.TcpProxy",
            &format!("{tcp}, max_connect_attempts: 2"),
            "`max_connect_attempts` of tcp_proxy is not simulated",
        ),
        (
            "direct_response.v3.Config",
            "response: {inline_string: bye}",
            "",
        ),
        (
            "rbac.v3.RBAC",
            "stat_prefix: r",
            "the network filter `envoy.extensions.filters.network.rbac.v3.RBAC` is not simulated",
        ),
    ] {
        let comma = if fields.is_empty() { "" } else { ", " };
        let text = format!(
            "name: t\nenvoy:\n  network_filters: [{{name: n, typed_config: {{\"@type\": {TYPES}.network.{message}{comma}{fields}}}}}]\nscenarios: [{{name: s, traffic: [{{tcp: {{send: [abc], close: true}}}}]}}]\n"
        );
        match run_text(&text, &[]) {
            Ok(_) => assert_eq!(reason, "", "{text}"),
            Err(problem) => assert!(!reason.is_empty() && problem.contains(reason), "{problem}"),
        }
    }
}

/// Rows: the Any, and what the guest reads in `on_configure`.
#[test]
fn a_plugin_gets_the_bytes_of_its_configuration() {
    let module = base64(&guest(&[("on_configure", "body 7")]));
    for (any, expected) in [
        (
            "StringValue, value: '{\"k\":1}'",
            r#"Ok {"bytes":"{\"k\":1}"}"#,
        ),
        ("BytesValue, value: AQI=", r#"Ok {"bytes":"\u0001\u0002"}"#),
        // No JSON: the message itself, field by field.
        (
            "Struct, value: {k: v}",
            r#"Ok {"bytes":"\n\b\n\u0001k\u0012\u0003\u001a\u0001v"}"#,
        ),
        ("Empty", r#"Ok {"bytes":""}"#),
    ] {
        let filter = format!(
            "{{name: w, typed_config: {{\"@type\": {TYPES}.http.wasm.v3.Wasm, config: {{configuration: {{\"@type\": type.googleapis.com/google.protobuf.{any}}}, vm_config: {{code: {{local: {{filename: /f.wasm}}}}}}}}}}}}, "
        );
        let text =
            at("filters", &filter) + &format!("files: {{/f.wasm: {{base64: \"{module}\"}}}}\n");
        let report = run_one(&text);
        assert_eq!(
            outcomes(&report, "proxy_get_buffer_bytes")[0],
            expected,
            "{any}"
        );
    }
}

/// Rows: keys of `envoy`, the upstream, the request, what the log says: status, duration, attempts.
#[test]
fn what_is_not_said_has_envoys_defaults() {
    let log = access_log("%RESPONSE_CODE% %DURATION% %UPSTREAM_REQUEST_ATTEMPT_COUNT%");
    let retry =
        "routes: [{match: {prefix: /}, route: {cluster: web, retry_policy: {retry_on: 5xx}}}]";
    let patient = "routes: [{match: {prefix: /}, route: {cluster: web, timeout: 0s}}]";
    for (envoy, upstream, traffic, expected) in [
        (
            "",
            "{reply: {delay: 14.999s}}",
            "request: {}",
            "200 14999 1",
        ),
        (
            "",
            "{reply: {delay: 15.001s}}",
            "request: {}",
            "504 15000 1",
        ),
        (
            "",
            "{reset: connection_timeout}",
            "request: {}",
            "503 5000 1",
        ),
        (retry, "{reply: {status: 500}}", "request: {}", "500 "),
        (
            patient,
            "{timeout: true}",
            "request: {}\n  - advance: 301s",
            "408 300000 1",
        ),
    ] {
        let text = format!(
            "name: t\nenvoy:\n  {log}\n  {envoy}\nupstreams: {{web: [{upstream}]}}\nscenarios:\n- name: s\n  traffic:\n  - {traffic}\n"
        );
        let report = run_one(&text);
        let line = &report.access_log[0];
        assert!(line.starts_with(expected), "{envoy} {upstream}: {line}");
        if envoy == retry {
            // One more attempt, after 25 ms at most.
            let words: Vec<u32> = line.split(' ').map(|word| word.parse().unwrap()).collect();
            assert!(words[1] <= 25 && words[2] == 2, "{line}");
        }
    }
    // A body that a filter holds: a MiB, and not a byte more.
    let holds = guest(&[("on_request_body", "unless_end 1")]);
    for (size, status) in [(1 << 20, 200), ((1 << 20) + 1, 413)] {
        let request = format!("  - request: {{method: POST, body: {{size: {size}}}, chunks: [9]}}");
        let report = play(&[("f", &holds)], &request);
        assert_eq!(response(&report).status, status, "{size}");
    }
}
