//! Modules of the visitor's own: where their list stands, and the way of each to the engine.
//!
//! The list, what is kept of it and the chain it makes are a script's (`src/vendor/kit/own`). It
//! gives each module by an event of the window, and hears what the engine found.

use super::state::{LAB_FILE, LabState};
use crate::ui::engine_client::Engine;
use crate::ui::{browser, strings};
use leptos::prelude::*;

/// What a lab with a chain of HTTP filters has in its file or its parts.
const CHAIN: &str = "http_filters";

/// The list in a lab of a lesson: it stays shut until somebody opens it, drops a file, or has used
/// it before, and its script is not loaded for reading.
#[component]
pub(super) fn OwnBox(state: LabState) -> impl IntoView {
    let (id, text, open) = state
        .lab
        .with_value(|lab| (lab.id.clone(), lab.text.clone(), lab.open));
    let edited = state
        .texts
        .with_untracked(|texts| texts.values().any(|text| text.contains(CHAIN)));
    let asked = state.lab.with_value(|lab| {
        let mut exercises = lab.exercises.iter();
        exercises.any(|exercise| exercise.kind == "own")
    });
    // The open lab file is a playground's, which has its list above.
    (!open && !asked && (edited || text.contains(CHAIN))).then(|| {
        let value = move || {
            let own = state.texts.with(|texts| texts.get(LAB_FILE).cloned());
            own.unwrap_or_else(|| text.clone())
        };
        // A chain that no editor shows is changed here by the script alone.
        let chain = (!edited).then(|| {
            view! {
                <textarea
                    hidden
                    data-chain
                    aria-label=LAB_FILE
                    prop:value=value
                    on:input=move |event| state.set_text(LAB_FILE, event_target_value(&event))
                ></textarea>
            }
        });
        view! {
            <details class="own-box">
                <summary>{strings::OWN_MODULE}</summary>
                {chain}
                <OwnModules id later=true />
            </details>
        }
    })
}

/// The place of the list for the lab of this id.
#[component]
pub(in crate::ui) fn OwnModules(
    id: String,
    /// Whether it is drawn when it is first needed, and not at once.
    #[prop(optional)]
    later: bool,
) -> impl IntoView {
    let engine = use_context::<Engine>();
    Effect::new(move |_| {
        let Some(engine) = engine else { return };
        engine.expect_modules();
        let given = window_event_listener_untyped("tour-module", move |event| engine.open(&event));
        on_cleanup(move || given.remove());
        if !later {
            browser::tell_kit("own", String::new());
        }
    });
    view! { <div class="own-modules" data-lab=id></div> }
}
