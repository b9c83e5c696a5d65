//! The doctor's findings in words: the same in the page and on the command line.

use crate::model::Section;
use crate::model::doctor::{Export, ExportKind, Findings, HostVerdict, Import, ImportKind};

/// Differences of a host that are told; the rest are counted.
const DIFFERENCES: usize = 6;

type Rows = Vec<(String, String)>;

/// Findings as facts under titles, what one looks for first; what is empty is left out.
pub fn words(findings: &Findings) -> Vec<Section> {
    let title = format!("{}, {} bytes", findings.name, findings.size);
    let mut sections = vec![Section::new(title, facts(findings))];
    let mut add = |title: &str, rows: Rows| {
        if !rows.is_empty() {
            sections.push(Section::new(title, rows));
        }
    };
    let numbered = findings.warnings.iter().zip(1..);
    let warnings = numbered.map(|(warning, n)| (n.to_string(), warning.clone()));
    add("warnings", warnings.collect());
    // What does not load first, for that is what one looks for.
    for (title, kinds) in [
        ("imports that no host here has", &[ImportKind::Unknown][..]),
        (
            "imports of another type than the host's",
            &[ImportKind::WrongType],
        ),
        ("host calls", &[ImportKind::HostCall]),
        ("WASI", &[ImportKind::Wasi]),
        ("other imports", &[ImportKind::Toolchain, ImportKind::Made]),
    ] {
        let of_kind = findings.imports.iter();
        let of_kind = of_kind.filter(|import| kinds.contains(&import.kind));
        add(title, of_kind.map(import).collect());
    }
    for (title, callbacks) in [("callbacks", true), ("other exports", false)] {
        let is_wanted = |export: &&Export| (export.kind == ExportKind::Callback) == callbacks;
        let exports = findings.exports.iter().filter(is_wanted);
        let rows = exports.map(|export| (export.name.clone(), export.signature.clone()));
        add(title, rows.collect());
    }
    add("hosts", findings.hosts.iter().map(host).collect());
    sections
}

fn facts(findings: &Findings) -> Rows {
    let loads = match (&findings.error, &findings.abi) {
        (Some(why), _) => format!("no: {why}"),
        (None, Some(abi)) => format!("yes, Proxy-Wasm ABI {abi}"),
        (None, None) => if findings.loads { "yes" } else { "no" }.to_owned(),
    };
    let made_by: Vec<&str> = findings
        .sdk
        .iter()
        .chain(&findings.made_by)
        .map(String::as_str)
        .collect();
    let kinds = findings.kinds.iter().filter(|kind| kind.fits);
    let kinds: Vec<String> = kinds
        .map(|kind| match kind.missing.as_slice() {
            [] => kind.name.clone(),
            missing => format!("{:<10}  without {}", kind.name, missing.join(", ")),
        })
        .collect();
    let needs = match findings.lacking.as_slice() {
        [] => String::new(),
        lacking => format!("{}: this host has not", lacking.join(", ")),
    };
    let facts = [
        ("loads", loads),
        ("made by", made_by.join(", ")),
        ("starts with", findings.start.join(", ")),
        (
            "allocator",
            findings.allocator.clone().unwrap_or("none".to_owned()),
        ),
        (
            "memory",
            format!("{} pages of 64 KiB", findings.memory_pages),
        ),
        ("proposals", findings.proposals.join(", ")),
        ("needs", needs),
        ("can be", kinds.join("\n")),
        ("sha256", findings.sha256.clone()),
    ];
    let said = facts.into_iter().filter(|(_, value)| !value.is_empty());
    said.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn import(import: &Import) -> (String, String) {
    let mut text = import.signature.clone();
    if import.module != "env" {
        text.push_str("  from ");
        text.push_str(&import.module);
    }
    text.push_str(&users(import));
    (import.name.clone(), text)
}

/// Who uses an import: for certain, or else perhaps.
fn users(import: &Import) -> String {
    let (word, users) = match import.used_by.is_empty() {
        false => ("used by", &import.used_by),
        true => ("perhaps used by", &import.perhaps_used_by),
    };
    match users.as_slice() {
        [] => String::new(),
        // Everything may reach everything: that is how an SDK of trait objects looks.
        many if import.used_by.is_empty() && many.len() > 8 => "  used through tables".to_owned(),
        [one] => format!("  {word} {one}"),
        [one, two] => format!("  {word} {one} and {two}"),
        [one, rest @ ..] => format!("  {word} {one} and {} more", rest.len()),
    }
}

/// A host, and below it what differs there.
fn host(host: &HostVerdict) -> (String, String) {
    let mut text = match (host.loads, host.differences.len()) {
        (false, _) => "does not load".to_owned(),
        (true, 0) => "loads".to_owned(),
        (true, 1) => "loads, with a difference".to_owned(),
        (true, n) => format!("loads, with {n} differences"),
    };
    for difference in host.differences.iter().take(DIFFERENCES) {
        text.push('\n');
        text.push_str(difference);
    }
    if let Some(more) = host.differences.len().checked_sub(DIFFERENCES + 1) {
        text.push_str(&format!("\nand {} more", more + 1));
    }
    (host.host.clone(), text)
}
