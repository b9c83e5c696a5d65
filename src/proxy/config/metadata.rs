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

    fn bytes(&self) -> Vec<u8> {
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
