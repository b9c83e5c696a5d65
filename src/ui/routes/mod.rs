//! One component for each kind of page.

mod lesson;
mod playground;
mod text;

use super::page::{Body, Page};
use super::paths::Root;
use leptos::prelude::*;

/// The address of a site path from where the component stands.
pub(super) fn href(path: &str) -> String {
    use_context::<Root>()
        .unwrap_or_else(|| Root::relative("/"))
        .href(path)
}

/// The view of a page.
pub(super) fn view(page: Page) -> AnyView {
    match page.body {
        Body::Lesson(lesson) => view! { <lesson::Lesson lesson=*lesson /> }.into_any(),
        Body::Playground(lab) => {
            view! { <playground::Playground title=page.title lab=*lab /> }.into_any()
        }
        Body::Text(text) => view! { <text::Text html=text.html /> }.into_any(),
    }
}
