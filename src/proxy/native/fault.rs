//! The fault filter: requests that wait, requests that are answered with an error, and responses that
//! come slowly.

use super::{At, NativeStream};
use crate::model::trace::{Kind, arg};
use crate::proxy::clock::{TimerId, Weight};
use crate::proxy::config::{Abort, Config, Delay, Fault, FilterKind, Native, NativeRoute, Percent};
use crate::proxy::iterate::Verdict;
use crate::proxy::local_reply::Reply;
use crate::proxy::lookup::header_matches;
use crate::proxy::search::{Resource, Use};
use crate::proxy::shared::Shared;
use crate::proxy::stream::Life;
use crate::proxy::task::{Direction, Part, Task};

/// The filter's state on a stream.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Faulty {
    /// The timer of a delay that runs.
    timer: Option<TimerId>,
    /// Whether the stream counts as an active fault; it does once, with however many.
    active: bool,
    /// What slows the response down.
    limiter: Option<Box<Limiter>>,
}

/// Envoy's stream rate limiter: a second has 20 tokens, each good for as many bytes.
#[derive(Debug)]
struct Limiter {
    /// Bytes of a token.
    slice: usize,
    /// Tokens, each as long as it takes to come, in nanoseconds; a second's at most.
    level_ns: u64,
    /// When that was; `None` before the first byte.
    at_ns: Option<u64>,
    /// What has not gone on yet.
    held: Vec<u8>,
    /// Whether the body has ended.
    ended: bool,
    /// Whether trailers wait behind it.
    trailers: bool,
    timer: Option<TimerId>,
}

/// What a token takes to come.
const TOKEN_NS: u64 = 50_000_000;

const ACTIVE: &str = "fault.active_faults";

impl Shared {
    /// A part of the request.
    pub(super) fn fault_request(&mut self, at: At, fault: &Fault, part: &Part) -> Verdict {
        let delayed = matches!(self.native_state(at), NativeStream::Fault(f) if f.timer.is_some());
        match part {
            Part::Headers => self.fault_headers(at, fault),
            Part::Data(_) if delayed => Verdict::Watermark,
            Part::Trailers if delayed => Verdict::Stop,
            _ => Verdict::Continue,
        }
    }

    fn fault_headers(&mut self, at: At, fault: &Fault) -> Verdict {
        let config = self.config.clone();
        let fault = self.fault_of(&config, at, fault);
        if !self.fault_concerns(at, fault) {
            return Verdict::Continue;
        }
        self.fault_limits(at, fault);
        if let Some(ns) = self.delay_of(at, fault)
            && self.fault_begins(at, fault)
        {
            let task = Task::FaultDelay(at.stream, at.filter);
            let timer = self.clock.after(ns, self.thread, task, Weight::Work);
            if let NativeStream::Fault(state) = self.native_state(at) {
                state.timer = Some(timer);
            }
            if self.trace.capture {
                let args = vec![arg("stream", at.stream), arg("ms", (ns / 1_000_000) as i64)];
                self.record(Kind::Chain, "delay", None, None, args);
            }
            self.fault_count(at, fault, "delays_injected");
            self.streams[at.stream].flag("DI");
            return Verdict::Stop;
        }
        match self.fault_aborts(at, fault) {
            true => Verdict::Stop,
            false => Verdict::Continue,
        }
    }

    /// A response is to come slowly.
    fn fault_limits(&mut self, at: At, fault: &Fault) {
        let Some((kbps, share)) = fault.rate else {
            return;
        };
        let header = "x-envoy-fault-throughput-response-percentage";
        let header = kbps.is_none().then_some(header);
        let falls = self.fault_share(at, share, header);
        let asked = self.request_header(at, "x-envoy-fault-throughput-response");
        let kbps = kbps.or_else(|| asked.parse().ok().filter(|kbps| *kbps > 0));
        let Some(kbps) = kbps.filter(|_| falls && self.fault_begins(at, fault)) else {
            return;
        };
        self.native_count("fault.response_rl_injected");
        let limiter = Limiter {
            slice: usize::try_from(kbps.saturating_mul(1024) / 20).unwrap_or(usize::MAX),
            // The first piece of the body has one token, not a second's.
            level_ns: TOKEN_NS,
            at_ns: None,
            held: Vec::new(),
            ended: false,
            trailers: false,
            timer: None,
        };
        if let NativeStream::Fault(state) = self.native_state(at) {
            state.limiter = Some(Box::new(limiter));
        }
    }

