//! The world at the end of a scenario: VMs, shared data, queues, stats.

use super::state::LabState;
use crate::model::report::VmReport;
use crate::ui::logic::text;
use crate::ui::strings;
use leptos::prelude::*;

/// The state of the shown scenario.
#[component]
pub(super) fn World(state: LabState) -> impl IntoView {
    move || {
        let world = state.with_scenario(|s| {
            let mut pairs: Vec<(String, String)> = Vec::new();
            for (vm_id, values) in &s.shared_data {
                for (key, value) in values {
                    let place = strings::shared(vm_id, key);
                    pairs.push((place, text::show(value)));
                }
            }
            let queues = s.queues.iter().map(|(n, v)| (n.clone(), text::count(*v)));
            let stats = s.stats.iter().map(|(n, v)| (n.clone(), text::count(*v)));
            (
                s.vms.clone(),
                pairs,
                queues.collect::<Vec<_>>(),
                stats.collect::<Vec<_>>(),
            )
        });
        let Some((vms, shared, queues, stats)) = world else {
            return view! { <p class="empty">{strings::NO_STATE_YET}</p> }.into_any();
        };
        view! {
            <Vms vms />
            <Pairs title=strings::SHARED_DATA pairs=shared />
            <Pairs title=strings::QUEUES pairs=queues />
            <Pairs title=strings::STATS pairs=stats />
        }
        .into_any()
    }
}

#[component]
fn Vms(vms: Vec<VmReport>) -> impl IntoView {
    if vms.is_empty() {
        return view! { <p class="empty">{strings::NO_VMS}</p> }.into_any();
    }
    let rows = vms
        .into_iter()
        .map(|vm| {
            let health = if vm.failed {
                strings::VM_FAILED
            } else {
                strings::VM_ALIVE
            };
            view! {
                <tr class:failed=vm.failed>
                    <th scope="row">{vm.vm}</th>
                    <td>{strings::thread(vm.thread)}</td>
                    <td>{vm.plugins.join(", ")}</td>
                    <td class="number">{text::size(vm.memory_bytes)}</td>
                    <td class="number">{text::count(vm.fuel_max)}</td>
                    <td>{health}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <h3>{strings::VMS}</h3>
        <div class="scroll" tabindex="0">
            <table class="plain">
                <thead>
                    <tr>
                        <th scope="col">{strings::VM}</th>
                        <th scope="col">{strings::THREAD}</th>
                        <th scope="col">{strings::PLUGINS}</th>
                        <th scope="col">{strings::MEMORY}</th>
                        <th scope="col">{strings::FUEL_MAX}</th>
                        <th scope="col">{strings::HEALTH}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Pairs(title: &'static str, pairs: Vec<(String, String)>) -> impl IntoView {
    (!pairs.is_empty()).then(|| {
        let rows = pairs
            .into_iter()
            .map(|(name, value)| {
                view! {
                    <tr>
                        <th scope="row">{name}</th>
                        <td>{value}</td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <h3>{title}</h3>
            <div class="scroll" tabindex="0">
                <table class="plain pairs">
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
    })
}
