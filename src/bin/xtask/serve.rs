//! `cargo xtask serve`: build, serve, and rebuild on change.

use crate::options::Given;
use crate::server::{self, Site};
use crate::sh::{self, Outcome};
use crate::site::{self, Mode};
use crate::watch;
use crate::{filters, tools};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};

/// The port people know from the README.
const PORT: u16 = 8080;

/// Builds everything and serves it until interrupted.
pub(crate) fn serve(args: &[String]) -> Outcome<()> {
    let port = port(&Given::read(args, &["--port"], 0)?)?.unwrap_or(PORT);
    if !sh::root().join("target/trunk-dev").is_dir() {
        println!("A first build takes about 15 minutes on two cores, most of it for tools and");
        println!("libraries that later builds find ready. Later ones take seconds.");
    }
    let mut seen = watch::snapshot();
    let tools = tools::bring()?;
    filters::build()?;
    site::wasm(&tools, Mode::Dev)?;
    let mut turns = Turns::default();
    site::assemble(Mode::Dev, &turns.spare(), None)?;
    turns.built();
    let site = Arc::new(Site {
        root: RwLock::new(turns.served()),
        mount: "/".to_string(),
        rebuilds: Some((Mutex::new(0), Condvar::new())),
    });
    start(&site, port)?;
    loop {
        let (now, changed) = watch::wait_for_change(&seen);
        seen = now;
        turns.changed(&sh::root(), &changed);
        match rebuild(&tools, &turns) {
            Ok(()) => {
                turns.built();
                publish(&site, turns.served());
            }
            Err(problem) => eprintln!("error: {problem}; the page stays as it was"),
        }
    }
}

/// Two directories in turn, so that the one that is served is never half written, and what the
/// next build has to do.
#[derive(Debug, Default)]
struct Turns {
    /// Which directory is the spare one: a build that failed leaves it so.
    spare: usize,
    /// What was changed since the last build that went well.
    owed: Owed,
}

/// The parts that are out of date. The pages are written by every build.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Owed {
    /// The sample filters.
    filters: bool,
    /// The page and the engine.
    wasm: bool,
}

impl Turns {
    const DIRS: [&str; 2] = ["target/serve/a", "target/serve/b"];

    fn dir(at: usize) -> PathBuf {
        sh::root().join(Self::DIRS[at % Self::DIRS.len()])
    }

    /// Where the next build goes.
    fn spare(&self) -> PathBuf {
        Self::dir(self.spare)
    }

    /// Where the last good build is.
    fn served(&self) -> PathBuf {
        Self::dir(self.spare + 1)
    }

    /// Files of the repository changed: what was owed before is owed still.
    fn changed(&mut self, root: &Path, files: &[PathBuf]) {
        let filters = root.join("content/filters");
        let content = root.join("content");
        self.owed.filters |= files.iter().any(|file| file.starts_with(&filters));
        // The words of the interface are compiled in.
        let compiled = |file: &PathBuf| {
            !file.starts_with(&content) || file.file_name() == Some("words.properties".as_ref())
        };
        self.owed.wasm |= files.iter().any(compiled);
    }

    /// The spare directory holds a good build now, and is served from here on.
    fn built(&mut self) {
        self.owed = Owed::default();
        self.spare = (self.spare + 1) % Self::DIRS.len();
    }
}

/// `cargo xtask static DIR`: serves a finished site.
pub(crate) fn serve_static(args: &[String]) -> Outcome<()> {
    let given = Given::read(args, &["--port", "--mount"], 1)?;
    let dir = given.words.first().ok_or("say which directory to serve")?;
    let root = std::fs::canonicalize(dir).map_err(|e| format!("cannot serve {dir}: {e}"))?;
    let port = port(&given)?.unwrap_or(PORT);
    let mount = given.option("--mount").unwrap_or("/").to_string();
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
    start(&site, port)?;
    loop {
        std::thread::park();
    }
}

fn port(given: &Given) -> Outcome<Option<u16>> {
    match given.option("--port") {
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

/// Builds what is owed, into the spare directory.
fn rebuild(tools: &tools::Tools, turns: &Turns) -> Outcome<()> {
    if turns.owed.filters {
        filters::build()?;
    }
    if turns.owed.wasm {
        site::wasm(tools, Mode::Dev)?;
    }
    site::assemble(Mode::Dev, &turns.spare(), None)
}

fn publish(site: &Site, root: PathBuf) {
    *site.root.write().unwrap_or_else(PoisonError::into_inner) = root;
    if let Some((count, changed)) = &site.rebuilds {
        *count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        changed.notify_all();
    }
    println!("reloaded");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(turns: &mut Turns, file: &str) {
        turns.changed(Path::new("/here"), &[Path::new("/here").join(file)]);
    }

    #[test]
    fn a_failed_build_leaves_the_served_directory_alone() {
        let mut turns = Turns::default();
        turns.built();
        let served = turns.served();
        assert_ne!(turns.spare(), served);
        // The next build fails, and the one after it: neither may write what is served.
        changed(&mut turns, "src/lib.rs");
        assert_ne!(turns.spare(), served);
        changed(&mut turns, "src/lib.rs");
        assert_ne!(turns.spare(), served);
        assert_eq!(turns.served(), served);
        let next = turns.spare();
        turns.built();
        assert_eq!(turns.served(), next);
        assert_eq!(turns.spare(), served);
    }

    #[test]
    fn what_a_failed_build_owed_the_next_one_still_owes() {
        let mut turns = Turns::default();
        changed(&mut turns, "src/lib.rs");
        // That build fails. A lesson is changed next: the wasm is still to be built.
        changed(&mut turns, "content/en/00-start/part.md");
        let wasm = Owed {
            filters: false,
            wasm: true,
        };
        assert_eq!(turns.owed, wasm);
        turns.built();
        assert_eq!(turns.owed, Owed::default());
    }

    #[test]
    fn a_change_owes_what_is_made_of_it() {
        for (file, filters, wasm) in [
            ("content/en/00-start/part.md", false, false),
            ("content/filters/add-header/src/lib.rs", true, false),
            ("content/en/words.properties", false, true),
            ("src/lib.rs", false, true),
            ("public/boot.js", false, true),
            ("Cargo.lock", false, true),
        ] {
            let mut turns = Turns::default();
            changed(&mut turns, file);
            assert_eq!(turns.owed, Owed { filters, wasm }, "{file}");
        }
    }
}
