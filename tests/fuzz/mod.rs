//! Fuzzing: inputs that nobody would write, and the promise that none of them panics.
//!
//! A target makes an input from random bytes, and runs one. The input is the thing itself (a
//! module, a lab file), so one that was found stays the same when its maker changes. The fixed
//! short run and all inputs found before are native tests; `cargo xtask fuzz` is the long run.

pub(crate) mod driver;
mod guests;
mod labs;
mod mutate;
mod pairs;
pub(crate) mod world;

use arbitrary::{Result, Unstructured};

/// Something to be fuzzed.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    /// Its name; `tests/fuzz/inputs/NAME` holds inputs that were found.
    pub(crate) name: &'static str,
    /// Makes an input.
    pub(crate) make: fn(&mut Unstructured) -> Result<Vec<u8>>,
    /// Runs an input. It panics when a promise is broken.
    pub(crate) run: fn(&[u8]),
}

/// All targets.
pub(crate) const TARGETS: [Target; 6] = [
    Target {
        name: "module-bytes",
        make: guests::broken,
        run: world::load,
    },
    Target {
        name: "valid-modules",
        make: guests::valid,
        run: world::serve,
    },
    Target {
        name: "host-calls",
        make: guests::calling,
        run: world::serve,
    },
    Target {
        name: "pairs",
        make: pairs::make,
        run: pairs::run,
    },
    Target {
        name: "property-paths",
        make: pairs::path,
        run: world::property,
    },
    Target {
        name: "lab-file",
        make: labs::make,
        run: labs::run,
    },
];

/// A target by name.
pub(crate) fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
