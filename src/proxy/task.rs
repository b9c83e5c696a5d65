//! What a thread has to do: tasks, the guest calls they ask for, and what comes after each.
//!
//! All plain data, so that a thread can be parked at a host call and go on later. A task makes at
//! most one guest call; its [`After`] maps what the guest returned and pushes what comes next.

use super::grpc::Signal;
use super::tcp::{TcpAfter, TcpTask};
use crate::host::GuestCall;

/// A direction through the filter chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Request, in the order of the configuration.
    Decode,
    /// Response, in reverse.
    Encode,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// Its headers.
    Headers,
    /// Bytes of its body.
    Data(Vec<u8>),
    /// Its trailers.
    Trailers,
}

/// A part on its way through the chain, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pass {
    /// The stream.
    pub(super) stream: usize,
    /// Which way it goes.
    pub(super) direction: Direction,
    /// What goes.
    pub(super) part: Part,
    /// The filter it has come to; `None` is the end: the router, or the client's codec.
    pub(super) at: Option<usize>,
    /// Whether nothing comes after it.
    pub(super) end: bool,
    /// The filter that has added trailers while this body passed: they start behind it.
    pub(super) trailers_from: Option<usize>,
    /// The chain step's event.
    pub(super) event: Option<u32>,
}

/// The second half of continuing a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContinueBody {
    /// The stream.
    pub(super) stream: usize,
    /// Which way.
    pub(super) direction: Direction,
    /// The filter that gets the body: the one that stopped, if it has not seen it, or the next.
    pub(super) at: Option<usize>,
    /// Whether there were trailers before.
    pub(super) had_trailers: bool,
    /// Whether they go on now.
    pub(super) trailers: bool,
}

/// What a VM is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Loaded once, never serves.
    Base,
    /// Tries a plugin's configuration and is thrown away.
    Canary,
    /// Serves a thread.
    Serving,
}

/// The steps of bringing up a plugin on a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Make the VM, unless the thread has one of this key.
    Make,
    /// Run its start functions.
    Start,
    /// Create the root context.
    Create,
    /// `on_vm_start`.
    VmStart,
    /// `on_configure`.
    Configure,
}

/// Bringing up a plugin on a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Boot {
    /// The plugin.
    pub(super) plugin: usize,
    /// What for.
    pub(super) role: Role,
    /// The next step.
    pub(super) stage: Stage,
    /// The VM, once it is known.
    pub(super) vm: usize,
    /// The root context, once it is known.
    pub(super) root: u32,
    /// The chain step's event.
    pub(super) event: Option<u32>,
}

