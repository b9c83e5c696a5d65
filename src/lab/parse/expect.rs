//! `expect`: what must hold of a run.
//!
//! What cannot be true of any run (a request that the scenario does not send) is an error here, so
//! that no check passes or fails by a slip of the pen.

use super::values;
use crate::abi;
use crate::lab::assertions::callbacks::{SCRIPTS, STEPS};
use crate::model::Problem;
use crate::model::lab::{
    Assertion, ClientAssertion, ConnectionAssertion, Expectation, StateAssertion, Traffic,
    TrafficAction, UpstreamAssertion, UpstreamOfConnection,
};
use crate::model::report::{Closer, ConnectionOutcome, ExchangeOutcome};
use crate::model::yaml::{Fields, Key, Node, nearest};

const KINDS: [&str; 9] = [
    "client",
    "upstream",
    "connection",
    "log",
    "callbacks",
    "hostcalls",
    "access_log",
    "call",
    "state",
];
const LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "error", "critical"];

/// Reads a list of expectations; `traffic` is the scenario's, where they belong to one.
pub(super) fn expectations(
    node: &Node,
    traffic: Option<&[Traffic]>,
) -> Result<Vec<Expectation>, Problem> {
    node.as_list()?
        .iter()
        .map(|item| one(item, traffic))
        .collect()
}

fn one(node: &Node, traffic: Option<&[Traffic]>) -> Result<Expectation, Problem> {
    let mut f = Fields::of(node)?;
    let hint = f
        .take("hint")
        .map(super::text_of)
        .transpose()?
        .unwrap_or_default();
    let why = f
        .take("why")
        .map(super::text_of)
        .transpose()?
        .unwrap_or_default();
    let (kind, value) = super::one_of(&mut f, &KINDS, "an expectation")?;
    f.finish()?;
    let count = |wanted: fn(&TrafficAction) -> bool| {
        traffic.map(|t| t.iter().filter(|t| wanted(&t.action)).count())
    };
    let assertion = match kind {
        "client" => client(value, count(|a| matches!(a, TrafficAction::Request(_))))?,
        "upstream" => upstream(value)?,
        "connection" => connection(value, traffic.map(connections))?,
        "log" => log(value)?,
        "callbacks" => callbacks(value)?,
        "hostcalls" => hostcalls(value)?,
        "access_log" => access_log(value)?,
        "call" => call(value, count(|a| matches!(a, TrafficAction::Call { .. })))?,
        _ => state(value)?,
    };
    Ok(Expectation {
        assertion,
        hint,
        why,
        place: node.place.clone(),
    })
}

fn client(node: &Node, requests: Option<usize>) -> Result<Assertion, Problem> {
    let mut f = Fields::of(node)?;
    let assertion = ClientAssertion {
        request: index(f.take("request"), requests, "request")?,
        status: f
            .take("status")
            .map(super::files::http_status)
            .transpose()?,
        headers: f
            .take("headers")
            .map(values::header_matchers)
            .transpose()?
            .unwrap_or_default(),
        no_headers: f
            .take("no_headers")
            .map(values::header_names)
            .transpose()?
            .unwrap_or_default(),
        body: f.take("body").map(values::matcher).transpose()?,
        outcome: f.take("outcome").map(outcome).transpose()?,
    };
    f.finish()?;
    says_something(
        node,
        &["status", "headers", "no_headers", "body", "outcome"],
    )?;
    Ok(Assertion::Client(assertion))
}

fn upstream(node: &Node) -> Result<Assertion, Problem> {
    let mut f = Fields::of(node)?;
    let assertion = UpstreamAssertion {
        cluster: f.take("cluster").map(super::text_of).transpose()?,
        request: f
            .take("request")
            .map(Node::as_usize)
            .transpose()?
            .unwrap_or(0),
        count: f.take("count").map(Node::as_usize).transpose()?,
        headers: f
            .take("headers")
            .map(values::header_matchers)
            .transpose()?
            .unwrap_or_default(),
        no_headers: f
            .take("no_headers")
            .map(values::header_names)
            .transpose()?
            .unwrap_or_default(),
        body: f.take("body").map(values::matcher).transpose()?,
    };
    f.finish()?;
    says_something(node, &["count", "headers", "no_headers", "body"])?;
    Ok(Assertion::Upstream(assertion))
}

