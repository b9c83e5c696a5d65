//! Values of metadata as Lua has them, and back.

use crate::lua::{Lua, Value};
use crate::proxy::config::{Item, Struct};

/// How deep a table may nest.
const DEPTH: u32 = 20;

/// A struct as a table.
pub(super) fn table_of(lua: &mut Lua, fields: &Struct) -> Value {
    let table = lua.table();
    for (name, item) in &fields.0 {
        let key = lua.string(name.as_bytes());
        let value = value_of(lua, item);
        lua.set(table, key, value);
    }
    Value::Table(table)
}

/// A value of a struct.
pub(super) fn value_of(lua: &mut Lua, item: &Item) -> Value {
    match item {
        Item::Null => Value::Nil,
        Item::Number(n) => Value::Num(*n),
        Item::Text(text) => lua.string(text.as_bytes()),
        Item::Bool(flag) => Value::Bool(*flag),
        Item::Struct(fields) => table_of(lua, fields),
        Item::List(items) => {
            let table = lua.table();
            for (at, item) in items.iter().enumerate() {
                let value = value_of(lua, item);
                lua.set(table, Value::Num((at + 1) as f64), value);
            }
            Value::Table(table)
        }
    }
}

/// What a value of Lua's is in a struct; counts its bytes.
pub(super) fn item_of(
    lua: &Lua,
    value: &Value,
    depth: u32,
    size: &mut usize,
) -> Result<Item, String> {
    *size += 16;
    Ok(match value {
        Value::Nil => Item::Null,
        Value::Num(n) => Item::Number(*n),
        Value::Bool(flag) => Item::Bool(*flag),
        Value::Str(text) => {
            *size += text.len();
            Item::Text(String::from_utf8_lossy(text).into_owned())
        }
        Value::Table(_) if depth >= DEPTH || *size > super::GIVEN_MAX => {
            return Err("the table is too deep for dynamicMetadata".to_owned());
        }
        Value::Table(table) => {
            let pairs = lua.pairs(*table);
            let mut at = 0.0;
            let list = !pairs.is_empty()
                && pairs.iter().all(|(key, _)| {
                    at += 1.0;
                    key.same(&Value::Num(at))
                });
            if list {
                let items = pairs
                    .iter()
                    .map(|(_, value)| item_of(lua, value, depth + 1, size));
                return Ok(Item::List(items.collect::<Result<_, _>>()?));
            }
            let mut fields = Vec::new();
            for (key, value) in &pairs {
                let Some(name) = key.text() else {
                    let kind = key.type_name();
                    return Err(format!("unexpected type '{kind}' in dynamicMetadata"));
                };
                *size += name.len();
                let name = String::from_utf8_lossy(&name).into_owned();
                fields.push((name, item_of(lua, value, depth + 1, size)?));
            }
            Item::Struct(Struct(fields))
        }
        other => {
            let kind = other.type_name();
            return Err(format!("unexpected type '{kind}' in dynamicMetadata"));
        }
    })
}
