//! In which order a filter was called: a guest's callbacks, a script's, or steps of the chain.
//!
//! A native filter has no callbacks that a trace could show, but every filter of the chain has steps.

use super::{Out, cut};
use crate::model::report::ScenarioReport;
use crate::model::trace::{Event, Kind, Value};

/// Steps of the filter chain, by which native filters are told as well.
pub(in crate::lab) const STEPS: [&str; 6] = [
    "decode_headers",
    "decode_data",
    "decode_trailers",
    "encode_headers",
    "encode_data",
    "encode_trailers",
];

/// What a script of Lua is called by.
pub(in crate::lab) const SCRIPTS: [&str; 2] = ["envoy_on_request", "envoy_on_response"];

/// Whether the names occur in this order; others may come between.
pub(super) fn callbacks(
    filter: Option<&str>,
    order: &[String],
    report: &ScenarioReport,
    out: &mut Out<'_>,
) {
    let asked = order.iter().any(|name| STEPS.contains(&name.as_str()));
    let mine = report
        .events
        .iter()
        .filter(|event| filter.is_none_or(|filter| is_of(event, filter, report)));
    let seen: Vec<(u32, &str)> = mine
        .clone()
        .filter(|event| event.kind == Kind::Callback || asked && is_step(event))
        .map(|event| (event.n, name(event)))
        .collect();
    let mut rest = seen.iter();
    // The last one that came in its place is where to look for what is missing.
    out.event = None;
    let ok = order
        .iter()
        .all(|name| match rest.find(|(_, seen)| seen == name) {
            Some((n, _)) => {
                out.event = Some(*n);
                true
            }
            None => false,
        });
    let what = match filter {
        Some(filter) => format!("callbacks of {filter}"),
        None => "callbacks".to_owned(),
    };
    let actual = match cut(&report.events) {
        // What was found before the cut stays found.
        Some(cut) if !ok => cut,
        _ if !seen.is_empty() => words(seen.iter().map(|(_, name)| *name)),
        _ => match words(mine.filter(|event| is_step(event)).map(name)) {
            _ if filter.is_none() => "none".to_owned(),
            steps if steps.is_empty() => "nothing of a filter of this name".to_owned(),
            steps => format!("none: no guest and no script. Its steps, to ask for: {steps}"),
        },
    };
    out.put(ok, what, order.join(", "), actual);
}

fn words<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn name(event: &Event) -> &str {
    event.name.strip_prefix("proxy_").unwrap_or(&event.name)
}

fn is_step(event: &Event) -> bool {
    event.kind == Kind::Chain && STEPS.contains(&&*event.name)
}

/// Whether it is a callback of this filter's VM, or a step or a script that names the filter.
fn is_of(event: &Event, filter: &str, report: &ScenarioReport) -> bool {
    let named = event.args.iter().any(|arg| {
        arg.name == "filter"
            && matches!(&arg.value, Value::Bytes(name) if &name[..] == filter.as_bytes())
    });
    named
        || report
            .vms
            .iter()
            .any(|vm| event.vm == Some(vm.vm) && vm.plugins.iter().any(|p| p == filter))
}
