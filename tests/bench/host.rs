//! What `cargo xtask bench` times in the browser: the host alone, and a request through the whole
//! proxy.
//!
//! `globalThis.bench(what, wasm, lab, rounds)` does `rounds` requests and gives an empty text, or
//! what went wrong. It looks at no clock: the caller does, and takes the difference of a long and a
//! short run, so that what happens once is left out.

use js_sys::Uint8Array;
use proxy_wasm_tour::abi::MapType;
use proxy_wasm_tour::host::{Engine, GuestCall, Limits, Module, Step, Vm, VmSettings};
use proxy_wasm_tour::lab::{self, Beside, RunOptions, Sample};
use proxy_wasm_tour::model::Headers;
use proxy_wasm_tour::model::lab::Traffic;
use recorder::Recorder;
use std::sync::Arc;
use wasm_bindgen::prelude::*;

#[allow(dead_code)] // The host's own tests use more of it.
#[path = "../it/host/recorder.rs"]
mod recorder;

type Bench = dyn FnMut(String, Uint8Array, String, u32) -> String;

fn main() {
    let bench =
        Closure::<Bench>::new(|what: String, wasm: Uint8Array, lab: String, rounds: u32| {
            let wasm = wasm.to_vec();
            let done = match what.as_str() {
                "host" => host(&wasm, rounds),
                "proxy" => proxy(wasm, &lab, rounds, false),
                "proxy with capture" => proxy(wasm, &lab, rounds, true),
                other => Err(format!("nothing is called {other}")),
            };
            done.err().unwrap_or_default()
        });
    // Without a global object there is nobody to call it.
    let _ = js_sys::Reflect::set(&js_sys::global(), &"bench".into(), bench.as_ref());
    bench.forget();
}

/// The VM and host calls, beside a proxy that only holds header maps: what `host.js` does.
fn host(wasm: &[u8], rounds: u32) -> Result<(), String> {
    let limits = Limits::default();
    let module = Module::load(&Engine::new(&limits), "add-header", wasm);
    let module = module.map_err(|e| e.to_string())?;
    let vm = Vm::new(&module, VmSettings::default()).map_err(|e| e.to_string())?;
    let mut guest = Guest {
        vm,
        proxy: Some(Box::default()),
    };
    let root = 1;
    guest.call(GuestCall::Start)?;
    guest.call(GuestCall::OnContextCreate {
        context: root,
        parent: 0,
    })?;
    guest.call(GuestCall::OnVmStart {
        root,
        configuration_size: 0,
    })?;
    guest.call(GuestCall::OnConfigure {
        root,
        configuration_size: 0,
    })?;
    for round in 0..rounds {
        guest.request(root, 2 + round)?;
    }
    let headers = guest
        .proxy
        .as_mut()
        .and_then(|p| p.maps.get(&MapType::RequestHeaders));
    match headers.and_then(|headers| headers.get("x-hello")) {
        Some(_) => Ok(()),
        None => Err("the filter added nothing".to_owned()),
    }
}

struct Guest {
    vm: Vm<Recorder>,
    proxy: Option<Box<Recorder>>,
}

impl Guest {
    fn call(&mut self, call: GuestCall) -> Result<(), String> {
        let proxy = self.proxy.take().unwrap_or_default();
        let (proxy, step) = self.vm.call(proxy, call);
        self.proxy = Some(proxy);
        match step {
            Step::Failed => Err(self
                .vm
                .failure()
                .map(|f| f.message.clone())
                .unwrap_or_default()),
            _ => Ok(()),
        }
    }

    fn request(&mut self, root: u32, context: u32) -> Result<(), String> {
        if let Some(proxy) = &mut self.proxy {
            proxy.maps.insert(
                MapType::RequestHeaders,
                headers(&[
                    (":method", "GET"),
                    (":path", "/hello"),
                    (":authority", "example.com"),
                    (":scheme", "http"),
                    ("user-agent", "tour"),
                    ("accept", "text/plain"),
                ]),
            );
            proxy.maps.insert(
                MapType::ResponseHeaders,
                headers(&[
                    (":status", "200"),
                    ("content-type", "text/plain"),
                    ("server", "tiny-web"),
                ]),
            );
        }
        self.vm.new_context(Some(root));
        let (parent, end_of_stream) = (root, true);
        self.call(GuestCall::OnContextCreate { context, parent })?;
        self.call(GuestCall::OnRequestHeaders {
            context,
            count: 6,
            end_of_stream,
        })?;
        self.call(GuestCall::OnResponseHeaders {
            context,
            count: 3,
            end_of_stream: false,
        })?;
        self.call(GuestCall::OnDone { context })?;
        self.call(GuestCall::OnLog { context })?;
        self.call(GuestCall::OnDelete { context })?;
        self.vm.drop_context(context);
        Ok(())
    }
}

/// The lab's first request, so many times, through listener, chain, router and upstream.
fn proxy(wasm: Vec<u8>, text: &str, rounds: u32, capture: bool) -> Result<(), String> {
    let around = Around(wasm.into());
    let mut lab = lab::parse("lab.yaml", text, &around).map_err(|e| e.to_string())?;
    let contents = lab::resolve(&lab, &around).map_err(|e| format!("{e:?}"))?;
    lab.scenarios.truncate(1);
    let first: Option<Traffic> = lab
        .scenarios
        .first()
        .and_then(|s| s.traffic.first())
        .cloned();
    let (Some(scenario), Some(first)) = (lab.scenarios.first_mut(), first) else {
        return Err("the lab sends nothing".to_owned());
    };
    scenario.traffic = vec![first; rounds as usize];
    scenario.expect.clear();
    let options = RunOptions {
        capture,
        ..RunOptions::default()
    };
    let report = lab::run(&lab, &contents, &options).map_err(|e| e.to_string())?;
    let answered = report
        .scenarios
        .iter()
        .flat_map(|scenario| &scenario.exchanges)
        .filter(|exchange| exchange.response.is_some())
        .count();
    match answered == rounds as usize {
        true => Ok(()),
        false => Err(format!("{answered} of {rounds} requests were answered")),
    }
}

/// One sample, whatever its name.
struct Around(Arc<[u8]>);

impl Beside for Around {
    fn part(&self, _: &str) -> Option<String> {
        None
    }

    fn sample(&self, _: &str) -> Sample {
        Sample::Bytes(Arc::clone(&self.0))
    }

    fn samples(&self) -> Vec<String> {
        Vec::new()
    }

    fn path(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("there are no files here".to_owned())
    }
}

fn headers(pairs: &[(&str, &str)]) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in pairs {
        headers.push(*name, *value);
    }
    headers
}
