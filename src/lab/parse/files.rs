//! `files`: the simulated disk, HTTP origins and OCI registries.

use super::values;
use crate::model::lab::{File, Source};
use crate::model::yaml::{Fields, Key, Node};
use crate::model::{Bytes, Problem};
use std::collections::BTreeMap;

pub(super) fn files(node: &Node) -> Result<BTreeMap<String, File>, Problem> {
    node.as_map()?
        .iter()
        .map(|(key, node)| Ok((name(key)?, file(key, node)?)))
        .collect()
}

fn name(key: &Key) -> Result<String, Problem> {
    let known = ["/", "http://", "https://", "oci://"];
    if known.iter().any(|start| key.text.starts_with(start)) {
        return Ok(key.text.clone());
    }
    Err(Problem::at(
        &key.place,
        format!("`{}` is neither a path from / nor a URL", key.text),
        "Write /etc/envoy/f.wasm, https://host/f.wasm or oci://registry/name:tag.",
    ))
}

fn file(key: &Key, node: &Node) -> Result<File, Problem> {
    let remote = !key.text.starts_with('/');
    let mut f = Fields::of(node)?;
    let source = one_source(&mut f)?;
    let text = f.take("text").map(|text| text.place.clone());
    let delay = f.take("delay");
    let status = f.take("status");
    let media_type = f.take("media_type");
    let failures = f.take("failures");
    f.finish()?;
    for (value, wanted, what) in [
        (delay, remote, "a file on disk is read at once"),
        (status, remote, "a file on disk has no HTTP status"),
        (failures, remote, "a file on disk is always there"),
        (
            media_type,
            key.text.starts_with("oci://"),
            "only an oci:// artifact has a media type",
        ),
    ] {
        if let (Some(value), false) = (value, wanted) {
            return Err(Problem::at(
                &value.place,
                what,
                "Remove the key, or use a URL.",
            ));
        }
    }
    let source = match (source, status) {
        (Some(source), _) => source,
        (None, Some(_)) => Source::Missing,
        (None, None) => {
            return Err(Problem::at(
                &node.place,
                format!("`{}` has no content", key.text),
                give_one(),
            ));
        }
    };
    Ok(File {
        place: key.place.clone(),
        source,
        delay_ns: delay.map(values::span_ns).transpose()?.unwrap_or(0),
        status: status.map(http_status).transpose()?.unwrap_or(200),
        failures: failures.map(Node::as_u32).transpose()?.unwrap_or(0),
        media_type: media_type.map(super::text_of).transpose()?,
        text,
    })
}

const SOURCES: [&str; 6] = ["sample", "path", "wat", "assemblyscript", "base64", "text"];

fn give_one() -> String {
    format!("Give it one of: {}.", SOURCES.join(", "))
}

/// The one source that a map names; its other keys are somebody else's.
pub(super) fn source(f: &mut Fields<'_>, node: &Node) -> Result<Source, Problem> {
    one_source(f)?.ok_or_else(|| Problem::at(&node.place, "there is no module", give_one()))
}

fn one_source(f: &mut Fields<'_>) -> Result<Option<Source>, Problem> {
    let mut source = None;
    for kind in SOURCES {
        let Some((at, value)) = f.take_entry(kind) else {
            continue;
        };
        if source.replace(read(kind, value)?).is_some() {
            return Err(Problem::at(
                &at.place,
                format!("`{kind}` is a second source of one file"),
                "Keep one.",
            ));
        }
    }
    Ok(source)
}

fn read(kind: &str, value: &Node) -> Result<Source, Problem> {
    Ok(match kind {
        "sample" => Source::Sample(super::text_of(value)?),
        "path" => Source::Path(super::text_of(value)?),
        "wat" => Source::Wat(super::text_of(value)?, value.place.clone()),
        "assemblyscript" => Source::AssemblyScript(super::text_of(value)?, value.place.clone()),
        "base64" => Source::Inline(values::base64(value)?),
        _ => Source::Inline(Bytes::from(value.as_str()?)),
    })
}

/// An HTTP status that a response can end with.
pub(super) fn http_status(node: &Node) -> Result<u16, Problem> {
    match node.as_u32() {
        Ok(n @ 100..=999) => Ok(n as u16),
        _ => Err(node.expected("an HTTP status such as 200")),
    }
}
