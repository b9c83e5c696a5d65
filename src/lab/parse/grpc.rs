//! `grpc`: what a gRPC server answers.

use super::upstream::{Answer, delay};
use super::values;
use crate::model::lab::{GrpcEnd, GrpcMessage, GrpcReply, UpstreamAction};
use crate::model::yaml::{Fields, Key, Node, Value};
use crate::model::{Headers, Problem};

/// Keys that say how an answer ends, which one that ends otherwise cannot have.
const STATUS: [&str; 3] = ["status", "status_message", "trailers"];

pub(super) fn reply(node: &Node) -> Result<Answer<'_>, Problem> {
    let mut f = Fields::of(node)?;
    let metadata = f
        .take("metadata")
        .map(values::headers)
        .transpose()?
        .unwrap_or_default();
    let given = |(_, node): &(&Key, &Node)| !node.is_null();
    let one = f.take_entry("message").filter(given);
    let many = f.take_entry("messages").filter(given);
    if let (Some(_), Some((key, _))) = (&one, &many) {
        return Err(Problem::at(
            &key.place,
            "`messages` beside `message`",
            "Keep one.",
        ));
    }
    let scripted = one.is_some() || many.is_some();
    let mut messages = match (one, many) {
        (Some((_, node)), _) => vec![GrpcMessage {
            message: values::bytes(node)?,
            delay_ns: 0,
        }],
        (None, Some((_, node))) => node
            .as_list()?
            .iter()
            .map(message)
            .collect::<Result<_, _>>()?,
        (None, None) => Vec::new(),
    };
    let end = end(&mut f)?;
    let delay = delay(&mut f)?;
    f.finish()?;
    // A server that fails before it has said anything sends headers and status in one frame.
    let trailers_only =
        !scripted && metadata.is_empty() && matches!(end, GrpcEnd::Status { status: 1.., .. });
    if !scripted && matches!(end, GrpcEnd::Status { status: 0, .. }) {
        messages.push(GrpcMessage::default());
    }
    let reply = GrpcReply {
        metadata,
        messages,
        trailers_only,
        end,
    };
    Ok((UpstreamAction::Grpc(Box::new(reply)), delay))
}

/// A message: its bytes, or `{message: …, delay: 10ms}`.
fn message(node: &Node) -> Result<GrpcMessage, Problem> {
    let timed = matches!(node.value, Value::Map(_)) && node.get("base64").is_none();
    if !timed {
        return Ok(GrpcMessage {
            message: values::bytes(node)?,
            delay_ns: 0,
        });
    }
    let mut f = Fields::of(node)?;
    let message = values::bytes(f.require("message")?)?;
    let delay_ns = f.take("delay").map(values::span_ns).transpose()?;
    f.finish()?;
    Ok(GrpcMessage {
        message,
        delay_ns: delay_ns.unwrap_or(0),
    })
}

fn end(f: &mut Fields<'_>) -> Result<GrpcEnd, Problem> {
    let mut cut = None;
    for (name, end) in [("reset", GrpcEnd::Reset), ("timeout", GrpcEnd::Timeout)] {
        let Some((key, node)) = f.take_entry(name) else {
            continue;
        };
        if !node.as_bool()? {
            return Err(node.expected("true"));
        }
        if cut.replace((name, end)).is_some() {
            return Err(Problem::at(
                &key.place,
                format!("`{name}` is a second end of one answer"),
                "Keep one.",
            ));
        }
    }
    if let Some((name, end)) = cut {
        for key in STATUS {
            if let Some((key, _)) = f.take_entry(key) {
                return Err(Problem::at(
                    &key.place,
                    format!("`{}` never comes: the answer ends with `{name}`", key.text),
                    "Keep one.",
                ));
            }
        }
        return Ok(end);
    }
    let status = match f.take("status") {
        None => 0,
        Some(node) => match node.as_u32()? {
            n @ 0..=16 => n,
            _ => return Err(node.expected("a gRPC status from 0 to 16")),
        },
    };
    let message = f.take("status_message").map(super::text_of).transpose()?;
    let trailers = f.take("trailers").map(values::headers).transpose()?;
    Ok(GrpcEnd::Status {
        status,
        message: message.unwrap_or_default(),
        trailers: trailers.unwrap_or_else(Headers::default),
    })
}
