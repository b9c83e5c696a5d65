//! The client's side of the connection manager: requests come in, responses go out, streams end.

use super::clock::Weight;
use super::config::FailurePolicy;
use super::local_reply::Reply;
use super::native::{only, places};
use super::shared::Shared;
use super::stream::{Active, Frame, Half, Info, Life, RouteCache, Stream};
use super::task::{Direction, Part, Task};
use super::wasm_filter::WasmStream;
use crate::model::report::{Exchange, ExchangeOutcome, Response};
use crate::model::trace::{Kind, arg};
use crate::model::{Headers, Request};
use std::collections::VecDeque;

/// Headers that only internal peers may send; cut from everyone else's requests.
const INTERNAL: [&str; 14] = [
    "x-envoy-internal",
    "x-envoy-retriable-status-codes",
    "x-envoy-retriable-header-names",
    "x-envoy-retry-on",
    "x-envoy-retry-grpc-on",
    "x-envoy-max-retries",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-force-trace",
    "x-envoy-ip-tags",
    "x-envoy-original-url",
];

/// The most bytes of a request's headers: Envoy's `max_request_headers_kb` when it is not set.
const HEADERS_MAX: usize = 60 << 10;

/// Headers of one hop.
const HOP_BY_HOP: [&str; 5] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// Splits a body into the chunks that were asked for; what is left over is the last.
pub(super) fn chunks(body: &[u8], sizes: &[usize]) -> Vec<Vec<u8>> {
    let mut rest = body;
    let mut out = Vec::new();
    for size in sizes {
        let (chunk, after) = rest.split_at((*size).min(rest.len()));
        out.push(chunk.to_vec());
        rest = after;
    }
    if !rest.is_empty() {
        out.push(rest.to_vec());
    }
    out
}

/// The frames of a message; the last one carries the end.
pub(super) fn frames(
    headers: Headers,
    body: &[u8],
    sizes: &[usize],
    trailers: &Headers,
) -> VecDeque<Frame> {
    let mut frames = VecDeque::new();
    frames.push_back(Frame::new(Part::Headers, headers));
    for chunk in chunks(body, sizes) {
        frames.push_back(Frame::new(Part::Data(chunk), Headers::default()));
    }
    if !trailers.is_empty() {
        frames.push_back(Frame::new(Part::Trailers, trailers.clone()));
    }
    if let Some(last) = frames.back_mut() {
        last.end = true;
    }
    frames
}

impl Shared {
    /// A request arrives on a thread; its stream's number.
    pub(super) fn begin_request(
        &mut self,
        request: &Request,
        thread: usize,
        connection: u64,
        traffic: usize,
    ) -> usize {
        let index = self.streams.len();
        let headers = client_headers(request);
        let frames = frames(
            headers.clone(),
            &request.body,
            &request.chunks,
            &request.trailers,
        );
        let mut exchange = Exchange {
            worker: (thread - 1) as u32,
            ..Exchange::default()
        };
        exchange.request.headers = headers.clone();
        exchange.request.body = request.body.clone();
        exchange.request.trailers = request.trailers.clone();
        let info = Info {
            start_ns: self.clock.now_ns,
            head: headers.get_str(":method") == Some("HEAD"),
            grpc: headers.get_str("content-type").is_some_and(is_grpc),
            ..Info::default()
        };
        self.streams.push(Stream {
            thread,
            connection,
            traffic,
            request: Half::default(),
            response: Half::default(),
            filters: Vec::new(),
            prepared: false,
            inbox: frames,
            reading: false,
            route: RouteCache::Unknown,
            upstream: None,
            attempts: None,
            route_timer: None,
            info,
            exchange,
            received: None,
            promised: None,
            life: Life::Running,
            idle: None,
        });
        self.http_stat("downstream_rq_total", 1);
        self.client_read_later(index);
        index
    }

    /// The filter chain of a stream whose route is known.
    fn create_chain(&mut self, index: usize) {
        let thread = self.streams[index].thread;
        let filters = (0..self.chain.len()).map(|filter| {
            let off = self.filter_is_off(index, filter);
            self.active(thread, filter, off)
        });
        self.streams[index].filters = filters.collect();
    }

