//! `tour check`, and what `tour run` says of a mistake that the lab knows.

use super::{Folder, tour};

#[test]
fn the_course_is_checked_and_counted() {
    let run = tour(&["check", "content/"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let last = run.out.lines().last().unwrap();
    assert!(last.ends_with(" passed, 0 failed"), "{last}");
}

#[test]
fn a_faulty_course_fails_with_the_place() {
    let folder = Folder::new("check");
    folder.file("en/00-start/part.md", "---\nid: start\n---\n");
    let root = folder.0.to_str().unwrap();
    let run = tour(&["check", root]);
    assert_eq!(run.code, 1, "{}", run.err);
    let expected = format!(
        "{root}/en/00-start/part.md:2:1 the key `title` is missing / Add `title: …` here.\n0 passed, 1 failed\n"
    );
    assert_eq!(run.out, expected);
}

#[test]
fn a_folder_that_is_not_there_cannot_be_checked() {
    let run = tour(&["check", "no-such-folder"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(
        run.err.starts_with("tour: no-such-folder: no such file\n"),
        "{}",
        run.err
    );
}

#[test]
fn a_known_mistake_is_told() {
    let folder = Folder::new("mistake");
    let lab = "
files:
  /m.wasm: {wat: '(module (func (export \"one\") (result i32) (i32.const 2)))'}
scenarios:
- traffic:
  - call: {module: /m.wasm, export: one}
  expect:
  - call: {results: [1]}
mistakes:
- name: two
  files: {}
  expect:
  - call: {results: [2]}
  say: That is two.
";
    let run = tour(&["run", &folder.file("lab.yaml", lab)]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(
        run.out.contains("known mistake: That is two.\n"),
        "{}",
        run.out
    );
}
