//! The lab file: every key, every refusal with its place.

use proxy_wasm_tour::lab::{Beside, Sample, Unresolved, parse, resolve};
use proxy_wasm_tour::model::lab::{
    Assertion, GrpcEnd, Lab, Matcher, Schedule, Source, TrafficAction, UpstreamAction,
};
use proxy_wasm_tour::model::report::ExchangeOutcome;
use std::collections::BTreeMap;

/// Parts and samples by name; no disk.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) parts: BTreeMap<&'static str, &'static str>,
    pub(crate) samples: BTreeMap<&'static str, Sample>,
}

impl Beside for Table {
    fn part(&self, name: &str) -> Option<String> {
        self.parts.get(name).map(|text| (*text).to_owned())
    }

    fn sample(&self, name: &str) -> Sample {
        self.samples
            .get(name)
            .cloned()
            .unwrap_or_else(|| Sample::Missing("is not here".to_owned()))
    }

    fn samples(&self) -> Vec<String> {
        self.samples.keys().map(|name| (*name).to_owned()).collect()
    }

    fn path(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == "there.wasm" {
            Ok(b"\0asm".to_vec())
        } else {
            Err("no such file".to_owned())
        }
    }
}

fn read(text: &str) -> Lab {
    parse("lab.yaml", text, &Table::default()).unwrap_or_else(|problem| panic!("{problem}"))
}

/// Asserts that `text` is refused with exactly this problem.
fn check_refused(text: &str, expected: &str) {
    match parse("lab.yaml", text, &Table::default()) {
        Ok(_) => panic!("accepted: {text}"),
        Err(problem) => assert_eq!(problem.to_string(), expected, "\n{text}"),
    }
}

const WHOLE: &str = r#"
name: Everything
profile: envoy
concurrency: 2
seed: 7
start: 2026-03-01T12:00:00.5Z
schedule: [main, worker_1, worker_0]
envoy:
  http_filters: []
files:
  /etc/envoy/f.wasm: {sample: add-header}
  /etc/envoy/g.wasm: {path: there.wasm}
  /etc/envoy/t.txt: {text: hello}
  /etc/envoy/b.bin: {base64: AP8=}
  https://example.com/f.wasm: {sample: add-header, delay: 80ms}
  https://example.com/gone.wasm: {status: 404}
  oci://registry.example/f:v1: {sample: add-header, media_type: application/x}
upstreams:
  web:
  - match: {method: GET, path: /slow, headers: {X-A: b, x-c: {matches: '^\d+$'}}}
    reply: {status: 201, headers: {content-type: text/plain, set-cookie: [a, b]}, body: hello, chunks: [2, 3], trailers: {t: 1}, delay: 30ms}
  - reset: true
  - timeout: true
  - grpc: {message: {base64: AAE=}, status: 14}
  - delay: 5ms
  auth:
scenarios:
- name: first
  hidden: true
  traffic:
  - request: {method: POST, path: /p?q, authority: a.example, headers: {A: b, cookie: [x, y], bin: {base64: /w==}}, body: hello, chunks: [1, 2], trailers: {z: 1}}
    worker: 1
    connection: c1
    at: 10ms
    cancel: 20ms
  - request: {body: {size: 2MB}}
  - tcp: {send: [abc, {base64: /w==}], close: true}
  - advance: 5s
  - call: {module: /etc/envoy/g.wasm, export: max, args: [1, -2, 1.5, 18446744073709551615]}
  expect:
  - client: {request: 1, status: 200, headers: {X-Hello: world, set-cookie: [a, {contains: b}]}, no_headers: [Server], body: {contains: hi}, outcome: reset}
    hint: Which callback sees the response?
    why: Because.
  - upstream: {cluster: web, request: 0, count: 1, headers: {':path': /p}, no_headers: [], body: hello}
  - log: {level: info, text: {matches: "^hello"}, count: 1}
  - callbacks: {filter: add-header, order: [on_request_headers, proxy_on_response_headers]}
  - hostcalls: {name: proxy_send_local_response, count: 0}
  - access_log: {line: 2, text: {contains: '"GET / HTTP/1.1" 200'}}
  - call: {index: 0, results: [2]}
  - call: {trap: unreachable}
  - state: {shared_data: {hits: "1"}, queues: {jobs: 0}, metrics: {wasmcustom.hits: 1}, vms: 3, failed_vms: 0, stalled_streams: 0, peak_buffer_max: 1024, fuel_max: 200000, pages_max: 32}
