//! The playground: a lab in which everything can be edited.

use crate::ui::lab::{BottomBar, Lab, LabState, OwnModule, Pane, dropped};
use crate::ui::page;
use crate::ui::strings;
use leptos::prelude::*;

/// The lab, and nothing else.
#[component]
pub(in crate::ui) fn Playground(lab: page::Lab) -> impl IntoView {
    let state = LabState::new(&lab, Pane::Edit);
    view! {
        <div
            class="playground"
            data-pane=move || state.pane.get().name()
            on:dragover=|event| event.prevent_default()
            on:drop=move |event| dropped(state, &event)
        >
            <div class="playground-head">
                <h1>{strings::PLAYGROUND}</h1>
                <p>{strings::PLAYGROUND_LEAD}</p>
                <OwnModule state />
            </div>
            <Lab state />
            <BottomBar state read=false />
        </div>
    }
}
