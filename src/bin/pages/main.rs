//! Writes every page of the site as HTML, from the components that the app hydrates.
//!
//! `pages --shell INDEX.html --out DIR [--site URL] [--content DIR] [--samples DIR] [--npm DIR]`
//!
//! `--npm` is a directory whose `node_modules` has the packages of the bundles: their licences are
//! read there.
//!
//! The shell is the build's `index.html`: `<title>`, `<html`, `</head>` and an empty `<body>`; each
//! address of its own begins with `"./` and is lifted to the page's depth. A page is then
//! `<html data-root="../../">`, `<body><div id="app">…</div><script type="application/json"
//! id="page-data">`. `boot.js` stands in the head without `defer`, so that it can set
//! `data-theme` on the root element from `localStorage["tour.theme"]` before first paint; it loads
//! the app when the document is read.

// A command speaks through the terminal.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod home;
mod lessons;
mod texts;
mod workbook;

use proxy_wasm_tour::course::{Book, LANGUAGE, LessonEntry, manuals};
use proxy_wasm_tour::export::card::card;
use proxy_wasm_tour::export::{Disk, Sources as _, content, reference, search, twin};
use proxy_wasm_tour::ui::document;
use proxy_wasm_tour::ui::page::{self, Page};
use proxy_wasm_tour::ui::paths::Root;
use proxy_wasm_tour::ui::prerendered::render;
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
    content: PathBuf,
    samples: PathBuf,
    npm: Option<PathBuf>,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut shell, mut out, mut site, mut npm) = (None, None, None, None);
        let mut content = PathBuf::from("content");
        let mut samples = PathBuf::from("target/filters");
        while let Some(flag) = args.next() {
            let value = args.next().ok_or_else(|| format!("{flag} wants a value"))?;
            match flag.as_str() {
                "--shell" => shell = Some(value.into()),
                "--out" => out = Some(value.into()),
                "--site" => site = Some(value),
                "--content" => content = value.into(),
                "--samples" => samples = value.into(),
                "--npm" => npm = Some(value.into()),
                _ => {
                    return Err(format!(
                        "unknown option {flag}: --shell, --out, --site, --content, --samples, --npm"
                    ));
                }
            }
        }
        Ok(Self {
            shell: shell.ok_or("--shell INDEX.html is missing")?,
            out: out.ok_or("--out DIR is missing")?,
            site,
            content,
            samples,
            npm,
        })
    }
}

impl Options {
    /// A built sample filter.
    fn sample(&self, name: &str) -> Result<Vec<u8>, String> {
        let path = self.samples.join(format!("{name}.wasm"));
        std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))
    }
}

fn write_site(options: &Options) -> Result<usize, String> {
    let shell = std::fs::read_to_string(&options.shell)
        .map_err(|e| format!("{}: {e}", options.shell.display()))?;
    let (pages, index) = site_pages(options)?;
    let shell = with_search(options, in_language(shell)?, &index)?;
    for page in &pages {
        write_page(options, &shell, page)?;
    }
    write_not_found(options, &shell)?;
    // A workbook repeats its lessons: it is for paper, and no machine need read it.
    let listed: Vec<&Page> = pages.iter().filter(|page| !page.is_workbook()).collect();
    if let Some(site) = &options.site {
        let sitemap = document::sitemap(listed.iter().copied(), site);
        write(&options.out.join("sitemap.xml"), sitemap.as_bytes())?;
        let robots = document::robots(site);
        write(&options.out.join("robots.txt"), robots.as_bytes())?;
    }
    write_sources(options)?;
    let llms = document::llms(&listed, options.site.as_deref());
    write(&options.out.join("llms.txt"), llms.as_bytes())?;
    Ok(pages.len())
}

/// The shell, saying the language that is built.
fn in_language(shell: String) -> Result<String, String> {
    const ENGLISH: &str = "lang=\"en\"";
    match shell.contains(ENGLISH) {
        true => Ok(shell.replacen(ENGLISH, &format!("lang=\"{LANGUAGE}\""), 1)),
        false => Err(format!("the shell has no {ENGLISH}")),
    }
}

