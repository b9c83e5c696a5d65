//! What went over the wire: the client's side on the left, the upstream's on the right, each as a
//! diff against where it came from.

use super::connection::ConnectionView;
use crate::model::Bytes;
use crate::model::report::{
    CallResult, Exchange, ExchangeOutcome, Message, Response, ScenarioReport, UpstreamRequest,
};
use crate::ui::logic::diff::{self, BodyChange, Change, Line};
use crate::ui::logic::{outcome, text};
use crate::ui::parts::{ActorName, More, Shape, keyed};
use crate::ui::strings;
use leptos::prelude::*;
use std::sync::Arc;

/// How many exchanges are shown unasked.
const EXCHANGES: usize = 20;

/// Every exchange of a scenario.
#[component]
pub(in crate::ui) fn Exchanges(scenario: ScenarioReport) -> impl IntoView {
    let many = scenario.exchanges.len() > 1;
    let several = scenario.connections.len() > 1;
    let refused = scenario
        .rejected
        .clone()
        .map(|why| (strings::REJECTED, why));
    let stopped = scenario
        .stopped
        .clone()
        .map(|why| (strings::STOPPED_SCENARIO, why));
    let notice = refused.or(stopped);
    let noticed = notice.is_some();
    let notice = notice.map(|(title, why)| {
        view! {
            <div class="notice bad">
                <p class="notice-title">{title}</p>
                <p>{why}</p>
            </div>
        }
    });
    let silent = scenario.exchanges.is_empty()
        && scenario.connections.is_empty()
        && scenario.calls.is_empty();
    let nothing =
        (silent && !noticed).then(|| view! { <p class="empty">{outcome::status(&scenario)}</p> });
    let calls = scenario
        .calls
        .into_iter()
        .map(|call| view! { <Call call /> })
        .collect_view();
    let all = scenario.exchanges;
    let count = all.len();
    let all = StoredValue::new(all);
    let exchanges = (count > 0).then(|| {
        let one = move |at: u64| {
            let title = many.then(|| {
                view! { <h3 class="exchange-title">{strings::request(at as usize + 1)}</h3> }
            });
            let exchange = all.with_value(|all| all.get(at as usize).cloned());
            let exchange = exchange.map(|exchange| view! { <ExchangeView exchange /> });
            view! { {title} {exchange} }.into_any()
        };
        let shown = RwSignal::new(EXCHANGES.min(count));
        let keys = move || (0..shown.get() as u64).collect();
        view! {
            {keyed(Box::new(keys), Arc::new(one))}
            <More shown count few=EXCHANGES />
        }
    });
    let connections = scenario
        .connections
        .into_iter()
        .enumerate()
        .map(|(at, connection)| {
            let title = strings::connection(at + 1);
            view! {
                {several.then(|| view! { <h3 class="exchange-title">{title}</h3> })}
                <ConnectionView connection />
            }
        })
        .collect_view();
    let of_roots = (!scenario.upstream_requests.is_empty()).then(|| {
        let requests = scenario.upstream_requests.into_iter();
        let requests = requests.map(|up| view! { <Other up request=Message::default() /> });
        view! {
            <h3 class="exchange-title">{strings::OUTSIDE_REQUESTS}</h3>
            {requests.collect_view()}
        }
    });
    view! { {notice} {nothing} {calls} {connections} {exchanges} {of_roots} }
}

#[component]
fn Call(call: CallResult) -> impl IntoView {
    let failed = call.trap.is_some();
    let result = match call.trap {
        Some(trap) => strings::trapped(&trap),
        None => {
            let results: Vec<String> = call.results.iter().map(ToString::to_string).collect();
            results.join(", ")
        }
    };
    view! {
        <p class="call" class:failed=failed>
            <code>{call.export}</code>
            " → "
            <code>{result}</code>
        </p>
    }
}

