//! The request editor: method, path, authority, header rows, body, chunk sizes, trailers.
//!
//! The raw form's text area holds the form as JSON; its editor shows that as HTTP does
//! (`src/vendor/editor/request.js`).

use super::state::LabState;
use crate::ui::logic::request::{Field, RequestForm, Rows};
use crate::ui::parts::keyed;
use crate::ui::{browser, json, strings};
use leptos::prelude::*;
use std::sync::Arc;

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The fields of the first request of the first scenario.
#[component]
pub(super) fn RequestEditor(state: LabState) -> impl IntoView {
    let form = state.request;
    let start = form.get_untracked();
    // What a request does not have need not be in the way.
    let more = !start.body.is_empty() || !start.trailers.rows.is_empty();
    let methods = METHODS
        .into_iter()
        .map(|method| view! { <option value=method></option> })
        .collect_view();
    view! {
        <div class="request">
            <div class="request-line">
                <label class="field method">
                    <span>{strings::METHOD}</span>
                    <input
                        list="methods"
                        size="8"
                        value=start.method
                        prop:value=move || form.with(|f| f.method.clone())
                        on:input=move |e| form.update(|f| f.method = event_target_value(&e))
                        aria-invalid=move || invalid(state, Field::Method)
                    />
                    <datalist id="methods">{methods}</datalist>
                </label>
                <label class="field path">
                    <span>{strings::PATH}</span>
                    <input
                        value=start.path
                        spellcheck="false"
                        autocapitalize="off"
                        prop:value=move || form.with(|f| f.path.clone())
                        on:input=move |e| form.update(|f| f.path = event_target_value(&e))
                        aria-invalid=move || invalid(state, Field::Path)
                    />
                </label>
                <label class="field authority">
                    <span>{strings::AUTHORITY}</span>
                    <input
                        value=start.authority
                        spellcheck="false"
                        autocapitalize="off"
                        prop:value=move || form.with(|f| f.authority.clone())
                        on:input=move |e| form.update(|f| f.authority = event_target_value(&e))
                    />
                </label>
            </div>
            <HeaderRows
                state
                title=strings::HEADERS
                add=strings::ADD_HEADER
                prefix="header"
                read=|form| &form.headers
                write=|form| &mut form.headers
            />
            <details class="more-fields" open=more>
            <summary>{strings::MORE_FIELDS}</summary>
            <div>
            <label class="field">
                <span>{strings::BODY}</span>
                <textarea
                    rows="3"
                    spellcheck="false"
                    autocapitalize="off"
                    prop:value=move || form.with(|f| f.body.clone())
                    on:input=move |e| form.update(|f| f.body = event_target_value(&e))
                    aria-invalid=move || invalid(state, Field::Body)
                >
                    {start.body}
                </textarea>
            </label>
            <div class="body-options">
                <label class="field inline">
                    <span>{strings::CHUNKS}</span>
                    <input
                        size="12"
                        placeholder=strings::CHUNKS_EXAMPLE
                        inputmode="numeric"
                        value=start.chunks
                        prop:value=move || form.with(|f| f.chunks.clone())
                        on:input=move |e| form.update(|f| f.chunks = event_target_value(&e))
                        aria-invalid=move || invalid(state, Field::Chunks)
                    />
                </label>
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || form.with(|f| f.base64)
                        on:change=move |e| form.update(|f| f.base64 = event_target_checked(&e))
                    />
                    <span>{strings::BASE64}</span>
                </label>
            </div>
            <HeaderRows
                state
                title=strings::TRAILERS
                add=strings::ADD_TRAILER
                prefix="trailer"
                read=|form| &form.trailers
                write=|form| &mut form.trailers
            />
            </div>
            </details>
            <details class="more-fields raw">
                <summary>{strings::RAW}</summary>
                <code-editor class="editor">
                    <textarea
                        aria-label=strings::RAW
                        data-codec="request"
                        prop:value=move || form.with(|f| serde_json::to_string(f).unwrap_or_default())
                        on:input=move |e| {
                            if let Ok(read) = json::read(&event_target_value(&e)) {
                                form.set(read);
                            }
                        }
                    ></textarea>
                </code-editor>
            </details>
            <div class="editor-problem">
                {move || {
                    state
                        .field_problem
                        .get()
                        .map(|problem| {
                            view! {
                                <div class="notice bad">
                                    <p>{problem.message}</p>
                                </div>
                            }
                        })
                }}
            </div>
        </div>
    }
}

fn invalid(state: LabState, field: Field) -> String {
    state
        .field_problem
        .with(|problem| problem.as_ref().is_some_and(|p| p.field == field))
        .to_string()
}

/// Rows of names and values, with buttons to add and to remove.
#[component]
fn HeaderRows(
    state: LabState,
    title: &'static str,
    add: &'static str,
    prefix: &'static str,
    read: fn(&RequestForm) -> &Rows,
    write: fn(&mut RequestForm) -> &mut Rows,
) -> impl IntoView {
    let form = state.request;
    let ids = move || form.with(|f| read(f).rows.iter().map(|row| row.id.into()).collect());
    let one = move |id: u64| {
        let id = id as u32;
        view! { <HeaderRow state id prefix read write /> }.into_any()
    };
    let on_add = move |_| {
        let mut id = 0;
        form.update(|f| id = write(f).add(String::new(), String::new()));
        request_animation_frame(move || browser::focus(&format!("{prefix}-{id}")));
    };
    view! {
        <fieldset class="rows">
            <legend>{title}</legend>
            {keyed(Box::new(ids), Arc::new(one))}
            <button type="button" class="link add" on:click=on_add>
                {add}
            </button>
        </fieldset>
    }
}

#[component]
fn HeaderRow(
    state: LabState,
    id: u32,
    prefix: &'static str,
    read: fn(&RequestForm) -> &Rows,
    write: fn(&mut RequestForm) -> &mut Rows,
) -> impl IntoView {
    let form = state.request;
    let row = move || form.with(|f| read(f).get(id).cloned().unwrap_or_default());
    let start = untrack(row);
    view! {
        <div class="row">
            <input
                id=format!("{prefix}-{id}")
                class="name"
                aria-label=strings::row_name(prefix)
                placeholder=strings::NAME
                spellcheck="false"
                autocapitalize="off"
                autocomplete="off"
                value=start.name
                prop:value=move || row().name
                on:input=move |e| {
                    form.update(|f| {
                        if let Some(row) = write(f).get_mut(id) {
                            row.name = event_target_value(&e);
                        }
                    })
                }
                aria-invalid=move || invalid(state, Field::Row(id))
            />
            <input
                class="value"
                aria-label=strings::row_value(prefix)
                placeholder=strings::VALUE
                spellcheck="false"
                autocapitalize="off"
                autocomplete="off"
                value=start.value
                prop:value=move || row().value
                on:input=move |e| {
                    form.update(|f| {
                        if let Some(row) = write(f).get_mut(id) {
                            row.value = event_target_value(&e);
                        }
                    })
                }
            />
            <button
                type="button"
                class="icon-button small"
                aria-label=move || strings::remove_row(prefix, &row().name)
                on:click=move |_| form.update(|f| write(f).remove(id))
            >
                <svg viewBox="0 0 20 20" aria-hidden="true" class="icon">
                    <path d="M5.5 5.5l9 9M14.5 5.5l-9 9"></path>
                </svg>
            </button>
        </div>
    }
}
