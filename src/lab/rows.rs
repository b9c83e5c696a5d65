//! A trace as rows: which are wanted, how deep each stands, and which lanes it joins.
//!
//! Must not know: how a row is drawn.

use crate::model::report::VmReport;
use crate::model::trace::{Event, Kind, Value, thread_words};
use crate::protocol::{Lane, Place};
use std::collections::BTreeSet;

/// Who a lane belongs to, in the order of the lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Client,
    /// A thread; and a VM on it.
    Thread(u32, Option<u32>),
    Upstream,
}

/// The lanes of a scenario, and where each of its events stands.
#[derive(Debug)]
pub(super) struct Sheet {
    owners: Vec<Owner>,
    /// What the page is told of each lane.
    pub(super) lanes: Vec<Lane>,
    /// One for each event.
    pub(super) places: Vec<Place>,
}

/// Which rows are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// They show this text, in any case; empty for all.
    pub(super) search: String,
    /// They touch this lane, or happen on its thread.
    pub(super) lane: Option<usize>,
    /// They are of this sort.
    pub(super) kind: Option<Kind>,
}

impl Sheet {
    /// The sheet of a scenario; its VMs give their lanes the names of their plugins.
    pub(super) fn of(events: &[Event], vms: &[VmReport]) -> Self {
        let ends: Vec<(Owner, Owner)> = events.iter().map(ends).collect();
        let owners: BTreeSet<Owner> = ends.iter().flat_map(|(from, to)| [*from, *to]).collect();
        let owners: Vec<Owner> = owners.into_iter().collect();
        // Every end is among the owners.
        let lane = |owner: &Owner| owners.binary_search(owner).unwrap_or_default();
        let mut places: Vec<Place> = Vec::with_capacity(events.len());
        for (event, (from, to)) in events.iter().zip(&ends) {
            // Parents come first.
            let parent = event.parent.and_then(|n| places.get(n as usize));
            places.push(Place {
                depth: parent.map_or(0, |parent| parent.depth + 1),
                from: lane(from),
                to: lane(to),
            });
        }
        let lanes = owners.iter().map(|owner| named(*owner, vms)).collect();
        Self {
            owners,
            lanes,
            places,
        }
    }

    /// The numbers of the events that are wanted.
    pub(super) fn find(&self, events: &[Event], wanted: &Wanted) -> Vec<usize> {
        let search = wanted.search.to_lowercase();
        let owner = wanted.lane.and_then(|lane| self.owners.get(lane));
        let fits = |(event, place): &(&Event, &Place)| {
            let there = match (wanted.lane, owner) {
                (_, Some(Owner::Thread(thread, None))) => event.thread == *thread,
                (Some(lane), _) => place.from == lane || place.to == lane,
                (None, _) => true,
            };
            there
                && wanted.kind.is_none_or(|kind| kind == event.kind)
                && (search.is_empty() || contains(event, &search))
        };
        let all = events.iter().zip(&self.places).enumerate();
        all.filter(|(_, both)| fits(both)).map(|(n, _)| n).collect()
    }
}

/// Whether an event of the client or of an upstream goes the way of a request.
pub(super) fn onward(event: &Event) -> bool {
    let (from, to) = ends(event);
    from == Owner::Client || to == Owner::Upstream
}

/// From whom to whom: both are the same where nothing is handed over.
fn ends(event: &Event) -> (Owner, Owner) {
    let proxy = Owner::Thread(event.thread, None);
    let vm = Owner::Thread(event.thread, event.vm);
    let by_proxy = event
        .args
        .iter()
        .any(|arg| arg.name == "by" && matches!(&arg.value, Value::Word(word) if word == "proxy"));
    match (event.kind, &*event.name) {
        (Kind::Callback, _) => (proxy, vm),
        (Kind::HostCall, _) => (vm, proxy),
        (Kind::Log | Kind::State | Kind::Trap, _) => (vm, vm),
        (Kind::Chain | Kind::Cut, _) => (proxy, proxy),
        // A connection's end names who closed it; a stream is reset by the proxy.
        (Kind::Client, "close") if by_proxy => (proxy, Owner::Client),
        (Kind::Client, "reset") if by_proxy || !event.args.iter().any(|arg| arg.name == "by") => {
            (proxy, Owner::Client)
        }
        (Kind::Client, name) if name.starts_with("response_") || name == "client_receives" => {
            (proxy, Owner::Client)
        }
        (Kind::Client, "not_sent" | "waits_for_body") => (Owner::Client, Owner::Client),
        (Kind::Client, _) => (Owner::Client, proxy),
        (Kind::Upstream, "grpc_call" | "grpc_stream" | "grpc_send") => (proxy, Owner::Upstream),
        (Kind::Upstream, name)
            if ["response_", "grpc_"]
                .iter()
                .any(|start| name.starts_with(start))
                || ["callout_response", "upstream_sends", "reset", "refused"].contains(&name) =>
        {
            (Owner::Upstream, proxy)
        }
        (Kind::Upstream, _) => (proxy, Owner::Upstream),
    }
}

