//! Metadata, stream info, filter state: what a script can know of its stream.

use super::convert::{item_of, table_of, value_of};
use super::object::What;
use super::world::{World, maybe_text, nothing, one, text};
use crate::lua::{Lua, Reply, Value};
use crate::proxy::access_log::CLIENT;
use crate::proxy::config::{Metadata, Struct};

/// The namespace of metadata when the filter's own name has none.
const OWN: &str = "envoy.filters.http.lua";

impl World<'_> {
    pub(super) fn info(
        &mut self,
        lua: &mut Lua,
        object: u32,
        method: &'static str,
        args: &[Value],
    ) -> Result<Reply, String> {
        match &self.objects[object as usize].what {
            What::Key(der) if der.is_empty() => one(Value::Nil),
            What::Key(der) => one(lua.string(der)),
            What::Metadata { .. } | What::Context => {
                let host = match self.objects[object as usize].what {
                    What::Metadata { host } => Some(host),
                    _ => None,
                };
                let key = text(args, 0, method)?;
                let fields = match host {
                    Some(host) => self.metadata_of(host),
                    None => self.context(),
                };
                let found = fields.0.iter().find(|(name, _)| name.as_bytes() == key);
                one(found.map_or(Value::Nil, |(_, item)| value_of(lua, item)))
            }
            What::Place { host } => {
                let host = *host;
                one(self.the(What::Metadata { host }))
            }
            What::Dynamic { connection } => {
                let connection = *connection;
                if method == "set" && self.objects[object as usize].locked {
                    let message = "dynamic metadata map cannot be modified while iterating";
                    return Err(message.to_owned());
                }
                self.dynamic(lua, connection, method, args)
            }
            What::Connection => one(Value::Nil),
            What::FilterState => self.filter_state(lua, args),
            // Nothing here sets any: the filters of Envoy's that do are refused at load.
            _ if method == "dynamicTypedMetadata" => {
                text(args, 0, method)?;
                one(Value::Nil)
            }
            What::ConnectionInfo => one(self.the(What::Dynamic { connection: true })),
            _ => self.stream_info(lua, method),
        }
    }

    fn stream_info(&mut self, lua: &mut Lua, method: &str) -> Result<Reply, String> {
        let shared = &*self.shared;
        let stream = &shared.streams[self.at.stream];
        let local = || format!("{}:{}", shared.local_ip(), shared.config.address.1);
        let remote = || format!("{CLIENT}:{}", shared.client_port(self.at.stream));
        let words = match method {
            "protocol" => "HTTP/1.1".to_owned(),
            "routeName" => match stream.info.route {
                Some(place) => shared.route(place).name.clone(),
                None => String::new(),
            },
            "downstreamLocalAddress" | "downstreamDirectLocalAddress" => local(),
            "downstreamRemoteAddress" | "downstreamDirectRemoteAddress" => remote(),
            "dynamicMetadata" => return one(self.the(What::Dynamic { connection: false })),
            "filterState" => return one(self.the(What::FilterState)),
            // There is no TLS.
            "downstreamSslConnection" => return one(Value::Nil),
            // No virtual clusters, and no name without TLS.
            _ => String::new(),
        };
        one(lua.string(words.as_bytes()))
    }

    fn filter_state(&mut self, lua: &mut Lua, args: &[Value]) -> Result<Reply, String> {
        let key = text(args, 0, "get")?;
        if maybe_text(args, 1, "get")?.is_some() {
            return Err("a field of a filter state object is not simulated".to_owned());
        }
        let found = self.shared.filter_state(self.at.stream, &key);
        let found = found.map(|object| object.plain());
        one(found.map_or(Value::Nil, |text| lua.string(text.as_bytes())))
    }

    /// Metadata of the route or its virtual host, under the filter's name or the type's.
    pub(super) fn metadata_of(&mut self, host: bool) -> Struct {
        let config = self.shared.config.clone();
        self.shared.resolve_route(self.at.stream);
        let Some((at, route)) = self.shared.streams[self.at.stream].info.route else {
            return Struct::default();
        };
        let of_host = &config.manager.routes.hosts[at];
        let metadata = match host {
            true => &of_host.metadata,
            false => &of_host.routes[route].metadata,
        };
        let name = &config.manager.filters[self.at.filter].name;
        let space = |name: &str| metadata.0.iter().find(|(space, _)| space == name);
        let found = space(name).or_else(|| space(OWN));
        found.map(|(_, fields)| fields.clone()).unwrap_or_default()
    }

    /// `filterContext()`: what the most specific place says.
    pub(super) fn context(&mut self) -> Struct {
        let config = self.shared.config.clone();
        let route = self.shared.lua_route(&config, self.at);
        route.map(|route| route.context.clone()).unwrap_or_default()
    }

    pub(super) fn dynamic_of(&self, connection: bool) -> Metadata {
        match connection {
            true => Metadata::default(),
            false => self.shared.streams[self.at.stream].info.metadata.clone(),
        }
    }

    fn dynamic(
        &mut self,
        lua: &mut Lua,
        connection: bool,
        method: &str,
        args: &[Value],
    ) -> Result<Reply, String> {
        let space = String::from_utf8_lossy(&text(args, 0, method)?).into_owned();
        if method == "get" {
            let spaces = self.dynamic_of(connection);
            let found = spaces.0.iter().find(|(name, _)| *name == space);
            return one(found.map_or(Value::Nil, |(_, fields)| table_of(lua, fields)));
        }
        if connection {
            return Err("connection metadata cannot be set here".to_owned());
        }
        let key = String::from_utf8_lossy(&text(args, 1, method)?).into_owned();
        let mut size = space.len() + key.len();
        let item = item_of(lua, args.get(2).unwrap_or(&Value::Nil), 0, &mut size)?;
        self.give(size)?;
        let spaces = &mut self.shared.streams[self.at.stream].info.metadata.0;
        let at = spaces.iter().position(|(name, _)| *name == space);
        let at = at.unwrap_or_else(|| {
            spaces.push((space, Struct::default()));
            spaces.len() - 1
        });
        let fields = &mut spaces[at].1.0;
        match fields.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = item,
            None => fields.push((key, item)),
        }
        nothing()
    }
}
