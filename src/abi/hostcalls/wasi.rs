//! WASI as far as modules for proxies need it: log through stdout and stderr, environment,
//! clocks, random bytes, and refusals for everything that a proxy does not have.

use crate::abi::table::{Group::Wasi, HostCall, NONE, Param, ParamKind::*, Returns, p};

const fn wasi(name: &'static str, params: &'static [Param], doc: &'static str) -> HostCall {
    HostCall {
        name,
        group: Wasi,
        versions: NONE,
        params,
        returns: Returns::Errno,
        statuses: &[],
        rust_ok: &[],
        doc,
    }
}

pub(super) const CALLS: &[HostCall] = &[
    wasi(
        "fd_write",
        &[
            p("fd", U32),
            p("iovs", Pointer),
            p("iovs_len", U32),
            p("return_size", OutU32),
        ],
        "Writes to stdout (a log line at info) or stderr (at error). One call is one line.",
    ),
    wasi(
        "fd_pwrite",
        &[
            p("fd", U32),
            p("iovs", Pointer),
            p("iovs_len", U32),
            p("offset", I64),
            p("return_size", OutU32),
        ],
        "Like fd_write; the offset is ignored.",
    ),
    wasi(
        "fd_read",
        &[
            p("fd", U32),
            p("iovs", Pointer),
            p("iovs_len", U32),
            p("return_size", Pointer),
        ],
        "There is nothing to read: NOSYS.",
    ),
    wasi(
        "fd_pread",
        &[
            p("fd", U32),
            p("iovs", Pointer),
            p("iovs_len", U32),
            p("offset", I64),
            p("return_size", Pointer),
        ],
        "There is nothing to read: NOSYS.",
    ),
    wasi(
        "fd_seek",
        &[
            p("fd", U32),
            p("offset", I64),
            p("whence", U32),
            p("return_offset", Pointer),
        ],
        "Does nothing, with success.",
    ),
    wasi("fd_close", &[p("fd", U32)], "Does nothing, with success."),
    wasi(
        "fd_tell",
        &[p("fd", U32), p("return_offset", OutU64)],
        "Stdout and stderr stand at 0.",
    ),
    wasi(
        "fd_fdstat_get",
        &[p("fd", U32), p("return_stat", Pointer)],
        "Stdout and stderr can be written.",
    ),
    wasi(
        "fd_fdstat_set_flags",
        &[p("fd", U32), p("flags", U32)],
        "There are no flags: NOSYS.",
    ),
    wasi(
        "fd_fdstat_set_rights",
        &[
            p("fd", U32),
            p("rights_base", I64),
            p("rights_inheriting", I64),
        ],
        "Accepted for stdout and stderr.",
    ),
    wasi(
        "fd_allocate",
        &[p("fd", U32), p("offset", I64), p("size", I64)],
        "Accepted for stdout and stderr.",
    ),
    wasi(
        "fd_datasync",
        &[p("fd", U32)],
        "Accepted for stdout and stderr.",
    ),
    wasi(
        "fd_sync",
        &[p("fd", U32)],
        "Accepted for stdout and stderr.",
    ),
    wasi(
        "fd_filestat_set_size",
        &[p("fd", U32), p("size", I64)],
        "Accepted for stdout and stderr.",
    ),
    wasi(
        "fd_filestat_set_times",
        &[
            p("fd", U32),
            p("atime", I64),
            p("mtime", I64),
            p("flags", U32),
        ],
        "Accepted for stdout and stderr.",
    ),
    wasi(
        "fd_advise",
        &[
            p("fd", U32),
            p("offset", I64),
            p("size", I64),
            p("advice", U32),
        ],
        "Does nothing, with success.",
    ),
    wasi(
        "fd_filestat_get",
        &[p("fd", U32), p("return_stat", Pointer)],
        "There are no files: BADF.",
    ),
    wasi(
        "fd_prestat_get",
        &[p("fd", U32), p("return_prestat", Pointer)],
        "There are no directories: BADF ends the module's search for them.",
    ),
    wasi(
        "fd_prestat_dir_name",
        &[p("fd", U32), p("path", Pointer), p("path_size", U32)],
        "There are no directories: NOSYS.",
    ),
    wasi(
        "fd_readdir",
        &[
            p("fd", U32),
            p("buf", Pointer),
            p("buf_size", U32),
            p("cookie", I64),
            p("return_size", OutU32),
        ],
        "There are no directories.",
    ),
    wasi(
        "fd_renumber",
        &[p("fd", U32), p("to", U32)],
        "Not supported.",
    ),
    wasi(
        "path_open",
        &[
            p("fd", U32),
            p("dirflags", U32),
            p("path", Pointer),
            p("path_size", U32),
            p("oflags", U32),
            p("rights_base", I64),
            p("rights_inheriting", I64),
            p("fdflags", U32),
            p("return_fd", Pointer),
        ],
        "There are no files: NOENT.",
    ),
    wasi(
        "path_create_directory",
        &[p("fd", U32), p("path", Pointer), p("path_size", U32)],
        "Not supported.",
    ),
    wasi(
        "path_filestat_get",
        &[
            p("fd", U32),
            p("flags", U32),
            p("path", Pointer),
            p("path_size", U32),
            p("return_stat", Pointer),
        ],
        "Not supported.",
    ),
    wasi(
        "path_filestat_set_times",
        &[
            p("fd", U32),
            p("flags", U32),
            p("path", Pointer),
            p("path_size", U32),
            p("atime", I64),
            p("mtime", I64),
            p("fst_flags", U32),
        ],
        "Not supported.",
    ),
    wasi(
        "path_remove_directory",
        &[p("fd", U32), p("path", Pointer), p("path_size", U32)],
        "Not supported.",
    ),
    wasi(
        "path_rename",
        &[
            p("fd", U32),
            p("old_path", Pointer),
            p("old_path_size", U32),
            p("new_fd", U32),
            p("new_path", Pointer),
            p("new_path_size", U32),
        ],
        "Not supported.",
    ),
    wasi(
        "path_unlink_file",
        &[p("fd", U32), p("path", Pointer), p("path_size", U32)],
        "Not supported.",
    ),
    wasi(
        "path_readlink",
        &[
            p("fd", U32),
            p("path", Pointer),
            p("path_size", U32),
            p("buf", Pointer),
            p("buf_size", U32),
            p("return_size", OutU32),
        ],
        "Not supported.",
    ),
    wasi(
        "path_link",
        &[
            p("old_fd", U32),
            p("old_flags", U32),
            p("old_path", Pointer),
            p("old_path_size", U32),
            p("new_fd", U32),
            p("new_path", Pointer),
            p("new_path_size", U32),
        ],
        "Not supported. Envoy registers it with another type, and loads no module that imports it with WASI's.",
    ),
    wasi(
        "path_symlink",
        &[
            p("old_path", Pointer),
            p("old_path_size", U32),
            p("fd", U32),
            p("new_path", Pointer),
            p("new_path_size", U32),
        ],
        "Not supported. Envoy registers it with another type, and loads no module that imports it with WASI's.",
    ),
    wasi(
        "sock_accept",
        &[p("fd", U32), p("flags", U32), p("return_fd", OutU32)],
        "Not supported.",
    ),
    wasi(
        "sock_recv",
        &[
            p("fd", U32),
            p("ri_data", Pointer),
            p("ri_data_len", U32),
            p("ri_flags", U32),
            p("return_size", OutU32),
            p("return_flags", Pointer),
        ],
        "Not supported.",
    ),
    wasi(
        "sock_send",
        &[
            p("fd", U32),
            p("si_data", Pointer),
            p("si_data_len", U32),
            p("si_flags", U32),
            p("return_size", OutU32),
        ],
        "Not supported.",
    ),
    wasi(
        "sock_shutdown",
        &[p("fd", U32), p("how", U32)],
        "Not supported.",
    ),
    wasi(
        "environ_sizes_get",
        &[p("return_count", OutU32), p("return_size", OutU32)],
        "Tells how many environment variables there are, and how many bytes they take.",
    ),
    wasi(
        "environ_get",
        &[p("environ", Pointer), p("environ_buf", Pointer)],
        "Reads the environment variables that the VM's configuration gives.",
    ),
    wasi(
        "args_sizes_get",
        &[p("return_count", OutU32), p("return_size", OutU32)],
        "There are no arguments.",
    ),
    wasi(
        "args_get",
        &[p("argv", Pointer), p("argv_buf", Pointer)],
        "There are no arguments.",
    ),
    wasi(
        "clock_time_get",
        &[
            p("clock_id", U32),
            p("precision", I64),
            p("return_time", OutU64),
        ],
        "Tells the wall clock (0) or the monotonic clock (1), in nanoseconds.",
    ),
    wasi(
        "clock_res_get",
        &[p("clock_id", U32), p("return_resolution", OutU64)],
        "Both clocks tick in nanoseconds.",
    ),
    wasi(
        "random_get",
        &[p("buf", Pointer), p("buf_size", U32)],
        "Random bytes, at most 65536 at a time.",
    ),
    wasi("sched_yield", &[], "Does nothing, with success."),
    wasi(
        "poll_oneoff",
        &[
            p("in", Pointer),
            p("out", Pointer),
            p("subscriptions", U32),
            p("return_events", OutU32),
        ],
        "There are never events.",
    ),
    HostCall {
        returns: Returns::Nothing,
        ..wasi(
            "proc_exit",
            &[p("exit_code", U32)],
            "Ends the call; anything but 0 is a trap, and so is any exit outside _start.",
        )
    },
];
