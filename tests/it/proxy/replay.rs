//! Time travel: a replay stops at the moment of its event, and nothing before it is another.

use super::{guest, lab};
use crate::support::{root, samples};
use proxy_wasm_tour::export::Disk;
use proxy_wasm_tour::lab::{RunOptions, moment_text, parse, replay, resolve};
use proxy_wasm_tour::model::MARK;
use proxy_wasm_tour::model::lab::Lab;
use proxy_wasm_tour::model::moment::{Memory, Moment, Window};
use proxy_wasm_tour::model::trace::{Event, Kind, Value};
use proxy_wasm_tour::proxy::Prepared;

const CAP: u32 = 100_000;

/// A lab ready to be run and replayed, and the events of its first scenario.
pub(super) struct Travel {
    lab: Lab,
    prepared: Prepared,
    events: Vec<Event>,
}

impl Travel {
    pub(super) fn new(name: &str, text: &str) -> Self {
        let mut disk = Disk::around(&root().join("tests/it/labs").join(name));
        disk.samples = samples().to_owned();
        let lab = parse(name, text, &disk).unwrap_or_else(|problem| panic!("{problem}"));
        let contents = resolve(&lab, &disk).unwrap_or_else(|why| panic!("{name}: {why:?}"));
        let prepared = Prepared::new(&lab, &contents).unwrap_or_else(|problem| panic!("{problem}"));
        let events = prepared.run(&lab.scenarios[0], true, CAP).events;
        Self {
            lab,
            prepared,
            events,
        }
    }

    pub(super) fn sample(name: &str) -> Self {
        let path = root().join("tests/it/labs").join(name);
        Self::new(name, &std::fs::read_to_string(path).unwrap())
    }

    pub(super) fn to(&self, at: u32, window: Option<Window>) -> (Vec<Event>, Moment) {
        let scenario = &self.lab.scenarios[0];
        self.prepared.replay(scenario, CAP, Some(at), window)
    }

    fn at(&self, at: u32) -> Moment {
        self.to(at, None).1
    }

    fn memory(&self, at: u32, address: u32, length: u32) -> Memory {
        let window = Window { address, length };
        self.to(at, Some(window)).1.memory.unwrap()
    }

    /// The number of the nth event of a name.
    pub(super) fn find(&self, name: &str, nth: usize) -> u32 {
        let mut found = self.events.iter().filter(|event| event.name == name);
        found.nth(nth).unwrap_or_else(|| panic!("no {name}")).n
    }
}

/// An event as it stood before anything that it led to had ended.
fn begun(event: &Event) -> Event {
    Event {
        result: None,
        fuel: None,
        ..event.clone()
    }
}

#[test]
fn every_replay_gives_the_same_events_up_to_its_own() {
    let race = guest(&[
        ("on_configure", "share k 0 0; tick 1000; queue jobs"),
        (
            "on_request_headers",
            "shared k; cas k 1; enqueue 1 job; call web 100",
        ),
        ("on_queue_ready", "dequeue 1"),
        ("on_response_headers", "trap"),
    ]);
    let race = lab(
        &[("f", &race)],
        "",
        "concurrency: 2\nseed: 3\nschedule: seeded\nscenarios:\n- name: race\n  traffic:\n  - {request: {}, at: 1ms}\n  - {request: {}, at: 1ms}\n  - advance: 2s",
    );
    let mut labs = vec![Travel::new("race.yaml", &race)];
    for name in [
        "add-header.yaml",
        "rewrite-body.yaml",
        "rate-limiter-two-workers.yaml",
        "chain.yaml",
        "upstream.yaml",
        "cancel.yaml",
        "panic.yaml",
        "reload.yaml",
        "plain-module.yaml",
    ] {
        labs.push(Travel::sample(name));
    }
    for travel in &labs {
        let name = &travel.lab.file;
        assert!(!travel.events.is_empty(), "{name}");
        for (k, full) in travel.events.iter().enumerate() {
            let (events, moment) = travel.to(k as u32, None);
            assert_eq!(events.len(), k + 1, "{name}: events up to {k}");
            for (there, then) in travel.events.iter().zip(&events) {
                // What encloses event k has not ended yet.
                assert!(
                    there == then || begun(there) == *then,
                    "{name}, event {k}: {there:?}\n{then:?}"
                );
            }
            assert_eq!(begun(&moment.event.unwrap()), begun(full), "{name}");
            let vm = moment.memory.as_ref().map(|memory| memory.vm);
            assert!(full.vm.is_none() || full.vm == vm || vm.is_none());
        }
    }
}

