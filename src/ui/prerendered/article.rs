//! A text under a title: a page of the reference, a summary.

use super::href;
use crate::ui::page::Link;
use crate::ui::strings;
use leptos::prelude::*;

/// The text, below the way to it.
#[component]
pub(super) fn Article(
    title: String,
    lead: String,
    above: Vec<Link>,
    html: String,
) -> impl IntoView {
    let crumbs = (!above.is_empty()).then(|| {
        let above = above
            .into_iter()
            .map(|link| view! { <li><a href=href(&link.path)>{link.title}</a></li> })
            .collect_view();
        view! {
            <nav class="crumbs" aria-label=strings::CRUMBS>
                <ol>
                    {above}
                    <li aria-current="page">{title.clone()}</li>
                </ol>
            </nav>
        }
    });
    view! {
        <div class="plain-page">
            {crumbs}
            <h1>{title}</h1>
            <p class="lead">{lead}</p>
            // The HTML comes from our own tables and our own renderer.
            <div class="prose wide" inner_html=html></div>
        </div>
    }
}
