//! The picture at an event: where its message is, who holds what, which VM is dead.

use super::replay::Travel;
use super::{guest, lab};
use proxy_wasm_tour::lab::picture;
use proxy_wasm_tour::model::picture::{Picture, Station};

fn at(travel: &Travel, n: u32) -> Picture {
    let (events, moment) = travel.to(n, None);
    picture(&moment, &events)
}

fn named<'a>(picture: &'a Picture, name: &str) -> &'a Station {
    let mut stations = picture.stations.iter();
    stations.find(|one| one.name == name).unwrap()
}

#[test]
fn a_message_goes_through_the_stations_to_the_upstream_and_back() {
    let travel = Travel::sample("add-header.yaml");
    let mut way: Vec<(String, bool)> = Vec::new();
    // From the first request's beginning to its end.
    let from = travel.find("request_headers", 0);
    let to = travel.find("proxy_on_delete", 0);
    for n in from..to {
        let picture = at(&travel, n);
        let mut here = picture.stations.iter().filter(|one| one.here.is_some());
        let Some(station) = here.next() else { continue };
        assert!(here.next().is_none(), "one message is in one place");
        let step = (station.name.clone(), station.back);
        if way.last() != Some(&step) {
            way.push(step);
        }
    }
    let way: Vec<(&str, bool)> = way.iter().map(|(name, back)| (&**name, *back)).collect();
    assert_eq!(
        way[..7],
        [
            ("client", false),
            ("add-header", false),
            ("router", false),
            ("web", false),
            ("web", true),
            ("add-header", true),
            ("client", true)
        ]
    );
    let picture = at(&travel, from + 2);
    let kinds: Vec<&str> = picture.stations.iter().map(|one| &*one.kind).collect();
    assert_eq!(kinds[..2], ["client", "listener"]);
    assert!(kinds[2].starts_with("Wasm filter, VM "), "{kinds:?}");
    assert_eq!(kinds[3..], ["native filter", "upstream cluster"]);
    let runs: Vec<&str> = (picture.threads.iter().filter(|one| one.runs))
        .map(|one| &*one.name)
        .collect();
    assert_eq!(runs, ["worker 0"]);
}

#[test]
fn the_filter_that_holds_a_body_says_how_much() {
    let travel = Travel::sample("rewrite-body.yaml");
    let picture = at(&travel, travel.find("response_data", 3));
    assert_eq!(
        named(&picture, "rewrite-body").notes,
        [
            "stops the response of stream 1: StopIteration",
            "holds 3 bytes of the response body of stream 1"
        ]
    );
}

#[test]
fn a_network_filter_has_a_connections_bytes_before_it() {
    let travel = Travel::sample("tcp-guard.yaml");
    let picture = at(&travel, travel.find("proxy_on_downstream_data", 1));
    let filter = named(&picture, "tcp-guard");
    assert_eq!(filter.notes, ["has 6 bytes of connection 0 before it"]);
    assert!(filter.here.is_some() && !filter.back);
    assert_eq!(named(&picture, "tcp_proxy").kind, "native filter");
}

#[test]
fn a_vm_that_trapped_is_dead_in_the_picture() {
    let f = guest(&[("on_request_headers", "trap")]);
    let text = lab(
        &[("f", &f)],
        "",
        "scenarios:\n- name: s\n  traffic:\n  - {request: {}}",
    );
    let travel = Travel::new("trap.yaml", &text);
    let before = at(&travel, travel.find("proxy_on_request_headers", 0));
    assert!(!named(&before, "f").failed);
    let after = at(&travel, travel.find("response_headers", 0));
    assert!(named(&after, "f").failed, "{after:?}");
    let vms = after.threads.iter().flat_map(|thread| &thread.vms);
    assert_eq!(vms.filter(|vm| vm.failed).count(), 1);
}
