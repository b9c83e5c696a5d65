//! One host call while it is performed: its arguments, the guest's memory, the proxy.
//!
//! The proxy is moved out of the store for the time of the call, so that a body can look at guest
//! memory and at the proxy at once. Results are handed over when the body is done and the proxy is back
//! in the store, because the guest's allocator may log.

use super::failure::Stop;
use super::port::{Answer, At, Proxy, Refusal};
use super::state::VmState;
use crate::abi::{HostCall, LogLevel, Status};
use crate::model::exercise::Played;
use std::borrow::Cow;
use wasmi::StoreContextMut;

/// A result on its way to the guest.
pub(super) enum Out {
    /// A number for the out-pointer at this place.
    U32(usize, u32),
    /// A 64-bit number for the out-pointer at this place.
    U64(usize, u64),
    /// Bytes for the two out-pointers from this place on, in memory that the guest allocates.
    Bytes(usize, Vec<u8>),
    /// Like `Bytes`, known to be serialised pairs.
    Pairs(usize, Vec<u8>),
    /// Like `Bytes`, where an out-pointer of 0 means that the guest does not want it.
    Optional(usize, Vec<u8>),
    /// Like `Bytes`, as somebody has filled it in who plays the host.
    Played(usize, Box<Played>),
}

impl Out {
    /// The bytes that are copied for it.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::U32(..) => 4,
            Self::U64(..) => 8,
            Self::Bytes(_, bytes) | Self::Pairs(_, bytes) | Self::Optional(_, bytes) => bytes.len(),
            Self::Played(_, played) => played.bytes.as_ref().map_or(0, |bytes| bytes.len()),
        }
    }
}

/// A host call that is being performed.
pub(super) struct Call<'a, P: Proxy> {
    pub(super) ctx: StoreContextMut<'a, VmState<P>>,
    pub(super) proxy: Box<P>,
    pub(super) at: At,
    pub(super) call: &'static HostCall,
    pub(super) args: &'a [u64],
    /// What is written when the body is done: the proxy is back in its place by then.
    pub(super) outs: [Option<Out>; 2],
    /// Whether they are written even when the body refuses.
    pub(super) outs_always: bool,
    /// Something to say about an `Ok` in the trace.
    pub(super) reason: Cow<'static, str>,
    pub(super) stop: Option<Stop>,
    /// The entries of a map that were looked through: they cost fuel as bytes do.
    pub(super) walked: usize,
}

impl<'a, P: Proxy> Call<'a, P> {
    pub(super) fn new(
        ctx: StoreContextMut<'a, VmState<P>>,
        proxy: Box<P>,
        call: &'static HostCall,
        args: &'a [u64],
        at: At,
    ) -> Self {
        Self {
            ctx,
            proxy,
            at,
            call,
            args,
            outs: [None, None],
            outs_always: false,
            reason: Cow::Borrowed(""),
            stop: None,
            walked: 0,
        }
    }

    pub(super) fn state(&mut self) -> &mut VmState<P> {
        self.ctx.data_mut()
    }

    /// Says something about an `Ok` in the trace.
    pub(super) fn note(&mut self, reason: impl Into<Cow<'static, str>>) {
        self.reason = reason.into();
    }

    /// Ends the guest's call when this host call is over.
    pub(super) fn trap(&mut self, cause: impl Into<String>, limit: Option<&'static str>) {
        self.stop = Some(Stop::Trap(cause.into(), limit));
    }

    /// Ends the guest's call as `proc_exit` does.
    pub(super) fn exit(&mut self, code: u32) {
        self.stop = Some(Stop::Exit(code));
    }

    /// The argument word at this place, cut to 32 bits.
    pub(super) fn word(&self, place: usize) -> u32 {
        self.long(place) as u32
    }

    /// The argument word at this place, with all its bits.
    pub(super) fn long(&self, place: usize) -> u64 {
        self.args.get(place).copied().unwrap_or(0)
    }

    /// The guest's memory.
    pub(super) fn memory(&self) -> &[u8] {
        match self.ctx.data().memory {
            Some(memory) => memory.data(&self.ctx),
            None => &[],
        }
    }

