//! The router's attempts: timeouts, when a request is tried again, and what a failure reads like.
//!
//! Envoy's `RetryStateImpl`. What the filters see is the last attempt alone.

use super::clock::{TimerId, Weight};
use super::config::{On, RETRIES_MAX, RetryPolicy};
use super::downstream::put;
use super::local_reply::Reply;
use super::lookup::header_matches;
use super::shared::Shared;
use super::stream::Life;
use super::task::Task;
use crate::model::Headers;
use crate::model::lab::Reset;
use crate::model::trace::{Kind, arg};

/// The times that a request may take.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    /// All attempts together, nanoseconds; 0 is no limit.
    pub(super) total_ns: u64,
    /// Each attempt; 0 is no limit of its own.
    pub(super) per_try_ns: u64,
    /// Whether a timeout is answered with 204 instead of 504.
    pub(super) alt_response: bool,
}

impl Limits {
    /// Those of the route, or of the request's headers, which are taken out.
    pub(super) fn read(headers: &mut Headers, total_ns: u64, policy: Option<&RetryPolicy>) -> Self {
        let mut limits = Self {
            total_ns,
            per_try_ns: policy.map_or(0, |policy| policy.per_try_ns),
            ..Self::default()
        };
        if let Some(ns) = taken_ms(headers, "x-envoy-upstream-rq-timeout-ms") {
            limits.total_ns = ns;
        }
        if let Some(ns) = taken_ms(headers, "x-envoy-upstream-rq-per-try-timeout-ms") {
            limits.per_try_ns = ns;
        }
        if limits.total_ns > 0 && limits.per_try_ns >= limits.total_ns {
            limits.per_try_ns = 0;
        }
        let alt = "x-envoy-upstream-rq-timeout-alt-response";
        limits.alt_response = headers.get(alt).is_some();
        headers.remove(alt);
        limits
    }
}

/// A header with milliseconds, taken out; in nanoseconds.
fn taken_ms(headers: &mut Headers, name: &str) -> Option<u64> {
    let ms = headers.get_str(name).and_then(|v| v.parse::<u64>().ok());
    headers.remove(name);
    ms.map(|ms| ms.saturating_mul(1_000_000))
}

/// `x-envoy-expected-rq-timeout-ms`: what is left for the attempt, so long after the first began.
pub(super) fn expected_ms(limits: &Limits, passed_ns: u64) -> Option<u64> {
    let total = (limits.total_ns > 0).then(|| limits.total_ns.saturating_sub(passed_ns));
    let per_try = (limits.per_try_ns > 0).then_some(limits.per_try_ns);
    let least = total.into_iter().chain(per_try).min()?;
    Some(least / 1_000_000)
}

/// Bytes that the bodies of one request's attempts may take together: with more, it counts as tried
/// as often as it may be.
const COPIES_MAX: usize = 16 << 20;

/// A request's attempts.
#[derive(Debug)]
pub(super) struct Attempts {
    /// The times that it may take.
    pub(super) limits: Limits,
    /// How often it was tried again.
    pub(super) made: u32,
    /// What is tried again on, and how often it still may be.
    policy: RetryPolicy,
    /// The body, kept to be sent again.
    body: Vec<u8>,
    /// Whether it counts as a retry that is under way.
    holds: bool,
    /// The back-off that runs.
    waiting: Option<TimerId>,
}

/// Why an attempt may be followed by another.
pub(super) enum Cause<'a> {
    /// It failed before a response.
    Reset(Reset),
    /// Its time was over.
    PerTry,
    /// It was answered like this.
    Response(&'a Headers),
}

impl Attempts {
    /// Those of a request, whose headers about it are taken out.
    pub(super) fn new(headers: &mut Headers, policy: Option<&RetryPolicy>, limits: Limits) -> Self {
        let mut policy = policy.cloned().unwrap_or_default();
        for name in ["x-envoy-retry-on", "x-envoy-retry-grpc-on"] {
            let words = headers.get_str(name).unwrap_or("").to_owned();
            policy.on.extend(On::words(&words));
            headers.remove(name);
        }
        let statuses = "x-envoy-retriable-status-codes";
        for status in headers.get_str(statuses).unwrap_or("").split(',') {
            policy.statuses.extend(status.trim().parse::<u32>().ok());
        }
        headers.remove(statuses);
        let most = headers.get_str("x-envoy-max-retries").map(str::parse);
        if let Some(Ok(most)) = most {
            policy.retries = RETRIES_MAX.min(most);
        }
        headers.remove("x-envoy-max-retries");
        Self {
            limits,
            made: 0,
            policy,
            body: Vec::new(),
            holds: false,
            waiting: None,
        }
    }

