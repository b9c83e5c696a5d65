//! The assertions of every scenario: what was expected, what came, a hint or the reason why.

use super::race::Orders;
use super::state::LabState;
use crate::model::report::{Check, ScenarioReport};
use crate::ui::parts::ticked;
use crate::ui::strings;
use leptos::prelude::*;

/// The checks of the finished run.
#[component]
pub(super) fn Checks(state: LabState) -> impl IntoView {
    move || {
        let Some(done) = state.finished() else {
            return view! { <p class="empty">{strings::NO_CHECKS_YET}</p> }.into_any();
        };
        let any = done.report.scenarios.iter().any(|s| !s.checks.is_empty());
        if !any {
            return view! { <p class="empty">{strings::NO_CHECKS}</p> }.into_any();
        }
        let mistake = done.report.mistake.clone();
        let mistake = mistake.map(|mistake| {
            view! {
                <p class="mistake">
                    <strong>{strings::KNOWN_MISTAKE}</strong>
                    " "
                    {ticked(&mistake.say)}
                </p>
            }
        });
        let scenarios = done
            .report
            .scenarios
            .clone()
            .into_iter()
            .enumerate()
            .map(|(at, scenario)| view! { <Scenario state at scenario /> })
            .collect_view();
        view! {
            {mistake}
            {scenarios}
            <Orders state />
        }
        .into_any()
    }
}

#[component]
fn Scenario(state: LabState, at: usize, scenario: ScenarioReport) -> impl IntoView {
    let closed = scenario.hidden && !scenario.ok;
    let checks = match closed {
        true => view! { <p class="empty">{strings::HIDDEN_SCENARIO}</p> }.into_any(),
        false => {
            let items = scenario
                .checks
                .into_iter()
                .map(|check| view! { <CheckItem state at check /> })
                .collect_view();
            view! { <ul class="checks">{items}</ul> }.into_any()
        }
    };
    view! {
        <h3 class="scenario-name">
            <Verdict ok=scenario.ok />
            {scenario.name}
        </h3>
        {checks}
    }
}

#[component]
pub(super) fn CheckItem(state: LabState, at: usize, check: Check) -> impl IntoView {
    let ok = check.ok;
    let say = if ok { check.why } else { check.hint };
    let gap = (!ok).then(|| view! { <Gap expected=check.expected actual=check.actual /> });
    view! {
        <li class:good=ok class:bad=!ok>
            <p>
                <Verdict ok />
                {ticked(&check.what)}
            </p>
            {gap}
            {(!say.is_empty())
                .then(|| {
                    view! {
                        <p class="say">
                            <span>{ticked(&say)}</span>
                        </p>
                    }
                })}
            {check
                .event
                .map(|n| {
                    view! {
                        <button
                            type="button"
                            class="link"
                            on:click=move |_| state.show_event(at, n)
                        >
                            {strings::show_event(n)}
                        </button>
                    }
                })}
        </li>
    }
}

/// What a check expected and what came.
#[component]
pub(super) fn Gap(expected: String, actual: String) -> impl IntoView {
    view! {
        <dl>
            {(!expected.is_empty())
                .then(|| {
                    view! {
                        <dt>{strings::EXPECTED}</dt>
                        <dd>
                            <code>{expected}</code>
                        </dd>
                    }
                })}
            <dt>{strings::ACTUAL}</dt>
            <dd>
                <code>{actual}</code>
            </dd>
        </dl>
    }
}

#[component]
fn Verdict(ok: bool) -> impl IntoView {
    let (class, path, word) = match ok {
        true => ("verdict good", "M4 10.5l4 4 8-9", strings::HOLDS),
        false => ("verdict bad", "M5 5l10 10M15 5L5 15", strings::FAILS),
    };
    view! {
        <span class=class>
            <svg viewBox="0 0 20 20" aria-hidden="true" class="icon">
                <path d=path></path>
            </svg>
            <span>{word}</span>
        </span>
    }
}
