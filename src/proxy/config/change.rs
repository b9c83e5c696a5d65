//! Headers that a route, a virtual host or all routes add and remove.

use super::Format;
use crate::model::Problem;
use crate::model::yaml::{Fields, Node};

/// Headers that a route adds and removes.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeaderChange {
    /// Added.
    pub(crate) add: Vec<Addition>,
    /// Removed.
    pub(crate) remove: Vec<String>,
}

/// `HeaderValueOption`: a header that is added, and how.
#[derive(Clone, Debug)]
pub(crate) struct Addition {
    /// The name, in lower case.
    pub(crate) name: String,
    /// The value.
    pub(crate) value: Format,
    /// What is done where there is one already.
    pub(crate) append: Append,
    /// `keep_empty_value`: whether an empty value is added too.
    pub(crate) keep_empty: bool,
}

/// The changes to requests, and those to responses.
pub(super) fn read_changes(
    fields: &mut Fields<'_>,
) -> Result<(HeaderChange, HeaderChange), Problem> {
    let request = read_change(
        fields.take("request_headers_to_add"),
        fields.take("request_headers_to_remove"),
    )?;
    let response = read_change(
        fields.take("response_headers_to_add"),
        fields.take("response_headers_to_remove"),
    )?;
    Ok((request, response))
}

/// `append_action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Append {
    /// Adds another value.
    Always,
    /// Adds when absent.
    IfAbsent,
    /// Replaces or adds.
    Overwrite,
    /// Replaces when present.
    OverwritePresent,
}

fn read_change(add: Option<&Node>, remove: Option<&Node>) -> Result<HeaderChange, Problem> {
    let mut change = HeaderChange::default();
    for item in add.map_or(Ok(&[][..]), Node::as_list)? {
        change.add.push(read_addition(item)?);
    }
    for item in remove.map_or(Ok(&[][..]), Node::as_list)? {
        change
            .remove
            .push(item.as_string_field()?.to_ascii_lowercase());
    }
    Ok(change)
}

/// Reads `append_action`.
pub(super) fn read_append(node: Option<&Node>) -> Result<Append, Problem> {
    let Some(node) = node else {
        return Ok(Append::Always);
    };
    match node.as_str()? {
        "APPEND_IF_EXISTS_OR_ADD" | "0" => Ok(Append::Always),
        "ADD_IF_ABSENT" | "1" => Ok(Append::IfAbsent),
        "OVERWRITE_IF_EXISTS_OR_ADD" | "2" => Ok(Append::Overwrite),
        "OVERWRITE_IF_EXISTS" | "3" => Ok(Append::OverwritePresent),
        _ => Err(node.expected("an append action such as OVERWRITE_IF_EXISTS_OR_ADD")),
    }
}

/// Reads a `HeaderValueOption`.
pub(super) fn read_addition(item: &Node) -> Result<Addition, Problem> {
    let mut fields = Fields::of_message(item)?;
    let header = fields.require("header")?;
    let append = read_append(fields.take("append_action"))?;
    let keep_empty = fields.take("keep_empty_value");
    let keep_empty = keep_empty.map_or(Ok(false), Node::as_bool)?;
    fields.finish()?;
    let mut fields = Fields::of_message(header)?;
    let name = fields
        .require("key")?
        .as_string_field()?
        .to_ascii_lowercase();
    let value = Format::read(fields.require("value")?)?;
    fields.finish()?;
    Ok(Addition {
        name,
        value,
        append,
        keep_empty,
    })
}
