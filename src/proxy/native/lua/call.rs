//! `httpCall`: a request to a cluster, which the script waits for or not.

use super::handle::headers_of;
use super::world::{World, maybe_text, number, table, text};
use super::{At, NativeStream, Resume, Wait};
use crate::lua::{Lua, Reply, Value};
use crate::model::Headers;
use crate::model::report::{Message, UpstreamRequest};
use crate::model::trace::{Kind, arg};
use crate::proxy::callout::{CALLOUTS_MAX, async_client_headers, router_reply};
use crate::proxy::clock::{TimerId, Weight};
use crate::proxy::shared::Shared;
use crate::proxy::stream::Life;
use crate::proxy::task::{Direction, Task};
use crate::proxy::wasm_filter::side;

/// A call.
#[derive(Debug)]
pub(super) struct HttpCall {
    at: At,
    direction: Direction,
    cluster: String,
    /// Its place among the stream's requests to upstreams.
    index: usize,
    /// How it ends; `None` is a failure without a response.
    outcome: Option<Message>,
    timer: Option<TimerId>,
    /// Whether a header that comes more than once becomes a list.
    lists: bool,
    /// Whether it is over, or given up.
    over: bool,
}

/// What a script asks for.
#[derive(Default)]
struct Options {
    timeout_ms: i64,
    asynchronous: bool,
    lists: bool,
}

impl World<'_> {
    pub(super) fn http_call(&mut self, lua: &mut Lua, args: &[Value]) -> Result<Reply, String> {
        const NAME: &str = "httpCall";
        let cluster = String::from_utf8_lossy(&text(args, 0, NAME)?).into_owned();
        let headers = table(args, 1, NAME)?;
        let body = maybe_text(args, 2, NAME)?;
        let options = match args.get(3) {
            Some(Value::Table(options)) => options_of(lua, *options)?,
            _ => Options {
                timeout_ms: number(args, 3, NAME)?,
                asynchronous: match args.get(4) {
                    None => false,
                    Some(Value::Bool(flag)) => *flag,
                    Some(_) => {
                        return Err(
                            "http call asynchronous flag must be 'true', 'false', or empty"
                                .to_owned(),
                        );
                    }
                },
                lists: false,
            },
        };
        if options.timeout_ms < 0 {
            return Err("http call timeout must be >= 0".to_owned());
        }
        let index = self.shared.cluster_index(&cluster);
        let Some(index) = index else {
            return Err("http call cluster invalid. Must be configured".to_owned());
        };
        let mut headers = headers_of(lua, headers)?;
        if [":path", ":method", ":authority"]
            .iter()
            .any(|name| headers.get(name).is_none())
        {
            let message = "http call headers must include ':path', ':method', and ':authority'";
            return Err(message.to_owned());
        }
        self.give(body.as_ref().map_or(0, Vec::len) + headers.byte_size())?;
        if self.shared.lua.calls.len() >= CALLOUTS_MAX {
            return Err("the simulator stops at 10000 calls in one scenario".to_owned());
        }
        let timeout_ms = u32::try_from(options.timeout_ms).unwrap_or(u32::MAX);
        // An empty body has a length too, but none has not.
        if let Some(body) = &body {
            headers.set("content-length", body.len().to_string());
        }
        async_client_headers(&mut headers, timeout_ms);
        let request = UpstreamRequest {
            cluster: cluster.clone(),
            headers,
            body: body.unwrap_or_default().into(),
            callout: true,
            ..UpstreamRequest::default()
        };
        let hosts = &self.shared.config.clusters[index].hosts;
        let refused = match hosts.is_empty() {
            true => Some("no healthy upstream"),
            false if self.shared.circuit_is_open(&cluster) => Some(
                "upstream connect error or disconnect/reset before headers. reset reason: overflow",
            ),
            false => None,
        };
        if let Some(body) = refused {
            // The async client's router answers before the call returns: nothing is waited for.
            let reply = router_reply("503", body);
            return Ok(Reply::Values(match options.asynchronous {
                true => Vec::new(),
                false => answer(lua, &reply, options.lists),
            }));
        }
        self.shared
            .lua_calls(self.at, self.direction, request, timeout_ms, &options);
        match options.asynchronous {
            true => Ok(Reply::Values(Vec::new())),
            false => {
                let call = self.shared.lua.calls.len() - 1;
                if let Some(run) = self.run() {
                    (run.waits, run.call) = (Wait::HttpCall, Some(call));
                }
                Ok(Reply::Yield)
            }
        }
    }
}

fn options_of(lua: &Lua, table: u32) -> Result<Options, String> {
    let mut options = Options::default();
    for (key, value) in lua.pairs(table) {
        let name = key.text().unwrap_or_default();
        match &name[..] {
            b"asynchronous" => options.asynchronous = value.truthy(),
            b"return_duplicate_headers" => options.lists = value.truthy(),
            b"timeout_ms" => match value.number() {
                Some(n) => options.timeout_ms = n as i64,
                None => return Err("http call timeout must be >= 0".to_owned()),
            },
            // Nothing is traced here, and the async client adds no x-forwarded-for.
            b"trace_sampled" | b"send_xff" => {}
            other => {
                let name = String::from_utf8_lossy(other);
                return Err(format!(
                    "\"{name}\" is not valid key for httpCall() options"
                ));
            }
        }
    }
    Ok(options)
}

