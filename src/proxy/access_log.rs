//! Access logs, and the values behind Envoy's format operators.

use super::config::{Format, Item, Logger, Operator, Source};
use super::native::read_query;
use super::search::{Resource, Use};
use super::shared::{Purpose, Shared};
use super::task::{After, Call, Command, Task};
use super::time::{iso_millis, write_time};
use crate::host::GuestCall;
use crate::model::Headers;

impl Shared {
    /// Every access logger writes its line for a stream.
    pub(super) fn write_access_log(&mut self, index: usize) {
        let config = self.config.clone();
        for logger in &config.manager.access_log {
            let Logger::Line(line) = logger else {
                continue;
            };
            let line = self.write_line(index, line);
            self.scheduler.note(Use::Write, || Resource::AccessLog);
            self.access_log.push(line);
        }
    }

    /// Queues `on_log` of every Wasm access logger of this thread.
    pub(super) fn log_by_roots(&mut self, index: usize) {
        for plugin in (0..self.plugins.len()).rev() {
            if self.plugins[plugin].purpose == Purpose::Logger {
                self.push_front(Task::RootLog(index, plugin));
            }
        }
    }

    /// `on_log` of an access logger, on its root: there is no stream context.
    pub(super) fn root_log(&mut self, index: usize, plugin: usize) -> Option<Call> {
        let (vm, root) = self.handle(self.thread, plugin)?;
        if self.vms[vm].failed {
            return None;
        }
        self.vms[vm].roots.get_mut(&root)?.logs = Some(index);
        Some(Call {
            vm,
            command: Command::Call(GuestCall::OnLog { context: root }),
            after: After::LoggedByRoot(vm, root),
        })
    }

    /// `on_log` of an access logger has returned.
    pub(super) fn logged_by_root(&mut self, vm: usize, root: u32) {
        if let Some(root) = self.vms[vm].roots.get_mut(&root) {
            root.logs = None;
        }
    }

    /// A format with a stream's values.
    pub(super) fn write_format(&self, index: usize, format: &Format) -> String {
        let parts = format.0.iter();
        let values = parts.map(|part| self.write_operator(index, part));
        values
            .map(|value| value.unwrap_or_else(|| "-".to_owned()))
            .collect()
    }

    /// A format as a header's value: what is not there leaves nothing (`omit_empty_values`).
    pub(super) fn write_value(&self, index: usize, format: &Format) -> String {
        let parts = format.0.iter();
        parts
            .filter_map(|part| self.write_operator(index, part))
            .collect()
    }

    pub(super) fn write_operator(&self, index: usize, operator: &Operator) -> Option<String> {
        let stream = &self.streams[index];
        match operator {
            Operator::Text(text) => Some(text.clone()),
            Operator::Request(name, other, cut) => header(
                stream.request.headers.as_ref(),
                name,
                other.as_deref(),
                *cut,
            ),
            Operator::Response(name, other, cut) => header(
                stream.response.headers.as_ref(),
                name,
                other.as_deref(),
                *cut,
            ),
            Operator::Trailer(name, other, cut) => header(
                stream.response.trailers.as_ref(),
                name,
                other.as_deref(),
                *cut,
            ),
            Operator::FilterState(key, plain, cut) => {
                let object = self.filter_state(index, key.as_bytes())?;
                let text = match plain {
                    true => object.plain(),
                    false => object.json()?,
                };
                Some(cut_to(text, *cut))
            }
            // A struct is written whole.
            Operator::Metadata(source, keys, cut) => {
                Some(match self.metadata_at(index, *source, keys)? {
                    Item::Text(text) => cut_to(text, *cut),
                    item @ (Item::Struct(_) | Item::List(_)) if *source == Source::Dynamic => {
                        item.json().to_string()
                    }
                    item => cut_to(item.json().to_string(), *cut),
                })
            }
            Operator::Query(name, cut) => {
                let path = stream.request.headers.as_ref()?.get_str(":path")?;
                let value = read_query(path).1.remove(name)?.into_iter().next()?;
                Some(cut_to(value, *cut))
            }
            Operator::Path(query, original) => {
                let headers = stream.request.headers.as_ref()?;
                let was = headers.get_str("x-envoy-original-path");
                let is = headers.get_str(":path");
                let path = match original {
                    Some(true) => was,
                    Some(false) => is,
                    None => was.or(is),
                }?;
                let bare = path.split('?').next();
                Some(bare.filter(|_| !query).unwrap_or(path).to_owned())
            }
            Operator::Time(emit, format) => {
                let at = if *emit {
                    self.clock.now_ns
                } else {
                    stream.info.start_ns
                };
                write_time(format, self.wall_ns(at))
            }
            Operator::Between(from, to, unit) => {
                let (from, to) = (self.point(index, from)?, self.point(index, to)?);
                let ns = to as i64 - from as i64;
                Some((ns / *unit as i64).to_string())
            }
            Operator::Plain(name) => self.plain_operator(index, name),
        }
    }

