//! Methods of the stream handle.

use super::object::What;
use super::world::{World, maybe_text, nothing, number, one, table, text};
use super::{Run, Wait};
use crate::abi::LogLevel;
use crate::lua::{Lua, Reply, Value};
use crate::model::Headers;
use crate::proxy::local_reply::Reply as LocalReply;
use crate::proxy::task::Direction;
use base64::Engine as _;

impl World<'_> {
    pub(super) fn handle(
        &mut self,
        lua: &mut Lua,
        method: &'static str,
        args: &[Value],
    ) -> Result<Reply, String> {
        let what = match method {
            "headers" => What::Map {
                trailers: false,
                locked: false,
            },
            "metadata" => What::Metadata { host: false },
            "streamInfo" => What::StreamInfo,
            "connection" => What::Connection,
            "connectionStreamInfo" => What::ConnectionInfo,
            "virtualHost" => What::Place { host: true },
            "route" => What::Place { host: false },
            _ => return self.act(lua, method, args),
        };
        one(self.the(what))
    }

    fn act(
        &mut self,
        lua: &mut Lua,
        method: &'static str,
        args: &[Value],
    ) -> Result<Reply, String> {
        let level = match method {
            "body" => return self.body(args.first().is_some_and(Value::truthy)),
            "bodyChunks" => return self.chunks(),
            "trailers" => return self.wait_for_trailers(),
            "httpCall" => return self.http_call(lua, args),
            "respond" => return self.respond(lua, args),
            "importPublicKey" => return self.import_key(args),
            "verifySignature" => return self.verify(lua, args),
            "base64Escape" => {
                let plain = text(args, 0, method)?;
                let engine = base64::engine::general_purpose::STANDARD;
                return one(lua.string(engine.encode(plain).as_bytes()));
            }
            "timestamp" | "timestampString" => return self.timestamp(lua, method, args),
            "filterContext" => return self.context(lua),
            "clearRouteCache" => {
                if self.direction == Direction::Decode {
                    self.shared.clear_route(self.at.stream);
                }
                return nothing();
            }
            "setUpstreamOverrideHost" => {
                return Err("setUpstreamOverrideHost() is not simulated".to_owned());
            }
            "logTrace" => LogLevel::Trace,
            "logDebug" => LogLevel::Debug,
            "logWarn" => LogLevel::Warn,
            "logErr" => LogLevel::Error,
            "logCritical" => LogLevel::Critical,
            _ => LogLevel::Info,
        };
        let message = text(args, 0, method)?;
        self.give(message.len())?;
        self.shared.lua_log(self.at, level, &message);
        nothing()
    }

    fn waits(&mut self, wait: Wait) -> Result<Reply, String> {
        if let Some(run) = self.run() {
            run.waits = wait;
        }
        Ok(Reply::Yield)
    }

    fn has_held(&mut self) -> bool {
        let half = self.shared.streams[self.at.stream].half(self.direction);
        half.held.is_some()
    }

    /// `body()`: at once when the message is whole, or once it is.
    pub(super) fn body(&mut self, always: bool) -> Result<Reply, String> {
        let Some(&mut Run {
            ended, saw_body, ..
        }) = self.run()
        else {
            return nothing();
        };
        match (ended, saw_body) {
            (false, true) => {
                return Err("cannot call body() after body streaming has started".to_owned());
            }
            (false, false) => return self.waits(Wait::Body),
            (true, false) if !always => return one(Value::Nil),
            (true, false) => {
                let half = self.shared.streams[self.at.stream].half(self.direction);
                half.held.get_or_insert_default();
                if let Some(run) = self.run() {
                    run.added_body = true;
                }
            }
            (true, true) if !self.has_held() => {
                return Err("cannot call body() after body has been streamed".to_owned());
            }
            (true, true) => {}
        }
        one(self.the(What::Buffer { chunk: false }))
    }

    fn chunks(&mut self) -> Result<Reply, String> {
        if self.run().is_some_and(|run| run.saw_body) {
            return Err("cannot call bodyChunks after body processing has begun".to_owned());
        }
        one(self.object(What::Chunks))
    }

    /// A step of the iterator of `bodyChunks()`.
    pub(super) fn next_chunk(&mut self) -> Result<Reply, String> {
        match self.run().is_none_or(|run| run.ended) {
            true => one(Value::Nil),
            false => self.waits(Wait::Chunk),
        }
    }

    fn wait_for_trailers(&mut self) -> Result<Reply, String> {
        match self.run().map(|run| (run.ended, run.saw_trailers)) {
            Some((_, true)) => one(self.trailers()),
            Some((false, false)) => self.waits(Wait::Trailers),
            _ => one(Value::Nil),
        }
    }

    fn respond(&mut self, lua: &mut Lua, args: &[Value]) -> Result<Reply, String> {
        if self.direction == Direction::Encode {
            return Err("respond not currently supported in the response path".to_owned());
        }
        if self.run().is_some_and(|run| run.headers_continued) {
            return Err("respond() cannot be called if headers have been continued".to_owned());
        }
        let given = table(args, 0, "respond")?;
        let body = maybe_text(args, 1, "respond")?.unwrap_or_default();
        let mut headers = headers_of(lua, given)?;
        let status = headers
            .get_str(":status")
            .and_then(|status| status.parse().ok());
        let Some(status @ 200..600) = status else {
            return Err(":status must be between 200-599".to_owned());
        };
        headers.remove(":status");
        self.give(body.len() + headers.byte_size())?;
        let reply = LocalReply {
            status,
            body,
            headers,
            details: "lua_response".to_owned(),
            ..LocalReply::default()
        };
        self.shared.local_reply(self.at.stream, reply);
        self.waits(Wait::Responded)
    }

    fn import_key(&mut self, args: &[Value]) -> Result<Reply, String> {
        let der = text(args, 0, "importPublicKey")?;
        let length = number(args, 1, "importPublicKey")?;
        let der = der[..der.len().min(length.max(0) as usize)].to_vec();
        self.give(der.len())?;
        one(self.object(What::Key(der)))
    }

    fn verify(&mut self, lua: &mut Lua, args: &[Value]) -> Result<Reply, String> {
        const NAME: &str = "verifySignature";
        let hash = text(args, 0, NAME)?;
        let key = match args.get(1) {
            Some(Value::User(object)) => self.key(*object),
            _ => None,
        };
        let key = key.ok_or("bad argument #2 to 'verifySignature' (a public key expected)")?;
        let cut = |bytes: Vec<u8>, length: i64| {
            let length = bytes.len().min(length.max(0) as usize);
            bytes[..length].to_vec()
        };
        let signature = cut(text(args, 2, NAME)?, number(args, 3, NAME)?);
        let data = cut(text(args, 4, NAME)?, number(args, 5, NAME)?);
        let hash = String::from_utf8_lossy(&hash).into_owned();
        let error = crate::proxy::foreign::verify_signature(&hash, &key, &signature, &data)?;
        let message = lua.string(error.as_bytes());
        Ok(Reply::Values(vec![Value::Bool(error.is_empty()), message]))
    }

    fn timestamp(&mut self, lua: &mut Lua, method: &str, args: &[Value]) -> Result<Reply, String> {
        let wall = self.shared.wall_ns(self.shared.clock.now_ns);
        let unit = match args.first() {
            None | Some(Value::Nil) => 1_000_000,
            Some(Value::Num(0.0)) => 1_000_000,
            Some(Value::Num(1.0)) => 1_000,
            _ => return Err("timestamp format must be MILLISECOND or MICROSECOND".to_owned()),
        };
        let value = wall / unit;
        one(match method {
            "timestamp" => Value::Num(value as f64),
            _ => lua.string(value.to_string().as_bytes()),
        })
    }

    fn context(&mut self, lua: &mut Lua) -> Result<Reply, String> {
        let config = self.shared.config.clone();
        let route = self.shared.lua_route(&config, self.at);
        let fields = route.map(|route| &route.context);
        one(match fields {
            Some(fields) => super::convert::table_of(lua, fields),
            None => Value::Table(lua.table()),
        })
    }
}

/// Headers from a table: a value is a string, or a list of them.
pub(super) fn headers_of(lua: &Lua, table: u32) -> Result<Headers, String> {
    let mut headers = Headers::default();
    for (key, value) in lua.pairs(table) {
        let Some(name) = key.text() else {
            return Err("header names must be strings".to_owned());
        };
        let name = name.to_ascii_lowercase();
        let values = match &value {
            Value::Table(list) => lua
                .pairs(*list)
                .into_iter()
                .map(|(_, value)| value)
                .collect(),
            _ => vec![value],
        };
        for value in values {
            let Some(text) = value.text() else {
                let kind = value.type_name();
                let name = String::from_utf8_lossy(&name);
                return Err(format!(
                    "the header '{name}' is a {kind} value, not a string"
                ));
            };
            headers.push(&name, text);
        }
    }
    Ok(headers)
}
