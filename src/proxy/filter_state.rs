//! Filter state: objects that filters keep on a stream or on its connection, and how guests declare
//! what theirs are.

use super::shared::Shared;
use crate::abi::Status;
use crate::host::port::{Answer, At, Refusal};
use std::collections::BTreeMap;

/// Objects by key.
pub(super) type Objects = BTreeMap<Vec<u8>, Object>;

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Object {
    /// What a guest has set: Envoy's `CelState`.
    Wasm(Vec<u8>, Prototype),
    /// One of Envoy's own, with the text that its factory has made it from.
    Own(String, Fields),
}

/// The fields that an object of Envoy's shows by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fields {
    /// None: it is read as a whole.
    None,
    /// `ip` and `port`.
    Address(String, u16),
}

/// What a guest has declared a property to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Prototype {
    /// Whether it can be set only once.
    pub(super) readonly: bool,
    /// What its bytes are.
    pub(super) kind: Kind,
    /// How long it lives.
    pub(super) span: Span,
}

/// Envoy's `CelStateType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bytes or a string: the same on the wire.
    #[default]
    Plain,
    /// A message whose fields can be read by a longer path, in Envoy.
    Structured,
}

/// How long an object lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Span {
    /// The filter chain or the request: the same where no redirect is followed inside the proxy.
    #[default]
    Stream,
    /// The connection: the requests that follow on it see the object.
    Connection,
}

impl Span {
    /// The span of a Protobuf enum; what is unknown is the filter chain.
    pub(super) fn of(number: u64) -> Self {
        match number {
            2 => Self::Connection,
            _ => Self::Stream,
        }
    }
}

impl Object {
    /// How `%FILTER_STATE(…:PLAIN)%` writes it.
    pub(super) fn plain(&self) -> String {
        match self {
            Self::Wasm(value, _) => String::from_utf8_lossy(value).into_owned(),
            Self::Own(text, _) => text.clone(),
        }
    }

    /// How `%FILTER_STATE(…)%` writes it without `PLAIN`: what its message is in JSON. `None` for a
    /// message whose fields nobody here knows.
    pub(super) fn json(&self) -> Option<String> {
        match self {
            Self::Wasm(_, prototype) if prototype.kind == Kind::Structured => None,
            Self::Wasm(value, _) => Some(format!(
                r#"{{"@type":"type.googleapis.com/google.protobuf.BytesValue","value":"{}"}}"#,
                crate::model::Bytes::from(&value[..]).to_base64()
            )),
            Self::Own(text, _) => Some(serde_json::Value::from(text.as_str()).to_string()),
        }
    }
}

/// What a context keeps its objects on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Home {
    /// A stream.
    Stream(usize),
    /// A TCP connection, by its number: there is nothing shorter-lived on it.
    Connection(u64),
}

impl Shared {
    /// What a context keeps its objects on.
    pub(super) fn home_of(&self, at: At) -> Answer<Home> {
        if let Some((stream, _)) = self.stream_of(at) {
            return Ok(Home::Stream(stream));
        }
        match self.connection_number(at) {
            Some(number) => Ok(Home::Connection(number)),
            None => Err(Refusal::new(
                Status::NotFound,
                "no stream: filter state belongs to one",
            )),
        }
    }

    /// An object by its key.
    pub(super) fn object_at(&self, home: Home, key: &[u8]) -> Option<&Object> {
        match home {
            Home::Stream(stream) => self.filter_state(stream, key),
            Home::Connection(number) => self.state.connections.get(&number)?.get(key),
        }
    }

    /// Keeps an object. `false` when the key is taken with another life span.
    pub(super) fn keep_at(&mut self, home: Home, key: Vec<u8>, span: Span, object: Object) -> bool {
        match home {
            Home::Stream(stream) => self.keep_object(stream, key, span, object),
            Home::Connection(number) => {
                let objects = self.state.connections.entry(number).or_default();
                objects.insert(key, object);
                true
            }
        }
    }

    /// An object that a stream sees: its own, or its connection's.
    pub(super) fn filter_state(&self, stream: usize, key: &[u8]) -> Option<&Object> {
        let stream = &self.streams[stream];
        let own = stream.info.filter_state.get(key);
        own.or_else(|| self.state.connections.get(&stream.connection)?.get(key))
    }

    /// Keeps an object. `false` when the key is taken with another life span: Envoy leaves it as it is.
    fn keep_object(&mut self, stream: usize, key: Vec<u8>, span: Span, object: Object) -> bool {
        let connection = self.streams[stream].connection;
        let shared = self.state.connections.entry(connection).or_default();
        let own = &mut self.streams[stream].info.filter_state;
        let (to, other) = match span {
            Span::Stream => (own, &*shared),
            Span::Connection => (shared, &*own),
        };
        let free = !other.contains_key(&key);
        if free {
            to.insert(key, object);
        }
        free
    }

    /// `proxy_set_property`: bytes under `wasm.` and the raw path.
    pub(super) fn set_wasm_property(&mut self, at: At, path: &[u8], value: &[u8]) -> Answer<()> {
        let home = self.home_of(at)?;
        let mut key = b"wasm.".to_vec();
        key.extend(path);
        let prototype = match self.object_at(home, &key) {
            Some(Object::Wasm(_, prototype)) if prototype.readonly => {
                return Err(Refusal::new(
                    Status::BadArgument,
                    "the property was declared read-only, and it is set",
                ));
            }
            Some(Object::Wasm(_, prototype)) => *prototype,
            // A prototype counts when the first value is set; it is looked up on the root.
            _ => self
                .state
                .declared(at.vm, at.root, path)
                .unwrap_or_default(),
        };
        let object = Object::Wasm(value.to_vec(), prototype);
        self.keep_at(home, key, prototype.span, object);
        Ok(())
    }
}
