//! The wire form of Protobuf messages, as far as guests and the proxy exchange some: fields in and out.
//!
//! It knows no message: who reads one knows its numbers.

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire<'a> {
    /// A number, a bool or an enum.
    Varint(u64),
    /// Text, bytes or a message.
    Bytes(&'a [u8]),
    /// Four or eight bytes of a fixed size.
    Fixed,
    /// A group, which no message of today has; its fields are left out.
    Group,
}

/// How deep groups may nest, as in Protobuf's own readers.
const DEPTH: u32 = 100;

/// The fields of a message in order, unknown ones too; `None` when it is cut or no message at all.
pub(super) fn fields(mut message: &[u8]) -> Option<Vec<(u64, Wire<'_>)>> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let (number, kind) = tag(&mut message)?;
        found.push((number, value(&mut message, number, kind, DEPTH)?));
    }
    Some(found)
}

/// A field's number and the kind of its value.
fn tag(message: &mut &[u8]) -> Option<(u64, u64)> {
    let tag = varint(message)?;
    let number = tag >> 3;
    // 0 is no field's number, and the largest one has 29 bits.
    (number != 0 && number < 1 << 29).then_some((number, tag & 7))
}

fn value<'a>(message: &mut &'a [u8], number: u64, kind: u64, depth: u32) -> Option<Wire<'a>> {
    Some(match kind {
        0 => Wire::Varint(varint(message)?),
        1 => take(message, 8).map(|_| Wire::Fixed)?,
        2 => {
            let length = usize::try_from(varint(message)?).ok()?;
            Wire::Bytes(take(message, length)?)
        }
        3 => loop {
            let (inner, kind) = tag(message)?;
            if kind == 4 {
                break (inner == number).then_some(Wire::Group)?;
            }
            value(message, inner, kind, depth.checked_sub(1)?)?;
        },
        5 => take(message, 4).map(|_| Wire::Fixed)?,
        _ => return None,
    })
}

fn take<'a>(message: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = message.split_at_checked(length)?;
    *message = rest;
    Some(taken)
}

/// A number: seven bits in a byte, the lowest first; the high bit says that more come.
fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let byte = take(message, 1)?[0];
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Appends a number.
pub(super) fn push_varint(message: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        message.push(number as u8 | 0x80);
        number >>= 7;
    }
    message.push(number as u8);
}

/// Appends a field of bytes; an empty one is left out, as proto3 does.
pub(super) fn push_bytes(message: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    if !bytes.is_empty() {
        push_varint(message, number << 3 | 2);
        push_varint(message, bytes.len() as u64);
        message.extend(bytes);
    }
}

/// Appends a number's field; 0 is left out, as proto3 does.
pub(super) fn push_number(message: &mut Vec<u8>, number: u64, value: u64) {
    if value != 0 {
        push_varint(message, number << 3);
        push_varint(message, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut message = Vec::new();
        push_number(&mut message, 1, 300);
        push_bytes(&mut message, 2, b"ab");
        push_bytes(&mut message, 3, b"");
        push_number(&mut message, 4, 0);
        assert_eq!(message, [8, 0xac, 2, 18, 2, b'a', b'b']);
        let read = fields(&message).unwrap();
        assert_eq!(read, [(1, Wire::Varint(300)), (2, Wire::Bytes(b"ab"))]);
    }

    #[test]
    fn a_length_of_300_is_two_bytes() {
        let length = |number| {
            let mut message = Vec::new();
            push_varint(&mut message, number);
            message
        };
        assert_eq!(length(127), [0x7f]);
        assert_eq!(length(128), [0x80, 0x01]);
        assert_eq!(length(300), [0xac, 0x02]);
    }

    #[test]
    fn a_message_cut_anywhere_or_of_no_field_is_none() {
        for wrong in [
            &b"bad_arg"[..],
            &[0x0a],
            &[0x0a, 3, 1],
            &[0x08],
            &[0x08, 0xff],
            &[0x0d, 1, 2],
            &[0x00, 1],
            &[0x0b],
            &[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
        ] {
            assert_eq!(fields(wrong), None, "{wrong:?}");
        }
        assert_eq!(fields(&[0x0d, 1, 2, 3, 4]), Some(vec![(1, Wire::Fixed)]));
        assert_eq!(fields(&[0x0b; 300]), None);
    }

    #[test]
    fn a_group_ends_at_its_own_number() {
        assert_eq!(
            fields(&[0x0b, 0x10, 1, 0x0c, 0x18, 2]),
            Some(vec![(1, Wire::Group), (3, Wire::Varint(2))])
        );
        assert_eq!(fields(&[0x0b, 0x14]), None);
        assert_eq!(fields(&[0x0c]), None);
    }
}
