//! `CorsPolicy`. What is left out may come from a less specific place, so it is kept apart.

use super::{Percent, list, text};
use crate::model::Problem;
use crate::model::yaml::{Fields, Node};
use crate::proxy::config::matching::{TextMatch, read_text_match};

/// A policy of a route, a virtual host or all routes.
#[derive(Clone, Debug)]
pub(crate) struct CorsPolicy {
    /// `allow_origin_string_match`.
    pub(crate) origins: Vec<TextMatch>,
    /// `allow_methods`; empty is not set, here and below.
    pub(crate) methods: String,
    /// `allow_headers`.
    pub(crate) headers: String,
    /// `expose_headers`.
    pub(crate) expose: String,
    /// `max_age`.
    pub(crate) max_age: String,
    /// `allow_credentials`.
    pub(crate) credentials: Option<bool>,
    /// `allow_private_network_access`.
    pub(crate) private_network: Option<bool>,
    /// `forward_not_matching_preflights`.
    pub(crate) forward: Option<bool>,
    /// `filter_enabled`; all requests when it is not set.
    pub(crate) enabled: Option<Percent>,
    /// `shadow_enabled`; none when it is not set.
    pub(crate) shadow: Option<Percent>,
}

impl CorsPolicy {
    /// Reads the message's fields.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let origins = list(fields, "allow_origin_string_match")?;
        let mut wrapped = |name| fields.take(name).map(Node::as_bool).transpose();
        let credentials = wrapped("allow_credentials")?;
        let private_network = wrapped("allow_private_network_access")?;
        let forward = wrapped("forward_not_matching_preflights")?;
        let mut share = |name| fields.take(name).map(Percent::read_runtime).transpose();
        let enabled = share("filter_enabled")?;
        let shadow = share("shadow_enabled")?;
        Ok(Self {
            origins: origins
                .iter()
                .map(read_text_match)
                .collect::<Result<_, _>>()?,
            methods: text(fields, "allow_methods")?,
            headers: text(fields, "allow_headers")?,
            expose: text(fields, "expose_headers")?,
            max_age: text(fields, "max_age")?,
            credentials,
            private_network,
            forward,
            enabled,
            shadow,
        })
    }
}
