//! `typed_per_filter_config`: what a route says of filters.
//!
//! Envoy's Wasm filter has no configuration of its own for a route. What a route can say of it is
//! `FilterConfig`: that it is off, or on where `disabled: true` has it off.

use super::any::typed;
use super::not_simulated;
use crate::model::yaml::{Fields, Node};
use crate::model::{Place, Problem};

/// What one place says: each filter by its configured name, and whether it is off.
#[derive(Clone, Debug, Default)]
pub(crate) struct PerRoute(pub(crate) Vec<(String, bool, Place)>);

const FILTER_CONFIG: &str = "envoy.config.route.v3.FilterConfig";

impl PerRoute {
    /// Reads the map.
    ///
    /// # Errors
    /// Envoy's own refusals, and configurations of filters that are not simulated.
    pub(super) fn read(node: Option<&Node>) -> Result<Self, Problem> {
        let mut found = Vec::new();
        for (key, value) in node.map_or(Ok(&[][..]), Node::as_map)? {
            let off = read_one(&key.text, value)?;
            found.push((key.text.clone(), off, key.place.clone()));
        }
        Ok(Self(found))
    }

    /// Whether a filter is off here; `None` when nothing is said of it.
    pub(crate) fn off(&self, filter: &str) -> Option<bool> {
        let mut entries = self.0.iter();
        entries
            .find(|(name, ..)| name == filter)
            .map(|(_, off, _)| *off)
    }
}

fn read_one(name: &str, node: &Node) -> Result<bool, Problem> {
    let (kind, mut fields) = typed(node)?;
    if kind != FILTER_CONFIG {
        return Err(unsupported(name, node, kind));
    }
    let off = flag(&mut fields, "disabled")?;
    let optional = flag(&mut fields, "is_optional")?;
    let inner = fields.take("config");
    fields.finish()?;
    match inner {
        _ if off => Ok(true),
        None => Err(Problem::at(
            &node.place,
            format!("Empty route/virtual host per filter configuration for {name} filter"),
            "Write `disabled: true` to turn it off here, or `config: {}` to turn it on.",
        )),
        // An empty `Any` is a filter that is on.
        Some(inner) if inner.as_map()?.is_empty() => Ok(false),
        Some(inner) => {
            let (kind, _) = typed(inner)?;
            match optional {
                true => Ok(false),
                false => Err(unsupported(name, inner, kind)),
            }
        }
    }
}

fn flag(fields: &mut Fields<'_>, name: &'static str) -> Result<bool, Problem> {
    fields.take(name).map_or(Ok(false), Node::as_bool)
}

fn unsupported(name: &str, node: &Node, kind: &str) -> Problem {
    let place = node.get("@type").map_or(&node.place, |n| &n.place);
    let known = ["wasm.v3.Wasm", "router.v3.Router"];
    if known.iter().any(|known| kind.ends_with(known)) {
        return Problem::at(
            place,
            format!(
                "The filter {name} doesn't support virtual host or route specific configurations"
            ),
            format!("`{FILTER_CONFIG}` with `disabled` is what a route can say of it."),
        );
    }
    not_simulated(place, &format!("the filter configuration `{kind}`"))
}
