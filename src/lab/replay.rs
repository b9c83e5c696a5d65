//! Time travel: a scenario is run again up to an event, and its state there is told in words.
//!
//! A run is a pure function of its lab, so the second run comes to the same event in the same state.
//! Must not know: how a VM is stopped, who looks at the words.

use super::{Contents, RunOptions, scenario_named};
use crate::model::lab::{Lab, Scenario};
use crate::model::moment::{
    ConnectionNow, Excerpt, Half, Mark, Memory, Moment, PAGE, StreamNow, Window,
};
use crate::model::trace::{Event, thread_words};
use crate::model::{Headers, MARK, Problem, Section, Told};
use crate::proxy::Prepared;

/// The state at event `at` of one scenario: the one that the options name, or the only one.
///
/// # Errors
/// What [`super::run`] refuses, several scenarios and none named, and an event that the run does not
/// have: the message says how many there are.
pub fn replay(
    lab: &Lab,
    contents: &Contents,
    options: &RunOptions,
    at: u32,
    window: Option<Window>,
) -> Result<Moment, Problem> {
    let chosen = match (&options.scenario, lab.scenarios.as_slice()) {
        (Some(name), _) => scenario_named(lab, name)?,
        (None, [_]) => 0,
        (None, all) => {
            let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
            return Err(Problem::in_file(
                &lab.file,
                "an event is one of a scenario, and none is named",
                format!("Scenarios here: {}.", names.join(", ")),
            ));
        }
    };
    let prepared = Prepared::new(lab, contents)?;
    let scenario: &Scenario = &lab.scenarios[chosen];
    let (events, moment) = prepared.replay(scenario, options.event_cap, Some(at), window);
    if moment.event.is_some() {
        return Ok(moment);
    }
    let (name, count) = (&scenario.name, events.len());
    let message = format!("scenario `{name}` has no event {at}: it has {count} events");
    let help = match count.checked_sub(1) {
        Some(last) => format!("They are numbered from 0 to {last}."),
        None => String::new(),
    };
    Err(Problem::in_file(&lab.file, message, help))
}

/// A moment in words.
pub fn moment_text(moment: &Moment) -> Told {
    let mut sections = Vec::new();
    if let Some(memory) = &moment.memory {
        let rows = memory.marks.iter().map(|mark| {
            let Mark {
                name,
                address,
                size,
            } = mark;
            (name.clone(), format!("{size} bytes at 0x{address:x}"))
        });
        sections.push(Section::new("Arguments in memory", rows.collect()));
    }
    for stream in &moment.streams {
        of_stream(stream, &mut sections);
    }
    for connection in &moment.connections {
        let title = format!("connection {}", connection.connection);
        sections.push(Section::new(title, of_connection(connection)));
    }
    let data = moment.shared_data.iter().map(|datum| {
        let key = format!("{}/{}", bytes(&datum.vm_id), bytes(&datum.key));
        let value = excerpt(&datum.value);
        (key, format!("{value} (CAS {})", datum.cas))
    });
    sections.push(Section::new("Shared data (vm_id/key)", data.collect()));
    let queues = moment.queues.iter().map(|queue| {
        let name = format!("{}/{}", bytes(&queue.vm_id), bytes(&queue.name));
        let mut lines = vec![format!(
            "token {}, {}",
            queue.token,
            counted(queue.length, "item")
        )];
        lines.extend(queue.items.iter().map(excerpt));
        (name, lines.join("\n"))
    });
    sections.push(Section::new("Queues (vm_id/name)", queues.collect()));
    let timers = moment.timers.iter().map(|timer| {
        let thread = timer.thread.map_or("outside".to_owned(), thread_words);
        let at = millis(timer.at_ns);
        (at, format!("{} ({thread})", timer.what))
    });
    sections.push(Section::new("Timers", timers.collect()));
    let vms =
        moment.vms.iter().map(|vm| {
            let mut lines = vec![format!(
                "{}, {}, vm_id {:?}, memory of {}{}",
                vm.role,
                thread_words(vm.thread),
                vm.vm_id,
                pages(vm.memory_bytes),
                if vm.failed { ", failed" } else { "" }
            )];
            if vm.fuel_max > 0 {
                lines.push(format!("most fuel in one callback: {}", vm.fuel_max));
            }
            lines.extend(
                vm.roots
                    .iter()
                    .map(|(root, plugin)| format!("root context {root}: {plugin}")),
            );
            lines.extend(
                vm.contexts
                    .iter()
                    .map(|(context, stream)| format!("context {context}: stream {stream}")),
            );
            lines.extend(vm.connections.iter().map(|(context, connection)| {
                format!("context {context}: connection {connection}")
            }));
            (format!("VM {}", vm.vm), lines.join("\n"))
        });
    sections.push(Section::new("VMs", vms.collect()));
    let metrics = moment
        .metrics
        .iter()
        .map(|(name, value)| (name.clone(), value.to_string()));
    sections.push(Section::new("Metrics", metrics.collect()));
    let hosts = moment.hosts.iter().map(|(host, counted)| {
        let counted = counted
            .iter()
            .map(|(name, value)| format!("{name}: {value}"));
        (host.clone(), counted.collect::<Vec<_>>().join("\n"))
    });
    sections.push(Section::new("Hosts (cluster::address)", hosts.collect()));
    sections.retain(|section| !section.rows.is_empty());
    Told {
        title: title(moment.event.as_ref()),
        sections,
        path: None,
        dump: moment.memory.as_ref().map(dump),
    }
}

