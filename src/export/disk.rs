//! What stands beside a lab file on a disk: `start/`, built samples, modules by path.
//!
//! The native counterpart of what the page passes to the worker. Must not know: what a lab means.

use super::{Sources, assemblyscript};
use crate::lab::{Beside, Compiled, Sample};
use crate::model::{Place, Problem};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Directories around one lab file.
#[derive(Clone, Debug)]
pub struct Disk {
    /// The lab file's directory.
    pub folder: PathBuf,
    /// Where `NAME.wasm` of the samples lie.
    pub samples: PathBuf,
    /// Where parts stand at first, relative to `folder`: `start` or `solution`.
    pub parts: String,
    /// Texts that replace parts.
    pub edits: BTreeMap<String, String>,
}

impl Disk {
    /// The surroundings of a lab file: parts from `start/`, samples from the nearest `target/filters`.
    pub fn around(lab: &Path) -> Self {
        let folder = match lab.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Self {
            samples: samples_above(&folder),
            folder,
            parts: "start".to_owned(),
            edits: BTreeMap::new(),
        }
    }
}

impl Beside for Disk {
    fn part(&self, name: &str) -> Option<String> {
        if let Some(text) = self.edits.get(name) {
            return Some(text.clone());
        }
        // A solution holds only what differs from the start.
        [self.parts.as_str(), "start"]
            .iter()
            .find_map(|folder| std::fs::read_to_string(self.folder.join(folder).join(name)).ok())
    }

    fn sample(&self, name: &str) -> Sample {
        let path = self.samples.join(format!("{name}.wasm"));
        match std::fs::read(&path) {
            Ok(bytes) => Sample::Bytes(bytes.into()),
            Err(error) => Sample::Missing(format!(
                "cannot be read: {}: {}",
                path.display(),
                in_words(&error)
            )),
        }
    }

    fn samples(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.samples)
            .into_iter()
            .flatten()
            .flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| {
                Some(
                    entry
                        .file_name()
                        .to_str()?
                        .strip_suffix(".wasm")?
                        .to_owned(),
                )
            })
            .collect();
        names.sort();
        names
    }

    fn compiled(&self, name: &str, source: &str) -> Compiled {
        assemblyscript::compile(name, source)
    }

    fn path(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.folder.join(path)).map_err(|error| in_words(&error))
    }
}

impl Sources for Disk {
    fn source(&self, name: &str) -> Option<Vec<(String, Vec<u8>)>> {
        // The repository is two directories above `target/filters`.
        let samples = std::fs::canonicalize(&self.samples).ok()?;
        let folder = samples
            .parent()?
            .parent()?
            .join("content/filters")
            .join(name);
        let mut files = Vec::new();
        gather(&folder, "", &mut files).ok()?;
        (!files.is_empty()).then_some(files)
    }
}

/// The files of a directory and those below it, sorted, by their paths in it.
fn gather(folder: &Path, below: &str, files: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    let entries: std::io::Result<Vec<_>> = std::fs::read_dir(folder)?.collect();
    let mut entries = entries?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        match entry.file_type()?.is_dir() {
            true => gather(&entry.path(), &format!("{name}/"), files)?,
            false => files.push((name, std::fs::read(entry.path())?)),
        }
    }
    Ok(())
}

/// The text of a file; `help` says what kind of file is wanted.
///
/// # Errors
/// When it cannot be read, or is no UTF-8 text: then with the place of the first such byte.
pub fn read_text(file: &str, help: &str) -> Result<String, Problem> {
    let bytes = std::fs::read(file).map_err(|e| Problem::in_file(file, in_words(&e), help))?;
    text_of(file, &bytes).map(str::to_owned)
}

/// Bytes of a file as text.
///
/// # Errors
/// The place of the first byte that is no UTF-8.
pub fn text_of<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Problem> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let line = before.rsplit('\n').next().unwrap_or("");
        let place = Place {
            file: file.to_owned(),
            line: before.matches('\n').count() as u32 + 1,
            column: line.chars().count() as u32 + 1,
        };
        Problem::at(
            &place,
            "a byte that is no UTF-8",
            "Save the file as UTF-8 text.",
        )
    })
}

/// What went wrong with a file, as a lower-case phrase.
pub fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::NotADirectory => "is not a directory".to_owned(),
        std::io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        std::io::ErrorKind::AlreadyExists => "a file stands where a folder is wanted".to_owned(),
        _ => error.to_string(),
    }
}

/// `target/filters` here, or beside the first directory above the lab that has one.
fn samples_above(folder: &Path) -> PathBuf {
    let built = Path::new("target/filters");
    if built.is_dir() {
        return built.to_owned();
    }
    let above = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    above
        .ancestors()
        .map(|folder| folder.join(built))
        .find(|path| path.is_dir())
        .unwrap_or_else(|| built.to_owned())
}
