//! What can be read off a run, as a person would write it down.

use super::pick::matching;
use crate::lab::assertions::event::{of_client, of_trap, of_upstream};
use crate::model::Headers;
use crate::model::exercise::Observed;
use crate::model::report::{Exchange, Response, ScenarioReport, UpstreamRequest};

/// What stands where there is nothing.
const NONE: &str = "none";

/// The value as text.
pub(super) fn value(of: &Observed, ran: &ScenarioReport) -> String {
    let number = |n: usize| n.to_string();
    match of {
        Observed::Status(n) => response(*n, ran).map_or(NONE.to_owned(), |r| r.status.to_string()),
        Observed::ClientHeader(n, name) => header(response(*n, ran).map(|r| &r.headers), name),
        Observed::ClientBody(n) => {
            let body =
                response(*n, ran).map(|r| String::from_utf8_lossy(&r.body).trim().to_owned());
            body.filter(|body| !body.is_empty())
                .unwrap_or(NONE.to_owned())
        }
        Observed::Outcome(n) => {
            exchange(*n, ran).map_or(NONE.to_owned(), |e| e.outcome.word().to_owned())
        }
        Observed::Worker(n) => {
            exchange(*n, ran).map_or(NONE.to_owned(), |exchange| exchange.worker.to_string())
        }
        Observed::Upstreams(cluster) => number(upstream(cluster.as_deref(), ran).count()),
        Observed::UpstreamHeader(cluster, n, name) => {
            let request = upstream(cluster.as_deref(), ran).nth(*n);
            header(request.map(|request| &request.headers), name)
        }
        Observed::Count(selector) => number(matching(selector, ran).len()),
        Observed::Call(n) => match ran.calls.get(*n) {
            None => NONE.to_owned(),
            Some(call) if call.trap.is_some() => "trap".to_owned(),
            Some(call) => {
                let results: Vec<String> = call.results.iter().map(ToString::to_string).collect();
                results.join(" ")
            }
        },
        Observed::Vms => number(ran.vms.len()),
        Observed::FailedVms => number(ran.failed_vms()),
        Observed::StalledStreams => number(ran.stalled_streams()),
        Observed::SharedData(key) => {
            let found = ran.shared_data.values().find_map(|data| data.get(key));
            found.map_or(NONE.to_owned(), |value| {
                String::from_utf8_lossy(value).into_owned()
            })
        }
        Observed::Metric(name) => ran.stats.get(name).map_or(NONE.to_owned(), u64::to_string),
    }
}

/// The event to look at.
pub(super) fn event(of: &Observed, ran: &ScenarioReport) -> Option<u32> {
    let events = &ran.events;
    match of {
        Observed::Status(n) | Observed::ClientHeader(n, _) | Observed::ClientBody(n) => {
            of_client(events, *n, "response_headers")
        }
        Observed::Outcome(n) | Observed::Worker(n) => of_client(events, *n, ""),
        Observed::Upstreams(cluster) => of_upstream(events, cluster.as_deref(), 0),
        Observed::UpstreamHeader(cluster, n, _) => of_upstream(events, cluster.as_deref(), *n),
        Observed::Count(selector) => matching(selector, ran).first().copied(),
        Observed::FailedVms | Observed::Call(_) => of_trap(events),
        _ => None,
    }
}

fn exchange(n: usize, ran: &ScenarioReport) -> Option<&Exchange> {
    ran.exchanges.get(n)
}

fn response(n: usize, ran: &ScenarioReport) -> Option<&Response> {
    exchange(n, ran)?.response.as_ref()
}

fn upstream<'a>(
    cluster: Option<&'a str>,
    ran: &'a ScenarioReport,
) -> impl Iterator<Item = &'a UpstreamRequest> {
    (ran.exchanges.iter())
        .flat_map(|exchange| &exchange.upstream_requests)
        .chain(&ran.upstream_requests)
        .filter(move |seen| cluster.is_none_or(|cluster| cluster == seen.cluster))
}

/// The values of a header, joined as HTTP would join them.
fn header(headers: Option<&Headers>, name: &str) -> String {
    let values: Vec<String> = (headers.into_iter())
        .flat_map(|headers| headers.get_all(name))
        .map(|value| String::from_utf8_lossy(value).into_owned())
        .collect();
    match values.is_empty() {
        true => NONE.to_owned(),
        false => values.join(", "),
    }
}
