//! A lab as files that run elsewhere: what `tour export` writes and the page offers to save.
//!
//! Pure: it knows no disk. What stands beside samples comes through [`Sources`].

use super::bootstrap::{self, Whole};
use super::surroundings::surroundings;
use super::yaml_text::yaml_text;
use super::{compose, istio, project};
use crate::lab::Contents;
use crate::model::Problem;
use crate::model::lab::Lab;
use crate::proxy::Prepared;
use std::collections::BTreeMap;

/// What a lab is exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A bootstrap and its modules.
    Envoy,
    /// That with Docker: upstreams that answer as the lab says, and a script of its checks.
    Compose,
    /// Resources of Istio.
    Istio,
    /// Projects to build the filters in.
    Project,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Envoy, Self::Compose, Self::Istio, Self::Project];

    /// Its word on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Envoy => "envoy",
            Self::Compose => "compose",
            Self::Istio => "istio",
            Self::Project => "project",
        }
    }

    /// The target of a word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.word() == word)
    }
}

/// Files, and what to tell about them.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// The files.
    pub files: Vec<BundleFile>,
    /// What a person must know: what could not be expressed, and why. Sentences.
    pub notes: Vec<String>,
}

/// A file of a bundle.
#[derive(Clone, Debug)]
pub struct BundleFile {
    /// Its path in the bundle, with `/`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Whether it is a script that is to be run.
    pub executable: bool,
}

impl Bundle {
    /// Adds a text.
    pub(super) fn text(&mut self, path: &str, text: impl Into<String>) {
        self.add(path, text.into().into_bytes());
    }

    /// Adds bytes.
    pub(super) fn add(&mut self, path: &str, bytes: Vec<u8>) {
        self.files.push(BundleFile {
            path: path.to_owned(),
            bytes,
            executable: false,
        });
    }
}

impl Bundle {
    /// A name that no file of the bundle has, nor any that a target writes later: `base`, else the
    /// whole path, else that with a number. `end` comes behind it.
    pub(super) fn free_name(&self, path: &str, base: &str, end: &str) -> String {
        const OWN: [&str; 9] = [
            "README.md",
            "docker-compose.yaml",
            "envoy-filter.yaml",
            "envoy.yaml",
            "surroundings.yaml",
            "traffic-extension.yaml",
            "upstreams.json",
            "upstreams.py",
            "verify.sh",
        ];
        let taken = |name: &String| {
            OWN.contains(&name.as_str()) || self.files.iter().any(|file| file.path == *name)
        };
        let whole = path.trim_start_matches('/').replace(['/', ':'], "-");
        let numbered = (2..).map(|n| format!("{n}-{whole}{end}"));
        [format!("{base}{end}"), format!("{whole}{end}")]
            .into_iter()
            .chain(numbered)
            .find(|name| !taken(name))
            .unwrap_or_default()
    }
}

/// What stands beside the modules of a lab.
pub trait Sources {
    /// The files of the project that a sample is built from: path and content. `None` when it is not
    /// to be had.
    fn source(&self, name: &str) -> Option<Vec<(String, Vec<u8>)>>;
}

/// Exports a lab whose files have been resolved.
///
/// # Errors
/// What of the lab the simulator refuses, with its place.
pub fn bundle(
    lab: &Lab,
    contents: &Contents,
    target: Target,
    sources: &dyn Sources,
) -> Result<Bundle, Problem> {
    // What is to be built need not run yet.
    if target != Target::Project {
        // What does not run here is not worth running elsewhere.
        Prepared::new(lab, contents)?;
    }
    bundle_of_sound(lab, contents, target, sources)
}

/// The same for a lab of which somebody else has seen that it can run, so that whoever only writes
/// files need not be able to run it.
///
/// # Errors
/// What of the lab's configuration the simulator refuses, with its place.
pub(super) fn bundle_of_sound(
    lab: &Lab,
    contents: &Contents,
    target: Target,
    sources: &dyn Sources,
) -> Result<Bundle, Problem> {
    if target == Target::Project {
        return project::project(lab, sources);
    }
    let whole = bootstrap::whole(lab, contents)?;
    match target {
        Target::Envoy | Target::Project => Ok(envoy(lab, contents, whole)),
        Target::Compose => Ok(compose::compose(lab, contents, whole)),
        Target::Istio => Ok(istio::istio(lab, contents, &whole)),
    }
}

