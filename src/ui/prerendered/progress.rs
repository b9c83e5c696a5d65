//! This visitor's progress: every lesson with a place for the day on which it was done. The marks are
//! made by `src/vendor/site`, since nothing of them leaves the browser.

use super::href;
use crate::course::Catalogue;
use crate::ui::strings;
use leptos::prelude::*;

/// The page: what was done, and ways to keep it.
#[component]
pub(super) fn Progress(map: Catalogue) -> impl IntoView {
    let rows = map
        .parts
        .into_iter()
        .enumerate()
        .flat_map(|(at, part)| {
            part.lessons.into_iter().map(move |lesson| {
                view! {
                    <tr data-mark=lesson.id data-minutes=lesson.minutes>
                        <td>{strings::part(at + 1)}</td>
                        <th scope="row">
                            <a href=href(&lesson.path)>{lesson.title}</a>
                        </th>
                        <td data-word></td>
                        <td data-day></td>
                    </tr>
                }
            })
        })
        .collect_view();
    let buttons = [
        ("save", strings::PROGRESS_SAVE),
        ("print", strings::PROGRESS_PRINT),
        ("forget", strings::PROGRESS_FORGET),
    ];
    let buttons = buttons
        .into_iter()
        .map(|(does, text)| view! { <button type="button" class="button" data-progress-does=does>{text}</button> })
        .collect_view();
    view! {
        <div class="plain-page map">
            <h1>{strings::PROGRESS}</h1>
            <p class="lead">{strings::PROGRESS_LEAD}</p>
            <div class="map-progress" data-progress></div>
            <div class="scroll" tabindex="0" role="region" aria-label=strings::PROGRESS>
                <table class="plain">
                    <thead>
                        <tr>
                            <th scope="col">{strings::PROGRESS_PART}</th>
                            <th scope="col">{strings::PROGRESS_LESSON}</th>
                            <th scope="col">{strings::PROGRESS_STATE}</th>
                            <th scope="col">{strings::PROGRESS_DAY}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <div class="needs-script" data-progress-file>
                <p class="progress-tools">
                    {buttons}
                    <label class="button">
                        {strings::PROGRESS_LOAD}
                        <input type="file" accept="application/json,.json" class="visually-hidden" />
                    </label>
                </p>
                <p role="status" class="minutes"></p>
            </div>
        </div>
    }
}
