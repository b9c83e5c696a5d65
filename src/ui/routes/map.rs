//! The course map: parts and lessons.

use crate::course;
use crate::ui::shell::href;
use crate::ui::strings;
use leptos::prelude::*;

/// Every part with its lessons.
#[component]
pub(in crate::ui) fn Map(map: course::Catalogue) -> impl IntoView {
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
            {parts}
        </div>
    }
}

#[component]
fn Part(number: usize, part: course::Part) -> impl IntoView {
    let lessons = part
        .lessons
        .into_iter()
        .map(|lesson| {
            view! {
                <li>
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
        <section class="map-part">
            <p class="eyebrow">{strings::part(number)}</p>
            <h2>{part.title}</h2>
            // Our own renderer made this HTML.
            <div class="map-summary" inner_html=part.summary></div>
            <ol>{lessons}</ol>
        </section>
    }
}
