//! Where plugins' code comes from: files, bytes in the configuration, and URLs.
//!
//! What a fetch will come to is known before a run: the lab says what a URL serves.

use super::config::{Code, Config, Plugin, Remote};
use super::oci::{self, Image};
use super::world::Contents;
use crate::host::{Engine, Module};
use crate::model::lab::{File, Lab, Source};
use crate::model::yaml::nearest;
use crate::model::{Place, Problem};
use std::sync::Arc;

/// The modules of a configuration.
pub(super) struct Loaded {
    /// Each of them once.
    pub(super) modules: Vec<Module>,
    /// The module of each plugin; `None` when its fetch cannot bring one.
    pub(super) of_plugin: Vec<Option<usize>>,
    /// What the fetch of each plugin's code comes to; `None` where nothing is fetched.
    pub(super) fetches: Vec<Option<Fetch>>,
}

/// What a fetch comes to.
#[derive(Clone, Debug)]
pub(super) struct Fetch {
    /// How long an answer takes.
    pub(super) delay_ns: u64,
    /// How many attempts fail before the others come to this.
    pub(super) failures: u32,
    /// Why every attempt fails.
    pub(super) fails: Option<String>,
    /// Why what was fetched is of no use.
    pub(super) broken: Option<String>,
}

impl Loaded {
    /// Loads what can be loaded.
    ///
    /// # Errors
    /// A file that is not there, and a local module that cannot be loaded.
    pub(super) fn load<'a>(
        lab: &Lab,
        config: &Config,
        plugins: impl Iterator<Item = &'a Plugin>,
        contents: &Contents,
        engine: &Engine,
    ) -> Result<Self, Problem> {
        let mut loaded = Self {
            modules: Vec::new(),
            of_plugin: Vec::new(),
            fetches: Vec::new(),
        };
        let mut fetched = Vec::new();
        let mut known: Vec<Arc<[u8]>> = Vec::new();
        let mut module = |name: &str, bytes: Arc<[u8]>| match known.iter().position(|b| *b == bytes)
        {
            Some(at) => Ok(at),
            None => {
                loaded.modules.push(Module::load(engine, name, &bytes)?);
                known.push(bytes);
                Ok(known.len() - 1)
            }
        };
        for plugin in plugins {
            let of = match &plugin.code {
                Code::Remote(remote) => {
                    let bytes = |name: &str| contents.get(name).map(|bytes| &**bytes);
                    let name = match oci::is_reference(&remote.uri) {
                        true => oci::find(&lab.files, &remote.uri, bytes),
                        false => Some(remote.uri.as_str()),
                    };
                    let known = name.and_then(|name| lab.files.get_key_value(name));
                    let (name, file) = known
                        .ok_or_else(|| absent(&remote.uri, &remote.place, lab.files.keys()))?;
                    fetched.push(name.as_str());
                    let bytes = contents.get(name);
                    let mut fetch = Fetch::of(remote, file, config, bytes);
                    let of = match (&fetch.fails, bytes) {
                        (None, Some(bytes)) => match module(&remote.uri, bytes.clone()) {
                            Ok(at) => Some(at),
                            Err(error) => {
                                let error: crate::host::LoadError = error;
                                fetch.broken = Some(error.message);
                                None
                            }
                        },
                        _ => None,
                    };
                    loaded.fetches.push(Some(fetch));
                    of
                }
                _ => {
                    let (name, bytes, place) = local(plugin, contents)?;
                    // Where the bytes come from is where they are mended.
                    let place = lab.files.get(&name).map_or(place, |file| &file.place);
                    loaded.fetches.push(None);
                    Some(module(&name, bytes).map_err(|e| Problem::at(place, e.message, ""))?)
                }
            };
            loaded.of_plugin.push(of);
        }
        for (name, file) in &lab.files {
            if !fetched.contains(&name.as_str()) {
                check_file(file)?;
            }
        }
        Ok(loaded)
    }
}

impl Fetch {
    fn of(remote: &Remote, file: &File, config: &Config, bytes: Option<&Arc<[u8]>>) -> Self {
        let known = remote.agent || config.clusters.iter().any(|c| c.name == remote.cluster);
        let fails = match bytes {
            _ if !known => Some(format!("no cluster is named `{}`", remote.cluster)),
            _ if file.status != 200 => Some(format!("the status is {}", file.status)),
            None => Some("nothing is served".to_owned()),
            Some(bytes) if oci::is_reference(&remote.uri) => {
                Image::of(file, bytes).refusal(&remote.uri, &remote.sha256)
            }
            Some(_) if remote.sha256.is_empty() => None,
            Some(bytes) => {
                let is = crate::host::sha256(bytes);
                let same = is.eq_ignore_ascii_case(&remote.sha256);
                (!same).then(|| format!("the sha256 of what is served is {is}"))
            }
        };
        let late = remote.timeout_ns > 0 && file.delay_ns >= remote.timeout_ns;
        Self {
            delay_ns: match late {
                true => remote.timeout_ns,
                false => file.delay_ns,
            },
            failures: file.failures,
            fails: match late {
                true => Some("no answer within the timeout".to_owned()),
                false => fails,
            },
            broken: None,
        }
    }
}

/// A local plugin's code: its name, its bytes, and where it is configured.
fn local<'a>(
    plugin: &'a Plugin,
    contents: &Contents,
) -> Result<(String, Arc<[u8]>, &'a Place), Problem> {
    match &plugin.code {
        Code::Inline(bytes) => {
            let name = Some(plugin.name.as_str()).filter(|name| !name.is_empty());
            let name = name.unwrap_or("inline_bytes").to_owned();
            Ok((name, bytes.clone().into(), &plugin.place))
        }
        Code::File(name, place) => match contents.get(name) {
            Some(bytes) => Ok((name.clone(), bytes.clone(), place)),
            None => Err(absent(name, place, contents.keys())),
        },
        Code::Remote(remote) => Err(absent(&remote.uri, &remote.place, contents.keys())),
    }
}

pub(super) fn absent<'a>(
    name: &str,
    place: &Place,
    known: impl Iterator<Item = &'a String>,
) -> Problem {
    let help = match nearest(name, known.map(String::as_str)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "Add it to `files`.".to_owned(),
    };
    Problem::at(place, format!("there is no file `{name}`"), help)
}

/// Refuses what is said of the fetching of a file that nobody fetches.
fn check_file(file: &File) -> Result<(), Problem> {
    let missing = matches!(file.source, Source::Missing);
    let said = [
        ("delay", file.delay_ns != 0),
        ("status", missing || file.status != 200),
        ("failures", file.failures != 0),
        ("media_type", file.media_type.is_some()),
    ];
    match said.iter().find(|(_, said)| *said) {
        Some((key, _)) => Err(Problem::at(
            &file.place,
            format!("`{key}` of a file that no plugin fetches"),
            "Name its URL in a plugin's `code: {remote: …}`, or take the key out.",
        )),
        None => Ok(()),
    }
}
