//! Damaged input is refused, traps or runs, and never takes the engine down: modules and labs.

use crate::lab_file::Table;
use crate::labs;
use crate::support::{one_filter, sample, samples};
use proxy_wasm_tour::export::Disk;
use proxy_wasm_tour::lab::{RunOptions, Sample, parse, resolve, run};
use std::collections::BTreeMap;

/// Damaged copies of each sample: each has one run of bytes replaced, at places spread over it.
const COPIES: usize = 60;
/// Slips in each lab.
const SLIPS: usize = 16;

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

#[test]
fn slips_of_the_pen_in_a_lab_harm_nobody() {
    let odd = [
        "",
        "{",
        "]",
        ": ",
        "- ",
        "\n",
        "0",
        "-1",
        "99999999999999999999",
        "'",
        "é",
        "~",
        "ms",
        "  ",
        "x",
        "/",
    ];
    let (mut ran, mut refused) = (0, 0);
    for path in labs::all() {
        let mut disk = Disk::around(&path);
        disk.samples = samples().to_owned();
        let whole: Vec<char> = std::fs::read_to_string(&path).unwrap().chars().collect();
        for copy in 0..SLIPS {
            let at = (copy * 7919 + copy * copy * 13) % whole.len();
            let before: String = whole[..at].iter().collect();
            let after: String = whole[(at + copy % 3).min(whole.len())..].iter().collect();
            let text = format!("{before}{}{after}", odd[copy % odd.len()]);
            let report = parse("lab.yaml", &text, &disk)
                .map_err(|_| ())
                .and_then(|lab| {
                    let contents = resolve(&lab, &disk).map_err(|_| ())?;
                    run(&lab, &contents, &RunOptions::default()).map_err(|_| ())
                });
            match report {
                Ok(_) => ran += 1,
                Err(()) => refused += 1,
            }
        }
    }
    assert!(
        ran > 30 && refused > 30,
        "{ran} ran, {refused} were refused: the damage tells too little"
    );
}

/// Runs a lab with the module; whether it could be loaded.
fn survives(bytes: Vec<u8>) -> bool {
    let table = Table {
        samples: BTreeMap::from([("damaged", Sample::Bytes(bytes.into()))]),
        ..Table::default()
    };
    let filter = one_filter(
        "{name: damaged, vm_config: {runtime: envoy.wasm.runtime.v8, code: {local: {filename: /f.wasm}}}}",
    );
    let lab = parse("lab.yaml", &format!("{filter}{REST}"), &table)
        .unwrap_or_else(|problem| panic!("{problem}"));
    let contents = resolve(&lab, &table).unwrap();
    run(&lab, &contents, &RunOptions::default()).is_ok()
}

const REST: &str = r#"files:
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
