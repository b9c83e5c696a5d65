//! `envoy.extensions.wasm.v3.PluginConfig`: a plugin, its VM and its code.

use super::any::{any_bytes, base64, typed_as};
use super::{not_one_of, not_simulated};
use crate::model::yaml::{Fields, Node};
use crate::model::{Place, Problem};
use std::collections::BTreeSet;

/// A plugin as configured.
#[derive(Clone, Debug)]
pub(crate) struct Plugin {
    /// `name`: log prefix and property.
    pub(crate) name: String,
    /// `root_id`.
    pub(crate) root_id: String,
    /// `configuration`, as the guest gets it in `on_configure`.
    pub(crate) configuration: Vec<u8>,
    /// The deprecated `fail_open`: also the stream that trapped goes on.
    pub(crate) fail_open: bool,
    /// `failure_policy`.
    pub(crate) policy: FailurePolicy,
    /// `allow_on_headers_stop_iteration`: a guest's StopIteration from headers is kept as it is.
    pub(crate) allow_stop_iteration: bool,
    /// `allowed_capabilities`; `None` allows all.
    pub(crate) capabilities: Option<BTreeSet<String>>,
    /// `vm_config.vm_id`.
    pub(crate) vm_id: String,
    /// `vm_config.configuration`, as the guest gets it in `on_vm_start`.
    pub(crate) vm_configuration: Vec<u8>,
    /// Environment variables that WASI shows.
    pub(crate) environment: Vec<(String, String)>,
    /// The module.
    pub(crate) code: Code,
    /// `nack_on_code_cache_miss`: remote code that is not there rejects the configuration.
    pub(crate) nack_on_miss: bool,
    /// Where the plugin is configured.
    pub(crate) place: Place,
}

/// What happens to new streams once the VM has failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FailurePolicy {
    /// 503.
    #[default]
    Closed,
    /// The filter is skipped.
    Open,
    /// The VM is made anew for a stream that comes this long after it was made; until then 503.
    Reload(u64),
}

/// A Wasm service: a plugin of its own, without traffic.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// The plugin.
    pub(crate) plugin: Plugin,
    /// One instance on the main thread, instead of one on each.
    pub(crate) singleton: bool,
}

/// Where a module's bytes come from.
#[derive(Clone, Debug)]
pub(crate) enum Code {
    /// A file of the lab, by its path.
    File(String, Place),
    /// The bytes themselves.
    Inline(Vec<u8>),
    /// A URL.
    Remote(Box<Remote>),
}

/// `RemoteDataSource`: code that is fetched.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    /// `http_uri.uri`.
    pub(crate) uri: String,
    /// `http_uri.cluster`.
    pub(crate) cluster: String,
    /// Istio's agent fetches it, and not Envoy: no cluster is asked, and the SHA-256 may be empty.
    pub(crate) agent: bool,
    /// `http_uri.timeout`, nanoseconds; 0 is none.
    pub(crate) timeout_ns: u64,
    /// `sha256`, in hexadecimal.
    pub(crate) sha256: String,
    /// `retry_policy.num_retries`.
    pub(crate) retries: u32,
    /// The first back-off's interval, nanoseconds.
    pub(crate) backoff_ns: u64,
    /// The longest.
    pub(crate) backoff_max_ns: u64,
    /// Where the URI is written.
    pub(crate) place: Place,
}

impl Plugin {
    /// A plugin of this name and code, with everything else as Envoy has it when nothing is said.
    pub(super) fn of(name: String, code: Code, place: &Place) -> Self {
        Self {
            name,
            root_id: String::new(),
            configuration: Vec::new(),
            fail_open: false,
            policy: FailurePolicy::default(),
            allow_stop_iteration: false,
            capabilities: None,
            vm_id: String::new(),
            vm_configuration: Vec::new(),
            environment: Vec::new(),
            code,
            nack_on_miss: false,
            place: place.clone(),
        }
    }
}

