//! Modules of the visitor's own: where their list stands, and the way of each to the engine.
//!
//! The list, what is kept of it and the chain it makes are a script's (`src/vendor/kit/own`). It
//! gives each module by an event of the window, and hears what the engine found.

use crate::ui::browser;
use crate::ui::engine_client::Engine;
use leptos::prelude::*;

/// The place of the list for the lab of this id.
#[component]
pub(in crate::ui) fn OwnModules(id: String) -> impl IntoView {
    let engine = use_context::<Engine>();
    Effect::new(move |_| {
        let Some(engine) = engine else { return };
        engine.expect_modules();
        let given = window_event_listener_untyped("tour-module", move |event| engine.open(&event));
        on_cleanup(move || given.remove());
        browser::tell_kit("own", id.clone());
    });
    view! { <div class="own-modules"></div> }
}
