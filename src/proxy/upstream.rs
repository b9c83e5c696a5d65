//! Upstream clusters: what the lab has them answer, and how it comes back to the router.

use super::clock::Weight;
use super::downstream::frames;
use super::local_reply::Reply;
use super::retry::{Cause, Failure};
use super::shared::Shared;
use super::stream::{Frame, Life};
use super::task::{Part, Task};
use crate::model::lab::{Matcher, RequestMatch, Reset, UpstreamAction, UpstreamRule};
use crate::model::report::{Message, UpstreamRequest};
use crate::model::trace::{Kind, arg};
use crate::model::{Bytes, Headers};
use std::collections::VecDeque;

/// What an upstream does with a request.
pub(super) enum Answer {
    /// These frames, which make this message.
    Frames(VecDeque<Frame>, Message),
    /// It fails before a response.
    Reset(Reset),
    /// It says nothing.
    Silence,
}

impl Shared {
    /// The whole request is at the upstream: its rule decides what happens when.
    pub(super) fn upstream_works(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        let thread = stream.thread;
        let Some(upstream) = &mut stream.upstream else {
            return;
        };
        let Some(request) = stream.exchange.upstream_requests.get_mut(upstream.index) else {
            return;
        };
        let rules = self.upstreams.get(&upstream.cluster);
        let (rule, refused) = find(rules, request);
        if !refused && !cut_to_length(request) {
            // Fewer bytes than content-length has promised: an HTTP/1.1 upstream waits for the rest.
            return;
        }
        let delay = match &rule.action {
            UpstreamAction::Timeout => return,
            UpstreamAction::Reset(Reset::ConnectTimeout) => {
                let clusters = &self.config.clusters;
                let known = clusters.iter().find(|c| c.name == upstream.cluster);
                known.map_or(0, |cluster| cluster.connect_timeout_ns)
            }
            _ => rule.delay_ns,
        };
        if let UpstreamAction::Reset(reset) = &rule.action
            && reset.unconnected()
            && let Some(id) = upstream.per_try.take()
        {
            // An attempt's time begins once it has a connection.
            self.clock.cancel(id);
        }
        upstream.rule = Some(rule);
        let task = Task::UpstreamAnswer(index);
        upstream.answer = Some(self.clock.after(delay, thread, task, Weight::Work));
    }

    /// The upstream's delay is over.
    pub(super) fn upstream_answers(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        if stream.life != Life::Running {
            return;
        }
        let Some(upstream) = &mut stream.upstream else {
            return;
        };
        if upstream.gone {
            return;
        }
        upstream.answer = None;
        let Some(request) = stream.exchange.upstream_requests.get_mut(upstream.index) else {
            return;
        };
        let rule = upstream.rule.take().unwrap_or_default();
        match answer(&rule, request) {
            Answer::Frames(frames, message) => {
                request.response = Some(message);
                upstream.inbox = frames;
                self.upstream_read_later(index);
            }
            Answer::Reset(reset) => self.upstream_reset(index, reset),
            Answer::Silence => {}
        }
    }

    /// The upstream fails: another attempt, 503 before response headers, a reset after them.
    fn upstream_reset(&mut self, index: usize, reset: Reset) {
        let failure = Failure::of(reset);
        let stream = &mut self.streams[index];
        let Some(upstream) = &mut stream.upstream else {
            return;
        };
        let answered = upstream.answered;
        let cluster = upstream.cluster.clone();
        if reset.unconnected() && upstream.index + 1 == stream.exchange.upstream_requests.len() {
            // Nobody has received it.
            stream.exchange.upstream_requests.pop();
        }
        stream.info.transport_failure = failure.transport;
        let deferred = stream.info.grpc && stream.info.status.is_some_and(|status| status < 500);
        if reset.unconnected() {
            // A request counts for its host when a connection takes it.
            self.attempt_stat(index, "rq_total", -1);
            self.attempt_stat(index, "cx_connect_fail", 1);
        }
        if !answered || deferred {
            self.attempt_stat(index, "rq_error", 1);
        }
        self.cluster_stat(&cluster, failure.stat, 1);
        if self.trace.capture {
            let args = vec![
                arg("stream", index),
                arg("cluster", cluster.as_bytes()),
                arg("reason", failure.words.as_bytes()),
            ];
            self.record(Kind::Upstream, "reset", None, None, args);
        }
        if !answered && self.try_again(index, &Cause::Reset(reset)) {
            return;
        }
        let stream = &mut self.streams[index];
        stream.flag(failure.flag);
        let retried = stream.info.attempts > 1;
        let details = failure.details();
        self.abandon_upstream(index);
        if answered {
            let stream = &mut self.streams[index];
            stream.info.details = format!("upstream_reset_after_response_started{{{details}}}");
            stream.response.aborted = true;
            self.http_stat("rq_reset_after_downstream_response_started", 1);
            self.reset(index);
            return;
        }
        self.count_final(&cluster, &failure.status.to_string());
        let reply = Reply {
            status: failure.status,
            body: failure.body(retried).into_bytes(),
            details: format!("upstream_reset_before_response_started{{{details}}}"),
            ..Reply::default()
        };
        self.local_reply(index, reply);
    }

