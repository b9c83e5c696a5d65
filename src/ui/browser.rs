//! The browser, guarded: storage may throw, elements may be missing, and nothing here panics.
//!
//! Called from effects and event handlers only.

use wasm_bindgen::JsCast as _;

fn window() -> Option<web_sys::Window> {
    web_sys::window()
}

/// The value kept under a key; `None` also where storage is closed to us (sandboxed frames).
pub(super) fn stored(key: &str) -> Option<String> {
    window()?.local_storage().ok()??.get_item(key).ok()?
}

/// Keeps a value; does nothing where storage is closed or full.
pub(super) fn store(key: &str, value: &str) {
    if let Some(Ok(Some(storage))) = window().map(|w| w.local_storage()) {
        // A full storage loses the note, never the page.
        let _ = storage.set_item(key, value);
    }
}

/// Sets `data-NAME` on the root element.
pub(super) fn set_root_data(name: &str, value: &str) {
    let root = window()
        .and_then(|w| w.document())
        .and_then(|d| d.document_element())
        .and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(root) = root {
        let _ = root.dataset().set(name, value);
    }
}

/// Reads `data-NAME` of the root element.
#[cfg(feature = "page")]
pub(super) fn root_data(name: &str) -> Option<String> {
    window()?
        .document()?
        .document_element()?
        .get_attribute(&format!("data-{name}"))
}

/// Fetches and reads JSON; `None` when it cannot be had or read.
pub(super) async fn fetch_json<T: serde::de::DeserializeOwned>(address: &str) -> Option<T> {
    let response = gloo::net::http::Request::get(address).send().await.ok()?;
    if !response.ok() {
        return None;
    }
    let text = response.text().await.ok()?;
    serde_json::from_str(&text).ok()
}

/// Adds an address to the history; false where history is closed to us.
pub(super) fn push(address: &str) -> bool {
    window()
        .and_then(|w| w.history().ok())
        .is_some_and(|history| {
            history
                .push_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(address))
                .is_ok()
        })
}

/// After a move to another page: to the fragment or the top, with the focus on the heading, so
/// that a screen reader reads on from there.
pub(super) fn arrive(hash: &str) {
    let Some(document) = window().and_then(|w| w.document()) else {
        return;
    };
    let name = hash.trim_start_matches('#');
    if let Some(target) = document
        .get_element_by_id(name)
        .filter(|_| !name.is_empty())
    {
        target.scroll_into_view();
        return;
    }
    if let Some(window) = window() {
        window.scroll_to_with_x_and_y(0.0, 0.0);
    }
    let heading = document
        .query_selector("main h1")
        .ok()
        .flatten()
        .and_then(|h| h.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(heading) = heading {
        heading.set_tab_index(-1);
        let _ = heading.focus();
    }
}

/// Gives every link of the document its absolute address.
#[cfg(feature = "page")]
pub(super) fn make_links_absolute() {
    let links = window()
        .and_then(|w| w.document())
        .and_then(|d| d.query_selector_all("#app a[href]").ok());
    let Some(links) = links else { return };
    for at in 0..links.length() {
        let link = links
            .item(at)
            .and_then(|n| n.dyn_into::<web_sys::HtmlAnchorElement>().ok());
        if let Some(link) = link {
            let address = link.href();
            let _ = link.set_attribute("href", &address);
        }
    }
}
