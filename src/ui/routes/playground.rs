//! The playground: a lab in which everything can be edited.

use crate::ui::lab::{BottomBar, Lab, LabState, Pane};
use crate::ui::page;
use crate::ui::strings;
use leptos::prelude::*;

/// The lab, and nothing else.
#[component]
pub(in crate::ui) fn Playground(lab: page::Lab) -> impl IntoView {
    let state = LabState::new(&lab, Pane::Edit);
    view! {
        <div class="playground" data-pane=move || state.pane.get().name()>
            <div class="playground-head">
                <h1>{strings::PLAYGROUND}</h1>
                <p>{strings::PLAYGROUND_LEAD}</p>
            </div>
            <Lab state />
            <BottomBar state read=false />
        </div>
    }
}
