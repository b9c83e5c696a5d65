//! The world at the moment of an event: where a replay stops, and what it saw there.
//!
//! The proxy's part is taken when the event is recorded, because the task that records it runs on to
//! its end. The VMs' part is taken afterwards: no guest runs once the event is there.

use super::config::{FilterKind, Terminal};
use super::shared::Shared;
use super::stream::{Half, Iteration, Life, Side, Stream};
use super::task::{Role, Task};
use crate::host::Vm;
use crate::model::moment::{self, Excerpt, FilterNow, Memory, Moment, ProxyNow, QueueNow};
use crate::model::moment::{SharedDatum, StreamNow};
use crate::model::moment::{Timer, VmNow, Window};
use crate::model::trace::{Arg, Event, Kind};
use std::borrow::Cow;
use std::collections::BTreeMap;

impl Shared {
    /// Records an event of the proxy's own. Where a replay stops, the world is looked at here.
    pub(super) fn record(
        &mut self,
        kind: Kind,
        name: impl Into<Cow<'static, str>>,
        vm: Option<u32>,
        context: Option<u32>,
        args: Vec<Arg>,
    ) -> Option<u32> {
        let n = self.trace.record(kind, name, vm, context, args, None);
        if self.trace.reached() && self.seen.is_none() {
            self.seen = Some(self.look());
        }
        n
    }

    /// The world as it is now; the VMs' memory is left out.
    pub(super) fn look(&self) -> Moment {
        let last = self.trace.events.last();
        Moment {
            event: last.filter(|_| self.trace.reached()).cloned(),
            proxy: self.made_of(),
            streams: self.streams_now(),
            connections: self.connections_now(),
            shared_data: self.shared_data_now(),
            queues: self.queues_now(),
            metrics: self.metrics_now(),
            hosts: self.state.hosts.clone(),
            timers: self.timers_now(),
            vms: self.vms_now(),
            memory: None,
        }
    }

    /// Counters and gauges as they are; of a histogram, how many values it has.
    fn metrics_now(&self) -> BTreeMap<String, u64> {
        let mut metrics = self.state.stats.clone();
        let histograms = self.state.histograms.iter();
        metrics.extend(histograms.map(|(name, histogram)| {
            let name = format!("{name} (values recorded)");
            (name, histogram.count())
        }));
        metrics
    }

    /// What the proxy is made of.
    fn made_of(&self) -> ProxyNow {
        let config = &self.config;
        let wasm = |name: &str, plugin: &str| FilterNow {
            name: name.to_owned(),
            plugin: Some(plugin.to_owned()),
        };
        let native = |name: &str| FilterNow {
            name: name.to_owned(),
            plugin: None,
        };
        let mut filters = Vec::new();
        match &config.network {
            Some(network) => {
                for (at, filter) in network.filters.iter().enumerate() {
                    filters.push(wasm(self.network_name(at), &filter.plugin.name));
                }
                filters.push(native(match network.terminal {
                    Terminal::Echo => "echo",
                    Terminal::DirectResponse(_) => "direct_response",
                    Terminal::TcpProxy { .. } => "tcp_proxy",
                }));
            }
            None => {
                for (at, filter) in config.manager.filters.iter().enumerate() {
                    filters.push(match &filter.kind {
                        FilterKind::Wasm(plugin) => wasm(self.filter_name(at), &plugin.name),
                        FilterKind::Native(_) => native(self.filter_name(at)),
                    });
                }
                filters.push(native("router"));
            }
        }
        ProxyNow {
            listener: config.listener.clone(),
            filters,
            clusters: config.clusters.iter().map(|one| one.name.clone()).collect(),
            threads: self.threads.len() as u32,
        }
    }

    fn streams_now(&self) -> Vec<StreamNow> {
        let live = |(_, stream): &(usize, &Stream)| stream.life != Life::Ended;
        let streams = self.streams.iter().enumerate().filter(live);
        let now = streams.map(|(number, stream)| StreamNow {
            stream: number as u32,
            thread: stream.thread as u32,
            request: self.half_now(&stream.request, stream, |filter| &filter.decode),
            response: self.half_now(&stream.response, stream, |filter| &filter.encode),
        });
        now.collect()
    }

    fn half_now(
        &self,
        half: &Half,
        stream: &Stream,
        side: impl Fn(&super::stream::Active) -> &Side,
    ) -> moment::Half {
        let stopped = stream
            .filters
            .iter()
            .enumerate()
            .filter_map(|(at, filter)| {
                let how = match side(filter).state {
                    Iteration::Continue => return None,
                    Iteration::StopSingle => "StopIteration",
                    Iteration::StopAllBuffer => "StopAllIterationAndBuffer",
                    Iteration::StopAllWatermark => "StopAllIterationAndWatermark",
                };
                Some((self.filter_name(at).to_owned(), how.to_owned()))
            });
        moment::Half {
            headers: half.headers.clone(),
            trailers: half.trailers.clone(),
            held: half.held.as_deref().map(Excerpt::from),
            chunk: (!half.chunk.is_empty()).then(|| half.chunk[..].into()),
            stopped_by: stopped.collect(),
            complete: half.complete,
            paused: half.paused,
        }
    }

