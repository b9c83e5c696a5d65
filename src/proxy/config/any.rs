//! `google.protobuf.Any` in YAML: the `@type` that must be there, and the bytes that Wasm gets of it.

use crate::model::yaml::{Fields, Node, nearest};
use crate::model::{Bytes, Place, Problem};

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
    Err(Problem::at(
        type_place(node),
        format!("the type `{name}` does not fit here"),
        format!("Expected `{PREFIX}{}`.", names.join("` or `")),
    ))
}

/// Where the type of a typed config stands.
pub(super) fn type_place(node: &Node) -> &Place {
    node.get("@type").map_or(&node.place, |url| &url.place)
}

/// The refusal of a typed config that is none of the `known` ones: a slip in `slip`'s words, or what
/// Envoy has and the simulator does not. The two are told apart by the filter's own name, which stands
/// before version and message: whole names are so long that all of them are near each other.
pub(super) fn unknown_type(
    node: &Node,
    name: &str,
    known: &[&str],
    slip: &str,
    what: &str,
) -> Problem {
    let near = nearest(own_name(name), known.iter().map(|known| own_name(known)));
    let near = near.filter(|_| !OTHERS.contains(&own_name(name)));
    match near.and_then(|near| known.iter().find(|known| own_name(known) == near)) {
        Some(near) => Problem::at(
            type_place(node),
            format!("no such {slip}: `{name}`"),
            format!("Did you mean `{PREFIX}{near}`?"),
        ),
        None => super::not_simulated(type_place(node), &format!("{what} `{name}`")),
    }
}

/// Filters of Envoy's whose names are near that of another: `jwt_authn`.
const OTHERS: [&str; 2] = ["ext_authz", "gcp_authn"];

/// `cors` of `envoy.extensions.filters.http.cors.v3.Cors`.
fn own_name(name: &str) -> &str {
    name.rsplit('.').nth(2).unwrap_or(name)
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
