//! Known mistakes, recognised by what a run does.

use super::check;
use crate::model::lab::Mistake;
use crate::model::report::{KnownMistake, Report};

/// The first mistake whose assertions hold together in a scenario of the run.
pub fn recognise(mistakes: &[Mistake], report: &Report) -> Option<KnownMistake> {
    let made = |mistake: &&Mistake| {
        let holds = |scenario| (check(&mistake.expect, scenario).iter()).all(|check| check.ok);
        report.scenarios.iter().any(holds)
    };
    let mistake = mistakes.iter().find(made)?;
    Some(KnownMistake {
        name: mistake.name.clone(),
        say: mistake.say.clone(),
        see: mistake.see.clone(),
    })
}
