//! The learner's edits, kept in the browser's storage under the lab's id.
//!
//! They come back only to the lab they were made for: each note carries a digest of what the lab
//! began with, so that a lesson that has changed since does not get texts that no longer fit.

use super::state::Edits;
use crate::model::digest;
use crate::ui::logic::request::RequestForm;
use crate::ui::{browser, json};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    base: String,
    request: RequestForm,
    texts: BTreeMap<String, String>,
}

impl Kept {
    pub(super) fn of(original: &Edits, edits: &Edits) -> Option<Self> {
        (original != edits).then(|| Self {
            base: version(original),
            request: edits.request.clone(),
            texts: edits.texts.clone(),
        })
    }
}

/// Keeps edits, or forgets them where there are none.
pub(super) fn save(id: &str, kept: &Option<Kept>) {
    match kept.as_ref().map(serde_json::to_string) {
        Some(Ok(text)) => browser::store(&key(id), &text),
        Some(Err(_)) => {}
        None => browser::forget(&key(id)),
    }
}

/// The edits that were kept for this lab.
pub(super) fn load(id: &str, original: &Edits) -> Option<Edits> {
    let kept: Kept = json::read(&browser::stored(&key(id))?).ok()?;
    (kept.base == version(original)).then_some(Edits {
        request: kept.request,
        texts: kept.texts,
    })
}

fn key(id: &str) -> String {
    format!("tour.lab.{id}")
}

fn version(edits: &Edits) -> String {
    format!("{:016x}", digest(format!("{edits:?}").as_bytes()))
}
