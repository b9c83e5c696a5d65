//! The part `answers.yaml`: what a learner has answered, exercise by exercise.
//!
//! ```text
//! four-counters: {first: 3, last: none}     # predict, quiz, patch, host: values by field
//! life: [load, configure, request]          # order
//! where: 42                                 # find: the event's number
//! ```

use super::super::Beside;
use super::exercise::fill;
use super::text_of;
use crate::model::exercise::{ANSWERS, Answer, Asked, Gap, Play, Quest};
use crate::model::lab::File;
use crate::model::yaml::{self, Node, nearest};
use crate::model::{Bytes, Exercise, Problem};
use std::collections::BTreeMap;

/// Puts the answers where they belong: into the exercises, into files, and into host calls.
///
/// # Errors
/// An answer to no exercise, or one that could never be an answer.
pub(super) fn take(
    exercises: &[Exercise],
    quests: &mut [Quest],
    files: &mut BTreeMap<String, File>,
    parts: &mut Vec<String>,
    beside: &dyn Beside,
) -> Result<Vec<Play>, Problem> {
    let answered = |quest: &Quest| !matches!(quest.asked, Asked::Edits | Asked::Own { .. });
    if !quests.iter().any(answered) {
        return Ok(Vec::new());
    }
    parts.push(ANSWERS.to_owned());
    let text = beside.part(ANSWERS).unwrap_or_default();
    let root = yaml::parse(ANSWERS, &text)?;
    let given = match root.is_null() {
        true => &[][..],
        false => root.as_map()?,
    };
    for (key, _) in given {
        if !exercises.iter().any(|exercise| exercise.id == key.text) {
            let ids = exercises.iter().map(|exercise| exercise.id.as_str());
            let help = nearest(&key.text, ids)
                .map_or_else(String::new, |near| format!("Did you mean `{near}`?"));
            let message = format!("no exercise has the id `{}`", key.text);
            return Err(Problem::at(&key.place, message, help));
        }
    }
    let mut plays = Vec::new();
    for (exercise, quest) in exercises.iter().zip(quests) {
        let node = root.get(&exercise.id).filter(|node| !node.is_null());
        if let Some(node) = node {
            quest.answer = answer(&quest.asked, node)?;
        }
        match &quest.asked {
            Asked::Host(gaps) => {
                for gap in gaps {
                    plays.push(play(gap, node)?);
                }
            }
            Asked::Patch { file, cards } => {
                let card = chosen(quest, "card").and_then(|at| cards.get(at));
                if let (Some(card), Some(file)) = (card, files.get_mut(file)) {
                    *file = file.with(card.source.clone());
                }
            }
            _ => {}
        }
    }
    Ok(plays)
}

fn answer(asked: &Asked, node: &Node) -> Result<Option<Answer>, Problem> {
    Ok(match asked {
        Asked::Edits | Asked::Own { .. } => {
            let help = "It is answered by an edit or by a module.";
            return Err(Problem::at(
                &node.place,
                "this exercise takes no answer",
                help,
            ));
        }
        Asked::Find(_) => Some(Answer::Event(node.as_u32()?)),
        Asked::Order(items) => {
            let given = node.as_list()?;
            let ids = given.iter().map(text_of).collect::<Result<Vec<_>, _>>()?;
            let mut sorted: Vec<&str> = ids.iter().map(String::as_str).collect();
            let mut known: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
            sorted.sort_unstable();
            known.sort_unstable();
            if sorted != known {
                return Err(node.expected(&format!("each of {} once", known.join(", "))));
            }
            Some(Answer::Order(ids))
        }
        Asked::Predict(values) => {
            let ids: Vec<&str> = values.iter().map(|value| value.id.as_str()).collect();
            fields(node, &ids)?
        }
        Asked::Quiz(questions) => {
            let ids: Vec<&str> = questions.iter().map(|one| one.id.as_str()).collect();
            fields(node, &ids)?
        }
        Asked::Patch { .. } => fields(node, &["card"])?,
        Asked::Host(gaps) => {
            let ids: Vec<String> = (gaps.iter())
                .flat_map(|gap| gap.ask.iter().map(|field| format!("{}.{field}", gap.id)))
                .collect();
            fields(node, &ids.iter().map(String::as_str).collect::<Vec<_>>())?
        }
    })
}

/// Values by field; what is empty is not answered.
fn fields(node: &Node, known: &[&str]) -> Result<Option<Answer>, Problem> {
    let mut fields = Vec::new();
    for (key, value) in node.as_map()? {
        if !known.contains(&key.text.as_str()) {
            let message = format!("this exercise has no field `{}`", key.text);
            let help = format!("Known here: {}.", known.join(", "));
            return Err(Problem::at(&key.place, message, help));
        }
        let text = match value.is_null() {
            true => "",
            false => value.as_str()?.trim(),
        };
        if !text.is_empty() {
            fields.push((key.text.clone(), text.to_owned()));
        }
    }
    Ok((!fields.is_empty()).then_some(Answer::Fields(fields)))
}

/// The index that a field holds.
fn chosen(quest: &Quest, field: &str) -> Option<usize> {
    let Some(Answer::Fields(fields)) = &quest.answer else {
        return None;
    };
    let (_, value) = fields.iter().find(|(name, _)| name == field)?;
    value.parse().ok()
}

/// A host call as it was filled in; unanswered while a field is missing.
fn play(gap: &Gap, node: Option<&Node>) -> Result<Play, Problem> {
    let mut played = Some(gap.given.clone());
    for name in &gap.ask {
        let value = node.and_then(|node| node.get(&format!("{}.{name}", gap.id)));
        let there = |value: &&Node| value.as_str().is_ok_and(|text| !text.trim().is_empty());
        match (value.filter(there), &mut played) {
            (Some(value), Some(played)) => fill(played, name, value)?,
            (None, Some(given)) if *name == "bytes" && value.is_some() => {
                given.bytes = Some(Bytes::default());
            }
            _ => played = None,
        }
    }
    Ok(Play {
        call: gap.call,
        nth: gap.nth,
        played,
    })
}
