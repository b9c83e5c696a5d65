//! `tour run --at K`: the state of a run at one event.

use super::options::Options;
use super::show::{indented, line, millis, plain};
use super::{Done, Unusable};
use proxy_wasm_tour::course::sentence;
use proxy_wasm_tour::lab::moment_text;
use proxy_wasm_tour::model::MARK;
use proxy_wasm_tour::model::moment::{Moment, Window};

/// The event and the window of memory that are asked for.
pub(crate) fn asked(options: &Options) -> Result<Option<(u32, Option<Window>)>, Unusable> {
    let window = options.value("memory").map(window).transpose()?;
    match (options.value("at"), window) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Unusable(
            "--memory goes with --at K\n  Memory is that of one moment: the event's.".to_owned(),
        )),
        (Some(at), window) => match at.parse() {
            Ok(at) => Ok(Some((at, window))),
            Err(_) => Err(Unusable(format!(
                "--at `{at}` is no event's number\n  `tour run LAB.yaml --trace` prints events with their numbers (`n`)."
            ))),
        },
    }
}

/// `ADDR,LEN`, each decimal or hexadecimal.
fn window(text: &str) -> Result<Window, Unusable> {
    let number = |word: &str| match word.trim().strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => word.trim().parse().ok(),
    };
    let parts = text.split_once(',');
    let parts = parts.and_then(|(from, length)| Some((number(from)?, number(length)?)));
    match parts {
        Some((address, length)) if (1..=Window::MAX).contains(&length) => {
            Ok(Window { address, length })
        }
        Some((_, length)) => Err(Unusable(format!(
            "--memory: {length} bytes; ask for 1 to {}",
            Window::MAX
        ))),
        None => Err(Unusable(format!(
            "--memory `{text}` is no ADDR,LEN\n  Both are numbers, decimal or hexadecimal: --memory 0x10000,256."
        ))),
    }
}

/// The state as text or JSON.
pub(crate) fn shown(moment: &Moment, json: bool) -> Result<Done, Unusable> {
    if json {
        let mut json = serde_json::to_string(moment).map_err(|e| e.to_string())?;
        json.push('\n');
        return Ok(Done::text(json));
    }
    let mut out = String::new();
    if let Some(event) = &moment.event {
        let (n, time) = (event.n, millis(event.t_ns));
        let head = format!("event {n} at {time}  {}", sentence(event));
        line(&mut out, 0, &plain(&head));
    }
    let text = moment_text(moment);
    for section in &text.sections {
        line(&mut out, 0, "");
        line(&mut out, 1, &section.title);
        for (name, value) in &section.rows {
            indented(&mut out, 2, &format!("{name}: "), &plain(value));
        }
    }
    if let Some(dump) = &text.dump {
        line(&mut out, 0, "");
        line(&mut out, 1, &dump.title);
        for (address, text) in &dump.rows {
            line(
                &mut out,
                2,
                &format!("{address}  {}", text.replace(MARK, "")),
            );
        }
    }
    Ok(Done::text(out))
}
