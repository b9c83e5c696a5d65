//! Clusters: their names and hosts. What they answer is scripted by the lab, not configured.

use super::not_simulated;
use crate::model::Problem;
use crate::model::yaml::{Fields, Node};

/// A cluster.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    /// Its name.
    pub(crate) name: String,
    /// `ip:port` of its hosts, taken in turn by each worker.
    pub(crate) hosts: Vec<(String, u16)>,
}

impl Cluster {
    /// A cluster with one host of our choice; `index` keeps the hosts apart.
    pub(crate) fn named(name: &str, index: u16) -> Self {
        Self {
            name: name.to_owned(),
            hosts: vec![("127.0.0.1".to_owned(), 8080_u16.saturating_add(index))],
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
    // Scripted upstreams accept at once, so a connect timeout can never strike.
    fields
        .take("connect_timeout")
        .map(Node::as_proto_duration_ns)
        .transpose()?;
    if let Some(assignment) = fields.take("load_assignment") {
        cluster.hosts = read_assignment(assignment)?;
    }
    fields.finish()?;
    Ok(cluster)
}

fn read_assignment(node: &Node) -> Result<Vec<(String, u16)>, Problem> {
    let mut fields = Fields::of_message(node)?;
    fields
        .take("cluster_name")
        .map(Node::as_string_field)
        .transpose()?;
    let endpoints = fields.take("endpoints");
    fields.finish()?;
    let mut hosts = Vec::new();
    for locality in endpoints.map_or(Ok(&[][..]), Node::as_list)? {
        let mut fields = Fields::of_message(locality)?;
        let inner = fields.take("lb_endpoints");
        fields.finish()?;
        for host in inner.map_or(Ok(&[][..]), Node::as_list)? {
            let mut fields = Fields::of_message(host)?;
            let endpoint = fields.require("endpoint")?;
            fields.finish()?;
            let mut fields = Fields::of_message(endpoint)?;
            let address = fields.require("address")?;
            fields.finish()?;
            hosts.push(read_address(address)?);
        }
    }
    Ok(hosts)
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
