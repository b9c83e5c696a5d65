//! `envoy.filters.http.lua`: which scripts there are, and which of them a route has run.

use super::text;
use crate::model::yaml::{Fields, Node};
use crate::model::{Place, Problem};
use crate::proxy::config::{Struct, refuse};

/// The filter.
#[derive(Clone, Debug)]
pub(crate) struct Lua {
    /// `default_source_code`, or `inline_code`.
    pub(crate) default: Option<Script>,
    /// `source_codes`, by name.
    pub(crate) named: Vec<(String, Script)>,
    /// `stat_prefix`.
    pub(crate) stat_prefix: String,
    /// `clear_route_cache`.
    pub(crate) clear_route_cache: bool,
}

/// A script.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// Where its text is.
    pub(crate) code: Code,
    /// Where it begins, once it was loaded.
    pub(crate) place: Place,
    /// Its number among all scripts of the configuration, once it was loaded.
    pub(crate) number: usize,
}

/// Where a script's text is.
#[derive(Clone, Debug)]
pub(crate) enum Code {
    /// Here.
    Text(String),
    /// In a file of the lab.
    File(String),
}

/// What a route says.
#[derive(Clone, Debug)]
pub(crate) struct LuaRoute {
    /// What runs.
    pub(crate) choice: Choice,
    /// `filter_context`.
    pub(crate) context: Struct,
}

/// What a route has run.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    /// The filter's own script.
    Own,
    /// Nothing.
    Disabled,
    /// A script of `source_codes`; an unknown name is nothing.
    Named(String),
    /// A script of the route's.
    Script(Script),
}

impl Lua {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let inline = fields
            .take_entry("inline_code")
            .filter(|(_, node)| !node.is_null());
        let mut default = None;
        if let Some((_, node)) = inline {
            default = Some(Script::of(node)?);
        }
        if let Some(node) = fields.take("default_source_code") {
            if let Some((key, _)) = inline {
                return Err(Problem::at(
                    &key.place,
                    "Error: Only one of `inline_code` or `default_source_code` can be set for the Lua filter.",
                    "`inline_code` is the older of the two: take it out.",
                ));
            }
            default = Some(Script::read(node)?);
        }
        let mut named = Vec::new();
        if let Some(node) = fields.take("source_codes") {
            for (key, node) in node.as_map()? {
                named.push((key.text.clone(), Script::read(node)?));
            }
        }
        let clear = fields.take("clear_route_cache");
        Ok(Self {
            default,
            named,
            stat_prefix: text(fields, "stat_prefix")?,
            clear_route_cache: clear.map_or(Ok(true), Node::as_bool)?,
        })
    }
}

impl LuaRoute {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let set = ["disabled", "name", "source_code"];
        let given = set.map(|name| fields.take_entry(name).filter(|(_, node)| !node.is_null()));
        if let [_, Some((key, _)), Some(_)]
        | [Some(_), Some((key, _)), _]
        | [Some(_), _, Some((key, _))] = given
        {
            return Err(Problem::at(
                &key.place,
                "a second one of disabled, name and source_code",
                "A route names one of them.",
            ));
        }
        let choice = match given {
            [Some((_, node)), ..] => match node.as_bool()? {
                true => Choice::Disabled,
                // Envoy's rule for the field is `const: true`.
                false => return Err(node.expected("true")),
            },
            [_, Some((_, node)), _] => Choice::Named(node.as_string_field()?.to_owned()),
            [.., Some((_, node))] => Choice::Script(Script::read(node)?),
            _ => Choice::Own,
        };
        let context = fields.take("filter_context");
        Ok(Self {
            choice,
            context: context.map(Struct::read).transpose()?.unwrap_or_default(),
        })
    }
}

impl Script {
    /// A script that stands in a field itself.
    fn of(node: &Node) -> Result<Self, Problem> {
        Ok(Self {
            code: Code::Text(node.as_str()?.to_owned()),
            place: node.place.clone(),
            number: 0,
        })
    }

    /// A `DataSource`.
    fn read(node: &Node) -> Result<Self, Problem> {
        let mut fields = Fields::of_message(node)?;
        let inline = fields.take("inline_string");
        let file = fields.take("filename");
        refuse(
            &fields,
            &["environment_variable", "inline_bytes", "watched_directory"],
            "a script",
        )?;
        fields.finish()?;
        match (inline, file) {
            (Some(node), None) => Self::of(node),
            (None, Some(node)) => Ok(Self {
                code: Code::File(node.as_string_field()?.to_owned()),
                place: node.place.clone(),
                number: 0,
            }),
            (Some(_), Some(node)) => Err(Problem::at(
                &node.place,
                "a second source of one script",
                "Keep `inline_string` or `filename`.",
            )),
            (None, None) => Err(Problem::at(
                &node.place,
                "the script has no source",
                "Give it `inline_string` or `filename`.",
            )),
        }
    }
}
