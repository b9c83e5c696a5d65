//! Editable parts: `{edit: NAME}` is replaced by the text that stands for it.
//!
//! A part named `*.yaml` where a value stands becomes a tree whose places name that file; elsewhere,
//! and for every other name, it becomes text. So errors name the learner's own file and line.

use super::Beside;
use crate::model::yaml::{self, Node, Value};
use crate::model::{Place, Problem};

/// Values under these keys are text even when the part is named `*.yaml`.
const TEXT_KEYS: [&str; 7] = [
    "text",
    "wat",
    "assemblyscript",
    "body",
    "inline_string",
    "inlineString",
    "value",
];
/// Names under these keys are a learner's own, so a header named `edit` stays one.
const OPEN_KEYS: [&str; 3] = ["headers", "trailers", "shared_data"];

/// Puts the parts in their places and returns their names, in the order of writing.
///
/// # Errors
/// A part that nobody has the text of, or whose YAML cannot be read.
pub(super) fn replace(root: &mut Node, beside: &dyn Beside) -> Result<Vec<String>, Problem> {
    let mut names = Vec::new();
    walk(root, "", beside, &mut names)?;
    Ok(names)
}

fn walk(
    node: &mut Node,
    key: &str,
    beside: &dyn Beside,
    names: &mut Vec<String>,
) -> Result<(), Problem> {
    if let Some(name) = edit_name(node)? {
        *node = part(&name, key, &node.place, beside)?;
        if !names.contains(&name) {
            names.push(name);
        }
        return Ok(());
    }
    match &mut node.value {
        Value::Scalar { .. } => Ok(()),
        Value::List(list) => list
            .iter_mut()
            .try_for_each(|item| walk(item, key, beside, names)),
        Value::Map(entries) => entries
            .iter_mut()
            .filter(|(key, _)| !OPEN_KEYS.contains(&key.text.as_str()))
            .try_for_each(|(key, item)| walk(item, &key.text, beside, names)),
    }
}

/// The NAME of a map that is `{edit: NAME}` and nothing else.
fn edit_name(node: &Node) -> Result<Option<String>, Problem> {
    match &node.value {
        Value::Map(entries) if entries.len() == 1 && entries[0].0.text == "edit" => {
            Ok(Some(entries[0].1.as_str()?.to_owned()))
        }
        _ => Ok(None),
    }
}

fn part(name: &str, key: &str, place: &Place, beside: &dyn Beside) -> Result<Node, Problem> {
    let Some(text) = beside.part(name) else {
        return Err(Problem::at(
            place,
            format!("there is no text for the part `{name}`"),
            format!("Put it in start/{name} beside the lab file, as UTF-8 text."),
        ));
    };
    if is_yaml(name) && !TEXT_KEYS.contains(&key) {
        return yaml::parse(name, &text);
    }
    Ok(Node {
        place: Place {
            file: name.to_owned(),
            line: 1,
            column: 1,
        },
        value: Value::Scalar { text, quoted: true },
    })
}

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}
