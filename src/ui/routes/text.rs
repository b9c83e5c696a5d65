//! A page that is only to be read: its HTML is made where pages are built.

use leptos::prelude::*;

/// The text, whole.
#[component]
pub(in crate::ui) fn Text(html: String) -> impl IntoView {
    // The HTML comes from our own components and tables, never from an address.
    view! { <div id=crate::ui::page::TEXT_ID inner_html=html></div> }
}
