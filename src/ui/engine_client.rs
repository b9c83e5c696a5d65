//! The page's end of the engine worker: starts it, talks to it, and ends it when it is stuck.
//!
//! The worker is a classic one made of a blob, with a posted module: what works in a sandboxed
//! frame too (`src/bin/engine.rs` says how it answers). One run at a time. A worker that gives no
//! sign of life for [`PATIENCE_MS`] of real time is terminated; the next run starts a new one from
//! the same module. What was begun for a worker that has ended since (a start, a fetched sample)
//! is dropped: its era is over. Must not know: how a result is drawn.

pub(super) use super::answer::{Answer, Phase};
use super::answer::{Checker, Listener, Racer};
use super::browser;
use super::lab::Rows;
use super::paths::Root;
use super::strings;
use crate::protocol::{FromEngine, Script, ToEngine, VERSION};
use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// How long a running engine may be silent, in milliseconds of real time.
const PATIENCE_MS: u32 = 5_000;

/// How long a new worker may take to say that it is ready, in milliseconds of real time: it
/// still fetches its script, and a slow connection is not its fault.
const START_PATIENCE_MS: u32 = 20_000;

/// The number of a run that nobody waits for; those of a learner begin at 1.
pub(super) const REHEARSAL: u32 = 0;

/// The engine; a handle to copy around.
#[derive(Clone, Copy)]
pub(super) struct Engine {
    /// How far it is.
    pub(super) phase: RwSignal<Phase>,
    inner: StoredValue<Rc<RefCell<Inner>>, LocalStorage>,
}

#[derive(Default)]
struct Inner {
    root: Option<Root>,
    module: Option<JsValue>,
    live: Option<Live>,
    /// A run that waits for the engine to be up.
    waiting: Option<ToEngine>,
    listener: Option<(u32, Listener)>,
    checker: Option<Checker>,
    /// Who hears of the search for a race that goes on, and its number.
    racer: Option<(u32, Racer)>,
    watchdog: Option<Timeout>,
    since: f64,
    runs: u32,
    /// Modules of the visitor's own: names, bytes, and whether an engine has survived them.
    opened: Vec<(String, js_sys::ArrayBuffer, bool)>,
    /// Whether the page has a list of them.
    listed: bool,
    /// Counts the labs that went away.
    labs: u32,
    /// Whether the worker has a run that it has not answered; asking for a sample is no answer.
    busy: bool,
    /// Counts the workers that were ended.
    era: u32,
}

/// A worker and the closures that it calls.
struct Live {
    worker: web_sys::Worker,
    /// Its text's address, until it has started.
    address: Option<browser::BlobAddress>,
    _message: Closure<dyn FnMut(web_sys::MessageEvent)>,
    _error: Closure<dyn FnMut(web_sys::ErrorEvent)>,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

impl Engine {
    pub(super) fn new(root: Root) -> Self {
        let inner = Inner {
            root: Some(root),
            ..Inner::default()
        };
        Self {
            phase: RwSignal::new(Phase::Cold),
            inner: StoredValue::new_local(Rc::new(RefCell::new(inner))),
        }
    }

    /// Loads the engine and runs a lab once for nobody, so that the learner's first run finds all
    /// in place: the sample filters are fetched, and the browser has compiled what a run needs.
    ///
    /// Does nothing when a run or a check was asked for before: that has seen to it all.
    pub(super) fn rehearse(self, message: ToEngine) {
        self.settled(move || {
            if self.with(|inner| inner.runs == 0 && !inner.busy && inner.checker.is_none()) {
                self.submit(message);
            }
        });
    }

    /// Sends a message now, or when the engine is up.
    fn submit(self, message: ToEngine) {
        if self.phase.get_untracked() == Phase::Ready {
            self.begin(&message);
        } else {
            self.with(|inner| inner.waiting = Some(message));
            self.warm();
        }
    }

