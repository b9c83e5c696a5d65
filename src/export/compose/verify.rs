//! `verify.sh`: the lab's requests with curl, and its checks.
//!
//! What cannot be seen from outside becomes a comment with its reason. The shell only sends and hands
//! over; the upstreams' server, which has seen both sides, judges.

use super::upstreams::{matcher, on_stdout};
use super::{ADMIN, CONTROL};
use crate::export::bootstrap::Whole;
use crate::export::bundle::{Bundle, Names};
use crate::model::Request;
use crate::model::lab::{
    Assertion, ClientAssertion, Lab, Matcher, Scenario, StateAssertion, Traffic, TrafficAction,
    UpstreamAssertion,
};
use crate::model::report::ExchangeOutcome;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// What is looked at, in words, and the check for the server; or why nobody outside can tell.
type Check = (String, Result<Value, &'static str>);

/// The functions of the script.
const FUNCTIONS: &str = include_str!("verify.sh");
/// The longest time that the script sleeps through, in nanoseconds.
const SLEEP_MAX: u64 = 30_000_000_000;

/// The script; bodies of requests are added to the bundle.
pub(super) fn script(
    lab: &Lab,
    whole: &Whole,
    names: &Names,
    port: u16,
    bundle: &mut Bundle,
) -> String {
    let mut out = String::from("#!/usr/bin/env bash\n");
    let title = lab.name.replace('\n', " ");
    let _ = writeln!(
        out,
        "# The checks of the lab \"{title}\", with an Envoy of your own.\n#"
    );
    out.push_str(FUNCTIONS);
    let _ = writeln!(
        out,
        "CONTROL={CONTROL}\nADMIN={ADMIN}\nCONCURRENCY={}",
        lab.concurrency
    );
    out.push_str("MOVED=(-e ''");
    for (path, name) in names.iter().filter(|(path, _)| path.starts_with('/')) {
        let pattern: String = path
            .chars()
            .flat_map(|c| {
                (!c.is_ascii_alphanumeric())
                    .then_some('\\')
                    .into_iter()
                    .chain([c])
            })
            .map(|c| if c == '#' { '.' } else { c })
            .collect();
        let pattern = pattern
            .replace("\\/", "/")
            .replace("\\-", "-")
            .replace("\\_", "_");
        let _ = write!(
            out,
            " \\\n  -e \"s#filename: \\\"\\{{0,1\\}}{pattern}\\\"\\{{0,1\\}}\\$#filename: \\\"$PWD/{name}\\\"#\""
        );
    }
    out.push_str(")\n\nstart_upstreams\n");
    let outside = Outside {
        access_log_on_stdout: on_stdout(whole),
        tcp: whole.config.network.is_some(),
    };
    for (at, scenario) in lab.scenarios.iter().enumerate() {
        outside.scenario(&mut out, bundle, lab, scenario, at, port);
    }
    out.push_str(
        "\nprintf '\\n%s passed, %s failed\\n' \"$passed\" \"$failed\"\n[ \"$failed\" = 0 ]\n",
    );
    out
}

/// What of a run can be seen from outside.
struct Outside {
    access_log_on_stdout: bool,
    tcp: bool,
}

impl Outside {
    fn scenario(
        &self,
        out: &mut String,
        bundle: &mut Bundle,
        lab: &Lab,
        scenario: &Scenario,
        at: usize,
        port: u16,
    ) {
        if let Some(why) = self.beyond(lab, scenario) {
            let _ = writeln!(
                out,
                "\n# Not from outside: the scenario \"{}\": {why}.",
                one_line(&scenario.name)
            );
            return;
        }
        let _ = writeln!(out, "\nscenario {}", quoted(scenario.name.as_bytes()));
        out.push_str("LOGGED=\n");
        let mut requests = 0;
        for traffic in &scenario.traffic {
            match &traffic.action {
                TrafficAction::Request(request) => {
                    let body = format!("bodies/{at}-{requests}");
                    send(out, traffic, request, requests, port, &body);
                    if !request.body.is_empty() {
                        bundle.add(&body, request.body.0.clone());
                    }
                    requests += 1;
                }
                TrafficAction::Advance(ns) => {
                    let _ = writeln!(out, "sleep {}", *ns as f64 / 1e9);
                }
                TrafficAction::Tcp { .. } | TrafficAction::Call { .. } => {}
            }
        }
        for expectation in &scenario.expect {
            for (words, asked) in self.checks(&expectation.assertion) {
                let _ = match asked {
                    Ok(check) => {
                        let json = quoted(check.to_string().as_bytes());
                        writeln!(out, "check {} {json}", quoted(words.as_bytes()))
                    }
                    Err(why) => writeln!(out, "# Not from outside: {}: {why}.", one_line(&words)),
                };
            }
        }
    }

    /// Why nothing of a scenario can be tried.
    fn beyond(&self, lab: &Lab, scenario: &Scenario) -> Option<&'static str> {
        let mut traffic = scenario.traffic.iter();
        if self.tcp {
            return Some("it speaks bytes of TCP, and curl speaks HTTP");
        }
        let items = || scenario.traffic.iter();
        let slept: u64 = items()
            .map(|item| match item.action {
                TrafficAction::Advance(ns) => ns,
                _ => 0,
            })
            .sum();
        if slept > SLEEP_MAX {
            return Some("it lets more time pass than anybody waits for");
        }
        if lab.concurrency > 1 && items().any(|item| item.worker.is_some()) {
            return Some("it chooses workers, which the kernel does outside");
        }
        traffic.find_map(|item| match item.action {
            TrafficAction::Call { .. } => Some("it calls a plain module, without a proxy"),
            TrafficAction::Tcp { .. } => Some("it speaks bytes of TCP, and curl speaks HTTP"),
            _ => None,
        })
    }

    /// An assertion as checks of the script.
    fn checks(&self, assertion: &Assertion) -> Vec<Check> {
        const INSIDE: &str =
            "it happens inside Envoy; its trace log shows it, which `tour trace` reads";
        match assertion {
            Assertion::Client(wanted) => vec![client(wanted)],
            Assertion::Upstream(wanted) => upstream(wanted),
            Assertion::Log { level, text, count } => {
                let mut check = Map::new();
                check.insert("kind".to_owned(), "log".into());
                if let Some(level) = level {
                    check.insert("level".to_owned(), level.as_str().into());
                }
                if let Some(text) = text {
                    check.insert("text".to_owned(), matcher(text));
                }
                if let Some(count) = count {
                    check.insert("count".to_owned(), (*count).into());
                }
                vec![("the log".to_owned(), Ok(check.into()))]
            }
            Assertion::AccessLog { line, text } => {
                let words = format!("the access log, line {line}");
                let asked = match self.access_log_on_stdout {
                    true => Ok(json!({"kind": "access_log", "line": line, "text": matcher(text)})),
                    false => Err("it is not written to standard output"),
                };
                vec![(words, asked)]
            }
            Assertion::Callbacks { .. } => vec![("the order of callbacks".to_owned(), Err(INSIDE))],
            Assertion::HostCalls { name, .. } => vec![(format!("calls of {name}"), Err(INSIDE))],
            Assertion::Connection(wanted) => vec![(
                format!("connection {}", wanted.index),
                Err("it is about bytes of TCP, and curl speaks HTTP"),
            )],
            Assertion::Call { index, .. } => vec![(
                format!("call {index}"),
                Err("it calls a plain module, without a proxy"),
            )],
            Assertion::State(wanted) => state(wanted),
        }
    }
}

