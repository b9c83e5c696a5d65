//! What a route's `match` asks of a request, and matchers of headers wherever they stand.

use super::{Item, Metadata, not_one_of, one_of, refuse};
use crate::model::Problem;
use crate::model::yaml::{Fields, Node};
use crate::proxy::lookup::text_matches;
use regex_lite::Regex;

/// How a path is compared, query left out.
#[derive(Clone, Debug)]
pub(crate) enum PathMatch {
    /// It begins with this.
    Prefix(String),
    /// It is this.
    Exact(String),
    /// It is this, or goes on with `/`.
    Separated(String),
    /// The whole of it matches.
    Regex(Regex),
}

/// A condition on a header.
#[derive(Clone, Debug)]
pub(crate) struct HeaderMatch {
    /// The header.
    pub(crate) name: String,
    /// How its value is compared; `None` asks for presence alone.
    pub(crate) text: Option<TextMatch>,
    /// Whether it must be there (`present_match`).
    pub(crate) present: bool,
    /// `invert_match`.
    pub(crate) invert: bool,
}

/// `envoy.type.matcher.v3.StringMatcher`.
#[derive(Clone, Debug)]
pub(crate) enum TextMatch {
    /// Equal.
    Exact(String, bool),
    /// Begins with.
    Prefix(String, bool),
    /// Ends with.
    Suffix(String, bool),
    /// Has somewhere.
    Contains(String, bool),
    /// The whole matches.
    Regex(Regex),
}

/// `envoy.type.matcher.v3.MetadataMatcher`: a value at the end of a path.
#[derive(Clone, Debug)]
pub(crate) struct MetadataMatch {
    /// The namespace and the keys in it.
    pub(crate) keys: Vec<String>,
    /// What the value is to be.
    pub(crate) value: ValueMatch,
    /// `invert`.
    pub(crate) invert: bool,
}

/// `envoy.type.matcher.v3.ValueMatcher`.
#[derive(Clone, Debug)]
pub(crate) enum ValueMatch {
    /// Null, and there.
    Null,
    /// A text.
    Text(TextMatch),
    /// A number: exactly this, or from the first and below the second.
    Number(f64, f64),
    /// A bool.
    Bool(bool),
    /// Anything that is there; false fits nothing.
    Present(bool),
    /// A list with such an item.
    OneOf(Box<ValueMatch>),
    /// One of these.
    Any(Vec<ValueMatch>),
}

impl MetadataMatch {
    /// Whether metadata is as it wants it.
    pub(crate) fn fits(&self, metadata: &Metadata) -> bool {
        let found = self.keys.split_first();
        let found = found.and_then(|(space, path)| metadata.find(space, path));
        self.value.fits(found.as_ref()) != self.invert
    }
}

impl ValueMatch {
    fn fits(&self, value: Option<&Item>) -> bool {
        match (self, value) {
            (Self::Any(all), _) => all.iter().any(|one| one.fits(value)),
            (Self::Null, Some(Item::Null)) => true,
            (Self::Text(text), Some(Item::Text(value))) => text_matches(text, value),
            (Self::Number(from, to), Some(Item::Number(n))) => n == from || n > from && n < to,
            (Self::Bool(wanted), Some(Item::Bool(flag))) => wanted == flag,
            (Self::Present(wanted), Some(_)) => *wanted,
            (Self::OneOf(one), Some(Item::List(items))) => {
                items.iter().any(|item| one.fits(Some(item)))
            }
            _ => false,
        }
    }
}

/// Reads a `MetadataMatcher`.
pub(super) fn read_metadata_match(node: &Node) -> Result<MetadataMatch, Problem> {
    let mut fields = Fields::of_message(node)?;
    let space = fields.require("filter")?;
    let keys = read_metadata_keys(space, fields.require("path")?)?;
    let value = read_value_match(fields.require("value")?)?;
    let invert = fields.take("invert").map_or(Ok(false), Node::as_bool)?;
    fields.finish()?;
    Ok(MetadataMatch {
        keys,
        value,
        invert,
    })
}

/// A namespace and the `key`s of a path in it.
pub(super) fn read_metadata_keys(space: &Node, path: &Node) -> Result<Vec<String>, Problem> {
    let mut keys = vec![space.as_string_field()?.to_owned()];
    for segment in path.as_list()? {
        let mut fields = Fields::of_message(segment)?;
        keys.push(fields.require("key")?.as_string_field()?.to_owned());
        fields.finish()?;
    }
    match keys.len() {
        1 => Err(path.expected("a list of at least one key")),
        _ => Ok(keys),
    }
}

fn read_value_match(node: &Node) -> Result<ValueMatch, Problem> {
    const KNOWN: [&str; 7] = [
        "null_match",
        "double_match",
        "string_match",
        "bool_match",
        "present_match",
        "list_match",
        "or_match",
    ];
    let (name, node) = one_of(node, &KNOWN, &[], "a value matcher")?;
    let inner = |name| -> Result<&Node, Problem> {
        let mut fields = Fields::of_message(node)?;
        let inner = fields.require(name)?;
        fields.finish()?;
        Ok(inner)
    };
    Ok(match name {
        "null_match" => ValueMatch::Null,
        "double_match" if node.get("exact").is_some() => {
            let exact = inner("exact")?.as_f64()?;
            ValueMatch::Number(exact, exact)
        }
        "double_match" => {
            let mut fields = Fields::of_message(inner("range")?)?;
            let mut bound = |name| fields.take(name).map_or(Ok(0.0), Node::as_f64);
            let range = ValueMatch::Number(bound("start")?, bound("end")?);
            fields.finish()?;
            range
        }
        "string_match" => ValueMatch::Text(read_text_match(node)?),
        "bool_match" => ValueMatch::Bool(node.as_bool()?),
        "present_match" => ValueMatch::Present(node.as_bool()?),
        "list_match" => ValueMatch::OneOf(Box::new(read_value_match(inner("one_of")?)?)),
        _ => {
            let all = inner("value_matchers")?.as_list()?.iter();
            ValueMatch::Any(all.map(read_value_match).collect::<Result<_, _>>()?)
        }
    })
}

