//! There is no such page.

use crate::ui::shell::href;
use crate::ui::strings;
use leptos::prelude::*;

/// Says so, and leads on.
#[component]
pub(in crate::ui) fn NotFound() -> impl IntoView {
    view! {
        <div class="plain-page">
            <h1>{strings::NOT_FOUND}</h1>
            <p>{strings::NOT_FOUND_HELP}</p>
            <p>
                <a class="button" href=href("/learn/")>
                    {strings::NOT_FOUND_MAP}
                </a>
            </p>
        </div>
    }
}
