//! From YAML text to a tree of nodes with places.
//!
//! Reads one document. Anchors and aliases work, within a budget, so that no small file grows
//! without bound; merge keys, tags of one's own and keys that are not scalars are refused in words.
//! Must not know what any key means.

use super::{Key, Node, Place, Value};
use crate::model::Problem;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Nesting that no hand-written file reaches.
const DEPTH_MAX: usize = 64;
/// Nodes after aliases are written out.
const NODES_MAX: usize = 200_000;

/// Reads the one YAML document of `text`; `file` is the name that places carry.
///
/// An empty document is a null scalar.
///
/// # Errors
/// The first thing that cannot be read, with its line and column.
pub fn parse(file: &str, text: &str) -> Result<Node, Problem> {
    let mut builder = Builder {
        file,
        open: Vec::new(),
        anchors: BTreeMap::new(),
        nodes: 0,
        root: None,
    };
    let mut documents = 0;
    let mut parser: Parser<'_, StrInput<'_>> = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|e| {
            let of_a_tab = |word: &str| matches!(word, "tab" | "tabs");
            let help = match e.info().split(' ').any(of_a_tab) {
                true => "Indent by spaces, here and on the line below.",
                false => "Check indentation, quotes and colons on this line and the one above.",
            };
            Problem::at(
                &builder.at(e.marker()),
                format!("not YAML: {}", e.info()),
                help,
            )
        })?;
        if let Event::DocumentStart(_) = event {
            documents += 1;
            if documents > 1 {
                return Err(Problem::at(
                    &builder.at(&span.start),
                    "a second YAML document",
                    "Keep one document in a file: remove the `---` and what follows.",
                ));
            }
        }
        builder.take(event, span)?;
    }
    Ok(builder.root.unwrap_or_else(|| Node {
        place: Place {
            file: file.to_owned(),
            line: 1,
            column: 1,
        },
        value: Value::Scalar {
            text: String::new(),
            quoted: false,
        },
    }))
}

struct Builder<'a> {
    file: &'a str,
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Node, usize)>,
    nodes: usize,
    root: Option<Node>,
}

/// A collection that has begun and not ended.
struct Open {
    place: Place,
    anchor: usize,
    nodes_before: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Map {
        entries: Vec<(Key, Node)>,
        seen: BTreeSet<String>,
        key: Option<Key>,
    },
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let as_text = self.tag(tag.as_deref(), &span)?;
                // The parser writes an absent value as a plain `~` of no length.
                let text = if span.is_empty() && style == ScalarStyle::Plain {
                    Cow::Borrowed("")
                } else {
                    text
                };
                let node = Node {
                    place: self.scalar_place(style, &text, &span),
                    value: Value::Scalar {
                        text: text.into_owned(),
                        quoted: as_text || style != ScalarStyle::Plain,
                    },
                };
                self.add(node, anchor, self.nodes)
            }
            Event::SequenceStart(anchor, tag) => {
                self.tag(tag.as_deref(), &span)?;
                self.begin(anchor, &span, Items::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.tag(tag.as_deref(), &span)?;
                let items = Items::Map {
                    entries: Vec::new(),
                    seen: BTreeSet::new(),
                    key: None,
                };
                self.begin(anchor, &span, items)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    let value = match open.items {
                        Items::List(list) => Value::List(list),
                        Items::Map { entries, .. } => Value::Map(entries),
                    };
                    self.add(
                        Node {
                            place: open.place,
                            value,
                        },
                        open.anchor,
                        open.nodes_before,
                    )
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(Problem::at(
                        &self.at(&span.start),
                        "an alias inside its own anchor",
                        "Write the value out.",
                    ));
                };
                self.nodes += size;
                self.budget(&span.start)?;
                self.add(node, 0, self.nodes)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, anchor: usize, span: &Span, items: Items) -> Result<(), Problem> {
        let place = self.at(&span.start);
        if let Some(Open {
            items: Items::Map { key: None, .. },
            ..
        }) = self.open.last()
        {
            return Err(Problem::at(
                &place,
                "a key that is a list or a map",
                "Keys are plain words. A value that starts with `{` or `[` wants quotes.",
            ));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(Problem::at(
                &place,
                format!("nested deeper than {DEPTH_MAX} levels"),
                "Make it flatter.",
            ));
        }
        self.open.push(Open {
            place,
            anchor,
            nodes_before: self.nodes,
            items,
        });
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize, nodes_before: usize) -> Result<(), Problem> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(too_large(&node.place));
        }
        if anchor != 0 {
            self.anchors
                .insert(anchor, (node.clone(), self.nodes - nodes_before));
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.root = Some(node),
            Some(Items::List(list)) => list.push(node),
            Some(Items::Map { entries, seen, key }) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => *key = Some(new_key(node, seen)?),
            },
        }
        Ok(())
    }

    fn budget(&self, mark: &Marker) -> Result<(), Problem> {
        if self.nodes > NODES_MAX {
            Err(too_large(&self.at(mark)))
        } else {
            Ok(())
        }
    }

    /// Whether the tag makes the value a string; other tags are refused.
    fn tag(&self, tag: Option<&Tag>, span: &Span) -> Result<bool, Problem> {
        match tag {
            None => Ok(false),
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Ok(true),
            Some(tag) if tag.handle.is_empty() && tag.suffix == "!" => Ok(true),
            Some(tag)
                if tag.is_yaml_core_schema()
                    && ["map", "seq", "int", "bool", "float", "null"]
                        .contains(&tag.suffix.as_str()) =>
            {
                Ok(false)
            }
            Some(tag) => Err(Problem::at(
                &self.at(&span.start),
                format!("the tag `{tag}` has no meaning here"),
                "Remove the tag, or quote the value when it starts with `!`.",
            )),
        }
    }

    fn at(&self, mark: &Marker) -> Place {
        Place {
            file: self.file.to_owned(),
            line: mark.line() as u32,
            column: mark.col() as u32 + 1,
        }
    }

    /// Where the text of a scalar begins: after the quote, or on the line after `|`.
    fn scalar_place(&self, style: ScalarStyle, text: &str, span: &Span) -> Place {
        let mut place = self.at(&span.start);
        match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => place.column += 1,
            // The parser's mark stands at the first line that is not blank.
            ScalarStyle::Literal => {
                let blank = text.bytes().take_while(|b| *b == b'\n').count() as u32;
                place.line = place.line.saturating_sub(blank);
            }
            ScalarStyle::Plain | ScalarStyle::Folded => {}
        }
        place
    }
}

fn new_key(node: Node, seen: &mut BTreeSet<String>) -> Result<Key, Problem> {
    let place = node.place;
    let Value::Scalar { text, quoted } = node.value else {
        return Err(Problem::at(
            &place,
            "a key that is a list or a map",
            "Keys are plain words.",
        ));
    };
    if text == "<<" && !quoted {
        return Err(Problem::at(
            &place,
            "the merge key `<<` is not read here, as Envoy does not read it",
            "Write the keys out, or put an alias where a whole value stands.",
        ));
    }
    if !seen.insert(text.clone()) {
        return Err(Problem::at(
            &place,
            format!("the key `{text}` stands here twice"),
            "Keep one of the two.",
        ));
    }
    Ok(Key { text, place })
}

fn too_large(place: &Place) -> Problem {
    Problem::at(
        place,
        format!("more than {NODES_MAX} values"),
        "Aliases that hold aliases multiply: write less.",
    )
}