fn client(wanted: &ClientAssertion) -> Check {
    let ClientAssertion {
        request,
        status,
        headers,
        no_headers,
        body,
        outcome,
    } = wanted;
    let words = format!("the client's response {request}");
    if *outcome == Some(ExchangeOutcome::Stalled) {
        return (words, Err("from outside, never and late look alike"));
    }
    let mut check = message("client", *request, headers, no_headers, body.as_ref());
    if let Some(status) = status {
        check.insert("status".to_owned(), (*status).into());
    }
    if let Some(outcome) = outcome {
        check.insert("outcome".to_owned(), outcome.word().into());
    }
    (words, Ok(check.into()))
}

fn upstream(wanted: &UpstreamAssertion) -> Vec<Check> {
    let UpstreamAssertion {
        cluster,
        request,
        count,
        headers,
        no_headers,
        body,
    } = wanted;
    let words = match cluster {
        Some(cluster) => format!("what {cluster} got, request {request}"),
        None => format!("what upstreams got, request {request}"),
    };
    let seen: Vec<_> = headers
        .iter()
        .filter(|(name, _)| name != ":scheme")
        .cloned()
        .collect();
    let mut check = message("upstream", *request, &seen, no_headers, body.as_ref());
    if let Some(cluster) = cluster {
        check.insert("cluster".to_owned(), cluster.as_str().into());
    }
    if let Some(count) = count {
        check.insert("count".to_owned(), (*count).into());
    }
    let mut checks = vec![(words.clone(), Ok(check.into()))];
    if seen.len() < headers.len() {
        let why = "an HTTP/1.1 server is not told the scheme";
        checks.push((format!("{words}, `:scheme`"), Err(why)));
    }
    checks
}

