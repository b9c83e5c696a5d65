//! The reference's texts against the code that they speak of: a field, a counter or a message that
//! only one of them has fails here.

use crate::support::root;
use proxy_wasm_tour::course::{Book, Manual, manuals};
use proxy_wasm_tour::export::content;
use regex_lite::Regex;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn manual(id: &str) -> Manual {
    let content = content::read(&root().join("content")).expect("content");
    let book = Book::read(&content, "en");
    let all = manuals(&content, &book, "en").expect("reference texts");
    all.into_iter()
        .find(|manual| manual.id == id)
        .expect("a page of this id")
}

fn text(manual: &Manual) -> String {
    let entries = manual.entries.iter();
    entries
        .map(|entry| {
            format!(
                "{}\n{}\n{}\n",
                entry.title,
                entry.also.join("\n"),
                entry.text
            )
        })
        .collect()
}

fn sources(dir: &str) -> Vec<String> {
    fn visit(dir: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => visit(&path, found),
                false => found.push(std::fs::read_to_string(&path).expect("a text")),
            }
        }
    }
    let mut found = Vec::new();
    visit(&root().join(dir), &mut found);
    found
}

#[test]
fn every_field_of_the_reference_is_one_that_a_reader_of_the_configuration_takes() {
    let code = sources("src/proxy/config").concat();
    let page = text(&manual("config"));
    let names = page.split('`').skip(1).step_by(2);
    let wrong: Vec<&str> = names
        // The ways to write a message, not fields of one.
        .filter(|name| {
            !name.contains(|c: char| c.is_whitespace() || c == '.') && *name != "FilterConfig"
        })
        .filter(|name| !code.contains(&format!("\"{name}\"")))
        .collect();
    assert!(wrong.is_empty(), "no reader takes {wrong:?}");
}

#[test]
fn every_field_that_a_reader_of_the_configuration_takes_is_in_the_reference() {
    let page = text(&manual("config"));
    let named: BTreeSet<&str> = page.split('`').flat_map(words).collect();
    let taken = Regex::new(r#"\.(?:take|take_entry|require)\(\s*"([a-z_0-9]+)""#).unwrap();
    let mut missing = BTreeSet::new();
    for code in sources("src/proxy/config") {
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        for found in taken.captures_iter(code) {
            if !named.contains(&found[1]) {
                missing.insert(found[1].to_owned());
            }
        }
    }
    assert!(
        missing.is_empty(),
        "content/reference/en/config.md does not name {missing:?}"
    );
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
}

#[test]
fn every_counter_of_the_proxy_is_in_the_reference() {
    let page = text(&manual("stats"));
    let named: BTreeSet<&str> = page.split('`').flat_map(words).collect();
    let counted = Regex::new(
        r#"(?:http|cluster|limit|ratelimit|lua)_stat\((?:[^"()]*,\s*)?"(?:[a-z_]+\.)?([a-z_0-9]+)""#,
    )
    .unwrap();
    let mut found = BTreeSet::new();
    for code in sources("src/proxy") {
        let each = counted.captures_iter(&code);
        found.extend(each.map(|found| found[1].to_owned()));
    }
    assert!(found.len() > 30, "{found:?}");
    found.retain(|name| !named.contains(name.as_str()));
    assert!(
        found.is_empty(),
        "content/reference/en/stats.md does not name {found:?}"
    );
}

#[test]
fn the_counters_of_a_run_have_the_names_of_the_reference() {
    let page = text(&manual("stats"));
    let named: BTreeSet<&str> = page.split('`').flat_map(words).collect();
    let lab = root().join("tests/it/labs/add-header.yaml");
    let output = Command::new(env!("CARGO_BIN_EXE_tour"))
        .args(["run", "--stats", "text"])
        .arg(lab)
        .output()
        .expect("it runs");
    let stats = String::from_utf8(output.stdout).expect("text");
    let shown = stats.lines().filter_map(|line| line.split_once(": "));
    let mut count = 0;
    for (name, _) in shown.filter(|(name, _)| name.starts_with("cluster.web.")) {
        count += 1;
        let last = name.rsplit('.').next().unwrap_or_default();
        let code = last.strip_prefix("upstream_rq_").unwrap_or_default();
        let any = code.parse::<u16>().is_ok() && named.contains("upstream_rq_CODE");
        assert!(any || named.contains(last), "{name} is not in stats.md");
    }
    assert!(count > 3, "{stats}");
    assert!(
        stats.contains("cluster.web.upstream_rq_completed: 1"),
        "{stats}"
    );
}

#[test]
fn every_foreign_function_stands_in_the_reference() {
    let code = std::fs::read_to_string(root().join("src/proxy/foreign.rs")).expect("a text");
    let page = text(&manual("foreign-functions"));
    let body = code.split("match call.name").nth(1).expect("the table");
    let body = body.split("_ => Err").next().unwrap_or_default();
    for rest in body.split("b\"").skip(1) {
        let name = rest.split('"').next().unwrap_or_default();
        assert!(page.contains(name), "{name}");
    }
}

#[test]
fn a_message_that_the_reference_quotes_is_one_that_the_host_logs() {
    let code = sources("src/host").concat() + &sources("src/proxy").concat();
    for quoted in [
        "Missing or unknown Proxy-Wasm ABI version",
        "Failed to load Wasm module due to a missing import",
        "Failed to load Wasm module due to an import type mismatch",
        "Failed to load Wasm bytecode",
        "Failed to load Wasm code (fetching)",
        "Unable to create Wasm plugin",
        "Maximum call stack size exceeded",
        "out of fuel",
    ] {
        assert!(code.contains(quoted), "no code says {quoted}");
        let titles = manual("messages").entries;
        let quoted = quoted.to_lowercase();
        assert!(
            titles
                .iter()
                .any(|entry| entry.title.to_lowercase().contains(&quoted)),
            "{quoted}"
        );
    }
}
