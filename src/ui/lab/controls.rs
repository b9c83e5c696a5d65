//! Run, Stop, Reset, Share, Export; what the engine is doing; which scenario the result shows.

use super::state::LabState;
use crate::ui::strings;
use leptos::prelude::*;

/// The bar between editors and result.
#[component]
pub(super) fn RunBar(state: LabState) -> impl IntoView {
    view! {
        <div class="run-bar">
            <RunButton state />
            <button
                type="button"
                class="button quiet"
                disabled=move || !state.changed()
                on:click=move |_| state.reset()
            >
                <svg viewBox="0 0 20 20" aria-hidden="true" class="icon">
                    <path d="M4.5 10a5.5 5.5 0 1 1 1.7 4"></path>
                    <path d="M4 5.5V10h4.5"></path>
                </svg>
                {strings::RESET}
            </button>
            <button type="button" class="button quiet" on:click=move |_| state.offer("share")>
                <svg viewBox="0 0 20 20" aria-hidden="true" class="icon">
                    <path d="M10 12V3.5M6.5 6.5L10 3l3.5 3.5M5 10.5V16h10v-5.5"></path>
                </svg>
                {strings::SHARE}
            </button>
            <button type="button" class="button quiet" on:click=move |_| state.export()>
                <svg viewBox="0 0 20 20" aria-hidden="true" class="icon">
                    <path d="M10 3v9M6.5 9L10 12.5 13.5 9M4 13v3.5h12V13"></path>
                </svg>
                {strings::EXPORT}
            </button>
            <ScenarioChoice state />
            <p class="run-note">{move || note(state)}</p>
        </div>
    }
}

/// Run while nothing runs, Stop while something does: one place for the thumb and the eye.
#[component]
pub(in crate::ui) fn RunButton(state: LabState) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button primary run"
            class:stop=move || state.busy.get()
            aria-keyshortcuts="Control+Enter Meta+Enter"
            on:click=move |event| {
                // The second click of two in a hurry means what the first one did.
                if event.detail() == 2 {
                    return;
                }
                if state.busy.get_untracked() {
                    state.stop();
                } else {
                    state.run();
                }
            }
        >
            <svg viewBox="0 0 20 20" aria-hidden="true" class="icon">
                <path
                    class="icon-fill"
                    d=move || if state.busy.get() { "M5 5h10v10H5z" } else { "M6 4l10 6-10 6z" }
                ></path>
            </svg>
            <span>{move || if state.busy.get() { strings::STOP } else { strings::RUN }}</span>
            <kbd>{strings::RUN_KEYS}</kbd>
        </button>
    }
}

#[component]
fn ScenarioChoice(state: LabState) -> impl IntoView {
    let names = state.lab.with_value(|lab| lab.scenarios.clone());
    (names.len() > 1).then(|| {
        let options = names
            .into_iter()
            .enumerate()
            .map(|(at, scenario)| {
                let name = if scenario.hidden {
                    strings::hidden_named(&scenario.name)
                } else {
                    scenario.name
                };
                view! { <option value=at.to_string()>{name}</option> }
            })
            .collect_view();
        view! {
            <label class="scenario">
                <span>{strings::SCENARIO}</span>
                <select
                    prop:value=move || state.scenario.get().to_string()
                    on:change=move |event| {
                        if let Ok(at) = event_target_value(&event).parse() {
                            state.show_scenario(at);
                        }
                    }
                >
                    {options}
                </select>
            </label>
        }
    })
}

fn note(state: LabState) -> AnyView {
    if state.busy.get() {
        let text = if state.loading() {
            strings::ENGINE_LOADING
        } else {
            strings::RUNNING
        };
        return view! { <span class="busy">{text}</span> }.into_any();
    }
    if state.undo.get().is_some() {
        return view! {
            {strings::WAS_RESET}
            " "
            <button type="button" class="link" on:click=move |_| state.undo_reset()>
                {strings::UNDO}
            </button>
        }
        .into_any();
    }
    if state.loaded.get() {
        return view! { {strings::LOADED} }.into_any();
    }
    ().into_any()
}
