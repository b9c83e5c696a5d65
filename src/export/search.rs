//! The search index: what can be found, with its address. `src/vendor/kit/rank.js` ranks it.
//!
//! A JSON list of `[path, title, kind, other names, sentence, words of the text]`.

use super::reference::Page;
use crate::course::{Book, Content, Lesson};
use crate::model::digest;
use std::collections::BTreeSet;

/// Something that can be found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Its site path, with an anchor where it is a part of a page.
    pub path: String,
    /// What it is called.
    pub title: String,
    /// `lesson`, `host call`, `message` …
    pub kind: String,
    /// Other names for it.
    pub also: Vec<String>,
    /// One sentence about it.
    pub said: String,
    /// Its text.
    pub text: String,
}

/// The index of the whole site, as JSON.
pub fn index(content: &Content, book: &Book, pages: &[Page]) -> String {
    let mut all: Vec<Found> = book
        .lessons
        .iter()
        .flat_map(|lesson| of_lesson(content, book, lesson))
        .collect();
    for page in pages {
        all.push(Found {
            path: page.path.clone(),
            title: page.title.clone(),
            kind: say!(kind_reference).into(),
            said: plain(&page.lead),
            ..Found::default()
        });
        all.extend(page.found.iter().cloned());
    }
    let rows: Vec<_> = all
        .iter()
        .map(|found| {
            serde_json::json!([
                found.path,
                found.title,
                found.kind,
                found.also,
                found.said,
                words(&found.text)
            ])
        })
        .collect();
    serde_json::Value::Array(rows).to_string()
}

/// The index's file name: a browser that keeps it never pairs it with another build.
pub fn name(index: &str) -> String {
    format!("search-{:016x}.json", digest(index.as_bytes()))
}

/// A lesson as a whole, and each of its headings.
fn of_lesson(content: &Content, book: &Book, lesson: &Lesson) -> Vec<Found> {
    let rendered = book.render(content, lesson, None, &|path| path.to_string());
    let goal = lesson.matter.goal.trim_end_matches('.');
    let mut all = vec![Found {
        path: lesson.path.clone(),
        title: lesson.matter.title.clone(),
        kind: say!(kind_lesson).into(),
        also: lesson.matter.misconceptions.clone(),
        said: format!(say!(lesson_goal), goal = goal),
        text: plain(&rendered.html),
    }];
    all.extend(rendered.outline.into_iter().map(|heading| Found {
        path: format!("{}#{}", lesson.path, heading.id),
        title: format!("{}: {}", lesson.matter.title, heading.text),
        kind: say!(kind_heading).into(),
        ..Found::default()
    }));
    all
}

/// HTML without its tags.
pub(crate) fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        out.push_str(text);
        // Words of two cells are two words; code in a word is not.
        let tag = after.split('>').next().unwrap_or_default();
        if !["code", "/code", "em", "/em", "strong", "/strong"].contains(&tag) {
            out.push(' ');
        }
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    let out = out
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    let out = out.replace("&#39;", "'").replace("&amp;", "&");
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The different words of a text, in small letters: what stands twice is found once.
fn words(text: &str) -> String {
    let words: BTreeSet<String> = text
        .to_lowercase()
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| word.len() > 1)
        .map(str::to_string)
        .collect();
    words.into_iter().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_found_by_its_words() {
        let html = "<p>Say <code>x</code>-hello &amp; go.</p><p>On</p>";
        assert_eq!(plain(html), "Say x-hello & go. On");
        assert_eq!(words("Go, go on_tick"), "go on_tick");
    }
}
