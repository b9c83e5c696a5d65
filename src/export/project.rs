//! Projects to build a lab's filters in: Cargo for samples, AssemblyScript for what was written here.
//!
//! Must not know: where the sources of samples lie ([`Sources`] brings them).

use super::bundle::{Bundle, Sources, noted};
use crate::model::Problem;
use crate::model::lab::{Lab, Source};
use std::collections::BTreeSet;

/// The crate that samples are written with is in their own manifests; this is what all share.
const CARGO: &str = "\
[workspace]
resolver = \"2\"
members = [MEMBERS]

[profile.release]
opt-level = \"s\"
lto = true
codegen-units = 1
panic = \"abort\"
strip = true
";

/// The compiler and the SDK that a lab's AssemblyScript is compiled with.
const PACKAGE: &str = include_str!("../vendor/package.json");

/// The bundle.
///
/// # Errors
/// When nothing of the lab can be built: it names the first file.
pub(super) fn project(lab: &Lab, sources: &dyn Sources) -> Result<Bundle, Problem> {
    let mut bundle = Bundle::default();
    let mut notes = Vec::new();
    let mut samples = BTreeSet::new();
    let mut scripts: Vec<(String, String)> = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    for (path, file) in &lab.files {
        match &file.source {
            Source::Sample(name) => {
                if !samples.contains(name) {
                    match sources.source(name) {
                        Some(files) => {
                            for (inner, bytes) in files {
                                bundle.add(&format!("{name}/{inner}"), bytes);
                            }
                            samples.insert(name.clone());
                        }
                        None => notes.push(format!(
                            "The source of the sample `{name}` is not at hand: it is in `content/filters/{name}` of the course's repository."
                        )),
                    }
                }
            }
            Source::AssemblyScript(text, _) => {
                let name = stem(path, |stem| scripts.iter().any(|(name, _)| name == stem));
                bundle.text(&format!("assembly/{name}.ts"), text.as_str());
                scripts.push((name, path.clone()));
            }
            Source::Wat(text, _) => {
                let name = bundle.free_name(path, &stem(path, |_| false), ".wat");
                bundle.text(&name, text.as_str());
                texts.push(name);
            }
            Source::Path(_) | Source::Inline(_) => notes.push(format!(
                "`{path}` came to the lab as it is, without a source."
            )),
            Source::Missing => {}
        }
    }
    if samples.is_empty() && scripts.is_empty() && texts.is_empty() {
        let place = lab.files.values().next().map(|file| &file.place);
        let help = "Samples, `assemblyscript` and `wat` have a source that a project can hold.";
        let message = "no file of the lab has a source to make a project of";
        return Err(match place {
            Some(place) => Problem::at(place, message, help),
            None => Problem::in_file(lab.file.as_str(), message, help),
        });
    }
    if !samples.is_empty() {
        let members: Vec<String> = samples.iter().map(|name| format!("\"{name}\"")).collect();
        bundle.text("Cargo.toml", CARGO.replace("MEMBERS", &members.join(", ")));
    }
    if !scripts.is_empty() {
        bundle.text("package.json", package(&scripts));
        bundle.text("tsconfig.json", TSCONFIG);
    }
    bundle.text("README.md", readme(lab, &samples, &scripts, &texts, &notes));
    bundle.notes = notes;
    Ok(bundle)
}

/// What editors read; `asc` does not need it.
const TSCONFIG: &str = "{\n  \"extends\": \"assemblyscript/std/assembly.json\",\n  \"include\": [\"./assembly/*.ts\"]\n}\n";

/// The last name of a path without its ending; the whole path where that is taken.
fn stem(path: &str, taken: impl Fn(&str) -> bool) -> String {
    let last = path.rsplit('/').next().unwrap_or(path);
    let stem = last
        .split('.')
        .next()
        .filter(|stem| !stem.is_empty())
        .unwrap_or("filter");
    match taken(stem) {
        true => path.trim_start_matches('/').replace(['/', '.', ':'], "-"),
        false => stem.to_owned(),
    }
}

/// The compiler's options are those of the WASI library, which the SDK logs through.
fn asc(name: &str) -> String {
    format!(
        "asc assembly/{name}.ts --config node_modules/@assemblyscript/wasi-shim/asconfig.json -O3s -o build/{name}.wasm"
    )
}

/// `package.json`, with the versions that this build has.
fn package(scripts: &[(String, String)]) -> String {
    let known: serde_json::Value = serde_json::from_str(PACKAGE).unwrap_or_default();
    let wanted = [
        "@assemblyscript/wasi-shim",
        "@gcoredev/proxy-wasm-sdk-as",
        "assemblyscript",
    ];
    let versions = wanted.map(|name| (name.to_owned(), known["dependencies"][name].clone()));
    let all: Vec<String> = scripts.iter().map(|(name, _)| asc(name)).collect();
    let package = serde_json::json!({
        "name": "filters",
        "private": true,
        "type": "module",
        "scripts": {"build": all.join(" && ")},
        "devDependencies": serde_json::Value::Object(versions.into_iter().collect()),
    });
    serde_json::to_string_pretty(&package).unwrap_or_default() + "\n"
}

fn readme(
    lab: &Lab,
    samples: &BTreeSet<String>,
    scripts: &[(String, String)],
    texts: &[String],
    notes: &[String],
) -> String {
    let title = match lab.name.as_str() {
        "" => "A lab",
        name => name,
    };
    let mut out = format!("# {title}: the filters' projects\n");
    if !samples.is_empty() {
        out.push_str("\n## Rust\n\n```sh\nrustup target add wasm32-unknown-unknown\ncargo build --release --target wasm32-unknown-unknown\n```\n\n");
        for name in samples {
            let module = name.replace('-', "_");
            out.push_str(&format!(
                "- `{name}/` becomes `target/wasm32-unknown-unknown/release/{module}.wasm`\n"
            ));
        }
    }
    if !scripts.is_empty() {
        out.push_str("\n## AssemblyScript\n\n```sh\nnpm install\nnpm run build\n```\n\n");
        for (name, path) in scripts {
            out.push_str(&format!(
                "- `assembly/{name}.ts` becomes `build/{name}.wasm`, the lab's `{path}`\n"
            ));
        }
    }
    if !texts.is_empty() {
        out.push_str("\n## WebAssembly text\n\n```sh\n");
        for name in texts {
            out.push_str(&format!("wat2wasm {name}\n"));
        }
        out.push_str("```\n\n`wat2wasm` is part of WABT.\n");
    }
    out.push_str(
        "\n## Try a module\n\n```sh\ntour doctor FILTER.wasm\ntour run --wasm FILTER.wasm --request 'GET /'\n```\n",
    );
    out.push_str(&noted(notes));
    out
}
