//! The table of the interface's words: every key is there, every key is used, and neither the page
//! nor a script says anything to a visitor that is not in it.

use crate::support::root;
use regex_lite::Regex;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[path = "../../src/bin/xtask/words.rs"]
pub(crate) mod table;

/// What looks like a sentence in a script and is none that anybody reads.
const SCRIPT_EXCEPTIONS: [(&str, &str); 5] = [
    ("kit/own/view.js", "Files"),
    ("kit/progress.js", "another version"),
    ("kit/rank.js", "a an and are as at"),
    ("offline/worker.js", "take over"),
    ("site/offline.js", "take over"),
];

/// What the page tells its console alone: the build made it wrong.
const PAGE_EXCEPTIONS: [&str; 8] = [
    "the component macro makes what it generates public",
    "the document has no element to hydrate",
    "the document has no page data",
    "page data: {e}",
    "the document does not name its root",
    "no base address",
    "the document's root is no address",
    "the shell has no ",
];

pub(crate) fn entries() -> Vec<table::Entry> {
    let path = root().join(format!(
        "content/{}/words.properties",
        proxy_wasm_tour::course::LANGUAGE
    ));
    table::read(&read(&path)).expect("a table of words")
}

/// The keys that a text names by `say!(key)` or `words.key`.
fn used(text: &str, by: &str) -> BTreeSet<String> {
    let name = Regex::new(by).unwrap();
    let found = name.captures_iter(text);
    found.map(|found| found[1].to_string()).collect()
}

const BY_THE_PAGE: &str = r"\bsay!\(\s*([a-z0-9_]+)\s*\)";
const BY_A_SCRIPT: &str = r"\bwords\.([a-z0-9_]+)\b";

#[test]
fn every_key_is_used_and_every_used_key_is_there() {
    let keys: BTreeSet<String> = entries().into_iter().map(|(key, _)| key).collect();
    let mut all = BTreeSet::new();
    for file in files("src", "rs") {
        all.extend(used(&code(&file), BY_THE_PAGE));
    }
    for file in files("src/vendor", "js") {
        let text = code(&file);
        if text.contains("from 'words'") {
            all.extend(used(&text, BY_A_SCRIPT));
        }
    }
    // Where the macro itself is explained.
    all.remove("key");
    let unused: Vec<&String> = keys.difference(&all).collect();
    assert!(unused.is_empty(), "nobody says {unused:?}");
    let missing: Vec<&String> = all.difference(&keys).collect();
    assert!(missing.is_empty(), "no words for {missing:?}");
}

