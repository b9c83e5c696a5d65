//! The Envoy configuration as typed data, read from YAML that knows its places.
//!
//! Two forms: a whole bootstrap (`static_resources`), or the short form of the lab file, where
//! what is missing gets a default. Every field is honoured, or refused with line and column; none
//! is passed over in silence. Must not know: how a request runs, or what a module does.

mod access_log;
mod any;
mod change;
mod cluster;
mod format;
mod forward;
mod istio;
mod listener;
mod matching;
mod metadata;
mod native;
mod network;
mod per_route;
mod rate_limits;
mod retry;
mod route;
mod wasm;

use crate::model::yaml::{Fields, Node, Value};
use crate::model::{Place, Problem};

pub(crate) use access_log::{Line, Logger, Shape};
pub(crate) use change::{Addition, Append, HeaderChange};
pub(crate) use cluster::{Cluster, Said};
pub(crate) use format::{Format, Operator, Source};
pub(crate) use forward::{Choice, Forward};
pub(crate) use listener::{Filter, FilterKind, Manager};
pub(crate) use matching::{HeaderMatch, PathMatch, TextMatch};
pub(crate) use metadata::{Item, LOCALITY, Locality, Metadata, Struct};
pub(crate) use native::{
    Abort, BufferRoute, Compressible, Compressor, CompressorRoute, CorsPolicy, Csrf,
    Decompressible, Decompressor, Delay, Fault, HeaderMutation, HostLimits, JwtAuthn, JwtRoute,
    LocalRateLimit, Lua, LuaChoice, LuaCode, LuaRoute, Mutation, Mutations, Native, NativeRoute,
    Parameter, Percent, Provider, RateLimitService, Rbac, RbacAction, Requirement, Rule, Rules,
    Script, TokenBucket, wrong_name,
};
pub(crate) use network::{Network, NetworkFilter, Terminal};
pub(crate) use per_route::PerRoute;
pub(crate) use rate_limits::{DescribeBy, RateLimit};
pub(crate) use retry::{On, RETRIES_MAX, RetryPolicy};
pub(crate) use route::{Action, Redirect, Route, Routes, VirtualHost};
pub(crate) use wasm::{Code, FailurePolicy, Plugin, Remote, Service};

/// Everything that the simulator honours of a configuration.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// `node.id`.
    pub(crate) node_id: String,
    /// `node.cluster`.
    pub(crate) node_cluster: String,
    /// `node.metadata`.
    pub(crate) node_metadata: Struct,
    /// `node.locality`.
    pub(crate) node_locality: Locality,
    /// The listener's name.
    pub(crate) listener: String,
    /// `metadata` of the listener.
    pub(crate) listener_metadata: Metadata,
    /// `traffic_direction`: 0 unspecified, 1 inbound, 2 outbound.
    pub(crate) direction: i64,
    /// `ip:port` that clients connect to.
    pub(crate) address: (String, u16),
    /// Soft limit of a stream's buffers in bytes: `per_connection_buffer_limit_bytes`.
    pub(crate) buffer_limit: usize,
    /// The HTTP connection manager; of no use where `network` is there.
    pub(crate) manager: Manager,
    /// The chain of a listener that serves TCP.
    pub(crate) network: Option<Network>,
    /// The clusters.
    pub(crate) clusters: Vec<Cluster>,
    /// Wasm services of `bootstrap_extensions`.
    pub(crate) services: Vec<Service>,
}

impl Config {
    /// Its Wasm plugins: network and HTTP filters, access loggers, services.
    pub(crate) fn plugins(&self) -> Vec<&Plugin> {
        let network = self.network.iter().flat_map(|network| &network.filters);
        let filters = self
            .manager
            .filters
            .iter()
            .filter_map(|filter| match &filter.kind {
                FilterKind::Wasm(plugin) => Some(&**plugin),
                FilterKind::Native(_) => None,
            });
        let loggers = self
            .manager
            .access_log
            .iter()
            .filter_map(|logger| match logger {
                Logger::Wasm(plugin) => Some(&**plugin),
                Logger::Line(_) => None,
            });
        let services = self.services.iter().map(|service| &service.plugin);
        let chains = network.map(|filter| &filter.plugin).chain(filters);
        chains.chain(loggers).chain(services).collect()
    }

    /// Reads what the configuration has in files of the lab, modules left out.
    ///
    /// # Errors
    /// When a file is not there, or is not what the simulator can use.
    pub(crate) fn read_files<'a>(
        &mut self,
        file: impl Fn(&str, &Place) -> Result<&'a [u8], Problem>,
    ) -> Result<(), Problem> {
        for filter in &mut self.manager.filters {
            if let FilterKind::Native(Native::JwtAuthn(jwt)) = &mut filter.kind {
                jwt.read_files(&file)?;
            }
        }
        Ok(())
    }
}

