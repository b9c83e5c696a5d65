//! The first page.

use crate::ui::page;
use crate::ui::shell::href;
use crate::ui::strings;
use leptos::prelude::*;

/// What the site is, and the way in.
#[component]
pub(in crate::ui) fn Home(home: page::Home) -> impl IntoView {
    view! {
        <div class="home">
            <h1>{strings::HOME_CLAIM}</h1>
            <p class="lead">{strings::HOME_LEAD}</p>
            <p class="actions">
                {home
                    .first
                    .map(|first| {
                        view! {
                            <a class="button primary" href=href(&first.path)>
                                {strings::HOME_START}
                            </a>
                        }
                    })}
                <a class="button" href=href("/playground/")>
                    {strings::HOME_PLAY}
                </a>
            </p>
        </div>
    }
}