    /// Queues a read of the upstream's next frame.
    pub(super) fn upstream_read_later(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        let paused = stream.response.paused;
        let Some(upstream) = &mut stream.upstream else {
            return;
        };
        let Some(next) = upstream
            .inbox
            .front_mut()
            .filter(|_| !upstream.reading && !paused)
        else {
            return;
        };
        upstream.reading = true;
        let thread = stream.thread;
        let wait = std::mem::take(&mut next.after_ns);
        if wait > 0 {
            let task = Task::UpstreamRead(index);
            upstream.answer = Some(self.clock.after(wait, thread, task, Weight::Work));
            return;
        }
        self.threads[thread]
            .queue
            .push_back(Task::UpstreamRead(index));
    }

    /// Reads the upstream's next frame and sends it through the encoders.
    pub(super) fn upstream_read(&mut self, index: usize) {
        self.touch(index);
        let now = self.clock.now_ns;
        let stream = &mut self.streams[index];
        let paused = stream.response.paused;
        let running = stream.life == Life::Running;
        let Some(upstream) = &mut stream.upstream else {
            return;
        };
        upstream.reading = false;
        if !running || paused || upstream.gone {
            return;
        }
        let Some(mut frame) = upstream.inbox.pop_front() else {
            return;
        };
        if let Some(reset) = frame.reset {
            return self.upstream_reset(index, reset);
        }
        let cluster = upstream.cluster.clone();
        if is_informational(&frame) {
            self.upstream_frame_event(index, &cluster, &frame);
            self.informational(index, &frame.headers);
            self.upstream_read_later(index);
            return;
        }
        if frame.part == Part::Headers && self.try_again(index, &Cause::Response(&frame.headers)) {
            let status = frame.headers.get_str(":status").unwrap_or("0");
            self.count_response(&cluster, &["retry."], status);
            self.attempt_stat(index, "rq_error", 1);
            return;
        }
        let stream = &mut self.streams[index];
        let Some(upstream) = &mut stream.upstream else {
            return;
        };
        if frame.end {
            upstream.last_byte_ns = Some(now);
        }
        let service_ns = now - upstream.request_done_ns;
        upstream.answered = true;
        if frame.end
            && let Some(id) = stream.route_timer.take()
        {
            self.clock.cancel(id);
        }
        self.upstream_frame_event(index, &cluster, &frame);
        self.attempt_answered(index, &frame);
        if frame.end {
            // No client is internal, as for the counters.
            for twin in ["", "external."] {
                let name = format!("cluster.{cluster}.{twin}upstream_rq_time");
                self.time_stat(name, service_ns);
            }
        }
        self.streams[index].response.complete = frame.end;
        self.upstream_read_later(index);
        match &frame.part {
            Part::Headers => {
                let status = frame.headers.get_str(":status").unwrap_or("0").to_owned();
                self.count_final(&cluster, &status);
                if !self.config.manager.suppress_envoy_headers {
                    let ms = (service_ns / 1_000_000).to_string();
                    frame.headers.push("x-envoy-upstream-service-time", ms);
                }
                let mut headers = frame.headers;
                self.change_response(index, &mut headers);
                let stream = &mut self.streams[index];
                stream.info.details = "via_upstream".to_owned();
                // The router tells the code before the encoders see the headers.
                stream.info.status = status.parse().ok();
                stream.response.headers = Some(headers);
            }
            Part::Trailers => self.streams[index].response.trailers = Some(frame.headers),
            Part::Data(_) => {}
        }
        self.encode_pass(index, frame.part, frame.end);
    }