/// Fields of `Bootstrap` that Envoy knows and the simulator does not.
const NOT_HONOURED: [&str; 14] = [
    "application_log_config",
    "cluster_manager",
    "default_regex_engine",
    "dynamic_resources",
    "hds_config",
    "layered_runtime",
    "memory_allocator_manager",
    "overload_manager",
    "stats_config",
    "stats_flush_interval",
    "stats_sinks",
    "tracing",
    "watchdog",
    "watchdogs",
];

/// Envoy's default of `per_connection_buffer_limit_bytes`.
const BUFFER_LIMIT: usize = 1 << 20;

/// Reads a configuration of either form.
///
/// # Errors
/// The first thing that is unknown, malformed or not simulated, with its place.
pub(crate) fn read(envoy: &Node) -> Result<Config, Problem> {
    if envoy.is_null() {
        return short(&Node {
            place: envoy.place.clone(),
            value: Value::Map(Vec::new()),
        });
    }
    match envoy
        .get("static_resources")
        .or(envoy.get("staticResources"))
    {
        Some(_) => bootstrap(envoy),
        None => short(envoy),
    }
}

/// The refusal of something that Envoy has and the simulator does not.
pub(crate) fn not_simulated(place: &Place, what: &str) -> Problem {
    Problem::at(
        place,
        format!("{what} is not simulated"),
        "Envoy knows it, this simulator does not. Take it out to run this here.",
    )
}

/// Refuses the fields of a message that Envoy knows and the simulator does not.
fn refuse(fields: &Fields<'_>, names: &[&str], of: &str) -> Result<(), Problem> {
    match fields.find(names) {
        Some(key) => Err(not_simulated(
            &key.place,
            &format!("`{}` of {of}", key.text),
        )),
        None => Ok(()),
    }
}

