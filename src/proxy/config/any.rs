//! `google.protobuf.Any` in YAML: the `@type` that must be there, and the bytes that Wasm gets of it.

use crate::model::yaml::{Fields, Node};
use crate::model::{Bytes, Problem};

/// The prefix that every `@type` has.
const PREFIX: &str = "type.googleapis.com/";

/// The message's full name and its fields, `@type` taken.
///
/// # Errors
/// When there is no `@type`, or it is no type URL.
pub(super) fn typed<'a>(node: &'a Node) -> Result<(&'a str, Fields<'a>), Problem> {
    let mut fields = Fields::of_message(node)?;
    let url_node = fields.require("@type").map_err(|mut problem| {
        problem.help = format!("Name the message: \"@type\": {PREFIX}envoy.extensions…");
        problem
    })?;
    let url = url_node.as_str()?;
    match url.strip_prefix(PREFIX) {
        Some(name) => Ok((name, fields)),
        None => Err(Problem::at(
            &url_node.place,
            format!("`{url}` is no type URL"),
            format!("It begins with `{PREFIX}`."),
        )),
    }
}

/// The fields of a typed config that must be of one of these messages.
///
/// # Errors
/// When it is of another, with the nearest of them.
pub(super) fn typed_as<'a>(
    node: &'a Node,
    names: &[&str],
) -> Result<(&'a str, Fields<'a>), Problem> {
    let (name, fields) = typed(node)?;
    if names.contains(&name) {
        return Ok((name, fields));
    }
    let place = node.get("@type").map_or(&node.place, |n| &n.place);
    Err(Problem::at(
        place,
        format!("the type `{name}` does not fit here"),
        format!("Expected `{PREFIX}{}`.", names.join("` or `")),
    ))
}

/// What `MessageUtil::anyToBytes` makes of a plugin's or a VM's configuration: the inner bytes of a
/// `StringValue` or `BytesValue`, and the serialised message of anything else, `Struct` included.
///
/// # Errors
/// For a message whose fields the simulator does not know.
pub(super) fn any_bytes(node: &Node) -> Result<Vec<u8>, Problem> {
    let (name, mut fields) = typed(node)?;
    let bytes = match name {
        "google.protobuf.StringValue" => match fields.take("value") {
            Some(value) => value.as_string_field()?.as_bytes().to_vec(),
            None => Vec::new(),
        },
        "google.protobuf.BytesValue" => match fields.take("value") {
            Some(value) => base64(value)?,
            None => Vec::new(),
        },
        "google.protobuf.Struct" => match fields.take("value") {
            Some(value) => super::metadata::Struct::read(value)?.bytes(),
            None => Vec::new(),
        },
        "google.protobuf.Empty" => Vec::new(),
        other => {
            return Err(super::not_simulated(
                &node.place,
                &format!("a configuration of type `{other}`"),
            ));
        }
    };
    fields.finish()?;
    Ok(bytes)
}

/// Base64 in a scalar.
pub(super) fn base64(node: &Node) -> Result<Vec<u8>, Problem> {
    Bytes::from_base64(node.as_str()?)
        .map(|bytes| bytes.0)
        .map_err(|e| Problem::at(&node.place, format!("not base64: {e}"), ""))
}
