//! Pages that people have written: glossary, messages, questions, properties and the like.

use super::examples::{Shelf, in_lessons};
use super::{Found, Page, page};
use crate::course::{Manual, escape};
use crate::export::search::plain;

/// A page of entries.
///
/// # Errors
/// An entry that names a lab which is not there.
pub(super) fn one(manual: &Manual, shelf: &Shelf<'_>) -> Result<Page, String> {
    let mut page = page(
        &manual.id,
        &manual.title,
        &manual.lead,
        &manual.kind,
        Vec::new(),
    );
    let many = manual.entries.len() > 8;
    if many {
        page.html.push_str("<ul class=\"contents\">");
        for entry in &manual.entries {
            page.html.push_str(&format!(
                "<li><a href=\"#{}\">{}</a></li>",
                entry.id,
                escape(&entry.title)
            ));
        }
        page.html.push_str("</ul>");
    }
    for entry in &manual.entries {
        let tries = shelf.tries(&entry.tries);
        let tries = tries.map_err(|e| format!("{}, {}: {e}", manual.id, entry.title))?;
        page.html.push_str(&format!(
            "<section class=\"entry\" id=\"{}\"><h2>{}</h2>{}{}{}</section>\n",
            entry.id,
            escape(&entry.title),
            with_named_tables(&entry.html, &entry.title),
            in_lessons(&entry.see),
            tries
        ));
        page.found.push(Found {
            path: format!("{}#{}", page.path, entry.id),
            title: entry.title.clone(),
            kind: manual.kind.clone(),
            also: entry.also.clone(),
            said: plain(&entry.short),
            text: plain(&entry.html),
        });
    }
    Ok(page)
}

/// A table is a region that scrolls, and regions of one page have names of their own.
fn with_named_tables(html: &str, title: &str) -> String {
    let name = format!(say!(table_of), title = escape(title));
    html.replace("aria-label=\"Table", &format!("aria-label=\"{name}"))
}
