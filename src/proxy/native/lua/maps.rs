//! Header maps and buffers.

use super::object::{Left, What};
use super::world::{World, nothing, number, one, text};
use crate::lua::{Lua, Reply, Value};
use crate::model::Headers;
use crate::proxy::attribute::joined;
use crate::proxy::config::{FilterKind, Item, Native, Struct};
use crate::proxy::task::Direction;

impl World<'_> {
    fn headers(&mut self, trailers: bool) -> Option<&mut Headers> {
        let half = self.shared.streams[self.at.stream].half(self.direction);
        match trailers {
            true => half.trailers.as_mut(),
            false => half.headers.as_mut(),
        }
    }

    pub(super) fn map(
        &mut self,
        lua: &mut Lua,
        object: u32,
        trailers: bool,
        method: &'static str,
        args: &[Value],
    ) -> Result<Reply, String> {
        let name = text(args, 0, method)?.to_ascii_lowercase();
        let Ok(name) = String::from_utf8(name) else {
            return Err("a header's name is not UTF-8".to_owned());
        };
        let empty = Headers::default();
        let headers = self.headers(trailers).map_or(&empty, |headers| &*headers);
        match method {
            "get" => {
                let value = joined(Some(headers), name.as_bytes());
                return one(value.map_or(Value::Nil, |value| lua.string(&value)));
            }
            "getNumValues" => return one(Value::Num(headers.get_all(&name).count() as f64)),
            "getAtIndex" => {
                let index = number(args, 1, method)?;
                let index = usize::try_from(index).ok();
                let value = index.and_then(|index| headers.get_all(&name).nth(index));
                return one(value.map_or(Value::Nil, |value| lua.string(value)));
            }
            _ => {}
        }
        let value = match method {
            "remove" => Vec::new(),
            _ => text(args, 1, method)?,
        };
        self.may_change(object, trailers)?;
        self.give(name.len() + value.len())?;
        if let Some(headers) = self.headers(trailers) {
            match method {
                "add" => headers.push(&name, value),
                "replace" => headers.set(&name, value),
                _ => drop(headers.remove(&name)),
            }
        }
        nothing()
    }

    /// Whether a map can still be changed; a change of the request clears its route.
    fn may_change(&mut self, object: u32, trailers: bool) -> Result<(), String> {
        if self.objects[object as usize].locked {
            return Err("header map cannot be modified while iterating".to_owned());
        }
        if trailers {
            return Ok(());
        }
        if self.run().is_some_and(|run| run.headers_continued) {
            return Err("header map can no longer be modified".to_owned());
        }
        let filters = &self.shared.config.manager.filters;
        if let FilterKind::Native(Native::Lua(lua)) = &filters[self.at.filter].kind
            && lua.clear_route_cache
            && self.direction == Direction::Decode
        {
            self.shared.clear_route(self.at.stream);
        }
        Ok(())
    }

    /// `pairs` of an object.
    pub(super) fn pairs(&mut self, object: u32) -> Result<Reply, String> {
        let found = &self.objects[object as usize];
        if found.locked {
            let message = "cannot create a second iterator before completing the first";
            return Err(message.to_owned());
        }
        let mut left: Vec<Left> = match found.what {
            What::Map { trailers } => {
                let headers = self.headers(trailers);
                let pairs = headers.into_iter().flat_map(|headers| headers.iter());
                pairs
                    .map(|(name, value)| Left::Header(name.to_vec(), value.to_vec()))
                    .collect()
            }
            What::Metadata { host } => fields_of(self.metadata_of(host)),
            What::Context => fields_of(self.context()),
            What::Dynamic { connection } => {
                let spaces = self.dynamic_of(connection).0.into_iter();
                spaces
                    .map(|(name, fields)| Left::Field(name, Item::Struct(fields)))
                    .collect()
            }
            _ => {
                let message = "bad argument #1 to 'pairs' (table expected, got userdata)";
                return Err(message.to_owned());
            }
        };
        left.reverse();
        // The iterator holds a copy, and is held itself as long as the stream lives.
        self.give(left.iter().map(Left::bytes).sum())?;
        self.lock(object, true);
        one(self.object(What::Pairs { left, of: object }))
    }

    /// An object is iterated over, or no longer.
    pub(super) fn lock(&mut self, object: u32, on: bool) {
        self.objects[object as usize].locked = on;
    }

    pub(super) fn buffer(
        &mut self,
        lua: &mut Lua,
        chunk: bool,
        method: &'static str,
        args: &[Value],
    ) -> Result<Reply, String> {
        let half = self.shared.streams[self.at.stream].half(self.direction);
        let bytes = match chunk {
            true => &mut half.chunk,
            false => half.held.get_or_insert_default(),
        };
        match method {
            "length" => one(Value::Num(bytes.len() as f64)),
            "getBytes" => {
                let (index, length) = (number(args, 0, method)?, number(args, 1, method)?);
                let range = usize::try_from(index)
                    .ok()
                    .zip(usize::try_from(length).ok());
                let part = range.and_then(|(from, n)| bytes.get(from..from.checked_add(n)?));
                match part {
                    Some(part) => one(lua.string(part)),
                    None => Err(
                        "index/length must be >= 0 and (index + length) must be <= buffer size"
                            .to_owned(),
                    ),
                }
            }
            _ => {
                let value = text(args, 0, method)?;
                let length = value.len();
                *bytes = value;
                if let Some(headers) = &mut half.headers {
                    headers.set("content-length", length.to_string());
                }
                self.give(length)?;
                one(Value::Num(length as f64))
            }
        }
    }
}

fn fields_of(fields: Struct) -> Vec<Left> {
    let fields = fields.0.into_iter();
    fields.map(|(name, item)| Left::Field(name, item)).collect()
}
