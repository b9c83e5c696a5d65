//! Instructions that the interpreter gets wrong: a module with one is refused before it is compiled.
//!
//! wasmi 2.0.0 encodes `v128.store8_lane` and `v128.store16_lane` so that it runs into nowhere when
//! the offset needs more than 16 bits, or when the memory is not the first. Natively the process
//! dies of it, so no module may bring it to that.

use wasmparser::{MemArg, Operator, Parser, Payload};

/// Why a module cannot be run here; `None` when nothing is known against it.
///
/// Bytes that are no module are none of its business.
pub(super) fn unsafe_here(bytes: &[u8]) -> Option<String> {
    // The prefix of vector instructions and the two of them, padded or not: few modules have these
    // bytes at all.
    let suspect = |pair: &[u8]| pair[0] == 0xfd && matches!(pair[1] & 0x7f, 0x58 | 0x59);
    if !bytes.windows(2).any(suspect) {
        return None;
    }
    for payload in Parser::new(0).parse_all(bytes) {
        let Payload::CodeSectionEntry(body) = payload.ok()? else {
            continue;
        };
        let mut operators = body.get_operators_reader().ok()?;
        while !operators.eof() {
            let (name, memarg) = match operators.read().ok()? {
                Operator::V128Store8Lane { memarg, .. } => ("v128.store8_lane", memarg),
                Operator::V128Store16Lane { memarg, .. } => ("v128.store16_lane", memarg),
                _ => continue,
            };
            let MemArg { offset, memory, .. } = memarg;
            if offset > u64::from(u16::MAX) || memory != 0 {
                return Some(format!(
                    "{name} with offset={offset} on memory {memory} cannot be run here: the interpreter has it wrong for offsets beyond 65535 and for other memories than the first; add the offset to the address instead"
                ));
            }
        }
    }
    None
}
