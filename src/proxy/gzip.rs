//! Gzip, a piece at a time: what zlib makes of a body that passes, and what it reads.
//!
//! The deflater is not zlib's: its bytes can differ in number, and stand for the same. Must not know
//! filters and streams.

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress_with_limit, inflate_flags};

/// Bytes that a reader can look back to: a power of two, as its buffer goes round.
const WINDOW: usize = 1 << 15;
/// Bytes that Envoy's decompressor makes before it looks how many they are (`chunk_size`).
const CHUNK: usize = 4096;

/// How hard to try, with zlib's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effort {
    /// The level, 1 to 9.
    pub(super) level: u8,
    /// 0 default, 1 filtered, 2 Huffman only, 3 run lengths, 4 fixed.
    pub(super) strategy: u8,
}

/// A body that is being compressed.
pub(super) struct Deflater {
    core: Box<CompressorOxide>,
    /// Written before the first piece.
    header: Vec<u8>,
    crc: u32,
    length: u32,
}

impl Deflater {
    /// The beginning of a body.
    pub(super) fn new(effort: Effort) -> Self {
        let Effort { level, strategy } = effort;
        let (l, s) = (i32::from(level), i32::from(strategy));
        // As zlib writes it: no time, what the level was like, and Unix.
        let like = match (level, strategy) {
            (9, _) => 2,
            (1, _) | (_, 2..) => 4,
            _ => 0,
        };
        Self {
            core: Box::new(CompressorOxide::new(create_comp_flags_from_zip_params(
                l, 0, s,
            ))),
            header: vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, like, 3],
            crc: 0,
            length: 0,
        }
    }

    /// What a piece becomes: enough to read all of it, and the end if it is the last.
    pub(super) fn deflate(&mut self, bytes: &[u8], end: bool) -> Vec<u8> {
        let mut out = std::mem::take(&mut self.header);
        self.crc = crc32(self.crc, bytes);
        self.length = self.length.wrapping_add(bytes.len() as u32);
        let flush = match end {
            true => TDEFLFlush::Finish,
            false => TDEFLFlush::Sync,
        };
        compress_to_output(&mut self.core, bytes, flush, |made| {
            out.extend(made);
            true
        });
        if end {
            out.extend(self.crc.to_le_bytes());
            out.extend(self.length.to_le_bytes());
        }
        out
    }
}

/// A body that is being read.
pub(super) struct Inflater {
    core: Box<DecompressorOxide>,
    window: Vec<u8>,
    at: usize,
    stage: Stage,
    /// What has come of a header or a trailer.
    part: Vec<u8>,
    crc: u32,
    length: u32,
    /// How many times as long as a piece its contents may be.
    ratio: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Header,
    Body,
    Trailer,
    Done,
    Broken,
}

impl Inflater {
    /// The beginning of a body. A piece whose contents are more than `ratio` times as long is cut.
    pub(super) fn new(ratio: usize) -> Self {
        Self {
            core: Box::default(),
            window: vec![0; WINDOW],
            at: 0,
            stage: Stage::Header,
            part: Vec::new(),
            crc: 0,
            length: 0,
            ratio,
        }
    }

    /// The contents of a piece; false when it is no gzip, is broken, or holds too much. What follows
    /// the end is left out.
    pub(super) fn inflate(&mut self, bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut out = Vec::new();
        let mut rest = bytes;
        if self.stage == Stage::Header && !rest.is_empty() {
            self.part.extend(rest);
            match header_length(&self.part) {
                Header::Short => rest = &[],
                Header::Wrong => self.stage = Stage::Broken,
                Header::Ends(at) => {
                    // The header's last byte is in this piece.
                    rest = &rest[rest.len() - (self.part.len() - at)..];
                    self.part.clear();
                    self.stage = Stage::Body;
                }
            }
        }
        let limit = bytes.len().saturating_mul(self.ratio);
        while self.stage == Stage::Body {
            let flags = inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
            let (status, read, made) = decompress_with_limit(
                &mut self.core,
                rest,
                &mut self.window,
                self.at,
                CHUNK,
                flags,
            );
            rest = &rest[read..];
            let new = &self.window[self.at..self.at + made];
            self.crc = crc32(self.crc, new);
            self.length = self.length.wrapping_add(made as u32);
            out.extend(new);
            self.at = (self.at + made) % WINDOW;
            match status {
                TINFLStatus::HasMoreOutput if out.len() <= limit => {}
                TINFLStatus::NeedsMoreInput => return (out, true),
                TINFLStatus::Done => self.stage = Stage::Trailer,
                _ => self.stage = Stage::Broken,
            }
        }
        if self.stage == Stage::Trailer {
            let missing = 8 - self.part.len();
            self.part.extend(&rest[..missing.min(rest.len())]);
            let said = [self.crc.to_le_bytes(), self.length.to_le_bytes()].concat();
            if self.part.len() == 8 {
                let fits = self.part == said;
                self.stage = if fits { Stage::Done } else { Stage::Broken };
            }
        }
        (out, self.stage != Stage::Broken)
    }
}

