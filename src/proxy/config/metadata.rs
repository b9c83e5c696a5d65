//! What a configuration says for others to read: metadata of nodes, listeners, routes, clusters and
//! hosts, and where a host stands. The proxy itself never acts on it.

use crate::model::Problem;
use crate::model::yaml::{Fields, Node, Value};

/// A `google.protobuf.Struct`, fields in the order of writing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Struct(pub(crate) Vec<(String, Item)>);

/// A `google.protobuf.Value`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    /// Null.
    Null,
    /// A number, which is always a double.
    Number(f64),
    /// A string.
    Text(String),
    /// A bool.
    Bool(bool),
    /// A struct.
    Struct(Struct),
    /// A list.
    List(Vec<Item>),
}

/// `envoy.config.core.v3.Metadata`: structs by namespace.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Metadata(pub(crate) Vec<(String, Struct)>);

/// `envoy.config.core.v3.Locality`: region, zone and sub-zone.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Locality(pub(crate) [String; 3]);

/// The names of a locality's fields.
pub(crate) const LOCALITY: [&str; 3] = ["region", "zone", "sub_zone"];

impl Struct {
    /// Reads a struct.
    ///
    /// # Errors
    /// When it is no map.
    pub(crate) fn read(node: &Node) -> Result<Self, Problem> {
        let fields = node.as_map()?.iter();
        let fields = fields.map(|(key, value)| Ok((key.text.clone(), Item::read(value)?)));
        Ok(Self(fields.collect::<Result<_, Problem>>()?))
    }

    /// What a JSON object says; `None` for anything else.
    pub(crate) fn from_json(json: &serde_json::Value) -> Option<Self> {
        let fields = json.as_object()?.iter();
        let fields = fields.map(|(key, value)| (key.clone(), Item::from_json(value)));
        Some(Self(fields.collect()))
    }

    /// A field.
    pub(crate) fn get(&self, name: &str) -> Option<&Item> {
        let mut fields = self.0.iter();
        fields.find_map(|(key, value)| (key == name).then_some(value))
    }

    /// A field, by the keys that lead to it.
    pub(crate) fn path<'a, S: AsRef<str>>(&'a self, path: &[S]) -> Option<&'a Item> {
        let (first, rest) = path.split_first()?;
        match (self.get(first.as_ref())?, rest) {
            (item, []) => Some(item),
            (Item::Struct(inner), rest) => inner.path(rest),
            _ => None,
        }
    }

    /// The message on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (key, value) in &self.0 {
            let mut entry = Vec::new();
            put(&mut entry, 1, key.as_bytes());
            put(&mut entry, 2, &value.bytes());
            put(&mut out, 1, &entry);
        }
        out
    }
}

impl Item {
    fn read(node: &Node) -> Result<Self, Problem> {
        Ok(match &node.value {
            Value::Map(_) => Self::Struct(Struct::read(node)?),
            Value::List(items) => {
                Self::List(items.iter().map(Self::read).collect::<Result<_, _>>()?)
            }
            Value::Scalar { .. } if node.is_null() => Self::Null,
            Value::Scalar { text, .. } => match (node.as_bool(), node.as_f64()) {
                (Ok(flag), _) => Self::Bool(flag),
                (_, Ok(number)) => Self::Number(number),
                _ => Self::Text(text.clone()),
            },
        })
    }

    fn from_json(json: &serde_json::Value) -> Self {
        use serde_json::Value;
        match json {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => Self::Number(number.as_f64().unwrap_or_default()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            Value::Object(_) => Self::Struct(Struct::from_json(json).unwrap_or_default()),
        }
    }

    /// As Protobuf writes it in JSON: whole numbers without a point. Keys are sorted, where Protobuf
    /// has no order.
    pub(crate) fn json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(flag) => (*flag).into(),
            Self::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => (*n as i64).into(),
            Self::Number(n) => (*n).into(),
            Self::Text(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(Self::json).collect(),
            Self::Struct(fields) => {
                let mut fields: Vec<_> = fields.0.iter().collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                let pairs = fields.into_iter().map(|(k, v)| (k.clone(), v.json()));
                serde_json::Value::Object(pairs.collect())
            }
        }
    }

