//! What surrounds every page: skip link, header, footer.

use super::navigation::Navigation;
use super::page::Body;
use super::paths::Root;
use super::strings;
use super::theme::ThemeToggle;
use leptos::prelude::*;

/// The address of a site path from where the component stands.
pub(super) fn href(path: &str) -> String {
    use_context::<Root>()
        .unwrap_or_else(|| Root::relative("/"))
        .href(path)
}

/// Header, page, footer.
#[component]
pub(super) fn Shell(navigation: Navigation, children: Children) -> impl IntoView {
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
            <nav aria-label=strings::NAVIGATION>
                <NavLink navigation path="/learn/" text=strings::LEARN />
                <NavLink navigation path="/playground/" text=strings::PLAYGROUND />
                <NavLink navigation path="/reference/" text=strings::REFERENCE />
            </nav>
            <ThemeToggle />
        </header>
        <main id="main" tabindex="-1">
            {children()}
        </main>
        <Footer navigation />
    }
}

#[component]
fn NavLink(navigation: Navigation, path: &'static str, text: &'static str) -> impl IntoView {
    let current = move || {
        navigation.with(|page| match page.path == path {
            true => Some("page"),
            false => page.path.starts_with(path).then_some("true"),
        })
    };
    view! {
        <a href=href(path) aria-current=current>
            {text}
        </a>
    }
}

/// Not below a lab, which fills the window.
#[component]
fn Footer(navigation: Navigation) -> impl IntoView {
    let whole =
        move || navigation.with(|page| matches!(page.body, Body::Playground(_) | Body::Lesson(_)));
    view! {
        <footer class="site-footer" hidden=whole>
            <p>{strings::FOOTER}</p>
        </footer>
    }
}
