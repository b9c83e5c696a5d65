//! WASI: what libraries need to start, and refusals for the rest.

use super::guest::{Guest, calls, calls_with, wat};
use proxy_wasm_tour::abi::{Group, HostCall, LogLevel, host_calls};
use proxy_wasm_tour::host::{GuestCall, Step, VmSettings};

fn ask(name: &str, args: &[i64], data: &str) -> (u32, Guest) {
    let mut guest = Guest::start(&calls(name, args, data));
    match guest.done() {
        Step::Returned(n) => (n, guest),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn writes_to_stdout_and_stderr_are_lines_of_the_log() {
    // Two iovecs at 0: "ab" at 16 and "c\n" at 18.
    let data = "\\10\\00\\00\\00\\02\\00\\00\\00\\12\\00\\00\\00\\02\\00\\00\\00abc\\0a";
    for (fd, level) in [(1, LogLevel::Info), (2, LogLevel::Error)] {
        let (errno, mut guest) = ask("fd_write", &[fd, 0, 2, 100], data);
        assert_eq!((errno, guest.word(100)), (0, 4));
        assert_eq!(guest.proxy().logs, [(level, "abc".into())]);
    }
    assert_eq!(ask("fd_write", &[3, 0, 2, 100], data).0, 8);
    assert_eq!(ask("fd_write", &[1, 131072, 1, 100], "").0, 21);
    assert_eq!(ask("fd_write", &[1, 0, 1, -1], data).0, 21);
    let (errno, mut guest) = ask("fd_write", &[1, 0, 0, 100], "");
    assert_eq!((errno, guest.proxy().logs.len()), (0, 0));
    assert_eq!(ask("fd_pwrite", &[1, 0, 2, 77, 100], data).1.word(100), 4);
}

#[test]
fn many_vectors_of_one_large_block_end_at_the_log_limit() {
    // Sixteen thousand iovecs of 64 KiB each would be a gigabyte.
    let fields = "(func $fill (local $i i32)
        (loop (i32.store (local.get $i) (i32.const 0)) (i32.store offset=4 (local.get $i) (i32.const 65536))
          (local.set $i (i32.add (local.get $i) (i32.const 8)))
          (br_if 0 (i32.lt_u (local.get $i) (i32.const 131072)))))
      (func (export \"malloc\") (param i32) (result i32) (i32.const 0)) (start $fill)";
    let mut guest = Guest::start(&calls_with("fd_write", &[1, 0, 16384, 100], fields));
    assert_eq!(guest.done(), Step::Failed);
    assert_eq!(guest.vm.failure().unwrap().limit, Some("log"));
}

#[test]
fn clocks_are_the_proxys() {
    let (errno, guest) = ask("clock_time_get", &[0, 1, 100], "");
    let time = |guest: &Guest| u64::from_le_bytes(guest.vm.memory()[100..108].try_into().unwrap());
    assert_eq!((errno, time(&guest)), (0, 1_700_000_000_000_000_000));
    let (_, guest) = ask("clock_time_get", &[1, 1, 100], "");
    assert_eq!(time(&guest), 5_000);
    assert_eq!(ask("clock_time_get", &[2, 1, 100], "").0, 58);
    assert_eq!(ask("clock_time_get", &[0, 1, -4], "").0, 21);
    assert_eq!(ask("clock_res_get", &[1, 100], "").1.word(100), 1);
    assert_eq!(ask("clock_res_get", &[3, 100], "").0, 58);
}

#[test]
fn random_bytes_are_the_proxys_and_at_most_65536() {
    let (errno, guest) = ask("random_get", &[100, 4], "");
    assert_eq!((errno, guest.word(100)), (0, 0x5a5a_5a5a));
    assert_eq!(ask("random_get", &[0, 65536], "").0, 0);
    assert_eq!(ask("random_get", &[0, 66560], "").0, 28);
    assert_eq!(ask("random_get", &[-1, 0], "").0, 0);
    assert_eq!(ask("random_get", &[131071, 2], "").0, 21);
}

#[test]
fn the_environment_is_what_the_configuration_gives() {
    let with = |name: &str, args: &[i64]| {
        let environment = vec![("KEY".into(), "value".into()), ("B".into(), String::new())];
        let settings = VmSettings {
            environment,
            ..VmSettings::default()
        };
        let mut guest = Guest::loaded(&calls(name, args, ""), settings);
        guest.call(GuestCall::Start);
        let step = guest.done();
        (step, guest)
    };
    let (step, guest) = with("environ_sizes_get", &[100, 104]);
    assert_eq!(
        (step, guest.word(100), guest.word(104)),
        (Step::Returned(0), 2, 13)
    );
    let (step, guest) = with("environ_get", &[100, 200]);
    assert_eq!(
        (step, guest.word(100), guest.word(104)),
        (Step::Returned(0), 200, 210)
    );
    assert_eq!(&guest.vm.memory()[200..213], b"KEY=value\0B=\0");
    assert_eq!(with("environ_get", &[100, 131070]).0, Step::Returned(21));
    let (_, guest) = ask("environ_sizes_get", &[100, 104], "");
    assert_eq!((guest.word(100), guest.word(104)), (0, 0));
    assert_eq!(ask("args_sizes_get", &[100, 104], "").0, 0);
}

#[test]
fn everything_else_is_refused_as_envoys_host_does() {
    let cases: &[(&str, &[i64], u32)] = &[
        ("fd_read", &[0, 0, 0, 0], 52),
        ("fd_pread", &[0, 0, 0, 0, 0], 52),
        ("fd_seek", &[1, 0, 0, 0], 0),
        ("fd_close", &[7], 0),
        ("fd_tell", &[1, 100], 0),
        ("fd_tell", &[3, 100], 8),
        ("fd_fdstat_get", &[1, -1], 0),
        ("fd_fdstat_get", &[3, 100], 8),
        ("fd_fdstat_set_flags", &[1, 0], 52),
        ("fd_fdstat_set_rights", &[1, 0, 0], 0),
        ("fd_allocate", &[3, 0, 0], 8),
        ("fd_datasync", &[2], 0),
        ("fd_sync", &[3], 8),
        ("fd_filestat_set_size", &[1, 0], 0),
        ("fd_filestat_set_times", &[3, 0, 0, 0], 8),
        ("fd_advise", &[9, 0, 0, 0], 0),
        ("fd_filestat_get", &[1, 0], 8),
        ("fd_prestat_get", &[3, 0], 8),
        ("fd_prestat_dir_name", &[3, 0, 0], 52),
        ("fd_readdir", &[3, 0, 0, 0, 100], 20),
        ("fd_renumber", &[1, 2], 58),
        ("fd_renumber", &[1, 3], 8),
        ("path_open", &[3, 0, 0, 0, 0, 0, 0, 0, 0], 44),
        ("path_create_directory", &[3, 0, 0], 58),
        ("path_filestat_get", &[3, 0, 0, 0, 0], 58),
        ("path_filestat_set_times", &[3, 0, 0, 0, 0, 0, 0], 58),
        ("path_remove_directory", &[3, 0, 0], 58),
        ("path_rename", &[3, 0, 0, 0, 0, 0], 58),
        ("path_unlink_file", &[3, 0, 0], 58),
        ("path_readlink", &[3, 0, 0, 0, 0, 100], 58),
        ("path_link", &[3, 0, 0, 0, 0, 0, 0], 58),
        ("path_symlink", &[0, 0, 3, 0, 0], 58),
        ("sock_accept", &[3, 0, 100], 58),
        ("sock_recv", &[3, 0, 0, 0, 100, 104], 58),
        ("sock_send", &[3, 0, 0, 0, 100], 58),
        ("sock_shutdown", &[3, 0], 58),
        ("args_get", &[0, 0], 0),
        ("sched_yield", &[], 0),
        ("poll_oneoff", &[0, 0, 1, 100], 0),
    ];
    for (name, args, errno) in cases {
        assert_eq!(ask(name, args, "").0, *errno, "{name}");
    }
}

#[test]
fn proc_exit_ends_the_call_with_its_code() {
    let mut guest = Guest::start(&calls("proc_exit", &[3], ""));
    assert_eq!(guest.done(), Step::Failed);
    assert_eq!(
        guest.vm.failure().unwrap().cause,
        "the module called proc_exit(3)"
    );
}

#[test]
fn proc_exit_of_0_in_start_is_a_normal_end() {
    let import = "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))";
    let with = |export: &str, code: u32| {
        let text = wat(
            import,
            &format!("(func (export \"{export}\") (call $exit (i32.const {code})) unreachable)"),
        );
        Guest::loaded(&text, VmSettings::default()).call(GuestCall::Start)
    };
    assert_eq!(with("_start", 0), Step::Returned(0));
    assert_eq!(with("_start", 1), Step::Failed);
    assert_eq!(with("_initialize", 0), Step::Failed);
}

#[test]
fn the_start_may_use_environment_clocks_and_random_but_not_close_files() {
    let at_start = |name: &str, args: &[i64]| {
        let text = calls(name, args, "").replace(
            "(func (export \"proxy_on_done\") (param i32) (result i32)",
            "(func (export \"_initialize\") call $once drop) (func $once (result i32)",
        );
        Guest::loaded(&text, VmSettings::default()).call(GuestCall::Start)
    };
    assert_eq!(at_start("environ_get", &[0, 0]), Step::Returned(0));
    assert_eq!(at_start("poll_oneoff", &[0, 0, 0, 0]), Step::Returned(0));
    assert_eq!(at_start("fd_close", &[0]), Step::Failed);
    assert_eq!(
        at_start("path_open", &[0, 0, 0, 0, 0, 0, 0, 0, 0]),
        Step::Failed
    );
}

#[test]
fn both_names_of_the_module_give_the_same_functions() {
    let data = "\\08\\00\\00\\00\\02\\00\\00\\00hi";
    let text = calls("fd_write", &[1, 0, 1, 100], data);
    let old = text.replace("wasi_snapshot_preview1", "wasi_unstable");
    assert_ne!(text, old);
    for text in [text, old] {
        let mut guest = Guest::start(&text);
        assert_eq!(guest.done(), Step::Returned(0));
        assert_eq!(guest.proxy().logs, [(LogLevel::Info, "hi".into())]);
    }
}

#[test]
fn a_lone_newline_is_an_empty_line_and_a_newline_is_taken_off_once() {
    let data = "\\08\\00\\00\\00\\01\\00\\00\\00\\0a\\0a";
    let (_, mut guest) = ask("fd_write", &[1, 0, 1, 100], data);
    assert_eq!(guest.proxy().logs, [(LogLevel::Info, String::new())]);
    let two = data.replace("\\01\\00\\00\\00", "\\02\\00\\00\\00");
    let (_, mut guest) = ask("fd_write", &[1, 0, 1, 100], &two);
    assert_eq!(guest.proxy().logs, [(LogLevel::Info, "\n".into())]);
}

/// Every function of WASI, with arguments that name stdout and clock 0.
fn each() -> impl Iterator<Item = &'static HostCall> {
    host_calls().filter(|call| call.group == Group::Wasi && call.name != "proc_exit")
}

#[test]
fn a_result_pointer_outside_memory_is_fault() {
    let mut cases = 0;
    for call in each() {
        let mut place = 0;
        for param in call.params {
            let mut args: Vec<i64> = (0..call.wasm_params().len())
                .map(|at| 8 * at as i64)
                .collect();
            args[0] = match call.params[0].name {
                "fd" => 1,
                "clock_id" => 0,
                _ => args[0],
            };
            if param.kind.is_out() {
                for outside in [131_069, -1] {
                    args[place] = outside;
                    assert_eq!(ask(call.name, &args, "").0, 21, "{}", call.name);
                    cases += 1;
                }
            }
            place += param.kind.wasm().len();
        }
    }
    assert!(cases > 20, "{cases}");
}

#[test]
fn no_argument_of_any_function_is_a_panic() {
    for call in each() {
        let words = call.wasm_params().len();
        for value in [0, 1, 2, 3, 131_071, 131_072, 0x7fff_ffff, -1, -8] {
            for fd in [0, 1, 2, 3, -1] {
                let mut args = vec![value; words];
                if let Some(first) = args.first_mut() {
                    *first = fd;
                }
                let (errno, _) = ask(call.name, &args, "");
                let known = [0, 8, 20, 21, 28, 44, 52, 58];
                assert!(known.contains(&errno), "{} {args:?}: {errno}", call.name);
            }
        }
    }
}