#[test]
fn two_replays_see_the_same_state() {
    let travel = Travel::sample("rewrite-body.yaml");
    for k in [0, 20, 35, 36, 58] {
        assert_eq!(travel.at(k), travel.at(k));
    }
}

#[test]
fn without_an_event_a_replay_runs_to_the_end() {
    let travel = Travel::sample("add-header.yaml");
    let scenario = &travel.lab.scenarios[0];
    for at in [None, Some(1000)] {
        let (events, moment) = travel.prepared.replay(scenario, CAP, at, None);
        assert_eq!(events, travel.events);
        assert_eq!((moment.event, moment.memory), (None, None));
        assert!(moment.streams.is_empty());
        let fuel: Vec<u64> = moment.vms.iter().map(|vm| vm.fuel_max).collect();
        assert!(fuel.iter().all(|fuel| *fuel > 1000), "{fuel:?}");
    }
}

#[test]
fn guest_memory_before_a_copy_is_not_what_it_is_after() {
    let travel = Travel::sample("rewrite-body.yaml");
    let get = travel.find("proxy_get_buffer_bytes", 0);
    let allocated = &travel.events[get as usize + 1];
    assert_eq!(allocated.name, "malloc");
    let address = allocated.result.as_ref().unwrap().status.clone();
    let address = u32::from_str_radix(address.trim_start_matches("0x"), 16).unwrap();
    let body = b"a secret and secrets";
    for before in [get, get + 1] {
        let memory = travel.memory(before, address, body.len() as u32);
        assert_ne!(&memory.bytes[..], body, "at event {before}");
    }
    let after = travel.memory(get + 2, address, body.len() as u32);
    assert_eq!(&after.bytes[..], body);
    assert_eq!((after.address, after.vm), (address, 3));
}

#[test]
fn marks_are_what_the_arguments_of_the_host_call_point_to() {
    let travel = Travel::sample("add-header.yaml");
    let add = travel.find("proxy_add_header_map_value", 0);
    let memory = travel.at(add).memory.unwrap();
    let names: Vec<&str> = memory.marks.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["key", "value"]);
    for (mark, text) in memory.marks.iter().zip(["x-hello", "world"]) {
        let seen = travel.memory(add, mark.address, mark.size);
        assert_eq!(seen.bytes.as_str(), Some(text));
    }
    // The window that nobody asked for shows the first of them.
    let from = (memory.marks[0].address - memory.address) as usize;
    assert_eq!(&memory.bytes[from..from + 7], b"x-hello");
    let dump = moment_text(&travel.at(add)).dump.unwrap();
    let marked = |(_, text): &(String, String)| text.split(MARK).nth(1).map(str::to_owned);
    let marked: String = dump.rows.iter().filter_map(marked).collect();
    assert!(marked.contains("78 2d 68 65 6c 6c 6f "), "{marked}");
}

#[test]
fn a_window_ends_where_memory_ends() {
    let travel = Travel::sample("add-header.yaml");
    let add = travel.find("proxy_add_header_map_value", 0);
    let size = travel.at(add).memory.unwrap().size;
    assert_eq!(size % 65536, 0);
    assert_eq!(travel.memory(add, size as u32 - 4, 64).bytes.len(), 4);
    assert!(travel.memory(add, u32::MAX, 64).bytes.is_empty());
    let most = travel.memory(add, 0, u32::MAX).bytes.len();
    assert_eq!(most, Window::MAX as usize);
}

#[test]
fn headers_are_those_before_the_host_call_takes_effect() {
    let travel = Travel::sample("add-header.yaml");
    let add = travel.find("proxy_add_header_map_value", 0);
    let has = |at| {
        let stream = travel.at(at).streams.remove(0);
        stream.request.headers.unwrap().get_str("x-hello").is_some()
    };
    assert!(!has(add));
    assert!(has(add + 1));
    assert!(travel.at(0).streams.is_empty());
    let last = travel.find("proxy_on_delete", 0);
    assert_eq!(travel.at(last).streams.len(), 1, "its on_delete is running");
}