- traffic: []
exercises:
- {id: one, kind: config, task: Do it., scenarios: [first], hints: [a, b], why: So.}
- {id: two, kind: wat, task: Do it.}
mistakes:
- {name: oops, files: {envoy.yaml: "http_filters: []"}, expect: [{client: {request: 9, status: 500}}], say: No., see: M3}
mutants:
- {name: m, files: {f.wat: (module)}}
"#;

#[test]
fn every_key_is_read() {
    let lab = read(WHOLE);
    assert_eq!(
        (lab.name.as_str(), lab.profile.as_str()),
        ("Everything", "envoy")
    );
    assert_eq!((lab.concurrency, lab.seed), (2, 7));
    assert_eq!(lab.start_ns, 1_772_366_400_500_000_000);
    assert_eq!(lab.schedule, Schedule::Explicit(vec![0, 2, 1]));
    assert_eq!(lab.envoy.get("http_filters").unwrap().place.line, 9);

    let file = |name: &str| &lab.files[name];
    assert!(matches!(&file("/etc/envoy/f.wasm").source, Source::Sample(s) if s == "add-header"));
    assert!(matches!(&file("/etc/envoy/g.wasm").source, Source::Path(p) if p == "there.wasm"));
    assert!(matches!(&file("/etc/envoy/b.bin").source, Source::Inline(b) if b.0 == [0, 255]));
    assert_eq!(file("https://example.com/f.wasm").delay_ns, 80_000_000);
    assert!(matches!(
        file("https://example.com/gone.wasm").source,
        Source::Missing
    ));
    assert_eq!(file("https://example.com/gone.wasm").status, 404);
    assert_eq!(
        file("oci://registry.example/f:v1").media_type.as_deref(),
        Some("application/x")
    );
    assert_eq!(file("/etc/envoy/t.txt").place.line, 13);

    let web = &lab.upstreams["web"];
    assert_eq!(web[0].delay_ns, 30_000_000);
    assert_eq!(web[0].matches.headers.len(), 2);
    assert_eq!(web[0].matches.headers[0].0, "x-a");
    let UpstreamAction::Reply {
        status,
        headers,
        body,
        chunks,
        trailers,
        ..
    } = &web[0].action
    else {
        panic!()
    };
    assert_eq!(
        (
            *status,
            headers.len(),
            body.as_str(),
            chunks.len(),
            trailers.len()
        ),
        (201, 3, Some("hello"), 2, 1)
    );
    assert!(matches!(web[1].action, UpstreamAction::Reset(_)));
    assert!(matches!(web[2].action, UpstreamAction::Timeout));
    let UpstreamAction::Grpc(grpc) = &web[3].action else {
        panic!("{:?}", web[3].action)
    };
    assert!(matches!(grpc.end, GrpcEnd::Status { status: 14, .. }));
    assert!(matches!(web[4].action, UpstreamAction::Echo) && web[4].delay_ns == 5_000_000);
    assert!(lab.upstreams["auth"].is_empty());

    let first = &lab.scenarios[0];
    assert!(first.hidden && first.traffic.len() == 5 && first.expect.len() == 9);
    let t = &first.traffic[0];
    assert_eq!(
        (t.worker, t.connection.as_deref(), t.at_ns, t.cancel_ns),
        (Some(1), Some("c1"), Some(10_000_000), Some(20_000_000))
    );
    let TrafficAction::Request(request) = &t.action else {
        panic!()
    };
    assert_eq!(
        (
            request.method.as_str(),
            request.path.as_str(),
            request.authority.as_str()
        ),
        ("POST", "/p?q", "a.example")
    );
    assert_eq!(request.headers.get("a"), Some(&b"b"[..]));
    assert_eq!(request.headers.get_all("cookie").count(), 2);
    assert_eq!(request.headers.get("bin"), Some(&[255][..]));
    let TrafficAction::Request(request) = &first.traffic[1].action else {
        panic!()
    };
    assert_eq!(
        (request.method.as_str(), request.body.len()),
        ("GET", 2 << 20)
    );
    let TrafficAction::Call { args, .. } = &first.traffic[4].action else {
        panic!()
    };
    assert_eq!(
        args.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["1", "-2", "1.5", "18446744073709551615"]
    );

    let Assertion::Client(client) = &first.expect[0].assertion else {
        panic!()
    };
    assert_eq!(
        (client.request, client.status, client.outcome),
        (1, Some(200), Some(ExchangeOutcome::Reset))
    );
    assert_eq!(
        (
            client.headers[0].0.as_str(),
            client.headers[1].1.len(),
            client.no_headers[0].as_str()
        ),
        ("x-hello", 2, "server")
    );
    assert!(matches!(client.body, Some(Matcher::Contains(_))));
    assert_eq!(
        (first.expect[0].hint.as_str(), first.expect[0].why.as_str()),
        ("Which callback sees the response?", "Because.")
    );
    let Assertion::Callbacks { order, .. } = &first.expect[3].assertion else {
        panic!()
    };
    assert_eq!(order, &["on_request_headers", "on_response_headers"]);
    assert_eq!(lab.scenarios[1].name, "scenario 2");

    assert_eq!(lab.exercises[0].scenarios, ["first"]);
    assert_eq!(lab.exercises[1].scenarios, ["first", "scenario 2"]);
    assert_eq!(
        (
            lab.mistakes[0].see.as_str(),
            lab.mutants[0].files["f.wat"].as_str()
        ),
        ("M3", "(module)")
    );
}

