//! Access log lines: text, or JSON whose values have the types of their operators.

use super::config::{Format, Line, Operator, Shape};
use super::shared::Shared;
use serde_json::Value;

/// Operators whose value is a number in JSON.
const NUMBERS: [&str; 18] = [
    "BYTES_RECEIVED",
    "BYTES_SENT",
    "CONNECTION_ID",
    "DOWNSTREAM_DIRECT_REMOTE_PORT",
    "DOWNSTREAM_LOCAL_PORT",
    "DOWNSTREAM_REMOTE_PORT",
    "DURATION",
    "REQUEST_DURATION",
    "REQUEST_HEADERS_BYTES",
    "REQUEST_TX_DURATION",
    "RESPONSE_CODE",
    "RESPONSE_DURATION",
    "RESPONSE_HEADERS_BYTES",
    "RESPONSE_TRAILERS_BYTES",
    "RESPONSE_TX_DURATION",
    "UPSTREAM_LOCAL_PORT",
    "UPSTREAM_REMOTE_PORT",
    "UPSTREAM_REQUEST_ATTEMPT_COUNT",
];

impl Shared {
    /// A line with a stream's values, without the end of line.
    pub(super) fn write_line(&self, index: usize, line: &Line) -> String {
        match &line.shape {
            Shape::Text(format) => {
                let mut text = match line.omit_empty {
                    true => self.write_value(index, format),
                    false => self.write_format(index, format),
                };
                if text.ends_with('\n') {
                    text.pop();
                }
                text
            }
            shape => self.write_json(index, shape, line.omit_empty).to_string(),
        }
    }

    fn write_json(&self, index: usize, shape: &Shape, omit: bool) -> Value {
        let write = |shape: &Shape| self.write_json(index, shape, omit);
        match shape {
            Shape::Plain(text) => serde_json::from_str(text).unwrap_or_default(),
            Shape::List(items) => items.iter().map(write).collect(),
            Shape::Map(pairs) => {
                let pairs = pairs.iter().map(|(key, shape)| (key.clone(), write(shape)));
                let kept = pairs.filter(|(_, value)| !(omit && value.is_null()));
                Value::Object(kept.collect())
            }
            Shape::Text(format) => self.write_typed(index, format, omit),
        }
    }

    /// One operator has its own type, and is null where it finds nothing; all else is a string.
    fn write_typed(&self, index: usize, format: &Format, omit: bool) -> Value {
        match &format.0[..] {
            [Operator::Text(text)] => text.as_str().into(),
            [Operator::Metadata(source, keys, _)] => {
                let found = self.metadata_at(index, *source, keys);
                found.map_or(Value::Null, |item| item.json())
            }
            [operator] => {
                let Some(text) = self.write_operator(index, operator) else {
                    return Value::Null;
                };
                let number = match operator {
                    Operator::Plain(name) => NUMBERS.contains(name),
                    Operator::Between(..) => true,
                    _ => false,
                };
                match text.parse::<i64>() {
                    Ok(number_of) if number => number_of.into(),
                    _ => text.into(),
                }
            }
            _ if omit => self.write_value(index, format).into(),
            _ => self.write_format(index, format).into(),
        }
    }
}