/// How many TCP connections the traffic opens: one for each name, and one for each item without.
fn connections(traffic: &[Traffic]) -> usize {
    let mut names: Vec<&str> = Vec::new();
    let tcp = |item: &&Traffic| matches!(item.action, TrafficAction::Tcp { .. });
    let mut unnamed = 0;
    for item in traffic.iter().filter(tcp) {
        match item.connection.as_deref() {
            None => unnamed += 1,
            Some(name) if !names.contains(&name) => names.push(name),
            Some(_) => {}
        }
    }
    unnamed + names.len()
}

fn connection(node: &Node, connections: Option<usize>) -> Result<Assertion, Problem> {
    let mut f = Fields::of(node)?;
    let assertion = ConnectionAssertion {
        index: index(f.take("index"), connections, "connection")?,
        outcome: f.take("outcome").map(connection_outcome).transpose()?,
        closed_by: f.take("closed_by").map(closer).transpose()?,
        sent: f.take("sent").map(values::matcher).transpose()?,
        received: f.take("received").map(values::matcher).transpose()?,
        upstream: f.take("upstream").map(of_connection).transpose()?,
    };
    f.finish()?;
    says_something(
        node,
        &["outcome", "closed_by", "sent", "received", "upstream"],
    )?;
    Ok(Assertion::Connection(assertion))
}

fn of_connection(node: &Node) -> Result<UpstreamOfConnection, Problem> {
    let mut f = Fields::of(node)?;
    let upstream = UpstreamOfConnection {
        cluster: f.take("cluster").map(super::text_of).transpose()?,
        count: f.take("count").map(Node::as_usize).transpose()?,
        received: f.take("received").map(values::matcher).transpose()?,
        sent: f.take("sent").map(values::matcher).transpose()?,
    };
    f.finish()?;
    says_something(node, &["count", "received", "sent"])?;
    Ok(upstream)
}

fn connection_outcome(node: &Node) -> Result<ConnectionOutcome, Problem> {
    let word = node.as_str()?;
    let found = ConnectionOutcome::ALL
        .into_iter()
        .find(|outcome| outcome.word() == word);
    found.ok_or_else(|| node.expected("open, half_closed, closed, reset or stalled"))
}

fn closer(node: &Node) -> Result<Closer, Problem> {
    let word = node.as_str()?;
    let found = Closer::ALL.into_iter().find(|closer| closer.word() == word);
    found.ok_or_else(|| node.expected("client or proxy"))
}

fn log(node: &Node) -> Result<Assertion, Problem> {
    let mut f = Fields::of(node)?;
    let level = match f.take("level") {
        None => None,
        Some(node) if LEVELS.contains(&node.as_str()?) => Some(super::text_of(node)?),
        Some(node) => return Err(node.expected("trace, debug, info, warn, error or critical")),
    };
    let text = f.take("text").map(values::matcher).transpose()?;
    let count = f.take("count").map(Node::as_usize).transpose()?;
    f.finish()?;
    Ok(Assertion::Log { level, text, count })
}

fn callbacks(node: &Node) -> Result<Assertion, Problem> {
    let mut f = Fields::of(node)?;
    let filter = f.take("filter").map(super::text_of).transpose()?;
    let order = f.require("order")?;
    f.finish()?;
    let order = order
        .as_list()?
        .iter()
        .map(callback_name)
        .collect::<Result<_, _>>()?;
    Ok(Assertion::Callbacks { filter, order })
}

/// A callback's name without `proxy_`, with which it may be written too; an entry point of a script,
/// or a step of the chain.
fn callback_name(node: &Node) -> Result<String, Problem> {
    let short = |name: &'static str| name.strip_prefix("proxy_").unwrap_or(name);
    let written = node.as_str()?;
    let name = written.strip_prefix("proxy_").unwrap_or(written);
    let names = abi::CALLBACKS.iter().map(|callback| short(callback.name));
    let mut names = names.chain(SCRIPTS).chain(STEPS);
    if names.clone().any(|known| known == name) {
        return Ok(name.to_owned());
    }
    Err(unknown_name(node, "callback", written, &mut names))
}

/// A name that nothing ever has: a check of it would tell nothing.
fn unknown_name(
    node: &Node,
    what: &str,
    name: &str,
    names: impl Iterator<Item = &'static str>,
) -> Problem {
    let help =
        nearest(name, names).map_or_else(String::new, |near| format!("Did you mean `{near}`?"));
    Problem::at(&node.place, format!("no {what} is named `{name}`"), help)
}