    fn upstream_frame_event(&mut self, index: usize, cluster: &str, frame: &Frame) {
        if !self.trace.capture {
            return;
        }
        let mut args = vec![arg("stream", index), arg("cluster", cluster.as_bytes())];
        let name = match &frame.part {
            Part::Headers => {
                args.push(arg("headers", &frame.headers));
                match is_informational(frame) {
                    true => "informational_headers",
                    false => "response_headers",
                }
            }
            Part::Data(bytes) => {
                args.push(arg("data", bytes.as_slice()));
                "response_data"
            }
            Part::Trailers => {
                args.push(arg("trailers", &frame.headers));
                "response_trailers"
            }
        };
        args.push(arg(
            "end_of_stream",
            if frame.end { "true" } else { "false" },
        ));
        self.record(Kind::Upstream, name, None, None, args);
    }

    /// A response of 1xx is here. It ends at the manager, unless that hands it on; a Wasm filter
    /// never hears of it.
    fn informational(&mut self, index: usize, headers: &Headers) {
        if self.config.manager.proxy_100 {
            self.write_informational(index, headers);
        }
    }

    /// The router gives its request to the upstream up, or is done with it.
    pub(super) fn abandon_upstream(&mut self, index: usize) {
        self.drop_attempt(index);
        self.end_attempts(index);
    }

    /// The attempt that goes on is over.
    pub(super) fn drop_attempt(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        let Some(upstream) = &mut stream.upstream else {
            return;
        };
        if upstream.gone {
            return;
        }
        upstream.gone = true;
        upstream.inbox.clear();
        let unfinished = !upstream.answered || !stream.response.complete;
        let cluster = upstream.cluster.clone();
        for id in [upstream.per_try.take(), upstream.answer.take()]
            .into_iter()
            .flatten()
        {
            self.clock.cancel(id);
        }
        self.callout_is_over(&cluster);
        self.attempt_stat(index, "rq_active", -1);
        if unfinished {
            self.cluster_stat(&cluster, "upstream_rq_cancelled", 1);
        }
    }
}

fn is_informational(frame: &Frame) -> bool {
    let status = frame.headers.get_str(":status").unwrap_or("");
    frame.part == Part::Headers && status.len() == 3 && status.starts_with('1')
}

/// What the rule makes of a request.
pub(super) fn answer(rule: &UpstreamRule, request: &UpstreamRequest) -> Answer {
    let (mut early, mut broken) = (&[][..], None);
    let (status, headers, body, sizes, trailers) = match &rule.action {
        // An upstream that speaks no HTTP: a codec resets what it cannot read.
        UpstreamAction::Tcp { .. } => return Answer::Reset(Reset::Protocol),
        UpstreamAction::Reset(reset) => return Answer::Reset(*reset),
        UpstreamAction::Timeout => return Answer::Silence,
        // A strict rule that has nothing to refuse is passed over.
        UpstreamAction::Echo | UpstreamAction::Strict => {
            let mut headers = Headers::default();
            headers.push("content-type", "application/json");
            (200, headers, echo(request), Vec::new(), Headers::default())
        }
        UpstreamAction::Reply {
            status,
            headers,
            body,
            chunks,
            trailers,
            informational,
            reset,
        } => {
            (early, broken) = (informational, *reset);
            (
                *status,
                headers.clone(),
                body.0.clone(),
                chunks.clone(),
                trailers.clone(),
            )
        }
        UpstreamAction::Grpc(reply) => {
            let (frames, message) = super::grpc::server_frames(reply);
            return Answer::Frames(frames, message);
        }
    };
    let mut all = Headers::default();
    all.push(":status", status.to_string());
    for (name, value) in headers.iter() {
        all.push(name, value);
    }
    let whole = sizes.is_empty() && trailers.is_empty() && broken.is_none();
    let bodiless = matches!(status, 204 | 304);
    if whole
        && !bodiless
        && all.get("content-length").is_none()
        && all.get("transfer-encoding").is_none()
    {
        all.push("content-length", body.len().to_string());
    }
    let body = match request.headers.get_str(":method") == Some("HEAD") || bodiless {
        true => Vec::new(),
        false => body,
    };
    let message = Message {
        headers: all.clone(),
        body: body.clone().into(),
        trailers: trailers.clone(),
    };
    let mut frames = frames(all, &body, &sizes, &trailers);
    if let (Some(reset), Some(last)) = (broken, frames.back_mut()) {
        last.end = false;
        frames.push_back(Frame {
            reset: Some(reset),
            ..Frame::new(Part::Data(Vec::new()), Headers::default())
        });
    }
    for status in early.iter().rev() {
        let mut headers = Headers::default();
        headers.push(":status", status.to_string());
        frames.push_front(Frame::new(Part::Headers, headers));
    }
    Answer::Frames(frames, message)
}

