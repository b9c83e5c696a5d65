//! The listener and its HTTP connection manager: settings, filters, access logs, routes.

use super::any::{typed, typed_as};
use super::network::{self, Chain};
use super::{Config, Format, Metadata, Plugin, Routes, cluster, not_simulated, route, wasm};
use crate::model::yaml::{Fields, Node, nearest};
use crate::model::{Place, Problem};

/// The HTTP connection manager.
#[derive(Clone, Debug)]
pub(crate) struct Manager {
    /// `stat_prefix`.
    pub(crate) stat_prefix: String,
    /// `server_name`.
    pub(crate) server_name: String,
    /// `generate_request_id`.
    pub(crate) generate_request_id: bool,
    /// `always_set_request_id_in_response`.
    pub(crate) request_id_in_response: bool,
    /// `stream_idle_timeout`, nanoseconds; 0 is off.
    pub(crate) idle_timeout_ns: u64,
    /// Access loggers, in order.
    pub(crate) access_log: Vec<Logger>,
    /// The route configuration.
    pub(crate) routes: Routes,
    /// The filters before the router, in order.
    pub(crate) filters: Vec<Filter>,
}

/// An HTTP filter of the chain.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    /// Its configured name.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: FilterKind,
}

/// An access logger.
#[derive(Clone, Debug)]
pub(crate) enum Logger {
    /// A line of this format.
    Text(Format),
    /// A plugin's `on_log`.
    Wasm(Box<Plugin>),
}

/// The filters that the simulator has.
#[derive(Clone, Debug)]
pub(crate) enum FilterKind {
    /// A Wasm plugin.
    Wasm(Box<Plugin>),
}

const ROUTER: &str = "envoy.extensions.filters.http.router.v3.Router";
const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";
/// The type of the HTTP connection manager.
pub(super) const MANAGER: &str =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

/// Filters that Envoy has and the simulator does not, so that none is taken for a slip.
const ELSEWHERE: [&str; 12] = [
    "buffer.",
    "compressor.",
    "cors.",
    "csrf.",
    "ext_authz.",
    "ext_proc.",
    "fault.",
    "jwt_authn.",
    "local_ratelimit.",
    "lua.",
    "ratelimit.",
    "rbac.",
];

/// The one filter chain of a whole bootstrap's `filter_chains`.
pub(super) fn read_chains(chains: &Node) -> Result<Chain, Problem> {
    let [chain] = chains.as_list()? else {
        return match chains.as_list()?.get(1) {
            Some(second) => Err(not_simulated(&second.place, "a second filter chain")),
            None => Err(chains.expected("a filter chain")),
        };
    };
    let mut fields = Fields::of_message(chain)?;
    let filters = fields.require("filters")?;
    fields.finish()?;
    if filters.as_list()?.is_empty() {
        return Err(filters.expected("a network filter"));
    }
    network::read(filters)
}

impl Manager {
    /// A manager with Envoy's defaults and a route to `web`; a listener of TCP has it unused.
    pub(super) fn plain() -> Self {
        Self {
            stat_prefix: "ingress".to_owned(),
            server_name: "envoy".to_owned(),
            generate_request_id: true,
            request_id_in_response: false,
            idle_timeout_ns: 300_000_000_000,
            access_log: Vec::new(),
            routes: Routes::default_to("web"),
            filters: Vec::new(),
        }
    }

    /// The manager of the short form.
    pub(super) fn short(
        filters: Option<&Node>,
        routes: Option<&Node>,
        access_log: Option<&Node>,
    ) -> Result<Self, Problem> {
        let mut manager = Self::plain();
        if let Some(node) = filters {
            manager.filters = read_filters(node, false)?;
        }
        if let Some(node) = routes {
            manager.routes = Routes::of_list(node)?;
        }
        if let Some(node) = access_log {
            manager.access_log = read_access_logs(node)?;
        }
        Ok(manager)
    }

    /// The manager of an `HttpConnectionManager`, `@type` taken.
    pub(super) fn read(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let mut manager = Self::plain();
        manager.stat_prefix = fields.require("stat_prefix")?.as_string_field()?.to_owned();
        if let Some(codec) = fields.take("codec_type")
            && !matches!(codec.as_str()?, "AUTO" | "HTTP1")
        {
            return Err(not_simulated(&codec.place, "a codec other than HTTP/1.1"));
        }
        if let Some(name) = fields.take("server_name") {
            manager.server_name = name.as_string_field()?.to_owned();
        }
        if let Some(flag) = fields.take("generate_request_id") {
            manager.generate_request_id = flag.as_bool()?;
        }
        if let Some(flag) = fields.take("always_set_request_id_in_response") {
            manager.request_id_in_response = flag.as_bool()?;
        }
        if let Some(flag) = fields.take("use_remote_address")
            && flag.as_bool()?
        {
            return Err(not_simulated(&flag.place, "`use_remote_address: true`"));
        }
        if let Some(timeout) = fields.take("stream_idle_timeout") {
            manager.idle_timeout_ns = timeout.as_proto_duration_ns()?;
        }
        if let Some(node) = fields.take("access_log") {
            manager.access_log = read_access_logs(node)?;
        }
        for name in ["rds", "scoped_routes"] {
            if let Some(node) = fields.take(name) {
                return Err(not_simulated(
                    &node.place,
                    "a route configuration from a server",
                ));
            }
        }
        manager.routes = Routes::read(fields.require("route_config")?)?;
        manager.filters = read_filters(fields.require("http_filters")?, true)?;
        fields.finish()?;
        Ok(manager)
    }
}

