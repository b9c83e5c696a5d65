//! Damage: small changes to bytes that were right.

use arbitrary::{Result, Unstructured};

/// Changes a few places of `bytes`.
pub(crate) fn damage(u: &mut Unstructured, mut bytes: Vec<u8>) -> Result<Vec<u8>> {
    for _ in 0..u.int_in_range(1..=4)? {
        let at = place(u, &bytes)?;
        match u.int_in_range(0..=5)? {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, u.arbitrary()?),
            2 if at < bytes.len() => bytes[at] ^= 1 << u.int_in_range(0..=7)?,
            3 if at < bytes.len() => bytes[at] = *u.choose(&[0, 1, 0x7f, 0x80, 0xff])?,
            4 => {
                let end = (at + u.int_in_range(1..=16)?).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                // Words of four bytes are lengths and counts more often than not.
                let word: u32 = *u.choose(&[0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX])?;
                for (i, byte) in word.to_le_bytes().into_iter().enumerate() {
                    if let Some(old) = bytes.get_mut(at + i) {
                        *old = byte;
                    }
                }
            }
        }
    }
    Ok(bytes)
}

/// A place in `bytes`, its end included.
pub(crate) fn place(u: &mut Unstructured, bytes: &[u8]) -> Result<usize> {
    u.int_in_range(0..=bytes.len())
}
