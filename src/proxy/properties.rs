//! Properties (Envoy attributes): what a path names now, in the form in which it travels.

use super::access_log::CLIENT;
use super::filter_state::{Fields, Kind, Object};
use super::protobuf::push_bytes;
use super::shared::Shared;
use super::stream::{RouteCache, Stream};
use crate::abi::Status;
use crate::host::port::{Answer, At, Refusal};
use crate::model::Headers;

/// A value of an attribute.
enum Value {
    /// Text or bytes.
    Bytes(Vec<u8>),
    /// An integer, a time or a span in nanoseconds.
    Int(i64),
    /// A bool.
    Bool(bool),
    /// Something that has no form as a whole: a map, a message that is not simulated.
    Whole,
}

impl Value {
    fn text(text: impl Into<String>) -> Option<Self> {
        Some(Self::Bytes(text.into().into_bytes()))
    }

    fn number(n: impl TryInto<i64>) -> Option<Self> {
        n.try_into().ok().map(Self::Int)
    }

    fn wire(self) -> Answer<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Int(n) => Ok(n.to_le_bytes().to_vec()),
            Self::Bool(flag) => Ok(vec![flag.into()]),
            Self::Whole => Err(Refusal::new(
                Status::SerializationFailure,
                "the path names a whole map, which has no form on the wire",
            )),
        }
    }
}

impl Shared {
    /// Reads the property at a raw path.
    pub(super) fn read_property(&self, at: At, path: &[u8]) -> Answer<Vec<u8>> {
        if path.is_empty() {
            return Err(Refusal::new(
                Status::SerializationFailure,
                "the path is empty",
            ));
        }
        let trimmed = path.strip_suffix(&[0]).unwrap_or(path);
        let segments: Vec<&[u8]> = trimmed.split(|byte| *byte == 0).collect();
        let words: Vec<&str> = segments
            .iter()
            .map(|s| std::str::from_utf8(s).unwrap_or("\u{fffd}"))
            .collect();
        let stream = self.read_stream(at);
        if let Some(value) = self.anywhere(at, &words) {
            return value.wire();
        }
        let Some((index, filter)) = stream else {
            return Err(Refusal::new(
                Status::NotFound,
                "without a stream only plugin_name, plugin_root_id, plugin_vm_id and xds.node exist",
            ));
        };
        if let ["filter_state", _, rest @ ..] = &words[..] {
            return match self.filter_state(index, segments[1]) {
                Some(object) => of_object(object, rest, false),
                None => Err(Refusal::new(
                    Status::NotFound,
                    "no filter state object has this key",
                )),
            };
        }
        match self.of_stream(index, filter, &words) {
            Some(value) => value.wire(),
            // What is no attribute is filter state under `wasm.`.
            None => {
                let mut key = b"wasm.".to_vec();
                key.extend(segments[0]);
                match self.filter_state(index, &key) {
                    Some(object) => of_object(object, &words[1..], true),
                    None => Err(Refusal::new(Status::NotFound, missing(words[0]))),
                }
            }
        }
    }

    /// What exists in every context.
    fn anywhere(&self, at: At, words: &[&str]) -> Option<Value> {
        let plugin = &self.plugins[self.plugin_of(at)].config;
        match words {
            ["plugin_name"] => Value::text(&plugin.name),
            ["plugin_root_id"] => Value::text(&plugin.root_id),
            ["plugin_vm_id"] => Value::text(&plugin.vm_id),
            ["xds", "node", rest @ ..] | ["node", rest @ ..] => match rest {
                [] => {
                    let mut message = Vec::new();
                    push_bytes(&mut message, 1, self.config.node_id.as_bytes());
                    push_bytes(&mut message, 2, self.config.node_cluster.as_bytes());
                    Some(Value::Bytes(message))
                }
                ["id"] => Value::text(&self.config.node_id),
                ["cluster"] => Value::text(&self.config.node_cluster),
                _ => None,
            },
            _ => None,
        }
    }

