//! A proxy that answers from plain fields and writes down what it was asked.

use proxy_wasm_tour::abi::{BufferType, LogLevel, MapType, MetricType, Status, StreamType};
use proxy_wasm_tour::host::{
    Answer, At, ForeignCall, GrpcCallout, HostCallPoint, HttpCallout, LocalReply, Proxy, Refusal,
};
use proxy_wasm_tour::model::Headers;
use proxy_wasm_tour::model::trace::Trace;
use std::collections::BTreeMap;

/// What it answers and what it was asked. Everything that is not set is absent.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) trace: Trace,
    /// Host calls before which the guest is suspended.
    pub(super) suspends: Vec<&'static str>,
    pub(super) logs: Vec<(LogLevel, String)>,
    /// What was asked, as text: `context name arguments`.
    pub(super) asked: Vec<String>,
    pub(super) maps: BTreeMap<MapType, Headers>,
    pub(super) buffers: BTreeMap<BufferType, Vec<u8>>,
    pub(super) properties: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) shared: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    pub(super) queue: Vec<Vec<u8>>,
    pub(super) metrics: BTreeMap<u32, u64>,
    pub(super) replies: Vec<LocalReply>,
    pub(super) in_log: bool,
    /// Whether a status comes without its message.
    pub(super) silent: bool,
    /// What callouts, foreign functions and the like are refused with.
    pub(super) refuse: Option<Status>,
}