    /// The message on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Null => out.extend([0x08, 0]),
            Self::Number(number) => {
                out.push(0x11);
                out.extend(number.to_le_bytes());
            }
            Self::Text(text) => put(&mut out, 3, text.as_bytes()),
            Self::Bool(flag) => out.extend([0x20, u8::from(*flag)]),
            Self::Struct(inner) => put(&mut out, 5, &inner.bytes()),
            Self::List(items) => {
                let mut list = Vec::new();
                for item in items {
                    put(&mut list, 1, &item.bytes());
                }
                put(&mut out, 6, &list);
            }
        }
        out
    }
}

impl Metadata {
    /// What stands at a key of a namespace, or the whole namespace.
    pub(crate) fn find<S: AsRef<str>>(&self, space: &str, path: &[S]) -> Option<Item> {
        let mut spaces = self.0.iter();
        let (_, fields) = spaces.find(|(name, _)| name == space)?;
        match path {
            [] => Some(Item::Struct(fields.clone())),
            path => fields.path(path).cloned(),
        }
    }

    /// Sets fields of a namespace.
    pub(crate) fn merge(&mut self, space: &str, new: Struct) {
        let at = self.0.iter().position(|(name, _)| name == space);
        let at = at.unwrap_or_else(|| {
            self.0.push((space.to_owned(), Struct::default()));
            self.0.len() - 1
        });
        let fields = &mut self.0[at].1.0;
        for (key, value) in new.0 {
            match fields.iter_mut().find(|(known, _)| *known == key) {
                Some((_, old)) => *old = value,
                None => fields.push((key, value)),
            }
        }
    }

    /// Reads a field `metadata`; nothing is no metadata.
    ///
    /// # Errors
    /// When it has other fields than `filter_metadata`.
    pub(crate) fn read(node: Option<&Node>) -> Result<Self, Problem> {
        let Some(node) = node else {
            return Ok(Self::default());
        };
        let mut fields = Fields::of_message(node)?;
        let spaces = fields.take("filter_metadata");
        fields.finish()?;
        let spaces = spaces.map_or(Ok(&[][..]), Node::as_map)?.iter();
        let spaces = spaces.map(|(name, node)| Ok((name.text.clone(), Struct::read(node)?)));
        Ok(Self(spaces.collect::<Result<_, Problem>>()?))
    }

    /// The message on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (space, fields) in &self.0 {
            let mut entry = Vec::new();
            put(&mut entry, 1, space.as_bytes());
            put(&mut entry, 2, &fields.bytes());
            put(&mut out, 1, &entry);
        }
        out
    }
}

impl Locality {
    /// Reads a field `locality`.
    ///
    /// # Errors
    /// When a field is no string or unknown.
    pub(crate) fn read(node: Option<&Node>) -> Result<Self, Problem> {
        let Some(node) = node else {
            return Ok(Self::default());
        };
        let mut fields = Fields::of_message(node)?;
        let mut texts: [String; 3] = Default::default();
        for (name, text) in LOCALITY.into_iter().zip(&mut texts) {
            if let Some(node) = fields.take(name) {
                node.as_string_field()?.clone_into(text);
            }
        }
        fields.finish()?;
        Ok(Self(texts))
    }

    /// The message on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (number, text) in (1..).zip(&self.0) {
            if !text.is_empty() {
                put(&mut out, number, text.as_bytes());
            }
        }
        out
    }
}

/// A field of bytes, empty ones too: an entry and a `oneof` say that they are there.
fn put(out: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    use crate::proxy::protobuf::push_varint;
    push_varint(out, number << 3 | 2);
    push_varint(out, bytes.len() as u64);
    out.extend(bytes);
}
