//! A row of tabs: arrow keys move, Home and End jump, the panel is the caller's.

use leptos::prelude::*;

type Text = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// A tab.
pub(super) struct Tab {
    name: String,
    count: Option<Text>,
    mark: Option<Box<dyn Fn() -> bool + Send>>,
}

impl Tab {
    pub(super) fn of(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            count: None,
            mark: None,
        }
    }

    /// A small count beside the name.
    pub(super) fn counted(
        mut self,
        count: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.count = Some(Box::new(count));
        self
    }

    /// A mark that says that something in it is wrong.
    pub(super) fn marked(mut self, mark: impl Fn() -> bool + Send + 'static) -> Self {
        self.mark = Some(Box::new(mark));
        self
    }
}

/// The row. Tab `n` has the id `ID-tab-n` and governs the panel `ID-panel-n`.
#[component]
pub(super) fn Tabs(
    id: &'static str,
    label: &'static str,
    tabs: Vec<Tab>,
    active: RwSignal<usize>,
) -> impl IntoView {
    let n = tabs.len();
    let key = move |event: leptos::ev::KeyboardEvent| {
        let at = active.get_untracked();
        let to = match event.key().as_str() {
            "ArrowRight" => (at + 1) % n,
            "ArrowLeft" => (at + n - 1) % n,
            "Home" => 0,
            "End" => n - 1,
            _ => return,
        };
        event.prevent_default();
        active.set(to);
        crate::ui::browser::focus(&format!("{id}-tab-{to}"));
    };
    let tabs = tabs
        .into_iter()
        .enumerate()
        .map(|(at, tab)| {
            let Tab { name, count, mark } = tab;
            view! {
                <button
                    type="button"
                    role="tab"
                    id=format!("{id}-tab-{at}")
                    aria-controls=format!("{id}-panel-{at}")
                    aria-selected=move || (active.get() == at).to_string()
                    tabindex=move || if active.get() == at { "0" } else { "-1" }
                    on:click=move |_| active.set(at)
                >
                    {name}
                    {count
                        .map(|count| {
                            let count = Memo::new(move |_| count());
                            view! {
                                <span class="count" hidden=move || count.get().is_none()>
                                    {move || count.get().unwrap_or_default()}
                                </span>
                            }
                        })}
                    {mark
                        .map(|mark| {
                            view! {
                                <span class="mark-bad" hidden=move || !mark()>
                                    "!"
                                </span>
                            }
                        })}
                </button>
            }
        })
        .collect_view();
    view! {
        <div class="tabs" role="tablist" aria-label=label on:keydown=key>
            {tabs}
        </div>
    }
}
