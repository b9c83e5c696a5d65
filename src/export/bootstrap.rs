//! A lab's configuration as a whole bootstrap that an Envoy starts with.
//!
//! What the short form leaves out, and what the simulator's reader supplies by itself, stands in it in
//! so many words, so that nothing depends on who reads it. All else stays as it was written.

use super::tree::{
    field, field_mut, fill, items_mut, kind_of, list, map, set, socket, text, text_field, typed,
    walk, walk_mut, word,
};
use crate::lab::Contents;
use crate::model::lab::{Lab, TrafficAction};
use crate::model::yaml::{Node, Value};
use crate::model::{Bytes, Problem};
use crate::proxy::config::{self, Code, Config, FailurePolicy, FilterKind, Plugin, Remote};
use crate::proxy::oci;
use std::collections::BTreeMap;

/// The message of the HTTP connection manager.
pub(super) const MANAGER: &str =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const ROUTER: &str = "envoy.extensions.filters.http.router.v3.Router";
const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";
const TCP_PROXY: &str = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";
/// Messages that hold a plugin under `config`.
const PLUGINS: [&str; 4] = [
    WASM,
    "envoy.extensions.filters.network.wasm.v3.Wasm",
    "envoy.extensions.access_loggers.wasm.v3.WasmAccessLog",
    "envoy.extensions.wasm.v3.WasmService",
];
/// Network filters that end a chain.
const TERMINAL: [&str; 4] = [
    TCP_PROXY,
    "envoy.extensions.filters.network.direct_response.v3.Config",
    "envoy.extensions.filters.network.echo.v3.Echo",
    MANAGER,
];

/// A whole bootstrap.
pub(super) struct Whole {
    /// The bootstrap.
    pub(super) tree: Node,
    /// What the simulator reads of it.
    pub(super) config: Config,
    /// Files that it names, by their path on Envoy's disk: the name under which the lab has them.
    pub(super) files: BTreeMap<String, String>,
    /// What the lab has beside that and needs: code at a URL, modules that are called without a proxy.
    pub(super) others: Vec<String>,
    /// What a person must know who runs it.
    pub(super) notes: Vec<String>,
}

/// The whole bootstrap of a lab.
///
/// # Errors
/// As the proxy refuses the configuration.
pub(super) fn whole(lab: &Lab, contents: &Contents) -> Result<Whole, Problem> {
    let config = config::read(&lab.envoy)?;
    let mut bootstrap = match field(&lab.envoy, "static_resources") {
        Some(_) => lab.envoy.clone(),
        None => from_short(&lab.envoy, &config),
    };
    fill(&mut bootstrap, "node", || map([]));
    if let Some(node) = field_mut(&mut bootstrap, "node") {
        fill(node, "id", || text(config.node_id.as_str()));
        fill(node, "cluster", || text(config.node_cluster.as_str()));
    }
    fill(&mut bootstrap, "admin", || {
        map([("address", socket("127.0.0.1", 9901))])
    });
    if let Some(resources) = field_mut(&mut bootstrap, "static_resources") {
        for listener in items_mut(resources, "listeners") {
            fill_listener(listener, &config);
        }
        for (cluster, known) in items_mut(resources, "clusters")
            .iter_mut()
            .zip(&config.clusters)
        {
            fill_cluster(cluster, known);
        }
    }
    walk_mut(&mut bootstrap, &mut fill_plugin);
    let mut whole = Whole {
        tree: bootstrap,
        config,
        files: BTreeMap::new(),
        others: Vec::new(),
        notes: Vec::new(),
    };
    whole.bring_agent_files(lab, contents);
    whole.note_fetches(lab);
    whole.name_files(lab);
    whole.name_called(lab);
    Ok(whole)
}

