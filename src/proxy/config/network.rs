//! The network filters of a listener: Wasm plugins, and the terminal filter that ends the chain.
//!
//! An HTTP connection manager is a terminal filter too; it is read by `listener`.

use super::any::{type_place, typed, unknown_type};
use super::{Plugin, listener, not_simulated, refuse, wasm};
use crate::model::Problem;
use crate::model::yaml::{Fields, Node};

/// A chain of network filters that serves TCP.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    /// The filters before the terminal one, in order.
    pub(crate) filters: Vec<NetworkFilter>,
    /// What ends the chain.
    pub(crate) terminal: Terminal,
}

/// A Wasm network filter.
#[derive(Clone, Debug)]
pub(crate) struct NetworkFilter {
    /// Its configured name.
    pub(crate) name: String,
    /// The plugin.
    pub(crate) plugin: Plugin,
}

/// A terminal network filter.
#[derive(Clone, Debug)]
pub(crate) enum Terminal {
    /// Writes back what comes.
    Echo,
    /// Says something of its own, and closes.
    DirectResponse(Vec<u8>),
    /// Forwards to a cluster.
    TcpProxy {
        /// `stat_prefix`.
        stat_prefix: String,
        /// `cluster`. Envoy takes one that is not there, and then closes every connection.
        cluster: String,
    },
}

/// What a listener serves.
pub(super) enum Chain {
    /// HTTP.
    Http(Box<listener::Manager>),
    /// TCP.
    Tcp(Network),
}

const WASM: &str = "envoy.extensions.filters.network.wasm.v3.Wasm";
const ECHO: &str = "envoy.extensions.filters.network.echo.v3.Echo";
const DIRECT: &str = "envoy.extensions.filters.network.direct_response.v3.Config";
const TCP_PROXY: &str = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";

/// Fields of `TcpProxy` that Envoy knows and the simulator does not.
const NOT_HONOURED: [&str; 16] = [
    "weighted_clusters",
    "on_demand",
    "metadata_match",
    "idle_timeout",
    "downstream_idle_timeout",
    "upstream_idle_timeout",
    "access_log",
    "access_log_options",
    "max_connect_attempts",
    "backoff_options",
    "hash_policy",
    "tunneling_config",
    "max_downstream_connection_duration",
    "upstream_connect_mode",
    "max_early_data_bytes",
    "proxy_protocol_tlvs",
];

/// Reads the short form's `network_filters`; what is missing at the end is a `tcp_proxy` to `web`.
pub(super) fn read_short(node: &Node, web: bool) -> Result<Chain, Problem> {
    match read_any(node)? {
        (filters, None) if web => Ok(Chain::Tcp(Network {
            filters,
            terminal: Terminal::TcpProxy {
                stat_prefix: "tcp".to_owned(),
                cluster: "web".to_owned(),
            },
        })),
        (filters, end) => ended(node, filters, end),
    }
}

/// Reads the `filters` of a filter chain.
pub(super) fn read(node: &Node) -> Result<Chain, Problem> {
    let (filters, end) = read_any(node)?;
    ended(node, filters, end)
}

/// What one filter of a chain is.
enum Read {
    Wasm(Box<NetworkFilter>),
    Terminal(End),
}

enum End {
    Http(Box<listener::Manager>),
    Tcp(Terminal),
}

fn ended(node: &Node, filters: Vec<NetworkFilter>, end: Option<End>) -> Result<Chain, Problem> {
    match end {
        Some(End::Http(manager)) => Ok(Chain::Http(manager)),
        Some(End::Tcp(terminal)) => Ok(Chain::Tcp(Network { filters, terminal })),
        None => {
            let message = match filters.last() {
                Some(last) => format!(
                    "Error: non-terminal filter named {} of type envoy.filters.network.wasm is the last filter in a network filter chain.",
                    last.name
                ),
                None => "the chain has no terminal filter".to_owned(),
            };
            let place = node.as_list()?.last().map_or(&node.place, |n| &n.place);
            Err(Problem::at(
                place,
                message,
                "End the chain with envoy.filters.network.tcp_proxy or envoy.filters.network.echo.",
            ))
        }
    }
}