fn named(owner: Owner, vms: &[VmReport]) -> Lane {
    let (name, actor) = match owner {
        Owner::Client => ("client".to_owned(), "client"),
        Owner::Thread(thread, None) => (thread_words(thread), "native"),
        Owner::Thread(_, Some(number)) => {
            let plugins = vms.iter().find(|vm| vm.vm == number);
            let plugins = plugins.map(|vm| vm.plugins.join(", "));
            let name = match plugins.filter(|plugins| !plugins.is_empty()) {
                Some(plugins) => format!("VM {number} {plugins}"),
                None => format!("VM {number}"),
            };
            (name, "wasm")
        }
        Owner::Upstream => ("upstream".to_owned(), "upstream"),
    };
    Lane {
        name,
        actor: actor.to_owned(),
    }
}

/// Whether a row shows this text, which is in lower case: name, arguments, result, reason.
fn contains(event: &Event, search: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(search);
    let value = |value: &Value| match value {
        Value::Int(n) => has(&n.to_string()),
        Value::Word(word) => has(word),
        Value::Bytes(bytes) => has(&String::from_utf8_lossy(bytes)),
        Value::Pairs(pairs) => pairs.iter().any(|(name, value)| {
            has(&String::from_utf8_lossy(name)) || has(&String::from_utf8_lossy(value))
        }),
    };
    has(&event.name)
        || event
            .args
            .iter()
            .any(|arg| has(&arg.name) || value(&arg.value))
        || event.result.as_ref().is_some_and(|result| {
            has(&result.status) || has(&result.reason) || result.value.as_ref().is_some_and(value)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::trace::{Trace, arg};

    fn events() -> Vec<Event> {
        let mut trace = Trace::new(true, 100);
        trace.thread = 1;
        let mut record = |kind, name, vm| trace.record(kind, name, vm, None, vec![], None);
        record(Kind::Client, "request_headers", None);
        let step = record(Kind::Chain, "decode_headers", None);
        trace.open(step);
        let mut record = |kind, name, vm| trace.record(kind, name, vm, None, vec![], None);
        let callback = record(Kind::Callback, "proxy_on_request_headers", Some(3));
        trace.open(callback);
        let mut record = |kind, name, vm| trace.record(kind, name, vm, None, vec![], None);
        record(Kind::HostCall, "proxy_log", Some(3));
        trace.close(step, None, None);
        let mut record = |kind, name, vm| trace.record(kind, name, vm, None, vec![], None);
        record(Kind::Upstream, "request_headers", None);
        record(Kind::Upstream, "response_headers", None);
        record(Kind::Client, "response_headers", None);
        trace.thread = 0;
        let args = vec![arg("by", "proxy")];
        trace.record(Kind::Client, "close", None, None, args, None);
        trace.record(Kind::Log, "log", Some(0), None, vec![], None);
        trace.events
    }

    fn sheet(events: &[Event]) -> Sheet {
        let vm = VmReport {
            vm: 3,
            plugins: vec!["add-header".into()],
            ..VmReport::default()
        };
        Sheet::of(events, &[vm])
    }

    #[test]
    fn lanes_stand_from_the_client_to_the_upstream() {
        let sheet = sheet(&events());
        let names: Vec<&str> = sheet.lanes.iter().map(|lane| lane.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "client",
                "main thread",
                "VM 0",
                "worker 0",
                "VM 3 add-header",
                "upstream"
            ]
        );
    }

    #[test]
    fn every_event_goes_from_one_lane_to_another_or_stays() {
        let sheet = sheet(&events());
        let ends: Vec<(usize, usize)> = sheet.places.iter().map(|p| (p.from, p.to)).collect();
        assert_eq!(
            ends,
            [
                (0, 3),
                (3, 3),
                (3, 4),
                (4, 3),
                (3, 5),
                (5, 3),
                (3, 0),
                (1, 0),
                (2, 2)
            ]
        );
        let depths: Vec<usize> = sheet.places.iter().map(|place| place.depth).collect();
        assert_eq!(depths, [0, 0, 1, 2, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn rows_are_found_by_text_lane_and_kind() {
        let events = events();
        let sheet = sheet(&events);
        let find = |search: &str, lane, kind| {
            let search = search.to_owned();
            sheet.find(&events, &Wanted { search, lane, kind })
        };
        assert_eq!(find("", None, None).len(), 9);
        assert_eq!(find("RESPONSE", None, None), [5, 6]);
        assert_eq!(find("", Some(0), None), [0, 6, 7], "the client's");
        assert_eq!(find("", Some(1), None), [7, 8], "the main thread's");
        assert_eq!(find("", Some(4), None), [2, 3], "the VM's");
        assert_eq!(find("", Some(3), Some(Kind::HostCall)), [3]);
        assert_eq!(find("request", None, Some(Kind::Client)), [0]);
    }
}
