//! A lesson: text beside its lab.

use crate::ui::browser;
use crate::ui::lab::{BottomBar, Lab, LabState, Pane};
use crate::ui::page;
use leptos::prelude::*;

/// The lesson.
#[component]
pub(in crate::ui) fn Lesson(lesson: page::Lesson) -> impl IntoView {
    let page::Lesson { id, html, lab } = lesson;
    let lab = lab.map(|lab| LabState::new(&lab, Pane::Read));
    let pane = move || lab.map(|lab| lab.pane.get().name());
    view! {
        <div
            class="lesson"
            class:with-lab=lab.is_some()
            data-lesson=id
            data-pane=pane
            on:click=move |event| {
                if let (Some(lab), Some(name)) = (lab, browser::clicked_data(&event, "data-run")) {
                    lab.run_scenario(&name);
                }
            }
        >
            // The HTML comes from our own components and renderer, which pass no raw HTML through.
            <div id=page::TEXT_ID class="lesson-read" inner_html=html></div>
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