impl Whole {
    /// Code that Istio's agent fetches becomes a file, as the agent makes it one for Envoy.
    fn bring_agent_files(&mut self, lab: &Lab, contents: &Contents) {
        let source = |remote: &Remote| {
            let bytes = |name: &str| contents.get(name).map(|bytes| &**bytes);
            match oci::is_reference(&remote.uri) {
                true => oci::find(&lab.files, &remote.uri, bytes).map(str::to_owned),
                false => lab
                    .files
                    .contains_key(&remote.uri)
                    .then(|| remote.uri.clone()),
            }
        };
        let (files, notes) = (&mut self.files, &mut self.notes);
        for plugin in self.config.plugins() {
            let Code::Remote(remote) = &plugin.code else {
                continue;
            };
            if !remote.agent {
                continue;
            }
            let path = agent_file(&plugin.name);
            notes.push(format!(
                "The plugin `{}` has its code from {}. Istio's agent fetches that, Envoy does not: here it is the file {path}.",
                plugin.name, remote.uri
            ));
            match source(remote).filter(|name| contents.contains_key(name)) {
                Some(name) => {
                    files.insert(path, name);
                }
                None => notes.push(format!(
                    "The lab serves nothing at {}, so {path} is not here.",
                    remote.uri
                )),
            }
        }
        walk_mut(&mut self.tree, &mut |node| {
            if !kind_of(node).is_some_and(|kind| PLUGINS.contains(&kind)) {
                return;
            }
            let Some(config) = field_mut(node, "config") else {
                return;
            };
            let name = text_field(config, "name").unwrap_or_default().to_owned();
            if let Some(vm) = field_mut(config, "vm_config")
                && let Some(code) = field_mut(vm, "code")
                && let Some(uri) =
                    field(code, "remote").and_then(|remote| field(remote, "http_uri"))
                && text_field(uri, "uri").is_some_and(oci::is_reference)
            {
                *code = local(&agent_file(&name));
            }
        });
    }

    /// Says what Envoy itself fetches.
    fn note_fetches(&mut self, lab: &Lab) {
        for plugin in self.config.plugins() {
            if let Code::Remote(remote) = &plugin.code
                && !remote.agent
                && lab.files.contains_key(&remote.uri)
            {
                self.notes.push(format!(
                    "The plugin `{}` fetches {} through the cluster `{}`. Something must serve the module there.",
                    plugin.name, remote.uri, remote.cluster
                ));
                if !self.others.contains(&remote.uri) {
                    self.others.push(remote.uri.clone());
                }
            }
        }
    }

    /// Finds the modules that are called without a proxy.
    fn name_called(&mut self, lab: &Lab) {
        for traffic in lab.scenarios.iter().flat_map(|scenario| &scenario.traffic) {
            if let TrafficAction::Call { module, .. } = &traffic.action
                && !self.files.contains_key(module)
                && !self.others.contains(module)
            {
                self.others.push(module.clone());
            }
        }
    }

    /// Finds the files of the lab that are named anywhere.
    fn name_files(&mut self, lab: &Lab) {
        let files = &mut self.files;
        walk(&self.tree, &mut |node| {
            if let Some(path) = text_field(node, "filename")
                && lab.files.contains_key(path)
            {
                files
                    .entry(path.to_owned())
                    .or_insert_with(|| path.to_owned());
            }
        });
    }
}

/// The bootstrap around the short form.
fn from_short(envoy: &Node, config: &Config) -> Node {
    let chain = match &config.network {
        Some(_) => network_chain(envoy),
        None => list([named(
            "envoy.filters.network.http_connection_manager",
            manager(envoy, config),
        )]),
    };
    let mut listener = field(envoy, "listener").cloned().unwrap_or_else(|| map([]));
    let (address, port) = &config.address;
    let head = [
        ("name", text(config.listener.as_str())),
        ("address", socket(address, *port)),
    ];
    let mut whole = map(head);
    if let Value::Map(entries) = &mut listener.value {
        for (key, value) in entries.drain(..) {
            set(&mut whole, &key.text, value);
        }
    }
    set(
        &mut whole,
        "filter_chains",
        list([map([("filters", chain)])]),
    );
    let clusters = field(envoy, "clusters").cloned();
    let clusters = clusters.unwrap_or_else(|| list([map([("name", text("web"))])]));
    let mut out = map([
        ("node", map([])),
        ("admin", map([("address", socket("127.0.0.1", 9901))])),
    ]);
    if let Some(extensions) = field(envoy, "bootstrap_extensions") {
        set(&mut out, "bootstrap_extensions", extensions.clone());
    }
    let resources = map([("listeners", list([whole])), ("clusters", clusters)]);
    set(&mut out, "static_resources", resources);
    out
}

