//! The lab's tasks: what to do, hints one by one, then a solution, how it went, and why it works
//! once it does.
//!
//! A task that is answered has a form in its HTML. A script (`src/vendor/kit/answers.js`) keeps what
//! is filled in as JSON in a hidden text area. Must not know: the kinds of exercise.

use super::checks::CheckItem;
use super::own_module::OwnModules;
use super::state::{ANSWERS, LabState};
use crate::model::Exercise;
use crate::model::report::Graded;
use crate::ui::parts::ticked;
use crate::ui::{browser, strings};
use leptos::prelude::*;

/// Every task of the lab.
#[component]
pub(super) fn Tasks(state: LabState) -> impl IntoView {
    let exercises = state.lab.with_value(|lab| lab.exercises.clone());
    let answered = state
        .texts
        .with_untracked(|texts| texts.contains_key(ANSWERS));
    Effect::new(move |_| {
        if answered {
            // Without the script the forms still run the lab.
            browser::tell_kit("answers", String::new());
        }
    });
    let many = exercises.len() > 1;
    (!exercises.is_empty()).then(|| {
        let tasks = exercises
            .into_iter()
            .enumerate()
            .map(|(at, exercise)| {
                let title = match many {
                    true => strings::task(at + 1),
                    false => strings::TASK.to_owned(),
                };
                view! { <Task state at title exercise /> }
            })
            .collect_view();
        view! {
            <div
                class="tasks"
                on:submit=move |event| {
                    event.prevent_default();
                    state.run();
                    // To see how an answer stands: a narrow screen stays at the task.
                    state.asked_there.set(true);
                }
            >
                {answered.then(|| view! { <Answers state /> })}
                {tasks}
            </div>
        }
    })
}

/// Where the script keeps the answers; it also reads there which event is chosen.
#[component]
fn Answers(state: LabState) -> impl IntoView {
    let text = move || {
        state
            .texts
            .with(|texts| texts.get(ANSWERS).cloned().unwrap_or_default())
    };
    view! {
        <textarea
            hidden
            data-answers
            data-picked=move || state.picked.get().map(|n| n.to_string())
            prop:value=text
            on:input=move |event| {
                let value = event_target_value(&event);
                state.set_text(ANSWERS, value);
            }
        ></textarea>
    }
}

#[component]
fn Task(state: LabState, at: usize, title: String, exercise: Exercise) -> impl IntoView {
    let Exercise {
        task,
        kind,
        hints,
        why,
        ..
    } = exercise;
    let graded = Memo::new(move |_| state.graded(at));
    let done = Memo::new(move |_| graded.get().and_then(|graded| graded.passed));
    let shown = RwSignal::new(0_usize);
    let n = hints.len();
    let solved = state.lab.with_value(|lab| !lab.solution.is_empty());
    let solvable = move || solved || graded.get().is_some_and(|graded| graded.right.is_some());
    let hints = hints
        .into_iter()
        .enumerate()
        .map(|(at, hint)| {
            // Hints are HTML of our own renderer, as are task and reason.
            view! { <li inner_html=hint hidden=move || shown.get() <= at></li> }
        })
        .collect_view();
    view! {
        <section class="task" class:done=move || done.get() == Some(true)>
            <h2>
                {title}
                <span class="task-state">
                    {move || {
                        match done.get() {
                            Some(true) => strings::TASK_DONE,
                            Some(false) => strings::TASK_OPEN,
                            None => "",
                        }
                    }}
                </span>
            </h2>
            <div class="task-text" inner_html=task></div>
            {(kind == "own")
                .then(|| {
                    let id = state.lab.with_value(|lab| lab.id.clone());
                    view! { <OwnModules id /> }
                })}
            <div class="verdict-of" role="status">
                {move || graded.get().map(|graded| view! { <Verdict state graded /> })}
            </div>
            <ol class="hints">{hints}</ol>
            <button
                type="button"
                class="link"
                hidden=move || { shown.get() >= n || done.get() == Some(true) }
                on:click=move |_| shown.update(|shown| *shown += 1)
            >
                {move || strings::hint(shown.get() + 1, n)}
            </button>
            <button
                type="button"
                class="link"
                hidden=move || { !solvable() || shown.get() < n }
                on:click=move |_| state.solve()
            >
                {strings::SOLUTION}
            </button>
            <div class="why" inner_html=why hidden=move || done.get() != Some(true)></div>
        </section>
    }
}

/// What was right and what was not, and where to look.
#[component]
fn Verdict(state: LabState, graded: Graded) -> impl IntoView {
    let at = state.scenario_named(&graded.scenario).unwrap_or_default();
    let mistake = graded.mistake.map(|mistake| {
        view! { <p class="mistake">{ticked(&mistake.say)}</p> }
    });
    let checks = graded.checks.into_iter();
    let checks = checks.map(|check| view! { <CheckItem state at check /> });
    view! {
        {mistake}
        <ul class="checks">{checks.collect_view()}</ul>
    }
}
