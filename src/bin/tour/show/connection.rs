//! A TCP connection for people: what went over it, and how it ended.

use super::{bytes, line, plain};
use proxy_wasm_tour::model::report::{Closer, Connection, ConnectionOutcome};

/// One connection.
pub(super) fn show(out: &mut String, n: usize, connection: &Connection) {
    let name = match &connection.name {
        Some(name) => format!("  {}", plain(name)),
        None => String::new(),
    };
    let head = format!("connection {n}{name}  on worker {}", connection.worker);
    line(out, 1, &head);
    let side = |out: &mut String, who: &str, what: &proxy_wasm_tour::model::Bytes| {
        let nothing = if what.is_empty() { " nothing" } else { "" };
        line(out, 2, &format!("{who}{nothing}"));
        bytes(out, what);
    };
    side(out, "client sent", &connection.sent);
    for upstream in &connection.upstream {
        let who = format!("upstream {}", plain(&upstream.cluster));
        side(out, &format!("{who} got"), &upstream.received);
        side(out, &format!("{who} sent"), &upstream.sent);
        if upstream.outcome == ConnectionOutcome::Reset {
            line(out, 2, &format!("{who} tore its connection"));
        }
    }
    side(out, "client got", &connection.received);
    let by = match connection.closed_by {
        Some(Closer::Client) => "by the client",
        Some(Closer::Proxy) => "by the proxy",
        None => "",
    };
    let ended = match connection.outcome {
        ConnectionOutcome::Open => "the connection is still open".to_owned(),
        ConnectionOutcome::HalfClosed => {
            "the proxy has closed its half; the client has not".to_owned()
        }
        ConnectionOutcome::Closed => format!("closed {by}"),
        ConnectionOutcome::Reset => format!("torn {by}"),
        ConnectionOutcome::Stalled => {
            "stalled: bytes are held back or an end was awaited, and nothing more will happen"
                .to_owned()
        }
    };
    let mut why: Vec<String> = Vec::new();
    if !connection.details.is_empty() {
        why.push(plain(&connection.details));
    }
    if !matches!(connection.flags.as_str(), "" | "-") {
        why.push(format!("flags {}", connection.flags));
    }
    let why = match why.is_empty() {
        true => String::new(),
        false => format!(" ({})", why.join(", ")),
    };
    line(out, 2, &format!("{ended}{why}"));
}