    /// The bytes at `pointer`; `None` when they are not all inside memory.
    pub(super) fn slice(&self, pointer: u32, size: u32) -> Option<&[u8]> {
        // Both fit 32 bits, so the sum cannot wrap in 64: a wrap is an address outside.
        let end = u64::from(pointer) + u64::from(size);
        let end = usize::try_from(end).ok()?;
        self.memory().get(pointer as usize..end)
    }

    /// The bytes whose pointer and size are the arguments at `place` and after.
    pub(super) fn bytes(&self, place: usize) -> Answer<&[u8]> {
        let (pointer, size) = (self.word(place), self.word(place + 1));
        match self.slice(pointer, size) {
            Some(bytes) => Ok(bytes),
            None => Err(self.outside(place, pointer, size)),
        }
    }

    /// Memory and proxy at once: the bytes of the arguments at `place`, and who answers.
    pub(super) fn bytes_and_proxy(&mut self, place: usize) -> Answer<(&[u8], &mut P)> {
        let (pointer, size) = (self.word(place), self.word(place + 1));
        let end = usize::try_from(u64::from(pointer) + u64::from(size)).ok();
        let memory = match self.ctx.data().memory {
            Some(memory) => memory.data(&self.ctx),
            None => &[],
        };
        let length = memory.len();
        match end.and_then(|end| memory.get(pointer as usize..end)) {
            Some(bytes) => Ok((bytes, &mut self.proxy)),
            None => Err(outside(self.call, place, pointer, size, length)),
        }
    }

    /// The same for the bytes at two places.
    pub(super) fn two_and_proxy(
        &mut self,
        first: usize,
        second: usize,
    ) -> Answer<(&[u8], &[u8], &mut P)> {
        self.bytes(first)?;
        let wrong = self.bytes(second).err();
        if let Some(refusal) = wrong {
            return Err(refusal);
        }
        let memory = match self.ctx.data().memory {
            Some(memory) => memory.data(&self.ctx),
            None => &[],
        };
        let part = |pointer: u64, size: u64| {
            let (pointer, size) = (pointer as u32 as usize, size as u32 as usize);
            memory
                .get(pointer..)
                .and_then(|rest| rest.get(..size))
                .unwrap_or_default()
        };
        let word = |place: usize| self.args.get(place).copied().unwrap_or(0);
        let one = part(word(first), word(first + 1));
        let two = part(word(second), word(second + 1));
        Ok((one, two, &mut self.proxy))
    }

    fn outside(&self, place: usize, pointer: u32, size: u32) -> Refusal {
        outside(self.call, place, pointer, size, self.memory().len())
    }

    /// Writes bytes at an address; `None` when they do not fit into memory.
    pub(super) fn write(&mut self, pointer: u32, bytes: &[u8]) -> Option<()> {
        write(&mut self.ctx, pointer, bytes)
    }

    /// Lets the proxy fill guest memory; `None` when it is not all inside memory.
    pub(super) fn fill(
        &mut self,
        pointer: u32,
        size: u32,
        fill: impl FnOnce(&mut P, &mut [u8]),
    ) -> Option<()> {
        let memory = self.ctx.data().memory?;
        let end = usize::try_from(u64::from(pointer) + u64::from(size)).ok()?;
        let bytes = memory.data_mut(&mut self.ctx);
        fill(&mut self.proxy, bytes.get_mut(pointer as usize..end)?);
        Some(())
    }

    /// Hands something over when the body is done.
    pub(super) fn give(&mut self, out: Out) {
        let free = self.outs.iter_mut().find(|place| place.is_none());
        if let Some(free) = free {
            *free = Some(out);
        }
    }

    /// The store's reused buffer, empty; giving it brings it back.
    pub(super) fn take_scratch(&mut self) -> Vec<u8> {
        let mut scratch = std::mem::take(&mut self.state().scratch);
        scratch.clear();
        scratch
    }

    /// Writes a number through the out-pointer at this place before the proxy is asked.
    pub(super) fn put_now(&mut self, place: usize, n: u32) -> Answer<()> {
        let pointer = self.word(place);
        match self.write(pointer, &n.to_le_bytes()) {
            Some(()) => Ok(()),
            None => Err(self.outside(place, pointer, 4)),
        }
    }

