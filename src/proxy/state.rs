//! State that outlives a call and is shared between VMs: shared data, queues, metrics, stats.

use super::filter_state::{Objects, Prototype};
use crate::abi::{MetricType, Status};
use crate::host::Limits;
use crate::host::port::{Answer, Refusal};
use crate::model::Histogram;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Everything shared.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Stats by Envoy's names: counters and gauges.
    pub(super) stats: BTreeMap<String, u64>,
    /// Those of the guests' stats that are gauges.
    pub(super) gauges: BTreeSet<String>,
    /// Histograms by Envoy's names.
    pub(super) histograms: BTreeMap<String, Histogram>,
    /// What is counted for each host, by cluster and address.
    pub(super) hosts: BTreeMap<String, BTreeMap<String, u64>>,
    /// Buckets of the local_ratelimit filter.
    pub(super) buckets: super::native::Buckets,
    /// Shared data: vm_id, then key to value and CAS number.
    pub(super) data: BTreeMap<Vec<u8>, Keys>,
    /// The last CAS number that was given out, one count for all keys.
    cas: u32,
    /// The bytes of shared data, keys included.
    data_bytes: u64,
    /// The bytes of all items in queues.
    queue_bytes: u64,
    /// Queues by token, from 1.
    pub(super) queues: Vec<Queue>,
    /// Metrics of each VM: id to kind and name.
    metrics: BTreeMap<(u32, u32), (MetricType, String)>,
    /// What guests have declared: VM and context, then path to prototype.
    prototypes: BTreeMap<(u32, u32), BTreeMap<Vec<u8>, Prototype>>,
    /// Filter state that lives as long as a connection, by its number.
    pub(super) connections: BTreeMap<u64, Objects>,
    /// The next metric number of each VM and kind.
    numbers: BTreeMap<(u32, u32), u32>,
}

/// Keys of one vm_id, with value and CAS number.
type Keys = BTreeMap<Vec<u8>, (Vec<u8>, u32)>;

/// A shared queue.
#[derive(Debug)]
pub(super) struct Queue {
    /// The vm_id it belongs to.
    pub(super) vm_id: Vec<u8>,
    /// Its name.
    pub(super) name: Vec<u8>,
    /// What is in it.
    pub(super) items: VecDeque<Vec<u8>>,
    /// The VM and root that registered last: the only ones that are told.
    pub(super) consumer: (usize, u32),
}

/// What some bytes count, with their place.
fn size(bytes: usize) -> u64 {
    bytes as u64 + 64
}

impl State {
    /// Reads shared data.
    pub(super) fn get(&self, vm_id: &[u8], key: &[u8]) -> Answer<(Vec<u8>, u32)> {
        let found = self.data.get(vm_id).and_then(|data| data.get(key));
        found
            .cloned()
            .ok_or_else(|| Refusal::new(Status::NotFound, "no such key in this vm_id"))
    }

    /// Writes shared data. A CAS number on a missing key creates it.
    pub(super) fn set(
        &mut self,
        vm_id: &[u8],
        key: &[u8],
        value: &[u8],
        cas: u32,
        limits: &Limits,
    ) -> Answer<()> {
        let data = self.data.entry(vm_id.to_vec()).or_default();
        if let Some((_, now)) = data.get(key)
            && cas != 0
            && cas != *now
        {
            let reason = format!("the CAS number is {now} by now, not {cas}");
            return Err(Refusal::new(Status::CasMismatch, reason));
        }
        let before = data
            .get(key)
            .map_or(0, |(value, _)| size(key.len() + value.len()));
        let bytes = self.data_bytes - before + size(key.len() + value.len());
        let limit = limits.shared_data_bytes;
        if bytes > limit {
            return Err(Refusal::at_limit(
                "shared data",
                format!(
                    "shared data limit: it would hold more than {limit} bytes; Envoy has no such limit"
                ),
            ));
        }
        self.data_bytes = bytes;
        // Numbers begin at 1 and the first write takes 2, as cpp-host counts; 0 is never given out.
        self.cas = match self.cas.max(1).wrapping_add(1) {
            0 => 1,
            next => next,
        };
        data.insert(key.to_vec(), (value.to_vec(), self.cas));
        Ok(())
    }

    /// Declares a property on a context; `false` when that was done before.
    pub(super) fn declare(
        &mut self,
        vm: u32,
        context: u32,
        name: &[u8],
        prototype: Prototype,
    ) -> bool {
        let declared = self.prototypes.entry((vm, context)).or_default();
        let new = !declared.contains_key(name);
        if new {
            declared.insert(name.to_vec(), prototype);
        }
        new
    }

    /// What was declared on a context.
    pub(super) fn declared(&self, vm: u32, context: u32, name: &[u8]) -> Option<Prototype> {
        self.prototypes.get(&(vm, context))?.get(name).copied()
    }

    /// Registers a queue, or takes over an existing one's notifications; its token.
    pub(super) fn register(&mut self, vm_id: &[u8], name: &[u8], consumer: (usize, u32)) -> u32 {
        if let Some(at) = self.find(vm_id, name) {
            self.queues[at].consumer = consumer;
            return at as u32 + 1;
        }
        self.queues.push(Queue {
            vm_id: vm_id.to_vec(),
            name: name.to_vec(),
            items: VecDeque::new(),
            consumer,
        });
        self.queues.len() as u32
    }