fn named(name: &str, config: Node) -> Node {
    map([("name", text(name)), ("typed_config", config)])
}

/// The connection manager that the short form means.
fn manager(envoy: &Node, config: &Config) -> Node {
    let routes = field(envoy, "routes").cloned().unwrap_or_else(|| {
        let prefix = map([("prefix", text("/"))]);
        list([map([
            ("match", prefix),
            ("route", map([("cluster", text("web"))])),
        ])])
    });
    let host = map([
        ("name", text("all")),
        ("domains", list([text("*")])),
        ("routes", routes),
    ]);
    let routes = map([
        ("name", text("local_route")),
        ("virtual_hosts", list([host])),
    ]);
    let mut manager = typed(
        MANAGER,
        [("stat_prefix", text(config.manager.stat_prefix.as_str()))],
    );
    if let Some(log) = field(envoy, "access_log") {
        set(&mut manager, "access_log", log.clone());
    }
    set(&mut manager, "route_config", routes);
    let filters =
        match field(envoy, "wasm_plugins") {
            Some(_) => list(config.manager.filters.iter().filter_map(
                |filter| match &filter.kind {
                    FilterKind::Wasm(plugin) => Some(named(&filter.name, istio_plugin(plugin))),
                    FilterKind::Native(_) => None,
                },
            )),
            None => field(envoy, "http_filters")
                .cloned()
                .unwrap_or_else(|| list([])),
        };
    set(&mut manager, "http_filters", with_router(filters));
    manager
}

/// A chain of HTTP filters with the router at its end.
fn with_router(mut filters: Node) -> Node {
    if let Value::List(items) = &mut filters.value {
        let router = |item: &Node| field(item, "typed_config").and_then(kind_of) == Some(ROUTER);
        if !items.last().is_some_and(router) {
            items.push(named("envoy.filters.http.router", typed(ROUTER, [])));
        }
    }
    filters
}

/// The short form's network filters, with a proxy to `web` where nothing else ends them.
fn network_chain(envoy: &Node) -> Node {
    let mut filters = field(envoy, "network_filters")
        .cloned()
        .unwrap_or_else(|| list([]));
    if let Value::List(items) = &mut filters.value {
        let last = items.last().and_then(|item| field(item, "typed_config"));
        if !last
            .and_then(kind_of)
            .is_some_and(|kind| TERMINAL.contains(&kind))
        {
            let fields = [("stat_prefix", text("tcp")), ("cluster", text("web"))];
            items.push(named(
                "envoy.filters.network.tcp_proxy",
                typed(TCP_PROXY, fields),
            ));
        }
    }
    filters
}

/// The filter that Istio makes of a `WasmPlugin`. Its agent rewrites code from elsewhere to a file.
fn istio_plugin(plugin: &Plugin) -> Node {
    let mut vm = map([("runtime", text("envoy.wasm.runtime.v8"))]);
    let file = match &plugin.code {
        Code::File(path, _) => path.clone(),
        Code::Inline(_) | Code::Remote(_) => agent_file(&plugin.name),
    };
    set(&mut vm, "code", local(&file));
    if !plugin.environment.is_empty() {
        let pairs = plugin.environment.iter();
        let pairs = map(pairs.map(|(name, value)| (name.as_str(), text(value.as_str()))));
        set(
            &mut vm,
            "environment_variables",
            map([("key_values", pairs)]),
        );
    }
    let mut config = map([
        ("name", text(plugin.name.as_str())),
        ("root_id", text(plugin.root_id.as_str())),
    ]);
    if !plugin.configuration.is_empty() {
        set(&mut config, "configuration", any_of(&plugin.configuration));
    }
    let policy = match plugin.policy {
        FailurePolicy::Closed => "FAIL_CLOSED",
        FailurePolicy::Open => "FAIL_OPEN",
        FailurePolicy::Reload(_) => "FAIL_RELOAD",
    };
    set(&mut config, "failure_policy", text(policy));
    set(&mut config, "vm_config", vm);
    typed(WASM, [("config", config)])
}

