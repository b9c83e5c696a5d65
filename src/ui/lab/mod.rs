//! The lab: editors, Run, result. One component for lessons, the playground and other frames.
//!
//! Must not know: where it stands. Its layout follows its own width.

mod checks;
mod connection;
mod controls;
mod editor;
mod exchange;
mod keep;
mod log;
mod logs;
mod own_module;
mod pane;
mod picture;
mod race;
mod request_editor;
mod state;
mod tabs;
mod tasks;
mod timeline;
mod trace;
mod world;

pub(super) use exchange::Exchanges;
pub(super) use own_module::OwnModules;
pub(super) use pane::Pane;
pub(super) use state::LabState;
pub(super) use trace::Rows;

use super::strings;
use controls::{RunBar, RunButton};
use leptos::prelude::*;
use state::Shown;
use tabs::{Tab, Tabs};

/// The lab of a state that the page made.
#[component]
pub(super) fn Lab(state: LabState) -> impl IntoView {
    Effect::new(move |_| state.begin());
    // The state and the picture are two views of one answer.
    Effect::new(move |_| state.ask_state());
    let edit_tabs = edit_tabs(state);
    let result_tabs = result_tabs(state);
    view! {
        <section class="lab" aria-label=strings::LAB>
            <tasks::Tasks state />
            <div class="lab-edit">
                <h2 class="visually-hidden">{strings::EDITORS}</h2>
                <Tabs id="edit" label=strings::EDITORS tabs=edit_tabs active=state.edit_tab />
                <div class="panels">
                    {state
                        .editors()
                        .into_iter()
                        .enumerate()
                        .map(|(at, name)| {
                            view! {
                                <div
                                    role="tabpanel"
                                    id=format!("edit-panel-{at}")
                                    aria-labelledby=format!("edit-tab-{at}")
                                    class="panel"
                                    hidden=move || state.edit_tab.get() != at
                                >
                                    {match name {
                                        Some(name) => {
                                            view! { <editor::TextEditor state name /> }.into_any()
                                        }
                                        None => {
                                            view! { <request_editor::RequestEditor state /> }
                                                .into_any()
                                        }
                                    }}
                                </div>
                            }
                        })
                        .collect_view()}
                </div>
                <own_module::OwnBox state />
            </div>
            <RunBar state />
            <div class="lab-result">
                <h2 class="visually-hidden">{strings::RESULTS}</h2>
                <Tabs
                    id="result"
                    label=strings::RESULTS
                    tabs=result_tabs
                    active=state.result_tab
                />
                <div class="panels">
                    <ResultPanel state at=0>
                        <ResultView state />
                    </ResultPanel>
                    <ResultPanel state at=1>
                        <timeline::Timeline state />
                    </ResultPanel>
                    <ResultPanel state at=2>
                        <picture::PictureView state />
                    </ResultPanel>
                    <ResultPanel state at=3>
                        <world::World state />
                    </ResultPanel>
                    <ResultPanel state at=4>
                        <logs::Logs state />
                    </ResultPanel>
                    <ResultPanel state at=5>
                        <checks::Checks state />
                    </ResultPanel>
                </div>
            </div>
            <p class="visually-hidden" role="status">
                {move || state.announced.get()}
            </p>
        </section>
    }
}

/// Panels that a log of Envoy's has nothing for: result, picture and checks.
const OF_RUNS: [usize; 3] = [0, 2, 5];

/// A panel of the result. What nobody has opened since the run is not made: a run is to be on the
/// screen at once.
#[component]
fn ResultPanel(state: LabState, at: usize, children: ChildrenFn) -> impl IntoView {
    let opened = Memo::new(move |before: Option<&(u32, bool)>| {
        let run = state.finished().map_or(0, |done| done.run);
        let open = state.result_tab.get() == at;
        (
            run,
            open || before.is_some_and(|before| *before == (run, true)),
        )
    });
    let open = Memo::new(move |_| opened.get().1);
    let none = Memo::new(move |_| state.of_log.get() && OF_RUNS.contains(&at));
    view! {
        <div
            role="tabpanel"
            id=format!("result-panel-{at}")
            aria-labelledby=format!("result-tab-{at}")
            class="panel"
            tabindex="0"
            hidden=move || state.result_tab.get() != at
        >
            {move || {
                open.get().then(|| match none.get() {
                    true => view! { <p class="empty">{strings::OF_LOG}</p> }.into_any(),
                    false => children(),
                })
            }}
        </div>
    }
}

