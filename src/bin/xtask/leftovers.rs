//! Ends the processes that a command left behind: servers, browsers, compilers of a build that was
//! stopped. One that lives on keeps our output open, and who reads it waits for ever.
//!
//! Each process that we start carries a mark in its environment, and what it starts inherits it,
//! even where it makes itself a session of its own. Linux only: elsewhere nobody shows
//! environments, and nothing is ended. Must not know: what the processes do.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The environment variable with the mark.
pub(crate) const MARK: &str = "TOUR_XTASK";

/// Our mark: the one we were started with, and our own number behind it.
pub(crate) fn mark() -> String {
    let above = std::env::var(MARK).unwrap_or_default();
    format!("{above}/{}", std::process::id())
}

/// Ends every process that carries our mark, and waits until it has ended.
pub(crate) fn end() {
    // Again, since a process may have started another meanwhile.
    for _ in 0..100 {
        let found = marked();
        if found.is_empty() {
            return;
        }
        let numbers = found.iter().map(u32::to_string);
        // The shell's own `kill`: a bare system has no other. One that has ended already is what
        // we want.
        let _ = Command::new("sh")
            .args(["-c", "kill -KILL \"$@\"", "sh"])
            .args(numbers)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status();
        std::thread::sleep(Duration::from_millis(50));
    }
    eprintln!("some processes do not end: {:?}", marked());
}

/// The processes that carry our mark.
fn marked() -> Vec<u32> {
    let mark = mark();
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|number| *number != std::process::id())
        .filter(|number| {
            let file = Path::new("/proc").join(number.to_string()).join("environ");
            std::fs::read(file).is_ok_and(|environment| carries(&environment, &mark))
        })
        .collect()
}

/// Whether an environment, its entries ended by zeroes, holds this mark or one below it.
fn carries(environment: &[u8], mark: &str) -> bool {
    environment.split(|byte| *byte == 0).any(|entry| {
        let value = entry
            .strip_prefix(MARK.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"="));
        let below = value.and_then(|value| value.strip_prefix(mark.as_bytes()));
        below.is_some_and(|below| below.is_empty() || below.starts_with(b"/"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_carried_by_what_we_start_and_by_what_that_starts() {
        assert!(carries(b"A=1\0TOUR_XTASK=/12\0B=2\0", "/12"));
        assert!(carries(b"TOUR_XTASK=/12/40", "/12"));
        assert!(!carries(b"TOUR_XTASK=/123", "/12"));
        assert!(!carries(b"TOUR_XTASK=/7/12", "/12"));
        assert!(!carries(b"MY_TOUR_XTASK=/12\0", "/12"));
        assert!(!carries(b"", "/12"));
    }

    #[test]
    fn a_process_with_our_mark_is_ended_even_in_the_background() {
        // Its own mark below ours, so that nothing else of this test run is ended.
        let sleep = Command::new("sh")
            .args(["-c", "sleep 600 & echo $!"])
            .env(MARK, format!("{}/test", mark()))
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut sleep) = sleep else {
            return;
        };
        let status = sleep.wait().expect("it can be waited for");
        assert!(status.success());
        if !Path::new("/proc/self/environ").exists() {
            return;
        }
        end();
        assert_eq!(marked(), []);
        // The pipe it held is closed: reading comes to an end.
        let mut text = String::new();
        let mut out = sleep.stdout.take().expect("it has an output");
        std::io::Read::read_to_string(&mut out, &mut text).expect("it is read");
        assert!(text.trim().parse::<u32>().is_ok(), "{text}");
    }
}
