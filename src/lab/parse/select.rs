//! What an exercise points to in a run: an event, or a value that can be read off it.

use super::{one_of, text_of, values};
use crate::model::exercise::{Observed, Selector};
use crate::model::trace::{Kind, thread_number};
use crate::model::yaml::{Fields, Node};
use crate::model::{Place, Problem};

/// Reads a condition on an event.
pub(super) fn selector(node: &Node) -> Result<Selector, Problem> {
    let mut f = Fields::of(node)?;
    let selector = Selector {
        kind: f.take("kind").map(Kind::read).transpose()?,
        name: f.take("name").map(text_of).transpose()?,
        thread: f.take("thread").map(thread).transpose()?,
        filter: f.take("filter").map(text_of).transpose()?,
        context: f.take("context").map(Node::as_u32).transpose()?,
        status: f.take("status").map(text_of).transpose()?,
        args: match f.take("args") {
            None => Vec::new(),
            Some(map) => (map.as_map()?.iter())
                .map(|(key, node)| Ok((key.text.clone(), values::matcher(node)?)))
                .collect::<Result<_, Problem>>()?,
        },
        nth: f.take("nth").map(Node::as_usize).transpose()?,
        place: node.place.clone(),
    };
    f.finish()?;
    if node.as_map()?.is_empty() {
        return Err(node.expected("a condition such as {kind: host_call, name: proxy_log}"));
    }
    Ok(selector)
}

fn thread(node: &Node) -> Result<u32, Problem> {
    let number = thread_number(node.as_str()?);
    number.ok_or_else(|| node.expected("main, or worker_0 and so on"))
}

/// Reads what is to be read off a run.
pub(super) fn observed(node: &Node) -> Result<Observed, Problem> {
    const WHAT: [&str; 6] = ["client", "upstream", "count", "call", "state", "worker"];
    let mut f = Fields::of(node)?;
    let (kind, value) = one_of(&mut f, &WHAT, "a value of a run")?;
    f.finish()?;
    match kind {
        "client" => client(value),
        "upstream" => upstream(value),
        "count" => Ok(Observed::Count(selector(value)?)),
        "call" => Ok(Observed::Call(value.as_usize()?)),
        "worker" => Ok(Observed::Worker(value.as_usize()?)),
        _ => state(value),
    }
}

fn client(node: &Node) -> Result<Observed, Problem> {
    let mut f = Fields::of(node)?;
    let request = f.take("request").map_or(Ok(0), Node::as_usize)?;
    let (header, what) = (f.take("header"), f.take("what"));
    f.finish()?;
    match (header, what) {
        (Some(header), None) => Ok(Observed::ClientHeader(request, text_of(header)?)),
        (None, Some(what)) => match what.as_str()? {
            "status" => Ok(Observed::Status(request)),
            "body" => Ok(Observed::ClientBody(request)),
            "outcome" => Ok(Observed::Outcome(request)),
            _ => Err(what.expected("status, body or outcome")),
        },
        _ => Err(Problem::at(
            &node.place,
            "expected one of `header` and `what`",
            "Write {request: 0, what: status} or {request: 0, header: x-a}.",
        )),
    }
}

fn upstream(node: &Node) -> Result<Observed, Problem> {
    let mut f = Fields::of(node)?;
    let cluster = f.take("cluster").map(text_of).transpose()?;
    let request = f.take("request").map_or(Ok(0), Node::as_usize)?;
    let header = f.take("header").map(text_of).transpose()?;
    f.finish()?;
    Ok(match header {
        Some(header) => Observed::UpstreamHeader(cluster, request, header),
        None => Observed::Upstreams(cluster),
    })
}

fn state(node: &Node) -> Result<Observed, Problem> {
    if let Ok(name) = node.as_str() {
        return match name {
            "vms" => Ok(Observed::Vms),
            "failed_vms" => Ok(Observed::FailedVms),
            "stalled_streams" => Ok(Observed::StalledStreams),
            _ => Err(node.expected(
                "vms, failed_vms, stalled_streams, {shared_data: KEY} or {metric: NAME}",
            )),
        };
    }
    let mut f = Fields::of(node)?;
    let (kind, value) = one_of(&mut f, &["shared_data", "metric"], "a value of the state")?;
    f.finish()?;
    Ok(match kind {
        "metric" => Observed::Metric(text_of(value)?),
        _ => Observed::SharedData(text_of(value)?),
    })
}

/// Whether two ids of a list are the same: where the second stands.
pub(super) fn twice<'a>(ids: impl Iterator<Item = (&'a str, &'a Place)>) -> Option<Problem> {
    let mut seen: Vec<&str> = Vec::new();
    for (id, place) in ids {
        if seen.contains(&id) {
            let message = format!("a second item with the id `{id}`");
            return Some(Problem::at(place, message, "Give it an id of its own."));
        }
        seen.push(id);
    }
    None
}
