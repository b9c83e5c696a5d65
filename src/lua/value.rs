//! Values, and strings with the mark by which a collection counts each once.

use std::cell::Cell;
use std::rc::Rc;

/// A string: bytes, as in Lua.
pub struct Str {
    bytes: Box<[u8]>,
    /// The collection that has counted it.
    pub(super) seen: Cell<u32>,
}

impl Str {
    pub(super) fn new(bytes: Vec<u8>) -> Rc<Self> {
        Rc::new(Self {
            bytes: bytes.into(),
            seen: Cell::new(0),
        })
    }
}

impl std::ops::Deref for Str {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl std::fmt::Debug for Str {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.bytes))
    }
}

/// A value. Objects are numbers in the state's heap.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `nil`.
    #[default]
    Nil,
    /// A boolean.
    Bool(bool),
    /// A number.
    Num(f64),
    /// A string.
    Str(Rc<Str>),
    /// A table.
    Table(u32),
    /// A function of the script.
    Func(u32),
    /// A function of the libraries.
    Native(u16),
    /// A coroutine.
    Thread(u32),
    /// An object of the host.
    User(u32),
    /// A method of the host's objects.
    Method(&'static str),
    /// What `coroutine.wrap` makes of a coroutine.
    Wrapped(u32),
    /// A captured local: no script sees it.
    #[doc(hidden)]
    Cell(u32),
}

impl Value {
    /// Whether a condition takes it as true.
    pub fn truthy(&self) -> bool {
        !matches!(self, Self::Nil | Self::Bool(false))
    }

    /// Its type, as `type` says it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Nil | Self::Cell(_) => "nil",
            Self::Bool(_) => "boolean",
            Self::Num(_) => "number",
            Self::Str(_) => "string",
            Self::Table(_) => "table",
            Self::Func(_) | Self::Native(_) | Self::Method(_) | Self::Wrapped(_) => "function",
            Self::Thread(_) => "thread",
            Self::User(_) => "userdata",
        }
    }

    /// The bytes of a string or of a number's text.
    pub fn text(&self) -> Option<Vec<u8>> {
        match self {
            Self::Str(s) => Some(s.to_vec()),
            Self::Num(n) => Some(super::number::show(*n).into_bytes()),
            _ => None,
        }
    }

    /// A number, or a string that reads as one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Num(n) => Some(*n),
            Self::Str(s) => super::number::parse(s),
            _ => None,
        }
    }

    /// Equality without metamethods.
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nil, Self::Nil) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Num(a), Self::Num(b)) => a == b,
            (Self::Str(a), Self::Str(b)) => Rc::ptr_eq(a, b) || a[..] == b[..],
            (Self::Table(a), Self::Table(b))
            | (Self::Func(a), Self::Func(b))
            | (Self::Thread(a), Self::Thread(b))
            | (Self::Wrapped(a), Self::Wrapped(b))
            | (Self::User(a), Self::User(b)) => a == b,
            (Self::Native(a), Self::Native(b)) => a == b,
            (Self::Method(a), Self::Method(b)) => a == b,
            _ => false,
        }
    }
}
