//! `exercises`: the task of each, and what its kind asks beside it.

use super::select::{observed, selector, twice};
use super::{files, known_scenario, text_of, texts, values};
use crate::abi::{self, HostCall, ParamKind, Returns, Status};
use crate::model::exercise::{
    Asked, Card, GAP_FIELDS, Gap, Item, Played, Prediction, Quest, Question, WrongAnswer, WrongPart,
};
use crate::model::lab::{File, Scenario};
use crate::model::yaml::{Fields, Node, nearest};
use crate::model::{Bytes, Exercise, Problem};
use std::collections::BTreeMap;

/// What an exercise may refer to.
pub(super) struct Around<'a> {
    pub(super) scenarios: &'a [Scenario],
    pub(super) files: &'a BTreeMap<String, File>,
}

/// Reads the exercises, each with its own data.
pub(super) fn exercises(
    node: &Node,
    around: &Around<'_>,
) -> Result<(Vec<Exercise>, Vec<Quest>), Problem> {
    let read = node.as_list()?.iter().map(|item| exercise(item, around));
    Ok(read.collect::<Result<Vec<_>, _>>()?.into_iter().unzip())
}

fn exercise(item: &Node, around: &Around<'_>) -> Result<(Exercise, Quest), Problem> {
    let mut f = Fields::of(item)?;
    let kind = text_of(f.require("kind")?)?;
    let names = |node: &Node| -> Result<Vec<String>, Problem> {
        let name = |node| known_scenario(node, around.scenarios);
        node.as_list()?.iter().map(name).collect()
    };
    let all = || {
        around
            .scenarios
            .iter()
            .map(|scenario| scenario.name.clone())
    };
    let scenarios = match kind.as_str() {
        "quiz" => Vec::new(),
        // One run is looked at.
        "predict" | "order" | "find" => match f.take("scenario") {
            Some(node) => vec![known_scenario(node, around.scenarios)?],
            None => all().take(1).collect(),
        },
        _ => match f.take("scenarios") {
            Some(list) => names(list)?,
            None => all().collect(),
        },
    };
    let quest = Quest {
        asked: asked(&kind, &mut f, around)?,
        scenario: match kind.as_str() {
            "predict" | "order" | "find" => scenarios.first().cloned().unwrap_or_default(),
            _ => String::new(),
        },
        mistakes: match f.take("mistakes") {
            Some(list) => (list.as_list()?.iter())
                .map(|node| wrong(&kind, node))
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
        },
        answer: None,
        place: item.place.clone(),
    };
    known_fields(&quest)?;
    let exercise = Exercise {
        id: text_of(f.require("id")?)?,
        task: text_of(f.require("task")?)?,
        hints: f.take("hints").map(texts).transpose()?.unwrap_or_default(),
        why: f.take("why").map(text_of).transpose()?.unwrap_or_default(),
        scenarios,
        kind,
    };
    f.finish()?;
    Ok((exercise, quest))
}

/// What a kind asks beside its task.
fn asked(kind: &str, f: &mut Fields<'_>, around: &Around<'_>) -> Result<Asked, Problem> {
    let place = f.node().place.clone();
    Ok(match kind {
        "predict" => Asked::Predict(list(f.require("values")?, prediction)?),
        "order" => {
            let items = list(f.require("items")?, order_item)?;
            if items.len() < 2 {
                return Err(Problem::at(&place, "expected two items or more", ""));
            }
            Asked::Order(items)
        }
        "find" => Asked::Find(selector(f.require("event")?)?),
        "host" => Asked::Host(list(f.require("calls")?, gap)?),
        "own" => {
            let file = known_file(f.require("file")?, around)?;
            let node = f.require("solution")?;
            let mut inner = Fields::of(node)?;
            let solution = files::source(&mut inner, node)?;
            inner.finish()?;
            Asked::Own { file, solution }
        }
        "patch" => {
            let file = known_file(f.require("file")?, around)?;
            let cards = list(f.require("cards")?, card)?;
            Asked::Patch { file, cards }
        }
        "quiz" => Asked::Quiz(list(f.require("questions")?, question)?),
        _ => Asked::Edits,
    })
}

fn list<T>(node: &Node, read: fn(&Node) -> Result<T, Problem>) -> Result<Vec<T>, Problem> {
    match node.as_list()? {
        [] => Err(node.expected("one item or more")),
        items => items.iter().map(read).collect(),
    }
}

fn known_file(node: &Node, around: &Around<'_>) -> Result<String, Problem> {
    let name = node.as_str()?;
    if around.files.contains_key(name) {
        return Ok(name.to_owned());
    }
    let help = match nearest(name, around.files.keys().map(String::as_str)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "Name one of `files`: what stands there first is what the learner replaces.".into(),
    };
    let message = format!("there is no file `{name}` in this lab");
    Err(Problem::at(&node.place, message, help))
}

