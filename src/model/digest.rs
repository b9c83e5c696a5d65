//! A hash that tells versions apart. It guards against nothing.

/// FNV-1a, 64 bits.
pub const fn digest(bytes: &[u8]) -> u64 {
    let (mut state, mut at) = (0xcbf2_9ce4_8422_2325_u64, 0);
    while at < bytes.len() {
        state = (state ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    state
}
