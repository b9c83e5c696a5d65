//! A lesson's lab: exercises proven, mistakes recognised, mutants rejected, predictions decided.

use super::super::content::{Desk, Samples};
use super::trial::{Trial, holds, over};
use super::{Verdict, find, shape};
use crate::course::{Ask, Content, Facts, Lesson};
use crate::lab;
use crate::model::lab::{Lab, Mistake, Mutant};
use crate::model::report::{Check, Report};
use crate::model::{Exercise, Place, Problem};
use std::collections::BTreeMap;

/// Runs a lesson's lab as the learner finds it, and decides its predictions.
pub(super) fn facts(
    content: &Content,
    lesson: &Lesson,
    samples: Samples<'_>,
    verdict: &mut Verdict,
) -> Option<Facts> {
    let proof = Proof::of(content, lesson, samples)?;
    let trial = proof.trial(BTreeMap::new());
    let report = match trial.and_then(|trial| trial.run()) {
        Ok(report) => report,
        Err(problem) => {
            verdict.take(vec![problem]);
            return None;
        }
    };
    let mut facts = Facts {
        first: report.scenarios.first()?.name.clone(),
        ..Facts::default()
    };
    for ask in lesson.predictions() {
        match decide(&report, &ask, &facts.first) {
            Ok(right) => {
                facts.right.insert(ask.id, right);
                verdict.take(Vec::new());
            }
            Err(problem) => verdict.take(vec![problem]),
        }
    }
    for scenario in report.scenarios {
        facts.events.insert(scenario.name, scenario.events);
    }
    Some(facts)
}

/// Proves what a lesson's lab claims.
pub(super) fn prove(
    content: &Content,
    lesson: &Lesson,
    samples: Samples<'_>,
    verdict: &mut Verdict,
) {
    let Some(proof) = Proof::of(content, lesson, samples) else {
        return;
    };
    let solution = Desk::start(content, lesson, samples).stage("solution");
    let Ok(start) = proof.trial(BTreeMap::new()) else {
        return;
    };
    let lab = &start.lab;
    verdict.take(shape::parts(content, lesson, samples, lab));
    verdict.take(shape::hints(lab));
    if lab.exercises.is_empty() {
        return verdict.take(proof.unproven(lab));
    }
    let solved = proof.trial(solution.clone());
    let (begun, done) = match solved.and_then(|solved| Ok((start.run()?, solved.run()?))) {
        Ok(runs) => runs,
        Err(problem) => return verdict.take(vec![problem]),
    };
    for exercise in &lab.exercises {
        verdict.take(shape::exercise(
            &proof.find(&format!("id: {}", exercise.id)),
            lab,
            exercise,
        ));
        verdict.take_result(proof.starter_fails(exercise, &begun));
        verdict.take(proof.solution_passes(exercise, &done));
    }
    verdict.take_result(proof.same_again(&done, &solution));
    for mistake in &lab.mistakes {
        verdict.take_result(proof.mistake(lab, mistake, &done));
    }
    for mutant in &lab.mutants {
        verdict.take_result(proof.mutant(lab, mutant, &solution));
    }
}

/// The one choice of a prediction whose assertions hold on the run.
fn decide(report: &Report, ask: &Ask, first: &str) -> Result<usize, Problem> {
    let scenario = ask.scenario.as_deref().unwrap_or(first);
    let help = "Exactly one choice must state what happens. See what it is with `tour run`.";
    if !report.scenarios.iter().any(|ran| ran.name == scenario) {
        let message = format!("the lab has no scenario `{scenario}`");
        return Err(Problem::at(
            &ask.place,
            message,
            "Name a scenario of lab.yaml.",
        ));
    }
    let mut right = Vec::new();
    for (at, choice) in ask.choices.iter().enumerate() {
        let expect = match &choice.expect {
            Some(node) => lab::expectations(node)?,
            None => Vec::new(),
        };
        if holds(report, scenario, &expect) {
            right.push(at);
        }
    }
    match right[..] {
        [right] => Ok(right),
        [] => {
            let message = "no choice holds on the run";
            Err(Problem::at(&ask.place, message, help))
        }
        [_, second, ..] => {
            let message = "a second choice holds on the run";
            Err(Problem::at(&ask.choices[second].place, message, help))
        }
    }
}

struct Proof<'a> {
    content: &'a Content,
    lesson: &'a Lesson,
    samples: Samples<'a>,
    /// The lab file below `content/`.
    file: String,
}

impl<'a> Proof<'a> {
    /// `None` for a lesson without a lab.
    fn of(content: &'a Content, lesson: &'a Lesson, samples: Samples<'a>) -> Option<Self> {
        let file = format!("{}/lab.yaml", lesson.folder);
        content.text(&file)?;
        Some(Self {
            content,
            lesson,
            samples,
            file,
        })
    }

    /// Mistakes and mutants of a lab that asks for nothing: no exercise could reject them.
    fn unproven(&self, lab: &Lab) -> Vec<Problem> {
        let stands = [
            ("mistakes", lab.mistakes.is_empty()),
            ("mutants", lab.mutants.is_empty()),
        ];
        let problem = |(key, _)| {
            let message = format!("`{key}` without `exercises`");
            let help = "Add the exercise that rejects them, or leave them out.";
            Problem::at(&self.find(&format!("{key}:")), message, help)
        };
        let left = stands.into_iter().filter(|(_, none)| !none);
        left.map(problem).collect()
    }

