//! `Buffer` and `BufferPerRoute`.

use super::flag;
use crate::model::Problem;
use crate::model::yaml::Fields;
use crate::proxy::config::not_one_of;

/// What a route says of the buffer filter.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BufferRoute {
    /// It is off.
    Disabled,
    /// Another limit, in bytes.
    Limit(u32),
}

/// `max_request_bytes`, which must be there and above 0.
pub(super) fn read_limit(fields: &mut Fields<'_>) -> Result<u32, Problem> {
    let node = fields.require("max_request_bytes")?;
    match node.as_u32()? {
        0 => Err(node.expected("a number of bytes above 0")),
        bytes => Ok(bytes),
    }
}

impl BufferRoute {
    /// Reads a `BufferPerRoute`.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let disabled = flag(fields, "disabled")?;
        let buffer = fields.take("buffer");
        match (disabled, buffer) {
            (true, None) => Ok(Self::Disabled),
            (false, Some(node)) => {
                let mut fields = Fields::of_message(node)?;
                let limit = read_limit(&mut fields)?;
                fields.finish()?;
                Ok(Self::Limit(limit))
            }
            _ => Err(not_one_of(
                &fields.node().place,
                "`disabled: true` and `buffer`",
            )),
        }
    }
}
