//! There is no such page.

use super::href;
use crate::ui::strings;
use leptos::prelude::*;

/// Says so, and leads on.
#[component]
pub(super) fn NotFound() -> impl IntoView {
    view! {
        <div class="plain-page">
            <h1>{strings::NOT_FOUND}</h1>
            <p>{strings::NOT_FOUND_HELP}</p>
            <p class="actions">
                <a class="button" href=href("/learn/")>
                    {strings::NOT_FOUND_MAP}
                </a>
                <a class="button" href=href("/reference/")>
                    {strings::REFERENCE}
                </a>
            </p>
        </div>
    }
}
