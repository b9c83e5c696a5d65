//! `tour run`: a lab file, or one filter and one request.

use super::options::{Options, Takes};
use super::{Done, Unusable, at, export, observe, oneshot, show};
use proxy_wasm_tour::export::{Disk, in_words, is_bootstrap, read_text};
use proxy_wasm_tour::lab::{self, Contents, RunOptions, Unresolved, trace_lines};
use proxy_wasm_tour::model::Problem;
use proxy_wasm_tour::model::lab::Lab;
use std::ffi::OsString;
use std::path::Path;

const LAB: &[(&str, Takes)] = &[
    ("json", Takes::Nothing),
    ("trace", Takes::Nothing),
    ("stats", Takes::One),
    ("admin", Takes::One),
    ("envoy-log", Takes::Nothing),
    ("scenario", Takes::One),
    ("at", Takes::One),
    ("memory", Takes::One),
    ("samples", Takes::One),
    ("parts", Takes::One),
    ("wasm", Takes::One),
    ("config", Takes::One),
    ("request", Takes::One),
    ("header", Takes::Many),
    ("body", Takes::One),
];

const MODULE: &str = "Give the path of a module: --wasm FILTER.wasm.";

pub(crate) fn command(args: impl Iterator<Item = OsString>) -> Result<Done, Unusable> {
    let options = Options::read(args, LAB)?;
    one_form(&options)?;
    let (lab, contents) = match options.value("wasm") {
        Some(wasm) => one_filter(wasm, &options)?,
        None => from_file(&options)?,
    };
    let run = RunOptions {
        scenario: options.value("scenario").map(str::to_owned),
        ..RunOptions::default()
    };
    // Without a lab file the lab was never one that a person has seen: the module is.
    let named = |problem: Problem| match options.value("wasm") {
        Some(wasm) => {
            let message = problem.message.trim_start_matches("/filter.wasm: ");
            Problem::in_file(wasm, message, problem.help)
        }
        None => problem,
    };
    if let Some((at, window)) = at::asked(&options)? {
        let moment = lab::replay(&lab, &contents, &run, at, window).map_err(named)?;
        return at::shown(&moment, options.has("json"));
    }
    if let Some(view) = options.value("admin") {
        return observe::admin(&lab, &contents, &run, view);
    }
    let report = lab::run(&lab, &contents, &run).map_err(named)?;
    if let Some(form) = options.value("stats") {
        return observe::stats(&report, form);
    }
    if options.has("envoy-log") {
        return observe::log(&lab, &report);
    }
    let (mut out, mut err) = (String::new(), String::new());
    if options.has("json") {
        out = serde_json::to_string(&report).map_err(|e| e.to_string())?;
        out.push('\n');
    } else if options.has("trace") {
        for line in trace_lines(&report) {
            out.push_str(&line);
            out.push('\n');
        }
        err = show::failures(&report);
    } else {
        out = show::report(&lab.name, &report);
    }
    Ok(Done {
        out,
        err,
        ok: report.ok,
    })
}

/// Of what can be printed instead of the report, one at a time; the state at an event has JSON too.
fn one_form(options: &Options) -> Result<(), Unusable> {
    const FORMS: [&str; 6] = ["at", "json", "trace", "stats", "envoy-log", "admin"];
    let given: Vec<&str> = FORMS.into_iter().filter(|form| options.has(form)).collect();
    match given[..] {
        [] | [_] | ["at", "json"] => Ok(()),
        [first, second, ..] => Err(Unusable(format!(
            "--{second} beside --{first}: each is another form of the output\n  Ask for one of them at a time."
        ))),
    }
}

/// Reads a lab file and brings the bytes it names.
pub(crate) fn from_file(options: &Options) -> Result<(Lab, Contents), Unusable> {
    for only_wasm in ["config", "request", "header", "body"] {
        if options.has(only_wasm) {
            return Err(Unusable(format!(
                "--{only_wasm} goes with --wasm FILTER.wasm\n  A lab file holds its own traffic."
            )));
        }
    }
    let file = options.one_word("the lab file")?;
    let text = read_text(file, "Give the path of a lab file, as LAB.yaml.")?;
    let text = match is_bootstrap(file, &text) {
        true => export::imported(file, &text, None)?,
        false => text,
    };
    let mut disk = Disk::around(Path::new(file));
    if let Some(parts) = options.value("parts") {
        disk.parts = parts.to_owned();
        // The usual two may be missing where a lesson has nothing to edit.
        if !["start", "solution"].contains(&parts) && !disk.folder.join(parts).is_dir() {
            return Err(Unusable(format!(
                "--parts {parts}: there is no such folder beside {file}\n  Name one that holds the lab's editable parts: `start` or `solution`."
            )));
        }
    }
    load(file, &text, disk, options)
}

fn one_filter(wasm: &str, options: &Options) -> Result<(Lab, Contents), Unusable> {
    if let Some(word) = options.words.first() {
        return Err(Unusable(format!(
            "`{word}` beside --wasm: run a lab file or one filter, not both"
        )));
    }
    if let Err(error) = std::fs::File::open(wasm) {
        return Err(Problem::in_file(wasm, in_words(&error), MODULE).into());
    }
    // Paths are relative to where the person stands, not to a lab file.
    load(
        "the options",
        &oneshot::lab(wasm, options)?,
        Disk::around(Path::new("")),
        options,
    )
}

fn load(
    file: &str,
    text: &str,
    mut disk: Disk,
    options: &Options,
) -> Result<(Lab, Contents), Unusable> {
    if let Some(samples) = options.value("samples") {
        disk.samples = samples.into();
    }
    let mut lab = lab::parse(file, text, &disk).map_err(|problem| match options.has("wasm") {
        // Lines of a file that nobody has written help nobody.
        true => Problem::in_file(file, problem.message, problem.help),
        false => problem,
    })?;
    let at = match options.value("scenario") {
        Some(name) => lab::scenario_named(&lab, name)?,
        None => 0,
    };
    lab::put_request_part(&mut lab, at, &disk)?;
    if disk.parts == "solution" {
        lab::put_modules(&mut lab);
    }
    match lab::resolve(&lab, &disk) {
        Ok(contents) => Ok((lab, contents)),
        Err(Unresolved::Problem(problem)) => match options.value("wasm") {
            Some(wasm) => {
                let message = problem.message.trim_start_matches(&format!("{wasm}: "));
                Err(Problem::in_file(wasm, message, MODULE).into())
            }
            None => Err(problem.into()),
        },
        Err(Unresolved::Awaited(names)) => Err(Unusable(format!(
            "samples that never come: {}",
            names.join(", ")
        ))),
    }
}
