//! The first page: what the site is, a request through a chain in every way, paths.

use crate::{Options, link};
use proxy_wasm_tour::course::{Book, Content, Pathway, pathways};
use proxy_wasm_tour::export::content::Desk;
use proxy_wasm_tour::export::site;
use proxy_wasm_tour::ui::page::{Body, Page};
use proxy_wasm_tour::ui::paths::Root;
use proxy_wasm_tour::ui::prerendered::{self, Chain, ChainFilter, Home, Outcome, Path};
use proxy_wasm_tour::ui::strings;
use std::collections::BTreeMap;

/// The folder of the chain's lab, below `content/`.
const LAB: &str = "home";
/// The part of that lab that its filters make up.
const PART: &str = "envoy.yaml";
/// The most filters that the style sheet can choose among.
const FILTERS: usize = 3;

/// What ends every chain.
const ROUTER: &str = "- name: envoy.filters.http.router\n  typed_config:\n    \
    \"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router\n";

/// The first page.
pub(crate) fn page(options: &Options, content: &Content, book: &Book) -> Result<Page, String> {
    let path = "/";
    let paths = pathways(content, book).map_err(|e| e.to_string())?;
    let home = Home {
        first: book.catalogue.lessons().next().map(link),
        chain: chain(options, content)?,
        paths: paths.into_iter().map(way).collect(),
    };
    Ok(Page {
        path: path.into(),
        title: strings::SITE.into(),
        description: strings::HOME_CLAIM.into(),
        body: Body::Text(prerendered::home(home, &Root::relative(path))),
    })
}

fn way(path: Pathway) -> Path {
    Path {
        title: path.title,
        who: path.who,
        minutes: path.lessons.iter().map(|lesson| lesson.minutes).sum(),
        lessons: path.lessons.iter().map(link).collect(),
    }
}

/// Runs the chain with each filter in and out.
fn chain(options: &Options, content: &Content) -> Result<Option<Chain>, String> {
    let prefix = format!("{LAB}/chain/");
    let files: Vec<&String> = (content.files.keys())
        .filter(|path| path.starts_with(&prefix))
        .collect();
    if files.is_empty() {
        return Ok(None);
    }
    if files.len() > FILTERS {
        return Err(format!(
            "{}: {} filters, and the first page can show {FILTERS}",
            content.name(&prefix),
            files.len()
        ));
    }
    let filters = files.iter().map(|file| filter(content, file)).collect();
    let lab = content.text(&format!("{LAB}/lab.yaml")).unwrap_or_default();
    let texts = files
        .iter()
        .map(|file| content.text(file).unwrap_or_default());
    // What `src/vendor/kit/live.js` makes a run of.
    let live = serde_json::json!({
        "lab": lab,
        "part": PART,
        "filters": texts.collect::<Vec<_>>(),
        "end": ROUTER,
    });
    let outcomes: Result<Vec<Outcome>, String> = (0..1_usize << files.len())
        .map(|mask| {
            let on = files
                .iter()
                .enumerate()
                .filter(|(at, _)| mask >> at & 1 == 1);
            run(options, content, on.map(|(_, file)| file.as_str()))
        })
        .collect();
    Ok(Some(Chain {
        filters,
        live: live.to_string(),
        outcomes: outcomes?,
    }))
}

/// `2-api-key.off.yaml`: place, name, and whether it is out at first. Its first line says what it
/// does.
fn filter(content: &Content, file: &str) -> ChainFilter {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.trim_end_matches(".yaml");
    let on = !name.ends_with(".off");
    let name = name.trim_end_matches(".off");
    let text = content.text(file).unwrap_or_default();
    ChainFilter {
        name: name.split_once('-').map_or(name, |(_, name)| name).into(),
        what: text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("# ")
            .into(),
        on,
    }
}

fn run<'a>(
    options: &Options,
    content: &Content,
    files: impl Iterator<Item = &'a str>,
) -> Result<Outcome, String> {
    let mut envoy = String::from("http_filters:\n");
    envoy.extend(files.map(|file| content.text(file).unwrap_or_default()));
    envoy.push_str(ROUTER);
    let desk = Desk {
        content,
        folder: LAB,
        edits: BTreeMap::from([(PART.to_string(), envoy)]),
        samples: &|name| options.sample(name),
    };
    let report = site::record(&desk).map_err(|e| e.to_string())?;
    report
        .as_ref()
        .and_then(Outcome::of)
        .ok_or_else(|| format!("{}: no request was sent", content.name(LAB)))
}
