//! Every lab in `tests/it/labs`: all it expects holds, and a second run is the same, byte for byte.

use crate::support::{root, sample, samples};
use proxy_wasm_tour::export::Disk;
use proxy_wasm_tour::lab::{RunOptions, parse, resolve, run};
use proxy_wasm_tour::model::report::Report;
use proxy_wasm_tour::model::trace::{Kind, Value};
use std::path::{Path, PathBuf};

/// The lab files, sorted by name.
pub(crate) fn all() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("tests/it/labs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "yaml"))
        .collect();
    files.sort();
    files
}

fn report(path: &Path) -> Report {
    let text = std::fs::read_to_string(path).unwrap();
    let mut disk = Disk::around(path);
    disk.samples = samples().to_owned();
    let name = path.file_name().unwrap().to_str().unwrap();
    let lab = parse(name, &text, &disk).unwrap_or_else(|problem| panic!("{problem}"));
    let contents = resolve(&lab, &disk).unwrap_or_else(|why| panic!("{name}: {why:?}"));
    run(&lab, &contents, &RunOptions::default()).unwrap_or_else(|problem| panic!("{problem}"))
}

#[test]
fn what_the_labs_expect_holds() {
    let mut wrong = Vec::new();
    let mut checks = 0;
    for path in all() {
        let report = report(&path);
        for scenario in &report.scenarios {
            checks += scenario.checks.len();
            let place = format!("{}, {}", path.file_name().unwrap().display(), scenario.name);
            if let Some(why) = &scenario.rejected {
                wrong.push(format!("{place}: rejected: {why}"));
            }
            for check in scenario.checks.iter().filter(|check| !check.ok) {
                wrong.push(format!(
                    "{place}: {}: expected {}, got {}",
                    check.what, check.expected, check.actual
                ));
            }
            assert_eq!(
                scenario.ok,
                scenario.checks.iter().all(|check| check.ok),
                "{place}"
            );
        }
        assert_eq!(
            report.ok,
            report.scenarios.iter().all(|scenario| scenario.ok)
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checks > 50, "only {checks} checks ran");
}

#[test]
fn two_runs_of_a_lab_are_equal_byte_for_byte() {
    for path in all() {
        let once = serde_json::to_string(&report(&path)).unwrap();
        let again = serde_json::to_string(&report(&path)).unwrap();
        assert!(once == again, "{} differs between runs", path.display());
    }
}

#[test]
fn checks_point_at_the_event_they_are_about() {
    let report = report(&root().join("tests/it/labs/panic.yaml"));
    let scenario = &report.scenarios[0];
    let event = |what: &str| {
        let check = scenario
            .checks
            .iter()
            .find(|check| check.what.starts_with(what))
            .unwrap_or_else(|| panic!("{what}"));
        let n = check
            .event
            .unwrap_or_else(|| panic!("{what} points nowhere"));
        let event = &scenario.events[n as usize];
        (event.kind, event.name.to_string())
    };
    assert_eq!(
        event("client response 1: status"),
        (Kind::Client, "response_headers".to_owned())
    );
    assert_eq!(
        event("upstream: requests"),
        (Kind::Upstream, "request_headers".to_owned())
    );
    assert_eq!(
        event("log lines at critical"),
        (Kind::HostCall, "proxy_log".to_owned())
    );
    assert_eq!(event("failed VMs").0, Kind::Trap);
}

#[test]
fn the_trace_names_the_module_it_ran_by_its_bytes() {
    let report = report(&root().join("tests/it/labs/add-header.yaml"));
    let sha256 = proxy_wasm_tour::host::doctor("add-header", &sample("add-header")).sha256;
    let starts = report.scenarios[0]
        .events
        .iter()
        .filter(|event| event.name == "vm_start");
    let named = starts.map(|event| {
        event
            .args
            .iter()
            .any(|arg| arg.value == Value::Bytes(sha256.as_str().into()))
    });
    let named: Vec<bool> = named.collect();
    assert!(
        !named.is_empty() && named.iter().all(|named| *named),
        "{named:?}"
    );
}
