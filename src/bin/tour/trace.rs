//! `tour trace`: a log of Envoy's, `wasm:trace`, as the events that `tour run --trace` prints.

use super::options::{Options, Takes};
use super::{Done, Unusable};
use proxy_wasm_tour::export::in_words;
use proxy_wasm_tour::lab::{event_line, read_wasm_log};
use proxy_wasm_tour::model::Problem;
use std::ffi::OsString;
use std::io::Read as _;

const TRACE: &[(&str, Takes)] = &[];

pub(crate) fn command(args: impl Iterator<Item = OsString>) -> Result<Done, Unusable> {
    let options = Options::read(args, TRACE)?;
    let file = options.one_word("the log file")?;
    // A log is what a program wrote: a byte that is no text is no reason to stop.
    let bytes = match file {
        "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
        }
        file => std::fs::read(file),
    };
    let bytes = bytes.map_err(|error| {
        let help = "Give the path of a log, or - for standard input: tour trace envoy.log.";
        Problem::in_file(file, in_words(&error), help)
    })?;
    let log = read_wasm_log(&String::from_utf8_lossy(&bytes));
    if log.events.is_empty() {
        let help = "Start Envoy with --component-log-level wasm:trace and keep what it writes.";
        return Err(Problem::in_file(file, "no line is of Wasm", help).into());
    }
    let mut out = String::new();
    for event in &log.events {
        out.push_str(&event_line(event));
        out.push('\n');
    }
    let mut err = String::new();
    for (line, text) in &log.others {
        err.push_str(&format!(
            "{file}:{line}: not of Wasm: {}\n",
            super::show::plain(text)
        ));
    }
    let (events, others) = (log.events.len(), log.others.len());
    let lines = log.lines;
    err.push_str(&format!(
        "{events} events of {lines} lines; {others} are not of Wasm\n"
    ));
    Ok(Done { out, err, ok: true })
}
