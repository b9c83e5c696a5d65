//! Host calls, and the functions of WASI, from the tables that the linker reads.

use super::{Examples, Page, Section, entry, page, prose};
use crate::abi::{GROUPS, Group, HostCall, Returns};
use crate::course::escape;

/// The two pages: Proxy-Wasm's own calls, and what toolchains import beside them.
pub(super) fn pages(examples: &Examples<'_>) -> Vec<Page> {
    let own = |group: Group| !matches!(group, Group::Wasi | Group::Toolchain);
    vec![
        of(
            examples,
            ("host-calls", "Host calls", "host call"),
            "Functions that a module imports and the host carries out, with the causes of each status.",
            own,
        ),
        of(
            examples,
            ("wasi", "WASI and toolchains", "WASI function"),
            "What compilers import beside Proxy-Wasm, and how much of it this host does.",
            |group| !own(group),
        ),
    ]
}

fn of(
    examples: &Examples<'_>,
    (id, title, kind): (&str, &str, &str),
    lead: &str,
    chosen: impl Fn(Group) -> bool,
) -> Page {
    let mut sections = Vec::new();
    for calls in GROUPS {
        let Some(first) = calls.first().filter(|call| chosen(call.group)) else {
            continue;
        };
        let (id, title) = group(first.group);
        sections.push(Section {
            id: id.into(),
            title: title.into(),
            entries: calls.iter().map(|call| host_call(call, examples)).collect(),
            html: String::new(),
        });
    }
    page(id, title, lead, kind, sections)
}

/// A group's anchor and title.
fn group(group: Group) -> (&'static str, &'static str) {
    match group {
        Group::General => (
            "general",
            "Logging, clock, timers, properties, foreign functions",
        ),
        Group::Streams => ("streams", "Streams"),
        Group::Headers => ("headers", "Header maps"),
        Group::Buffers => ("buffers", "Buffers"),
        Group::Callouts => ("callouts", "HTTP and gRPC callouts"),
        Group::State => ("state", "Shared data and queues"),
        Group::Metrics => ("metrics", "Metrics"),
        Group::Toolchain => ("toolchain", "What toolchains import"),
        Group::Wasi => ("wasi", "WASI"),
    }
}

fn host_call(call: &HostCall, examples: &Examples<'_>) -> super::Entry {
    let returns = match call.returns {
        Returns::Status => " → status",
        Returns::Errno => " → errno",
        Returns::Number => " → number",
        Returns::Nothing => "",
    };
    let mut body = format!("<p>{}</p>", prose(call.doc));
    if !call.statuses.is_empty() {
        let rows = call.statuses.iter().map(|(status, cause)| {
            format!(
                "<dt><code>{}</code></dt><dd>{}</dd>",
                escape(status.word()),
                prose(cause)
            )
        });
        body.push_str(&format!("<dl>{}</dl>", rows.collect::<String>()));
    }
    body.push_str(&examples.of(call.name));
    entry(
        call.name,
        call.doc,
        call.params,
        returns,
        call.versions,
        &body,
    )
}
