//! Callbacks, from the table that the linker reads.

use super::examples::Shelf;
use super::{Entry, Page, Section, entry, page, prose};
use crate::abi::{CALLBACKS, Callback, CallbackReturns};

/// What the simulated proxy has no reason to call: nobody validates apart from configuring, HTTP/2's
/// METADATA frames and callbacks of extensions are not simulated.
const UNCALLED: [&str; 4] = [
    "proxy_validate_configuration",
    "proxy_on_request_metadata",
    "proxy_on_response_metadata",
    "proxy_on_foreign_function",
];

/// The page.
pub(super) fn one(shelf: &Shelf<'_>) -> Page {
    let section = Section {
        entries: CALLBACKS.iter().map(|each| callback(each, shelf)).collect(),
        ..Section::default()
    };
    page(
        "callbacks",
        say!(callbacks),
        say!(callbacks_lead),
        say!(kind_callback),
        vec![section],
    )
}

fn callback(callback: &Callback, shelf: &Shelf<'_>) -> Entry {
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
            "<p>{}</p>",
            format_args!(say!(callback_first), n = n)
        ));
    }
    let words: Vec<String> = (0..)
        .map_while(|n| callback.returns.word(n).map(|word| (n, word)))
        .take(8)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    // `bool` speaks for itself.
    if callback.returns != CallbackReturns::Truth && !words.is_empty() {
        body.push_str(&format!(
            "<p>{}</p>",
            format_args!(say!(callback_returns), words = words.join(", "))
        ));
    }
    if UNCALLED.contains(&callback.name) {
        body.push_str(&format!("<p>{}</p>", say!(callback_uncalled)));
    }
    body.push_str(&shelf.of(callback.name));
    entry(
        callback.name,
        callback.doc,
        callback.params,
        returns,
        callback.versions,
        &body,
    )
}
