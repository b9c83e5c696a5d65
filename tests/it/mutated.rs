//! A module with damaged bytes is refused, traps or runs, and never takes the engine down.

use crate::lab_file::Table;
use crate::support::sample;
use proxy_wasm_tour::lab::{RunOptions, Sample, parse, resolve, run};
use std::collections::BTreeMap;

/// Damaged copies of each sample: each has one run of bytes replaced, at places spread over it.
const COPIES: usize = 60;

#[test]
fn damaged_modules_harm_nobody() {
    let names = ["add-header", "rewrite-body", "rate-limiter", "log-headers"];
    let mut ran = 0;
    for name in names {
        let whole = sample(name);
        for copy in 0..COPIES {
            // A fixed walk that meets every region of the file, without a random source.
            let mut bytes = whole.clone();
            let at = (copy * 7919 + copy * copy * 104_729) % bytes.len();
            let end = (at + 1 + copy % 4).min(bytes.len());
            for byte in &mut bytes[at..end] {
                *byte = byte.wrapping_add(1 + (copy % 5) as u8);
            }
            ran += usize::from(survives(bytes));
        }
    }
    assert!(
        ran > COPIES,
        "only {ran} of the copies could be loaded: the damage is too crude to tell anything"
    );
}

/// Runs a lab with the module; whether it could be loaded.
fn survives(bytes: Vec<u8>) -> bool {
    let table = Table {
        samples: BTreeMap::from([("damaged", Sample::Bytes(bytes.into()))]),
        ..Table::default()
    };
    let lab = parse("lab.yaml", LAB, &table).unwrap_or_else(|problem| panic!("{problem}"));
    let contents = resolve(&lab, &table).unwrap();
    run(&lab, &contents, &RunOptions::default()).is_ok()
}

const LAB: &str = r#"
envoy:
  http_filters:
  - name: envoy.filters.http.wasm
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
      config:
        name: damaged
        vm_config: {runtime: envoy.wasm.runtime.v8, code: {local: {filename: /f.wasm}}}
files:
  /f.wasm: {sample: damaged}
upstreams:
  web:
  - reply: {headers: {a: b}, body: a secret, chunks: [2, 3], trailers: {t: end}}
scenarios:
- name: two requests
  traffic:
  - request: {headers: {a: b}}
  - request: {method: POST, body: hello, chunks: [2], trailers: {t: x}}
"#;
