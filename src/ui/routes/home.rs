//! The first page.

use crate::ui::lab::Exchanges;
use crate::ui::page;
use crate::ui::parts::{ActorName, Shape};
use crate::ui::shell::href;
use crate::ui::strings;
use leptos::prelude::*;

/// What the site is, the way in, and a run of a real filter.
#[component]
pub(in crate::ui) fn Home(home: page::Home) -> impl IntoView {
    let start = home.first.map(|first| {
        view! {
            <a class="button primary" href=href(&first.path)>
                {strings::HOME_START}
            </a>
        }
    });
    let inside = strings::INSIDE
        .iter()
        .map(|(title, text)| {
            view! {
                <li>
                    <h3>{*title}</h3>
                    <p>{*text}</p>
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="home">
            <section class="hero">
                <h1>{strings::HOME_CLAIM}</h1>
                <p class="lead">{strings::HOME_LEAD}</p>
                <p class="actions">
                    {start}
                    <a class="button" href=href("/playground/")>
                        {strings::HOME_PLAY}
                    </a>
                </p>
            </section>
            {home.demo.map(|demo| view! { <Demo demo /> })}
            <section class="inside">
                <h2>{strings::INSIDE_TITLE}</h2>
                <ul>{inside}</ul>
            </section>
        </div>
    }
    .into_any()
}

/// A run that the build made: the chain, then what came of it.
#[component]
fn Demo(demo: page::Demo) -> impl IntoView {
    let stations = demo
        .stations
        .into_iter()
        .map(|station| {
            let shape = if station.wasm {
                Shape::Wasm
            } else {
                Shape::Proxy
            };
            let kind = if station.wasm {
                strings::WASM_FILTER
            } else {
                strings::NATIVE_FILTER
            };
            let calls = station
                .request
                .into_iter()
                .chain(station.response)
                .map(|call| view! { <li>{call}</li> })
                .collect_view();
            let class = format!("station {}", if station.wasm { "wasm" } else { "native" });
            view! {
                <li class=class>
                    <ActorName shape text=kind />
                    <strong>{station.filter}</strong>
                    <ul>{calls}</ul>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="demo" aria-label=strings::DEMO>
            <div class="demo-head">
                <h2>{strings::DEMO}</h2>
                <p>{strings::DEMO_LEAD}</p>
            </div>
            <ol class="chain">
                <li class="station client">
                    <ActorName shape=Shape::Client text=strings::CLIENT />
                    <strong>{demo.request_line}</strong>
                </li>
                {stations}
                <li class="station upstream">
                    <ActorName shape=Shape::Upstream text=strings::UPSTREAM />
                    <strong>{demo.status}</strong>
                </li>
            </ol>
            <div class="lab demo-result">
                <Exchanges scenario=demo.scenario />
            </div>
        </section>
    }
    .into_any()
}