#[test]
fn a_lab_without_scenarios_sends_one_get() {
    let lab = read("name: bare\n");
    assert_eq!(lab.scenarios.len(), 1);
    assert_eq!(
        lab.start_ns, 1_767_225_600_000_000_000,
        "2026-01-01T00:00:00Z"
    );
    let TrafficAction::Request(request) = &lab.scenarios[0].traffic[0].action else {
        panic!()
    };
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("GET", "/")
    );
}

#[test]
fn refusals_name_place_expectation_and_remedy() {
    check_refused(
        "",
        "lab.yaml: the lab file is empty\n  Begin with `name:` and `envoy:`.",
    );
    check_refused(
        "name: x\nscenarois: []\n",
        "lab.yaml:2:1: unknown key `scenarois`\n  Did you mean `scenarios`?",
    );
    check_refused(
        "profile: envoi\n",
        "lab.yaml:1:10: unknown host profile `envoi`\n  Did you mean `envoy`?",
    );
    check_refused(
        "concurrency: 0\n",
        "lab.yaml:1:14: expected a number of workers from 1 to 64, found `0`",
    );
    check_refused(
        "start: yesterday\n",
        "lab.yaml:1:8: expected a time in UTC such as 2026-01-01T00:00:00Z, found `yesterday`",
    );
    check_refused(
        "start: 2026-02-29T00:00:00Z\n",
        "lab.yaml:1:8: expected a time in UTC such as 2026-01-01T00:00:00Z, found `2026-02-29T00:00:00Z`",
    );
    check_refused(
        "schedule: [worker_1]\n",
        "lab.yaml:1:12: expected main, or worker_0 to worker_0, found `worker_1`",
    );
}

#[test]
fn files_are_refused_where_they_say_too_little_or_too_much() {
    check_refused(
        "files:\n  etc/f.wasm: {sample: a}\n",
        "lab.yaml:2:3: `etc/f.wasm` is neither a path from / nor a URL\n  Write /etc/envoy/f.wasm, https://host/f.wasm or oci://registry/name:tag.",
    );
    check_refused(
        "files:\n  /f.wasm: {}\n",
        "lab.yaml:2:12: `/f.wasm` has no content\n  Give it one of: sample, path, wat, assemblyscript, base64, text.",
    );
    check_refused(
        "files:\n  /f.wasm: {sample: a, path: b}\n",
        "lab.yaml:2:24: `path` is a second source of one file\n  Keep one.",
    );
    check_refused(
        "files:\n  /f.wasm: {sampel: a}\n",
        "lab.yaml:2:13: unknown key `sampel`\n  Did you mean `sample`?",
    );
    check_refused(
        "files:\n  /f.wasm: {sample: a, delay: 1s}\n",
        "lab.yaml:2:31: a file on disk is read at once\n  Remove the key, or use a URL.",
    );
    check_refused(
        "files:\n  /f: {base64: '?'}\n",
        "lab.yaml:2:17: not base64: invalid symbol 63, offset 0.",
    );
}

