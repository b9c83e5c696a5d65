//! What each filter of a chain did to a request and its response, read from a trace.

use super::event;
use crate::model::trace::{Event, Kind, Value};
use serde::{Deserialize, Serialize};

/// What one filter did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    /// The filter's name.
    pub filter: String,
    /// Whether a Wasm module did it.
    pub wasm: bool,
    /// What it called on the request's way, as sentences.
    pub request: Vec<String>,
    /// What it called on the response's way, as sentences.
    pub response: Vec<String>,
}

/// The filters in the order in which a request met them, each with its host calls.
///
/// Only the calls that changed or told something: reading is left out.
pub fn stations(events: &[Event]) -> Vec<Station> {
    let mut stations: Vec<Station> = Vec::new();
    for step in events.iter().filter(|event| event.kind == Kind::Chain) {
        let request = matches!(&*step.name, "new_connection" | "read_data")
            || step.name.starts_with("decode_");
        if !request && step.name != "write_data" && !step.name.starts_with("encode_") {
            continue;
        }
        let Some(filter) = filter(step) else { continue };
        let at = match stations.iter().position(|s| s.filter == filter) {
            Some(at) => at,
            // The request never met it: it was answered before.
            None if !request => continue,
            None => {
                stations.push(Station {
                    filter,
                    ..Station::default()
                });
                stations.len() - 1
            }
        };
        let station = &mut stations[at];
        for inner in events.iter().filter(|event| within(events, event, step.n)) {
            // A script has callbacks too, and no VM of WebAssembly.
            station.wasm |= inner.kind == Kind::Callback && inner.vm.is_some();
            // What a native filter does stands in the trace as steps of its own.
            let told = matches!(inner.kind, Kind::HostCall | Kind::Chain) && tells(inner);
            if told {
                let sentence = format!("{}({})", event::name(inner), event::args(inner));
                match request {
                    true => station.request.push(sentence),
                    false => station.response.push(sentence),
                }
            }
        }
    }
    stations
}

fn filter(step: &Event) -> Option<String> {
    let arg = step.args.iter().find(|arg| arg.name == "filter")?;
    match &arg.value {
        Value::Bytes(bytes) => bytes.as_str().map(str::to_owned),
        Value::Word(word) => Some(word.to_string()),
        _ => None,
    }
}

/// Whether an event happened inside event `n`, at any depth.
fn within(events: &[Event], event: &Event, n: u32) -> bool {
    let mut parent = event.parent;
    while let Some(at) = parent {
        if at == n {
            return true;
        }
        parent = events.get(at as usize).and_then(|event| event.parent);
    }
    false
}

fn tells(event: &Event) -> bool {
    let name = event::name(event);
    // Another filter's turn is a step inside of this one's.
    let step = ["get_", "decode_", "encode_"];
    !step.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::trace::{Trace, arg};

    #[test]
    fn stations_follow_the_chain() {
        let mut trace = Trace::new(true, 100);
        let mut step = |name: &'static str, filter: &'static [u8], calls: &[&'static str]| {
            let args = vec![arg("filter", filter)];
            let step = trace.record(Kind::Chain, name, None, None, args, None);
            trace.open(step);
            if !calls.is_empty() {
                let callback =
                    trace.record(Kind::Callback, "proxy_on_x", Some(1), None, vec![], None);
                trace.open(callback);
                for call in calls {
                    trace.record(Kind::HostCall, *call, Some(1), None, vec![], None);
                }
            }
            trace.close(step, None, None);
        };
        step(
            "decode_headers",
            b"add-header",
            &["proxy_get_property", "proxy_add_x"],
        );
        step("decode_headers", b"router", &[]);
        step("encode_headers", b"add-header", &["proxy_log"]);
        let stations = stations(&trace.events);
        assert_eq!(
            stations,
            [
                Station {
                    filter: "add-header".into(),
                    wasm: true,
                    request: vec!["add_x()".into()],
                    response: vec!["log()".into()],
                },
                Station {
                    filter: "router".into(),
                    ..Station::default()
                },
            ]
        );
    }
}
