//! The codec of header maps, metadata and property maps: counted, NUL-terminated pairs.
//!
//! ```text
//! u32 count | count x (u32 key length, u32 value length) | count x (key, 00, value, 00)
//! ```
//! All numbers are little-endian; lengths do not count the NUL.

/// The most bytes that are decoded.
pub const MAX_BYTES: usize = 1 << 20;
/// The most pairs that are decoded.
pub const MAX_PAIRS: usize = 1024;

/// A decoded pair: slices of the input.
pub type Pair<'a> = (&'a [u8], &'a [u8]);

/// Decodes pairs. No bytes at all, and a count of 0, are no pairs.
///
/// # Errors
/// What is wrong. Envoy treats every such input as no pairs, without an error.
pub fn decode(bytes: &[u8]) -> Result<Vec<Pair<'_>>, &'static str> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    if bytes.len() > MAX_BYTES {
        return Err("the pairs are longer than 1 MiB");
    }
    let count = word(bytes, 0).ok_or("the pairs are shorter than their count")?;
    if count > MAX_PAIRS {
        return Err("there are more than 1024 pairs");
    }
    let mut at = 4 + 8 * count;
    if bytes.len() < at {
        return Err("the pairs end inside their table of lengths");
    }
    let mut pairs = Vec::with_capacity(count);
    for i in 0..count {
        let table = 4 + 8 * i;
        let mut take = |length: usize| {
            let end = at.checked_add(length).filter(|end| *end < bytes.len());
            let end = end.ok_or("a pair's length points beyond the end")?;
            if bytes[end] != 0 {
                return Err("a pair does not end with NUL");
            }
            let part = &bytes[at..end];
            at = end + 1;
            Ok(part)
        };
        let short = "the pairs end inside their table of lengths";
        let key = take(word(bytes, table).ok_or(short)?)?;
        let value = take(word(bytes, table + 4).ok_or(short)?)?;
        pairs.push((key, value));
    }
    if at != bytes.len() {
        return Err("there are bytes after the last pair");
    }
    Ok(pairs)
}

/// The bytes that `encode` would give.
pub fn encoded_len<'a>(pairs: impl Iterator<Item = Pair<'a>>) -> usize {
    pairs.fold(4, |sum, (key, value)| sum + 10 + key.len() + value.len())
}

/// Encodes pairs.
pub fn encode<'a>(pairs: impl Iterator<Item = Pair<'a>> + Clone) -> Vec<u8> {
    let mut out = vec![0; encoded_len(pairs.clone())];
    encode_into(|| pairs.clone(), &mut out);
    out
}

/// Encodes pairs into exactly `encoded_len` bytes; `pairs` gives the same pairs each time.
pub fn encode_into<'a, I: Iterator<Item = Pair<'a>>>(pairs: impl Fn() -> I, out: &mut [u8]) {
    let mut at = 0;
    let mut put = |part: &[u8]| {
        if let Some(place) = out.get_mut(at..at + part.len()) {
            place.copy_from_slice(part);
        }
        at += part.len();
    };
    put(&(pairs().count() as u32).to_le_bytes());
    for (key, value) in pairs() {
        put(&(key.len() as u32).to_le_bytes());
        put(&(value.len() as u32).to_le_bytes());
    }
    for (key, value) in pairs() {
        put(key);
        put(&[0]);
        put(value);
        put(&[0]);
    }
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let word = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_le_bytes(word) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &[u8] = b"\x02\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x02\0\0\0a\x001\0b\x0022\0";

    #[test]
    fn pairs_of_the_reference_encode_and_decode() {
        let pairs: Vec<Pair> = vec![(b"a", b"1"), (b"b", b"22")];
        assert_eq!(encode(pairs.iter().copied()), EXAMPLE);
        assert_eq!(decode(EXAMPLE), Ok(pairs));
    }

    #[test]
    fn no_bytes_and_a_count_of_zero_are_no_pairs() {
        assert_eq!(decode(b""), Ok(vec![]));
        assert_eq!(decode(&[0; 4]), Ok(vec![]));
    }

    #[test]
    fn pairs_cut_at_any_byte_or_with_a_byte_too_many_are_refused() {
        for end in 1..EXAMPLE.len() {
            assert!(decode(&EXAMPLE[..end]).is_err(), "{end}");
        }
        let more = [EXAMPLE, b"\0"].concat();
        assert_eq!(decode(&more), Err("there are bytes after the last pair"));
        assert!(decode(&[0]).is_err());
    }

    #[test]
    fn a_missing_nul_is_refused() {
        let mut bytes = EXAMPLE.to_vec();
        bytes[21] = b'x';
        assert_eq!(decode(&bytes), Err("a pair does not end with NUL"));
    }

    #[test]
    fn at_most_1024_pairs_and_one_mebibyte_are_decoded() {
        let many = |n| encode(vec![(&b"k"[..], &b"v"[..]); n].into_iter());
        assert_eq!(decode(&many(1024)).map(|p| p.len()), Ok(1024));
        assert!(decode(&many(1025)).is_err());
        let big = |n: usize| encode([(&b"k"[..], &vec![b'v'; n][..])].into_iter());
        let fixed = big(0).len();
        assert!(decode(&big(MAX_BYTES - fixed)).is_ok());
        assert!(decode(&big(MAX_BYTES - fixed + 1)).is_err());
    }

    #[test]
    fn nul_inside_a_length_is_kept() {
        let pairs: Vec<Pair> = vec![(b"a\0b", b"\0")];
        let bytes = encode(pairs.iter().copied());
        assert_eq!(decode(&bytes), Ok(pairs));
    }

    #[test]
    fn huge_lengths_are_refused_without_a_panic() {
        let mut bytes = vec![1, 0, 0, 0];
        bytes.extend([0xff; 8]);
        bytes.extend([0; 8]);
        assert!(decode(&bytes).is_err());
    }
}