fn prediction(node: &Node) -> Result<Prediction, Problem> {
    let mut f = Fields::of(node)?;
    let prediction = Prediction {
        id: text_of(f.require("id")?)?,
        label: text_of(f.require("label")?)?,
        of: observed(f.require("of")?)?,
        choices: f.take("choices").map_or(Ok(Vec::new()), texts)?,
        hint: f.take("hint").map_or(Ok(String::new()), text_of)?,
        place: node.place.clone(),
    };
    f.finish()?;
    Ok(prediction)
}

fn order_item(node: &Node) -> Result<Item, Problem> {
    let mut f = Fields::of(node)?;
    let item = Item {
        id: text_of(f.require("id")?)?,
        text: text_of(f.require("text")?)?,
        event: selector(f.require("event")?)?,
        place: node.place.clone(),
    };
    f.finish()?;
    Ok(item)
}

fn card(node: &Node) -> Result<Card, Problem> {
    let mut f = Fields::of(node)?;
    let (label, say) = (f.require("label")?, f.take("say"));
    let card = Card {
        text: text_of(label)?,
        say: say.map_or(Ok(String::new()), text_of)?,
        source: files::source(&mut f, node)?,
        place: node.place.clone(),
    };
    f.finish()?;
    Ok(card)
}

fn question(node: &Node) -> Result<Question, Problem> {
    let mut f = Fields::of(node)?;
    let (id, text) = (f.require("id")?, f.require("question")?);
    let (mut choices, mut right) = (Vec::new(), Vec::new());
    for (at, item) in f.require("choices")?.as_list()?.iter().enumerate() {
        let mut inner = Fields::of(item)?;
        let (text, say) = (inner.require("text")?, inner.require("say")?);
        choices.push((text_of(text)?, text_of(say)?));
        if inner.take("right").map_or(Ok(false), Node::as_bool)? {
            right.push(at);
        }
        inner.finish()?;
    }
    f.finish()?;
    match right[..] {
        [right] => Ok(Question {
            id: text_of(id)?,
            text: text_of(text)?,
            choices,
            right,
            place: node.place.clone(),
        }),
        _ => Err(Problem::at(
            &node.place,
            "expected one right choice",
            "Write `right: true` at exactly one choice.",
        )),
    }
}

fn gap(node: &Node) -> Result<Gap, Problem> {
    let mut f = Fields::of(node)?;
    let id = text_of(f.require("id")?)?;
    let call = host_call(f.require("call")?)?;
    let ask = f.require("ask")?;
    let names = ask.as_list()?.iter().map(|node| field(node, call));
    let names: Vec<&'static str> = names.collect::<Result<_, _>>()?;
    if names.is_empty() {
        return Err(ask.expected("what the learner fills in"));
    }
    let mut given = Played::default();
    if let Some(map) = f.take("given") {
        for (key, value) in map.as_map()? {
            if names.contains(&key.text.as_str()) || !GAP_FIELDS.contains(&key.text.as_str()) {
                let message = format!("`{}` cannot be given here", key.text);
                let help = "It is asked for, or a host call has no such field.";
                return Err(Problem::at(&key.place, message, help));
            }
            fill(&mut given, &key.text, value)?;
        }
    }
    if !names.contains(&"status") && given.status.is_none() {
        given.status = Some(Status::Ok.number());
    }
    let gap = Gap {
        id,
        call: call.name,
        nth: f.take("nth").map_or(Ok(0), Node::as_usize)?,
        label: text_of(f.require("label")?)?,
        ask: names,
        given,
        place: node.place.clone(),
    };
    f.finish()?;
    Ok(gap)
}

fn host_call(node: &Node) -> Result<&'static HostCall, Problem> {
    let name = node.as_str()?;
    let found = abi::host_calls().find(|call| call.name == name);
    match found {
        Some(call) if call.returns == Returns::Status => Ok(call),
        Some(_) => Err(node.expected("a host call that answers with a status")),
        None => {
            let near = nearest(name, abi::host_calls().map(|call| call.name));
            let help = near.map_or_else(String::new, |near| format!("Did you mean `{near}`?"));
            let message = format!("no host call is named `{name}`");
            Err(Problem::at(&node.place, message, help))
        }
    }
}

