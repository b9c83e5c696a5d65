//! What a lab has beside its configuration, as a file of its own: traffic, upstreams, checks.

use super::bundle::Names;
use super::tree::{items_mut, key, list, map, set, text, word};
use super::yaml_text::yaml_text;
use crate::model::lab::{Lab, Source, TrafficAction};
use crate::model::yaml::{Key, Node, Value};
use crate::model::{Bytes, Headers, Request};
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
            "scenarios" => scenarios(lab),
            _ => lab.tree.get(name).filter(|node| !node.is_null()).cloned(),
        };
        if let Some(node) = node {
            set(&mut out, name, node);
        }
    }
    let text = yaml_text(&out);
    format!("# What a lab has beside its bootstrap. `tour import` reads it.\n{text}")
}

/// The scenarios as they are written, with the request that somebody has put in the first one's place.
fn scenarios(lab: &Lab) -> Option<Node> {
    let written = lab.tree.get("scenarios").filter(|node| !node.is_null());
    let mut written = written.cloned();
    let replaced = lab.replaced.and_then(|at| {
        let scenario = lab.scenarios.get(at)?;
        let sent = scenario.traffic.iter().find_map(|item| match &item.action {
            TrafficAction::Request(sent) => Some(request(sent)),
            _ => None,
        });
        Some((at, scenario, sent?))
    });
    let Some((at, scenario, sent)) = replaced else {
        return written;
    };
    let Some(there) = written.as_mut() else {
        let traffic = list([map([("request", sent)])]);
        let name = text(scenario.name.as_str());
        return Some(list([map([("name", name), ("traffic", traffic)])]));
    };
    if let Value::List(scenarios) = &mut there.value
        && let Some(scenario) = scenarios.get_mut(at)
        && let Some(item) = items_mut(scenario, "traffic")
            .iter_mut()
            .find(|item| item.get("request").is_some())
    {
        set(item, "request", sent);
    }
    written
}

/// A request as a lab file has it.
fn request(request: &Request) -> Node {
    let mut out = map([
        ("method", text(request.method.as_str())),
        ("path", text(request.path.as_str())),
        ("authority", text(request.authority.as_str())),
    ]);
    for (name, headers) in [
        ("headers", &request.headers),
        ("trailers", &request.trailers),
    ] {
        if !headers.is_empty() {
            set(&mut out, name, pairs(headers));
        }
    }
    if !request.body.is_empty() {
        set(&mut out, "body", bytes(&request.body));
    }
    if !request.chunks.is_empty() {
        set(&mut out, "chunks", list(request.chunks.iter().map(word)));
    }
    out
}

/// Values by name; several of one name are a list.
fn pairs(headers: &Headers) -> Node {
    let mut entries: Vec<(Key, Vec<Node>)> = Vec::new();
    for (name, value) in headers.iter() {
        let name = String::from_utf8_lossy(name);
        match entries.iter_mut().find(|(key, _)| key.text == name) {
            Some((_, values)) => values.push(bytes(value)),
            None => entries.push((key(&name), vec![bytes(value)])),
        }
    }
    let one = |(key, mut values): (Key, Vec<Node>)| match (values.pop(), values.is_empty()) {
        (Some(value), true) => (key, value),
        (last, _) => (key, list(values.into_iter().chain(last))),
    };
    let mut out = map([]);
    out.value = Value::Map(entries.into_iter().map(one).collect());
    out
}

fn bytes(bytes: &[u8]) -> Node {
    match std::str::from_utf8(bytes) {
        Ok(plain) => text(plain),
        Err(_) => map([("base64", text(Bytes(bytes.to_vec()).to_base64()))]),
    }
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
