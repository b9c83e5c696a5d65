//! A lesson: text beside its lab.

use crate::ui::browser;
use crate::ui::lab::{BottomBar, Lab, LabState, Pane};
use crate::ui::page;
use crate::ui::shell::href;
use crate::ui::strings;
use leptos::prelude::*;

/// The lesson.
#[component]
pub(in crate::ui) fn Lesson(title: String, lesson: page::Lesson) -> impl IntoView {
    let page::Lesson {
        part,
        part_number,
        minutes,
        html,
        previous,
        next,
        sources,
        lab,
        ..
    } = lesson;
    let lab = lab.map(|lab| LabState::new(&lab, Pane::Read));
    let pane = move || lab.map(|lab| lab.pane.get().name());
    view! {
        <div class="lesson" class:with-lab=lab.is_some() data-pane=pane>
            <div class="lesson-read">
                <nav class="crumbs" aria-label=strings::CRUMBS>
                    <ol>
                        <li>
                            <a href=href("/learn/")>{strings::LEARN}</a>
                        </li>
                        <li>{strings::part_named(part_number, &part)}</li>
                        <li aria-current="page">{title.clone()}</li>
                    </ol>
                </nav>
                <h1>{title}</h1>
                <p class="minutes">{strings::minutes(minutes)}</p>
                // The HTML comes from our own renderer alone, which passes no raw HTML through.
                <article
                    id=page::TEXT_ID
                    class="prose"
                    inner_html=html
                    on:click=move |event| {
                        if let (Some(lab), Some(name)) = (
                            lab,
                            browser::clicked_data(&event, "data-run"),
                        ) {
                            lab.run_scenario(&name);
                        }
                    }
                ></article>
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
            </div>
            {lab
                .map(|state| {
                    view! {
                        <Lab state />
                        <BottomBar state read=true />
                    }
                })}
        </div>
    }
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
