//! What native filters change and decide, with its events.
//!
//! A change of headers has the name and the arguments of the host call that does the same, so that
//! the traces of a native and of a Wasm filter can be compared step by step.

use super::At;
use crate::model::Headers;
use crate::model::trace::{Kind, arg};
use crate::proxy::config::{Item, Struct};
use crate::proxy::local_reply::Reply;
use crate::proxy::shared::Shared;
use crate::proxy::task::{Direction, Part, Task};

/// A change of a header map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Another value.
    Add,
    /// The only value.
    Replace,
    /// None any more.
    Remove,
}

impl Shared {
    /// Changes the headers of a direction.
    pub(super) fn native_change(
        &mut self,
        at: At,
        direction: Direction,
        change: Change,
        name: &str,
        value: &[u8],
    ) {
        let half = self.streams[at.stream].half(direction);
        let Some(headers) = half.headers.as_mut() else {
            return;
        };
        match change {
            Change::Add => headers.push(name, value),
            Change::Replace => headers.set(name, value),
            Change::Remove if headers.remove(name) == 0 => return,
            Change::Remove => {}
        }
        if !self.trace.capture {
            return;
        }
        let map = match direction {
            Direction::Decode => "request_headers",
            Direction::Encode => "response_headers",
        };
        let event = match change {
            Change::Add => "add_header_map_value",
            Change::Replace => "replace_header_map_value",
            Change::Remove => "remove_header_map_value",
        };
        let mut args = vec![arg("map_type", map), arg("key", name.as_bytes())];
        if change != Change::Remove {
            args.push(arg("value", value));
        }
        self.record(Kind::Chain, event, None, None, args);
    }

    /// Adds a trailer to a direction, which may have had none.
    pub(super) fn native_trailer(
        &mut self,
        at: At,
        direction: Direction,
        name: &str,
        value: &[u8],
    ) {
        let half = self.streams[at.stream].half(direction);
        let trailers = half.trailers.get_or_insert_default();
        trailers.push(name, value);
        if self.trace.capture {
            let map = match direction {
                Direction::Decode => "request_trailers",
                Direction::Encode => "response_trailers",
            };
            let args = vec![
                arg("map_type", map),
                arg("key", name.as_bytes()),
                arg("value", value),
            ];
            self.record(Kind::Chain, "add_header_map_value", None, None, args);
        }
    }

    /// Sets fields of a stream's dynamic metadata; those of the namespace that are not named stay.
    pub(super) fn set_dynamic_metadata(&mut self, stream: usize, space: &str, fields: Struct) {
        if self.trace.capture {
            let text = Item::Struct(fields.clone()).json().to_string();
            let args = vec![
                arg("namespace", space.as_bytes()),
                arg("fields", text.as_bytes()),
            ];
            self.record(Kind::Chain, "dynamic_metadata", None, None, args);
        }
        self.streams[stream].info.metadata.merge(space, fields);
    }

    /// Records what a piece of a body has become.
    pub(super) fn native_body(&mut self, direction: Direction, bytes: &[u8]) {
        if self.trace.takes(bytes.len()) {
            let buffer = match direction {
                Direction::Decode => "http_request_body",
                Direction::Encode => "http_response_body",
            };
            let args = vec![arg("buffer_type", buffer), arg("value", bytes)];
            self.record(Kind::Chain, "set_buffer_bytes", None, None, args);
        }
    }

    /// Records what a filter has decided, and the counter that says so in Envoy's stats.
    pub(super) fn native_count(&mut self, stat: &str) {
        self.http_stat(stat, 1);
        self.native_counted(stat);
    }

    /// Records a counter of a filter that has gone up.
    pub(super) fn native_counted(&mut self, stat: &str) {
        if self.trace.capture {
            let args = vec![arg("stat", stat.as_bytes())];
            self.record(Kind::Chain, "counter", None, None, args);
        }
    }

    /// Sends a filter's local reply; the verdict is the caller's.
    pub(super) fn native_reply(&mut self, at: At, status: u16, body: &str, details: &str) {
        let reply = Reply {
            status,
            body: body.into(),
            details: details.to_owned(),
            ..Reply::default()
        };
        self.local_reply(at.stream, reply);
    }

    /// A decoder filter answers with headers of its own (`encodeHeaders`): they take the way of any
    /// response, and are no local reply, so a route adds nothing to them.
    pub(super) fn native_answer(&mut self, at: At, headers: Headers, details: &str) {
        if self.trace.capture {
            let args = vec![
                arg("stream", at.stream),
                arg("headers", &headers),
                arg("details", details.as_bytes()),
            ];
            self.record(Kind::Chain, "answer", None, None, args);
        }
        let stream = &mut self.streams[at.stream];
        stream.info.details = details.to_owned();
        stream.request.aborted = true;
        stream.response.headers = Some(headers);
        stream.response.complete = true;
        let pass = self.begin_pass(at.stream, Direction::Encode, Part::Headers, true);
        self.push_front(Task::Pass(pass));
    }
}
