//! A part as a workbook: all of its lessons on one page, to be printed and written on.

use super::href;
use crate::model::Request;
use crate::ui::page::Link;
use crate::ui::strings;
use leptos::prelude::*;

/// How many lines there are to write a task's answer on.
const LINES: usize = 4;

/// A part on paper.
#[derive(Clone, Debug, Default)]
pub struct Workbook {
    /// The part's number, from 1.
    pub number: u32,
    /// Its title.
    pub title: String,
    /// What it is about, as HTML.
    pub summary: String,
    /// The part on the map.
    pub part: Link,
    /// Its lessons in order.
    pub lessons: Vec<PaperLesson>,
}

/// A lesson on paper. HTML in it has been through `course::paper`.
#[derive(Clone, Debug, Default)]
pub struct PaperLesson {
    /// Its stable id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What the reader will do, as a sentence.
    pub goal: String,
    /// About how long it takes.
    pub minutes: u32,
    /// The text.
    pub html: String,
    /// What the lab's editors hold at first: names and HTML.
    pub code: Vec<(String, String)>,
    /// What the lab sends.
    pub request: Option<Request>,
    /// The tasks, as HTML.
    pub tasks: Vec<String>,
}

/// The workbook.
#[component]
pub(super) fn WorkbookPage(workbook: Workbook) -> impl IntoView {
    let Workbook {
        number,
        title,
        summary,
        part,
        lessons,
    } = workbook;
    let minutes = lessons.iter().map(|lesson| lesson.minutes).sum();
    let size = strings::course_size(lessons.len(), minutes);
    let lessons = lessons
        .into_iter()
        .map(|lesson| view! { <OnPaper lesson /> })
        .collect_view();
    view! {
        <div class="plain-page workbook">
            <nav class="crumbs" aria-label=strings::CRUMBS>
                <ol>
                    <li>
                        <a href=href("/learn/")>{strings::LEARN}</a>
                    </li>
                    <li>
                        <a href=href(&part.path)>{part.title}</a>
                    </li>
                    <li aria-current="page">{strings::WORKBOOK}</li>
                </ol>
            </nav>
            <p class="eyebrow">{strings::part(number as usize)}</p>
            <h1>{title}</h1>
            // Our own renderer made this HTML.
            <div class="map-summary" inner_html=summary></div>
            <p class="minutes">{size}</p>
            <p class="actions on-screen">
                <button type="button" class="button primary needs-script" data-does="print">
                    {strings::WORKBOOK_PRINT}
                </button>
            </p>
            {lessons}
        </div>
    }
}

#[component]
fn OnPaper(lesson: PaperLesson) -> impl IntoView {
    let PaperLesson {
        id,
        title,
        goal,
        minutes,
        html,
        code,
        request,
        tasks,
    } = lesson;
    let lab = (!code.is_empty() || request.is_some()).then(|| {
        let code = code
            .into_iter()
            .map(|(name, html)| {
                view! {
                    <figure class="code">
                        <figcaption>{name}</figcaption>
                        <pre>
                            <code inner_html=html></code>
                        </pre>
                    </figure>
                }
            })
            .collect_view();
        let request = request.map(|request| {
            view! {
                <figure class="code">
                    <figcaption>{strings::REQUEST}</figcaption>
                    <pre>
                        <code>{raw(&request)}</code>
                    </pre>
                </figure>
            }
        });
        view! {
            <h3>{strings::WORKBOOK_LAB}</h3>
            {code}
            {request}
        }
    });
    let many = tasks.len() > 1;
    let tasks = tasks
        .into_iter()
        .enumerate()
        .map(|(at, html)| {
            let title = match many {
                true => strings::task(at + 1),
                false => strings::TASK.to_owned(),
            };
            let lines = (0..LINES).map(|_| view! { <span></span> }).collect_view();
            view! {
                <section class="paper-task">
                    <h3>{title}</h3>
                    <div inner_html=html></div>
                    <div class="paper-lines" aria-hidden="true">
                        {lines}
                    </div>
                </section>
            }
        })
        .collect_view();
    view! {
        <section class="paper-lesson" id=id>
            <h2>{title}</h2>
            <p class="minutes">{strings::minutes(minutes)}</p>
            <p class="lead">{goal}</p>
            // Our own renderer made this HTML.
            <div class="prose wide" inner_html=html></div>
            <div class="prose wide">{lab}</div>
            {tasks}
        </section>
    }
}

/// A request as HTTP/1.1 writes it.
fn raw(request: &Request) -> String {
    let or = |text: &str, default: &str| match text {
        "" => default.to_owned(),
        text => text.to_owned(),
    };
    let mut text = format!("{} {}", or(&request.method, "GET"), or(&request.path, "/"));
    for (name, value) in request.headers.iter() {
        text.push_str(&format!("\n{}: {}", show(name), show(value)));
    }
    if !request.body.is_empty() {
        text.push_str(&format!("\n\n{}", show(&request.body)));
    }
    text
}

fn show(bytes: &[u8]) -> String {
    crate::ui::logic::text::show(bytes)
}
