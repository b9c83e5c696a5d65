//! A lab's plugins for Istio: `WasmPlugin`, `EnvoyFilter`, `TrafficExtension`.
//!
//! Istio places plugins by phase and priority and fetches their code itself; what a lab has beside
//! plugins, and settings that a `WasmPlugin` has no field for, are said in the notes. Must not know:
//! how a proxy runs.

use super::bootstrap::{MANAGER, Whole};
use super::bundle::{Bundle, add_files, noted};
use super::tree::{field, items, kind_of, list, map, set, text, word};
use super::yaml_text::yaml_text;
use crate::lab::Contents;
use crate::model::lab::Lab;
use crate::model::yaml::{Node, parse};
use crate::proxy::config::{Code, FailurePolicy, FilterKind, Plugin};
use std::collections::BTreeSet;

const ROUTER: &str = "envoy.filters.http.router";
/// Where the resources are put, and what they choose: a gateway as Istio installs it.
const NAMESPACE: &str = "istio-system";

/// The bundle.
pub(super) fn istio(lab: &Lab, contents: &Contents, whole: &Whole) -> Bundle {
    let mut bundle = Bundle::default();
    let mut notes = Vec::new();
    let config = &whole.config;
    let filters: Vec<(&str, Option<&Plugin>)> = config
        .manager
        .filters
        .iter()
        .map(|filter| match &filter.kind {
            FilterKind::Wasm(plugin) => (filter.name.as_str(), Some(&**plugin)),
            FilterKind::Native(_) => (filter.name.as_str(), None),
        })
        .collect();
    let (mut plugins, mut extensions) = (Vec::new(), Vec::new());
    let mut taken = BTreeSet::new();
    for (at, (_, plugin)) in filters.iter().enumerate() {
        let Some(plugin) = plugin else { continue };
        let name = resource_name(&plugin.name, &mut taken);
        // Higher comes first.
        let priority = (filters.len() - at) * 10;
        beyond(plugin, &mut notes);
        let url = url(plugin, &name);
        plugins.push(wasm_plugin(plugin, &name, &url, priority));
        extensions.push(traffic_extension(plugin, &name, &url, priority));
    }
    let raw = raw_filters(&whole.tree);
    let patches: Vec<Node> = raw
        .iter()
        .map(|filter| patch(filter, config.address.1))
        .collect();
    for (name, plugin) in &filters {
        if plugin.is_none() {
            notes.push(format!(
                "The filter `{name}` is one of Envoy's own: a WasmPlugin cannot have it, the EnvoyFilter has it."
            ));
        }
    }
    surroundings_notes(whole, &mut notes);
    let add = |bundle: &mut Bundle, path: &str, resources: Vec<Node>| {
        let documents: Vec<String> = resources.iter().map(yaml_text).collect();
        if !documents.is_empty() {
            bundle.text(path, documents.join("---\n"));
        }
    };
    add(&mut bundle, "wasm-plugin.yaml", plugins);
    add(&mut bundle, "traffic-extension.yaml", extensions);
    if !patches.is_empty() {
        add(
            &mut bundle,
            "envoy-filter.yaml",
            vec![envoy_filter(lab, patches)],
        );
    }
    add_files(&mut bundle, contents, whole);
    bundle.text("README.md", readme(lab, &bundle, &notes));
    bundle.notes = notes;
    bundle
}

/// A name that Kubernetes takes: lower-case letters, digits and dashes.
fn resource_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = name.chars().map(plain).collect();
    let base = match name.trim_matches('-') {
        "" => "plugin".to_owned(),
        name => name.to_owned(),
    };
    let numbered = (2..).map(|n| format!("{base}-{n}"));
    let mut names = std::iter::once(base.clone()).chain(numbered);
    let free = names.find(|name| taken.insert(name.clone()));
    free.unwrap_or(base)
}

/// Where Istio finds the code: an image of your registry, or the URL that the lab has.
fn url(plugin: &Plugin, name: &str) -> String {
    match &plugin.code {
        Code::Remote(remote) => remote.uri.clone(),
        Code::File(..) | Code::Inline(_) => format!("oci://REGISTRY/{name}:1.0"),
    }
}

