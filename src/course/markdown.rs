//! Markdown to HTML: CommonMark and tables, with fenced blocks that a [`World`] brings to life.
//!
//! Never fails: what is wrong with the text comes back as problems beside the HTML. Must not
//! know: the file system, where pages lie, what a live block does.

use super::code;
use crate::model::{Place, Problem};
use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// What a text asks of its surroundings.
pub trait World {
    /// The address to write for a link or an image, or what is wrong with it.
    ///
    /// # Errors
    /// What is wrong with the target, as a lower-case phrase.
    fn link(&mut self, target: &str) -> Result<String, String>;

    /// A fenced block. `None` for one that is nothing but code.
    fn fence(&mut self, fence: &Fence) -> Option<Block>;
}

/// What a [`World`] makes of a fenced block.
pub enum Block {
    /// Code to show in place of what the block holds: an included file.
    Code(String),
    /// HTML of our own making.
    Html(String),
    /// Nothing can be shown.
    Broken(Problem),
}

/// A fenced block of code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fence {
    /// The first word behind the fence: `rust`, `yaml`, `quiz`.
    pub language: String,
    /// The other words: `file=filters/add-header/src/lib.rs`, `envoy`.
    pub words: Vec<String>,
    /// What stands in it.
    pub text: String,
    /// Its first line of text.
    pub place: Place,
}

impl Fence {
    /// The value of a word `key=value`.
    pub fn word(&self, key: &str) -> Option<&str> {
        self.words
            .iter()
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }
}

/// A heading.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Heading {
    /// 2 to 6.
    pub level: u8,
    /// Its anchor.
    pub id: String,
    /// Its text, without markup.
    pub text: String,
}

/// A text as HTML, and what was found on the way.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// The HTML; no part of it was HTML in the source.
    pub html: String,
    /// The headings in order.
    pub outline: Vec<Heading>,
    /// The fenced blocks in order.
    pub fences: Vec<Fence>,
    /// What is wrong with the text.
    pub problems: Vec<Problem>,
}

/// Renders a text. `start` is the file and line of its first character.
pub fn render(text: &str, start: &Place, world: &mut dyn World) -> Rendered {
    let mut renderer = Renderer {
        text,
        start,
        world,
        out: Rendered::default(),
    };
    let events = renderer.events();
    pulldown_cmark::html::push_html(&mut renderer.out.html, events.into_iter());
    renderer.out
}

/// Renders a short text that stands on its own, such as a task or a hint.
///
/// Links must be absolute `https` ones; everything else of CommonMark works.
pub fn render_note(text: &str, start: &Place) -> Rendered {
    render(text, start, &mut Alone)
}

/// Renders one paragraph as what may stand inside a label: without the paragraph itself.
pub fn inline(text: &str, start: &Place) -> String {
    let html = render_note(text, start).html;
    let html = html.trim_end();
    match html
        .strip_prefix("<p>")
        .and_then(|rest| rest.strip_suffix("</p>"))
    {
        Some(inner) if !inner.contains("<p>") => inner.to_string(),
        _ => html.to_string(),
    }
}

/// Escapes text for HTML, quotes included.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A heading's text as an anchor: `Look at it!` becomes `look-at-it`.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() {
            slug.extend(c.to_lowercase());
        } else if (c.is_whitespace() || c == '-') && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_string()
}

struct Renderer<'a> {
    text: &'a str,
    start: &'a Place,
    world: &'a mut dyn World,
    out: Rendered,
}

