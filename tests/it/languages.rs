//! A translation is files alone: a table of words, lessons, reference, and what stands beside them.

use crate::support::root;
use crate::words::{entries, table};
use proxy_wasm_tour::course::{Book, Content, manuals, pathways};
use proxy_wasm_tour::export::content::{self, in_language};

/// The whole course in a language that has none yet: everything of `en`, with a few words changed.
fn translated() -> Content {
    let mut content = content::read(&root().join("content")).expect("content");
    let own = content
        .files
        .clone()
        .into_iter()
        .filter_map(|(path, bytes)| {
            let other = match path.strip_prefix("en/") {
                Some(rest) => format!("xx/{rest}"),
                None => format!("reference/xx/{}", path.strip_prefix("reference/en/")?),
            };
            let text = String::from_utf8(bytes).ok()?;
            let text = text.replace("title: Add a header\n", "title: Ajouter un en-tête\n");
            Some((
                other,
                text.replace("title: Glossary\n", "title: Glossaire\n")
                    .into_bytes(),
            ))
        });
    let own: Vec<_> = own.collect();
    content.files.extend(own);
    let path = "paths/02-straight-to-envoy.md";
    let text = content
        .text(path)
        .expect("a path")
        .replace("Straight to", "Tout droit vers");
    content
        .files
        .insert(format!("xx/instead/{path}"), text.into_bytes());
    // What is not there cannot be read by mistake.
    content
        .files
        .retain(|path, _| !path.starts_with("en/") && !path.starts_with("reference/en/"));
    in_language(&mut content, "xx");
    content
}

#[test]
fn a_second_language_builds_from_files_alone() {
    let content = translated();
    let english = content::read(&root().join("content")).expect("content");
    let (book, ours) = (Book::read(&content, "xx"), Book::read(&english, "en"));
    assert!(book.problems.is_empty(), "{:?}", book.problems);
    assert_eq!(book.lessons.len(), ours.lessons.len());
    let titles: Vec<&str> = book
        .lessons
        .iter()
        .map(|l| l.matter.title.as_str())
        .collect();
    assert!(titles.contains(&"Ajouter un en-tête"), "{titles:?}");
    // Addresses stay: they are made of ids.
    let paths =
        |book: &Book| -> Vec<String> { book.lessons.iter().map(|l| l.path.clone()).collect() };
    assert_eq!(paths(&book), paths(&ours));
    for lesson in &book.lessons {
        let text = book.render(&content, lesson, None, &|path| path.to_string());
        assert!(!text.html.is_empty(), "{}", lesson.folder);
    }
    let manuals = manuals(&content, &book, "xx").expect("a reference");
    assert!(manuals.iter().any(|manual| manual.title == "Glossaire"));
    let ways = pathways(&content, &book).expect("paths");
    assert!(
        ways.iter()
            .any(|way| way.title.starts_with("Tout droit vers"))
    );
    assert!(!content.files.keys().any(|path| path.contains("instead/")));
}

#[test]
fn a_table_in_other_words_fits_page_and_scripts() {
    let other: String = entries()
        .iter()
        .map(|(key, text)| format!("{key} = \"« {text} »\"\n"))
        .collect();
    let other = table::read(&other).expect("a table");
    // What `say!` puts into the page, and what the scripts are bundled with.
    let (rust, script) = (table::rust(&other), table::script(&other));
    assert!(rust.contains("(run) => { \"« Run »\" };"), "{rust}");
    assert!(script.contains("const run_ = `« Run »`;"), "{script}");
    for (key, _) in entries() {
        assert!(rust.contains(&format!("    ({key}) => {{")), "{key}");
        assert!(script.contains(&format!(" {key}_ as {key}")), "{key}");
    }
}

#[test]
fn every_language_has_every_word_with_its_names() {
    let ours = entries();
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(root().join("content")).expect("content") {
        let path = entry.expect("an entry").path().join("words.properties");
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let other = table::read(&text).unwrap_or_else(|e| panic!("{}, {e}", path.display()));
        for (key, words) in &ours {
            let found = other.iter().find(|(name, _)| name == key);
            let names = |text: &str| -> std::collections::BTreeSet<String> {
                let names = table::names(text).unwrap_or_default();
                names.into_iter().map(str::to_string).collect()
            };
            match found {
                Some((_, text)) if names(text) == names(words) => {}
                Some(_) => wrong.push(format!(
                    "{}: {key} has other names in braces",
                    path.display()
                )),
                None => wrong.push(format!("{}: {key} is missing", path.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