    fn of_stream(&self, index: usize, filter: Option<usize>, words: &[&str]) -> Option<Value> {
        let stream = &self.streams[index];
        let wasm = filter.map(|filter| &stream.filters[filter].wasm);
        let visible = |map: usize| wasm.is_none_or(|wasm| wasm.logging || wasm.maps[map]);
        match words {
            ["request", rest @ ..] => {
                let headers = stream.request.headers.as_ref().filter(|_| visible(0));
                self.request(stream, headers, rest)
            }
            ["response", rest @ ..] => self.response(stream, rest, &visible),
            ["connection", "id"] | ["connection_id"] => Value::number(stream.connection),
            ["connection", "mtls"] => Some(Value::Bool(false)),
            ["connection", "requested_server_name"] => None,
            ["source", "address"] => Value::text(format!("{CLIENT}:{}", self.client_port(index))),
            ["source", "port"] => Value::number(self.client_port(index)),
            ["destination", "address"] => {
                Value::text(format!("{}:{}", self.local_ip(), self.config.address.1))
            }
            ["destination", "port"] => Value::number(self.config.address.1),
            ["upstream", rest @ ..] => upstream(stream, rest),
            ["xds", "cluster_name"] | ["cluster_name"] => self.cluster_name(stream),
            ["xds", "route_name"] | ["route_name"] => match stream.route {
                RouteCache::Found(host, route) => Value::text(&self.route((host, route)).name),
                _ => None,
            },
            ["xds", "virtual_host_name"] => match stream.route {
                RouteCache::Found(host, _) => {
                    Value::text(&self.config.manager.routes.hosts[host].name)
                }
                _ => None,
            },
            ["xds", "listener_direction"] | ["listener_direction"] => Some(Value::Int(0)),
            ["connection" | "source" | "destination" | "xds" | "metadata" | "filter_state"] => {
                Some(Value::Whole)
            }
            _ => None,
        }
    }

    fn request(&self, stream: &Stream, headers: Option<&Headers>, words: &[&str]) -> Option<Value> {
        let header = |name: &str| {
            let joined = headers?.get_all(name).collect::<Vec<_>>().join(&b',');
            headers?.get(name)?;
            Some(Value::Bytes(joined))
        };
        let path = || headers?.get_str(":path");
        let info = &stream.info;
        match words {
            ["path"] => header(":path"),
            ["url_path"] => Value::text(path()?.split('?').next()?),
            ["query"] => {
                let query = path()?.split_once('?').map_or("", |(_, query)| query);
                Value::text(query.split('#').next()?)
            }
            ["host"] => header(":authority"),
            ["scheme"] => header(":scheme"),
            ["method"] => header(":method"),
            ["referer"] => header("referer"),
            ["useragent"] => header("user-agent"),
            ["id"] => header("x-request-id"),
            ["headers", name] => header(name),
            ["headers_bytes"] => Value::number(headers.map_or(0, Headers::byte_size)),
            ["time"] => Value::number(self.wall_ns(info.start_ns)),
            ["duration"] => Value::number(info.end_ns? - info.start_ns),
            ["size"] => match headers.and_then(|h| h.get_str("content-length")) {
                Some(length) => Value::number(length.parse::<u64>().ok()?),
                None => Value::number(info.bytes_received),
            },
            ["total_size"] => {
                let headers = headers.map_or(0, Headers::byte_size) as u64;
                Value::number(info.bytes_received + headers)
            }
            ["protocol"] => Value::text("HTTP/1.1"),
            [] | ["headers"] => Some(Value::Whole),
            _ => None,
        }
    }

    fn response(
        &self,
        stream: &Stream,
        words: &[&str],
        visible: &dyn Fn(usize) -> bool,
    ) -> Option<Value> {
        let info = &stream.info;
        let headers = stream.response.headers.as_ref().filter(|_| visible(2));
        let trailers = stream.response.trailers.as_ref().filter(|_| visible(3));
        let joined = |map: Option<&Headers>, name: &str| {
            map?.get(name)?;
            Some(Value::Bytes(
                map?.get_all(name).collect::<Vec<_>>().join(&b','),
            ))
        };
        match words {
            ["code"] => Value::number(info.status?),
            ["code_details"] => match info.details.as_str() {
                "" => None,
                details => Value::text(details),
            },
            ["flags"] => Value::number(info.flags.iter().map(|flag| flag_bit(flag)).sum::<u64>()),
            ["grpc_status"] => {
                let status = trailers.and_then(|t| t.get_str("grpc-status"));
                let status = status.or_else(|| headers?.get_str("grpc-status"))?;
                Value::number(status.parse::<i64>().ok()?)
            }
            ["headers", name] => joined(headers, name),
            ["trailers", name] => joined(trailers, name),
            ["headers_bytes"] => Value::number(headers.map_or(0, Headers::byte_size)),
            ["size"] => Value::number(info.bytes_sent),
            ["total_size"] => {
                let other =
                    headers.map_or(0, Headers::byte_size) + trailers.map_or(0, Headers::byte_size);
                Value::number(info.bytes_sent + other as u64)
            }
            ["backend_latency"] => {
                let upstream = stream.upstream.as_ref()?;
                Value::number(upstream.last_byte_ns? - upstream.began_ns)
            }
            [] | ["headers"] | ["trailers"] => Some(Value::Whole),
            _ => None,
        }
    }