fn hostcalls(node: &Node) -> Result<Assertion, Problem> {
    let mut f = Fields::of(node)?;
    let name_node = f.require("name")?;
    let count = f.require("count")?.as_usize()?;
    f.finish()?;
    let name = name_node.as_str()?;
    if name.contains(':') {
        return Err(Problem::at(
            &name_node.place,
            format!("calls of a script, such as `{name}`, are not counted"),
            "Expect what they change: headers, the log, the response.",
        ));
    }
    if !abi::host_calls().any(|call| call.name == name) {
        let names = abi::host_calls().map(|call| call.name);
        return Err(unknown_name(name_node, "host call", name, names));
    }
    Ok(Assertion::HostCalls {
        name: name.to_owned(),
        count,
    })
}

fn access_log(node: &Node) -> Result<Assertion, Problem> {
    let mut f = Fields::of(node)?;
    let line = f.take("line").map(Node::as_usize).transpose()?.unwrap_or(0);
    let text = values::matcher(f.require("text")?)?;
    f.finish()?;
    Ok(Assertion::AccessLog { line, text })
}

fn call(node: &Node, calls: Option<usize>) -> Result<Assertion, Problem> {
    let mut f = Fields::of(node)?;
    let index = index(f.take("index"), calls, "call")?;
    let results = match f.take("results") {
        None => None,
        Some(list) => Some(
            list.as_list()?
                .iter()
                .map(values::number)
                .collect::<Result<_, _>>()?,
        ),
    };
    let trap = f.take("trap").map(super::text_of).transpose()?;
    f.finish()?;
    says_something(node, &["results", "trap"])?;
    Ok(Assertion::Call {
        index,
        results,
        trap,
    })
}

fn state(node: &Node) -> Result<Assertion, Problem> {
    const KEYS: [&str; 9] = [
        "shared_data",
        "queues",
        "metrics",
        "vms",
        "failed_vms",
        "stalled_streams",
        "peak_buffer_max",
        "fuel_max",
        "pages_max",
    ];
    let mut f = Fields::of(node)?;
    let shared_data = match f.take("shared_data") {
        None => Vec::new(),
        Some(map) => map
            .as_map()?
            .iter()
            .map(|(key, node)| Ok((key.text.clone(), values::matcher(node)?)))
            .collect::<Result<_, Problem>>()?,
    };
    let mut numbers = |name| f.take(name).map_or(Ok(Vec::new()), numbers);
    let queues = numbers("queues")?;
    let metrics = numbers("metrics")?;
    let mut number = |name| f.take(name).map(Node::as_u64).transpose();
    let assertion = StateAssertion {
        shared_data,
        queues,
        metrics,
        vms: number("vms")?,
        failed_vms: number("failed_vms")?,
        stalled_streams: number("stalled_streams")?,
        peak_buffer_max: number("peak_buffer_max")?,
        fuel_max: number("fuel_max")?,
        pages_max: number("pages_max")?,
    };
    f.finish()?;
    says_something(node, &KEYS)?;
    Ok(Assertion::State(assertion))
}

fn numbers(node: &Node) -> Result<Vec<(String, u64)>, Problem> {
    node.as_map()?
        .iter()
        .map(|(key, node): &(Key, Node)| Ok((key.text.clone(), node.as_u64()?)))
        .collect()
}

fn outcome(node: &Node) -> Result<ExchangeOutcome, Problem> {
    let word = node.as_str()?;
    let found = ExchangeOutcome::ALL
        .into_iter()
        .find(|outcome| outcome.word() == word);
    found.ok_or_else(|| node.expected("completed, reset or stalled"))
}

/// An index from 0 into what the scenario sends.
fn index(node: Option<&Node>, len: Option<usize>, what: &str) -> Result<usize, Problem> {
    let Some(node) = node else { return Ok(0) };
    match (node.as_usize()?, len) {
        (n, Some(len)) if n >= len => Err(Problem::at(
            &node.place,
            format!("{what} {n}, but this scenario has {len}"),
            "They count from 0.",
        )),
        (n, _) => Ok(n),
    }
}

/// A check that asserts nothing would hold of every run.
fn says_something(node: &Node, keys: &[&str]) -> Result<(), Problem> {
    if keys
        .iter()
        .any(|key| node.get(key).is_some_and(|value| !value.is_null()))
    {
        return Ok(());
    }
    Err(Problem::at(
        &node.place,
        "this expects nothing",
        format!("Add one of: {}.", keys.join(", ")),
    ))
}
