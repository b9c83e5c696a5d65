// The AssemblyScript sources that a filter may import: the Proxy-Wasm SDK and the WASI library that
// the SDK logs through, under the paths at which the compiler looks for packages.
//
// The build gathers them (src/bin/xtask/vendor.rs).
import sources from 'assemblyscript-sources';

/** The directory that the compiler adds to its own library. */
export const LIBRARY = 'node_modules/@assemblyscript/wasi-shim/assembly';

export const files = new Map(Object.entries(sources));
