//! The report of a scenario, from what is left of its world.

use super::shared::Shared;
use super::stream::Life;
use super::task::Role;
use crate::host::Vm;
use crate::model::Bytes;
use crate::model::lab::Scenario;
use crate::model::report::{Exchange, ExchangeOutcome, ScenarioReport, VmReport};

/// Makes the report; its checks are empty.
pub(super) fn report(
    mut shared: Shared,
    vms: &[Option<Vm<Shared>>],
    scenario: &Scenario,
) -> ScenarioReport {
    let reports = shared
        .vms_at_end
        .take()
        .unwrap_or_else(|| vm_reports(&shared, vms));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let shared_data = shared.state.data.iter().map(|(vm_id, data)| {
        let entries = data
            .iter()
            .map(|(key, (value, _))| (text(key), Bytes(value.clone())));
        (text(vm_id), entries.collect())
    });
    let shared_data = shared_data.collect();
    let queues = shared
        .state
        .queues
        .iter()
        .map(|queue| (text(&queue.name), queue.items.len() as u64))
        .collect();
    let exchanges = shared
        .streams
        .into_iter()
        .map(|stream| {
            let flags = stream.flags();
            let stalled = stream.life == Life::Running;
            let details = stream.info.details;
            let response = stream.received.map(|mut response| {
                response.flags = flags;
                response.details = details;
                response
            });
            let outcome = match stalled {
                true => ExchangeOutcome::Stalled,
                false => stream.exchange.outcome,
            };
            Exchange {
                outcome,
                response,
                ..stream.exchange
            }
        })
        .collect();
    ScenarioReport {
        name: scenario.name.clone(),
        hidden: scenario.hidden,
        ok: shared.rejected.is_none() && shared.stopped.is_none(),
        rejected: shared.rejected,
        stopped: shared.stopped,
        exchanges,
        upstream_requests: shared.root_requests,
        connections: shared.tcp.report(),
        calls: shared.calls,
        logs: shared.logs,
        access_log: shared.access_log,
        stats: shared.state.stats,
        gauges: shared.state.gauges.into_iter().collect(),
        histograms: shared.state.histograms,
        hosts: shared.state.hosts,
        shared_data,
        queues,
        vms: reports,
        peak_buffer: shared.peak_buffer,
        events: shared.trace.events,
        checks: Vec::new(),
    }
}

/// The VMs that serve, as they are now.
pub(super) fn vm_reports(shared: &Shared, vms: &[Option<Vm<Shared>>]) -> Vec<VmReport> {
    shared
        .vms
        .iter()
        .enumerate()
        .filter(|(_, info)| info.role == Role::Serving)
        .filter_map(|(number, info)| {
            let vm = vms.get(number)?.as_ref()?;
            let config = &shared.plugins[info.plugin].config;
            let mut plugins: Vec<String> = info
                .roots
                .values()
                .map(|root| shared.plugins[root.plugin].config.name.clone())
                .collect();
            if plugins.is_empty() {
                plugins.push(config.name.clone());
            }
            Some(VmReport {
                vm: number as u32,
                thread: info.thread as u32,
                vm_id: config.vm_id.clone(),
                plugins,
                memory_bytes: vm.memory_bytes(),
                fuel_max: vm.fuel_max(),
                failed: info.failed,
                failure: vm.failure().map(|failure| failure.message.clone()),
                limit: vm
                    .failure()
                    .and_then(|failure| failure.limit)
                    .map(str::to_owned),
            })
        })
        .collect()
}
