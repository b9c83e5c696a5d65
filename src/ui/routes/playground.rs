//! The playground: a lab in which everything can be edited.

use crate::ui::lab::{BottomBar, Lab, LabState, OwnModules, Pane};
use crate::ui::page;
use crate::ui::routes::href;
use crate::ui::strings;
use leptos::prelude::*;

/// The lab, and nothing else.
#[component]
pub(in crate::ui) fn Playground(title: String, lab: page::Lab) -> impl IntoView {
    let state = LabState::new(&lab, Pane::Edit);
    let labs = strings::PLAYGROUNDS
        .iter()
        .map(|(path, name)| {
            let here = (path.trim_matches('/') == lab.id).then_some("page");
            view! { <a href=href(path) aria-current=here>{*name}</a> }
        })
        .collect_view();
    view! {
        <div class="playground" data-pane=move || state.pane.get().name()>
            <div class="playground-head">
                <h1>{title}</h1>
                <p>{strings::PLAYGROUND_LEAD}</p>
                <nav aria-label=strings::BEGIN_WITH>{labs}</nav>
                <OwnModules id=lab.id />
            </div>
            <Lab state />
            <BottomBar state read=false />
        </div>
    }
}
