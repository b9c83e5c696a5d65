//! A reader of a module's outline: its sections, export names in order, and custom sections.
//!
//! The interpreter checks modules; this only tells what it does not hand out. Wrong bytes end the
//! reading early and are never a panic.

/// A section: its id and its bytes.
pub(super) struct Section<'a> {
    pub(super) id: u8,
    pub(super) bytes: &'a [u8],
}

/// A place in bytes from which numbers and names are read.
#[derive(Clone)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// An unsigned LEB128 number.
    pub(super) fn number(&mut self) -> Option<u32> {
        let mut n = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(n).ok();
            }
        }
        None
    }

    pub(super) fn take(&mut self, length: u32) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length as usize)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn name(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        std::str::from_utf8(self.take(length)?).ok()
    }
}

/// The sections of a core module, in order.
pub(super) fn sections(wasm: &[u8]) -> impl Iterator<Item = Section<'_>> {
    let mut reader = Reader(wasm.get(8..).unwrap_or_default());
    std::iter::from_fn(move || {
        let id = reader.byte()?;
        let length = reader.number()?;
        let bytes = reader.take(length)?;
        Some(Section { id, bytes })
    })
}

/// The names of the exports with their kind (0 is a function, 2 a memory), in the module's order.
pub(super) fn exports(wasm: &[u8]) -> Vec<(&str, u8)> {
    let mut names = Vec::new();
    for section in sections(wasm).filter(|section| section.id == 7) {
        let mut reader = Reader(section.bytes);
        for _ in 0..reader.number().unwrap_or(0) {
            let (Some(name), Some(kind), Some(_)) = (reader.name(), reader.byte(), reader.number())
            else {
                break;
            };
            names.push((name, kind));
        }
    }
    names
}

/// Whether the module has a start section.
pub(super) fn has_start(wasm: &[u8]) -> bool {
    sections(wasm).any(|section| section.id == 8)
}