/// Reads the settings of a listener that do not depend on its filters.
pub(super) fn read_settings(fields: &mut Fields<'_>, config: &mut Config) -> Result<(), Problem> {
    if let Some(name) = fields.take("name") {
        config.listener = name.as_string_field()?.to_owned();
    }
    if let Some(address) = fields.take("address") {
        config.address = cluster::read_address(address)?;
    }
    if let Some(limit) = fields.take("per_connection_buffer_limit_bytes") {
        config.buffer_limit = limit.as_u32()? as usize;
    }
    config.listener_metadata = Metadata::read(fields.take("metadata"))?;
    if let Some(direction) = fields.take("traffic_direction") {
        config.direction = match direction.as_str()? {
            "UNSPECIFIED" => 0,
            "INBOUND" => 1,
            "OUTBOUND" => 2,
            _ => return Err(direction.expected("UNSPECIFIED, INBOUND or OUTBOUND")),
        };
    }
    Ok(())
}

/// Reads `http_filters`. In the short form the router may be left out; it is always the last.
fn read_filters(node: &Node, need_router: bool) -> Result<Vec<Filter>, Problem> {
    let mut filters: Vec<Filter> = Vec::new();
    let mut router: Option<&Place> = None;
    for item in node.as_list()? {
        if router.is_some() {
            return Err(Problem::at(
                &item.place,
                "a filter after the router",
                "The router ends the chain: put it last.",
            ));
        }
        match read_filter(item)? {
            Some(filter) => filters.push(filter),
            None => router = Some(&item.place),
        }
    }
    if need_router && router.is_none() {
        return Err(Problem::at(
            &node.place,
            "the chain has no terminal filter",
            "Add envoy.filters.http.router as the last one.",
        ));
    }
    Ok(filters)
}

/// One filter; `None` is the router, or a filter that is off.
fn read_filter(node: &Node) -> Result<Option<Filter>, Problem> {
    let mut fields = Fields::of_message(node)?;
    let name = fields.require("name")?.as_string_field()?.to_owned();
    if let Some(flag) = fields.take("is_optional")
        && flag.as_bool()?
    {
        return Err(not_simulated(&flag.place, "`is_optional`"));
    }
    if let Some(flag) = fields.take("disabled")
        && flag.as_bool()?
    {
        return Err(not_simulated(&flag.place, "`disabled`"));
    }
    if let Some(discovery) = fields.take("config_discovery") {
        return Err(not_simulated(
            &discovery.place,
            "a filter from a server (`config_discovery`)",
        ));
    }
    let config = fields.require("typed_config")?;
    fields.finish()?;
    let (kind, mut fields) = typed(config)?;
    match kind {
        ROUTER => {
            fields.finish()?;
            Ok(None)
        }
        WASM => {
            let plugin = wasm::read_plugin(fields.require("config")?)?;
            fields.finish()?;
            Ok(Some(Filter {
                name,
                kind: FilterKind::Wasm(Box::new(plugin)),
            }))
        }
        other => {
            let place = config.get("@type").map_or(&config.place, |n| &n.place);
            let known = |kind: &str| {
                let rest = kind.strip_prefix("envoy.extensions.filters.http.");
                rest.is_some_and(|rest| ELSEWHERE.iter().any(|name| rest.starts_with(name)))
            };
            match nearest(other, [ROUTER, WASM]).filter(|_| !known(other)) {
                Some(near) => Err(Problem::at(
                    place,
                    format!("no such filter type: `{other}`"),
                    format!("Did you mean `type.googleapis.com/{near}`?"),
                )),
                None => Err(not_simulated(place, &format!("the filter `{other}`"))),
            }
        }
    }
}

fn read_access_logs(node: &Node) -> Result<Vec<Logger>, Problem> {
    const PREFIX: &str = "envoy.extensions.access_loggers.";
    let mut formats = Vec::new();
    for item in node.as_list()? {
        let mut fields = Fields::of_message(item)?;
        fields.require("name")?.as_string_field()?;
        if let Some(filter) = fields.take("filter") {
            return Err(not_simulated(&filter.place, "an access log filter"));
        }
        let config = fields.require("typed_config")?;
        fields.finish()?;
        if let Ok((name, mut fields)) = typed(config)
            && name == "envoy.extensions.access_loggers.wasm.v3.WasmAccessLog"
        {
            let plugin = wasm::read_plugin(fields.require("config")?)?;
            fields.finish()?;
            formats.push(Logger::Wasm(Box::new(plugin)));
            continue;
        }
        let names = [
            "stream.v3.StdoutAccessLog",
            "stream.v3.StderrAccessLog",
            "file.v3.FileAccessLog",
        ]
        .map(|name| format!("{PREFIX}{name}"));
        let (name, mut fields) = typed_as(config, &names.each_ref().map(String::as_str))?;
        if name == names[2] {
            fields.require("path")?.as_string_field()?;
        }
        let format = match fields.take("log_format") {
            Some(format) => {
                let mut inner = Fields::of_message(format)?;
                if let Some(json) = inner.take("json_format") {
                    return Err(not_simulated(&json.place, "`json_format`"));
                }
                let source = inner.require("text_format_source")?;
                inner.finish()?;
                let mut inner = Fields::of_message(source)?;
                let text = inner.require("inline_string")?;
                inner.finish()?;
                Format::read(text)?
            }
            None => Format::usual(),
        };
        fields.finish()?;
        formats.push(Logger::Text(format));
    }
    Ok(formats)
}

/// The route list of the short form stands in one virtual host for every domain.
impl Routes {
    fn of_list(node: &Node) -> Result<Self, Problem> {
        let mut routes = Self::default_to("web");
        routes.hosts[0].routes = route::read_list(node)?;
        Ok(routes)
    }
}
