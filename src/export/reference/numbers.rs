//! Numbers that travel: status codes and the enums of the ABI.

use super::examples::Shelf;
use super::{Found, Page, page};
use crate::abi::{
    BufferType, GROUPS, Group, LogLevel, MapType, MetricType, PeerType, Status, StreamType,
};
use crate::course::escape;

/// The two pages.
pub(super) fn pages(shelf: &Shelf<'_>) -> Vec<Page> {
    vec![statuses(shelf), enums(shelf)]
}

fn statuses(shelf: &Shelf<'_>) -> Page {
    let (title, lead) = (say!(statuses), say!(statuses_lead));
    let mut page = page("status-codes", title, lead, say!(kind_status), Vec::new());
    for status in Status::ALL {
        let (number, word) = (*status as u32, status.word());
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
        let calls = match (*status, calls.is_empty()) {
            (Status::Ok, _) => say!(statuses_of_ok).to_string(),
            // The one status that travels in an answer of another call.
            (Status::BrokenConnection, _) => say!(statuses_of_broken).to_string(),
            (_, true) => say!(statuses_of_none).to_string(),
            (_, false) => format!(say!(statuses_of), calls = calls.join(", ")),
        };
        // What is no call's answer can still be seen: in the call that tells of it.
        let shown = match status {
            Status::BrokenConnection => shelf.of("proxy_get_status"),
            _ => shelf.of(word),
        };
        page.html.push_str(&format!(
            "<section class=\"entry\" id=\"{0}\"><h2><code>{0}</code> <span class=\"versions\">{number}</span></h2>\
             <p>{calls}</p>{shown}</section>\n",
            escape(word)
        ));
        page.found.push(Found {
            path: format!("{}#{word}", page.path),
            title: word.into(),
            kind: say!(kind_status).into(),
            also: vec![format!("status {number}")],
            said: format!(say!(status_found), number = number),
            ..Found::default()
        });
    }
    page
}

fn enums(shelf: &Shelf<'_>) -> Page {
    let (title, lead) = (say!(enums), say!(enums_lead));
    let mut page = page("enums", title, lead, say!(kind_enum), Vec::new());
    macro_rules! table {
        ($($type:ident: $title:expr, $call:literal;)*) => {$(
            let rows: Vec<_> = $type::ALL.iter().map(|each| (*each as u32, each.word())).collect();
            add(&mut page, stringify!($type), $title, &rows, &shelf.of($call));
        )*};
    }
    // Each with a call or callback that has such a number.
    table! {
        MapType: say!(enum_maps), "proxy_get_header_map_pairs";
        BufferType: say!(enum_buffers), "proxy_set_buffer_bytes";
        StreamType: say!(enum_streams), "proxy_continue_stream";
        LogLevel: say!(enum_levels), "proxy_get_log_level";
        MetricType: say!(enum_metrics), "proxy_define_metric";
        PeerType: say!(enum_peers), "proxy_on_downstream_connection_close";
    }
    page
}

fn add(page: &mut Page, id: &str, title: &str, rows: &[(u32, &str)], shown: &str) {
    let words: Vec<String> = rows.iter().map(|(_, word)| (*word).to_string()).collect();
    let cells = rows.iter().map(|(number, word)| {
        format!(
            "<tr><td>{number}</td><th scope=\"row\"><code>{}</code></th></tr>",
            escape(word)
        )
    });
    page.html.push_str(&format!(
        "<h2 id=\"{id}\">{title}</h2><p><code>{id}</code></p><table><thead><tr><th scope=\"col\">{}</th>\
         <th scope=\"col\">{}</th></tr></thead><tbody>{}</tbody></table>{shown}",
        say!(column_number),
        say!(column_name),
        cells.collect::<String>()
    ));
    page.found.push(Found {
        path: format!("{}#{id}", page.path),
        title: id.into(),
        kind: say!(kind_enum).into(),
        also: words.iter().cloned().chain([title.to_string()]).collect(),
        said: words.join(", "),
        ..Found::default()
    });
}
