//! Grades a learner's answers against the run: pure functions of the lab and its report.
//!
//! What a run can tell is read off it: the right value of a prediction, the right order, the event
//! that was to be found. Must not know: who asks, the page, the gate.

mod observe;
mod pick;

use crate::model::Exercise;
use crate::model::exercise::{Answer, Asked, Item, Prediction, Quest, WrongPart};
use crate::model::lab::Lab;
use crate::model::report::{Check, Graded, KnownMistake, Report, ScenarioReport};
use pick::{matching, satisfies};

/// The right answer to an exercise, as the run or the lab tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// This one.
    Is(Answer),
    /// No run can tell: it is an edit, a module, or what a host would say.
    Untold,
    /// The run does not show what is asked for; the reason is a lower-case phrase.
    Missing(String),
}

/// How each exercise of the lab stands after this run.
pub fn grade(lab: &Lab, report: &Report) -> Vec<Graded> {
    (lab.exercises.iter().zip(&lab.quests))
        .map(|(exercise, quest)| grade_one(exercise, quest, report))
        .collect()
}

/// How one exercise stands after this run.
pub fn grade_one(exercise: &Exercise, quest: &Quest, report: &Report) -> Graded {
    let mut graded = Graded {
        id: exercise.id.clone(),
        ..Graded::default()
    };
    let (Asked::Predict(_) | Asked::Order(_) | Asked::Find(_) | Asked::Quiz(_)) = &quest.asked
    else {
        by_scenarios(exercise, quest, report, &mut graded);
        return graded;
    };
    let nothing = ScenarioReport::default();
    let Some(ran) = ran(quest, report, &nothing) else {
        return graded;
    };
    let right = right(quest, report);
    if let Right::Is(answer) = &right {
        graded.right = Some(json(answer));
    }
    if let Some(answer) = &quest.answer {
        graded.scenario.clone_from(&quest.scenario);
        graded.checks = checks(quest, answer, ran, &right);
        let passed = graded.checks.iter().all(|check| check.ok);
        graded.passed = Some(passed);
        if !passed {
            graded.mistake = mistaken(quest, answer, ran);
        }
    }
    graded
}

/// The run that an answer is held against; nothing runs for a quiz.
fn ran<'a>(
    quest: &Quest,
    report: &'a Report,
    nothing: &'a ScenarioReport,
) -> Option<&'a ScenarioReport> {
    match quest.asked {
        Asked::Quiz(_) => Some(nothing),
        _ => report
            .scenarios
            .iter()
            .find(|ran| ran.name == quest.scenario),
    }
}

/// The right answer to an exercise.
pub fn right(quest: &Quest, report: &Report) -> Right {
    if let Asked::Edits | Asked::Host(_) | Asked::Own { .. } | Asked::Patch { .. } = quest.asked {
        return Right::Untold;
    }
    let nothing = ScenarioReport::default();
    let Some(ran) = ran(quest, report, &nothing) else {
        return Right::Missing(format!("the scenario `{}` did not run", quest.scenario));
    };
    match &quest.asked {
        Asked::Edits | Asked::Host(_) | Asked::Own { .. } | Asked::Patch { .. } => Right::Untold,
        Asked::Predict(values) => {
            let value = |value: &Prediction| (value.id.clone(), observe::value(&value.of, ran));
            Right::Is(Answer::Fields(values.iter().map(value).collect()))
        }
        Asked::Order(items) => match events(items, ran) {
            Ok(events) => {
                let mut sorted: Vec<_> = items.iter().zip(events).collect();
                sorted.sort_by_key(|(_, event)| *event);
                if let Some(pair) = sorted.windows(2).find(|pair| pair[0].1 == pair[1].1) {
                    let (a, b, n) = (&pair[0].0.id, &pair[1].0.id, pair[0].1);
                    return Right::Missing(format!("`{a}` and `{b}` are both event {n}"));
                }
                let id = |(item, _): (&Item, u32)| item.id.clone();
                Right::Is(Answer::Order(sorted.into_iter().map(id).collect()))
            }
            Err(why) => Right::Missing(why),
        },
        Asked::Find(selector) => match matching(selector, ran).first() {
            Some(event) => Right::Is(Answer::Event(*event)),
            None => Right::Missing("no event is like this".to_owned()),
        },
        Asked::Quiz(questions) => Right::Is(Answer::Fields(
            (questions.iter())
                .map(|one| (one.id.clone(), one.right.to_string()))
                .collect(),
        )),
    }
}

