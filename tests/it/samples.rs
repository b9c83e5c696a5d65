//! The sample filters are what an author would ship: modules that any host of the ABI loads.

use super::support;

#[test]
fn no_sample_makes_tail_calls() {
    // Not every proxy accepts them.
    let mut config = wasmi::Config::default();
    config.wasm_tail_call(false);
    let engine = wasmi::Engine::new(&config);
    let mut loaded = 0;
    for entry in std::fs::read_dir(support::samples()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "wasm") {
            let bytes = std::fs::read(&path).unwrap();
            wasmi::Module::new(&engine, &bytes)
                .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            loaded += 1;
        }
    }
    assert!(loaded > 0, "there are no samples");
}

#[test]
fn a_tail_call_would_be_found() {
    let mut config = wasmi::Config::default();
    config.wasm_tail_call(false);
    let module = wat::parse_str("(module (func $f (return_call $f)))").unwrap();
    assert!(wasmi::Module::new(&wasmi::Engine::new(&config), &module).is_err());
}
