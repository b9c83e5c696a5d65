//! The course map: parts and lessons. `src/vendor/site` adds what this visitor has done.

use super::href;
use crate::course;
use crate::ui::strings;
use leptos::prelude::*;

/// Every part with its lessons.
#[component]
pub(super) fn Map(map: course::Catalogue) -> impl IntoView {
    let total = map.lessons().count();
    let minutes = map.lessons().map(|lesson| lesson.minutes).sum();
    let parts = map
        .parts
        .into_iter()
        .enumerate()
        .map(|(at, part)| view! { <Part number=at + 1 part /> })
        .collect_view();
    view! {
        <div class="plain-page map">
            <h1>{strings::MAP_TITLE}</h1>
            <p class="lead">{strings::MAP_LEAD}</p>
            <p class="minutes">{strings::course_size(total, minutes)}</p>
            <div class="map-progress" data-progress></div>
            {parts}
        </div>
    }
}

#[component]
fn Part(number: usize, part: course::Part) -> impl IntoView {
    let minutes = part.lessons.iter().map(|lesson| lesson.minutes).sum();
    let paper = part.workbook().map(|path| {
        view! {
            <p class="map-paper">
                <a href=href(&path)>
                    {strings::WORKBOOK_OPEN}
                    <span class="visually-hidden">": " {part.title.clone()}</span>
                </a>
            </p>
        }
    });
    let lessons = part
        .lessons
        .into_iter()
        .map(|lesson| {
            view! {
                <li data-mark=lesson.id data-minutes=lesson.minutes>
                    <a href=href(&lesson.path)>
                        <span class="map-title">{lesson.title}</span>
                        <span class="map-goal">{strings::lesson_goal(&lesson.goal)}</span>
                    </a>
                    <span class="minutes">{strings::minutes(lesson.minutes)}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="map-part" id=part.id>
            <p class="eyebrow">{format!("{} · {}", strings::part(number), strings::minutes(minutes))}</p>
            <h2>{part.title}</h2>
            // Our own renderer made this HTML.
            <div class="map-summary" inner_html=part.summary></div>
            <ol>{lessons}</ol>
            {paper}
        </section>
    }
}
