//! What a lab has beside its configuration, as a file of its own: traffic, upstreams, checks.

use super::bundle::Names;
use super::tree::{map, set, text};
use super::yaml_text::yaml_text;
use crate::model::lab::{Lab, Source};
use crate::model::yaml::Node;
use crate::proxy::oci;

/// Keys of a lab file that a bootstrap does not replace, in the order of writing.
pub(super) const KEYS: [&str; 9] = [
    "name",
    "profile",
    "concurrency",
    "seed",
    "start",
    "schedule",
    "files",
    "upstreams",
    "scenarios",
];

/// The surroundings of a lab as YAML; `names` says what its files are called in the bundle.
pub(super) fn surroundings(lab: &Lab, names: &Names) -> String {
    let mut out = map([]);
    for name in KEYS {
        let node = match name {
            "files" => files(lab, names),
            _ => lab.tree.get(name).filter(|node| !node.is_null()).cloned(),
        };
        if let Some(node) = node {
            set(&mut out, name, node);
        }
    }
    let text = yaml_text(&out);
    format!("# What a lab has beside its bootstrap. `tour import` reads it.\n{text}")
}

/// `files` of the bundle's own: each by its path there, with what else the lab says of it.
fn files(lab: &Lab, names: &Names) -> Option<Node> {
    let written = lab.tree.get("files");
    let entries = names.iter().map(|(path, name)| {
        let mut file = map([("path", text(name.as_str()))]);
        for kept in ["delay", "status", "failures"] {
            if let Some(node) = written.and_then(|files| files.get(path)?.get(kept)) {
                set(&mut file, kept, node.clone());
            }
        }
        (path.as_str(), file)
    });
    let served = lab
        .files
        .iter()
        .filter(|(path, file)| matches!(file.source, Source::Missing) && !oci::is_reference(path));
    let served = served.filter_map(|(path, _)| Some((path.as_str(), written?.get(path)?.clone())));
    let entries: Vec<_> = entries.chain(served).collect();
    (!entries.is_empty()).then(|| map(entries))
}
