//! A request and its response inside the proxy: messages, filters' states, what is known of it.

use super::clock::TimerId;
use super::task::{Direction, Part};
use crate::model::Headers;
use crate::model::lab::{Reset, UpstreamRule};
use crate::model::report::{Exchange, Response};
use std::collections::VecDeque;

/// A stream.
#[derive(Debug)]
pub(super) struct Stream {
    /// The thread of its worker.
    pub(super) thread: usize,
    /// The connection it came over, numbered from 1.
    pub(super) connection: u64,
    /// The item of traffic that began it.
    pub(super) traffic: usize,
    /// The request inside the proxy.
    pub(super) request: Half,
    /// The response inside the proxy.
    pub(super) response: Half,
    /// The filters, in the order of the configuration.
    pub(super) filters: Vec<Active>,
    /// Whether what the chain needs before a request was seen to.
    pub(super) prepared: bool,
    /// Frames of the client's that are not read yet.
    pub(super) inbox: VecDeque<Frame>,
    /// Whether a read of the client's next frame is queued.
    pub(super) reading: bool,
    /// The cached route.
    pub(super) route: RouteCache,
    /// The router's request to an upstream: the last attempt.
    pub(super) upstream: Option<Upstream>,
    /// The router's attempts.
    pub(super) attempts: Option<super::retry::Attempts>,
    /// The route timeout's timer.
    pub(super) route_timer: Option<TimerId>,
    /// What is known of it.
    pub(super) info: Info,
    /// What the report says.
    pub(super) exchange: Exchange,
    /// The response as the client receives it.
    pub(super) received: Option<Response>,
    /// Bytes the client still waits for, when a content-length said so.
    pub(super) promised: Option<usize>,
    /// Where it is in its life.
    pub(super) life: Life,
    /// The stream idle timer.
    pub(super) idle: Option<TimerId>,
}

/// Where a stream is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It runs.
    Running,
    /// Both sides are done with it: logs and deletes are running.
    Ending,
    /// Nothing is left.
    Ended,
}

/// A message inside the proxy.
#[derive(Debug, Default)]
pub(super) struct Half {
    /// Headers, once there are any.
    pub(super) headers: Option<Headers>,
    /// Trailers, once there are any.
    pub(super) trailers: Option<Headers>,
    /// The body that filters hold back.
    pub(super) held: Option<Vec<u8>>,
    /// The chunk that a filter is looking at.
    pub(super) chunk: Vec<u8>,
    /// Whether the sender has said everything.
    pub(super) complete: bool,
    /// Whether iteration was broken off for good.
    pub(super) aborted: bool,
    /// Whether what is held grows under back-pressure instead of failing at the limit.
    pub(super) streaming: bool,
    /// Whether the sender is not being read.
    pub(super) paused: bool,
    /// The most bytes that were held.
    pub(super) peak: usize,
    /// A filter's own limit of what is held, in bytes; the listener's when nothing is said.
    pub(super) limit: Option<usize>,
}

/// A filter's state on a stream.
#[derive(Debug, Default)]
pub(super) struct Active {
    /// Decoding.
    pub(super) decode: Side,
    /// Encoding.
    pub(super) encode: Side,
    /// The route has it off: for this stream it is not in the chain.
    pub(super) off: bool,
    /// The one direction in which it takes part; `None` is both.
    pub(super) only: Option<Direction>,
    /// A native filter's own.
    pub(super) native: super::native::NativeStream,
    /// The Wasm filter's own.
    pub(super) wasm: super::wasm_filter::WasmStream,
}

/// Iteration of one direction at one filter: Envoy's `ActiveStreamFilterBase`.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// Whether, and how, it has stopped.
    pub(super) state: Iteration,
    /// Whether its headers went on to the next filter.
    pub(super) headers_continued: bool,
    /// Whether it has seen the end of the stream.
    pub(super) ended: bool,
}

/// Envoy's `IterationState`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Iteration {
    /// It goes on.
    #[default]
    Continue,
    /// Stopped for this frame type; later ones still come to this filter.
    StopSingle,
    /// Stopped for all; the body is held, up to the limit.
    StopAllBuffer,
    /// Stopped for all; the body is held with back-pressure.
    StopAllWatermark,
}