    fn trial(&self, edits: BTreeMap<String, String>) -> Result<Trial, Problem> {
        let mut desk = Desk::start(self.content, self.lesson, self.samples);
        desk.edits = edits;
        Trial::prepare(self.content, self.lesson, &desk)
    }

    fn starter_fails(&self, exercise: &Exercise, begun: &Report) -> Result<(), Problem> {
        if fails(exercise, begun) {
            return Ok(());
        }
        let place = self.find(&format!("id: {}", exercise.id));
        let message = format!(
            "the exercise `{}` passes before anything is done",
            exercise.id
        );
        Err(Problem::at(
            &place,
            message,
            "Assert what only a solution brings about.",
        ))
    }

    fn solution_passes(&self, exercise: &Exercise, done: &Report) -> Vec<Problem> {
        let place = self.find(&format!("id: {}", exercise.id));
        let mut problems = Vec::new();
        for scenario in of_exercise(exercise, done) {
            let failed: Vec<&Check> = scenario.checks.iter().filter(|check| !check.ok).collect();
            let name = &scenario.name;
            let help = "Mend solution/, or the assertion.";
            if let Some(why) = &scenario.rejected {
                let message = format!("the solution is refused in `{name}`: {why}");
                problems.push(Problem::at(&place, message, help));
            }
            if let Some(why) = &scenario.stopped {
                let message = format!("the solution is stopped in `{name}`: {why}");
                problems.push(Problem::at(&place, message, help));
            }
            for Check {
                what,
                expected,
                actual,
                ..
            } in failed
            {
                let message = format!(
                    "the solution fails in `{name}`: {what}: expected {expected}, got {actual}"
                );
                problems.push(Problem::at(&place, message, help));
            }
            if problems.is_empty() && !scenario.ok {
                let message = format!("the solution fails in `{name}`");
                problems.push(Problem::at(&place, message, help));
            }
        }
        problems
    }

    /// The same file gives the same report and the same trace, byte for byte.
    fn same_again(
        &self,
        done: &Report,
        solution: &BTreeMap<String, String>,
    ) -> Result<(), Problem> {
        let again = self.trial(solution.clone())?.run()?;
        let text = |report: &Report| serde_json::to_string(report).unwrap_or_default();
        if text(done) == text(&again) {
            return Ok(());
        }
        let file = self.content.name(&self.file);
        let help =
            "A run must depend on its lab file alone. Compare two outputs of `tour run --trace`.";
        Err(Problem::in_file(
            file,
            "two runs of the solution differ",
            help,
        ))
    }

    fn mistake(&self, lab: &Lab, mistake: &Mistake, done: &Report) -> Result<(), Problem> {
        let place = self.find(&format!("name: {}", mistake.name));
        let wrong = |message: String, help: &str| Err(Problem::at(&place, message, help));
        let name = &mistake.name;
        let trial = self.trial(mistake.files.clone());
        let report = match trial.and_then(|trial| trial.run()) {
            Ok(report) => report,
            Err(problem) => {
                return wrong(format!("the mistake `{name}` cannot run: {problem}"), "");
            }
        };
        if !self.rejected(lab, &report) {
            return wrong(
                format!("the mistake `{name}` passes every exercise"),
                "Then it is none, or a check is missing.",
            );
        }
        let alone = std::slice::from_ref(mistake);
        if lab::recognise(alone, done).is_some() {
            return wrong(
                format!("the solution is taken for the mistake `{name}`"),
                "Assert what only this mistake does.",
            );
        }
        match lab::recognise(&lab.mistakes, &report) {
            Some(told) if told.name == *name => Ok(()),
            Some(told) => wrong(
                format!("the mistake `{name}` is taken for `{}`", told.name),
                "Put the more particular one first, or assert more.",
            ),
            None => wrong(
                format!("the mistake `{name}` is not recognised"),
                "Its assertions must hold together in one scenario of its run.",
            ),
        }
    }

    fn mutant(
        &self,
        lab: &Lab,
        mutant: &Mutant,
        solution: &BTreeMap<String, String>,
    ) -> Result<(), Problem> {
        let place = self.find(&format!("name: {}", mutant.name));
        let name = &mutant.name;
        let trial = self.trial(over(solution.clone(), &mutant.files));
        match trial.and_then(|trial| trial.run()) {
            Err(problem) => {
                let message = format!("the mutant `{name}` cannot run: {problem}");
                Err(Problem::at(&place, message, ""))
            }
            Ok(report) if self.rejected(lab, &report) => Ok(()),
            Ok(_) => {
                let message = format!("the mutant `{name}` passes every exercise");
                Err(Problem::at(&place, message, "Add a check that rejects it."))
            }
        }
    }

    fn rejected(&self, lab: &Lab, report: &Report) -> bool {
        lab.exercises.iter().any(|exercise| fails(exercise, report))
    }

    fn find(&self, text: &str) -> Place {
        find(self.content, &self.file, text)
    }
}

fn of_exercise<'r>(
    exercise: &Exercise,
    report: &'r Report,
) -> impl Iterator<Item = &'r crate::model::report::ScenarioReport> {
    (report.scenarios.iter()).filter(|scenario| exercise.scenarios.contains(&scenario.name))
}

fn fails(exercise: &Exercise, report: &Report) -> bool {
    of_exercise(exercise, report).any(|scenario| !scenario.ok)
}
