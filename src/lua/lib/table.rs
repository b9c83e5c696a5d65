//! `table`.

use super::base::unpack;
use super::{Error, Native, Ret, Value, bad, int_arg, none, num, one, table_arg, wrong};
use crate::lua::{Host, Lua};
use std::cmp::Ordering;

pub(super) const FUNCTIONS: [(&str, Native); 9] = [
    ("concat", concat),
    ("insert", insert),
    ("maxn", maxn),
    ("pack", pack),
    ("remove", remove),
    ("sort", sort),
    ("unpack", unpack),
    ("getn", getn),
    ("foreach", foreach),
];

fn concat(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let table = table_arg(lua, args, 0, "concat")?;
    let between = match args.get(1) {
        None | Some(Value::Nil) => Vec::new(),
        Some(_) => super::text_arg(lua, args, 1, "concat")?.to_vec(),
    };
    let from = int_arg(lua, args, 2, "concat", Some(1))?;
    let len = lua.heap.tables[table].len() as i64;
    let to = int_arg(lua, args, 3, "concat", Some(len))?;
    let mut out = Vec::new();
    let mut n = from;
    while n <= to {
        let value = lua.get(table, &Value::Num(n as f64));
        let Some(text) = value.text() else {
            let kind = value.type_name();
            let message = format!("invalid value ({kind}) at index {n} in table for 'concat'");
            return Err(lua.error(&message));
        };
        lua.spend(1)?;
        lua.gathers(out.len() + text.len() + between.len())?;
        out.extend(text);
        if n < to {
            out.extend_from_slice(&between);
        }
        n += 1;
    }
    lua.room(out.len())?;
    one(lua.heap.owned(out))
}

fn insert(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let table = table_arg(lua, args, 0, "insert")?;
    let len = lua.heap.tables[table].len();
    match args.len() {
        2 => {
            let key = Value::Num((len + 1) as f64);
            lua.set(table, key, args[1].clone());
        }
        3 => {
            let at = int_arg(lua, args, 1, "insert", None)?;
            lua.spend(len as u64 / 8 + 1)?;
            if (1..=len as i64).contains(&at) && !matches!(args[2], Value::Nil) {
                let list = lua.heap.tables[table].list();
                list.insert(at as usize - 1, args[2].clone());
                lua.heap.used += 16;
            } else {
                lua.set(table, Value::Num(at as f64), args[2].clone());
            }
        }
        _ => return Err(lua.error("wrong number of arguments to 'insert'")),
    }
    none()
}

fn remove(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let table = table_arg(lua, args, 0, "remove")?;
    let len = lua.heap.tables[table].len() as i64;
    let at = int_arg(lua, args, 1, "remove", Some(len))?;
    if !(1..=len).contains(&at) {
        return one(Value::Nil);
    }
    lua.spend(len as u64 / 8 + 1)?;
    let gone = lua.heap.tables[table].remove(at as usize - 1);
    one(gone)
}

fn maxn(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let table = table_arg(lua, args, 0, "maxn")?;
    let keys = lua.pairs(table).into_iter();
    let numbers = keys.filter_map(|(key, _)| match key {
        Value::Num(n) => Some(n),
        _ => None,
    });
    num(numbers.fold(0.0, f64::max))
}

fn getn(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let table = table_arg(lua, args, 0, "getn")?;
    num(lua.heap.tables[table].len() as f64)
}

fn foreach(lua: &mut Lua, _: &mut dyn Host, _: &[Value]) -> Result<Ret, Error> {
    Err(lua.error("table.foreach is not simulated: use pairs"))
}

fn pack(lua: &mut Lua, _: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let table = lua.table();
    for (at, value) in args.iter().enumerate() {
        lua.set(table, Value::Num((at + 1) as f64), value.clone());
    }
    let key = lua.string(b"n");
    lua.set(table, key, Value::Num(args.len() as f64));
    one(Value::Table(table))
}

fn sort(lua: &mut Lua, host: &mut dyn Host, args: &[Value]) -> Result<Ret, Error> {
    let table = table_arg(lua, args, 0, "sort")?;
    let before = match args.get(1) {
        None | Some(Value::Nil) => None,
        Some(function @ (Value::Func(_) | Value::Native(_) | Value::Wrapped(_))) => {
            Some(function.clone())
        }
        Some(_) => return Err(wrong(lua, args, 1, "sort", "function")),
    };
    let values = lua.heap.tables[table].list().clone();
    if values.iter().any(|value| matches!(value, Value::Nil)) {
        return Err(bad(lua, 0, "sort", "a list with holes cannot be sorted"));
    }
    // A comparator may take them out of the table: they are held meanwhile.
    let held = lua.pinned.len();
    lua.pinned.extend(values.iter().cloned());
    let mut failed = None;
    let sorted = merge_sort(values, &mut |a, b| {
        if failed.is_some() {
            return Ordering::Equal;
        }
        let less = match &before {
            Some(function) => lua
                .call_first(host, function, &[b.clone(), a.clone()])
                .map(|value| value.truthy()),
            None => lua.less(host, b, a, false),
        };
        match less.and_then(|less| lua.spend(1).map(|()| less)) {
            Ok(true) => Ordering::Greater,
            Ok(false) => Ordering::Equal,
            Err(error) => {
                failed = Some(error);
                Ordering::Equal
            }
        }
    });
    lua.pinned.truncate(held);
    match failed {
        Some(error) => Err(error),
        None => {
            for (at, value) in sorted.into_iter().enumerate() {
                lua.set(table, Value::Num((at + 1) as f64), value);
            }
            none()
        }
    }
}

/// Sorts with any comparator, an inconsistent one too. The standard library's sort may panic on one.
fn merge_sort(
    mut values: Vec<Value>,
    order: &mut dyn FnMut(&Value, &Value) -> Ordering,
) -> Vec<Value> {
    if values.len() < 2 {
        return values;
    }
    let right = merge_sort(values.split_off(values.len() / 2), order);
    let left = merge_sort(values, order);
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    loop {
        let next = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) if order(a, b) == Ordering::Greater => right.next(),
            (Some(_), _) => left.next(),
            (None, _) => right.next(),
        };
        match next {
            Some(value) => out.push(value),
            None => return out,
        }
    }
}