fn state(wanted: &StateAssertion) -> Vec<Check> {
    let metrics = wanted.metrics.iter().map(|(name, value)| {
        let check = json!({"kind": "stat", "name": name, "value": value});
        (format!("the stat {name}"), Ok(check))
    });
    let mut checks: Vec<Check> = metrics.collect();
    let hidden = hidden(wanted);
    if !hidden.is_empty() {
        let why = "no interface of Envoy's shows it";
        checks.push((hidden.join(", "), Err(why)));
    }
    checks
}

/// Parts of a state that nothing outside shows.
fn hidden(wanted: &StateAssertion) -> Vec<&'static str> {
    let StateAssertion {
        shared_data,
        queues,
        metrics: _,
        vms,
        failed_vms,
        stalled_streams,
        peak_buffer_max,
        fuel_max,
        pages_max,
    } = wanted;
    let parts = [
        ("shared data", !shared_data.is_empty()),
        ("queues", !queues.is_empty()),
        ("the number of VMs", vms.is_some()),
        ("failed VMs", failed_vms.is_some()),
        ("stalled streams", stalled_streams.is_some()),
        ("the peak buffer", peak_buffer_max.is_some()),
        ("fuel", fuel_max.is_some()),
        ("memory pages", pages_max.is_some()),
    ];
    let asked = parts.into_iter().filter(|(_, asked)| *asked);
    asked.map(|(name, _)| name).collect()
}

fn message(
    kind: &str,
    request: usize,
    headers: &[(String, Vec<Matcher>)],
    no_headers: &[String],
    body: Option<&Matcher>,
) -> Map<String, Value> {
    let mut check = Map::new();
    check.insert("kind".to_owned(), kind.into());
    check.insert("request".to_owned(), request.into());
    if !headers.is_empty() {
        let wanted = |(name, matchers): &(String, Vec<Matcher>)| {
            json!([name, matchers.iter().map(matcher).collect::<Vec<_>>()])
        };
        let headers: Vec<Value> = headers.iter().map(wanted).collect();
        check.insert("headers".to_owned(), headers.into());
    }
    if !no_headers.is_empty() {
        check.insert("no_headers".to_owned(), no_headers.into());
    }
    if let Some(body) = body {
        check.insert("body".to_owned(), matcher(body));
    }
    check
}

/// A request with curl.
fn send(
    out: &mut String,
    traffic: &Traffic,
    request: &Request,
    number: usize,
    port: u16,
    body: &str,
) {
    let mut say = |what: &str| {
        let _ = writeln!(out, "# Not from outside: {what}.");
    };
    if !request.trailers.is_empty() {
        say("curl sends no trailers");
    }
    if request.chunks.len() > 1 {
        say("where the body's chunks end is curl's choice");
    }
    if traffic.connection.is_some() {
        say("each request has a connection of its own");
    }
    if traffic.at_ns.is_some() {
        say("requests of the same time are sent one after the other");
    }
    let default = |text: &str, default: &str| match text {
        "" => default.to_owned(),
        text => text.to_owned(),
    };
    let method = default(&request.method, "GET");
    let _ = write!(out, "request {number}");
    let _ = match method.as_str() {
        "HEAD" => write!(out, " --head"),
        method => write!(out, " -X {}", quoted(method.as_bytes())),
    };
    if let Some(ns) = traffic.cancel_ns {
        let _ = write!(out, " --max-time {}", ns as f64 / 1e9);
    }
    let mut header = |name: &[u8], value: &[u8]| {
        let line = match value.is_empty() {
            true => [name, b";"].concat(),
            false => [name, b": ", value].concat(),
        };
        let _ = write!(out, " -H {}", quoted(&line));
    };
    header(
        b"host",
        default(&request.authority, "example.com").as_bytes(),
    );
    for (name, value) in request.headers.iter() {
        header(name, value);
    }
    if !request.body.is_empty() {
        if request.headers.get_str("content-length").is_none() {
            header(b"transfer-encoding", b"chunked");
        }
        let _ = write!(out, " -H expect:");
        if request.headers.get_str("content-type").is_none() {
            let _ = write!(out, " -H content-type:");
        }
        let _ = write!(out, " --data-binary @{body}");
    }
    let path = default(&request.path, "/");
    let _ = writeln!(
        out,
        " --request-target {} http://127.0.0.1:{port}/",
        quoted(path.as_bytes())
    );
}

/// A word of the shell.
fn quoted(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => {
            let plain = |b: &u8| b.is_ascii_graphic() && !b"'\\".contains(b) || *b == b' ';
            let byte = |b: &u8| match plain(b) {
                true => char::from(*b).to_string(),
                false => format!("\\x{b:02x}"),
            };
            // Digits behind such a number would belong to it.
            let mut out = String::from("$'");
            for byte in bytes.iter().map(byte) {
                out.push_str(&byte);
                if byte.len() > 1 {
                    out.push_str("'$'");
                }
            }
            format!("{out}'")
        }
    }
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
