//! `tour run --at K`: the state at an event, and what is refused.

use super::tour;
use proxy_wasm_tour::model::moment::Moment;

const LAB: [&str; 4] = ["run", "tests/it/labs/add-header.yaml", "--scenario", "GET"];

fn at(more: &[&str]) -> super::Tour {
    tour(&[&LAB, more].concat())
}

#[test]
fn people_read_headers_and_memory_at_a_host_call() {
    let ran = at(&["--at", "25"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for words in [
        "event 25 at 0.000ms  proxy_add_header_map_value(map_type: request_headers, key: \"x-hello\", value: \"world\")",
        "\n  Stream 0: request headers\n    :authority: example.com\n",
        "\n  Arguments in memory\n    key: 7 bytes at 0x",
        "VM 3: serving, worker 0, vm_id \"\", memory of 18 pages",
        "root context 1: add-header",
        "\n  Memory of VM 3: 18 pages\n    00",
        "78 2d 68 65",
    ] {
        assert!(ran.out.contains(words), "no {words:?} in\n{}", ran.out);
    }
    assert!(
        !ran.out.contains("x-hello: world"),
        "the call has not taken effect yet:\n{}",
        ran.out
    );
    let after = at(&["--at", "26"]).out;
    assert!(after.contains("    x-hello: world\n"), "{after}");
}

#[test]
fn json_gives_the_window_of_memory_that_was_asked_for() {
    let ran = at(&["--at", "25", "--json", "--memory", "0x10,20"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 1);
    let moment: Moment = serde_json::from_str(&ran.out).unwrap();
    let memory = moment.memory.unwrap();
    assert_eq!((memory.address, memory.bytes.len()), (16, 20));
    assert_eq!(moment.event.unwrap().n, 25);
    assert_eq!(
        at(&["--at", "25", "--json", "--memory", "16,20"]).out,
        ran.out
    );
}

#[test]
fn one_filter_without_a_lab_file_has_states_too() {
    let wasm = "target/filters/add-header.wasm";
    let ran = tour(&["run", "--wasm", wasm, "--request", "GET /me", "--at", "20"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.starts_with("event 20 "), "{}", ran.out);
}

#[test]
fn what_is_no_event_or_no_window_is_refused() {
    for (more, message) in [
        (
            &["--at", "47"][..],
            "tests/it/labs/add-header.yaml: scenario `GET` has no event 47: it has 47 events\n  They are numbered from 0 to 46.",
        ),
        (
            &["--at", "x"],
            "--at `x` is no event's number\n  `tour run LAB.yaml --trace` prints events with their numbers (`n`).",
        ),
        (
            &["--memory", "0,1"],
            "--memory goes with --at K\n  Memory is that of one moment: the event's.",
        ),
        (
            &["--at", "3", "--memory", "0x10"],
            "--memory `0x10` is no ADDR,LEN\n  Both are numbers, decimal or hexadecimal: --memory 0x10000,256.",
        ),
        (
            &["--at", "3", "--memory", "0,65537"],
            "--memory: 65537 bytes; ask for 1 to 65536",
        ),
        (
            &["--at", "3", "--trace"],
            "--trace beside --at: each is another form of the output\n  Ask for one of them at a time.",
        ),
    ] {
        let ran = at(more);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{more:?}");
        assert_eq!(ran.err, format!("tour: {message}\n"), "{more:?}");
    }
    let ran = tour(&["run", "tests/it/labs/add-header.yaml", "--at", "3"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("Scenarios here: GET, "), "{}", ran.err);
}
