//! `rate_limits` of routes and virtual hosts: what of a request a rate limit service is told.

use super::matching::{HeaderMatch, read_header_match, read_metadata_keys};
use super::{Source, one_of, refuse};
use crate::model::Problem;
use crate::model::yaml::{Fields, Node};

/// A `RateLimit`: its actions make one descriptor.
#[derive(Clone, Debug)]
pub(crate) struct RateLimit {
    /// `stage`.
    pub(crate) stage: u32,
    /// `actions`, one entry each.
    pub(crate) actions: Vec<DescribeBy>,
}

/// `RateLimit.Action`.
#[derive(Clone, Debug)]
pub(crate) enum DescribeBy {
    /// `source_cluster`: the proxy's own.
    SourceCluster,
    /// `destination_cluster`: the route's.
    DestinationCluster,
    /// `remote_address`.
    RemoteAddress,
    /// `request_headers`: key, header, and whether the descriptor does without an absent one.
    Header(String, String, bool),
    /// `generic_key`: key and value.
    Generic(String, String),
    /// `metadata`.
    Metadata(Box<DescribeByMetadata>),
    /// `header_value_match`: key, value, the headers, and whether they must match.
    HeaderMatch(String, String, Vec<HeaderMatch>, bool),
}

/// `RateLimit.Action.MetaData`.
#[derive(Clone, Debug)]
pub(crate) struct DescribeByMetadata {
    /// The descriptor's key.
    pub(crate) key: String,
    /// Whose metadata.
    pub(crate) source: Source,
    /// The namespace and the keys in it.
    pub(crate) keys: Vec<String>,
    /// `default_value`; empty is none.
    pub(crate) default: String,
    /// `skip_if_absent`.
    pub(crate) skip: bool,
}

/// Reads a list of `RateLimit`.
pub(super) fn read_rate_limits(node: Option<&Node>) -> Result<Vec<RateLimit>, Problem> {
    let items = node.map_or(Ok(&[][..]), Node::as_list)?.iter();
    items.map(read_one).collect()
}

/// `stage`, from 0 to 10.
pub(super) fn read_stage(fields: &mut Fields<'_>) -> Result<u32, Problem> {
    let Some(node) = fields.take("stage") else {
        return Ok(0);
    };
    match node.as_u32()? {
        stage if stage <= 10 => Ok(stage),
        _ => Err(node.expected("a stage from 0 to 10")),
    }
}

fn read_one(node: &Node) -> Result<RateLimit, Problem> {
    let mut fields = Fields::of_message(node)?;
    let stage = read_stage(&mut fields)?;
    // Runtime could turn it off, and none is configured.
    let disable = fields.take("disable_key");
    disable.map(Node::as_string_field).transpose()?;
    let actions = fields.require("actions")?;
    refuse(
        &fields,
        &["apply_on_stream_done", "hits_addend", "limit"],
        "a rate limit",
    )?;
    fields.finish()?;
    let list = actions.as_list()?;
    if list.is_empty() {
        return Err(actions.expected("a list of at least one"));
    }
    Ok(RateLimit {
        stage,
        actions: list.iter().map(read_action).collect::<Result<_, _>>()?,
    })
}

fn read_action(node: &Node) -> Result<DescribeBy, Problem> {
    const KNOWN: [&str; 7] = [
        "source_cluster",
        "destination_cluster",
        "remote_address",
        "request_headers",
        "generic_key",
        "metadata",
        "header_value_match",
    ];
    let elsewhere = [
        "dynamic_metadata",
        "extension",
        "masked_remote_address",
        "query_parameter_value_match",
        "query_parameters",
    ];
    let (name, node) = one_of(node, &KNOWN, &elsewhere, "a rate limit's action")?;
    let mut fields = Fields::of_message(node)?;
    let mut text = |name| -> Result<String, Problem> {
        Ok(fields.require(name)?.as_string_field()?.to_owned())
    };
    let action = match name {
        "source_cluster" => DescribeBy::SourceCluster,
        "destination_cluster" => DescribeBy::DestinationCluster,
        "remote_address" => DescribeBy::RemoteAddress,
        "request_headers" => {
            let (header, key) = (text("header_name")?, text("descriptor_key")?);
            let skip = fields.take("skip_if_absent");
            let skip = skip.map_or(Ok(false), Node::as_bool)?;
            DescribeBy::Header(key, header.to_ascii_lowercase(), skip)
        }
        "metadata" => {
            let (key, place) = (text("descriptor_key")?, fields.require("metadata_key")?);
            let source = match fields.take("source") {
                None => Source::Dynamic,
                Some(node) => match node.as_str()? {
                    "DYNAMIC" | "0" => Source::Dynamic,
                    "ROUTE_ENTRY" | "1" => Source::Route,
                    _ => return Err(node.expected("DYNAMIC or ROUTE_ENTRY")),
                },
            };
            let default = fields.take("default_value");
            let default = default.map_or(Ok(""), Node::as_string_field)?.to_owned();
            let skip = fields.take("skip_if_absent");
            let skip = skip.map_or(Ok(false), Node::as_bool)?;
            let mut inner = Fields::of_message(place)?;
            let keys = read_metadata_keys(inner.require("key")?, inner.require("path")?)?;
            inner.finish()?;
            DescribeBy::Metadata(Box::new(DescribeByMetadata {
                key,
                source,
                keys,
                default,
                skip,
            }))
        }
        "generic_key" => {
            let value = text("descriptor_value")?;
            DescribeBy::Generic(key_or(&mut fields, "generic_key")?, value)
        }
        _ => {
            let value = text("descriptor_value")?;
            let key = key_or(&mut fields, "header_match")?;
            let expect = fields.take("expect_match");
            let expect = expect.map_or(Ok(true), Node::as_bool)?;
            let headers = fields.require("headers")?.as_list()?.iter();
            let headers = headers.map(read_header_match).collect::<Result<_, _>>()?;
            DescribeBy::HeaderMatch(key, value, headers, expect)
        }
    };
    fields.finish()?;
    Ok(action)
}

/// `descriptor_key`, or what Envoy takes without one.
fn key_or(fields: &mut Fields<'_>, usual: &str) -> Result<String, Problem> {
    let key = fields.take("descriptor_key");
    Ok(key.map_or(Ok(usual), Node::as_string_field)?.to_owned())
}
