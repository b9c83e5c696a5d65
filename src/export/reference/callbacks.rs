//! Callbacks, from the table that the linker reads.

use super::{Entry, Examples, Page, Section, entry, page, prose};
use crate::abi::{CALLBACKS, Callback, CallbackReturns};

/// The page.
pub(super) fn one(examples: &Examples<'_>) -> Page {
    let section = Section {
        entries: CALLBACKS
            .iter()
            .map(|each| callback(each, examples))
            .collect(),
        ..Section::default()
    };
    page(
        "callbacks",
        "Callbacks",
        "Functions that a module exports, and that the host calls where they are there.",
        "callback",
        vec![section],
    )
}

fn callback(callback: &Callback, examples: &Examples<'_>) -> Entry {
    let returns = match callback.returns {
        CallbackReturns::Nothing => "",
        CallbackReturns::Truth => " → bool",
        CallbackReturns::HeadersStatus => " → FilterHeadersStatus",
        CallbackReturns::DataStatus => " → FilterDataStatus",
        CallbackReturns::TrailersStatus => " → FilterTrailersStatus",
        CallbackReturns::MetadataStatus => " → FilterMetadataStatus",
        CallbackReturns::NetworkStatus => " → FilterStatus",
        CallbackReturns::Address => " → address",
        CallbackReturns::Ignored => " → ignored",
    };
    let mut body = format!("<p>{}</p>", prose(callback.doc));
    if let Some(n) = callback.params_0_1_0 {
        body.push_str(&format!(
            "<p>A module of version 0.1.0 takes only the first {n} of these.</p>"
        ));
    }
    let words: Vec<String> = (0..)
        .map_while(|n| callback.returns.word(n).map(|word| (n, word)))
        .take(8)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    // `bool` speaks for itself.
    if callback.returns != CallbackReturns::Truth && !words.is_empty() {
        body.push_str(&format!("<p>Returns: {}.</p>", words.join(", ")));
    }
    body.push_str(&examples.of(callback.name));
    entry(
        callback.name,
        callback.doc,
        callback.params,
        returns,
        callback.versions,
        &body,
    )
}
