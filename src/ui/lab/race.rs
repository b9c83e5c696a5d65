//! Every order of the threads: the button that searches them, how far the search is, what it found.
//!
//! What is found is opened as a run of its own, with its timeline. Must not know: how orders are
//! walked through.

use super::checks::Gap;
use super::state::{LabState, TIMELINE_TAB};
use crate::model::race::Race;
use crate::protocol::ToEngine;
use crate::ui::strings;
use leptos::prelude::*;
use std::rc::Rc;

/// How a search stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Hunt {
    /// None was asked for.
    None,
    /// It goes on; so much is found.
    On(Race),
    /// It has ended by itself, or at the visitor's wish.
    Over(Race),
    /// It could not be.
    Failed(String),
}

impl LabState {
    /// Begins to search the orders of a scenario.
    fn search_orders(self, scenario: String) {
        let request = self.request.get_untracked().request();
        let (Some(engine), Ok(request)) = (self.engine, request) else {
            return;
        };
        if self.busy.get_untracked() {
            return;
        }
        let (lab, edits) = self.files(self.texts.get_untracked());
        let request = self.touched().then_some(request);
        let begun = Race {
            scenario: scenario.clone(),
            ok: true,
            ..Race::default()
        };
        self.race.set(Hunt::On(begun));
        self.announced.set(strings::SEARCHING.into());
        let make = move |run| ToEngine::Race {
            run,
            lab,
            edits,
            request,
            scenario,
        };
        let hear = move |found: Result<(Race, bool), String>| {
            let hunt = match found {
                Ok((race, false)) => Hunt::On(race),
                Ok((race, true)) => Hunt::Over(race),
                Err(why) => Hunt::Failed(why),
            };
            if !matches!(hunt, Hunt::On(_)) {
                self.announced.set(words(&hunt));
            }
            self.race.set(hunt);
        };
        engine.race(make, Rc::new(hear));
    }

    /// Ends a search that goes on; `then` says what is left of it.
    pub(super) fn end_race(self, then: Hunt) {
        if let (Some(engine), Hunt::On(_)) = (self.engine, self.race.get_untracked()) {
            engine.end_race();
        }
        self.race.set(then);
    }

    /// Runs the order that was found, and shows its timeline.
    fn open_order(self, schedule: Vec<String>) {
        self.result_tab.set(TIMELINE_TAB);
        self.run_in(schedule);
    }
}

/// The search for the scenario that is shown, where its threads can meet at all.
#[component]
pub(super) fn Orders(state: LabState) -> impl IntoView {
    move || {
        let scenario = state.with_scenario(|scenario| {
            let workers = scenario.vms.iter().map(|vm| vm.thread).max();
            let meets = workers.is_some_and(|most| most > 1) && !scenario.checks.is_empty();
            meets.then(|| scenario.name.clone())
        });
        let scenario = scenario.flatten()?;
        Some(view! {
            <section class="orders">
                <h3 class="scenario-name">{strings::ORDERS}</h3>
                <p>{strings::ORDERS_LEAD}</p>
                <p role="note">{move || words(&state.race.get())}</p>
                <Found state />
                <SearchButton state scenario />
            </section>
        })
    }
}

#[component]
fn SearchButton(state: LabState, scenario: String) -> impl IntoView {
    let searches = move || matches!(state.race.get(), Hunt::On(_));
    view! {
        <button
            type="button"
            class="button quiet"
            disabled=move || state.busy.get()
            on:click=move |_| {
                match state.race.get_untracked() {
                    Hunt::On(race) => state.end_race(Hunt::Over(race)),
                    _ => state.search_orders(scenario.clone()),
                }
            }
        >
            {move || if searches() { strings::STOP_SEARCH } else { strings::SEARCH_ORDERS }}
        </button>
    }
}

/// The shortest order in which a check fails.
#[component]
fn Found(state: LabState) -> impl IntoView {
    move || {
        let (Hunt::On(race) | Hunt::Over(race)) = state.race.get() else {
            return None;
        };
        let found = race.shortest?;
        let checks = found
            .checks
            .into_iter()
            .map(|check| {
                view! {
                    <li class="bad">
                        <p>{check.what}</p>
                        <Gap expected=check.expected actual=check.actual />
                    </li>
                }
            })
            .collect_view();
        let text = strings::shortest(found.switches);
        let line = format!("schedule: [{}]", found.schedule.join(", "));
        let schedule = found.schedule;
        Some(view! {
            <p>{text}</p>
            <ul class="checks">{checks}</ul>
            <p>
                <code>{line}</code>
            </p>
            <button
                type="button"
                class="link"
                on:click=move |_| {
                    if let Hunt::On(race) = state.race.get_untracked() {
                        state.end_race(Hunt::Over(race));
                    }
                    state.open_order(schedule.clone());
                }
            >
                {strings::OPEN_ORDER}
            </button>
        })
    }
}

/// How a search stands, in a sentence.
fn words(hunt: &Hunt) -> String {
    match hunt {
        Hunt::None => String::new(),
        Hunt::On(race) => strings::searched(race.orders, race.breaking),
        Hunt::Over(race) if race.complete => strings::all_orders(race.orders, race.breaking),
        Hunt::Over(race) => strings::some_orders(race.orders, race.breaking),
        Hunt::Failed(why) => why.clone(),
    }
}
