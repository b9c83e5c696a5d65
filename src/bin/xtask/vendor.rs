//! The scripts that come from npm: each is one file that the page fetches when it is needed.
//!
//! Their entries are in `src/vendor`; what they import is in the packages of its lock file.

use crate::npm;
use crate::sh::{self, Outcome};
use crate::words;
use std::path::{Path, PathBuf};

/// Directories of npm packages whose AssemblyScript a filter may import.
const SOURCES: [&str; 2] = [
    "node_modules/@gcoredev/proxy-wasm-sdk-as/assembly",
    "node_modules/@assemblyscript/wasi-shim/assembly",
];

/// Where the bundles are put.
pub(crate) fn dir() -> PathBuf {
    sh::root().join("target/vendor")
}

/// Makes every bundle anew; it takes some seconds.
pub(crate) fn bundle() -> Outcome<()> {
    let packages = npm::vendor()?;
    let source = sh::root().join("src/vendor");
    sh::make_dir(&dir())?;
    sh::write(&dir().join("words.js"), table()?)?;
    esbuild(&packages, &source.join("kit/index.js"), "kit.js", &[])?;
    esbuild(&packages, &source.join("site/index.js"), "site.js", &[])?;
    esbuild(&packages, &source.join("editor/index.js"), "editor.js", &[])?;
    compiler(&packages, &source.join("assemblyscript/worker.js"))
}

/// The language that the site is built in, as `build.rs` reads it.
pub(crate) fn language() -> String {
    std::env::var("TOUR_LANGUAGE").unwrap_or_else(|_| "en".to_string())
}

/// The interface's words as a module, which scripts import as `words`: a bundle holds those alone
/// that it names.
fn table() -> Outcome<String> {
    let path = sh::root().join(format!("content/{}/words.properties", language()));
    let entries = words::read(&sh::read(&path)?);
    let entries = entries.map_err(|e| format!("{}, {e}", path.display()))?;
    Ok(words::script(&entries))
}

/// The AssemblyScript compiler with its sources, as one classic script: workers in a sandboxed
/// frame are no modules. Node.js runs it too, for the command line.
fn compiler(packages: &Path, entry: &Path) -> Outcome<()> {
    let sources = dir().join("assemblyscript-sources.json");
    sh::write(&sources, json(packages)?)?;
    let asc = packages.join("node_modules/assemblyscript/dist/asc.js");
    let options = [
        format!("--alias:assemblyscript-sources={}", sources.display()),
        format!("--alias:assemblyscript/asc={}", asc.display()),
        // What Node.js brings; a browser never comes to ask for it.
        "--external:module".to_string(),
        "--external:fs".to_string(),
        "--external:path".to_string(),
        "--external:url".to_string(),
        // Only ever used to tell where Node.js looks for its own modules.
        "--define:import.meta.url=\"file:///compiler\"".to_string(),
    ];
    let module = "assemblyscript.mjs";
    esbuild(packages, entry, module, &options)?;
    // It awaits at its top level, which a classic script cannot.
    let text = sh::read(&dir().join(module))?;
    let classic = format!("(async()=>{{{text}\n}})();\n");
    sh::write(&dir().join("assemblyscript.js"), classic)
}

/// The texts of the sources as JSON, by path.
fn json(packages: &Path) -> Outcome<String> {
    fn visit(packages: &Path, path: &Path, entries: &mut Vec<String>) -> Outcome<()> {
        if path.is_dir() {
            for path in sh::list(path)? {
                visit(packages, &path, entries)?;
            }
        } else if path.extension().is_some_and(|kind| kind == "ts") {
            let name = path.strip_prefix(packages).unwrap_or(path).display();
            let text = sh::read(path)?;
            entries.push(format!("{}:{}", quoted(&name.to_string()), quoted(&text)));
        }
        Ok(())
    }
    let mut entries = Vec::new();
    for source in SOURCES {
        visit(packages, &packages.join(source), &mut entries)?;
    }
    Ok(format!("{{{}}}", entries.join(",")))
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// One ECMAScript module of an entry and all that it imports.
fn esbuild(packages: &Path, entry: &Path, name: &str, more: &[String]) -> Outcome<()> {
    let mut esbuild = sh::command(packages.join("node_modules/.bin/esbuild"));
    // The packages are not above the sources, where they would be looked for.
    esbuild.env("NODE_PATH", packages.join("node_modules"));
    esbuild.arg(entry).args([
        "--bundle",
        "--format=esm",
        "--target=es2022",
        "--minify",
        "--legal-comments=none",
        "--log-level=warning",
    ]);
    let words = dir().join("words.js");
    esbuild.arg(format!("--alias:words={}", words.display()));
    esbuild.args(more);
    esbuild.arg(format!("--outfile={}", dir().join(name).display()));
    sh::run(&mut esbuild)
}
