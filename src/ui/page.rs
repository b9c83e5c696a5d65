//! What one page shows, as data: written beside each page as `page.json`, carried in its HTML for
//! hydration, fetched when the app follows a link.
//!
//! Must not know: how it is drawn.

use super::strings;
use crate::model::{Exercise, Request};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of a page's data file, beside its `index.html`.
pub const FILE: &str = "page.json";

/// The id of the element that holds a page's HTML text.
pub const TEXT_ID: &str = "text";

/// A page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// Its site path: begins and ends with a slash.
    pub path: String,
    /// Its title, without the site's name.
    pub title: String,
    /// One sentence for search engines and previews.
    pub description: String,
    /// What it shows.
    pub body: Body,
}

/// The kinds of page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
// There is one page at a time: a box would save nothing.
#[allow(clippy::large_enum_variant)]
pub enum Body {
    /// A lesson beside its lab.
    Lesson(Box<Lesson>),
    /// A lab in which everything can be edited.
    Playground(Box<Lab>),
    /// What is only to be read.
    Text(Text),
}

/// A page that is only to be read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// HTML of our own making. Empty in a document's data block: it stands in the document.
    pub html: String,
}

/// A link to a page of this site.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// The site path.
    pub path: String,
    /// The text.
    pub title: String,
}

/// A lesson.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// Its stable id.
    pub id: String,
    /// What stands beside the lab. Empty in a document's data block: it stands in the document.
    pub html: String,
    /// Its lab.
    pub lab: Option<Lab>,
}

/// A lab as the page needs it: text to edit and a request to shape.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lab {
    /// Unique on the site: the key under which edits are kept.
    pub id: String,
    /// The lab file's text.
    pub text: String,
    /// Whether the lab file itself can be edited.
    pub open: bool,
    /// Editable parts by name, with the text they start with.
    pub parts: BTreeMap<String, String>,
    /// One right answer: the parts that differ in it.
    #[serde(default)]
    pub solution: BTreeMap<String, String>,
    /// The first request of the first scenario.
    pub request: Option<Request>,
    /// Whether that request stands in for the lab file's own: it came with a link.
    #[serde(default)]
    pub touched: bool,
    /// Scenarios in order.
    pub scenarios: Vec<ScenarioName>,
    /// Exercises; task, hints and reason are HTML of our own renderer.
    pub exercises: Vec<Exercise>,
}

/// A scenario, by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScenarioName {
    /// Its name.
    pub name: String,
    /// Whether its content stays closed until it passes.
    pub hidden: bool,
}

impl Page {
    /// The title with the site's name.
    pub fn full_title(&self) -> String {
        match self.path.as_str() {
            "/" => self.title.clone(),
            _ => format!("{} · {}", self.title, strings::SITE),
        }
    }

    /// Whether it is a part on paper, which repeats what stands elsewhere.
    pub fn is_workbook(&self) -> bool {
        self.path.starts_with("/learn/") && self.path.ends_with("/print/")
    }

    /// The data for the document's block: without text that the document itself carries.
    pub fn for_document(&self) -> Self {
        let mut page = self.clone();
        if let Some(html) = page.html_mut() {
            html.clear();
        }
        page
    }

    /// The HTML that stands in the document's element [`TEXT_ID`], on pages that have it.
    pub fn html_mut(&mut self) -> Option<&mut String> {
        match &mut self.body {
            Body::Lesson(lesson) => Some(&mut lesson.html),
            Body::Text(text) => Some(&mut text.html),
            Body::Playground(_) => None,
        }
    }
}
