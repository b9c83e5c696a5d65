//! `FractionalPercent` and its `RuntimeFractionalPercent`.

use crate::model::Problem;
use crate::model::yaml::{Fields, Node};

/// A share of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Percent {
    /// How many of `denominator`; more than that is all.
    pub(crate) numerator: u32,
    /// 100, 10 000 or 1 000 000.
    pub(crate) denominator: u32,
}

impl Percent {
    /// Reads a `FractionalPercent`.
    pub(super) fn read(node: &Node) -> Result<Self, Problem> {
        let mut fields = Fields::of_message(node)?;
        let numerator = fields.take("numerator").map_or(Ok(0), Node::as_u32)?;
        let denominator = match fields.take("denominator") {
            None => 100,
            Some(node) => match node.as_str()? {
                "HUNDRED" | "0" => 100,
                "TEN_THOUSAND" | "1" => 10_000,
                "MILLION" | "2" => 1_000_000,
                _ => return Err(node.expected("HUNDRED, TEN_THOUSAND or MILLION")),
            },
        };
        fields.finish()?;
        Ok(Self {
            numerator,
            denominator,
        })
    }

    /// Reads a `RuntimeFractionalPercent`. No runtime is configured, as `layered_runtime` is refused,
    /// so `runtime_key` changes nothing and the default holds.
    pub(super) fn read_runtime(node: &Node) -> Result<Self, Problem> {
        let mut fields = Fields::of_message(node)?;
        let key = fields.take("runtime_key");
        key.map(Node::as_string_field).transpose()?;
        let percent = Self::read(fields.require("default_value")?)?;
        fields.finish()?;
        Ok(percent)
    }
}
