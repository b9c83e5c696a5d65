//! Puts the site together: wasm by Trunk, names by hash, pages by `pages`, files as they are.

use crate::filters;
use crate::hosts;
use crate::npm;
use crate::offline;
use crate::options::{self, Given};
use crate::sh::{self, Outcome};
use crate::slim;
use crate::tools::{self, Tools};
use crate::vendor;
use std::path::{Path, PathBuf};

/// How the site is compiled.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mode {
    /// Quick to build, for `serve`.
    Dev,
    /// Small and fast, for the world.
    Release,
}

/// `cargo xtask build`.
pub(crate) fn build_release(args: &[String]) -> Outcome<()> {
    let given = Given::read(args, &["--site"], 0)?;
    let url = given
        .option("--site")
        .map(options::site_address)
        .transpose()?;
    let dist = release(url)?;
    println!("the site is in {}", dist.display());
    Ok(())
}

/// The finished site in `dist/`.
pub(crate) fn release(url: Option<&str>) -> Outcome<PathBuf> {
    let dist = sh::root().join("dist");
    let tools = tools::bring()?;
    filters::build()?;
    wasm(&tools, Mode::Release)?;
    assemble(Mode::Release, &dist, url)?;
    Ok(dist)
}

/// Compiles the page and the engine by Trunk, into `target/trunk-…`, and bundles their scripts.
pub(crate) fn wasm(tools: &Tools, mode: Mode) -> Outcome<()> {
    let what = match mode {
        Mode::Dev => "building the page and the engine",
        Mode::Release => "building the page and the engine for release (some minutes)",
    };
    sh::step(what, || {
        vendor::bundle()?;
        let out = wasm_dir(mode);
        sh::make_dir(&out)?;
        let mut trunk = sh::command(&tools.trunk);
        trunk
            .args(["build", "--offline", "--skip-version-check", "--dist"])
            .arg(&out);
        trunk.env("PATH", &tools.path);
        // Trunk reads this as an option of its own, and takes only true and false.
        trunk.env_remove("NO_COLOR");
        match mode {
            Mode::Dev => trunk.args(["--log", "warn"]),
            Mode::Release => {
                trunk.env("TOUR_BUILD", build_id()?);
                trunk.args(["--log", "warn", "--release"])
            }
        };
        sh::run(&mut trunk)?;
        match mode {
            Mode::Dev => Ok(()),
            Mode::Release => {
                slim(&out.join("app_bg.wasm"))?;
                optimise(tools, &out.join("app_bg.wasm"), "-Os")?;
                optimise(tools, &out.join("assembler_bg.wasm"), "-Os")?;
                optimise(tools, &out.join("exporter_bg.wasm"), "-Os")?;
                optimise(tools, &out.join("engine_bg.wasm"), ENGINE_LEVEL)
            }
        }
    })
}

/// How far the engine is optimised: its interpreter needs speed.
pub(crate) const ENGINE_LEVEL: &str = "-O3";

/// Has wasm-opt work on a module in its place.
///
/// It inlines little: a smaller file that repeats less is a larger one once it is compressed, which
/// is how it travels, and more of it made nothing faster.
pub(crate) fn optimise(tools: &Tools, wasm: &Path, level: &str) -> Outcome<()> {
    let mut opt = sh::command("wasm-opt");
    opt.env("PATH", &tools.path)
        .args([level, "--always-inline-max-function-size=2"])
        .args(["--one-caller-inline-max-function-size=10"])
        .args(["--flexible-inline-max-function-size=0", "-o"]);
    sh::run(opt.arg(wasm).arg(wasm))
}

/// Empties what no page of ours calls in the page's module.
fn slim(wasm: &Path) -> Outcome<()> {
    // Only the bodies themselves: the compiler folds small functions that are alike into one, and
    // that one may bear this name while others call it too.
    let bodies = "hydrate_async::{{closure}}::h";
    let (smaller, count) = slim::empty_functions(&sh::read_bytes(wasm)?, bodies)?;
    if count == 0 {
        return Err(format!(
            "{} names no {bodies}: what it leaves out is out of date",
            wasm.display()
        ));
    }
    sh::write(wasm, smaller)
}

/// Makes a site of what was compiled, at `out`. With an address, pages name it in their heads.
pub(crate) fn assemble(mode: Mode, out: &Path, url: Option<&str>) -> Outcome<()> {
    sh::step("writing the pages", || {
        sh::empty_dir(out)?;
        let styles = sh::root().join("public/styles");
        sh::copy_dir(&sh::root().join("public"), out, &|path| path == styles)?;
        let filters = sh::root().join("target/filters");
        sh::copy_dir(&filters, &out.join("filters"), &|_| false)?;
        let shell = shell(&wasm_dir(mode), out)?;
        let shell = shell.replace("OFFLINE_SCRIPT", offline::script(mode));
        sh::write(&out.join("index.html"), shell)?;
        pages(out, url)?;
        offline::write(mode, out)?;
        hosts::write(out)
    })
}