    /// Whether a filter stays out of a stream, by what its route says of it: the most specific place
    /// that says anything decides, once for the whole stream.
    fn filter_is_off(&self, index: usize, filter: usize) -> bool {
        let filter = &self.config.manager.filters[filter];
        let mut places = places(&self.config, &self.streams[index].info).into_iter();
        let said = places.find_map(|place| place.off(&filter.name));
        said.unwrap_or(filter.disabled)
    }

    /// A filter's state on a new stream of a thread.
    fn active(&self, thread: usize, filter: usize, off: bool) -> Active {
        let mut active = Active {
            off,
            only: only(&self.config.manager.filters[filter].kind),
            ..Active::default()
        };
        if let Some(plugin) = self.chain[filter] {
            let handle = self.handle(thread, plugin);
            let failed = handle.is_none_or(|(vm, _)| self.vms[vm].failed);
            let open = self.plugins[plugin].config.policy == FailurePolicy::Open;
            active.wasm = WasmStream {
                handle,
                skipped: off || failed && open,
                ..WasmStream::default()
            };
        }
        active
    }

    /// Queues a read of the client's next frame.
    fn client_read_later(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        if stream.reading || stream.inbox.is_empty() || stream.request.paused {
            return;
        }
        stream.reading = true;
        let thread = stream.thread;
        self.threads[thread]
            .queue
            .push_back(Task::ClientRead(index));
    }

    /// Reads the client's next frame.
    pub(super) fn client_read(&mut self, index: usize) {
        self.touch(index);
        let stream = &mut self.streams[index];
        stream.reading = false;
        if stream.life != Life::Running || stream.request.paused {
            return;
        }
        let begins = matches!(stream.inbox.front(), Some(frame) if frame.part == Part::Headers);
        if begins && !stream.prepared {
            stream.prepared = true;
            stream.reading = true;
            self.push_front(Task::ClientRead(index));
            self.reload_plugins();
            return;
        }
        let Some(frame) = self.streams[index].inbox.pop_front() else {
            return;
        };
        self.client_frame_event(index, &frame);
        let stream = &mut self.streams[index];
        stream.request.complete = frame.end;
        if frame.end {
            stream.info.request_end_ns = Some(self.clock.now_ns);
        }
        self.client_read_later(index);
        let stream = &mut self.streams[index];
        let (part, end) = (frame.part, frame.end);
        match &part {
            Part::Headers => {
                let ready = self.prepare_request(index, frame.headers);
                if !ready {
                    return;
                }
            }
            Part::Data(bytes) => {
                stream.info.bytes_received += bytes.len() as u64;
            }
            Part::Trailers => {
                stream.request.trailers = Some(frame.headers);
            }
        }
        let pass = self.begin_pass(index, Direction::Decode, part, end);
        self.push_front(Task::Pass(pass));
    }

    fn client_frame_event(&mut self, index: usize, frame: &Frame) {
        if !self.trace.capture {
            return;
        }
        let mut args = vec![arg("stream", index)];
        let name = match &frame.part {
            Part::Headers => {
                args.push(arg("headers", &frame.headers));
                "request_headers"
            }
            Part::Data(bytes) => {
                args.push(arg("data", bytes.as_slice()));
                "request_data"
            }
            Part::Trailers => {
                args.push(arg("trailers", &frame.headers));
                "request_trailers"
            }
        };
        args.push(arg(
            "end_of_stream",
            if frame.end { "true" } else { "false" },
        ));
        self.record(Kind::Client, name, None, None, args);
    }

