//! What stands in front of a log line: time, thread, level, component.
//!
//! Envoy writes `[2026-01-02 03:04:05.678][12][info][wasm] [source/…/wasm.cc:1] text`, Istio
//! `2026-01-02T03:04:05.678901Z⇥info⇥envoy wasm⇥text`, with the thread and the place in newer ones.

/// A line, taken apart; what is not there is `None`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head<'a> {
    /// Nanoseconds since 1970.
    pub(super) time_ns: Option<u64>,
    /// The thread's word.
    pub(super) thread: Option<&'a str>,
    /// `trace`, `debug`, `info` …
    pub(super) level: Option<&'a str>,
    /// `wasm`, `http`, `main` …
    pub(super) component: Option<&'a str>,
    /// The text.
    pub(super) message: &'a str,
}

/// Takes a line apart. One without a head is all text.
pub(super) fn read_head(line: &str) -> Head<'_> {
    // `docker compose logs` names the service in front of each line.
    let inner = match line.split_once(" | ") {
        Some((service, rest)) if service.trim_end().bytes().all(is_service) => rest.trim_start(),
        _ => line,
    };
    envoy(inner).or_else(|| istio(inner)).unwrap_or(Head {
        message: inner.trim_start(),
        ..Head::default()
    })
}

fn is_service(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-_.".contains(&b)
}

fn envoy(line: &str) -> Option<Head<'_>> {
    let (time, rest) = bracketed(line)?;
    let time_ns = Some(time_ns(time)?);
    let (thread, rest) = bracketed(rest)?;
    let (level, rest) = bracketed(rest)?;
    let (component, rest) = bracketed(rest)?;
    let rest = rest.trim_start();
    // The place in Envoy's source, which is no arrow.
    let message = match bracketed(rest) {
        Some((place, message)) if place.contains(".cc:") || place.contains(".h:") => {
            message.trim_start()
        }
        _ => rest,
    };
    Some(Head {
        time_ns,
        thread: Some(thread),
        level: Some(level),
        component: Some(component),
        message,
    })
}

fn istio(line: &str) -> Option<Head<'_>> {
    let mut parts = line.splitn(4, '\t');
    let time_ns = Some(time_ns(parts.next()?.trim())?);
    let level = parts.next()?;
    let source = parts.next()?.strip_prefix("envoy ")?;
    let message = parts.next()?;
    let component = source.split(' ').next();
    let (message, thread) = match message.rsplit_once("\tthread=") {
        Some((message, thread)) => (message, Some(thread.trim())),
        None => (message, None),
    };
    Some(Head {
        time_ns,
        thread,
        level: Some(level),
        component,
        message,
    })
}

/// `[a]b` as a and b.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('[')?.split_once(']')
}

/// `2026-01-02 03:04:05.678` or `2026-01-02T03:04:05.678901Z` in nanoseconds since 1970.
fn time_ns(text: &str) -> Option<u64> {
    let (date, time) = text.split_once([' ', 'T'])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, fraction) = match time.trim_end_matches('Z').split_once('.') {
        Some((clock, fraction)) => (clock, fraction),
        None => (time.trim_end_matches('Z'), ""),
    };
    let mut clock = clock.splitn(3, ':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(1970..10_000).contains(&year) {
        return None;
    }
    let nanos: u64 = match fraction {
        "" => 0,
        _ => format!("{fraction:0<9}").get(..9)?.parse().ok()?,
    };
    // Days since 1970 by the rule of the shifted year, which begins in March.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let seconds = u64::try_from(days).ok()? * 86_400 + hour * 3600 + minute * 60 + second;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_envoy_and_of_istio_are_read() {
        let envoy = "[2026-01-01 00:00:00.250][12][trace][wasm] [source/extensions/common/wasm/wasm_vm.cc:39] [host->vm] proxy_on_log(2)";
        let istio = "2026-01-01T00:00:00.250000Z\ttrace\tenvoy wasm external/envoy/x.cc:39\t[host->vm] proxy_on_log(2)\tthread=12";
        let docker = format!("envoy-1  | {envoy}");
        for line in [envoy, istio, &docker] {
            assert_eq!(
                read_head(line),
                Head {
                    time_ns: Some(1_767_225_600_250_000_000),
                    thread: Some("12"),
                    level: Some("trace"),
                    component: Some("wasm"),
                    message: "[host->vm] proxy_on_log(2)",
                },
                "{line}"
            );
        }
        let bare = read_head("[host->vm] run()");
        assert_eq!((bare.message, bare.component), ("[host->vm] run()", None));
    }
}
