//! Whatever filters answer: streams end in order, contexts are deleted once, runs repeat.

use super::guest;
use crate::lab_run::{run_one, story};
use proxy_wasm_tour::model::report::{ExchangeOutcome, ScenarioReport};
use proxy_wasm_tour::model::trace::Kind;
use std::collections::BTreeMap;

/// A small generator: the same guests and traffic for the same seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len() as u64) as usize]
    }
}

/// A guest that does anything at any time.
fn anything(draw: &mut Draw) -> String {
    const CALLBACKS: [&str; 11] = [
        "on_request_headers",
        "on_request_body",
        "on_request_trailers",
        "on_response_headers",
        "on_response_body",
        "on_response_trailers",
        "on_http_call_response",
        "on_tick",
        "on_log",
        "on_done",
        "on_delete",
    ];
    const COMMANDS: [&str; 18] = [
        "add request a b",
        "del request :path",
        "set response x y",
        "add request_trailers t 1",
        "add response_trailers t 1",
        "put 0 0 0 XY",
        "put 1 0 1000 Z",
        "put 1 1 1 W",
        "body 0",
        "prop request.path",
        "continue 0",
        "continue 1",
        "effective 2",
        "effective 3",
        "reply 418 tea a=b",
        "close 0",
        "call web 20 :method=GET :path=/c :authority=c",
        "share k v 0",
    ];
    let mut scripts: Vec<(&str, String)> = vec![("on_configure", "tick 7".to_owned())];
    for name in CALLBACKS {
        if draw.below(3) == 0 {
            continue;
        }
        let mut script = String::new();
        for _ in 0..draw.below(3) {
            script += draw.of(&COMMANDS);
            script += "; ";
        }
        if draw.below(60) == 0 {
            script += "trap; ";
        }
        if name.starts_with("on_re") && draw.below(2) == 0 {
            script += &format!("return {}", draw.below(5));
        }
        scripts.push((name, script));
    }
    let borrowed: Vec<(&str, &str)> = scripts.iter().map(|(n, s)| (*n, s.as_str())).collect();
    guest(&borrowed)
}

fn lab(seed: u64) -> String {
    let mut draw = Draw(seed);
    for _ in 0..4 {
        draw.below(2);
    }
    let (a, b) = (anything(&mut draw), anything(&mut draw));
    let upstream = draw.of(&[
        "{reply: {body: hello, chunks: [2, 2]}}",
        "{reply: {body: hello, trailers: {t: u}, delay: 3ms}}",
        "{reset: true}",
        "{timeout: true}",
        "{reply: {status: 204}}",
    ]);
    let mut traffic = String::new();
    for _ in 0..3 {
        let body = draw.of(&[
            "",
            "body: abcdef, chunks: [1, 2]",
            "body: abc, trailers: {q: r}",
            "method: HEAD",
        ]);
        let more = draw.of(&["", ", at: 1ms", ", cancel: 4ms"]);
        traffic += &format!("  - {{request: {{{body}}}{more}}}\n");
    }
    let schedule = draw.of(&["round-robin", "seeded"]);
    super::lab(
        &[("a", &a), ("b", &b)],
        draw.of(&["", "  listener: {per_connection_buffer_limit_bytes: 3}"]),
        &format!(
            "concurrency: 2\nseed: {seed}\nschedule: {schedule}\nupstreams: {{web: [{upstream}]}}\nscenarios:\n- name: any\n  traffic:\n{traffic}"
        ),
    )
}

/// For each stream context: created, then logged at most once, done, deleted at most once, in order.
fn check_contexts(report: &ScenarioReport) {
    let mut seen: BTreeMap<(u32, u64), Vec<&str>> = BTreeMap::new();
    for event in report.events.iter().filter(|e| e.kind == Kind::Callback) {
        let Some(name) = event.name.strip_prefix("proxy_on_") else {
            continue;
        };
        let (vm, context) = (event.vm.unwrap(), event.context.unwrap_or(0));
        seen.entry((vm, context.into())).or_default().push(name);
    }
    for ((vm, context), names) in seen {
        let place = |name: &str| names.iter().position(|n| *n == name);
        let count = |name: &str| names.iter().filter(|n| **n == name).count();
        let what = || format!("VM {vm} context {context}: {names:?}\n{}", story(report));
        for once in ["log", "done", "delete"] {
            assert!(count(once) <= 1, "{}", what());
        }
        if let (Some(log), Some(done)) = (place("log"), place("done")) {
            assert!(log < done, "{}", what());
        }
        if let Some(delete) = place("delete") {
            assert_eq!(delete, names.len() - 1, "{}", what());
        }
        assert!(
            count("request_headers") <= 1 && count("response_headers") <= 1,
            "{}",
            what()
        );
        if let (Some(headers), Some(body)) = (place("request_headers"), place("request_body")) {
            assert!(headers < body, "{}", what());
        }
    }
}

#[test]
fn streams_end_in_order_whatever_filters_do() {
    let mut outcomes = BTreeMap::new();
    for seed in 0..60 {
        let text = lab(seed);
        let report = run_one(&text);
        check_contexts(&report);
        for exchange in &report.exchanges {
            *outcomes
                .entry(format!("{:?}", exchange.outcome))
                .or_insert(0) += 1;
            if exchange.outcome == ExchangeOutcome::Completed {
                assert!(exchange.response.is_some(), "{seed}\n{}", story(&report));
            }
        }
        if seed % 10 == 0 {
            assert_eq!(report, run_one(&text), "{seed}");
        }
    }
    // The generator reaches every way in which a stream can end.
    assert_eq!(outcomes.len(), 3, "{outcomes:?}");
}
