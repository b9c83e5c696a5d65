//! The pages beside the lessons that are looked up, not read through: glossary, messages, questions,
//! properties. Each is a file of `content/reference/LANGUAGE/`, its entries are its headings.
//!
//! ```text
//! ## Root context
//! Also: root contexts, plugin context
//! See: add-a-header
//! Try: headers
//! Text of the entry. Its first paragraph is what a tooltip or a search result shows.
//! ```

use super::book::{Book, Content};
use super::catalogue::LessonEntry;
use super::front_matter::split;
use super::markdown::{inline, render_note, slug};
use crate::model::yaml::Fields;
use crate::model::{Place, Problem};

/// A page of entries.
#[derive(Clone, Debug, Default)]
pub struct Manual {
    /// Its place in the addresses: `/reference/ID/`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it is for, in one sentence.
    pub lead: String,
    /// What a search result calls one of its entries.
    pub kind: String,
    /// Its entries in order.
    pub entries: Vec<ManualEntry>,
}

/// An entry.
#[derive(Clone, Debug, Default)]
pub struct ManualEntry {
    /// Its heading.
    pub title: String,
    /// Its anchor.
    pub id: String,
    /// Other names for it.
    pub also: Vec<String>,
    /// The lessons that are about it.
    pub see: Vec<LessonEntry>,
    /// The labs of the playground that show it, by their ids.
    pub tries: Vec<String>,
    /// Its text as HTML.
    pub html: String,
    /// Its first paragraph as HTML that may stand in a line.
    pub short: String,
    /// Its text, as it was written.
    pub text: String,
}

/// Reads `content/reference/LANGUAGE/*.md`, in the order of their names.
///
/// # Errors
/// The first place that is not as it should be.
pub fn manuals(content: &Content, book: &Book, language: &str) -> Result<Vec<Manual>, Problem> {
    let folder = format!("reference/{language}/");
    let files = content.files.keys();
    let files = files.filter(|path| path.starts_with(&folder) && path.ends_with(".md"));
    files.map(|file| read(content, book, file)).collect()
}

fn read(content: &Content, book: &Book, file: &str) -> Result<Manual, Problem> {
    let split = split(&content.name(file), content.text(file).unwrap_or_default())?;
    let mut fields = Fields::of(&split.node)?;
    let mut manual = Manual {
        id: fields.require("id")?.as_str()?.to_string(),
        title: fields.require("title")?.as_str()?.to_string(),
        lead: fields.require("lead")?.as_str()?.to_string(),
        kind: fields.require("kind")?.as_str()?.to_string(),
        entries: Vec::new(),
    };
    fields.finish()?;
    let mut lines = split.body.lines().enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        let place = Place {
            line: split.start.line + at as u32,
            ..split.start.clone()
        };
        let Some(title) = line.strip_prefix("## ") else {
            if line.trim().is_empty() {
                continue;
            }
            let help = "Begin an entry with a line `## Title`.";
            return Err(Problem::at(&place, "text outside of an entry", help));
        };
        let mut text = String::new();
        let mut fenced = false;
        while let Some((_, line)) = lines.next_if(|(_, line)| fenced || !line.starts_with("## ")) {
            fenced ^= line.starts_with("```");
            text.push_str(line);
            text.push('\n');
        }
        manual.entries.push(entry(book, title, &text, &place)?);
    }
    Ok(manual)
}

fn entry(book: &Book, title: &str, text: &str, place: &Place) -> Result<ManualEntry, Problem> {
    let mut entry = ManualEntry {
        title: title.replace('`', ""),
        id: slug(title),
        ..ManualEntry::default()
    };
    let mut rest = text;
    let mut skipped = 1;
    while let Some((line, after)) = rest.split_once('\n') {
        let names = |list: &str| {
            list.split(", ")
                .map(|name| name.trim().to_string())
                .collect()
        };
        if let Some(list) = line.strip_prefix("Also: ") {
            entry.also = names(list);
        } else if let Some(list) = line.strip_prefix("See: ") {
            let ids: Vec<String> = names(list);
            // A part of the course may not have been written yet; then there is no link.
            let lessons = |id: &String| book.catalogue.lessons().find(|l| l.id == *id).cloned();
            entry.see = ids.iter().filter_map(lessons).collect();
        } else if let Some(list) = line.strip_prefix("Try: ") {
            entry.tries = names(list);
        } else if !line.trim().is_empty() {
            break;
        }
        skipped += 1;
        rest = after;
    }
    let start = Place {
        line: place.line + skipped,
        ..place.clone()
    };
    let rendered = render_note(rest, &start);
    if let Some(problem) = rendered.problems.into_iter().next() {
        return Err(problem);
    }
    let first = rest.trim().split("\n\n").next().unwrap_or_default();
    if first.is_empty() {
        let help = "Write at least one sentence below the heading.";
        return Err(Problem::at(place, "an entry without text", help));
    }
    entry.short = inline(first, &start);
    entry.html = rendered.html;
    entry.text = rest.trim().to_string();
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manual(body: &str) -> Result<Vec<Manual>, Problem> {
        let text = format!("---\nid: glossary\ntitle: T\nlead: L\nkind: word\n---\n{body}");
        let content = Content {
            root: "content".into(),
            files: [("reference/en/g.md".to_string(), text.into_bytes())].into(),
        };
        manuals(&content, &Book::default(), "en")
    }

    #[test]
    fn an_entry_has_other_names_and_a_short_text() {
        let found = manual("## Root `context`\nAlso: a, b c\nTry: x, y\n\nFirst `x`.\n\nSecond.\n")
            .expect("reads");
        let entry = &found[0].entries[0];
        assert_eq!(entry.title, "Root context");
        assert_eq!(entry.also, ["a", "b c"]);
        assert_eq!(entry.tries, ["x", "y"]);
        assert_eq!(entry.short, "First <code>x</code>.");
        assert!(entry.html.contains("<p>Second.</p>"));
    }

    #[test]
    fn text_outside_of_an_entry_is_refused_with_its_line() {
        let problem = manual("\nLost.\n## A\nText.\n").expect_err("a problem");
        assert_eq!(problem.place.line, 8);
    }
}
