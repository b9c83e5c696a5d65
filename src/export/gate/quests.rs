//! Exercises that are answered and not edited: what the run tells, and the mistakes in answers.

use crate::course::render_note;
use crate::lab::{self, Right};
use crate::model::exercise::{ANSWERS, Answer, Asked, Quest, WrongAnswer, WrongPart};
use crate::model::report::{Graded, Report};
use crate::model::{Exercise, Place, Problem};
use serde_json::{Map, Value};

/// The answers of a solution, as they grow.
#[derive(Clone, Default)]
pub(super) struct Answers(String, Map<String, Value>);

impl Answers {
    /// Reads what the author has written, which stays as it stands.
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        let written = crate::model::yaml::parse(ANSWERS, text)?;
        if !written.is_null() {
            written.as_map()?;
        }
        Ok(Self(text.to_owned(), Map::new()))
    }

    /// Whether an exercise has been answered.
    pub(super) fn has(&self, id: &str) -> bool {
        let written = crate::model::yaml::parse(ANSWERS, &self.0);
        self.1.contains_key(id) || written.is_ok_and(|node| node.get(id).is_some())
    }

    /// Answers an exercise, in JSON.
    pub(super) fn put(&mut self, id: &str, answer: &str) {
        let value = serde_json::from_str(answer).unwrap_or(Value::Null);
        self.1.insert(id.to_owned(), value);
    }

    /// All of them: what was written, and then what was found, each in one line of JSON.
    pub(super) fn text(&self) -> String {
        let written = self.0.lines().filter(|line| {
            let id = line.split(':').next().unwrap_or_default();
            !self.1.contains_key(id)
        });
        let mut text: Vec<String> = written.map(str::to_owned).collect();
        text.extend(self.1.iter().map(|(id, value)| format!("{id}: {value}")));
        text.join("\n")
    }
}

/// What an exercise must have that is answered: a run that tells, and something that can be wrong.
pub(super) fn shape(exercise: &Exercise, quest: &Quest, begun: &Report) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut at = |place: &Place, message: String, help: &str| {
        problems.push(Problem::at(place, message, help));
    };
    let right = lab::right(quest, begun);
    if let Right::Missing(why) = &right {
        let message = format!("the run gives no answer to `{}`: {why}", exercise.id);
        at(
            &quest.place,
            message,
            "Look at `tour run --trace`, and say what is there.",
        );
    }
    match (&quest.asked, &right) {
        (Asked::Predict(values), Right::Is(Answer::Fields(right))) => {
            for (value, (_, right)) in values.iter().zip(right) {
                if value.hint.is_empty() {
                    let help = "Add `hint:`, where in the run it can be seen.";
                    at(&value.place, "a value without a hint".to_owned(), help);
                }
                if !value.choices.is_empty() && !value.choices.contains(right) {
                    let message = format!("no choice is what the run gives: {right}");
                    at(&value.place, message, "Add it to `choices`.");
                }
            }
        }
        (Asked::Order(items), Right::Is(Answer::Order(right)))
            if items.iter().map(|item| &item.id).eq(right) =>
        {
            let message = format!(
                "the items of `{}` stand in the right order already",
                exercise.id
            );
            at(
                &quest.place,
                message,
                "Write them in another one: so they are shown.",
            );
        }
        (Asked::Find(_), _) => {
            let wrong = |n| !passes(quest, exercise, Answer::Event(n), begun);
            let ran = begun
                .scenarios
                .iter()
                .find(|ran| ran.name == quest.scenario);
            let events = ran.map_or(&[][..], |ran| &ran.events);
            if !events.is_empty() && !events.iter().any(|event| wrong(event.n)) {
                let message = format!("every event is right for `{}`", exercise.id);
                at(&quest.place, message, "Say more of the event in `event`.");
            }
        }
        (Asked::Quiz(questions), _) => {
            for question in questions {
                let silent = |(_, say): &(String, String)| say.trim().is_empty();
                if question.choices.len() < 2 {
                    let message = "expected two choices or more".to_owned();
                    at(
                        &question.place,
                        message,
                        "Take wrong ones from what people believe.",
                    );
                } else if question.choices.iter().any(silent) {
                    let message = "a choice that says nothing".to_owned();
                    at(&question.place, message, "Fill in its `say:`.");
                }
            }
        }
        (Asked::Host(gaps), _) => {
            for gap in gaps {
                let called = |name: &String| {
                    let ran = begun.scenarios.iter().find(|ran| ran.name == *name);
                    ran.is_some_and(|ran| ran.events.iter().any(|event| event.name == gap.call))
                };
                if !exercise.scenarios.iter().any(called) {
                    let message = format!("no scenario makes the host call {}", gap.call);
                    at(&gap.place, message, "Name a call that the guest makes.");
                }
            }
        }
        _ => {}
    }
    for (text, place) in texts(quest) {
        for problem in render_note(text, place).problems {
            problems.push(Problem::at(place, problem.message, problem.help));
        }
    }
    problems
}

