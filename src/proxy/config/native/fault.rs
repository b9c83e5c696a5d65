//! `HTTPFault`, of the filter and of routes alike.

use super::{Percent, flag, list, text};
use crate::model::Problem;
use crate::model::yaml::{Fields, Node};
use crate::proxy::config::matching::{HeaderMatch, read_header_match};
use crate::proxy::config::{not_one_of, refuse};

/// The settings.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// `delay`.
    pub(crate) delay: Option<(Delay, Percent)>,
    /// `abort`.
    pub(crate) abort: Option<(Abort, Percent)>,
    /// `response_rate_limit`: KiB in a second; `None` is what the request asks for.
    pub(crate) rate: Option<(Option<u64>, Percent)>,
    /// `upstream_cluster`; empty is any.
    pub(crate) cluster: String,
    /// `headers`, all of which must match.
    pub(crate) headers: Vec<HeaderMatch>,
    /// `downstream_nodes`; none is any.
    pub(crate) nodes: Vec<String>,
    /// `max_active_faults`.
    pub(crate) max_active: Option<u32>,
    /// `disable_downstream_cluster_stats`.
    pub(crate) no_cluster_stats: bool,
}

/// How long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delay {
    /// `fixed_delay`, nanoseconds.
    Fixed(u64),
    /// `header_delay`: what the request asks for.
    Header,
}

/// With what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Abort {
    /// `http_status`.
    Http(u16),
    /// `grpc_status`.
    Grpc(u32),
    /// `header_abort`: what the request asks for.
    Header,
}

/// Runtime keys: no runtime is configured, so they change nothing.
const RUNTIME: [&str; 7] = [
    "delay_percent_runtime",
    "abort_percent_runtime",
    "delay_duration_runtime",
    "abort_http_status_runtime",
    "max_active_faults_runtime",
    "response_rate_limit_percent_runtime",
    "abort_grpc_status_runtime",
];

impl Fault {
    /// Reads the message's fields.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        for name in RUNTIME {
            let key = fields.take(name);
            key.map(Node::as_string_field).transpose()?;
        }
        let delay = fields.take("delay").map(read_delay).transpose()?;
        let abort = fields.take("abort").map(read_abort).transpose()?;
        let headers = list(fields, "headers")?.iter();
        let nodes = list(fields, "downstream_nodes")?.iter();
        let max_active = fields.take("max_active_faults");
        let rate = fields.take("response_rate_limit").map(read_rate);
        refuse(fields, &["filter_metadata"], "the fault filter")?;
        Ok(Self {
            delay,
            abort,
            rate: rate.transpose()?,
            cluster: text(fields, "upstream_cluster")?,
            headers: headers.map(read_header_match).collect::<Result<_, _>>()?,
            nodes: nodes
                .map(|node| node.as_string_field().map(str::to_owned))
                .collect::<Result<_, _>>()?,
            max_active: max_active.map(Node::as_u32).transpose()?,
            no_cluster_stats: flag(fields, "disable_downstream_cluster_stats")?,
        })
    }
}

/// `percentage`; none of all requests when it is not set.
fn percentage(fields: &mut Fields<'_>) -> Result<Percent, Problem> {
    let node = fields.take("percentage");
    Ok(node.map(Percent::read).transpose()?.unwrap_or_default())
}

fn empty(node: &Node) -> Result<(), Problem> {
    Fields::of_message(node)?.finish()
}

fn read_delay(node: &Node) -> Result<(Delay, Percent), Problem> {
    let mut fields = Fields::of_message(node)?;
    let fixed = fields.take("fixed_delay");
    let header = fields.take("header_delay");
    let share = percentage(&mut fields)?;
    fields.finish()?;
    let delay = match (fixed, header) {
        (Some(node), None) => match node.as_proto_duration_ns()? {
            0 => return Err(node.expected("a duration above 0")),
            ns => Delay::Fixed(ns),
        },
        (None, Some(node)) => {
            empty(node)?;
            Delay::Header
        }
        _ => return Err(not_one_of(&node.place, "fixed_delay and header_delay")),
    };
    Ok((delay, share))
}

fn read_rate(node: &Node) -> Result<(Option<u64>, Percent), Problem> {
    let mut fields = Fields::of_message(node)?;
    let fixed = fields.take("fixed_limit");
    let header = fields.take("header_limit");
    let share = percentage(&mut fields)?;
    fields.finish()?;
    match (fixed, header) {
        (Some(node), None) => {
            let mut fields = Fields::of_message(node)?;
            let limit = fields.require("limit_kbps")?;
            fields.finish()?;
            match limit.as_u64()? {
                0 => Err(limit.expected("a number above 0")),
                kbps => Ok((Some(kbps), share)),
            }
        }
        (None, Some(node)) => empty(node).map(|()| (None, share)),
        _ => Err(not_one_of(&node.place, "fixed_limit and header_limit")),
    }
}

fn read_abort(node: &Node) -> Result<(Abort, Percent), Problem> {
    let mut fields = Fields::of_message(node)?;
    let http = fields.take("http_status");
    let grpc = fields.take("grpc_status");
    let header = fields.take("header_abort");
    let share = percentage(&mut fields)?;
    fields.finish()?;
    let abort = match (http, grpc, header) {
        (Some(node), None, None) => match node.as_u32()? {
            status if (200..600).contains(&status) => Abort::Http(status as u16),
            _ => return Err(node.expected("a status from 200 to 599")),
        },
        (None, Some(node), None) => Abort::Grpc(node.as_u32()?),
        (None, None, Some(node)) => {
            empty(node)?;
            Abort::Header
        }
        _ => {
            return Err(not_one_of(
                &node.place,
                "http_status, grpc_status and header_abort",
            ));
        }
    };
    Ok((abort, share))
}
