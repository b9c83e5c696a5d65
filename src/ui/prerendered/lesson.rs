//! What stands beside a lesson's lab: the way to it, its outline, its text, and the way on.

use super::chain::{Outcome, Picture};
use super::href;
use crate::course::Heading;
use crate::ui::page::Link;
use crate::ui::strings;
use leptos::prelude::*;

/// From how many headings on a lesson shows an outline.
const OUTLINE_FROM: usize = 3;

/// A lesson's text and what is said about it.
#[derive(Clone, Debug, Default)]
pub struct LessonText {
    /// Its title.
    pub title: String,
    /// The part's title.
    pub part: String,
    /// The part's number, from 1.
    pub part_number: u32,
    /// The part's anchor on the map.
    pub part_id: String,
    /// About how long it takes.
    pub minutes: u32,
    /// The text, rendered by `course`.
    pub html: String,
    /// Its headings.
    pub outline: Vec<Heading>,
    /// Primary sources.
    pub sources: Vec<String>,
    /// The lesson before.
    pub previous: Option<Link>,
    /// The lesson after.
    pub next: Option<Link>,
    /// What the first run of its lab gave when the site was built.
    pub recorded: Option<Outcome>,
}

/// The reading side of a lesson.
#[component]
pub(super) fn LessonRead(lesson: LessonText) -> impl IntoView {
    let LessonText {
        title,
        part,
        part_number,
        part_id,
        minutes,
        html,
        outline,
        sources,
        previous,
        next,
        recorded,
    } = lesson;
    let part_link = format!("{}#{part_id}", href("/learn/"));
    view! {
        <nav class="crumbs" aria-label=strings::CRUMBS>
            <ol>
                <li>
                    <a href=href("/learn/")>{strings::LEARN}</a>
                </li>
                <li>
                    <a href=part_link>{strings::part_named(part_number, &part)}</a>
                </li>
                <li aria-current="page">{title.clone()}</li>
            </ol>
        </nav>
        <h1>{title}</h1>
        <p class="minutes">{strings::minutes(minutes)}</p>
        <Outline outline />
        // The HTML comes from our own renderer alone, which passes no raw HTML through.
        <article class="prose" inner_html=html></article>
        {recorded
            .map(|outcome| {
                view! {
                    <section class="recorded">
                        <h2>{strings::RECORDED}</h2>
                        <p>{strings::RECORDED_LEAD}</p>
                        <Picture outcome />
                    </section>
                }
            })}
        <Sources sources />
        <nav class="lesson-nav" aria-label=strings::NEIGHBOURS>
            {previous
                .map(|link| {
                    view! {
                        <a class="lesson-prev" rel="prev" href=href(&link.path)>
                            <span class="eyebrow">{strings::PREVIOUS}</span>
                            {link.title}
                        </a>
                    }
                })}
            {next
                .map(|link| {
                    view! {
                        <a class="lesson-next" rel="next" href=href(&link.path)>
                            <span class="eyebrow">{strings::NEXT}</span>
                            {link.title}
                        </a>
                    }
                })}
        </nav>
    }
}

#[component]
fn Outline(outline: Vec<Heading>) -> impl IntoView {
    let headings: Vec<Heading> = outline.into_iter().filter(|h| h.level == 2).collect();
    (headings.len() >= OUTLINE_FROM).then(|| {
        let items = headings
            .into_iter()
            .map(|heading| {
                let address = format!("#{}", heading.id);
                view! {
                    <li>
                        <a href=address>{heading.text}</a>
                    </li>
                }
            })
            .collect_view();
        view! {
            <details class="outline">
                <summary>{strings::OUTLINE}</summary>
                <ol>{items}</ol>
            </details>
        }
    })
}

/// Where the facts come from.
#[component]
fn Sources(sources: Vec<String>) -> impl IntoView {
    (!sources.is_empty()).then(|| {
        let items = sources
            .into_iter()
            .map(|address| {
                let text = address.trim_start_matches("https://").to_owned();
                view! {
                    <li>
                        <a href=address rel="noopener">
                            {text}
                        </a>
                    </li>
                }
            })
            .collect_view();
        view! {
            <section class="sources">
                <h2>{strings::SOURCES}</h2>
                <ul>{items}</ul>
            </section>
        }
    })
}