/// The fields that both resources have: what the plugin is told, and how it fails.
fn plugin_fields(plugin: &Plugin, url: &str) -> Vec<(&'static str, Node)> {
    let mut fields = vec![("url", text(url))];
    if let Code::Remote(remote) = &plugin.code
        && !remote.sha256.is_empty()
    {
        fields.push(("sha256", text(remote.sha256.as_str())));
    }
    if !plugin.root_id.is_empty() {
        fields.push(("pluginName", text(plugin.root_id.as_str())));
    }
    if let Some(config) = json_object(&plugin.configuration) {
        fields.push(("pluginConfig", config));
    }
    let strategy = match plugin.policy {
        FailurePolicy::Closed => "FAIL_CLOSE",
        FailurePolicy::Open => "FAIL_OPEN",
        FailurePolicy::Reload(_) => "FAIL_RELOAD",
    };
    fields.push(("failStrategy", text(strategy)));
    if !plugin.environment.is_empty() {
        let variable = |(name, value): &(String, String)| {
            map([
                ("name", text(name.as_str())),
                ("value", text(value.as_str())),
            ])
        };
        let env = list(plugin.environment.iter().map(variable));
        fields.push(("vmConfig", map([("env", env)])));
    }
    fields
}

/// A configuration as a map, which Istio hands over as JSON; JSON is YAML too.
fn json_object(configuration: &[u8]) -> Option<Node> {
    let text = std::str::from_utf8(configuration).ok()?;
    let object: serde_json::Value = serde_json::from_str(text).ok()?;
    object
        .is_object()
        .then(|| parse("configuration", text).ok())?
}

/// What a plugin has that a `WasmPlugin` has no field for.
fn beyond(plugin: &Plugin, notes: &mut Vec<String>) {
    let name = &plugin.name;
    let mut note = |what: &str| {
        notes.push(format!(
            "The plugin `{name}` {what} The EnvoyFilter has it."
        ));
    };
    if !plugin.vm_id.is_empty() {
        note("has a `vm_id`, which Istio never sets, so it does not share data or queues by it.");
    }
    if !plugin.vm_configuration.is_empty() {
        note("has a configuration of its VM, which Istio cannot set.");
    }
    if !plugin.configuration.is_empty() && json_object(&plugin.configuration).is_none() {
        note("has a configuration that is no JSON object, and `pluginConfig` is one.");
    }
    if plugin.capabilities.is_some() {
        note("restricts capabilities, for which a WasmPlugin has no field.");
    }
    if plugin.allow_stop_iteration {
        note("sets `allow_on_headers_stop_iteration`, for which a WasmPlugin has no field.");
    }
    if matches!(plugin.code, Code::File(..) | Code::Inline(_)) {
        notes.push(format!(
            "Push the module of `{name}` to a registry and put its address for `oci://REGISTRY`. The EnvoyFilter names a file instead, which has to be mounted into the gateway."
        ));
    }
}

fn selector() -> Node {
    map([("matchLabels", map([("istio", text("ingressgateway"))]))])
}

fn metadata(name: &str) -> Node {
    map([("name", text(name)), ("namespace", text(NAMESPACE))])
}

fn resource(version: &str, kind: &str, name: &str, spec: Node) -> Node {
    map([
        ("apiVersion", text(version)),
        ("kind", text(kind)),
        ("metadata", metadata(name)),
        ("spec", spec),
    ])
}

fn wasm_plugin(plugin: &Plugin, name: &str, url: &str, priority: usize) -> Node {
    let mut spec = map([("selector", selector())]);
    for (name, value) in plugin_fields(plugin, url) {
        set(&mut spec, name, value);
    }
    set(&mut spec, "priority", word(priority));
    resource("extensions.istio.io/v1alpha1", "WasmPlugin", name, spec)
}

fn traffic_extension(plugin: &Plugin, name: &str, url: &str, priority: usize) -> Node {
    let wasm = map(plugin_fields(plugin, url));
    let spec = map([
        ("selector", selector()),
        ("priority", word(priority)),
        ("wasm", wasm),
    ]);
    resource(
        "extensions.istio.io/v1alpha1",
        "TrafficExtension",
        name,
        spec,
    )
}

