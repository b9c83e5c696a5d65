//! What comes from npm: wasm-opt for the build, Playwright for the browser tests, Lighthouse for
//! the bench.

use crate::sh::{self, Outcome};
use crate::tools;
use std::path::{Path, PathBuf};

/// The directory with the build's npm packages, of exactly the versions in `src/vendor`.
pub(crate) fn vendor() -> Outcome<PathBuf> {
    let source = sh::root().join("src/vendor");
    packages(&source, "fetching the build's npm packages")
}

/// A directory with the npm packages that the lock file in `source` names.
///
/// It is in cargo's home, named by the lock file, so that clones share it.
pub(crate) fn packages(source: &Path, what: &str) -> Outcome<PathBuf> {
    let lock = sh::read_bytes(&source.join("package-lock.json"))?;
    let home = tools::kept(&format!("npm-{}", sh::hash(&lock)))?;
    if !home.join("installed").is_file() {
        sh::make_dir(&home)?;
        for name in ["package.json", "package-lock.json"] {
            sh::copy(&source.join(name), &home.join(name))?;
        }
        install(&home, what)?;
        sh::write(&home.join("installed"), "")?;
    }
    Ok(home)
}

/// Brings the browser tests' packages to `tests/browser/node_modules`, where Node.js looks for
/// them: a link to the directory in cargo's home.
pub(crate) fn browser_tests() -> Outcome<()> {
    let dir = sh::root().join("tests/browser");
    let home = packages(&dir, "fetching the browser tests' npm packages")?;
    link(&home.join("node_modules"), &dir.join("node_modules"))
}

/// Brings what the bench takes from npm, and gives its directory.
pub(crate) fn bench() -> Outcome<PathBuf> {
    let source = sh::root().join("tests/bench");
    packages(&source, "fetching the bench's npm packages")
}

/// Makes `at` a link to a directory, in place of what is there.
pub(crate) fn link(to: &Path, at: &Path) -> Outcome<()> {
    if std::fs::read_link(at).is_ok_and(|have| have == to) {
        return Ok(());
    }
    let gone = match at.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(found) if found.is_dir() => std::fs::remove_dir_all(at),
        Ok(_) => std::fs::remove_file(at),
    };
    #[cfg(unix)]
    let linked = gone.and_then(|()| std::os::unix::fs::symlink(to, at));
    #[cfg(windows)]
    let linked = gone.and_then(|()| std::os::windows::fs::symlink_dir(to, at));
    linked.map_err(|e| format!("cannot link {} to {}: {e}", at.display(), to.display()))
}

fn install(dir: &Path, what: &str) -> Outcome<()> {
    if tools::on_path("npm").is_none() {
        return Err("npm is missing: install Node.js 20 or newer and try again".to_string());
    }
    sh::fetch(what, tools::FETCH_MINUTES, || {
        let mut npm = sh::command("npm");
        npm.current_dir(dir)
            .args(["ci", "--no-fund", "--no-audit", "--loglevel=error"]);
        // Also where the environment says production.
        npm.arg("--include=dev");
        // The system's browser is used, never a downloaded one.
        npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        npm
    })
}

/// The system's Chromium. On Debian as root it is installed when it is missing.
pub(crate) fn chromium() -> Outcome<PathBuf> {
    if let Some(found) = find_chromium() {
        return Ok(found);
    }
    tools::apt_install("Chromium", "chromium")?;
    if let Some(found) = find_chromium() {
        return Ok(found);
    }
    Err(
        "the browser tests need Chromium or Chrome: install it, or set CHROMIUM to its path"
            .to_string(),
    )
}

fn find_chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Some(PathBuf::from(named));
    }
    [
        "chromium",
        "chromium-browser",
        "google-chrome-stable",
        "google-chrome",
    ]
    .into_iter()
    .find_map(tools::on_path)
    .or_else(|| {
        let mac = Path::new("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
        mac.is_file().then(|| mac.to_path_buf())
    })
}
