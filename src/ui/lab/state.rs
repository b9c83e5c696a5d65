//! What a lab knows: the learner's edits, the run, what it gave.

use super::keep::{self, Kept};
use super::pane::Pane;
use super::race::Hunt;
use super::trace::Trace;
use crate::model::moment::Window;
use crate::model::picture::Picture;
use crate::model::report::{Graded, Report, ScenarioReport};
use crate::model::{Problem, Request, Told};
use crate::protocol::ToEngine;
use crate::ui::engine_client::{Answer, Engine, Phase, REHEARSAL};
use crate::ui::logic::outcome;
use crate::ui::logic::request::{FieldProblem, RequestForm};
use crate::ui::{browser, page, strings};
use leptos::prelude::*;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// The name of the lab file among the editors.
pub(super) const LAB_FILE: &str = "lab.yaml";

/// The places of two panels among the results.
pub(super) const TIMELINE_TAB: usize = 1;
pub(super) const STATE_TAB: usize = 3;

/// The name of the answers among the parts.
pub(super) const ANSWERS: &str = "answers.yaml";

/// How long the learner has not typed when the texts are looked at, in milliseconds.
const TYPING_MS: u32 = 300;

/// The place of the picture among the results.
const PICTURE_TAB: usize = 2;

/// What the result shows.
#[derive(Clone, Debug)]
pub(super) enum Shown {
    /// Nothing was run yet.
    Nothing,
    /// A finished run.
    Done(Arc<Finished>),
    /// The lab has to be mended first.
    Refused(Problem),
    /// A run that did not end well, in a sentence.
    Ended(String),
}

/// A finished run.
#[derive(Debug)]
pub(super) struct Finished {
    /// Its number.
    pub(super) run: u32,
    /// Its report, without events.
    pub(super) report: Report,
    /// How many events each scenario has.
    pub(super) events: Vec<usize>,
}

/// Which state: run, scenario, event, bytes of memory.
pub(super) type Question = (u32, usize, Option<u32>, Option<Window>);

/// The learner's edits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edits {
    /// The request.
    pub(super) request: RequestForm,
    /// The editable parts; the lab file too where that is open.
    pub(super) texts: BTreeMap<String, String>,
}

/// A lab's state; a handle to copy around.
#[derive(Clone, Copy)]
pub(in crate::ui) struct LabState {
    pub(super) lab: StoredValue<page::Lab>,
    original: StoredValue<Edits>,
    pub(super) request: RwSignal<RequestForm>,
    pub(super) texts: RwSignal<BTreeMap<String, String>>,
    /// What a reset took away.
    pub(super) undo: RwSignal<Option<Edits>>,
    /// Whether edits of an earlier visit were loaded.
    pub(super) loaded: RwSignal<bool>,
    /// Whether the run was asked for at a task, where its verdict stands.
    pub(super) asked_there: RwSignal<bool>,
    /// Whether a run is under way.
    pub(in crate::ui) busy: RwSignal<bool>,
    pub(super) shown: RwSignal<Shown>,
    /// What has to be mended before a run, as far as it is known.
    problem: RwSignal<Option<Problem>>,
    pub(super) field_problem: RwSignal<Option<FieldProblem>>,
    /// The scenario that the result shows.
    pub(super) scenario: RwSignal<usize>,
    pub(super) trace: Trace,
    /// The step that is looked at: an event by its number; the end of the run when there is none.
    pub(super) picked: RwSignal<Option<u32>>,
    /// Which bytes of memory are shown; those that arguments point to when there is none.
    window: RwSignal<Option<Window>>,
    /// What is shown is a log of Envoy's, no run.
    pub(super) of_log: RwSignal<bool>,
    /// Which state was asked for and has not come.
    pub(super) asked: RwSignal<Option<Question>>,
    /// The state as it came last.
    pub(super) moment: RwSignal<Told>,
    /// The same as a picture.
    pub(super) picture: RwSignal<Picture>,
    /// What a search through the orders of threads has found.
    pub(super) race: RwSignal<Hunt>,
    pub(super) edit_tab: RwSignal<usize>,
    pub(super) result_tab: RwSignal<usize>,
    pub(in crate::ui) pane: RwSignal<Pane>,
    pub(super) announced: RwSignal<String>,
    /// The engine; absent where pages are only rendered.
    pub(super) engine: Option<Engine>,
}

