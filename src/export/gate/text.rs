//! A lesson's text: rendered without a problem, and its code is what it claims to be.

use super::super::content::{Desk, Samples};
use super::trial::Trial;
use crate::assembler::assemble;
use crate::course::{Book, Content, Facts, Fence, Lesson};
use crate::model::yaml::nearest;
use crate::model::{Place, Problem, yaml};
use std::collections::BTreeMap;

pub(super) fn check(
    content: &Content,
    book: &Book,
    lesson: &Lesson,
    facts: Option<&Facts>,
    samples: Samples<'_>,
) -> Vec<Problem> {
    let rendered = book.render(content, lesson, facts, &|path| path.to_string());
    let mut problems = rendered.problems;
    let has_lab = content
        .files
        .contains_key(&format!("{}/lab.yaml", lesson.folder));
    for fence in &rendered.fences {
        problems.extend(code(fence).err());
        problems.extend(alive(fence, has_lab).err());
        if fence.language == "yaml" && fence.words.iter().any(|word| word == "envoy") {
            problems.extend(envoy(content, lesson, samples, fence).err());
        }
    }
    if lesson.text.trim().is_empty() {
        let help = "Write the lesson below its front matter.";
        problems.push(Problem::at(&lesson.start, "there is no text", help));
    }
    problems
}

/// A block that comes alive has what it lives on; one whose name is nearly that of such a block
/// would be shown as code.
fn alive(fence: &Fence, has_lab: bool) -> Result<(), Problem> {
    const OF_A_LAB: [&str; 3] = ["predict", "lab", "trace"];
    let name = fence.language.as_str();
    if OF_A_LAB.contains(&name) && !has_lab {
        return Err(Problem::at(
            &fence.place,
            format!("a block `{name}`, and the lesson has no lab"),
            "Write lab.yaml beside this file: the block shows a run of it.",
        ));
    }
    let live = OF_A_LAB.into_iter().chain(["quiz", "diagram"]);
    match nearest(name, live) {
        Some(near) if near != name => Err(Problem::at(
            &fence.place,
            format!("an unknown block `{name}`"),
            format!("Did you mean `{near}`?"),
        )),
        _ => Ok(()),
    }
}

/// Code that stands in the text itself; included files are tried where they belong.
fn code(fence: &Fence) -> Result<(), Problem> {
    if fence.word("file").is_some() {
        return Ok(());
    }
    let tried = match fence.language.as_str() {
        "yaml" => yaml::parse(&fence.place.file, &fence.text).map(|_| ()),
        "json" => json(fence),
        "wat" => wat(fence),
        _ => Ok(()),
    };
    // The reader counted from the block's own first line.
    tried.map_err(|problem| Problem {
        place: Place {
            line: fence.place.line + problem.place.line.saturating_sub(1),
            ..problem.place
        },
        ..problem
    })
}

/// An Envoy configuration is loaded by the proxy of the lesson's lab.
fn envoy(
    content: &Content,
    lesson: &Lesson,
    samples: Samples<'_>,
    fence: &Fence,
) -> Result<(), Problem> {
    // Empty lines above, so that places are those of the lesson.
    let above = "\n".repeat(fence.place.line.saturating_sub(1) as usize);
    let node = yaml::parse(&fence.place.file, &format!("{above}{}", fence.text))?;
    let desk = Desk::start(content, lesson, samples);
    Trial::prepare(content, lesson, &desk, &BTreeMap::new())?.load(node)
}

fn json(fence: &Fence) -> Result<(), Problem> {
    let read = serde_json::from_str::<serde_json::Value>(&fence.text);
    read.map(|_| ()).map_err(|e| {
        let place = Place {
            file: fence.place.file.clone(),
            line: e.line() as u32,
            column: e.column() as u32,
        };
        Problem::at(
            &place,
            format!("not JSON: {e}"),
            "Write JSON, or name another language.",
        )
    })
}

fn wat(fence: &Fence) -> Result<(), Problem> {
    assemble(&fence.text).map(drop).map_err(|refusal| {
        let place = Place {
            file: fence.place.file.clone(),
            line: 1,
            column: 1,
        };
        Problem::at(
            &place,
            refusal.message,
            "Show a whole module, or use a block without a language.",
        )
    })
}
