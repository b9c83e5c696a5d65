//! A plain driver: from a seed and a number to an input, and from a panic to a message.
//!
//! The same seed gives the same inputs on every machine.

use super::Target;
use arbitrary::Unstructured;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The input of a target by seed and number.
pub(crate) fn input(target: &Target, seed: u64, n: u64) -> Vec<u8> {
    let name = target.name.bytes().fold(0_u64, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    let mut random = SplitMix(seed ^ name.rotate_left(32) ^ n.wrapping_mul(0x2545_f491_4f6c_dd1d));
    // Many small inputs, some large ones.
    let length = 64 << (random.next() % 9);
    let bytes: Vec<u8> = (0..length / 8)
        .flat_map(|_| random.next().to_le_bytes())
        .collect();
    let mut source = Unstructured::new(&bytes);
    // A maker that runs out of bytes has nothing better to offer than those bytes.
    (target.make)(&mut source).unwrap_or(bytes)
}

/// Runs an input.
///
/// # Errors
/// What it panicked with.
pub(crate) fn run(target: &Target, input: &[u8]) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("a panic without a text")
            .to_owned()
    })
}

/// Steele, Lea and Flood's generator: one word of state, good enough to fill bytes.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
