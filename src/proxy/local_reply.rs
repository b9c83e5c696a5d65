//! Local replies: answers that the proxy or a filter makes itself. Envoy's `sendLocalReply`.

use super::config::Action;
use super::shared::Shared;
use super::stream::Life;
use super::task::{Direction, Part, Pass, Task};
use crate::model::Headers;
use crate::model::trace::{Kind, Outcome, arg};

/// A local reply.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    /// The HTTP status.
    pub(super) status: u16,
    /// The body.
    pub(super) body: Vec<u8>,
    /// Extra headers, appended to the generated ones.
    pub(super) headers: Headers,
    /// The gRPC status that was asked for.
    pub(super) grpc_status: Option<u32>,
    /// Response code details.
    pub(super) details: String,
}

/// How a local reply reached the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Through all encoder filters, the sender included.
    Filters,
    /// Straight to the codec: the headers were with the filters already.
    Direct,
    /// The headers were out: the stream was reset.
    Reset,
}

impl Shared {
    /// Sends a local reply on a stream, by the way its state leaves open.
    pub(super) fn local_reply(&mut self, index: usize, reply: Reply) {
        let stream = &mut self.streams[index];
        if stream.life != Life::Running {
            return;
        }
        let way = if stream.received.is_some() {
            Way::Reset
        } else if stream.response.headers.is_some() {
            Way::Direct
        } else {
            Way::Filters
        };
        stream.info.details = reply.details.replace(char::is_whitespace, "_");
        stream.info.local_body = reply.body.clone();
        // Whatever iterates is broken off.
        stream.request.aborted = true;
        let way_word = match way {
            Way::Filters => "encoder_filters",
            Way::Direct => "codec",
            Way::Reset => "reset",
        };
        if self.trace.capture {
            let args = vec![
                arg("stream", index),
                arg("status", u32::from(reply.status)),
                arg("details", reply.details.as_bytes()),
                arg("way", way_word),
            ];
            self.record(Kind::Chain, "local_reply", None, None, args);
        }
        let (headers, body) = self.build_reply(index, reply);
        let end = body.is_empty();
        match way {
            Way::Filters => {
                let half = &mut self.streams[index].response;
                half.headers = Some(headers);
                half.complete = true;
                if !end {
                    let pass = self.begin_pass(index, Direction::Encode, Part::Data(body), true);
                    self.push_front(Task::Pass(pass));
                }
                let pass = self.begin_pass(index, Direction::Encode, Part::Headers, end);
                self.push_front(Task::Pass(pass));
                // A body is not delivered before the headers have gone through.
            }
            Way::Direct => {
                let half = &mut self.streams[index].response;
                half.aborted = true;
                half.headers = Some(headers);
                half.trailers = None;
                half.complete = true;
                self.write_headers(index, end);
                if !end {
                    self.write_data(index, &body, true);
                }
            }
            Way::Reset => {
                self.streams[index].response.aborted = true;
                self.reset(index);
            }
        }
    }

    /// Headers and body as Envoy generates them.
    fn build_reply(&mut self, index: usize, reply: Reply) -> (Headers, Vec<u8>) {
        // What the route adds comes before what the reply itself brings.
        let mut routed = Headers::default();
        let place = self.streams[index].info.route;
        if place.is_some_and(|place| matches!(self.route(place).action, Action::Forward(_))) {
            self.change_response(index, &mut routed);
        }
        let info = &self.streams[index].info;
        let mut headers = Headers::default();
        if info.grpc {
            let status = reply
                .headers
                .get_str("grpc-status")
                .map(str::to_owned)
                .or(reply.grpc_status.map(|s| s.to_string()))
                .unwrap_or_else(|| grpc_of_http(reply.status).to_string());
            headers.push(":status", "200");
            headers.push("content-type", "application/grpc");
            headers.push("grpc-status", status);
            if !reply.body.is_empty() && !info.head {
                headers.push("grpc-message", percent_encode(&reply.body));
            }
            for (name, value) in routed.iter().chain(reply.headers.iter()) {
                if headers.get(name).is_none() {
                    headers.push(name, value);
                }
            }
            return (headers, Vec::new());
        }
        headers.push(":status", reply.status.to_string());
        for (name, value) in routed.iter().chain(reply.headers.iter()) {
            if name != b":status" {
                headers.push(name, value);
            }
        }
        if reply.body.is_empty() {
            headers.remove("content-length");
            headers.remove("content-type");
        } else {
            headers.set("content-length", reply.body.len().to_string());
            if headers.get("content-type").is_none() {
                headers.push("content-type", "text/plain");
            }
        }
        let body = match info.head {
            true => Vec::new(),
            false => reply.body,
        };
        (headers, body)
    }

    /// Over the buffer limit: 413 for a request; 500 or a reset for a response.
    pub(super) fn too_large(&mut self, index: usize, direction: Direction) {
        match direction {
            Direction::Decode => {
                self.http_stat("downstream_rq_too_large", 1);
                let reply = Reply {
                    status: 413,
                    body: b"Payload Too Large".to_vec(),
                    details: "request_payload_too_large".to_owned(),
                    ..Reply::default()
                };
                self.local_reply(index, reply);
            }
            Direction::Encode => {
                self.http_stat("rs_too_large", 1);
                self.streams[index].response.aborted = true;
                let reply = Reply {
                    status: 500,
                    body: b"Internal Server Error".to_vec(),
                    details: "response_payload_too_large".to_owned(),
                    ..Reply::default()
                };
                self.local_reply(index, reply);
            }
        }
    }

    /// The last pass of a direction: the router, or the client's codec.
    pub(super) fn at_the_end(&mut self, pass: Pass) {
        let (index, direction) = (pass.stream, pass.direction);
        let step = match direction {
            Direction::Decode => self.open_step(&pass, b"router"),
            Direction::Encode => None,
        };
        match (direction, &pass.part) {
            (Direction::Decode, Part::Headers) => self.route_headers(index, pass.end),
            (Direction::Decode, Part::Data(bytes)) => self.route_data(index, bytes, pass.end),
            (Direction::Decode, Part::Trailers) => self.route_trailers(index),
            (Direction::Encode, Part::Headers) => self.write_headers(index, pass.end),
            (Direction::Encode, Part::Data(bytes)) => self.write_data(index, bytes, pass.end),
            (Direction::Encode, Part::Trailers) => self.write_trailers(index),
        }
        // The router ends the chain: it always stops the iteration.
        let word = match pass.part {
            Part::Data(_) => "StopIterationNoBuffer",
            _ => "StopIteration",
        };
        self.trace.close(step, Some(Outcome::status(word)), None);
        if let Part::Data(_) = pass.part {
            self.after_data(&pass);
        }
    }
}

/// Envoy's mapping from an HTTP status to a gRPC status.
pub(super) fn grpc_of_http(status: u16) -> u32 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}

/// gRPC's encoding of `grpc-message`: what is not printable ASCII, and `%`, as `%XX`.
pub(super) fn percent_encode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b' '..=b'~' if *byte != b'%' => out.push(*byte),
            _ => out.extend(format!("%{byte:02X}").bytes()),
        }
    }
    out
}
