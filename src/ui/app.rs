//! The root of the interface, and its two ways in: rendered to HTML, hydrated in the browser.

use super::engine_client::Engine;
use super::navigation::Navigation;
use super::page::Page;
use super::parts::keyed;
use super::paths::Root;
use super::routes;
use crate::model::digest;
use leptos::prelude::*;
use std::sync::Arc;

/// What changes from page to page. What stands around it is drawn where pages are built, once.
#[component]
pub fn App(
    /// The page to begin with.
    page: Page,
    /// The way to the site's root.
    root: Root,
) -> impl IntoView {
    provide_context(Engine::new(root.clone()));
    provide_context(root);
    let navigation = Navigation::new(page);
    provide_context(navigation);
    Effect::new(move |_| navigation.listen());
    // Keyed by its path, so that nothing of a page stays behind when another of its kind follows.
    let path = move || vec![navigation.with(|page| digest(page.path.as_bytes()))];
    let show = move |_| routes::view(navigation.page()).into_any();
    keyed(Box::new(path), Arc::new(show))
}

/// Takes over the document: reads its data, then adopts its nodes.
///
/// # Errors
/// What the document lacks. The page stays readable.
#[cfg(feature = "page")]
pub fn hydrate() -> Result<(), String> {
    use super::document::APP_ID;
    let (page, root) = super::navigation::first_page()?;
    let mount = leptos::prelude::document()
        .get_element_by_id(APP_ID)
        .ok_or("the document has no element to hydrate")?;
    let mount: web_sys::HtmlElement = wasm_bindgen::JsCast::unchecked_into(mount);
    leptos::mount::hydrate_from(mount, move || view! { <App page root /> }).forget();
    Ok(())
}
