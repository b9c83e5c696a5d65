//! What guests ask of the proxy: the host's port, implemented over the shared world.
//!
//! Nothing here runs a guest. What a guest wants done to a stream is queued as an [`Effect`] and
//! applied when the guest has returned.

use super::effects::Effect;
use super::grpc::Seen;
use super::local_reply::Reply;
use super::search::{Resource, Use};
use super::shared::Shared;
use super::task::{Direction, Task};
use super::wasm_filter::View;
use crate::abi::{AbiVersion, BufferType, LogLevel, MapType, MetricType, Status, StreamType};
use crate::host::port::{
    Answer, At, ForeignCall, GrpcCallout, HostCallPoint, HttpCallout, LocalReply, Proxy, Refusal,
};
use crate::model::Headers;
use crate::model::exercise::Played;
use crate::model::trace::Trace;

/// Host calls that other threads can see, where a guest may be suspended.
const SHARED: [&str; 10] = [
    "proxy_get_shared_data",
    "proxy_set_shared_data",
    "proxy_register_shared_queue",
    "proxy_resolve_shared_queue",
    "proxy_enqueue_shared_queue",
    "proxy_dequeue_shared_queue",
    "proxy_define_metric",
    "proxy_increment_metric",
    "proxy_record_metric",
    "proxy_get_metric",
];

fn unimplemented<T>(what: &'static str) -> Answer<T> {
    Err(Refusal::new(Status::Unimplemented, what))
}

/// What a buffer type is to the proxy.
enum Source {
    Body(Direction),
    Callout,
    GrpcMessage,
    VmConfiguration,
    PluginConfiguration,
    Connection,
    Nothing,
}

fn source(buffer: BufferType) -> Source {
    match buffer {
        BufferType::HttpRequestBody => Source::Body(Direction::Decode),
        BufferType::HttpResponseBody => Source::Body(Direction::Encode),
        BufferType::HttpCallResponseBody => Source::Callout,
        BufferType::GrpcReceiveBuffer => Source::GrpcMessage,
        BufferType::VmConfiguration => Source::VmConfiguration,
        BufferType::PluginConfiguration => Source::PluginConfiguration,
        BufferType::DownstreamData | BufferType::UpstreamData => Source::Connection,
        _ => Source::Nothing,
    }
}

fn no_buffer<T>(why: &'static str) -> Answer<T> {
    Err(Refusal::new(Status::NotFound, why))
}

impl Proxy for Shared {
    fn suspends(&mut self, point: &HostCallPoint) -> bool {
        if !self.scheduler.interleaves() || !SHARED.contains(&point.name) {
            return false;
        }
        let running = self.thread;
        self.ready()
            .iter()
            .enumerate()
            .any(|(thread, ready)| *ready && thread != running)
    }

    fn played(&mut self, call: &'static str, at: At) -> Option<Option<Played>> {
        // A root context's calls come at moments that depend on the number of threads.
        if at.context == at.root || self.plays.iter().all(|play| play.call != call) {
            return None;
        }
        let called = self.called.entry(call).or_default();
        let nth = *called;
        *called += 1;
        let mut plays = self.plays.iter();
        let play = plays.find(|play| play.call == call && play.nth == nth)?;
        Some(play.played.clone())
    }

    fn trace(&mut self) -> &mut Trace {
        &mut self.trace
    }

    fn log(&mut self, at: At, level: LogLevel, message: &[u8]) {
        if level < self.log_level {
            return;
        }
        let plugin = self.plugins[self.plugin_of(at)].config.name.clone();
        self.log_line(Some(at), plugin, level, message);
    }

    fn log_level(&self) -> LogLevel {
        self.log_level
    }

    fn wall_clock_ns(&self) -> u64 {
        self.wall_ns(self.clock.now_ns)
    }

    fn monotonic_ns(&self) -> u64 {
        self.clock.now_ns
    }

    fn random(&mut self, bytes: &mut [u8]) {
        self.scheduler.note(Use::Write, || Resource::Random);
        self.random.fill(bytes);
    }

    fn status(&self, at: At) -> (u32, Vec<u8>) {
        let root = self.root_of(at);
        root.map_or((0, Vec::new()), |root| match &root.grpc {
            Some(Seen::Close(code, message)) => (*code, message.clone()),
            _ => root.status.clone(),
        })
    }

    fn set_tick_period(&mut self, at: At, milliseconds: u32) {
        if let Some(root) = self.root_mut(at) {
            root.tick_ns = u64::from(milliseconds) * 1_000_000;
            self.arm_tick(at.vm as usize, at.root);
        }
    }