#[test]
fn bytes_of_a_connection_are_there_with_the_filter_that_sees_them() {
    let travel = Travel::sample("tcp-guard.yaml");
    // The second read brings both pieces of the greeting.
    let at = travel.find("proxy_on_downstream_data", 1);
    let moment = travel.at(at);
    let connection = &moment.connections[0];
    assert_eq!(&connection.read.as_ref().unwrap().bytes[..], b"HELLO ");
    assert_eq!(connection.seen_by, ["tcp-guard"]);
    assert!(!connection.client_ended);
    let text = format!("{:?}", moment_text(&moment).sections);
    assert!(
        text.contains("connection 0") && text.contains("HELLO "),
        "{text}"
    );
    let contexts = moment.vms.iter().flat_map(|vm| &vm.connections);
    assert_eq!(contexts.count(), 1);
}

#[test]
fn a_held_body_is_there_with_the_filter_that_holds_it() {
    let travel = Travel::sample("rewrite-body.yaml");
    let held = |moment: &Moment| {
        let half = &moment.streams[0].response;
        let held = half.held.as_ref().map(|held| held.bytes.clone());
        (held, half.stopped_by.clone())
    };
    // The second request's body comes in chunks of 3, 4, 6 and 7 bytes.
    let second = travel.find("response_data", 3);
    assert_eq!(travel.events[second as usize].kind, Kind::Upstream);
    let (bytes, by) = held(&travel.at(second));
    assert_eq!(bytes, Some("a s".into()));
    assert_eq!(
        by,
        [("rewrite-body".to_owned(), "StopIteration".to_owned())]
    );
    let text = moment_text(&travel.at(second));
    let body = text
        .sections
        .iter()
        .find(|s| s.title == "Stream 1: response body");
    assert_eq!(
        body.unwrap().rows,
        [
            ("held".to_owned(), "3 bytes: a s".to_owned()),
            (
                "stopped by".to_owned(),
                "rewrite-body (StopIteration)".to_owned()
            )
        ]
    );
}

#[test]
fn shared_data_queues_metrics_and_timers_are_those_of_the_moment() {
    let f = guest(&[
        ("on_vm_start", "queue jobs; metric hits"),
        ("on_configure", "tick 500; share k old 0"),
        (
            "on_request_headers",
            "share k new 0; enqueue 1 one; count 4 2; log end",
        ),
    ]);
    let text = lab(
        &[("f", &f)],
        "",
        "scenarios:\n- name: s\n  traffic:\n  - {request: {}, at: 1ms}",
    );
    let travel = Travel::new("state.yaml", &text);
    let last = |name: &str| travel.events.iter().rfind(|e| e.name == name).unwrap().n;
    let value = |at| travel.at(at).shared_data[0].value.bytes.clone();
    let set = last("proxy_set_shared_data");
    assert_eq!((value(set), value(set + 2)), ("old".into(), "new".into()));
    let length = |at| travel.at(at).queues[0].length;
    let enqueue = last("proxy_enqueue_shared_queue");
    let count = last("proxy_increment_metric");
    assert_eq!((length(enqueue), length(count)), (0, 1));
    let hits = |at| travel.at(at).metrics["wasmcustom.hits"];
    assert_eq!((hits(count), hits(last("proxy_log"))), (0, 2));
    let moment = travel.at(last("proxy_log"));
    let timers: Vec<(u64, Option<u32>, &str)> = moment
        .timers
        .iter()
        .map(|timer| (timer.at_ns, timer.thread, timer.what.as_str()))
        .filter(|(_, _, what)| what.starts_with("on_tick"))
        .collect();
    assert_eq!(
        timers,
        [
            (500_000_000, Some(0), "on_tick of f in VM 2"),
            (500_000_000, Some(1), "on_tick of f in VM 3")
        ]
    );
    let roles: Vec<(&str, u32)> = moment
        .vms
        .iter()
        .map(|vm| (vm.role.as_str(), vm.thread))
        .collect();
    assert_eq!(roles, [("base", 0), ("serving", 0), ("serving", 1)]);
    assert_eq!(moment.vms[2].roots[&1], "f");
    assert_eq!(moment.vms[2].contexts[&2], 0);
}

