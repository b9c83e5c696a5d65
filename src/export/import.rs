//! From a bootstrap back to a lab file.
//!
//! Must not know: a disk. Who asks says which files lie beside the bootstrap.

use super::surroundings::KEYS;
use super::tree::{field, items, map, set, text, text_field, walk};
use super::yaml_text::yaml_text;
use crate::model::Problem;
use crate::model::yaml::{Node, parse};
use crate::proxy::config;

/// A text and the name that places carry for it.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// The name.
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
}

/// Whether a text is a bootstrap and no lab file.
pub fn is_bootstrap(name: &str, text: &str) -> bool {
    parse(name, text).is_ok_and(|tree| field(&tree, "static_resources").is_some())
}

/// Makes a lab file of a bootstrap, and of the surroundings that an export has put beside it.
///
/// `beside` gives the path at which a file of Envoy's disk lies, relative to the lab file to be.
/// Without surroundings the lab has one request, and upstreams that echo.
///
/// # Errors
/// A bootstrap that the simulator refuses, a file that is not there, surroundings that are none.
pub fn import(
    bootstrap: Named<'_>,
    surroundings: Option<Named<'_>>,
    beside: &dyn Fn(&str) -> Option<String>,
) -> Result<String, Problem> {
    let tree = parse(bootstrap.name, bootstrap.text)?;
    let around = surroundings
        .map(|file| parse(file.name, file.text))
        .transpose()?;
    let beside = |path: &str| beside(path).map(|found| map([("path", text(found))]));
    let lab = lab_of(&tree, around.as_ref(), &beside)?;
    Ok(yaml_text(&lab))
}

/// The same of trees that have been read; `beside` gives what stands in `files` for a path of Envoy's
/// disk.
///
/// # Errors
/// As [`import`].
pub(super) fn lab_of(
    tree: &Node,
    around: Option<&Node>,
    beside: &dyn Fn(&str) -> Option<Node>,
) -> Result<Node, Problem> {
    if field(tree, "static_resources").is_none() {
        return Err(Problem::at(
            &tree.place,
            "no `static_resources`: this is no bootstrap",
            "Give the YAML that Envoy is started with.",
        ));
    }
    config::read(tree)?;
    if let Some(around) = around {
        refuse_others(around)?;
    }
    let said = |name| around.and_then(|around| around.get(name));
    let mut lab = map([]);
    let name = said("name").cloned();
    set(&mut lab, "name", name.unwrap_or_else(|| text(title(tree))));
    for name in KEYS
        .into_iter()
        .filter(|name| !["name", "files"].contains(name))
    {
        if let Some(node) = said(name) {
            set(&mut lab, name, node.clone());
        }
        if name == "schedule" {
            set(&mut lab, "envoy", tree.clone());
            set(&mut lab, "files", files(tree, said("files"), beside)?);
        }
    }
    Ok(lab)
}

/// A short name for people: that of the listener.
fn title(tree: &Node) -> String {
    let resources = field(tree, "static_resources");
    let listener = resources.and_then(|resources| items(resources, "listeners").first());
    let name = listener.and_then(|listener| text_field(listener, "name"));
    format!("Listener {}", name.unwrap_or("without a name"))
}

fn refuse_others(around: &Node) -> Result<(), Problem> {
    for (key, _) in around.as_map()? {
        if !KEYS.contains(&key.text.as_str()) {
            return Err(Problem::at(
                &key.place,
                format!("`{}` has no place beside a bootstrap", key.text),
                format!("Known here: {}.", KEYS.join(", ")),
            ));
        }
    }
    Ok(())
}

/// The files that the surroundings know, and those that the bootstrap names beside them.
fn files(
    tree: &Node,
    known: Option<&Node>,
    beside: &dyn Fn(&str) -> Option<Node>,
) -> Result<Node, Problem> {
    let mut files = known.cloned().unwrap_or_else(|| map([]));
    let mut missing = None;
    walk(tree, &mut |node| {
        let Some(named) = field(node, "filename") else {
            return;
        };
        let Ok(path) = named.as_str() else { return };
        if files.get(path).is_some() || missing.is_some() {
            return;
        }
        match beside(path) {
            Some(found) => set_file(&mut files, path, found),
            None => {
                missing = Some(Problem::at(
                    &named.place,
                    format!("there is no file `{path}`"),
                    "Put it beside the bootstrap, under its last name.",
                ));
            }
        }
    });
    missing.map_or(Ok(files), Err)
}

/// A file's path is a key of its own making, and never another spelling of one.
fn set_file(files: &mut Node, path: &str, found: Node) {
    if let crate::model::yaml::Value::Map(entries) = &mut files.value {
        entries.push((super::tree::key(path), found));
    }
}
