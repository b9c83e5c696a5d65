//! One component for each kind of page.

mod article;
mod home;
mod lesson;
mod map;
mod not_found;
mod playground;

use super::page::{Body, Page};
use leptos::prelude::*;

/// The view of a page.
pub(super) fn view(page: Page) -> AnyView {
    match page.body {
        Body::Home(home) => view! { <home::Home home=*home /> }.into_any(),
        Body::Map(map) => view! { <map::Map map /> }.into_any(),
        Body::Lesson(lesson) => {
            view! { <lesson::Lesson title=page.title lesson=*lesson /> }.into_any()
        }
        Body::Playground(lab) => view! { <playground::Playground lab=*lab /> }.into_any(),
        Body::Article(article) => {
            view! { <article::Article title=page.title html=article.html /> }.into_any()
        }
        Body::NotFound => view! { <not_found::NotFound /> }.into_any(),
    }
}
