//! The course's files from disk, and a lesson's files as what stands beside its lab.

use super::assemblyscript;
use super::in_words;
use crate::course::{Content, LANGUAGE, Lesson};
use crate::lab::{Beside, Compiled, Sample};
use crate::model::Problem;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads every file below a content folder; `filters/*/target` and hidden files are left out.
///
/// # Errors
/// The first folder or file that cannot be read.
pub fn read(folder: &Path) -> Result<Content, Problem> {
    let mut content = Content {
        root: folder
            .display()
            .to_string()
            .trim_end_matches('/')
            .to_string(),
        files: BTreeMap::new(),
    };
    walk(folder, "", &mut content.files)?;
    in_language(&mut content, LANGUAGE);
    Ok(content)
}

/// What a language says in other words stands in `LANGUAGE/instead/`, at the same path as what it
/// stands for: names of paths, of filters, of labs in the playground.
pub fn in_language(content: &mut Content, language: &str) {
    let folder = format!("{language}/instead/");
    let all = std::mem::take(&mut content.files).into_iter();
    let (own, mut others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        all.partition(|(path, _)| path.starts_with(&folder));
    let own = own.into_iter();
    others.extend(own.map(|(path, bytes)| (path[folder.len()..].to_string(), bytes)));
    content.files = others;
}

fn walk(folder: &Path, below: &str, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Problem> {
    let unreadable = |path: &Path, e: std::io::Error| {
        let help = "Name the folder that holds `en/` and `filters/`.";
        Problem::in_file(path.display().to_string(), in_words(&e), help)
    };
    for entry in std::fs::read_dir(folder).map_err(|e| unreadable(folder, e))? {
        let path = entry.map_err(|e| unreadable(folder, e))?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        let key = match below {
            "" => name,
            below => format!("{below}/{name}"),
        };
        if path.is_dir() {
            walk(&path, &key, files)?;
        } else {
            files.insert(key, std::fs::read(&path).map_err(|e| unreadable(&path, e))?);
        }
    }
    Ok(())
}

/// Where sample filters come from: a name to its module, or why there is none.
pub type Samples<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

/// What stands beside a lesson's lab: its editable parts as somebody has edited them.
pub struct Desk<'a> {
    /// The course's files.
    pub content: &'a Content,
    /// The lesson's folder below `content/`.
    pub folder: &'a str,
    /// Texts that replace those of `start/`, by the part's name.
    pub edits: BTreeMap<String, String>,
    /// The sample filters.
    pub samples: Samples<'a>,
}

impl<'a> Desk<'a> {
    /// The desk as a learner finds it.
    pub fn start(content: &'a Content, lesson: &'a Lesson, samples: Samples<'a>) -> Self {
        Self {
            content,
            folder: &lesson.folder,
            edits: BTreeMap::new(),
            samples,
        }
    }

    /// The files of one of the lesson's own folders: `start` or `solution`.
    pub fn stage(&self, stage: &str) -> BTreeMap<String, String> {
        let prefix = format!("{}/{stage}/", self.folder);
        (self.content.files.keys())
            .filter_map(|path| {
                let name = path.strip_prefix(&prefix)?;
                Some((name.to_string(), self.content.text(path)?.to_string()))
            })
            .collect()
    }
}

impl Beside for Desk<'_> {
    fn part(&self, name: &str) -> Option<String> {
        let start = || self.content.text(&format!("{}/start/{name}", self.folder));
        self.edits
            .get(name)
            .cloned()
            .or_else(|| start().map(str::to_string))
    }

    fn sample(&self, name: &str) -> Sample {
        match (self.samples)(name) {
            Ok(bytes) => Sample::Bytes(bytes.into()),
            Err(why) => Sample::Missing(why),
        }
    }

    fn samples(&self) -> Vec<String> {
        let name = |path: &String| {
            let rest = path.strip_prefix("filters/")?.strip_suffix("/Cargo.toml")?;
            Some(rest.to_string())
        };
        self.content.files.keys().filter_map(name).collect()
    }

    fn compiled(&self, name: &str, source: &str) -> Compiled {
        assemblyscript::compile(name, source)
    }

    fn path(&self, path: &str) -> Result<Vec<u8>, String> {
        let found = self.content.files.get(&format!("{}/{path}", self.folder));
        found
            .cloned()
            .ok_or_else(|| "there is no such file".to_string())
    }
}