    fn done(&mut self, at: At) -> Answer<()> {
        match self.root_mut(at) {
            Some(root) if root.parked => {
                root.parked = false;
                let thread = self.thread;
                let effect = Effect::Done(at.vm as usize, at.root);
                self.threads[thread].effects.push(effect);
                Ok(())
            }
            _ => Err(Refusal::new(
                Status::NotFound,
                "this root's on_done has not returned false",
            )),
        }
    }

    fn property(&mut self, at: At, path: &[u8]) -> Answer<Vec<u8>> {
        self.read_property(at, path)
    }

    fn set_property(&mut self, at: At, path: &[u8], value: &[u8]) -> Answer<()> {
        self.set_wasm_property(at, path, value)
    }

    fn foreign_function(&mut self, at: At, call: &mut ForeignCall<'_>) -> Answer<Vec<u8>> {
        self.foreign(at, call)
    }

    fn continue_stream(&mut self, at: At, stream: StreamType) -> Answer<()> {
        let direction = match stream {
            StreamType::Request => Direction::Decode,
            StreamType::Response => Direction::Encode,
            StreamType::Downstream => return self.continue_connection(at),
            StreamType::Upstream => {
                return unimplemented("an upstream connection cannot be continued");
            }
        };
        let Some((index, filter)) = self.stream_of(at) else {
            return Ok(());
        };
        let running = self.running_callback;
        let wasm = &mut self.streams[index].filters[filter].wasm;
        // Envoy drops its handles of the request here, whichever direction continues.
        wasm.maps[0] = false;
        wasm.maps[1] = false;
        if wasm.body[0] == View::Chunk {
            wasm.body[0] = View::Nothing;
        }
        if running == Some((index, filter, direction)) {
            wasm.continued_now[super::wasm_filter::side(direction)] = true;
        } else {
            let thread = self.thread;
            self.threads[thread]
                .effects
                .push(Effect::Continue(index, filter, direction));
        }
        Ok(())
    }

    fn close_stream(&mut self, at: At, stream: StreamType) -> Answer<()> {
        if matches!(stream, StreamType::Downstream | StreamType::Upstream) {
            return self.close_connection_of(at, stream);
        }
        if let Some((index, _)) = self.stream_of(at) {
            let thread = self.thread;
            self.threads[thread].effects.push(Effect::Close(index));
        }
        Ok(())
    }

    fn clear_route_cache(&mut self, at: At) -> Answer<()> {
        if let Some((index, _)) = self.stream_of(at) {
            self.clear_route(index);
        }
        Ok(())
    }

    fn send_local_reply(&mut self, at: At, reply: LocalReply) -> Answer<()> {
        let Some((index, filter)) = self.stream_of(at) else {
            return Ok(());
        };
        let running = self
            .running_callback
            .map(|(stream, filter, _)| (stream, filter));
        let wasm = &mut self.streams[index].filters[filter].wasm;
        if running == Some((index, filter)) {
            wasm.replied_now = true;
        }
        wasm.replied = true;
        let reply = Reply {
            status: reply.status.min(999) as u16,
            body: reply.body,
            headers: reply.headers,
            grpc_status: u32::try_from(reply.grpc_status).ok().filter(|s| *s <= 16),
            details: String::from_utf8_lossy(&reply.details).into_owned(),
        };
        let thread = self.thread;
        self.threads[thread]
            .effects
            .push(Effect::Reply(index, reply));
        Ok(())
    }

    fn header_map(&mut self, at: At, map: MapType) -> Option<&Headers> {
        match map {
            MapType::HttpCallResponseHeaders => return self.callout_answer(at).map(|a| &a.headers),
            MapType::HttpCallResponseTrailers => {
                return self
                    .callout_answer(at)
                    .map(|a| &a.trailers)
                    .filter(|t| !t.is_empty());
            }
            MapType::GrpcReceiveInitialMetadata => {
                return match self.root_of(at)?.grpc.as_ref()? {
                    Seen::InitialMetadata(map) => Some(map),
                    _ => None,
                };
            }
            MapType::GrpcReceiveTrailingMetadata => {
                return match self.root_of(at)?.grpc.as_ref()? {
                    Seen::TrailingMetadata(map) => Some(map),
                    _ => None,
                };
            }
            _ => {}
        }
        let (index, filter) = self.read_stream(at)?;
        let stream = &self.streams[index];
        // In on_log everything but the request's trailers is there.
        let logged = map != MapType::RequestTrailers
            && filter.is_none_or(|filter| stream.filters[filter].wasm.logging);
        let attached =
            filter.is_some_and(|filter| stream.filters[filter].wasm.maps[map.number() as usize]);
        if !logged && !attached {
            return None;
        }
        match map {
            MapType::RequestHeaders => stream.request.headers.as_ref(),
            MapType::RequestTrailers => stream.request.trailers.as_ref(),
            MapType::ResponseHeaders => stream.response.headers.as_ref(),
            _ => stream.response.trailers.as_ref(),
        }
    }