#[test]
fn traffic_and_expectations_are_one_thing_each() {
    let traffic = |item: &str| format!("scenarios:\n- traffic:\n  - {item}\n");
    check_refused(
        &traffic("{request: {}, advance: 1s}"),
        "lab.yaml:3:19: `advance` beside `request`: an item of traffic is one thing\n  Make two items of it.",
    );
    check_refused(
        &traffic("{requset: {}}"),
        "lab.yaml:3:6: unknown key `requset`\n  Did you mean `request`?",
    );
    check_refused(
        &traffic("{}"),
        "lab.yaml:3:5: an item of traffic needs one of: request, tcp, advance, call",
    );
    check_refused(
        &traffic("{request: {}, worker: 1}"),
        "lab.yaml:3:27: worker 1, but there are 1\n  Workers count from 0; `concurrency` says how many there are.",
    );
    check_refused(
        &traffic("{advance: 1s, worker: 0}"),
        "lab.yaml:3:27: `worker` beside `advance`\n  `worker` goes with request or tcp.",
    );
    check_refused(
        &traffic("{advance: 5}"),
        "lab.yaml:3:15: expected a duration such as 5s, 0.25s or 80ms, found `5`",
    );
    check_refused(
        &traffic("{request: {body: hello, chunks: [9]}}"),
        "lab.yaml:3:37: the chunks add up to 9 bytes, the body has 5\n  What the chunks leave over is sent as a last chunk.",
    );
    check_refused(
        &traffic("{request: {headers: {':path': /}}}"),
        "lab.yaml:3:27: the pseudo-header `:path` has a key of its own\n  Write method, path, authority or status beside `headers`.",
    );
    check_refused(
        &traffic("{request: {headers: {a b: c}}}"),
        "lab.yaml:3:26: `a b` is no header name\n  Names are letters, digits and -_.!#$%&'*+^`|~ without spaces.",
    );
    check_refused(
        &traffic("{call: {module: /m.wasm, export: f}}"),
        "lab.yaml:3:21: `/m.wasm` is not in `files`\n  Name the module's path as it stands in `files`.",
    );
    let expect =
        |item: &str| format!("scenarios:\n- traffic: [{{request: {{}}}}]\n  expect:\n  - {item}\n");
    check_refused(
        &expect("client: {request: 1, status: 200}"),
        "lab.yaml:4:23: request 1, but this scenario has 1\n  They count from 0.",
    );
    check_refused(
        &expect("client: {}"),
        "lab.yaml:4:13: this expects nothing\n  Add one of: status, headers, no_headers, body, outcome.",
    );
    check_refused(
        &expect("log: {level: loud}"),
        "lab.yaml:4:18: expected trace, debug, info, warn, error or critical, found `loud`",
    );
    check_refused(
        &expect("hostcalls: {name: proxy_lgo, count: 0}"),
        "lab.yaml:4:23: no host call is named `proxy_lgo`\n  Did you mean `proxy_log`?",
    );
    check_refused(
        &expect("callbacks: {order: [on_request_heders]}"),
        "lab.yaml:4:25: no callback is named `on_request_heders`\n  Did you mean `on_request_headers`?",
    );
    let message = parse(
        "lab.yaml",
        &expect("client: {body: {matches: '('}}"),
        &Table::default(),
    )
    .unwrap_err()
    .to_string();
    assert!(
        message.starts_with("lab.yaml:4:31: not a regular expression: "),
        "{message}"
    );
    check_refused(
        "scenarios: [{name: a}, {name: a}]\n",
        "lab.yaml:1:31: a second scenario named `a`\n  Give each scenario a name of its own.",
    );
    check_refused(
        "scenarios: [{name: GET}]\nexercises: [{id: a, kind: wat, task: t, scenarios: [GTE]}]\n",
        "lab.yaml:2:53: no scenario is named `GTE`\n  Did you mean `GET`?",
    );
}

