//! The listener and its HTTP connection manager: settings, filters, access logs, routes.

use super::access_log::{Logger, read_access_logs};
use super::any::{typed, unknown_type};
use super::native::{self, Native};
use super::network::{self, Chain};
use super::per_route::Entry;
use super::{
    Action, Choice, Config, Forward, Metadata, Plugin, Routes, cluster, istio, not_simulated,
    refuse, route, wasm,
};
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
    /// `proxy_100_continue`: 1xx responses of upstreams go to the client.
    pub(crate) proxy_100: bool,
    /// The router's `suppress_envoy_headers`.
    pub(crate) suppress_envoy_headers: bool,
    /// The router's `strict_check_headers`, in lower case.
    pub(crate) strict_headers: Vec<String>,
}

/// An HTTP filter of the chain.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    /// Its configured name.
    pub(crate) name: String,
    /// `disabled`: off, unless a route has it on.
    pub(crate) disabled: bool,
    /// What it is.
    pub(crate) kind: FilterKind,
}

/// The filters that the simulator has.
#[derive(Clone, Debug)]
pub(crate) enum FilterKind {
    /// A Wasm plugin.
    Wasm(Box<Plugin>),
    /// A filter of Envoy's own.
    Native(Native),
}

const ROUTER: &str = "envoy.extensions.filters.http.router.v3.Router";
const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";
/// The type of the HTTP connection manager.
pub(super) const MANAGER: &str =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

impl Filter {
    /// Refuses settings of a route that are another filter's.
    fn check_route(&self, entry: &Entry) -> Result<(), Problem> {
        let fits = match (&self.kind, &entry.config) {
            (_, None) => true,
            (FilterKind::Native(native), Some(config)) => native.takes(config),
            (FilterKind::Wasm(_), Some(_)) => false,
        };
        match fits {
            true => Ok(()),
            false => Err(Problem::at(
                &entry.place,
                format!("the filter `{}` has no such configuration", self.name),
                "The message is another filter's. The key is the `name` of a filter in `http_filters`.",
            )),
        }
    }
}

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
    refuse(
        &fields,
        &[
            "filter_chain_match",
            "metadata",
            "name",
            "transport_socket",
            "transport_socket_connect_timeout",
            "use_proxy_proto",
        ],
        "a filter chain",
    )?;
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
            proxy_100: false,
            suppress_envoy_headers: false,
            strict_headers: Vec::new(),
        }
    }

    /// The manager of the short form.
    pub(super) fn short(
        filters: Option<&Node>,
        plugins: Option<&Node>,
        routes: Option<&Node>,
        access_log: Option<&Node>,
    ) -> Result<Self, Problem> {
        let mut manager = Self::plain();
        if let Some(node) = filters {
            manager.read_filters(node, false)?;
        }
        if let Some(node) = plugins {
            manager.filters = istio::read_all(node)?;
        }
        if let Some(node) = routes {
            manager.routes = Routes::of_list(node)?;
        }
        if let Some(node) = access_log {
            manager.access_log = read_access_logs(node)?;
        }
        manager.check_per_route()?;
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
        manager.read_filters(fields.require("http_filters")?, true)?;
        if let Some(flag) = fields.take("proxy_100_continue") {
            manager.proxy_100 = flag.as_bool()?;
        }
        // It makes a difference at the edge alone, and with `use_remote_address` off nobody is there.
        let preserve = fields.take("preserve_external_request_id");
        preserve.map(Node::as_bool).transpose()?;
        refuse(&fields, &MANAGER_FIELDS, "an HTTP connection manager")?;
        fields.finish()?;
        manager.check_per_route()?;
        Ok(manager)
    }

    /// Refuses what a route says of a filter that is not in the chain.
    fn check_per_route(&self) -> Result<(), Problem> {
        let hosts = &self.routes.hosts;
        let routes = || hosts.iter().flat_map(|host| &host.routes);
        let weighted = routes().filter_map(|route| match &route.action {
            Action::Forward(Forward {
                choice: Choice::Weighted(list),
                ..
            }) => Some(list),
            _ => None,
        });
        let all = [&self.routes.per_route]
            .into_iter()
            .chain(hosts.iter().map(|host| &host.per_route))
            .chain(routes().map(|route| &route.per_route))
            .chain(weighted.flatten().map(|cluster| &cluster.per_route));
        for entry in all.flat_map(|per_route| &per_route.0) {
            let (name, place) = (&entry.filter, &entry.place);
            let names = || self.filters.iter().map(|filter| filter.name.as_str());
            if let Some(filter) = self.filters.iter().find(|filter| filter.name == *name) {
                filter.check_route(entry)?;
                continue;
            }
            let help = match nearest(name, names()) {
                Some(near) => format!("Did you mean `{near}`?"),
                None => "The key is the `name` of a filter in `http_filters`.".to_owned(),
            };
            let message = format!("no HTTP filter is named `{name}`");
            return Err(Problem::at(place, message, help));
        }
        Ok(())
    }

    /// Reads `http_filters`. In the short form the router may be left out; it is always the last.
    fn read_filters(&mut self, node: &Node, need_router: bool) -> Result<(), Problem> {
        let mut router: Option<&Place> = None;
        for item in node.as_list()? {
            if router.is_some() {
                return Err(Problem::at(
                    &item.place,
                    "a filter after the router",
                    "The router ends the chain: put it last.",
                ));
            }
            match self.read_filter(item)? {
                Some(filter) => self.filters.push(filter),
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
        Ok(())
    }

    /// One filter; `None` is the router.
    fn read_filter(&mut self, node: &Node) -> Result<Option<Filter>, Problem> {
        let mut fields = Fields::of_message(node)?;
        let name = fields.require("name")?.as_string_field()?.to_owned();
        if let Some(flag) = fields.take("is_optional")
            && flag.as_bool()?
        {
            return Err(not_simulated(&flag.place, "`is_optional`"));
        }
        let disabled = fields.take("disabled");
        let off = disabled.map_or(Ok(false), Node::as_bool)?;
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
                if let Some(flag) = disabled.filter(|_| off) {
                    return Err(not_simulated(&flag.place, "a router that is off"));
                }
                self.read_router(fields)?;
                Ok(None)
            }
            WASM => {
                let plugin = wasm::read_plugin(fields.require("config")?)?;
                fields.finish()?;
                Ok(Some(Filter {
                    name,
                    disabled: off,
                    kind: FilterKind::Wasm(Box::new(plugin)),
                }))
            }
            native if native::TYPES.contains(&native) => {
                let native = native::read(native, fields)?;
                Ok(native.map(|native| Filter {
                    name,
                    disabled: off,
                    kind: FilterKind::Native(native),
                }))
            }
            other => {
                let types = native::TYPES.into_iter().chain([ROUTER, WASM]);
                let types: Vec<&str> = types.collect();
                let (slip, what) = ("filter type", "the filter");
                Err(unknown_type(config, other, &types, slip, what))
            }
        }
    }
}

