//! Running other programs, and saying what is going on.

use crate::leftovers;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// What a step gives: its value, or one message for the person at the terminal.
pub(crate) type Outcome<T> = Result<T, String>;

/// How many minutes a build may take: far more than the slowest needs.
pub(crate) const BUILD_MINUTES: u64 = 60;

/// Where the repository is. Commands work from any directory below it.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Says what is being done, does it, and says how long it took.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    println!("· {what}");
    // Progress for people; nothing is computed from it.
    #[allow(clippy::disallowed_methods)]
    let start = Instant::now();
    let value = work()?;
    let took = start.elapsed().as_secs_f32();
    if took >= 1.0 {
        println!("  done in {}", duration(took));
    }
    Ok(value)
}

/// Seconds as a person says them.
pub(crate) fn duration(seconds: f32) -> String {
    if seconds < 90.0 {
        format!("{seconds:.0} s")
    } else {
        format!(
            "{:.0} min {:.0} s",
            (seconds / 60.0).floor(),
            seconds % 60.0
        )
    }
}

/// A command in the repository's root, without input, marked as ours.
pub(crate) fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.current_dir(root()).stdin(Stdio::null());
    command.env(leftovers::MARK, leftovers::mark());
    // Whatever the user's own configuration says: we look for what was built there.
    command.env("CARGO_TARGET_DIR", root().join("target"));
    command.env_remove("CARGO_BUILD_TARGET");
    command
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from))
}

/// Runs a command with its output on our terminal; an exit other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> Outcome<()> {
    run_within(BUILD_MINUTES, command)
}

/// Fetches something from a registry: `make` gives the command. A network that fails for a moment
/// gets a second chance; one that is silent is not waited for without end.
pub(crate) fn fetch(what: &str, minutes: u64, make: impl Fn() -> Command) -> Outcome<()> {
    step(what, || {
        let Err(problem) = run_within(minutes, &mut make()) else {
            return Ok(());
        };
        eprintln!("  {problem}; trying once more");
        std::thread::sleep(Duration::from_secs(5));
        run_within(minutes, &mut make())
            .map_err(|e| format!("{what}: {e}; it needs the network and its registry"))
    })
}

/// Runs a command as [`run`] does, for so many minutes at most.
pub(crate) fn run_within(minutes: u64, command: &mut Command) -> Outcome<()> {
    let shown = show(command);
    let mut child = command
        .spawn()
        .map_err(|e| format!("cannot run `{shown}`: {e}"))?;
    match wait_within(minutes, &mut child)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("`{shown}` ended with {status}")),
        None => Err(format!("`{shown}` was ended after {minutes} minutes")),
    }
}

/// Waits for a child; after so many minutes it is ended with all that it started, and there is no
/// status.
pub(crate) fn wait_within(minutes: u64, child: &mut Child) -> Outcome<Option<ExitStatus>> {
    // A limit for people's patience; nothing is computed from it.
    #[allow(clippy::disallowed_methods)]
    let start = Instant::now();
    let mut silent = Duration::from_secs(120);
    loop {
        let status = child
            .try_wait()
            .map_err(|e| format!("cannot wait for a command: {e}"))?;
        if status.is_some() {
            return Ok(status);
        }
        if start.elapsed() > Duration::from_secs(minutes.saturating_mul(60)) {
            // It may have ended this very moment.
            let _ = child.kill();
            leftovers::end();
            let _ = child.wait();
            return Ok(None);
        }
        // Some who watch us take a long silence for the end.
        if start.elapsed() > silent {
            println!("  … {}", duration(silent.as_secs_f32()));
            silent += Duration::from_secs(120);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs a command and gives what it wrote to its standard output.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let shown = show(command);
    let out = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("cannot run `{shown}`: {e}"))?;
    if out.status.success() {
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    } else {
        Err(format!("`{shown}` ended with {}", out.status))
    }
}

/// Runs a command in silence; true when it ended well.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command line, for messages.
pub(crate) fn show(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

/// Copies this command into a directory, to be started from there: any build that another person
/// or a test begins may replace the one that runs.
pub(crate) fn keep_own_copy(dir: &str) -> Outcome<PathBuf> {
    let own = std::env::current_exe().map_err(|e| format!("cannot find this command: {e}"))?;
    let dir = root().join(dir);
    make_dir(&dir)?;
    let copy = dir.join("xtask");
    // Not over a file that may be running.
    if copy.exists() {
        std::fs::remove_file(&copy)
            .map_err(|e| format!("cannot replace {}: {e}", copy.display()))?;
    }
    self::copy(&own, &copy)?;
    Ok(copy)
}

/// Copies a directory with everything below it; `skip` names what stays out.
pub(crate) fn copy_dir(from: &Path, to: &Path, skip: &dyn Fn(&Path) -> bool) -> Outcome<()> {
    make_dir(to)?;
    for path in list(from)? {
        let Some(name) = path.file_name() else {
            continue;
        };
        if skip(&path) {
            continue;
        }
        let target = to.join(name);
        if path.is_dir() {
            copy_dir(&path, &target, skip)?;
        } else {
            copy(&path, &target)?;
        }
    }
    Ok(())
}

/// Copies one file.
pub(crate) fn copy(from: &Path, to: &Path) -> Outcome<()> {
    std::fs::copy(from, to)
        .map(|_| ())
        .map_err(|e| format!("cannot copy {} to {}: {e}", from.display(), to.display()))
}

/// Makes a directory and those above it.
pub(crate) fn make_dir(path: &Path) -> Outcome<()> {
    std::fs::create_dir_all(path).map_err(|e| format!("cannot make {}: {e}", path.display()))
}

/// Makes sure that a directory exists and is empty.
pub(crate) fn empty_dir(path: &Path) -> Outcome<()> {
    if path.exists() {
        std::fs::remove_dir_all(path)
            .map_err(|e| format!("cannot empty {}: {e}", path.display()))?;
    }
    make_dir(path)
}

/// What a directory holds, sorted by name.
pub(crate) fn list(path: &Path) -> Outcome<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(path).map_err(|e| format!("cannot list {}: {e}", path.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.sort();
    Ok(paths)
}

/// A file's text.
pub(crate) fn read(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

/// A file's bytes.
pub(crate) fn read_bytes(path: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

/// Writes a file.
pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Outcome<()> {
    std::fs::write(path, bytes).map_err(|e| format!("cannot write {}: {e}", path.display()))
}

/// Names content: the 64-bit FNV-1a hash as 16 hex digits. It tells versions apart and guards
/// against nothing.
pub(crate) fn hash(bytes: &[u8]) -> String {
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in bytes {
        state = (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{state:016x}")
}
