//! `wasm_plugins`: Istio's `WasmPlugin`, made into the filters that Istio gives Envoy.
//!
//! Istio names the filter after namespace and name, sends `pluginConfig` as JSON in a string, never
//! sets `vm_id`, and orders plugins by phase and priority. Its agent fetches `oci://` and `http://`
//! code and hands Envoy a file. What selects proxies has no meaning here: a lab has one.

use super::listener::{Filter, FilterKind};
use super::metadata::{Item, Struct};
use super::wasm::{Code, FailurePolicy, Plugin, Remote};
use super::{not_simulated, refuse};
use crate::model::Problem;
use crate::model::yaml::{Fields, Node};
use std::collections::BTreeSet;

/// Where a plugin stands in the chain: its phase's place, its priority, and its name.
type Rank = (usize, std::cmp::Reverse<i64>, String);

/// The phases in the order of the chain.
const PHASES: [&str; 4] = ["AUTHN", "AUTHZ", "STATS", "UNSPECIFIED_PHASE"];

/// Reads a list of plugins into filters, in Istio's order.
///
/// # Errors
/// What is unknown, malformed or not simulated in them.
pub(super) fn read_all(node: &Node) -> Result<Vec<Filter>, Problem> {
    let plugins = node.as_list()?.iter().map(read);
    let mut plugins: Vec<(Rank, Plugin)> = plugins.collect::<Result<_, _>>()?;
    plugins.sort_by(|(one, _), (other, _)| one.cmp(other));
    let filter = |(_, plugin): (Rank, Plugin)| Filter {
        name: plugin.name.clone(),
        disabled: false,
        kind: FilterKind::Wasm(Box::new(plugin)),
    };
    Ok(plugins.into_iter().map(filter).collect())
}

fn read(node: &Node) -> Result<(Rank, Plugin), Problem> {
    let mut fields = Fields::of(node)?;
    let kind = fields.take("kind");
    if let Some(kind) = kind
        && let word @ ("EnvoyFilter" | "TrafficExtension") = kind.as_str()?
    {
        let a = if word.starts_with('E') { "an" } else { "a" };
        return Err(Problem::at(
            &kind.place,
            format!("{a} {word} is not simulated"),
            "Write its plugin as a WasmPlugin, or the filters themselves in `http_filters`.",
        ));
    }
    if let Some(version) = fields.take("apiVersion")
        && version.as_str()? != "extensions.istio.io/v1alpha1"
    {
        return Err(version.expected("extensions.istio.io/v1alpha1"));
    }
    if let Some(kind) = kind
        && kind.as_str()? != "WasmPlugin"
    {
        return Err(kind.expected("WasmPlugin"));
    }
    let metadata = fields.require("metadata")?;
    let spec = fields.require("spec")?;
    fields.finish()?;
    let mut fields = Fields::of(metadata)?;
    let name = fields.require("name")?.as_string_field()?.to_owned();
    let namespace = match fields.take("namespace") {
        Some(namespace) => namespace.as_string_field()?.to_owned(),
        None => "default".to_owned(),
    };
    fields.finish()?;
    read_spec(spec, format!("{namespace}.{name}"))
}