    /// A part of the response.
    pub(super) fn fault_response(&mut self, at: At, part: &mut Part, end: bool) -> Verdict {
        let now = self.clock.now_ns;
        let NativeStream::Fault(state) = self.native_state(at) else {
            return Verdict::Continue;
        };
        let Some(limiter) = &mut state.limiter else {
            return Verdict::Continue;
        };
        match part {
            Part::Headers => return Verdict::Continue,
            Part::Data(bytes) => {
                limiter.at_ns.get_or_insert(now);
                limiter.held.append(bytes);
                limiter.ended = end;
            }
            Part::Trailers => {
                limiter.trailers = true;
                return match limiter.held.is_empty() {
                    true => Verdict::Continue,
                    false => Verdict::Stop,
                };
            }
        }
        if limiter.timer.is_none() {
            self.fault_tokens_after(at, 0);
        }
        Verdict::NoBuffer
    }

    fn fault_tokens_after(&mut self, at: At, ns: u64) {
        let task = Task::FaultTokens(at.stream, at.filter);
        let timer = self.clock.after(ns, self.thread, task, Weight::Work);
        if let NativeStream::Fault(Faulty {
            limiter: Some(limiter),
            ..
        }) = self.native_state(at)
        {
            limiter.timer = Some(timer);
        }
    }

    /// As much of a slow response goes on as there are tokens for.
    pub(in crate::proxy) fn fault_tokens(&mut self, stream: usize, filter: usize) {
        let at = At { stream, filter };
        let now = self.clock.now_ns;
        if self.streams[stream].life != Life::Running {
            return;
        }
        let NativeStream::Fault(Faulty {
            limiter: Some(limiter),
            ..
        }) = self.native_state(at)
        else {
            return;
        };
        limiter.timer = None;
        let level = limiter.level_ns + now - limiter.at_ns.unwrap_or(now);
        limiter.level_ns = level.min(1_000_000_000);
        limiter.at_ns = Some(now);
        let needed = limiter.held.len().div_ceil(limiter.slice) as u64;
        let tokens = needed.min(limiter.level_ns / TOKEN_NS);
        limiter.level_ns -= tokens * TOKEN_NS;
        let most = limiter.slice.saturating_mul(tokens as usize);
        let rest = limiter.held.split_off(most.min(limiter.held.len()));
        let bytes = std::mem::replace(&mut limiter.held, rest);
        let all = limiter.held.is_empty();
        let end = all && limiter.ended;
        let trailers = all && limiter.trailers;
        let missing = TOKEN_NS.saturating_sub(limiter.level_ns);
        if !all {
            self.fault_tokens_after(at, missing);
        }
        if trailers {
            let direction = Direction::Encode;
            self.push_front(Task::Continue(stream, filter, direction, true));
        }
        self.native_inject(at, Direction::Encode, bytes, end);
    }

    /// A delay is over: an abort may follow it.
    pub(in crate::proxy) fn fault_delayed(&mut self, stream: usize, filter: usize) {
        let at = At { stream, filter };
        if self.streams[stream].life != Life::Running {
            return;
        }
        if let NativeStream::Fault(state) = self.native_state(at) {
            state.timer = None;
        }
        let config = self.config.clone();
        let FilterKind::Native(Native::Fault(fault)) = &config.manager.filters[filter].kind else {
            return;
        };
        let fault = self.fault_of(&config, at, fault);
        if !self.fault_aborts(at, fault) {
            self.push_front(Task::Continue(stream, filter, Direction::Decode, true));
        }
    }

    /// The stream ends, and with it its fault.
    pub(super) fn fault_ends(&mut self, state: Faulty) {
        let timers = [state.timer, state.limiter.and_then(|limiter| limiter.timer)];
        for timer in timers.into_iter().flatten() {
            self.clock.cancel(timer);
        }
        if state.active {
            *self.active_faults() -= 1;
        }
    }

    /// The settings that hold: the route's, or the filter's.
    fn fault_of<'a>(&mut self, config: &'a Config, at: At, fault: &'a Fault) -> &'a Fault {
        match self.routed(config, at).first() {
            Some(NativeRoute::Fault(routed)) => routed,
            _ => fault,
        }
    }