    fn header_map_mut(&mut self, at: At, map: MapType) -> Answer<&mut Headers> {
        if !map.is_writable() {
            return Err(Refusal::new(Status::BadArgument, "this map is read-only"));
        }
        let Some((index, filter)) = self.stream_of(at) else {
            return Err(Refusal::new(
                Status::BadArgument,
                "a root context has no stream and no headers",
            ));
        };
        let abi = self.plugins[self.filter_plugin(filter)].abi;
        let stream = &mut self.streams[index];
        let wasm = &mut stream.filters[filter].wasm;
        let (direction, trailers) = match map {
            MapType::RequestHeaders => (Direction::Decode, false),
            MapType::RequestTrailers => (Direction::Decode, true),
            MapType::ResponseHeaders => (Direction::Encode, false),
            _ => (Direction::Encode, true),
        };
        let last_body = wasm.end && wasm.body[super::wasm_filter::side(direction)] != View::Nothing;
        let attached = &mut wasm.maps[map.number() as usize];
        if trailers && !*attached && last_body {
            // Trailers are made by writing to them in the last body callback.
            *attached = true;
            stream.half(direction).trailers.get_or_insert_default();
        }
        if !stream.filters[filter].wasm.maps[map.number() as usize] {
            return Err(Refusal::new(Status::BadArgument, absent(map)));
        }
        if map == MapType::RequestHeaders && abi <= AbiVersion::V0_2_1 {
            self.clear_route(index);
        }
        let half = self.streams[index].half(direction);
        let found = if trailers {
            half.trailers.as_mut()
        } else {
            half.headers.as_mut()
        };
        found.ok_or_else(|| Refusal::new(Status::BadArgument, absent(map)))
    }

    fn in_log(&self, at: At) -> bool {
        self.read_stream(at).is_some_and(|(stream, filter)| {
            filter.is_none_or(|filter| self.streams[stream].filters[filter].wasm.logging)
        })
    }

    fn buffer(&mut self, at: At, buffer: BufferType) -> Answer<&[u8]> {
        match source(buffer) {
            // A body that is not there reads as empty, not as missing.
            Source::Body(direction) => Ok(self.body_of(at, direction).map_or(&[][..], |b| b)),
            Source::Callout => match self.callout_answer(at) {
                Some(answer) => Ok(&answer.body.0),
                None => no_buffer("readable only during on_http_call_response"),
            },
            // Without a message it reads as empty, not as missing.
            Source::GrpcMessage => Ok(match self.root_of(at).and_then(|r| r.grpc.as_ref()) {
                Some(Seen::Message(message)) => message,
                _ => &[],
            }),
            Source::VmConfiguration => {
                let plugin = self.plugin_of(at);
                Ok(&self.plugins[plugin].config.vm_configuration)
            }
            Source::PluginConfiguration => {
                let root = self.root_of(at);
                let readable = root.is_some_and(|root| {
                    matches!(
                        root.stage,
                        Some(super::task::Stage::Create | super::task::Stage::Configure)
                    )
                });
                let plugin = self.plugin_of(at);
                match readable {
                    true => Ok(&self.plugins[plugin].config.configuration),
                    false => no_buffer(
                        "readable only in on_context_create of a root and in on_configure",
                    ),
                }
            }
            Source::Connection => Ok(self.network_buffer(at, buffer).map_or(&[][..], |b| b)),
            Source::Nothing => Ok(&[]),
        }
    }

    fn buffer_exists(&mut self, at: At, buffer: BufferType) -> Answer<()> {
        self.buffer(at, buffer).map(|_| ())
    }

    fn set_buffer(
        &mut self,
        at: At,
        buffer: BufferType,
        start: u32,
        length: u32,
        data: &[u8],
    ) -> Answer<()> {
        let (body, what) = match source(buffer) {
            Source::Body(direction) => (self.body_of(at, direction), "no body is visible now"),
            Source::Connection => (
                self.network_buffer(at, buffer),
                "no bytes of a connection are visible now",
            ),
            _ => (None, "this buffer is read-only"),
        };
        let Some(body) = body else {
            return Err(Refusal::new(Status::BadArgument, what));
        };
        let (start, length, size) = (start as usize, length as usize, body.len());
        if start == 0 {
            // 0 prepends, part of it replaces that part, all or more replaces everything.
            body.splice(..length.min(size), data.iter().copied());
        } else if start >= size {
            body.extend(data);
        } else {
            return Err(Refusal::new(
                Status::BadArgument,
                format!(
                    "start {start} is inside the {size} bytes: Envoy replaces from 0 or appends"
                ),
            ));
        }
        Ok(())
    }

    fn http_call(&mut self, at: At, callout: HttpCallout) -> Answer<u32> {
        self.start_callout(at, callout)
    }

