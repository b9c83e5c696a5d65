//! The Wasm filter: callbacks of the chain become callbacks of the guest, and its return values
//! become Envoy's statuses. What the guest can see when is kept here too.

use super::iterate::Verdict;
use super::shared::Shared;
use super::task::{After, Call, Command, Direction, Ended, Part, Pass, Task};
use crate::host::GuestCall;

/// A Wasm filter's state on a stream.
#[derive(Clone, Debug, Default)]
pub(super) struct WasmStream {
    /// The plugin's VM and root context on this thread; `None` when it could not be started.
    pub(super) handle: Option<(usize, u32)>,
    /// The filter stays out of this stream: its VM had failed and the policy is open.
    pub(super) skipped: bool,
    /// The stream's context, once created.
    pub(super) context: Option<u32>,
    /// Maps that are attached: request headers, request trailers, response headers, response trailers.
    pub(super) maps: [bool; 4],
    /// Which body is visible, by direction.
    pub(super) body: [View; 2],
    /// Whether the last body callback paused with StopIterationAndBuffer, by direction.
    pub(super) buffering: [bool; 2],
    /// `end_of_stream` of the callback that runs.
    pub(super) end: bool,
    /// A local reply was sent for this filter.
    pub(super) replied: bool,
    /// The 503 of a failed VM was sent: this filter stays out of it (`failure_local_reply_`).
    pub(super) failure_reply: bool,
    /// A local reply was sent in the callback that runs.
    pub(super) replied_now: bool,
    /// The stream was continued in the callback that runs, by direction.
    pub(super) continued_now: [bool; 2],
    /// In `on_log`.
    pub(super) logging: bool,
}

/// Which bytes a body buffer shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum View {
    /// None.
    #[default]
    Nothing,
    /// The chunk that passes.
    Chunk,
    /// All that is held.
    Held,
}

/// Index of a direction into the arrays above.
pub(super) fn side(direction: Direction) -> usize {
    match direction {
        Direction::Decode => 0,
        Direction::Encode => 1,
    }
}

/// Index of the map of headers or trailers of a direction.
fn map(direction: Direction, trailers: bool) -> usize {
    side(direction) * 2 + usize::from(trailers)
}

impl Shared {
    /// Brings a part to a Wasm filter: a guest call, or a verdict at once.
    pub(super) fn wasm_pass(&mut self, mut pass: Pass, filter: usize) -> Option<Call> {
        let wasm = &self.streams[pass.stream].filters[filter].wasm;
        let begins = pass.direction == Direction::Decode && pass.part == Part::Headers;
        // The request never reached this filter: it sees nothing of the response either.
        let unborn = wasm.context.is_none() && !begins;
        let out = wasm.failure_reply && pass.direction == Direction::Encode;
        if wasm.skipped || out || unborn {
            self.settle(pass, filter, Verdict::Continue);
            return None;
        }
        let Some((vm, root)) = wasm.handle.filter(|(vm, _)| !self.vms[*vm].failed) else {
            let verdict = self.failed_verdict(pass.stream, filter, &pass);
            self.settle(pass, filter, verdict);
            return None;
        };
        if let Some(context) = wasm.context {
            if let Part::Data(bytes) = &mut pass.part
                && wasm.buffering[side(pass.direction)]
            {
                // The guest looks at all that is held, this chunk included.
                let bytes = std::mem::take(bytes);
                self.hold(pass.stream, pass.direction, bytes);
                if !self.streams[pass.stream].iterates(pass.direction) {
                    self.settle(pass, filter, Verdict::NoBuffer);
                    return None;
                }
            }
            let call = self.attach(&mut pass, filter, context);
            return Some(Call {
                vm,
                command: Command::Call(call),
                after: After::Callback(pass),
            });
        }
        Some(Call {
            vm,
            command: Command::Create(Some(root)),
            after: After::Created(pass),
        })
    }