/// Reads a `PluginConfig`.
pub(super) fn read_plugin(node: &Node) -> Result<Plugin, Problem> {
    let mut fields = Fields::of_message(node)?;
    let vm = fields.require("vm_config")?;
    let mut plugin = read_vm(vm, node)?;
    let text = |node: Option<&Node>| {
        node.map_or(Ok(String::new()), |n| {
            n.as_string_field().map(str::to_owned)
        })
    };
    plugin.name = text(fields.take("name"))?;
    plugin.root_id = text(fields.take("root_id"))?;
    if let Some(any) = fields.take("configuration") {
        plugin.configuration = any_bytes(any)?;
    }
    let fail_open = fields.take("fail_open");
    let policy = fields.take("failure_policy");
    if let (Some(_), Some(policy)) = (fail_open, policy) {
        return Err(Problem::at(
            &policy.place,
            "only one of fail_open or failure_policy can be set",
            "Keep `failure_policy`; `fail_open` is deprecated.",
        ));
    }
    if let Some(flag) = fail_open {
        plugin.fail_open = flag.as_bool()?;
        if plugin.fail_open {
            plugin.policy = FailurePolicy::Open;
        }
    }
    if let Some(policy) = policy {
        plugin.policy = match policy.as_str()? {
            "UNSPECIFIED" | "FAIL_CLOSED" => FailurePolicy::Closed,
            "FAIL_OPEN" => FailurePolicy::Open,
            "FAIL_RELOAD" => FailurePolicy::Reload(1_000_000_000),
            _ => return Err(policy.expected("FAIL_CLOSED, FAIL_OPEN or FAIL_RELOAD")),
        };
    }
    if let Some(node) = fields.take("reload_config") {
        let base = read_backoff(node)?;
        if let (FailurePolicy::Reload(backoff), Some(base)) = (&mut plugin.policy, base) {
            *backoff = base;
        }
    }
    if let Some(flag) = fields.take("allow_on_headers_stop_iteration") {
        // A BoolValue may be written bare or as {value: true}.
        plugin.allow_stop_iteration = flag.get("value").unwrap_or(flag).as_bool()?;
    }
    if let Some(restriction) = fields.take("capability_restriction_config") {
        let allowed = read_capabilities(restriction)?;
        plugin.capabilities = plugin.capabilities.or(allowed);
    }
    fields.finish()?;
    Ok(plugin)
}

/// The base interval of `reload_config`. Envoy accepts `max_interval` and never reads it.
fn read_backoff(node: &Node) -> Result<Option<u64>, Problem> {
    let mut fields = Fields::of_message(node)?;
    let backoff = fields.take("backoff");
    fields.finish()?;
    let Some(backoff) = backoff else {
        return Ok(None);
    };
    let mut fields = Fields::of_message(backoff)?;
    let base = fields.require("base_interval")?.as_proto_duration_ns()?;
    fields
        .take("max_interval")
        .map(Node::as_proto_duration_ns)
        .transpose()?;
    fields.finish()?;
    Ok(Some(base))
}

/// Reads `bootstrap_extensions`.
pub(super) fn read_services(node: &Node) -> Result<Vec<Service>, Problem> {
    let mut services = Vec::new();
    for item in node.as_list()? {
        let mut fields = Fields::of_message(item)?;
        fields.require("name")?.as_string_field()?;
        let config = fields.require("typed_config")?;
        fields.finish()?;
        let (_, mut fields) = typed_as(config, &["envoy.extensions.wasm.v3.WasmService"])?;
        let plugin = read_plugin(fields.require("config")?)?;
        let singleton = match fields.take("singleton") {
            Some(flag) => flag.as_bool()?,
            None => false,
        };
        fields.finish()?;
        services.push(Service { plugin, singleton });
    }
    Ok(services)
}

