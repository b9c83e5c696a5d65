//! Foreign functions as Envoy answers them.

use super::{outcomes, play, play_one};
use proxy_wasm_tour::model::Bytes;
use proxy_wasm_tour::model::report::ScenarioReport;
use proxy_wasm_tour::model::trace::{Kind, Value};

const CALL: &str = "proxy_call_foreign_function";

/// A Protobuf message of bytes and small numbers.
fn message(fields: &[(u8, &[u8])]) -> Vec<u8> {
    let mut message = Vec::new();
    for (number, bytes) in fields {
        message.push(number << 3 | 2);
        let mut length = bytes.len();
        while length > 0x7f {
            message.push(length as u8 | 0x80);
            length >>= 7;
        }
        message.push(length as u8);
        message.extend(*bytes);
    }
    message
}

fn with_number(mut message: Vec<u8>, number: u8, value: u8) -> Vec<u8> {
    message.extend([number << 3, value]);
    message
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Statuses and results of the foreign calls of a request.
fn answers(report: &ScenarioReport) -> Vec<(String, Vec<u8>)> {
    let calls = report.events.iter();
    calls
        .filter(|e| e.kind == Kind::HostCall && e.name == CALL)
        .map(|e| {
            let result = e.result.as_ref().unwrap();
            let bytes = match &result.value {
                Some(Value::Bytes(bytes)) => bytes.to_vec(),
                _ => Vec::new(),
            };
            (result.status.to_string(), bytes)
        })
        .collect()
}

fn reason(report: &ScenarioReport, at: usize) -> String {
    let mut calls = report
        .events
        .iter()
        .filter(|e| e.kind == Kind::HostCall && e.name == CALL);
    let event = calls.nth(at).unwrap();
    event.result.as_ref().unwrap().reason.to_string()
}

/// One call in on_request_headers.
fn ask(name: &str, argument: &[u8]) -> (String, Vec<u8>) {
    let script = format!("foreign {name} {}", hex(argument));
    let report = play_one(&[("on_request_headers", &script)], "  - request: {}");
    answers(&report).remove(0)
}

fn ok(bytes: &[u8]) -> (String, Vec<u8>) {
    ("Ok".to_owned(), bytes.to_vec())
}

fn refused(status: &str) -> (String, Vec<u8>) {
    (status.to_owned(), Vec::new())
}

macro_rules! key {
    ($name:literal) => {
        include_bytes!(concat!("keys/", $name)).as_slice()
    };
}

/// The bytes of a PEM block.
fn der(pem: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(pem).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('-'));
    Bytes::from_base64(&lines.collect::<String>())
        .unwrap()
        .to_vec()
}

fn verify(hash: &str, key: (u8, &[u8]), signature: &[u8], text: &[u8]) -> (String, Vec<u8>) {
    let argument = message(&[(1, hash.as_bytes()), key, (3, signature), (4, text)]);
    ask("verify_signature", &argument)
}

fn sign(hash: &str, key: (u8, &[u8]), text: &[u8]) -> (String, Vec<u8>) {
    ask("sign", &message(&[(1, hash.as_bytes()), key, (3, text)]))
}

fn untrue(error: &str) -> (String, Vec<u8>) {
    ok(&message(&[(2, error.as_bytes())]))
}

const TRUE: [u8; 2] = [8, 1];

#[test]
fn compress_makes_little_of_2000_equal_bytes_and_uncompress_makes_them_again() {
    let script = format!(
        "foreign compress {}; foreign_again uncompress",
        "61".repeat(2000)
    );
    let report = play_one(&[("on_request_headers", &script)], "  - request: {}");
    let seen = answers(&report);
    assert!(seen[0].1.len() < 30, "{seen:?}");
    assert_eq!(seen[1], ok(&[b'a'; 2000]));
    // The bytes that zlib's own compress makes of nothing.
    assert_eq!(ask("compress", b"").1, [0x78, 0x9c, 3, 0, 0, 0, 0, 1]);
}

#[test]
fn uncompress_refuses_what_is_no_zlib_stream_or_cut() {
    let zlib = ask("compress", b"hello").1;
    let failure = refused("SerializationFailure");
    assert_eq!(ask("uncompress", &zlib[..zlib.len() - 1]), failure);
    assert_eq!(ask("uncompress", b"hello"), failure);
    assert_eq!(ask("uncompress", b""), failure);
    let mut more = zlib;
    more.push(b'!');
    assert_eq!(ask("uncompress", &more), ok(b"hello"));
}

