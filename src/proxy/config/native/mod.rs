//! Native HTTP filters as configured: which there are, and what of each is honoured.
//!
//! Every field is read or refused by name. Must not know what a filter does with its settings.

mod buffer;
mod compression;
mod cors;
mod csrf;
mod fault;
mod header_mutation;
mod jwt_authn;
mod local_ratelimit;
mod lua;
mod percent;
mod ratelimit;
mod rbac;
mod status;

use crate::model::Problem;
use crate::model::yaml::{Fields, Node};

pub(crate) use buffer::BufferRoute;
pub(crate) use compression::{
    Compressible, Compressor, CompressorRoute, Decompressible, Decompressor,
};
pub(crate) use cors::CorsPolicy;
pub(crate) use csrf::Csrf;
pub(crate) use fault::{Abort, Delay, Fault};
pub(crate) use header_mutation::{HeaderMutation, Mutation, Mutations, Parameter};
pub(crate) use jwt_authn::{JwtAuthn, JwtRoute, Provider, Requirement, wrong_name};
pub(crate) use local_ratelimit::{LocalRateLimit, TokenBucket};
pub(crate) use lua::{Choice as LuaChoice, Code as LuaCode, Lua, LuaRoute, Script};
pub(crate) use percent::Percent;
pub(crate) use ratelimit::{HostLimits, RateLimitRoute, RateLimitService};
pub(crate) use rbac::{Rbac, RbacAction, Rule, Rules};

/// A native filter with its settings.
#[derive(Clone, Debug)]
pub(crate) enum Native {
    /// `envoy.filters.http.buffer`: the most bytes of a request.
    Buffer(u32),
    /// `envoy.filters.http.compressor`.
    Compressor(Box<Compressor>),
    /// `envoy.filters.http.cors`: its policy is the route's.
    Cors,
    /// `envoy.filters.http.csrf`.
    Csrf(Box<Csrf>),
    /// `envoy.filters.http.decompressor`.
    Decompressor(Box<Decompressor>),
    /// `envoy.filters.http.fault`.
    Fault(Box<Fault>),
    /// `envoy.filters.http.header_mutation`.
    HeaderMutation(Box<HeaderMutation>),
    /// `envoy.filters.http.jwt_authn`.
    JwtAuthn(Box<JwtAuthn>),
    /// `envoy.filters.http.local_ratelimit`.
    LocalRateLimit(Box<LocalRateLimit>),
    /// `envoy.filters.http.lua`.
    Lua(Box<Lua>),
    /// `envoy.filters.http.ratelimit`.
    RateLimit(Box<RateLimitService>),
    /// `envoy.filters.http.rbac`.
    Rbac(Box<Rbac>),
}

/// What a route says of a native filter.
#[derive(Clone, Debug)]
pub(crate) enum NativeRoute {
    /// `BufferPerRoute`.
    Buffer(BufferRoute),
    /// `CompressorPerRoute`.
    Compressor(CompressorRoute),
    /// `CorsPolicy`.
    Cors(Box<CorsPolicy>),
    /// `CsrfPolicy`: in place of the filter's own.
    Csrf(Box<Csrf>),
    /// `HTTPFault`: in place of the filter's own.
    Fault(Box<Fault>),
    /// `HeaderMutationPerRoute`: after the filter's own.
    HeaderMutation(Box<Mutations>),
    /// `PerRouteConfig`: in place of the filter's rules.
    Jwt(JwtRoute),
    /// `LocalRateLimit`: in place of the filter's own, bucket and all.
    LocalRateLimit(Box<LocalRateLimit>),
    /// `LuaPerRoute`.
    Lua(Box<LuaRoute>),
    /// `RateLimitPerRoute`.
    RateLimit(Box<RateLimitRoute>),
    /// `RBACPerRoute`: in place of the filter's own.
    Rbac(Box<Rbac>),
}

const BUFFER: &str = "envoy.extensions.filters.http.buffer.v3.Buffer";
const BUFFER_ROUTE: &str = "envoy.extensions.filters.http.buffer.v3.BufferPerRoute";
const COMPRESSOR: &str = "envoy.extensions.filters.http.compressor.v3.Compressor";
const COMPRESSOR_ROUTE: &str = "envoy.extensions.filters.http.compressor.v3.CompressorPerRoute";
const CORS: &str = "envoy.extensions.filters.http.cors.v3.Cors";
const CORS_ROUTE: &str = "envoy.extensions.filters.http.cors.v3.CorsPolicy";
const CSRF: &str = "envoy.extensions.filters.http.csrf.v3.CsrfPolicy";
const DECOMPRESSOR: &str = "envoy.extensions.filters.http.decompressor.v3.Decompressor";
const FAULT: &str = "envoy.extensions.filters.http.fault.v3.HTTPFault";
const JWT: &str = "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
const JWT_ROUTE: &str = "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig";
const LIMIT: &str = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
const LUA: &str = "envoy.extensions.filters.http.lua.v3.Lua";
const LUA_ROUTE: &str = "envoy.extensions.filters.http.lua.v3.LuaPerRoute";
const MUTATION: &str = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation";
const MUTATION_ROUTE: &str =
    "envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute";
const RATELIMIT: &str = "envoy.extensions.filters.http.ratelimit.v3.RateLimit";
const RATELIMIT_ROUTE: &str = "envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute";
const RBAC: &str = "envoy.extensions.filters.http.rbac.v3.RBAC";
const RBAC_ROUTE: &str = "envoy.extensions.filters.http.rbac.v3.RBACPerRoute";