#[component]
fn ExchangeView(exchange: Exchange) -> impl IntoView {
    let Exchange {
        outcome,
        request,
        upstream_requests,
        response,
        ..
    } = exchange;
    let sent = diff::plain(&request.headers);
    // What the router sent last is what the client's request became; callouts are shown besides.
    let main = upstream_requests.iter().rposition(|up| !up.callout);
    let upstream = main.map(|at| upstream_requests[at].clone());
    let others: Vec<_> = upstream_requests
        .into_iter()
        .enumerate()
        .filter(|(at, _)| Some(*at) != main)
        .map(|(_, up)| view! { <Other up request=request.clone() /> })
        .collect();
    let answered = upstream.as_ref().and_then(|up| up.response.clone());
    let up_sent = answered.clone().map(|message| {
        view! {
            <Side actor="upstream" title=strings::UPSTREAM_SENT note=String::new()>
                <HeaderList lines=diff::plain(&message.headers) />
                <BodyView body=message.body was=None />
                <TrailerList lines=diff::plain(&message.trailers) />
            </Side>
        }
    });
    let (sent_body, sent_trailers) = (request.body.clone(), diff::plain(&request.trailers));
    view! {
        <div class="exchange">
            <Side actor="client" title=strings::CLIENT_SENT note=String::new()>
                <HeaderList lines=sent />
                <BodyView body=sent_body was=None />
                <TrailerList lines=sent_trailers />
            </Side>
            <Saw upstream sent=request />
            {up_sent}
            <Got outcome response answered />
        </div>
        {others}
    }
}

/// What the upstream saw, against what the client sent.
#[component]
fn Saw(upstream: Option<UpstreamRequest>, sent: Message) -> impl IntoView {
    let Some(up) = upstream else {
        return view! {
            <Side actor="upstream" title=strings::UPSTREAM_SAW note=String::new()>
                <p class="empty">{strings::UPSTREAM_NOTHING}</p>
            </Side>
        }
        .into_any();
    };
    let lines = diff::headers(&sent.headers, &up.headers);
    let trailers = diff::headers(&sent.trailers, &up.trailers);
    let change = diff::body(&sent.body, &up.body);
    view! {
        <Side actor="upstream" title=strings::UPSTREAM_SAW note=up.cluster>
            <Summary lines=lines.clone() body=change.clone() />
            <HeaderList lines />
            <BodyView body=up.body was=Some((change, sent.body)) />
            <TrailerList lines=trailers />
        </Side>
    }
    .into_any()
}

/// What the client got, against what the upstream sent; alone where the proxy answered itself.
#[component]
fn Got(
    outcome: ExchangeOutcome,
    response: Option<Response>,
    answered: Option<Message>,
) -> impl IntoView {
    let Some(response) = response else {
        let text = match outcome {
            ExchangeOutcome::Reset => strings::GOT_RESET,
            _ => strings::GOT_NOTHING,
        };
        return view! {
            <Side actor="client" title=strings::CLIENT_GOT note=String::new()>
                <p class="empty">{text}</p>
            </Side>
        }
        .into_any();
    };
    let (lines, trailers, body) = match &answered {
        Some(answered) => (
            diff::headers(&answered.headers, &response.headers),
            diff::headers(&answered.trailers, &response.trailers),
            Some((
                diff::body(&answered.body, &response.body),
                answered.body.clone(),
            )),
        ),
        None => (
            diff::plain(&response.headers),
            diff::plain(&response.trailers),
            None,
        ),
    };
    let summary = body
        .as_ref()
        .map(|(change, _)| view! { <Summary lines=lines.clone() body=change.clone() /> });
    let by_proxy = answered
        .is_none()
        .then(|| view! { <p class="diff-summary">{strings::BY_PROXY}</p> });
    let ended = match outcome {
        ExchangeOutcome::Completed => None,
        ExchangeOutcome::Reset => Some(strings::THEN_RESET),
        ExchangeOutcome::Stalled => Some(strings::THEN_STALLED),
    };
    view! {
        <Side actor="client" title=strings::CLIENT_GOT note=response.status.to_string()>
            {summary} {by_proxy} <HeaderList lines />
            <BodyView body=response.body was=body /> <TrailerList lines=trailers />
            {ended.map(|text| view! { <p class="failed">{text}</p> })}
            <p class="details">
                {strings::DETAILS} " " <code>{response.details}</code>
                {(response.flags != "-" && !response.flags.is_empty())
                    .then(|| view! { ", " {strings::FLAGS} " " <code>{response.flags}</code> })}
            </p>
        </Side>
    }
    .into_any()
}

