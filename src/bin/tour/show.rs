//! A report for people: what went, what came, what was checked.

mod connection;

use proxy_wasm_tour::model::report::{
    Check, Exchange, ExchangeOutcome, Graded, Report, ScenarioReport, UpstreamRequest,
};
use proxy_wasm_tour::model::{Bytes, Headers};
use std::fmt::Write as _;

/// More of a body than that is for `--json`.
const BODY_MAX: usize = 1000;

/// The whole report.
pub(crate) fn report(name: &str, report: &Report) -> String {
    let mut out = String::new();
    if !name.is_empty() {
        line(&mut out, 0, name);
    }
    for scenario in &report.scenarios {
        one_scenario(&mut out, scenario);
    }
    let (held, all) = count(report);
    line(&mut out, 0, "");
    if let Some(mistake) = &report.mistake {
        line(
            &mut out,
            0,
            &format!("known mistake: {}", plain(&mistake.say)),
        );
    }
    for graded in &report.exercises {
        one_exercise(&mut out, graded);
    }
    match (all, report.ok) {
        (0, true) => line(&mut out, 0, "nothing was expected, so nothing was checked"),
        (_, true) => line(&mut out, 0, &format!("ok: {held} of {all} checks hold")),
        (_, false) => line(&mut out, 0, &format!("failed: {held} of {all} checks hold")),
    }
    out
}

/// How an exercise stands; of answers, which are wrong.
fn one_exercise(out: &mut String, graded: &Graded) {
    let state = match graded.passed {
        Some(true) => "solved",
        Some(false) => "not solved yet",
        None => "not answered",
    };
    line(out, 0, &format!("exercise {}: {state}", graded.id));
    for failed in graded.checks.iter().filter(|check| !check.ok) {
        check(out, failed);
    }
    if let Some(mistake) = &graded.mistake {
        line(out, 1, &plain(&mistake.say));
    }
}

/// Only what failed, for stderr beside a trace.
pub(crate) fn failures(report: &Report) -> String {
    let mut out = String::new();
    for scenario in report.scenarios.iter().filter(|scenario| !scenario.ok) {
        line(&mut out, 0, &scenario.name);
        if let Some(why) = &scenario.rejected {
            line(&mut out, 1, &format!("rejected: {}", plain(why)));
        }
        if let Some(why) = &scenario.stopped {
            line(&mut out, 1, &format!("stopped: {}", plain(why)));
        }
        for failed in scenario.checks.iter().filter(|check| !check.ok) {
            check(&mut out, failed);
        }
    }
    out
}

fn count(report: &Report) -> (usize, usize) {
    let checks = || {
        report
            .scenarios
            .iter()
            .flat_map(|scenario| &scenario.checks)
    };
    (checks().filter(|check| check.ok).count(), checks().count())
}

fn one_scenario(out: &mut String, scenario: &ScenarioReport) {
    line(out, 0, "");
    line(out, 0, &format!("━━ {}", scenario.name));
    if let Some(why) = &scenario.rejected {
        line(out, 1, &format!("rejected: {}", plain(why)));
    }
    if let Some(why) = &scenario.stopped {
        line(out, 1, &format!("stopped: {}", plain(why)));
    }
    for (n, exchange) in scenario.exchanges.iter().enumerate() {
        one_exchange(out, n, exchange, scenario.stopped.is_some());
    }
    for upstream in &scenario.upstream_requests {
        upstream_request(out, 1, upstream, " got from a plugin's root context");
    }
    for (n, connection) in scenario.connections.iter().enumerate() {
        connection::show(out, n, connection);
    }
    for (n, call) in scenario.calls.iter().enumerate() {
        let result = match &call.trap {
            Some(trap) => format!("trapped: {}", plain(trap)),
            None => call
                .results
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        };
        line(out, 1, &format!("call {n}  {} → {result}", call.export));
    }
    if !scenario.logs.is_empty() {
        line(out, 1, "log");
        let width = scenario
            .logs
            .iter()
            .map(|log| log.plugin.chars().count())
            .max()
            .unwrap_or(0);
        for log in &scenario.logs {
            let head = format!(
                "{:>8}  {:<8}  {:<width$}  ",
                millis(log.t_ns),
                log.level,
                log.plugin
            );
            indented(out, 2, &head, &plain(&log.message));
        }
    }
    if !scenario.access_log.is_empty() {
        line(out, 1, "access log");
        for entry in &scenario.access_log {
            line(out, 2, &plain(entry.trim_end()));
        }
    }
    for vm in scenario.vms.iter().filter(|vm| vm.failed) {
        let (plugins, thread) = (vm.plugins.join(", "), vm.thread);
        let limit = match &vm.limit {
            Some(limit) => format!(": the {limit} limit"),
            None => String::new(),
        };
        let head = format!("VM {} ({plugins}) failed on thread {thread}{limit}", vm.vm);
        line(out, 1, &head);
    }
    if !scenario.checks.is_empty() {
        line(out, 1, "checks");
        for one in &scenario.checks {
            check(out, one);
        }
    }
}