/// What a thread has to do.
#[derive(Clone, Debug)]
pub(super) enum Task {
    /// A step of a plugin's start.
    Boot(Boot),
    /// A plugin's code is asked for: the plugin, and which attempt it is, from 0.
    FetchCode(usize, u32),
    /// An attempt is over.
    CodeFetched(usize, u32),
    /// A part moves on by one filter.
    Pass(Pass),
    /// A filter goes on after it had stopped; whether trailers go with it.
    Continue(usize, usize, Direction, bool),
    /// After the headers of a continued filter: its held body, then trailers.
    ContinueBody(ContinueBody),
    /// Trailers of a continued filter, from a filter on.
    ContinueTrailers(usize, Direction, Option<usize>),
    /// The client's next frame is read.
    ClientRead(usize),
    /// The upstream's next frame is read.
    UpstreamRead(usize),
    /// The client goes away.
    ClientGone(usize),
    /// The route's timeout strikes.
    RouteTimeout(usize),
    /// The timeout of one attempt strikes.
    PerTryTimeout(usize),
    /// The back-off before another attempt is over.
    Retry(usize),
    /// The stream idle timeout strikes.
    IdleTimeout(usize),
    /// An upstream begins to answer.
    UpstreamAnswer(usize),
    /// A delay of a fault filter is over: stream and filter.
    FaultDelay(usize, usize),
    /// A response that a fault slows down may go on: stream, filter.
    FaultTokens(usize, usize),
    /// A rate limit service has answered, or has not: stream and filter.
    RateLimited(usize, usize),
    /// An HTTP call of a script ends: its number.
    LuaCalled(usize),
    /// The stream has ended: access logs.
    Log(usize),
    /// `on_log` of an access logger's root: stream and plugin.
    RootLog(usize, usize),
    /// `on_log` of a filter.
    FilterLog(usize, usize),
    /// `on_done` of a filter.
    FilterDone(usize, usize),
    /// `on_delete` of a filter.
    FilterDelete(usize, usize),
    /// The last of a stream, and the event that it closes.
    Ended(usize, Option<u32>),
    /// An item of traffic begins.
    Begin(usize),
    /// An item of traffic that only let time pass is over.
    Elapsed(usize),
    /// A root's timer strikes: VM and root.
    Tick(usize, u32),
    /// An item waits in a queue: VM, root, token.
    QueueReady(usize, u32, u32),
    /// An HTTP callout ends: its number.
    Callout(usize),
    /// A gRPC callout's next frame is here: its number.
    GrpcFrame(usize),
    /// A gRPC call's time is over: its number.
    GrpcTimeout(usize),
    /// A plugin hears of its gRPC callout: its number.
    Grpc(usize, Signal),
    /// Something of a TCP connection.
    Tcp(TcpTask),
    /// `on_delete` of a root that has called `proxy_done`: VM and root.
    RootDelete(usize, u32),
    /// A plugin's handle goes at the end: `on_done` of its root.
    PluginStops(usize),
    /// After `on_done` of its root: the plugin, and the event that it closes.
    PluginStopped(usize, Option<u32>),
}

/// What comes after a guest call.
#[derive(Clone, Debug)]
pub(super) enum After {
    /// A step of a plugin's start.
    Boot(Boot),
    /// A stream's context exists: the pass goes on.
    Created(Pass),
    /// A filter's callback returned.
    Callback(Pass),
    /// A context made for `on_log` alone.
    CreatedToLog(usize, usize),
    /// `on_log` of an access logger's root returned: VM and root.
    LoggedByRoot(usize, u32),
    /// `on_log` of a filter returned.
    Logged(usize, usize),
    /// `on_delete` of a filter returned.
    Deleted(usize, usize),
    /// A tick returned: VM, root and the event that it closes.
    Ticked(usize, u32, Option<u32>),
    /// A queue's notification returned: the event that it closes.
    Notified(Option<u32>),
    /// A callout's callback returned: its number, and the event that it closes.
    CalledOut(usize, Option<u32>),
    /// A gRPC callback returned: the callout's number, and the event that it closes.
    GrpcSignalled(usize, Option<u32>),
    /// `on_done` of a root returned: VM and root.
    RootDone(usize, u32),
    /// `on_delete` of a root returned: VM, root, and the plugin whose end it is with its event.
    RootDeleted(usize, u32, Option<(usize, Option<u32>)>),
    /// Something of a TCP connection.
    Tcp(TcpAfter),
    /// Nothing depends on it.
    Nothing,
}

/// What the driver does to a VM on behalf of a task.
#[derive(Clone, Debug)]
pub(super) enum Command {
    /// Makes the VM of this number.
    Make,
    /// Calls the guest.
    Call(GuestCall),
    /// Allots a context under a root, or a root for `None`, and tells the guest.
    Create(Option<u32>),
    /// `on_delete`, then forgets the context.
    Delete(u32),
}

/// A command, its VM, and what comes after.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The VM's number.
    pub(super) vm: usize,
    /// What to do.
    pub(super) command: Command,
    /// What then.
    pub(super) after: After,
}

/// A call that is being made, or is suspended.
#[derive(Clone, Debug)]
pub(super) struct Made {
    /// The call.
    pub(super) call: Call,
    /// The context that it has made.
    pub(super) context: Option<u32>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ended {
    /// The guest has no such callback.
    Absent,
    /// The guest's return value.
    Returned(u32),
    /// The VM is dead; the text is Envoy's line, once.
    Failed(String),
}
