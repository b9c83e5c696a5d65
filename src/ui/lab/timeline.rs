//! The timeline: every event as a row of a table, or as an arrow of a sequence diagram.
//!
//! Only the rows in sight exist. One of them is the step that the state and the picture show too.

use super::state::{LabState, TIMELINE_TAB};
use crate::model::trace::{Event, Kind};
use crate::protocol::{Lane, Place};
use crate::ui::logic::{event as say, text};
use crate::ui::parts::{ActorName, Shape, keyed};
use crate::ui::{browser, strings};
use leptos::prelude::*;
use std::sync::Arc;

/// The height of a row in pixels, as the style sheet has it.
const ROW: usize = 30;
/// The width of a lane in pixels, as the style sheet has it.
const LANE: usize = 132;
/// How many rows Page Up and Page Down go.
const PAGE: usize = 12;
/// The most characters beside an arrow.
const LABEL: usize = 64;

/// The events of the shown scenario.
#[component]
pub(super) fn Timeline(state: LabState) -> impl IntoView {
    let there = Memo::new(move |_| state.with_scenario(|_| ()).is_some());
    let total = Memo::new(move |_| state.trace.rows.with(|rows| rows.total));
    // The step was changed here, in the state or in the picture: its row comes into sight.
    Effect::new(move |_| {
        let (picked, tab, _) = (state.picked.get(), state.result_tab.get(), total.get());
        let row = picked.and_then(|n| state.trace.index(n));
        if let Some(row) = row.filter(|_| tab == TIMELINE_TAB) {
            // When the rows have their height, and are on the screen.
            request_animation_frame(move || {
                browser::scroll_in("rows", (row * ROW) as f64, ROW as f64);
                browser::scroll_to(&format!("row-{}", picked.unwrap_or_default()));
            });
        }
    });
    move || {
        if !there.get() {
            return view! { <p class="empty">{strings::NO_TIMELINE}</p> }.into_any();
        }
        let note = move || match total.get() {
            None => strings::ROWS_COMING.to_owned(),
            Some(0) => strings::NO_ROWS.to_owned(),
            Some(total) => strings::rows(total, state.event_count()),
        };
        view! {
            <Filters state />
            <p class="run-note" role="status">
                {note}
            </p>
            <Rows state />
            <Picked state />
        }
        .into_any()
    }
}

/// Which rows are wanted, and how they are drawn.
#[component]
fn Filters(state: LabState) -> impl IntoView {
    let trace = state.trace;
    let lanes = Memo::new(move |_| trace.rows.with(|rows| rows.lanes.clone()));
    let lane = move || {
        let options = lanes.get().into_iter().enumerate();
        let options =
            options.map(|(at, lane)| view! { <option value=at.to_string()>{lane.name}</option> });
        options.collect_view()
    };
    let kinds = Kind::ASKED
        .into_iter()
        .enumerate()
        .map(|(at, kind)| view! { <option value=at.to_string()>{say::kind(kind)}</option> });
    let mode = |drawn: bool, text: &'static str| {
        view! {
            <button
                type="button"
                class="button quiet"
                aria-pressed=move || (trace.drawn.get() == drawn).to_string()
                on:click=move |_| trace.drawn.set(drawn)
            >
                {text}
            </button>
        }
    };
    view! {
        <div class="row-filters">
            <input
                type="search"
                aria-label=strings::SEARCH
                placeholder=strings::SEARCH
                prop:value=move || trace.search.get()
                on:input=move |e| {
                    trace.search.set(event_target_value(&e));
                    state.filter_rows();
                }
            />
            <select
                aria-label=strings::LANE
                prop:value=move || trace.lane.get().map(|at| at.to_string()).unwrap_or_default()
                on:change=move |e| {
                    trace.lane.set(event_target_value(&e).parse().ok());
                    state.filter_rows();
                }
            >
                <option value="">{strings::ALL_LANES}</option>
                {lane}
            </select>
            <select
                aria-label=strings::KIND
                prop:value=move || {
                    let at = Kind::ASKED.iter().position(|kind| trace.kind.get() == Some(*kind));
                    at.map(|at| at.to_string()).unwrap_or_default()
                }
                on:change=move |e| {
                    let at = event_target_value(&e).parse::<usize>().ok();
                    trace.kind.set(at.and_then(|at| Kind::ASKED.get(at).copied()));
                    state.filter_rows();
                }
            >
                <option value="">{strings::ALL_KINDS}</option>
                {kinds.collect_view()}
            </select>
            <div class="modes" role="group" aria-label=strings::VIEW>
                {mode(false, strings::AS_TABLE)}
                {mode(true, strings::AS_DIAGRAM)}
            </div>
        </div>
    }
}