impl LabState {
    /// The state of a lab whose page shows this pane first on a narrow screen.
    pub(in crate::ui) fn new(lab: &page::Lab, pane: Pane) -> Self {
        let mut texts = lab.parts.clone();
        if lab.open {
            texts.insert(LAB_FILE.into(), lab.text.clone());
        }
        let request = RequestForm::of(&lab.request.clone().unwrap_or_default());
        let original = Edits {
            request: request.clone(),
            texts: texts.clone(),
        };
        Self {
            lab: StoredValue::new(lab.clone()),
            original: StoredValue::new(original),
            request: RwSignal::new(request),
            texts: RwSignal::new(texts),
            undo: RwSignal::new(None),
            loaded: RwSignal::new(false),
            asked_there: RwSignal::new(false),
            busy: RwSignal::new(false),
            of_log: RwSignal::new(false),
            shown: RwSignal::new(Shown::Nothing),
            problem: RwSignal::new(None),
            field_problem: RwSignal::new(None),
            scenario: RwSignal::new(0),
            trace: Trace::new(),
            picked: RwSignal::new(None),
            window: RwSignal::new(None),
            asked: RwSignal::new(None),
            moment: RwSignal::new(Told::default()),
            picture: RwSignal::new(Picture::default()),
            race: RwSignal::new(Hunt::None),
            edit_tab: RwSignal::new(0),
            result_tab: RwSignal::new(0),
            pane: RwSignal::new(pane),
            announced: RwSignal::new(String::new()),
            engine: use_context::<Engine>(),
        }
    }

