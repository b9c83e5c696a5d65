//! What a scenario expects against what its run gave.
//!
//! Reads the report only, so that whoever has a report can check it again. One expectation gives a
//! check for each thing that it names, so that a failure says which.

pub(super) mod callbacks;
mod connection;
pub(super) mod event;
mod state;
mod text;

use crate::model::lab::{Assertion, ClientAssertion, Expectation, Matcher, UpstreamAssertion};
use crate::model::report::{Check, ScenarioReport, UpstreamRequest};
use crate::model::trace::{Event, Kind};
use crate::model::{Bytes, Headers};
use crate::proxy::matches;
use text::{expected, show, show_all};

/// The checks of these expectations, a scenario's or a known mistake's, in the order of the file.
///
/// `report` is complete but for its own checks.
pub fn check(expectations: &[Expectation], report: &ScenarioReport) -> Vec<Check> {
    let mut checks = Vec::new();
    for expectation in expectations {
        let mut out = Out {
            expectation,
            checks: &mut checks,
            events: &report.events,
            event: None,
        };
        one(&expectation.assertion, report, &mut out);
    }
    checks
}

/// Collects the checks of one expectation.
struct Out<'a> {
    expectation: &'a Expectation,
    checks: &'a mut Vec<Check>,
    /// What happened.
    events: &'a [Event],
    /// The event that the next checks are about.
    event: Option<u32>,
}

impl Out<'_> {
    fn put(&mut self, ok: bool, what: String, expected: String, actual: String) {
        self.checks.push(Check {
            ok,
            what,
            expected,
            actual,
            hint: self.expectation.hint.clone(),
            why: self.expectation.why.clone(),
            event: match ok {
                true => self.event,
                // Something that never happened has no event of its own.
                false => self.event.or_else(|| event::of_nothing(self.events)),
            },
        });
    }

    fn number(&mut self, what: String, expected: u64, actual: u64) {
        self.put(
            actual == expected,
            what,
            expected.to_string(),
            actual.to_string(),
        );
    }

    fn at_most(&mut self, what: String, most: u64, actual: u64) {
        self.put(
            actual <= most,
            what,
            format!("at most {most}"),
            actual.to_string(),
        );
    }
}

fn one(assertion: &Assertion, report: &ScenarioReport, out: &mut Out<'_>) {
    match assertion {
        Assertion::Client(wanted) => client(wanted, report, out),
        Assertion::Upstream(wanted) => upstream(wanted, report, out),
        Assertion::Connection(wanted) => connection::connection(wanted, report, out),
        Assertion::Log { level, text, count } => {
            let lines = || {
                report.logs.iter().filter(|log| {
                    level.as_ref().is_none_or(|level| *level == log.level)
                        && text
                            .as_ref()
                            .is_none_or(|matcher| matches(matcher, log.message.as_bytes()))
                })
            };
            let wanted = match (level, text) {
                (None, None) => "log lines".to_owned(),
                (Some(level), None) => format!("log lines at {level}"),
                (None, Some(text)) => format!("log lines ({})", expected(text)),
                (Some(level), Some(text)) => {
                    format!("log lines at {level} ({})", expected(text))
                }
            };
            out.event = lines()
                .next()
                .and_then(|log| event::of_log(&report.events, log.message.as_bytes()));
            let found = lines().count();
            match count {
                Some(count) => out.number(wanted, *count as u64, found as u64),
                None => {
                    let actual = if found > 0 {
                        found.to_string()
                    } else {
                        format!("none among {}", report.logs.len())
                    };
                    out.put(found > 0, wanted, "at least one".to_owned(), actual);
                }
            }
        }
        Assertion::Callbacks { filter, order } => {
            callbacks::callbacks(filter.as_deref(), order, report, out);
        }
        Assertion::HostCalls { name, count } => {
            let calls = report
                .events
                .iter()
                .filter(|event| event.kind == Kind::HostCall && event.name == *name);
            out.event = event::of_host_call(&report.events, name);
            let what = format!("host calls {name}");
            match cut(&report.events) {
                // Nobody knows how many followed.
                Some(cut) => out.put(false, what, count.to_string(), cut),
                None => out.number(what, *count as u64, calls.count() as u64),
            }
        }
        Assertion::AccessLog { line, text } => {
            let what = format!("access log line {line}");
            match report.access_log.get(*line) {
                Some(entry) => {
                    let entry = entry.trim_end_matches('\n');
                    out.put(
                        matches(text, entry.as_bytes()),
                        what,
                        expected(text),
                        show(entry.as_bytes()),
                    );
                }
                None => {
                    let actual = format!("there are {} lines", report.access_log.len());
                    out.put(false, what, expected(text), actual);
                }
            }
        }
        Assertion::Call {
            index,
            results,
            trap,
        } => call(*index, results.as_deref(), trap.as_deref(), report, out),
        Assertion::State(wanted) => state::state(wanted, report, out),
    }
}

