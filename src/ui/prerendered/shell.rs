//! What surrounds every page: skip link, header, footer. `src/vendor/site` moves the mark of the
//! current section when the app follows a link, and gives the buttons their work.

use super::href;
use crate::ui::document::APP_ID;
use crate::ui::strings;
use leptos::prelude::*;

/// Header, page, footer.
#[component]
pub(super) fn Shell(path: String, app: String) -> impl IntoView {
    let links = [
        ("/learn/", strings::LEARN),
        ("/playground/", strings::PLAYGROUND),
        ("/reference/", strings::REFERENCE),
    ];
    let links = links
        .into_iter()
        .map(|(to, text)| {
            let current = match path == to {
                true => Some("page"),
                false => path.starts_with(to).then_some("true"),
            };
            view! {
                <a href=href(to) aria-current=current>
                    {text}
                </a>
            }
        })
        .collect_view();
    view! {
        <a class="skip" href="#main">
            {strings::SKIP}
        </a>
        <header class="site-header">
            <a class="site-name" href=href("/")>
                <svg viewBox="0 0 24 24" aria-hidden="true" class="mark">
                    <circle cx="4" cy="12" r="2.5"></circle>
                    <path d="M6.5 12H9M15 12h2.5"></path>
                    <rect x="9" y="8" width="6" height="8" rx="1.5"></rect>
                    <path d="m19.5 9 3 3-3 3-3-3z"></path>
                </svg>
                <span>
                    <span class="site-long">{strings::SITE_BEFORE}</span>
                    {strings::SITE_SHORT}
                </span>
            </a>
            <nav aria-label=strings::NAVIGATION>{links}</nav>
            <div class="site-tools">
                <Tool does="search" label=strings::SEARCH_SITE>
                    <circle cx="9" cy="9" r="5.5"></circle>
                    <path d="m13 13 4 4"></path>
                </Tool>
                <Tool does="theme" label=strings::THEME_SYSTEM>
                    <circle cx="10" cy="10" r="6.5"></circle>
                    <path class="icon-fill" d="M10 3.5a6.5 6.5 0 0 1 0 13z"></path>
                </Tool>
                <Tool does="keys" label=strings::KEYS>
                    <path d="M7.5 7.6a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.9-1.1 1.9M10 14.6v.2"></path>
                    <circle cx="10" cy="10" r="7.5"></circle>
                </Tool>
            </div>
        </header>
        <main id="main" tabindex="-1">
            <div id=APP_ID inner_html=app></div>
        </main>
        <footer class="site-footer">
            <p>{strings::FOOTER}</p>
            <nav aria-label=strings::FOOTER_LINKS>
                <a href=href("/reference/glossary/")>{strings::GLOSSARY}</a>
                <a href=href("/reference/messages/")>{strings::MESSAGES}</a>
                <a href=href("/progress/")>{strings::PROGRESS}</a>
                <a href=href("/licences/")>{strings::LICENCES}</a>
            </nav>
        </footer>
    }
}

/// A button of the header. It does nothing before `src/vendor/site` is there.
#[component]
fn Tool(does: &'static str, label: &'static str, children: Children) -> impl IntoView {
    view! {
        <button type="button" class="icon-button" data-does=does title=label aria-label=label>
            <svg viewBox="0 0 20 20" aria-hidden="true" class="icon">
                {children()}
            </svg>
        </button>
    }
}
