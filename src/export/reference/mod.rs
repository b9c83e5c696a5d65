//! The reference as HTML: what is generated from the tables that the host itself reads, and what
//! people have written to be looked up.
//!
//! Must not know: how a page looks beyond the classes of its parts.

mod callbacks;
mod calls;
mod hosts;
mod manual;
mod numbers;

use super::search::Found;
use crate::abi::{AbiVersion, Param, ParamKind};
use crate::course::{Book, LessonEntry, Manual, escape, inline};
use crate::model::Place;
use std::collections::{BTreeMap, BTreeSet};

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

/// The sample filters whose labs stand in the playground, each with the host calls and callbacks
/// that a run of its lab has.
pub type AtWork = BTreeMap<String, BTreeSet<String>>;

/// Every page of the reference, in the order in which the first one lists them.
pub fn pages(book: &Book, manuals: &[Manual], at_work: &AtWork) -> Vec<Page> {
    let examples = Examples { book, at_work };
    let mut pages = calls::pages(&examples);
    pages.insert(1, callbacks::one(&examples));
    pages.extend(numbers::pages());
    pages.push(hosts::one());
    pages.extend(manuals.iter().map(|each| manual::one(each, &examples)));
    pages
}

/// The page that lists the others.
pub fn contents(pages: &[Page]) -> String {
    let mut html = String::from(
        "<p>Written from the tables that this host links modules with, and from what its tests \
         prove: what stands here is what a module gets.</p>\n<ul class=\"tiles\">",
    );
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

/// Where a call is shown at work: in lessons, and in sample filters.
struct Examples<'a> {
    book: &'a Book,
    at_work: &'a AtWork,
}

/// The most sample filters that an entry leads to.
const TRIED: usize = 3;

/// What the Rust SDK calls the host calls and callbacks, where that is another name.
const SDK: &[(&str, &str)] = &[
    ("proxy_log", "log::"),
    ("proxy_get_header_map_value", "get_http_request_header("),
    ("proxy_add_header_map_value", "add_http_request_header("),
    ("proxy_replace_header_map_value", "set_http_request_header("),
    ("proxy_remove_header_map_value", "set_http_response_header("),
    ("proxy_get_header_map_pairs", "get_http_request_headers("),
    ("proxy_get_buffer_bytes", "get_http_response_body("),
    ("proxy_set_buffer_bytes", "set_http_response_body("),
    ("proxy_send_local_response", "send_http_response("),
    ("proxy_get_shared_data", "get_shared_data("),
    ("proxy_set_shared_data", "set_shared_data("),
    ("proxy_get_property", "get_property("),
    ("proxy_set_tick_period_milliseconds", "set_tick_period("),
    ("proxy_define_metric", "define_metric("),
    ("proxy_increment_metric", "increment_metric("),
    ("proxy_close_stream", "close_downstream("),
    ("proxy_on_request_headers", "fn on_http_request_headers("),
    ("proxy_on_response_headers", "fn on_http_response_headers("),
    ("proxy_on_request_body", "fn on_http_request_body("),
    ("proxy_on_response_body", "fn on_http_response_body("),
    ("proxy_on_configure", "fn on_configure("),
    ("proxy_on_tick", "fn on_tick("),
    ("proxy_on_log", "fn on_log("),
    ("proxy_on_downstream_data", "fn on_downstream_data("),
    ("proxy_on_new_connection", "fn on_new_connection("),
];

impl Examples<'_> {
    /// The lessons that name a call, and playgrounds whose run has it.
    fn of(&self, call: &str) -> String {
        let sdk = SDK
            .iter()
            .find(|(name, _)| *name == call)
            .map(|(_, sdk)| *sdk);
        let says = |text: &str| text.contains(call) || sdk.is_some_and(|sdk| text.contains(sdk));
        let lessons: Vec<LessonEntry> = (self.book.lessons.iter())
            .filter(|lesson| says(&lesson.text))
            .filter_map(|lesson| {
                self.book
                    .catalogue
                    .lessons()
                    .find(|e| e.id == lesson.matter.id)
            })
            .cloned()
            .collect();
        let tried = self
            .at_work
            .iter()
            .filter(|(_, calls)| calls.contains(call));
        let tried: Vec<String> = tried
            .take(TRIED)
            .map(|(sample, _)| {
                let name = escape(sample);
                format!("<a href=\"../../playground/try/{name}/\">{name}</a>")
            })
            .collect();
        let mut html = self.lessons(&lessons);
        if !tried.is_empty() {
            html.push_str(&format!(
                "<p class=\"see\">Try it in the playground: {}</p>",
                tried.join(", ")
            ));
        }
        html
    }

    /// Links to lessons.
    fn lessons(&self, lessons: &[LessonEntry]) -> String {
        if lessons.is_empty() {
            return String::new();
        }
        let links: Vec<String> = lessons
            .iter()
            .map(|lesson| {
                format!(
                    "<a href=\"../..{}\">{}</a>",
                    lesson.path,
                    escape(&lesson.title)
                )
            })
            .collect();
        format!("<p class=\"see\">Lesson: {}</p>", links.join(", "))
    }
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
        0 => "in no version of the specification".to_string(),
        n if n == AbiVersion::ALL.len() => "every ABI version".to_string(),
        _ => format!("ABI {}", versions.join(", ")),
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
        ParamKind::Context => "context id",
        ParamKind::Level => "log level",
        ParamKind::Map => "header map",
        ParamKind::Buffer => "buffer",
        ParamKind::Stream => "stream",
        ParamKind::Metric => "metric kind",
        ParamKind::GrpcStatus => "gRPC status",
        ParamKind::Peer => "peer",
        ParamKind::Bytes => "bytes",
        ParamKind::Pairs => "pairs",
        ParamKind::Path => "property path",
        ParamKind::OutU32 => "returns u32",
        ParamKind::OutU64 => "returns u64",
        ParamKind::OutBytes => "returns bytes",
        ParamKind::OutPairs => "returns pairs",
        ParamKind::Pointer => "pointer",
    }
}

#[cfg(test)]
mod tests;