/// The HTTP filters of the bootstrap as they are, the router left out.
fn raw_filters(tree: &Node) -> Vec<&Node> {
    let mut found = Vec::new();
    let resources = field(tree, "static_resources");
    for listener in resources.map_or(&[][..], |node| items(node, "listeners")) {
        for filter in items(listener, "filter_chains")
            .iter()
            .flat_map(|c| items(c, "filters"))
        {
            let manager = field(filter, "typed_config");
            let manager = manager.filter(|typed| kind_of(typed) == Some(MANAGER));
            found.extend(manager.map_or(&[][..], |node| items(node, "http_filters")));
        }
    }
    found.retain(|filter| {
        let kind = field(filter, "typed_config").and_then(kind_of);
        kind != Some("envoy.extensions.filters.http.router.v3.Router")
    });
    found
}

/// A filter in front of the router, where `INSERT_BEFORE` keeps the order of the patches.
fn patch(filter: &Node, port: u16) -> Node {
    let sub = map([("name", text(ROUTER))]);
    let manager = map([
        (
            "name",
            text("envoy.filters.network.http_connection_manager"),
        ),
        ("subFilter", sub),
    ]);
    let listener = map([
        ("portNumber", word(port)),
        ("filterChain", map([("filter", manager)])),
    ]);
    map([
        ("applyTo", text("HTTP_FILTER")),
        (
            "match",
            map([("context", text("GATEWAY")), ("listener", listener)]),
        ),
        (
            "patch",
            map([
                ("operation", text("INSERT_BEFORE")),
                ("value", filter.clone()),
            ]),
        ),
    ])
}

fn envoy_filter(lab: &Lab, patches: Vec<Node>) -> Node {
    let name = resource_name(&lab.name, &mut BTreeSet::new());
    let labels = map([("labels", map([("istio", text("ingressgateway"))]))]);
    let spec = map([
        ("workloadSelector", labels),
        ("configPatches", list(patches)),
    ]);
    resource("networking.istio.io/v1alpha3", "EnvoyFilter", &name, spec)
}

/// What of the rest of a lab's proxy is Istio's own business.
fn surroundings_notes(whole: &Whole, notes: &mut Vec<String>) {
    let config = &whole.config;
    if config.network.is_some() {
        notes.push(
            "The lab has network filters. A WasmPlugin of type NETWORK and an EnvoyFilter for NETWORK_FILTER can place them; neither is written here."
                .to_owned(),
        );
    }
    if !config.services.is_empty() {
        notes.push(
            "The lab has Wasm services (`bootstrap_extensions`), for which Istio has no resource."
                .to_owned(),
        );
    }
    if !config.manager.access_log.is_empty() {
        notes.push(
            "Access logs are set by Istio's Telemetry resource or its mesh configuration."
                .to_owned(),
        );
    }
    notes.push("Routes and clusters are Istio's: write a Gateway, a VirtualService or an HTTPRoute for them.".to_owned());
}

fn readme(lab: &Lab, bundle: &Bundle, notes: &[String]) -> String {
    let title = match lab.name.as_str() {
        "" => "A lab",
        name => name,
    };
    let has = |path: &str| bundle.files.iter().any(|file| file.path == path);
    let mut ways = String::new();
    for (path, what) in [
        (
            "wasm-plugin.yaml",
            "a WasmPlugin for each plugin; `priority` keeps their order",
        ),
        (
            "traffic-extension.yaml",
            "the same as TrafficExtension, which newer Istio has in its place",
        ),
        (
            "envoy-filter.yaml",
            "the filters word for word, for an Istio where the fields above do not reach",
        ),
    ] {
        if has(path) {
            ways.push_str(&format!("- `{path}`: {what}.\n"));
        }
    }
    if ways.is_empty() {
        ways.push_str("The lab has no HTTP filter, so there is no resource to apply.\n");
    }
    format!(
        "# {title}, for Istio\n\nApply one of these, not all of them: each places the same filters at the ingress gateway.\n\n{ways}{}",
        noted(notes)
    )
}
