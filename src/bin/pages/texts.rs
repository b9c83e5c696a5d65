//! Pages that are only to be read: the map, the reference, progress, licences, the 404.

use crate::Options;
use proxy_wasm_tour::course::{Book, Manual};
use proxy_wasm_tour::export::{licences, reference};
use proxy_wasm_tour::ui::page::{Body, Link, Page, Text};
use proxy_wasm_tour::ui::paths::Root;
use proxy_wasm_tour::ui::{prerendered, strings};
use std::path::Path;
use std::process::Command;

/// The map, the visitor's progress, and the licences.
pub(crate) fn pages(options: &Options, book: &Book) -> Result<Vec<Page>, String> {
    let root = Root::relative("/learn/");
    let map = prerendered::map(book.catalogue.clone(), &root);
    let progress = prerendered::progress(book.catalogue.clone(), &Root::relative("/progress/"));
    let (title, lead) = (strings::LICENCES, strings::LICENCES_LEAD);
    let root = Root::relative("/licences/");
    let licences = prerendered::article(title, lead, Vec::new(), made_of(options)?, &root);
    Ok(vec![
        page("/learn/", strings::MAP_TITLE, strings::MAP_LEAD, map),
        page(
            "/progress/",
            strings::PROGRESS,
            strings::PROGRESS_LEAD,
            progress,
        ),
        page("/licences/", title, lead, licences),
    ])
}

/// The reference: its first page, and those that it lists.
pub(crate) fn references(
    book: &Book,
    manuals: &[Manual],
    examples: &[reference::Example],
) -> Result<(Vec<Page>, Vec<reference::Page>), String> {
    let (path, title, lead) = ("/reference/", strings::REFERENCE, strings::REFERENCE_LEAD);
    let all = reference::pages(book, manuals, examples)?;
    let first = reference::contents(&all);
    let first = prerendered::article(title, lead, Vec::new(), first, &Root::relative(path));
    let mut pages = vec![page(path, title, lead, first)];
    pages.extend(all.iter().map(|each| {
        let above = Link {
            path: path.into(),
            title: title.into(),
        };
        let root = Root::relative(&each.path);
        let html = each.html.clone();
        let text = prerendered::article(&each.title, &each.lead, vec![above], html, &root);
        page(&each.path, &each.title, &each.lead, text)
    }));
    Ok((pages, all))
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

/// The packages that the page, its workers and the sample filters are made of.
fn made_of(options: &Options) -> Result<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(&cargo)
        .current_dir(root)
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args([
            "--no-default-features",
            "--features",
            "page,engine,assemble",
        ])
        .args(["--filter-platform", "wasm32-unknown-unknown"])
        .output()
        .map_err(|e| format!("{cargo} metadata: {e}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{cargo} metadata: {said}"));
    }
    let lock = root.join("src/vendor/package-lock.json");
    let lock = std::fs::read_to_string(&lock).map_err(|e| format!("{}: {e}", lock.display()))?;
    let modules = options.npm.as_ref().map(|npm| npm.join("node_modules"));
    let metadata = String::from_utf8_lossy(&output.stdout);
    licences::html(&metadata, &lock, modules.as_deref())
}