    fn wants(&self, cause: &Cause<'_>) -> bool {
        let on = &self.policy.on;
        let has = |reason: On| on.contains(&reason);
        let unanswered = has(On::ServerError) || has(On::GatewayError) || has(On::Reset);
        match cause {
            Cause::PerTry => unanswered,
            Cause::Reset(reset) => {
                unanswered
                    || has(On::ConnectFailure) && reset.unconnected()
                    || has(On::RefusedStream) && *reset == Reset::RefusedStream
            }
            Cause::Response(headers) => {
                let number = |name: &str| headers.get_str(name).and_then(|v| v.parse().ok());
                let status: u32 = number(":status").unwrap_or(0);
                if headers.get("x-envoy-ratelimited").is_some() {
                    return has(On::RateLimited);
                }
                has(On::ServerError) && (500..600).contains(&status)
                    || has(On::GatewayError) && (502..505).contains(&status)
                    || has(On::Retriable4xx) && status == 409
                    || has(On::StatusCodes) && self.policy.statuses.contains(&status)
                    || has(On::Headers)
                        && self
                            .policy
                            .headers
                            .iter()
                            .any(|h| header_matches(h, headers))
                    || number("grpc-status").is_some_and(|status| has(On::Grpc(status)))
            }
        }
    }
}

/// What a failure reads like: words, response flag, a stat of the cluster, and the status.
pub(super) struct Failure {
    /// The reason in Envoy's words.
    pub(super) words: &'static str,
    /// Why the transport failed, if it did.
    pub(super) transport: &'static str,
    /// The response flag.
    pub(super) flag: &'static str,
    /// The stat that counts it.
    pub(super) stat: &'static str,
    /// The status of the answer that is made of it.
    pub(super) status: u16,
}

impl Failure {
    /// Of a failure before a response.
    pub(super) fn of(reset: Reset) -> Self {
        let (words, flag, stat) = match reset {
            Reset::Remote => ("remote reset", "UR", "upstream_rq_rx_reset"),
            Reset::RefusedStream => ("remote refused stream reset", "UR", "upstream_rq_rx_reset"),
            Reset::Termination => (
                "connection termination",
                "UC",
                "upstream_cx_destroy_remote_with_active_rq",
            ),
            Reset::ConnectFailure => (
                "remote connection failure",
                "UF",
                "upstream_cx_connect_fail",
            ),
            Reset::ConnectTimeout => ("connection timeout", "UF", "upstream_cx_connect_timeout"),
            Reset::Protocol => ("protocol error", "UPE", "upstream_cx_protocol_error"),
        };
        Self {
            words,
            transport: match reset {
                Reset::ConnectFailure => "delayed connect error: Connection refused",
                _ => "",
            },
            flag,
            stat,
            status: if reset == Reset::Protocol { 502 } else { 503 },
        }
    }

    /// The body of the answer.
    pub(super) fn body(&self, retried: bool) -> String {
        let again = if retried {
            "retried and the latest "
        } else {
            ""
        };
        let words = self.words;
        let mut body = format!(
            "upstream connect error or disconnect/reset before headers. {again}reset reason: {words}"
        );
        if !self.transport.is_empty() {
            body += &format!(", transport failure reason: {}", self.transport);
        }
        body
    }

    /// What stands between the braces of the details.
    pub(super) fn details(&self) -> String {
        let words = self.words.replace(' ', "_");
        match self.transport {
            "" => words,
            transport => format!("{words}|{}", transport.replace(' ', "_")),
        }
    }
}

impl Shared {
    /// Keeps a part of the body for another attempt; too long a body is tried once only.
    pub(super) fn keep_for_retry(&mut self, index: usize, bytes: &[u8]) {
        let limit = self.config.buffer_limit;
        let stream = &mut self.streams[index];
        let (Some(attempts), Some(upstream)) = (&mut stream.attempts, &stream.upstream) else {
            return;
        };
        if attempts.policy.on.is_empty() {
            return;
        }
        attempts.body.extend(bytes);
        if limit > 0 && attempts.body.len() > limit {
            attempts.policy.on.clear();
            attempts.body = Vec::new();
            let cluster = upstream.cluster.clone();
            self.cluster_stat(&cluster, "retry_or_shadow_abandoned", 1);
        }
    }

