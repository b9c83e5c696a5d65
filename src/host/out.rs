//! Hands the results of a host call over: memory from the guest's allocator, out-pointers.

use super::call::{Out, outside, param, write};
use super::failure::{Failure, cause};
use super::port::{Answer, Proxy, Refusal};
use super::state::{Phase, VmState};
use crate::abi::{HostCall, Status, pairs};
use crate::model::Bytes;
use crate::model::exercise::Played;
use crate::model::trace::{Kind, Outcome, Trace, Value, arg};
use wasmi::{StoreContextMut, Val};

/// What came of handing over.
pub(super) struct Handed {
    pub(super) result: Answer<()>,
    /// What the trace keeps of it.
    pub(super) value: Option<Value>,
}

/// Writes results in order; the first that cannot be written ends it.
pub(super) fn hand_over<P: Proxy>(
    ctx: &mut StoreContextMut<'_, VmState<P>>,
    call: &'static HostCall,
    args: &[u64],
    outs: [Option<Out>; 2],
    capture: bool,
) -> Handed {
    let mut values = Vec::new();
    let mut to = Place {
        ctx,
        call,
        args,
        capture,
    };
    for out in outs.into_iter().flatten() {
        let (place, result) = match &out {
            Out::U32(place, n) => (*place, to.put(*place, &n.to_le_bytes())),
            Out::U64(place, n) => (*place, to.put(*place, &n.to_le_bytes())),
            Out::Bytes(place, bytes) | Out::Pairs(place, bytes) => {
                (*place, to.deliver(*place, bytes, false))
            }
            Out::Optional(place, bytes) => (*place, to.deliver(*place, bytes, true)),
            Out::Played(place, played) => (*place, to.play(*place, played)),
        };
        if result.is_err() {
            return Handed {
                result,
                value: None,
            };
        }
        if capture {
            values.push((param(call, place), shown(call, &out)));
        }
        if let Out::Bytes(_, bytes) | Out::Pairs(_, bytes) | Out::Optional(_, bytes) = out {
            to.ctx.data_mut().scratch = bytes;
        }
    }
    let value = match values.len() {
        0 => None,
        1 => values.pop().map(|(_, value)| value),
        _ => Some(Value::Pairs(values.into_iter().map(pair).collect())),
    };
    Handed {
        result: Ok(()),
        value,
    }
}

/// Where results go.
struct Place<'c, 's, P: Proxy> {
    ctx: &'c mut StoreContextMut<'s, VmState<P>>,
    call: &'static HostCall,
    args: &'c [u64],
    capture: bool,
}

impl<P: Proxy> Place<'_, '_, P> {
    /// Writes through the out-pointer at this place.
    fn put(&mut self, place: usize, bytes: &[u8]) -> Answer<()> {
        let pointer = self.args.get(place).copied().unwrap_or(0) as u32;
        match write(self.ctx, pointer, bytes) {
            Some(()) => Ok(()),
            None => {
                let length = self.memory_length();
                Err(outside(
                    self.call,
                    place,
                    pointer,
                    bytes.len() as u32,
                    length,
                ))
            }
        }
    }

    fn memory_length(&self) -> usize {
        let memory = self.ctx.data().memory;
        memory.map_or(0, |memory| memory.data_size(&*self.ctx))
    }

    /// Bytes in memory that the guest allocates, address and size through two out-pointers.
    ///
    /// Nothing is allocated for no bytes: address and size are 0. `optional`: a pointer of 0 is left out.
    fn deliver(&mut self, place: usize, bytes: &[u8], optional: bool) -> Answer<()> {
        let size = u32::try_from(bytes.len()).map_err(|_| refuse("the value is too long"))?;
        let mut address = 0;
        if size > 0 {
            address = self.allocate(size)?;
            if write(self.ctx, address, bytes).is_none() {
                let length = self.memory_length();
                return Err(refuse(format!(
                    "the module's allocator gave {size} bytes at 0x{address:x}, outside its memory of {length} bytes"
                )));
            }
        }
        for (place, word) in [(place, address), (place + 1, size)] {
            let unwanted = optional && self.args.get(place) == Some(&0);
            if !unwanted {
                self.put(place, &word.to_le_bytes())?;
            }
        }
        Ok(())
    }

    /// The same as somebody has filled it in: each part as it stands, right or wrong.
    fn play(&mut self, place: usize, played: &Played) -> Answer<()> {
        let empty = Bytes::default();
        let bytes = played.bytes.as_ref().unwrap_or(&empty);
        let length = bytes.len() as u32;
        let address = match played.allocate.unwrap_or(length) {
            0 => 0,
            size => self.allocate(size)?,
        };
        // Without memory of its own a value can only go where the guest is sent.
        let to = match address {
            0 => played.pointer.unwrap_or(0),
            address => address,
        };
        if to != 0 && write(self.ctx, to, bytes).is_none() {
            return Err(refuse(format!(
                "{length} bytes at 0x{to:x} lie outside the module's memory of {} bytes",
                self.memory_length()
            )));
        }
        self.put(place, &played.pointer.unwrap_or(address).to_le_bytes())?;
        self.put(place + 1, &played.size.unwrap_or(length).to_le_bytes())
    }

