//! A module of the visitor's own: opened or dropped, examined, ready to stand in a filter.
//!
//! Its bytes go to the engine in this page and nowhere else. Must not know: what the findings mean.

use super::state::LabState;
use super::world::sections;
use crate::ui::strings;
use leptos::prelude::*;

/// Takes a dropped file; without it the browser would leave the page for the file.
pub(in crate::ui) fn dropped(state: LabState, event: &leptos::ev::DragEvent) {
    event.prevent_default();
    open(state, event.data_transfer().and_then(|data| data.files()));
}

fn open(state: LabState, files: Option<web_sys::FileList>) {
    let file = files.and_then(|files| files.get(0));
    if let (Some(file), Some(engine)) = (file, state.engine) {
        engine.open(file);
    }
}

/// The button that opens a module, and what was found in it.
#[component]
pub(in crate::ui) fn OwnModule(state: LabState) -> impl IntoView {
    let found = move || state.engine.and_then(|engine| engine.module.get());
    let path = move || found().and_then(|found| found.path);
    let title = move || found().map(|found| found.title);
    let facts = move || sections(found().map(|found| found.sections).unwrap_or_default());
    view! {
        <div class="own-module">
            <label class="button">
                {strings::OPEN_MODULE}
                <input
                    type="file"
                    class="visually-hidden"
                    accept=".wasm,application/wasm"
                    on:change=move |event| {
                        let input: web_sys::HtmlInputElement = event_target(&event);
                        open(state, input.files());
                        // The same file may be opened again when it was built anew.
                        input.set_value("");
                    }
                />
            </label>
            <span>{strings::OPEN_MODULE_NOTE}</span>
        </div>
        <div class="own-report" hidden=move || found().is_none()>
            <p>
                <strong role="status">{title}</strong>
                <span hidden=move || path().is_none()>
                    {strings::IN_LAB} <code>{path}</code>
                    <button
                        type="button"
                        class="button quiet"
                        on:click=move |_| state.put_in_filter(&path().unwrap_or_default())
                    >
                        {strings::USE_MODULE}
                    </button>
                </span>
            </p>
            <details open>
                <summary>{strings::FINDINGS}</summary>
                {facts}
            </details>
        </div>
    }
}
