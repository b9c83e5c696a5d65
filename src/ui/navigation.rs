//! Following links without a new document: a page's data is fetched from the `page.json` beside
//! it, and the app draws it. Where that fails the browser follows the link itself, so a missing
//! page is the server's own 404.
//!
//! No router: the pages of the site are the files of the build, and the data says what to draw.
//! That also works in a frame whose history is closed to us.

use super::browser;
use super::page::{FILE, Page};
use super::paths::Root;
use leptos::prelude::*;
use std::collections::BTreeMap;
use wasm_bindgen::JsCast as _;

/// Which page is shown.
#[derive(Clone, Copy)]
pub(super) struct Navigation {
    page: RwSignal<Page>,
    seen: StoredValue<BTreeMap<String, Page>>,
    /// Counts the moves that were asked for: a page that arrives after a later one was asked for
    /// is not shown.
    moves: StoredValue<u32>,
}

impl Navigation {
    /// Begins with the document's own page.
    pub(super) fn new(page: Page) -> Self {
        Self {
            seen: StoredValue::new(BTreeMap::from([(page.path.clone(), page.clone())])),
            page: RwSignal::new(page),
            moves: StoredValue::new(0),
        }
    }

    /// The page as it is now.
    pub(super) fn page(self) -> Page {
        self.page.get_untracked()
    }

    /// Reads the page, tracked.
    pub(super) fn with<T>(self, read: impl FnOnce(&Page) -> T) -> T {
        self.page.with(read)
    }

    /// Follows clicks on links and the browser's back and forward. In the browser only.
    pub(super) fn listen(self) {
        let Some(root) = use_context::<Root>() else {
            return;
        };
        self.open_shared();
        let click_root = root.clone();
        let click = window_event_listener(leptos::ev::click, move |event| {
            if let Some((path, hash)) = followed(&event, &click_root) {
                event.prevent_default();
                self.go(click_root.clone(), path, hash, true);
            }
        });
        let back = window_event_listener(leptos::ev::popstate, move |_| {
            if self.open_shared() {
                return;
            }
            let location = window().location();
            let path = location.pathname().ok().and_then(|p| root.site_path(&p));
            match path {
                // Here already; a move that is under way is off.
                Some(path) if path == self.page.read_untracked().path => {
                    self.moves.update_value(|moves| *moves += 1);
                }
                Some(path) => self.go(root.clone(), path, String::new(), false),
                None => {}
            }
        });
        on_cleanup(move || {
            click.remove();
            back.remove();
        });
    }

    /// Shows the lab that the address's fragment holds; whether it holds one.
    fn open_shared(self) -> bool {
        let hash = window().location().hash().unwrap_or_default();
        let holds = hash.starts_with("#s=");
        if holds {
            leptos::task::spawn_local(async move {
                let text = browser::kit("shared", &[]).await;
                let text = text.ok().and_then(|text| text.as_string());
                match text.as_deref().map(super::json::read::<Page>) {
                    Some(Ok(page)) => {
                        self.moves.update_value(|moves| *moves += 1);
                        self.page.set(page);
                    }
                    // The text is empty where the visitor was told already.
                    _ if text.is_none_or(|text| text.is_empty()) => {}
                    _ => drop(browser::kit("broken", &[]).await),
                }
            });
        }
        holds
    }

    fn go(self, root: Root, path: String, hash: String, push: bool) {
        self.moves.update_value(|moves| *moves += 1);
        let this = self.moves.get_value();
        leptos::task::spawn_local(async move {
            let known = self.seen.with_value(|seen| seen.get(&path).cloned());
            let address = format!("{}{hash}", root.href(&path));
            let page = match known {
                Some(page) => Some(page),
                None => browser::fetch_json::<Page>(&format!("{}{FILE}", root.href(&path))).await,
            };
            if this != self.moves.get_value() {
                return;
            }
            let Some(page) = page else {
                let _ = window().location().assign(&address);
                return;
            };
            if push && !browser::push(&address) {
                let _ = window().location().assign(&address);
                return;
            }
            self.seen
                .update_value(|seen| drop(seen.insert(path, page.clone())));
            document().set_title(&page.full_title());
            self.page.set(page);
            if push {
                request_animation_frame(move || browser::arrive(&hash));
            }
        });
    }
}

/// The site path and fragment of a plain click on a link to another page of this site.
fn followed(event: &web_sys::MouseEvent, root: &Root) -> Option<(String, String)> {
    if event.default_prevented()
        || event.button() != 0
        || event.meta_key()
        || event.ctrl_key()
        || event.shift_key()
        || event.alt_key()
    {
        return None;
    }
    let link = event
        .target()?
        .dyn_into::<web_sys::Element>()
        .ok()?
        .closest("a[href]")
        .ok()??
        .dyn_into::<web_sys::HtmlAnchorElement>()
        .ok()?;
    if link.has_attribute("target") || link.has_attribute("download") {
        return None;
    }
    let location = window().location();
    if link.origin() != location.origin().ok()? || link.pathname() == location.pathname().ok()? {
        return None;
    }
    let path = root.site_path(&link.pathname())?;
    path.ends_with('/').then(|| (path, link.hash()))
}

/// The document's own page and the site's root.
///
/// Makes every link absolute first: the way up changes when the app moves to another page.
///
/// # Errors
/// What the document lacks.
#[cfg(feature = "page")]
pub(super) fn first_page() -> Result<(Page, Root), String> {
    use super::document::DATA_ID;
    use super::page::TEXT_ID;
    let document = document();
    let data = document
        .get_element_by_id(DATA_ID)
        .and_then(|e| e.text_content())
        .ok_or("the document has no page data")?;
    let mut page: Page = super::json::read(&data).map_err(|e| format!("page data: {e}"))?;
    if let (Some(html), Some(text)) = (page.html_mut(), document.get_element_by_id(TEXT_ID)) {
        *html = text.inner_html();
    }
    let up = browser::root_data("root").ok_or("the document does not name its root")?;
    let here = document
        .base_uri()
        .ok()
        .flatten()
        .ok_or("no base address")?;
    let root = web_sys::Url::new_with_base(&up, &here)
        .map_err(|_| "the document's root is no address")?
        .pathname();
    browser::make_links_absolute();
    Ok((page, Root(root)))
}
