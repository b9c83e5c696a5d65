//! The state of the shown scenario at one event, or at its end: what the engine tells in words.
//!
//! A slider goes through the events; each is reached by a replay. Must not know: what the facts mean.

use super::state::LabState;
use crate::model::{MARK, Section};
use crate::ui::strings;
use leptos::prelude::*;

/// The state of the shown scenario.
#[component]
pub(super) fn World(state: LabState) -> impl IntoView {
    let there = Memo::new(move |_| state.with_scenario(|_| ()).is_some());
    move || {
        if !there.get() {
            return view! { <p class="empty">{strings::NO_STATE_YET}</p> }.into_any();
        }
        view! {
            <Steps state />
            <MemoryWindow state />
            {move || match state.moment.with(|moment| moment.sections.clone()) {
                none if none.is_empty() => {
                    view! { <p class="empty">{strings::NO_STATE}</p> }.into_any()
                }
                some => sections(some),
            }}
        }
        .into_any()
    }
}

/// The slider through the steps of the run, with the step that is looked at.
#[component]
pub(super) fn Steps(state: LabState) -> impl IntoView {
    let title = move || state.moment.with(|moment| moment.title.clone());
    let step = move |by: i64, text: &'static str, sign: &'static str| {
        view! {
            <button
                type="button"
                class="button quiet"
                aria-label=text
                on:click=move |_| state.pick(state.place() as i64 + by)
            >
                {sign}
            </button>
        }
    };
    view! {
        <div class="steps">
            {step(-1, strings::EVENT_BEFORE, "‹")}
            <input
                type="range"
                min="0"
                max=move || state.event_count().to_string()
                aria-label=strings::EVENT
                aria-valuetext=title
                prop:value=move || state.place().to_string()
                on:change=move |e| {
                    state.pick(event_target_value(&e).parse().unwrap_or_default());
                }
            />
            {step(1, strings::EVENT_AFTER, "›")}
        </div>
        <p class="moment">{title}</p>
    }
}

/// Bytes of the module's memory; closed until somebody wants to see them.
#[component]
fn MemoryWindow(state: LabState) -> impl IntoView {
    let none = move || state.moment.with(|moment| moment.dump.is_none());
    let text = move || {
        state
            .moment
            .with(|moment| moment.dump.as_ref().map(|d| d.title.clone()))
    };
    let rows = move || {
        let dump = state.moment.with(|moment| moment.dump.clone());
        let rows = dump.map(|dump| dump.rows).unwrap_or_default();
        let rows = rows.into_iter().map(|(address, text)| {
            let parts = text.split(MARK).enumerate().map(|(at, part)| {
                let part = part.to_owned();
                match at % 2 {
                    1 => view! { <mark>{part}</mark> }.into_any(),
                    _ => part.into_any(),
                }
            });
            view! {
                <tr>
                    <th scope="row">{address}</th>
                    <td>{parts.collect_view()}</td>
                </tr>
            }
        });
        rows.collect_view()
    };
    view! {
        <details class="memory" hidden=none>
            <summary>{text}</summary>
            <label>
                {strings::ADDRESS}
                <input
                    type="text"
                    pattern="(0x)?[0-9a-fA-F]{1,8}"
                    placeholder=strings::ADDRESS_AUTO
                    spellcheck="false"
                    on:change=move |e| state.look_at(&event_target_value(&e))
                />
            </label>
            <div class="scroll" tabindex="0">
                <table class="hex">
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}

/// Facts in words, a table for each title.
pub(in crate::ui) fn sections(sections: Vec<Section>) -> AnyView {
    let tables = sections.into_iter().map(|section| {
        let rows = section.rows.into_iter().map(|(name, value)| {
            view! {
                <tr>
                    <th scope="row">{name}</th>
                    <td>{value}</td>
                </tr>
            }
        });
        view! {
            <div class="scroll" tabindex="0">
                <table class="plain pairs">
                    <caption>{section.title}</caption>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        }
    });
    tables.collect_view().into_any()
}
