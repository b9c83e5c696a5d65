//! Small parts that several screens share: an actor's shape with its word, text with code in it.

use super::logic::event::Actor;
use super::strings;
use leptos::prelude::*;
use std::sync::Arc;

/// The shape of an actor: each differs without its colour too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A circle.
    Client,
    /// A square.
    Proxy,
    /// A hexagon.
    Wasm,
    /// A triangle.
    Host,
    /// A diamond.
    Upstream,
}

impl Shape {
    pub(super) fn of(actor: Actor) -> Self {
        match actor {
            Actor::Client => Self::Client,
            Actor::Proxy => Self::Proxy,
            Actor::Wasm => Self::Wasm,
            Actor::Host => Self::Host,
            Actor::Upstream => Self::Upstream,
        }
    }

    /// The shape of an actor that the engine names.
    pub(super) fn named(actor: &str) -> Self {
        match actor {
            "client" => Self::Client,
            "wasm" => Self::Wasm,
            "upstream" => Self::Upstream,
            _ => Self::Proxy,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Proxy => "native",
            Self::Wasm => "wasm",
            Self::Host => "host",
            Self::Upstream => "upstream",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Client => "M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1z",
            Self::Proxy => "M1.5 1.5h9v9h-9z",
            Self::Wasm => "M6 .8 10.6 3.4v5.2L6 11.2 1.4 8.6V3.4z",
            Self::Host => "M6 1l5.4 9.8H.6z",
            Self::Upstream => "M6 .4 11.6 6 6 11.6.4 6z",
        }
    }
}

/// A button that shows more of many things, of which a few are there at first: a page that makes
/// thousands at once stands still.
#[component]
pub(super) fn More(shown: RwSignal<usize>, count: usize, few: usize) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button quiet"
            hidden=move || shown.get() == count
            on:click=move |_| shown.update(|shown| *shown = (*shown + few).min(count))
        >
            {move || strings::more(few.min(count - shown.get()), count - shown.get())}
        </button>
    }
}

/// Things by keys: one that keeps its key is not made anew. One function for every list, so that the
/// page holds the code that compares keys once.
pub(super) fn keyed(
    keys: Box<dyn Fn() -> Vec<u64> + Send + Sync>,
    one: Arc<dyn Fn(u64) -> AnyView + Send + Sync>,
) -> AnyView {
    view! { <For each=keys key=|key| *key children=move |key| one(key) /> }.into_any()
}

/// Text in which what stands between backticks is code, as authors write hints.
pub(super) fn ticked(text: &str) -> impl IntoView + use<> {
    text.split('`')
        .enumerate()
        .map(|(at, part)| match at % 2 {
            1 => view! { <code>{part.to_owned()}</code> }.into_any(),
            _ => part.to_owned().into_any(),
        })
        .collect_view()
}

/// An actor's shape in its colour, with words.
#[component]
pub(super) fn ActorName(shape: Shape, #[prop(into)] text: String) -> impl IntoView {
    view! {
        <span class=format!("actor {}", shape.class())>
            <svg viewBox="0 0 12 12" aria-hidden="true">
                <path d=shape.path()></path>
            </svg>
            <span>{text}</span>
        </span>
    }
}