impl Side {
    /// Whether no frame of any type reaches this filter.
    pub(super) fn stopped_all(&self) -> bool {
        matches!(
            self.state,
            Iteration::StopAllBuffer | Iteration::StopAllWatermark
        )
    }
}

/// A frame from the client or an upstream.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// What it carries. Headers and trailers travel beside it.
    pub(super) part: Part,
    /// Its headers or trailers.
    pub(super) headers: Headers,
    /// Whether it is the last.
    pub(super) end: bool,
    /// Simulated time that its sender lets pass before it.
    pub(super) after_ns: u64,
    /// What is no frame: its sender breaks the stream off here.
    pub(super) reset: Option<Reset>,
}

impl Frame {
    /// A frame that follows at once and is not the last.
    pub(super) fn new(part: Part, headers: Headers) -> Self {
        Self {
            part,
            headers,
            end: false,
            after_ns: 0,
            reset: None,
        }
    }
}

/// The cached route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum RouteCache {
    /// Not looked for, or cleared.
    #[default]
    Unknown,
    /// There is none.
    Missing,
    /// Virtual host and route, by number.
    Found(usize, usize),
}

/// The router's request to an upstream.
#[derive(Debug)]
pub(super) struct Upstream {
    /// The cluster.
    pub(super) cluster: String,
    /// The host's `ip:port`.
    pub(super) host: (String, u16),
    /// Its index in `exchange.upstream_requests`.
    pub(super) index: usize,
    /// Whether the whole request was sent.
    pub(super) request_done: bool,
    /// When that was.
    pub(super) request_done_ns: u64,
    /// When the first byte was sent.
    pub(super) began_ns: u64,
    /// When the last byte of the response came.
    pub(super) last_byte_ns: Option<u64>,
    /// Its frames that are not read yet.
    pub(super) inbox: VecDeque<Frame>,
    /// Whether a read of its next frame is queued.
    pub(super) reading: bool,
    /// Whether response headers came.
    pub(super) answered: bool,
    /// The timer of this attempt's timeout.
    pub(super) per_try: Option<TimerId>,
    /// What the upstream does with it, once that is known.
    pub(super) rule: Option<UpstreamRule>,
    /// The answer's timer.
    pub(super) answer: Option<TimerId>,
    /// Whether it was given up.
    pub(super) gone: bool,
}

/// Envoy's `StreamInfo`, as far as it is used.
#[derive(Debug, Default)]
pub(super) struct Info {
    /// When the request began, nanoseconds since the scenario began.
    pub(super) start_ns: u64,
    /// When the request was read whole.
    pub(super) request_end_ns: Option<u64>,
    /// When the first byte of the response went to the client.
    pub(super) response_start_ns: Option<u64>,
    /// When the stream ended.
    pub(super) end_ns: Option<u64>,
    /// The host that a filter wants for the first attempt, and whether no other will do.
    pub(super) override_host: Option<(String, bool)>,
    /// Response code details.
    pub(super) details: String,
    /// Response flags, as `%RESPONSE_FLAGS%` writes them.
    pub(super) flags: Vec<&'static str>,
    /// The response's status, once known.
    pub(super) status: Option<u16>,
    /// Bytes of the request's body.
    pub(super) bytes_received: u64,
    /// Bytes of the response's body.
    pub(super) bytes_sent: u64,
    /// Body of a local reply.
    pub(super) local_body: Vec<u8>,
    /// The route that was found last: clearing the cache leaves it here until another is found.
    pub(super) route: Option<(usize, usize)>,
    /// The cluster of that route.
    pub(super) cluster: Option<String>,
    /// Which of its weighted clusters that is.
    pub(super) weighted: Option<usize>,
    /// The number that this stream has drawn for weighted clusters.
    pub(super) random: Option<u64>,
    /// Attempts that the router has made.
    pub(super) attempts: u32,
    /// Why the transport to the upstream failed.
    pub(super) transport_failure: &'static str,
    /// Filter state, by raw key.
    pub(super) filter_state: super::filter_state::Objects,
    /// Dynamic metadata: what filters tell one another, by namespace.
    pub(super) metadata: super::config::Metadata,
    /// Whether the request was `HEAD`.
    pub(super) head: bool,
    /// Whether the request was gRPC.
    pub(super) grpc: bool,
}