    /// The cluster of the route, before the router has picked a host and after.
    fn cluster_name(&self, stream: &Stream) -> Option<Value> {
        use super::config::Action;
        match stream.route {
            RouteCache::Found(host, route) => match &self.route((host, route)).action {
                Action::Forward(forward) => Value::text(&forward.cluster),
                _ => None,
            },
            _ => None,
        }
    }
}

/// An object of filter state, or a field of it. `named` is the short way, by the name that the guest
/// has set: there a whole message is its bytes.
fn of_object(object: &Object, fields: &[&str], named: bool) -> Answer<Vec<u8>> {
    let no_field = || {
        Err(Refusal::new(
            Status::NotFound,
            "the object of filter state has no such field",
        ))
    };
    match (object, fields) {
        (Object::Wasm(value, prototype), []) if prototype.kind == Kind::Plain || named => {
            Ok(value.clone())
        }
        (Object::Wasm(_, prototype), _) if prototype.kind == Kind::Structured => Err(Refusal::new(
            Status::Unimplemented,
            "Envoy looks inside a declared Protobuf or FlatBuffers property; the simulator gives its bytes, by its name alone",
        )),
        (Object::Own(text, Fields::None), []) => Ok(text.clone().into_bytes()),
        // A map of fields that does not list its keys: no pairs.
        (Object::Own(_, Fields::Address(..)), []) => Ok(vec![0; 4]),
        (Object::Own(_, Fields::Address(ip, _)), ["ip"]) => Ok(ip.clone().into_bytes()),
        (Object::Own(_, Fields::Address(_, port)), ["port"]) => {
            Ok(i64::from(*port).to_le_bytes().to_vec())
        }
        _ => no_field(),
    }
}

fn upstream(stream: &Stream, words: &[&str]) -> Option<Value> {
    let upstream = stream.upstream.as_ref();
    match words {
        ["address"] => upstream.and_then(|u| Value::text(format!("{}:{}", u.host.0, u.host.1))),
        ["port"] => upstream.and_then(|u| Value::number(u.host.1)),
        ["local_address"] => upstream.and_then(|_| Value::text(format!("{CLIENT}:40000"))),
        ["request_attempt_count"] => upstream.and_then(|_| Value::number(1)),
        [] => Some(Value::Whole),
        _ => None,
    }
}

/// The bit of a response flag in `response.flags`: Envoy's `CoreResponseFlag` order.
fn flag_bit(flag: &str) -> u64 {
    const ORDER: [&str; 29] = [
        "LH", "UH", "UT", "LR", "UR", "UF", "UC", "UO", "NR", "DI", "FI", "RL", "UAEX", "RLSE",
        "DC", "URX", "SI", "IH", "DPE", "UMSDR", "RFCF", "NFCF", "DT", "UPE", "NC", "OM", "DF",
        "DO", "DR",
    ];
    ORDER
        .iter()
        .position(|f| *f == flag)
        .map_or(0, |at| 1 << at)
}

/// Why a path leads nowhere.
fn missing(first: &str) -> &'static str {
    match first {
        "request" => "no such request attribute, or its headers are not attached in this callback",
        "response" => "no such response attribute, or it is not known yet",
        "upstream" => "no such upstream attribute, or no host has been chosen yet",
        _ => "no such attribute, and no filter state under wasm.",
    }
}