/// Bytes as a plugin's configuration.
fn any_of(bytes: &[u8]) -> Node {
    match std::str::from_utf8(bytes) {
        Ok(string) => typed("google.protobuf.StringValue", [("value", text(string))]),
        Err(_) => {
            let bytes = Bytes::from(bytes).to_base64();
            typed("google.protobuf.BytesValue", [("value", text(bytes))])
        }
    }
}

/// `code` of a file.
pub(super) fn local(path: &str) -> Node {
    map([("local", map([("filename", text(path))]))])
}

/// Where a module lies that an agent has fetched.
pub(super) fn agent_file(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '-'
        }
    };
    let name: String = name.chars().map(plain).collect();
    format!("/etc/envoy/{name}.wasm")
}

fn fill_listener(listener: &mut Node, config: &Config) {
    fill(listener, "name", || text("ingress"));
    fill(listener, "address", || {
        socket(&config.address.0, config.address.1)
    });
    fill(listener, "per_connection_buffer_limit_bytes", || {
        word(config.buffer_limit)
    });
    for chain in items_mut(listener, "filter_chains") {
        for filter in items_mut(chain, "filters") {
            let Some(typed) = field_mut(filter, "typed_config") else {
                continue;
            };
            if kind_of(typed) != Some(MANAGER) {
                continue;
            }
            let manager = &config.manager;
            fill(typed, "codec_type", || text("AUTO"));
            fill(typed, "server_name", || text(manager.server_name.as_str()));
            fill(typed, "generate_request_id", || {
                word(manager.generate_request_id)
            });
            fill(typed, "stream_idle_timeout", || {
                seconds(manager.idle_timeout_ns)
            });
            if let Some(routes) = field_mut(typed, "route_config") {
                fill(routes, "name", || text("local_route"));
            }
        }
    }
}

fn fill_cluster(cluster: &mut Node, known: &config::Cluster) {
    let numeric = |host: &(String, u16)| host.0.parse::<std::net::IpAddr>().is_ok();
    let kind = match known.hosts.iter().all(numeric) {
        true => "STATIC",
        false => "STRICT_DNS",
    };
    fill(cluster, "type", || text(kind));
    fill(cluster, "connect_timeout", || {
        seconds(known.connect_timeout_ns)
    });
    fill(cluster, "lb_policy", || text("ROUND_ROBIN"));
    fill(cluster, "load_assignment", || {
        let hosts = known
            .hosts
            .iter()
            .map(|(address, port)| map([("endpoint", map([("address", socket(address, *port))]))]));
        let group = map([("lb_endpoints", list(hosts))]);
        map([
            ("cluster_name", text(known.name.as_str())),
            ("endpoints", list([group])),
        ])
    });
    if let Some(assignment) = field_mut(cluster, "load_assignment") {
        fill(assignment, "cluster_name", || text(known.name.as_str()));
    }
}

/// The runtime of a plugin that names none.
fn fill_plugin(node: &mut Node) {
    if !kind_of(node).is_some_and(|kind| PLUGINS.contains(&kind)) {
        return;
    }
    if let Some(vm) = field_mut(node, "config").and_then(|config| field_mut(config, "vm_config")) {
        if text_field(vm, "runtime") == Some("") {
            set(vm, "runtime", text("envoy.wasm.runtime.v8"));
        }
        fill(vm, "runtime", || text("envoy.wasm.runtime.v8"));
    }
}

/// A duration as Protobuf's JSON has it.
pub(super) fn seconds(ns: u64) -> Node {
    let (whole, rest) = (ns / 1_000_000_000, ns % 1_000_000_000);
    match rest {
        0 => text(format!("{whole}s")),
        _ => text(format!(
            "{whole}.{}s",
            format!("{rest:09}").trim_end_matches('0')
        )),
    }
}
