//! gRPC on the wire: five-byte frames, statuses in headers and trailers, what a scripted server sends.

use super::super::stream::Frame;
use super::super::task::Part;
use crate::model::Headers;
use crate::model::lab::{GrpcEnd, GrpcReply};
use crate::model::report::Message;
use std::collections::VecDeque;

/// Envoy's `InvalidCode`: a `grpc-status` that is no status.
const INVALID: u32 = u32::MAX;

/// A message with its frame: a byte of flags, its length, itself.
pub(in crate::proxy) fn framed(message: &[u8]) -> Vec<u8> {
    let mut frame = vec![0];
    frame.extend((message.len() as u32).to_be_bytes());
    frame.extend(message);
    frame
}

/// Takes the whole messages from the front of what has arrived.
///
/// # Errors
/// The gRPC status with which Envoy gives the stream up, and why.
pub(in crate::proxy) fn unframed(
    buffer: &mut Vec<u8>,
    longest: u32,
) -> Result<Vec<Vec<u8>>, (u32, &'static str)> {
    let mut messages = Vec::new();
    loop {
        let Some((&flags, rest)) = buffer.split_first() else {
            return Ok(messages);
        };
        if flags > 1 {
            return Err((
                13,
                "the body is no gRPC frame: its first byte is neither 0 nor 1",
            ));
        }
        let Some((&length, rest)) = rest.split_first_chunk::<4>() else {
            return Ok(messages);
        };
        let length = u32::from_be_bytes(length);
        if longest > 0 && length > longest {
            return Err((8, "a message is longer than max_receive_message_length"));
        }
        if flags == 1 && length > 0 {
            return Err((13, "a compressed message"));
        }
        let Some(message) = rest.get(..length as usize) else {
            return Ok(messages);
        };
        messages.push(message.to_vec());
        buffer.drain(..5 + length as usize);
    }
}

/// `grpc-status`: `None` when there is none.
pub(in crate::proxy) fn grpc_status(headers: &Headers) -> Option<u32> {
    let text = headers.get("grpc-status").filter(|text| !text.is_empty())?;
    let code = std::str::from_utf8(text).ok().and_then(|t| t.parse().ok());
    Some(code.filter(|code| *code <= 16).unwrap_or(INVALID))
}

/// `grpc-message` as it stands there.
pub(super) fn grpc_message(headers: &Headers) -> Vec<u8> {
    headers.get("grpc-message").unwrap_or(&[]).to_vec()
}

/// A gRPC status in words.
pub(super) fn status_word(code: u32) -> &'static str {
    const WORDS: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    WORDS.get(code as usize).unwrap_or(&"INVALID")
}

/// A timeout as `grpc-timeout` writes it: at most eight digits, then the unit.
pub(super) fn grpc_timeout(milliseconds: u32) -> String {
    match milliseconds {
        0..=99_999_999 => format!("{milliseconds}m"),
        _ => format!("{}S", milliseconds / 1000),
    }
}

/// What a client gets from a router that answers a gRPC request itself: trailers only.
pub(super) fn router_reply(words: &str) -> Headers {
    let mut headers = Headers::default();
    headers.push(":status", "200");
    headers.push("content-type", "application/grpc");
    // Both 503 and 504 are UNAVAILABLE.
    headers.push("grpc-status", "14");
    headers.push("grpc-message", words);
    headers
}

/// The frames of a scripted server, and the message that they make.
pub(in crate::proxy) fn server_frames(reply: &GrpcReply) -> (VecDeque<Frame>, Message) {
    let mut headers = Headers::default();
    headers.push(":status", "200");
    headers.push("content-type", "application/grpc");
    for (name, value) in reply.metadata.iter() {
        headers.push(name, value);
    }
    let mut last = Headers::default();
    if let GrpcEnd::Status {
        status,
        message,
        trailers,
    } = &reply.end
    {
        last.push("grpc-status", status.to_string());
        if !message.is_empty() {
            let message = super::super::local_reply::percent_encode(message.as_bytes());
            last.push("grpc-message", message);
        }
        for (name, value) in trailers.iter() {
            last.push(name, value);
        }
    }
    let mut message = Message::default();
    let mut frames = VecDeque::new();
    if reply.trailers_only {
        for (name, value) in last.iter() {
            headers.push(name, value);
        }
        message.headers = headers.clone();
        frames.push_back(Frame {
            end: true,
            ..Frame::new(Part::Headers, headers)
        });
        return (frames, message);
    }
    message.headers = headers.clone();
    frames.push_back(Frame::new(Part::Headers, headers));
    for each in &reply.messages {
        let bytes = framed(&each.message);
        message.body.0.extend(&bytes);
        frames.push_back(Frame {
            after_ns: each.delay_ns,
            ..Frame::new(Part::Data(bytes), Headers::default())
        });
    }
    match &reply.end {
        GrpcEnd::Status { .. } => {
            message.trailers = last.clone();
            frames.push_back(Frame {
                end: true,
                ..Frame::new(Part::Trailers, last)
            });
        }
        GrpcEnd::Reset => frames.push_back(Frame {
            reset: Some(crate::model::lab::Reset::default()),
            ..Frame::new(Part::Data(Vec::new()), Headers::default())
        }),
        GrpcEnd::Timeout => {}
    }
    (frames, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_taken_when_they_are_whole() {
        let mut wire = framed(b"one");
        wire.extend(framed(b""));
        wire.extend(framed(b"two"));
        let rest = wire.split_off(14);
        let mut buffer = wire;
        let first = unframed(&mut buffer, 0);
        assert_eq!(first, Ok(vec![b"one".to_vec(), Vec::new()]));
        buffer.extend(rest);
        assert_eq!(unframed(&mut buffer, 3), Ok(vec![b"two".to_vec()]));
        assert!(buffer.is_empty());
    }

    #[test]
    fn what_is_no_frame_is_internal_and_what_is_too_long_resource_exhausted() {
        assert_eq!(unframed(&mut b"{}".to_vec(), 0).unwrap_err().0, 13);
        assert_eq!(
            unframed(&mut b"\x01\0\0\0\x01x".to_vec(), 0).unwrap_err().0,
            13
        );
        assert_eq!(unframed(&mut framed(b"four"), 3).unwrap_err().0, 8);
    }

    #[test]
    fn a_status_that_is_no_number_up_to_16_is_invalid() {
        let status = |text: &str| grpc_status(&[("grpc-status", text)].into_iter().collect());
        assert_eq!(status("5"), Some(5));
        assert_eq!(status("17"), Some(INVALID));
        assert_eq!(status("five"), Some(INVALID));
        assert_eq!(status(""), None);
    }

    #[test]
    fn a_timeout_has_at_most_eight_digits() {
        assert_eq!(grpc_timeout(1500), "1500m");
        assert_eq!(grpc_timeout(100_000_000), "100000S");
    }
}
