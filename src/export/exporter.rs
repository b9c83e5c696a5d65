//! What the exporter's worker does with each message, without its browser: a lab to files in one
//! archive, a bootstrap to a lab.
//!
//! What runs a lab is not in it: the page has its engine say whether a lab can run before it asks for
//! files. Must not know: how messages travel, what a page is.

use super::bundle::{Bundle, Sources, Target, bundle_of_sound};
use super::import::lab_of;
use super::site::first_request;
use super::tree::{field, map, text};
use super::yaml_text::yaml_text;
use crate::lab::{Contents, Here, Sample, Unresolved, own_path, parse, put_request, resolve};
use crate::model::lab::{File, Lab, Source};
use crate::model::yaml::{self, Node, Value};
use crate::model::{Place, Problem, Request};
use crate::protocol::Script;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The name that places carry for a lab that came as text.
const LAB: &str = "lab.yaml";

/// The names of what an export writes.
const BOOTSTRAP: &str = "envoy.yaml";
const SURROUNDINGS: &str = "surroundings";

/// Names of samples' sources begin so; their bytes are JSON, a list of `[path, text]`.
const SOURCE: &str = "source:";

/// From the page to the exporter, as JSON beside a list of byte buffers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToExporter {
    /// Makes an archive of a lab that can run. It is answered by `Need` until all is there.
    Export {
        /// The word of the target.
        target: String,
        /// The lab file's text.
        lab: String,
        /// Texts of editable parts by name.
        edits: BTreeMap<String, String>,
        /// Replaces the first request of the first scenario.
        request: Option<Request>,
        /// Names of modules of the visitor's own: their bytes are the message's buffers.
        own: Vec<String>,
    },
    /// What was needed; buffer 0 of the message.
    Given {
        /// Its name.
        name: String,
        /// Why it cannot be had, when it cannot.
        error: Option<String>,
    },
    /// Makes a lab of a bootstrap.
    Import {
        /// The texts that were given together: a bootstrap, the surroundings that an export has put
        /// beside it, and files that it names. In the place of a bootstrap a lab file, which stays as
        /// it is.
        files: Vec<Text>,
        /// Names of modules that came with them.
        modules: Vec<String>,
        /// Names of the samples that are there.
        samples: Vec<String>,
    },
}

/// A file's name and its text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Text {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// From the exporter to the page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FromExporter {
    /// A sample, a sample's source, or a compiled text is needed to go on.
    Need {
        /// Its name; that of a source begins with `source:`.
        name: String,
        /// What to compile, where it is that.
        script: Option<Script>,
    },
    /// The archive, which travels beside this.
    Bundle {
        /// Its name without an ending. All files are in a folder of this name.
        name: String,
        /// Their paths in the folder.
        files: Vec<String>,
        /// What a person must know.
        notes: Vec<String>,
    },
    /// A lab, as a page opens it.
    Lab {
        /// The lab file's text.
        lab: String,
        /// The names of its scenarios.
        scenarios: Vec<String>,
        /// The first request of the first one, when there is any.
        request: Option<Request>,
        /// Samples of the site that stand in for files that did not come: path and sample.
        stand_ins: Vec<(String, String)>,
    },
    /// What to mend first.
    Refused {
        /// Why, with the place.
        problem: Problem,
    },
}

/// A lab to export.
#[derive(Debug)]
struct Job {
    target: Target,
    lab: String,
    edits: BTreeMap<String, String>,
    request: Option<Request>,
    /// Modules by their path in the lab, and the names of their files.
    own: Contents,
    names: BTreeMap<String, String>,
}

/// One worker's state between messages.
#[derive(Debug, Default)]
pub struct Exporter {
    /// Samples, their sources and compiled texts that have come, by name.
    given: BTreeMap<String, Sample>,
    scripts: RefCell<BTreeMap<String, Script>>,
    job: Option<Job>,
}

/// An answer, and the archive where it has one.
pub type Answer = (FromExporter, Option<Vec<u8>>);

