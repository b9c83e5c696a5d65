//! What the README tells authors of filters to write and to run.

use super::{Folder, tour};
use crate::support::sample;

/// The blocks of a language, in order.
fn blocks(language: &str) -> Vec<String> {
    let text = std::fs::read_to_string("README.md").unwrap();
    let begin = format!("```{language}\n");
    let parts = text.split(&begin).skip(1);
    parts
        .map(|part| part.split("\n```").next().unwrap().to_owned())
        .collect()
}

const MODULE: &str = "target/wasm32-unknown-unknown/release/my_filter.wasm";

#[test]
fn the_lab_file_for_a_filters_ci_runs_as_the_readme_says() {
    let lab = blocks("yaml").remove(0);
    let folder = Folder::new("readme");
    let file = folder.file("tour.yaml", &lab);
    let ran = tour(&["run", &file]);
    assert_eq!(ran.code, 2, "there is no module yet: {}", ran.err);
    let module = folder.file(MODULE, sample("add-header"));
    let ran = tour(&["run", &file]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    folder.file(MODULE, sample("log-headers"));
    assert_eq!(
        tour(&["run", &file]).code,
        1,
        "another filter says no hello"
    );
    assert_eq!(tour(&["doctor", &module]).code, 0);
}

#[test]
fn the_recipes_run_the_same_commands() {
    let shell = blocks("sh");
    let shell = shell
        .iter()
        .find(|block| block.contains("tour run tour.yaml"));
    let job = blocks("yaml").remove(1);
    for command in shell.unwrap().lines() {
        assert!(job.contains(&format!("- run: {command}")), "{command}");
    }
}

/// The words of a shell's line; what stands in single quotes is one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('\'').enumerate() {
        match at % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

#[test]
fn every_command_that_the_readme_runs_in_a_clone_ends_well() {
    crate::support::samples();
    let blocks = blocks("sh");
    let lines = blocks.iter().flat_map(|block| block.lines());
    let commands: Vec<&str> = lines
        .filter_map(|line| line.strip_prefix("cargo run -q -- "))
        .collect();
    assert!(commands.len() >= 4, "{commands:?}");
    for command in commands {
        let words = words(command);
        let ran = tour(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(ran.code, 0, "{command}\n{}{}", ran.out, ran.err);
    }
}
