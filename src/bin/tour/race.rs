//! `tour race`: does a lab hold in every order of its threads?

use super::options::{Options, Takes};
use super::{Done, Unusable, run};
use proxy_wasm_tour::lab::{self, RaceOptions};
use proxy_wasm_tour::model::race::Race;
use std::ffi::OsString;
use std::fmt::Write as _;

const RACE: &[(&str, Takes)] = &[
    ("json", Takes::Nothing),
    ("scenario", Takes::One),
    ("orders", Takes::One),
    ("samples", Takes::One),
    ("parts", Takes::One),
];

pub(crate) fn command(args: impl Iterator<Item = OsString>) -> Result<Done, Unusable> {
    let options = Options::read(args, RACE)?;
    let (lab, contents) = run::from_file(&options)?;
    let mut how = RaceOptions {
        scenario: options.value("scenario").map(str::to_owned),
        ..RaceOptions::default()
    };
    if let Some(orders) = options.value("orders") {
        how.orders = orders.parse().ok().filter(|n| *n > 0).ok_or_else(|| {
            Unusable(format!(
                "--orders {orders}: a number of at least 1 was expected"
            ))
        })?;
    }
    let races = lab::race(&lab, &contents, &how)?;
    let ok = races.iter().all(|race| race.ok);
    let out = match options.has("json") {
        true => serde_json::to_string(&races).map_err(|e| e.to_string())? + "\n",
        false => races.iter().map(|race| story(race, &how)).collect(),
    };
    Ok(Done {
        out,
        err: String::new(),
        ok,
    })
}

fn story(race: &Race, how: &RaceOptions) -> String {
    let orders = match race.orders {
        1 => "1 order".to_owned(),
        n => format!("{n} orders"),
    };
    let reach = match race.complete {
        true => format!("{orders} of the threads, which is all that can differ"),
        false => format!(
            "{orders} of the threads; the search ended at its limit of {} runs (--orders)",
            how.orders
        ),
    };
    let mut text = format!("{}: {reach}\n", race.scenario);
    let Some(shortest) = &race.shortest else {
        text.push_str("  ✓ the checks hold in each of them\n");
        return text;
    };
    let _ = writeln!(
        text,
        "  ✗ a check fails in {} of them, here after {} between threads:",
        race.breaking,
        match shortest.switches {
            1 => "1 switch".to_owned(),
            n => format!("{n} switches"),
        }
    );
    for check in &shortest.checks {
        let _ = writeln!(
            text,
            "    {}: expected {}, got {}",
            check.what, check.expected, check.actual
        );
    }
    let _ = writeln!(
        text,
        "  To see that run, write in the lab file:\n    schedule: [{}]",
        shortest.schedule.join(", ")
    );
    text
}