    /// Whether an attempt is followed by another, which then is on its way.
    pub(super) fn try_again(&mut self, index: usize, cause: &Cause<'_>) -> bool {
        let stream = &mut self.streams[index];
        let (Some(attempts), Some(upstream)) = (&mut stream.attempts, &stream.upstream) else {
            return false;
        };
        let cluster = upstream.cluster.clone();
        if !attempts.wants(cause) {
            if std::mem::take(&mut attempts.holds) {
                self.retry_is_over(&cluster);
                self.cluster_stat(&cluster, "upstream_rq_retry_success", 1);
            }
            return false;
        }
        if std::mem::take(&mut attempts.holds) {
            self.retry_is_over(&cluster);
        }
        let under_way = self.retries.get(&cluster).copied().unwrap_or(0);
        let most = self
            .cluster_index(&cluster)
            .map_or(0, |at| self.config.clusters[at].max_retries);
        let stream = &mut self.streams[index];
        let Some(attempts) = &mut stream.attempts else {
            return false;
        };
        let copies = (attempts.made as usize + 2).saturating_mul(attempts.body.len());
        if attempts.policy.retries == 0 || copies > COPIES_MAX {
            stream.flag("URX");
            self.cluster_stat(&cluster, "upstream_rq_retry_limit_exceeded", 1);
            return false;
        }
        attempts.policy.retries -= 1;
        if under_way >= most {
            stream.flag("UO");
            self.cluster_stat(&cluster, "upstream_rq_retry_overflow", 1);
            return false;
        }
        attempts.holds = true;
        attempts.made += 1;
        // Full jitter: anything below (2^N - 1) times the base, and no more than the longest.
        let factor = (1_u64 << attempts.made.min(32)) - 1;
        let longest = attempts.policy.base_ns.saturating_mul(factor);
        let longest = longest.min(attempts.policy.max_ns).max(1);
        *self.retries.entry(cluster.clone()).or_insert(0) += 1;
        self.cluster_stat(&cluster, "upstream_rq_retry", 1);
        self.cluster_stat(&cluster, "upstream_rq_retry_backoff_exponential", 1);
        self.drop_attempt(index);
        let wait = self.random.below(longest);
        let thread = self.streams[index].thread;
        let timer = self
            .clock
            .after(wait, thread, Task::Retry(index), Weight::Work);
        if let Some(attempts) = &mut self.streams[index].attempts {
            attempts.waiting = Some(timer);
        }
        if self.trace.capture {
            let args = vec![
                arg("stream", index),
                arg("cluster", cluster.as_bytes()),
                arg("back_off_ms", (wait / 1_000_000) as usize),
            ];
            self.record(Kind::Upstream, "retry", None, None, args);
        }
        true
    }

    fn retry_is_over(&mut self, cluster: &str) {
        if let Some(n) = self.retries.get_mut(cluster) {
            *n = n.saturating_sub(1);
        }
    }

    /// The back-off is over: the request goes out once more, to the next host.
    pub(super) fn retry(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        if stream.life != Life::Running {
            return;
        }
        let (Some(attempts), Some(upstream)) = (&mut stream.attempts, &stream.upstream) else {
            return;
        };
        attempts.waiting = None;
        let limits = attempts.limits;
        let body = attempts.body.clone();
        let (name, began) = (upstream.cluster.clone(), upstream.request_done_ns);
        let thread = stream.thread;
        let mut headers = stream.request.headers.clone().unwrap_or_default();
        let trailers = stream.request.trailers.clone();
        let count = stream.info.attempts + 1;
        let passed = self.clock.now_ns.saturating_sub(began);
        if let Some(ms) = expected_ms(&limits, passed)
            && headers.get("x-envoy-expected-rq-timeout-ms").is_some()
        {
            put(
                &mut headers,
                "x-envoy-expected-rq-timeout-ms",
                ms.to_string(),
            );
        }
        if headers.get("x-envoy-attempt-count").is_some() {
            put(&mut headers, "x-envoy-attempt-count", count.to_string());
        }
        let Some(cluster) = self.cluster_index(&name) else {
            return;
        };
        let Some(host) = self.pick_host(thread, cluster) else {
            self.no_host(index, &name);
            return;
        };
        let end = body.is_empty() && trailers.is_none();
        if !self.begin_attempt(index, cluster, host, headers, end) {
            return;
        }
        if let Some(sent) = self.sent(index) {
            sent.body = body.into();
            sent.trailers = trailers.unwrap_or_default();
        }
        self.request_sent(index);
    }

