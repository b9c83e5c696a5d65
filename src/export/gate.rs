//! The course gate, `tour check content/`: everything that a lesson states is tried.
//!
//! For every lesson: links and anchors resolve, fenced YAML is what it claims to be, questions
//! have one right answer on a real run. For every exercise: the starter fails, the solution
//! passes, each known mistake is recognised, each mutant is rejected, two runs are equal. Must
//! not know: where the files came from, where the verdict goes.

mod proof;
mod quests;
mod shape;
mod text;
mod trial;

use super::content::Samples;
use super::text_of;
use crate::course::{Book, Content, Facts, Lesson};
use crate::model::{Place, Problem};
use std::fmt;

/// What the gate found.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// What is wrong, in the order of the course.
    pub problems: Vec<Problem>,
    /// How many checks hold.
    pub passed: usize,
    /// How many do not.
    pub failed: usize,
}

/// Checks the course in the language that is built.
pub fn check(content: &Content, samples: Samples<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let book = Book::read(content, crate::course::LANGUAGE);
    verdict.take(book.problems.clone());
    for lesson in &book.lessons {
        verdict.take(stray_files(content, lesson));
        verdict.take(broken_texts(content, lesson));
        let facts = proof::facts(content, lesson, samples, &mut verdict);
        if facts.is_some() {
            proof::prove(content, lesson, samples, &mut verdict);
        }
        verdict.take(text::check(content, &book, lesson, facts.as_ref(), samples));
    }
    verdict
}

/// What runs of a lesson's lab show: what the renderer needs for predictions and traces.
///
/// `None` when the lesson has no lab, or one that cannot run; the gate says why it cannot.
pub fn facts(content: &Content, lesson: &Lesson, samples: Samples<'_>) -> Option<Facts> {
    proof::facts(content, lesson, samples, &mut Verdict::default())
}

impl Verdict {
    /// Counts one check, which failed when there are problems.
    fn take(&mut self, problems: Vec<Problem>) {
        match problems.is_empty() {
            true => self.passed += 1,
            false => self.failed += 1,
        }
        self.problems.extend(problems);
    }

    /// Counts one check with at most one problem.
    fn take_result(&mut self, result: Result<(), Problem>) {
        self.take(result.err().into_iter().collect());
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Problem {
            place,
            message,
            help,
        } in &self.problems
        {
            match help.as_str() {
                "" => writeln!(f, "{place} {message}")?,
                help => writeln!(f, "{place} {message} / {help}")?,
            }
        }
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Files of a lesson's folder that nothing reads: most likely a slip of the pen.
fn stray_files(content: &Content, lesson: &Lesson) -> Vec<Problem> {
    let own = format!("{}/", lesson.folder);
    let stray = |path: &&String| match path.strip_prefix(&own) {
        Some("index.md" | "lab.yaml") | None => false,
        Some(file) => !file.starts_with("start/") && !file.starts_with("solution/"),
    };
    (content.files.keys().filter(stray))
        .map(|path| {
            let help = "A lesson has index.md, lab.yaml, start/ and solution/.";
            Problem::in_file(content.name(path), "nothing reads this file", help)
        })
        .collect()
}

/// Files of a lesson that are texts by their names, and are none: they would be passed over.
fn broken_texts(content: &Content, lesson: &Lesson) -> Vec<Problem> {
    const TEXTS: [&str; 7] = [".yaml", ".lua", ".wat", ".ts", ".rs", ".md", ".json"];
    let own = format!("{}/", lesson.folder);
    let texts = content
        .files
        .iter()
        .filter(|(path, _)| path.starts_with(&own) && TEXTS.iter().any(|end| path.ends_with(end)));
    texts
        .filter_map(|(path, bytes)| text_of(&content.name(path), bytes).err())
        .collect()
}

/// The place of the first line of a file that contains `text`; the whole file without one.
fn find(content: &Content, path: &str, text: &str) -> Place {
    let file = content.name(path);
    let lines = content.text(path).unwrap_or_default().lines();
    for (at, line) in lines.enumerate() {
        if let Some(column) = line.find(text) {
            return Place {
                file,
                line: at as u32 + 1,
                column: line[..column].chars().count() as u32 + 1,
            };
        }
    }
    Place {
        file,
        ..Place::default()
    }
}