fn edit_tabs(state: LabState) -> Vec<Tab> {
    let tab = |name: Option<String>| match name {
        None => Tab::of(strings::REQUEST),
        Some(name) => Tab::of(name.clone()).marked(move || {
            state
                .problem()
                .is_some_and(|problem| problem.place.file == name)
        }),
    };
    state.editors().into_iter().map(tab).collect()
}

fn result_tabs(state: LabState) -> Vec<Tab> {
    let count = move |of: fn(&crate::model::report::ScenarioReport) -> usize| {
        state.with_scenario(of).map(|n| n.to_string())
    };
    vec![
        Tab::of(strings::RESULT),
        Tab::of(strings::TIMELINE).counted(move || {
            state
                .finished()
                .and_then(|done| done.events.get(state.scenario.get()).map(usize::to_string))
        }),
        Tab::of(strings::PICTURE),
        Tab::of(strings::STATE),
        Tab::of(strings::LOGS).counted(move || count(|s| s.logs.len())),
        Tab::of(strings::CHECKS).counted(move || {
            state.finished().and_then(|done| {
                let (held, n) = super::logic::outcome::checks(&done.report);
                (n > 0).then(|| format!("{held}/{n}"))
            })
        }),
    ]
}

/// What a run gave, or why there is nothing to show.
#[component]
fn ResultView(state: LabState) -> impl IntoView {
    move || match state.shown.get() {
        Shown::Nothing => view! { <Empty text=strings::NO_RUN /> }.into_any(),
        Shown::Refused(problem) => view! { <Refusal problem /> }.into_any(),
        Shown::Ended(text) => view! {
            <div class="notice bad" role="note">
                <p>{text}</p>
            </div>
        }
        .into_any(),
        Shown::Done(done) => {
            let at = state.scenario.get();
            match done.report.scenarios.get(at) {
                Some(scenario) if scenario.hidden && !scenario.ok => {
                    view! { <Empty text=strings::HIDDEN_SCENARIO /> }.into_any()
                }
                Some(scenario) => view! { <Exchanges scenario=scenario.clone() /> }.into_any(),
                None => view! { <Empty text=strings::NO_SCENARIO /> }.into_any(),
            }
        }
    }
}

/// Nothing to show, and what to do.
#[component]
fn Empty(text: &'static str) -> impl IntoView {
    view! { <p class="empty">{text}</p> }
}

/// What to mend before a run can start.
#[component]
fn Refusal(problem: crate::model::Problem) -> impl IntoView {
    view! {
        <div class="notice bad" role="note">
            <p class="notice-title">{strings::REFUSED}</p>
            <p>
                <code>{problem.place.to_string()}</code>
                " "
                {problem.message}
            </p>
            <p>{problem.help}</p>
        </div>
    }
}

/// The bar of a narrow screen: which pane is shown, and Run in reach of the thumb.
#[component]
pub(super) fn BottomBar(state: LabState, read: bool) -> impl IntoView {
    let panes = [
        (Pane::Read, strings::READ),
        (Pane::Edit, strings::EDIT),
        (Pane::Result, strings::RESULT),
    ];
    let buttons = panes
        .into_iter()
        .filter(|(pane, _)| read || *pane != Pane::Read)
        .map(|(pane, text)| {
            view! {
                <button
                    type="button"
                    aria-pressed=move || (state.pane.get() == pane).to_string()
                    on:click=move |_| state.pane.set(pane)
                >
                    {text}
                </button>
            }
        })
        .collect_view();
    view! {
        <nav class="bottom-bar" aria-label=strings::PANES>
            <div class="pane-choice">{buttons}</div>
            <RunButton state />
        </nav>
    }
}