fn client(wanted: &ClientAssertion, report: &ScenarioReport, out: &mut Out<'_>) {
    let ClientAssertion {
        request,
        status,
        headers,
        no_headers,
        body,
        outcome,
    } = wanted;
    let who = format!("client response {request}");
    let Some(exchange) = report.exchanges.get(*request) else {
        return out.put(
            false,
            who,
            "a response".to_owned(),
            "the request was never sent".to_owned(),
        );
    };
    if let Some(outcome) = outcome {
        out.event = event::of_client(&report.events, *request, "");
        out.put(
            exchange.outcome == *outcome,
            format!("{who}: outcome"),
            outcome.word().to_owned(),
            exchange.outcome.word().to_owned(),
        );
    }
    out.event = event::of_client(&report.events, *request, "response_headers");
    let response = exchange.response.as_ref();
    if let Some(status) = status {
        let actual = response.map_or_else(
            || "no response".to_owned(),
            |r| format!("{} ({})", r.status, r.details),
        );
        let ok = response.is_some_and(|r| r.status == *status);
        out.put(ok, format!("{who}: status"), status.to_string(), actual);
    }
    message(
        &who,
        headers,
        no_headers,
        body.as_ref(),
        response.map(|r| (&r.headers, &r.body)),
        out,
    );
}

fn upstream(wanted: &UpstreamAssertion, report: &ScenarioReport, out: &mut Out<'_>) {
    let UpstreamAssertion {
        cluster,
        request,
        count,
        headers,
        no_headers,
        body,
    } = wanted;
    let seen: Vec<&UpstreamRequest> = report
        .exchanges
        .iter()
        .flat_map(|exchange| &exchange.upstream_requests)
        .chain(&report.upstream_requests)
        .filter(|seen| {
            cluster
                .as_ref()
                .is_none_or(|cluster| *cluster == seen.cluster)
        })
        .collect();
    let who = match cluster {
        Some(cluster) => format!("upstream {cluster}"),
        None => "upstream".to_owned(),
    };
    out.event = event::of_upstream(&report.events, cluster.as_deref(), *request);
    if let Some(count) = count {
        out.number(format!("{who}: requests"), *count as u64, seen.len() as u64);
    }
    let got = seen.get(*request).map(|seen| (&seen.headers, &seen.body));
    message(
        &format!("{who} request {request}"),
        headers,
        no_headers,
        body.as_ref(),
        got,
        out,
    );
}

/// Headers and body of one message, or of none that came.
fn message(
    who: &str,
    headers: &[(String, Vec<Matcher>)],
    no_headers: &[String],
    body: Option<&Matcher>,
    got: Option<(&Headers, &Bytes)>,
    out: &mut Out<'_>,
) {
    const NOTHING: &str = "nothing came";
    for (name, matchers) in headers {
        let values: Option<Vec<&[u8]>> = got.map(|(headers, _)| headers.get_all(name).collect());
        let ok = values.as_ref().is_some_and(|values| {
            values.len() == matchers.len()
                && matchers
                    .iter()
                    .zip(values)
                    .all(|(matcher, value)| matches(matcher, value))
        });
        let wanted = matchers.iter().map(expected).collect::<Vec<_>>().join(", ");
        let actual = match values {
            None => NOTHING.to_owned(),
            Some(values) if values.is_empty() => "absent".to_owned(),
            Some(values) => show_all(&values),
        };
        out.put(ok, format!("{who}: header {name}"), wanted, actual);
    }
    for name in no_headers {
        let value = got.map(|(headers, _)| headers.get(name));
        let actual = match value {
            None => NOTHING.to_owned(),
            Some(None) => "absent".to_owned(),
            Some(Some(value)) => show(value),
        };
        out.put(
            value == Some(None),
            format!("{who}: no header {name}"),
            "absent".to_owned(),
            actual,
        );
    }
    if let Some(matcher) = body {
        let ok = got.is_some_and(|(_, body)| matches(matcher, body));
        let actual = got.map_or_else(|| NOTHING.to_owned(), |(_, body)| show(body));
        out.put(ok, format!("{who}: body"), expected(matcher), actual);
    }
}

/// Where the trace ends before the run does, in words.
fn cut(events: &[Event]) -> Option<String> {
    let cut = events.iter().find(|event| event.kind == Kind::Cut)?;
    Some(format!("the trace was cut at event {}", cut.n))
}

fn call(
    index: usize,
    results: Option<&[serde_json::Number]>,
    trap: Option<&str>,
    report: &ScenarioReport,
    out: &mut Out<'_>,
) {
    let what = format!("call {index}");
    let Some(call) = report.calls.get(index) else {
        return out.put(
            false,
            what,
            "a call".to_owned(),
            "it was never made".to_owned(),
        );
    };
    let list = |values: &[String]| format!("[{}]", values.join(", "));
    let got = match &call.trap {
        Some(trap) => format!("trapped: {trap}"),
        None => list(
            &call
                .results
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
        ),
    };
    if let Some(results) = results {
        let same = |(a, b): (&serde_json::Number, &serde_json::Value)| {
            b.as_number()
                .is_some_and(|b| a == b || (a.as_f64() == b.as_f64() && (a.is_f64() || b.is_f64())))
        };
        let ok = call.trap.is_none()
            && results.len() == call.results.len()
            && results.iter().zip(&call.results).all(same);
        let wanted = list(&results.iter().map(ToString::to_string).collect::<Vec<_>>());
        out.put(ok, format!("{what}: results"), wanted, got.clone());
    }
    if let Some(trap) = trap {
        let ok = call.trap.as_ref().is_some_and(|cause| cause.contains(trap));
        out.put(
            ok,
            format!("{what}: trap"),
            format!("contains {trap:?}"),
            got,
        );
    }
}
