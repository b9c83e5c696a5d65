//! The rules of this repository that a reader cannot see in one file.
//!
//! Who may name whom (the list stands in `src/lib.rs`), how long a file may be, that each says what
//! it is, and that numbers written in two places agree. It reads source as text and knows no Rust
//! beyond `crate::name`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The longest file, in lines.
const LONGEST: usize = 600;

/// What each command may name of the library; `src/lib.rs` has the list for the rooms themselves.
const COMMANDS: [(&str, &[&str]); 5] = [
    ("app", &["ui"]),
    ("engine", &["protocol", "export", "lab", "host", "model"]),
    ("pages", &["ui", "export", "course"]),
    ("tour", &["lab", "course", "export", "host", "model"]),
    ("xtask", &[]),
];

#[test]
fn rooms_name_only_the_rooms_below_them() {
    let arrows = arrows();
    let rooms: Vec<&String> = arrows.keys().collect();
    let mut wrong = Vec::new();
    for (room, allowed) in &arrows {
        for file in files_of_room(room) {
            for (line, named) in names(&file, "crate::") {
                let known = rooms.contains(&&named);
                if known && named != *room && !allowed.contains(&named) {
                    wrong.push(format!("{}:{line}: {room} names {named}", shown(&file)));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "see the arrows in src/lib.rs\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_room_is_in_the_list_of_arrows() {
    let arrows = arrows();
    let lib = read(&root().join("src/lib.rs"));
    let rooms: Vec<String> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_string)
        .collect();
    let listed: Vec<String> = arrows.keys().cloned().collect();
    let mut sorted = rooms;
    sorted.sort();
    assert_eq!(sorted, listed);
}

#[test]
fn commands_name_only_what_they_are_for() {
    let mut wrong = Vec::new();
    for (command, allowed) in COMMANDS {
        for file in files_under(&format!("src/bin/{command}")) {
            for (line, named) in names(&file, "proxy_wasm_tour::") {
                if !allowed.contains(&named.as_str()) {
                    wrong.push(format!("{}:{line}: {command} names {named}", shown(&file)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_proxy_records_where_a_replay_can_look() {
    // A replay that stops at an event takes the proxy's state inside `Shared::record`.
    let direct = |path: &PathBuf| {
        let text: String = read(path).split_whitespace().collect();
        text.matches("trace.record(").count()
    };
    let files = files_of_room("proxy");
    let found: Vec<String> = files
        .iter()
        .filter(|f| direct(f) > 0)
        .map(|f| shown(f))
        .collect();
    assert_eq!(
        found,
        ["src/proxy/moment.rs"],
        "record by `self.record` of `Shared`"
    );
}

/// Each type that `serde_json` reads from text for the page adds kilobytes to it.
#[test]
fn the_page_reads_json_by_its_own_short_way() {
    let mut wrong = Vec::new();
    for file in files_of_room("ui") {
        let text = read(&file);
        let page = text.split("#[cfg(test)]").next().unwrap_or_default();
        let name = shown(&file);
        if (page.contains("serde_json::from_") || page.contains("DeserializeOwned"))
            && name != "src/ui/json.rs"
        {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "use ui::json::read in {wrong:?}");
}

#[test]
fn every_file_says_what_it_is_and_stays_short() {
    let mut wrong = Vec::new();
    for dir in ["src", "tests", "content/filters"] {
        for file in files_under(dir) {
            let text = read(&file);
            let lines = text.lines().count();
            if !text.starts_with("//!") {
                wrong.push(format!("{}: begins without `//!`", shown(&file)));
            }
            if lines > LONGEST {
                wrong.push(format!("{}: {lines} lines, of {LONGEST}", shown(&file)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_to_be_mended_later() {
    // Put together, so that this file does not find itself.
    let marks = [
        ["FIX", "ME"].concat(),
        ["TO", "DO"].concat(),
        ["XX", "X"].concat(),
    ];
    let mut wrong = Vec::new();
    for dir in ["src", "tests/it", "content/filters"] {
        for file in files_under(dir) {
            for (at, line) in read(&file).lines().enumerate() {
                if marks.iter().any(|mark| line.contains(mark.as_str())) {
                    wrong.push(format!("{}:{}: {}", shown(&file), at + 1, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sample_filters_do_not_depend_on_this_package() {
    // What a learner copies must work in a real Envoy.
    for entry in std::fs::read_dir(root().join("content/filters")).expect("filters") {
        let manifest = entry.expect("an entry").path().join("Cargo.toml");
        if manifest.is_file() {
            let text = read(&manifest);
            assert!(
                !text.contains("path ="),
                "{} depends on a path",
                shown(&manifest)
            );
            assert!(
                !text.contains("proxy-wasm-tour"),
                "{} depends on us",
                shown(&manifest)
            );
        }
    }
}

#[test]
fn the_wasm_bindgen_in_cargo_toml_is_the_locked_one() {
    // The tool of this very version is installed by `cargo xtask tools`, which reads the lock.
    let manifest = read(&root().join("Cargo.toml"));
    let pinned = between(&manifest, "wasm-bindgen = { version = \"=", "\"");
    let lock = read(&root().join("Cargo.lock"));
    let locked = between(&lock, "name = \"wasm-bindgen\"\nversion = \"", "\"");
    assert_eq!(pinned, locked);
}

#[test]
fn trunk_is_pinned_to_one_version() {
    let tools = read(&root().join("src/bin/xtask/tools.rs"));
    let trunk = read(&root().join("Trunk.toml"));
    assert_eq!(
        between(&tools, "const TRUNK: &str = \"", "\""),
        between(&trunk, "trunk-version = \"", "\"")
    );
}

#[test]
fn the_compiler_is_pinned_to_one_version() {
    let toolchain = read(&root().join("rust-toolchain.toml"));
    let manifest = read(&root().join("Cargo.toml"));
    let channel = between(&toolchain, "channel = \"", "\"");
    let least = between(&manifest, "rust-version = \"", "\"");
    assert!(channel.starts_with(&least), "{channel} against {least}");
}

/// `room -> the rooms it may name`, from the block in `src/lib.rs`.
fn arrows() -> BTreeMap<String, Vec<String>> {
    read(&root().join("src/lib.rs"))
        .lines()
        .filter_map(|line| line.strip_prefix("//! ")?.split_once(" -> "))
        .map(|(room, below)| {
            let below = below.split(", ").filter(|name| *name != "nothing");
            (room.to_string(), below.map(str::to_string).collect())
        })
        .collect()
}

/// A room is a directory, a file, or both.
fn files_of_room(room: &str) -> Vec<PathBuf> {
    files_under(&format!("src/{room}"))
}

/// Rust files at `path` (without `.rs`) and below it.
fn files_under(path: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let file = root().join(format!("{path}.rs"));
    if file.is_file() {
        found.push(file);
    }
    visit(&root().join(path), &mut found);
    assert!(!found.is_empty(), "no Rust file at {path}");
    found
}

fn visit(dir: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
            visit(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
    found.sort();
}

/// Each `PREFIXname` of a file, and each name of `PREFIX{a, b::c}`, with its line; comments do not
/// count.
fn names(file: &Path, prefix: &str) -> Vec<(usize, String)> {
    let text = read(file);
    let code: Vec<&str> = text
        .lines()
        .map(|line| {
            if line.trim_start().starts_with("//") {
                ""
            } else {
                line
            }
        })
        .collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            None => found.push((line, word(rest))),
            Some(group) => found.extend(heads(group).into_iter().map(|name| (line, name))),
        }
    }
    found
}

/// The first words of a braced group: `a, b::{c, d}, e}` gives a, b, e.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut found) = (0usize, 0usize, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                found.push(word(group[start..at].trim_start()));
                start = at + 1;
                if letter == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before:?}"))
        .1;
    rest.split_once(after)
        .unwrap_or_else(|| panic!("no {after:?}"))
        .0
        .to_string()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_forbidden_arrow_would_be_found() {
    assert_eq!(heads("a, b::{c, d}, e}; x"), ["a", "b", "e"]);
    assert_eq!(word("lab::run"), "lab");
}