#[test]
fn uncompress_stops_at_its_limit_and_names_it() {
    // A thousand times smaller: 17 MiB of zeros are less than 20 kB.
    let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; 17 << 20], 6);
    let script = format!("foreign uncompress {}", hex(&bomb));
    let report = play_one(&[("on_request_headers", &script)], "  - request: {}");
    assert_eq!(answers(&report)[0], refused("trap"));
    let failed = report.vms.iter().find(|vm| vm.failed).unwrap();
    assert_eq!(failed.limit.as_deref(), Some("uncompress"));
    let why = failed.failure.as_deref().unwrap();
    assert!(
        why.contains("uncompress limit: the data is more than 16777216 bytes"),
        "{why}"
    );
}

#[test]
fn an_unknown_foreign_function_is_not_found() {
    assert_eq!(ask("no_such_function", b""), refused("NotFound"));
    assert_eq!(ask("Compress", b""), refused("NotFound"));
}

#[test]
fn expressions_answer_unimplemented_with_the_reason() {
    for name in ["expr_create", "expr_evaluate", "expr_delete"] {
        let script = format!("foreign {name} 31");
        let report = play_one(&[("on_request_headers", &script)], "  - request: {}");
        assert_eq!(answers(&report)[0], refused("Unimplemented"));
        assert!(reason(&report, 0).ends_with("the simulator has no CEL"));
    }
}

#[test]
fn rsa_signatures_of_every_hash_function_are_verified() {
    let public = der(key!("rsa.pub.pem"));
    for (hash, signature) in [
        ("sha1", key!("rsa.sha1.sig")),
        ("sha224", key!("rsa.sha224.sig")),
        ("SHA256", key!("rsa.sha256.sig")),
        ("sha384", key!("rsa.sha384.sig")),
        ("sha512", key!("rsa.sha512.sig")),
    ] {
        let seen = verify(hash, (2, &public), signature, b"hello");
        assert_eq!(seen, ok(&TRUE), "{hash}");
        let pem = verify(hash, (5, key!("rsa.pub.pem")), signature, b"hello");
        assert_eq!(pem, ok(&TRUE), "{hash}");
        let other = verify(hash, (2, &public), signature, b"hallo");
        assert_eq!(other, untrue("Failed to verify digest. Error code: 0"));
    }
}

#[test]
fn ecdsa_signatures_on_p256_are_verified() {
    for (hash, signature) in [
        ("sha1", key!("p256.sha1.sig")),
        ("sha256", key!("p256.sha256.sig")),
        ("sha512", key!("p256.sha512.sig")),
    ] {
        let seen = verify(hash, (5, key!("p256.pub.pem")), signature, b"hello");
        assert_eq!(seen, ok(&TRUE), "{hash}");
    }
    let cut = &key!("p256.sha256.sig")[1..];
    let seen = verify("sha256", (5, key!("p256.pub.pem")), cut, b"hello");
    assert_eq!(seen, untrue("Failed to verify digest. Error code: 0"));
}

#[test]
fn verify_signature_says_why_it_cannot_verify() {
    let signature = key!("rsa.sha256.sig");
    let rsa = der(key!("rsa.pub.pem"));
    assert_eq!(
        verify("md5", (2, &rsa), signature, b"hello"),
        untrue("md5 is not supported.")
    );
    // Bytes that are no key, a private key, and a key that signs without a hash function.
    let unusable = untrue("Failed to initialize digest verify.");
    for key in [
        (2, &b"no key"[..]),
        (5, key!("rsa.pem")),
        (5, key!("ed25519.pub.pem")),
    ] {
        assert_eq!(verify("sha256", key, signature, b"hello"), unusable);
    }
    // BoringSSL knows this curve.
    let p384 = verify("sha256", (5, key!("p384.pub.pem")), signature, b"hello");
    assert_eq!(p384, refused("Unimplemented"));
}

#[test]
fn verify_signature_wants_exactly_one_key() {
    let bad = refused("BadArgument");
    assert_eq!(ask("verify_signature", b"bad_arg"), bad);
    assert_eq!(ask("verify_signature", b""), bad);
    let pem = key!("rsa.pub.pem");
    let both = message(&[(1, b"sha256"), (2, &der(pem)), (5, pem)]);
    assert_eq!(ask("verify_signature", &both), bad);
    assert_eq!(ask("sign", &message(&[(1, b"sha256")])), bad);
    assert_eq!(ask("sign", b"bad_arg"), bad);
}

#[test]
fn sign_makes_the_signatures_that_openssl_makes() {
    for (hash, signature) in [
        ("sha1", key!("rsa.sha1.sig")),
        ("sha256", key!("rsa.sha256.sig")),
        ("sha512", key!("rsa.sha512.sig")),
    ] {
        let wanted = ok(&[&TRUE[..], &message(&[(2, signature)])].concat());
        assert_eq!(sign(hash, (4, key!("rsa.pem")), b"hello"), wanted);
        assert_eq!(sign(hash, (4, key!("rsa-pkcs1.pem")), b"hello"), wanted);
        assert_eq!(sign(hash, (2, &der(key!("rsa.pem"))), b"hello"), wanted);
    }
}