    fn shared_data_now(&self) -> Vec<SharedDatum> {
        let all = self.state.data.iter().flat_map(|(vm_id, keys)| {
            keys.iter().map(|(key, (value, cas))| SharedDatum {
                vm_id: vm_id[..].into(),
                key: key[..].into(),
                value: value[..].into(),
                cas: *cas,
            })
        });
        all.collect()
    }

    fn queues_now(&self) -> Vec<QueueNow> {
        let queues = self.state.queues.iter().zip(1..);
        let now = queues.map(|(queue, token)| QueueNow {
            token,
            vm_id: queue.vm_id[..].into(),
            name: queue.name[..].into(),
            length: queue.items.len() as u64,
            items: queue
                .items
                .iter()
                .take(QueueNow::ITEMS_MAX)
                .map(|item| item[..].into())
                .collect(),
        });
        now.collect()
    }

    fn timers_now(&self) -> Vec<Timer> {
        let timers = self.clock.entries().map(|(at_ns, thread, task)| Timer {
            at_ns,
            thread: (thread < self.threads.len()).then_some(thread as u32),
            what: self.words(task),
        });
        timers.collect()
    }

    /// What a timer's task is, in words.
    fn words(&self, task: &Task) -> String {
        match task {
            Task::Tick(vm, root) => {
                let root = self.vms.get(*vm).and_then(|vm| vm.roots.get(root));
                let plugin = root.map_or("", |root| &self.plugins[root.plugin].config.name);
                format!("on_tick of {plugin} in VM {vm}")
            }
            Task::RouteTimeout(stream) => format!("the route's timeout of stream {stream}"),
            Task::PerTryTimeout(stream) => format!("the timeout of an attempt of stream {stream}"),
            Task::Retry(stream) => format!("another attempt of stream {stream}"),
            Task::IdleTimeout(stream) => format!("the idle timeout of stream {stream}"),
            Task::UpstreamAnswer(stream) => format!("the upstream's answer to stream {stream}"),
            Task::ClientGone(stream) => format!("the client of stream {stream} goes away"),
            Task::RateLimited(stream, _) => {
                format!("the rate limit service's answer about stream {stream}")
            }
            Task::FaultTokens(stream, _) => format!("more of the response on stream {stream}"),
            Task::FaultDelay(stream, _) => format!("the delay of a fault on stream {stream}"),
            Task::Callout(callout) => format!("the end of callout {callout}"),
            Task::Tcp(task) => task.words(),
            Task::FetchCode(plugin, _) | Task::CodeFetched(plugin, _) => {
                let name = &self.plugins[*plugin].config.name;
                format!("the fetch of the code of {name}")
            }
            Task::Begin(item) => format!("traffic {item} begins"),
            Task::Elapsed(item) => format!("traffic {item} has let its time pass"),
            // No other task waits for its time.
            other => format!("{other:?}"),
        }
    }

    fn vms_now(&self) -> Vec<VmNow> {
        let now = self.vms.iter().enumerate().map(|(number, info)| {
            let roots = info.roots.iter().map(|(root, state)| {
                let plugin = &self.plugins[state.plugin].config.name;
                (*root, plugin.clone())
            });
            let contexts = self
                .contexts
                .iter()
                .filter_map(|((vm, context), (stream, _))| {
                    (*vm == number as u32).then_some((*context, *stream as u32))
                });
            VmNow {
                vm: number as u32,
                thread: info.thread as u32,
                vm_id: self.plugins[info.plugin].config.vm_id.clone(),
                role: match info.role {
                    Role::Base => "base",
                    Role::Canary => "canary",
                    Role::Serving => "serving",
                }
                .to_owned(),
                roots: roots.collect(),
                contexts: contexts.collect(),
                connections: self.tcp.contexts_of(number as u32),
                memory_bytes: 0,
                fuel_max: 0,
                failed: info.failed,
            }
        });
        now.collect()
    }
}

/// Adds what only the VMs know: which are alive, and the memory of the event's own.
pub(super) fn complete(
    moment: &mut Moment,
    events: &[Event],
    vms: &[Option<Vm<Shared>>],
    window: Option<Window>,
) {
    let vm_of = |number: u32| vms.get(number as usize).and_then(Option::as_ref);
    moment.vms.retain_mut(|now| {
        let vm = vm_of(now.vm);
        now.memory_bytes = vm.map_or(0, Vm::memory_bytes);
        now.fuel_max = vm.map_or(0, Vm::fuel_max);
        vm.is_some()
    });
    let event = moment.event.as_ref();
    let Some(number) = event.and_then(|event| vm_number(event, events)) else {
        return;
    };
    moment.memory = vm_of(number).map(|vm| {
        let (memory, marks) = (vm.memory(), vm.marks());
        let Window { address, length } = window.unwrap_or_else(|| Window::around(&marks));
        let from = (address as usize).min(memory.len());
        let length = length.min(Window::MAX) as usize;
        let to = from.saturating_add(length).min(memory.len());
        Memory {
            vm: number,
            size: memory.len() as u64,
            address: from as u32,
            bytes: memory[from..to].into(),
            marks,
        }
    });
}

/// The VM that an event happened in: its own, or that of the nearest event around it.
fn vm_number(event: &Event, events: &[Event]) -> Option<u32> {
    let mut event = event;
    loop {
        if event.vm.is_some() {
            return event.vm;
        }
        event = events.get(event.parent? as usize)?;
    }
}