impl Recorder {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            trace: Trace::new(true, 100_000),
            ..Self::default()
        })
    }

    fn ask(&mut self, at: At, what: String) -> Answer<()> {
        self.asked.push(format!("{} {what}", at.context));
        match self.refuse {
            Some(status) => Err(Refusal::new(status, "refused by the test")),
            None => Ok(()),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn absent<T>(found: Option<T>) -> Answer<T> {
    found.ok_or_else(|| Refusal::new(Status::NotFound, "the test has none"))
}

impl Proxy for Recorder {
    fn suspends(&mut self, point: &HostCallPoint) -> bool {
        self.suspends.contains(&point.name)
    }
    fn trace(&mut self) -> &mut Trace {
        &mut self.trace
    }
    fn log(&mut self, _: At, level: LogLevel, message: &[u8]) {
        self.logs.push((level, text(message)));
    }
    fn log_level(&self) -> LogLevel {
        LogLevel::Info
    }
    fn wall_clock_ns(&self) -> u64 {
        1_700_000_000_000_000_000
    }
    fn monotonic_ns(&self) -> u64 {
        5_000
    }
    fn random(&mut self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
    fn status(&self, _: At) -> (u32, Vec<u8>) {
        match self.silent {
            true => (11, Vec::new()),
            false => (11, b"reset".to_vec()),
        }
    }
    fn set_tick_period(&mut self, at: At, milliseconds: u32) {
        self.asked.push(format!("{} tick {milliseconds}", at.root));
    }
    fn done(&mut self, at: At) -> Answer<()> {
        self.ask(at, "done".into())
    }
    fn property(&mut self, _: At, path: &[u8]) -> Answer<Vec<u8>> {
        absent(self.properties.get(path).cloned())
    }
    fn set_property(&mut self, at: At, path: &[u8], value: &[u8]) -> Answer<()> {
        self.ask(at, format!("set_property {}={}", text(path), text(value)))
    }
    fn foreign_function(&mut self, at: At, call: &mut ForeignCall<'_>) -> Answer<Vec<u8>> {
        self.ask(at, format!("foreign {}", text(call.name)))?;
        Ok(call.argument.to_ascii_uppercase())
    }
    fn continue_stream(&mut self, at: At, stream: StreamType) -> Answer<()> {
        self.ask(at, format!("continue {stream}"))
    }
    fn close_stream(&mut self, at: At, stream: StreamType) -> Answer<()> {
        self.ask(at, format!("close {stream}"))
    }
    fn clear_route_cache(&mut self, at: At) -> Answer<()> {
        self.ask(at, "clear_route_cache".into())
    }
    fn send_local_reply(&mut self, at: At, reply: LocalReply) -> Answer<()> {
        self.replies.push(reply);
        self.ask(at, "reply".into())
    }
    fn header_map(&mut self, _: At, map: MapType) -> Option<&Headers> {
        self.maps.get(&map)
    }
    fn header_map_mut(&mut self, _: At, map: MapType) -> Answer<&mut Headers> {
        let found = self.maps.get_mut(&map);
        found.ok_or_else(|| Refusal::new(Status::BadArgument, "the test has no such map"))
    }
    fn in_log(&self, _: At) -> bool {
        self.in_log
    }
    fn buffer(&mut self, _: At, buffer: BufferType) -> Answer<&[u8]> {
        absent(self.buffers.get(&buffer).map(|bytes| &bytes[..]))
    }
    fn buffer_exists(&mut self, _: At, buffer: BufferType) -> Answer<()> {
        absent(self.buffers.get(&buffer).map(|_| ()))
    }
    fn set_buffer(
        &mut self,
        at: At,
        buffer: BufferType,
        start: u32,
        length: u32,
        data: &[u8],
    ) -> Answer<()> {
        let data = text(data);
        self.ask(at, format!("set_buffer {buffer} {start} {length} {data}"))
    }
    fn http_call(&mut self, at: At, callout: HttpCallout) -> Answer<u32> {
        self.ask(at, format!("http_call {}", text(&callout.upstream)))?;
        Ok(4)
    }
    fn grpc_call(&mut self, at: At, callout: GrpcCallout) -> Answer<u32> {
        self.ask(at, format!("grpc {}", text(&callout.service)))?;
        Ok(if callout.message.is_some() { 5 } else { 6 })
    }
    fn grpc_send(&mut self, at: At, token: u32, message: &[u8], end: bool) -> Answer<()> {
        self.ask(at, format!("grpc_send {token} {} {end}", text(message)))
    }
    fn grpc_cancel(&mut self, at: At, token: u32) -> Answer<()> {
        self.ask(at, format!("grpc_cancel {token}"))
    }
    fn grpc_close(&mut self, at: At, token: u32) -> Answer<()> {
        self.ask(at, format!("grpc_close {token}"))
    }
    fn shared_data(&mut self, _: At, key: &[u8]) -> Answer<(Vec<u8>, u32)> {
        absent(self.shared.get(key).cloned())
    }
    fn set_shared_data(&mut self, at: At, key: &[u8], value: &[u8], cas: u32) -> Answer<()> {
        self.ask(at, format!("set {}={} {cas}", text(key), text(value)))
    }
    fn register_queue(&mut self, at: At, name: &[u8]) -> Answer<u32> {
        self.ask(at, format!("register {}", text(name)))?;
        Ok(1)
    }
    fn resolve_queue(&mut self, at: At, vm_id: &[u8], name: &[u8]) -> Answer<u32> {
        self.ask(at, format!("resolve {} {}", text(vm_id), text(name)))?;
        Ok(1)
    }
    fn enqueue(&mut self, at: At, token: u32, value: &[u8]) -> Answer<()> {
        self.ask(at, format!("enqueue {token} {}", text(value)))
    }
    fn dequeue(&mut self, _: At, _: u32) -> Answer<Vec<u8>> {
        let empty = Refusal::new(Status::Empty, "the test's queue is empty");
        self.queue.pop().ok_or(empty)
    }
    fn define_metric(&mut self, at: At, kind: MetricType, name: &[u8]) -> Answer<u32> {
        self.ask(at, format!("define {kind} {}", text(name)))?;
        Ok(4)
    }
    fn increment_metric(&mut self, at: At, id: u32, delta: i64) -> Answer<()> {
        self.ask(at, format!("increment {id} {delta}"))
    }
    fn record_metric(&mut self, at: At, id: u32, value: u64) -> Answer<()> {
        self.ask(at, format!("record {id} {value}"))
    }
    fn metric(&mut self, _: At, id: u32) -> Answer<u64> {
        absent(self.metrics.get(&id).copied())
    }
}