/// Every text of an exercise's data that the page renders.
fn texts(quest: &Quest) -> Vec<(&String, &Place)> {
    let mut texts: Vec<(&String, &Place)> = match &quest.asked {
        Asked::Predict(values) => values.iter().map(|v| (&v.label, &v.place)).collect(),
        Asked::Order(items) => items.iter().map(|i| (&i.text, &i.place)).collect(),
        Asked::Host(gaps) => gaps.iter().map(|g| (&g.label, &g.place)).collect(),
        Asked::Patch { cards, .. } => cards.iter().map(|c| (&c.text, &c.place)).collect(),
        Asked::Quiz(all) => all.iter().map(|q| (&q.text, &q.place)).collect(),
        _ => Vec::new(),
    };
    texts.extend(
        quest
            .mistakes
            .iter()
            .map(|wrong| (&wrong.say, &wrong.place)),
    );
    texts
}

/// Tries each mistake in an answer: it fails, and is told apart by a message of its own.
pub(super) fn mistakes(exercise: &Exercise, quest: &Quest, done: &Report) -> Vec<Option<Problem>> {
    let tried = |at: usize| mistake(exercise, quest, at, done).err();
    (0..quest.mistakes.len()).map(tried).collect()
}

fn mistake(exercise: &Exercise, quest: &Quest, at: usize, done: &Report) -> Result<(), Problem> {
    let wrong = &quest.mistakes[at];
    let (id, n) = (&exercise.id, at + 1);
    let told = |message: String, help: &str| Err(Problem::at(&wrong.place, message, help));
    if wrong.say.trim().is_empty() {
        return told(
            format!("mistake {n} of `{id}` has nothing to say"),
            "Fill in its `say:`.",
        );
    }
    let same = |other: &WrongAnswer| other.say.trim() == wrong.say.trim();
    if let Some(other) = quest.mistakes[..at].iter().position(same) {
        let message = format!(
            "mistake {n} of `{id}` says the same as mistake {}",
            other + 1
        );
        return told(message, "Give it a message of its own.");
    }
    let Some(answer) = made(quest, wrong, done) else {
        let message = format!("no answer could be mistake {n} of `{id}`");
        return told(
            message,
            "Look at `tour run --trace`, and say what is there.",
        );
    };
    let graded = grade(quest, exercise, answer, done);
    if graded.passed == Some(true) {
        return told(
            format!("mistake {n} of `{id}` is right"),
            "Then it is none.",
        );
    }
    match graded.mistake {
        Some(known) if known.say == wrong.say => Ok(()),
        Some(known) => {
            let message = format!("mistake {n} of `{id}` is taken for {}", known.name);
            told(message, "Put the more particular one first.")
        }
        None => told(
            format!("mistake {n} of `{id}` is not recognised"),
            "Say less in its `answer`.",
        ),
    }
}

/// The right answer with a mistake put into it.
fn made(quest: &Quest, wrong: &WrongAnswer, done: &Report) -> Option<Answer> {
    let Right::Is(right) = lab::right(quest, done) else {
        return None;
    };
    match (&wrong.answer, right) {
        (WrongPart::Fields(parts), Answer::Fields(mut fields)) => {
            for (id, value) in parts {
                let field = fields.iter_mut().find(|(name, _)| name == id)?;
                field.1.clone_from(value);
            }
            Some(Answer::Fields(fields))
        }
        (WrongPart::Order(ids), Answer::Order(mut right)) => {
            // They take the places that they have together, in their own order.
            let mut next = ids.iter();
            for place in &mut right {
                if ids.contains(place) {
                    place.clone_from(next.next()?);
                }
            }
            Some(Answer::Order(right))
        }
        (WrongPart::Event(selector), Answer::Event(_)) => {
            let asked = Quest {
                asked: Asked::Find(selector.clone()),
                ..quest.clone()
            };
            match lab::right(&asked, done) {
                Right::Is(answer) => Some(answer),
                _ => None,
            }
        }
        _ => None,
    }
}

fn grade(quest: &Quest, exercise: &Exercise, answer: Answer, report: &Report) -> Graded {
    let quest = Quest {
        answer: Some(answer),
        ..quest.clone()
    };
    lab::grade_one(exercise, &quest, report)
}

fn passes(quest: &Quest, exercise: &Exercise, answer: Answer, report: &Report) -> bool {
    grade(quest, exercise, answer, report).passed == Some(true)
}
