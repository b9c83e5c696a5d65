//! What a VM keeps beside the guest's own memory: contexts, phase, limits, the proxy while it runs.

use super::failure::Failure;
use super::limits::{Limits, MemoryShare};
use super::link::Bound;
use super::port::{At, HostCallPoint, Proxy};
use super::profile::Profile;
use crate::abi::AbiVersion;
use crate::model::moment::Mark;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use wasmi::errors::{MemoryError, TableError};
use wasmi::{Func, Memory, ResourceLimiter};
use wasmi_core::LimiterError;

/// What the guest is being called for; decides which host calls are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The VM starts: a short list of calls.
    Start,
    /// A callback: everything.
    Callback,
    /// The guest's allocator: a very short list.
    Allocator,
}

/// The most words that a host call has.
pub(super) const MAX_ARGS: usize = 12;

/// A host call that waits to be performed.
pub(super) struct Pending<P: Proxy> {
    pub(super) bound: Bound<P>,
    pub(super) args: [u64; MAX_ARGS],
    pub(super) len: usize,
    pub(super) point: HostCallPoint,
}

/// The data of a store.
pub(super) struct VmState<P: Proxy> {
    /// Here only while the guest runs.
    pub(super) proxy: Option<Box<P>>,
    pub(super) vm: u32,
    pub(super) abi: AbiVersion,
    pub(super) phase: Phase,
    /// The context that the callback was made for.
    pub(super) current: u32,
    /// The context that the guest has asked to work on; 0 is none.
    pub(super) effective: u32,
    /// Whether the running callback is one in which the plugin's configuration is the configuration.
    pub(super) configuring: bool,
    /// Context to root; a root is its own.
    pub(super) contexts: BTreeMap<u32, u32>,
    pub(super) last_context: u32,
    pub(super) memory: Option<Memory>,
    pub(super) memory_name: String,
    pub(super) allocator: Option<(Func, &'static str)>,
    pub(super) pending: Option<Pending<P>>,
    /// Fuel of the running call that its slices have not given out yet.
    pub(super) fuel_left: u64,
    /// Set by a trap in the allocator, which the host call survives.
    pub(super) failure: Option<Failure>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) capabilities: Option<BTreeSet<String>>,
    pub(super) profile: Profile,
    pub(super) limits: Limits,
    pub(super) logged: u64,
    /// What the run's VMs use together, and this one's part of it.
    pub(super) share: MemoryShare,
    /// The last host call of the running callback that is no logging, and its status: a hint for a
    /// trap, because the interpreter keeps no frames to show.
    pub(super) last_call: Option<(&'static str, Cow<'static, str>)>,
    /// The last line that the running callback has logged at error or critical: what a panic says.
    pub(super) said: Option<Vec<u8>>,
    /// A limit that was refused quietly (`memory.grow` answers -1), to be named if a trap follows.
    pub(super) refused: Option<&'static str>,
    /// What the arguments of the host call point to at which a replay stopped.
    pub(super) marks: Vec<Mark>,
    /// Reused for values on their way to the guest.
    pub(super) scratch: Vec<u8>,
}

impl<P: Proxy> VmState<P> {
    /// Whether a replay has come to its event.
    pub(super) fn halts(&mut self) -> bool {
        let proxy = self.proxy.as_mut();
        proxy.is_some_and(|proxy| proxy.trace().reached())
    }

    /// On behalf of whom a host call is made now.
    pub(super) fn at(&self) -> At {
        let effective = self.effective;
        let context = match self.contexts.contains_key(&effective) {
            true => effective,
            false => self.current,
        };
        let root = self.contexts.get(&context).copied().unwrap_or(context);
        At {
            vm: self.vm,
            context,
            root,
        }
    }

    /// Whether capability restriction lets a name through.
    pub(super) fn allows(&self, name: &str) -> bool {
        match &self.capabilities {
            None => true,
            Some(names) => names.is_empty() || names.contains(name),
        }
    }
}

impl<P: Proxy> ResourceLimiter for VmState<P> {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        if desired as u64 > self.limits.memory_bytes {
            self.refused = Some("memory");
            return Ok(false);
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let more = desired.saturating_sub(current) as u64;
        let fits = self.share.take(more, self.limits.run_memory_bytes);
        if !fits {
            self.refused = Some("run memory");
        }
        Ok(fits)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        if desired > self.limits.table_elements {
            self.refused = Some("table");
            return Ok(false);
        }
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
    }

    fn memory_grow_failed(&mut self, _error: &MemoryError) -> Result<(), LimiterError> {
        Ok(())
    }

    fn table_grow_failed(&mut self, _error: &TableError) -> Result<(), LimiterError> {
        Ok(())
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        100
    }

    fn memories(&self) -> usize {
        100
    }
}
