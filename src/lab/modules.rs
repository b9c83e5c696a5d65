//! The bytes behind `files`: samples, files beside the lab, WebAssembly text.
//!
//! Must not know: a disk or a network. [`Beside`] brings what stands around a lab file; the CLI has
//! one over directories, the worker one over messages, tests one over maps.

use crate::model::lab::{File, Lab, Source};
use crate::model::yaml::nearest;
use crate::model::{Place, Problem};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What stands beside a lab file.
pub trait Beside {
    /// The text of the editable part `name`: an edit, or what stands there first.
    fn part(&self, name: &str) -> Option<String>;

    /// A sample filter by name.
    fn sample(&self, name: &str) -> Sample;

    /// The samples that are there, for "did you mean"; may be empty.
    fn samples(&self) -> Vec<String>;

    /// A file by its path, relative to the lab file.
    ///
    /// # Errors
    /// Why it cannot be read, as a lower-case phrase.
    fn path(&self, path: &str) -> Result<Vec<u8>, String>;
}

/// A sample filter that was asked for.
#[derive(Clone, Debug)]
pub enum Sample {
    /// Its bytes.
    Bytes(Arc<[u8]>),
    /// There is none: why, as a lower-case phrase.
    Missing(String),
    /// It has been asked for and is not here yet.
    Awaited,
}

/// Bytes by path or URL, for every file of a lab that has any.
pub type Contents = BTreeMap<String, Arc<[u8]>>;

/// Why the bytes of a lab are not complete.
#[derive(Clone, Debug)]
pub enum Unresolved {
    /// Something is wrong with the lab.
    Problem(Problem),
    /// These samples are awaited; try again when they are there.
    Awaited(Vec<String>),
}

impl From<Problem> for Unresolved {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Brings the bytes of every file of a lab.
///
/// # Errors
/// The first file whose bytes cannot be had; or the samples that are awaited, all of them.
pub fn resolve(lab: &Lab, beside: &dyn Beside) -> Result<Contents, Unresolved> {
    let mut contents = Contents::new();
    let mut awaited = Vec::new();
    for (name, file) in &lab.files {
        let bytes = match &file.source {
            Source::Missing => continue,
            Source::Inline(bytes) => bytes.0.clone().into(),
            Source::Wat(text, place) => assemble(text, place)?,
            Source::AssemblyScript(_, place) => return Err(no_compiler(place).into()),
            Source::Path(path) => beside
                .path(path)
                .map_err(|why| {
                    Problem::at(
                        &file.place,
                        format!("{path}: {why}"),
                        "The path is relative to the lab file.",
                    )
                })?
                .into(),
            Source::Sample(sample) => match beside.sample(sample) {
                Sample::Bytes(bytes) => bytes,
                Sample::Missing(why) => return Err(missing(sample, &why, file, beside).into()),
                Sample::Awaited => {
                    if !awaited.contains(sample) {
                        awaited.push(sample.clone());
                    }
                    continue;
                }
            },
        };
        contents.insert(name.clone(), bytes);
    }
    if awaited.is_empty() {
        Ok(contents)
    } else {
        Err(Unresolved::Awaited(awaited))
    }
}

fn missing(sample: &str, why: &str, file: &File, beside: &dyn Beside) -> Problem {
    let names = beside.samples();
    let names = names.iter().map(String::as_str);
    let help = match nearest(sample, names.clone()) {
        Some(near) if near != sample => format!("Did you mean `{near}`?"),
        _ if names.len() == 0 => "`cargo xtask filters` builds them.".to_owned(),
        _ => format!("Samples here: {}.", names.collect::<Vec<_>>().join(", ")),
    };
    Problem::at(
        &file.place,
        format!("the sample filter `{sample}` {why}"),
        help,
    )
}

/// Assembles WebAssembly text; errors stand at the line and column of the learner's own file.
fn assemble(text: &str, place: &Place) -> Result<Arc<[u8]>, Problem> {
    wat::parse_str(text).map(Into::into).map_err(|e| {
        // The assembler tells its place only in its message: `--> <anon>:LINE:COLUMN`.
        let whole = e.to_string();
        let mut lines = whole.lines();
        let message = lines.next().unwrap_or("not WebAssembly text").to_owned();
        let at = lines.next().and_then(|line| {
            let mut numbers = line.rsplit(':').map(|n| n.trim().parse::<u32>());
            let column = numbers.next()?.ok()?;
            let line = numbers.next()?.ok()?;
            Some((line, column))
        });
        let mut place = place.clone();
        if let Some((line, column)) = at {
            // Every line of a block scalar is indented as its first one.
            place.column += column - 1;
            place.line += line - 1;
        }
        Problem::at(&place, message, "")
    })
}

fn no_compiler(place: &Place) -> Problem {
    Problem::at(
        place,
        "AssemblyScript cannot be compiled here",
        "Compile it with `asc` and give the module as `path:`.",
    )
}
