//! The browser, guarded: storage may throw, elements may be missing, and nothing here panics.
//!
//! Called from effects and event handlers only.

use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

fn window() -> Option<web_sys::Window> {
    web_sys::window()
}

/// The value kept under a key; `None` also where storage is closed to us (sandboxed frames).
pub(super) fn stored(key: &str) -> Option<String> {
    window()?.local_storage().ok()??.get_item(key).ok()?
}

/// Keeps a value; false where storage is closed or full, which loses the note, never the page.
pub(super) fn store(key: &str, value: &str) -> bool {
    match window().map(|w| w.local_storage()) {
        Some(Ok(Some(storage))) => storage.set_item(key, value).is_ok(),
        _ => false,
    }
}

/// Reads `data-NAME` of the root element.
pub(super) fn root_data(name: &str) -> Option<String> {
    window()?
        .document()?
        .document_element()?
        .get_attribute(&format!("data-{name}"))
}

/// A text among the fields of an object; empty when it has none.
pub(super) fn text_in(object: &JsValue, key: &str) -> String {
    let value = js_sys::Reflect::get(object, &key.into()).ok();
    value
        .and_then(|value| value.as_string())
        .unwrap_or_default()
}

/// Fetches and reads JSON; `None` when it cannot be had or read.
pub(super) async fn fetch_json<T: super::json::Read>(address: &str) -> Option<T> {
    let response = response(address).await.ok()?;
    let text = JsFuture::from(response.text().ok()?).await.ok()?;
    let text = text.as_string()?;
    super::json::read(&text).ok()
}

