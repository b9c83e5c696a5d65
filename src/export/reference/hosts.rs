//! Hosts compared: what each takes away from what Envoy has, from the tables that change a run.

use super::{Found, Page, page};
use crate::abi::{CALLBACKS, GROUPS};
use crate::course::escape;
use crate::host::{Change, PROFILES};

/// The page.
pub(super) fn one() -> Page {
    let lead = "What other Proxy-Wasm hosts do otherwise than Envoy. A lab runs on one of them with the key profile.";
    let mut page = page("hosts", "Hosts compared", lead, "host", Vec::new());
    for profile in PROFILES {
        page.html.push_str(&format!(
            "<h2 id=\"{0}\"><code>{0}</code></h2><p>{1}</p>",
            escape(profile.name),
            escape(profile.about)
        ));
        page.found.push(Found {
            path: format!("{}#{}", page.path, profile.name),
            title: profile.name.into(),
            kind: "host".into(),
            said: profile.about.into(),
            text: profile.about.into(),
            ..Found::default()
        });
    }
    let mut rows = String::new();
    for call in GROUPS.iter().flat_map(|calls| calls.iter()) {
        let cells: Vec<&str> = PROFILES
            .iter()
            .map(|profile| match profile.change(call.name) {
                None => "yes",
                Some(Change::Absent) => "does not load",
                Some(Change::Unimplemented) => "Unimplemented",
                Some(Change::Ignored) => "ignored",
            })
            .collect();
        row(&mut rows, call.name, &cells);
    }
    for callback in CALLBACKS {
        let cells: Vec<&str> = PROFILES
            .iter()
            .map(|profile| match profile.keeps_back(callback.name) {
                true => "never called",
                false => "yes",
            })
            .collect();
        row(&mut rows, callback.name, &cells);
    }
    let names = PROFILES
        .iter()
        .map(|profile| format!("<th scope=\"col\">{}</th>", escape(profile.name)));
    page.html.push_str(&format!(
        "<h2 id=\"differences\">Where they differ</h2><p>What is not listed is the same everywhere.</p>\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Where hosts differ\"><table><thead><tr>\
         <th scope=\"col\">Call or callback</th>{}</tr></thead><tbody>{rows}</tbody></table></div>",
        names.collect::<String>()
    ));
    page
}

/// A row, where any host differs.
fn row(rows: &mut String, name: &str, cells: &[&str]) {
    if cells.iter().all(|cell| *cell == "yes") {
        return;
    }
    let cells: String = cells
        .iter()
        .map(|cell| format!("<td>{cell}</td>"))
        .collect();
    rows.push_str(&format!(
        "<tr><th scope=\"row\"><code>{}</code></th>{cells}</tr>",
        escape(name)
    ));
}