    /// Goes on when the engine has been given the modules that were kept or chosen before: what
    /// comes then may name them, and some are still being read. Not when the lab has gone meanwhile.
    fn settled(self, go_on: impl FnOnce() + 'static) {
        if !self.with(|inner| inner.listed) {
            return go_on();
        }
        self.warm();
        let labs = self.with(|inner| inner.labs);
        leptos::task::spawn_local(async move {
            let _ = browser::kit("settled", &[]).await;
            if self.with(|inner| inner.labs) == labs {
                go_on();
            }
        });
    }

    /// Starts loading, so that the first run need not wait.
    fn warm(self) {
        if self.phase.get_untracked() == Phase::Cold {
            self.phase.set(Phase::Loading);
            let era = self.era();
            leptos::task::spawn_local(async move {
                if let Err(why) = self.start(era).await
                    && era == self.era()
                    && self.end()
                {
                    self.tell(Answer::Broken(why));
                }
            });
        }
    }

    /// Runs a lab; `make` gets the run's number. What the listener heard before is forgotten.
    pub(super) fn run(self, make: impl FnOnce(u32) -> ToEngine + 'static, listener: Listener) {
        let run = self.with(|inner| {
            inner.runs += 1;
            inner.listener = Some((inner.runs, listener));
            inner.runs
        });
        self.settled(move || {
            // Stopped, or run anew.
            if self.current() == Some(run) {
                self.submit(make(run));
            }
        });
    }

    /// The number of the run that somebody listens to.
    fn current(self) -> Option<u32> {
        self.with(|inner| inner.listener.as_ref().map(|(run, _)| *run))
    }

    /// Looks for a race; `make` gets the search's number. The last run stays there to be asked.
    pub(super) fn race(self, make: impl FnOnce(u32) -> ToEngine + 'static, racer: Racer) {
        let run = self.with(|inner| {
            inner.runs += 1;
            inner.racer = Some((inner.runs, racer));
            inner.runs
        });
        self.settled(move || {
            if self.racing() == Some(run) {
                self.submit(make(run));
            }
        });
    }

    /// The number of the search that somebody waits for.
    fn racing(self) -> Option<u32> {
        self.with(|inner| inner.racer.as_ref().map(|(run, _)| *run))
    }

    /// Ends a search: the worker ends the part that it is in, and is not asked for the next.
    pub(super) fn end_race(self) {
        self.with(|inner| inner.racer = None);
        self.rest();
    }

    /// The search is over for a reason of its own.
    fn race_failed(self, why: String) {
        if let Some((_, racer)) = self.with(|inner| inner.racer.take()) {
            racer(Err(why));
        }
    }

    /// Asks what is wrong with a lab, unless there is a run, which says that too.
    pub(super) fn check(self, message: ToEngine, checker: Checker) {
        self.with(|inner| inner.checker = Some(checker));
        self.settled(move || {
            let free = self.with(|inner| {
                // A run that only rehearses may be cut short.
                let runs = inner.busy && inner.runs > 0;
                !runs && !matches!(inner.waiting, Some(ToEngine::Run { run: 1.., .. }))
            });
            if free {
                self.submit(message);
            }
        });
    }

    /// Asks about the last run: for rows of its trace, for the state at an event.
    pub(super) fn ask(self, request: &ToEngine) {
        self.send(request, &js_sys::Array::new());
    }

    /// A list of the visitor's own modules is on the page, and gives them by [`Self::open`].
    pub(super) fn expect_modules(self) {
        self.with(|inner| inner.listed = true);
    }

