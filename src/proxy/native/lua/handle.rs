//! Methods of the stream handle.

use super::object::What;
use super::world::{World, maybe_text, nothing, number, one, table, text, wrong};
use super::{Run, Wait};
use crate::lua::{Lua, Reply, Value};
use crate::model::Headers;
use crate::proxy::local_reply::Reply as LocalReply;
use crate::proxy::task::Direction;
use base64::Engine as _;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

impl World<'_> {
    pub(super) fn handle(
        &mut self,
        lua: &mut Lua,
        method: &'static str,
        args: &[Value],
    ) -> Result<Reply, String> {
        let what = match method {
            "headers" => What::Map { trailers: false },
            "metadata" => What::Metadata { host: false },
            "filterContext" => What::Context,
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
        match method {
            "body" => {
                let always = match args.first() {
                    None => false,
                    Some(Value::Bool(flag)) => *flag,
                    Some(_) => return Err(wrong(args, 0, method, "boolean")),
                };
                self.body(always)
            }
            "bodyChunks" => self.chunks(),
            "trailers" => self.wait_for_trailers(),
            "httpCall" => self.http_call(lua, args),
            "respond" => self.respond(lua, args),
            "importPublicKey" => self.import_key(args),
            "verifySignature" => self.verify(lua, args),
            "base64Escape" => {
                let plain = text(args, 0, method)?;
                let engine = base64::engine::general_purpose::STANDARD;
                one(lua.string(engine.encode(plain).as_bytes()))
            }
            "setUpstreamOverrideHost" => self.override_host(args),
            "clearRouteCache" => {
                if self.direction == Direction::Decode {
                    self.shared.clear_route(self.at.stream);
                }
                nothing()
            }
            _ => self.timestamp(lua, method, args),
        }
    }

    /// `setUpstreamOverrideHost()`: of a response it changes nothing, as in Envoy.
    fn override_host(&mut self, args: &[Value]) -> Result<Reply, String> {
        const NAME: &str = "setUpstreamOverrideHost";
        let host = String::from_utf8_lossy(&text(args, 0, NAME)?).into_owned();
        if !is_ip(&host) {
            return Err("host is not a valid IP address".to_owned());
        }
        let strict = match args.get(1) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => return Err(wrong(args, 1, NAME, "boolean")),
        };
        self.give(host.len())?;
        if self.direction == Direction::Decode {
            self.shared.streams[self.at.stream].info.override_host = Some((host, strict));
        }
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

    /// `importPublicKey()`. A run has one object for it: a second call returns the first key, as in
    /// Envoy; and what is no key gives an object whose `get()` is nil.
    fn import_key(&mut self, args: &[Value]) -> Result<Reply, String> {
        let der = text(args, 0, "importPublicKey")?;
        let length = number(args, 1, "importPublicKey")?;
        let mut der = der[..der.len().min(length.max(0) as usize)].to_vec();
        self.give(der.len())?;
        if !crate::proxy::foreign::is_public_key(&der) {
            der.clear();
        }
        if let Some(run) = self.run()
            && !der.is_empty()
            && !run.keys.contains(&der)
        {
            run.keys.push(der.clone());
        }
        one(self.the(What::Key(der)))
    }

    fn verify(&mut self, lua: &mut Lua, args: &[Value]) -> Result<Reply, String> {
        const NAME: &str = "verifySignature";
        let hash = text(args, 0, NAME)?;
        let key = text(args, 1, NAME)?;
        if !self.run().is_some_and(|run| run.keys.contains(&key)) {
            return Err("invalid public key".to_owned());
        }
        let cut = |bytes: Vec<u8>, length: i64| {
            let length = bytes.len().min(length.max(0) as usize);
            bytes[..length].to_vec()
        };
        let signature = cut(text(args, 2, NAME)?, number(args, 3, NAME)?);
        let data = cut(text(args, 4, NAME)?, number(args, 5, NAME)?);
        let hash = String::from_utf8_lossy(&hash).into_owned();
        let error = crate::proxy::foreign::verify_signature(&hash, &key, &signature, &data)?;
        Ok(Reply::Values(match error.is_empty() {
            true => vec![Value::Bool(true), Value::Nil],
            false => vec![Value::Bool(false), lua.string(error.as_bytes())],
        }))
    }

    fn timestamp(&mut self, lua: &mut Lua, method: &str, args: &[Value]) -> Result<Reply, String> {
        let wall = self.shared.wall_ns(self.shared.clock.now_ns);
        let unit = maybe_text(args, 0, method)?.unwrap_or_default();
        let value = match (method, &unit[..]) {
            (_, b"" | b"0") => wall / 1_000_000,
            ("timestampString", b"1") => wall / 1_000,
            ("timestampString", _) => {
                return Err("timestamp format must be MILLISECOND or MICROSECOND.".to_owned());
            }
            _ => return Err("timestamp format must be MILLISECOND.".to_owned()),
        };
        one(match method {
            "timestamp" => Value::Num(value as f64),
            _ => lua.string(value.to_string().as_bytes()),
        })
    }
}

/// Whether a host is an address, with a port or without, as Envoy's `parseAuthority` sees it.
fn is_ip(host: &str) -> bool {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok())
        || host.parse::<IpAddr>().is_ok()
        || host.parse::<SocketAddr>().is_ok()
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
