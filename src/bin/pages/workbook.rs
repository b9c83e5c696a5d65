//! Each part as a workbook: `/learn/PART/print/`.

use crate::Options;
use proxy_wasm_tour::course::code::highlight;
use proxy_wasm_tour::course::{Book, Content, Lesson, Part, paper};
use proxy_wasm_tour::export::content::Desk;
use proxy_wasm_tour::export::{gate, site};
use proxy_wasm_tour::ui::page::{Body, Link, Page};
use proxy_wasm_tour::ui::paths::Root;
use proxy_wasm_tour::ui::prerendered::{self, PaperLesson, Workbook};
use proxy_wasm_tour::ui::strings;

/// The workbooks of all parts that have lessons.
pub(crate) fn pages(
    options: &Options,
    content: &Content,
    book: &Book,
) -> Result<Vec<Page>, String> {
    let parts = book.catalogue.parts.iter().enumerate();
    parts
        .filter(|(_, part)| !part.lessons.is_empty())
        .map(|(at, part)| page(options, content, book, at as u32 + 1, part))
        .collect()
}

fn page(
    options: &Options,
    content: &Content,
    book: &Book,
    number: u32,
    part: &Part,
) -> Result<Page, String> {
    let path = part.workbook().ok_or("a part without lessons")?;
    let root = Root::relative(&path);
    let lessons = book.lessons.iter();
    let lessons = lessons.filter(|lesson| part.lessons.iter().any(|l| l.id == lesson.matter.id));
    let lessons: Result<Vec<PaperLesson>, String> = lessons
        .map(|lesson| on_paper(options, content, book, lesson, &root))
        .collect();
    let workbook = Workbook {
        number,
        title: part.title.clone(),
        summary: part.summary.clone(),
        part: Link {
            path: format!("/learn/#{}", part.id),
            title: strings::part_named(number, &part.title),
        },
        lessons: lessons?,
    };
    Ok(Page {
        title: strings::workbook(&part.title),
        description: strings::WORKBOOK_LEAD.into(),
        body: Body::Text(prerendered::workbook(workbook, &root)),
        path,
    })
}

fn on_paper(
    options: &Options,
    content: &Content,
    book: &Book,
    lesson: &Lesson,
    root: &Root,
) -> Result<PaperLesson, String> {
    let samples = |name: &str| options.sample(name);
    let desk = Desk::start(content, lesson, &samples);
    let facts = gate::facts(content, lesson, &samples);
    let text = book.render(content, lesson, facts.as_ref(), &|path| root.href(path));
    if let Some(problem) = text.problems.first() {
        return Err(problem.to_string());
    }
    let lab = site::lab_text(&desk).map_err(|e| e.to_string())?;
    let lab = lab.unwrap_or_default();
    let id = &lesson.matter.id;
    let prefix = format!("{id}-");
    let code = lab.parts.iter();
    let code = code.filter(|(_, text)| !text.trim().is_empty());
    let tasks = lab.exercises.iter().enumerate();
    Ok(PaperLesson {
        id: id.clone(),
        title: lesson.matter.title.clone(),
        goal: strings::lesson_goal(&lesson.matter.goal),
        minutes: lesson.matter.minutes,
        html: paper(&text.html, &prefix),
        code: code
            .map(|(name, text)| {
                let language = name.rsplit('.').next().unwrap_or_default();
                (name.clone(), highlight(language, text.trim_end()))
            })
            .collect(),
        request: lab.request,
        tasks: tasks
            .map(|(at, exercise)| paper(&exercise.task, &format!("{id}-task-{at}-")))
            .collect(),
    })
}