/// The first event of each item.
fn events(items: &[Item], ran: &ScenarioReport) -> Result<Vec<u32>, String> {
    let event = |item: &Item| {
        let found = matching(&item.event, ran).first().copied();
        found.ok_or_else(|| format!("no event is like `{}`", item.id))
    };
    items.iter().map(event).collect()
}

fn checks(quest: &Quest, answer: &Answer, ran: &ScenarioReport, right: &Right) -> Vec<Check> {
    match (&quest.asked, answer, right) {
        (Asked::Predict(values), Answer::Fields(given), Right::Is(Answer::Fields(right))) => {
            let check = |(asked, (_, expected)): (&Prediction, &(String, String))| {
                let actual = field(given, &asked.id);
                Check {
                    ok: same(expected, actual),
                    what: asked.label.clone(),
                    expected: expected.clone(),
                    actual: spoken(actual),
                    hint: asked.hint.clone(),
                    why: String::new(),
                    event: observe::event(&asked.of, ran),
                }
            };
            values.iter().zip(right).map(check).collect()
        }
        (Asked::Quiz(questions), Answer::Fields(given), _) => (questions.iter())
            .map(|one| {
                let chosen = field(given, &one.id).parse().ok();
                let choice = chosen.and_then(|at: usize| one.choices.get(at));
                let say = choice.map_or(String::new(), |(_, say)| say.clone());
                Check {
                    ok: chosen == Some(one.right),
                    what: one.text.clone(),
                    expected: String::new(),
                    actual: spoken(choice.map_or("", |(text, _)| text)),
                    hint: say.clone(),
                    why: say,
                    event: None,
                }
            })
            .collect(),
        (Asked::Order(items), Answer::Order(given), _) => vec![order(items, given, ran)],
        (Asked::Find(selector), Answer::Event(n), _) => {
            let picked = ran.events.iter().find(|event| event.n == *n);
            vec![Check {
                ok: matching(selector, ran).contains(n),
                what: "the event".to_owned(),
                expected: String::new(),
                actual: match picked {
                    Some(event) => format!("event {n}: {}", event.name),
                    None => format!("there is no event {n}"),
                },
                event: Some(*n),
                ..Check::default()
            }]
        }
        (_, _, Right::Missing(why)) => vec![failed("the run", why)],
        _ => vec![failed("the answer", "it is of another kind")],
    }
}

fn failed(what: &str, why: &str) -> Check {
    Check {
        what: what.to_owned(),
        actual: why.to_owned(),
        ..Check::default()
    }
}

/// The first two neighbours that are the wrong way round.
fn order(items: &[Item], given: &[String], ran: &ScenarioReport) -> Check {
    let placed: Vec<(&Item, u32)> = (given.iter())
        .filter_map(|id| items.iter().find(|item| item.id == *id))
        .filter_map(|item| Some((item, *matching(&item.event, ran).first()?)))
        .collect();
    let check = Check {
        what: "the order".to_owned(),
        ..Check::default()
    };
    if placed.len() != items.len() {
        return failed("the run", "it does not show all of these events");
    }
    match placed.windows(2).find(|pair| pair[0].1 > pair[1].1) {
        None => Check { ok: true, ..check },
        Some(pair) => {
            let ((late, later), (early, sooner)) = (pair[0], pair[1]);
            Check {
                expected: format!(
                    "{} (event {sooner}), then {} (event {later})",
                    early.text, late.text
                ),
                actual: "the other way round".to_owned(),
                event: Some(sooner),
                ..check
            }
        }
    }
}

