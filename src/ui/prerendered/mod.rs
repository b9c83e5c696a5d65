//! What is drawn once, where pages are built, and travels as HTML: the frame around every page, and
//! the pages that are only to be read. The browser's wasm has none of it.
//!
//! Must not know: the browser.

mod article;
mod chain;
mod home;
mod lesson;
mod map;
mod not_found;
mod progress;
mod shell;
mod workbook;

use super::app::App;
use super::page::{Link, Page, Text};
use super::paths::Root;
use super::routes::href;
use crate::course::Catalogue;
use leptos::prelude::*;

pub use chain::{Chain, ChainFilter, Outcome};
pub use home::{Home, Path};
pub use lesson::LessonText;
pub use workbook::{PaperLesson, Workbook};

/// What stands in a page's `<body>`: the frame, and in it what the app hydrates.
pub fn render(page: &Page, root: &Root) -> String {
    let inner = (page.clone(), root.clone());
    let app = html(root, || {
        let (page, root) = inner;
        view! { <App page root /> }
    });
    html(
        root,
        || view! { <shell::Shell path=page.path.clone() app /> },
    )
}

/// The first page.
pub fn home(home: Home, root: &Root) -> Text {
    text(root, || view! { <home::Home home /> })
}

/// The course map.
pub fn map(map: Catalogue, root: &Root) -> Text {
    text(root, || view! { <map::Map map /> })
}

/// This visitor's progress.
pub fn progress(map: Catalogue, root: &Root) -> Text {
    text(root, || view! { <progress::Progress map /> })
}

/// A text under a title and what it is for, with the way to it.
pub fn article(title: &str, lead: &str, above: Vec<Link>, html: String, root: &Root) -> Text {
    let (title, lead) = (title.to_owned(), lead.to_owned());
    text(
        root,
        || view! { <article::Article title lead above html /> },
    )
}

/// What stands beside a lesson's lab.
pub fn lesson(lesson: LessonText, root: &Root) -> String {
    html(root, || view! { <lesson::LessonRead lesson /> })
}

/// A part on paper.
pub fn workbook(workbook: Workbook, root: &Root) -> Text {
    text(root, || view! { <workbook::WorkbookPage workbook /> })
}

/// There is no such page.
pub fn not_found(root: &Root) -> Text {
    text(root, || view! { <not_found::NotFound /> })
}

fn text<V: IntoView>(root: &Root, view: impl FnOnce() -> V) -> Text {
    Text {
        html: html(root, view),
    }
}

fn html<V: IntoView>(root: &Root, view: impl FnOnce() -> V) -> String {
    let owner = Owner::new();
    let html = owner.with(|| {
        provide_context(root.clone());
        view().to_html()
    });
    drop(owner);
    html
}
