//! `state`: shared data, queues, metrics, VMs and the most that was used.

use super::Out;
use super::event::{of_most_fuel, of_name, of_stop, of_trap};
use super::text::{expected, show};
use crate::model::lab::StateAssertion;
use crate::model::moment::PAGE;
use crate::model::report::ScenarioReport;
use crate::proxy::matches;

pub(super) fn state(wanted: &StateAssertion, report: &ScenarioReport, out: &mut Out<'_>) {
    let StateAssertion {
        shared_data,
        queues,
        metrics,
        vms,
        failed_vms,
        stalled_streams,
        peak_buffer_max,
        fuel_max,
        pages_max,
    } = wanted;
    for (key, matcher) in shared_data {
        let values: Vec<&[u8]> = report
            .shared_data
            .values()
            .filter_map(|data| data.get(key))
            .map(|v| &v[..])
            .collect();
        let ok = values.iter().any(|value| matches(matcher, value));
        let actual = if values.is_empty() {
            "absent".to_owned()
        } else {
            values
                .iter()
                .map(|value| show(value))
                .collect::<Vec<_>>()
                .join(", ")
        };
        out.event = of_name(&report.events, key);
        out.put(ok, format!("shared data {key}"), expected(matcher), actual);
    }
    for (what, wanted, have) in [
        ("queue", queues, &report.queues),
        ("metric", metrics, &report.stats),
    ] {
        for (name, number) in wanted {
            out.event = of_name(&report.events, name.trim_start_matches("wasmcustom."));
            match have.get(name) {
                Some(actual) => out.number(format!("{what} {name}"), *number, *actual),
                None => out.put(
                    false,
                    format!("{what} {name}"),
                    number.to_string(),
                    "absent".to_owned(),
                ),
            }
        }
    }
    for (what, wanted, actual) in [
        ("VMs", vms, report.vms.len() as u64),
        ("failed VMs", failed_vms, report.failed_vms() as u64),
        (
            "stalled streams",
            stalled_streams,
            report.stalled_streams() as u64,
        ),
    ] {
        if let Some(wanted) = wanted {
            out.event = match what {
                "failed VMs" => of_trap(&report.events),
                "stalled streams" => of_stop(&report.events),
                _ => None,
            };
            out.number(what.to_owned(), *wanted, actual);
        }
    }
    let fuel = report.vms.iter().map(|vm| vm.fuel_max).max().unwrap_or(0);
    let pages = report
        .vms
        .iter()
        .map(|vm| vm.memory_bytes.div_ceil(PAGE))
        .max()
        .unwrap_or(0);
    for (what, most, actual) in [
        (
            "bytes held back by a filter",
            peak_buffer_max,
            report.peak_buffer,
        ),
        ("fuel of one callback", fuel_max, fuel),
        ("pages of linear memory", pages_max, pages),
    ] {
        if let Some(most) = most {
            out.event = match what {
                "fuel of one callback" => of_most_fuel(&report.events),
                _ => None,
            };
            out.at_most(what.to_owned(), *most, actual);
        }
    }
}