/// Adds an address to the history; false where history is closed to us.
pub(super) fn push(address: &str) -> bool {
    window()
        .and_then(|w| w.history().ok())
        .is_some_and(|history| {
            history
                .push_state_with_url(&JsValue::NULL, "", Some(address))
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

/// Gives every link to another page its absolute address. One within the page stays as it is: it is
/// also the next page's.
#[cfg(feature = "page")]
pub(super) fn make_links_absolute() {
    let links = window()
        .and_then(|w| w.document())
        .and_then(|d| d.query_selector_all("a[href]:not([href^=\"#\"])").ok());
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

/// Compiles a module, streaming where the server names its type, in one piece otherwise.
///
/// # Errors
/// A sentence that says what could not be had.
pub(super) async fn compile(address: &str) -> Result<JsValue, String> {
    let response = response(address).await?;
    let copy = response.clone().map_err(|_| unread(address))?;
    let copy: js_sys::Promise = js_sys::Promise::resolve(&copy).unchecked_into();
    let streamed = js_sys::WebAssembly::compile_streaming(&copy);
    if let Ok(module) = JsFuture::from(streamed).await {
        return Ok(module);
    }
    let buffer = buffer(&response, address).await?;
    JsFuture::from(js_sys::WebAssembly::compile(&buffer))
        .await
        .map_err(|e| super::strings::uncompiled(address, &said(&e)))
}

/// Fetches bytes as an `ArrayBuffer`.
///
/// # Errors
/// A sentence that says what could not be had.
pub(super) async fn fetch_bytes(address: &str) -> Result<JsValue, String> {
    buffer(&response(address).await?, address).await
}

async fn response(address: &str) -> Result<web_sys::Response, String> {
    let window = window().ok_or_else(|| unread(address))?;
    let response: web_sys::Response = JsFuture::from(window.fetch_with_str(address))
        .await
        .map_err(|e| super::strings::unfetched(address, &said(&e)))?
        .unchecked_into();
    match response.ok() {
        true => Ok(response),
        false => Err(super::strings::unfetched(
            address,
            &format!("status {}", response.status()),
        )),
    }
}

async fn buffer(response: &web_sys::Response, address: &str) -> Result<JsValue, String> {
    let promise = response.array_buffer().map_err(|_| unread(address))?;
    JsFuture::from(promise)
        .await
        .map_err(|e| super::strings::unfetched(address, &said(&e)))
}

fn unread(address: &str) -> String {
    super::strings::unfetched(address, say!(no_answer))
}

/// What a thrown value says.
fn said(thrown: &JsValue) -> String {
    thrown
        .dyn_ref::<js_sys::Error>()
        .map(|error| String::from(error.message()))
        .unwrap_or_else(|| say!(unknown_error).into())
}

/// The address of a blob. Dropped, it is given back, and the browser may forget the blob.
pub(super) struct BlobAddress(String);

impl Drop for BlobAddress {
    fn drop(&mut self) {
        // Fails for no address that the browser itself made.
        let _ = web_sys::Url::revoke_object_url(&self.0);
    }
}

/// A classic worker that runs this text, and the text's address, which it needs until it runs.
///
/// # Errors
/// A sentence.
pub(super) fn blob_worker(text: &str) -> Result<(web_sys::Worker, BlobAddress), String> {
    let fail = |_| super::strings::NO_WORKER.to_owned();
    let parts = js_sys::Array::of1(&text.into());
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("text/javascript");
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options).map_err(fail)?;
    let address = BlobAddress(web_sys::Url::create_object_url_with_blob(&blob).map_err(fail)?);
    let worker = web_sys::Worker::new(&address.0).map_err(fail)?;
    Ok((worker, address))
}

/// Calls a function of the page's scripts (`src/vendor/kit`), which are loaded for that, with texts.
///
/// # Errors
/// What it threw, in its words.
pub(super) async fn kit(name: &str, texts: &[&str]) -> Result<JsValue, String> {
    let call = js_sys::Reflect::get(&js_sys::global(), &"tourKit".into())
        .and_then(|call| call.dyn_into::<js_sys::Function>())
        .map_err(|_| super::strings::ENGINE_UNNAMED)?;
    let all: js_sys::Array = std::iter::once(&name)
        .chain(texts)
        .map(|text| JsValue::from_str(text))
        .collect();
    let promise = call.apply(&JsValue::NULL, &all).map_err(|e| said(&e))?;
    let promise: js_sys::Promise = promise.unchecked_into();
    JsFuture::from(promise).await.map_err(|e| said(&e))
}

/// Calls a function of the page's scripts, of which nothing is expected.
pub(super) fn tell_kit(name: &'static str, text: String) {
    leptos::task::spawn_local(async move {
        let _ = kit(name, &[&text]).await;
    });
}

/// Calls back when the browser has nothing better to do: two seconds after now.
///
/// Not `requestIdleCallback`, which not every browser has.
pub(super) fn when_idle(f: impl FnOnce() + 'static) {
    gloo::timers::callback::Timeout::new(2_000, f).forget();
}

/// Forgets the value kept under a key.
pub(super) fn forget(key: &str) {
    if let Some(Ok(Some(storage))) = window().map(|w| w.local_storage()) {
        let _ = storage.remove_item(key);
    }
}

/// Moves the focus to the element of an id.
pub(super) fn focus(id: &str) {
    let element = window()
        .and_then(|w| w.document())
        .and_then(|d| d.get_element_by_id(id))
        .and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(element) = element {
        let _ = element.focus();
    }
}

/// Puts text in place of the selection of the text area that got this event; its new value.
pub(super) fn insert(event: &web_sys::KeyboardEvent, text: &str) -> Option<String> {
    let area: web_sys::HtmlTextAreaElement = event.target()?.dyn_into().ok()?;
    area.set_range_text(text).ok()?;
    let end = area.selection_end().ok()??;
    let at = end
        + if area.selection_start().ok()? == Some(end) {
            text.len() as u32
        } else {
            0
        };
    area.set_selection_range(at, at).ok()?;
    Some(area.value())
}

/// The value of an attribute of the element that was clicked, or of one around it.
pub(super) fn clicked_data(event: &web_sys::MouseEvent, attribute: &str) -> Option<String> {
    let target: web_sys::Element = event.target()?.dyn_into().ok()?;
    target
        .closest(&format!("[{attribute}]"))
        .ok()??
        .get_attribute(attribute)
}

/// Scrolls an element into sight, no further than it has to.
pub(super) fn scroll_to(id: &str) {
    let element = window()
        .and_then(|w| w.document())
        .and_then(|d| d.get_element_by_id(id));
    if let Some(element) = element {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        options.set_inline(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// Scrolls inside an element until what lies between these pixels is in sight, below a head as high.
pub(super) fn scroll_in(id: &str, top: f64, height: f64) {
    let element = window()
        .and_then(|w| w.document())
        .and_then(|d| d.get_element_by_id(id));
    let Some(element) = element else { return };
    let (above, room) = (
        f64::from(element.scroll_top()),
        f64::from(element.client_height()),
    );
    let end = top + 2.0 * height;
    if top < above || height == 0.0 {
        element.set_scroll_top(top as i32);
    } else if end > above + room {
        element.set_scroll_top((end - room) as i32);
    }
}