    /// In the browser: takes up kept edits, keeps new ones, listens to the keyboard, and has the
    /// engine loaded when the browser is idle.
    pub(super) fn begin(self) {
        let original = self.original.get_value();
        let id = self.lab.with_value(|lab| lab.id.clone());
        if let Some(edits) = keep::load(&id, &original) {
            self.set_edits(edits);
            self.loaded.set(true);
        }
        Effect::new(move |first: Option<()>| {
            let edits = self.edits();
            if first.is_some() {
                keep::save(&id, &Kept::of(&original, &edits));
                self.check_soon();
            }
        });
        let keys = window_event_listener(leptos::ev::keydown, move |event| {
            if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                event.prevent_default();
                self.run();
            }
        });
        let log = window_event_listener_untyped("tour-log", move |event| self.read_log(&event));
        let engine = self.engine;
        on_cleanup(move || {
            keys.remove();
            log.remove();
            if let Some(engine) = engine {
                engine.leave();
            }
        });
        if let Some(engine) = engine {
            browser::when_idle(move || {
                // What the lab began with: the learner's edits run when the learner says so. The
                // lab may be gone by now. What needs a compiler waits for the learner, who may
                // never ask for that download.
                let texts = self.original.try_with_value(|lab| lab.texts.clone());
                let compiled = |name: &String| name.ends_with(".ts");
                if let Some(texts) = texts.filter(|texts| !texts.keys().any(compiled)) {
                    engine.rehearse(self.message(REHEARSAL, texts, None, Vec::new()));
                }
            });
        }
    }

    /// The editors in the order of their tabs: `None` is the request's, `Some` a text by its name.
    ///
    /// A lab whose traffic is not HTTP has no request to edit.
    pub(super) fn editors(self) -> Vec<Option<String>> {
        let request = self.lab.with_value(|lab| lab.request.is_some());
        let mut names: Vec<String> = self
            .texts
            .with_untracked(|texts| texts.keys().cloned().collect());
        // Answers are given in the forms of the tasks. A lab file that is not open may have modules
        // of the visitor's own in its chain, and nothing else is to be changed in it.
        let open = self.lab.with_value(|lab| lab.open);
        names.retain(|name| name != ANSWERS && (open || name != LAB_FILE));
        let request = request.then_some(None);
        request
            .into_iter()
            .chain(names.into_iter().map(Some))
            .collect()
    }

    fn edits(self) -> Edits {
        Edits {
            request: self.request.get(),
            texts: self.texts.get(),
        }
    }

    /// Puts a text in place of one of the editable parts.
    pub(super) fn set_text(self, name: &str, text: String) {
        self.texts
            .update(|texts| drop(texts.insert(name.to_owned(), text)));
    }

    fn set_edits(self, edits: Edits) {
        self.request.set(edits.request);
        self.texts.set(edits.texts);
    }

    /// Whether anything differs from what the lab began with.
    pub(super) fn changed(self) -> bool {
        self.original
            .with_value(|original| *original != self.edits())
    }

    /// Back to the beginning; [`Self::undo_reset`] takes it back.
    pub(super) fn reset(self) {
        self.replace(self.original.get_value());
    }

    /// One right answer in place of the learner's; [`Self::undo_reset`] takes it back.
    pub(super) fn solve(self) {
        let mut edits = self.edits();
        let solution = self.lab.with_value(|lab| lab.solution.clone());
        if let Some(answers) = edits.texts.get_mut(ANSWERS) {
            *answers = self.answers();
        }
        edits.texts.extend(solution);
        self.replace(edits);
    }

    fn replace(self, edits: Edits) {
        self.undo.set(Some(self.edits()));
        self.set_edits(edits);
        self.loaded.set(false);
        self.field_problem.set(None);
        self.announced.set(strings::WAS_RESET.into());
    }

    /// Brings back what a reset took away.
    pub(super) fn undo_reset(self) {
        if let Some(edits) = self.undo.get_untracked() {
            self.set_edits(edits);
            self.undo.set(None);
        }
    }

    /// Runs the lab as it stands.
    pub(in crate::ui) fn run(self) {
        self.asked_there.set(false);
        self.run_in(Vec::new());
    }

    /// Runs it with its threads in this order; in the lab's own when it is empty.
    pub(super) fn run_in(self, schedule: Vec<String>) {
        let Some(engine) = self.engine.filter(|_| !self.busy.get_untracked()) else {
            return;
        };
        let request = match self.request.get_untracked().request() {
            Ok(request) => request,
            Err(problem) => {
                self.announced.set(problem.message.clone());
                self.field_problem.set(Some(problem));
                self.edit_tab.set(0);
                self.pane.set(Pane::Edit);
                return;
            }
        };
        self.field_problem.set(None);
        self.undo.set(None);
        self.loaded.set(false);
        if schedule.is_empty() {
            self.end_race(Hunt::None);
        }
        self.busy.set(true);
        self.of_log.set(false);
        self.asked.set(None);
        self.announced.set(strings::RUNNING.into());
        let request = self.touched().then_some(request);
        // Modules that were kept may be put into the chain before it begins.
        let make = move |run| self.message(run, self.texts.get_untracked(), request, schedule);
        engine.run(make, Rc::new(move |answer| self.hear(answer)));
    }

    /// Whether the request is not the lab file's own; one that nobody touched stays that.
    pub(super) fn touched(self) -> bool {
        let form = self.request.get_untracked();
        self.lab.with_value(|lab| lab.touched) || self.original.with_value(|o| o.request != form)
    }

    /// Offers the lab as files that run elsewhere, if it runs here.
    pub(super) fn export(self) {
        match self.problem.get_untracked() {
            Some(problem) => self.hear(Answer::Refused(problem)),
            None => self.offer("exportLab"),
        }
    }

    /// Offers the lab as it stands by a function of the page's scripts: `share`, as a link and as a
    /// file; `exportLab`.
    pub(super) fn offer(self, how: &'static str) {
        let (shaped, names) = self.lab.with_value(|lab| {
            let names: Vec<_> = lab.scenarios.iter().map(|s| s.name.clone()).collect();
            (lab.request.is_some(), names.join("\n"))
        });
        // A request that means nothing is left to the lab file.
        let request = self.request.get_untracked().request().ok();
        let touched = (self.touched() && request.is_some()).to_string();
        let texts = self.texts.get_untracked();
        let message = self.message(0, texts, request.filter(|_| shaped), Vec::new());
        leptos::task::spawn_local(async move {
            let message = serde_json::to_string(&message).unwrap_or_default();
            if let Err(why) = browser::kit(how, &[&message, &touched, &names]).await {
                self.announced.set(why);
            }
        });
    }

    /// Runs the lab and shows the scenario of this name.
    pub(in crate::ui) fn run_scenario(self, name: &str) {
        if let Some(at) = self.scenario_named(name) {
            self.scenario.set(at);
        }
        self.run();
    }

    /// The index of a scenario.
    pub(super) fn scenario_named(self, name: &str) -> Option<usize> {
        self.lab
            .with_value(|lab| lab.scenarios.iter().position(|s| s.name == name))
    }

    /// Has the engine look at the texts when the learner has stopped typing.
    fn check_soon(self) {
        let texts = self.texts.get_untracked();
        let check = move || {
            // Gone, or typed on: that asks anew.
            let same = self.texts.try_with_untracked(|now| *now == texts);
            if let (Some(true), Some(engine)) = (same, self.engine) {
                let (lab, edits) = self.files(texts);
                let hear = Rc::new(move |problem| drop(self.problem.try_set(problem)));
                engine.check(ToEngine::Check { lab, edits }, hear);
            }
        };
        gloo::timers::callback::Timeout::new(TYPING_MS, check).forget();
    }

    /// The lab file's text, and the editable parts without it.
    pub(super) fn files(
        self,
        mut texts: BTreeMap<String, String>,
    ) -> (String, BTreeMap<String, String>) {
        let lab = texts
            .remove(LAB_FILE)
            .unwrap_or_else(|| self.lab.with_value(|lab| lab.text.clone()));
        (lab, texts)
    }

    fn message(
        self,
        run: u32,
        texts: BTreeMap<String, String>,
        request: Option<Request>,
        schedule: Vec<String>,
    ) -> ToEngine {
        let (lab, edits) = self.files(texts);
        ToEngine::Run {
            run,
            lab,
            edits,
            request,
            scenario: None,
            schedule,
        }
    }

    /// Ends a run at the learner's wish.
    pub(in crate::ui) fn stop(self) {
        if let Some(engine) = self.engine {
            engine.stop();
            self.end(strings::STOPPED.into());
        }
    }

    fn end(self, text: String) {
        self.busy.set(false);
        self.announced.set(text.clone());
        self.result_tab.set(0);
        self.shown.set(Shown::Ended(text));
        self.pane.set(Pane::Result);
    }

    pub(super) fn hear(self, answer: Answer) {
        match answer {
            Answer::Done(run, report, events) => {
                let scenario = self
                    .scenario
                    .get_untracked()
                    .min(report.scenarios.len().saturating_sub(1));
                self.busy.set(false);
                self.problem.set(None);
                self.scenario.set(scenario);
                self.announced.set(outcome::sentence(&report, scenario));
                self.shown.set(Shown::Done(Arc::new(Finished {
                    run,
                    report,
                    events,
                })));
                if !self.asked_there.get_untracked() {
                    self.pane.set(Pane::Result);
                }
                self.fresh_rows();
            }
            Answer::Refused(problem) => {
                self.busy.set(false);
                self.announced.set(problem.to_string());
                self.result_tab.set(0);
                let file = Some(problem.place.file.clone());
                match self.editors().iter().position(|name| *name == file) {
                    Some(at) => {
                        self.edit_tab.set(at);
                        self.pane.set(Pane::Edit);
                    }
                    None => self.pane.set(Pane::Result),
                }
                self.problem.set(Some(problem.clone()));
                self.shown.set(Shown::Refused(problem));
            }
            Answer::Rows(scenario, rows) if scenario == self.scenario.get_untracked() => {
                self.hear_rows(rows);
            }
            Answer::State(scenario, event, moment, picture) => {
                self.hear_state(scenario, event, moment, picture);
            }
            Answer::Rows(..) => {}
            Answer::Stuck(ms) => self.end(strings::stuck(ms)),
            Answer::Broken(why) => self.end(why),
        }
    }

    /// Shows another scenario of the finished run.
    pub(super) fn show_scenario(self, at: usize) {
        self.scenario.set(at);
        self.fresh_rows();
    }

    /// Asks for the state that is to be shown, as long as somebody looks at it.
    ///
    /// One question at a time: a key that is held down asks faster than runs are replayed.
    pub(super) fn ask_state(self) {
        let question = self.question();
        let free = self.asked.with_untracked(Option::is_none);
        if let (Some((run, scenario, event, window)), Some(engine), true) =
            (question, self.engine, free)
        {
            self.asked.set(question);
            engine.ask(&ToEngine::State {
                run,
                scenario,
                event,
                window,
            });
        }
    }

    fn question(self) -> Option<Question> {
        let tab = self.result_tab.get();
        let run = self.finished().map(|done| done.run);
        let run = run.filter(|_| [STATE_TAB, PICTURE_TAB].contains(&tab))?;
        let (event, window) = (self.picked.get(), self.window.get());
        Some((run, self.scenario.get(), event, window))
    }

    fn hear_state(self, scenario: usize, event: Option<u32>, moment: Told, picture: Picture) {
        if (scenario, event) == (self.scenario.get_untracked(), self.picked.get_untracked()) {
            // The end of a run has been announced with its outcome.
            if event.is_some() {
                self.announced.set(moment.title.clone());
            }
            self.moment.set(moment);
            self.picture.set(picture);
        }
        let asked = self.asked.get_untracked();
        self.asked.set(None);
        // Somebody has gone on meanwhile.
        if untrack(move || self.question()) != asked {
            untrack(move || self.ask_state());
        }
    }

    /// How many events the shown scenario has.
    pub(super) fn event_count(self) -> usize {
        let done = self.finished();
        done.and_then(|done| done.events.get(self.scenario.get()).copied())
            .unwrap_or_default()
    }

    /// The place of the shown state among the events; behind all of them is the end.
    pub(super) fn place(self) -> usize {
        self.picked
            .get()
            .map_or_else(|| self.event_count(), |n| n as usize)
    }

    /// Chooses the state at a place.
    pub(super) fn pick(self, place: i64) {
        let count = self.event_count() as i64;
        let event = (place < count).then_some(place.max(0) as u32);
        self.picked.set(event);
    }

    /// Opens the state at an event.
    pub(super) fn show_state_at(self, n: u32) {
        self.picked.set(Some(n));
        self.result_tab.set(STATE_TAB);
        browser::focus(&format!("result-tab-{STATE_TAB}"));
    }

    /// Chooses bytes of memory by an address in hexadecimal; none for those that matter.
    pub(super) fn look_at(self, address: &str) {
        let address = u32::from_str_radix(address.trim().trim_start_matches("0x"), 16).ok();
        self.window.set(address.map(|address| Window {
            address,
            length: 256,
        }));
    }

    /// The finished run that is shown.
    pub(super) fn finished(self) -> Option<Arc<Finished>> {
        match self.shown.get() {
            Shown::Done(done) => Some(done),
            _ => None,
        }
    }

    /// Reads the shown scenario of the finished run; nothing of a hidden one that fails.
    pub(super) fn with_scenario<T>(self, read: impl FnOnce(&ScenarioReport) -> T) -> Option<T> {
        let done = self.finished()?;
        let scenario = done.report.scenarios.get(self.scenario.get())?;
        (!scenario.hidden || scenario.ok).then(|| read(scenario))
    }

    /// How an exercise stands after the run that is shown.
    pub(super) fn graded(self, at: usize) -> Option<Graded> {
        self.finished()?.report.exercises.get(at).cloned()
    }

    /// The answers that the run tells, as JSON.
    fn answers(self) -> String {
        let done = self.finished();
        let exercises = done.iter().flat_map(|done| &done.report.exercises);
        let told =
            exercises.filter_map(|one| Some(format!("{:?}:{}", one.id, one.right.as_ref()?)));
        format!("{{{}}}", told.collect::<Vec<_>>().join(","))
    }

    /// The problem for which a run was refused, or would be.
    pub(super) fn problem(self) -> Option<Problem> {
        self.problem.get()
    }

    /// Whether the engine is still on its way.
    pub(super) fn loading(self) -> bool {
        self.engine
            .is_some_and(|engine| engine.phase.get() != Phase::Ready)
    }
}