/// An empty map allows everything; a map with entries allows exactly these.
fn read_capabilities(node: &Node) -> Result<Option<BTreeSet<String>>, Problem> {
    let mut fields = Fields::of_message(node)?;
    let allowed = fields.take("allowed_capabilities");
    fields.finish()?;
    let mut names = BTreeSet::new();
    for (key, value) in allowed.map_or(Ok(&[][..]), Node::as_map)? {
        if !value.is_null() {
            Fields::of_message(value)?.finish()?;
        }
        names.insert(key.text.clone());
    }
    Ok((!names.is_empty()).then_some(names))
}

fn read_vm(node: &Node, plugin: &Node) -> Result<Plugin, Problem> {
    let mut fields = Fields::of_message(node)?;
    let vm_id = match fields.take("vm_id") {
        Some(id) => id.as_string_field()?.to_owned(),
        None => String::new(),
    };
    if let Some(runtime) = fields.take("runtime") {
        match runtime.as_str()? {
            ""
            | "envoy.wasm.runtime.v8"
            | "envoy.wasm.runtime.wasmtime"
            | "envoy.wasm.runtime.wamr" => {}
            "envoy.wasm.runtime.null" => {
                return Err(not_simulated(
                    &runtime.place,
                    "the null runtime (filters linked into Envoy)",
                ));
            }
            _ => return Err(runtime.expected("a runtime such as envoy.wasm.runtime.v8")),
        }
    }
    let vm_configuration = match fields.take("configuration") {
        Some(any) => any_bytes(any)?,
        None => Vec::new(),
    };
    // Bytecode is always interpreted here, so a precompiled section is never used.
    fields
        .take("allow_precompiled")
        .map(Node::as_bool)
        .transpose()?;
    let nack = fields.take("nack_on_code_cache_miss");
    let nack_on_miss = nack.map(Node::as_bool).transpose()?.unwrap_or(false);
    let environment = match fields.take("environment_variables") {
        Some(node) => read_environment(node)?,
        None => Vec::new(),
    };
    // Newer versions have it here; what stands here wins.
    let capabilities = match fields.take("capability_restriction_config") {
        Some(restriction) => read_capabilities(restriction)?,
        None => None,
    };
    let code = read_code(fields.require("code")?)?;
    fields.finish()?;
    Ok(Plugin {
        capabilities,
        vm_id,
        vm_configuration,
        environment,
        nack_on_miss,
        ..Plugin::of(String::new(), code, &plugin.place)
    })
}

/// `host_env_keys` name variables of the process, which has none here: they are skipped, as Envoy
/// skips missing ones. A key named twice is refused.
fn read_environment(node: &Node) -> Result<Vec<(String, String)>, Problem> {
    let mut fields = Fields::of_message(node)?;
    let host = fields.take("host_env_keys");
    let values = fields.take("key_values");
    fields.finish()?;
    let mut seen = BTreeSet::new();
    let mut twice = |key: &str, place: &Place| match seen.insert(key.to_owned()) {
        true => Ok(()),
        false => Err(Problem::at(
            place,
            format!(
                "Key {key} is duplicated in envoy.extensions.wasm.v3.VmConfig.environment_variables. All the keys must be unique."
            ),
            "Remove one of them.",
        )),
    };
    for key in host.map_or(Ok(&[][..]), Node::as_list)? {
        twice(key.as_string_field()?, &key.place)?;
    }
    let mut environment = Vec::new();
    for (key, value) in values.map_or(Ok(&[][..]), Node::as_map)? {
        twice(&key.text, &key.place)?;
        environment.push((key.text.clone(), value.as_string_field()?.to_owned()));
    }
    Ok(environment)
}

