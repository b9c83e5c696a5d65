//! A lesson's lab: exercises proven, mistakes recognised, mutants rejected, predictions decided.

use super::super::content::{Desk, Samples};
use super::trial::{Trial, holds};
use super::{Verdict, find, quests, shape};
use crate::course::{Ask, Content, Facts, Lesson};
use crate::lab;
use crate::model::exercise::{ANSWERS, Asked, Quest};
use crate::model::lab::{Lab, Mistake, Mutant, Source};
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
    let trial = proof.trial(BTreeMap::new(), &BTreeMap::new());
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
    let Ok(start) = proof.trial(BTreeMap::new(), &BTreeMap::new()) else {
        return;
    };
    let lab = &start.lab;
    verdict.take(shape::parts(content, lesson, samples, lab));
    verdict.take(shape::hints(lab));
    if lab.exercises.is_empty() {
        return verdict.take(proof.unproven(lab));
    }
    let (begun, (solution, done)) =
        match start.run().and_then(|begun| Ok((begun, proof.solve(lab)?))) {
            Ok(runs) => runs,
            Err(problem) => return verdict.take(vec![problem]),
        };
    for (exercise, quest) in lab.exercises.iter().zip(&lab.quests) {
        let place = proof.find(&format!("id: {}", exercise.id));
        verdict.take(shape::exercise(&place, lab, exercise));
        verdict.take(quests::shape(exercise, quest, &begun));
        verdict.take_result(proof.starter_fails(exercise, &begun));
        verdict.take(proof.solution_passes(exercise, quest, &done));
        for problem in quests::mistakes(exercise, quest, &done) {
            verdict.take(problem.into_iter().collect());
        }
        for problem in proof.cards(exercise, quest, &solution) {
            verdict.take(problem.into_iter().collect());
        }
    }
    verdict.take_result(proof.same_again(&done, &solution));
    verdict.take(shape::says(lab, |name| {
        proof.find(&format!("name: {name}"))
    }));
    for mistake in &lab.mistakes {
        verdict.take_result(proof.mistake(lab, mistake, &done, &solution));
    }
    for mutant in &lab.mutants {
        verdict.take_result(proof.mutant(mutant, &solution));
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

/// What solves every exercise of a lab.
#[derive(Clone)]
struct Solution {
    edits: BTreeMap<String, String>,
    modules: BTreeMap<String, Source>,
}

impl Solution {
    fn with(&self, name: &str, text: String) -> Self {
        let mut other = self.clone();
        other.edits.insert(name.to_owned(), text);
        other
    }

    fn over(&self, edits: &BTreeMap<String, String>, modules: &BTreeMap<String, Source>) -> Self {
        let mut other = self.clone();
        other.edits.extend(edits.clone());
        other.modules.extend(modules.clone());
        other
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

    fn trial(
        &self,
        edits: BTreeMap<String, String>,
        modules: &BTreeMap<String, Source>,
    ) -> Result<Trial, Problem> {
        let mut desk = Desk::start(self.content, self.lesson, self.samples);
        desk.edits = edits;
        Trial::prepare(self.content, self.lesson, &desk, modules)
    }

    /// What solves every exercise, and its run. What the run tells is never written down: it is
    /// asked for its answers, and then given them.
    fn solve(&self, lab: &Lab) -> Result<(Solution, Report), Problem> {
        let mut solution = Solution {
            edits: Desk::start(self.content, self.lesson, self.samples).stage("solution"),
            modules: BTreeMap::new(),
        };
        for quest in &lab.quests {
            if let Asked::Own {
                file,
                solution: own,
            } = &quest.asked
            {
                solution.modules.insert(file.clone(), own.clone());
            }
        }
        let given = solution.edits.get(ANSWERS).map_or("", String::as_str);
        let mut answers = quests::Answers::read(given)?;
        for (exercise, quest) in lab.exercises.iter().zip(&lab.quests) {
            if let (Asked::Patch { cards, .. }, false) = (&quest.asked, answers.has(&exercise.id)) {
                for at in 0..cards.len() {
                    let mut tried = answers.clone();
                    tried.put(&exercise.id, &format!("{{\"card\": \"{at}\"}}"));
                    let report = self.run(&solution.with(ANSWERS, tried.text()))?;
                    if passes(&exercise.id, &report) {
                        answers = tried;
                        break;
                    }
                }
            }
        }
        if lab.parts.iter().any(|part| part == ANSWERS) {
            solution = solution.with(ANSWERS, answers.text());
        }
        let report = self.run(&solution)?;
        let told: Vec<(&String, &String)> = (report.exercises.iter())
            .filter(|graded| !answers.has(&graded.id))
            .filter_map(|graded| Some((&graded.id, graded.right.as_ref()?)))
            .collect();
        if told.is_empty() {
            return Ok((solution, report));
        }
        for (id, right) in told {
            answers.put(id, right);
        }
        solution = solution.with(ANSWERS, answers.text());
        let report = self.run(&solution)?;
        Ok((solution, report))
    }

    fn run(&self, solution: &Solution) -> Result<Report, Problem> {
        self.trial(solution.edits.clone(), &solution.modules)?.run()
    }

    /// Cards that are chosen one by one: some fail, and each of those says why.
    fn cards(
        &self,
        exercise: &Exercise,
        quest: &Quest,
        solution: &Solution,
    ) -> Vec<Option<Problem>> {
        let Asked::Patch { cards, .. } = &quest.asked else {
            return Vec::new();
        };
        let mut fail = 0;
        let mut problems: Vec<Option<Problem>> = Vec::new();
        for (at, card) in cards.iter().enumerate() {
            let text = solution.edits.get(ANSWERS).map_or("", String::as_str);
            let tried = quests::Answers::read(text).and_then(|mut answers| {
                answers.put(&exercise.id, &format!("{{\"card\": \"{at}\"}}"));
                self.run(&solution.with(ANSWERS, answers.text()))
            });
            problems.push(match tried {
                Err(problem) => Some(problem),
                Ok(report) if passes(&exercise.id, &report) => None,
                Ok(_) => {
                    fail += 1;
                    card.say.is_empty().then(|| {
                        let help = "Add `say:`, what to tell a learner who chose it.";
                        Problem::at(&card.place, "a card that fails in silence", help)
                    })
                }
            });
        }
        problems.push((fail == 0).then(|| {
            let message = format!("every card of the exercise `{}` passes", exercise.id);
            Problem::at(
                &quest.place,
                message,
                "Add one that fails, or a check that rejects one.",
            )
        }));
        problems
    }

    fn starter_fails(&self, exercise: &Exercise, begun: &Report) -> Result<(), Problem> {
        if !passes(&exercise.id, begun) {
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

    fn solution_passes(&self, exercise: &Exercise, quest: &Quest, done: &Report) -> Vec<Problem> {
        let place = self.find(&format!("id: {}", exercise.id));
        let mut problems = Vec::new();
        if passes(&exercise.id, done) {
            return problems;
        }
        match &quest.asked {
            Asked::Edits | Asked::Own { .. } | Asked::Host(_) => {}
            Asked::Patch { .. } => {
                let message = format!("no card of the exercise `{}` passes", exercise.id);
                return vec![Problem::at(
                    &place,
                    message,
                    "Mend a card, or the assertion.",
                )];
            }
            // Why the run tells no answer is said by `quests::shape`; a written one may be wrong.
            _ => {
                let graded = done
                    .exercises
                    .iter()
                    .filter(|graded| graded.id == exercise.id);
                let wrong = graded
                    .flat_map(|graded| &graded.checks)
                    .filter(|check| !check.ok);
                let problem = |check: &Check| {
                    let Check { what, actual, .. } = check;
                    let message =
                        format!("the answer in solution/{ANSWERS} is wrong: {what}: {actual}");
                    Problem::at(&place, message, "Leave it out: the run tells it.")
                };
                return wrong.map(problem).collect();
            }
        }
        if let (Asked::Host(_), None) = (&quest.asked, graded(&exercise.id, done)) {
            let message = format!("the solution does not answer `{}`", exercise.id);
            let help = format!("Write the fields into solution/{ANSWERS}.");
            return vec![Problem::at(&place, message, help)];
        }
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
    fn same_again(&self, done: &Report, solution: &Solution) -> Result<(), Problem> {
        let again = self.run(solution)?;
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

    fn mistake(
        &self,
        lab: &Lab,
        mistake: &Mistake,
        done: &Report,
        solution: &Solution,
    ) -> Result<(), Problem> {
        let place = self.find(&format!("name: {}", mistake.name));
        let wrong = |message: String, help: &str| Err(Problem::at(&place, message, help));
        let name = &mistake.name;
        let trial = self.trial(mistake.files.clone(), &mistake.modules);
        let report = match trial.and_then(|trial| trial.run()) {
            Ok(report) => report,
            Err(problem) => {
                return wrong(format!("the mistake `{name}` cannot run: {problem}"), "");
            }
        };
        // With all else solved, so that no other exercise is what rejects it.
        let alone = solution.over(&mistake.files, &mistake.modules);
        if !self.run(&alone).is_ok_and(|report| rejected(&report)) {
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

    fn mutant(&self, mutant: &Mutant, solution: &Solution) -> Result<(), Problem> {
        let place = self.find(&format!("name: {}", mutant.name));
        let name = &mutant.name;
        match self.run(&solution.over(&mutant.files, &mutant.modules)) {
            Err(problem) => {
                let message = format!("the mutant `{name}` cannot run: {problem}");
                Err(Problem::at(&place, message, ""))
            }
            Ok(report) if rejected(&report) => Ok(()),
            Ok(_) => {
                let message = format!("the mutant `{name}` passes every exercise");
                Err(Problem::at(&place, message, "Add a check that rejects it."))
            }
        }
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

/// Whether an exercise is solved; `None` while it is not answered.
fn graded(id: &str, report: &Report) -> Option<bool> {
    let found = report.exercises.iter().find(|graded| graded.id == id);
    found.and_then(|graded| graded.passed)
}

fn passes(id: &str, report: &Report) -> bool {
    graded(id, report) == Some(true)
}

/// Whether an exercise that was answered is not solved.
fn rejected(report: &Report) -> bool {
    (report.exercises.iter()).any(|graded| graded.passed == Some(false))
}
