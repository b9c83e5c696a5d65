//! The course as a whole: from the files of `content/` to parts and lessons in order.

use super::catalogue::{Catalogue, LessonEntry, Part};
use super::front_matter::{FrontMatter, PartMatter, split};
use super::lesson::headings;
use super::markdown::render_note;
use crate::model::{Place, Problem};
use std::collections::BTreeMap;

/// The files of `content/`, as they were read.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// What to call the folder in messages: `content`.
    pub root: String,
    /// Path below it, with `/`, to bytes.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// The course in one language.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// Parts and lessons in order.
    pub catalogue: Catalogue,
    /// The lessons in order.
    pub lessons: Vec<Lesson>,
    /// What is wrong with the course.
    pub problems: Vec<Problem>,
}

/// A lesson's files.
#[derive(Clone, Debug, Default)]
pub struct Lesson {
    /// Its folder below `content/`: `en/00-start/01-a-request-through-a-proxy`.
    pub folder: String,
    /// What it says of itself.
    pub matter: FrontMatter,
    /// The site path of its page.
    pub path: String,
    /// Its Markdown.
    pub text: String,
    /// The file and line where that begins.
    pub start: Place,
    /// The anchors of its headings.
    pub anchors: Vec<String>,
}

impl Content {
    /// A file as text; `None` when it is not there or not UTF-8.
    pub fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.files.get(path)?).ok()
    }

    /// A file's name in messages.
    pub fn name(&self, path: &str) -> String {
        format!("{}/{path}", self.root)
    }

    /// The folders that stand directly in a folder, in order.
    fn folders(&self, folder: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for path in self.files.keys() {
            let below = path
                .strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/'));
            if let Some((name, _)) = below.and_then(|rest| rest.split_once('/')) {
                let path = format!("{folder}/{name}");
                if found.last() != Some(&path) {
                    found.push(path);
                }
            }
        }
        found
    }
}

impl Book {
    /// Reads the parts and lessons of a language.
    pub fn read(content: &Content, language: &str) -> Self {
        let mut book = Self::default();
        for folder in content.folders(language) {
            match book.read_part(content, &folder) {
                Ok(part) => book.catalogue.parts.push(part),
                Err(problem) => book.problems.push(problem),
            }
        }
        if book.lessons.is_empty() && book.problems.is_empty() {
            let help = format!(
                "Write one in {}/NN-part/NN-lesson/index.md.",
                content.name(language)
            );
            let problem = Problem::in_file(content.name(language), "there is no lesson", help);
            book.problems.push(problem);
        }
        book.check_ids();
        book
    }

    /// The lesson of an id.
    pub fn lesson(&self, id: &str) -> Option<&Lesson> {
        self.lessons.iter().find(|lesson| lesson.matter.id == id)
    }

    fn read_part(&mut self, content: &Content, folder: &str) -> Result<Part, Problem> {
        numbered(content, folder)?;
        let file = format!("{folder}/part.md");
        let text = file_text(content, &file)?;
        let split = split(&content.name(&file), text)?;
        let matter = PartMatter::read(&split.node)?;
        let summary = render_note(split.body, &split.start);
        self.problems.extend(summary.problems);
        let mut part = Part {
            id: matter.id,
            title: matter.title,
            summary: summary.html,
            lessons: Vec::new(),
        };
        for folder in content.folders(folder) {
            match read_lesson(content, &folder, &part.id) {
                Ok(lesson) => {
                    part.lessons.push(entry(&lesson));
                    self.lessons.push(lesson);
                }
                Err(problem) => self.problems.push(problem),
            }
        }
        Ok(part)
    }

    fn check_ids(&mut self) {
        let mut problems = Vec::new();
        for (at, lesson) in self.lessons.iter().enumerate() {
            let matter = &lesson.matter;
            if let Some(other) = self.lessons[..at]
                .iter()
                .find(|other| other.matter.id == matter.id)
            {
                let message = format!(
                    "the id `{}` is also that of {}",
                    matter.id, other.start.file
                );
                problems.push(Problem::at(
                    &matter.id_place,
                    message,
                    "Choose an id never used before.",
                ));
            }
            for (need, place) in &matter.needs {
                if !self.lessons[..at]
                    .iter()
                    .any(|other| other.matter.id == *need)
                {
                    let message = format!("it needs `{need}`, and no lesson before it has that id");
                    problems.push(Problem::at(
                        place,
                        message,
                        "Name a lesson that comes earlier.",
                    ));
                }
            }
        }
        self.problems.extend(problems);
    }
}

fn read_lesson(content: &Content, folder: &str, part: &str) -> Result<Lesson, Problem> {
    numbered(content, folder)?;
    let file = format!("{folder}/index.md");
    let split = split(&content.name(&file), file_text(content, &file)?)?;
    let matter = FrontMatter::read(&split.node)?;
    Ok(Lesson {
        folder: folder.to_string(),
        path: format!("/learn/{part}/{}/", matter.id),
        matter,
        anchors: headings(split.body),
        text: split.body.to_string(),
        start: split.start,
    })
}

fn entry(lesson: &Lesson) -> LessonEntry {
    let matter = &lesson.matter;
    LessonEntry {
        id: matter.id.clone(),
        title: matter.title.clone(),
        goal: matter.goal.clone(),
        minutes: matter.minutes,
        path: lesson.path.clone(),
        needs: matter.needs.iter().map(|(id, _)| id.clone()).collect(),
        kind: matter.kind.clone(),
        misconceptions: matter.misconceptions.clone(),
    }
}

/// A folder's name gives its place in the course: `04-first-http-filters`.
fn numbered(content: &Content, folder: &str) -> Result<(), Problem> {
    let name = folder.rsplit('/').next().unwrap_or(folder);
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 2 && name[2..].starts_with('-') {
        return Ok(());
    }
    let message = "expected a folder name that begins with two digits and a hyphen";
    let help = "The number gives the order: `04-first-http-filters`.";
    Err(Problem::in_file(content.name(folder), message, help))
}

fn file_text<'a>(content: &'a Content, path: &str) -> Result<&'a str, Problem> {
    content.text(path).ok_or_else(|| {
        let help = "Every part has a part.md, every lesson an index.md, in UTF-8.";
        Problem::in_file(content.name(path), "there is no such text file", help)
    })
}
