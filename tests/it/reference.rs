//! The reference's texts against the code that they speak of: a field, a counter or a message that
//! only one of them has fails here.

use crate::support::{root, samples};
use proxy_wasm_tour::course::{Book, Manual, manuals};
use proxy_wasm_tour::export::content;
use proxy_wasm_tour::export::reference::{self, Example};
use regex_lite::Regex;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

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
    let taken = Regex::new(r#"\b(?:take|take_entry|require|headers|share|texts?|within|word|wrapped|flag|list|bound|inner|direction)\(\s*(?:&mut )?(?:[a-z_.]+,\s*)?"([a-z_0-9]+)"|"([a-z]+_[a-z_]+)" =>"#).unwrap();
    let mut missing = BTreeSet::new();
    for code in sources("src/proxy/config") {
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        for found in taken.captures_iter(code) {
            let field = found
                .get(1)
                .or(found.get(2))
                .map_or("", |field| field.as_str());
            if !named.contains(field) {
                missing.insert(field.to_owned());
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

#[test]
fn every_counter_of_every_lab_is_in_the_reference() {
    let page = text(&manual("stats"));
    let named: BTreeSet<&str> = page.split('`').flat_map(words).collect();
    let code = Regex::new(r"^(up|down)stream_rq_([1-5]xx|[1-5][0-9]{2})$").unwrap();
    let counted = Regex::new(r"^(http|cluster|tcp|wasm|listener)\..*\.([a-z0-9_]+)$").unwrap();
    let (mut missing, mut count) = (BTreeSet::new(), 0);
    for name in examples().iter().flat_map(|each| &each.has) {
        let Some(found) = counted.captures(name) else {
            continue;
        };
        count += 1;
        let last = &found[2];
        if !named.contains(last) && !code.is_match(last) {
            missing.insert(name);
        }
    }
    assert!(count > 100, "{count}");
    assert!(
        missing.is_empty(),
        "content/reference/en/stats.md does not name {missing:?}"
    );
}

/// The labs that the reference leads to, each run once.
fn examples() -> &'static [Example] {
    static RUN: OnceLock<Vec<Example>> = OnceLock::new();
    RUN.get_or_init(|| {
        let content = content::read(&root().join("content")).expect("content");
        let sample = |name: &str| {
            std::fs::read(samples().join(format!("{name}.wasm"))).map_err(|e| e.to_string())
        };
        reference::examples(&content, &sample).expect("labs")
    })
}

fn example(id: &str) -> &'static Example {
    let mut all = examples().iter();
    all.find(|each| each.id == id).expect(id)
}

fn pages() -> Vec<reference::Page> {
    let content = content::read(&root().join("content")).expect("content");
    let book = Book::read(&content, "en");
    let manuals = manuals(&content, &book, "en").expect("reference texts");
    reference::pages(&book, &manuals, examples()).expect("pages")
}

const TRY: &str = "href=\"../../playground/try/";

#[test]
fn every_entry_of_the_reference_leads_to_a_lab_that_shows_it() {
    let mut without = Vec::new();
    for page in pages() {
        // The glossary explains words, and the last part of the hosts is a table of them all.
        let all = page.html.replace("<h2 id=", "<section <h2 id=");
        let entries = all.split("<section ").skip(1);
        let entries =
            entries.filter(|entry| entry.contains("<h3") || page.path != "/reference/host-calls/");
        for entry in entries {
            let id = entry.split("id=\"").nth(1).unwrap_or_default();
            let id = id.split('"').next().unwrap_or_default();
            let group = entry.matches("<p").count() == 0;
            let excused = group || page.path == "/reference/glossary/" || id == "differences";
            if !entry.contains(TRY) && !excused {
                without.push(format!("{}#{id}", page.path));
            }
        }
    }
    assert_eq!(
        without,
        [
            // What nothing ever calls or answers, and the page says so.
            "/reference/callbacks/#proxy_validate_configuration",
            "/reference/callbacks/#proxy_on_request_metadata",
            "/reference/callbacks/#proxy_on_response_metadata",
            "/reference/callbacks/#proxy_on_foreign_function",
            // What no lab can import that Envoy loads, and the page says so.
            "/reference/wasi/#path_link",
            "/reference/wasi/#path_symlink",
            // Nothing answers them, and the page says so.
            "/reference/status-codes/#BadExpression",
            "/reference/status-codes/#ResultMismatch",
        ]
    );
    let callbacks = pages().remove(1).html;
    assert_eq!(callbacks.matches("never calls it, so no lab").count(), 4);
}

#[test]
fn the_lab_of_the_properties_reads_each_of_the_page() {
    let page = text(&manual("properties"));
    let has = &example("properties").has;
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let mut count = 0;
    for row in rows {
        let path = row.split('`').next().unwrap_or_default();
        let path = path.replace(".KEY", ".wasm.greeting");
        // What a run of an ordinary request has not.
        if !["upstream.transport_failure_reason", "xds.listener_metadata"].contains(&&*path) {
            assert!(has.contains(&path), "{path}");
        }
        count += 1;
    }
    assert!(count > 40, "{count}");
}

#[test]
fn the_lab_of_a_foreign_function_calls_it() {
    for entry in manual("foreign-functions").entries {
        let shown = entry
            .tries
            .iter()
            .any(|id| example(id).has.contains(&entry.title));
        assert!(shown, "{}", entry.title);
    }
}

#[test]
fn the_lab_of_a_group_of_fields_or_counters_has_some_of_them() {
    for entry in manual("config").entries {
        let labs = entry.tries.iter().map(|id| {
            let folder = root().join("content").join(&example(id).folder);
            let config = std::fs::read_to_string(folder.join("start/envoy.yaml"));
            let lab = std::fs::read_to_string(folder.join("lab.yaml")).expect("a lab");
            config.unwrap_or_default() + &lab
        });
        let labs: String = labs.collect();
        let named: BTreeSet<&str> = entry.text.split('`').skip(1).step_by(2).collect();
        let set = named
            .iter()
            .filter(|field| labs.contains(&format!("{field}:")));
        assert!(
            set.count() >= named.len().min(2),
            "{}: {named:?}",
            entry.title
        );
    }
    for entry in manual("stats").entries {
        let named: BTreeSet<&str> = entry.text.split('`').flat_map(words).collect();
        for id in &entry.tries {
            let has = &example(id).has;
            let counted = |name: &String| {
                let last = name.rsplit('.').next().unwrap_or_default();
                named.contains(last) || name.starts_with("wasmcustom.")
            };
            assert!(has.iter().any(counted), "{}: {id} has {has:?}", entry.title);
        }
    }
}

#[test]
fn the_lab_of_a_message_says_it() {
    let mut quoted = 0;
    for entry in manual("messages").entries {
        // Headings that are a message, not a symptom in somebody's words.
        let message = entry.title.replace("Out of fuel", "out of fuel");
        let code = [
            "Failed", "Missing", "Unable", "Uncaught", "Maximum", "out of",
        ];
        if code.iter().any(|start| message.starts_with(start)) {
            quoted += 1;
            let said = entry
                .tries
                .iter()
                .any(|id| example(id).said.contains(&message));
            assert!(said, "{message}: {}", example(&entry.tries[0]).said);
        }
        let status = ["CasMismatch", "InvalidMemoryAccess", "Unimplemented"];
        if status.contains(&&*message) {
            for id in &entry.tries {
                assert!(example(id).has.contains(&message), "{id}");
            }
        }
    }
    assert_eq!(quoted, 10);
}

#[test]
fn only_what_shows_a_refusal_is_refused() {
    let silent = examples().iter().filter(|each| each.has.is_empty());
    let refused: BTreeSet<&str> = silent.map(|each| each.id.as_str()).collect();
    let wanted = ["missing-import", "no-module", "no-version", "wrong-import"];
    assert_eq!(refused, wanted.into());
}
