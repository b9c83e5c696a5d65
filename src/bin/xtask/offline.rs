//! The service worker of a finished site: which files it keeps, and under which version.
//!
//! A site under development has none: what changes all the time is not to be kept.

use crate::sh::{self, Outcome};
use crate::site::Mode;
use std::path::{Path, PathBuf};

/// The worker's file. It has no hash in its name: browsers look for a newer one at its address.
const SCRIPT: &str = "offline.js";

/// What no visitor needs to read a lesson and run its lab, or what is kept when it is used.
const LEFT_OUT: [&str; 8] = [
    "cards/",
    "exporter-",
    "sources/",
    "oembed/",
    "assemblyscript-",
    "_headers",
    "404.html",
    SCRIPT,
];

/// What stands in the shell for the worker's address.
pub(crate) fn script(mode: Mode) -> &'static str {
    match mode {
        Mode::Dev => "",
        Mode::Release => "./offline.js",
    }
}

/// Writes the worker for a finished site.
pub(crate) fn write(mode: Mode, out: &Path) -> Outcome<()> {
    if mode == Mode::Dev {
        return Ok(());
    }
    let mut files = Vec::new();
    visit(out, &mut files)?;
    let mut all = Vec::new();
    let mut names = Vec::new();
    for file in files {
        let name = file
            .strip_prefix(out)
            .unwrap_or(&file)
            .display()
            .to_string();
        let kept = !LEFT_OUT.iter().any(|start| name.starts_with(start));
        let read = !name.ends_with(".md") && !name.ends_with(".txt") && !name.ends_with(".xml");
        if kept && read {
            all.extend(name.bytes());
            all.extend(sh::hash(&sh::read_bytes(&file)?).bytes());
            names.push(address(&name));
        }
    }
    let worker = sh::read(&sh::root().join("src/vendor/offline/worker.js"))?;
    let list: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    let worker = worker
        .replace("%VERSION%", &sh::hash(&all))
        .replace("/*%FILES%*/", &list.join(","));
    sh::write(&out.join(SCRIPT), worker)
}

/// The address under which a browser asks for a file: a page's is that of its folder.
fn address(name: &str) -> String {
    match name.strip_suffix("index.html") {
        Some(folder) => format!("./{folder}"),
        None => format!("./{name}"),
    }
}

fn visit(dir: &Path, files: &mut Vec<PathBuf>) -> Outcome<()> {
    for path in sh::list(dir)? {
        match path.is_dir() {
            true => visit(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_kept_under_its_folder() {
        assert_eq!(address("learn/index.html"), "./learn/");
        assert_eq!(address("index.html"), "./");
        assert_eq!(address("app-1.js"), "./app-1.js");
    }
}
