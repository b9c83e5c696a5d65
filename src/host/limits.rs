//! What a VM may use, what all VMs of a run may use together, and the interpreter that is set up for it.

use std::cell::Cell;
use std::rc::Rc;

/// What VMs may use. Every limit that is hit ends as a failure of that VM that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Fuel for one callback, the allocator's calls included; about one unit per simple instruction,
    /// 100 for a host call, and 1 for each byte that it carries.
    pub fuel_per_callback: u64,
    /// After so much fuel, and again and again, the proxy is asked whether the guest is suspended
    /// (at a point named `fuel slice`); `None` never asks.
    pub fuel_slice: Option<u64>,
    /// The size of linear memory, in bytes. `memory.grow` answers -1 beyond it, as in Envoy.
    pub memory_bytes: u64,
    /// The size of the value stack, in bytes.
    pub stack_bytes: usize,
    /// How deep functions may call each other.
    pub stack_frames: usize,
    /// The elements of all tables together.
    pub table_elements: usize,
    /// The bytes that one VM may log.
    pub log_bytes: u64,
    /// The size of all linear memories of a run together, in bytes.
    pub run_memory_bytes: u64,
    /// The bytes that all VMs of a run may log.
    pub run_log_bytes: u64,
    /// The bytes that all VMs of a run may hand to the proxy to keep, over all their lives: headers,
    /// bodies, callouts, shared data, queue items, properties and metrics, each with a little for its
    /// place. What is replaced counts too, because reports and traces remember it.
    pub kept_bytes: u64,
    /// The bytes that shared data holds at one time, keys included.
    pub shared_data_bytes: u64,
    /// The bytes that all queues hold at one time.
    pub queue_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel_per_callback: 200_000_000,
            fuel_slice: None,
            memory_bytes: 128 << 20,
            stack_bytes: 1 << 20,
            stack_frames: 10_000,
            table_elements: 1_000_000,
            log_bytes: 4 << 20,
            run_memory_bytes: 512 << 20,
            run_log_bytes: 16 << 20,
            kept_bytes: 512 << 20,
            shared_data_bytes: 64 << 20,
            queue_bytes: 64 << 20,
        }
    }
}

/// What the VMs of a run use together. Clones count into the same sums.
#[derive(Clone, Debug, Default)]
pub struct RunUse(Rc<Sums>);

#[derive(Debug, Default)]
struct Sums {
    memory: Cell<u64>,
    logged: Cell<u64>,
    kept: Cell<u64>,
}

/// Adds to a sum; whether it is within its limit after that.
fn add(sum: &Cell<u64>, more: u64, limit: u64) -> bool {
    sum.set(sum.get().saturating_add(more));
    sum.get() <= limit
}

impl RunUse {
    pub(super) fn logs(&self, bytes: u64, limit: u64) -> bool {
        add(&self.0.logged, bytes, limit)
    }

    pub(super) fn keeps(&self, bytes: u64, limit: u64) -> bool {
        add(&self.0.kept, bytes, limit)
    }
}

/// One VM's part of the run's memory: given back when the VM is gone.
#[derive(Debug)]
pub(super) struct MemoryShare {
    run: RunUse,
    mine: u64,
}

impl MemoryShare {
    pub(super) fn new(run: RunUse) -> Self {
        Self { run, mine: 0 }
    }

    /// Takes more of the run's memory; `false`, and nothing is taken, when there is not as much.
    pub(super) fn take(&mut self, more: u64, limit: u64) -> bool {
        let used = &self.run.0.memory;
        let fits = used.get().saturating_add(more) <= limit;
        if fits {
            used.set(used.get() + more);
            self.mine += more;
        }
        fits
    }

    pub(super) fn run(&self) -> &RunUse {
        &self.run
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        let used = &self.run.0.memory;
        used.set(used.get().saturating_sub(self.mine));
    }
}

/// The interpreter: compiled modules live in it, VMs share it.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(super) wasmi: wasmi::Engine,
}

impl Engine {
    /// An interpreter with fuel, a bounded stack, and the Wasm features that Envoy's V8 has.
    pub fn new(limits: &Limits) -> Self {
        let mut config = wasmi::Config::default();
        config
            .consume_fuel(true)
            .set_min_stack_height(limits.stack_bytes.min(4096))
            .set_max_stack_height(limits.stack_bytes)
            .set_max_recursion_depth(limits.stack_frames)
            // Functions are compiled at their first call, once for all VMs: were that paid for,
            // the same callback would cost more in one VM than in the next.
            .fuel_cost(wasmi::CustomFuelCosts {
                bytes_copied_per_fuel: 64,
                fuel_per_bytes_translated: 0,
                fuel_per_bytes_validated: 0,
            });
        Self {
            wasmi: wasmi::Engine::new(&config),
        }
    }
}
