//! A moment as a picture: the proxy's stations, and where the event's message is among them.
//!
//! Must not know: how it is drawn.

use super::replay::counted;
use super::rows::onward;
use crate::model::moment::{FilterNow, Half, Moment, PAGE, VmNow};
use crate::model::picture::{Picture, Station, ThreadShape, VmShape};
use crate::model::trace::{Event, Kind, Value, thread_words};

/// Where a message is.
enum Spot {
    Client,
    Filter(String),
    Cluster(String),
}

/// The picture of a moment; `events` are those up to it.
pub fn picture(moment: &Moment, events: &[Event]) -> Picture {
    let event = moment.event.as_ref();
    let found = event.and_then(|event| locate(event, events));
    // A chain is drawn as the thread has it that works on the message.
    let thread = event.map(|event| event.thread).filter(|thread| *thread > 0);
    let thread = thread.or_else(|| moment.streams.first().map(|stream| stream.thread));
    let thread = thread.unwrap_or(1);
    let mut stations = vec![
        station("client", "client", "client"),
        station("native", "listener", &moment.proxy.listener),
    ];
    let filters = &moment.proxy.filters;
    for (filter, behind) in filters.iter().zip((0..filters.len()).rev()) {
        stations.push(of_filter(filter, behind == 0, moment, thread));
    }
    let first_cluster = stations.len();
    for cluster in &moment.proxy.clusters {
        stations.push(station("upstream", "upstream cluster", cluster));
    }
    if let Some((spot, back, what)) = found {
        let at = match &spot {
            Spot::Client => Some(0),
            Spot::Filter(name) => stations.iter().position(|one| one.name == *name),
            Spot::Cluster(name) => {
                let clusters = stations.iter().enumerate().skip(first_cluster);
                let mut named = clusters.filter(|(_, one)| one.name == *name);
                named.next().map(|(at, _)| at)
            }
        };
        if let Some(station) = at.and_then(|at| stations.get_mut(at)) {
            (station.here, station.back) = (Some(what), back);
        }
    }
    Picture {
        stations,
        threads: threads(moment),
    }
}

fn station(actor: &str, kind: &str, name: &str) -> Station {
    Station {
        actor: actor.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        ..Station::default()
    }
}

fn of_filter(filter: &FilterNow, last: bool, moment: &Moment, thread: u32) -> Station {
    let Some(plugin) = &filter.plugin else {
        let mut station = station("native", "native filter", &filter.name);
        station.notes = notes(&filter.name, last, moment);
        return station;
    };
    let serves = |vm: &&VmNow| {
        vm.thread == thread && vm.role == "serving" && vm.roots.values().any(|name| name == plugin)
    };
    let vm = moment.vms.iter().find(serves);
    let kind = match vm {
        Some(vm) => format!("Wasm filter, VM {}", vm.vm),
        None => "Wasm filter, no VM".to_owned(),
    };
    let mut station = station("wasm", &kind, &filter.name);
    station.failed = vm.is_some_and(|vm| vm.failed);
    station.notes = notes(&filter.name, last, moment);
    station
}

/// What a filter holds back. What no filter has stopped stands at the `last` one.
fn notes(filter: &str, last: bool, moment: &Moment) -> Vec<String> {
    let mut notes = Vec::new();
    for stream in &moment.streams {
        for (side, half) in [("request", &stream.request), ("response", &stream.response)] {
            let number = stream.stream;
            let stopped = half.stopped_by.iter().find(|(name, _)| name == filter);
            if let Some((_, how)) = stopped {
                notes.push(format!("stops the {side} of stream {number}: {how}"));
            }
            if let Some(held) = half.held.as_ref().filter(|_| holds(half, filter, last)) {
                let size = counted(held.size, "byte");
                notes.push(format!(
                    "holds {size} of the {side} body of stream {number}"
                ));
            }
        }
    }
    for one in &moment.connections {
        if one.seen_by.iter().any(|name| name == filter) {
            let all = [&one.read, &one.write, &one.unread];
            let size = all.into_iter().flatten().map(|held| held.size).sum();
            let size = counted(size, "byte");
            notes.push(format!(
                "has {size} of connection {} before it",
                one.connection
            ));
        }
    }
    notes
}

fn holds(half: &Half, filter: &str, last: bool) -> bool {
    match half.stopped_by.last() {
        Some((name, _)) => name == filter,
        None => last,
    }
}

/// Where the message of an event is, whether it goes back to the client, and what of it this is:
/// the event's own place, or that of the nearest event around it that has one.
fn locate(event: &Event, events: &[Event]) -> Option<(Spot, bool, String)> {
    let mut event = event;
    loop {
        let spot = match event.kind {
            Kind::Client => Some(Spot::Client),
            Kind::Upstream => cluster(event, events).map(Spot::Cluster),
            Kind::Chain => text(event, "filter").map(Spot::Filter),
            _ => None,
        };
        if let Some(spot) = spot {
            let back = match event.kind {
                Kind::Chain => event.name.starts_with("encode_") || event.name == "write_data",
                _ => !onward(event),
            };
            let what = event.name.replace("decode_", "request_");
            let what = what.replace("encode_", "response_").replace('_', " ");
            return Some((spot, back, what));
        }
        event = events.get(event.parent? as usize)?;
    }
}

/// The cluster of an event: its own, or the one that its stream or connection was sent to last.
fn cluster(event: &Event, events: &[Event]) -> Option<String> {
    let same = |other: &&Event| {
        other.kind == Kind::Upstream
            && ["stream", "connection"]
                .iter()
                .all(|name| value(other, name) == value(event, name))
    };
    let before = events.get(..event.n as usize).unwrap_or_default();
    let named = || before.iter().rev().filter(same);
    text(event, "cluster").or_else(|| named().find_map(|other| text(other, "cluster")))
}

fn value<'a>(event: &'a Event, name: &str) -> Option<&'a Value> {
    let arg = event.args.iter().find(|arg| arg.name == name);
    arg.map(|arg| &arg.value)
}

fn text(event: &Event, name: &str) -> Option<String> {
    match value(event, name)? {
        Value::Bytes(bytes) => bytes.as_str().map(str::to_owned),
        Value::Word(word) => Some(word.to_string()),
        _ => None,
    }
}

fn threads(moment: &Moment) -> Vec<ThreadShape> {
    let runs = moment.event.as_ref().map(|event| event.thread);
    let shape = |thread: u32| ThreadShape {
        name: thread_words(thread),
        runs: runs == Some(thread),
        vms: moment
            .vms
            .iter()
            .filter(|vm| vm.thread == thread)
            .map(of_vm)
            .collect(),
    };
    (0..moment.proxy.threads).map(shape).collect()
}

fn of_vm(vm: &VmNow) -> VmShape {
    let plugins: Vec<&str> = vm.roots.values().map(String::as_str).collect();
    let mut facts = vec![plugins.join(", ")];
    if vm.role != "serving" {
        facts.push(vm.role.clone());
    }
    facts.push(format!(
        "{} of memory",
        counted(vm.memory_bytes / PAGE, "page")
    ));
    facts.retain(|fact| !fact.is_empty());
    VmShape {
        name: format!("VM {}", vm.vm),
        detail: facts.join(", "),
        failed: vm.failed,
    }
}
