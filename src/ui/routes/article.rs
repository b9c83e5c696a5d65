//! A page that is only to be read: its HTML is made where pages are built.

use leptos::prelude::*;

/// The text under its title.
#[component]
pub(in crate::ui) fn Article(title: String, html: String) -> impl IntoView {
    view! {
        <div class="plain-page">
            <h1>{title}</h1>
            // The HTML comes from our own tables, never from an address.
            <div id=crate::ui::page::TEXT_ID class="prose wide" inner_html=html></div>
        </div>
    }
}