/// The filters, and the terminal one if there is one.
fn read_any(node: &Node) -> Result<(Vec<NetworkFilter>, Option<End>), Problem> {
    let mut filters = Vec::new();
    let list = node.as_list()?;
    for (at, item) in list.iter().enumerate() {
        let mut fields = Fields::of_message(item)?;
        let name = fields.require("name")?.as_string_field()?.to_owned();
        if let Some(discovery) = fields.take("config_discovery") {
            return Err(not_simulated(
                &discovery.place,
                "a filter from a server (`config_discovery`)",
            ));
        }
        let config = fields.require("typed_config")?;
        fields.finish()?;
        match read_filter(&name, config)? {
            Read::Wasm(filter) => filters.push(*filter),
            Read::Terminal(_) if at + 1 < list.len() => {
                return Err(Problem::at(
                    &item.place,
                    format!(
                        "Error: terminal filter named {name} must be the last filter in a network filter chain."
                    ),
                    "It ends the chain: put it last.",
                ));
            }
            // What such a filter sees are the bytes of HTTP, which are not made here.
            Read::Terminal(End::Http(_)) if !filters.is_empty() => {
                return Err(not_simulated(
                    &item.place,
                    "an HTTP connection manager behind a Wasm network filter, which would see the bytes of HTTP,",
                ));
            }
            Read::Terminal(end) => return Ok((filters, Some(end))),
        }
    }
    Ok((filters, None))
}

fn read_filter(name: &str, config: &Node) -> Result<Read, Problem> {
    let (kind, mut fields) = typed(config)?;
    match kind {
        WASM => {
            let plugin = wasm::read_plugin(fields.require("config")?)?;
            fields.finish()?;
            let name = name.to_owned();
            Ok(Read::Wasm(Box::new(NetworkFilter { name, plugin })))
        }
        ECHO => {
            fields.finish()?;
            Ok(Read::Terminal(End::Tcp(Terminal::Echo)))
        }
        DIRECT => {
            let response = match fields.take("response") {
                Some(node) => {
                    let mut fields = Fields::of_message(node)?;
                    let text = fields.require("inline_string")?.as_string_field()?;
                    fields.finish()?;
                    text.as_bytes().to_vec()
                }
                None => Vec::new(),
            };
            refuse(&fields, &["keep_open_after_response"], "direct_response")?;
            fields.finish()?;
            Ok(Read::Terminal(End::Tcp(Terminal::DirectResponse(response))))
        }
        TCP_PROXY => Ok(Read::Terminal(End::Tcp(read_tcp_proxy(fields)?))),
        listener::MANAGER => {
            let manager = listener::Manager::read(fields)?;
            Ok(Read::Terminal(End::Http(Box::new(manager))))
        }
        other => Err(unknown(config, other)),
    }
}

fn read_tcp_proxy(mut fields: Fields<'_>) -> Result<Terminal, Problem> {
    let stat_prefix = fields.require("stat_prefix")?.as_string_field()?.to_owned();
    refuse(&fields, &NOT_HONOURED, "tcp_proxy")?;
    let cluster = fields.require("cluster")?.as_string_field()?.to_owned();
    fields.finish()?;
    Ok(Terminal::TcpProxy {
        stat_prefix,
        cluster,
    })
}

/// The refusal of a type that is no network filter here.
fn unknown(config: &Node, name: &str) -> Problem {
    if name.starts_with("envoy.extensions.filters.http.") {
        return Problem::at(
            type_place(config),
            format!("`{name}` is an HTTP filter"),
            "It goes into the `http_filters` of an HTTP connection manager.",
        );
    }
    let known = [WASM, ECHO, DIRECT, TCP_PROXY, listener::MANAGER];
    unknown_type(config, name, &known, "filter type", "the network filter")
}
