//! The table of `tests/README.md`: every test that it names is there.

use crate::support::root;
use std::path::PathBuf;

/// Rows that are left out because they are a C++ host's own matter; more would be an excuse.
const LEFT_OUT_MAX: usize = 15;

#[test]
fn every_test_that_the_table_names_is_there() {
    let text = std::fs::read_to_string(root().join("tests/README.md")).unwrap();
    let names: Vec<&str> = text
        .split('`')
        .filter(|word| word.contains("::") && !word.contains(char::is_whitespace))
        .collect();
    assert!(names.len() > 100, "the table is gone");
    let missing: Vec<&str> = names.into_iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "no such test: {missing:#?}");
}

#[test]
fn few_rows_are_left_out_and_each_says_why() {
    let text = std::fs::read_to_string(root().join("tests/README.md")).unwrap();
    let (_, rest) = text.split_once("### Left out\n").unwrap();
    let (table, _) = rest.split_once("\n### ").unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(2)
        .collect();
    assert!((1..=LEFT_OUT_MAX).contains(&rows.len()), "{}", rows.len());
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert!(
            cells.len() == 2 && cells.iter().all(|cell| !cell.is_empty()),
            "{row}"
        );
    }
}

/// Whether `room::file::name` is a test in `tests/it` or in `src`.
fn is_there(name: &str) -> bool {
    let (module, function) = name.rsplit_once("::").unwrap();
    let path = module.replace("::", "/");
    let files: [PathBuf; 3] = [
        root().join(format!("tests/it/{path}.rs")),
        root().join(format!("tests/it/{path}/mod.rs")),
        root().join(format!("src/{path}.rs")),
    ];
    let wanted = format!("fn {function}()");
    files.iter().any(|file| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.split("#[test]").skip(1).any(|after| {
            let signature = after.lines().find(|line| line.contains("fn "));
            signature.is_some_and(|line| line.contains(&wanted))
        })
    })
}
