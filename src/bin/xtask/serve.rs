//! `cargo xtask serve`: build, serve, and rebuild on change.

use crate::server::{self, Site};
use crate::sh::{self, Outcome};
use crate::site::{self, Mode};
use crate::watch;
use crate::{filters, tools};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};

/// The port people know from the README.
const PORT: u16 = 8080;

/// Builds everything and serves it until interrupted.
pub(crate) fn serve(args: &[String]) -> Outcome<()> {
    let port = port(args)?.unwrap_or(PORT);
    if !sh::root().join("target/trunk-dev").is_dir() {
        println!("A first build takes about 15 minutes on two cores, most of it for tools and");
        println!("libraries that later builds find ready. Later ones take seconds.");
    }
    let mut seen = watch::snapshot();
    let tools = tools::bring()?;
    filters::build()?;
    site::wasm(&tools, Mode::Dev)?;
    // Two directories in turn: the one that is served is never half written.
    let dirs = [
        sh::root().join("target/serve/a"),
        sh::root().join("target/serve/b"),
    ];
    let mut turn = dirs.iter().cycle();
    let mut next = || turn.next().cloned().unwrap_or_default();
    let first = next();
    site::assemble(Mode::Dev, &first, None)?;
    let site = Arc::new(Site {
        root: RwLock::new(first),
        mount: "/".to_string(),
        rebuilds: Some((Mutex::new(0), Condvar::new())),
    });
    start(&site, port)?;
    loop {
        let (now, changed) = watch::wait_for_change(&seen);
        seen = now;
        let out = next();
        match rebuild(&tools, &changed, &out) {
            Ok(()) => publish(&site, out),
            Err(problem) => eprintln!("error: {problem}; the page stays as it was"),
        }
    }
}

/// `cargo xtask static DIR`: serves a finished site.
pub(crate) fn serve_static(args: &[String]) -> Outcome<()> {
    let dir = args.first().ok_or("say which directory to serve")?;
    let root = std::fs::canonicalize(dir).map_err(|e| format!("cannot serve {dir}: {e}"))?;
    let mount = sh::option(args, "--mount")?.unwrap_or("/").to_string();
    if !(mount.starts_with('/') && mount.ends_with('/')) {
        return Err(format!(
            "--mount {mount}: expected a slash at both ends, as in /x/y/"
        ));
    }
    let site = Arc::new(Site {
        root: RwLock::new(root),
        mount,
        rebuilds: None,
    });
    start(&site, port(args)?.unwrap_or(PORT))?;
    loop {
        std::thread::park();
    }
}

fn port(args: &[String]) -> Outcome<Option<u16>> {
    match sh::option(args, "--port")? {
        None => Ok(None),
        Some(text) => match text.parse() {
            Ok(port) => Ok(Some(port)),
            Err(_) => Err(format!("--port {text}: expected a number from 0 to 65535")),
        },
    }
}

fn start(site: &Arc<Site>, port: u16) -> Outcome<()> {
    let listener = server::listen(port)?;
    let address = listener
        .local_addr()
        .map_err(|e| format!("cannot listen: {e}"))?;
    println!("ready http://{address}{}", site.mount);
    let site = Arc::clone(site);
    std::thread::spawn(move || server::run(&listener, &site));
    Ok(())
}

/// Builds what the changed files need.
fn rebuild(tools: &tools::Tools, changed: &[PathBuf], out: &std::path::Path) -> Outcome<()> {
    let under = |dir: &str| {
        let dir = sh::root().join(dir);
        changed.iter().filter(|path| path.starts_with(&dir)).count()
    };
    let filters = under("content/filters");
    if filters > 0 {
        filters::build()?;
    }
    if under("content") < changed.len() {
        site::wasm(tools, Mode::Dev)?;
    }
    site::assemble(Mode::Dev, out, None)
}

fn publish(site: &Site, root: PathBuf) {
    *site.root.write().unwrap_or_else(PoisonError::into_inner) = root;
    if let Some((count, changed)) = &site.rebuilds {
        *count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        changed.notify_all();
    }
    println!("reloaded");
}
