//! `CsrfPolicy`, of the filter and of routes alike.

use super::{Percent, list};
use crate::model::Problem;
use crate::model::yaml::Fields;
use crate::proxy::config::matching::{TextMatch, read_text_match};

/// What the filter asks of a request that changes something.
#[derive(Clone, Debug)]
pub(crate) struct Csrf {
    /// `filter_enabled`, which Envoy requires.
    pub(crate) enabled: Percent,
    /// `shadow_enabled`.
    pub(crate) shadow: Percent,
    /// `additional_origins`.
    pub(crate) origins: Vec<TextMatch>,
}

impl Csrf {
    /// Reads the message's fields.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let enabled = Percent::read_runtime(fields.require("filter_enabled")?)?;
        let shadow = fields.take("shadow_enabled").map(Percent::read_runtime);
        let origins = list(fields, "additional_origins")?.iter();
        Ok(Self {
            enabled,
            shadow: shadow.transpose()?.unwrap_or_default(),
            origins: origins.map(read_text_match).collect::<Result<_, _>>()?,
        })
    }
}