    /// An attempt has had its time.
    pub(super) fn per_try_timed_out(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        let Some(upstream) = stream.upstream.as_mut().filter(|up| !up.gone) else {
            return;
        };
        upstream.per_try = None;
        if upstream.answered {
            return;
        }
        let cluster = upstream.cluster.clone();
        self.cluster_stat(&cluster, "upstream_rq_per_try_timeout", 1);
        self.attempt_stat(index, "rq_timeout", 1);
        self.attempt_stat(index, "rq_error", 1);
        if !self.try_again(index, &Cause::PerTry) {
            self.time_is_over(index, "upstream_per_try_timeout");
        }
    }

    /// The route timeout has struck.
    pub(super) fn timed_out(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        stream.route_timer = None;
        let Some(upstream) = &stream.upstream else {
            return;
        };
        let waiting = stream
            .attempts
            .as_ref()
            .is_some_and(|a| a.waiting.is_some());
        if upstream.gone && !waiting {
            return;
        }
        if !waiting {
            let (cluster, answered) = (upstream.cluster.clone(), upstream.answered);
            self.cluster_stat(&cluster, "upstream_rq_timeout", 1);
            self.attempt_stat(index, "rq_timeout", 1);
            if !answered {
                self.attempt_stat(index, "rq_error", 1);
            }
        }
        self.time_is_over(index, "response_timeout");
    }

    fn time_is_over(&mut self, index: usize, details: &str) {
        let stream = &mut self.streams[index];
        let answered = stream.upstream.as_ref().is_some_and(|up| up.answered);
        let alt = stream
            .attempts
            .as_ref()
            .is_some_and(|a| a.limits.alt_response);
        stream.flag("UT");
        self.abandon_upstream(index);
        if answered {
            self.streams[index].info.details = details.to_owned();
            self.streams[index].response.aborted = true;
            self.http_stat("rq_reset_after_downstream_response_started", 1);
            self.reset(index);
            return;
        }
        let (status, body) = match alt {
            true => (204, ""),
            false => (504, "upstream request timeout"),
        };
        let upstream = self.streams[index].upstream.as_ref();
        if let Some(cluster) = upstream.map(|upstream| upstream.cluster.clone()) {
            self.count_final(&cluster, &status.to_string());
        }
        let reply = Reply {
            status,
            body: body.into(),
            details: details.to_owned(),
            ..Reply::default()
        };
        self.local_reply(index, reply);
    }

    /// As many requests are under way to the cluster as its circuit breaker lets through.
    pub(super) fn overflow(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        stream.flag("UO");
        let retried = stream.info.attempts > 0;
        let failure = Failure {
            words: "overflow",
            transport: "",
            flag: "UO",
            stat: "",
            status: 503,
        };
        let cluster = self.streams[index].info.cluster.clone();
        self.count_final(&cluster.unwrap_or_default(), "503");
        let mut headers = Headers::default();
        if !self.config.manager.suppress_envoy_headers {
            headers.push("x-envoy-overloaded", "true");
        }
        let reply = Reply {
            status: failure.status,
            body: failure.body(retried).into_bytes(),
            headers,
            details: "upstream_reset_before_response_started{overflow}".to_owned(),
            ..Reply::default()
        };
        self.local_reply(index, reply);
    }

    /// The stream needs its upstream no more: no attempt follows, and no timeout strikes.
    pub(super) fn end_attempts(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        let cluster = stream.upstream.as_ref().map(|up| up.cluster.clone());
        let mut timers = vec![stream.route_timer.take()];
        let mut held = false;
        if let Some(attempts) = &mut stream.attempts {
            timers.push(attempts.waiting.take());
            held = std::mem::take(&mut attempts.holds);
        }
        for id in timers.into_iter().flatten() {
            self.clock.cancel(id);
        }
        if let (true, Some(cluster)) = (held, cluster) {
            self.retry_is_over(&cluster);
        }
    }
}
