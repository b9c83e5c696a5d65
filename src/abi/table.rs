//! The shapes of the tables: a host call, its parameters, a callback. Data, no behaviour.
//!
//! A parameter here is what an author means; one such parameter can be two words on the wire
//! (a pointer and a size).

use super::{AbiVersion, Status};

/// The value types that the ABI uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WasmType {
    /// A 32-bit word: numbers, pointers, sizes, enums.
    I32,
    /// A 64-bit word: metric values, WASI offsets.
    I64,
}

impl std::fmt::Display for WasmType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
        })
    }
}

/// What a parameter means, and so how it is read, shown and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A number without more meaning.
    U32,
    /// A signed 64-bit number.
    I64,
    /// True when not 0.
    Bool,
    /// A context id; 0 is the VM's own.
    Context,
    /// A log level.
    Level,
    /// A header map.
    Map,
    /// A buffer.
    Buffer,
    /// A direction of a stream.
    Stream,
    /// A kind of metric.
    Metric,
    /// A gRPC status, -1 for none.
    GrpcStatus,
    /// Who closed a connection.
    Peer,
    /// Bytes in the module's memory: pointer and size.
    Bytes,
    /// Serialised pairs in the module's memory: pointer and size.
    Pairs,
    /// A property path in the module's memory, segments joined by NUL: pointer and size.
    Path,
    /// Where a 32-bit number is written.
    OutU32,
    /// Where a 64-bit number is written.
    OutU64,
    /// Where pointer and size of newly allocated bytes are written: two pointers.
    OutBytes,
    /// Like `OutBytes`, for serialised pairs.
    OutPairs,
    /// A bare pointer that the call explains itself (WASI).
    Pointer,
}

impl ParamKind {
    /// The words on the wire.
    pub fn wasm(self) -> &'static [WasmType] {
        use WasmType::{I32, I64};
        match self {
            Self::I64 => &[I64],
            Self::Bytes | Self::Pairs | Self::Path | Self::OutBytes | Self::OutPairs => &[I32, I32],
            _ => &[I32],
        }
    }

    /// Whether the host writes through it, instead of reading it.
    pub fn is_out(self) -> bool {
        matches!(
            self,
            Self::OutU32 | Self::OutU64 | Self::OutBytes | Self::OutPairs
        )
    }
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name, as the specification spells it.
    pub name: &'static str,
    /// What it means.
    pub kind: ParamKind,
}

/// A parameter, in short.
pub(super) const fn p(name: &'static str, kind: ParamKind) -> Param {
    Param { name, kind }
}

/// What comes back from a host call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// A Proxy-Wasm status.
    Status,
    /// A WASI error number.
    Errno,
    /// A plain number.
    Number,
    /// Nothing.
    Nothing,
}

/// The groups of the reference, one file each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Logging, clock, timer, context, properties, foreign functions.
    General,
    /// Continuing, closing and answering streams.
    Streams,
    /// Header maps.
    Headers,
    /// Buffers.
    Buffers,
    /// HTTP and gRPC callouts.
    Callouts,
    /// Shared data and queues.
    State,
    /// Metrics.
    Metrics,
    /// What toolchains import beside the ABI.
    Toolchain,
    /// WASI, under `wasi_snapshot_preview1` and `wasi_unstable`.
    Wasi,
}

/// A function that a module can import.
#[derive(Debug)]
pub struct HostCall {
    /// The import's name.
    pub name: &'static str,
    /// Its group.
    pub group: Group,
    /// The versions of the specification that have it; empty when none has.
    pub versions: &'static [AbiVersion],
    /// Its parameters in order.
    pub params: &'static [Param],
    /// What comes back.
    pub returns: Returns,
    /// Statuses other than `Ok` with their causes, in the order in which they are checked.
    pub statuses: &'static [(Status, &'static str)],
    /// The statuses that the Rust SDK's `hostcalls` hand on; any other one panics.
    pub rust_ok: &'static [Status],
    /// What it does: one or two sentences.
    pub doc: &'static str,
}

impl HostCall {
    /// Parameter types on the wire.
    pub fn wasm_params(&self) -> Vec<WasmType> {
        self.params
            .iter()
            .flat_map(|param| param.kind.wasm())
            .copied()
            .collect()
    }

    /// Result types on the wire.
    pub fn wasm_results(&self) -> &'static [WasmType] {
        match self.returns {
            Returns::Nothing => &[],
            _ => &[WasmType::I32],
        }
    }
}

/// What a callback's return value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackReturns {
    /// Nothing comes back.
    Nothing,
    /// 0 is false, anything else true.
    Truth,
    /// `FilterHeadersStatus`.
    HeadersStatus,
    /// `FilterDataStatus`.
    DataStatus,
    /// `FilterTrailersStatus`.
    TrailersStatus,
    /// `FilterMetadataStatus`.
    MetadataStatus,
    /// `FilterStatus` of TCP.
    NetworkStatus,
    /// An address in the module's memory.
    Address,
    /// A number that nobody reads.
    Ignored,
}

impl CallbackReturns {
    /// The word for a returned number, as the ABI names it.
    pub fn word(self, n: u32) -> Option<&'static str> {
        let words: &[&'static str] = match self {
            Self::Nothing | Self::Address | Self::Ignored => return None,
            Self::Truth => return Some(if n == 0 { "false" } else { "true" }),
            Self::HeadersStatus => &[
                "Continue",
                "StopIteration",
                "ContinueAndEndStream",
                "StopAllIterationAndBuffer",
                "StopAllIterationAndWatermark",
            ],
            Self::DataStatus => &[
                "Continue",
                "StopIterationAndBuffer",
                "StopIterationAndWatermark",
                "StopIterationNoBuffer",
            ],
            Self::TrailersStatus | Self::NetworkStatus => &["Continue", "StopIteration"],
            Self::MetadataStatus => &["Continue"],
        };
        words.get(n as usize).copied()
    }

    /// Result types on the wire.
    pub fn wasm(self) -> &'static [WasmType] {
        match self {
            Self::Nothing => &[],
            _ => &[WasmType::I32],
        }
    }
}

/// A function that a module can export for the host to call.
#[derive(Debug)]
pub struct Callback {
    /// The export's name.
    pub name: &'static str,
    /// The versions of the specification that have it; empty when none has.
    pub versions: &'static [AbiVersion],
    /// Its parameters in order.
    pub params: &'static [Param],
    /// How many of them a module of version 0.1.0 takes, where that is fewer.
    pub params_0_1_0: Option<usize>,
    /// What comes back.
    pub returns: CallbackReturns,
    /// When it is called: one or two sentences.
    pub doc: &'static str,
}

/// All versions.
pub(super) const ALL: &[AbiVersion] = AbiVersion::ALL;
/// 0.2.0 and 0.2.1.
pub(super) const V20: &[AbiVersion] = &[AbiVersion::V0_2_0, AbiVersion::V0_2_1];
/// 0.2.1 alone.
pub(super) const V21: &[AbiVersion] = &[AbiVersion::V0_2_1];
/// 0.1.0 alone.
pub(super) const V10: &[AbiVersion] = &[AbiVersion::V0_1_0];
/// No version: seen in modules only.
pub(super) const NONE: &[AbiVersion] = &[];
