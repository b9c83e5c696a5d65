//! Modules of every toolchain, built from `tests/guests`.

use crate::support::root;
use proxy_wasm_tour::abi::AbiVersion;
use proxy_wasm_tour::host::{Engine, Limits, Module};

/// Every guest and the ABI that it declares.
const GUESTS: [(&str, AbiVersion); 7] = [
    ("rust", AbiVersion::V0_2_1),
    ("rust-wasip1", AbiVersion::V0_2_1),
    ("rust-rewriter", AbiVersion::V0_2_1),
    ("assemblyscript", AbiVersion::V0_2_1),
    ("c", AbiVersion::V0_1_0),
    ("cpp", AbiVersion::V0_2_1),
    ("zig", AbiVersion::V0_2_0),
];

/// A built guest's bytes.
fn guest(name: &str) -> Vec<u8> {
    let path = root().join(format!("target/guests/{name}.wasm"));
    std::fs::read(path)
        .unwrap_or_else(|_| panic!("the guest {name} is missing: run `cargo xtask guests`"))
}

/// Loading links every import and finds an allocator.
#[test]
fn modules_of_every_sdk_load() {
    for (name, abi) in GUESTS {
        let engine = Engine::new(&Limits::default());
        let module = Module::load(&engine, name, &guest(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(module.abi(), abi, "{name}");
    }
}