/// Writes the sources of each sample filter, as the exporter reads them, and the list of their names.
fn write_sources(options: &Options) -> Result<(), String> {
    let mut disk = Disk::around(Path::new(""));
    disk.samples = options.samples.clone();
    let folder = options.out.join("sources");
    let built = std::fs::read_dir(&options.samples);
    let built = built.map_err(|e| format!("{}: {e}", options.samples.display()))?;
    let paths = built.flatten().map(|entry| entry.path());
    let modules = paths.filter(|path| path.extension().is_some_and(|kind| kind == "wasm"));
    let mut names: Vec<String> = modules
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    for name in &names {
        let files = disk.source(name).unwrap_or_default().into_iter();
        let text = |(path, bytes)| String::from_utf8(bytes).map(|text| (path, text));
        let texts: Result<Vec<(String, String)>, _> = files.map(text).collect();
        let texts = texts.map_err(|_| format!("a source of {name} is no text"))?;
        let json = serde_json::to_vec(&texts).map_err(|e| e.to_string())?;
        write(&folder.join(format!("{name}.json")), &json)?;
    }
    let json = serde_json::to_vec(&names).map_err(|e| e.to_string())?;
    write(&folder.join("names.json"), &json)
}

/// Writes the search index under a name with its hash, and has every page name it.
fn with_search(options: &Options, shell: String, index: &str) -> Result<String, String> {
    let name = search::name(index);
    write(&options.out.join(&name), index.as_bytes())?;
    match shell.contains("<html") {
        true => Ok(shell.replacen("<html", &format!("<html data-search=\"./{name}\""), 1)),
        false => Err("the shell has no <html".into()),
    }
}

/// Every page but the 404, and the search index.
fn site_pages(options: &Options) -> Result<(Vec<Page>, String), String> {
    let content = content::read(&options.content).map_err(|e| e.to_string())?;
    let book = Book::read(&content, LANGUAGE);
    let mut pages = vec![home::page(options, &content, &book)?];
    pages.extend(texts::pages(options, &book)?);
    pages.extend(lessons::playgrounds(&content)?);
    let samples = |name: &str| options.sample(name);
    let examples = reference::examples(&content, &samples).map_err(|e| e.to_string())?;
    pages.extend(lessons::examples(&content, &examples)?);
    let manuals = manuals(&content, &book, LANGUAGE).map_err(|e| e.to_string())?;
    let glossary = manuals.iter().find(|manual| manual.id == "glossary");
    for lesson in &book.lessons {
        pages.push(lessons::page(options, &content, &book, lesson, glossary)?);
    }
    pages.extend(workbook::pages(options, &content, &book)?);
    let (references, found) = texts::references(&book, &manuals, &examples)?;
    pages.extend(references);
    Ok((pages, search::index(&content, &book, &found)))
}

fn link(lesson: &LessonEntry) -> page::Link {
    page::Link {
        path: lesson.path.clone(),
        title: lesson.title.clone(),
    }
}

fn write_page(options: &Options, shell: &str, page: &Page) -> Result<(), String> {
    let root = Root::relative(&page.path);
    let body = render(page, &root);
    let html = document::assemble(shell, page, &root, &body, options.site.as_deref())?;
    let dir = options.out.join(page.path.trim_matches('/'));
    write(&dir.join("index.html"), html.as_bytes())?;
    if let Some(site) = &options.site {
        let host = site.trim_end_matches('/');
        let host = host.split_once("://").map_or(host, |(_, host)| host);
        let picture = card(&page.title, &page.description, host)?;
        let path = document::card_path(page);
        write(&options.out.join(path.trim_start_matches('/')), &picture)?;
        if let Some(path) = document::oembed_path(page) {
            let answer = document::oembed(page, site);
            write(
                &options.out.join(path.trim_start_matches('/')),
                answer.as_bytes(),
            )?;
        }
    }
    let twin = match page.clone().html_mut() {
        Some(html) => twin::markdown(html),
        // A lab has no text of its own.
        None => format!("# {}\n\n{}\n", page.title, page.description),
    };
    write(&dir.join(document::TWIN), twin.as_bytes())?;
    let data = serde_json::to_string(page).map_err(|e| e.to_string())?;
    write(&dir.join(page::FILE), data.as_bytes())
}

/// How deep below the site an address may lie at which its 404 still finds the site.
const DEEPEST: usize = 5;

/// A server shows the 404 at any depth, so its links are absolute. Without the site's address they
/// begin at the host's root, and `404.js` lifts them where the site does not lie there.
fn write_not_found(options: &Options, shell: &str) -> Result<(), String> {
    let site = options.site.as_deref().unwrap_or_default();
    let root = Root(format!("{}/", site.trim_end_matches('/')));
    let page = texts::not_found(&root);
    let mut html = document::assemble(shell, &page, &root, &render(&page, &root), None)?;
    if options.site.is_none() {
        let place = html.find("<link").ok_or("the shell has no <link")?;
        let ways = (0..=DEEPEST)
            .map(|up| format!("<script src=\"./{}404.js\"></script>", "../".repeat(up)));
        html.insert_str(place, &ways.collect::<String>());
    }
    write(&options.out.join("404.html"), html.as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    }
    std::fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}
