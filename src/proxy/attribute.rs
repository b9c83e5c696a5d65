//! A value of an attribute: what CEL makes of it in Envoy, one step of a path into it, and the form
//! in which it travels.

use super::config::{Item, LOCALITY, Locality, Metadata, Struct};
use crate::abi::{Status, pairs};
use crate::host::port::{Answer, Refusal};
use crate::model::Headers;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Text or bytes.
    Bytes(Vec<u8>),
    /// An integer with or without a sign, a time or a span in nanoseconds.
    Int(i64),
    /// A double: every number of a struct.
    Double(f64),
    /// A bool.
    Bool(bool),
    /// Null, which has no form.
    Null,
    /// A map, whose keys can be listed.
    Map(Vec<(Vec<u8>, Value)>),
    /// A list.
    List(Vec<Value>),
    /// A message: its bytes, and those fields that can be read.
    Message(Vec<u8>, Vec<(&'static str, Value)>),
    /// `request`, `connection` and the like: Envoy has them look up, and not list.
    Unlisted,
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Option<Self> {
        Some(Self::Bytes(text.into().into_bytes()))
    }

    pub(super) fn number(n: impl TryInto<i64>) -> Option<Self> {
        n.try_into().ok().map(Self::Int)
    }

    /// A header map with the values of a name joined; none that is attached is an empty one.
    pub(super) fn headers(headers: Option<&Headers>) -> Self {
        let mut map: Vec<(Vec<u8>, Self)> = Vec::new();
        for (name, _) in headers.into_iter().flat_map(Headers::iter) {
            if !map.iter().any(|(known, _)| known == name) {
                let value = joined(headers, name).unwrap_or_default();
                map.push((name.to_vec(), Self::Bytes(value)));
            }
        }
        Self::Map(map)
    }

    /// A path into it.
    pub(super) fn walk(self, path: &[&str]) -> Option<Self> {
        path.iter().try_fold(self, |value, word| value.step(word))
    }

    fn step(self, word: &str) -> Option<Self> {
        match self {
            Self::Map(entries) => entries
                .into_iter()
                .find_map(|(key, value)| (key == word.as_bytes()).then_some(value)),
            Self::Message(_, fields) => fields
                .into_iter()
                .find_map(|(name, value)| (name == word).then_some(value)),
            Self::List(items) => items.into_iter().nth(word.parse().ok()?),
            _ => None,
        }
    }

    /// The form in which it travels.
    pub(super) fn wire(self) -> Answer<Vec<u8>> {
        let no_form = |why: &'static str| Err(Refusal::new(Status::SerializationFailure, why));
        match self {
            Self::Bytes(bytes) | Self::Message(bytes, _) => Ok(bytes),
            Self::Int(n) => Ok(n.to_le_bytes().to_vec()),
            Self::Double(n) => Ok(n.to_le_bytes().to_vec()),
            Self::Bool(flag) => Ok(vec![flag.into()]),
            Self::Null => no_form("the value is null, which has no form on the wire"),
            Self::Map(entries) => {
                let mut encoded = Vec::new();
                for (key, value) in entries {
                    encoded.push((key, value.wire()?));
                }
                Ok(pairs::encode(encoded.iter().map(|(k, v)| (&k[..], &v[..]))))
            }
            Self::List(items) => {
                let mut encoded = Vec::new();
                for item in items {
                    encoded.push(item.wire()?);
                }
                Ok(pairs::encode(
                    encoded.iter().map(|item| (&item[..], &[][..])),
                ))
            }
            Self::Unlisted => no_form("the path names a whole map, which has no form on the wire"),
        }
    }
}

/// The values of a header, joined by commas; `None` when there is none.
pub(super) fn joined(headers: Option<&Headers>, name: &[u8]) -> Option<Vec<u8>> {
    let name = std::str::from_utf8(name).ok()?;
    let headers = headers?;
    headers.get(name)?;
    Some(headers.get_all(name).collect::<Vec<_>>().join(&b','))
}

impl From<&Struct> for Value {
    fn from(fields: &Struct) -> Self {
        let fields = fields.0.iter();
        Self::Map(
            fields
                .map(|(key, item)| (key.clone().into_bytes(), item.into()))
                .collect(),
        )
    }
}

impl From<&Item> for Value {
    fn from(item: &Item) -> Self {
        match item {
            Item::Null => Self::Null,
            Item::Number(n) => Self::Double(*n),
            Item::Text(text) => Self::Bytes(text.clone().into_bytes()),
            Item::Bool(flag) => Self::Bool(*flag),
            Item::Struct(inner) => inner.into(),
            Item::List(items) => Self::List(items.iter().map(Self::from).collect()),
        }
    }
}

impl From<&Metadata> for Value {
    fn from(metadata: &Metadata) -> Self {
        let spaces = metadata.0.iter();
        let spaces = spaces.map(|(name, fields)| (name.clone().into_bytes(), fields.into()));
        Self::Message(
            metadata.bytes(),
            vec![
                ("filter_metadata", Self::Map(spaces.collect())),
                ("typed_filter_metadata", Self::Map(Vec::new())),
            ],
        )
    }
}

impl From<&Locality> for Value {
    fn from(locality: &Locality) -> Self {
        let texts = locality.0.iter();
        let texts = texts.map(|text| Self::Bytes(text.clone().into_bytes()));
        Self::Message(locality.bytes(), LOCALITY.into_iter().zip(texts).collect())
    }
}