fn upstream_request(out: &mut String, depth: usize, upstream: &UpstreamRequest, by: &str) {
    let cluster = plain(&upstream.cluster);
    line(out, depth, &format!("upstream {cluster}{by}"));
    message(out, &upstream.headers, &upstream.body, &upstream.trailers);
}

fn one_exchange(out: &mut String, n: usize, exchange: &Exchange, stopped: bool) {
    let h = |name| exchange.request.headers.get_str(name).unwrap_or("");
    line(
        out,
        1,
        &plain(&format!(
            "request {n}  {} {}{}  on worker {}",
            h(":method"),
            h(":authority"),
            h(":path"),
            exchange.worker
        )),
    );
    for upstream in &exchange.upstream_requests {
        let by = if upstream.callout {
            " got from a filter"
        } else {
            " got"
        };
        upstream_request(out, 2, upstream, by);
    }
    match &exchange.response {
        Some(response) => {
            let flags = if matches!(response.flags.as_str(), "" | "-") {
                String::new()
            } else {
                format!(", flags {}", response.flags)
            };
            line(
                out,
                2,
                &format!(
                    "client got {} ({}{flags})",
                    response.status,
                    plain(&response.details)
                ),
            );
            message(out, &response.headers, &response.body, &response.trailers);
        }
        None => line(out, 2, "client got nothing"),
    }
    match exchange.outcome {
        ExchangeOutcome::Completed => {}
        ExchangeOutcome::Reset => line(out, 2, "the stream was reset"),
        ExchangeOutcome::Stalled if stopped => line(
            out,
            2,
            "the stream had not ended when the scenario was stopped",
        ),
        ExchangeOutcome::Stalled => line(
            out,
            2,
            "the stream never ended: somebody paused it and nobody went on",
        ),
    }
}

fn message(out: &mut String, headers: &Headers, body: &Bytes, trailers: &Headers) {
    pairs(out, headers);
    bytes(out, body);
    if !trailers.is_empty() {
        line(out, 3, "trailers");
        pairs(out, trailers);
    }
}

/// The first bytes of a body, or of what went over a connection.
fn bytes(out: &mut String, body: &Bytes) {
    if !body.is_empty() {
        let shown = &body[..body.len().min(BODY_MAX)];
        let text = match std::str::from_utf8(shown) {
            Ok(text) => plain(text),
            // The cut may stand inside a character.
            Err(e) if e.valid_up_to() + 4 > shown.len() && shown.len() < body.len() => {
                plain(&String::from_utf8_lossy(&shown[..e.valid_up_to()]))
            }
            Err(_) => format!("base64:{}", Bytes::from(shown).to_base64()),
        };
        indented(out, 3, "| ", text.trim_end_matches('\n'));
        if shown.len() < body.len() {
            line(out, 3, &format!("… {} bytes in all", body.len()));
        }
    }
}

fn pairs(out: &mut String, headers: &Headers) {
    let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => plain(text),
        Err(_) => format!("base64:{}", Bytes::from(bytes).to_base64()),
    };
    for (name, value) in headers.iter() {
        line(out, 3, &format!("{}: {}", text(name), text(value)));
    }
}

fn check(out: &mut String, check: &Check) {
    let mark = if check.ok { '✓' } else { '✗' };
    line(out, 2, &format!("{mark} {}", plain(&check.what)));
    if check.ok {
        return;
    }
    for (label, text) in [
        ("expected", &check.expected),
        ("actual", &check.actual),
        ("hint", &check.hint),
    ] {
        if !text.is_empty() {
            indented(out, 4, &format!("{label:<9} "), &plain(text));
        }
    }
}

/// Milliseconds of simulated time, exact to the microsecond.
pub(crate) fn millis(ns: u64) -> String {
    format!("{}.{:03}ms", ns / 1_000_000, ns / 1_000 % 1_000)
}

/// Guest text without control characters: a log line must not drive a terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                c.escape_unicode().to_string()
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// Text of several lines, each below the first.
pub(crate) fn indented(out: &mut String, depth: usize, head: &str, text: &str) {
    let gap = if head == "| " {
        head.to_owned()
    } else {
        " ".repeat(head.chars().count())
    };
    for (n, text) in text.split('\n').enumerate() {
        line(
            out,
            depth,
            &format!("{}{text}", if n == 0 { head } else { &gap }),
        );
    }
}

pub(crate) fn line(out: &mut String, depth: usize, text: &str) {
    let whole = format!("{:indent$}{text}", "", indent = depth * 2);
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", whole.trim_end());
}
