//! Property paths and the form in which property values travel.

/// The segments of a path, which are joined by NUL; one NUL at the end is tolerated.
pub fn segments(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let path = path.strip_suffix(&[0]).unwrap_or(path);
    path.split(|byte| *byte == 0)
}

/// A path as people write it: segments joined by dots.
pub fn dotted(path: &[u8]) -> String {
    let path = path.strip_suffix(&[0]).unwrap_or(path);
    String::from_utf8_lossy(path).replace('\0', ".")
}

/// An int, or an uint with the same bits, a timestamp or a duration in nanoseconds: 8 bytes, little-endian.
pub fn int(n: i64) -> Vec<u8> {
    n.to_le_bytes().to_vec()
}

/// A double: 8 bytes, little-endian.
pub fn double(n: f64) -> Vec<u8> {
    n.to_le_bytes().to_vec()
}

/// A bool: one byte.
pub fn boolean(b: bool) -> Vec<u8> {
    vec![b.into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_end_with_one_nul() {
        assert_eq!(dotted(b"request\0path"), "request.path");
        assert_eq!(dotted(b"request\0path\0"), "request.path");
        assert_eq!(dotted(b"plugin_root_id"), "plugin_root_id");
        assert_eq!(segments(b"a\0\0").count(), 2);
    }

    #[test]
    fn values_are_little_endian() {
        assert_eq!(int(-2), [0xfe, 255, 255, 255, 255, 255, 255, 255]);
        assert_eq!(double(1.0), [0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
        assert_eq!(boolean(true), [1]);
    }
}
