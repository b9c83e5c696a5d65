//! TCP through network filters, rule by rule.

mod chain;
mod closing;
mod config;
mod failing;
mod upstream;

use super::{chain_of, guest};
use crate::lab_run::{run_one, story};
use proxy_wasm_tour::model::Bytes;
use proxy_wasm_tour::model::report::{Connection, ScenarioReport};
use proxy_wasm_tour::model::trace::Kind;

/// The end of a chain: `echo`.
pub(crate) const ECHO: &str = "  - {name: echo, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo}}";
/// The end of a chain: `tcp_proxy` to the cluster `web`.
pub(crate) const TCP_PROXY: &str = "  - {name: tcp, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, stat_prefix: t, cluster: web}}";

/// A lab of guests as network filters before a terminal one. `plugin` has more keys of each plugin.
pub(crate) fn lab(guests: &[(&str, &str)], plugin: &str, end: &str, rest: &str) -> String {
    let (filters, files) = chain_of("network", guests, &format!("{plugin} "));
    format!("name: test\nenvoy:\n  network_filters:\n{filters}{end}\nfiles:\n{files}\n{rest}\n")
}

/// Runs guests before a terminal filter; the one scenario's report.
fn play_chain(guests: &[(&str, &str)], end: &str, rest: &str, traffic: &str) -> ScenarioReport {
    play_plugin(guests, "", end, rest, traffic)
}

/// Runs guests with more keys of each plugin.
fn play_plugin(
    guests: &[(&str, &str)],
    plugin: &str,
    end: &str,
    rest: &str,
    traffic: &str,
) -> ScenarioReport {
    let rest = format!("{rest}\nscenarios:\n- name: s\n  traffic:\n{traffic}");
    run_one(&lab(guests, plugin, end, &rest))
}

/// One guest with these scripts before a terminal filter.
fn play(callbacks: &[(&str, &str)], end: &str, traffic: &str) -> ScenarioReport {
    play_chain(&[("f", &guest(callbacks))], end, "", traffic)
}

/// The first connection.
fn connection(report: &ScenarioReport) -> &Connection {
    report
        .connections
        .first()
        .unwrap_or_else(|| panic!("{}", story(report)))
}

/// The first connection in words: `closed by Proxy "sent" "received" details`.
fn ended(report: &ScenarioReport) -> String {
    let connection = connection(report);
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    let by = connection.closed_by.map(|by| format!(" by {by:?}"));
    let words = format!(
        "{:?}{} {:?} {:?} {}",
        connection.outcome,
        by.unwrap_or_default(),
        text(&connection.sent),
        text(&connection.received),
        connection.details
    );
    words.trim_end().to_owned()
}

/// Callbacks of connections, with the numbers of their arguments: `f on_downstream_data 3 false`.
fn callbacks(report: &ScenarioReport) -> Vec<String> {
    let of_vm = |vm: Option<u32>| {
        let found = report.vms.iter().find(|known| Some(known.vm) == vm);
        found.map_or_else(String::new, |vm| vm.plugins.join("+"))
    };
    let began = report.events.iter().position(|e| e.kind == Kind::Client);
    report.events[began.unwrap_or(report.events.len())..]
        .iter()
        // Then the roots end.
        .take_while(|event| event.name != "plugin_stop")
        .filter(|event| event.kind == Kind::Callback && event.name.starts_with("proxy_on_"))
        .map(|event| {
            let name = event.name.trim_start_matches("proxy_");
            let mut words = vec![of_vm(event.vm), name.to_owned()];
            // The first argument is the context.
            words.extend(
                event
                    .args
                    .iter()
                    .skip(1)
                    .map(|a| super::word(event, &a.name)),
            );
            words.join(" ")
        })
        .collect()
}

/// The numbers of one callback: `3 false`.
fn of(report: &ScenarioReport, name: &str) -> Vec<String> {
    let name = format!(" {name}");
    callbacks(report)
        .iter()
        .filter_map(|line| line.split_once(&name))
        .map(|(_, rest)| rest.trim().to_owned())
        .collect()
}
