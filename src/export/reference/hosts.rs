//! Hosts compared: what each takes away from what Envoy has, from the tables that change a run.

use super::examples::Shelf;
use super::{Found, Page, page};
use crate::abi::{CALLBACKS, GROUPS};
use crate::course::escape;
use crate::host::{Change, PROFILES};

/// What a host does that does as Envoy.
const YES: &str = say!(host_yes);

/// The page.
///
/// # Errors
/// A host without a lab of its own.
pub(super) fn one(shelf: &Shelf<'_>) -> Result<Page, String> {
    let (title, lead) = (say!(hosts), say!(hosts_lead));
    let mut page = page("hosts", title, lead, say!(kind_host), Vec::new());
    for profile in PROFILES {
        page.html.push_str(&format!(
            "<h2 id=\"{0}\"><code>{0}</code></h2><p>{1}</p>{2}",
            escape(profile.name),
            escape(profile.about),
            shelf.tries(&[format!("host-{}", profile.name)])?
        ));
        page.found.push(Found {
            path: format!("{}#{}", page.path, profile.name),
            title: profile.name.into(),
            kind: say!(kind_host).into(),
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
                None => YES,
                Some(Change::Absent) => say!(host_absent),
                Some(Change::Unimplemented) => "Unimplemented",
                Some(Change::Ignored) => say!(host_ignored),
            })
            .collect();
        row(&mut rows, call.name, &cells);
    }
    for callback in CALLBACKS {
        let cells: Vec<&str> = PROFILES
            .iter()
            .map(|profile| match profile.keeps_back(callback.name) {
                true => say!(host_uncalled),
                false => YES,
            })
            .collect();
        row(&mut rows, callback.name, &cells);
    }
    let names = PROFILES
        .iter()
        .map(|profile| format!("<th scope=\"col\">{}</th>", escape(profile.name)));
    page.html.push_str(&format!(
        "<h2 id=\"differences\">{0}</h2><p>{1}</p>\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table><thead><tr>\
         <th scope=\"col\">{2}</th>{3}</tr></thead><tbody>{rows}</tbody></table></div>",
        say!(hosts_differ),
        say!(hosts_same),
        say!(column_call),
        names.collect::<String>()
    ));
    Ok(page)
}

/// A row, where any host differs.
fn row(rows: &mut String, name: &str, cells: &[&str]) {
    if cells.iter().all(|cell| *cell == YES) {
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