#[test]
fn a_script_gives_each_text_the_names_that_it_has() {
    let entries = entries();
    let mut wrong = Vec::new();
    for file in files("src/vendor", "js") {
        let text = code(&file);
        for (key, words) in &entries {
            if !text.contains(&format!("words.{key}({{")) {
                continue;
            }
            let names = table::names(words).unwrap();
            // `words.key({ a, b: 1 })`, where the names stand in the call itself.
            let call = Regex::new(&format!(
                r"words\.{key}\b(\(\{{([^{{}}]*(\([^()]*\))?[^{{}}]*)\}}\))?"
            ))
            .unwrap();
            for found in call.captures_iter(&text) {
                let Some(given) = found.get(2) else { continue };
                let given: BTreeSet<&str> = top_level(given.as_str());
                let wanted: BTreeSet<&str> = names.iter().copied().collect();
                if given != wanted {
                    wrong.push(format!("{}: {key} wants {wanted:?}", shown(&file)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The names of an object's fields: `a, b: f(x, y)` has `a` and `b`.
fn top_level(object: &str) -> BTreeSet<&str> {
    let (mut depth, mut start, mut names) = (0, 0, BTreeSet::new());
    for (at, letter) in object.char_indices().chain([(object.len(), ',')]) {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                let field = object[start..at].trim();
                names.insert(field.split(':').next().unwrap_or(field).trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    names.remove("");
    names
}

#[test]
fn no_script_says_anything_that_is_not_in_the_table() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files("src/vendor", "js") {
        for text in literals(&code(&file)) {
            if !is_said(&text) {
                continue;
            }
            let known = SCRIPT_EXCEPTIONS.iter().position(|(name, start)| {
                file.ends_with(Path::new(name)) && text.starts_with(start)
            });
            match known {
                Some(at) => drop(seen.insert(at)),
                None => wrong.push(format!("{}: {text:?}", shown(&file))),
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "put these into content/en/words.properties and say them by `words.key`\n{}",
        wrong.join("\n")
    );
    let left = (0..SCRIPT_EXCEPTIONS.len()).filter(|at| !seen.contains(at));
    let left: Vec<_> = left.map(|at| SCRIPT_EXCEPTIONS[at]).collect();
    assert!(
        left.is_empty(),
        "exceptions that are none any more: {left:?}"
    );
}

#[test]
fn the_page_says_nothing_that_is_not_in_the_table() {
    let several = Regex::new(r"[A-Za-z]{2,}[,.:;…]? [a-z]{2,}").unwrap();
    let quoted = Regex::new(r#""((?:[^"\\]|\\.)*)""#).unwrap();
    // HTML, and the classes of elements.
    let markup = Regex::new(r#"(class(:[a-z]+)?=|aria-keyshortcuts=)$|<"#).unwrap();
    let mut wrong = Vec::new();
    for file in files("src/ui", "rs") {
        let text = code(&file);
        let page = text.split("#[cfg(test)]").next().unwrap_or_default();
        for found in quoted.captures_iter(page) {
            let (whole, said) = (found.get(0).unwrap(), &found[1]);
            let before = &page[..whole.start()];
            let before = &before[before.len() - before.len().min(24)..];
            if !several.is_match(said) || markup.is_match(before) || markup.is_match(said) {
                continue;
            }
            let class = said.split(' ').all(|word| {
                let plain = |c: char| c.is_ascii_lowercase() || "-{}0123456789".contains(c);
                word.chars().all(plain) && STYLED.contains(&word.trim_end_matches("{mask}"))
            });
            let known = PAGE_EXCEPTIONS.iter().any(|start| said.starts_with(start));
            if !class && !known {
                wrong.push(format!("{}: {said:?}", shown(&file)));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "put these into content/en/words.properties and say them by `say!(key)`\n{}",
        wrong.join("\n")
    );
}

/// What the build writes around the texts of the course: the reference, the licences, the search.
const WRITERS: [&str; 4] = [
    "src/export/reference",
    "src/export/licences",
    "src/export/licences.rs",
    "src/export/search.rs",
];

#[test]
fn the_build_writes_nothing_that_is_not_in_the_table() {
    let quoted = Regex::new(r#""((?:[^"\\]|\\[\s\S])*)""#).unwrap();
    let mut wrong = Vec::new();
    for writer in WRITERS {
        let path = root().join(writer);
        let all = if path.is_dir() {
            files(writer, "rs")
        } else {
            vec![path]
        };
        for file in all
            .iter()
            .filter(|file| !file.ends_with("reference/tests.rs"))
        {
            let text = code(file);
            let ours = text.split("#[cfg(test)]").next().unwrap_or_default();
            let found = quoted.captures_iter(ours).map(|found| found[1].to_string());
            let said = found.filter(|text| is_written(text));
            wrong.extend(said.map(|said| format!("{}: {said:?}", shown(file))));
        }
    }
    assert!(
        wrong.is_empty(),
        "put these into content/en/words.properties and say them by `say!(key)`\n{}",
        wrong.join("\n")
    );
}

/// Whether a literal with HTML has a word for people: between two tags, or several in a row.
fn is_written(literal: &str) -> bool {
    let tags = Regex::new(r"<[^<>]*>|\{[^{}]*\}").unwrap();
    let several = Regex::new(r"[A-Za-z]{2,}[,.:;]? [a-z]{2,}").unwrap();
    let between = Regex::new(r#">\s*[A-Za-z]{3,}[^<>]*<|aria-label=\\?"[A-Z]"#).unwrap();
    let plain = tags.replace_all(literal, "|");
    // The Rust SDK's names, messages of the build, and what a request for help begins with.
    let code = [
        "fn on_",
        "package-lock",
        "cargo metadata",
        "Try: there is no lab",
        r#"aria-label=\"Table"#,
    ];
    let code = code.iter().any(|start| literal.starts_with(start));
    !code && (several.is_match(&plain) || between.is_match(literal))
}

#[test]
fn a_word_between_tags_is_told_from_markup() {
    let said = [
        "<h2>Texts</h2>",
        "no text of a licence",
        "<b aria-label=\"Name\">",
    ];
    assert!(said.iter().all(|text| is_written(text)));
    let markup = [
        "<h2 id=\"texts\" class=\"a b\">{}</h2>",
        "host-calls",
        " → status",
    ];
    assert!(!markup.iter().any(|text| is_written(text)));
}

/// Classes that stand in plain texts, where no attribute's name is before them.
const STYLED: [&str; 15] = [
    "bad", "client", "good", "mask", "native", "notice", "outcome", "station", "stop", "upstream",
    "verdict", "wasm", "exchange", "other", "lua",
];

/// Whether a literal of a script is for people: two words or more, or one that begins as a label
/// does. Selectors, styles, classes and names of keys are not.
fn is_said(text: &str) -> bool {
    const KEYS: [&str; 6] = [
        "Escape",
        "Tab",
        "Shift-Tab",
        "Mod-Enter",
        "Enter",
        "Date=wasi_Date",
    ];
    let words = Regex::new(r"[A-Za-z]{2,}[,.:;…]? [a-z]{2,}").unwrap();
    let label = Regex::new(r"^[A-Z][a-z]{2,}").unwrap();
    let code =
        Regex::new(r"^[.:][a-z]|[{;]|var\(|^(input|button|notice|plain|station|trouble)[ ,]")
            .unwrap();
    (words.is_match(text) || label.is_match(text)) && !code.is_match(text) && !KEYS.contains(&text)
}

/// The strings of a script, without what `${…}` puts into them.
fn literals(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let letters: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < letters.len() {
        match letters[at] {
            quote @ ('\'' | '`' | '"') => {
                let start = at + 1;
                at = start;
                while at < letters.len() && letters[at] != quote {
                    at += 1 + usize::from(letters[at] == '\\');
                }
                let inner: String = letters[start..at.min(letters.len())].iter().collect();
                let filled = Regex::new(r"\$\{[^{}]*\}").unwrap();
                found.push(filled.replace_all(&inner, "0").into_owned());
            }
            // A regular expression may hold quotes.
            '/' if at > 0
                && "(,= [!&|?:\n".contains(letters[at - 1])
                && letters.get(at + 1) != Some(&' ') =>
            {
                at += 1;
                let mut class = false;
                while at < letters.len() && letters[at] != '\n' && (class || letters[at] != '/') {
                    match letters[at] {
                        '\\' => at += 1,
                        '[' => class = true,
                        ']' => class = false,
                        _ => {}
                    }
                    at += 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

#[test]
fn a_sentence_is_told_from_code() {
    let script = r"say('Not found.'); a.replace(/['`]/g, `Line ${n}: ${m}`); b('.prose pre', x / 2, 'button quiet')";
    let found = literals(script);
    assert_eq!(
        found,
        ["Not found.", "Line 0: 0", ".prose pre", "button quiet"]
    );
    let said: Vec<&String> = found.iter().filter(|text| is_said(text)).collect();
    assert_eq!(said, ["Not found.", "Line 0: 0"]);
    assert_eq!(top_level("a, b: f(x, y), c"), ["a", "b", "c"].into());
}

/// A file's text without its comments.
fn code(path: &Path) -> String {
    let text = read(path);
    let lines = text.lines().map(|line| {
        let bare = line.trim_start();
        match bare.starts_with("//") || bare.starts_with("* ") || bare.starts_with("/**") {
            true => "",
            false => line,
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn files(under: &str, kind: &str) -> Vec<PathBuf> {
    fn visit(dir: &Path, kind: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, kind, found);
            } else if path.extension().is_some_and(|extension| extension == kind) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    visit(&root().join(under), kind, &mut found);
    found.sort();
    found
}

fn shown(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.display().to_string()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