/// Copies what was compiled under names with their hash, and gives the shell with those names.
///
/// A host may let browsers keep such files for ever, and a browser that has an old engine never
/// pairs it with a new page.
fn shell(compiled: &Path, out: &Path) -> Outcome<String> {
    let snippets = compiled.join("snippets");
    if snippets.is_dir() {
        sh::copy_dir(&snippets, &out.join("snippets"), &|_| false)?;
    }
    let mut shell = sh::read(&compiled.join("index.html"))?;
    let vendor = vendor::dir();
    let files = [
        ("APP_SCRIPT", compiled.join("app.js"), "app", "js"),
        ("APP_WASM", compiled.join("app_bg.wasm"), "app", "wasm"),
        ("ENGINE_SCRIPT", compiled.join("engine.js"), "engine", "js"),
        (
            "ENGINE_WASM",
            compiled.join("engine_bg.wasm"),
            "engine",
            "wasm",
        ),
        (
            "ASSEMBLER_SCRIPT",
            compiled.join("assembler.js"),
            "assembler",
            "js",
        ),
        (
            "ASSEMBLER_WASM",
            compiled.join("assembler_bg.wasm"),
            "assembler",
            "wasm",
        ),
        (
            "EXPORTER_SCRIPT",
            compiled.join("exporter.js"),
            "exporter",
            "js",
        ),
        (
            "EXPORTER_WASM",
            compiled.join("exporter_bg.wasm"),
            "exporter",
            "wasm",
        ),
        ("EDITOR_SCRIPT", vendor.join("editor.js"), "editor", "js"),
        ("KIT_SCRIPT", vendor.join("kit.js"), "kit", "js"),
        ("SITE_SCRIPT", vendor.join("site.js"), "site", "js"),
        (
            "COMPILER_SCRIPT",
            vendor.join("assemblyscript.js"),
            "assemblyscript",
            "js",
        ),
    ];
    for (mark, file, stem, kind) in files {
        let bytes = sh::read_bytes(&file)?;
        shell = named(&shell, mark, out, stem, kind, &bytes)?;
    }
    // One file instead of many, in the order of the names.
    let mut style = Vec::new();
    for path in sh::list(&sh::root().join("public/styles"))? {
        style.extend(sh::read_bytes(&path)?);
    }
    sh::make_dir(&out.join("styles"))?;
    named(&shell, "STYLE", &out.join("styles"), "style", "css", &style)
}

/// Writes a file under its stem and hash, and puts that name where the shell has the mark.
fn named(
    shell: &str,
    mark: &str,
    out: &Path,
    stem: &str,
    kind: &str,
    bytes: &[u8],
) -> Outcome<String> {
    if !shell.contains(mark) {
        return Err(format!("index.html has no {mark}"));
    }
    let name = format!("{stem}-{}.{kind}", sh::hash(bytes));
    sh::write(&out.join(&name), bytes)?;
    Ok(shell.replace(mark, &name))
}

/// Writes every page as HTML, with the site's `index.html` as the shell.
fn pages(out: &Path, url: Option<&str>) -> Outcome<()> {
    let mut cargo = sh::cargo();
    // The same features as the native tests, so that the library is compiled once for both.
    cargo.args(["run", "-q", "--features", "pages", "--bin", "pages", "--"]);
    cargo
        .arg("--shell")
        .arg(out.join("index.html"))
        .arg("--out")
        .arg(out);
    if let Some(url) = url {
        cargo.args(["--site", url]);
    }
    cargo.arg("--npm").arg(npm::vendor()?);
    sh::run(&mut cargo)
}

/// Names this build: page and engine compare it before they talk. It covers all source, so that
/// two builds of one tree agree.
fn build_id() -> Outcome<String> {
    fn visit(path: &Path, all: &mut Vec<u8>) -> Outcome<()> {
        for entry in sh::list(path)? {
            if entry.is_dir() {
                visit(&entry, all)?;
            } else {
                all.extend(sh::hash(&sh::read_bytes(&entry)?).bytes());
            }
        }
        Ok(())
    }
    let mut all = sh::read_bytes(&sh::root().join("Cargo.lock"))?;
    visit(&sh::root().join("src"), &mut all)?;
    Ok(sh::hash(&all))
}

fn wasm_dir(mode: Mode) -> PathBuf {
    sh::root().join(match mode {
        Mode::Dev => "target/trunk-dev",
        Mode::Release => "target/trunk-release",
    })
}
