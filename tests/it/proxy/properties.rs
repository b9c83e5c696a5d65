//! Properties: each attribute with its type on the wire, and the phases in which it is there.

use super::{base64, guest};
use crate::lab_run::{run_one, story};
use proxy_wasm_tour::model::trace::{Kind, Value};

/// What a read gives.
#[derive(Clone, Copy, Debug)]
enum Is {
    /// Text, as it is.
    Text(&'static str),
    /// Some text, which a test need not know.
    SomeText,
    /// 8 bytes, little-endian.
    Int(i64),
    /// Some 8 bytes.
    SomeInt,
    /// 8 bytes of a double.
    Double(f64),
    /// One byte.
    Bool(bool),
    /// A message, as these bytes.
    Message(&'static [u8]),
    /// A map, as pairs.
    Pairs(&'static [(&'static str, &'static str)]),
    /// `NotFound`.
    Absent,
    /// `SerializationFailure`.
    NoForm,
}
use Is::*;

/// A whole configuration with everything that properties tell.
fn lab(filter: &str) -> String {
    let bytes = base64(filter);
    format!(
        r#"
name: t
files:
  /f.wasm: {{base64: "{bytes}"}}
envoy:
  node:
    id: n1
    cluster: c1
    metadata: {{team: edge, weight: 2.5, tags: [a, b], none: null, on: true, inner: {{k: v}}}}
    locality: {{region: eu, zone: eu-1}}
  static_resources:
    listeners:
    - name: ingress
      traffic_direction: INBOUND
      metadata: {{filter_metadata: {{my.ns: {{port: http}}}}}}
      address: {{socket_address: {{address: 127.0.0.1, port_value: 10000}}}}
      filter_chains:
      - filters:
        - name: hcm
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
            stat_prefix: ingress
            route_config:
              virtual_hosts:
              - name: app
                domains: ["*"]
                metadata: {{filter_metadata: {{ns: {{of: host}}}}}}
                routes:
                - name: main
                  match: {{prefix: /}}
                  metadata: {{filter_metadata: {{ns: {{of: route}}}}}}
                  route: {{cluster: web}}
            http_filters:
            - name: f
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
                config: {{name: plug, root_id: root, vm_config: {{vm_id: vm, code: {{local: {{filename: /f.wasm}}}}}}}}
            - {{name: r, typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}}}
    clusters:
    - name: web
      metadata: {{filter_metadata: {{ns: {{of: cluster}}}}}}
      load_assignment:
        cluster_name: web
        endpoints:
        - locality: {{region: us, zone: us-2, sub_zone: r7}}
          metadata: {{filter_metadata: {{ns: {{of: group}}}}}}
          lb_endpoints:
          - metadata: {{filter_metadata: {{ns: {{of: endpoint}}}}}}
            endpoint: {{address: {{socket_address: {{address: 10.1.2.3, port_value: 8443}}}}}}
          - endpoint: {{address: {{socket_address: {{address: 10.1.2.4, port_value: 8443}}}}}}
upstreams:
  web:
  - reply: {{status: 201, headers: {{x-b: c}}, body: world, trailers: {{grpc-status: "5", t: v}}, delay: 30ms}}
scenarios:
- name: s
  traffic:
  - request:
      method: POST
      path: /a/b?x=1#frag
      authority: example.com
      headers: {{referer: "http://r/", user-agent: agent, x-a: ["1", "2"], content-length: "5"}}
      body: hello
"#
    )
}

/// What each path gives in a root, with the request's headers, with the response's, and in on_log.
const PHASES: [&str; 4] = [
    "on_configure",
    "on_request_headers",
    "on_response_headers",
    "on_log",
];

/// Status and bytes.
type Answer = (String, Vec<u8>);

/// The answers of each phase, in the order of the paths.
fn read(paths: &[&str]) -> Vec<Vec<Answer>> {
    let script: Vec<String> = paths
        .iter()
        .map(|path| format!("prop_raw {}", path.replace('/', "\\0")))
        .collect();
    let script = script.join("\n");
    let callbacks: Vec<(&str, &str)> = PHASES.iter().map(|phase| (*phase, &*script)).collect();
    let report = run_one(&lab(&guest(&callbacks)));
    let seen = PHASES.map(|phase| {
        let name = format!("proxy_{phase}");
        let events = report.events.iter();
        // The last one: the serving plugin's, not the canary's.
        let callback = events
            .clone()
            .rfind(|e| e.kind == Kind::Callback && e.name == name);
        let callback = callback
            .unwrap_or_else(|| panic!("{name}\n{}", story(&report)))
            .n;
        events
            .filter(|e| e.parent == Some(callback) && e.name == "proxy_get_property")
            .map(|e| {
                let result = e.result.as_ref().unwrap();
                // The trace shows numbers and bools as such.
                let bytes = match &result.value {
                    Some(Value::Bytes(bytes)) => bytes.to_vec(),
                    Some(Value::Int(n)) => n.to_le_bytes().to_vec(),
                    Some(Value::Word(word)) => vec![u8::from(word == "true")],
                    other => format!("{other:?}").into_bytes(),
                };
                (result.status.to_string(), bytes)
            })
            .collect()
    });
    seen.to_vec()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<u8> {
    let pairs = pairs.iter().map(|(k, v)| (k.as_bytes(), v.as_bytes()));
    proxy_wasm_tour::abi::pairs::encode(pairs)
}

fn holds(is: Is, (status, bytes): &Answer) -> bool {
    let ok = |wanted: Vec<u8>| status == "Ok" && *bytes == wanted;
    match is {
        Text(text) => ok(text.as_bytes().to_vec()),
        SomeText => status == "Ok" && !bytes.is_empty(),
        Int(n) => ok(n.to_le_bytes().to_vec()),
        SomeInt => status == "Ok" && bytes.len() == 8,
        Double(n) => ok(n.to_le_bytes().to_vec()),
        Bool(flag) => ok(vec![u8::from(flag)]),
        Message(message) => ok(message.to_vec()),
        Pairs(map) => ok(pairs(map)),
        Absent => status == "NotFound",
        NoForm => status == "SerializationFailure",
    }
}

fn check(rows: &[(&str, [Is; 4])]) {
    let paths: Vec<&str> = rows.iter().map(|(path, _)| *path).collect();
    let seen = read(&paths);
    let mut wrong = Vec::new();
    for (at, (path, expected)) in rows.iter().enumerate() {
        for (phase, (is, seen)) in expected.iter().zip(&seen).enumerate() {
            if !holds(*is, &seen[at]) {
                let text = String::from_utf8_lossy(&seen[at].1).into_owned();
                wrong.push(format!(
                    "{path} in {}: {is:?}, got {} {text:?} {:?}",
                    PHASES[phase], seen[at].0, seen[at].1
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same in every phase of a stream, and not in a root.
const fn stream(is: Is) -> [Is; 4] {
    [Absent, is, is, is]
}

/// With the request's headers: gone in the response, back in on_log.
const fn attached(is: Is) -> [Is; 4] {
    [Absent, is, Absent, is]
}

/// Once the router has picked a host.
const fn late(is: Is) -> [Is; 4] {
    [Absent, Absent, is, is]
}

const fn always(is: Is) -> [Is; 4] {
    [is, is, is, is]
}

#[test]
fn attributes_of_the_request_have_their_types_and_phases() {
    check(&[
        ("request/path", attached(Text("/a/b?x=1#frag"))),
        ("request/url_path", attached(Text("/a/b"))),
        ("request/query", attached(Text("x=1"))),
        ("request/host", attached(Text("example.com"))),
        ("request/scheme", attached(Text("http"))),
        ("request/method", attached(Text("POST"))),
        ("request/referer", attached(Text("http://r/"))),
        ("request/useragent", attached(Text("agent"))),
        ("request/id", attached(SomeText)),
        ("request/headers/x-a", attached(Text("1,2"))),
        ("request/headers/nope", stream(Absent)),
        ("request/headers", [Absent, SomeText, Pairs(&[]), SomeText]),
        ("request/headers_bytes", [Absent, SomeInt, Int(0), SomeInt]),
        ("request/time", stream(SomeInt)),
        (
            "request/duration",
            [Absent, Absent, Absent, Int(30_000_000)],
        ),
        ("request/size", stream(Int(5))),
        ("request/total_size", [Absent, SomeInt, Int(5), SomeInt]),
        ("request/protocol", stream(Text("HTTP/1.1"))),
        ("request/nope", stream(Absent)),
        ("request/path/more", stream(Absent)),
        ("request", [Absent, NoForm, NoForm, NoForm]),
    ]);
}

#[test]
fn attributes_of_the_response_have_their_types_and_phases() {
    let known = |is| [Absent, Absent, is, is];
    check(&[
        ("response/code", known(Int(201))),
        ("response/code_details", known(Text("via_upstream"))),
        ("response/flags", stream(Int(0))),
        // In trailers when they came; else what the code stands for.
        ("response/grpc_status", [Absent, Absent, Int(2), Int(5)]),
        ("response/headers/x-b", known(Text("c"))),
        ("response/trailers/t", [Absent, Absent, Absent, Text("v")]),
        (
            "response/trailers",
            [
                Absent,
                Pairs(&[]),
                Pairs(&[]),
                Pairs(&[("grpc-status", "5"), ("t", "v")]),
            ],
        ),
        ("response/headers_bytes", [Absent, Int(0), SomeInt, SomeInt]),
        ("response/size", [Absent, Int(0), Int(0), Int(5)]),
        ("response/total_size", [Absent, Int(0), SomeInt, SomeInt]),
        (
            "response/backend_latency",
            [Absent, Absent, Absent, Int(30_000_000)],
        ),
        ("response", [Absent, NoForm, NoForm, NoForm]),
    ]);
}

#[test]
fn attributes_of_connection_and_peers_have_their_types_and_phases() {
    check(&[
        ("source/address", stream(Text("127.0.0.1:49153"))),
        ("source/port", stream(Int(49153))),
        ("destination/address", stream(Text("127.0.0.1:10000"))),
        ("destination/port", stream(Int(10000))),
        ("connection/id", stream(Int(1))),
        ("connection_id", stream(Int(1))),
        ("connection/mtls", stream(Bool(false))),
        ("connection/requested_server_name", stream(Text(""))),
        // Only with TLS.
        ("connection/tls_version", stream(Absent)),
        ("connection/subject_local_certificate", stream(Absent)),
        ("connection/subject_peer_certificate", stream(Absent)),
        ("connection/uri_san_local_certificate", stream(Absent)),
        ("connection/uri_san_peer_certificate", stream(Absent)),
        ("connection/dns_san_local_certificate", stream(Absent)),
        ("connection/dns_san_peer_certificate", stream(Absent)),
        ("connection/sha256_peer_certificate_digest", stream(Absent)),
        ("connection/peer_certificate", stream(Absent)),
        // Only when there is one.
        ("connection/termination_details", stream(Absent)),
        ("connection/transport_failure_reason", stream(Absent)),
        ("connection", [Absent, NoForm, NoForm, NoForm]),
        ("source", [Absent, NoForm, NoForm, NoForm]),
    ]);
}

#[test]
fn attributes_of_the_upstream_have_their_types_and_phases() {
    check(&[
        ("upstream/address", late(Text("10.1.2.3:8443"))),
        ("upstream/port", late(Int(8443))),
        ("upstream/local_address", late(SomeText)),
        ("upstream/transport_failure_reason", late(Text(""))),
        (
            "upstream/request_attempt_count",
            [Absent, Int(0), Int(1), Int(1)],
        ),
        ("upstream/num_endpoints", stream(Int(2))),
        ("upstream/cx_pool_ready_duration", late(Int(0))),
        (
            "upstream/locality",
            late(Message(b"\x0a\x02us\x12\x04us-2\x1a\x02r7")),
        ),
        ("upstream/locality/zone", late(Text("us-2"))),
        ("upstream/tls_version", stream(Absent)),
        ("upstream/local_port", stream(Absent)),
        ("upstream", [Absent, NoForm, NoForm, NoForm]),
    ]);
}

#[test]
fn what_the_configuration_says_has_its_types_and_phases() {
    check(&[
        ("xds/node/id", always(Text("n1"))),
        ("xds/node/cluster", always(Text("c1"))),
        ("xds/node/metadata/team", always(Text("edge"))),
        ("xds/node/metadata/weight", always(Double(2.5))),
        ("xds/node/metadata/on", always(Bool(true))),
        ("xds/node/metadata/none", always(NoForm)),
        ("xds/node/metadata/inner", always(Pairs(&[("k", "v")]))),
        ("xds/node/metadata/inner/k", always(Text("v"))),
        (
            "xds/node/metadata/tags",
            always(Pairs(&[("a", ""), ("b", "")])),
        ),
        ("xds/node/metadata/tags/1", always(Text("b"))),
        ("xds/node/metadata/tags/2", always(Absent)),
        ("xds/node/metadata/tags/x", always(Absent)),
        ("xds/node/metadata", always(NoForm)),
        (
            "xds/node/locality",
            always(Message(b"\x0a\x02eu\x12\x04eu-1")),
        ),
        ("xds/node/locality/region", always(Text("eu"))),
        ("xds/node/locality/sub_zone", always(Text(""))),
        ("xds/node/nope", always(Absent)),
        ("xds/node", always(SomeText)),
        ("xds", always(NoForm)),
        ("xds/cluster_name", stream(Text("web"))),
        (
            "xds/cluster_metadata/filter_metadata/ns/of",
            stream(Text("cluster")),
        ),
        ("xds/route_name", stream(Text("main"))),
        (
            "xds/route_metadata/filter_metadata/ns/of",
            stream(Text("route")),
        ),
        (
            "xds/route_metadata/filter_metadata/ns",
            stream(Pairs(&[("of", "route")])),
        ),
        (
            "xds/route_metadata",
            stream(Message(
                b"\x0a\x15\x0a\x02ns\x12\x0f\x0a\x0d\x0a\x02of\x12\x07\x1a\x05route",
            )),
        ),
        ("xds/route_metadata/filter_metadata/other", stream(Absent)),
        ("xds/virtual_host_name", stream(Text("app"))),
        (
            "xds/virtual_host_metadata/filter_metadata/ns/of",
            stream(Text("host")),
        ),
        ("xds/filter_chain_name", stream(Text(""))),
        (
            "xds/upstream_host_metadata/filter_metadata/ns/of",
            late(Text("endpoint")),
        ),
        (
            "xds/upstream_host_locality_metadata/filter_metadata/ns/of",
            late(Text("group")),
        ),
        (
            "xds/listener_metadata/filter_metadata/my.ns/port",
            stream(Text("http")),
        ),
        ("xds/listener_direction", stream(Int(1))),
    ]);
}

#[test]
fn the_names_of_before_xds_are_read_as_well() {
    check(&[
        ("node/id", always(Text("n1"))),
        ("node/metadata/team", always(Text("edge"))),
        ("cluster_name", stream(Text("web"))),
        (
            "cluster_metadata/filter_metadata/ns/of",
            stream(Text("cluster")),
        ),
        ("route_name", stream(Text("main"))),
        (
            "route_metadata/filter_metadata/ns/of",
            stream(Text("route")),
        ),
        (
            "upstream_host_metadata/filter_metadata/ns/of",
            late(Text("endpoint")),
        ),
        (
            "listener_metadata/filter_metadata/my.ns/port",
            always(Text("http")),
        ),
        ("listener_direction", always(Int(1))),
    ]);
}

#[test]
fn the_plugin_and_its_state_have_their_types_and_phases() {
    check(&[
        ("plugin_name", always(Text("plug"))),
        ("plugin_root_id", always(Text("root"))),
        ("plugin_vm_id", always(Text("vm"))),
        ("plugin_name/more", always(Absent)),
        ("metadata", stream(Message(b""))),
        ("metadata/filter_metadata", stream(Pairs(&[]))),
        ("metadata/filter_metadata/ns", stream(Absent)),
        ("filter_state/nope", stream(Absent)),
        ("filter_state", [Absent, NoForm, NoForm, NoForm]),
        ("upstream_filter_state/nope", stream(Absent)),
        ("nothing", always(Absent)),
        ("", always(NoForm)),
    ]);
}

#[test]
fn a_cleared_route_is_told_until_another_is_found() {
    let filter = guest(&[(
        "on_request_headers",
        "set request x-a b; prop xds.route_name",
    )]);
    let seen = super::outcomes(&run_one(&lab(&filter)), "proxy_get_property");
    assert_eq!(seen, [r#"Ok {"bytes":"main"}"#]);
}

#[test]
fn a_built_in_name_is_not_hidden_by_what_is_set() {
    let filter = guest(&[(
        "on_request_headers",
        "setprop plugin_name x; prop plugin_name; setprop a.b 1; prop a.b; prop_raw a.b; prop_raw filter_state\\0wasm.a.b",
    )]);
    let seen = super::outcomes(&run_one(&lab(&filter)), "proxy_get_property");
    let one = r#"Ok {"bytes":"1"}"#;
    // A path of two segments is another than the one segment that was set.
    assert_eq!(seen, [r#"Ok {"bytes":"plug"}"#, "NotFound", one, one]);
}

#[test]
fn what_is_set_with_two_segments_is_read_with_neither_one_nor_two() {
    let filter = guest(&[(
        "on_request_headers",
        "setprop_raw a\\0b 1; prop a.b; prop a",
    )]);
    let seen = super::outcomes(&run_one(&lab(&filter)), "proxy_get_property");
    assert_eq!(seen, ["NotFound", "NotFound"]);
}
