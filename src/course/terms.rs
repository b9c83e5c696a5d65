//! Words of the glossary in a lesson's HTML: the first occurrence of each is explained on hover and
//! on focus, by a style sheet alone.
//!
//! Works on HTML of our own renderer, whose tags are balanced and hold no `>` in an attribute.

use super::manual::Manual;

/// Tags in which no word is explained: code is exact, and what can be pressed has one meaning.
const LEFT_ALONE: [&str; 15] = [
    "a", "button", "code", "fieldset", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "pre",
    "table", "summary", "label",
];

/// Explains words in a text; those that the lesson's own title names are what it is about.
pub fn explain(html: &str, title: &str, glossary: &Manual) -> String {
    let own = title.to_lowercase();
    let mut words: Vec<(String, &str, &str)> = Vec::new();
    for entry in &glossary.entries {
        for name in std::iter::once(&entry.title).chain(&entry.also) {
            let name = name.to_lowercase();
            if name.len() > 2 && !name.contains('_') && !own.contains(&name) {
                words.push((name, entry.id.as_str(), entry.short.as_str()));
            }
        }
    }
    // The longest first: `root context` before `context`.
    words.sort_by_key(|(name, ..)| std::cmp::Reverse(name.len()));
    let mut out = String::with_capacity(html.len() * 2);
    let mut told: Vec<&str> = Vec::new();
    let mut closed: Vec<&str> = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        let at = rest.find('<').unwrap_or(rest.len());
        let (text, after) = rest.split_at(at);
        match closed.is_empty() {
            true => text_with_tips(text, &words, &mut told, &mut out),
            false => out.push_str(text),
        }
        let end = after.find('>').map_or(after.len(), |end| end + 1);
        let (tag, after) = after.split_at(end);
        out.push_str(tag);
        let name = tag.trim_matches(|c| "</>".contains(c));
        let name = name.split([' ', '/']).next().unwrap_or_default();
        if LEFT_ALONE.contains(&name) {
            match tag.starts_with("</") {
                true => drop(closed.pop()),
                false => closed.push(name),
            }
        }
        rest = after;
    }
    out
}

fn text_with_tips<'a>(
    text: &str,
    words: &[(String, &'a str, &'a str)],
    told: &mut Vec<&'a str>,
    out: &mut String,
) {
    let lower = text.to_lowercase();
    // A letter whose small form has another length would shift every place after it.
    let found = (lower.len() == text.len())
        .then(|| {
            words
                .iter()
                .filter(|(_, id, _)| !told.contains(id))
                .find_map(|word| Some((whole_word(&lower, &word.0)?, word)))
        })
        .flatten();
    let Some((at, (name, id, short))) = found else {
        out.push_str(text);
        return;
    };
    told.push(id);
    let end = at + name.len();
    text_with_tips(&text[..at], words, told, out);
    out.push_str(&format!(
        "<span class=\"term\" tabindex=\"0\" aria-describedby=\"tip-{id}\">{}\
         <span class=\"tip\" role=\"tooltip\" id=\"tip-{id}\">{short}</span></span>",
        &text[at..end]
    ));
    text_with_tips(&text[end..], words, told, out);
}

/// Where a word stands on its own.
fn whole_word(text: &str, word: &str) -> Option<usize> {
    let letter = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(letter) && !after.is_some_and(letter)
    })
}

#[cfg(test)]
mod tests {
    use super::super::manual::ManualEntry;
    use super::*;

    fn glossary() -> Manual {
        let entry = |title: &str, id: &str, also: &[&str]| ManualEntry {
            title: title.into(),
            id: id.into(),
            also: also.iter().map(|name| (*name).into()).collect(),
            short: format!("About {id}."),
            ..ManualEntry::default()
        };
        Manual {
            entries: vec![
                entry("Context", "context", &["contexts"]),
                entry("Root context", "root-context", &[]),
            ],
            ..Manual::default()
        }
    }

    #[test]
    fn the_first_occurrence_of_a_word_is_explained_once() {
        let html = explain("<p>A context, a context.</p>", "T", &glossary());
        assert_eq!(html.matches("class=\"term\"").count(), 1);
        assert!(html.starts_with("<p>A <span class=\"term\""));
        assert!(html.contains("About context."));
    }

    #[test]
    fn the_longer_word_is_meant_where_both_stand() {
        let html = explain("<p>The root context and contexts.</p>", "T", &glossary());
        assert!(html.contains("tip-root-context\">root context<"), "{html}");
        assert!(html.contains("tip-context\">contexts<"), "{html}");
    }

    #[test]
    fn code_links_and_headings_are_left_alone() {
        let text = "<h2>Context</h2><p><code>context</code> <a href=\"x\">context</a></p>";
        assert_eq!(explain(text, "T", &glossary()), text);
    }

    #[test]
    fn part_of_a_word_is_another_word() {
        let text = "<p>contextual, on_context</p>";
        assert_eq!(explain(text, "T", &glossary()), text);
    }

    #[test]
    fn what_a_lesson_is_about_it_explains_itself() {
        let text = "<p>A context.</p>";
        assert_eq!(explain(text, "The context", &glossary()), text);
    }
}
