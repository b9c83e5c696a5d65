//! Typed readers of a node: each says what stands there and what was expected.

use super::{Key, Node, Value};
use crate::model::Problem;

impl Node {
    /// What stands here, for messages: `a map`, `the number 3`.
    pub fn kind(&self) -> String {
        match &self.value {
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
            Value::Scalar { .. } if self.is_null() => "nothing".to_owned(),
            Value::Scalar { text, .. } => {
                let mut short: String = text.chars().take(40).collect();
                if short.len() < text.len() {
                    short.push('…');
                }
                format!(
                    "`{}`",
                    short
                        .escape_debug()
                        .to_string()
                        .replace("\\\"", "\"")
                        .replace("\\'", "'")
                )
            }
        }
    }

    /// The problem that something else than `expected` stands here.
    pub fn expected(&self, expected: &str) -> Problem {
        Problem::at(
            &self.place,
            format!("expected {expected}, found {}", self.kind()),
            "",
        )
    }

    /// Whether the value is null: absent, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, quoted: false } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Whether a plain scalar would be a number or a boolean rather than a string in JSON.
    pub fn is_number_or_bool(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, quoted: false }
            if matches!(text.as_str(), "true" | "false") || text.parse::<i64>().is_ok() || is_float(text))
    }

    /// The value of a key, when this is a map that has it.
    pub fn get(&self, name: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries
                .iter()
                .find(|(key, _)| key.text == name)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// A scalar as text, whatever it looks like; an unquoted number is its digits.
    ///
    /// # Errors
    /// When it is null, a list or a map.
    pub fn as_str(&self) -> Result<&str, Problem> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Ok(text),
            _ => Err(self.expected("text")),
        }
    }

    /// A scalar that is a string in JSON too, as a Protobuf string field wants it.
    ///
    /// # Errors
    /// As [`Node::as_str`], and for an unquoted number or boolean.
    pub fn as_string_field(&self) -> Result<&str, Problem> {
        if self.is_number_or_bool() {
            return Err(Problem::at(
                &self.place,
                format!("expected text, found {} without quotes", self.kind()),
                "Put it in quotes.",
            ));
        }
        self.as_str()
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// For anything else, `yes` and `"true"` included.
    pub fn as_bool(&self) -> Result<bool, Problem> {
        match &self.value {
            Value::Scalar {
                text,
                quoted: false,
            } if text == "true" => Ok(true),
            Value::Scalar {
                text,
                quoted: false,
            } if text == "false" => Ok(false),
            _ => Err(self.expected("true or false")),
        }
    }

    /// A whole number from 0.
    ///
    /// # Errors
    /// For anything else.
    pub fn as_u64(&self) -> Result<u64, Problem> {
        self.whole("a whole number from 0")
    }

    /// A whole number from 0 that fits 32 bits.
    ///
    /// # Errors
    /// For anything else.
    pub fn as_u32(&self) -> Result<u32, Problem> {
        self.whole("a whole number from 0 to 4294967295")
    }

    /// A whole number.
    ///
    /// # Errors
    /// For anything else.
    pub fn as_i64(&self) -> Result<i64, Problem> {
        self.whole("a whole number")
    }

    /// A whole number from 0 for counts and indices.
    ///
    /// # Errors
    /// For anything else.
    pub fn as_usize(&self) -> Result<usize, Problem> {
        self.whole("a whole number from 0")
    }

    /// A number.
    ///
    /// # Errors
    /// For anything else.
    pub fn as_f64(&self) -> Result<f64, Problem> {
        match &self.value {
            Value::Scalar {
                text,
                quoted: false,
            } if text.parse::<i64>().is_ok() || is_float(text) => {
                text.parse().map_err(|_| self.expected("a number"))
            }
            _ => Err(self.expected("a number")),
        }
    }

    /// A duration in nanoseconds: `5s`, `0.25s`, `80ms`, `10us`, `7ns`, `2m`, `1h`.
    ///
    /// # Errors
    /// For anything else, bare numbers included: a unit must be there.
    pub fn as_duration_ns(&self) -> Result<u64, Problem> {
        const UNITS: [(&str, u64); 6] = [
            ("ns", 1),
            ("us", 1_000),
            ("ms", 1_000_000),
            ("s", 1_000_000_000),
            ("m", 60_000_000_000),
            ("h", 3_600_000_000_000),
        ];
        self.with_unit(&UNITS)
            .ok_or_else(|| self.expected("a duration such as 5s, 0.25s or 80ms"))
    }

    /// A duration of Protobuf's JSON in nanoseconds: `5s`, `0.25s`; seconds only, as Envoy reads it.
    ///
    /// # Errors
    /// For anything else.
    pub fn as_proto_duration_ns(&self) -> Result<u64, Problem> {
        self.with_unit(&[("s", 1_000_000_000)]).ok_or_else(|| {
            Problem::at(
                &self.place,
                format!(
                    "expected a duration in seconds such as 5s or 0.25s, found {}",
                    self.kind()
                ),
                "Envoy reads durations in seconds only: 80ms is 0.08s.",
            )
        })
    }

    /// A size in bytes: `512`, `64B`, `64KB`, `2MB` (powers of 1024), `64KiB`, `2MiB`.
    ///
    /// # Errors
    /// For anything else.
    pub fn as_size(&self) -> Result<u64, Problem> {
        const UNITS: [(&str, u64); 8] = [
            ("B", 1),
            ("KB", 1 << 10),
            ("MB", 1 << 20),
            ("GB", 1 << 30),
            ("KiB", 1 << 10),
            ("MiB", 1 << 20),
            ("GiB", 1 << 30),
            ("", 1),
        ];
        self.with_unit(&UNITS)
            .ok_or_else(|| self.expected("a size such as 512, 64KB or 2MB"))
    }

    /// The items of a list.
    ///
    /// # Errors
    /// When it is no list.
    pub fn as_list(&self) -> Result<&[Node], Problem> {
        match &self.value {
            Value::List(list) => Ok(list),
            _ => Err(self.expected("a list")),
        }
    }

    /// The entries of a map, in order.
    ///
    /// # Errors
    /// When it is no map.
    pub fn as_map(&self) -> Result<&[(Key, Node)], Problem> {
        match &self.value {
            Value::Map(entries) => Ok(entries),
            _ => Err(self.expected("a map")),
        }
    }

    fn whole<T: std::str::FromStr>(&self, expected: &str) -> Result<T, Problem> {
        match &self.value {
            Value::Scalar {
                text,
                quoted: false,
            } if !text.starts_with('+') => text.parse().map_err(|_| self.expected(expected)),
            _ => Err(self.expected(expected)),
        }
    }

    /// `digits[.digits]unit`, exactly: no floating point on the way.
    fn with_unit(&self, units: &[(&str, u64)]) -> Option<u64> {
        let Value::Scalar { text, .. } = &self.value else {
            return None;
        };
        let split = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let factor = units.iter().find(|(name, _)| *name == unit.trim_start())?.1;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() || number.ends_with('.') || fraction.len() > 9 {
            return None;
        }
        let whole: u64 = whole.parse().ok()?;
        let mut total = u128::from(whole) * u128::from(factor);
        if !fraction.is_empty() {
            let digits: u64 = fraction.parse().ok()?;
            total += u128::from(digits) * u128::from(factor) / 10_u128.pow(fraction.len() as u32);
        }
        u64::try_from(total).ok()
    }
}

/// Whether YAML's core schema reads the text as a float.
fn is_float(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && text.chars().any(|c| c.is_ascii_digit())
        && text.parse::<f64>().is_ok()
}