    /// A line in the log, counted against the VM's limit.
    pub(super) fn log(&mut self, level: LogLevel, message: &[u8]) {
        if self.within_log_limit(message.len()) {
            self.proxy.log(self.at, level, message);
        }
    }

    /// Keeps what [`last_words`] has found in a line.
    pub(super) fn remember(&mut self, said: Option<Vec<u8>>) {
        if said.is_some() {
            self.state().said = said;
        }
    }

    /// Counts a line; when it is one too many, the guest's call ends.
    pub(super) fn within_log_limit(&mut self, length: usize) -> bool {
        let state = self.state();
        state.logged += length as u64 + 1;
        let (own, run) = (state.limits.log_bytes, state.limits.run_log_bytes);
        let more = length as u64 + 1;
        if state.logged > own {
            let cause = format!("log limit: the VM has logged more than {own} bytes");
            self.trap(cause, Some("log"));
        } else if !state.share.run().logs(more, run) {
            let cause =
                format!("run log limit: the VMs of this run have logged more than {run} bytes");
            self.trap(cause, Some("run log"));
        } else {
            return true;
        }
        false
    }

    /// Counts what the proxy is given to keep; when it is too much, the guest's call ends.
    pub(super) fn may_keep(&mut self, bytes: usize) -> bool {
        !KEEPING.contains(&self.call.name) || self.count_kept(bytes)
    }

    /// Counts bytes that the proxy keeps; when they are too many, the guest's call ends.
    pub(super) fn count_kept(&mut self, bytes: usize) -> bool {
        let state = self.state();
        let limit = state.limits.kept_bytes;
        let within = state.share.run().keeps(bytes as u64 + PLACE, limit);
        if !within {
            let cause = format!(
                "kept limit: the VMs of this run have handed over more than {limit} bytes for the proxy to keep: headers, bodies, callouts, shared data, queue items, properties and metrics"
            );
            self.trap(cause, Some("kept"));
        }
        within
    }
}

/// The calls whose bytes the proxy keeps when the callback is over.
const KEEPING: [&str; 14] = [
    "proxy_set_shared_data",
    "proxy_enqueue_shared_queue",
    "proxy_register_shared_queue",
    "proxy_set_property",
    "proxy_define_metric",
    "proxy_set_header_map_pairs",
    "proxy_add_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_set_buffer_bytes",
    "proxy_send_local_response",
    "proxy_http_call",
    "proxy_grpc_call",
    "proxy_grpc_stream",
    "proxy_grpc_send",
];
/// The bytes that are kept of a guest's last words.
const SAID_MAX: usize = 1000;

/// What to keep of a line that may be the guest's last words.
pub(super) fn last_words(level: LogLevel, line: &[u8]) -> Option<Vec<u8>> {
    (level >= LogLevel::Error).then(|| line.get(..SAID_MAX).unwrap_or(line).to_vec())
}

/// What keeping something costs beside its bytes.
const PLACE: u64 = 64;

/// The parameter that the argument word at this place belongs to.
pub(super) fn param(call: &HostCall, place: usize) -> &'static str {
    let mut first = 0;
    for param in call.params {
        first += param.kind.wasm().len();
        if place < first {
            return param.name;
        }
    }
    ""
}

/// The refusal of an address outside memory.
pub(super) fn outside(
    call: &HostCall,
    place: usize,
    pointer: u32,
    size: u32,
    length: usize,
) -> Refusal {
    let name = param(call, place);
    let reason = format!(
        "{name}: {size} bytes at 0x{pointer:x} lie outside the module's memory of {length} bytes"
    );
    Refusal::new(Status::InvalidMemoryAccess, reason)
}

/// Writes bytes at an address of the guest; `None` when they do not fit into memory.
pub(super) fn write<P: Proxy>(
    ctx: &mut StoreContextMut<'_, VmState<P>>,
    pointer: u32,
    bytes: &[u8],
) -> Option<()> {
    let memory = ctx.data().memory?;
    let end = usize::try_from(u64::from(pointer) + bytes.len() as u64).ok()?;
    let place = memory.data_mut(&mut *ctx).get_mut(pointer as usize..end)?;
    place.copy_from_slice(bytes);
    Some(())
}
