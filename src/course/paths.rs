//! Ways through the course: which lessons, in which order, for whom. Files of `content/paths/`.

use super::book::{Book, Content};
use super::catalogue::LessonEntry;
use super::front_matter::split;
use crate::model::Problem;
use crate::model::yaml::Fields;

/// A way through the course.
#[derive(Clone, Debug, Default)]
pub struct Pathway {
    /// Stable, unique among paths.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Who it is for, in one sentence.
    pub who: String,
    /// Its lessons in order.
    pub lessons: Vec<LessonEntry>,
}

/// Reads `content/paths/*.md`, in the order of their names.
///
/// # Errors
/// The first file that is not as it should be, with the place.
pub fn pathways(content: &Content, book: &Book) -> Result<Vec<Pathway>, Problem> {
    let files = content.files.keys().filter(|path| {
        path.strip_prefix("paths/")
            .is_some_and(|name| name.ends_with(".md") && !name.contains('/'))
    });
    files.map(|file| read(content, book, file)).collect()
}

fn read(content: &Content, book: &Book, file: &str) -> Result<Pathway, Problem> {
    let split = split(&content.name(file), content.text(file).unwrap_or_default())?;
    let mut fields = Fields::of(&split.node)?;
    let mut path = Pathway {
        id: fields.require("id")?.as_str()?.to_string(),
        title: fields.require("title")?.as_str()?.to_string(),
        who: fields.require("who")?.as_str()?.to_string(),
        lessons: Vec::new(),
    };
    for node in fields.require("lessons")?.as_list()? {
        let id = node.as_str()?;
        let lesson = book.catalogue.lessons().find(|lesson| lesson.id == id);
        path.lessons.push(lesson.cloned().ok_or_else(|| {
            let message = format!("there is no lesson with the id `{id}`");
            Problem::at(
                &node.place,
                message,
                "Name a lesson by the id in its index.md.",
            )
        })?);
    }
    fields.finish()?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(lessons: &str) -> Content {
        let file = |path: &str, text: String| (path.to_string(), text.into_bytes());
        Content {
            root: "content".into(),
            files: [
                file(
                    "en/00-a/part.md",
                    "---\nid: a\ntitle: A\n---\nText.\n".into(),
                ),
                file(
                    "en/00-a/01-b/index.md",
                    "---\nid: b\ntitle: B\ngoal: g\nminutes: 5\nneeds: []\nkind: core\n\
                     sources: [https://example.com/]\n---\nText.\n"
                        .into(),
                ),
                file(
                    "paths/01-p.md",
                    format!("---\nid: p\ntitle: P\nwho: All.\nlessons: [{lessons}]\n---\n"),
                ),
            ]
            .into(),
        }
    }

    #[test]
    fn a_path_names_its_lessons_by_their_ids() {
        let content = content("b");
        let paths = pathways(&content, &Book::read(&content, "en")).expect("a path");
        assert_eq!(paths[0].lessons[0].path, "/learn/a/b/");
    }

    #[test]
    fn a_path_to_no_lesson_is_refused_with_its_place() {
        let content = content("b, c");
        let problem = pathways(&content, &Book::read(&content, "en")).expect_err("a problem");
        assert_eq!((problem.place.line, problem.place.column), (5, 14));
    }
}
