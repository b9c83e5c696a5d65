//! Native HTTP filters: what Envoy's own filters do with a part that passes.
//!
//! A step answers with a verdict, as a guest's return value becomes one, so iteration knows no
//! difference. What a filter decides and changes is recorded inside its step, in the words of the
//! host calls that a Wasm filter would make. Must not know: VMs, guests, YAML.

mod buffer;
mod compression;
mod cors;
mod csrf;
mod descriptors;
mod fault;
mod header_mutation;
mod jwt_authn;
mod local_ratelimit;
mod lua;
mod ratelimit;
mod rbac;
mod record;

pub(super) use header_mutation::read_query;
pub(super) use local_ratelimit::Buckets;
pub(super) use local_ratelimit::Key as BucketKey;
pub(super) use lua::{LuaWorld, load_scripts};

use super::config::{Action, Choice, Percent};
use super::config::{Config, Filter, FilterKind, Native, NativeRoute, PerRoute};
use super::iterate::Verdict;
use super::shared::Shared;
use super::stream::Info;
use super::task::{Call, Direction, Part, Pass, Task};
use crate::model::Headers;

/// Where a step runs: a stream and one of its filters.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// The stream.
    pub(super) stream: usize,
    /// The filter, by its place in the chain.
    pub(super) filter: usize,
}

/// A native filter's state on a stream.
#[derive(Debug, Default)]
pub(super) enum NativeStream {
    /// Nothing is kept.
    #[default]
    Nothing,
    /// The ratelimit filter has heard that these are to be added to the response.
    Answer(Headers),
    /// The ratelimit filter waits for its service.
    Asked(ratelimit::Asked),
    /// The buffer filter takes the whole request; its body's bytes so far.
    Buffering(u64),
    /// The compressor or the decompressor: what it knows and works with.
    Coding(Box<compression::Coding>),
    /// The cors filter has allowed this origin.
    Cors(Vec<u8>),
    /// The fault filter has begun something.
    Fault(fault::Faulty),
    /// The local_ratelimit filter has asked this bucket, and says so in the response.
    Limited(BucketKey),
    /// The lua filter has run something.
    Lua(Box<lua::LuaStream>),
}

/// The directions in which Envoy has a filter at all; `None` is both.
pub(super) fn only(kind: &FilterKind) -> Option<Direction> {
    match kind {
        FilterKind::Native(
            Native::Buffer(_) | Native::Csrf(_) | Native::JwtAuthn(_) | Native::Rbac(_),
        ) => Some(Direction::Decode),
        _ => None,
    }
}

/// The places that say something of filters for a stream's route, the most specific first.
pub(super) fn places<'a>(config: &'a Config, info: &Info) -> Vec<&'a PerRoute> {
    let routes = &config.manager.routes;
    let Some((host, route)) = info.route else {
        return Vec::new();
    };
    let host = &routes.hosts[host];
    let route = &host.routes[route];
    let weighted = match (&route.action, info.weighted) {
        (Action::Forward(forward), Some(at)) => match &forward.choice {
            Choice::Weighted(list) => list.get(at),
            _ => None,
        },
        _ => None,
    };
    let weighted = weighted.map(|cluster| &cluster.per_route);
    let others = [&route.per_route, &host.per_route, &routes.per_route];
    weighted.into_iter().chain(others).collect()
}

impl Shared {
    /// Brings a part to a filter.
    pub(super) fn filter_pass(&mut self, mut pass: Pass, filter: usize) -> Option<Call> {
        let config = self.config.clone();
        let FilterKind::Native(native) = &config.manager.filters[filter].kind else {
            return self.wasm_pass(pass, filter);
        };
        let stream = pass.stream;
        let at = At { stream, filter };
        let verdict = self.native_pass(native, at, &mut pass);
        let direction = pass.direction;
        let last = match pass.part {
            Part::Trailers => self.compressed_end(at, direction),
            _ => None,
        };
        self.settle(pass, filter, verdict);
        if let Some(bytes) = last {
            // It goes before the trailers, which `settle` has sent on.
            self.native_inject(at, direction, bytes, false);
        }
        None
    }

