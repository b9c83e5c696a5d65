//! `typed_per_filter_config`: what a route says of filters.
//!
//! Envoy's Wasm filter has no configuration of its own for a route. What a route can say of it is
//! `FilterConfig`: that it is off, or on where `disabled: true` has it off. Native filters have
//! messages of their own for routes, bare or within a `FilterConfig`.

use super::any::{type_place, typed, unknown_type};
use super::native::{self, NativeRoute};
use crate::model::yaml::{Fields, Node};
use crate::model::{Place, Problem};

/// What one place says of filters, in its order.
#[derive(Clone, Debug, Default)]
pub(crate) struct PerRoute(pub(crate) Vec<Entry>);

/// What one place says of one filter.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The filter's configured name.
    pub(crate) filter: String,
    /// Whether it is off.
    pub(crate) off: bool,
    /// Its settings here.
    pub(crate) config: Option<NativeRoute>,
    /// Where its name stands.
    pub(crate) place: Place,
}

const FILTER_CONFIG: &str = "envoy.config.route.v3.FilterConfig";

impl PerRoute {
    /// Reads the map.
    ///
    /// # Errors
    /// Envoy's own refusals, and configurations of filters that are not simulated.
    pub(super) fn read(node: Option<&Node>) -> Result<Self, Problem> {
        let mut found = Vec::new();
        for (key, value) in node.map_or(Ok(&[][..]), Node::as_map)? {
            let (off, config) = read_one(&key.text, value)?;
            found.push(Entry {
                filter: key.text.clone(),
                off,
                config,
                place: key.place.clone(),
            });
        }
        Ok(Self(found))
    }

    /// Whether a filter is off here; `None` when nothing is said of it.
    pub(crate) fn off(&self, filter: &str) -> Option<bool> {
        self.of(filter).map(|entry| entry.off)
    }

    /// What is said of a filter.
    pub(crate) fn of(&self, filter: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.filter == filter)
    }
}

/// Whether the filter is off, and its settings.
fn read_one(name: &str, node: &Node) -> Result<(bool, Option<NativeRoute>), Problem> {
    let (kind, mut fields) = typed(node)?;
    if native::ROUTE_TYPES.contains(&kind) {
        return Ok((false, native::read_route(kind, fields)?));
    }
    if kind != FILTER_CONFIG {
        return Err(unsupported(name, node, kind));
    }
    let off = flag(&mut fields, "disabled")?;
    let optional = flag(&mut fields, "is_optional")?;
    let inner = fields.take("config");
    fields.finish()?;
    match inner {
        _ if off => Ok((true, None)),
        None => Err(Problem::at(
            &node.place,
            format!("Empty route/virtual host per filter configuration for {name} filter"),
            "Write `disabled: true` to turn it off here, or `config: {}` to turn it on.",
        )),
        // An empty `Any` is a filter that is on.
        Some(inner) if inner.as_map()?.is_empty() => Ok((false, None)),
        Some(inner) => {
            let (kind, fields) = typed(inner)?;
            match native::read_route(kind, fields)? {
                Some(config) => Ok((false, Some(config))),
                None if optional => Ok((false, None)),
                None => Err(unsupported(name, inner, kind)),
            }
        }
    }
}

fn flag(fields: &mut Fields<'_>, name: &'static str) -> Result<bool, Problem> {
    fields.take(name).map_or(Ok(false), Node::as_bool)
}

fn unsupported(name: &str, node: &Node, kind: &str) -> Problem {
    let known = ["wasm.v3.Wasm", "router.v3.Router"];
    if known.iter().any(|known| kind.ends_with(known)) {
        return Problem::at(
            type_place(node),
            format!(
                "The filter {name} doesn't support virtual host or route specific configurations"
            ),
            format!("`{FILTER_CONFIG}` with `disabled` is what a route can say of it."),
        );
    }
    let (slip, what) = ("filter configuration", "the filter configuration");
    unknown_type(node, kind, &native::ROUTE_TYPES, slip, what)
}
