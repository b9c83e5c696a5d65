//! One run of a lesson's lab with somebody's edits.

use super::super::content::Desk;
use crate::course::{Content, Lesson};
use crate::lab::{self, Contents, RunOptions, Unresolved};
use crate::model::Problem;
use crate::model::lab::{Expectation, Lab, Scenario, Source};
use crate::model::report::Report;
use crate::model::yaml::Node;
use std::collections::BTreeMap;

pub(super) use crate::lab::REQUEST;

/// A lab that is ready to run.
pub(super) struct Trial {
    pub(super) lab: Lab,
    contents: Contents,
    parts: Parts,
}

/// The files of a lesson that its parts stand in, by the parts' names. A text that stands in none,
/// as a mistake's in the lab file, is left out.
struct Parts(BTreeMap<String, String>);

impl Parts {
    fn of(content: &Content, desk: &Desk<'_>) -> Self {
        let path = |stage: &str, name: &str| {
            let folder = desk.folder;
            (
                name.to_owned(),
                content.name(&format!("{folder}/{stage}/{name}")),
            )
        };
        let start = desk.stage("start");
        let mut parts: BTreeMap<_, _> = start.keys().map(|name| path("start", name)).collect();
        let solution = desk.stage("solution");
        for (name, text) in &desk.edits {
            parts.remove(name);
            // What the run tells stands behind the answers that are written.
            if solution
                .get(name)
                .is_some_and(|own| text.starts_with(own.trim_end()))
            {
                parts.extend([path("solution", name)]);
            }
        }
        Self(parts)
    }

    /// A course has many parts of one name: the problem with the whole path.
    fn named(&self, mut problem: Problem) -> Problem {
        if let Some(file) = self.0.get(&problem.place.file) {
            problem.place.file.clone_from(file);
        }
        problem
    }
}

impl Trial {
    /// Reads a lesson's lab with the edits on the desk.
    pub(super) fn prepare(
        content: &Content,
        lesson: &Lesson,
        desk: &Desk<'_>,
        modules: &BTreeMap<String, Source>,
    ) -> Result<Self, Problem> {
        let parts = Parts::of(content, desk);
        match Self::read(content, lesson, desk, modules) {
            Ok((lab, contents)) => Ok(Self {
                lab,
                contents,
                parts,
            }),
            Err(problem) => Err(parts.named(problem)),
        }
    }

    fn read(
        content: &Content,
        lesson: &Lesson,
        desk: &Desk<'_>,
        modules: &BTreeMap<String, Source>,
    ) -> Result<(Lab, Contents), Problem> {
        let path = format!("{}/lab.yaml", lesson.folder);
        let text = content.text(&path).unwrap_or("name: no lab");
        let mut lab = lab::parse(&content.name(&path), text, desk)?;
        lab::put_request_part(&mut lab, 0, desk)?;
        for (name, source) in modules {
            match lab.files.get_mut(name) {
                Some(file) => *file = file.with(source.clone()),
                None => {
                    let message = format!("there is no file `{name}` in this lab");
                    let help = "Name the file that the learner's module stands in.";
                    return Err(Problem::in_file(content.name(&path), message, help));
                }
            }
        }
        let contents = match lab::resolve(&lab, desk) {
            Ok(contents) => contents,
            Err(Unresolved::Problem(problem)) => return Err(problem),
            Err(Unresolved::Awaited(names)) => {
                let message = format!("the samples {} did not come", names.join(", "));
                return Err(Problem::in_file(content.name(&path), message, ""));
            }
        };
        Ok((lab, contents))
    }

    /// Runs every scenario, with the trace.
    pub(super) fn run(&self) -> Result<Report, Problem> {
        run(&self.lab, &self.contents).map_err(|problem| self.parts.named(problem))
    }

    /// Loads another Envoy configuration into the lab's proxy, without traffic.
    pub(super) fn load(&self, envoy: Node) -> Result<(), Problem> {
        let place = envoy.place.clone();
        let mut lab = self.lab.clone();
        lab.envoy = envoy;
        lab.scenarios = vec![Scenario::default()];
        let report = run(&lab, &self.contents)?;
        match report
            .scenarios
            .into_iter()
            .find_map(|scenario| scenario.rejected.or(scenario.stopped))
        {
            Some(why) => Err(Problem::at(
                &place,
                why,
                "Show a configuration that Envoy takes.",
            )),
            None => Ok(()),
        }
    }
}

fn run(lab: &Lab, contents: &Contents) -> Result<Report, Problem> {
    let options = RunOptions {
        capture: true,
        event_cap: EVENT_CAP,
        ..RunOptions::default()
    };
    lab::run(lab, contents, &options)
}

/// A lesson's run that is longer than that cannot be read.
const EVENT_CAP: u32 = 20_000;

/// Whether assertions hold together in a scenario of a run.
pub(super) fn holds(report: &Report, scenario: &str, expect: &[Expectation]) -> bool {
    (report.scenarios.iter())
        .filter(|ran| ran.name == scenario)
        .any(|ran| lab::check(expect, ran).iter().all(|check| check.ok))
}