    /// The context exists: the callback itself comes next.
    pub(super) fn wasm_created(&mut self, pass: Pass, context: Option<u32>) {
        let Some(filter) = pass.at else { return };
        let wasm = &mut self.streams[pass.stream].filters[filter].wasm;
        wasm.context = context;
        if let (Some((vm, _)), Some(context)) = (wasm.handle, context) {
            self.contexts
                .insert((vm as u32, context), (pass.stream, filter));
        }
        self.push_front(Task::Pass(pass));
    }

    /// Attaches what the guest may see during the callback, and names the callback.
    fn attach(&mut self, pass: &mut Pass, filter: usize, context: u32) -> GuestCall {
        let direction = pass.direction;
        let request = direction == Direction::Decode;
        let d = side(direction);
        let end = pass.end;
        let stream = &mut self.streams[pass.stream];
        let wasm = &mut stream.filters[filter].wasm;
        wasm.end = end;
        wasm.replied_now = false;
        wasm.continued_now = [false; 2];
        match &mut pass.part {
            Part::Headers => {
                wasm.maps[map(direction, false)] = true;
                let headers = stream.half(direction).headers.as_ref();
                let count = headers.map_or(0, |h| h.len()) as u32;
                match request {
                    true => GuestCall::OnRequestHeaders {
                        context,
                        count,
                        end_of_stream: end,
                    },
                    false => GuestCall::OnResponseHeaders {
                        context,
                        count,
                        end_of_stream: end,
                    },
                }
            }
            Part::Data(bytes) => {
                let bytes = std::mem::take(bytes);
                let buffering = wasm.buffering[d];
                wasm.body[d] = if buffering { View::Held } else { View::Chunk };
                let half = stream.half(direction);
                half.chunk = bytes;
                let size = match buffering {
                    true => half.held.as_ref().map_or(0, Vec::len),
                    false => half.chunk.len(),
                } as u32;
                match request {
                    true => GuestCall::OnRequestBody {
                        context,
                        size,
                        end_of_stream: end,
                    },
                    false => GuestCall::OnResponseBody {
                        context,
                        size,
                        end_of_stream: end,
                    },
                }
            }
            Part::Trailers => {
                wasm.maps[map(direction, true)] = true;
                let trailers = stream.half(direction).trailers.as_ref();
                let count = trailers.map_or(0, |t| t.len()) as u32;
                match request {
                    true => GuestCall::OnRequestTrailers { context, count },
                    false => GuestCall::OnResponseTrailers { context, count },
                }
            }
        }
    }

    /// The guest returned: its value becomes a status, and what it may see is detached.
    pub(super) fn wasm_returned(&mut self, mut pass: Pass, ended: Ended) {
        let Some(filter) = pass.at else { return };
        let allow = self.allows_stop_iteration(filter);
        let d = side(pass.direction);
        let stream = &mut self.streams[pass.stream];
        let wasm = &mut stream.filters[filter].wasm;
        let forced = wasm.replied_now;
        let resumed = wasm.continued_now[d];
        let verdict = match ended {
            Ended::Failed(_) => self.failed_verdict(pass.stream, filter, &pass),
            Ended::Absent => Verdict::Continue,
            Ended::Returned(_) if forced => Verdict::forced(&pass.part),
            Ended::Returned(value) => match Verdict::of(&pass.part, value, allow) {
                // Continuing in the callback that then pauses is continuing.
                _ if resumed => Verdict::Continue,
                verdict => verdict,
            },
        };
        let stream = &mut self.streams[pass.stream];
        let wasm = &mut stream.filters[filter].wasm;
        wasm.replied_now = false;
        wasm.continued_now = [false; 2];
        match &mut pass.part {
            Part::Headers if verdict == Verdict::Continue => {
                wasm.maps[map(pass.direction, false)] = false;
            }
            Part::Trailers if verdict == Verdict::Continue => {
                wasm.maps[map(pass.direction, true)] = false;
                wasm.body[d] = View::Nothing;
                wasm.buffering[d] = false;
            }
            Part::Data(bytes) => {
                wasm.buffering[d] = verdict == Verdict::Buffer;
                wasm.body[d] = match verdict {
                    Verdict::Buffer => View::Held,
                    _ => View::Nothing,
                };
                let half = stream.half(pass.direction);
                *bytes = std::mem::take(&mut half.chunk);
            }
            _ => {}
        }
        self.settle(pass, filter, verdict);
    }

