//! Clusters: their names and hosts. What they answer is scripted by the lab, not configured.

use super::{Locality, Metadata, not_simulated};
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
    cluster.metadata = Metadata::read(fields.take("metadata"))?;
    if let Some(assignment) = fields.take("load_assignment") {
        (cluster.hosts, cluster.said) = read_assignment(assignment)?;
    }
    fields.finish()?;
    Ok(cluster)
}

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
