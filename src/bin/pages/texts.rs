//! Pages that are only to be read: the map, the reference, the 404.

use proxy_wasm_tour::course::{Book, Content};
use proxy_wasm_tour::export::reference;
use proxy_wasm_tour::ui::page::{Body, Page, Text};
use proxy_wasm_tour::ui::paths::Root;
use proxy_wasm_tour::ui::{prerendered, strings};

/// The map and the reference.
pub(crate) fn pages(_content: &Content, book: &Book) -> Result<Vec<Page>, String> {
    let mut pages = Vec::new();
    let map = prerendered::map(book.catalogue.clone(), &Root::relative("/learn/"));
    pages.push(page("/learn/", strings::MAP_TITLE, strings::MAP_LEAD, map));
    let path = "/reference/";
    let html = reference::html();
    let text = prerendered::article(strings::REFERENCE, Vec::new(), html, &Root::relative(path));
    pages.push(page(
        path,
        strings::REFERENCE,
        strings::REFERENCE_LEAD,
        text,
    ));
    Ok(pages)
}

/// There is no such page. It stands at an address that no page has: the app keeps pages by theirs.
pub(crate) fn not_found(root: &Root) -> Page {
    let text = prerendered::not_found(root);
    page("/404/", strings::NOT_FOUND, strings::NOT_FOUND_HELP, text)
}

fn page(path: &str, title: &str, description: &str, text: Text) -> Page {
    Page {
        path: path.into(),
        title: title.into(),
        description: description.into(),
        body: Body::Text(text),
    }
}
