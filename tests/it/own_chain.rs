//! The chain as text, which the list of a visitor's own modules changes: the page's own script, run
//! here by Node.js.

use proxy_wasm_tour::model::yaml::parse;
use std::path::Path;
use std::process::Command;

/// A list line by line, in brackets on one line and on several, as JSON, and with none in it yet.
const CHAINS: [&str; 6] = [
    "http_filters:\n- name: a  # first\n- name: envoy.filters.http.router\nroutes: []\n",
    "http_filters: [ {name: a, text: \"],{\"}, {name: envoy.filters.http.router} ]\n",
    "# http_filters: [ in words\nhttp_filters: [  # the chain\n  {name: a, text: 'it''s ]'},\n  \
     {name: envoy.filters.http.router}  # last\n]\n",
    "{\"http_filters\": [\n  {\"name\": \"a\"},\n  {\"name\": \"envoy.filters.http.router\"}\n]}\n",
    "http_filters: []\n",
    "filters:\n- http_filters: [{name: a}]\n- http_filters:\n  - name: b\n",
];

#[test]
fn modules_are_put_into_a_chain_in_either_style_ordered_and_taken_out() {
    let script = "
        const [file, chains] = process.argv.slice(1);
        const { put, takeOut, order, arrange } = await import(file);
        const [one, two] = ['/etc/envoy/one.wasm', '/etc/envoy/two.wasm'];
        console.log(JSON.stringify(JSON.parse(chains).map(text => {
          const both = put(put(text, one), two);
          const turned = arrange(both, [two, one]);
          return [both, order(both, [two, one]).join(), order(turned, [one, two]).join(),
            takeOut(takeOut(turned, one), two)];
        })));";
    let chain = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/vendor/kit/own/chain.js");
    let output = Command::new("node")
        .args(["--input-type=module", "-e", script])
        .arg(chain)
        .arg(serde_json::to_string(&CHAINS).expect("JSON"))
        .output()
        .expect("Node.js runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let made: Vec<[String; 4]> = serde_json::from_slice(&output.stdout).expect("a list");
    for (chain, [both, put, turned, back]) in CHAINS.iter().zip(&made) {
        assert_eq!(put, "/etc/envoy/one.wasm,/etc/envoy/two.wasm", "{chain}");
        assert_eq!(turned, "/etc/envoy/two.wasm,/etc/envoy/one.wasm", "{chain}");
        assert_eq!(back, chain);
        // The router stays the last.
        let router = both.find("filters.http.router");
        let filter = both.rfind("filters.http.wasm");
        assert!(router.is_none() || router > filter, "{both}");
        assert_eq!(parse("envoy.yaml", both).err(), None, "{both}");
    }
}