    /// Envoy's `failStream`: once per stream a 503, unless the plugin fails open.
    fn failed_verdict(&mut self, stream: usize, filter: usize, pass: &Pass) -> Verdict {
        let plugin = self.filter_plugin(filter);
        if self.plugins[plugin].config.fail_open {
            return Verdict::Continue;
        }
        let wasm = &mut self.streams[stream].filters[filter].wasm;
        if !wasm.replied {
            wasm.replied = true;
            wasm.failure_reply = true;
            let reply = super::local_reply::Reply {
                status: 503,
                details: "wasm_fail_stream".to_owned(),
                grpc_status: Some(14),
                ..Default::default()
            };
            self.local_reply(stream, reply);
        }
        Verdict::forced(&pass.part)
    }

    /// The plugin of a Wasm filter: the only kind that has contexts and is asked for one.
    pub(super) fn filter_plugin(&self, filter: usize) -> usize {
        self.chain[filter].unwrap_or_default()
    }

    fn allows_stop_iteration(&self, filter: usize) -> bool {
        let plugin = &self.plugins[self.filter_plugin(filter)].config;
        plugin.allow_stop_iteration || self.profile.allow_on_headers_stop_iteration
    }

    /// Envoy's `Context::log`: creates the context if the request never came this far.
    pub(super) fn wasm_log(&mut self, stream: usize, filter: usize) -> Option<Call> {
        let wasm = &mut self.streams[stream].filters[filter].wasm;
        if wasm.skipped {
            return None;
        }
        let (vm, root) = wasm.handle?;
        if self.vms[vm].failed {
            return None;
        }
        match wasm.context {
            Some(context) => {
                wasm.logging = true;
                let command = Command::Call(GuestCall::OnLog { context });
                Some(Call {
                    vm,
                    command,
                    after: After::Logged(stream, filter),
                })
            }
            None => Some(Call {
                vm,
                command: Command::Create(Some(root)),
                after: After::CreatedToLog(stream, filter),
            }),
        }
    }

    /// A context made for `on_log` alone exists.
    pub(super) fn wasm_created_to_log(
        &mut self,
        stream: usize,
        filter: usize,
        context: Option<u32>,
    ) {
        let wasm = &mut self.streams[stream].filters[filter].wasm;
        wasm.context = context;
        if let (Some((vm, _)), Some(context)) = (wasm.handle, context) {
            self.contexts.insert((vm as u32, context), (stream, filter));
        }
        self.push_front(Task::FilterLog(stream, filter));
    }

    /// `on_done`; its answer is ignored for streams.
    pub(super) fn wasm_done(&mut self, stream: usize, filter: usize) -> Option<Call> {
        let (vm, context) = self.wasm_context(stream, filter)?;
        let command = Command::Call(GuestCall::OnDone { context });
        Some(Call {
            vm,
            command,
            after: After::Nothing,
        })
    }

    /// `on_delete`, the last call for a context.
    pub(super) fn wasm_delete(&mut self, stream: usize, filter: usize) -> Option<Call> {
        let (vm, context) = self.wasm_context(stream, filter)?;
        let after = After::Deleted(stream, filter);
        Some(Call {
            vm,
            command: Command::Delete(context),
            after,
        })
    }

    fn wasm_context(&self, stream: usize, filter: usize) -> Option<(usize, u32)> {
        let wasm = &self.streams[stream].filters[filter].wasm;
        let (vm, _) = wasm.handle?;
        Some((vm, wasm.context?))
    }
}
