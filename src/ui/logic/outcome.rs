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
        return format!(say!(outcome_rejected), why = why);
    }
    if let Some(why) = &scenario.stopped {
        return format!(say!(outcome_stopped), why = why);
    }
    match scenario.exchanges.last() {
        None => match (scenario.calls.last(), scenario.connections.last()) {
            (Some(call), _) => match &call.trap {
                Some(trap) => format!(say!(outcome_trapped), export = call.export, trap = trap),
                None => format!(
                    say!(outcome_returned),
                    export = call.export,
                    values = numbers(&call.results)
                ),
            },
            (None, Some(last)) => format!(say!(outcome_connection), how = connection(last)),
            (None, None) => say!(outcome_no_request).into(),
        },
        Some(exchange) => match (&exchange.response, exchange.outcome) {
            (Some(response), ExchangeOutcome::Completed) => {
                format!(say!(outcome_status), status = response.status)
            }
            (Some(response), ExchangeOutcome::Reset) => {
                format!(say!(outcome_then_reset), status = response.status)
            }
            (Some(response), ExchangeOutcome::Stalled) => {
                format!(say!(outcome_then_stalled), status = response.status)
            }
            (None, ExchangeOutcome::Reset) => say!(outcome_reset).into(),
            (None, _) => say!(outcome_no_response).into(),
        },
    }
}

/// How a TCP connection stands: `closed by the client`, `open`.
pub fn connection(connection: &Connection) -> String {
    let how = match connection.outcome {
        ConnectionOutcome::Open => say!(connection_open),
        ConnectionOutcome::HalfClosed => say!(connection_half_closed),
        ConnectionOutcome::Closed => say!(connection_closed),
        ConnectionOutcome::Reset => say!(connection_reset),
        ConnectionOutcome::Stalled => say!(connection_stalled),
    };
    match connection.closed_by {
        Some(Closer::Client) => format!(say!(closed_by_client), how = how),
        Some(Closer::Proxy) => format!(say!(closed_by_proxy), how = how),
        None => how.into(),
    }
}

/// The sentence that is announced when a run ends.
pub fn sentence(report: &Report, scenario: usize) -> String {
    let what = match report.scenarios.get(scenario) {
        Some(scenario) => status(scenario),
        None => say!(nothing_to_show).into(),
    };
    match checks(report) {
        (_, 0) => format!(say!(run_finished), what = what),
        (held, n) => format!(say!(run_finished_checks), what = what, held = held, n = n),
    }
}

fn numbers(values: &[serde_json::Value]) -> String {
    match values {
        [] => say!(no_values).into(),
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
