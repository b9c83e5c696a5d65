//! Properties (Envoy attributes): what a path names now, in the form in which it travels.

use super::access_log::{CLIENT, LOCAL_PORT};
use super::attribute::{Value, joined};
use super::config::{Cluster, Said};
use super::filter_state::{Fields, Kind, Object};
use super::protobuf::push_bytes;
use super::shared::Shared;
use super::stream::Stream;
use crate::abi::Status;
use crate::host::port::{Answer, At, Refusal};
use crate::model::Headers;

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
        if let Some((connection, _)) = self.connection_of(at) {
            return self.connection_property(connection, &segments);
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
            ["xds", "node", rest @ ..] | ["node", rest @ ..] => self.node().walk(rest),
            ["xds"] => Some(Value::Unlisted),
            // Until they became attributes of `xds`, these two were the plugin's.
            ["listener_direction"] => Some(Value::Int(self.config.direction)),
            ["listener_metadata", rest @ ..] => {
                Value::from(&self.config.listener_metadata).walk(rest)
            }
            _ => None,
        }
    }

    /// `envoy.config.core.v3.Node`, without the build version and the list of extensions that a real
    /// Envoy adds.
    fn node(&self) -> Value {
        let config = &self.config;
        let (metadata, locality) = (config.node_metadata.bytes(), config.node_locality.bytes());
        let mut message = Vec::new();
        for (number, field) in (1..).zip([
            config.node_id.as_bytes(),
            config.node_cluster.as_bytes(),
            &metadata,
            &locality,
        ]) {
            push_bytes(&mut message, number, field);
        }
        push_bytes(&mut message, 6, b"envoy");
        let text = |text: &str| Value::Bytes(text.as_bytes().to_vec());
        let fields = vec![
            ("id", text(&config.node_id)),
            ("cluster", text(&config.node_cluster)),
            ("metadata", Value::from(&config.node_metadata)),
            ("locality", Value::from(&config.node_locality)),
            ("user_agent_name", text("envoy")),
        ];
        Value::Message(message, fields)
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
            ["connection", "requested_server_name"] => Value::text(""),
            ["source", "address"] => Value::text(format!("{CLIENT}:{}", self.client_port(index))),
            ["source", "port"] => Value::number(self.client_port(index)),
            ["destination", "address"] => {
                Value::text(format!("{}:{}", self.local_ip(), self.config.address.1))
            }
            ["destination", "port"] => Value::number(self.config.address.1),
            ["upstream", rest @ ..] => self.upstream_attribute(stream, rest),
            ["xds", rest @ ..] => self.xds(stream, rest),
            [
                "cluster_name"
                | "cluster_metadata"
                | "route_name"
                | "route_metadata"
                | "upstream_host_metadata",
                ..,
            ] => self.xds(stream, words),
            ["metadata", rest @ ..] => Value::from(&stream.info.metadata).walk(rest),
            ["connection" | "source" | "destination" | "filter_state"] => Some(Value::Unlisted),
            _ => None,
        }
    }

    /// What the configuration says of the way that the request takes.
    fn xds(&self, stream: &Stream, words: &[&str]) -> Option<Value> {
        let (name, rest) = words.split_first()?;
        let route = stream.info.route;
        let host = route.map(|(host, _)| &self.config.manager.routes.hosts[host]);
        let route = route.map(|place| self.route(place));
        let value = match *name {
            "cluster_name" => Value::text(&self.cluster_of(stream)?.name)?,
            "cluster_metadata" => (&self.cluster_of(stream)?.metadata).into(),
            "route_name" => Value::text(&route?.name)?,
            "route_metadata" => (&route?.metadata).into(),
            "virtual_host_name" => Value::text(&host?.name)?,
            "virtual_host_metadata" => (&host?.metadata).into(),
            "upstream_host_metadata" => (&self.said_of_host(stream)?.metadata).into(),
            "upstream_host_locality_metadata" => {
                (&self.said_of_host(stream)?.locality_metadata).into()
            }
            // A filter chain's name is not configurable here.
            "filter_chain_name" => Value::text("")?,
            "listener_metadata" => (&self.config.listener_metadata).into(),
            "listener_direction" => Value::Int(self.config.direction),
            _ => return None,
        };
        value.walk(rest)
    }

    /// The cluster of the route, before the router has picked a host and after.
    pub(super) fn cluster_of(&self, stream: &Stream) -> Option<&Cluster> {
        let name = stream.info.cluster.as_ref()?;
        self.config.clusters.iter().find(|c| c.name == *name)
    }

    /// What the configuration says of the host that the router has picked.
    pub(super) fn said_of_host(&self, stream: &Stream) -> Option<Said> {
        let upstream = stream.upstream.as_ref()?;
        let clusters = &self.config.clusters;
        let cluster = clusters.iter().find(|c| c.name == upstream.cluster)?;
        let at = cluster.hosts.iter().position(|h| *h == upstream.host);
        Some(
            at.and_then(|at| cluster.said.get(at).cloned())
                .unwrap_or_default(),
        )
    }

    fn upstream_attribute(&self, stream: &Stream, words: &[&str]) -> Option<Value> {
        let upstream = stream.upstream.as_ref();
        match words {
            ["address"] => upstream.and_then(|u| Value::text(format!("{}:{}", u.host.0, u.host.1))),
            ["port"] => upstream.and_then(|u| Value::number(u.host.1)),
            ["local_address"] => {
                upstream.and_then(|_| Value::text(format!("{CLIENT}:{LOCAL_PORT}")))
            }
            ["locality", rest @ ..] => Value::from(&self.said_of_host(stream)?.locality).walk(rest),
            ["transport_failure_reason"] => {
                upstream.and_then(|_| Value::text(stream.info.transport_failure))
            }
            // No attempt yet is 0.
            ["request_attempt_count"] => Value::number(stream.info.attempts),
            // Scripted upstreams accept at once, or not at all.
            ["cx_pool_ready_duration"] => upstream.map(|_| Value::Int(0)),
            ["num_endpoints"] => Value::number(self.cluster_of(stream)?.hosts.len()),
            [] => Some(Value::Unlisted),
            _ => None,
        }
    }

    fn request(&self, stream: &Stream, headers: Option<&Headers>, words: &[&str]) -> Option<Value> {
        let header = |name: &str| joined(headers, name.as_bytes()).map(Value::Bytes);
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
            ["headers"] => Some(Value::headers(headers)),
            [] => Some(Value::Unlisted),
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
        match words {
            ["code"] => Value::number(info.status?),
            ["code_details"] => match info.details.as_str() {
                "" => None,
                details => Value::text(details),
            },
            ["flags"] => Value::number(info.flags.iter().map(|flag| flag_bit(flag)).sum::<u64>()),
            ["grpc_status"] => {
                let said = trailers.and_then(|t| t.get_str("grpc-status"));
                let said = said.or_else(|| headers?.get_str("grpc-status"));
                match said {
                    // What is no number, or beyond the last status, is -1.
                    Some(text) => {
                        let status = text.parse::<i64>().ok().filter(|n| (0..=16).contains(n));
                        Some(Value::Int(status.unwrap_or(-1)))
                    }
                    None => Some(Value::Int(grpc_status_of(info.status?))),
                }
            }
            ["headers", name] => joined(headers, name.as_bytes()).map(Value::Bytes),
            ["trailers", name] => joined(trailers, name.as_bytes()).map(Value::Bytes),
            ["headers"] => Some(Value::headers(headers)),
            ["trailers"] => Some(Value::headers(trailers)),
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
            [] => Some(Value::Unlisted),
            _ => None,
        }
    }
}

/// The gRPC status that stands for an HTTP one.
fn grpc_status_of(status: u16) -> i64 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}

/// An object of filter state, or a field of it. `named` is the short way, by the name that the guest
/// has set: there a whole message is its bytes.
pub(super) fn of_object(object: &Object, fields: &[&str], named: bool) -> Answer<Vec<u8>> {
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
