//! Numbers that travel: status codes and the enums of the ABI.

use super::{Found, Page, page};
use crate::abi::{
    BufferType, GROUPS, Group, LogLevel, MapType, MetricType, PeerType, Status, StreamType,
};
use crate::course::escape;

/// The two pages.
pub(super) fn pages() -> Vec<Page> {
    vec![statuses(), enums()]
}

fn statuses() -> Page {
    let mut html = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Status codes\"><table><thead><tr>\
         <th scope=\"col\">Number</th><th scope=\"col\">Status</th>\
         <th scope=\"col\">Calls that answer it, besides those where it is Ok</th></tr></thead><tbody>",
    );
    let lead = "What every host call answers with, and which calls answer what.";
    let mut page = page("status-codes", "Status codes", lead, "status", Vec::new());
    for status in Status::ALL {
        let calls: Vec<String> = GROUPS
            .iter()
            .flat_map(|calls| calls.iter())
            .filter(|call| call.statuses.iter().any(|(s, _)| s == status))
            .map(|call| {
                let page = match call.group {
                    Group::Wasi | Group::Toolchain => "wasi",
                    _ => "host-calls",
                };
                let name = escape(call.name);
                format!("<a href=\"../{page}/#{name}\"><code>{name}</code></a>")
            })
            .collect();
        let calls = match calls.is_empty() {
            true => "none".to_string(),
            false => calls.join(", "),
        };
        let (number, word) = (*status as u32, status.word());
        html.push_str(&format!(
            "<tr id=\"{0}\"><td>{number}</td><th scope=\"row\"><code>{0}</code></th><td>{calls}</td></tr>",
            escape(word)
        ));
        page.found.push(Found {
            path: format!("{}#{word}", page.path),
            title: word.into(),
            kind: "status".into(),
            also: vec![format!("status {number}")],
            said: format!("Status {number} of a host call."),
            ..Found::default()
        });
    }
    html.push_str("</tbody></table></div>");
    page.html = html;
    page
}

fn enums() -> Page {
    let lead = "The numbers that stand for maps, buffers, streams, levels and kinds of metric.";
    let mut page = page("enums", "Enums", lead, "enum", Vec::new());
    macro_rules! table {
        ($($type:ident: $title:literal)*) => {$(
            let rows: Vec<_> = $type::ALL.iter().map(|each| (*each as u32, each.word())).collect();
            add(&mut page, stringify!($type), $title, &rows);
        )*};
    }
    table! {
        MapType: "Header maps"
        BufferType: "Buffers"
        StreamType: "Streams"
        LogLevel: "Log levels"
        MetricType: "Kinds of metric"
        PeerType: "Who closed a connection"
    }
    page
}

fn add(page: &mut Page, id: &str, title: &str, rows: &[(u32, &str)]) {
    let words: Vec<String> = rows.iter().map(|(_, word)| (*word).to_string()).collect();
    let cells = rows.iter().map(|(number, word)| {
        format!(
            "<tr><td>{number}</td><th scope=\"row\"><code>{}</code></th></tr>",
            escape(word)
        )
    });
    page.html.push_str(&format!(
        "<h2 id=\"{id}\">{title}</h2><p><code>{id}</code></p><table><thead><tr><th scope=\"col\">Number</th>\
         <th scope=\"col\">Name</th></tr></thead><tbody>{}</tbody></table>",
        cells.collect::<String>()
    ));
    page.found.push(Found {
        path: format!("{}#{id}", page.path),
        title: id.into(),
        kind: "enum".into(),
        also: words.iter().cloned().chain([title.to_string()]).collect(),
        said: words.join(", "),
        ..Found::default()
    });
}
