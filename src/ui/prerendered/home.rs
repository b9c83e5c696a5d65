//! The first page.

use super::chain::{Chain, ChainDemo};
use super::href;
use crate::ui::page::Link;
use crate::ui::strings;
use leptos::prelude::*;

/// What the first page shows.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// The first lesson.
    pub first: Option<Link>,
    /// A request through a chain.
    pub chain: Option<Chain>,
    /// Ways through the course.
    pub paths: Vec<Path>,
}

/// A way through the course.
#[derive(Clone, Debug, Default)]
pub struct Path {
    /// Its title.
    pub title: String,
    /// Who it is for.
    pub who: String,
    /// How long it takes, in minutes.
    pub minutes: u32,
    /// Its lessons in order.
    pub lessons: Vec<Link>,
}

/// What the site is, the way in, a run of real filters, ways through the course.
#[component]
pub(super) fn Home(home: Home) -> impl IntoView {
    let start = home.first.map(|first| {
        view! {
            <a class="button primary" href=href(&first.path) data-go-on>
                {strings::HOME_START}
            </a>
        }
    });
    view! {
        <div class="home">
            <section class="hero">
                <h1>{strings::HOME_CLAIM}</h1>
                <p class="lead">{strings::HOME_LEAD}</p>
                <p class="actions">
                    {start}
                    <a class="button" href=href("/playground/")>
                        {strings::HOME_PLAY}
                    </a>
                </p>
            </section>
            {home.chain.map(|chain| view! { <ChainDemo chain /> })}
            <Paths paths=home.paths />
            <Tiles title=strings::INSIDE_TITLE tiles=strings::INSIDE />
            <Tiles title=strings::AUDIENCE_TITLE tiles=strings::AUDIENCE />
        </div>
    }
}

#[component]
fn Paths(paths: Vec<Path>) -> impl IntoView {
    (!paths.is_empty()).then(|| {
        let paths = paths
            .into_iter()
            .map(|path| {
                let lessons = path
                    .lessons
                    .into_iter()
                    .map(|link| view! { <li><a href=href(&link.path)>{link.title}</a></li> })
                    .collect_view();
                view! {
                    <li class="way">
                        <h3>{path.title}</h3>
                        <p>{path.who}</p>
                        <p class="minutes">{strings::minutes(path.minutes)}</p>
                        <ol>{lessons}</ol>
                    </li>
                }
            })
            .collect_view();
        view! {
            <section class="paths">
                <h2>{strings::PATHS_TITLE}</h2>
                <ul>{paths}</ul>
            </section>
        }
    })
}

#[component]
fn Tiles(title: &'static str, tiles: &'static [(&'static str, &'static str)]) -> impl IntoView {
    let tiles = tiles
        .iter()
        .map(|(title, text)| {
            view! {
                <li>
                    <h3>{*title}</h3>
                    <p>{*text}</p>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="inside">
            <h2>{title}</h2>
            <ul>{tiles}</ul>
        </section>
    }
}