/// What all bundles with a bootstrap say at its head.
pub(super) const HEAD: &str = "# An Envoy bootstrap, made from a lab of A Tour of Proxy-Wasm.\n";

fn envoy(lab: &Lab, contents: &Contents, whole: Whole) -> Bundle {
    let mut bundle = Bundle::default();
    bundle.text("envoy.yaml", format!("{HEAD}{}", yaml_text(&whole.tree)));
    let names = add_files(&mut bundle, contents, &whole);
    bundle.text("surroundings.yaml", surroundings(lab, &names));
    bundle.notes = whole.notes;
    bundle.notes.extend(profile_note(lab));
    let readme = readme(lab, &names, &bundle.notes);
    bundle.text("README.md", readme);
    bundle
}

/// Names in a bundle by paths on Envoy's disk, or by URLs.
pub(super) type Names = BTreeMap<String, String>;

/// Writes the files that a bootstrap names and what the lab needs beside them, and gives the name of
/// each.
pub(super) fn add_files(bundle: &mut Bundle, contents: &Contents, whole: &Whole) -> Names {
    let mut names = Names::new();
    let others = whole.others.iter().map(|name| (name, name));
    for (path, source) in whole.files.iter().chain(others) {
        let Some(bytes) = contents.get(source) else {
            continue;
        };
        let base = path.rsplit('/').next().unwrap_or(path);
        let name = bundle.free_name(path, base, "");
        bundle.add(&name, bytes.to_vec());
        names.insert(path.clone(), name);
    }
    names
}

/// What there is to say of a lab that is not for Envoy alone.
pub(super) fn profile_note(lab: &Lab) -> Option<String> {
    if !lab.plays.is_empty() {
        let note = "The lab lets a learner answer host calls in Envoy's place. Here Envoy answers.";
        return Some(note.to_owned());
    }
    (lab.profile != "envoy").then(|| {
        format!(
            "The lab runs with the host profile `{}`. Envoy has what that host has not, so a run can differ.",
            lab.profile
        )
    })
}

/// Notes as a list, or nothing.
pub(super) fn noted(notes: &[String]) -> String {
    match notes.is_empty() {
        true => String::new(),
        false => {
            let lines: Vec<String> = notes.iter().map(|note| format!("- {note}\n")).collect();
            format!("\n## To know\n\n{}", lines.concat())
        }
    }
}

fn readme(lab: &Lab, names: &Names, notes: &[String]) -> String {
    let title = match lab.name.as_str() {
        "" => "A lab",
        name => name,
    };
    let on_disk = || names.iter().filter(|(path, _)| path.starts_with('/'));
    let mounts: Vec<String> = on_disk()
        .map(|(path, name)| format!(" \\\n  -v \"$PWD/{name}:{path}:ro\""))
        .collect();
    let mut moved = String::new();
    for (path, name) in on_disk() {
        moved.push_str(&format!(
            "- `{name}` stands in the bootstrap as `{path}`.\n"
        ));
    }
    if moved.is_empty() {
        moved.push_str("- The bootstrap names no other file.\n");
    }
    format!(
        "# {title}, for Envoy\n\n\
         `envoy.yaml` is a whole bootstrap for Envoy {ENVOY}. Clusters lead to where the lab has them: put your own servers there.\n\n\
         {moved}\n\
         With Docker:\n\n\
         ```sh\n\
         docker run --rm --network host \\\n  -v \"$PWD/envoy.yaml:/etc/envoy/envoy.yaml:ro\"{} \\\n  \
         {IMAGE} -c /etc/envoy/envoy.yaml --concurrency {} --component-log-level wasm:trace\n\
         ```\n\n\
         `surroundings.yaml` has what a bootstrap cannot say: traffic, answers of upstreams, checks. \
         `tour import envoy.yaml` makes a lab of both again.\n{}",
        mounts.concat(),
        lab.concurrency,
        noted(notes),
    )
}

/// The version that bundles are made for.
pub(super) const ENVOY: &str = "1.39";
/// The image of that version.
pub(super) const IMAGE: &str = "envoyproxy/envoy:v1.39-latest";