    /// What a metadata operator names.
    pub(super) fn metadata_at(&self, index: usize, of: Source, keys: &[String]) -> Option<Item> {
        let (space, path) = keys.split_first()?;
        let stream = &self.streams[index];
        let host = stream.info.route.map(|(host, _)| host);
        let found = match of {
            Source::Dynamic => stream.info.metadata.find(space, path),
            Source::Route => self.route(stream.info.route?).metadata.find(space, path),
            Source::VirtualHost => {
                let host = &self.config.manager.routes.hosts[host?];
                host.metadata.find(space, path)
            }
            Source::Cluster => self.cluster_of(stream)?.metadata.find(space, path),
            Source::Host => self.said_of_host(stream)?.metadata.find(space, path),
            Source::Listener => self.config.listener_metadata.find(space, path),
        };
        found.filter(|item| *item != Item::Null)
    }

    /// When a point in time of `COMMON_DURATION` was.
    fn point(&self, index: usize, name: &str) -> Option<u64> {
        let stream = &self.streams[index];
        let upstream = stream.upstream.as_ref();
        match name {
            "DS_RX_BEG" => Some(stream.info.start_ns),
            "DS_RX_END" => stream.info.request_end_ns,
            "US_TX_BEG" => Some(upstream?.began_ns),
            "US_TX_END" => upstream
                .filter(|u| u.request_done)
                .map(|u| u.request_done_ns),
            "US_RX_END" => upstream?.last_byte_ns,
            "DS_TX_BEG" => stream.info.response_start_ns,
            _ => stream.info.end_ns,
        }
    }

