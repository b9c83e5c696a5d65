//! The picture: the proxy's stations, the message among them at the step that is looked at, and
//! the threads with their VMs.
//!
//! Must not know: what stops a message, or why; the engine tells that.

use super::state::LabState;
use super::world::Steps;
use crate::model::picture::{Station, ThreadShape};
use crate::ui::parts::{ActorName, Shape};
use crate::ui::strings;
use leptos::prelude::*;

/// The proxy of the shown scenario at one step.
#[component]
pub(super) fn PictureView(state: LabState) -> impl IntoView {
    let there = Memo::new(move |_| state.with_scenario(|_| ()).is_some());
    move || {
        if !there.get() {
            return view! { <p class="empty">{strings::NO_PICTURE_YET}</p> }.into_any();
        }
        view! {
            <Steps state />
            {move || {
                let picture = state.picture.get();
                let stations = picture.stations.into_iter().map(station).collect_view();
                let threads = picture.threads.into_iter().map(thread).collect_view();
                view! {
                    <ol class="stations" aria-label=strings::CHAIN>
                        {stations}
                    </ol>
                    <ul class="threads" aria-label=strings::THREADS>
                        {threads}
                    </ul>
                }
            }}
        }
        .into_any()
    }
}

fn station(station: Station) -> impl IntoView {
    let shape = Shape::named(&station.actor);
    let class = format!("stop {}", station.actor);
    let notes = station
        .notes
        .into_iter()
        .map(|note| view! { <li>{note}</li> });
    let notes = notes.collect_view();
    let here = station.here.map(|what| {
        let (path, way) = match station.back {
            true => ("M14 2 4 8l10 6z", strings::TO_CLIENT),
            false => ("M2 2l10 6-10 6z", strings::TO_UPSTREAM),
        };
        view! {
            <p class="here">
                <svg viewBox="0 0 16 16" role="img" aria-label=way>
                    <path d=path></path>
                </svg>
                {what}
            </p>
        }
    });
    let current = here.is_some().then_some("step");
    view! {
        <li class=class class:failed=station.failed aria-current=current>
            <ActorName shape text=station.kind />
            <strong>{station.name}</strong>
            {here}
            {station.failed.then(|| view! { <p class="dead">{strings::VM_DEAD}</p> })}
            <ul>{notes}</ul>
        </li>
    }
}

fn thread(thread: ThreadShape) -> impl IntoView {
    let vms = thread.vms.into_iter().map(|vm| {
        view! {
            <li class="stop wasm" class:failed=vm.failed>
                <ActorName shape=Shape::Wasm text=vm.name />
                <span>{vm.detail}</span>
                {vm.failed.then(|| view! { <p class="dead">{strings::VM_DEAD}</p> })}
            </li>
        }
    });
    let vms = vms.collect_view();
    let runs = thread
        .runs
        .then(|| view! { <span class="runs">{strings::RUNS_NOW}</span> });
    view! {
        <li>
            <strong>{thread.name}</strong>
            " "
            {runs}
            <ul>{vms}</ul>
        </li>
    }
}