fn read_code(node: &Node) -> Result<Code, Problem> {
    let mut fields = Fields::of_message(node)?;
    let local = fields.take("local");
    let remote = fields.take("remote");
    fields.finish()?;
    if let (Some(_), Some(remote)) = (local, remote) {
        return Err(Problem::at(
            &remote.place,
            "`remote` beside `local`",
            "Keep one.",
        ));
    }
    if let Some(remote) = remote {
        return Ok(Code::Remote(Box::new(read_remote(remote)?)));
    }
    let Some(local) = local else {
        return Err(Problem::at(
            &node.place,
            "no code",
            "Add `local: {filename: …}` or `remote: {http_uri: …, sha256: …}`.",
        ));
    };
    let mut fields = Fields::of_message(local)?;
    let filename = fields.take("filename");
    let bytes = fields.take("inline_bytes");
    let text = fields.take("inline_string");
    if let Some(variable) = fields.take("environment_variable") {
        return Err(not_simulated(
            &variable.place,
            "code in an environment variable",
        ));
    }
    fields.finish()?;
    match (filename, bytes, text) {
        (Some(name), None, None) => Ok(Code::File(
            name.as_string_field()?.to_owned(),
            name.place.clone(),
        )),
        (None, Some(bytes), None) => Ok(Code::Inline(base64(bytes)?)),
        (None, None, Some(text)) => Ok(Code::Inline(text.as_str()?.as_bytes().to_vec())),
        _ => Err(not_one_of(
            &local.place,
            "filename, inline_bytes and inline_string",
        )),
    }
}

/// A SHA-256 in hexadecimal.
pub(super) fn read_sha256(node: &Node) -> Result<String, Problem> {
    let hash = node.as_string_field()?;
    match hash.len() == 64 && hash.bytes().all(|c| c.is_ascii_hexdigit()) {
        true => Ok(hash.to_owned()),
        false => Err(node.expected("a SHA-256 of 64 hexadecimal digits")),
    }
}

fn read_remote(node: &Node) -> Result<Remote, Problem> {
    let mut fields = Fields::of_message(node)?;
    let http = fields.require("http_uri")?;
    // Envoy itself knows no registry: Istio's agent resolves such a reference and rewrites it.
    let agent = http
        .get("uri")
        .is_some_and(|uri| uri.as_str().is_ok_and(|uri| uri.starts_with("oci://")));
    let sha256 = match agent {
        true => fields.take("sha256"),
        false => Some(fields.require("sha256")?),
    };
    let policy = fields.take("retry_policy");
    fields.finish()?;
    let mut fields = Fields::of_message(http)?;
    let uri = fields.require("uri")?;
    let cluster = fields.require("cluster")?.as_string_field()?.to_owned();
    let timeout_ns = fields.require("timeout")?.as_proto_duration_ns()?;
    fields.finish()?;
    let text = uri.as_string_field()?.to_owned();
    let hash = match sha256 {
        Some(hash) if agent && hash.as_str().is_ok_and(str::is_empty) => String::new(),
        Some(hash) => read_sha256(hash)?,
        None => String::new(),
    };
    let mut remote = Remote {
        uri: text,
        cluster,
        agent,
        timeout_ns,
        sha256: hash,
        // Envoy's defaults; the agent asks once.
        retries: u32::from(!agent),
        backoff_ns: 1_000_000_000,
        backoff_max_ns: 10_000_000_000,
        place: uri.place.clone(),
    };
    let Some(policy) = policy else {
        return Ok(remote);
    };
    let mut fields = Fields::of_message(policy)?;
    if let Some(retries) = fields.take("num_retries") {
        remote.retries = retries.get("value").unwrap_or(retries).as_u32()?;
    }
    let backoff = fields.take("retry_back_off");
    fields.finish()?;
    if let Some(backoff) = backoff {
        let mut fields = Fields::of_message(backoff)?;
        remote.backoff_ns = fields.require("base_interval")?.as_proto_duration_ns()?;
        let longest = fields.take("max_interval");
        fields.finish()?;
        remote.backoff_max_ns = remote.backoff_ns.saturating_mul(10);
        if let Some(longest) = longest {
            remote.backoff_max_ns = longest.as_proto_duration_ns()?;
            if remote.backoff_max_ns < remote.backoff_ns {
                return Err(Problem::at(
                    &longest.place,
                    "max_interval must be greater than or equal to the base_interval",
                    "",
                ));
            }
        }
    }
    Ok(remote)
}