#[test]
fn sign_with_p256_takes_the_number_of_rfc_6979() {
    let signature = [
        "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
        "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    ];
    for pem in [key!("p256.pem"), key!("p256-sec1.pem")] {
        let (status, result) = sign("sha256", (4, pem), b"sample");
        assert_eq!(status, "Ok");
        assert_eq!(hex(&result), format!("08011248{}", signature.concat()));
    }
}

#[test]
fn sign_says_why_it_cannot_sign() {
    let text = |why: &str| ok(&message(&[(3, why.as_bytes())]));
    assert_eq!(
        sign("sha3", (4, key!("rsa.pem")), b"hello"),
        text("sha3 is not supported.")
    );
    let unusable = text("Invalid key type: private key required for signing operation.");
    assert_eq!(sign("sha256", (4, key!("rsa.pub.pem")), b"hello"), unusable);
    assert_eq!(sign("sha256", (2, b"no key"), b"hello"), unusable);
    assert_eq!(
        sign("sha256", (4, key!("p384.pem")), b"hello"),
        refused("Unimplemented")
    );
}

#[test]
fn set_envoy_filter_state_makes_an_object_of_a_known_key() {
    let set = |path: &[u8], value: &[u8], span| {
        let argument = with_number(message(&[(1, path), (2, value)]), 3, span);
        format!("foreign set_envoy_filter_state {}", hex(&argument))
    };
    let script = [
        "foreign set_envoy_filter_state 6261645f617267".to_owned(),
        set(b"invalid.path", b"unicorns", 0),
        set(b"envoy.tcp_proxy.cluster", b"unicorns", 1),
        set(
            b"envoy.network.transport_socket.original_dst_address",
            b"1.2.3.4:80",
            1,
        ),
        set(
            b"envoy.network.transport_socket.original_dst_address",
            b"1.2.3.4",
            1,
        ),
        set(b"envoy.upstream.dynamic_port", b"eighty", 0),
        set(b"envoy.tcp_proxy.disable_tunneling", b"true", 0),
    ];
    let script = script.join("\n");
    let tick = set(b"envoy.tcp_proxy.cluster", b"unicorns", 0);
    let report = play_one(
        &[("on_configure", &tick), ("on_request_headers", &script)],
        "  - request: {}",
    );
    let statuses: Vec<String> = answers(&report).into_iter().map(|(s, _)| s).collect();
    // A root has no stream: canary and two threads.
    assert_eq!(statuses[..3], ["NotFound", "NotFound", "NotFound"]);
    assert_eq!(
        statuses[3..],
        [
            "BadArgument",
            "NotFound",
            "Ok",
            "Ok",
            "BadArgument",
            "BadArgument",
            "Ok"
        ]
    );
}

#[test]
fn tcp_proxy_connects_to_the_cluster_that_filter_state_names() {
    let argument = message(&[(1, b"envoy.tcp_proxy.cluster"), (2, b"other")]);
    let set = format!("foreign set_envoy_filter_state {}", hex(&argument));
    let filter = super::guest(&[("on_new_connection", &set)]);
    let end = format!(
        "{}\n  clusters: [{{name: web}}, {{name: other}}]",
        super::tcp::TCP_PROXY
    );
    let rest = "scenarios: [{traffic: [{tcp: {send: [a], close: true}}]}]";
    let text = super::tcp::lab(&[("f", &filter)], "", &end, rest);
    let report = crate::lab_run::run_one(&text);
    assert_eq!(report.connections[0].upstream[0].cluster, "other");
    assert_eq!(reason(&report, 0), "tcp_proxy reads it when it connects");
}

/// A property of filter state, whose key has dots.
fn state(key: &str) -> String {
    format!("prop_raw filter_state\\0{key}")
}

#[test]
fn an_object_of_envoys_is_read_whole_or_by_field() {
    let address = "envoy.network.transport_socket.original_dst_address";
    let set = |path: &str, value: &str| {
        let argument = message(&[(1, path.as_bytes()), (2, value.as_bytes())]);
        format!("foreign set_envoy_filter_state {}", hex(&argument))
    };
    let script = [
        set("envoy.tcp_proxy.cluster", "unicorns"),
        set(address, "1.2.3.4:80"),
        state("envoy.tcp_proxy.cluster"),
        state(&format!("{address}\\0ip")),
        state(&format!("{address}\\0port")),
        state(&format!("{address}\\0name")),
        state("envoy.string"),
    ];
    let report = play_one(
        &[("on_request_headers", &script.join("\n"))],
        "  - request: {}",
    );
    let seen = outcomes(&report, "proxy_get_property");
    assert_eq!(
        seen,
        [
            r#"Ok {"bytes":"unicorns"}"#,
            r#"Ok {"bytes":"1.2.3.4"}"#,
            r#"Ok {"int":80}"#,
            "NotFound",
            "NotFound"
        ]
    );
}

#[test]
fn a_property_declared_read_only_is_set_once() {
    let declare = with_number(message(&[(1, b"once")]), 2, 1);
    let declare = format!(
        "foreign declare_property {0}; foreign declare_property {0}",
        hex(&declare)
    );
    let report = play_one(
        &[
            ("on_configure", &declare),
            (
                "on_request_headers",
                "setprop once a; setprop once b; prop once; setprop other a; setprop other b",
            ),
        ],
        "  - request: {}",
    );
    let statuses: Vec<String> = answers(&report).into_iter().map(|(s, _)| s).collect();
    assert_eq!(statuses[..2], ["Ok", "BadArgument"]);
    assert_eq!(
        outcomes(&report, "proxy_set_property"),
        ["Ok", "BadArgument", "Ok", "Ok"]
    );
    assert_eq!(
        outcomes(&report, "proxy_get_property"),
        [r#"Ok {"bytes":"a"}"#]
    );
}

#[test]
fn what_a_stream_declares_is_never_looked_up() {
    let declare = with_number(message(&[(1, b"once")]), 2, 1);
    let script = format!(
        "foreign declare_property {}; setprop once a; setprop once b",
        hex(&declare)
    );
    let report = play_one(&[("on_request_headers", &script)], "  - request: {}");
    assert_eq!(outcomes(&report, "proxy_set_property"), ["Ok", "Ok"]);
    assert!(reason(&report, 0).starts_with("declared on a stream's context"));
}

#[test]
fn a_property_may_live_as_long_as_the_connection() {
    let declare = with_number(message(&[(1, b"far")]), 5, 2);
    let declare = format!("foreign declare_property {}", hex(&declare));
    let setter = super::guest(&[
        ("on_configure", &declare),
        (
            "on_request_headers",
            "prop far; prop near; setprop far 1; setprop near 1",
        ),
    ]);
    let report = play(
        &[("f", &setter)],
        "  - request: {}\n    connection: c\n  - request: {}\n    connection: c\n  - request: {}\n    connection: d",
    );
    let one = r#"Ok {"bytes":"1"}"#;
    let none = "NotFound";
    assert_eq!(
        outcomes(&report, "proxy_get_property"),
        [none, none, one, none, none, none]
    );
}

#[test]
fn a_declared_message_is_its_bytes_and_no_field_of_it_is_pretended() {
    let declare = with_number(
        message(&[(1, b"msg"), (4, b"type.googleapis.com/a.B")]),
        3,
        3,
    );
    let declare = format!("foreign declare_property {}", hex(&declare));
    let report = play_one(
        &[
            ("on_configure", &declare),
            (
                "on_request_headers",
                "setprop msg abc; prop msg; prop msg.field",
            ),
        ],
        "  - request: {}",
    );
    assert_eq!(
        outcomes(&report, "proxy_get_property"),
        [r#"Ok {"bytes":"abc"}"#, "Unimplemented"]
    );
}

#[test]
fn clear_route_cache_chooses_the_route_anew() {
    let report = super::play_with(
        &[(
            "f",
            &super::guest(&[(
                "on_request_headers",
                "set request x-a b; foreign clear_route_cache",
            )]),
        )],
        "  routes:\n  - {match: {prefix: /, headers: [{name: x-a, string_match: {exact: b}}]}, direct_response: {status: 202}}\n  - {match: {prefix: /}, direct_response: {status: 201}}",
        "",
        "  - request: {}",
    );
    assert_eq!(super::response(&report).status, 202);
    assert_eq!(answers(&report)[0], ok(b""));
}

#[test]
fn signatures_and_deflating_are_paid_in_fuel() {
    let argument = message(&[(1, b"sha256"), (4, key!("rsa.pem")), (3, b"hello")]);
    let script = format!("foreign sign {}", hex(&argument));
    let report = play_one(&[("on_request_headers", &script)], "  - request: {}");
    let callbacks = report.events.iter();
    let fuel = callbacks
        .filter(|e| e.kind == Kind::Callback && e.name == "proxy_on_request_headers")
        .filter_map(|e| e.fuel)
        .max();
    assert!(fuel > Some(2_000_000), "{fuel:?}");
}