impl Exporter {
    /// Takes a message with its buffers, and answers it.
    pub fn handle(&mut self, message: ToExporter, buffers: Vec<Vec<u8>>) -> Answer {
        let answer = match message {
            ToExporter::Export {
                target,
                lab,
                edits,
                request,
                own,
            } => {
                // What could not be had may be there by now.
                self.given
                    .retain(|_, sample| !matches!(sample, Sample::Missing(_)));
                let names = own.into_iter().map(|name| (own_path(&name), name));
                let names: BTreeMap<String, String> = names.collect();
                let bytes = buffers.into_iter().map(Into::into);
                self.job = Target::named(&target).map(|target| Job {
                    target,
                    lab,
                    edits,
                    request,
                    own: names.keys().cloned().zip(bytes).collect(),
                    names,
                });
                self.go_on()
            }
            ToExporter::Given { name, error } => {
                let sample = match (error, buffers.into_iter().next()) {
                    (None, Some(bytes)) => Sample::Bytes(bytes.into()),
                    (why, _) => Sample::Missing(why.unwrap_or_default()),
                };
                self.given.insert(name, sample);
                self.go_on()
            }
            ToExporter::Import {
                files,
                modules,
                samples,
            } => imported(&files, &modules, &samples)
                .map(|lab| (lab, None))
                .map_err(Unresolved::Problem),
        };
        answer.unwrap_or_else(|why| (self.unresolved(why), None))
    }

    fn go_on(&mut self) -> Result<Answer, Unresolved> {
        let Some(job) = &self.job else {
            let help = "Reload the page: it and the exporter are of different builds.";
            let problem = Problem::in_file(LAB, "nothing is exported to this target", help);
            return Err(problem.into());
        };
        let (lab, bundle) = self.bundle(job)?;
        let name = format!("{}-{}", plain(&lab.name), job.target.word());
        let archive = archive(&name, &bundle).map_err(|why| {
            Problem::in_file(LAB, format!("the archive could not be made: {why}"), "")
        })?;
        let files = bundle.files.into_iter().map(|file| file.path).collect();
        let notes = bundle.notes;
        Ok((FromExporter::Bundle { name, files, notes }, Some(archive)))
    }

    fn bundle(&self, job: &Job) -> Result<(Lab, Bundle), Unresolved> {
        let here = Here {
            samples: &self.given,
            scripts: &self.scripts,
            edits: &job.edits,
            own: &job.own,
        };
        let mut lab = parse(LAB, &job.lab, &here)?;
        if let Some(request) = &job.request {
            put_request(&mut lab, 0, request)?;
        }
        // The visitor's own stand before files of the lab with the same name.
        for (path, name) in &job.names {
            let file = File {
                place: Place::default(),
                source: Source::Path(name.clone()),
                delay_ns: 0,
                status: 200,
                failures: 0,
                media_type: None,
                text: None,
            };
            lab.files.insert(path.clone(), file);
        }
        let contents = match job.target {
            Target::Project => {
                let sources = lab.files.values().filter_map(|file| match &file.source {
                    Source::Sample(name) => Some(format!("{SOURCE}{name}")),
                    _ => None,
                });
                let awaited: Vec<String> = sources
                    .filter(|name| !self.given.contains_key(name))
                    .collect();
                if !awaited.is_empty() {
                    return Err(Unresolved::Awaited(awaited));
                }
                Contents::new()
            }
            _ => resolve(&lab, &here)?,
        };
        let bundle = bundle_of_sound(&lab, &contents, job.target, self)?;
        Ok((lab, bundle))
    }

    /// Asks for one thing at a time: when it comes, the next is asked for.
    fn unresolved(&mut self, why: Unresolved) -> FromExporter {
        let names = match why {
            Unresolved::Problem(problem) => return FromExporter::Refused { problem },
            Unresolved::Awaited(names) => names,
        };
        // What is awaited is never here, so there is a first one.
        let name = names.into_iter().next().unwrap_or_default();
        let script = self.scripts.borrow_mut().remove(&name);
        FromExporter::Need { name, script }
    }
}

impl Sources for Exporter {
    fn source(&self, name: &str) -> Option<Vec<(String, Vec<u8>)>> {
        let Some(Sample::Bytes(bytes)) = self.given.get(&format!("{SOURCE}{name}")) else {
            return None;
        };
        let files: Vec<(String, String)> = serde_json::from_slice(bytes).ok()?;
        let files = files.into_iter();
        Some(
            files
                .map(|(path, text)| (path, text.into_bytes()))
                .collect(),
        )
    }
}

/// A name for a file, of a name for people.
fn plain(name: &str) -> String {
    let word = |c: char| !c.is_ascii_alphanumeric();
    let words: Vec<String> = name
        .split(word)
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    match words.is_empty() {
        true => "lab".to_owned(),
        false => words.join("-"),
    }
}

/// The files as a zip archive, in a folder. They are not compressed: it goes from the page to the
/// visitor's disk.
fn archive(folder: &str, bundle: &Bundle) -> Result<Vec<u8>, rawzip::Error> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for file in &bundle.files {
        let path = format!("{folder}/{}", file.path);
        let mode = if file.executable { 0o755 } else { 0o644 };
        let entry = archive.new_file(&path).unix_permissions(mode);
        let (mut entry, config) = entry.start()?;
        let mut writer = config.wrap(&mut entry);
        std::io::Write::write_all(&mut writer, &file.bytes)?;
        let (_, descriptor) = writer.finish()?;
        entry.finish(descriptor)?;
    }
    archive.finish()
}