/// The messages that configure a native filter.
pub(super) const TYPES: [&str; 12] = [
    BUFFER,
    COMPRESSOR,
    CORS,
    CSRF,
    DECOMPRESSOR,
    FAULT,
    JWT,
    LIMIT,
    LUA,
    MUTATION,
    RATELIMIT,
    RBAC,
];

/// The messages that a route can have for one.
pub(super) const ROUTE_TYPES: [&str; 11] = [
    BUFFER_ROUTE,
    COMPRESSOR_ROUTE,
    CORS_ROUTE,
    CSRF,
    FAULT,
    JWT_ROUTE,
    LIMIT,
    LUA_ROUTE,
    MUTATION_ROUTE,
    RATELIMIT_ROUTE,
    RBAC_ROUTE,
];

/// Reads a filter's message, `@type` taken; `None` for one that is no native filter's.
pub(super) fn read(kind: &str, mut fields: Fields<'_>) -> Result<Option<Native>, Problem> {
    let native = match kind {
        BUFFER => Native::Buffer(buffer::read_limit(&mut fields)?),
        COMPRESSOR => Native::Compressor(Box::new(Compressor::read(&mut fields)?)),
        CORS => Native::Cors,
        DECOMPRESSOR => Native::Decompressor(Box::new(Decompressor::read(&mut fields)?)),
        CSRF => Native::Csrf(Box::new(Csrf::read(&mut fields)?)),
        FAULT => Native::Fault(Box::new(Fault::read(&mut fields)?)),
        JWT => Native::JwtAuthn(Box::new(JwtAuthn::read(&mut fields)?)),
        LIMIT => Native::LocalRateLimit(Box::new(LocalRateLimit::read(&mut fields)?)),
        LUA => Native::Lua(Box::new(Lua::read(&mut fields)?)),
        MUTATION => Native::HeaderMutation(Box::new(HeaderMutation::read(&mut fields)?)),
        RATELIMIT => Native::RateLimit(Box::new(RateLimitService::read(&mut fields)?)),
        RBAC => Native::Rbac(Box::new(Rbac::read(&mut fields)?)),
        _ => return Ok(None),
    };
    fields.finish()?;
    Ok(Some(native))
}

/// Reads what a route says; `None` for a message that is no native filter's.
pub(super) fn read_route(
    kind: &str,
    mut fields: Fields<'_>,
) -> Result<Option<NativeRoute>, Problem> {
    let route = match kind {
        BUFFER_ROUTE => NativeRoute::Buffer(BufferRoute::read(&mut fields)?),
        COMPRESSOR_ROUTE => NativeRoute::Compressor(CompressorRoute::read(&mut fields)?),
        CORS_ROUTE => NativeRoute::Cors(Box::new(CorsPolicy::read(&mut fields)?)),
        CSRF => NativeRoute::Csrf(Box::new(Csrf::read(&mut fields)?)),
        FAULT => NativeRoute::Fault(Box::new(Fault::read(&mut fields)?)),
        JWT_ROUTE => NativeRoute::Jwt(JwtRoute::read(&mut fields)?),
        LIMIT => {
            let limit = LocalRateLimit::read_route(&mut fields)?;
            NativeRoute::LocalRateLimit(Box::new(limit))
        }
        LUA_ROUTE => NativeRoute::Lua(Box::new(LuaRoute::read(&mut fields)?)),
        MUTATION_ROUTE => {
            let mutations = header_mutation::read_field(&mut fields)?;
            NativeRoute::HeaderMutation(Box::new(mutations))
        }
        RATELIMIT_ROUTE => NativeRoute::RateLimit(Box::new(RateLimitRoute::read(&mut fields)?)),
        RBAC_ROUTE => NativeRoute::Rbac(Box::new(Rbac::read_route(&mut fields)?)),
        _ => return Ok(None),
    };
    fields.finish()?;
    Ok(Some(route))
}

impl Native {
    /// Whether a route's message is one of this filter's.
    pub(super) fn takes(&self, route: &NativeRoute) -> bool {
        matches!(
            (self, route),
            (Self::Buffer(_), NativeRoute::Buffer(_))
                | (Self::Compressor(_), NativeRoute::Compressor(_))
                | (Self::Cors, NativeRoute::Cors(_))
                | (Self::Csrf(_), NativeRoute::Csrf(_))
                | (Self::Fault(_), NativeRoute::Fault(_))
                | (Self::HeaderMutation(_), NativeRoute::HeaderMutation(_))
                | (Self::JwtAuthn(_), NativeRoute::Jwt(_))
                | (Self::LocalRateLimit(_), NativeRoute::LocalRateLimit(_))
                | (Self::Lua(_), NativeRoute::Lua(_))
                | (Self::RateLimit(_), NativeRoute::RateLimit(_))
                | (Self::Rbac(_), NativeRoute::Rbac(_))
        )
    }
}

/// A flag that is off unless it is set: a `bool`, or a `BoolValue` whose default is false.
fn flag(fields: &mut Fields<'_>, name: &'static str) -> Result<bool, Problem> {
    fields.take(name).map_or(Ok(false), Node::as_bool)
}

/// A text that is empty unless it is set.
fn text(fields: &mut Fields<'_>, name: &'static str) -> Result<String, Problem> {
    let node = fields.take(name);
    Ok(node.map_or(Ok(""), Node::as_string_field)?.to_owned())
}

/// The items of a list that may be left out.
fn list<'a>(fields: &mut Fields<'a>, name: &'static str) -> Result<&'a [Node], Problem> {
    fields.take(name).map_or(Ok(&[]), Node::as_list)
}
