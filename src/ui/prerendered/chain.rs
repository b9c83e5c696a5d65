//! A run that the build made, as a picture: the client, the filters in order, the upstream, with
//! what each did and saw.

use crate::model::report::ScenarioReport;
use crate::ui::logic::diff::{self, Change, Line};
use crate::ui::logic::outcome;
use crate::ui::logic::story::{Station, stations};
use crate::ui::parts::{ActorName, Shape};
use crate::ui::strings;
use leptos::prelude::*;

/// A chain whose filters can be left out, each way of doing so with the run that came of it.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    /// The filters in order, three at most: a style sheet chooses among the outcomes.
    pub filters: Vec<ChainFilter>,
    /// What the page needs to run the chain itself, as JSON.
    pub live: String,
    /// What came of each choice: bit 0 of the place is the first filter.
    pub outcomes: Vec<Outcome>,
}

/// A filter of such a chain.
#[derive(Clone, Debug, Default)]
pub struct ChainFilter {
    /// Its name.
    pub name: String,
    /// What it does, in a few words.
    pub what: String,
    /// Whether it is in the chain at first.
    pub on: bool,
}

/// What came of the last request of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    request_line: String,
    sent: Vec<Line>,
    stations: Vec<Station>,
    saw: Option<Vec<Line>>,
    status: String,
    got: Vec<Line>,
}

impl Outcome {
    /// From the report of a scenario that was captured; `None` where no request was sent.
    #[must_use]
    pub fn of(scenario: &ScenarioReport) -> Option<Self> {
        let exchange = scenario.exchanges.last()?;
        let sent = &exchange.request.headers;
        let saw = exchange.upstream_requests.last();
        let word = |name| sent.get_str(name).unwrap_or_default();
        let answer = saw.and_then(|saw| saw.response.as_ref());
        Some(Self {
            request_line: format!("{} {}", word(":method"), word(":path")),
            sent: said(diff::plain(sent)),
            stations: stations(&scenario.events),
            saw: saw.map(|saw| said(diff::headers(sent, &saw.headers))),
            status: outcome::status(scenario),
            got: match (&exchange.response, answer) {
                (Some(got), Some(answer)) => said(diff::headers(&answer.headers, &got.headers)),
                (Some(got), None) => said(diff::plain(&got.headers)),
                (None, _) => Vec::new(),
            },
        })
    }
}

/// What a glance needs: the first line has method and path already, and the proxy adds the rest to
/// every request.
fn said(lines: Vec<Line>) -> Vec<Line> {
    let own = |name: &str| {
        name.starts_with("x-forwarded")
            || name.starts_with("x-envoy")
            || matches!(name, "x-request-id" | "date" | "content-length")
    };
    lines
        .into_iter()
        .filter(|line| !line.name.starts_with(':') && !own(&line.name))
        .collect()
}

/// The chain with its toggles. Without a script the style sheet shows the outcome of what is checked;
/// `src/vendor/kit/live.js` puts a run of the engine in its place.
#[component]
pub(super) fn ChainDemo(chain: Chain) -> impl IntoView {
    let toggles = chain
        .filters
        .iter()
        .enumerate()
        .map(|(at, filter)| {
            view! {
                <label class="toggle">
                    <input type="checkbox" class=format!("bit{at}") checked=filter.on />
                    <span>
                        <strong>{filter.name.clone()}</strong>
                        " "
                        {filter.what.clone()}
                    </span>
                </label>
            }
        })
        .collect_view();
    let outcomes = chain
        .outcomes
        .into_iter()
        .enumerate()
        .map(|(mask, outcome)| {
            view! {
                <div class=format!("outcome mask{mask}")>
                    <Picture outcome />
                </div>
            }
        })
        .collect_view();
    view! {
        <section class="demo" aria-label=strings::DEMO data-lab=chain.live>
            <div class="demo-head">
                <h2>{strings::DEMO}</h2>
                <fieldset class="toggles">
                    <legend class="visually-hidden">{strings::DEMO_FILTERS}</legend>
                    {toggles}
                </fieldset>
            </div>
            <div aria-live="polite">{outcomes}</div>
            <div class="outcome live"></div>
            <p class="demo-lead demo-said" role="status">
                {strings::DEMO_LEAD}
            </p>
        </section>
    }
}

/// One run.
#[component]
pub(super) fn Picture(outcome: Outcome) -> impl IntoView {
    let Outcome {
        request_line,
        sent,
        stations,
        saw,
        status,
        got,
    } = outcome;
    let stations: Vec<_> = stations
        .into_iter()
        .filter(|station| short(&station.filter) != "router")
        .map(|station| view! { <Filter station /> })
        .collect();
    // The client and the upstream are stations too.
    let all = stations.len() + 2;
    let reached = saw.is_some();
    let saw = match saw {
        Some(lines) => view! { <Lines title=strings::UPSTREAM_SAW lines /> }.into_any(),
        None => view! { <p class="never">{strings::UPSTREAM_NOTHING}</p> }.into_any(),
    };
    view! {
        <ol class="chain" data-of=all>
            <li class="station client">
                <ActorName shape=Shape::Client text=strings::CLIENT />
                <strong>{request_line}</strong>
                <Lines title=strings::CLIENT_SENT lines=sent />
                <strong class="answer">{status}</strong>
                <Lines title=strings::CLIENT_GOT lines=got />
            </li>
            {stations}
            <li class="station upstream" class:unreached=!reached>
                <ActorName shape=Shape::Upstream text=strings::UPSTREAM />
                {saw}
            </li>
        </ol>
    }
}

#[component]
fn Filter(station: Station) -> impl IntoView {
    let (shape, kind, class) = match (station.wasm, short(&station.filter)) {
        (true, _) => (Shape::Wasm, strings::WASM_FILTER, "station wasm"),
        (false, "lua") => (Shape::Proxy, strings::LUA_FILTER, "station lua"),
        (false, _) => (Shape::Proxy, strings::NATIVE_FILTER, "station native"),
    };
    let calls = station
        .request
        .into_iter()
        .chain(station.response)
        .map(|call| view! { <li>{breakable(&call)}</li> })
        .collect_view();
    view! {
        <li class=class>
            <ActorName shape text=kind />
            <strong>{breakable(short(&station.filter))}</strong>
            <ul>{calls}</ul>
        </li>
    }
}

/// A name or a call that may be broken where its words end, and nowhere else while there is room.
fn breakable(text: &str) -> impl IntoView + use<> {
    let parts = text.split_inclusive(['_', '(']);
    let parts = parts.map(|part| view! { {part.to_owned()}<wbr /> });
    parts.collect_view()
}

/// `header_mutation`: a native filter's name without what all of them begin with.
fn short(filter: &str) -> &str {
    filter.trim_start_matches("envoy.filters.http.")
}

/// Headers, each with a sign and a word for what became of it.
#[component]
fn Lines(title: &'static str, lines: Vec<Line>) -> impl IntoView {
    let lines = lines
        .into_iter()
        .map(|line| {
            let (class, sign, word) = match line.change {
                Change::Same => ("", "", ""),
                Change::Added => ("added", "+ ", strings::ADDED),
                Change::Removed => ("removed", "− ", strings::REMOVED),
                Change::Changed(_) => ("changed", "~ ", strings::CHANGED),
            };
            view! {
                <li class=class>
                    <span aria-hidden="true">{sign}</span>
                    <span class="visually-hidden">{word}</span>
                    {format!("{}: {}", line.name, line.value)}
                </li>
            }
        })
        .collect_view();
    view! {
        <p class="eyebrow">{title}</p>
        <ul>{lines}</ul>
    }
}
