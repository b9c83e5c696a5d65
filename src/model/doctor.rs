//! What the doctor finds in a module, as plain data.

use serde::{Deserialize, Serialize};

/// Everything that is known about a module without running it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// The name it was given under.
    pub name: String,
    /// Whether this host, and so Envoy, can load it.
    pub loads: bool,
    /// Why it cannot be loaded, with what to do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// The ABI version that its marker tells: `0.2.1`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub abi: Option<String>,
    /// The SDK, where the bytes give it away: `proxy-wasm 0.2.5 (Rust)`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sdk: Option<String>,
    /// Languages and tools from the producers section: `rustc 1.95.0`.
    pub made_by: Vec<String>,
    /// What it imports, in order.
    pub imports: Vec<Import>,
    /// What it exports, in order.
    pub exports: Vec<Export>,
    /// The allocator that the host would call: `malloc` or `proxy_on_memory_allocate`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub allocator: Option<String>,
    /// What runs when a VM starts, in order: `start section`, `_initialize`, `main` …
    pub start: Vec<String>,
    /// Wasm proposals beyond the first version that it uses.
    pub proposals: Vec<String>,
    /// Proposals without which it cannot be, and which this host's interpreter does not have.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub lacking: Vec<String>,
    /// Its memory in pages of 64 KiB, as it begins.
    pub memory_pages: u64,
    /// Custom sections with their sizes.
    pub custom_sections: Vec<(String, u64)>,
    /// What it can be used as.
    pub kinds: Vec<PluginKind>,
    /// How other hosts take it.
    pub hosts: Vec<HostVerdict>,
    /// What its author should know.
    pub warnings: Vec<String>,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// The module: `env`, `wasi_snapshot_preview1`.
    pub module: String,
    /// The name.
    pub name: String,
    /// Its type: `(i32, i32, i32) -> i32`.
    pub signature: String,
    /// What it is to this host.
    pub kind: ImportKind,
    /// The callbacks and other exports from which direct calls lead to it.
    pub used_by: Vec<String>,
    /// Those that may lead to it as well, through a table: every function of a fitting type counts.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub perhaps_used_by: Vec<String>,
}

/// What an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// A host call of the ABI.
    HostCall,
    /// A WASI function that Proxy-Wasm hosts have.
    Wasi,
    /// What a toolchain leaves behind, or Envoy's own.
    Toolchain,
    /// A memory or table, which the host makes.
    Made,
    /// Known by name, with another type than the host's.
    WrongType,
    /// Not known: the module does not load.
    Unknown,
}

/// An export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Export {
    /// The name.
    pub name: String,
    /// Its type: `(i32) -> ()`, `memory`, `global`.
    pub signature: String,
    /// What it is to this host.
    pub kind: ExportKind,
}

/// What an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportKind {
    /// A callback that the host makes.
    Callback,
    /// A function that runs at the start.
    Start,
    /// An allocator.
    Allocator,
    /// An ABI marker.
    Marker,
    /// Memory.
    Memory,
    /// Nothing that the host asks for.
    Other,
}

/// A kind of plugin, and whether the module can be one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PluginKind {
    /// `http`, `network`, `access_log`, `service`.
    pub name: String,
    /// Whether it exports a callback of this kind.
    pub fits: bool,
    /// The callbacks of this kind that it does not export.
    pub missing: Vec<String>,
}

/// How another host takes the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostVerdict {
    /// The profile: `envoy`, `kong` …
    pub host: String,
    /// A sentence about it.
    pub about: String,
    /// Whether it loads there.
    pub loads: bool,
    /// What does not work there: `proxy_http_call answers Unimplemented`.
    pub differences: Vec<String>,
}
