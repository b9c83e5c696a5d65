//! State shared between VMs: data with compare-and-swap, and queues.

use super::{MEMORY, OUT};
use crate::abi::Status::*;
use crate::abi::table::{ALL, Group::State, HostCall, ParamKind::*, Returns, p};

pub(super) const CALLS: &[HostCall] = &[
    HostCall {
        name: "proxy_get_shared_data",
        group: State,
        versions: ALL,
        params: &[
            p("key", Bytes),
            p("return_value", OutBytes),
            p("return_cas", OutU32),
        ],
        returns: Returns::Status,
        statuses: &[MEMORY, (NotFound, "the key has no value"), OUT],
        rust_ok: &[Ok, NotFound],
        doc: "Reads a value that all VMs of this vm_id share, and the number that its next writer can check.",
    },
    HostCall {
        name: "proxy_set_shared_data",
        group: State,
        versions: ALL,
        params: &[p("key", Bytes), p("value", Bytes), p("cas", U32)],
        returns: Returns::Status,
        statuses: &[
            MEMORY,
            (
                CasMismatch,
                "somebody has written since this number was read",
            ),
        ],
        rust_ok: &[Ok, CasMismatch],
        doc: "Writes a shared value. With a number other than 0, only if nobody has written in between.",
    },
    HostCall {
        name: "proxy_register_shared_queue",
        group: State,
        versions: ALL,
        params: &[p("name", Bytes), p("return_id", OutU32)],
        returns: Returns::Status,
        statuses: &[MEMORY, OUT],
        rust_ok: &[Ok],
        doc: "Makes a queue, or joins it: the same name is the same queue. From now on this root context is told about new items.",
    },
    HostCall {
        name: "proxy_resolve_shared_queue",
        group: State,
        versions: ALL,
        params: &[p("vm_id", Bytes), p("name", Bytes), p("return_id", OutU32)],
        returns: Returns::Status,
        statuses: &[MEMORY, (NotFound, "nobody has registered this queue"), OUT],
        rust_ok: &[Ok, NotFound],
        doc: "Finds a queue of another vm_id by name; an empty vm_id is one's own.",
    },
    HostCall {
        name: "proxy_enqueue_shared_queue",
        group: State,
        versions: ALL,
        params: &[p("queue_id", U32), p("value", Bytes)],
        returns: Returns::Status,
        statuses: &[MEMORY, (NotFound, "there is no queue with this id")],
        rust_ok: &[Ok, NotFound],
        doc: "Puts an item at the end of a queue.",
    },
    HostCall {
        name: "proxy_dequeue_shared_queue",
        group: State,
        versions: ALL,
        params: &[p("queue_id", U32), p("return_value", OutBytes)],
        returns: Returns::Status,
        statuses: &[
            (NotFound, "there is no queue with this id"),
            (Empty, "the queue has no item"),
            OUT,
        ],
        rust_ok: &[Ok, NotFound, Empty],
        doc: "Takes the first item of a queue. It is gone even if it could not be handed over.",
    },
];