    fn plain_operator(&self, index: usize, name: &str) -> Option<String> {
        let stream = &self.streams[index];
        let info = &stream.info;
        let address = |(ip, port): (&str, u16)| format!("{ip}:{port}");
        let since =
            |end: Option<u64>| end.map(|end| ((end - info.start_ns) / 1_000_000).to_string());
        match name {
            "START_TIME" => Some(iso_millis(self.wall_ns(info.start_ns))),
            "EMIT_TIME" => Some(iso_millis(self.wall_ns(self.clock.now_ns))),
            "HOSTNAME" => Some("envoy".to_owned()),
            "PATH" => self.write_operator(index, &Operator::Path(true, None)),
            "RESPONSE_CODE" => Some(info.status.unwrap_or(0).to_string()),
            "RESPONSE_CODE_DETAILS" => Some(info.details.clone()).filter(|d| !d.is_empty()),
            "RESPONSE_FLAGS" => Some(stream.flags()),
            "RESPONSE_FLAGS_LONG" => Some(stream.flags_long()),
            "PROTOCOL" => Some("HTTP/1.1".to_owned()),
            "BYTES_RECEIVED" => Some(info.bytes_received.to_string()),
            "BYTES_SENT" => Some(info.bytes_sent.to_string()),
            "DURATION" => since(info.end_ns),
            "REQUEST_DURATION" => since(info.request_end_ns),
            "RESPONSE_DURATION" => since(info.response_start_ns),
            "REQUEST_TX_DURATION" => {
                let upstream = stream.upstream.as_ref();
                let sent = upstream.filter(|u| u.request_done);
                since(sent.map(|u| u.request_done_ns))
            }
            "RESPONSE_TX_DURATION" => {
                let (first, last) = (info.response_start_ns?, info.end_ns?);
                Some(((last - first) / 1_000_000).to_string())
            }
            "REQUEST_HEADERS_BYTES" => Some(bytes(stream.request.headers.as_ref())),
            "RESPONSE_HEADERS_BYTES" => Some(bytes(stream.response.headers.as_ref())),
            "RESPONSE_TRAILERS_BYTES" => Some(bytes(stream.response.trailers.as_ref())),
            "ACCESS_LOG_TYPE" => Some("DownstreamEnd".to_owned()),
            "UPSTREAM_PROTOCOL" => stream.upstream.as_ref().map(|_| "HTTP/1.1".to_owned()),
            "UPSTREAM_REMOTE_PORT" => stream.upstream.as_ref().map(|u| u.host.1.to_string()),
            "VIRTUAL_HOST_NAME" => {
                let (host, _) = info.route?;
                Some(self.config.manager.routes.hosts[host].name.clone())
            }
            // No client speaks TLS here, no virtual cluster or filter chain has a name, nobody traces,
            // and the process has no environment.
            "UPSTREAM_LOCAL_ADDRESS" => stream
                .upstream
                .as_ref()
                .map(|_| address((CLIENT, LOCAL_PORT))),
            "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT" => {
                stream.upstream.as_ref().map(|_| CLIENT.to_owned())
            }
            "UPSTREAM_LOCAL_PORT" => stream.upstream.as_ref().map(|_| LOCAL_PORT.to_string()),
            "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" => {
                stream.upstream.as_ref().map(|u| u.host.0.clone())
            }
            "UPSTREAM_HOST" | "UPSTREAM_REMOTE_ADDRESS" => stream
                .upstream
                .as_ref()
                .map(|u| address((&u.host.0, u.host.1))),
            "UPSTREAM_CLUSTER" | "UPSTREAM_CLUSTER_RAW" => {
                stream.upstream.as_ref().map(|u| u.cluster.clone())
            }
            "UPSTREAM_REQUEST_ATTEMPT_COUNT" => Some(info.attempts.to_string()),
            "UPSTREAM_TRANSPORT_FAILURE_REASON" => {
                Some(info.transport_failure.to_owned()).filter(|why| !why.is_empty())
            }
            "ROUTE_NAME" => {
                let name = &self.route(info.route?).name;
                Some(name.clone()).filter(|n| !n.is_empty())
            }
            "CONNECTION_ID" => Some(stream.connection.to_string()),
            // The id of the request, which whoever made it may have set.
            "STREAM_ID" => header(stream.request.headers.as_ref(), "x-request-id", None, None),
            "DOWNSTREAM_REMOTE_ADDRESS" | "DOWNSTREAM_DIRECT_REMOTE_ADDRESS" => {
                Some(address((CLIENT, self.client_port(index))))
            }
            "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT"
            | "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT" => Some(CLIENT.to_owned()),
            "DOWNSTREAM_REMOTE_PORT" | "DOWNSTREAM_DIRECT_REMOTE_PORT" => {
                Some(self.client_port(index).to_string())
            }
            "DOWNSTREAM_LOCAL_PORT" => Some(self.config.address.1.to_string()),
            "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT" => Some(self.local_ip().to_owned()),
            "DOWNSTREAM_LOCAL_ADDRESS" => Some(address((self.local_ip(), self.config.address.1))),
            "LOCAL_REPLY_BODY" => Some(String::from_utf8_lossy(&info.local_body).into_owned())
                .filter(|b| !b.is_empty()),
            _ => None,
        }
    }

    /// The client's port: one for each connection.
    pub(super) fn client_port(&self, index: usize) -> u16 {
        49_152 + (self.streams[index].connection % 16_384) as u16
    }

    /// The address that the client has connected to.
    pub(super) fn local_ip(&self) -> &str {
        match self.config.address.0.as_str() {
            "0.0.0.0" | "::" => "127.0.0.1",
            ip => ip,
        }
    }
}

/// The bytes of a header map.
fn bytes(headers: Option<&Headers>) -> String {
    headers.map_or(0, Headers::byte_size).to_string()
}

/// A text of so many characters at most.
fn cut_to(text: String, cut: Option<usize>) -> String {
    match cut {
        Some(most) => text.chars().take(most).collect(),
        None => text,
    }
}

/// The proxy's port of a connection to an upstream.
pub(super) const LOCAL_PORT: u16 = 40_000;

/// The client's address.
pub(super) const CLIENT: &str = "127.0.0.1";

fn header(
    headers: Option<&Headers>,
    name: &str,
    other: Option<&str>,
    cut: Option<usize>,
) -> Option<String> {
    let headers = headers?;
    let value = headers
        .get(name)
        .or_else(|| other.and_then(|other| headers.get(other)))?;
    let value = &value[..cut.unwrap_or(usize::MAX).min(value.len())];
    Some(String::from_utf8_lossy(value).into_owned())
}
