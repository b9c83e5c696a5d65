//! What stands behind a guest's context, and what a guest has asked for, done once it has returned.

use super::grpc::Signal;
use super::local_reply::Reply;
use super::shared::{Root, Shared};
use super::task::{Direction, Task};
use super::tcp::TcpEffect;
use super::wasm_filter::View;
use crate::host::port::At;

/// What a guest has asked for, to be done once it has returned.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    /// A filter of a stream goes on.
    Continue(usize, usize, Direction),
    /// A stream is reset.
    Close(usize),
    /// A local reply.
    Reply(usize, Reply),
    /// A root that waited is deleted.
    Done(usize, u32),
    /// A gRPC callout that could not be sent ends.
    Grpc(usize, Signal),
    /// Something of a TCP connection.
    Tcp(TcpEffect),
}

impl Shared {
    /// The stream and filter that a context stands for.
    pub(super) fn stream_of(&self, at: At) -> Option<(usize, usize)> {
        self.contexts.get(&(at.vm, at.context)).copied()
    }

    /// The stream that a context can read, and its filter; an access logger's root has none.
    pub(super) fn read_stream(&self, at: At) -> Option<(usize, Option<usize>)> {
        match self.stream_of(at) {
            Some((stream, filter)) => Some((stream, Some(filter))),
            None => Some((self.root_of(at)?.logs?, None)),
        }
    }

    /// The root above a context.
    pub(super) fn root_of(&self, at: At) -> Option<&Root> {
        self.vms.get(at.vm as usize)?.roots.get(&at.root)
    }

    pub(super) fn root_mut(&mut self, at: At) -> Option<&mut Root> {
        self.vms.get_mut(at.vm as usize)?.roots.get_mut(&at.root)
    }

    /// The plugin on whose behalf a call is made.
    pub(super) fn plugin_of(&self, at: At) -> usize {
        match self.stream_of(at) {
            Some((_, filter)) => self.filter_plugin(filter),
            None => self.root_of(at).map_or_else(
                || self.vms.get(at.vm as usize).map_or(0, |vm| vm.plugin),
                |root| root.plugin,
            ),
        }
    }

    pub(super) fn vm_id(&self, at: At) -> Vec<u8> {
        self.plugins[self.plugin_of(at)]
            .config
            .vm_id
            .clone()
            .into_bytes()
    }

    /// Does what the guest has asked for, in order.
    pub(super) fn apply_effects(&mut self) {
        let effects = std::mem::take(&mut self.threads[self.thread].effects);
        for effect in effects {
            match effect {
                Effect::Continue(stream, filter, direction) => {
                    let d = super::wasm_filter::side(direction);
                    let wasm = &mut self.streams[stream].filters[filter].wasm;
                    wasm.body[d] = View::Nothing;
                    wasm.buffering[d] = false;
                    self.push_front(Task::Continue(stream, filter, direction, true));
                }
                Effect::Close(stream) => {
                    let info = &mut self.streams[stream].info;
                    if info.details.is_empty() || info.details == "via_upstream" {
                        info.details = "wasm_close_stream".to_owned();
                    }
                    self.streams[stream].request.aborted = true;
                    self.streams[stream].response.aborted = true;
                    self.reset(stream);
                }
                Effect::Reply(stream, reply) => self.local_reply(stream, reply),
                Effect::Done(vm, root) => self.push_front(Task::RootDelete(vm, root)),
                Effect::Grpc(callout, signal) => self.push_front(Task::Grpc(callout, signal)),
                Effect::Tcp(effect) => self.apply_tcp(effect),
            }
        }
    }

    /// Envoy's buffers: which bytes a type shows now; `Ok(None)` is a body that is not there.
    pub(super) fn body_of(&mut self, at: At, direction: Direction) -> Option<&mut Vec<u8>> {
        let (stream, filter) = self.stream_of(at)?;
        let stream = &mut self.streams[stream];
        let view = stream.filters[filter].wasm.body[super::wasm_filter::side(direction)];
        let half = stream.half(direction);
        match view {
            View::Nothing => None,
            View::Chunk => Some(&mut half.chunk),
            View::Held => half.held.as_mut(),
        }
    }
}