fn read_spec(node: &Node, name: String) -> Result<(Rank, Plugin), Problem> {
    let mut fields = Fields::of(node)?;
    let url = fields.require("url")?;
    let sha256 = fields.take("sha256");
    let mut plugin = Plugin::of(name, read_url(url, sha256)?, &node.place);
    if let Some(root) = fields.take("pluginName") {
        plugin.root_id = root.as_string_field()?.to_owned();
    }
    if let Some(config) = fields.take("pluginConfig") {
        plugin.configuration = json(&Item::Struct(Struct::read(config)?))
            .to_string()
            .into_bytes();
    }
    let phase = match fields.take("phase") {
        None => PHASES.len() - 1,
        Some(phase) => {
            let word = phase.as_str()?;
            let at = PHASES.iter().position(|known| *known == word);
            at.ok_or_else(|| phase.expected(&format!("one of {}", PHASES.join(", "))))?
        }
    };
    let priority = match fields.take("priority") {
        Some(priority) => priority.get("value").unwrap_or(priority).as_i64()?,
        None => 0,
    };
    if let Some(strategy) = fields.take("failStrategy") {
        plugin.policy = match strategy.as_str()? {
            "FAIL_CLOSE" => FailurePolicy::Closed,
            "FAIL_OPEN" => FailurePolicy::Open,
            "FAIL_RELOAD" => FailurePolicy::Reload(1_000_000_000),
            _ => return Err(strategy.expected("FAIL_CLOSE, FAIL_OPEN or FAIL_RELOAD")),
        };
    }
    if let Some(kind) = fields.take("type") {
        match kind.as_str()? {
            "HTTP" | "UNSPECIFIED_PLUGIN_TYPE" => {}
            "NETWORK" => return Err(not_simulated(&kind.place, "a WasmPlugin of type NETWORK")),
            _ => return Err(kind.expected("HTTP or NETWORK")),
        }
    }
    // A lab pulls once, at its beginning, so the policy makes no difference.
    if let Some(policy) = fields.take("imagePullPolicy") {
        match policy.as_str()? {
            "UNSPECIFIED_POLICY" | "IfNotPresent" | "Always" => {}
            _ => return Err(policy.expected("IfNotPresent or Always")),
        }
    }
    if let Some(vm) = fields.take("vmConfig") {
        plugin.environment = read_environment(vm)?;
    }
    let elsewhere = [
        "imagePullSecret",
        "verificationKey",
        "match",
        "selector",
        "targetRef",
        "targetRefs",
    ];
    refuse(&fields, &elsewhere, "a WasmPlugin")?;
    fields.finish()?;
    let rank = (phase, std::cmp::Reverse(priority), plugin.name.clone());
    Ok((rank, plugin))
}

/// Where the module is: `oci://` when nothing else is said.
fn read_url(url: &Node, sha256: Option<&Node>) -> Result<Code, Problem> {
    let text = url.as_string_field()?;
    let uri = match text.split_once("://") {
        None => format!("oci://{text}"),
        Some(("oci" | "http" | "https", _)) => text.to_owned(),
        Some(("file", path)) => return Ok(Code::File(path.to_owned(), url.place.clone())),
        Some(_) => return Err(url.expected("a URL of oci, http, https or file")),
    };
    let mut hash = String::new();
    if let Some(node) = sha256 {
        hash = super::wasm::read_sha256(node)?;
    }
    Ok(Code::Remote(Box::new(Remote {
        uri,
        cluster: "_".to_owned(),
        agent: true,
        timeout_ns: 0,
        sha256: hash,
        retries: 0,
        backoff_ns: 1_000_000_000,
        backoff_max_ns: 10_000_000_000,
        place: url.place.clone(),
    })))
}

fn read_environment(node: &Node) -> Result<Vec<(String, String)>, Problem> {
    let mut fields = Fields::of(node)?;
    let list = fields.take("env");
    fields.finish()?;
    let (mut seen, mut environment) = (BTreeSet::new(), Vec::new());
    for item in list.map_or(Ok(&[][..]), Node::as_list)? {
        let mut fields = Fields::of(item)?;
        let name = fields.require("name")?;
        let from = fields.take("valueFrom");
        let value = fields.take("value");
        fields.finish()?;
        let text = name.as_string_field()?.to_owned();
        if !seen.insert(text.clone()) {
            return Err(Problem::at(
                &name.place,
                format!("duplicate env {text}"),
                "Remove one of them.",
            ));
        }
        match (from.map(Node::as_str).transpose()?, value) {
            (None | Some("INLINE"), Some(value)) => {
                environment.push((text, value.as_string_field()?.to_owned()));
            }
            // A variable of the process, which has none here: skipped, as Envoy does.
            (Some("HOST"), None) => {}
            (Some("HOST"), Some(value)) => {
                return Err(Problem::at(
                    &value.place,
                    "value may only be set when valueFrom has type INLINE",
                    "",
                ));
            }
            _ => return Err(item.expected("a `value`, or `valueFrom: HOST`")),
        }
    }
    Ok(environment)
}

/// JSON as Istio writes it, keys in order.
fn json(item: &Item) -> serde_json::Value {
    use serde_json::Value;
    match item {
        Item::Null => Value::Null,
        Item::Bool(flag) => Value::Bool(*flag),
        // Whole numbers are written without a fraction.
        Item::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => Value::from(*n as i64),
        Item::Number(n) => Value::from(*n),
        Item::Text(text) => Value::from(text.as_str()),
        Item::List(items) => items.iter().map(json).collect(),
        Item::Struct(Struct(fields)) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|one, other| one.0.cmp(&other.0));
            let pairs = fields
                .into_iter()
                .map(|(key, value)| (key.clone(), json(value)));
            Value::Object(pairs.collect())
        }
    }
}