    /// Takes `{ module, bytes }`: a module of the visitor's own, to be examined and in every run from
    /// now on. Without bytes it is forgotten.
    pub(super) fn open(self, given: &JsValue) {
        let get = |key: &str| js_sys::Reflect::get(given, &key.into()).unwrap_or_default();
        let name = get("module").as_string().unwrap_or_default();
        self.with(|inner| inner.opened.retain(|(other, ..)| *other != name));
        let Ok(bytes) = get("bytes").dyn_into() else {
            self.send(&ToEngine::Module { name }, &js_sys::Array::new());
            return;
        };
        self.with(|inner| inner.opened.push((name, bytes, false)));
        match self.phase.get_untracked() {
            Phase::Ready => self.give_modules(false),
            _ => self.warm(),
        }
    }

    /// Gives the engine the modules that it has not seen; a new engine has seen none.
    fn give_modules(self, all: bool) {
        for (name, bytes, seen) in self.with(|inner| inner.opened.clone()) {
            if all || !seen {
                self.watch();
                // A copy: what is transferred is gone here.
                let buffers = js_sys::Array::of1(&bytes.slice(0));
                self.send(&ToEngine::Module { name }, &buffers);
            }
        }
    }

    /// Ends a run by ending the worker. A new one is started at once, unless this one was still
    /// on its way: then the next run starts it.
    pub(super) fn stop(self) {
        self.with(|inner| inner.listener = None);
        let ready = self.phase.get_untracked() == Phase::Ready;
        self.end();
        if ready {
            self.warm();
        }
    }

    /// Forgets who listens, because the lab goes away; a run that is under way ends with it.
    pub(super) fn leave(self) {
        let running = self.with(|inner| {
            inner.waiting = None;
            inner.listener = None;
            inner.racer = None;
            inner.checker = None;
            inner.listed = false;
            inner.labs += 1;
            inner.busy
        });
        // They belong to the lab that goes away.
        for (name, ..) in self.with(|inner| std::mem::take(&mut inner.opened)) {
            self.send(&ToEngine::Module { name }, &js_sys::Array::new());
        }
        if running {
            self.end();
        }
    }

    fn with<T>(self, f: impl FnOnce(&mut Inner) -> T) -> T {
        let inner = self.inner.with_value(Rc::clone);
        f(&mut inner.borrow_mut())
    }

    fn tell(self, answer: Answer) {
        if let Answer::Broken(why) = &answer {
            self.race_failed(why.clone());
        }
        let listener = self.with(|inner| inner.listener.clone());
        if let Some((_, listener)) = listener {
            listener(answer);
        }
    }

    fn era(self) -> u32 {
        self.with(|inner| inner.era)
    }

    /// Ends the worker, or its start; whether a run was cut off by that.
    fn end(self) -> bool {
        let mut lost = false;
        let (live, waited) = self.with(|inner| {
            inner.era += 1;
            inner.watchdog = None;
            let waited = inner.waiting.take().is_some();
            let ran = std::mem::take(&mut inner.busy);
            // What an engine may have died of does not go to the next one.
            let opened = inner.opened.len();
            inner.opened.retain(|(.., seen)| *seen);
            lost = inner.opened.len() < opened;
            (inner.live.take(), waited || ran)
        });
        drop(live);
        if lost {
            browser::tell_kit("lost", String::new());
        }
        self.phase.set(Phase::Cold);
        waited
    }