enum Header {
    Short,
    Wrong,
    /// It is this long.
    Ends(usize),
}

/// How long a gzip header is (RFC 1952).
fn header_length(bytes: &[u8]) -> Header {
    let magic = [0x1f, 0x8b, 8];
    if bytes
        .iter()
        .zip(magic)
        .any(|(byte, wanted)| *byte != wanted)
    {
        return Header::Wrong;
    }
    let Some(flags) = bytes.get(3).filter(|_| bytes.len() >= 10) else {
        return Header::Short;
    };
    let mut at = 10;
    if flags & 4 != 0 {
        let Some(length) = bytes.get(at..at + 2) else {
            return Header::Short;
        };
        at += 2 + usize::from(u16::from_le_bytes([length[0], length[1]]));
    }
    for text in [8, 16] {
        if flags & text != 0 {
            let tail = bytes.get(at..).unwrap_or_default();
            let Some(end) = tail.iter().position(|byte| *byte == 0) else {
                return Header::Short;
            };
            at += end + 1;
        }
    }
    at += usize::from(flags & 2);
    match at <= bytes.len() {
        true => Header::Ends(at),
        false => Header::Short,
    }
}

/// The checksum of gzip, continued; few bytes pass here, so no table is made of it.
fn crc32(before: u32, bytes: &[u8]) -> u32 {
    let mut crc = !before;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xedb8_8320 & 0u32.wrapping_sub(crc & 1));
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: Effort = Effort {
        level: 6,
        strategy: 0,
    };

    #[test]
    fn what_is_deflated_in_pieces_is_read_in_pieces_of_any_size() {
        let body: Vec<u8> = (0..100_000u32)
            .map(|i| (i.wrapping_mul(i) >> 7) as u8)
            .collect();
        let mut deflater = Deflater::new(DEFAULT);
        let mut packed = deflater.deflate(&body[..40_000], false);
        packed.extend(deflater.deflate(&body[40_000..], false));
        packed.extend(deflater.deflate(&[], true));
        for size in [1, 7, 4096, packed.len()] {
            let mut inflater = Inflater::new(1000);
            let mut out = Vec::new();
            for piece in packed.chunks(size) {
                let (made, fits) = inflater.inflate(piece);
                assert!(fits, "{size}");
                out.extend(made);
            }
            assert!(out == body, "{size}");
            assert_eq!(inflater.stage, Stage::Done);
        }
    }

    const EFFORTS: [Effort; 3] = [
        DEFAULT,
        Effort {
            level: 9,
            strategy: 2,
        },
        Effort {
            level: 1,
            strategy: 4,
        },
    ];

    #[test]
    fn each_effort_is_read_back_and_the_checksum_is_gzips() {
        assert_eq!(crc32(0, b"123456789"), 0xcbf4_3926);
        for effort in EFFORTS {
            let packed = Deflater::new(effort).deflate(b"hello hello hello", true);
            let (out, fits) = Inflater::new(100).inflate(&packed);
            assert!(fits && out == b"hello hello hello", "{effort:?}");
        }
    }

    #[test]
    fn a_flush_lets_the_reader_have_all_that_was_written() {
        let mut deflater = Deflater::new(DEFAULT);
        let mut inflater = Inflater::new(100);
        for piece in [&b"first "[..], b"second"] {
            let packed = deflater.deflate(piece, false);
            assert_eq!(inflater.inflate(&packed), (piece.to_vec(), true));
        }
    }

    #[test]
    fn headers_with_names_and_extra_fields_are_read_over() {
        let packed = Deflater::new(DEFAULT).deflate(b"hi", true);
        let mut named = vec![0x1f, 0x8b, 8, 4 | 8 | 16 | 2, 0, 0, 0, 0, 0, 3];
        named.extend(b"\x02\0xyname\0comment\0\x12\x34");
        named.extend(&packed[10..]);
        for size in [1, named.len()] {
            let mut inflater = Inflater::new(100);
            let all: Vec<u8> = named
                .chunks(size)
                .flat_map(|piece| inflater.inflate(piece).0)
                .collect();
            assert_eq!(all, b"hi");
        }
    }

    #[test]
    fn what_is_no_gzip_or_broken_or_too_much_is_told() {
        assert!(!Inflater::new(100).inflate(b"plain text").1);
        let mut packed = Deflater::new(DEFAULT).deflate(b"hello", true);
        let last = packed.len() - 1;
        packed[last] ^= 1;
        assert_eq!(
            Inflater::new(100).inflate(&packed),
            (b"hello".to_vec(), false)
        );
        let bomb = Deflater::new(DEFAULT).deflate(&vec![0; 1 << 20], true);
        let (out, fits) = Inflater::new(100).inflate(&bomb);
        assert!(!fits && out.len() <= bomb.len() * 100 + CHUNK);
        assert!(Inflater::new(2000).inflate(&bomb).1);
    }
}
