//! Clusters: their names and hosts. What they answer is scripted by the lab, not configured.

use super::any::typed_as;
use super::{Locality, Metadata, not_simulated, refuse};
use crate::model::Problem;
use crate::model::yaml::{Fields, Node};

/// A cluster.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    /// Its name.
    pub(crate) name: String,
    /// `ip:port` of its hosts, taken in turn by each worker.
    pub(crate) hosts: Vec<(String, u16)>,
    /// What is said of each host, in the same order; of hosts of our choice nothing is.
    pub(crate) said: Vec<Said>,
    /// `metadata`.
    pub(crate) metadata: Metadata,
    /// `connect_timeout`, nanoseconds.
    pub(crate) connect_timeout_ns: u64,
    /// The circuit breaker's `max_requests`: requests that may be under way at once.
    pub(crate) max_requests: usize,
    /// The circuit breaker's `max_retries`: retries that may be under way at once.
    pub(crate) max_retries: usize,
}

/// What a configuration says of a host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// `metadata` of the host.
    pub(crate) metadata: Metadata,
    /// `locality` of its group.
    pub(crate) locality: Locality,
    /// `metadata` of its group.
    pub(crate) locality_metadata: Metadata,
}

impl Cluster {
    /// A cluster with one host of our choice; `index` keeps the hosts apart.
    pub(crate) fn named(name: &str, index: u16) -> Self {
        Self {
            name: name.to_owned(),
            hosts: vec![("127.0.0.1".to_owned(), 8080_u16.saturating_add(index))],
            said: Vec::new(),
            metadata: Metadata::default(),
            connect_timeout_ns: 5_000_000_000,
            max_requests: 1024,
            max_retries: 3,
        }
    }
}

/// Reads the list of clusters.
pub(super) fn read_all(node: &Node) -> Result<Vec<Cluster>, Problem> {
    let mut clusters: Vec<Cluster> = Vec::new();
    for (index, item) in node.as_list()?.iter().enumerate() {
        let cluster = read(item, index as u16)?;
        if clusters.iter().any(|c| c.name == cluster.name) {
            return Err(Problem::at(
                &item.place,
                format!("cluster `{}` is there twice", cluster.name),
                "Give each cluster a name of its own.",
            ));
        }
        clusters.push(cluster);
    }
    Ok(clusters)
}

fn read(node: &Node, index: u16) -> Result<Cluster, Problem> {
    let mut fields = Fields::of_message(node)?;
    let mut cluster = Cluster::named(fields.require("name")?.as_string_field()?, index);
    if let Some(kind) = fields.take("type") {
        match kind.as_str()? {
            "STATIC" | "STRICT_DNS" | "LOGICAL_DNS" => {}
            other => {
                return Err(not_simulated(
                    &kind.place,
                    &format!("the cluster type `{other}`"),
                ));
            }
        }
    }
    if let Some(policy) = fields.take("lb_policy") {
        match policy.as_str()? {
            "ROUND_ROBIN" => {}
            other => {
                return Err(not_simulated(
                    &policy.place,
                    &format!("the load balancing policy `{other}`"),
                ));
            }
        }
    }
    if let Some(timeout) = fields.take("connect_timeout") {
        cluster.connect_timeout_ns = timeout.as_proto_duration_ns()?;
    }
    if let Some(breakers) = fields.take("circuit_breakers") {
        cluster.read_breakers(breakers)?;
    }
    read_protocol(&mut fields)?;
    cluster.metadata = Metadata::read(fields.take("metadata"))?;
    if let Some(assignment) = fields.take("load_assignment") {
        (cluster.hosts, cluster.said) = read_assignment(assignment)?;
    }
    refuse(&fields, &NOT_HONOURED, "a cluster")?;
    fields.finish()?;
    Ok(cluster)
}

impl Cluster {
    /// The thresholds of the default priority. A request never waits for a connection here, so
    /// limits on those could not strike.
    fn read_breakers(&mut self, node: &Node) -> Result<(), Problem> {
        let mut fields = Fields::of_message(node)?;
        let list = fields.take("thresholds");
        refuse(&fields, &["per_host_thresholds"], "circuit breakers")?;
        fields.finish()?;
        for item in list.map_or(Ok(&[][..]), Node::as_list)? {
            let mut fields = Fields::of_message(item)?;
            if let Some(priority) = fields.take("priority")
                && priority.as_str()? != "DEFAULT"
            {
                return Err(not_simulated(
                    &priority.place,
                    "a priority other than DEFAULT",
                ));
            }
            for name in ["max_connections", "max_pending_requests"] {
                if let Some(limit) = fields.take(name)
                    && limit.as_u32()? < 1024
                {
                    let what =
                        format!("`{name}` below 1024: a request that waits for a connection");
                    return Err(not_simulated(&limit.place, &what));
                }
            }
            if let Some(limit) = fields.take("max_requests") {
                self.max_requests = limit.as_u32()? as usize;
            }
            if let Some(limit) = fields.take("max_retries") {
                self.max_retries = limit.as_u32()? as usize;
            }
            refuse(
                &fields,
                &["max_connection_pools", "retry_budget", "track_remaining"],
                "circuit breakers",
            )?;
            fields.finish()?;
        }
        Ok(())
    }
}