impl Manager {
    /// What the router's configuration says.
    fn read_router(&mut self, mut fields: Fields<'_>) -> Result<(), Problem> {
        if let Some(flag) = fields.take("suppress_envoy_headers") {
            self.suppress_envoy_headers = flag.as_bool()?;
        }
        // It decides whether stats of clusters are counted, which they always are here.
        let dynamic = fields.take("dynamic_stats");
        dynamic
            .map(|d| d.get("value").unwrap_or(d).as_bool())
            .transpose()?;
        let list = fields.take("strict_check_headers");
        for item in list.map_or(Ok(&[][..]), Node::as_list)? {
            let name = item.as_string_field()?.to_ascii_lowercase();
            if !STRICT.contains(&name.as_str()) {
                return Err(item.expected(&format!("one of {}", STRICT.join(", "))));
            }
            self.strict_headers.push(name);
        }
        refuse(&fields, &ROUTER_FIELDS, "the router")?;
        fields.finish()
    }
}

/// The headers that `strict_check_headers` can name.
const STRICT: [&str; 5] = [
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-max-retries",
    "x-envoy-retry-grpc-on",
    "x-envoy-retry-on",
];

/// Fields of `Router` that Envoy knows and the simulator does not.
const ROUTER_FIELDS: [&str; 7] = [
    "reject_connect_request_early_data",
    "respect_expected_rq_timeout",
    "start_child_span",
    "suppress_grpc_request_failure_code_stats",
    "upstream_http_filters",
    "upstream_log",
    "upstream_log_options",
];

/// Fields of `HttpConnectionManager` that Envoy knows and the simulator does not.
const MANAGER_FIELDS: [&str; 42] = [
    "access_log_flush_interval",
    "access_log_options",
    "add_proxy_protocol_connection_state",
    "add_user_agent",
    "append_local_overload",
    "append_x_forwarded_port",
    "common_http_protocol_options",
    "delayed_close_timeout",
    "drain_timeout",
    "early_header_mutation_extensions",
    "flush_access_log_on_new_request",
    "forward_client_cert_details",
    "http1_safe_max_connection_duration",
    "http2_protocol_options",
    "http3_protocol_options",
    "http_protocol_options",
    "internal_address_config",
    "local_reply_config",
    "max_request_headers_kb",
    "merge_slashes",
    "normalize_path",
    "original_ip_detection_extensions",
    "path_with_escaped_slashes_action",
    "proxy_status_config",
    "represent_ipv4_remote_address_as_ipv4_mapped_ipv6",
    "request_headers_timeout",
    "request_id_extension",
    "request_timeout",
    "scheme_header_transformation",
    "server_header_transformation",
    "set_current_client_cert_details",
    "skip_xff_append",
    "stream_error_on_invalid_http_message",
    "strip_any_host_port",
    "strip_matching_host_port",
    "strip_port_mode",
    "strip_trailing_host_dot",
    "tracing",
    "typed_header_validation_config",
    "upgrade_configs",
    "via",
    "xff_num_trusted_hops",
];

/// Fields of `Listener` that Envoy knows and the simulator does not.
const LISTENER_FIELDS: [&str; 26] = [
    "access_log",
    "additional_addresses",
    "api_listener",
    "bind_to_port",
    "bypass_overload_manager",
    "connection_balance_config",
    "continue_on_listener_filters_timeout",
    "default_filter_chain",
    "drain_type",
    "enable_mptcp",
    "enable_reuse_port",
    "filter_chain_matcher",
    "freebind",
    "ignore_global_conn_limit",
    "internal_listener",
    "listener_filters",
    "listener_filters_timeout",
    "max_connections_to_accept_per_socket_event",
    "reuse_port",
    "socket_options",
    "stat_prefix",
    "tcp_backlog_size",
    "tcp_fast_open_queue_length",
    "transparent",
    "udp_listener_config",
    "use_original_dst",
];

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
    refuse(fields, &LISTENER_FIELDS, "a listener")
}

/// The route list of the short form stands in one virtual host for every domain.
impl Routes {
    fn of_list(node: &Node) -> Result<Self, Problem> {
        let mut routes = Self::default_to("web");
        routes.hosts[0].routes = route::read_list(node)?;
        Ok(routes)
    }
}
