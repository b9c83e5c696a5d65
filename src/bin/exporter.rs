//! The exporter's worker: labs as archives, bootstraps as labs, for whoever asks for that.
//!
//! Started as the engine is (`src/bin/engine.rs`), and with the same envelope: every message is an
//! object `{ json, buffers }`. It says `{ ready: true }` first, and answers each message with one.
//! What is done with a message is [`Exporter`]'s.

use js_sys::{Array, Object, Reflect, Uint8Array};
use proxy_wasm_tour::export::Exporter;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn main() {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else {
        return;
    };
    let out = scope.clone();
    let mut exporter = Exporter::default();
    let receive = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let (json, buffers) = take_apart(&event.data());
        // What is no message of ours has no answer: the page waits, and says so.
        if let Ok(message) = serde_json::from_str(&json) {
            let (answer, archive) = exporter.handle(message, buffers);
            let json = serde_json::to_string(&answer).unwrap_or_default();
            let archive = archive.map(|bytes| Uint8Array::from(&bytes[..]));
            post(
                &out,
                &[
                    ("json", json.into()),
                    ("archive", archive.map_or(JsValue::NULL, Into::into)),
                ],
            );
        }
    });
    scope.set_onmessage(Some(receive.as_ref().unchecked_ref()));
    // It lives as long as the worker.
    receive.forget();
    post(&scope, &[("ready", true.into())]);
}

/// A message's JSON text and its buffers.
fn take_apart(data: &JsValue) -> (String, Vec<Vec<u8>>) {
    let get = |key: &str| Reflect::get(data, &key.into()).unwrap_or_default();
    let buffers = Array::from(&get("buffers"));
    let bytes = buffers
        .iter()
        .map(|buffer| Uint8Array::new(&buffer).to_vec());
    (get("json").as_string().unwrap_or_default(), bytes.collect())
}

fn post(scope: &DedicatedWorkerGlobalScope, fields: &[(&str, JsValue)]) {
    let message = Object::new();
    for (name, value) in fields {
        // A plain object takes every field.
        let _ = Reflect::set(&message, &JsValue::from_str(name), value);
    }
    // Fails only for what cannot be cloned; bytes and texts can.
    let _ = scope.post_message(&message);
}
