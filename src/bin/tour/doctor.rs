//! `tour doctor`: what a module imports, exports and runs on, before anything of it runs.

use super::options::{Options, Takes};
use super::show::{line, plain};
use super::{Done, Unusable};
use proxy_wasm_tour::export::in_words;
use proxy_wasm_tour::host;
use proxy_wasm_tour::model::Problem;
use proxy_wasm_tour::model::doctor::{ExportKind, Findings, HostVerdict, Import, ImportKind};
use std::ffi::OsString;

const KNOWN: &[(&str, Takes)] = &[("json", Takes::Nothing)];
/// Differences of a host that are shown; the rest are counted.
const DIFFERENCES: usize = 6;

pub(crate) fn command(args: impl Iterator<Item = OsString>) -> Result<Done, Unusable> {
    let options = Options::read(args, KNOWN)?;
    let file = options.one_word("the module")?;
    let bytes = std::fs::read(file).map_err(|error| {
        let help = "Give the path of a module: tour doctor FILTER.wasm.";
        Problem::in_file(file, in_words(&error), help)
    })?;
    let findings = host::doctor(file, &bytes);
    let out = if options.has("json") {
        let mut json = serde_json::to_string(&findings).map_err(|e| e.to_string())?;
        json.push('\n');
        json
    } else {
        show(&findings)
    };
    Ok(Done {
        out,
        err: String::new(),
        ok: findings.loads,
    })
}

fn show(findings: &Findings) -> String {
    let mut out = String::new();
    line(
        &mut out,
        0,
        &format!("{}  {} bytes", findings.name, findings.size),
    );
    line(&mut out, 0, "");
    match (&findings.error, &findings.abi) {
        (Some(why), _) => fact(&mut out, "loads", &format!("no: {}", plain(why))),
        (None, Some(abi)) => fact(&mut out, "loads", &format!("yes, Proxy-Wasm ABI {abi}")),
        (None, None) => fact(&mut out, "loads", if findings.loads { "yes" } else { "no" }),
    }
    let mut made_by: Vec<String> = findings.sdk.iter().cloned().collect();
    made_by.extend(findings.made_by.iter().cloned());
    fact(&mut out, "made by", &plain(&made_by.join(", ")));
    fact(&mut out, "starts with", &plain(&findings.start.join(", ")));
    fact(
        &mut out,
        "allocator",
        findings.allocator.as_deref().unwrap_or("none"),
    );
    fact(
        &mut out,
        "memory",
        &format!("{} pages of 64 KiB", findings.memory_pages),
    );
    fact(&mut out, "proposals", &findings.proposals.join(", "));
    if !findings.lacking.is_empty() {
        let lacking = format!("{}: this host has not", findings.lacking.join(", "));
        fact(&mut out, "needs", &lacking);
    }
    for (at, kind) in findings.kinds.iter().filter(|kind| kind.fits).enumerate() {
        let label = if at == 0 { "can be" } else { "" };
        let missing = match kind.missing.as_slice() {
            [] => String::new(),
            missing => format!("  without {}", missing.join(", ")),
        };
        let text = format!("{:<10} {missing}", kind.name);
        fact(&mut out, label, text.trim_end());
    }
    fact(&mut out, "sha256", &findings.sha256);
    imports(&mut out, &findings.imports);
    let callbacks: Vec<&str> = findings
        .exports
        .iter()
        .filter(|export| export.kind == ExportKind::Callback)
        .map(|export| export.name.as_str())
        .collect();
    section(
        &mut out,
        "callbacks",
        callbacks.iter().map(|name| plain(name)),
    );
    section(&mut out, "hosts", findings.hosts.iter().flat_map(verdict));
    section(
        &mut out,
        "warnings",
        findings.warnings.iter().map(|warning| plain(warning)),
    );
    out
}

fn fact(out: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        line(out, 1, &format!("{name:<12} {value}"));
    }
}

fn section(out: &mut String, title: &str, entries: impl Iterator<Item = String>) {
    let entries: Vec<String> = entries.collect();
    if entries.is_empty() {
        return;
    }
    line(out, 0, "");
    line(out, 1, title);
    for entry in entries {
        line(out, 2, &entry);
    }
}

/// What does not load first, for that is what one looks for.
fn imports(out: &mut String, imports: &[Import]) {
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
        let of_kind = || imports.iter().filter(|import| kinds.contains(&import.kind));
        let width = of_kind()
            .map(|import| import.name.chars().count())
            .max()
            .unwrap_or(0);
        section(
            out,
            title,
            of_kind().map(|import| {
                let module = if import.module == "env" {
                    String::new()
                } else {
                    format!("  from {}", plain(&import.module))
                };
                format!(
                    "{:<width$}  {}{module}{}",
                    plain(&import.name),
                    import.signature,
                    plain(&users(import))
                )
            }),
        );
    }
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

/// A host's line, and lines for what differs there.
fn verdict(host: &HostVerdict) -> Vec<String> {
    let state = match (host.loads, host.differences.len()) {
        (false, _) => "does not load".to_owned(),
        (true, 0) => "loads".to_owned(),
        (true, 1) => "loads, with a difference".to_owned(),
        (true, n) => format!("loads, with {n} differences"),
    };
    let mut lines = vec![plain(&format!("{:<21} {state}", host.host))];
    lines.extend(
        host.differences
            .iter()
            .take(DIFFERENCES)
            .map(|text| plain(&format!("    {text}"))),
    );
    if host.differences.len() > DIFFERENCES {
        lines.push(format!(
            "    and {} more",
            host.differences.len() - DIFFERENCES
        ));
    }
    lines
}