    /// The connection manager's own changes to a request; false when it has answered itself.
    fn prepare_request(&mut self, index: usize, mut headers: Headers) -> bool {
        if headers.byte_size() > HEADERS_MAX {
            // The codec refuses them: no filter sees a header, but the reply passes the encoders.
            self.streams[index].request.headers = Some(Headers::default());
            self.create_chain(index);
            self.streams[index].flag("DPE");
            let reply = Reply {
                status: 431,
                body: b"Request Header Fields Too Large".to_vec(),
                details: "http1.headers_too_large".to_owned(),
                ..Reply::default()
            };
            self.local_reply(index, reply);
            return false;
        }
        let upgrade = headers.get("upgrade").is_some()
            && headers.get_str("connection").is_some_and(|value| {
                let mut words = value.split(',').map(str::trim);
                words.any(|word| word.eq_ignore_ascii_case("upgrade"))
            });
        for name in HOP_BY_HOP {
            headers.remove(name);
        }
        for name in INTERNAL {
            headers.remove(name);
        }
        let expects = headers.get_str("expect");
        if !self.config.manager.proxy_100
            && expects.is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
        {
            // The manager answers it with 100 itself: no filter sees it.
            headers.remove("expect");
            let mut answer = Headers::default();
            answer.push(":status", "100");
            self.write_informational(index, &answer);
        }
        if headers.get("x-forwarded-proto").is_none() {
            headers.push("x-forwarded-proto", "http");
        }
        if self.config.manager.generate_request_id && headers.get("x-request-id").is_none() {
            let id = self.random.uuid();
            headers.push("x-request-id", id);
        }
        let path = headers.get_str(":path").unwrap_or("").to_owned();
        self.streams[index].request.headers = Some(headers);
        let rejected = !path.starts_with('/') && path != "*";
        if !rejected {
            self.resolve_route(index);
        }
        self.create_chain(index);
        if rejected {
            let details = if path.is_empty() {
                "missing_path_rejected"
            } else {
                "absolute_path_rejected"
            };
            let reply = Reply {
                status: 404,
                details: details.to_owned(),
                ..Reply::default()
            };
            self.local_reply(index, reply);
            return false;
        }
        if upgrade {
            // `upgrade_configs` allows none.
            let reply = Reply {
                status: 403,
                details: "upgrade_failed".to_owned(),
                ..Reply::default()
            };
            self.local_reply(index, reply);
            return false;
        }
        true
    }

    /// A response of 1xx leaves for the client.
    pub(super) fn write_informational(&mut self, index: usize, headers: &Headers) {
        if self.trace.capture {
            let args = vec![arg("stream", index), arg("headers", headers)];
            self.record(Kind::Client, "informational_headers", None, None, args);
        }
    }

    /// Response headers leave for the client.
    pub(super) fn write_headers(&mut self, index: usize, end: bool) {
        let now = self.now_text();
        let server = self.config.manager.server_name.clone();
        let with_id = self.config.manager.request_id_in_response;
        let stream = &mut self.streams[index];
        let Some(mut headers) = stream.response.headers.clone() else {
            return;
        };
        let Some(status) = headers
            .get_str(":status")
            .and_then(|s| s.parse::<u16>().ok())
        else {
            let reply = Reply {
                status: 502,
                details: "filter_removed_required_response_headers{:status}".to_owned(),
                ..Reply::default()
            };
            self.local_reply(index, reply);
            return;
        };
        for name in HOP_BY_HOP {
            headers.remove(name);
        }
        if headers.get("date").is_none() {
            headers.push("date", now);
        }
        put(&mut headers, "server", server);
        if with_id
            && let Some(id) = stream
                .request
                .headers
                .as_ref()
                .and_then(|h| h.get("x-request-id"))
        {
            put(&mut headers, "x-request-id", id);
        }
        stream.response.headers = Some(headers.clone());
        stream.info.status = Some(status);
        stream.info.response_start_ns = Some(self.clock.now_ns);
        let bodiless = stream.info.head || matches!(status, 204 | 304);
        stream.promised = match bodiless {
            true => None,
            false => headers
                .get_str("content-length")
                .and_then(|v| v.parse().ok()),
        };
        if self.trace.capture {
            let args = vec![arg("stream", index), arg("headers", &headers)];
            self.record(Kind::Client, "response_headers", None, None, args);
        }
        let stream = &mut self.streams[index];
        stream.received = Some(Response {
            status,
            headers,
            ..Response::default()
        });
        self.http_stat(class_stat(status), 1);
        self.http_stat("downstream_rq_completed", 1);
        if end {
            self.finish(index, ExchangeOutcome::Completed);
        }
    }

    /// A part of the response's body leaves for the client.
    pub(super) fn write_data(&mut self, index: usize, bytes: &[u8], end: bool) {
        if self.trace.capture && (end || !bytes.is_empty()) {
            let args = vec![
                arg("stream", index),
                arg("data", bytes),
                arg("end_of_stream", if end { "true" } else { "false" }),
            ];
            self.record(Kind::Client, "response_data", None, None, args);
        }
        let stream = &mut self.streams[index];
        stream.info.bytes_sent += bytes.len() as u64;
        if let Some(received) = &mut stream.received {
            // An HTTP/1.1 client reads as many bytes as content-length has promised.
            let room = stream
                .promised
                .map_or(usize::MAX, |p| p.saturating_sub(received.body.len()));
            received.body.0.extend(&bytes[..bytes.len().min(room)]);
        }
        if end {
            self.finish(index, ExchangeOutcome::Completed);
        }
    }

