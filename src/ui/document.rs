//! From the build's shell (`index.html`) and a rendered body to one page's HTML.
//!
//! No inline script or style: a strict content security policy holds. The page's data travels in a
//! JSON block, which browsers do not execute. Must not know: Leptos, the file system.

use super::page::{Body, Page};
use super::paths::Root;
use super::strings;
use crate::course::escape;

/// The id of the element that the app hydrates.
pub const APP_ID: &str = "app";
/// The id of the JSON block with the page's data.
pub const DATA_ID: &str = "page-data";

/// Width and height of an embedded page, in CSS pixels.
const FRAME: (u32, u32) = (720, 640);
/// Width and height of the picture at [`card_path`], in pixels.
pub const CARD: (u32, u32) = (1200, 630);

/// Puts a page into the shell.
///
/// `site` is the absolute address of the site's root; with it the page gets a canonical link and
/// what previews elsewhere show of it.
///
/// # Errors
/// Which part the shell lacks.
pub fn assemble(
    shell: &str,
    page: &Page,
    root: &Root,
    body: &str,
    site: Option<&str>,
) -> Result<String, String> {
    let mut html = shell.replace("\"./", &format!("\"{}", root.0));
    html = between(&html, "<title>", "</title>", &escape(&page.full_title()))?;
    let mut head = format!(
        "<meta name=\"description\" content=\"{}\">",
        escape(&page.description)
    );
    head.push_str(&format!(
        "<link rel=\"alternate\" type=\"text/markdown\" href=\"{}{TWIN}\">",
        escape(&root.href(&page.path))
    ));
    if let Some(site) = site {
        head.push_str(&links_and_cards(page, site));
    }
    html = insert_before(&html, "</head>", &head)?;
    html = insert_after(
        &html,
        "<html",
        &format!(" data-root=\"{}\"", escape(&root.0)),
    )?;
    let data = serde_json::to_string(&page.for_document()).map_err(|e| e.to_string())?;
    let open = html
        .find("<body")
        .and_then(|at| html[at..].find('>').map(|end| at + end + 1))
        .ok_or("the shell has no <body>")?;
    // What can only be pressed says so where no script runs; all else reads without one.
    let scriptless = match page.body {
        Body::Playground(_) => format!(
            "<p class=\"notice scriptless\">{}</p>",
            escape(strings::PLAYGROUND_SCRIPTLESS)
        ),
        _ => String::new(),
    };
    html.insert_str(
        open,
        &format!(
            "{scriptless}{body}<script type=\"application/json\" id=\"{DATA_ID}\">{}</script>",
            data.replace('<', "\\u003c")
        ),
    );
    Ok(html)
}

/// Where a page's picture for previews stands, as a site path.
pub fn card_path(page: &Page) -> String {
    let name = page.path.trim_matches('/').replace('/', "-");
    match name.as_str() {
        "" => "/cards/home.png".into(),
        name => format!("/cards/{name}.png"),
    }
}

/// Where a page's oEmbed description stands, as a site path; only what can be run is embedded.
pub fn oembed_path(page: &Page) -> Option<String> {
    match page.body {
        Body::Lesson(_) | Body::Playground(_) => {
            let name = page.path.trim_matches('/').replace('/', "-");
            Some(format!("/oembed/{name}.json"))
        }
        _ => None,
    }
}

/// What other sites show when somebody pastes the page's address: an oEmbed answer of type `rich`
/// (<https://oembed.com>, section 2.3.4). A static file cannot obey `maxwidth`.
pub fn oembed(page: &Page, site: &str) -> String {
    let address = absolute(site, &page.path);
    let frame = format!(
        "<iframe src=\"{}\" title=\"{}\" width=\"{}\" height=\"{}\" loading=\"lazy\" \
         allow=\"clipboard-write; fullscreen\" referrerpolicy=\"no-referrer\"></iframe>",
        escape(&address),
        escape(&page.title),
        FRAME.0,
        FRAME.1,
    );
    serde_json::json!({
        "version": "1.0",
        "type": "rich",
        "title": page.title,
        "provider_name": strings::SITE,
        "provider_url": absolute(site, "/"),
        "html": frame,
        "width": FRAME.0,
        "height": FRAME.1,
        "thumbnail_url": absolute(site, &card_path(page)),
        "thumbnail_width": CARD.0,
        "thumbnail_height": CARD.1,
        "cache_age": 86_400,
    })
    .to_string()
}

/// The name of a page's text as Markdown, beside its `index.html`.
pub const TWIN: &str = "index.md";

/// What programs that read texts are told of the site: `llms.txt` (<https://llmstxt.org>).
pub fn llms(pages: &[&Page], site: Option<&str>) -> String {
    let mut text = format!("# {}\n\n> {}\n\n", strings::SITE, strings::HOME_CLAIM);
    for page in pages {
        let path = format!("{}{TWIN}", page.path);
        let address = match site {
            Some(site) => absolute(site, &path),
            None => format!(".{path}"),
        };
        text.push_str(&format!(
            "- [{}]({address}): {}\n",
            page.title, page.description
        ));
    }
    text
}

/// The addresses of all pages for search engines: `sitemap.xml`.
pub fn sitemap<'a>(pages: impl IntoIterator<Item = &'a Page>, site: &str) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for page in pages {
        xml.push_str(&format!(
            "<url><loc>{}</loc></url>\n",
            escape(&absolute(site, &page.path))
        ));
    }
    xml.push_str("</urlset>\n");
    xml
}

