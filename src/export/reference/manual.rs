//! Pages that people have written: glossary, messages, questions, properties and the like.

use super::{Examples, Found, Page, page};
use crate::course::{Manual, escape};
use crate::export::search::plain;

/// A page of entries.
pub(super) fn one(manual: &Manual, examples: &Examples<'_>) -> Page {
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
        page.html.push_str(&format!(
            "<section class=\"entry\" id=\"{}\"><h2>{}</h2>{}{}</section>\n",
            entry.id,
            escape(&entry.title),
            with_named_tables(&entry.html, &entry.title),
            examples.lessons(&entry.see)
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
    page
}

/// A table is a region that scrolls, and regions of one page have names of their own.
fn with_named_tables(html: &str, title: &str) -> String {
    let name = format!("aria-label=\"{}: table", escape(title));
    html.replace("aria-label=\"Table", &name)
}
