//! The engine worker: runs labs for the page, off its thread.
//!
//! How the page starts it (a blob worker with a posted module, because that is what works in a
//! sandboxed frame, where workers and modules by address do not):
//!
//! 1. It compiles `data-engine-wasm` (an absolute address that `boot.js` leaves on `<html>`) to a
//!    `WebAssembly.Module`.
//! 2. It makes a classic worker of a blob with this text, `URL` being `data-engine-script`:
//!    `importScripts("URL"); onmessage = e => wasm_bindgen.initSync({ module: e.data });`
//! 3. It posts the module. `initSync` runs `main` below, which takes `onmessage` over before any
//!    other message can arrive, so the page may post its `Hello` right after the module.
//!
//! From then on every message, each way, is an object `{ json, buffers }`: one message of
//! `protocol` as JSON text, and a list of transferred `ArrayBuffer`s. A worker that does not answer
//! is terminated by the page and started anew from the same module. The trace of the last run stays
//! here, and the page asks for rows of it.

use js_sys::{Array, Object, Reflect, Uint8Array};
use proxy_wasm_tour::lab::{self, Beside, RunOptions, Sample, Unresolved};
use proxy_wasm_tour::model::Request;
use proxy_wasm_tour::model::lab::{Lab, TrafficAction};
use proxy_wasm_tour::model::report::Report;
use proxy_wasm_tour::model::trace::Event;
use proxy_wasm_tour::protocol::{FromEngine, ToEngine, VERSION};
use std::collections::BTreeMap;
use std::sync::Arc;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn main() {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else {
        return;
    };
    let out = scope.clone();
    let mut session = Session::default();
    let receive = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let (json, buffers) = take_apart(&event.data());
        // What is no message of ours has no answer: the page waits, and says so.
        if let Ok(message) = serde_json::from_str(&json) {
            for answer in session.receive(message, buffers) {
                send(&out, &answer);
            }
        }
    });
    scope.set_onmessage(Some(receive.as_ref().unchecked_ref()));
    // It lives as long as the worker.
    receive.forget();
}

/// What the engine remembers between messages.
#[derive(Default)]
struct Session {
    /// Sample filters that the page has brought, or why it could not.
    samples: BTreeMap<String, Result<Arc<[u8]>, String>>,
    /// A run that waits for samples.
    waiting: Option<Waiting>,
    /// The last run and the events of its scenarios.
    last: Option<(u32, Vec<Vec<Event>>)>,
}

struct Waiting {
    run: u32,
    lab: String,
    edits: BTreeMap<String, String>,
    request: Option<Request>,
    scenario: Option<String>,
}

impl Session {
    fn receive(&mut self, message: ToEngine, mut buffers: Vec<Vec<u8>>) -> Vec<FromEngine> {
        match message {
            ToEngine::Hello { .. } => vec![FromEngine::Ready { version: VERSION }],
            ToEngine::Run {
                run,
                lab,
                edits,
                request,
                scenario,
            } => {
                // A sample that could not be fetched may be had now.
                self.samples.retain(|_, sample| sample.is_ok());
                self.run(Waiting {
                    run,
                    lab,
                    edits,
                    request,
                    scenario,
                })
            }
            ToEngine::Sample { name, error } => {
                let sample = match (error, buffers.pop()) {
                    (None, Some(bytes)) => Ok(bytes.into()),
                    (None, None) => Err("came without bytes".to_owned()),
                    (Some(why), _) => Err(why),
                };
                self.samples.insert(name, sample);
                match self.waiting.take() {
                    Some(waiting) => self.run(waiting),
                    None => Vec::new(),
                }
            }
            ToEngine::Rows {
                run,
                scenario,
                from,
                count,
                search,
            } => self.rows(run, scenario, from, count, &search),
        }
    }

    /// Runs, or asks for the first sample that is missing.
    fn run(&mut self, waiting: Waiting) -> Vec<FromEngine> {
        let run = waiting.run;
        match self.try_run(&waiting) {
            Ok(mut report) => {
                let events: Vec<Vec<Event>> = report
                    .scenarios
                    .iter_mut()
                    .map(|scenario| std::mem::take(&mut scenario.events))
                    .collect();
                let counts = events.iter().map(Vec::len).collect();
                self.last = Some((run, events));
                vec![FromEngine::Done {
                    run,
                    report,
                    events: counts,
                }]
            }
            Err(Unresolved::Problem(problem)) => vec![FromEngine::Refused { run, problem }],
            Err(Unresolved::Awaited(names)) => {
                self.waiting = Some(waiting);
                // One at a time: its arrival asks for the next.
                names
                    .into_iter()
                    .take(1)
                    .map(|name| FromEngine::NeedSample { name })
                    .collect()
            }
        }
    }

