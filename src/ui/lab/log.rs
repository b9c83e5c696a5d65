//! A log of Envoy's in the place of a run: a script gives it by an event of the window
//! (`src/vendor/kit/import.js`), the engine reads it.

use super::race::Hunt;
use super::state::{LabState, TIMELINE_TAB};
use crate::protocol::ToEngine;
use crate::ui::browser;
use crate::ui::engine_client::Answer;
use leptos::prelude::*;
use std::rc::Rc;
use wasm_bindgen::JsValue;

impl LabState {
    /// Takes `{ name, text }`, a log of Envoy's, and shows its events in the place of a run's.
    pub(super) fn read_log(self, given: &JsValue) {
        let Some(engine) = self.engine else { return };
        self.end_race(Hunt::None);
        self.busy.set(true);
        self.asked.set(None);
        let (name, text) = (
            browser::text_in(given, "name"),
            browser::text_in(given, "text"),
        );
        let make = move |run| ToEngine::Log { run, name, text };
        let hear = move |answer| {
            let done = matches!(answer, Answer::Done(..));
            self.hear(answer);
            if done {
                self.of_log.set(true);
                self.result_tab.set(TIMELINE_TAB);
                // How many events, and of how many lines.
                let said = self.with_scenario(|s| s.logs.first().map(|line| line.message.clone()));
                self.announced.set(said.flatten().unwrap_or_default());
            }
        };
        engine.run(make, Rc::new(hear));
    }
}
