//! What stands beside a lab in a worker: edits that came with it, samples and compiled texts that
//! have arrived, the visitor's own modules.
//!
//! Must not know: what the lab is wanted for, how anything travels.

use super::{Beside, Compiled, Contents, Sample};
use crate::protocol::Script;
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Names of compiled texts begin so, and end in a hash: no sample is called that.
pub(super) const COMPILED: &str = "text:";

/// Where a module of the visitor's own stands in the lab: a name that needs no quotes in YAML,
/// whatever the file was called.
pub(crate) fn own_path(name: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() => c,
        '.' | '_' => c,
        _ => '-',
    };
    let file: String = name.chars().map(plain).collect();
    format!("/etc/envoy/{file}")
}

/// Why there is no module: `LINE:COLUMN: MESSAGE` when the compiler refused the text.
fn refused(why: &str) -> Compiled {
    let mut parts = why.splitn(3, ':');
    let mut number = || parts.next()?.parse().ok();
    match (number(), number(), parts.next()) {
        (Some(line), Some(column), Some(message)) => Compiled::Refused {
            line,
            column,
            message: message.trim_start().to_owned(),
        },
        _ => Compiled::NoCompiler(why.to_owned()),
    }
}

/// What stands beside a lab.
pub(crate) struct Here<'a> {
    /// Samples and compiled texts, by name.
    pub(crate) samples: &'a BTreeMap<String, Sample>,
    /// Texts that are to be compiled, by the name that asks for them.
    pub(crate) scripts: &'a RefCell<BTreeMap<String, Script>>,
    /// Texts of editable parts.
    pub(crate) edits: &'a BTreeMap<String, String>,
    /// The visitor's own modules, by their path in the lab.
    pub(crate) own: &'a Contents,
}

impl Here<'_> {
    /// What was made of a text, which is asked for when it is new.
    fn made(&self, language: &str, name: &str, source: &str) -> Compiled {
        let key = format!("{COMPILED}{language}:{:x}", Sha256::digest(source));
        match self.samples.get(&key) {
            Some(Sample::Bytes(bytes)) => Compiled::Bytes(bytes.clone()),
            Some(Sample::Missing(why)) => refused(why),
            found => {
                if found.is_none() {
                    let script = Script {
                        language: language.to_owned(),
                        file: name.to_owned(),
                        source: source.to_owned(),
                    };
                    self.scripts.borrow_mut().insert(key.clone(), script);
                }
                Compiled::Awaited(key)
            }
        }
    }
}

impl Beside for Here<'_> {
    fn part(&self, name: &str) -> Option<String> {
        self.edits.get(name).cloned()
    }

    fn sample(&self, name: &str) -> Sample {
        self.samples.get(name).cloned().unwrap_or(Sample::Awaited)
    }

    fn compiled(&self, name: &str, source: &str) -> Compiled {
        self.made("assemblyscript", name, source)
    }

    fn assembled(&self, name: &str, source: &str) -> Compiled {
        self.made("wat", name, source)
    }

    fn samples(&self) -> Vec<String> {
        self.samples
            .iter()
            .filter(|(name, sample)| {
                matches!(sample, Sample::Bytes(_)) && !name.starts_with(COMPILED)
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn path(&self, path: &str) -> Result<Vec<u8>, String> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let found = self.own.get(&own_path(name));
        found
            .map(|bytes| bytes.to_vec())
            .ok_or_else(|| "open or drop this file on the page first".to_owned())
    }
}