    fn native_pass(&mut self, native: &Native, at: At, pass: &mut Pass) -> Verdict {
        let decode = pass.direction == Direction::Decode;
        match (native, &mut pass.part) {
            (Native::Buffer(limit), part) => self.buffer_request(at, *limit, part, pass.end),
            (Native::Compressor(config), part) => {
                self.compress(at, config, pass.direction, part, pass.end)
            }
            (Native::Decompressor(config), part) => {
                self.decompress(at, config, pass.direction, part, pass.end)
            }
            (Native::Cors, Part::Headers) if decode => self.cors_request(at),
            (Native::Cors, Part::Headers) => self.cors_response(at),
            (Native::Csrf(policy), Part::Headers) => self.csrf_request(at, policy),
            (Native::Fault(fault), part) if decode => self.fault_request(at, fault, part),
            (Native::Fault(_), part) => self.fault_response(at, part, pass.end),
            (Native::HeaderMutation(config), Part::Headers) => {
                self.mutate_headers(at, config, decode);
                Verdict::Continue
            }
            (Native::JwtAuthn(filter), Part::Headers) => self.jwt_request(at, filter),
            (Native::LocalRateLimit(limit), Part::Headers) if decode => {
                self.limit_request(at, limit)
            }
            (Native::LocalRateLimit(_), Part::Headers) => self.limit_response(at),
            (Native::Lua(filter), _) => self.lua_pass(at, filter, pass),
            (Native::RateLimit(service), part) if decode => {
                self.ratelimit_request(at, service, part)
            }
            (Native::RateLimit(_), Part::Headers) => self.ratelimit_response(at),
            (Native::Rbac(rbac), Part::Headers) => self.rbac_request(at, rbac),
            _ => Verdict::Continue,
        }
    }

    /// Bytes of a filter's own go on behind it, before all that waits.
    fn native_inject(&mut self, at: At, direction: Direction, bytes: Vec<u8>, end: bool) {
        let next = self.streams[at.stream].next(Some(at.filter), direction);
        let pass = Pass {
            at: next,
            ..self.begin_pass(at.stream, direction, Part::Data(bytes), end)
        };
        self.push_front(Task::Pass(pass));
    }

    /// The stream ends for a native filter.
    pub(super) fn native_ends(&mut self, stream: usize, filter: usize) {
        match std::mem::take(&mut self.streams[stream].filters[filter].native) {
            NativeStream::Asked(asked) => self.ratelimit_ends(asked),
            NativeStream::Fault(state) => self.fault_ends(state),
            NativeStream::Lua(state) => self.lua_ends(stream, *state),
            _ => {}
        }
    }

    /// The filter's configuration in the chain.
    fn filter_at<'a>(&self, config: &'a Config, at: At) -> &'a Filter {
        &config.manager.filters[at.filter]
    }

    /// What the stream's route says of a filter, the most specific first. A cleared route is found
    /// anew, as in Envoy.
    fn routed<'a>(&mut self, config: &'a Config, at: At) -> Vec<&'a NativeRoute> {
        self.resolve_route(at.stream);
        let name = &self.filter_at(config, at).name;
        let places = places(config, &self.streams[at.stream].info).into_iter();
        places
            .filter_map(|place| place.of(name)?.config.as_ref())
            .collect()
    }

    /// Whether a request is in a share of all; no number is drawn where there is no question.
    fn falls_in(&mut self, share: Percent) -> bool {
        match share.numerator {
            0 => false,
            n if n >= share.denominator => true,
            n => self.random.below(u64::from(share.denominator)) < u64::from(n),
        }
    }

    /// A filter's state on a stream.
    fn native_state(&mut self, at: At) -> &mut NativeStream {
        &mut self.streams[at.stream].filters[at.filter].native
    }

    /// A request header as text, empty when it is not there.
    fn request_header(&self, at: At, name: &str) -> String {
        let headers = self.streams[at.stream].request.headers.as_ref();
        let value = headers.and_then(|headers| headers.get(name));
        String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
    }
}