fn title(event: Option<&Event>) -> String {
    let Some(event) = event else {
        return "The end of the run".to_owned();
    };
    let (n, name, at) = (event.n, &event.name, millis(event.t_ns));
    format!("Event {n}: {name}, {} at {at}", thread_words(event.thread))
}

fn millis(ns: u64) -> String {
    format!("{}.{:03} ms", ns / 1_000_000, ns / 1_000 % 1_000)
}

fn of_stream(stream: &StreamNow, sections: &mut Vec<Section>) {
    let number = stream.stream;
    for (side, half) in [("request", &stream.request), ("response", &stream.response)] {
        for (what, map) in [("headers", &half.headers), ("trailers", &half.trailers)] {
            let rows = map.as_ref().map_or_else(Vec::new, pairs);
            sections.push(Section::new(
                format!("Stream {number}: {side} {what}"),
                rows,
            ));
        }
        let rows = of_body(half);
        sections.push(Section::new(format!("Stream {number}: {side} body"), rows));
    }
}

/// The bytes of a TCP connection, and who sees them.
fn of_connection(connection: &ConnectionNow) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push((name.to_owned(), value));
    for (name, bytes) in [
        ("read", &connection.read),
        ("on its way to the client", &connection.write),
        ("stopped on its way to the client", &connection.unread),
    ] {
        if let Some(bytes) = bytes {
            row(name, excerpt(bytes));
        }
    }
    if !connection.seen_by.is_empty() {
        row("seen by", connection.seen_by.join(", "));
    }
    if connection.not_read {
        row(
            "client",
            "is not being read: there is no upstream yet".to_owned(),
        );
    } else if connection.client_ended {
        row("client", "has closed its half".to_owned());
    }
    rows
}

/// What is there of a body, and who holds it.
fn of_body(half: &Half) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push((name.to_owned(), value));
    if let Some(held) = &half.held {
        row("held", excerpt(held));
    }
    if let Some(chunk) = &half.chunk {
        row("on its way", excerpt(chunk));
    }
    for (filter, how) in &half.stopped_by {
        row("stopped by", format!("{filter} ({how})"));
    }
    if half.paused {
        row("sender", "is not being read: too much is held".to_owned());
    } else if half.complete {
        row("sender", "has said everything".to_owned());
    }
    rows
}

fn pairs(headers: &Headers) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (bytes(name), bytes(value)))
        .collect()
}

fn pages(bytes: u64) -> String {
    counted(bytes / PAGE, "page")
}

/// So many of a thing.
pub(super) fn counted(n: u64, thing: &str) -> String {
    match n {
        1 => format!("1 {thing}"),
        n => format!("{n} {thing}s"),
    }
}

/// Bytes as text, so that nothing in it can drive a terminal; others as base64.
fn bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        Ok(text) => text.escape_debug().to_string(),
        Err(_) => format!("base64:{}", crate::model::Bytes::from(bytes).to_base64()),
    }
}

fn excerpt(value: &Excerpt) -> String {
    let size = value.size;
    if size == 0 {
        return "0 bytes".to_owned();
    }
    let cut = if size > value.bytes.len() as u64 {
        " …"
    } else {
        ""
    };
    // A cut may stand inside a character.
    let shown = match std::str::from_utf8(&value.bytes) {
        Err(e) if !cut.is_empty() && e.error_len().is_none() => &value.bytes[..e.valid_up_to()],
        _ => &value.bytes[..],
    };
    format!("{size} bytes: {}{cut}", bytes(shown))
}

fn dump(memory: &Memory) -> Section {
    let is_marked = |address: u64| {
        memory.marks.iter().any(|mark| {
            let from = u64::from(mark.address);
            (from..from + u64::from(mark.size)).contains(&address)
        })
    };
    let rows = memory.bytes.chunks(16);
    let rows = rows.zip((u64::from(memory.address)..).step_by(16));
    let rows = rows.map(|(bytes, address)| {
        let (mut text, mut marking) = (String::new(), false);
        for (byte, at) in bytes.iter().zip(address..) {
            if is_marked(at) != marking {
                text.push(MARK);
                marking = !marking;
            }
            text.push_str(&format!("{byte:02x} "));
        }
        if marking {
            text.push(MARK);
        }
        text.push_str(&"   ".repeat(16 - bytes.len()));
        text.push(' ');
        text.extend(bytes.iter().map(|byte| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        }));
        (format!("{address:08x}"), text)
    });
    let title = format!("Memory of VM {}: {}", memory.vm, pages(memory.size));
    Section::new(title, rows.collect())
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_of_a_thing_is_said_as_one() {
        let said = [0, 1, 2].map(|n| counted(n, "page"));
        assert_eq!(said, ["0 pages", "1 page", "2 pages"]);
    }
}
