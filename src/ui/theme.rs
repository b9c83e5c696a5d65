//! The theme: light, dark or the system's, kept in the browser's storage where that is allowed.

use super::{browser, strings};
use leptos::prelude::*;

/// The choices, in the order in which the button goes through them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

const KEY: &str = "tour.theme";

impl Theme {
    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn parse(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::System => strings::THEME_SYSTEM,
            Self::Light => strings::THEME_LIGHT,
            Self::Dark => strings::THEME_DARK,
        }
    }

    fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }
}

/// The button that goes through the themes. `boot.js` sets the kept theme before first paint.
#[component]
pub(super) fn ThemeToggle() -> impl IntoView {
    let theme = RwSignal::new(Theme::default());
    Effect::new(move |_| {
        if let Some(kept) = browser::stored(KEY) {
            theme.set(Theme::parse(&kept));
        }
    });
    Effect::new(move |first: Option<()>| {
        let name = theme.get().name();
        browser::set_root_data("theme", name);
        if first.is_some() {
            browser::store(KEY, name);
        }
    });
    view! {
        <button
            type="button"
            class="icon-button"
            title=move || theme.get().label()
            aria-label=move || theme.get().label()
            on:click=move |_| theme.update(|t| *t = t.next())
        >
            <svg viewBox="0 0 20 20" aria-hidden="true" class="icon">
                <circle cx="10" cy="10" r="6.5"></circle>
                <path class="icon-fill" d="M10 3.5a6.5 6.5 0 0 1 0 13z"></path>
            </svg>
        </button>
    }
}