    /// The place of a queue.
    pub(super) fn find(&self, vm_id: &[u8], name: &[u8]) -> Option<usize> {
        self.queues
            .iter()
            .position(|q| q.vm_id == vm_id && q.name == name)
    }

    /// Appends to a queue; its name, and who is to be told.
    pub(super) fn enqueue(
        &mut self,
        token: u32,
        value: &[u8],
        limits: &Limits,
    ) -> Answer<(Vec<u8>, (usize, u32))> {
        let bytes = self.queue_bytes + size(value.len());
        let limit = limits.queue_bytes;
        let queue = self.queue(token)?;
        if bytes > limit {
            return Err(Refusal::at_limit(
                "queue",
                format!(
                    "queue limit: all queues together would hold more than {limit} bytes; Envoy has no such limit"
                ),
            ));
        }
        queue.items.push_back(value.to_vec());
        let told = (queue.name.clone(), queue.consumer);
        self.queue_bytes = bytes;
        Ok(told)
    }

    /// Takes from a queue; its name, and the item when there is one.
    pub(super) fn dequeue(&mut self, token: u32) -> Answer<(Vec<u8>, Option<Vec<u8>>)> {
        let queue = self.queue(token)?;
        let item = queue.items.pop_front();
        let name = queue.name.clone();
        let bytes = item.as_ref().map_or(0, |item| size(item.len()));
        self.queue_bytes -= bytes;
        Ok((name, item))
    }

    /// A queue by its token.
    pub(super) fn queue(&mut self, token: u32) -> Answer<&mut Queue> {
        (token as usize)
            .checked_sub(1)
            .and_then(|at| self.queues.get_mut(at))
            .ok_or_else(|| Refusal::new(Status::NotFound, "no queue has this token"))
    }

    /// Defines a metric; every definition gets an id of its own: 4, 8 … counters, 5, 9 … gauges,
    /// 6, 10 … histograms.
    pub(super) fn define(&mut self, vm: u32, kind: MetricType, name: &str) -> u32 {
        let tag = kind.number();
        let number = self.numbers.entry((vm, tag)).or_insert(tag);
        *number += 4;
        let id = *number;
        let name = format!("wasmcustom.{name}");
        match kind {
            MetricType::Histogram => {
                self.histograms.entry(name.clone()).or_default();
            }
            MetricType::Counter | MetricType::Gauge => {
                self.stats.entry(name.clone()).or_insert(0);
            }
        }
        if kind == MetricType::Gauge {
            self.gauges.insert(name.clone());
        }
        self.metrics.insert((vm, id), (kind, name));
        id
    }

    /// The stat behind a metric.
    pub(super) fn metric_name(&self, vm: u32, id: u32) -> Option<&str> {
        self.metrics.get(&(vm, id)).map(|(_, name)| name.as_str())
    }

    fn metric(&mut self, vm: u32, id: u32) -> Answer<(MetricType, &mut u64)> {
        let Some((kind, name)) = self.metrics.get(&(vm, id)) else {
            return match id & 3 {
                0 | 1 => Err(Refusal::new(
                    Status::NotFound,
                    "no metric has this id in this VM",
                )),
                _ => Err(Refusal::new(
                    Status::BadArgument,
                    "not the id of a counter or a gauge",
                )),
            };
        };
        if *kind == MetricType::Histogram {
            return Err(Refusal::new(
                Status::BadArgument,
                "a histogram takes record only",
            ));
        }
        Ok((*kind, self.stats.entry(name.clone()).or_insert(0)))
    }

    /// Adds to a metric; a counter only grows.
    pub(super) fn increment(&mut self, vm: u32, id: u32, delta: i64) -> Answer<()> {
        let (kind, value) = self.metric(vm, id)?;
        if kind == MetricType::Counter && delta <= 0 {
            return Err(Refusal::new(
                Status::BadArgument,
                "a counter grows by more than 0",
            ));
        }
        *value = value.wrapping_add_signed(delta);
        Ok(())
    }

    /// Records: a counter adds, a gauge is set, a histogram observes.
    pub(super) fn record(&mut self, vm: u32, id: u32, value: u64) -> Answer<()> {
        let Some((kind, name)) = self.metrics.get(&(vm, id)) else {
            return Err(Refusal::new(
                Status::NotFound,
                "no metric has this id in this VM",
            ));
        };
        match kind {
            MetricType::Counter => {
                let stat = self.stats.entry(name.clone()).or_insert(0);
                *stat = stat.wrapping_add(value);
            }
            MetricType::Gauge => {
                self.stats.insert(name.clone(), value);
            }
            MetricType::Histogram => {
                let histogram = self.histograms.entry(name.clone()).or_default();
                histogram.record(value);
            }
        }
        Ok(())
    }

    /// Reads a metric; a histogram cannot be read.
    pub(super) fn read(&mut self, vm: u32, id: u32) -> Answer<u64> {
        self.metric(vm, id).map(|(_, value)| *value)
    }
}