#[test]
fn parts_stand_where_they_are_marked_and_keep_their_own_lines() {
    let table = Table {
        parts: BTreeMap::from([
            ("envoy.yaml", "# mine\nhttp_filters:\n- name: a\n"),
            ("f.wat", "(module\n  (func (result i32) i32.cnst 1))\n"),
            ("bad.yaml", "a: [\n"),
        ]),
        ..Table::default()
    };
    let text = "envoy: {edit: envoy.yaml}\nfiles:\n  /f.wasm: {wat: {edit: f.wat}}\n  /t: {text: {edit: envoy.yaml}}\n\
                upstreams: {web: [{reply: {headers: {edit: kept}}}]}\n";
    let lab = parse("lab.yaml", text, &table).unwrap();
    assert_eq!(lab.parts, ["envoy.yaml", "f.wat"]);
    let filters = lab.envoy.get("http_filters").unwrap();
    assert_eq!(
        (filters.place.file.as_str(), filters.place.line),
        ("envoy.yaml", 3)
    );
    assert!(
        matches!(&lab.files["/t"].source, Source::Inline(b) if b.as_str().unwrap().starts_with("# mine"))
    );
    let Err(Unresolved::Problem(problem)) = resolve(&lab, &table) else {
        panic!()
    };
    assert_eq!(
        problem.to_string(),
        "f.wat:2:22: unknown operator or unexpected token"
    );

    let refused = |text| parse("lab.yaml", text, &table).unwrap_err().to_string();
    assert!(refused("envoy: {edit: bad.yaml}\n").starts_with("bad.yaml:"));
    assert_eq!(
        refused("envoy: {edit: nobody.yaml}\n"),
        "lab.yaml:1:8: there is no text for the part `nobody.yaml`\n  Put it in start/nobody.yaml beside the lab file, as UTF-8 text."
    );
}

#[test]
fn text_of_webassembly_is_assembled_with_errors_in_its_place() {
    let table = Table::default();
    let lab = read("files:\n  /ok.wasm: {wat: (module)}\n");
    let contents = resolve(&lab, &table).unwrap();
    assert_eq!(&contents["/ok.wasm"][..], b"\0asm\x01\0\0\0");
    let lab = read("files:\n  /bad.wasm:\n    wat: |\n      (module\n        (fnuc))\n");
    let Err(Unresolved::Problem(problem)) = resolve(&lab, &table) else {
        panic!()
    };
    assert_eq!(
        (problem.place.line, problem.place.column),
        (5, 10),
        "{problem}"
    );
}

#[test]
fn samples_are_brought_awaited_or_missing() {
    let table = Table {
        samples: BTreeMap::from([
            ("add-header", Sample::Bytes(b"\0asm".to_vec().into())),
            ("log-headers", Sample::Awaited),
            ("api-key", Sample::Awaited),
        ]),
        ..Table::default()
    };
    let lab = read(
        "files: {/f: {sample: add-header}, /g: {path: there.wasm}, /h: {text: hi}, 'http://h/': {status: 500}}\n",
    );
    let contents = resolve(&lab, &table).unwrap();
    assert_eq!(contents.keys().collect::<Vec<_>>(), ["/f", "/g", "/h"]);

    let lab = read(
        "files: {/a: {sample: log-headers}, /b: {sample: add-header}, /c: {sample: api-key}, /d: {sample: api-key}}\n",
    );
    let Err(Unresolved::Awaited(names)) = resolve(&lab, &table) else {
        panic!()
    };
    assert_eq!(names, ["log-headers", "api-key"]);

    let refused = |text| match resolve(&read(text), &table) {
        Err(Unresolved::Problem(problem)) => problem.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refused("files:\n  /f: {sample: add-haeder}\n"),
        "lab.yaml:2:3: the sample filter `add-haeder` is not here\n  Did you mean `add-header`?"
    );
    assert_eq!(
        refused("files:\n  /f: {path: gone.wasm}\n"),
        "lab.yaml:2:3: gone.wasm: no such file\n  The path is relative to the lab file."
    );
    assert!(
        refused("files:\n  /f: {assemblyscript: 'let x = 1'}\n")
            .contains("lab.yaml:2:25: AssemblyScript")
    );
}

/// Prefixes of a large lab, and the lab with one character replaced by another.
///
/// A panic while reading would take the learner's worker down, so here it fails the test.
#[test]
fn no_slip_of_the_pen_makes_the_reader_panic() {
    let table = Table::default();
    let whole: Vec<char> = WHOLE.chars().collect();
    for at in (0..whole.len()).step_by(3) {
        let prefix: String = whole[..at].iter().collect();
        let _ = parse("lab.yaml", &prefix, &table);
        // Each place meets each of these over the lines of the file.
        let odd = [
            '{', ']', ':', '-', '\t', '\n', '&', '*', '|', '\'', '"', '%', '\u{0}', 'é', '!', '@',
        ];
        let mut slipped = whole.clone();
        slipped[at] = odd[at % odd.len()];
        let slipped: String = slipped.iter().collect();
        let _ = parse("lab.yaml", &slipped, &table);
    }
}