#[component]
fn Rows(state: LabState) -> impl IntoView {
    let trace = state.trace;
    let height = move || trace.rows.with(|rows| rows.total.unwrap_or_default() * ROW);
    let above = move || trace.rows.with(|rows| rows.from * ROW);
    let lanes = Memo::new(move |_| trace.rows.with(|rows| rows.lanes.clone()));
    // A row is the same as long as its event and its index are.
    let keys = move || {
        trace.rows.with(|rows| {
            let numbers = rows.rows.iter().map(|(_, event)| u64::from(event.n));
            let keys = numbers.zip(rows.from as u64..);
            keys.map(|(n, at)| at << 32 | n).collect()
        })
    };
    let one = move |key: u64| {
        let at = (key >> 32) as usize;
        let here = trace.rows.with_untracked(|rows| {
            let here = at.checked_sub(rows.from);
            here.and_then(|here| rows.rows.get(here).cloned())
        });
        let row = here.map(|(place, event)| row(state, lanes, at, place, event));
        row.into_any()
    };
    // A row out of sight does not exist, so nothing may point to it.
    let active = move || {
        let n = state.picked.get()?;
        let here = trace
            .rows
            .with(|rows| rows.rows.iter().any(|(_, event)| event.n == n));
        here.then(|| format!("row-{n}"))
    };
    let key = move |event: leptos::ev::KeyboardEvent| {
        let at = state.picked.get_untracked().and_then(|n| trace.index(n));
        let next = at.map_or(0, |at| at + 1);
        let at = at.unwrap_or_default();
        match event.key().as_str() {
            "ArrowDown" => state.seek(next),
            "ArrowUp" => state.seek(at.saturating_sub(1)),
            "PageDown" => state.seek(at + PAGE),
            "PageUp" => state.seek(at.saturating_sub(PAGE)),
            "Home" => state.seek(0),
            "End" => state.seek(usize::MAX),
            "Enter" if !event.ctrl_key() && !event.meta_key() => {
                if let Some(n) = state.picked.get_untracked() {
                    state.show_state_at(n);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <div
            id="rows"
            class="timeline"
            class:drawn=move || trace.drawn.get()
            role="grid"
            tabindex="0"
            aria-label=strings::TIMELINE_CAPTION
            aria-rowcount=move || trace.rows.with(|rows| rows.total.map(|n| (n + 1).to_string()))
            aria-activedescendant=active
            on:keydown=key
            on:scroll=move |event| {
                let element: web_sys::Element = event_target(&event);
                state.look_from(element.scroll_top().max(0) as usize / ROW);
            }
        >
            <div role="row" class="head">
                {move || head(trace.drawn.get(), lanes.get(), state.of_log.get())}
            </div>
            <div role="rowgroup" class="space" style:height=move || format!("{}px", height())>
                <div role="presentation" style:padding-top=move || format!("{}px", above())>
                    {keyed(Box::new(keys), Arc::new(one))}
                </div>
            </div>
        </div>
    }
}

fn head(drawn: bool, lanes: Vec<Lane>, of_log: bool) -> AnyView {
    if drawn {
        let lanes = lanes.into_iter().map(|lane| {
            view! {
                <span role="columnheader">
                    <ActorName shape=Shape::named(&lane.actor) text=lane.name />
                </span>
            }
        });
        return lanes.collect_view().into_any();
    }
    let time = if of_log {
        strings::TIME_OF_LOG
    } else {
        strings::TIME
    };
    view! {
        <span role="columnheader">{time}</span>
        <span role="columnheader">{strings::WHO}</span>
        <span role="columnheader">{strings::WHAT}</span>
        <span role="columnheader">{strings::FUEL}</span>
    }
    .into_any()
}

fn row(
    state: LabState,
    lanes: Memo<Vec<Lane>>,
    at: usize,
    place: Place,
    event: Event,
) -> impl IntoView {
    let n = event.n;
    let actor = say::actor(&event);
    let class = format!("event {} depth-{}", actor.class(), place.depth.min(6));
    let failed = say::failed(&event);
    let cells = move || match state.trace.drawn.get() {
        true => arrow(&event, &place, &lanes.get()),
        false => cells(&event),
    };
    view! {
        <div
            role="row"
            id=format!("row-{n}")
            class=class
            class:failed=failed
            aria-rowindex=(at + 2).to_string()
            aria-selected=move || (state.picked.get() == Some(n)).to_string()
            on:click=move |_| state.picked.set(Some(n))
        >
            {cells}
        </div>
    }
}

fn cells(event: &Event) -> AnyView {
    let result = event.result.as_ref().map(say::result).unwrap_or_default();
    let result = (!result.is_empty()).then(|| {
        view! {
            <span class="event-result">
                <span class="arrow">" → "</span>
                {result}
            </span>
        }
    });
    view! {
        <span role="gridcell">{text::time(event.t_ns)}</span>
        <span role="gridcell">
            <ActorName shape=Shape::of(say::actor(event)) text=say::kind(event.kind) />
        </span>
        <span role="gridcell" class="what">
            <span class="event-name">{say::name(event).to_owned()}</span>
            {say::called(event)}
            {result}
        </span>
        <span role="gridcell">{event.fuel.map(text::count).unwrap_or_default()}</span>
    }
    .into_any()
}

/// An event as an arrow between lanes, or as a dot on one; inside a VM with a bar along its lane.
fn arrow(event: &Event, place: &Place, lanes: &[Lane]) -> AnyView {
    let middle = |lane: usize| lane * LANE + LANE / 2;
    let (from, to) = (middle(place.from), middle(place.to));
    let (left, right) = (from.min(to), from.max(to));
    let path = match from.cmp(&to) {
        std::cmp::Ordering::Less => format!("M{from} 22H{to}m-7-4 7 4-7 4"),
        std::cmp::Ordering::Greater => format!("M{from} 22H{to}m7-4-7 4 7 4"),
        std::cmp::Ordering::Equal => format!("M{} 16a3 3 0 1 0 6 0a3 3 0 1 0-6 0", from - 3),
    };
    let bar = match event.kind {
        Kind::Callback => Some((to, 22)),
        Kind::HostCall | Kind::Log | Kind::State | Kind::Trap => event.vm.map(|_| (from, 0)),
        _ => None,
    };
    let bar = bar.map(|(x, y)| format!("M{} {y}h6V{ROW}h-6z", x - 3));
    let width = lanes.len() * LANE;
    // What stands on the right half is written to the left of its arrow's end, so that it fits.
    let (x, anchor) = match 2 * right > width {
        true => (right - 9, "end"),
        false => (left + 9, "start"),
    };
    let y = if from == to { "20" } else { "17" };
    let name = |lane: usize| lanes.get(lane).map_or("", |lane| &lane.name);
    let sentence = say::sentence(event);
    let spoken = match from == to {
        true => format!("{}: {sentence}", name(place.from)),
        false => format!("{} → {}: {sentence}", name(place.from), name(place.to)),
    };
    view! {
        <span role="gridcell">
            <span class="visually-hidden">{spoken}</span>
            <svg width=width.to_string() height=ROW.to_string() aria-hidden="true">
                {bar.map(|bar| view! { <path class="bar" d=bar></path> })}
                <path class="way" d=path></path>
                <text x=x.to_string() y=y text-anchor=anchor>
                    {text::shorten(&sentence, LABEL)}
                </text>
            </svg>
        </span>
    }
    .into_any()
}

/// Everything of the picked event.
#[component]
fn Picked(state: LabState) -> impl IntoView {
    let event = RwSignal::new(None::<Event>);
    Effect::new(move |_| {
        let Some(n) = state.picked.get() else {
            return event.set(None);
        };
        // A row that has left the window leaves its event here.
        let here = state.trace.rows.with(|rows| {
            let mut rows = rows.rows.iter();
            rows.find(|(_, event)| event.n == n)
                .map(|(_, event)| event.clone())
        });
        if here.is_some() && here != event.get_untracked() {
            event.set(here);
        }
    });
    move || match event.get() {
        Some(event) => details(state, &event),
        None => view! { <p class="empty">{strings::NO_EVENT_PICKED}</p> }.into_any(),
    }
}

fn details(state: LabState, event: &Event) -> AnyView {
    let lines = |lines: Vec<String>| {
        let lines = lines.into_iter();
        lines
            .map(|line| view! { <code class="line">{line}</code> })
            .collect_view()
    };
    let args = event.args.iter().map(|arg| {
        view! {
            <dt>{arg.name.to_string()}</dt>
            <dd>{lines(say::full(&arg.value))}</dd>
        }
    });
    let args = args.collect_view();
    let outcome = event.result.clone().map(|outcome| {
        let value = outcome.value.map(|value| {
            view! {
                <dt>{strings::RETURNED}</dt>
                <dd>{lines(say::full(&value))}</dd>
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
    let fuel = event.fuel.map(|fuel| {
        view! {
            <dt>{strings::FUEL}</dt>
            <dd>{text::count(fuel)}</dd>
        }
    });
    let n = event.n;
    let place = strings::event_place(n, &strings::thread(event.thread), event.vm, event.context);
    view! {
        <section class="event-details" aria-label=strings::EVENT>
            <h3>{say::name(event).to_owned()}</h3>
            <dl>{args} {outcome} {fuel} <dt>{strings::WHERE}</dt> <dd>{place}</dd></dl>
            <button type="button" class="button quiet" on:click=move |_| state.show_state_at(n)>
                {strings::STATE_HERE}
            </button>
        </section>
    }
    .into_any()
}