/// The request as JSON: what an echo upstream answers.
fn echo(request: &UpstreamRequest) -> Vec<u8> {
    let get = |name: &str| request.headers.get_str(name).unwrap_or("").to_owned();
    let mut headers = serde_json::Map::new();
    for (name, value) in request.headers.iter() {
        let name = String::from_utf8_lossy(name).into_owned();
        let value = serde_json::to_value(Bytes::from(value)).unwrap_or_default();
        match headers.get_mut(&name) {
            None => {
                headers.insert(name, value);
            }
            Some(serde_json::Value::Array(list)) => list.push(value),
            Some(first) => *first = serde_json::Value::Array(vec![first.take(), value]),
        }
    }
    let mut out = serde_json::Map::new();
    out.insert("method".to_owned(), get(":method").into());
    out.insert("path".to_owned(), get(":path").into());
    out.insert("headers".to_owned(), headers.into());
    out.insert(
        "body".to_owned(),
        serde_json::to_value(&request.body).unwrap_or_default(),
    );
    if !request.trailers.is_empty() {
        out.insert(
            "trailers".to_owned(),
            serde_json::to_value(&request.trailers).unwrap_or_default(),
        );
    }
    serde_json::Value::Object(out).to_string().into_bytes()
}

/// The first rule that matches; a cluster without one echoes. A strict rule matches what is malformed,
/// and then it is the answer that says so.
pub(super) fn find_rule(
    rules: Option<&Vec<UpstreamRule>>,
    request: &UpstreamRequest,
) -> UpstreamRule {
    find(rules, request).0
}

/// As above, and whether it is a strict rule that refuses.
fn find(rules: Option<&Vec<UpstreamRule>>, request: &UpstreamRequest) -> (UpstreamRule, bool) {
    let rules = rules.map_or(&[][..], Vec::as_slice);
    for rule in rules.iter().filter(|rule| fits(&rule.matches, request)) {
        if !matches!(rule.action, UpstreamAction::Strict) {
            return (rule.clone(), false);
        }
        if let Some(why) = super::strict::malformed(request) {
            let mut headers = Headers::default();
            headers.push("content-type", "text/plain");
            let action = UpstreamAction::Reply {
                status: 400,
                headers,
                body: format!("malformed request: {why}").into_bytes().into(),
                chunks: Vec::new(),
                trailers: Headers::default(),
                informational: Vec::new(),
                reset: None,
            };
            let refusal = UpstreamRule {
                action,
                ..rule.clone()
            };
            return (refusal, true);
        }
    }
    (UpstreamRule::default(), false)
}

fn fits(condition: &RequestMatch, request: &UpstreamRequest) -> bool {
    let same = |wanted: &Option<String>, name: &str| {
        wanted
            .as_deref()
            .is_none_or(|wanted| request.headers.get_str(name) == Some(wanted))
    };
    let of_http = condition.data.is_none() && !condition.connect;
    of_http
        && same(&condition.method, ":method")
        && same(&condition.path, ":path")
        && condition.headers.iter().all(|(name, matcher)| {
            request
                .headers
                .get_all(name)
                .any(|value| matches(matcher, value))
        })
}

/// Whether a value is as a matcher wants it. A pattern that is no regular expression matches nothing;
/// the lab file's reader has refused it before.
pub(crate) fn matches(matcher: &Matcher, value: &[u8]) -> bool {
    match matcher {
        Matcher::Exact(bytes) => bytes.0 == value,
        Matcher::Contains(bytes) => {
            bytes.is_empty()
                || value
                    .windows(bytes.len())
                    .any(|window| window == &bytes.0[..])
        }
        Matcher::Matches(pattern) => regex_lite::Regex::new(pattern)
            .is_ok_and(|regex| regex.is_match(&String::from_utf8_lossy(value))),
    }
}

/// Reads a request's body as an HTTP/1.1 upstream does: as many bytes as content-length says.
/// False when some are missing.
fn cut_to_length(request: &mut UpstreamRequest) -> bool {
    let length = request
        .headers
        .get_str("content-length")
        .and_then(|v| v.parse::<usize>().ok());
    match length {
        Some(length) if request.body.len() < length => false,
        Some(length) => {
            request.body.0.truncate(length);
            true
        }
        None => true,
    }
}
