//! Labs that show at work what the reference speaks of: the sample filters' own, and those that stand
//! beside the reference. What a lab shows is read off a run of it, never written down.
//!
//! Must not know: how a page leads to them beyond their address.

use crate::course::{Book, Content, LANGUAGE, LessonEntry, escape};
use crate::export::content::{Desk, Samples};
use crate::export::site;
use crate::lab;
use crate::model::Problem;
use crate::model::report::{Exchange, ExchangeOutcome, ScenarioReport};
use crate::model::trace::{Event, Kind, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A lab of the playground at `/playground/try/ID/`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Example {
    /// Its place in the addresses.
    pub id: String,
    /// Its folder below `content/`.
    pub folder: String,
    /// Its name in words.
    pub title: String,
    /// What a run of it has: callbacks, calls, their statuses, properties and foreign functions that
    /// answered, counters that are not 0.
    pub has: BTreeSet<String>,
    /// What it logged, and why it was refused or stopped.
    pub said: String,
    /// Whether a module or the configuration was refused, or a module failed.
    pub fails: bool,
}

impl Example {
    /// Its site path.
    pub fn path(&self) -> String {
        format!("/playground/try/{}/", self.id)
    }
}

/// Runs every example. The first scenario of each is what it shows.
///
/// # Errors
/// A lab that is none. One that the proxy refuses is an example of that refusal.
pub fn examples(content: &Content, samples: Samples<'_>) -> Result<Vec<Example>, Problem> {
    let own = format!("reference/{LANGUAGE}/try/");
    let folders = content.files.keys();
    let folders = folders.filter_map(|path| path.strip_suffix("/lab.yaml"));
    let mut found: Vec<Example> = Vec::new();
    for folder in folders {
        let id = folder.strip_prefix("filters/");
        let Some(id) = id.or_else(|| folder.strip_prefix(&own)) else {
            continue;
        };
        found.push(example(content, samples, folder, id)?);
    }
    // Those that show little else come first, and what goes wrong comes last.
    found.sort_by_key(|each| (each.fails, each.has.len(), each.id.clone()));
    Ok(found)
}

fn example(
    content: &Content,
    samples: Samples<'_>,
    folder: &str,
    id: &str,
) -> Result<Example, Problem> {
    let desk = Desk {
        content,
        folder,
        edits: BTreeMap::new(),
        samples,
    };
    let file = format!("{folder}/lab.yaml");
    let text = content.text(&file).unwrap_or_default();
    let lab = lab::parse(&content.name(&file), text, &desk)?;
    let (has, said, fails) = match site::record(&desk) {
        Ok(Some(report)) => (shown(&report), said(&report), fails(&report)),
        Ok(None) => Default::default(),
        Err(problem) => (BTreeSet::new(), problem.to_string(), true),
    };
    Ok(Example {
        id: id.into(),
        folder: folder.into(),
        title: lab.name,
        has,
        said,
        fails,
    })
}

fn shown(report: &ScenarioReport) -> BTreeSet<String> {
    let mut has: BTreeSet<String> = report.events.iter().flat_map(of_event).collect();
    let counted = report.stats.iter().filter(|(_, value)| **value > 0);
    has.extend(counted.map(|(name, _)| name.clone()));
    has
}

fn of_event(event: &Event) -> Vec<String> {
    if !matches!(event.kind, Kind::Callback | Kind::HostCall) {
        return Vec::new();
    }
    let mut has = vec![event.name.to_string()];
    let status = event.result.as_ref().map(|result| &*result.status);
    if let (Kind::HostCall, Some(status)) = (event.kind, status) {
        has.push(status.to_owned());
        // A name that was asked for: a path, or a function.
        let named = ["proxy_get_property", "proxy_call_foreign_function"];
        if let Some(Value::Bytes(name)) = event.args.first().map(|arg| &arg.value)
            && named.contains(&&*event.name)
            && !["NotFound", "trap"].contains(&status)
        {
            has.push(String::from_utf8_lossy(name).into_owned());
        }
    }
    has
}

fn fails(report: &ScenarioReport) -> bool {
    let stalled = |exchange: &Exchange| exchange.outcome == ExchangeOutcome::Stalled;
    report.rejected.is_some() || report.failed_vms() > 0 || report.exchanges.iter().any(stalled)
}

fn said(report: &ScenarioReport) -> String {
    let logs = report.logs.iter().map(|line| line.message.as_str());
    let failures = report.vms.iter().filter_map(|vm| vm.failure.as_deref());
    let whys = [&report.rejected, &report.stopped];
    let all = logs.chain(failures);
    let all = all.chain(whys.into_iter().flatten().map(String::as_str));
    all.collect::<Vec<_>>().join("\n")
}

/// Where things are shown at work: in lessons, and in labs.
pub(super) struct Shelf<'a> {
    pub(super) book: &'a Book,
    pub(super) examples: &'a [Example],
}

/// The most labs that an entry leads to.
const TRIED: usize = 3;

impl Shelf<'_> {
    /// The lessons that name a call, a status or the like, and the labs whose run has it.
    pub(super) fn of(&self, name: &str) -> String {
        let tried = self.examples.iter().filter(|each| each.has.contains(name));
        self.named_in_lessons(name) + &links(tried.take(TRIED))
    }

    /// The lessons that name something.
    pub(super) fn named_in_lessons(&self, name: &str) -> String {
        let sdk = SDK.iter().find(|(call, _)| *call == name);
        let says = |text: &str| says(text, name) || sdk.is_some_and(|(_, sdk)| text.contains(sdk));
        let lessons = self.book.lessons.iter();
        let lessons = lessons.filter(|lesson| says(&lesson.text));
        let lessons: Vec<LessonEntry> = lessons
            .filter_map(|lesson| {
                let mut all = self.book.catalogue.lessons();
                all.find(|entry| entry.id == lesson.matter.id).cloned()
            })
            .collect();
        in_lessons(&lessons)
    }

    /// The labs of these ids.
    ///
    /// # Errors
    /// The id that no lab has.
    pub(super) fn tries(&self, ids: &[String]) -> Result<String, String> {
        let found: Result<Vec<&Example>, String> = ids
            .iter()
            .map(|id| {
                let mut all = self.examples.iter();
                all.find(|each| each.id == *id)
                    .ok_or_else(|| format!("Try: there is no lab `{id}` in the playground"))
            })
            .collect();
        Ok(links(found?.into_iter()))
    }
}

/// Whether a text speaks of a name: whole, and plain words only where they are code.
fn says(text: &str, name: &str) -> bool {
    if !name.contains('_') {
        return text.contains(&format!("`{name}`"));
    }
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + name.len()..].starts_with(part))
}

fn links<'a>(examples: impl Iterator<Item = &'a Example>) -> String {
    let links: Vec<String> = examples
        .map(|each| {
            format!(
                "<a href=\"../..{}\">{}</a>",
                each.path(),
                escape(&each.title)
            )
        })
        .collect();
    match links.is_empty() {
        true => String::new(),
        false => format!(
            "<p class=\"see\">{} {}</p>",
            say!(reference_try),
            links.join(", ")
        ),
    }
}

/// Links to lessons.
pub(super) fn in_lessons(lessons: &[LessonEntry]) -> String {
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
    match links.is_empty() {
        true => String::new(),
        false => format!(
            "<p class=\"see\">{} {}</p>",
            say!(reference_lesson),
            links.join(", ")
        ),
    }
}

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
