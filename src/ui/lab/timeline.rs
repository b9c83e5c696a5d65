//! The timeline as a table: nested rows, each a sentence; a click shows everything of it.

use super::state::LabState;
use crate::model::trace::{Event, Kind};
use crate::ui::logic::{event as say, text, tree};
use crate::ui::parts::{ActorName, Shape};
use crate::ui::{browser, strings};
use leptos::prelude::*;

/// The events of the shown scenario.
#[component]
pub(super) fn Timeline(state: LabState) -> impl IntoView {
    let there = Memo::new(move |_| state.with_scenario(|_| ()).is_some());
    move || {
        if !there.get() {
            return view! { <p class="empty">{strings::NO_TIMELINE}</p> }.into_any();
        }
        view! {
            <label class="search">
                <span class="visually-hidden">{strings::SEARCH}</span>
                <input
                    type="search"
                    placeholder=strings::SEARCH
                    prop:value=move || state.search.get()
                    on:input=move |e| {
                        state.search.set(event_target_value(&e));
                        state.more_rows(0);
                    }
                />
            </label>
            <table class="timeline">
                <caption class="visually-hidden">{strings::TIMELINE_CAPTION}</caption>
                <thead>
                    <tr>
                        <th scope="col">{strings::TIME}</th>
                        <th scope="col">{strings::WHO}</th>
                        <th scope="col">{strings::WHAT}</th>
                        <th scope="col" class="fuel">
                            {strings::FUEL}
                        </th>
                    </tr>
                </thead>
                {move || rows(state)}
            </table>
            {move || more(state)}
        }
        .into_any()
    }
}

fn rows(state: LabState) -> AnyView {
    let trace = state.trace.get();
    let searching = !state.search.get_untracked().is_empty();
    let depths = if searching {
        vec![0; trace.rows.len()]
    } else {
        tree::depths(&trace.rows)
    };
    trace
        .rows
        .into_iter()
        .zip(depths)
        .map(|(event, depth)| view! { <Row state event depth /> })
        .collect_view()
        .into_any()
}

fn more(state: LabState) -> AnyView {
    let (have, total) = state.trace.with(|t| (t.rows.len(), t.total));
    match total {
        None => view! { <p class="empty">{strings::ROWS_COMING}</p> }.into_any(),
        Some(0) => view! { <p class="empty">{strings::NO_ROWS}</p> }.into_any(),
        Some(total) => tree::next_window(have, total)
            .map(|(from, count)| {
                view! {
                    <button
                        type="button"
                        class="button quiet"
                        on:click=move |_| state.more_rows(from)
                    >
                        {strings::more_rows(count, total - have)}
                    </button>
                }
            })
            .into_any(),
    }
}

/// One event: a body of its own, so that its details can follow it.
#[component]
fn Row(state: LabState, event: Event, depth: usize) -> impl IntoView {
    let open = RwSignal::new(false);
    let actor = say::actor(&event);
    let failed = say::failed(&event);
    let n = event.n;
    let id = format!("event-{n}");
    Effect::new(move |_| {
        if state.focus.get() == Some(n) {
            open.set(true);
            state.picked.set(Some(n));
            browser::scroll_to(&format!("row-{n}"));
        }
    });
    let name = say::name(&event).to_owned();
    let args = say::args(&event);
    let result = event.result.as_ref().map(say::result).unwrap_or_default();
    let thread = strings::thread(event.thread);
    let row_class = format!("event {} depth-{}", actor.class(), depth.min(6));
    let fuel = event.fuel.map(text::count).unwrap_or_default();
    let callable = matches!(event.kind, Kind::Callback | Kind::HostCall);
    let time = text::time(event.t_ns);
    let kind = say::kind(event.kind);
    let event = StoredValue::new(event);
    view! {
        <tbody class=row_class class:failed=failed>
            <tr id=format!("row-{n}")>
                <td class="time">{time}</td>
                <td class="who">
                    <ActorName shape=Shape::of(actor) text=kind />
                </td>
                <td class="what">
                    <button
                        type="button"
                        aria-expanded=move || open.get().to_string()
                        aria-controls=id.clone()
                        on:click=move |_| {
                            open.update(|open| *open = !*open);
                            state.picked.set(Some(n));
                        }
                    >
                        <span class="event-name">{name}</span>
                        <span class="event-args">
                            {if callable { format!("({args})") } else { format!(" {args}") }}
                        </span>
                        {(!result.is_empty())
                            .then(|| {
                                view! {
                                    <span class="event-result">
                                        <span class="arrow">" → "</span>
                                        {result}
                                    </span>
                                }
                            })}
                    </button>
                </td>
                <td class="fuel">{fuel}</td>
            </tr>
            <tr id=id class="event-details" hidden=move || !open.get()>
                <td></td>
                <td colspan="3">
                    {move || {
                        open.get()
                            .then(|| {
                                let thread = thread.clone();
                                event.with_value(|event| details(state, event, thread))
                            })
                    }}
                </td>
            </tr>
        </tbody>
    }
    .into_any()
}

fn details(state: LabState, event: &Event, thread: String) -> AnyView {
    let args = event
        .args
        .iter()
        .map(|arg| {
            let lines = say::full(&arg.value)
                .into_iter()
                .map(|line| view! { <code class="line">{line}</code> })
                .collect_view();
            view! {
                <dt>{arg.name.to_string()}</dt>
                <dd>{lines}</dd>
            }
        })
        .collect_view();
    let outcome = event.result.clone().map(|outcome| {
        let value = outcome.value.map(|value| {
            let lines = say::full(&value)
                .into_iter()
                .map(|line| view! { <code class="line">{line}</code> })
                .collect_view();
            view! {
                <dt>{strings::RETURNED}</dt>
                <dd>{lines}</dd>
            }
        });
        view! {
            <dt>{strings::STATUS}</dt>
            <dd>
                <code>{outcome.status.to_string()}</code>
                " "
                {outcome.reason.to_string()}
            </dd>
            {value}
        }
    });
    let n = event.n;
    let place = strings::event_place(n, &thread, event.vm, event.context);
    view! {
        <dl>{args} {outcome} <dt>{strings::WHERE}</dt> <dd>{place}</dd></dl>
        <button type="button" class="button quiet" on:click=move |_| state.show_state_at(n)>
            {strings::STATE_HERE}
        </button>
    }
    .into_any()
}
