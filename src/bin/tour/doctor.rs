//! `tour doctor`: what a module imports, exports and runs on, before anything of it runs.

use super::options::{Options, Takes};
use super::show::{indented, line, plain};
use super::{Done, Unusable};
use proxy_wasm_tour::export::in_words;
use proxy_wasm_tour::host;
use proxy_wasm_tour::model::Problem;
use proxy_wasm_tour::model::doctor::Findings;
use std::ffi::OsString;

const KNOWN: &[(&str, Takes)] = &[("json", Takes::Nothing)];

pub(crate) fn command(args: impl Iterator<Item = OsString>) -> Result<Done, Unusable> {
    let options = Options::read(args, KNOWN)?;
    let file = options.one_word("the module")?;
    let bytes = std::fs::read(file).map_err(|error| {
        let help = "Give the path of a module: tour doctor FILTER.wasm.";
        Problem::in_file(file, in_words(&error), help)
    })?;
    let findings = host::doctor(file, &bytes);
    let out = if options.has("json") {
        let mut json = serde_json::to_string(&findings).map_err(|e| e.to_string())?;
        json.push('\n');
        json
    } else {
        show(&findings)
    };
    Ok(Done {
        out,
        err: String::new(),
        ok: findings.loads,
    })
}

fn show(findings: &Findings) -> String {
    let mut out = String::new();
    for (n, section) in host::words(findings).iter().enumerate() {
        // The first is about the whole, the others are parts of it.
        let depth = n.min(1);
        if n > 0 {
            line(&mut out, 0, "");
        }
        line(&mut out, depth, &plain(&section.title));
        let names = section
            .rows
            .iter()
            .map(|(name, _)| plain(name).chars().count());
        let width = names.max().unwrap_or(0);
        for (name, value) in &section.rows {
            let head = format!("{:<width$}  ", plain(name));
            indented(&mut out, depth + 1, &head, &plain(value));
        }
    }
    out
}
