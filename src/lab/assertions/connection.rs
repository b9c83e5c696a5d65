//! `connection`: a TCP connection as its client and its upstream saw it.

use super::text::{expected, show};
use super::{Out, event};
use crate::model::Bytes;
use crate::model::lab::{ConnectionAssertion, Matcher, UpstreamOfConnection};
use crate::model::report::{Closer, Connection, ScenarioReport};
use crate::proxy::matches;

pub(super) fn connection(wanted: &ConnectionAssertion, report: &ScenarioReport, out: &mut Out<'_>) {
    let ConnectionAssertion {
        index,
        outcome,
        closed_by,
        sent,
        received,
        upstream,
    } = wanted;
    let who = format!("connection {index}");
    let Some(connection) = report.connections.get(*index) else {
        let never = "it was never opened".to_owned();
        return out.put(false, who, "a connection".to_owned(), never);
    };
    out.event = event::of_connection(&report.events, *index, "");
    if let Some(outcome) = outcome {
        let actual = match connection.details.as_str() {
            "" => connection.outcome.word().to_owned(),
            details => format!("{} ({details})", connection.outcome.word()),
        };
        out.put(
            connection.outcome == *outcome,
            format!("{who}: outcome"),
            outcome.word().to_owned(),
            actual,
        );
    }
    if let Some(closer) = closed_by {
        let actual = connection.closed_by.map_or("nobody", Closer::word);
        out.put(
            connection.closed_by == Some(*closer),
            format!("{who}: closed by"),
            closer.word().to_owned(),
            actual.to_owned(),
        );
    }
    out.event = event::of_connection(&report.events, *index, "client_sends");
    bytes(format!("{who}: sent"), sent.as_ref(), &connection.sent, out);
    out.event = event::of_connection(&report.events, *index, "client_receives");
    let what = format!("{who}: received");
    bytes(what, received.as_ref(), &connection.received, out);
    if let Some(wanted) = upstream {
        of_upstream(&who, wanted, connection, out);
    }
}

fn of_upstream(
    who: &str,
    wanted: &UpstreamOfConnection,
    connection: &Connection,
    out: &mut Out<'_>,
) {
    let seen: Vec<_> = connection
        .upstream
        .iter()
        .filter(|seen| wanted.cluster.as_ref().is_none_or(|c| *c == seen.cluster))
        .collect();
    let who = match &wanted.cluster {
        Some(cluster) => format!("{who}: upstream {cluster}"),
        None => format!("{who}: upstream"),
    };
    if let Some(count) = wanted.count {
        let what = format!("{who} connections");
        out.number(what, count as u64, seen.len() as u64);
    }
    let sides = [("received", &wanted.received), ("sent", &wanted.sent)];
    for (side, matcher) in sides {
        let Some(matcher) = matcher else { continue };
        let what = format!("{who} {side}");
        match seen.first() {
            Some(seen) => {
                let got = match side {
                    "sent" => &seen.sent,
                    _ => &seen.received,
                };
                bytes(what, Some(matcher), got, out);
            }
            None => {
                let none = "there is no connection to it".to_owned();
                out.put(false, what, expected(matcher), none);
            }
        }
    }
}

fn bytes(what: String, wanted: Option<&Matcher>, got: &Bytes, out: &mut Out<'_>) {
    if let Some(matcher) = wanted {
        out.put(matches(matcher, got), what, expected(matcher), show(got));
    }
}
