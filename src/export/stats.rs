//! Stats as Envoy's admin interface prints them: text, and Prometheus.
//!
//! The rules are those of `/stats` and `/stats/prometheus`: tags are cut out of names by Envoy's
//! well-known patterns, what is left gets `envoy_` in front, and a plugin's own stats do not. Must not
//! know: which stats there are.

use super::histogram::{buckets, quantiles};
use crate::model::report::ScenarioReport;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// `/stats`: `name: value`, sorted; histograms last.
pub fn stats_text(report: &ScenarioReport) -> String {
    let mut out = String::new();
    for (name, value) in &report.stats {
        let _ = writeln!(out, "{name}: {value}");
    }
    for (name, histogram) in &report.histograms {
        let _ = writeln!(out, "{name}: {}", quantiles(histogram));
    }
    out
}

/// `/stats/prometheus`: a type and then the values, group by group: counters, gauges, histograms.
pub fn stats_prometheus(report: &ScenarioReport) -> String {
    let (gauges, counters): (Vec<_>, Vec<_>) =
        report
            .stats
            .iter()
            .partition(|(name, _)| match name.starts_with(OWN) {
                true => report.gauges.contains(name),
                false => GAUGES.iter().any(|end| name.ends_with(end)),
            });
    let mut out = String::new();
    let number = |out: &mut String, metric: &str, tags: &str, value: &u64| {
        let _ = writeln!(out, "{metric}{{{tags}}} {value}");
    };
    groups(&mut out, "counter", counters, number);
    groups(&mut out, "gauge", gauges, number);
    groups(&mut out, "histogram", &report.histograms, buckets);
    out
}

/// Writes the stats of one type, those of a metric together.
fn groups<'a, T: 'a>(
    out: &mut String,
    kind: &str,
    stats: impl IntoIterator<Item = (&'a String, &'a T)>,
    write: impl Fn(&mut String, &str, &str, &T),
) {
    // Sorted by the names with dots, before these become underscores.
    let mut groups: BTreeMap<(String, String), BTreeMap<String, &T>> = BTreeMap::new();
    for (name, value) in stats {
        if let Some((left, metric, tags)) = metric(name) {
            groups
                .entry((left, metric))
                .or_default()
                .insert(tags, value);
        }
    }
    for ((_, metric), values) in &groups {
        let _ = writeln!(out, "# TYPE {metric} {kind}");
        for (tags, value) in values {
            write(out, metric, tags, value);
        }
    }
}

/// What stands before the names of the plugins' own stats.
const OWN: &str = "wasmcustom.";

/// Envoy's own stats that go up and down, by the end of their names: a short list.
const GAUGES: [&str; 22] = [
    "active",
    "_buffered",
    "_clusters",
    "_degraded",
    "_draining",
    "_entries",
    "_excluded",
    "_open",
    "_pinned",
    "_state",
    "_warming",
    "_weight",
    ".concurrency",
    ".live",
    ".uptime",
    ".version",
    "active_faults",
    "membership_healthy",
    "membership_total",
    "memory_size",
    "vm_count",
    "workers_started",
];

/// A stat's name without its tags, its metric and its tags as Prometheus writes them; `None` for a
/// name of a plugin's own that no metric can have.
fn metric(name: &str) -> Option<(String, String, String)> {
    // A plugin's own namespace is taken off, and nothing is put in front.
    if let Some(own) = name.strip_prefix(OWN) {
        let clean = clean(own);
        let first = clean.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        return first.then_some((own.to_owned(), clean, String::new()));
    }
    let mut tags: Vec<(&str, String)> = Vec::new();
    let mut left = name.to_owned();
    for rule in RULES {
        if let Some((tag, value, rest)) = rule(&left) {
            tags.push((tag, value));
            left = rest;
        }
    }
    let tags: Vec<String> = tags
        .iter()
        .map(|(tag, value)| format!("{tag}=\"{}\"", escaped(value)))
        .collect();
    let metric = format!("envoy_{}", clean(&left));
    Some((left, metric, tags.join(",")))
}

/// A tag, its value, and the name without it.
type Cut = Option<(&'static str, String, String)>;

/// Envoy's well-known tags, in the order in which they stand in a line.
const RULES: [fn(&str) -> Cut; 8] = [
    response_code,
    response_class,
    |name| prefixed(name, "cluster.", "envoy_cluster_name"),
    manager,
    |name| prefixed(name, "tcp.", "envoy_tcp_prefix"),
    local_ratelimit,
    worker,
    listener,
];

/// `cluster.NAME.rest` is `cluster.rest` with a tag.
fn prefixed(name: &str, prefix: &str, tag: &'static str) -> Cut {
    let rest = name.strip_prefix(prefix)?;
    let (value, rest) = rest.split_once('.')?;
    Some((tag, value.to_owned(), format!("{prefix}{rest}")))
}

/// `…_rq_200` is `…_rq` with the code.
fn response_code(name: &str) -> Cut {
    let (rest, code) = name.rsplit_once("_rq_")?;
    let whole = code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit());
    whole.then(|| {
        let rest = format!("{rest}_rq");
        ("envoy_response_code", code.to_owned(), rest)
    })
}

/// `…_rq_2xx` is `…_rq_xx` with the class.
fn response_class(name: &str) -> Cut {
    let (rest, class) = name.rsplit_once("_rq_")?;
    let digit = class.strip_suffix("xx").filter(|digit| digit.len() == 1)?;
    digit.bytes().all(|b| b.is_ascii_digit()).then(|| {
        let rest = format!("{rest}_rq_xx");
        ("envoy_response_code_class", digit.to_owned(), rest)
    })
}

/// `listener.ADDRESS.rest`; addresses have underscores where they had colons.
fn listener(name: &str) -> Cut {
    let rest = name.strip_prefix("listener.")?;
    let at = rest.find('_')? + 1;
    let end = at + rest[at..].find('.')?;
    let address = &rest[..end];
    Some((
        "envoy_listener_address",
        address.to_owned(),
        format!("listener{}", &rest[end..]),
    ))
}

/// `….worker_1.rest`.
fn worker(name: &str) -> Cut {
    let (before, rest) = name.split_once(".worker_")?;
    let (id, after) = rest.split_once('.')?;
    let whole = id.bytes().all(|b| b.is_ascii_digit());
    whole.then(|| {
        (
            "envoy_worker_id",
            id.to_owned(),
            format!("{before}.worker.{after}"),
        )
    })
}

/// `PREFIX.http_local_rate_limit.rest`.
fn local_ratelimit(name: &str) -> Cut {
    let (prefix, rest) = name.split_once(".http_local_rate_limit.")?;
    let rest = format!("http_local_rate_limit.{rest}");
    Some(("envoy_local_http_ratelimit_prefix", prefix.to_owned(), rest))
}

/// `http.PREFIX.rest`, also behind a listener's address.
fn manager(name: &str) -> Cut {
    const TAG: &str = "envoy_http_conn_manager_prefix";
    match name.strip_prefix("listener.") {
        None => prefixed(name, "http.", TAG),
        Some(rest) => {
            let (address, rest) = rest.split_once(".http.")?;
            let (value, rest) = rest.split_once('.')?;
            Some((
                TAG,
                value.to_owned(),
                format!("listener.{address}.http.{rest}"),
            ))
        }
    }
}

/// A name of letters, digits and underscores.
fn clean(name: &str) -> String {
    let letter = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '_'
        }
    };
    name.chars().map(letter).collect()
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
