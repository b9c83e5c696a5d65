//! `traffic`: what clients do, and when.

use super::{Scope, values};
use crate::model::lab::{Scenario, Traffic, TrafficAction};
use crate::model::yaml::{Fields, Node, nearest};
use crate::model::{Place, Problem, Request};

/// The scenario of a lab that names none: a plain GET.
pub(super) fn one_get(place: &Place) -> Scenario {
    let action = TrafficAction::Request(Request {
        method: "GET".to_owned(),
        path: "/".to_owned(),
        authority: "example.com".to_owned(),
        ..Request::default()
    });
    let traffic = Traffic {
        action,
        worker: None,
        connection: None,
        at_ns: None,
        cancel_ns: None,
        place: place.clone(),
    };
    Scenario {
        name: "GET /".to_owned(),
        traffic: vec![traffic],
        ..Scenario::default()
    }
}

pub(super) fn traffic(node: &Node, scope: &Scope<'_>) -> Result<Vec<Traffic>, Problem> {
    let traffic = node
        .as_list()?
        .iter()
        .map(|item| one(item, scope))
        .collect::<Result<Vec<_>, _>>()?;
    check_ended(&traffic)?;
    Ok(traffic)
}

/// Refuses bytes on a connection whose client has ended it in an item above. Items with a time of
/// their own may run in another order than they are written in.
fn check_ended(traffic: &[Traffic]) -> Result<(), Problem> {
    let mut ended: Vec<&str> = Vec::new();
    for item in traffic.iter().filter(|item| item.at_ns.is_none()) {
        let (TrafficAction::Tcp { close, reset, .. }, Some(name)) =
            (&item.action, item.connection.as_deref())
        else {
            continue;
        };
        if ended.contains(&name) {
            return Err(Problem::at(
                &item.place,
                format!("the client has ended the connection `{name}` above"),
                "Take `close` or `reset` out there, or name another connection here.",
            ));
        }
        if *close || *reset || item.cancel_ns.is_some() {
            ended.push(name);
        }
    }
    Ok(())
}

fn one(node: &Node, scope: &Scope<'_>) -> Result<Traffic, Problem> {
    let mut f = Fields::of(node)?;
    let (kind, value) = super::one_of(
        &mut f,
        &["request", "tcp", "advance", "call"],
        "an item of traffic",
    )?;
    let on_connection = matches!(kind, "request" | "tcp");
    let mut only_on_connection = |name: &'static str| match f.take(name) {
        Some(node) if !on_connection => Err(Problem::at(
            &node.place,
            format!("`{name}` beside `{kind}`"),
            format!("`{name}` goes with request or tcp."),
        )),
        other => Ok(other),
    };
    let worker = only_on_connection("worker")?
        .map(|node| worker(node, scope.concurrency))
        .transpose()?;
    let connection = only_on_connection("connection")?
        .map(super::text_of)
        .transpose()?;
    let cancel_ns = only_on_connection("cancel")?
        .map(values::span_ns)
        .transpose()?;
    let at_ns = f.take("at").map(values::span_ns).transpose()?;
    f.finish()?;
    let action = match kind {
        "request" => TrafficAction::Request(request(value)?),
        "tcp" => tcp(value)?,
        "advance" => TrafficAction::Advance(values::span_ns(value)?),
        _ => call(value, scope)?,
    };
    Ok(Traffic {
        action,
        worker,
        connection,
        at_ns,
        cancel_ns,
        place: node.place.clone(),
    })
}

fn worker(node: &Node, concurrency: u32) -> Result<u32, Problem> {
    match node.as_u32()? {
        n if n < concurrency => Ok(n),
        n => Err(Problem::at(
            &node.place,
            format!("worker {n}, but there are {concurrency}"),
            "Workers count from 0; `concurrency` says how many there are.",
        )),
    }
}

fn request(node: &Node) -> Result<Request, Problem> {
    let mut f = Fields::of(node)?;
    let mut word = |name, default: &str| match f.take(name) {
        Some(node) => super::text_of(node),
        None => Ok(default.to_owned()),
    };
    let method = word("method", "GET")?;
    let path = word("path", "/")?;
    let authority = word("authority", "example.com")?;
    let headers = f
        .take("headers")
        .map(values::headers)
        .transpose()?
        .unwrap_or_default();
    let body = f
        .take("body")
        .map(values::body)
        .transpose()?
        .unwrap_or_default();
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
    f.finish()?;
    Ok(Request {
        method,
        path,
        authority,
        headers,
        body,
        chunks,
        trailers,
    })
}

fn tcp(node: &Node) -> Result<TrafficAction, Problem> {
    let mut f = Fields::of(node)?;
    let send = match f.take("send") {
        Some(list) => list
            .as_list()?
            .iter()
            .map(values::body)
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let close = f
        .take("close")
        .map(Node::as_bool)
        .transpose()?
        .unwrap_or(false);
    let tear = f.take("reset");
    let reset = tear.map(Node::as_bool).transpose()?.unwrap_or(false);
    f.finish()?;
    if let Some(tear) = tear
        && close
        && reset
    {
        return Err(Problem::at(
            &tear.place,
            "`reset` beside `close`",
            "A client closes its half in order, or tears the connection. Keep one.",
        ));
    }
    Ok(TrafficAction::Tcp { send, close, reset })
}

fn call(node: &Node, scope: &Scope<'_>) -> Result<TrafficAction, Problem> {
    let mut f = Fields::of(node)?;
    let module = f.require("module")?;
    let export = super::text_of(f.require("export")?)?;
    let args = match f.take("args") {
        Some(list) => list
            .as_list()?
            .iter()
            .map(values::number)
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    f.finish()?;
    let name = module.as_str()?;
    if !scope.files.contains_key(name) {
        let help = match nearest(name, scope.files.keys().map(String::as_str)) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "Name the module's path as it stands in `files`.".to_owned(),
        };
        return Err(Problem::at(
            &module.place,
            format!("`{name}` is not in `files`"),
            help,
        ));
    }
    Ok(TrafficAction::Call {
        module: name.to_owned(),
        export,
        args,
    })
}