    fn fault_concerns(&self, at: At, fault: &Fault) -> bool {
        let stream = &self.streams[at.stream];
        let cluster = stream.info.cluster.as_deref().unwrap_or("");
        let node = self.request_header(at, "x-envoy-downstream-service-node");
        let headers = stream.request.headers.as_ref();
        (fault.cluster.is_empty() || fault.cluster == cluster)
            && (fault.nodes.is_empty() || fault.nodes.contains(&node))
            && headers.is_some_and(|h| fault.headers.iter().all(|m| header_matches(m, h)))
    }

    /// The share of requests, which a header may make smaller where the fault is a header's.
    fn fault_share(&mut self, at: At, share: Percent, header: Option<&str>) -> bool {
        let asked = header.and_then(|name| self.request_header(at, name).parse::<u32>().ok());
        let numerator = asked.map_or(share.numerator, |asked| asked.min(share.numerator));
        self.falls_in(Percent { numerator, ..share })
    }

    fn delay_of(&mut self, at: At, fault: &Fault) -> Option<u64> {
        let (delay, share) = fault.delay?;
        let (ns, header) = match delay {
            Delay::Fixed(ns) => (Some(ns), None),
            Delay::Header => {
                let ms = self.request_header(at, "x-envoy-fault-delay-request");
                let ns = ms
                    .parse::<u64>()
                    .ok()
                    .map(|ms| ms.saturating_mul(1_000_000));
                (ns, Some("x-envoy-fault-delay-request-percentage"))
            }
        };
        let falls = self.fault_share(at, share, header);
        ns.filter(|ns| falls && *ns > 0)
    }

    /// Aborts a request that is to be aborted.
    fn fault_aborts(&mut self, at: At, fault: &Fault) -> bool {
        let Some((abort, share)) = fault.abort else {
            return false;
        };
        let header = "x-envoy-fault-abort-request-percentage";
        let header = (abort == Abort::Header).then_some(header);
        if !self.fault_share(at, share, header) {
            return false;
        }
        let (status, grpc_status) = match abort {
            Abort::Http(status) => (status, None),
            Abort::Grpc(status) => (200, Some(status)),
            Abort::Header => {
                let http = self.request_header(at, "x-envoy-fault-abort-request");
                let grpc = self.request_header(at, "x-envoy-fault-abort-grpc-request");
                let http = http.parse().ok().filter(|s| (200..600).contains(s));
                match (http, grpc.parse().ok()) {
                    (Some(status), _) => (status, None),
                    (None, Some(grpc)) => (200, Some(grpc)),
                    (None, None) => return false,
                }
            }
        };
        if !self.fault_begins(at, fault) {
            return false;
        }
        self.streams[at.stream].flag("FI");
        self.fault_count(at, fault, "aborts_injected");
        let reply = Reply {
            status,
            body: b"fault filter abort".to_vec(),
            grpc_status,
            details: "fault_filter_abort".to_owned(),
            ..Reply::default()
        };
        self.local_reply(at.stream, reply);
        true
    }

    /// Counts a stream as an active fault, unless there are too many of them.
    fn fault_begins(&mut self, at: At, fault: &Fault) -> bool {
        if matches!(self.native_state(at), NativeStream::Fault(state) if state.active) {
            return true;
        }
        let active = *self.active_faults();
        if fault.max_active.is_some_and(|max| active >= u64::from(max)) {
            self.native_count("fault.faults_overflow");
            return false;
        }
        *self.active_faults() += 1;
        let state = Faulty {
            active: true,
            ..Faulty::default()
        };
        *self.native_state(at) = NativeStream::Fault(state);
        true
    }

    fn fault_count(&mut self, at: At, fault: &Fault, name: &str) {
        let cluster = self.request_header(at, "x-envoy-downstream-service-cluster");
        if !cluster.is_empty() && !fault.no_cluster_stats {
            self.native_count(&format!("fault.{cluster}.{name}"));
        }
        self.native_count(&format!("fault.{name}"));
    }

    /// The gauge of active faults, which all workers share.
    fn active_faults(&mut self) -> &mut u64 {
        let stat = format!("http.{}.{ACTIVE}", self.config.manager.stat_prefix);
        self.scheduler
            .note(Use::Write, || Resource::Metric(stat.clone()));
        self.state.stats.entry(stat).or_insert(0)
    }
}
