//! Headers that a route, a virtual host or all routes add and remove.

use super::Format;
use crate::model::Problem;
use crate::model::yaml::{Fields, Node};

/// Headers that a route adds and removes.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeaderChange {
    /// Added: name, value, whether an existing one is overwritten.
    pub(crate) add: Vec<(String, Format, Append)>,
    /// Removed.
    pub(crate) remove: Vec<String>,
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
        let mut fields = Fields::of_message(item)?;
        let header = fields.require("header")?;
        let append = match fields.take("append_action") {
            None => Append::Always,
            Some(node) => match node.as_str()? {
                "APPEND_IF_EXISTS_OR_ADD" => Append::Always,
                "ADD_IF_ABSENT" => Append::IfAbsent,
                "OVERWRITE_IF_EXISTS_OR_ADD" => Append::Overwrite,
                "OVERWRITE_IF_EXISTS" => Append::OverwritePresent,
                _ => {
                    return Err(
                        node.expected("an append action such as OVERWRITE_IF_EXISTS_OR_ADD")
                    );
                }
            },
        };
        fields.finish()?;
        let mut fields = Fields::of_message(header)?;
        let key = fields
            .require("key")?
            .as_string_field()?
            .to_ascii_lowercase();
        let value = Format::read(fields.require("value")?)?;
        fields.finish()?;
        change.add.push((key, value, append));
    }
    for item in remove.map_or(Ok(&[][..]), Node::as_list)? {
        change
            .remove
            .push(item.as_string_field()?.to_ascii_lowercase());
    }
    Ok(change)
}
