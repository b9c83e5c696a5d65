//! The event of a run that shows what a check is about, for whoever wants to look.

use crate::model::trace::{Arg, Event, Kind, Value};

/// The last event in which the client of this request received something of that name, or the last
/// thing that it sent or got at all.
pub(in crate::lab) fn of_client(events: &[Event], request: usize, name: &str) -> Option<u32> {
    let of_stream =
        |event: &&Event| event.kind == Kind::Client && stream(event) == Some(request as i64);
    let found = events
        .iter()
        .filter(of_stream)
        .rfind(|event| event.name == name);
    found
        .or_else(|| events.iter().rfind(of_stream))
        .map(|event| event.n)
}

/// The last event of that name on this TCP connection, or the last thing its client did or got.
pub(in crate::lab) fn of_connection(
    events: &[Event],
    connection: usize,
    name: &str,
) -> Option<u32> {
    let of_connection = |event: &&Event| {
        event.kind == Kind::Client && number(event, "connection") == Some(connection as i64)
    };
    let found = events
        .iter()
        .filter(of_connection)
        .rfind(|event| event.name == name);
    found
        .or_else(|| events.iter().rfind(of_connection))
        .map(|event| event.n)
}

/// The n-th request that reached a cluster, callouts included.
pub(in crate::lab) fn of_upstream(
    events: &[Event],
    cluster: Option<&str>,
    n: usize,
) -> Option<u32> {
    let wanted = |event: &&Event| {
        event.kind == Kind::Upstream
            && matches!(
                &*event.name,
                "request_headers" | "callout" | "grpc_call" | "grpc_stream"
            )
            && cluster.is_none_or(|cluster| {
                bytes(event, "cluster").is_some_and(|name| name == cluster.as_bytes())
            })
    };
    events.iter().filter(wanted).nth(n).map(|event| event.n)
}

/// The first host call of this name.
pub(in crate::lab) fn of_host_call(events: &[Event], name: &str) -> Option<u32> {
    events
        .iter()
        .find(|event| event.kind == Kind::HostCall && event.name == name)
        .map(|event| event.n)
}

/// The first host call that carries this text as an argument: the one that logged it.
pub(in crate::lab) fn of_log(events: &[Event], message: &[u8]) -> Option<u32> {
    let carries = |arg: &Arg| matches!(&arg.value, Value::Bytes(bytes) if &bytes[..] == message);
    events
        .iter()
        .find(|event| event.kind == Kind::HostCall && event.args.iter().any(carries))
        .map(|event| event.n)
}

/// The first trap.
pub(in crate::lab) fn of_trap(events: &[Event]) -> Option<u32> {
    events
        .iter()
        .find(|event| event.kind == Kind::Trap)
        .map(|event| event.n)
}

/// Where to look for something that never happened: the first trap, or where the run ended.
pub(in crate::lab) fn of_nothing(events: &[Event]) -> Option<u32> {
    of_trap(events).or_else(|| events.last().map(|event| event.n))
}

/// The last host call with this text as an argument: a key of shared data, the name of a metric
/// that was defined.
pub(in crate::lab) fn of_name(events: &[Event], name: &str) -> Option<u32> {
    let carries =
        |arg: &Arg| matches!(&arg.value, Value::Bytes(bytes) if &bytes[..] == name.as_bytes());
    events
        .iter()
        .rfind(|event| event.kind == Kind::HostCall && event.args.iter().any(carries))
        .map(|event| event.n)
}

/// The callback that used the most fuel.
pub(in crate::lab) fn of_most_fuel(events: &[Event]) -> Option<u32> {
    let callbacks = events.iter().filter(|event| event.kind == Kind::Callback);
    let most = callbacks.max_by_key(|event| event.fuel)?;
    most.fuel.map(|_| most.n)
}

/// The last callback that stopped the message.
pub(in crate::lab) fn of_stop(events: &[Event]) -> Option<u32> {
    let stops = |event: &&Event| {
        let result = event.result.as_ref();
        event.kind == Kind::Callback
            && result.is_some_and(|result| result.status.starts_with("StopIteration"))
    };
    events.iter().rfind(stops).map(|event| event.n)
}

fn argument<'a>(event: &'a Event, name: &str) -> Option<&'a Value> {
    event
        .args
        .iter()
        .find(|arg| arg.name == name)
        .map(|arg| &arg.value)
}

fn stream(event: &Event) -> Option<i64> {
    number(event, "stream")
}

fn number(event: &Event, name: &str) -> Option<i64> {
    match argument(event, name)? {
        Value::Int(n) => Some(*n),
        _ => None,
    }
}

fn bytes<'a>(event: &'a Event, name: &str) -> Option<&'a [u8]> {
    match argument(event, name)? {
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}
