//! A run in one sentence: what is announced and stands above the result.

use crate::model::report::{
    Closer, Connection, ConnectionOutcome, ExchangeOutcome, Report, ScenarioReport,
};

/// How many checks hold, of how many.
pub fn checks(report: &Report) -> (usize, usize) {
    let all = report.scenarios.iter().flat_map(|s| &s.checks);
    all.fold((0, 0), |(held, n), check| {
        (held + usize::from(check.ok), n + 1)
    })
}

/// The status, or how the first exchange ended without one.
pub fn status(scenario: &ScenarioReport) -> String {
    if let Some(why) = &scenario.rejected {
        return format!("configuration rejected: {why}");
    }
    if let Some(why) = &scenario.stopped {
        return format!("stopped: {why}");
    }
    match scenario.exchanges.last() {
        None => match (scenario.calls.last(), scenario.connections.last()) {
            (Some(call), _) => match &call.trap {
                Some(trap) => format!("{} trapped: {trap}", call.export),
                None => format!("{} returned {}", call.export, numbers(&call.results)),
            },
            (None, Some(last)) => format!("the connection is {}", connection(last)),
            (None, None) => "no request was sent".into(),
        },
        Some(exchange) => match (&exchange.response, exchange.outcome) {
            (Some(response), ExchangeOutcome::Completed) => format!("status {}", response.status),
            (Some(response), ExchangeOutcome::Reset) => {
                format!("status {}, then the stream was reset", response.status)
            }
            (Some(response), ExchangeOutcome::Stalled) => {
                format!("status {}, and the rest never came", response.status)
            }
            (None, ExchangeOutcome::Reset) => "the stream was reset".into(),
            (None, _) => "no response came".into(),
        },
    }
}

/// How a TCP connection stands: `closed by the client`, `open`.
pub fn connection(connection: &Connection) -> String {
    let by = match connection.closed_by {
        Some(Closer::Client) => " by the client",
        Some(Closer::Proxy) => " by the proxy",
        None => "",
    };
    let word = match connection.outcome {
        ConnectionOutcome::Open => "open",
        ConnectionOutcome::HalfClosed => "half closed by the proxy",
        ConnectionOutcome::Closed => "closed",
        ConnectionOutcome::Reset => "reset",
        ConnectionOutcome::Stalled => "stalled",
    };
    format!("{word}{by}")
}

/// The sentence that is announced when a run ends.
pub fn sentence(report: &Report, scenario: usize) -> String {
    let mut text = String::from("Run finished: ");
    match report.scenarios.get(scenario) {
        Some(scenario) => text.push_str(&status(scenario)),
        None => text.push_str("nothing to show"),
    }
    let (held, n) = checks(report);
    if n > 0 {
        text.push_str(&format!(". {held} of {n} checks hold"));
    }
    text.push('.');
    text
}

fn numbers(values: &[serde_json::Value]) -> String {
    match values {
        [] => "nothing".into(),
        values => {
            let words: Vec<String> = values.iter().map(ToString::to_string).collect();
            words.join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::report::{Check, Exchange, Response};

    #[test]
    fn a_run_is_one_sentence() {
        let exchange = Exchange {
            outcome: ExchangeOutcome::Completed,
            response: Some(Response {
                status: 200,
                ..Response::default()
            }),
            ..Exchange::default()
        };
        let check = |ok| Check {
            ok,
            ..Check::default()
        };
        let report = Report {
            ok: false,
            scenarios: vec![ScenarioReport {
                exchanges: vec![exchange],
                checks: vec![check(true), check(false)],
                ..ScenarioReport::default()
            }],
            ..Report::default()
        };
        assert_eq!(
            sentence(&report, 0),
            "Run finished: status 200. 1 of 2 checks hold."
        );
    }

    #[test]
    fn a_connection_is_told_by_how_it_stands() {
        let closed = Connection {
            outcome: ConnectionOutcome::Closed,
            closed_by: Some(Closer::Proxy),
            ..Connection::default()
        };
        let scenario = ScenarioReport {
            connections: vec![closed],
            ..ScenarioReport::default()
        };
        assert_eq!(status(&scenario), "the connection is closed by the proxy");
        assert_eq!(connection(&Connection::default()), "open");
    }

    #[test]
    fn a_run_without_an_answer_says_so() {
        let stalled = ScenarioReport {
            exchanges: vec![Exchange::default()],
            ..ScenarioReport::default()
        };
        assert_eq!(status(&stalled), "no response came");
        assert_eq!(status(&ScenarioReport::default()), "no request was sent");
    }
}
