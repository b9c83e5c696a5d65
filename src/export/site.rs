//! What a page needs of a lesson's lab: text to edit, a request to shape, tasks as HTML.
//!
//! Must not know: how a page draws it.

use super::content::Desk;
use crate::course::render_note;
use crate::lab;
use crate::model::lab::{Lab, TrafficAction};
use crate::model::{Exercise, Place, Problem, Request};
use std::collections::BTreeMap;

/// A lab, opened for a page.
#[derive(Clone, Debug, Default)]
pub struct LabText {
    /// The lab file's text.
    pub text: String,
    /// Editable parts by name, with what stands there first.
    pub parts: BTreeMap<String, String>,
    /// The first request of the first scenario.
    pub request: Option<Request>,
    /// The scenarios' names, and whether they are hidden.
    pub scenarios: Vec<(String, bool)>,
    /// The exercises; task, hints and reason are HTML.
    pub exercises: Vec<Exercise>,
}

/// Opens the lab of a lesson; `None` when the lesson has none.
///
/// # Errors
/// What is wrong with the lab file.
pub fn lab_text(desk: &Desk<'_>) -> Result<Option<LabText>, Problem> {
    let path = format!("{}/lab.yaml", desk.folder);
    match desk.content.text(&path) {
        None => Ok(None),
        Some(text) => {
            let lab = lab::parse(&desk.content.name(&path), text, desk)?;
            let mut opened = open(&lab, text);
            opened.parts = desk.stage("start");
            Ok(Some(opened))
        }
    }
}

/// A parsed lab and its text, for a page. It has no editable parts yet.
pub fn open(lab: &Lab, text: &str) -> LabText {
    let traffic = lab.scenarios.first().into_iter().flat_map(|s| &s.traffic);
    LabText {
        text: text.to_string(),
        parts: BTreeMap::new(),
        request: traffic
            .filter_map(|item| match &item.action {
                TrafficAction::Request(request) => Some(request.clone()),
                _ => None,
            })
            .next(),
        scenarios: (lab.scenarios.iter())
            .map(|scenario| (scenario.name.clone(), scenario.hidden))
            .collect(),
        exercises: lab.exercises.iter().map(in_html).collect(),
    }
}

fn in_html(exercise: &Exercise) -> Exercise {
    let html = |text: &String| render_note(text, &Place::default()).html;
    Exercise {
        task: html(&exercise.task),
        hints: exercise.hints.iter().map(html).collect(),
        why: html(&exercise.why),
        ..exercise.clone()
    }
}
