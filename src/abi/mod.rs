//! Proxy-Wasm ABI
