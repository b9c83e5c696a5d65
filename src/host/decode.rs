//! Arguments in words, for the trace.

use crate::abi::{
    BufferType, LogLevel, MapType, MetricType, Param, ParamKind, PeerType, StreamType, pairs,
    property,
};
use crate::model::moment::Mark;
use crate::model::trace::{Arg, Value};
use std::borrow::Cow;

/// The arguments of a call, decoded by its table. Out-pointers are left out: what came through
/// them is part of the outcome.
pub(super) fn args(params: &[Param], words: &[u64], memory: &[u8]) -> Vec<Arg> {
    let mut place = 0;
    let mut args = Vec::with_capacity(params.len());
    for param in params {
        let word = words.get(place).copied().unwrap_or(0);
        let next = words.get(place + 1).copied().unwrap_or(0);
        place += param.kind.wasm().len();
        if !param.kind.is_out() {
            args.push(Arg {
                name: Cow::Borrowed(param.name),
                value: argument(param.kind, word, next, |pointer, size| {
                    text(param.kind, pointer, size, memory)
                }),
            });
        }
    }
    args
}

/// The bytes that arguments point to, those behind out-pointers included.
pub(super) fn marks(params: &[Param], words: &[u64]) -> Vec<Mark> {
    let word = |place: usize| words.get(place).map_or(0, |word| *word as u32);
    let (mut place, mut marks) = (0, Vec::new());
    for param in params {
        let mut mark = |name: &str, address: u32, size: u32| {
            marks.push(Mark {
                name: name.to_owned(),
                address,
                size,
            });
        };
        match param.kind {
            ParamKind::Bytes | ParamKind::Pairs | ParamKind::Path => {
                mark(param.name, word(place), word(place + 1));
            }
            ParamKind::OutBytes | ParamKind::OutPairs => {
                mark(param.name, word(place), 4);
                mark(param.name, word(place + 1), 4);
            }
            ParamKind::OutU32 | ParamKind::Pointer => mark(param.name, word(place), 4),
            ParamKind::OutU64 => mark(param.name, word(place), 8),
            _ => {}
        }
        place += param.kind.wasm().len();
    }
    marks.retain(|mark| mark.address != 0 && mark.size != 0);
    marks
}

/// An argument as the trace shows it.
///
/// `word` is what was passed; `next` is what follows it, the size behind a pointer. `bytes` tells
/// what of the guest's memory is to be shown, by address and size.
pub(crate) fn argument(
    kind: ParamKind,
    word: u64,
    next: u64,
    bytes: impl FnOnce(u32, u32) -> Value,
) -> Value {
    let n = word as u32;
    let named = match kind {
        ParamKind::Level => LogLevel::from_u32(n).map(LogLevel::word),
        ParamKind::Map => MapType::from_u32(n).map(MapType::word),
        ParamKind::Buffer => BufferType::from_u32(n).map(BufferType::word),
        ParamKind::Stream => StreamType::from_u32(n).map(StreamType::word),
        ParamKind::Metric => MetricType::from_u32(n).map(MetricType::word),
        ParamKind::Peer => PeerType::from_u32(n).map(PeerType::word),
        ParamKind::Bool => Some(if n == 0 { "false" } else { "true" }),
        _ => None,
    };
    if let Some(word) = named {
        return word.into();
    }
    match kind {
        ParamKind::I64 => Value::Int(word as i64),
        ParamKind::GrpcStatus => Value::Int(i64::from(n as i32)),
        ParamKind::Pointer => Value::Word(format!("0x{n:x}").into()),
        ParamKind::Bytes | ParamKind::Pairs | ParamKind::Path => bytes(n, next as u32),
        _ => Value::Int(i64::from(n)),
    }
}

/// Bytes of the guest, or where they would have been.
fn text(kind: ParamKind, pointer: u32, size: u32, memory: &[u8]) -> Value {
    let end = usize::try_from(u64::from(pointer) + u64::from(size)).ok();
    let Some(bytes) = end.and_then(|end| memory.get(pointer as usize..end)) else {
        return Value::Word(format!("{size} bytes at 0x{pointer:x}, outside memory").into());
    };
    match (kind, pairs::decode(bytes)) {
        (ParamKind::Path, _) => Value::Bytes(property::dotted(bytes).into()),
        (ParamKind::Pairs, Ok(pairs)) => {
            let shown = pairs.into_iter().map(|(k, v)| (k.into(), v.into()));
            Value::Pairs(shown.collect())
        }
        _ => Value::Bytes(bytes.into()),
    }
}
