//! The bundle for Docker: what its files say, and what its script leaves out with a reason.

use crate::support::{Around, file, has, root};
use proxy_wasm_tour::export::{Bundle, Target, bundle};
use proxy_wasm_tour::lab::{parse, resolve};

/// The bundle of a lab file's text.
fn compose(text: &str) -> Bundle {
    let here = Around::of(&root().join("lab.yaml"), "start");
    let lab = parse("lab.yaml", text, &here).unwrap_or_else(|why| panic!("{why}"));
    let contents = resolve(&lab, &here).unwrap();
    bundle(&lab, &contents, Target::Compose, &here.0).unwrap_or_else(|why| panic!("{why}"))
}

fn of_file(path: &str) -> Bundle {
    compose(&std::fs::read_to_string(root().join(path)).unwrap())
}

#[test]
fn the_services_share_a_network_and_mount_what_the_bootstrap_names() {
    let bundle = of_file("tests/it/labs/add-header.yaml");
    let services = file(&bundle, "docker-compose.yaml");
    for words in [
        "network_mode: \"service:upstreams\"",
        "- \"127.0.0.1:10000:10000\"",
        "- \"./envoy.yaml:/etc/envoy/envoy.yaml:ro\"",
        "- \"./add-header.wasm:/etc/envoy/add-header.wasm:ro\"",
    ] {
        has(services, words);
    }
    // Ports are published, so Envoy listens on every address.
    has(file(&bundle, "envoy.yaml"), "address: 0.0.0.0\n");
    let script = bundle.files.iter().find(|file| file.path == "verify.sh");
    assert!(script.unwrap().executable);
}

#[test]
fn hosts_that_are_not_on_this_machine_get_a_loopback_address_and_that_is_said() {
    let bundle = of_file("tests/it/labs/bootstrap.yaml");
    let yaml = file(&bundle, "envoy.yaml");
    has(yaml, "address: 127.0.1.1\n");
    has(yaml, "port_value: 10080\n");
    has(yaml, "port_value: 9000\n");
    assert!(!yaml.contains("STRICT_DNS"), "{yaml}");
    assert_eq!(
        bundle.notes,
        ["The host web:80 of the cluster `web` is 127.0.1.1:10080 here."]
    );
    has(file(&bundle, "README.md"), &bundle.notes[0]);
    has(file(&bundle, "upstreams.json"), "\"127.0.1.1\"");
}

#[test]
fn the_script_asks_what_can_be_seen_and_says_why_the_rest_cannot() {
    let bundle = of_file("tests/it/labs/panic.yaml");
    let script = file(&bundle, "verify.sh");
    for words in [
        "scenario 'the request that traps and those after it'\n",
        "request 1 -X 'GET' -H 'host: example.com' -H 'x-boom: 1' --request-target '/boom'",
        "check 'the client'\\''s response 1' '{\"kind\":\"client\",\"request\":1,",
        "# Not from outside: failed VMs, stalled streams: no interface of Envoy's shows it.\n",
    ] {
        has(script, words);
    }
    let chain = of_file("tests/it/labs/add-header.yaml");
    let script = file(&chain, "verify.sh");
    has(
        script,
        "# Not from outside: the order of callbacks: it happens inside Envoy;",
    );
    has(script, "# Not from outside: curl sends no trailers.\n");
    has(
        script,
        "-H 'transfer-encoding: chunked' -H expect: -H content-type: --data-binary @bodies/2-0",
    );
    assert_eq!(file(&chain, "bodies/2-0"), "hello");
}

#[test]
fn a_scenario_that_nobody_can_try_from_outside_is_a_comment() {
    for (path, why) in [
        (
            "tests/it/labs/plain-module.yaml",
            "it calls a plain module, without a proxy",
        ),
        (
            "tests/it/labs/tcp-guard.yaml",
            "it speaks bytes of TCP, and curl speaks HTTP",
        ),
        (
            "tests/it/labs/lost-update.yaml",
            "it chooses workers, which the kernel does outside",
        ),
    ] {
        let bundle = of_file(path);
        let script = file(&bundle, "verify.sh");
        has(script, why);
        assert!(!script.contains("\nscenario '"), "{path}");
    }
}

#[test]
fn rules_that_the_small_server_cannot_follow_are_noted() {
    let bundle = compose(
        "name: Rules\nupstreams:\n  web:\n  - match: {path: /g}\n    grpc: {message: x}\n  - strict: true\n  - reply: {body: fine}\n",
    );
    assert_eq!(bundle.notes.len(), 2, "{:?}", bundle.notes);
    has(&bundle.notes[0], "answers gRPC, which is HTTP/2");
    has(&bundle.notes[1], "answers 400 to what is malformed");
    has(file(&bundle, "upstreams.json"), "\"status\": 501");
}

#[test]
fn odd_bytes_of_a_request_reach_curl_as_they_are() {
    let bundle = compose(
        "name: Odd\nscenarios:\n- name: it's\n  traffic:\n  - request: {path: \"/a b'c\", headers: {x: {base64: /zE=}, e: ''}}\n",
    );
    let script = file(&bundle, "verify.sh");
    has(script, "scenario 'it'\\''s'\n");
    has(script, "-H $'x: \\xff'$'1' -H 'e;'");
    has(script, "--request-target '/a b'\\''c'");
}
