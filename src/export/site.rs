//! What a page needs of a lesson's lab: text to edit, a request to shape, tasks as HTML.
//!
//! Must not know: how a page draws it.

use super::content::Desk;
use crate::course::{form, render_note};
use crate::lab::{self, RunOptions, Unresolved};
use crate::model::exercise::{ANSWERS, Quest};
use crate::model::lab::{Lab, TrafficAction};
use crate::model::report::ScenarioReport;
use crate::model::yaml::{self, Node, Value};
use crate::model::{Exercise, Place, Problem, Request};
use std::collections::BTreeMap;

/// A lab, opened for a page.
#[derive(Clone, Debug, Default)]
pub struct LabText {
    /// The lab file's text.
    pub text: String,
    /// Editable parts by name, with what stands there first.
    pub parts: BTreeMap<String, String>,
    /// One right answer: the parts that differ in it.
    pub solution: BTreeMap<String, String>,
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
            opened.solution = desk.stage("solution");
            if lab.parts.iter().any(|part| part == ANSWERS) {
                opened.parts.insert(ANSWERS.to_owned(), String::new());
                // The page's forms read JSON, which is YAML too.
                if let Some(answers) = opened.solution.get_mut(ANSWERS) {
                    *answers = json(&yaml::parse(ANSWERS, answers)?).to_string();
                }
            }
            // An answer in the request is not a text that the page edits.
            let parts = &opened.parts;
            opened.solution.retain(|name, _| parts.contains_key(name));
            Ok(Some(opened))
        }
    }
}

/// Runs the first scenario of a lesson's lab, with its trace; `None` when there is no lab.
///
/// # Errors
/// What of the lab cannot be used.
pub fn record(desk: &Desk<'_>) -> Result<Option<ScenarioReport>, Problem> {
    let path = format!("{}/lab.yaml", desk.folder);
    let Some(text) = desk.content.text(&path) else {
        return Ok(None);
    };
    let file = desk.content.name(&path);
    let lab = lab::parse(&file, text, desk)?;
    let contents = lab::resolve(&lab, desk).map_err(|unresolved| match unresolved {
        Unresolved::Problem(problem) => problem,
        Unresolved::Awaited(names) => Problem::in_file(
            file,
            format!("the samples {} did not come", names.join(", ")),
            "Build the sample filters first.",
        ),
    })?;
    let options = RunOptions {
        scenario: lab.scenarios.first().map(|scenario| scenario.name.clone()),
        ..RunOptions::default()
    };
    let report = lab::run(&lab, &contents, &options)?;
    Ok(report.scenarios.into_iter().next())
}

/// A parsed lab and its text, for a page. It has no editable parts yet.
pub fn open(lab: &Lab, text: &str) -> LabText {
    LabText {
        text: text.to_string(),
        parts: BTreeMap::new(),
        solution: BTreeMap::new(),
        request: first_request(lab),
        scenarios: (lab.scenarios.iter())
            .map(|scenario| (scenario.name.clone(), scenario.hidden))
            .collect(),
        exercises: (lab.exercises.iter().zip(&lab.quests))
            .map(|(exercise, quest)| in_html(exercise, quest))
            .collect(),
    }
}

/// The first request of the first scenario.
pub(super) fn first_request(lab: &Lab) -> Option<Request> {
    let mut traffic = lab.scenarios.first()?.traffic.iter();
    traffic.find_map(|item| match &item.action {
        TrafficAction::Request(request) => Some(request.clone()),
        _ => None,
    })
}

/// A tree as JSON; every scalar is a text.
fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Scalar { text, .. } => text.clone().into(),
        Value::List(items) => items.iter().map(json).collect::<Vec<_>>().into(),
        Value::Map(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, node)| (key.text.clone(), json(node)));
            serde_json::Value::Object(entries.collect())
        }
    }
}

fn in_html(exercise: &Exercise, quest: &Quest) -> Exercise {
    let html = |text: &String| render_note(text, &Place::default()).html;
    Exercise {
        task: html(&exercise.task) + &form(exercise, quest),
        hints: exercise.hints.iter().map(html).collect(),
        why: html(&exercise.why),
        ..exercise.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Content;

    const LAB: &str = "name: n\nenvoy: {edit: envoy.yaml}\nscenarios:\n\
        - name: a\n  traffic:\n  - advance: 1s\n  - request: {path: /first}\n  - request: {path: /second}\n\
        - name: b\n  hidden: true\n  traffic:\n  - request: {path: /other}\n  expect: [{client: {status: 200}}]\n\
        exercises:\n- {id: x, kind: config, task: Use `a`., scenarios: [b], hints: [h], why: w}\n";

    fn content(files: &[(&str, &str)]) -> Content {
        Content {
            root: "content".into(),
            files: (files.iter())
                .map(|(path, text)| ((*path).into(), (*text).into()))
                .collect(),
        }
    }

    fn opened(content: &Content) -> Result<Option<LabText>, Problem> {
        lab_text(&Desk {
            content,
            folder: "l",
            edits: BTreeMap::new(),
            samples: &|_| Err("none".into()),
        })
    }

    #[test]
    fn a_page_gets_the_first_request_the_parts_and_the_tasks() {
        let content = content(&[("l/lab.yaml", LAB), ("l/start/envoy.yaml", "{}")]);
        let lab = opened(&content).expect("parses").expect("a lab");
        assert_eq!(lab.request.map(|r| r.path), Some("/first".into()));
        assert_eq!(lab.parts["envoy.yaml"], "{}");
        assert_eq!(lab.scenarios, [("a".into(), false), ("b".into(), true)]);
        assert!(lab.exercises[0].task.contains("<code>a</code>"));
    }

    #[test]
    fn a_broken_lab_says_where() {
        let content = content(&[("l/lab.yaml", "nmae: n\n")]);
        let problem = opened(&content).expect_err("a problem");
        assert_eq!((problem.place.line, problem.place.column), (1, 1));
    }
}
