//! The lab's tasks: what to do, hints one by one, then a solution, and why it works once it does.

use super::state::LabState;
use crate::model::Exercise;
use crate::ui::strings;
use leptos::prelude::*;

/// Every task of the lab.
#[component]
pub(super) fn Tasks(state: LabState) -> impl IntoView {
    let exercises = state.lab.with_value(|lab| lab.exercises.clone());
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
                view! { <Task state title exercise /> }
            })
            .collect_view();
        view! { <div class="tasks">{tasks}</div> }
    })
}

#[component]
fn Task(state: LabState, title: String, exercise: Exercise) -> impl IntoView {
    let Exercise {
        task,
        scenarios,
        hints,
        why,
        ..
    } = exercise;
    let done = Memo::new(move |_| state.passed(&scenarios));
    let shown = RwSignal::new(0_usize);
    let n = hints.len();
    let solved = state.lab.with_value(|lab| !lab.solution.is_empty());
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
            <div inner_html=task></div>
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
                hidden=move || { !solved || shown.get() < n }
                on:click=move |_| state.solve()
            >
                {strings::SOLUTION}
            </button>
            <div class="why" inner_html=why hidden=move || done.get() != Some(true)></div>
        </section>
    }
}
