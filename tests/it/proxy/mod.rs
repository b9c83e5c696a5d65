//! The simulated Envoy, rule by rule: each test is named for what Envoy does.

mod access_log;
mod any;
mod attempts;
pub(crate) mod bootstrap;
mod chain;
mod config;
mod failures;
mod foreign;
mod grpc;
mod grpc_script;
mod guest;
mod hosts;
mod limits;
mod lua;
mod native;
mod nothing;
mod oci;
mod per_route;
mod picture;
mod plugins;
mod properties;
mod remote;
mod replay;
mod replies;
mod router;
mod rules;
mod shared;
mod shutdown;
mod strict;
pub(crate) mod tcp;
mod threads;
mod visible;
mod vms;

use crate::lab_run::{run_one, story};
pub(crate) use guest::guest;
use proxy_wasm_tour::model::Bytes;
use proxy_wasm_tour::model::report::{Exchange, Response, ScenarioReport};
use proxy_wasm_tour::model::trace::{Event, Kind};

/// A module in WebAssembly text, as bytes in base64.
pub(crate) fn base64(wat: &str) -> String {
    let bytes = wat::parse_str(wat).unwrap_or_else(|e| panic!("{e}\n{wat}"));
    Bytes::from(bytes).to_base64()
}

/// Guests as entries of a chain of `http` or `network` filters, with more keys of each plugin, and
/// their modules as entries of `files`.
fn chain_of(kind: &str, guests: &[(&str, &str)], plugin: &str) -> (String, String) {
    let mut filters = String::new();
    let mut files = String::new();
    for (name, wat) in guests {
        filters += &format!(
            "  - name: {name}\n    typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.{kind}.wasm.v3.Wasm\n      config: {{name: {name}, {plugin}vm_config: {{vm_id: {name}, code: {{local: {{filename: /{name}.wasm}}}}}}}}\n"
        );
        files += &format!("  /{name}.wasm: {{base64: \"{}\"}}\n", base64(wat));
    }
    (filters, files)
}

/// A lab of guests in a chain, with more keys of `envoy` and of the lab.
pub(crate) fn lab(guests: &[(&str, &str)], envoy: &str, rest: &str) -> String {
    let (filters, files) = chain_of("http", guests, "");
    format!("name: test\nenvoy:\n  http_filters:\n{filters}{envoy}\nfiles:\n{files}\n{rest}\n")
}

/// Runs guests against traffic; the one scenario's report.
pub(crate) fn play(guests: &[(&str, &str)], traffic: &str) -> ScenarioReport {
    play_with(guests, "", "", traffic)
}

/// Runs guests with more configuration.
pub(crate) fn play_with(
    guests: &[(&str, &str)],
    envoy: &str,
    rest: &str,
    traffic: &str,
) -> ScenarioReport {
    run_one(&lab(
        guests,
        envoy,
        &format!("{rest}\nscenarios:\n- name: s\n  traffic:\n{traffic}"),
    ))
}

/// One guest whose callbacks have these scripts.
pub(crate) fn play_one(callbacks: &[(&str, &str)], traffic: &str) -> ScenarioReport {
    play(&[("f", &guest(callbacks))], traffic)
}

/// The first exchange.
pub(crate) fn first(report: &ScenarioReport) -> &Exchange {
    report
        .exchanges
        .first()
        .unwrap_or_else(|| panic!("{}", story(report)))
}

/// The first response.
pub(crate) fn response(report: &ScenarioReport) -> &Response {
    first(report)
        .response
        .as_ref()
        .unwrap_or_else(|| panic!("{}", story(report)))
}

/// The status of each response, 0 where none came.
pub(crate) fn statuses(report: &ScenarioReport) -> Vec<u16> {
    let all = report.exchanges.iter();
    all.map(|e| e.response.as_ref().map_or(0, |r| r.status))
        .collect()
}

/// Status, body, flags and details of the first response.
pub(crate) fn answer(report: &ScenarioReport) -> String {
    let response = response(report);
    let body = String::from_utf8_lossy(&response.body);
    format!(
        "{} {body:?} {} {}",
        response.status, response.flags, response.details
    )
}

/// Guest callbacks of streams with plugin order, by VM: `0:on_request_headers`. Canary, start and the
/// plugins' end left out.
pub(crate) fn callbacks(report: &ScenarioReport) -> Vec<String> {
    let stream_began = report
        .events
        .iter()
        .position(|e| e.kind == Kind::Client)
        .unwrap_or(report.events.len());
    let first_vm = |vm: u32| {
        let served = &report.vms;
        served
            .iter()
            .find(|v| v.vm == vm)
            .map_or_else(|| "?".to_owned(), |v| v.plugins.join("+"))
    };
    report.events[stream_began..]
        .iter()
        .filter(|e| e.kind == Kind::Callback && e.name.starts_with("proxy_on_"))
        .filter(|e| parent(report, e).is_none_or(|parent| parent.name != "plugin_stop"))
        .map(|e| {
            format!(
                "{}:{}",
                first_vm(e.vm.unwrap()),
                e.name.trim_start_matches("proxy_on_")
            )
        })
        .collect()
}

/// The event that an event happened in.
pub(crate) fn parent<'a>(report: &'a ScenarioReport, event: &Event) -> Option<&'a Event> {
    report.events.get(event.parent? as usize)
}

/// Host calls of a name: `Ok value`, or the status.
pub(crate) fn outcomes(report: &ScenarioReport, name: &str) -> Vec<String> {
    report
        .events
        .iter()
        .filter(|e| e.kind == Kind::HostCall && e.name == name)
        .map(|e| {
            let result = e.result.as_ref().unwrap();
            match &result.value {
                Some(value) => format!(
                    "{} {}",
                    result.status,
                    serde_json::to_string(value).unwrap()
                ),
                None => result.status.to_string(),
            }
        })
        .collect()
}

/// Chain steps: `f decode_headers Continue`.
pub(crate) fn steps(report: &ScenarioReport) -> Vec<String> {
    report
        .events
        .iter()
        .filter(|e| {
            e.kind == Kind::Chain && (e.name.starts_with("decode") || e.name.starts_with("encode"))
        })
        .map(|e| {
            let status = e.result.as_ref().map_or("", |r| &r.status);
            format!("{} {} {status}", word(e, "filter"), e.name)
        })
        .collect()
}

/// An argument of an event as text.
pub(crate) fn word(event: &Event, name: &str) -> String {
    use proxy_wasm_tour::model::trace::Value;
    match event.args.iter().find(|a| a.name == name).map(|a| &a.value) {
        Some(Value::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        Some(Value::Word(word)) => word.to_string(),
        Some(Value::Int(n)) => n.to_string(),
        other => format!("{other:?}"),
    }
}

/// The messages that guests have logged.
pub(crate) fn logs(report: &ScenarioReport) -> Vec<&str> {
    report
        .logs
        .iter()
        .filter(|l| !l.plugin.is_empty())
        .map(|l| l.message.as_str())
        .collect()
}