/// What was given beside a bootstrap, and what stood in for what was not.
struct Beside<'a> {
    texts: Vec<&'a Text>,
    modules: &'a [String],
    samples: &'a [String],
    stand_ins: RefCell<Vec<(String, String)>>,
}

impl Beside<'_> {
    /// What stands in `files` for a path: a module or a text that came along, by its file's name, or
    /// a sample of that name.
    fn find(&self, path: &str) -> Option<Node> {
        let base = path.rsplit(['/', ':']).next().unwrap_or(path);
        let mut modules = self.modules.iter();
        if let Some(name) = modules.find(|name| own_path(name) == own_path(base)) {
            return Some(map([("path", text(name.as_str()))]));
        }
        if let Some(file) = self.texts.iter().find(|file| file.name == base) {
            return Some(map([("text", text(file.text.as_str()))]));
        }
        let stem = base.strip_suffix(".wasm").unwrap_or(base);
        let name = self.samples.iter().find(|name| *name == stem)?;
        let stand_in = (path.to_owned(), name.clone());
        self.stand_ins.borrow_mut().push(stand_in);
        Some(map([("sample", text(name.as_str()))]))
    }
}

/// Makes a lab of what was given.
fn imported(
    files: &[Text],
    modules: &[String],
    samples: &[String],
) -> Result<FromExporter, Problem> {
    let (mut surroundings, mut others): (Vec<&Text>, Vec<&Text>) = files
        .iter()
        .partition(|file| file.name.starts_with(SURROUNDINGS));
    let Some(main) = others.first().copied() else {
        let help = "Give the YAML that Envoy is started with.";
        return Err(Problem::in_file(BOOTSTRAP, "there is no text", help));
    };
    let tree = yaml::parse(&main.name, &main.text)?;
    let beside = Beside {
        texts: others.split_off(1),
        modules,
        samples,
        stand_ins: RefCell::default(),
    };
    let is_lab = |key: &&str| tree.get(key).is_some();
    let lab = if field(&tree, "static_resources").is_some() {
        let found = |path: &str| beside.find(path);
        let around = surroundings.pop();
        let around = around.map(|file| yaml::parse(&file.name, &file.text));
        let around = around.transpose()?;
        let around = around
            .map(|around| with_found(around, &found))
            .transpose()?;
        yaml_text(&lab_of(&tree, around.as_ref(), &found)?)
    } else if ["envoy", "scenarios"].iter().any(is_lab) {
        main.text.clone()
    } else {
        return Err(Problem::at(
            &tree.place,
            "no `static_resources`: this is no bootstrap",
            "Give the YAML that Envoy is started with, or a lab file.",
        ));
    };
    let nothing = Here {
        samples: &BTreeMap::new(),
        scripts: &RefCell::default(),
        edits: &BTreeMap::new(),
        own: &Contents::new(),
    };
    let read = parse(LAB, &lab, &nothing)?;
    let scenarios = read.scenarios.iter();
    Ok(FromExporter::Lab {
        lab,
        scenarios: scenarios.map(|scenario| scenario.name.clone()).collect(),
        request: first_request(&read),
        stand_ins: beside.stand_ins.into_inner(),
    })
}

/// The surroundings with what was found in the place of each file that lies beside them.
fn with_found(mut around: Node, found: &dyn Fn(&str) -> Option<Node>) -> Result<Node, Problem> {
    let Value::Map(keys) = &mut around.value else {
        return Ok(around);
    };
    let files = keys.iter_mut().find(|(key, _)| key.text == "files");
    let Some((
        _,
        Node {
            value: Value::Map(files),
            ..
        },
    )) = files
    else {
        return Ok(around);
    };
    for (_, file) in files {
        let Value::Map(entries) = &mut file.value else {
            continue;
        };
        for entry in entries.iter_mut().filter(|(key, _)| key.text == "path") {
            let path = entry.1.as_str()?.to_owned();
            let Some(Node {
                value: Value::Map(there),
                ..
            }) = found(&path)
            else {
                return Err(Problem::at(
                    &entry.1.place,
                    format!("there is no file `{path}`"),
                    "Choose it together with the bootstrap.",
                ));
            };
            // One key: `path`, `text` or `sample`.
            there.into_iter().for_each(|there| *entry = there);
        }
    }
    Ok(around)
}
