//! `upstreams`: what clusters answer.

use super::values;
use crate::model::lab::{RequestMatch, Reset, UpstreamAction, UpstreamRule};
use crate::model::yaml::{Fields, Node, Value};
use crate::model::{Bytes, Headers, Problem};
use std::collections::BTreeMap;

pub(super) fn upstreams(node: &Node) -> Result<BTreeMap<String, Vec<UpstreamRule>>, Problem> {
    node.as_map()?
        .iter()
        .map(|(key, rules)| {
            let rules = if rules.is_null() {
                &[]
            } else {
                rules.as_list()?
            };
            Ok((
                key.text.clone(),
                rules.iter().map(rule).collect::<Result<_, _>>()?,
            ))
        })
        .collect()
}

fn rule(node: &Node) -> Result<UpstreamRule, Problem> {
    const ACTIONS: [&str; 6] = ["reply", "reset", "timeout", "grpc", "tcp", "strict"];
    let mut f = Fields::of(node)?;
    let matches = f
        .take("match")
        .map(request_match)
        .transpose()?
        .unwrap_or_default();
    let mut delay_ns = f.take("delay").map(values::span_ns).transpose()?;
    let mut action = None;
    for kind in ACTIONS {
        let Some((key, value)) = f.take_entry(kind) else {
            continue;
        };
        let (this, delay) = match kind {
            "reply" => reply(value)?,
            "grpc" => super::grpc::reply(value)?,
            "tcp" => tcp(value)?,
            "reset" => (UpstreamAction::Reset(reset(value)?), None),
            _ if !value.as_bool()? => return Err(value.expected("true")),
            "strict" => (UpstreamAction::Strict, None),
            _ => (UpstreamAction::Timeout, None),
        };
        if action.replace(this).is_some() {
            return Err(Problem::at(
                &key.place,
                format!("`{kind}` is a second answer of one rule"),
                "Keep one.",
            ));
        }
        if let Some((at, ns)) = delay
            && delay_ns.replace(ns).is_some()
        {
            return Err(Problem::at(
                &at.place,
                "a second delay of one rule",
                "Keep one.",
            ));
        }
    }
    f.finish()?;
    Ok(UpstreamRule {
        place: node.place.clone(),
        matches,
        action: action.unwrap_or_default(),
        delay_ns: delay_ns.unwrap_or(0),
    })
}

fn request_match(node: &Node) -> Result<RequestMatch, Problem> {
    let mut f = Fields::of(node)?;
    let method = f.take("method").map(super::text_of).transpose()?;
    let path = f.take("path").map(super::text_of).transpose()?;
    let headers = match f.take("headers") {
        None => Vec::new(),
        Some(node) => values::header_matchers(node)?
            .into_iter()
            .flat_map(|(name, matchers)| matchers.into_iter().map(move |m| (name.clone(), m)))
            .collect(),
    };
    let data_node = f.take("data");
    let data = data_node.map(values::matcher).transpose()?;
    let connect = f
        .take("connect")
        .map(Node::as_bool)
        .transpose()?
        .unwrap_or(false);
    f.finish()?;
    if let Some(node) = data_node
        && connect
    {
        return Err(Problem::at(
            &node.place,
            "`data` beside `connect`",
            "When a connection begins there are no bytes yet. Keep one.",
        ));
    }
    Ok(RequestMatch {
        method,
        path,
        headers,
        data,
        connect,
    })
}

/// `true`, or Envoy's word for the failure.
fn reset(node: &Node) -> Result<Reset, Problem> {
    if let Ok(true) = node.as_bool() {
        return Ok(Reset::default());
    }
    let words = Reset::ALL.map(Reset::word);
    let found = node
        .as_str()
        .ok()
        .and_then(|word| Reset::ALL.into_iter().find(|reset| reset.word() == word));
    found.ok_or_else(|| node.expected(&format!("true, or one of {}", words.join(", "))))
}

/// Statuses of responses that come before the real one.
fn informational(node: &Node) -> Result<Vec<u16>, Problem> {
    let status = |node: &Node| match node.as_u32() {
        // 101 switches to another protocol and is an end, not a beginning.
        Ok(n @ (100 | 102..=199)) => Ok(n as u16),
        _ => Err(node.expected("a status from 100 to 199 other than 101")),
    };
    node.as_list()?.iter().map(status).collect()
}

/// An answer, and its delay with the place of that.
pub(super) type Answer<'a> = (UpstreamAction, Option<(&'a Node, u64)>);

fn reply(node: &Node) -> Result<Answer<'_>, Problem> {
    let mut f = Fields::of(node)?;
    let status = f
        .take("status")
        .map(super::files::http_status)
        .transpose()?
        .unwrap_or(200);
    let headers = f
        .take("headers")
        .map(values::headers)
        .transpose()?
        .unwrap_or_else(Headers::default);
    let body = f
        .take("body")
        .map(values::body)
        .transpose()?
        .unwrap_or_else(Bytes::default);
    let chunks = f
        .take("chunks")
        .map(|node| values::chunks(node, &body))
        .transpose()?
        .unwrap_or_default();
    let trailers = f
        .take("trailers")
        .map(values::headers)
        .transpose()?
        .unwrap_or_default();
    let informational = f
        .take("informational")
        .map(informational)
        .transpose()?
        .unwrap_or_default();
    let reset_node = f.take("reset");
    let reset = reset_node.map(reset).transpose()?;
    let delay = delay(&mut f)?;
    f.finish()?;
    if let (Some(node), Some(reset)) = (reset_node, reset)
        && reset.unconnected()
    {
        return Err(node.expected("a failure that a response can be followed by"));
    }
    Ok((
        UpstreamAction::Reply {
            status,
            headers,
            body,
            chunks,
            trailers,
            informational,
            reset,
        },
        delay,
    ))
}

/// What an upstream writes on a TCP connection: `send` is text or a list of chunks.
fn tcp(node: &Node) -> Result<Answer<'_>, Problem> {
    let mut f = Fields::of(node)?;
    let send = match f.take("send") {
        None => Vec::new(),
        Some(list) if matches!(list.value, Value::List(_)) => list
            .as_list()?
            .iter()
            .map(values::body)
            .collect::<Result<_, _>>()?,
        Some(one) => vec![values::body(one)?],
    };
    let close = f
        .take("close")
        .map(Node::as_bool)
        .transpose()?
        .unwrap_or(false);
    let delay = delay(&mut f)?;
    f.finish()?;
    if send.is_empty() && !close {
        return Err(Problem::at(
            &node.place,
            "this upstream does nothing",
            "Add `send: …` or `close: true`; `timeout: true` is an upstream that says nothing.",
        ));
    }
    Ok((UpstreamAction::Tcp { send, close }, delay))
}

pub(super) fn delay<'a>(f: &mut Fields<'a>) -> Result<Option<(&'a Node, u64)>, Problem> {
    f.take("delay")
        .map(|node| Ok((node, values::span_ns(node)?)))
        .transpose()
}
