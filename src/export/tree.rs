//! Trees of YAML made by us: short ways to build them, and to fill in what is missing.
//!
//! Must not know: what any key means.

use crate::model::Place;
use crate::model::yaml::{Key, Node, Value, is_field};

/// A string, whatever it looks like.
pub(super) fn text(text: impl Into<String>) -> Node {
    scalar(text.into(), true)
}

/// A number, `true` or `false`.
pub(super) fn word(word: impl ToString) -> Node {
    scalar(word.to_string(), false)
}

fn scalar(text: String, quoted: bool) -> Node {
    node(Value::Scalar { text, quoted })
}

/// A list.
pub(super) fn list(items: impl IntoIterator<Item = Node>) -> Node {
    node(Value::List(items.into_iter().collect()))
}

/// A map in the order given.
pub(super) fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Node)>) -> Node {
    let entries = entries.into_iter().map(|(name, node)| (key(name), node));
    node(Value::Map(entries.collect()))
}

fn node(value: Value) -> Node {
    Node {
        place: Place::default(),
        value,
    }
}

/// A key.
pub(super) fn key(name: &str) -> Key {
    Key {
        text: name.to_owned(),
        place: Place::default(),
    }
}

/// `{socket_address: {address, port_value}}`.
pub(super) fn socket(address: &str, port: u16) -> Node {
    let inner = map([("address", text(address)), ("port_value", word(port))]);
    map([("socket_address", inner)])
}

/// A message of a type: `@type` in front of its fields.
pub(super) fn typed<'a>(kind: &str, fields: impl IntoIterator<Item = (&'a str, Node)>) -> Node {
    let url = ("@type", text(format!("type.googleapis.com/{kind}")));
    map([url].into_iter().chain(fields))
}

/// The full name of a message in an `Any`.
pub(super) fn kind_of(node: &Node) -> Option<&str> {
    let url = node.get("@type")?.as_str().ok()?;
    url.strip_prefix("type.googleapis.com/")
}

/// A field of a message, in either spelling; null counts as absent.
pub(super) fn field<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let Value::Map(entries) = &node.value else {
        return None;
    };
    let named = entries.iter().filter(|(key, _)| is_field(&key.text, name));
    named.map(|(_, node)| node).find(|node| !node.is_null())
}

/// The same, to be changed.
pub(super) fn field_mut<'a>(node: &'a mut Node, name: &str) -> Option<&'a mut Node> {
    let Value::Map(entries) = &mut node.value else {
        return None;
    };
    let named = entries
        .iter_mut()
        .filter(|(key, _)| is_field(&key.text, name));
    named.map(|(_, node)| node).find(|node| !node.is_null())
}

/// A field's text, or nothing.
pub(super) fn text_field<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    field(node, name)?.as_str().ok()
}

/// The items of a list field; none when it is absent.
pub(super) fn items<'a>(node: &'a Node, name: &str) -> &'a [Node] {
    match field(node, name).map(|node| &node.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

/// The same, to be changed.
pub(super) fn items_mut<'a>(node: &'a mut Node, name: &str) -> &'a mut [Node] {
    match field_mut(node, name).map(|node| &mut node.value) {
        Some(Value::List(items)) => items,
        _ => &mut [],
    }
}

/// Sets a field, in the place of what stood there.
pub(super) fn set(node: &mut Node, name: &str, value: Node) {
    if let Some(there) = field_mut(node, name) {
        *there = value;
    } else if let Value::Map(entries) = &mut node.value {
        entries.retain(|(key, _)| !is_field(&key.text, name));
        entries.push((key(name), value));
    }
}

/// Sets a field that is absent.
pub(super) fn fill(node: &mut Node, name: &str, value: impl FnOnce() -> Node) {
    if field(node, name).is_none() {
        set(node, name, value());
    }
}

/// Visits every node of a tree, the outer ones first.
pub(super) fn walk(node: &Node, visit: &mut dyn FnMut(&Node)) {
    visit(node);
    match &node.value {
        Value::Scalar { .. } => {}
        Value::List(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Map(entries) => entries.iter().for_each(|(_, item)| walk(item, visit)),
    }
}

/// The same, to change them.
pub(super) fn walk_mut(node: &mut Node, visit: &mut dyn FnMut(&mut Node)) {
    visit(node);
    match &mut node.value {
        Value::Scalar { .. } => {}
        Value::List(items) => items.iter_mut().for_each(|item| walk_mut(item, visit)),
        Value::Map(entries) => entries
            .iter_mut()
            .for_each(|(_, item)| walk_mut(item, visit)),
    }
}
