//! What a lab must have before anything is run: hints, hidden scenarios, parts that are used.

use super::super::content::{Desk, Samples};
use super::trial::REQUEST;
use crate::course::{Content, Lesson, render_note};
use crate::model::exercise::ANSWERS;
use crate::model::lab::{Lab, Mistake};
use crate::model::{Exercise, Place, Problem};

/// What a learner can be asked to do.
const KINDS: [&str; 12] = [
    "request",
    "config",
    "lua",
    "wat",
    "assemblyscript",
    "predict",
    "order",
    "find",
    "host",
    "own",
    "patch",
    "quiz",
];

/// Kinds whose visible scenarios could be answered by rote.
const BY_ROTE: [&str; 6] = ["config", "lua", "wat", "assemblyscript", "own", "patch"];

/// What a kind has the learner edit: the end of the part's name.
const EDITED: [(&str, &str); 4] = [
    ("config", ".yaml"),
    ("lua", ".lua"),
    ("wat", ".wat"),
    ("assemblyscript", ".ts"),
];

/// Every file of `start/` and `solution/` is a part of the lab.
pub(super) fn parts(
    content: &Content,
    lesson: &Lesson,
    samples: Samples<'_>,
    lab: &Lab,
) -> Vec<Problem> {
    let desk = Desk::start(content, lesson, samples);
    let by_request = lab
        .exercises
        .iter()
        .any(|exercise| exercise.kind == "request");
    let mut problems = Vec::new();
    for stage in ["start", "solution"] {
        for name in desk.stage(stage).into_keys() {
            let by_name = lab.parts.contains(&name);
            let request = by_request && stage == "solution" && name == REQUEST;
            if !request && !by_name {
                let file = format!("{}/{stage}/{name}", lesson.folder);
                let help = format!("Write `{{edit: {name}}}` in lab.yaml where its text belongs.");
                let message = "nothing in lab.yaml uses this file";
                problems.push(Problem::in_file(content.name(&file), message, help));
            }
        }
    }
    problems
}

/// Every assertion of an exercise says what to do when it fails.
pub(super) fn hints(lab: &Lab) -> Vec<Problem> {
    let asked = |name: &String| lab.exercises.iter().any(|e| e.scenarios.contains(name));
    (lab.scenarios.iter())
        .filter(|scenario| asked(&scenario.name))
        .flat_map(|scenario| &scenario.expect)
        .filter(|expectation| expectation.hint.is_empty())
        .map(|expectation| {
            let help = "Add `hint:`, a sentence for a learner whose work fails it.";
            Problem::at(&expectation.place, "an assertion without a hint", help)
        })
        .collect()
}

/// Every mistake has something to say, and each something else.
pub(super) fn says(lab: &Lab, find: impl Fn(&str) -> Place) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, mistake) in lab.mistakes.iter().enumerate() {
        let name = &mistake.name;
        let same = |other: &&Mistake| other.say.trim() == mistake.say.trim();
        if mistake.say.trim().is_empty() {
            let message = format!("the mistake `{name}` has nothing to say");
            let help = "Tell the learner in `say:` what this run shows, and what to do.";
            problems.push(Problem::at(&find(name), message, help));
        } else if let Some(other) = lab.mistakes[..at].iter().find(same) {
            let message = format!("the mistake `{name}` says the same as `{}`", other.name);
            let help = "Give it a message of its own, or make one mistake of the two.";
            problems.push(Problem::at(&find(name), message, help));
        }
    }
    problems
}

/// An exercise has all that a learner needs who is stuck, or done.
pub(super) fn exercise(place: &Place, lab: &Lab, exercise: &Exercise) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut expected = |holds: bool, message: &str, help: &str| {
        if !holds {
            problems.push(Problem::at(place, message, help));
        }
    };
    let same = lab.exercises.iter().filter(|other| other.id == exercise.id);
    expected(
        same.count() == 1,
        "a second exercise with this id",
        "Give it an id of its own.",
    );
    let kinds = format!("Known kinds: {}.", KINDS.join(", "));
    expected(
        KINDS.contains(&exercise.kind.as_str()),
        "an unknown kind of exercise",
        &kinds,
    );
    expected(
        !exercise.hints.is_empty(),
        "an exercise without hints",
        "Add `hints:`, from a nudge to all but the answer.",
    );
    expected(
        !exercise.why.is_empty(),
        "an exercise without `why`",
        "Say why the solution works; it is shown after it passes.",
    );
    let end = EDITED.iter().find(|(kind, _)| *kind == exercise.kind);
    let edited = |(_, end): &(&str, &str)| {
        lab.parts
            .iter()
            .any(|part| part != ANSWERS && part.ends_with(end))
    };
    expected(
        end.is_none_or(edited),
        "nothing to edit for this kind of exercise",
        "Write `{edit: NAME}` where the learner's text belongs; its name tells what it is: .yaml, .lua, .wat, .ts.",
    );
    let hidden = |name: &String| lab.scenarios.iter().any(|s| s.hidden && s.name == *name);
    // What a learner sends, says or picks is no program: there is nothing that further traffic would try.
    expected(
        !BY_ROTE.contains(&exercise.kind.as_str()) || exercise.scenarios.iter().any(hidden),
        "an exercise without a hidden scenario",
        "Add a scenario with `hidden: true`, so that the visible ones cannot be answered by rote.",
    );
    let notes = [&exercise.task, &exercise.why]
        .into_iter()
        .chain(&exercise.hints);
    for problem in notes.flat_map(|text| render_note(text, place).problems) {
        // Where in the note is not known; the exercise is near enough.
        problems.push(Problem::at(place, problem.message, problem.help));
    }
    problems
}
