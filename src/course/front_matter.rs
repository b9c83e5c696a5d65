//! The YAML between two lines of `---` that begins every lesson and every part.

use crate::model::yaml::{Fields, Node, parse};
use crate::model::{Place, Problem};

/// What a lesson says of itself.
#[derive(Clone, Debug, Default)]
pub struct FrontMatter {
    /// Stable, unique in the course.
    pub id: String,
    /// Where the id stands.
    pub id_place: Place,
    /// The page's heading.
    pub title: String,
    /// What the learner can do afterwards: a phrase that completes "You will".
    pub goal: String,
    /// About how long it takes.
    pub minutes: u32,
    /// Ids of lessons to do before, and where they stand.
    pub needs: Vec<(String, Place)>,
    /// `core` or `extra`.
    pub kind: String,
    /// The misconceptions that it removes: `M25`.
    pub misconceptions: Vec<String>,
    /// Primary sources of its facts: https addresses.
    pub sources: Vec<String>,
}

/// What a part says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct PartMatter {
    /// Stable, unique among parts.
    pub(super) id: String,
    /// Its title.
    pub(super) title: String,
}

/// A file's front matter as a tree, and the text behind it.
#[derive(Debug)]
pub(super) struct Split<'a> {
    /// The front matter.
    pub(super) node: Node,
    /// The text.
    pub(super) body: &'a str,
    /// The file and line of the text's first character.
    pub(super) start: Place,
}

/// Splits a file into front matter and text.
///
/// # Errors
/// When the lines of `---` are not there, or there is no YAML between them.
pub(super) fn split<'a>(file: &str, text: &'a str) -> Result<Split<'a>, Problem> {
    let at = Place {
        file: file.to_string(),
        line: 1,
        column: 1,
    };
    let (yaml, body) = text
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .ok_or_else(|| {
            let help =
                "Begin with a line `---`, then `id: …` and the other keys, then a line `---`.";
            Problem::at(&at, "expected front matter", help)
        })?;
    let line = text[..text.len() - body.len()].matches('\n').count() as u32 + 1;
    // The empty line stands for the opening `---`, so that lines are those of the file.
    let node = parse(file, &format!("\n{yaml}\n"))?;
    let start = Place { line, ..at };
    Ok(Split { node, body, start })
}

impl FrontMatter {
    /// Reads a lesson's front matter.
    ///
    /// # Errors
    /// The first key that is missing, unknown or not as it should be.
    pub(super) fn read(node: &Node) -> Result<Self, Problem> {
        let mut fields = Fields::of(node)?;
        let id_node = fields.require("id")?;
        let matter = Self {
            id: read_id(id_node)?,
            id_place: id_node.place.clone(),
            title: fields.require("title")?.as_str()?.to_string(),
            goal: fields.require("goal")?.as_str()?.to_string(),
            minutes: read_minutes(fields.require("minutes")?)?,
            needs: read_list(fields.require("needs")?, read_id)?,
            kind: read_kind(fields.require("kind")?)?,
            misconceptions: match fields.take("misconceptions") {
                Some(node) => strings(read_list(node, read_misconception)?),
                None => Vec::new(),
            },
            sources: strings(read_list(fields.require("sources")?, read_source)?),
        };
        fields.finish()?;
        Ok(matter)
    }
}

impl PartMatter {
    /// Reads a part's front matter.
    ///
    /// # Errors
    /// As [`FrontMatter::read`].
    pub(super) fn read(node: &Node) -> Result<Self, Problem> {
        let mut fields = Fields::of(node)?;
        let matter = Self {
            id: read_id(fields.require("id")?)?,
            title: fields.require("title")?.as_str()?.to_string(),
        };
        fields.finish()?;
        Ok(matter)
    }
}

fn read_id(node: &Node) -> Result<String, Problem> {
    let id = node.as_str()?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !id.is_empty() && id.chars().all(fits) {
        return Ok(id.to_string());
    }
    Err(node.expected("an id of lower-case letters, digits and hyphens"))
}

fn read_minutes(node: &Node) -> Result<u32, Problem> {
    match node.as_u32()? {
        minutes @ 1..=30 => Ok(minutes),
        _ => Err(node.expected("1 to 30 minutes")),
    }
}

fn read_kind(node: &Node) -> Result<String, Problem> {
    match node.as_str()? {
        kind @ ("core" | "extra") => Ok(kind.to_string()),
        _ => Err(node.expected("`core` or `extra`")),
    }
}

fn read_misconception(node: &Node) -> Result<String, Problem> {
    let id = node.as_str()?;
    match id.strip_prefix('M').map(str::parse::<u8>) {
        Some(Ok(1..=40)) => Ok(id.to_string()),
        _ => Err(node.expected("a misconception from M1 to M40")),
    }
}

fn read_source(node: &Node) -> Result<String, Problem> {
    let source = node.as_str()?;
    let host = source.strip_prefix("https://").unwrap_or_default();
    if host.is_empty() || source.contains(char::is_whitespace) {
        return Err(node.expected("an https address"));
    }
    Ok(source.to_string())
}

fn read_list(
    node: &Node,
    read: fn(&Node) -> Result<String, Problem>,
) -> Result<Vec<(String, Place)>, Problem> {
    let item = |node: &Node| Ok((read(node)?, node.place.clone()));
    node.as_list()?.iter().map(item).collect()
}

fn strings(list: Vec<(String, Place)>) -> Vec<String> {
    list.into_iter().map(|(text, _)| text).collect()
}