/// What programs that visit pages are told: every page is for them too. `robots.txt` (RFC 9309);
/// it counts where the site lies at the root of its host.
pub fn robots(site: &str) -> String {
    let sitemap = absolute(site, "/sitemap.xml");
    format!("User-agent: *\nAllow: /\n\nSitemap: {sitemap}\n")
}

fn absolute(site: &str, path: &str) -> String {
    format!("{}{path}", site.trim_end_matches('/'))
}

fn links_and_cards(page: &Page, site: &str) -> String {
    let address = escape(&absolute(site, &page.path));
    let mut head = format!("<link rel=\"canonical\" href=\"{address}\">");
    let properties = [
        ("og:type", "website".to_owned()),
        ("og:site_name", escape(strings::SITE)),
        ("og:title", escape(&page.title)),
        ("og:description", escape(&page.description)),
        ("og:url", address),
        ("og:image", escape(&absolute(site, &card_path(page)))),
    ];
    for (name, value) in properties {
        head.push_str(&format!("<meta property=\"{name}\" content=\"{value}\">"));
    }
    head.push_str("<meta name=\"twitter:card\" content=\"summary_large_image\">");
    if let Some(path) = oembed_path(page) {
        head.push_str(&format!(
            "<link rel=\"alternate\" type=\"application/json+oembed\" href=\"{}\" title=\"{}\">",
            escape(&absolute(site, &path)),
            escape(&page.title),
        ));
    }
    head
}

fn between(html: &str, open: &str, close: &str, text: &str) -> Result<String, String> {
    let from = html
        .find(open)
        .map(|at| at + open.len())
        .ok_or_else(|| format!("the shell has no {open}"))?;
    let to = html[from..]
        .find(close)
        .map(|at| at + from)
        .ok_or_else(|| format!("the shell has no {close}"))?;
    Ok(format!("{}{text}{}", &html[..from], &html[to..]))
}

fn insert_before(html: &str, mark: &str, text: &str) -> Result<String, String> {
    let at = html
        .find(mark)
        .ok_or_else(|| format!("the shell has no {mark}"))?;
    Ok(format!("{}{text}{}", &html[..at], &html[at..]))
}

fn insert_after(html: &str, mark: &str, text: &str) -> Result<String, String> {
    let at = html
        .find(mark)
        .map(|at| at + mark.len())
        .ok_or_else(|| format!("the shell has no {mark}"))?;
    Ok(format!("{}{text}{}", &html[..at], &html[at..]))
}

#[cfg(test)]
mod tests {
    use super::super::page::{Body, Page, Text};
    use super::*;

    const SHELL: &str = "<!doctype html><html lang=\"en\"><head><title>x</title>\
        <link rel=\"stylesheet\" href=\"./a.css\"></head><body class=\"b\"></body></html>";

    fn page() -> Page {
        Page {
            path: "/learn/a/b/".into(),
            title: "A <b>".into(),
            description: "Says \"hi\"".into(),
            body: Body::Text(Text::default()),
        }
    }

    #[test]
    fn a_page_takes_its_place_in_the_shell() {
        let page = page();
        let root = Root::relative(&page.path);
        let html = assemble(SHELL, &page, &root, "<main></main>", None).expect("assembles");
        assert!(html.contains("href=\"../../../a.css\""));
        assert!(html.contains("<title>A &lt;b&gt;"));
        assert!(html.contains("content=\"Says &quot;hi&quot;\""));
        assert!(html.contains("<body class=\"b\"><main></main><script"));
        assert!(html.contains("data-root=\"../../../\""));
        assert!(!html.contains("canonical"));
        let data = &html[html.find("page-data").expect("data")..];
        assert!(!data[..data.find("</script>").expect("end")].contains('<'));
    }

    #[test]
    fn canonical_links_need_a_site() {
        let page = page();
        let html = assemble(SHELL, &page, &Root("./".into()), "", Some("https://h/x/"));
        let html = html.expect("assembles");
        assert!(html.contains("href=\"https://h/x/learn/a/b/\""));
        assert!(html.contains("content=\"https://h/x/cards/learn-a-b.png\""));
        assert!(sitemap([&page], "https://h/x/").contains("<loc>https://h/x/learn/a/b/</loc>"));
    }

    #[test]
    fn what_can_be_run_is_embedded_by_its_address() {
        let mut page = page();
        assert_eq!(oembed_path(&page), None);
        page.body = Body::Playground(Box::default());
        assert_eq!(oembed_path(&page), Some("/oembed/learn-a-b.json".into()));
        let html = assemble(SHELL, &page, &Root("./".into()), "", Some("https://h/x/"));
        let html = html.expect("assembles");
        assert!(html.contains(
            "type=\"application/json+oembed\" href=\"https://h/x/oembed/learn-a-b.json\""
        ));
        let answer: serde_json::Value =
            serde_json::from_str(&oembed(&page, "https://h/x/")).expect("is JSON");
        assert_eq!(answer["type"], "rich");
        assert_eq!(answer["provider_url"], "https://h/x/");
        assert_eq!(answer["thumbnail_url"], "https://h/x/cards/learn-a-b.png");
        let frame = answer["html"].as_str().expect("has HTML");
        assert!(frame.starts_with("<iframe src=\"https://h/x/learn/a/b/\" title=\"A &lt;b&gt;\""));
    }

    #[test]
    fn a_broken_shell_is_an_error() {
        let result = assemble("<html></html>", &page(), &Root("./".into()), "", None);
        assert_eq!(result, Err("the shell has no <title>".into()));
    }
}