/// What a call returns: headers as a table, and the body or nil.
pub(super) fn answer(lua: &mut Lua, message: &Message, lists: bool) -> Vec<Value> {
    let table = lua.table();
    for (name, value) in message.headers.iter() {
        let (key, value) = (lua.string(name), lua.string(value));
        match lua.get(table, &key) {
            Value::Nil => lua.set(table, key, value),
            _ if !lists => lua.set(table, key, value),
            Value::Table(list) => {
                let at = lua.pairs(list).len() + 1;
                lua.set(list, Value::Num(at as f64), value);
            }
            first => {
                let list = lua.table();
                lua.set(list, Value::Num(1.0), first);
                lua.set(list, Value::Num(2.0), value);
                lua.set(table, key, Value::Table(list));
            }
        }
    }
    let body = match message.body.is_empty() {
        true => Value::Nil,
        false => lua.string(&message.body.0),
    };
    vec![Value::Table(table), body]
}

impl Shared {
    fn lua_calls(
        &mut self,
        at: At,
        direction: Direction,
        request: UpstreamRequest,
        timeout_ms: u32,
        options: &Options,
    ) {
        let cluster = request.cluster.clone();
        let known = self.cluster_index(&cluster);
        let connect_ns = known.map_or(0, |at| self.config.clusters[at].connect_timeout_ns);
        let (delay, outcome) = self.callout_outcome(&request, timeout_ms, connect_ns);
        if self.trace.capture {
            let args = vec![
                arg("cluster", cluster.as_bytes()),
                arg("headers", &request.headers),
                arg("body", request.body.clone()),
            ];
            self.record(Kind::Upstream, "callout", None, None, args);
        }
        let requests = self.callout_requests(Some(at.stream));
        let index = requests.len();
        requests.push(request);
        self.callout_begins(&cluster);
        let task = Task::LuaCalled(self.lua.calls.len());
        let weight = match options.asynchronous {
            true => Weight::Callout,
            false => Weight::Work,
        };
        let timer = delay.map(|delay| self.clock.after(delay, self.thread, task, weight));
        self.lua.calls.push(HttpCall {
            at,
            direction,
            cluster,
            index,
            outcome,
            timer,
            lists: options.lists,
            over: false,
        });
    }

    /// A call has its answer, or has failed: the script that waits for it goes on.
    pub(in crate::proxy) fn lua_called(&mut self, number: usize) {
        let call = &mut self.lua.calls[number];
        if std::mem::replace(&mut call.over, true) {
            return;
        }
        let (at, direction, lists, index) = (call.at, call.direction, call.lists, call.index);
        let (cluster, outcome) = (call.cluster.clone(), call.outcome.take());
        self.callout_is_over(&cluster);
        if self.trace.capture {
            let mut args = vec![arg("cluster", cluster.as_bytes())];
            if let Some(message) = &outcome {
                args.push(arg("headers", &message.headers));
                args.push(arg("body", message.body.clone()));
            }
            self.record(Kind::Upstream, "callout_response", None, None, args);
        }
        let answer = match outcome {
            Some(message) => {
                let requests = self.callout_requests(Some(at.stream));
                if let Some(request) = requests.get_mut(index) {
                    request.response = Some(message.clone());
                }
                message
            }
            None => failed(),
        };
        if self.streams[at.stream].life != Life::Running {
            return;
        }
        let waiting = self
            .run(at, direction)
            .filter(|run| run.call == Some(number));
        let Some(run) = waiting else { return };
        run.call = None;
        self.lua_resume(at, direction, Resume::Answer(answer, lists));
        let goes_on = match self.native_state(at) {
            NativeStream::Lua(stream) => match &mut stream.0[side(direction)] {
                Some(run) if run.waits == Wait::Running => {
                    run.headers_continued = true;
                    true
                }
                Some(_) => false,
                None => true,
            },
            // The script has failed: the stream goes on without it.
            _ => true,
        };
        if goes_on {
            self.push_front(Task::Continue(at.stream, at.filter, direction, true));
        }
    }

    /// Nobody waits for a call any more.
    pub(super) fn lua_gives_up(&mut self, number: usize) {
        let call = &mut self.lua.calls[number];
        if std::mem::replace(&mut call.over, true) {
            return;
        }
        let (timer, cluster) = (call.timer.take(), call.cluster.clone());
        if let Some(timer) = timer {
            self.clock.cancel(timer);
        }
        self.callout_is_over(&cluster);
    }
}

/// What a call without a response returns.
fn failed() -> Message {
    let mut headers = Headers::default();
    headers.push(":status", "503");
    Message {
        headers,
        body: "upstream failure".into(),
        trailers: Headers::default(),
    }
}
