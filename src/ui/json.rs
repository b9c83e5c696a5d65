//! Reads what the engine and our own pages send, in less code than serde's derived readers are.
//!
//! Those know lists, duplicates, any order and any format, and are a tenth of the page for the report
//! and all that it holds. What is read here was written by this very build: an object has the fields
//! that [`shapes`] lists, and one that is left out has its type's default. Must not know: what it
//! reads.

mod shapes;

use crate::model::Histogram;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Reads a value of ours from JSON text.
///
/// # Errors
///
/// When the text is no JSON, or not the JSON of a `T`.
pub fn read<T: Read>(text: &str) -> Result<T, String> {
    let value: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    T::read(&value).ok_or_else(|| format!("not a {}", std::any::type_name::<T>()))
}

/// What is read from JSON.
pub trait Read: Sized {
    /// The value; `None` when it is of another shape.
    fn read(value: &Value) -> Option<Self>;

    /// What stands for a field that is left out.
    fn absent() -> Option<Self> {
        None
    }
}

/// A field of an object.
pub(super) fn field<T: Read>(value: &Value, name: &str) -> Option<T> {
    match value.as_object()?.get(name) {
        None | Some(Value::Null) => T::absent(),
        Some(value) => T::read(value),
    }
}

/// The name and the value of the only field of an object, or a word and nothing: a variant.
fn variant(value: &Value) -> Option<(&str, &Value)> {
    match value {
        Value::String(word) => Some((word, &Value::Null)),
        Value::Object(fields) if fields.len() == 1 => {
            let (name, value) = fields.iter().next()?;
            Some((name, value))
        }
        _ => None,
    }
}

macro_rules! plain {
    ($($type:ty: $read:expr;)*) => {$(
        impl Read for $type {
            fn read(value: &Value) -> Option<Self> {
                let read: fn(&Value) -> Option<Self> = $read;
                read(value)
            }

            fn absent() -> Option<Self> {
                Some(Self::default())
            }
        }
    )*};
}

plain! {
    bool: Value::as_bool;
    u16: |value| value.as_u64()?.try_into().ok();
    u32: |value| value.as_u64()?.try_into().ok();
    u64: Value::as_u64;
    i64: Value::as_i64;
    usize: |value| value.as_u64()?.try_into().ok();
    String: |value| value.as_str().map(str::to_owned);
    Cow<'static, str>: |value| value.as_str().map(|text| Cow::Owned(text.to_owned()));
    Histogram: |value| Read::read(value).map(Histogram);
    Value: |value| Some(value.clone());
}

impl<T: Read> Read for Option<T> {
    fn read(value: &Value) -> Option<Self> {
        T::read(value).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Read> Read for Box<T> {
    fn read(value: &Value) -> Option<Self> {
        T::read(value).map(Self::new)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: &Value) -> Option<Self> {
        // Loops, here and below: what `collect` brings along is larger than they are.
        let mut items = Self::new();
        for item in value.as_array()? {
            items.push(T::read(item)?);
        }
        Some(items)
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl<A: Read, B: Read> Read for (A, B) {
    fn read(value: &Value) -> Option<Self> {
        let [a, b] = value.as_array()?.as_slice() else {
            return None;
        };
        Some((A::read(a)?, B::read(b)?))
    }
}

impl<T: Read> Read for BTreeMap<String, T> {
    fn read(value: &Value) -> Option<Self> {
        let mut fields = Self::new();
        for (name, value) in value.as_object()? {
            fields.insert(name.clone(), T::read(value)?);
        }
        Some(fields)
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}
