//! The real `tour` binary: output, exit codes, and the one message of each refusal.

mod at;
mod check;
mod doctor;
mod export;
mod forever;
mod new;
mod race;
mod readme;
mod refusals;
mod runs;

use crate::support::{root, samples};
use std::path::PathBuf;
use std::process::Command;

/// What a call of `tour` gave.
struct Tour {
    code: i32,
    out: String,
    err: String,
}

/// Runs `tour` in the repository's root, with the samples built.
fn tour(args: &[&str]) -> Tour {
    run(Command::new(env!("CARGO_BIN_EXE_tour")).args(args))
}

/// The same on a machine without any other program.
fn tour_alone(args: &[&str]) -> Tour {
    let mut tour = Command::new(env!("CARGO_BIN_EXE_tour"));
    run(tour.env("PATH", "").args(args))
}

fn run(tour: &mut Command) -> Tour {
    samples();
    let output = tour.current_dir(root()).output().unwrap();
    Tour {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A directory for one test's files, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tour-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file and gives its path.
    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