fn field<'a>(fields: &'a [(String, String)], id: &str) -> &'a str {
    let found = fields.iter().find(|(name, _)| name == id);
    found.map_or("", |(_, value)| value)
}

fn spoken(answer: &str) -> String {
    match answer {
        "" => "no answer".to_owned(),
        answer => answer.to_owned(),
    }
}

/// Whether two values are the same to a person: `200` and ` 0200`, `None` and `none`.
fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    let number = |text: &str| text.parse::<i64>().ok();
    a.eq_ignore_ascii_case(b) || number(a).is_some() && number(a) == number(b)
}

/// The first known mistake that the answer shows.
fn mistaken(quest: &Quest, answer: &Answer, ran: &ScenarioReport) -> Option<KnownMistake> {
    let made = (quest.mistakes.iter()).position(|wrong| match (&wrong.answer, answer) {
        (WrongPart::Fields(parts), Answer::Fields(given)) => {
            (parts.iter()).all(|(id, value)| same(value, field(given, id)))
        }
        (WrongPart::Order(ids), Answer::Order(given)) => {
            let mut rest = given.iter();
            ids.iter().all(|id| rest.any(|other| other == id))
        }
        (WrongPart::Event(selector), Answer::Event(n)) => {
            (ran.events.iter()).any(|event| event.n == *n && satisfies(selector, event, ran))
        }
        _ => false,
    })?;
    let wrong = &quest.mistakes[made];
    Some(KnownMistake {
        name: format!("mistake {}", made + 1),
        say: wrong.say.clone(),
        see: wrong.see.clone(),
    })
}

/// An exercise that scenarios decide: solved when all of them hold.
fn by_scenarios(exercise: &Exercise, quest: &Quest, report: &Report, graded: &mut Graded) {
    let of = |name: &String| report.scenarios.iter().find(|ran| ran.name == *name);
    let Some(runs) = (exercise.scenarios.iter().map(of)).collect::<Option<Vec<_>>>() else {
        return;
    };
    let answered = match quest.asked {
        Asked::Edits | Asked::Own { .. } => true,
        _ => quest.answer.is_some(),
    };
    let passed = answered && runs.iter().all(|ran| ran.ok);
    graded.passed = answered.then_some(passed);
    if passed || !answered {
        return;
    }
    if let Some(ran) = runs.iter().find(|ran| !ran.ok) {
        graded.scenario.clone_from(&ran.name);
        graded.checks = vec![first_failure(ran)];
    }
    graded.mistake = report.mistake.clone();
    if let (Asked::Patch { cards, .. }, Some(Answer::Fields(given))) = (&quest.asked, &quest.answer)
    {
        let chosen = field(given, "card").parse().ok();
        let card = chosen.and_then(|at: usize| cards.get(at));
        let said = card.filter(|card| !card.say.is_empty());
        if let Some(card) = said {
            graded.mistake = Some(KnownMistake {
                name: card.text.clone(),
                say: card.say.clone(),
                see: String::new(),
            });
        }
    }
}

/// What failed first in a scenario; of a hidden one only that it failed.
fn first_failure(ran: &ScenarioReport) -> Check {
    if ran.hidden {
        let what = format!("the hidden scenario `{}`", ran.name);
        return failed(&what, "it does not pass yet");
    }
    let why = ran.rejected.as_ref().or(ran.stopped.as_ref());
    match (ran.checks.iter().find(|check| !check.ok), why) {
        (Some(check), _) => check.clone(),
        (None, Some(why)) => failed(&ran.name, why),
        (None, None) => failed(&ran.name, "it does not pass"),
    }
}

/// An answer as `answers.yaml` has it, in the JSON that YAML can read.
fn json(answer: &Answer) -> String {
    let value = match answer {
        Answer::Fields(fields) => {
            let one = |(id, value): &(String, String)| (id.clone(), value.clone().into());
            serde_json::Value::Object(fields.iter().map(one).collect())
        }
        Answer::Order(ids) => ids.clone().into(),
        Answer::Event(n) => (*n).into(),
    };
    value.to_string()
}