impl<'a> Renderer<'a> {
    fn events(&mut self) -> Vec<Event<'a>> {
        let mut events = Vec::new();
        let mut tables = 0;
        let mut source = Parser::new_ext(self.text, Options::ENABLE_TABLES).into_offset_iter();
        while let Some((event, range)) = source.next() {
            let place = self.place(range.start);
            match event {
                Event::Html(html) | Event::InlineHtml(html) => {
                    let help = "Write Markdown. To show a tag, put it in backticks.";
                    self.problem(&place, "raw HTML is not passed through", help);
                    events.push(Event::Text(html));
                }
                Event::Start(Tag::Heading { level, .. }) => {
                    let mut inner = Vec::new();
                    for (event, _) in source.by_ref() {
                        match event {
                            Event::End(TagEnd::Heading(_)) => break,
                            event => inner.push(event),
                        }
                    }
                    self.heading(level, inner, &place, &mut events);
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let mut body = String::new();
                    let mut first = None;
                    for (event, at) in source.by_ref() {
                        match event {
                            Event::End(TagEnd::CodeBlock) => break,
                            Event::Text(text) => {
                                first.get_or_insert(at.start);
                                body.push_str(&text);
                            }
                            _ => {}
                        }
                    }
                    let place = first.map_or(place, |at| self.place(at));
                    events.push(html(self.code(&kind, body, place)));
                }
                Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title,
                    id,
                }) => {
                    let dest_url = self.link(dest_url, &place);
                    events.push(Event::Start(Tag::Link {
                        link_type,
                        dest_url,
                        title,
                        id,
                    }));
                }
                Event::Start(Tag::Image {
                    link_type,
                    dest_url,
                    title,
                    id,
                }) => {
                    // The alternative text is what stands between the brackets.
                    if self.text[range.clone()].starts_with("![]") {
                        let help = "Say between the brackets what a reader must know of it.";
                        self.problem(&place, "this image has no alternative text", help);
                    }
                    let dest_url = self.link(dest_url, &place);
                    events.push(Event::Start(Tag::Image {
                        link_type,
                        dest_url,
                        title,
                        id,
                    }));
                }
                // A wide table scrolls by itself, by keyboard too.
                event @ Event::Start(Tag::Table(_)) => {
                    // Regions of one page have names of their own.
                    tables += 1;
                    events.push(html(format!(
                        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table {tables}\">"
                    )));
                    events.push(event);
                }
                event @ Event::End(TagEnd::Table) => {
                    events.push(event);
                    events.push(html("</div>\n".to_string()));
                }
                event => events.push(event),
            }
        }
        events
    }

    fn heading(
        &mut self,
        level: HeadingLevel,
        inner: Vec<Event<'a>>,
        place: &Place,
        events: &mut Vec<Event<'a>>,
    ) {
        let level = level as u8;
        let above = self.out.outline.last().map_or(1, |heading| heading.level);
        if level == 1 {
            let help = "Begin with `##`: the page's own heading is the title in the front matter.";
            self.problem(place, "a heading of level 1", help);
        } else if level > above + 1 {
            let message = format!("a heading of level {level} below one of level {above}");
            self.problem(place, message, "Leave no level out.");
        }
        let text: String = inner
            .iter()
            .filter_map(|event| match event {
                Event::Text(text) | Event::Code(text) => Some(&**text),
                _ => None,
            })
            .collect();
        let mut id = slug(&text);
        if self.out.outline.iter().any(|heading| heading.id == id) {
            let message = format!("a second heading with the anchor `{id}`");
            self.problem(place, message, "Give one of the two another text.");
            id = format!("{id}-{}", self.out.outline.len());
        }
        events.push(html(format!("<h{level} id=\"{}\">", escape(&id))));
        events.extend(inner);
        events.push(html(format!("</h{level}>\n")));
        self.out.outline.push(Heading { level, id, text });
    }

    fn code(&mut self, kind: &CodeBlockKind, text: String, place: Place) -> String {
        let info = match kind {
            CodeBlockKind::Fenced(info) => info.to_string(),
            CodeBlockKind::Indented => String::new(),
        };
        let mut words = info.split_whitespace().map(str::to_string);
        let fence = Fence {
            language: words.next().unwrap_or_default(),
            words: words.collect(),
            text,
            place,
        };
        let html = match self.world.fence(&fence) {
            None => code::block(&fence.language, &fence.text, fence.word("title")),
            Some(Block::Code(text)) => code::block(&fence.language, &text, fence.word("file")),
            Some(Block::Html(html)) => html,
            Some(Block::Broken(problem)) => {
                self.out.problems.push(problem);
                code::block(&fence.language, &fence.text, None)
            }
        };
        self.out.fences.push(fence);
        html
    }

    fn link(&mut self, target: CowStr<'a>, place: &Place) -> CowStr<'a> {
        match self.world.link(&target) {
            Ok(href) => href.into(),
            Err(message) => {
                let help = "Link to an https address, to `../other-lesson/index.md`, or to `#a-heading` of this text.";
                self.problem(place, format!("the link `{target}`: {message}"), help);
                target
            }
        }
    }

    fn problem(&mut self, place: &Place, message: impl Into<String>, help: &str) {
        self.out.problems.push(Problem::at(place, message, help));
    }

    fn place(&self, offset: usize) -> Place {
        let before = &self.text[..offset];
        let line = before.matches('\n').count() as u32;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u32;
        Place {
            file: self.start.file.clone(),
            line: self.start.line.max(1) + line,
            column: column + 1,
        }
    }
}

/// Surroundings that hold nothing.
struct Alone;

impl World for Alone {
    fn link(&mut self, target: &str) -> Result<String, String> {
        match target.strip_prefix("https://") {
            Some(_) => Ok(target.to_string()),
            None => Err("it is not an https address".to_string()),
        }
    }

    fn fence(&mut self, _fence: &Fence) -> Option<Block> {
        None
    }
}

fn html<'a>(text: String) -> Event<'a> {
    Event::Html(text.into())
}
