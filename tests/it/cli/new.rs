//! `tour new lesson`: what it writes passes the gate as it is.

use super::{Folder, tour};
use crate::support::root;

#[test]
fn a_new_lesson_passes_the_gate_and_never_writes_over_another() {
    let folder = Folder::new("new");
    let content = folder.file(
        "content/en/00-a/part.md",
        "---\nid: a\ntitle: A\n---\nText.\n",
    );
    let content = content.trim_end_matches("/en/00-a/part.md").to_owned();
    let cargo =
        std::fs::read(root().join("content/filters/add-header/Cargo.toml")).expect("a file");
    folder.file("content/filters/add-header/Cargo.toml", cargo);
    let lesson = format!("{content}/en/00-a/01-say-hello");
    let made = tour(&["new", "lesson", &lesson]);
    assert_eq!(made.code, 0, "{}", made.err);
    let samples = root().join("target/filters");
    let samples = samples.display().to_string();
    let checked = tour(&["check", &content, "--samples", &samples]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    let again = tour(&["new", "lesson", &lesson]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("is there already"), "{}", again.err);
    let bad = tour(&["new", "lesson", &format!("{content}/en/00-a/hello")]);
    assert!(bad.err.contains("two digits"), "{}", bad.err);
}