/// Fields of `RouteMatch` that Envoy knows and the simulator does not.
const NOT_HONOURED: [&str; 10] = [
    "case_sensitive",
    "connect_matcher",
    "cookies",
    "dynamic_metadata",
    "filter_state",
    "grpc",
    "path_match_policy",
    "query_parameters",
    "runtime_fraction",
    "tls_context",
];

/// Reads a `RouteMatch`.
pub(super) fn read_match(node: &Node) -> Result<(PathMatch, Vec<HeaderMatch>), Problem> {
    let mut fields = Fields::of_message(node)?;
    let prefix = fields.take("prefix");
    let exact = fields.take("path");
    let separated = fields.take("path_separated_prefix");
    let regex = fields.take("safe_regex");
    let headers = fields.take("headers");
    refuse(&fields, &NOT_HONOURED, "a route's match")?;
    fields.finish()?;
    let text = |node: &Node| node.as_string_field().map(str::to_owned);
    let path = match (prefix, exact, separated, regex) {
        (Some(n), None, None, None) => PathMatch::Prefix(text(n)?),
        (None, Some(n), None, None) => PathMatch::Exact(text(n)?),
        (None, None, Some(n), None) => PathMatch::Separated(text(n)?),
        (None, None, None, Some(n)) => PathMatch::Regex(read_regex(n)?),
        _ => {
            return Err(not_one_of(
                &node.place,
                "prefix, path, path_separated_prefix and safe_regex",
            ));
        }
    };
    let headers = headers
        .map_or(Ok(&[][..]), Node::as_list)?
        .iter()
        .map(read_header_match)
        .collect::<Result<_, _>>()?;
    Ok((path, headers))
}

/// RE2 matches the whole value.
fn read_regex(node: &Node) -> Result<Regex, Problem> {
    let mut fields = Fields::of_message(node)?;
    let regex = fields.require("regex")?;
    if let Some(engine) = fields.take("google_re2") {
        Fields::of_message(engine)?.finish()?;
    }
    fields.finish()?;
    let pattern = regex.as_str()?;
    Regex::new(&format!("^(?:{pattern})$"))
        .map_err(|e| Problem::at(&regex.place, format!("not a regular expression: {e}"), ""))
}

/// Reads a `HeaderMatcher`.
pub(super) fn read_header_match(node: &Node) -> Result<HeaderMatch, Problem> {
    let mut fields = Fields::of_message(node)?;
    let name = fields
        .require("name")?
        .as_string_field()?
        .to_ascii_lowercase();
    let text = fields
        .take("string_match")
        .map(read_text_match)
        .transpose()?;
    let present = fields
        .take("present_match")
        .map(Node::as_bool)
        .transpose()?;
    let invert = fields.take("invert_match").map(Node::as_bool).transpose()?;
    for old in [
        "exact_match",
        "prefix_match",
        "suffix_match",
        "contains_match",
        "safe_regex_match",
    ] {
        if let Some(value) = fields.take(old) {
            let word = old.trim_end_matches("_match");
            return Err(Problem::at(
                &value.place,
                format!("`{old}` is gone from current Envoy versions"),
                format!("Write `string_match: {{{word}: …}}`."),
            ));
        }
    }
    fields.finish()?;
    Ok(HeaderMatch {
        name,
        text,
        present: present.unwrap_or(true),
        invert: invert.unwrap_or(false),
    })
}

/// Reads a `StringMatcher`.
pub(super) fn read_text_match(node: &Node) -> Result<TextMatch, Problem> {
    let mut fields = Fields::of_message(node)?;
    let ignore_case = match fields.take("ignore_case") {
        Some(flag) => flag.as_bool()?,
        None => false,
    };
    let all = ["exact", "prefix", "suffix", "contains"].map(|name| fields.take(name));
    let regex = fields.take("safe_regex");
    fields.finish()?;
    let text = |node: &Node| node.as_string_field().map(str::to_owned);
    match (all, regex) {
        ([Some(n), None, None, None], None) => Ok(TextMatch::Exact(text(n)?, ignore_case)),
        ([None, Some(n), None, None], None) => Ok(TextMatch::Prefix(text(n)?, ignore_case)),
        ([None, None, Some(n), None], None) => Ok(TextMatch::Suffix(text(n)?, ignore_case)),
        ([None, None, None, Some(n)], None) => Ok(TextMatch::Contains(text(n)?, ignore_case)),
        ([None, None, None, None], Some(n)) => Ok(TextMatch::Regex(read_regex(n)?)),
        _ => Err(not_one_of(
            &node.place,
            "exact, prefix, suffix, contains and safe_regex",
        )),
    }
}
