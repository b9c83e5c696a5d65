//! Writes every page of the site as HTML, from the components that the app hydrates.
//!
//! `pages --shell INDEX.html --out DIR [--site URL]`
//!
//! The shell is the build's `index.html`: `<title>`, `<html`, `</head>` and an empty `<body>`; each
//! address of its own begins with `"./` and is lifted to the page's depth. A page is then
//! `<html data-root="../../">`, `<body><div id="app">…</div><script type="application/json"
//! id="page-data">`. `boot.js` stands in the head without `defer`, so that it can set
//! `data-theme` on the root element from `localStorage["tour.theme"]` before first paint; it loads
//! the app when the document is read.

use proxy_wasm_tour::ui::document;
use proxy_wasm_tour::ui::page::{self, Body, Page};
use proxy_wasm_tour::ui::paths::Root;
use proxy_wasm_tour::ui::{render, strings};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| write_site(&options)) {
        Ok(count) => {
            println!("{count} pages written");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("pages: {message}");
            ExitCode::from(2)
        }
    }
}

struct Options {
    shell: PathBuf,
    out: PathBuf,
    site: Option<String>,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut shell, mut out, mut site) = (None, None, None);
        while let Some(flag) = args.next() {
            let value = args.next().ok_or_else(|| format!("{flag} wants a value"))?;
            match flag.as_str() {
                "--shell" => shell = Some(value.into()),
                "--out" => out = Some(value.into()),
                "--site" => site = Some(value),
                _ => return Err(format!("unknown option {flag}: --shell, --out, --site")),
            }
        }
        Ok(Self {
            shell: shell.ok_or("--shell INDEX.html is missing")?,
            out: out.ok_or("--out DIR is missing")?,
            site,
        })
    }
}

fn write_site(options: &Options) -> Result<usize, String> {
    let shell = std::fs::read_to_string(&options.shell)
        .map_err(|e| format!("{}: {e}", options.shell.display()))?;
    let pages = site_pages();
    for page in &pages {
        write_page(options, &shell, page)?;
    }
    write_not_found(options, &shell)?;
    Ok(pages.len() + 1)
}

/// Every page but the 404.
fn site_pages() -> Vec<Page> {
    vec![
        Page {
            path: "/".into(),
            title: strings::SITE.into(),
            description: strings::HOME_CLAIM.into(),
            body: Body::Home(page::Home { first: None }),
        },
        Page {
            path: "/learn/".into(),
            title: strings::MAP_TITLE.into(),
            description: strings::MAP_LEAD.into(),
            body: Body::Map(page::Map::default()),
        },
    ]
}

fn write_page(options: &Options, shell: &str, page: &Page) -> Result<(), String> {
    let root = Root::relative(&page.path);
    let body = render(page, &root);
    let html = document::assemble(shell, page, &root, &body, options.site.as_deref())?;
    let dir = options.out.join(page.path.trim_matches('/'));
    write(&dir.join("index.html"), &html)?;
    let data = serde_json::to_string(page).map_err(|e| e.to_string())?;
    write(&dir.join(page::FILE), &data)
}

/// A server shows the 404 at any depth, so its links are absolute where the site is known.
fn write_not_found(options: &Options, shell: &str) -> Result<(), String> {
    let page = Page {
        path: "/".into(),
        title: strings::NOT_FOUND.into(),
        description: strings::NOT_FOUND_HELP.into(),
        body: Body::NotFound,
    };
    let root = match &options.site {
        Some(site) => Root(format!("{}/", site.trim_end_matches('/'))),
        None => Root("/".into()),
    };
    let html = document::assemble(shell, &page, &root, &render(&page, &root), None)?;
    write(&options.out.join("404.html"), &html)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    }
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}