fn field(node: &Node, call: &HostCall) -> Result<&'static str, Problem> {
    let name = node.as_str()?;
    let field = GAP_FIELDS.into_iter().find(|field| *field == name);
    let bytes = |kind| matches!(kind, ParamKind::OutBytes | ParamKind::OutPairs);
    let hands_over = call.params.iter().any(|param| bytes(param.kind));
    match field {
        Some("status") => Ok("status"),
        Some(field) if hands_over => Ok(field),
        Some(_) => Err(node.expected("status: this host call hands no bytes over")),
        None => Err(node.expected(&format!("one of {}", GAP_FIELDS.join(", ")))),
    }
}

/// Fills one field of a host call in.
pub(in crate::lab) fn fill(played: &mut Played, field: &str, value: &Node) -> Result<(), Problem> {
    match field {
        "status" => played.status = Some(status(value)?),
        "bytes" => played.bytes = Some(bytes(value)?),
        "allocate" => played.allocate = Some(number(value)?),
        "pointer" => played.pointer = Some(number(value)?),
        _ => played.size = Some(number(value)?),
    }
    Ok(())
}

/// A status by its word or number.
fn status(node: &Node) -> Result<u32, Problem> {
    let text = node.as_str()?.trim();
    let found = Status::ALL
        .iter()
        .find(|status| status.word() == text || status.number().to_string() == text);
    found
        .map(|status| status.number())
        .ok_or_else(|| node.expected("a status: Ok, NotFound, BadArgument …"))
}

/// A number as people write it, also in hexadecimal, quoted or not.
fn number(node: &Node) -> Result<u32, Problem> {
    let text = node.as_str()?.trim();
    let read = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    read.ok_or_else(|| node.expected("a whole number, such as 6 or 0x400"))
}

/// Text as it stands, or `hex: 02 00 00 00`.
fn bytes(node: &Node) -> Result<Bytes, Problem> {
    let Ok(text) = node.as_str() else {
        return values::bytes(node);
    };
    let Some(digits) = text.strip_prefix("hex:") else {
        return Ok(text.into());
    };
    let byte = |pair: &str| u8::from_str_radix(pair, 16).ok();
    let bytes: Option<Vec<u8>> = digits.split_whitespace().map(byte).collect();
    bytes
        .map(Bytes)
        .ok_or_else(|| node.expected("bytes of two digits with spaces between: hex: 02 0a ff"))
}

fn wrong(kind: &str, node: &Node) -> Result<WrongAnswer, Problem> {
    let mut f = Fields::of(node)?;
    let answer = f.require("answer")?;
    let answer = match kind {
        "order" => WrongPart::Order(texts(answer)?),
        "find" => WrongPart::Event(selector(answer)?),
        "predict" => WrongPart::Fields(
            (answer.as_map()?.iter())
                .map(|(key, value)| Ok((key.text.clone(), text_of(value)?)))
                .collect::<Result<_, Problem>>()?,
        ),
        _ => {
            let help = "The `mistakes` of the lab are recognised by what their run does; a choice has its `say`.";
            let message = format!("an exercise of kind `{kind}` has no `mistakes` of its own");
            return Err(Problem::at(&node.place, message, help));
        }
    };
    let wrong = WrongAnswer {
        answer,
        say: text_of(f.require("say")?)?,
        see: f.take("see").map_or(Ok(String::new()), text_of)?,
        place: node.place.clone(),
    };
    f.finish()?;
    Ok(wrong)
}

/// Ids are unique, and a mistake speaks of fields and items that there are.
fn known_fields(quest: &Quest) -> Result<(), Problem> {
    let ids: Vec<(&str, &crate::model::Place)> = match &quest.asked {
        Asked::Predict(values) => values.iter().map(|v| (v.id.as_str(), &v.place)).collect(),
        Asked::Order(items) => items.iter().map(|i| (i.id.as_str(), &i.place)).collect(),
        Asked::Host(gaps) => gaps.iter().map(|g| (g.id.as_str(), &g.place)).collect(),
        Asked::Quiz(all) => all.iter().map(|q| (q.id.as_str(), &q.place)).collect(),
        _ => Vec::new(),
    };
    if let Some(problem) = twice(ids.iter().copied()) {
        return Err(problem);
    }
    for mistake in &quest.mistakes {
        let named: Vec<&String> = match &mistake.answer {
            WrongPart::Fields(fields) => fields.iter().map(|(id, _)| id).collect(),
            WrongPart::Order(items) => items.iter().collect(),
            WrongPart::Event(_) => Vec::new(),
        };
        if let Some(id) = named
            .into_iter()
            .find(|id| ids.iter().all(|(known, _)| known != id))
        {
            let message = format!("this exercise has no `{id}`");
            let known: Vec<&str> = ids.iter().map(|(id, _)| *id).collect();
            let help = format!("Known here: {}.", known.join(", "));
            return Err(Problem::at(&mistake.place, message, help));
        }
    }
    Ok(())
}