    /// Response trailers leave for the client.
    pub(super) fn write_trailers(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        let trailers = stream.response.trailers.clone().unwrap_or_default();
        if let Some(received) = &mut stream.received {
            received.trailers = trailers.clone();
        }
        if self.trace.capture {
            let args = vec![arg("stream", index), arg("trailers", &trailers)];
            self.record(Kind::Client, "response_trailers", None, None, args);
        }
        self.finish(index, ExchangeOutcome::Completed);
    }

    /// Room again in a stream's buffer: its sender is read on.
    pub(super) fn drained(&mut self, index: usize, direction: Direction) {
        let half = self.streams[index].half(direction);
        if !half.paused || half.held.is_some() {
            return;
        }
        half.paused = false;
        match direction {
            Direction::Decode => self.client_read_later(index),
            Direction::Encode => self.upstream_read_later(index),
        }
    }

    /// Something moved on a stream: its idle timer starts anew.
    pub(super) fn touch(&mut self, index: usize) {
        let timeout = self.config.manager.idle_timeout_ns;
        let stream = &mut self.streams[index];
        if let Some(id) = stream.idle.take() {
            self.clock.cancel(id);
        }
        if timeout > 0 && stream.life == Life::Running {
            let thread = stream.thread;
            stream.idle =
                Some(
                    self.clock
                        .after(timeout, thread, Task::IdleTimeout(index), Weight::Idle),
                );
        }
    }

    /// Nothing has moved for `stream_idle_timeout`.
    pub(super) fn idle_timeout(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        if stream.life != Life::Running {
            return;
        }
        stream.idle = None;
        stream.flag("SI");
        let (status, body) = match stream.upstream {
            Some(_) => (408, "stream timeout"),
            None => (504, "stream timeout"),
        };
        self.http_stat("downstream_rq_idle_timeout", 1);
        let reply = Reply {
            status,
            body: body.into(),
            details: "stream_idle_timeout".to_owned(),
            ..Reply::default()
        };
        self.local_reply(index, reply);
    }
}

/// What an HTTP/1.1 client sends for a request of the lab: content-length for a body in one piece,
/// chunked encoding for one in several or with trailers.
fn client_headers(request: &Request) -> Headers {
    let or = |text: &str, default: &str| {
        if text.is_empty() {
            default.to_owned()
        } else {
            text.to_owned()
        }
    };
    let mut headers = Headers::default();
    headers.push(":authority", or(&request.authority, "example.com"));
    headers.push(":path", or(&request.path, "/"));
    headers.push(":method", or(&request.method, "GET"));
    headers.push(":scheme", "http");
    for (name, value) in request.headers.iter() {
        match name {
            b"host" => put(&mut headers, ":authority", value),
            b":authority" | b":path" | b":method" | b":scheme" => {
                put(&mut headers, &String::from_utf8_lossy(name), value);
            }
            name => headers.push(name, value),
        }
    }
    let chunked = !request.chunks.is_empty() || !request.trailers.is_empty();
    if headers.get("content-length").is_none() && headers.get("transfer-encoding").is_none() {
        if chunked {
            headers.push("transfer-encoding", "chunked");
        } else if !request.body.is_empty() {
            headers.push("content-length", request.body.len().to_string());
        }
    }
    headers
}

/// Replaces the first value where it stands, or adds one.
pub(super) fn put(headers: &mut Headers, name: &str, value: impl AsRef<[u8]>) {
    let value = value.as_ref();
    if !headers.edit_first(name, |old| *old = value.to_vec()) {
        headers.push(name, value);
    }
}

/// Whether a content type is gRPC's.
fn is_grpc(content_type: &str) -> bool {
    content_type
        .strip_prefix("application/grpc")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';']))
}

/// The stat of a status' class.
fn class_stat(status: u16) -> &'static str {
    match status / 100 {
        1 => "downstream_rq_1xx",
        2 => "downstream_rq_2xx",
        3 => "downstream_rq_3xx",
        4 => "downstream_rq_4xx",
        _ => "downstream_rq_5xx",
    }
}
