//! The texts of licences: found in a package's folder, and shown once however many packages have
//! them.

use crate::course::escape;
use std::path::Path;

/// How the file of a licence, or of what has to be said beside one, begins, in small letters.
const NAMES: [&str; 6] = [
    "license",
    "licence",
    "copying",
    "unlicense",
    "notice",
    "copyright",
];

/// The texts in a package's folder, by the files' names.
pub(super) fn of(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    let text = |path: &&std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_lowercase();
        let kind = path.extension().unwrap_or_default().to_string_lossy();
        // A source file may have such a name too.
        let prose = !["rs", "js", "ts", "json", "toml"].contains(&&*kind);
        prose && NAMES.iter().any(|start| name.starts_with(start))
    };
    let files = files.iter().filter(text);
    let texts = files.filter_map(|path| std::fs::read(path).ok());
    let texts = texts.map(|bytes| String::from_utf8_lossy(&bytes).replace("\r\n", "\n"));
    texts.filter(|text| !text.trim().is_empty()).collect()
}

/// Each text once with the packages that have it, and the packages that came without one.
///
/// A package has no list of texts when its folder is not there.
pub(super) fn html(packages: impl Iterator<Item = (String, Option<Vec<String>>)>) -> String {
    let mut texts: Vec<(String, String, Vec<String>)> = Vec::new();
    let mut without = Vec::new();
    for (name, found) in packages {
        let found = found.unwrap_or_default();
        if found.is_empty() {
            without.push(format!("<li>{}</li>", escape(&name)));
        }
        for text in found {
            // Where its lines end is not what a licence says.
            let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
            match texts.iter_mut().find(|(other, ..)| *other == said) {
                Some((_, _, names)) if names.last() == Some(&name) => {}
                Some((_, _, names)) => names.push(name.clone()),
                None => texts.push((said, text, vec![name.clone()])),
            }
        }
    }
    // Those that most packages have come first.
    texts.sort_by_key(|(.., names)| std::cmp::Reverse(names.len()));
    let mut html = format!("<h2 id=\"texts\">{}</h2>", say!(licences_texts));
    for (_, text, names) in &texts {
        html.push_str(&format!(
            "<details class=\"licence\"><summary>{}</summary><pre tabindex=\"0\">{}</pre></details>\n",
            escape(&names.join(", ")),
            escape(text.trim_matches('\n'))
        ));
    }
    if !without.is_empty() {
        html.push_str(&format!(
            "<h2 id=\"without\">{}</h2><p>{}</p><ul>{}</ul>",
            say!(licences_without),
            say!(licences_without_text),
            without.concat()
        ));
    }
    html
}