/// The one field of those that exclude each other, for a message that has nothing else.
///
/// `elsewhere` are those that Envoy knows and the simulator does not; `of` says whose they are.
fn one_of<'a>(
    node: &'a Node,
    known: &[&'static str],
    elsewhere: &[&str],
    of: &str,
) -> Result<(&'static str, &'a Node), Problem> {
    let mut fields = Fields::of_message(node)?;
    refuse(&fields, elsewhere, of)?;
    let found: Vec<(&'static str, &Node)> = known
        .iter()
        .filter_map(|name| Some((*name, fields.take(name)?)))
        .collect();
    fields.finish()?;
    match found[..] {
        [one] => Ok(one),
        _ => Err(not_one_of(&node.place, &known.join(", "))),
    }
}

/// The problem that none of these fields is there, or more than one.
fn not_one_of(place: &Place, names: &str) -> Problem {
    Problem::at(
        place,
        format!("expected exactly one of {names}"),
        "Write one of them, and take out the others.",
    )
}

fn short(envoy: &Node) -> Result<Config, Problem> {
    let mut fields = Fields::of_message(envoy)?;
    let filters = fields.take("http_filters");
    let routes = fields.take("routes");
    let clusters = fields.take("clusters");
    let access_log = fields.take("access_log");
    let listener = fields.take("listener");
    let network = fields.take("network_filters");
    let extensions = fields.take("bootstrap_extensions");
    let plugins = fields.take("wasm_plugins");
    fields.finish()?;
    if let (Some(plugins), Some(_)) = (plugins, filters.or(network)) {
        return Err(Problem::at(
            &plugins.place,
            "`wasm_plugins` beside filters",
            "Istio makes the chain of them by phase and priority. Keep one.",
        ));
    }
    let services = extensions.map_or(Ok(Vec::new()), wasm::read_services)?;
    let clusters = match clusters {
        Some(node) => cluster::read_all(node)?,
        None => vec![Cluster::named("web", 0)],
    };
    let (manager, network) = match network {
        Some(node) => {
            for (name, other) in [
                ("http_filters", filters),
                ("routes", routes),
                ("access_log", access_log),
            ] {
                if let Some(other) = other {
                    return Err(Problem::at(
                        &other.place,
                        format!("`{name}` beside `network_filters`"),
                        "They belong to an HTTP connection manager. Keep one, or write the manager as the last network filter.",
                    ));
                }
            }
            let web = clusters.iter().any(|cluster| cluster.name == "web");
            split(network::read_short(node, web)?)
        }
        None => (Manager::short(filters, plugins, routes, access_log)?, None),
    };
    let mut config = Config {
        node_id: "sim".to_owned(),
        node_cluster: "sim".to_owned(),
        node_metadata: Struct::default(),
        node_locality: Locality::default(),
        listener: "ingress".to_owned(),
        listener_metadata: Metadata::default(),
        direction: 0,
        address: ("127.0.0.1".to_owned(), 10000),
        buffer_limit: BUFFER_LIMIT,
        manager,
        network,
        clusters,
        services,
    };
    if let Some(node) = listener {
        let mut fields = Fields::of_message(node)?;
        listener::read_settings(&mut fields, &mut config)?;
        fields.finish()?;
    }
    check_clusters(&config)?;
    Ok(config)
}

fn bootstrap(envoy: &Node) -> Result<Config, Problem> {
    let mut fields = Fields::of_message(envoy)?;
    let node = fields.take("node");
    if let Some(admin) = fields.take("admin") {
        // Where the admin interface listens makes no difference to a request.
        let mut admin = Fields::of_message(admin)?;
        admin
            .take("address")
            .map(cluster::read_address)
            .transpose()?;
        admin.finish()?;
    }
    refuse(&fields, &NOT_HONOURED, "a bootstrap")?;
    let extensions = fields.take("bootstrap_extensions");
    let services = extensions.map_or(Ok(Vec::new()), wasm::read_services)?;
    let resources = fields.require("static_resources")?;
    fields.finish()?;
    let (mut id, mut name) = ("sim".to_owned(), "sim".to_owned());
    let (mut node_metadata, mut node_locality) = (Struct::default(), Locality::default());
    if let Some(node) = node {
        let mut fields = Fields::of_message(node)?;
        if let Some(text) = fields.take("id") {
            id = text.as_string_field()?.to_owned();
        }
        if let Some(text) = fields.take("cluster") {
            name = text.as_string_field()?.to_owned();
        }
        if let Some(metadata) = fields.take("metadata") {
            node_metadata = Struct::read(metadata)?;
        }
        node_locality = Locality::read(fields.take("locality"))?;
        fields.finish()?;
    }
    let mut resources = Fields::of_message(resources)?;
    let listeners = resources.require("listeners")?;
    let clusters = match resources.take("clusters") {
        Some(node) => cluster::read_all(node)?,
        None => Vec::new(),
    };
    resources.finish()?;
    let [listener] = listeners.as_list()? else {
        return match listeners.as_list()?.get(1) {
            Some(second) => Err(not_simulated(&second.place, "a second listener")),
            None => Err(listeners.expected("a listener")),
        };
    };
    let mut fields = Fields::of_message(listener)?;
    let chains = fields.require("filter_chains")?;
    let (manager, network) = split(listener::read_chains(chains)?);
    let mut config = Config {
        node_id: id,
        node_cluster: name,
        node_metadata,
        node_locality,
        listener: String::new(),
        listener_metadata: Metadata::default(),
        direction: 0,
        address: ("0.0.0.0".to_owned(), 10000),
        buffer_limit: BUFFER_LIMIT,
        manager,
        network,
        clusters,
        services,
    };
    listener::read_settings(&mut fields, &mut config)?;
    fields.finish()?;
    check_clusters(&config)?;
    Ok(config)
}

/// What a chain of network filters makes of a listener.
fn split(chain: network::Chain) -> (Manager, Option<Network>) {
    match chain {
        network::Chain::Http(manager) => (*manager, None),
        network::Chain::Tcp(network) => (Manager::plain(), Some(network)),
    }
}

/// Envoy refuses a static route to a cluster that it does not know (`validate_clusters`), and a
/// filter's gRPC service on one.
fn check_clusters(config: &Config) -> Result<(), Problem> {
    for filter in &config.manager.filters {
        if let FilterKind::Native(Native::RateLimit(service)) = &filter.kind
            && !config.clusters.iter().any(|c| c.name == service.cluster)
        {
            return Err(Problem::at(
                &service.place,
                format!("Unknown gRPC client cluster '{}'", service.cluster),
                "Add it to `clusters`.",
            ));
        }
    }
    if !config.manager.routes.validate_clusters || config.network.is_some() {
        return Ok(());
    }
    let known = || config.clusters.iter().map(|c| c.name.as_str());
    for host in &config.manager.routes.hosts {
        for route in &host.routes {
            let Action::Forward(forward) = &route.action else {
                continue;
            };
            for (cluster, place) in forward.choice.named() {
                if known().any(|name| name == cluster) {
                    continue;
                }
                let help = match crate::model::yaml::nearest(cluster, known()) {
                    Some(name) => format!("Did you mean `{name}`?"),
                    None => "Add it to `clusters`.".to_owned(),
                };
                let message = format!("route: unknown cluster '{cluster}'");
                return Err(Problem::at(place, message, help));
            }
        }
    }
    Ok(())
}