/// Which HTTP the cluster speaks. Messages look the same in both here: no bytes of HTTP are made.
fn read_protocol(fields: &mut Fields<'_>) -> Result<(), Problem> {
    if let Some(options) = fields.take("http2_protocol_options") {
        Fields::of_message(options)?.finish()?;
    }
    let Some(map) = fields.take("typed_extension_protocol_options") else {
        return Ok(());
    };
    for (_, value) in map.as_map()? {
        let (_, mut fields) = typed_as(
            value,
            &["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"],
        )?;
        let names = [
            "auto_config",
            "common_http_protocol_options",
            "header_validation_config",
            "http_filters",
            "outlier_detection",
            "upstream_http_protocol_options",
            "use_downstream_protocol_config",
        ];
        refuse(&fields, &names, "HttpProtocolOptions")?;
        let explicit = fields.require("explicit_http_config")?;
        fields.finish()?;
        let mut fields = Fields::of_message(explicit)?;
        for name in ["http_protocol_options", "http2_protocol_options"] {
            if let Some(options) = fields.take(name) {
                Fields::of_message(options)?.finish()?;
            }
        }
        fields.finish()?;
    }
    Ok(())
}

/// Fields of `Cluster` that Envoy knows and the simulator does not.
const NOT_HONOURED: [&str; 31] = [
    "alt_stat_name",
    "cleanup_interval",
    "close_connections_on_host_health_failure",
    "cluster_type",
    "common_http_protocol_options",
    "common_lb_config",
    "connection_pool_per_downstream_connection",
    "dns_lookup_family",
    "dns_refresh_rate",
    "dns_resolvers",
    "eds_cluster_config",
    "filters",
    "health_checks",
    "http_protocol_options",
    "ignore_health_on_host_removal",
    "lb_subset_config",
    "least_request_lb_config",
    "load_balancing_policy",
    "max_requests_per_connection",
    "original_dst_lb_config",
    "outlier_detection",
    "per_connection_buffer_limit_bytes",
    "preconnect_policy",
    "protocol_selection",
    "respect_dns_ttl",
    "ring_hash_lb_config",
    "transport_socket",
    "transport_socket_matches",
    "upstream_bind_config",
    "upstream_connection_options",
    "upstream_http_protocol_options",
];

/// The hosts of an assignment, and what is said of each.
type Hosts = (Vec<(String, u16)>, Vec<Said>);

fn read_assignment(node: &Node) -> Result<Hosts, Problem> {
    let mut fields = Fields::of_message(node)?;
    fields
        .take("cluster_name")
        .map(Node::as_string_field)
        .transpose()?;
    let endpoints = fields.take("endpoints");
    fields.finish()?;
    let (mut hosts, mut said) = (Vec::new(), Vec::new());
    for locality in endpoints.map_or(Ok(&[][..]), Node::as_list)? {
        let mut fields = Fields::of_message(locality)?;
        let inner = fields.take("lb_endpoints");
        let locality = Locality::read(fields.take("locality"))?;
        let group = Metadata::read(fields.take("metadata"))?;
        fields.finish()?;
        for host in inner.map_or(Ok(&[][..]), Node::as_list)? {
            let mut fields = Fields::of_message(host)?;
            let endpoint = fields.require("endpoint")?;
            said.push(Said {
                metadata: Metadata::read(fields.take("metadata"))?,
                locality: locality.clone(),
                locality_metadata: group.clone(),
            });
            fields.finish()?;
            let mut fields = Fields::of_message(endpoint)?;
            let address = fields.require("address")?;
            fields.finish()?;
            hosts.push(read_address(address)?);
        }
    }
    Ok((hosts, said))
}

/// Reads `{socket_address: {address, port_value}}`.
pub(super) fn read_address(node: &Node) -> Result<(String, u16), Problem> {
    let mut fields = Fields::of_message(node)?;
    let socket = fields.require("socket_address")?;
    fields.finish()?;
    let mut fields = Fields::of_message(socket)?;
    let address = fields.require("address")?.as_string_field()?.to_owned();
    let port = fields.require("port_value")?;
    let number = port.as_u32()?;
    if let Some(protocol) = fields.take("protocol")
        && protocol.as_str()? != "TCP"
    {
        return Err(not_simulated(&protocol.place, "a protocol other than TCP"));
    }
    fields.finish()?;
    match u16::try_from(number) {
        Ok(port) => Ok((address, port)),
        Err(_) => Err(port.expected("a port from 0 to 65535")),
    }
}
