//! Lessons with their labs, and the labs of the playground.

use crate::{Options, link};
use proxy_wasm_tour::course::{Book, Content, Lesson, Manual, explain};
use proxy_wasm_tour::export::content::Desk;
use proxy_wasm_tour::export::gate;
use proxy_wasm_tour::export::reference::Example;
use proxy_wasm_tour::export::site::{self, LabText};
use proxy_wasm_tour::ui::page::{self, Body, Page};
use proxy_wasm_tour::ui::paths::Root;
use proxy_wasm_tour::ui::prerendered::{self, LessonText, Outcome};
use proxy_wasm_tour::ui::strings;
use std::collections::BTreeMap;

/// A lesson's page.
pub(crate) fn page(
    options: &Options,
    content: &Content,
    book: &Book,
    lesson: &Lesson,
    glossary: Option<&Manual>,
) -> Result<Page, String> {
    let samples = |name: &str| options.sample(name);
    let desk = Desk::start(content, lesson, &samples);
    let root = Root::relative(&lesson.path);
    let facts = gate::facts(content, lesson, &samples);
    let text = book.render(content, lesson, facts.as_ref(), &|path| root.href(path));
    if let Some(problem) = text.problems.first() {
        return Err(problem.to_string());
    }
    let parts = &book.catalogue.parts;
    let at = parts
        .iter()
        .position(|part| part.lessons.iter().any(|l| l.id == lesson.matter.id));
    let part = at.map(|at| &parts[at]);
    let (previous, next) = book.catalogue.around(&lesson.matter.id);
    let lab = site::lab_text(&desk).map_err(|e| e.to_string())?;
    let recorded = site::record(&desk).map_err(|e| e.to_string())?;
    let read = LessonText {
        title: lesson.matter.title.clone(),
        part: part.map(|part| part.title.clone()).unwrap_or_default(),
        part_number: at.map_or(0, |at| at as u32 + 1),
        part_id: part.map(|part| part.id.clone()).unwrap_or_default(),
        minutes: lesson.matter.minutes,
        html: match glossary {
            Some(glossary) => explain(&text.html, &lesson.matter.title, glossary),
            None => text.html,
        },
        outline: text.outline,
        sources: lesson.matter.sources.clone(),
        previous: previous.map(link),
        next: next.map(link),
        recorded: recorded.as_ref().and_then(Outcome::of),
    };
    Ok(Page {
        path: lesson.path.clone(),
        title: lesson.matter.title.clone(),
        description: strings::lesson_goal(&lesson.matter.goal),
        body: Body::Lesson(Box::new(page::Lesson {
            id: lesson.matter.id.clone(),
            html: prerendered::lesson(read, &root),
            lab: lab.map(|lab| page_lab(lesson.matter.id.clone(), lab)),
        })),
    })
}

/// The labs of the playground stand beside the lessons, each where its path says.
pub(crate) fn playgrounds(content: &Content) -> Result<Vec<Page>, String> {
    let each =
        |(path, title): &(&str, &str)| playground(content, path, path.trim_matches('/'), title);
    strings::PLAYGROUNDS.iter().map(each).collect()
}

/// A playground for each lab that the reference leads to.
pub(crate) fn examples(content: &Content, examples: &[Example]) -> Result<Vec<Page>, String> {
    let each =
        |example: &Example| playground(content, &example.path(), &example.folder, &example.title);
    examples.iter().map(each).collect()
}

fn playground(content: &Content, path: &str, folder: &str, title: &str) -> Result<Page, String> {
    let desk = Desk {
        content,
        folder,
        edits: BTreeMap::new(),
        samples: &|_| Err("no sample is needed to write a page".into()),
    };
    let lab = site::lab_text(&desk)
        .map_err(|e| e.to_string())?
        .ok_or_else(|| format!("content/{folder}/lab.yaml is missing"))?;
    let mut lab = page_lab(folder.into(), lab);
    lab.open = true;
    Ok(Page {
        path: path.into(),
        title: strings::playground(path, title),
        description: strings::PLAYGROUND_LEAD.into(),
        body: Body::Playground(Box::new(lab)),
    })
}

fn page_lab(id: String, lab: LabText) -> page::Lab {
    page::Lab {
        id,
        text: lab.text,
        open: false,
        parts: lab.parts,
        solution: lab.solution,
        request: lab.request,
        touched: false,
        scenarios: (lab.scenarios.into_iter())
            .map(|(name, hidden)| page::ScenarioName { name, hidden })
            .collect(),
        exercises: lab.exercises,
    }
}
