//! The learner's edits, kept in the browser's storage under the lab's id.
//!
//! Only what differs from what the lab began with: when the lab itself changes, edits stay with the
//! parts that are still there, and everything else is as new.

use super::state::Edits;
use crate::ui::logic::request::RequestForm;
use crate::ui::{browser, json};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is kept.
#[derive(Debug, Serialize)]
pub(super) struct Kept {
    /// The request, where it was changed.
    request: Option<RequestForm>,
    /// The texts that were changed.
    texts: BTreeMap<String, String>,
}

impl json::Read for Kept {
    fn read(value: &serde_json::Value) -> Option<Self> {
        Some(Self {
            request: json::field(value, "request")?,
            texts: json::field(value, "texts")?,
        })
    }
}

impl Kept {
    pub(super) fn of(original: &Edits, edits: &Edits) -> Option<Self> {
        let mut texts = edits.texts.clone();
        texts.retain(|name, text| original.texts.get(name) != Some(text));
        (original != edits).then(|| Self {
            request: (original.request != edits.request).then(|| edits.request.clone()),
            texts,
        })
    }
}

/// Keeps edits, or forgets them where there are none.
pub(super) fn save(id: &str, kept: &Option<Kept>) {
    match kept.as_ref().map(serde_json::to_string) {
        Some(Ok(text)) if !browser::store(&key(id), &text) => {
            browser::tell_kit("unkept", String::new());
        }
        Some(_) => {}
        None => browser::forget(&key(id)),
    }
}

/// The lab's beginning with the edits that were kept for it.
pub(super) fn load(id: &str, original: &Edits) -> Option<Edits> {
    let kept: Kept = json::read(&browser::stored(&key(id))?).ok()?;
    let mut edits = original.clone();
    for (name, text) in kept.texts {
        // A part that the lab no longer has is no longer edited.
        edits.texts.entry(name).and_modify(|have| *have = text);
    }
    if let Some(request) = kept.request {
        edits.request = request;
    }
    (edits != *original).then_some(edits)
}

fn key(id: &str) -> String {
    format!("tour.lab.{id}")
}
