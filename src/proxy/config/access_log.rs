//! `access_log`: the loggers of a connection manager and the shape of their lines.

use super::any::{typed, typed_as};
use super::{Format, Plugin, not_one_of, not_simulated, refuse, wasm};
use crate::model::Problem;
use crate::model::yaml::{Fields, Node, Value};

/// An access logger.
#[derive(Clone, Debug)]
pub(crate) enum Logger {
    /// A line of this shape.
    Line(Line),
    /// A plugin's `on_log`.
    Wasm(Box<Plugin>),
}

/// The shape of a line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Text, or JSON.
    pub(crate) shape: Shape,
    /// `omit_empty_values`: what is not there leaves nothing, instead of `-` or null.
    pub(crate) omit_empty: bool,
}

/// Text or JSON.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// Text; in JSON a string, or the operator's own type where one operator is all.
    Text(Format),
    /// A number or a flag of `json_format`, as it stands there.
    Plain(String),
    /// An object, sorted by key, as Envoy writes it.
    Map(Vec<(String, Shape)>),
    /// A list.
    List(Vec<Shape>),
}

/// Reads `access_log`.
pub(super) fn read_access_logs(node: &Node) -> Result<Vec<Logger>, Problem> {
    node.as_list()?.iter().map(read_logger).collect()
}

fn read_logger(item: &Node) -> Result<Logger, Problem> {
    const PREFIX: &str = "envoy.extensions.access_loggers.";
    let mut fields = Fields::of_message(item)?;
    fields.require("name")?.as_string_field()?;
    if let Some(filter) = fields.take("filter") {
        return Err(not_simulated(&filter.place, "an access log filter"));
    }
    let config = fields.require("typed_config")?;
    fields.finish()?;
    if let Ok((name, mut fields)) = typed(config)
        && name == "envoy.extensions.access_loggers.wasm.v3.WasmAccessLog"
    {
        let plugin = wasm::read_plugin(fields.require("config")?)?;
        fields.finish()?;
        return Ok(Logger::Wasm(Box::new(plugin)));
    }
    let names = [
        "stream.v3.StdoutAccessLog",
        "stream.v3.StderrAccessLog",
        "file.v3.FileAccessLog",
    ]
    .map(|name| format!("{PREFIX}{name}"));
    let (name, mut fields) = typed_as(config, &names.each_ref().map(String::as_str))?;
    if name == names[2] {
        fields.require("path")?.as_string_field()?;
    }
    let line = match fields.take("log_format") {
        Some(format) => read_line(format)?,
        None => Line {
            shape: Shape::Text(Format::usual()),
            omit_empty: false,
        },
    };
    refuse(
        &fields,
        &["format", "json_format", "typed_json_format"],
        "an access log (write `log_format`)",
    )?;
    fields.finish()?;
    Ok(Logger::Line(line))
}

/// A `SubstitutionFormatString`.
fn read_line(node: &Node) -> Result<Line, Problem> {
    let mut fields = Fields::of_message(node)?;
    let text = fields.take("text_format");
    let source = fields.take("text_format_source");
    let json = fields.take("json_format");
    let omit = fields.take("omit_empty_values");
    let omit_empty = omit.map_or(Ok(false), Node::as_bool)?;
    refuse(
        &fields,
        &["content_type", "formatters", "json_format_options"],
        "a log format",
    )?;
    fields.finish()?;
    let shape = match (text, source, json) {
        (Some(text), None, None) => Shape::Text(Format::read(text)?),
        (None, Some(source), None) => {
            let mut inner = Fields::of_message(source)?;
            let text = inner.require("inline_string")?;
            inner.finish()?;
            Shape::Text(Format::read(text)?)
        }
        (None, None, Some(json)) => {
            json.as_map()?;
            read_json(json)?
        }
        _ => {
            return Err(not_one_of(
                &node.place,
                "text_format, text_format_source and json_format",
            ));
        }
    };
    Ok(Line { shape, omit_empty })
}

fn read_json(node: &Node) -> Result<Shape, Problem> {
    Ok(match &node.value {
        Value::Map(entries) => {
            let pairs = entries
                .iter()
                .map(|(key, value)| Ok((key.text.clone(), read_json(value)?)));
            let mut pairs = pairs.collect::<Result<Vec<_>, Problem>>()?;
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            Shape::Map(pairs)
        }
        Value::List(items) => Shape::List(items.iter().map(read_json).collect::<Result<_, _>>()?),
        Value::Scalar { text, .. } if node.is_number_or_bool() => Shape::Plain(text.clone()),
        Value::Scalar { .. } => Shape::Text(Format::read(node)?),
    })
}