    fn try_run(&self, waiting: &Waiting) -> Result<Report, Unresolved> {
        let around = Around {
            edits: &waiting.edits,
            samples: &self.samples,
        };
        let mut lab = lab::parse("lab.yaml", &waiting.lab, &around)?;
        let contents = lab::resolve(&lab, &around)?;
        if let Some(request) = &waiting.request {
            replace_request(&mut lab, request);
        }
        let options = RunOptions {
            scenario: waiting.scenario.clone(),
            ..RunOptions::default()
        };
        Ok(lab::run(&lab, &contents, &options)?)
    }

    fn rows(
        &self,
        run: u32,
        scenario: usize,
        from: usize,
        count: usize,
        search: &str,
    ) -> Vec<FromEngine> {
        let events = match &self.last {
            Some((last, events)) if *last == run => events.get(scenario),
            // Rows of a run that is gone: nobody waits for them any more.
            _ => None,
        };
        let Some(events) = events else {
            return Vec::new();
        };
        let search = search.to_lowercase();
        let found: Vec<&Event> = events
            .iter()
            .filter(|event| search.is_empty() || contains(event, &search))
            .collect();
        vec![FromEngine::Rows {
            run,
            scenario,
            from,
            total: found.len(),
            rows: found.into_iter().skip(from).take(count).cloned().collect(),
        }]
    }
}

/// Puts the learner's request where the first request of the first scenario stands.
fn replace_request(lab: &mut Lab, request: &Request) {
    let first = lab
        .scenarios
        .iter_mut()
        .take(1)
        .flat_map(|scenario| &mut scenario.traffic)
        .find_map(|traffic| match &mut traffic.action {
            TrafficAction::Request(request) => Some(request),
            _ => None,
        });
    if let Some(first) = first {
        *first = request.clone();
    }
}

/// Whether an event's words hold this text, which is in lower case.
fn contains(event: &Event, search: &str) -> bool {
    serde_json::to_string(event).is_ok_and(|text| text.to_lowercase().contains(search))
}

/// What stands beside a lab in the page: the learner's texts and the samples brought so far.
struct Around<'a> {
    edits: &'a BTreeMap<String, String>,
    samples: &'a BTreeMap<String, Result<Arc<[u8]>, String>>,
}

impl Beside for Around<'_> {
    fn part(&self, name: &str) -> Option<String> {
        self.edits.get(name).cloned()
    }

    fn sample(&self, name: &str) -> Sample {
        match self.samples.get(name) {
            Some(Ok(bytes)) => Sample::Bytes(Arc::clone(bytes)),
            Some(Err(why)) => Sample::Missing(why.clone()),
            None => Sample::Awaited,
        }
    }

    fn samples(&self) -> Vec<String> {
        let brought = self.samples.iter().filter(|(_, sample)| sample.is_ok());
        brought.map(|(name, _)| name.clone()).collect()
    }

    fn path(&self, _path: &str) -> Result<Vec<u8>, String> {
        Err("a page has no files beside the lab".to_owned())
    }
}

/// A message's JSON text and its buffers.
fn take_apart(data: &JsValue) -> (String, Vec<Vec<u8>>) {
    let json = get(data, "json").as_string().unwrap_or_default();
    let buffers = get(data, "buffers");
    let buffers = if Array::is_array(&buffers) {
        Array::from(&buffers)
            .iter()
            .map(|buffer| Uint8Array::new(&buffer).to_vec())
            .collect()
    } else {
        Vec::new()
    };
    (json, buffers)
}

fn send(scope: &DedicatedWorkerGlobalScope, answer: &FromEngine) {
    let Ok(json) = serde_json::to_string(answer) else {
        return;
    };
    let message = Object::new();
    let filled = Reflect::set(&message, &"json".into(), &json.into()).is_ok()
        && Reflect::set(&message, &"buffers".into(), &Array::new()).is_ok();
    if filled {
        // Fails only for values that cannot be cloned, and these can.
        let _ = scope.post_message(&message);
    }
}

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}
