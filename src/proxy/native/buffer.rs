//! The buffer filter: a request goes on when all of it is there.

use super::{At, NativeStream};
use crate::proxy::config::{BufferRoute, NativeRoute};
use crate::proxy::iterate::Verdict;
use crate::proxy::shared::Shared;
use crate::proxy::task::{Direction, Part};

impl Shared {
    /// A part of the request. One of headers alone passes.
    pub(super) fn buffer_request(
        &mut self,
        at: At,
        limit: u32,
        part: &mut Part,
        end: bool,
    ) -> Verdict {
        match part {
            Part::Headers if end => Verdict::Continue,
            Part::Headers => self.buffer_headers(at, limit),
            Part::Data(bytes) => {
                let NativeStream::Buffering(so_far) = self.native_state(at) else {
                    return Verdict::Continue;
                };
                *so_far += bytes.len() as u64;
                match end {
                    true => self.buffer_done(at),
                    false => Verdict::Buffer,
                }
            }
            Part::Trailers => self.buffer_done(at),
        }
    }

    fn buffer_headers(&mut self, at: At, limit: u32) -> Verdict {
        let config = self.config.clone();
        let limit = match self.routed(&config, at).first() {
            Some(NativeRoute::Buffer(BufferRoute::Disabled)) => return Verdict::Continue,
            Some(NativeRoute::Buffer(BufferRoute::Limit(limit))) => *limit,
            _ => limit,
        };
        let half = self.streams[at.stream].half(Direction::Decode);
        half.limit = Some(limit as usize);
        *self.native_state(at) = NativeStream::Buffering(0);
        Verdict::Stop
    }

    /// The length is known: it is said where nobody has.
    fn buffer_done(&mut self, at: At) -> Verdict {
        if let NativeStream::Buffering(bytes) = *self.native_state(at) {
            let headers = self.streams[at.stream].request.headers.as_ref();
            if headers.is_some_and(|headers| headers.get("content-length").is_none()) {
                let length = bytes.to_string();
                let (direction, name) = (Direction::Decode, "content-length");
                self.native_change(
                    at,
                    direction,
                    super::record::Change::Add,
                    name,
                    length.as_bytes(),
                );
            }
        }
        Verdict::Continue
    }
}
