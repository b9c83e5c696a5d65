//! Calls on bodies, TCP data, configurations and callout answers.

use super::{MEMORY, OUT};
use crate::abi::Status::{self, *};
use crate::abi::table::{ALL, Group::Buffers, HostCall, ParamKind::*, Returns, p};

const BUFFER: (Status, &str) = (BadArgument, "the buffer type is greater than 8");
const ABSENT: (Status, &str) = (NotFound, "there is no such buffer now");

pub(super) const CALLS: &[HostCall] = &[
    HostCall {
        name: "proxy_get_buffer_bytes",
        group: Buffers,
        versions: ALL,
        params: &[
            p("buffer_type", Buffer),
            p("offset", U32),
            p("max_size", U32),
            p("return_value", OutBytes),
        ],
        returns: Returns::Status,
        statuses: &[BUFFER, ABSENT, OUT],
        rust_ok: &[Ok, NotFound],
        doc: "Reads a part of a buffer. Offset and size are clamped to what is there.",
    },
    HostCall {
        name: "proxy_get_buffer_status",
        group: Buffers,
        versions: ALL,
        params: &[
            p("buffer_type", Buffer),
            p("return_size", OutU32),
            p("return_flags", OutU32),
        ],
        returns: Returns::Status,
        statuses: &[BUFFER, ABSENT, OUT],
        rust_ok: &[],
        doc: "Tells a buffer's size. The flags are always 0.",
    },
    HostCall {
        name: "proxy_set_buffer_bytes",
        group: Buffers,
        versions: ALL,
        params: &[
            p("buffer_type", Buffer),
            p("offset", U32),
            p("size", U32),
            p("value", Bytes),
        ],
        returns: Returns::Status,
        statuses: &[
            BUFFER,
            ABSENT,
            MEMORY,
            (
                BadArgument,
                "the buffer cannot be written now, or the offset lies inside it (only 0 or its end work)",
            ),
        ],
        rust_ok: &[Ok],
        doc: "Writes a buffer: offset 0 and size 0 put bytes in front, offset 0 and a size replace that many, an offset at or beyond the end appends.",
    },
];
