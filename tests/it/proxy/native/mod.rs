//! Native HTTP filters: each test is named for a rule of Envoy's, each table for a row of them.

mod buffer;
mod compare;
mod compressor;
mod cors;
mod csrf;
mod decompressor;
mod fault;
mod header_mutation;
mod jwt_authn;
mod local_ratelimit;
mod ratelimit;
mod rbac;
mod settings;

use super::{answer, first, response, router};
use proxy_wasm_tour::model::report::ScenarioReport;
use proxy_wasm_tour::model::trace::Kind;

/// `type.googleapis.com/envoy.extensions.filters.http.` and a message, as a map's first entry.
pub(super) fn of(message: &str) -> String {
    format!("\"@type\": type.googleapis.com/envoy.extensions.filters.http.{message}")
}

/// One native filter named `f`.
pub(super) fn filter(message: &str, settings: &str) -> String {
    let kind = of(message);
    format!("  http_filters: [{{name: f, typed_config: {{{kind}{settings}}}}}]\n")
}

/// A route to `web` that says something of `f`.
pub(super) fn routed(message: &str, settings: &str) -> String {
    let kind = of(message);
    format!(
        "  routes: [{{match: {{prefix: /}}, route: {{cluster: web}}, typed_per_filter_config: {{f: {{{kind}{settings}}}}}}}]\n"
    )
}

/// Runs a configuration against requests.
pub(super) fn play(envoy: &str, requests: &[&str]) -> ScenarioReport {
    let traffic = requests.iter().map(|r| format!("  - request: {r}\n"));
    router::play(envoy, "", &traffic.collect::<String>())
}

/// The problem with a configuration.
pub(super) fn refused(envoy: &str) -> String {
    crate::lab_run::refused(&format!(
        "name: t\nenvoy:\n{envoy}\nscenarios: [{{name: s, traffic: [{{request: {{}}}}]}}]\n"
    ))
}

/// Counters with this prefix, `http.ingress.` left out: `cors.origin_valid=1`.
pub(super) fn counters(report: &ScenarioReport, prefix: &str) -> String {
    let found = report.stats.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("http.ingress.").unwrap_or(name);
        name.starts_with(prefix).then(|| format!("{name}={value}"))
    });
    found.collect::<Vec<String>>().join(" ")
}

/// A header of the first response, empty when it is not there.
pub(super) fn got(report: &ScenarioReport, name: &str) -> String {
    let values = response(report).headers.get_all(name);
    let values: Vec<_> = values.map(String::from_utf8_lossy).collect();
    values.join("|")
}

/// A header of the first request to an upstream.
pub(super) fn sent(report: &ScenarioReport, name: &str) -> String {
    let values = first(report).upstream_requests[0].headers.get_all(name);
    let values: Vec<_> = values.map(String::from_utf8_lossy).collect();
    values.join("|")
}

/// What native filters have recorded inside their steps: `decode_headers counter`.
pub(super) fn recorded(report: &ScenarioReport) -> Vec<String> {
    let inside = report.events.iter().filter(|e| e.kind == Kind::Chain);
    inside
        .filter_map(|event| {
            let parent = super::parent(report, event)?;
            let step = parent.name.starts_with("decode") || parent.name.starts_with("encode");
            step.then(|| format!("{} {}", parent.name, event.name))
        })
        .collect()
}
