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
//! is terminated by the page and started anew from the same module. What is done with a message is
//! [`Session`]'s; here is only how it travels.

use js_sys::{Array, Object, Reflect, Uint8Array};
use proxy_wasm_tour::lab::Session;
use proxy_wasm_tour::protocol::FromEngine;
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
            for answer in session.handle(message, buffers) {
                send(&out, &answer);
            }
        }
    });
    scope.set_onmessage(Some(receive.as_ref().unchecked_ref()));
    // It lives as long as the worker.
    receive.forget();
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
