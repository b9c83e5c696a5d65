//! WASI as Envoy's host answers it: log through stdout and stderr, environment, clocks, random
//! bytes; everything else is refused in the way that lets libraries start.

use super::{Body, Call, Proxy};
use crate::abi::LogLevel;
use crate::host::call::last_words;
use std::borrow::Cow;

/// A WASI error with the rule behind it.
pub(in crate::host) struct Errno {
    pub(in crate::host) number: u32,
    pub(in crate::host) name: &'static str,
    pub(in crate::host) reason: Cow<'static, str>,
}

type Done = Result<(), Errno>;

const BADF: (u32, &str) = (8, "BADF");
const EXIST: (u32, &str) = (20, "EXIST");
const FAULT: (u32, &str) = (21, "FAULT");
const INVAL: (u32, &str) = (28, "INVAL");
const NOENT: (u32, &str) = (44, "NOENT");
const NOSYS: (u32, &str) = (52, "NOSYS");
const NOTSUP: (u32, &str) = (58, "NOTSUP");

fn errno((number, name): (u32, &'static str), reason: &'static str) -> Errno {
    let reason = Cow::Borrowed(reason);
    Errno {
        number,
        name,
        reason,
    }
}

pub(super) fn body<P: Proxy>(name: &str) -> Option<Body<P>> {
    Some(Body::Errno(match name {
        "fd_write" => |call| write(call, 3),
        "fd_pwrite" => |call| write(call, 4),
        "fd_read" | "fd_pread" => |_| Err(errno(NOSYS, "there is nothing to read")),
        "fd_seek" | "fd_close" | "fd_advise" | "sched_yield" => |_| Ok(()),
        "fd_tell" => tell,
        "fd_fdstat_get" => fdstat,
        "fd_fdstat_set_flags" => |_| Err(errno(NOSYS, "descriptors have no flags")),
        "fd_fdstat_set_rights"
        | "fd_allocate"
        | "fd_datasync"
        | "fd_sync"
        | "fd_filestat_set_size"
        | "fd_filestat_set_times" => |call| standard(call),
        "fd_filestat_get" => |_| Err(errno(BADF, "there are no files")),
        "fd_prestat_get" => |_| Err(errno(BADF, "there are no directories")),
        "fd_prestat_dir_name" => |_| Err(errno(NOSYS, "there are no directories")),
        "fd_readdir" => |call| zero(call, 4, Some(errno(EXIST, "there are no directories"))),
        "fd_renumber" => renumber,
        "path_open" => |_| Err(errno(NOENT, "there are no files")),
        "path_create_directory"
        | "path_filestat_get"
        | "path_filestat_set_times"
        | "path_remove_directory"
        | "path_rename"
        | "path_unlink_file"
        | "path_link"
        | "path_symlink" => |_| Err(errno(NOTSUP, "there are no files")),
        "path_readlink" => |call| zero(call, 5, Some(errno(NOTSUP, "there are no files"))),
        "sock_accept" => |call| zero(call, 2, Some(errno(NOTSUP, NO_SOCKETS))),
        "sock_recv" => sock_recv,
        "sock_send" => |call| zero(call, 4, Some(errno(NOTSUP, NO_SOCKETS))),
        "sock_shutdown" => |_| Err(errno(NOTSUP, NO_SOCKETS)),
        "environ_sizes_get" => environ_sizes,
        "environ_get" => environ,
        "args_sizes_get" => args_sizes,
        "args_get" => |_| Ok(()),
        "clock_time_get" => clock_time,
        "clock_res_get" => clock_res,
        "random_get" => random,
        "poll_oneoff" => |call| zero(call, 3, None),
        "proc_exit" => |call| {
            let code = call.word(0);
            call.exit(code);
            Ok(())
        },
        _ => return None,
    }))
}

const NO_SOCKETS: &str = "there are no sockets: use the host calls for callouts";

/// Writes at the address that is the argument at a place.
fn put<P: Proxy>(call: &mut Call<'_, P>, place: usize, bytes: &[u8]) -> Done {
    let pointer = call.word(place);
    let written = call.write(pointer, bytes);
    written.ok_or(errno(
        FAULT,
        "a result's address lies outside the module's memory",
    ))
}

/// Writes a 0 and gives the answer.
fn zero<P: Proxy>(call: &mut Call<'_, P>, place: usize, answer: Option<Errno>) -> Done {
    put(call, place, &[0; 4])?;
    answer.map_or(Ok(()), Err)
}

/// Only stdout and stderr are there.
fn standard<P: Proxy>(call: &Call<'_, P>) -> Done {
    match call.word(0) {
        1 | 2 => Ok(()),
        _ => Err(errno(
            BADF,
            "only descriptors 1 (stdout) and 2 (stderr) are open",
        )),
    }
}

/// (fd, iovs, n, …, out size): one line of the log, at info for stdout and error for stderr.
fn write<P: Proxy>(call: &mut Call<'_, P>, out: usize) -> Done {
    standard(call)?;
    let level = match call.word(0) {
        1 => LogLevel::Info,
        _ => LogLevel::Error,
    };
    let (iovs, count) = (call.word(1), call.word(2));
    let mut text = call.take_scratch();
    for i in 0..u64::from(count) {
        let place = u32::try_from(u64::from(iovs) + 8 * i).ok();
        let part = place.and_then(|place| iovec(call, place));
        let Some(part) = part else {
            return Err(errno(FAULT, "an iovec lies outside the module's memory"));
        };
        text.extend_from_slice(part);
        if text.len() as u64 > call.state().limits.log_bytes {
            // Many small vectors can name the same large block.
            call.within_log_limit(text.len());
            return Ok(());
        }
    }
    let size = text.len() as u32;
    if size > 0 {
        let line = text.strip_suffix(b"\n").unwrap_or(&text);
        call.remember(last_words(level, line));
        call.log(level, line);
    }
    call.state().scratch = text;
    put(call, out, &size.to_le_bytes())
}

fn iovec<'c, P: Proxy>(call: &'c Call<'_, P>, place: u32) -> Option<&'c [u8]> {
    let word = |place: u32| {
        let bytes = call.slice(place, 4)?.try_into().ok()?;
        Some(u32::from_le_bytes(bytes))
    };
    call.slice(word(place)?, word(place.checked_add(4)?)?)
}

/// (fd, out offset)
fn tell<P: Proxy>(call: &mut Call<'_, P>) -> Done {
    standard(call)?;
    put(call, 1, &[0; 8])
}

/// (fd, out stat): only the right to write. A bad address is ignored.
fn fdstat<P: Proxy>(call: &mut Call<'_, P>) -> Done {
    standard(call)?;
    let mut stat = [0; 24];
    stat[8] = 64;
    let _ = put(call, 1, &stat);
    Ok(())
}

/// (fd, to)
fn renumber<P: Proxy>(call: &mut Call<'_, P>) -> Done {
    standard(call)?;
    match call.word(1) {
        1 | 2 => Err(errno(NOTSUP, "stdout and stderr stay where they are")),
        _ => Err(errno(
            BADF,
            "only descriptors 1 (stdout) and 2 (stderr) are open",
        )),
    }
}

/// (fd, iovs, n, flags, out size, out flags)
fn sock_recv<P: Proxy>(call: &mut Call<'_, P>) -> Done {
    put(call, 5, &[0; 2])?;
    zero(call, 4, Some(errno(NOTSUP, NO_SOCKETS)))
}

/// (out count, out bytes)
fn environ_sizes<P: Proxy>(call: &mut Call<'_, P>) -> Done {
    let environment = &call.state().environment;
    let count = environment.len() as u32;
    let size = environment
        .iter()
        .map(|(k, v)| k.len() + v.len() + 2)
        .sum::<usize>() as u32;
    put(call, 0, &count.to_le_bytes())?;
    put(call, 1, &size.to_le_bytes())
}

/// (out pointers, out text): `K=V\0` one after the other, and where each begins.
fn environ<P: Proxy>(call: &mut Call<'_, P>) -> Done {
    let (pointers, text) = (call.word(0), call.word(1));
    let environment = call.state().environment.clone();
    let fault = || errno(FAULT, "a result's address lies outside the module's memory");
    let mut at = text;
    for (i, (key, value)) in environment.iter().enumerate() {
        let entry = [key.as_bytes(), b"=", value.as_bytes(), b"\0"].concat();
        let pointer = pointers.checked_add(4 * i as u32).ok_or_else(fault)?;
        call.write(pointer, &at.to_le_bytes()).ok_or_else(fault)?;
        call.write(at, &entry).ok_or_else(fault)?;
        at = at.checked_add(entry.len() as u32).ok_or_else(fault)?;
    }
    Ok(())
}

/// (out count, out bytes)
fn args_sizes<P: Proxy>(call: &mut Call<'_, P>) -> Done {
    put(call, 0, &[0; 4])?;
    put(call, 1, &[0; 4])
}

/// (clock, i64 precision, out time)
fn clock_time<P: Proxy>(call: &mut Call<'_, P>) -> Done {
    let now = match call.word(0) {
        0 => call.proxy.wall_clock_ns(),
        1 => call.proxy.monotonic_ns(),
        _ => {
            return Err(errno(
                NOTSUP,
                "only clocks 0 (realtime) and 1 (monotonic) are there",
            ));
        }
    };
    put(call, 2, &now.to_le_bytes())
}

/// (clock, out resolution)
fn clock_res<P: Proxy>(call: &mut Call<'_, P>) -> Done {
    match call.word(0) {
        0 | 1 => put(call, 1, &1u64.to_le_bytes()),
        _ => Err(errno(
            NOTSUP,
            "only clocks 0 (realtime) and 1 (monotonic) are there",
        )),
    }
}

/// (out bytes, size)
fn random<P: Proxy>(call: &mut Call<'_, P>) -> Done {
    let (pointer, size) = (call.word(0), call.word(1));
    if size > 64 * 1024 {
        return Err(errno(INVAL, "at most 65536 random bytes at a time"));
    }
    if size == 0 {
        return Ok(());
    }
    let filled = call.fill(pointer, size, |proxy, bytes| proxy.random(bytes));
    filled.ok_or(errno(FAULT, "the bytes lie outside the module's memory"))
}
