//! What Envoy's admin interface and its log would show of a run.
//!
//! Views of the configuration come from the exported bootstrap, so they show what is in force, with
//! every default. Counters of hosts are those of a scenario that has run. Must not know: who prints a
//! view.

use super::bootstrap;
use super::tree::{field, items, kind_of};
use crate::lab::Contents;
use crate::model::Problem;
use crate::model::lab::Lab;
use crate::model::report::ScenarioReport;
use crate::model::yaml::{Node, Value};
use crate::proxy::config::Plugin;
use crate::proxy::time::iso_millis;
use serde_json::{Map, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A view of the admin interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// `/clusters`.
    Clusters,
    /// `/config_dump`.
    ConfigDump,
    /// `/listeners`.
    Listeners,
}

impl View {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Clusters, Self::ConfigDump, Self::Listeners];

    /// Its path, without the slash.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Clusters => "clusters",
            Self::ConfigDump => "config_dump",
            Self::Listeners => "listeners",
        }
    }

    /// The view of a path.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.word() == word)
    }
}

/// A view of a lab's proxy, as Envoy prints it, after a scenario.
///
/// # Errors
/// As the proxy refuses the configuration.
pub fn admin(
    lab: &Lab,
    contents: &Contents,
    view: View,
    after: &ScenarioReport,
) -> Result<String, Problem> {
    let whole = bootstrap::whole(lab, contents)?;
    Ok(match view {
        View::Clusters => clusters(&whole.config.clusters, &after.hosts),
        View::ConfigDump => config_dump(&whole.tree, lab.start_ns),
        View::Listeners => {
            let (address, port) = &whole.config.address;
            format!("{}::{address}:{port}\n", whole.config.listener)
        }
    })
}

/// Counters and gauges that every host has; those of connections are there where connections are
/// simulated.
const OF_HOST: [&str; 5] = [
    "rq_active",
    "rq_error",
    "rq_success",
    "rq_timeout",
    "rq_total",
];

fn clusters(
    clusters: &[crate::proxy::config::Cluster],
    counted: &BTreeMap<String, BTreeMap<String, u64>>,
) -> String {
    let mut out = String::new();
    for cluster in clusters {
        let name = &cluster.name;
        let mut line = |rest: &str| {
            let _ = writeln!(out, "{name}::{rest}");
        };
        line(&format!("observability_name::{name}"));
        for (priority, requests, retries) in [
            ("default", cluster.max_requests, cluster.max_retries),
            ("high", 1024, 3),
        ] {
            line(&format!("{priority}_priority::max_connections::1024"));
            line(&format!("{priority}_priority::max_pending_requests::1024"));
            line(&format!("{priority}_priority::max_requests::{requests}"));
            line(&format!("{priority}_priority::max_retries::{retries}"));
        }
        line("added_via_api::false");
        for (address, port) in &cluster.hosts {
            let host = format!("{address}:{port}");
            let mut values: BTreeMap<&str, u64> = OF_HOST.map(|name| (name, 0)).into();
            let counted = counted.get(&format!("{name}::{host}"));
            values.extend(counted.into_iter().flatten().map(|(k, v)| (k.as_str(), *v)));
            for (stat, value) in values {
                line(&format!("{host}::{stat}::{value}"));
            }
            for rest in [
                "health_flags::healthy",
                "weight::1",
                "canary::false",
                "priority::0",
            ] {
                line(&format!("{host}::{rest}"));
            }
        }
    }
    out
}

/// `/config_dump` of a bootstrap, as JSON.
fn config_dump(tree: &Node, start_ns: u64) -> String {
    let updated = iso_millis(start_ns);
    let resources = field(tree, "static_resources");
    let all = |name| resources.map_or(&[][..], |resources| items(resources, name));
    let dumped = |list: &[Node], name: &str, kind: &str| {
        let one = |node: &Node| {
            let mut message = Map::new();
            message.insert(
                "@type".to_owned(),
                format!("type.googleapis.com/{kind}").into(),
            );
            if let serde_json::Value::Object(fields) = as_json(node) {
                message.extend(fields);
            }
            json!({name: message, "last_updated": updated})
        };
        list.iter().map(one).collect::<serde_json::Value>()
    };
    let mut routes = Vec::new();
    for listener in all("listeners") {
        for filter in items(listener, "filter_chains")
            .iter()
            .flat_map(|c| items(c, "filters"))
        {
            let typed = field(filter, "typed_config");
            let manager = typed.filter(|typed| kind_of(typed) == Some(bootstrap::MANAGER));
            routes.extend(
                manager
                    .and_then(|manager| field(manager, "route_config"))
                    .cloned(),
            );
        }
    }
    let kind = |name: &str| format!("type.googleapis.com/envoy.admin.v3.{name}ConfigDump");
    let dump = json!({
        "configs": [
            {"@type": kind("Bootstrap"), "bootstrap": as_json(tree), "last_updated": updated},
            {
                "@type": kind("Clusters"),
                "static_clusters": dumped(all("clusters"), "cluster", "envoy.config.cluster.v3.Cluster"),
            },
            {
                "@type": kind("Listeners"),
                "static_listeners": dumped(all("listeners"), "listener", "envoy.config.listener.v3.Listener"),
            },
            {
                "@type": kind("Routes"),
                "static_route_configs": dumped(&routes, "route_config", "envoy.config.route.v3.RouteConfiguration"),
            },
        ]
    });
    serde_json::to_string_pretty(&dump).unwrap_or_default() + "\n"
}

/// A tree as JSON.
fn as_json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, node)| (key.text.clone(), as_json(node)));
            serde_json::Value::Object(entries.collect())
        }
        Value::List(items) => items.iter().map(as_json).collect(),
        Value::Scalar {
            text,
            quoted: false,
        } if node.is_null() || node.is_number_or_bool() => {
            let empty = if node.is_null() { "null" } else { text };
            serde_json::from_str(empty).unwrap_or_else(|_| text.as_str().into())
        }
        Value::Scalar { text, .. } => text.as_str().into(),
    }
}

/// The log of a scenario in Envoy's layout, which `tour trace` reads.
///
/// Envoy has the number of an operating system's thread where this has that of the simulated one, and
/// a place in its own source before the text.
///
/// # Errors
/// As the proxy refuses the configuration.
pub fn envoy_log(lab: &Lab, report: &ScenarioReport) -> Result<String, Problem> {
    let config = crate::proxy::config::read(&lab.envoy)?;
    let plugins = config.plugins();
    let mut out = String::new();
    for log in &report.logs {
        let level = match log.level.as_str() {
            "warn" => "warning",
            level => level,
        };
        let plugin = plugins.iter().find(|plugin| plugin.name == log.plugin);
        let prefix = match (plugin, log.plugin.as_str()) {
            (Some(plugin), _) => format!("wasm log {}: ", prefix(plugin)),
            (None, "") => String::new(),
            (None, name) => format!("wasm log {name}: "),
        };
        let _ = writeln!(
            out,
            "[{}][{}][{level}][wasm] {prefix}{}",
            timestamp(lab.start_ns + log.t_ns),
            log.thread,
            log.message
        );
    }
    Ok(out)
}

/// What stands before a plugin's lines: name, root id and VM id, empty ones left out.
pub(super) fn prefix(plugin: &Plugin) -> String {
    let parts = [&plugin.name, &plugin.root_id, &plugin.vm_id];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// `2026-01-01 00:00:00.000`.
fn timestamp(ns: u64) -> String {
    iso_millis(ns).trim_end_matches('Z').replace('T', " ")
}
