//! The assembler's worker: WebAssembly text to a module, for a lab that brings some.
//!
//! Started as the engine is (`src/bin/engine.rs`). It says `{ ready: true }`, and answers
//! `{ name, source }` with `{ wasm }` or with `{ line, column, message }`, as the AssemblyScript
//! compiler's worker does.

use js_sys::{Object, Reflect, Uint8Array};
use proxy_wasm_tour::assembler::assemble;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn main() {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else {
        return;
    };
    let out = scope.clone();
    let receive = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let source = Reflect::get(&event.data(), &"source".into());
        let source = source.ok().and_then(|text| text.as_string());
        let answer = match assemble(&source.unwrap_or_default()) {
            Ok(bytes) => object(&[("wasm", Uint8Array::from(&bytes[..]).into())]),
            Err(refusal) => object(&[
                ("line", refusal.line.into()),
                ("column", refusal.column.into()),
                ("message", refusal.message.into()),
            ]),
        };
        post(&out, &answer);
    });
    scope.set_onmessage(Some(receive.as_ref().unchecked_ref()));
    // It lives as long as the worker.
    receive.forget();
    post(&scope, &object(&[("ready", true.into())]));
}

fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        // A plain object takes every field.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object
}

fn post(scope: &DedicatedWorkerGlobalScope, message: &Object) {
    // Fails only for what cannot be cloned; bytes, numbers and texts can.
    let _ = scope.post_message(message);
}