impl Stream {
    /// The message of a direction.
    pub(super) fn half(&mut self, direction: Direction) -> &mut Half {
        match direction {
            Direction::Decode => &mut self.request,
            Direction::Encode => &mut self.response,
        }
    }

    /// A filter's iteration in a direction.
    pub(super) fn side(&mut self, filter: usize, direction: Direction) -> &mut Side {
        let active = &mut self.filters[filter];
        match direction {
            Direction::Decode => &mut active.decode,
            Direction::Encode => &mut active.encode,
        }
    }

    /// The filter after this one in a direction; from `None`, the first. `None` is the end.
    pub(super) fn next(&self, filter: Option<usize>, direction: Direction) -> Option<usize> {
        let on = |i: &usize| {
            let filter = &self.filters[*i];
            !filter.off && filter.only.is_none_or(|only| only == direction)
        };
        let count = self.filters.len();
        match direction {
            Direction::Decode => (filter.map_or(0, |i| i + 1)..count).find(on),
            Direction::Encode => (0..filter.unwrap_or(count)).rev().find(on),
        }
    }

    /// Adds a response flag once, in the order in which Envoy writes them.
    pub(super) fn flag(&mut self, flag: &'static str) {
        const ORDER: [&str; 30] = [
            "LH", "UH", "UT", "LR", "UR", "UF", "UC", "UO", "NR", "DI", "FI", "RL", "UAEX", "RLSE",
            "DC", "URX", "SI", "IH", "DPE", "UMSDR", "RFCF", "NFCF", "DT", "UPE", "NC", "OM", "DF",
            "DO", "DR", "UDO",
        ];
        if !self.info.flags.contains(&flag) {
            self.info.flags.push(flag);
            self.info
                .flags
                .sort_by_key(|f| ORDER.iter().position(|o| o == f));
        }
    }

    /// The flags as `%RESPONSE_FLAGS_LONG%` writes them.
    pub(super) fn flags_long(&self) -> String {
        const LONG: [(&str, &str); 30] = [
            ("LH", "FailedLocalHealthCheck"),
            ("UH", "NoHealthyUpstream"),
            ("UT", "UpstreamRequestTimeout"),
            ("LR", "LocalReset"),
            ("UR", "UpstreamRemoteReset"),
            ("UF", "UpstreamConnectionFailure"),
            ("UC", "UpstreamConnectionTermination"),
            ("UO", "UpstreamOverflow"),
            ("NR", "NoRouteFound"),
            ("DI", "DelayInjected"),
            ("FI", "FaultInjected"),
            ("RL", "RateLimited"),
            ("UAEX", "UnauthorizedExternalService"),
            ("RLSE", "RateLimitServiceError"),
            ("DC", "DownstreamConnectionTermination"),
            ("URX", "UpstreamRetryLimitExceeded"),
            ("SI", "StreamIdleTimeout"),
            ("IH", "InvalidEnvoyRequestHeaders"),
            ("DPE", "DownstreamProtocolError"),
            ("UMSDR", "UpstreamMaxStreamDurationReached"),
            ("RFCF", "ResponseFromCacheFilter"),
            ("NFCF", "NoFilterConfigFound"),
            ("DT", "DurationTimeout"),
            ("UPE", "UpstreamProtocolError"),
            ("NC", "NoClusterFound"),
            ("OM", "OverloadManagerTerminated"),
            ("DF", "DnsResolutionFailed"),
            ("DO", "DropOverLoad"),
            ("DR", "DownstreamRemoteReset"),
            ("UDO", "UnconditionalDropOverload"),
        ];
        let names = LONG
            .iter()
            .filter(|(flag, _)| self.info.flags.contains(flag));
        let names: Vec<&str> = names.map(|(_, name)| *name).collect();
        match names.as_slice() {
            [] => "-".to_owned(),
            names => names.join(","),
        }
    }

    /// The flags as `%RESPONSE_FLAGS%` writes them.
    pub(super) fn flags(&self) -> String {
        match self.info.flags.as_slice() {
            [] => "-".to_owned(),
            flags => flags.join(","),
        }
    }
}
