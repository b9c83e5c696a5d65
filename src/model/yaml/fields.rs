//! Walking a map by its known keys, so that an unknown one is an error and never ignored.

use super::{Key, Node, nearest};
use crate::model::Problem;

/// A map that is being read key by key.
///
/// Each `take` names a known key; [`Fields::finish`] reports the first key that no `take` named,
/// with the nearest known name. A key whose value is null counts as absent, as in Protobuf's JSON.
#[derive(Debug)]
pub struct Fields<'a> {
    node: &'a Node,
    entries: &'a [(Key, Node)],
    known: Vec<&'static str>,
    camel: bool,
}

impl<'a> Fields<'a> {
    /// Reads `node` as a map of exactly spelt keys.
    ///
    /// # Errors
    /// When it is no map.
    pub fn of(node: &'a Node) -> Result<Self, Problem> {
        Ok(Self {
            node,
            entries: node.as_map()?,
            known: Vec::new(),
            camel: false,
        })
    }

    /// Reads `node` as a Protobuf message in YAML: `stat_prefix` may also be written `statPrefix`.
    ///
    /// # Errors
    /// When it is no map.
    pub fn of_message(node: &'a Node) -> Result<Self, Problem> {
        Ok(Self {
            camel: true,
            ..Self::of(node)?
        })
    }

    /// The map itself.
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// The value of a known key; `None` when it is absent or null.
    pub fn take(&mut self, name: &'static str) -> Option<&'a Node> {
        self.take_entry(name)
            .map(|(_, node)| node)
            .filter(|node| !node.is_null())
    }

    /// A known key with its place, and its value even when that is null.
    pub fn take_entry(&mut self, name: &'static str) -> Option<(&'a Key, &'a Node)> {
        self.known.push(name);
        let camel = self.camel;
        self.entries
            .iter()
            .find(|(key, _)| matches(&key.text, name, camel))
            .map(|(key, node)| (key, node))
    }

    /// The value of a key that must be there.
    ///
    /// # Errors
    /// When it is absent or null: the place of the map, or of a key that was probably meant.
    pub fn require(&mut self, name: &'static str) -> Result<&'a Node, Problem> {
        self.take(name).ok_or_else(|| {
            let slip = self.entries.iter().map(|(key, _)| key).find(|key| {
                key.text != name
                    && !self.is_known(&key.text)
                    && nearest(&key.text, [name]).is_some()
            });
            match slip {
                Some(key) => unknown_key(key, &[name]),
                None => Problem::at(
                    &self.node.place,
                    format!("the key `{name}` is missing"),
                    format!("Add `{name}: …` here."),
                ),
            }
        })
    }

    /// The first key that is one of `names`, which it does not make known: for what is refused by name.
    pub fn find(&self, names: &[&str]) -> Option<&'a Key> {
        let mut keys = self.entries.iter().map(|(key, _)| key);
        keys.find(|key| {
            names
                .iter()
                .any(|name| matches(&key.text, name, self.camel))
        })
    }

    /// Whether a key is one that has been asked for.
    fn is_known(&self, key: &str) -> bool {
        self.known.iter().any(|name| matches(key, name, self.camel))
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// The first key that was never taken: its place, and the nearest known name or all of them.
    pub fn finish(self) -> Result<(), Problem> {
        let unknown = self
            .entries
            .iter()
            .map(|(key, _)| key)
            .find(|key| !self.is_known(&key.text));
        match unknown {
            None => Ok(()),
            Some(key) => Err(unknown_key(key, &self.known)),
        }
    }
}

/// The problem of a key that has no meaning where it stands.
pub fn unknown_key(key: &Key, known: &[&str]) -> Problem {
    let help = match nearest(&key.text, known.iter().copied()) {
        Some(name) => format!("Did you mean `{name}`?"),
        None if known.is_empty() => "Nothing can stand here.".to_owned(),
        None => format!("Known here: {}.", known.join(", ")),
    };
    Problem::at(&key.place, format!("unknown key `{}`", key.text), help)
}

/// Whether a key names a field of a Protobuf message: `stat_prefix` may be written `statPrefix`.
pub fn is_field(written: &str, name: &str) -> bool {
    matches(written, name, true)
}

fn matches(written: &str, name: &str, camel: bool) -> bool {
    written == name || camel && written == to_camel(name)
}

/// Protobuf's JSON name of a field.
fn to_camel(name: &str) -> String {
    let mut upper = false;
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                out.push(c.to_ascii_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}