    /// Calls the guest's allocator; never with 0. Its trap fails the VM, and the host call goes on.
    fn allocate(&mut self, size: u32) -> Answer<u32> {
        let Some((allocator, name)) = self.ctx.data().allocator else {
            return Err(refuse("the module has no allocator"));
        };
        let vm = self.ctx.data().vm;
        let capture = self.capture;
        let event = self.trace(|trace| {
            let args = vec![arg("memory_size", size)];
            let event = trace.record(Kind::Callback, name, Some(vm), Some(0), args, None);
            trace.open(event);
            event
        });
        if self.ctx.data_mut().halts() {
            return Err(refuse("halted"));
        }
        let state = self.ctx.data_mut();
        let before = (state.phase, state.current, state.effective);
        (state.phase, state.current, state.effective) = (Phase::Allocator, 0, 0);
        // The allocator cannot be suspended: it may use all that is left of the callback's limit.
        let slice = self.ctx.get_fuel().unwrap_or(0);
        let fuel = slice + self.ctx.data().fuel_left;
        let _ = self.ctx.set_fuel(fuel);
        let mut out = [Val::I32(0)];
        let done = allocator.call(&mut *self.ctx, &[Val::I32(size as i32)], &mut out);
        if self.ctx.data_mut().halts() {
            return Err(refuse("halted"));
        }
        let rest = self.ctx.get_fuel().unwrap_or(0);
        let used = fuel.saturating_sub(rest);
        let _ = self.ctx.set_fuel(rest.min(slice));
        let state = self.ctx.data_mut();
        state.fuel_left = rest - rest.min(slice);
        (state.phase, state.current, state.effective) = before;
        let answer = match (done, &out) {
            (Ok(()), [Val::I32(0)]) => Err("the module's allocator returned 0".to_owned()),
            (Ok(()), [Val::I32(address)]) => Ok(*address as u32),
            (Ok(()), _) => Err("the module's allocator returned no address".to_owned()),
            (Err(error), _) => {
                let (why, limit) = cause(&error, state.limits.fuel_per_callback);
                let failure = Failure::trap(name, why, limit.or(state.refused.take()));
                let why = format!("the module's allocator trapped: {}", failure.cause);
                state.failure.get_or_insert(failure);
                Err(why)
            }
        };
        if capture {
            let outcome = match &answer {
                Ok(address) => Outcome::status(format!("0x{address:x}")),
                Err(why) => Outcome::status(why.clone()),
            };
            self.trace(|trace| {
                trace.close(event.flatten(), Some(outcome), Some(used));
            });
        }
        answer.map_err(refuse)
    }

    fn trace<T>(&mut self, record: impl FnOnce(&mut Trace) -> T) -> Option<T> {
        let capture = self.capture;
        let proxy = self.ctx.data_mut().proxy.as_mut().filter(|_| capture);
        proxy.map(|proxy| record(proxy.trace()))
    }
}

fn refuse(why: impl Into<String>) -> Refusal {
    Refusal::new(Status::InvalidMemoryAccess, why.into())
}

fn shown(call: &HostCall, out: &Out) -> Value {
    match out {
        Out::Bytes(_, bytes) if call.name == "proxy_get_property" => property(bytes),
        Out::Played(_, played) => Value::Bytes(played.bytes.clone().unwrap_or_default()),
        Out::U32(_, n) => Value::Int(i64::from(*n)),
        Out::U64(_, n) => Value::Int(*n as i64),
        Out::Bytes(_, bytes) | Out::Optional(_, bytes) => Value::Bytes(bytes[..].into()),
        Out::Pairs(_, bytes) => match pairs::decode(bytes) {
            Ok(pairs) => Value::Pairs(
                pairs
                    .into_iter()
                    .map(|(k, v)| (k.into(), v.into()))
                    .collect(),
            ),
            Err(_) => Value::Bytes(bytes[..].into()),
        },
    }
}

/// A property travels without its type: 8 bytes that are no text are taken for a number, one byte
/// of 0 or 1 for a bool.
fn property(bytes: &[u8]) -> Value {
    let is_text = bytes
        .iter()
        .all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    match (bytes, <[u8; 8]>::try_from(bytes)) {
        ([0], _) => "false".into(),
        ([1], _) => "true".into(),
        (_, Ok(number)) if !is_text => Value::Int(i64::from_le_bytes(number)),
        _ => Value::Bytes(bytes.into()),
    }
}

/// A value among several, as a pair.
fn pair((name, value): (&'static str, Value)) -> (Bytes, Bytes) {
    let value = match value {
        Value::Int(n) => n.to_string().into(),
        Value::Word(word) => Bytes::from(&*word),
        Value::Bytes(bytes) => bytes,
        Value::Pairs(pairs) => format!("{} pairs", pairs.len()).into(),
    };
    (name.into(), value)
}
