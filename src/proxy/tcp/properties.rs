//! Properties of a TCP connection: what a path names for a network filter.

use super::connection::Connection;
use crate::abi::Status;
use crate::host::port::{Answer, Refusal};
use crate::proxy::access_log::CLIENT;
use crate::proxy::attribute::Value;
use crate::proxy::filter_state::Home;
use crate::proxy::properties::of_object;
use crate::proxy::shared::Shared;

impl Shared {
    /// Reads a property of a connection by the segments of its path.
    pub(in crate::proxy) fn connection_property(
        &self,
        connection: usize,
        segments: &[&[u8]],
    ) -> Answer<Vec<u8>> {
        let connection = &self.tcp.connections[connection];
        let words: Vec<&str> = segments
            .iter()
            .map(|segment| std::str::from_utf8(segment).unwrap_or("\u{fffd}"))
            .collect();
        if let Some(found) = self.attribute_of(connection, &words) {
            return found.wire();
        }
        let home = Home::Connection(connection.number);
        // What is no attribute is filter state under `wasm.`.
        let (key, fields, named) = match &words[..] {
            ["filter_state", _, rest @ ..] => (segments[1].to_vec(), rest, false),
            [_, rest @ ..] => ([b"wasm.", segments[0]].concat(), rest, true),
            [] => (Vec::new(), &[][..], true),
        };
        match self.object_at(home, &key) {
            Some(object) => of_object(object, fields, named),
            None => Err(Refusal::new(
                Status::NotFound,
                "no such attribute of a connection, or it is not known yet",
            )),
        }
    }

    fn attribute_of(&self, connection: &Connection, words: &[&str]) -> Option<Value> {
        let port = 49_152 + connection.number % 16_384;
        let report = &connection.report;
        let upstream = connection.upstream.as_ref();
        let cluster = || {
            let name = &upstream?.cluster;
            self.config.clusters.iter().find(|c| c.name == *name)
        };
        match words {
            ["connection", "id"] | ["connection_id"] => Value::number(connection.number),
            ["connection", "mtls"] => Some(Value::Bool(false)),
            ["connection", "requested_server_name"] => Value::text(""),
            ["source", "address"] => Value::text(format!("{CLIENT}:{port}")),
            ["source", "port"] => Value::number(port),
            ["destination", "address"] => {
                Value::text(format!("{}:{}", self.local_ip(), self.config.address.1))
            }
            ["destination", "port"] => Value::number(self.config.address.1),
            ["upstream", "address"] => {
                upstream.and_then(|u| Value::text(format!("{}:{}", u.host.0, u.host.1)))
            }
            ["upstream", "port"] => upstream.and_then(|u| Value::number(u.host.1)),
            ["upstream", "num_endpoints"] => Value::number(cluster()?.hosts.len()),
            ["xds", "cluster_name"] | ["cluster_name"] => Value::text(&upstream?.cluster),
            ["xds", "cluster_metadata", rest @ ..] | ["cluster_metadata", rest @ ..] => {
                Value::from(&cluster()?.metadata).walk(rest)
            }
            ["xds", "listener_direction"] => Some(Value::Int(self.config.direction)),
            ["xds", "listener_metadata", rest @ ..] => {
                Value::from(&self.config.listener_metadata).walk(rest)
            }
            ["request", "time"] => Value::number(self.wall_ns(connection.start_ns)),
            ["request", "duration"] => Value::number(connection.end_ns? - connection.start_ns),
            ["request", "size" | "total_size"] => Value::number(report.sent.len()),
            ["response", "size" | "total_size"] => Value::number(report.received.len()),
            [
                "connection" | "source" | "destination" | "upstream" | "request" | "response"
                | "filter_state",
            ] => Some(Value::Unlisted),
            _ => None,
        }
    }
}
