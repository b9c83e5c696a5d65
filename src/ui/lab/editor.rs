//! A text editor: line numbers, the problem at its line, Tab that indents after typing and leaves
//! after Escape.
//!
//! The element around the text area puts a richer editor over it when that has been loaded
//! (`src/vendor/editor`), which does all of this itself; the text area stays what is read and set.

use super::state::LabState;
use crate::ui::browser;
use crate::ui::logic::text;
use crate::ui::strings;
use leptos::prelude::*;

/// The editor of one part.
#[component]
pub(super) fn TextEditor(state: LabState, name: String) -> impl IntoView {
    let name = StoredValue::new(name);
    let text = move || {
        state
            .texts
            .with(|texts| name.with_value(|name| texts.get(name).cloned().unwrap_or_default()))
    };
    let problem = Memo::new(move |_| {
        state
            .problem()
            .filter(|problem| name.with_value(|name| problem.place.file == *name))
    });
    let bad_line = move || problem.get().map_or(0, |p| p.place.line as usize);
    let typed = StoredValue::new(false);
    let set = move |value: String| state.set_text(&name.get_value(), value);
    let key = move |event: leptos::ev::KeyboardEvent| match event.key().as_str() {
        "Escape" => typed.set_value(false),
        "Tab" if typed.get_value() && !event.shift_key() && !event.ctrl_key() => {
            event.prevent_default();
            if let Some(value) = browser::insert(&event, "  ") {
                set(value);
            }
        }
        _ => {}
    };
    let start = untrack(text);
    let message_id = format!("problem-{}", name.get_value().replace(['.', '/'], "-"));
    view! {
        <code-editor class="editor">
            <ol class="gutter" aria-hidden="true">
                {move || {
                    let bad = bad_line();
                    (1..=text::lines(&text()))
                        .map(|n| view! { <li class:bad=n == bad></li> })
                        .collect_view()
                }}
            </ol>
            <textarea
                aria-label=name.get_value()
                aria-describedby=message_id.clone()
                aria-invalid=move || (bad_line() > 0).to_string()
                data-problem=move || {
                    problem
                        .get()
                        .map(|p| format!("{}:{}:{}", p.place.line, p.place.column, p.message))
                }
                spellcheck="false"
                autocapitalize="off"
                autocomplete="off"
                wrap="off"
                rows=move || text::lines(&text()).to_string()
                cols=move || (text::width(&text()) + 2).to_string()
                prop:value=text
                on:input=move |event| {
                    typed.set_value(true);
                    set(event_target_value(&event));
                }
                on:focus=move |_| typed.set_value(false)
                on:keydown=key
            >
                {start}
            </textarea>
        </code-editor>
        <div id=message_id class="editor-problem">
            {move || {
                problem
                    .get()
                    .map(|problem| {
                        view! {
                            <div class="notice bad">
                                <p>
                                    <strong>
                                        {strings::line_column(
                                            problem.place.line,
                                            problem.place.column,
                                        )}
                                    </strong>
                                    " "
                                    {problem.message}
                                </p>
                                <p>{problem.help}</p>
                            </div>
                        }
                    })
            }}
        </div>
    }
}