/// A retry or a filter's own call.
#[component]
fn Other(up: UpstreamRequest, request: Message) -> impl IntoView {
    let title = if up.callout {
        strings::CALLOUT
    } else {
        strings::ATTEMPT
    };
    let lines = if up.callout {
        diff::plain(&up.headers)
    } else {
        diff::headers(&request.headers, &up.headers)
    };
    let answer = up.response.map(|message| {
        view! {
            <Side actor="upstream" title=strings::UPSTREAM_SENT note=String::new()>
                <HeaderList lines=diff::plain(&message.headers) />
                <BodyView body=message.body was=None />
            </Side>
        }
    });
    view! {
        <div class="exchange other">
            <Side actor="upstream" title note=up.cluster>
                <HeaderList lines />
                <BodyView body=up.body was=None />
            </Side>
            {answer}
        </div>
    }
}

#[component]
pub(super) fn Side(
    actor: &'static str,
    title: &'static str,
    note: String,
    children: Children,
) -> impl IntoView {
    let shape = if actor == "client" {
        Shape::Client
    } else {
        Shape::Upstream
    };
    view! {
        <section class=format!("side {actor}")>
            <h3>
                <ActorName shape text=title />
                {(!note.is_empty()).then(|| view! { <span class="side-note">{note}</span> })}
            </h3>
            {children()}
        </section>
    }
}

#[component]
fn Summary(lines: Vec<Line>, body: BodyChange) -> impl IntoView {
    let (added, removed, changed) = diff::counts(&lines);
    view! {
        <p class="diff-summary">
            {strings::changes(added, removed, changed, body == BodyChange::Changed)}
        </p>
    }
}

/// Headers with what happened to each: a sign, a colour and words for who cannot see either.
#[component]
fn HeaderList(lines: Vec<Line>) -> impl IntoView {
    let items = lines
        .into_iter()
        .map(|line| {
            let (class, sign, word, was) = match line.change {
                Change::Same => ("same", "", "", None),
                Change::Added => ("added", "+", strings::ADDED, None),
                Change::Removed => ("removed", "−", strings::REMOVED, None),
                Change::Changed(was) => ("changed", "~", strings::CHANGED, Some(was)),
            };
            view! {
                <li class=class>
                    <span class="sign" aria-hidden="true">
                        {sign}
                    </span>
                    <span class="visually-hidden">{word}</span>
                    <span class="name">{line.name}</span>
                    <span class="colon">": "</span>
                    <span class="value">{line.value}</span>
                    {was
                        .map(|was| {
                            view! {
                                <span class="was">
                                    {strings::WAS} " " <del>{was}</del>
                                </span>
                            }
                        })}
                </li>
            }
        })
        .collect_view();
    view! { <ul class="headers">{items}</ul> }
}

#[component]
fn TrailerList(lines: Vec<Line>) -> impl IntoView {
    (!lines.is_empty()).then(|| {
        view! {
            <p class="sub">{strings::TRAILERS}</p>
            <HeaderList lines />
        }
    })
}

#[component]
pub(super) fn BodyView(body: Bytes, was: Option<(BodyChange, Bytes)>) -> impl IntoView {
    let (changed, was) = match was {
        Some((BodyChange::Changed, was)) => (true, Some(was)),
        _ => (false, None),
    };
    let size = text::size(body.len() as u64);
    let title = if changed {
        strings::body_changed(&size, &text::size(was.map_or(0, |w| w.len() as u64)))
    } else {
        strings::body(&size)
    };
    (changed || !body.is_empty()).then(|| {
        view! {
            <p class="sub" class:changed-text=changed>
                {title}
            </p>
            <pre class="body" class:changed=changed tabindex="0">
                {shown(&body)}
            </pre>
        }
    })
}

/// The most of a body that is drawn at once: more only slows the page down.
const SHOWN: usize = 4_000;

fn shown(body: &Bytes) -> String {
    text::shorten(&text::show(body), SHOWN)
}