    async fn start(self, era: u32) -> Result<(), String> {
        let script = browser::root_data("engine-script").ok_or(strings::ENGINE_UNNAMED)?;
        let wasm = browser::root_data("engine-wasm").ok_or(strings::ENGINE_UNNAMED)?;
        let module = match self.with(|inner| inner.module.clone()) {
            Some(module) => module,
            None => {
                let module = browser::compile(&wasm).await?;
                self.with(|inner| inner.module = Some(module.clone()));
                module
            }
        };
        if era != self.era() {
            return Ok(());
        }
        let (worker, address) = browser::blob_worker(&format!(
            "importScripts({}); onmessage = e => wasm_bindgen.initSync({{ module: e.data }});",
            serde_json::Value::from(script)
        ))?;
        let message = Closure::<dyn FnMut(web_sys::MessageEvent)>::new(
            move |event: web_sys::MessageEvent| self.receive(&event.data()),
        );
        let error =
            Closure::<dyn FnMut(web_sys::ErrorEvent)>::new(move |event: web_sys::ErrorEvent| {
                self.end();
                self.tell(Answer::Broken(strings::engine_broke(&event.message())));
            });
        worker.set_onmessage(Some(message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(error.as_ref().unchecked_ref()));
        worker
            .post_message(&module)
            .map_err(|_| strings::ENGINE_UNPOSTED)?;
        self.with(|inner| {
            inner.live = Some(Live {
                worker,
                address: Some(address),
                _message: message,
                _error: error,
            });
        });
        let timeout = Timeout::new(START_PATIENCE_MS, move || {
            if self.end() {
                self.tell(Answer::Broken(strings::engine_silent(START_PATIENCE_MS)));
            }
        });
        self.with(|inner| inner.watchdog = Some(timeout));
        self.send(&ToEngine::Hello { version: VERSION }, &js_sys::Array::new());
        Ok(())
    }

    fn begin(self, message: &ToEngine) {
        self.with(|inner| {
            inner.since = js_sys::Date::now();
            inner.busy = !matches!(message, ToEngine::Check { .. });
        });
        self.watch();
        self.send(message, &js_sys::Array::new());
    }

    /// The run was answered.
    fn rest(self) {
        self.with(|inner| {
            inner.watchdog = None;
            inner.busy = false;
        });
    }

    /// Starts waiting anew for a sign of life.
    fn watch(self) {
        let timeout = Timeout::new(PATIENCE_MS, move || {
            let elapsed = self.with(|inner| js_sys::Date::now() - inner.since);
            self.end();
            match self.with(|inner| inner.racer.is_some()) {
                true => self.race_failed(strings::stuck(elapsed as u64)),
                false => self.tell(Answer::Stuck(elapsed as u64)),
            }
            self.warm();
        });
        self.with(|inner| inner.watchdog = Some(timeout));
    }

    fn send(self, message: &ToEngine, buffers: &js_sys::Array) {
        let Ok(json) = serde_json::to_string(message) else {
            return;
        };
        let envelope = js_sys::Object::new();
        let filled = js_sys::Reflect::set(&envelope, &"json".into(), &json.into()).is_ok()
            && js_sys::Reflect::set(&envelope, &"buffers".into(), buffers).is_ok();
        if filled {
            self.with(|inner| {
                if let Some(live) = &inner.live {
                    // Fails only for what cannot be cloned; text and buffers can.
                    let _ = live.worker.post_message_with_transfer(&envelope, buffers);
                }
            });
        }
    }

    fn receive(self, data: &JsValue) {
        let json = js_sys::Reflect::get(data, &"json".into())
            .ok()
            .and_then(|json| json.as_string())
            .unwrap_or_default();
        let current = self.current();
        match super::json::read(&json) {
            Ok(FromEngine::Ready { version }) if version == VERSION => {
                self.with(|inner| {
                    inner.watchdog = None;
                    if let Some(live) = &mut inner.live {
                        live.address = None;
                    }
                });
                self.phase.set(Phase::Ready);
                self.give_modules(true);
                if let Some(message) = self.with(|inner| inner.waiting.take()) {
                    self.begin(&message);
                }
            }
            Ok(FromEngine::Ready { .. }) | Err(_) => {
                self.end();
                self.tell(Answer::Broken(strings::ENGINE_VERSION.into()));
            }
            Ok(FromEngine::Module { found }) => {
                let busy = self.with(|inner| {
                    let opened = &mut inner.opened;
                    if let Some(at) = opened.iter().position(|(n, ..)| *n == found.title) {
                        opened[at].2 = true;
                    }
                    // One that cannot be run need not be given again.
                    inner
                        .opened
                        .retain(|(n, ..)| *n != found.title || found.path.is_some());
                    if !inner.busy {
                        inner.watchdog = None;
                    }
                    inner.busy
                });
                if busy {
                    self.watch();
                }
                browser::tell_kit("found", json);
            }
            Ok(FromEngine::NeedSample { name, script }) => {
                self.with(|inner| inner.watchdog = None);
                leptos::task::spawn_local(self.bring(self.era(), name, script));
            }
            Ok(FromEngine::Checked { problem }) => {
                let checker = self.with(|inner| {
                    // A run that was begun meanwhile is still watched.
                    if !inner.busy {
                        inner.watchdog = None;
                    }
                    inner.checker.clone()
                });
                if let Some(checker) = checker {
                    checker(problem);
                }
            }
            Ok(
                FromEngine::Done { run: REHEARSAL, .. }
                | FromEngine::Refused { run: REHEARSAL, .. },
            ) => match current {
                None => self.rest(),
                // A run was begun meanwhile, and has to wait no longer.
                Some(_) => self.watch(),
            },
            Ok(FromEngine::Done {
                run,
                report,
                events,
            }) if current == Some(run) => {
                self.rest();
                // Drawn in a task of its own: reading a long report is work enough for one.
                let tell = move || {
                    if self.current() == current {
                        self.tell(Answer::Done(run, report, events));
                    }
                };
                Timeout::new(0, tell).forget();
            }
            Ok(FromEngine::Refused { run, problem }) if current == Some(run) => {
                self.rest();
                self.tell(Answer::Refused(problem));
            }
            Ok(FromEngine::Rows {
                run,
                scenario,
                from,
                total,
                lanes,
                places,
                rows,
            }) if current == Some(run) => {
                let rows = Rows {
                    from,
                    rows: places.into_iter().zip(rows).collect(),
                    lanes,
                    total: Some(total),
                };
                self.tell(Answer::Rows(scenario, rows));
            }
            Ok(FromEngine::State {
                run,
                scenario,
                event,
                state,
                picture,
            }) if current == Some(run) => {
                self.tell(Answer::State(scenario, event, state, picture));
            }
            Ok(FromEngine::Raced { run, race, over }) => {
                let racer = self.with(|inner| inner.racer.clone());
                // A search that was ended has one part that nobody waits for.
                if let Some((_, racer)) = racer.filter(|(number, _)| *number == run) {
                    if over {
                        self.with(|inner| inner.racer = None);
                        self.rest();
                    } else {
                        self.watch();
                        self.send(&ToEngine::RaceOn { run }, &js_sys::Array::new());
                    }
                    racer(Ok((race, over)));
                }
            }
            Ok(FromEngine::Refused { run, problem }) => {
                if self.racing() == Some(run) {
                    self.rest();
                    self.race_failed(problem.to_string());
                }
            }
            // An answer to a run that nobody waits for any more.
            Ok(_) => {}
        }
    }

    /// Fetches a sample filter for the engine, or has a text compiled, if it is still the engine of
    /// this era.
    async fn bring(self, era: u32, name: String, script: Option<Script>) {
        let address = self.with(|inner| {
            let root = inner.root.as_ref();
            root.map(|root| root.href(&format!("/filters/{name}.wasm")))
        });
        let plain = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let buffer = match (script, address) {
            (
                Some(Script {
                    language,
                    file,
                    source,
                }),
                _,
            ) => browser::kit("compile", &[&language, &file, &source]).await,
            (_, Some(address)) if plain => browser::fetch_bytes(&address).await,
            _ => Err(strings::sample_name(&name)),
        };
        if era != self.era() {
            return;
        }
        let (error, buffers) = match buffer {
            Ok(buffer) => (None, js_sys::Array::of1(&buffer)),
            Err(why) => (Some(why), js_sys::Array::new()),
        };
        self.watch();
        self.send(&ToEngine::Sample { name, error }, &buffers);
    }
}