#[test]
fn a_suspended_guest_keeps_its_memory_while_another_thread_runs() {
    let f = guest(&[
        ("on_configure", "share k 0 0"),
        ("on_request_headers", "shared k; cas k 1"),
    ]);
    let text = lab(
        &[("f", &f)],
        "",
        "concurrency: 2\nschedule: [worker_0, worker_1, worker_0, worker_1, worker_0, worker_1]\nscenarios:\n- name: race\n  traffic:\n  - {request: {}, at: 1ms}\n  - {request: {}, at: 1ms}",
    );
    let travel = Travel::new("race.yaml", &text);
    let sets: Vec<&Event> = travel
        .events
        .iter()
        .filter(|e| e.name == "proxy_set_shared_data" && e.t_ns > 0)
        .collect();
    // Both have read 0, so the second write comes too late.
    let seen: Vec<_> = sets
        .iter()
        .map(|set| travel.at(set.n).shared_data[0].value.bytes.clone())
        .collect();
    assert_eq!(seen, ["0".into(), "1".into()]);
    let cas = |set: &Event| match &set.args.iter().find(|a| a.name == "cas").unwrap().value {
        Value::Int(n) => *n,
        other => panic!("{other:?}"),
    };
    assert_eq!(cas(sets[0]), cas(sets[1]));
    let vms: Vec<_> = sets
        .iter()
        .map(|set| travel.at(set.n).memory.unwrap().vm)
        .collect();
    assert_ne!(vms[0], vms[1]);
}

#[test]
fn a_lab_of_several_scenarios_needs_one_by_name() {
    let path = root().join("tests/it/labs/add-header.yaml");
    let mut disk = Disk::around(&path);
    disk.samples = samples().to_owned();
    let lab = parse("l.yaml", &std::fs::read_to_string(&path).unwrap(), &disk).unwrap();
    let contents = resolve(&lab, &disk).unwrap();
    let mut options = RunOptions::default();
    let problem = replay(&lab, &contents, &options, 3, None).unwrap_err();
    assert!(problem.to_string().contains("Scenarios here: GET, "));
    options.scenario = Some("GET".to_owned());
    let moment = replay(&lab, &contents, &options, 3, None).unwrap();
    assert_eq!(moment.event.unwrap().n, 3);
    let problem = replay(&lab, &contents, &options, 47, None).unwrap_err();
    assert_eq!(
        problem.to_string(),
        "l.yaml: scenario `GET` has no event 47: it has 47 events\n  They are numbered from 0 to 46."
    );
}

#[test]
fn code_is_compiled_once_for_all_plugins_threads_and_scenarios() {
    let (one, two) = (
        guest(&[("on_log", "log one")]),
        guest(&[("on_log", "log two")]),
    );
    let text = lab(
        &[("a", &one), ("b", &one), ("c", &two)],
        "",
        "concurrency: 3\nscenarios: [{name: s, traffic: [{request: {}}]}, {name: t, traffic: [{request: {}}]}]",
    );
    let travel = Travel::new("once.yaml", &text);
    let modules = r#"Prepared { modules: ["/a.wasm", "/c.wasm"], .. }"#;
    assert_eq!(format!("{:?}", travel.prepared), modules);
    // They serve a VM for each plugin on each of four threads, in both scenarios.
    for scenario in &travel.lab.scenarios {
        assert_eq!(travel.prepared.run(scenario, false, CAP).vms.len(), 12);
    }
    assert_eq!(format!("{:?}", travel.prepared), modules);
}

#[test]
fn log_lines_are_events_inside_the_call_that_wrote_them() {
    let f = guest(&[("on_request_headers", "log hello"), ("on_log", "trap")]);
    let text = lab(
        &[("f", &f)],
        "",
        "scenarios:\n- name: s\n  traffic:\n  - {request: {}}",
    );
    let travel = Travel::new("log.yaml", &text);
    let lines: Vec<&Event> = travel
        .events
        .iter()
        .filter(|event| event.kind == Kind::Log)
        .collect();
    let message = |event: &Event| event.args[1].value.clone();
    assert_eq!(message(lines[0]), Value::Bytes("hello".into()));
    assert_eq!(lines[0].args[0].value, Value::Word("info".into()));
    let call = &travel.events[lines[0].parent.unwrap() as usize];
    assert_eq!((&*call.name, call.vm), ("proxy_log", lines[0].vm));
    // The proxy's own line about the trap belongs to no VM.
    let Value::Bytes(own) = message(lines[1]) else {
        panic!("{lines:?}")
    };
    assert!(
        own.as_str()
            .unwrap()
            .starts_with("Function: proxy_on_log failed")
    );
    assert_eq!(lines[1].vm, None);
}
