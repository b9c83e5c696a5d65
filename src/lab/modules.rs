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

    /// What a compiler made of AssemblyScript; the name is the file's that the text stands in.
    fn compiled(&self, _name: &str, _source: &str) -> Compiled {
        Compiled::NoCompiler("there is no compiler here".to_owned())
    }

    /// What the assembler made of WebAssembly text that stands in a file of this name.
    fn assembled(&self, _name: &str, source: &str) -> Compiled {
        #[cfg(feature = "assembler")]
        return match crate::assembler::assemble(source) {
            Ok(bytes) => Compiled::Bytes(bytes.into()),
            Err(refusal) => Compiled::Refused {
                line: refusal.line,
                column: refusal.column,
                message: refusal.message,
            },
        };
        #[cfg(not(feature = "assembler"))]
        return Compiled::NoCompiler(format!("no assembler for {} bytes is here", source.len()));
    }

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

/// A text that was to be compiled.
#[derive(Clone, Debug)]
pub enum Compiled {
    /// The module.
    Bytes(Arc<[u8]>),
    /// The compiler refused it.
    Refused {
        /// The line in the source, from 1.
        line: u32,
        /// The column, from 1.
        column: u32,
        /// Why.
        message: String,
    },
    /// The compiler cannot be had: why, as a lower-case phrase.
    NoCompiler(String),
    /// It is on its way, under this name.
    Awaited(String),
}

impl Compiled {
    /// The bytes of a text that stands at a place, or the name under which they are awaited.
    fn bytes(
        self,
        place: &Place,
        language: &str,
        tool: &str,
    ) -> Result<Result<Arc<[u8]>, String>, Problem> {
        match self {
            Self::Bytes(bytes) => Ok(Ok(bytes)),
            Self::Awaited(name) => Ok(Err(name)),
            Self::Refused {
                line,
                column,
                message,
            } => Err(Problem::at(&within(place, line, column), message, "")),
            Self::NoCompiler(why) => Err(Problem::at(
                place,
                format!("{language} cannot be compiled: {why}"),
                format!("Compile it with `{tool}` and give the module as `path:`."),
            )),
        }
    }
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
            Source::Wat(text, place) => {
                let made = beside.assembled(&place.file, text);
                match made.bytes(place, "WebAssembly text", "wat2wasm")? {
                    Ok(bytes) => bytes,
                    Err(name) => {
                        awaited.push(name);
                        continue;
                    }
                }
            }
            Source::AssemblyScript(text, place) => {
                let made = beside.compiled(&place.file, text);
                match made.bytes(place, "AssemblyScript", "asc")? {
                    Ok(bytes) => bytes,
                    Err(name) => {
                        awaited.push(name);
                        continue;
                    }
                }
            }
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
        // The gate knows a sample by its sources, built or not.
        Some(_) => "`cargo xtask filters` builds it.".to_owned(),
        None if names.len() == 0 => "`cargo xtask filters` builds them.".to_owned(),
        None => format!("Samples here: {}.", names.collect::<Vec<_>>().join(", ")),
    };
    Problem::at(
        &file.place,
        format!("the sample filter `{sample}` {why}"),
        help,
    )
}

/// A line and a column of a text that stands at a place; both count from 1.
fn within(place: &Place, line: u32, column: u32) -> Place {
    let mut place = place.clone();
    // Every line of a block scalar is indented as its first one.
    place.column = (place.column + column).saturating_sub(1);
    place.line = (place.line + line).saturating_sub(1);
    place
}