    fn grpc_call(&mut self, at: At, callout: GrpcCallout) -> Answer<u32> {
        self.start_grpc(at, callout)
    }

    fn grpc_send(&mut self, at: At, token: u32, message: &[u8], end: bool) -> Answer<()> {
        self.send_grpc(at, token, message, end)
    }

    fn grpc_cancel(&mut self, at: At, token: u32) -> Answer<()> {
        self.cancel_grpc(at, token)
    }

    fn grpc_close(&mut self, at: At, token: u32) -> Answer<()> {
        self.close_grpc(at, token)
    }

    fn shared_data(&mut self, at: At, key: &[u8]) -> Answer<(Vec<u8>, u32)> {
        let vm_id = self.vm_id(at);
        let found = self.state.get(&vm_id, key);
        let resource = || Resource::Data(vm_id, key.to_vec());
        self.scheduler.note(Use::Read, resource);
        found
    }

    fn set_shared_data(&mut self, at: At, key: &[u8], value: &[u8], cas: u32) -> Answer<()> {
        let vm_id = self.vm_id(at);
        let resource = || Resource::Data(vm_id.clone(), key.to_vec());
        self.scheduler.note(Use::Write, resource);
        self.state.set(&vm_id, key, value, cas, &self.limits)?;
        self.state_event(at, "shared_data", key, Some(value));
        Ok(())
    }

    fn register_queue(&mut self, at: At, name: &[u8]) -> Answer<u32> {
        let vm_id = self.vm_id(at);
        self.scheduler.note(Use::Write, || Resource::Queues);
        Ok(self.state.register(&vm_id, name, (at.vm as usize, at.root)))
    }

    fn resolve_queue(&mut self, at: At, vm_id: &[u8], name: &[u8]) -> Answer<u32> {
        let own = self.vm_id(at);
        self.scheduler.note(Use::Read, || Resource::Queues);
        let vm_id = if vm_id.is_empty() { &own[..] } else { vm_id };
        match self.state.find(vm_id, name) {
            Some(at) => Ok(at as u32 + 1),
            None => Err(Refusal::new(
                Status::NotFound,
                "no queue has this vm_id and name",
            )),
        }
    }

    fn enqueue(&mut self, at: At, token: u32, value: &[u8]) -> Answer<()> {
        self.scheduler.note(Use::Write, || Resource::Queue(token));
        self.scheduler.note(Use::Read, || Resource::Queues);
        let (name, (vm, root)) = self.state.enqueue(token, value, &self.limits)?;
        self.state_event(at, "queue", &name, Some(value));
        // One notification for each item, posted to the thread that registered last.
        if let Some(info) = self
            .vms
            .get(vm)
            .filter(|info| !info.failed && info.roots.contains_key(&root))
        {
            let thread = info.thread;
            self.scheduler.note(Use::Write, || Resource::Inbox(thread));
            self.threads[thread]
                .queue
                .push_back(Task::QueueReady(vm, root, token));
        }
        Ok(())
    }

    fn dequeue(&mut self, at: At, token: u32) -> Answer<Vec<u8>> {
        self.scheduler.note(Use::Write, || Resource::Queue(token));
        let (name, item) = self.state.dequeue(token)?;
        let Some(item) = item else {
            return Err(Refusal::new(Status::Empty, "the queue is empty"));
        };
        self.state_event(at, "queue", &name, None);
        Ok(item)
    }

    fn define_metric(&mut self, at: At, kind: MetricType, name: &[u8]) -> Answer<u32> {
        Ok(self
            .state
            .define(at.vm, kind, &String::from_utf8_lossy(name)))
    }

    fn increment_metric(&mut self, at: At, id: u32, delta: i64) -> Answer<()> {
        self.note_metric(at, id, Use::Add);
        self.state.increment(at.vm, id, delta)
    }

    fn record_metric(&mut self, at: At, id: u32, value: u64) -> Answer<()> {
        // A counter would only grow, a gauge is set.
        self.note_metric(at, id, Use::Write);
        self.state.record(at.vm, id, value)
    }

    fn metric(&mut self, at: At, id: u32) -> Answer<u64> {
        self.note_metric(at, id, Use::Read);
        self.state.read(at.vm, id)
    }
}

impl Shared {
    fn note_metric(&mut self, at: At, id: u32, used: Use) {
        if let Some(name) = self.state.metric_name(at.vm, id) {
            let resource = || Resource::Metric(name.to_owned());
            self.scheduler.note(used, resource);
        }
    }
}

/// Why a map is not there.
fn absent(map: MapType) -> &'static str {
    match map {
        MapType::RequestHeaders => {
            "request headers are attached until on_request_headers has returned Continue, and not after a continue"
        }
        MapType::ResponseHeaders => {
            "response headers are attached until on_response_headers has returned Continue"
        }
        _ => "there are no trailers; the last body callback can make some",
    }
}
