//! The fixed short run of the fuzz targets, and every input that was found before.

use crate::fuzz::{TARGETS, Target, driver, target};
use crate::support::root;

/// The seed of the fixed run.
const SEED: u64 = 1;

/// Runs the inputs 0 to `count` of a target, and those that were found.
fn check_fixed_run(name: &str, count: u64) {
    let target = target(name).unwrap();
    for n in 0..count {
        let input = driver::input(&target, SEED, n);
        if let Err(problem) = driver::run(&target, &input) {
            panic!("{name}, seed {SEED}, input {n}: {problem}");
        }
    }
    check_found_before(&target);
}

fn check_found_before(target: &Target) {
    let Ok(inputs) = std::fs::read_dir(root().join("tests/fuzz/inputs").join(target.name)) else {
        return;
    };
    for path in inputs.map(|entry| entry.unwrap().path()) {
        let input = std::fs::read(&path).unwrap();
        if let Err(problem) = driver::run(target, &input) {
            panic!("{}: {problem}", path.display());
        }
    }
}

#[test]
fn no_bytes_harm_the_loader() {
    check_fixed_run("module-bytes", 100);
}

#[test]
fn no_valid_module_harms_a_run() {
    check_fixed_run("valid-modules", 60);
}

#[test]
fn no_host_call_harms_a_run() {
    check_fixed_run("host-calls", 100);
}

#[test]
fn pairs_decode_to_what_encodes_to_them() {
    check_fixed_run("pairs", 5000);
}

#[test]
fn no_property_path_harms_a_run() {
    check_fixed_run("property-paths", 60);
}

#[test]
fn no_lab_file_harms_its_reader() {
    check_fixed_run("lab-file", 300);
}

#[test]
fn inputs_are_the_same_in_every_run() {
    for target in TARGETS {
        let again = driver::input(&target, 7, 3);
        assert_eq!(driver::input(&target, 7, 3), again, "{}", target.name);
    }
    let inputs = std::fs::read_dir(root().join("tests/fuzz/inputs")).unwrap();
    for path in inputs.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let known = target(&name).is_some() || name == "README.md";
        assert!(known, "{} belongs to no target", path.display());
    }
}
