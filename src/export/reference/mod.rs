//! The reference as HTML: what is generated from the tables that the host itself reads, and what
//! people have written to be looked up.
//!
//! Must not know: how a page looks beyond the classes of its parts.

mod callbacks;
mod calls;
mod examples;
mod hosts;
mod manual;
mod numbers;

pub use examples::{Example, examples};

use super::search::Found;
use crate::abi::{AbiVersion, Param, ParamKind};
use crate::course::{Book, Manual, escape, inline};
use crate::model::Place;
use examples::Shelf;

/// A page of the reference.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Its site path.
    pub path: String,
    /// Its title.
    pub title: String,
    /// What it is for, in one sentence.
    pub lead: String,
    /// Its text as HTML. Addresses in it are relative to its path.
    pub html: String,
    /// What can be found on it.
    pub found: Vec<Found>,
}

/// Every page of the reference, in the order in which the first one lists them.
///
/// # Errors
/// A page that names a lab which is not there.
pub fn pages(book: &Book, manuals: &[Manual], examples: &[Example]) -> Result<Vec<Page>, String> {
    let shelf = Shelf { book, examples };
    let mut pages = calls::pages(&shelf);
    pages.insert(1, callbacks::one(&shelf));
    pages.extend(numbers::pages(&shelf));
    pages.push(hosts::one(&shelf)?);
    for each in manuals {
        pages.push(manual::one(each, &shelf)?);
    }
    Ok(pages)
}

/// The page that lists the others.
pub fn contents(pages: &[Page]) -> String {
    let mut html = format!("<p>{}</p>\n<ul class=\"tiles\">", say!(reference_from));
    for page in pages {
        html.push_str(&format!(
            "<li><a href=\"..{}\"><strong>{}</strong><span>{}</span></a></li>",
            page.path,
            escape(&page.title),
            prose(&page.lead)
        ));
    }
    html.push_str("</ul>\n");
    html
}

/// Part of a generated page.
#[derive(Default)]
struct Section {
    id: String,
    title: String,
    html: String,
    entries: Vec<Entry>,
}

/// A call or callback on such a page.
struct Entry {
    name: String,
    said: String,
    html: String,
}

fn page(id: &str, title: &str, lead: &str, kind: &str, sections: Vec<Section>) -> Page {
    let mut page = Page {
        path: format!("/reference/{id}/"),
        title: title.into(),
        lead: lead.into(),
        ..Page::default()
    };
    if sections.len() > 1 {
        page.html.push_str("<ul class=\"contents\">");
        for section in &sections {
            page.html.push_str(&format!(
                "<li><a href=\"#{}\">{}</a></li>",
                section.id, section.title
            ));
        }
        page.html.push_str("</ul>\n");
    }
    for section in sections {
        if !section.id.is_empty() {
            page.html.push_str(&format!(
                "<h2 id=\"{}\">{}</h2>\n",
                section.id, section.title
            ));
        }
        page.html.push_str(&section.html);
        for entry in section.entries {
            page.html.push_str(&entry.html);
            page.found.push(Found {
                path: format!("{}#{}", page.path, entry.name),
                also: vec![entry.name.trim_start_matches("proxy_").to_string()],
                title: entry.name,
                kind: kind.into(),
                text: entry.said.clone(),
                said: entry.said,
            });
        }
    }
    page
}

/// The tables' sentences are Markdown of one paragraph.
fn prose(text: &str) -> String {
    inline(text, &Place::default())
}

fn entry(
    name: &str,
    doc: &str,
    params: &[Param],
    returns: &str,
    versions: &[AbiVersion],
    body: &str,
) -> Entry {
    let params: Vec<String> = params
        .iter()
        .map(|param| format!("{}: {}", param.name, kind(param.kind)))
        .collect();
    let versions: Vec<&str> = versions.iter().map(|version| version.word()).collect();
    let versions = match versions.len() {
        0 => say!(versions_none).to_string(),
        n if n == AbiVersion::ALL.len() => say!(versions_all).to_string(),
        _ => format!(say!(versions_some), versions = versions.join(", ")),
    };
    let html = format!(
        "<section class=\"entry\" id=\"{0}\"><h3><code>{0}</code></h3>\
         <p class=\"signature\"><code>({1}){2}</code> <span class=\"versions\">{3}</span></p>{4}</section>\n",
        escape(name),
        escape(&params.join(", ")),
        escape(returns),
        versions,
        body
    );
    Entry {
        name: name.into(),
        said: super::search::plain(&prose(doc)),
        html,
    }
}

fn kind(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::U32 => "u32",
        ParamKind::I64 => "i64",
        ParamKind::Bool => "bool",
        ParamKind::Context => say!(param_context_id),
        ParamKind::Level => say!(param_log_level),
        ParamKind::Map => say!(param_header_map),
        ParamKind::Buffer => say!(param_buffer),
        ParamKind::Stream => say!(param_stream),
        ParamKind::Metric => say!(param_metric_kind),
        ParamKind::GrpcStatus => say!(param_grpc_status),
        ParamKind::Peer => say!(param_peer),
        ParamKind::Bytes => say!(param_bytes),
        ParamKind::Pairs => say!(param_pairs),
        ParamKind::Path => say!(param_property_path),
        ParamKind::OutU32 => say!(param_returns_u32),
        ParamKind::OutU64 => say!(param_returns_u64),
        ParamKind::OutBytes => say!(param_returns_bytes),
        ParamKind::OutPairs => say!(param_returns_pairs),
        ParamKind::Pointer => say!(param_pointer),
    }
}

#[cfg(test)]
mod tests;
