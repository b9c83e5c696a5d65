//! Host calls, and the functions of WASI, from the tables that the linker reads.

use super::examples::Shelf;
use super::{Page, Section, entry, page, prose};
use crate::abi::{GROUPS, Group, HostCall, Returns};
use crate::course::escape;

/// The two pages: Proxy-Wasm's own calls, and what toolchains import beside them.
pub(super) fn pages(shelf: &Shelf<'_>) -> Vec<Page> {
    let own = |group: Group| !matches!(group, Group::Wasi | Group::Toolchain);
    vec![
        of(
            shelf,
            ("host-calls", say!(host_calls), say!(kind_host_call)),
            say!(host_calls_lead),
            own,
        ),
        of(
            shelf,
            ("wasi", say!(wasi), say!(kind_wasi)),
            say!(wasi_lead),
            |group| !own(group),
        ),
    ]
}

fn of(
    shelf: &Shelf<'_>,
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
            entries: calls.iter().map(|call| host_call(call, shelf)).collect(),
            html: String::new(),
        });
    }
    page(id, title, lead, kind, sections)
}

/// A group's anchor and title.
fn group(group: Group) -> (&'static str, &'static str) {
    match group {
        Group::General => ("general", say!(group_general)),
        Group::Streams => ("streams", say!(group_streams)),
        Group::Headers => ("headers", say!(group_headers)),
        Group::Buffers => ("buffers", say!(group_buffers)),
        Group::Callouts => ("callouts", say!(group_callouts)),
        Group::State => ("state", say!(group_state)),
        Group::Metrics => ("metrics", say!(group_metrics)),
        Group::Toolchain => ("toolchain", say!(group_toolchain)),
        Group::Wasi => ("wasi", say!(group_wasi)),
    }
}

fn host_call(call: &HostCall, shelf: &Shelf<'_>) -> super::Entry {
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
    body.push_str(&shelf.of(call.name));
    entry(
        call.name,
        call.doc,
        call.params,
        returns,
        call.versions,
        &body,
    )
}
