//! `tour run --stats`, `--admin`, `--envoy-log`: a run as Envoy's own interfaces show it.

use super::{Done, Unusable, show};
use proxy_wasm_tour::export::{self, View};
use proxy_wasm_tour::lab::{self, Contents, RunOptions};
use proxy_wasm_tour::model::lab::Lab;
use proxy_wasm_tour::model::report::{Report, ScenarioReport};

/// `--stats text|prometheus`.
pub(crate) fn stats(report: &Report, form: &str) -> Result<Done, Unusable> {
    let write = match form {
        "text" => export::stats_text,
        "prometheus" => export::stats_prometheus,
        _ => {
            return Err(Unusable(format!(
                "--stats {form}: `text` or `prometheus` was expected"
            )));
        }
    };
    Ok(each(report, write))
}

/// `--envoy-log`.
pub(crate) fn log(lab: &Lab, report: &Report) -> Result<Done, Unusable> {
    let logs: Result<Vec<String>, _> = report
        .scenarios
        .iter()
        .map(|scenario| export::envoy_log(lab, scenario))
        .collect();
    let mut logs = logs?.into_iter();
    Ok(each(report, |_| logs.next().unwrap_or_default()))
}

/// `--admin clusters|config_dump|listeners`.
pub(crate) fn admin(
    lab: &Lab,
    contents: &Contents,
    run: &RunOptions,
    view: &str,
) -> Result<Done, Unusable> {
    let Some(known) = View::named(view) else {
        let views = View::ALL.map(View::word).join(", ");
        return Err(Unusable(format!(
            "--admin {view}: one of {views} was expected"
        )));
    };
    // What hosts have counted is known after a run; the rest is said by the configuration.
    if known != View::Clusters {
        let nothing = ScenarioReport::default();
        return Ok(Done::text(export::admin(lab, contents, known, &nothing)?));
    }
    let report = lab::run(lab, contents, run)?;
    let scenarios = report.scenarios.iter();
    let views: Result<Vec<String>, _> = scenarios
        .map(|scenario| export::admin(lab, contents, known, scenario))
        .collect();
    let mut views = views?.into_iter();
    Ok(each(&report, |_| views.next().unwrap_or_default()))
}

/// The text of each scenario, under its name where there are several; what failed goes to stderr.
fn each(report: &Report, mut text: impl FnMut(&ScenarioReport) -> String) -> Done {
    let several = report.scenarios.len() > 1;
    let mut out = String::new();
    for scenario in &report.scenarios {
        if several {
            out.push_str(&format!(
                "# {}\n",
                show::plain(&scenario.name).replace('\n', " ")
            ));
        }
        out.push_str(&text(scenario));
    }
    Done {
        out,
        err: show::failures(report),
        ok: report.ok,
    }
}
