//! One lesson as HTML: its links, its included files, and its blocks that come alive.

use super::ask::Ask;
use super::book::{Book, Content, Lesson};
use super::diagram;
use super::events::Query;
use super::markdown::{Block, Fence, Rendered, World, escape, render};
use crate::model::trace::Event;
use crate::model::yaml::{Fields, Node, parse};
use crate::model::{Place, Problem};
use std::collections::BTreeMap;

/// What runs of a lesson's lab have shown.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The name of the lab's first scenario.
    pub first: String,
    /// Each scenario's events by its name.
    pub events: BTreeMap<String, Vec<Event>>,
    /// The right choice of each prediction by its id.
    pub right: BTreeMap<String, usize>,
}

impl Book {
    /// Renders a lesson. `href` turns a site path (`/learn/start/`) into an address.
    ///
    /// Without `facts` a trace block is empty and no choice of a prediction is marked.
    pub fn render(
        &self,
        content: &Content,
        lesson: &Lesson,
        facts: Option<&Facts>,
        href: &dyn Fn(&str) -> String,
    ) -> Rendered {
        let mut world = LessonWorld {
            book: self,
            content,
            lesson,
            facts,
            href,
            ids: Vec::new(),
        };
        render(&lesson.text, &lesson.start, &mut world)
    }
}

impl Lesson {
    /// The predictions in the text; those that cannot be read are left out.
    pub fn predictions(&self) -> Vec<Ask> {
        render(&self.text, &self.start, &mut Anything)
            .fences
            .iter()
            .filter(|fence| fence.language == "predict")
            .filter_map(|fence| Ask::read(&tree(fence).ok()?, true).ok())
            .collect()
    }
}

/// The anchors of a text.
pub(super) fn headings(text: &str) -> Vec<String> {
    let outline = render(text, &Place::default(), &mut Anything).outline;
    outline.into_iter().map(|heading| heading.id).collect()
}

struct LessonWorld<'a> {
    book: &'a Book,
    content: &'a Content,
    lesson: &'a Lesson,
    facts: Option<&'a Facts>,
    href: &'a dyn Fn(&str) -> String,
    ids: Vec<String>,
}

impl World for LessonWorld<'_> {
    fn link(&mut self, target: &str) -> Result<String, String> {
        if target.starts_with("https://") {
            return Ok(target.to_string());
        }
        if target.contains("://") || target.starts_with('/') || target.is_empty() {
            return Err("it is neither an https address nor a file of this course".to_string());
        }
        let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
        let lesson = match path {
            "" => self.lesson,
            path => {
                let path = resolve(&self.lesson.folder, path);
                let folder = path.strip_suffix("/index.md").unwrap_or(&path);
                (self
                    .book
                    .lessons
                    .iter()
                    .find(|lesson| lesson.folder == folder))
                .ok_or("there is no such lesson")?
            }
        };
        if !anchor.is_empty() && !lesson.anchors.iter().any(|known| known == anchor) {
            return Err(format!("there is no heading with the anchor `{anchor}`"));
        }
        let page = match path {
            "" => String::new(),
            _ => (self.href)(&lesson.path),
        };
        Ok(match anchor {
            "" => page,
            anchor => format!("{page}#{anchor}"),
        })
    }

    fn fence(&mut self, fence: &Fence) -> Option<Block> {
        if let Some(path) = fence.word("file") {
            return Some(self.include(fence, path));
        }
        let html = match fence.language.as_str() {
            "predict" => self.ask(fence, true),
            "quiz" => self.ask(fence, false),
            "diagram" => tree(fence).and_then(|node| diagram::draw(&node)),
            "trace" => self.trace(fence),
            "lab" => self.lab(fence),
            _ => return None,
        };
        Some(html.map_or_else(Block::Broken, Block::Html))
    }
}

impl LessonWorld<'_> {
    /// `./x` is a file of the lesson, `x` one of the whole content.
    fn include(&self, fence: &Fence, path: &str) -> Block {
        let path = match path.strip_prefix("./") {
            Some(own) => resolve(&self.lesson.folder, own),
            None => path.to_string(),
        };
        if !fence.text.trim().is_empty() {
            let help = "Leave the block empty: the file's text will stand there.";
            return Block::Broken(Problem::at(
                &fence.place,
                "text in a block with `file=`",
                help,
            ));
        }
        match self.content.text(&path) {
            Some(text) => Block::Code(text.to_string()),
            None => {
                let message = format!("there is no file `{}`", self.content.name(&path));
                let help =
                    "Write a path below the content folder, or `./` and one below the lesson.";
                Block::Broken(Problem::at(&fence.place, message, help))
            }
        }
    }

    fn ask(&mut self, fence: &Fence, predict: bool) -> Result<String, Problem> {
        let ask = Ask::read(&tree(fence)?, predict)?;
        if let Some(problem) = ask.problem() {
            return Err(problem);
        }
        if self.ids.contains(&ask.id) {
            let message = format!("a second question with the id `{}`", ask.id);
            return Err(Problem::at(
                &ask.place,
                message,
                "Give it an id of its own.",
            ));
        }
        self.ids.push(ask.id.clone());
        let right = match predict {
            true => self
                .facts
                .and_then(|facts| facts.right.get(&ask.id).copied()),
            false => ask.marked(),
        };
        Ok(ask.html(predict, right))
    }

    /// A place in the text from where the lab is run.
    fn lab(&self, fence: &Fence) -> Result<String, Problem> {
        let node = tree(fence)?;
        let mut fields = Fields::of(&node)?;
        let scenario = fields.require("scenario")?;
        let (name, text) = (scenario.as_str()?, fields.require("text")?.as_str()?);
        fields.finish()?;
        if self
            .facts
            .is_some_and(|facts| !facts.events.contains_key(name))
        {
            let message = format!("the lab has no scenario `{name}`");
            return Err(Problem::at(&scenario.place, message, SCENARIO_HELP));
        }
        let (name, text) = (escape(name), escape(text));
        let button = format!("<button type=\"button\" data-run=\"{name}\">{text}</button>");
        Ok(format!("<p class=\"run-here\">{button}</p>\n"))
    }

    fn trace(&self, fence: &Fence) -> Result<String, Problem> {
        let query = Query::read(&tree(fence)?)?;
        let Some(facts) = self.facts else {
            return Ok(query.html(&[]));
        };
        let scenario = query.scenario.as_ref().unwrap_or(&facts.first);
        match facts.events.get(scenario) {
            Some(events) => Ok(query.html(events)),
            None => {
                let message = format!("the lab has no scenario `{scenario}`");
                Err(Problem::at(&fence.place, message, SCENARIO_HELP))
            }
        }
    }
}

/// A block's text as YAML, with the places of the lesson's file.
pub(super) fn tree(fence: &Fence) -> Result<Node, Problem> {
    let above = "\n".repeat(fence.place.line.saturating_sub(1) as usize);
    parse(&fence.place.file, &format!("{above}{}", fence.text))
}

const SCENARIO_HELP: &str = "Name a scenario of lab.yaml.";

/// A relative path from a folder, with `..` resolved.
fn resolve(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Surroundings in which everything is there: for looking at a text's shape.
struct Anything;

impl World for Anything {
    fn link(&mut self, target: &str) -> Result<String, String> {
        Ok(target.to_string())
    }

    fn fence(&mut self, _fence: &Fence) -> Option<Block> {
        None
    }
}
