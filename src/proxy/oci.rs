//! A simulated OCI registry, and references into it as Istio's agent resolves them.
//!
//! The agent, not Envoy, knows `oci://`: it pulls the image, takes the module out of it, and hands
//! Envoy a file. Which images it can read depends on media types: a Docker image or an OCI image
//! with `plugin.wasm` in its last layer, or an artifact whose layer is the module itself.

use crate::host::sha256;
use crate::model::lab::File;
use std::collections::BTreeMap;

/// Media types of manifests.
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Media types of layers that the agent reads.
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const WASM_LAYER: &str = "application/vnd.module.wasm.content.layer.v1+wasm";
const WASM_CONFIG: &str = "application/vnd.module.wasm.config.v1+json";

/// A reference, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Reference<'a> {
    /// Registry and repository, with the scheme.
    name: &'a str,
    /// What stands after the colon.
    tag: Option<&'a str>,
    /// What stands after `@sha256:`.
    digest: Option<&'a str>,
}

fn parse(uri: &str) -> Reference<'_> {
    let (rest, digest) = match uri.split_once("@sha256:") {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (uri, None),
    };
    // A colon before the last slash belongs to a port.
    let path = rest.rfind('/').map_or(0, |at| at + 1);
    match rest[path..].find(':') {
        Some(at) => Reference {
            name: &rest[..path + at],
            tag: Some(&rest[path + at + 1..]),
            digest,
        },
        None => Reference {
            name: rest,
            tag: None,
            digest,
        },
    }
}

/// Whether something is a reference into a registry.
pub(crate) fn is_reference(uri: &str) -> bool {
    uri.starts_with("oci://")
}

/// The name under which `files` has what a reference leads to: by its digest, by its tag, or `latest`.
pub(crate) fn find<'a>(
    files: &'a BTreeMap<String, File>,
    uri: &str,
    bytes: impl Fn(&str) -> Option<&'a [u8]>,
) -> Option<&'a str> {
    let wanted = parse(uri);
    let here = |name: &&String| is_reference(name) && parse(name).name == wanted.name;
    let tagged = || {
        let tag = wanted.tag.unwrap_or("latest");
        let mut names = files.keys().filter(here);
        names.find(|name| parse(name).tag.unwrap_or("latest") == tag)
    };
    let pinned = |digest: &str| {
        let mut images = files.iter().filter(|(name, _)| here(name));
        let found = images.find(|(name, file)| {
            bytes(name).is_some_and(|bytes| Image::of(file, bytes).digest() == digest)
        });
        found.map(|(name, _)| name)
    };
    let found = match wanted.digest {
        // An image that is not there is told apart from one of another digest further on.
        Some(digest) => pinned(digest).or_else(tagged),
        None => tagged(),
    };
    found.map(String::as_str)
}

/// An image as the registry has it.
#[derive(Debug)]
pub(super) struct Image {
    manifest: &'static str,
    layer: String,
    module: String,
    size: usize,
}

impl Image {
    /// The image of a module: `media_type` of the file names its manifest or its layer. Without one
    /// it is an artifact.
    pub(super) fn of(file: &File, module: &[u8]) -> Self {
        let (manifest, layer) = match file.media_type.as_deref() {
            None | Some(OCI_MANIFEST) => (OCI_MANIFEST, WASM_LAYER),
            Some(DOCKER_MANIFEST | DOCKER_LAYER) => (DOCKER_MANIFEST, DOCKER_LAYER),
            Some(layer) => (OCI_MANIFEST, layer),
        };
        Self {
            manifest,
            layer: layer.to_owned(),
            module: sha256(module),
            size: module.len(),
        }
    }

    /// The digest by which the image can be pinned: the SHA-256 of its manifest.
    pub(super) fn digest(&self) -> String {
        let config = match self.layer.as_str() {
            WASM_LAYER => WASM_CONFIG,
            DOCKER_LAYER => "application/vnd.docker.container.image.v1+json",
            _ => "application/vnd.oci.image.config.v1+json",
        };
        let empty = sha256(b"{}");
        let (manifest, layer) = (self.manifest, &self.layer);
        let (module, size) = (&self.module, self.size);
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{manifest}","config":{{"mediaType":"{config}","digest":"sha256:{empty}","size":2}},"layers":[{{"mediaType":"{layer}","digest":"sha256:{module}","size":{size}}}]}}"#
        );
        sha256(text.as_bytes())
    }

    /// Why the agent cannot use the image, in its words.
    pub(super) fn refusal(&self, uri: &str, sha256: &str) -> Option<String> {
        let digest = self.digest();
        for wanted in [parse(uri).digest.unwrap_or(""), sha256] {
            if !wanted.is_empty() && !wanted.eq_ignore_ascii_case(&digest) {
                return Some(format!(
                    "module downloaded from {uri} has checksum {digest}, which does not match: {wanted}"
                ));
            }
        }
        let layer = self.layer.as_str();
        let known = [DOCKER_LAYER, OCI_LAYER, WASM_LAYER].contains(&layer);
        (!known).then(|| {
            format!(
                "the given image is in invalid format as an OCI image: could not parse as compat variant: invalid media type {layer} (expect {OCI_LAYER}); could not parse as oci variant: could not find the layer of type {WASM_LAYER}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        for (uri, name, tag, digest) in [
            ("oci://r.example/f", "oci://r.example/f", None, None),
            (
                "oci://r.example/a/f:v1",
                "oci://r.example/a/f",
                Some("v1"),
                None,
            ),
            (
                "oci://r.example:5000/f",
                "oci://r.example:5000/f",
                None,
                None,
            ),
            (
                "oci://r.example:5000/f:v1",
                "oci://r.example:5000/f",
                Some("v1"),
                None,
            ),
            (
                "oci://r.example/f@sha256:ab",
                "oci://r.example/f",
                None,
                Some("ab"),
            ),
            (
                "oci://r/f:v1@sha256:ab",
                "oci://r/f",
                Some("v1"),
                Some("ab"),
            ),
        ] {
            assert_eq!(parse(uri), Reference { name, tag, digest }, "{uri}");
        }
    }
}
