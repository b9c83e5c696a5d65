//! Which route a request takes: virtual hosts by their domains, routes by path and headers.

use super::config::{HeaderMatch, PathMatch, TextMatch, VirtualHost};
use crate::model::Headers;

/// The virtual host of a request, and its first matching route.
pub(super) fn find_route(hosts: &[VirtualHost], headers: &Headers) -> Option<(usize, usize)> {
    let authority = headers.get_str(":authority")?.to_ascii_lowercase();
    let host = find_host(hosts, &authority)?;
    let route = hosts[host]
        .routes
        .iter()
        .position(|route| request_fits(&route.path, &route.headers, headers))?;
    Some((host, route))
}

/// Exact before `*.suffix` (the longest) before `prefix.*` (the longest) before `*`.
fn find_host(hosts: &[VirtualHost], authority: &str) -> Option<usize> {
    let domains = || {
        hosts
            .iter()
            .enumerate()
            .flat_map(|(i, h)| h.domains.iter().map(move |d| (i, d.as_str())))
    };
    if let Some((i, _)) = domains().find(|(_, d)| *d == authority) {
        return Some(i);
    }
    let longest = |test: &dyn Fn(&str) -> bool| {
        domains()
            .filter(|(_, d)| d.len() > 1 && test(d))
            .max_by_key(|(_, d)| d.len())
            .map(|(i, _)| i)
    };
    longest(&|d| {
        d.strip_prefix('*')
            .is_some_and(|s| authority.len() > s.len() && authority.ends_with(s))
    })
    .or_else(|| {
        longest(&|d| {
            d.strip_suffix('*')
                .is_some_and(|p| authority.len() > p.len() && authority.starts_with(p))
        })
    })
    .or_else(|| domains().find(|(_, d)| *d == "*").map(|(i, _)| i))
}

/// Whether a request is as a `RouteMatch` wants it.
pub(super) fn request_fits(
    wanted: &PathMatch,
    conditions: &[HeaderMatch],
    headers: &Headers,
) -> bool {
    let full = headers.get_str(":path").unwrap_or("");
    let path = full.split(['?', '#']).next().unwrap_or("");
    let fits = match wanted {
        PathMatch::Prefix(prefix) => path.starts_with(prefix.as_str()),
        PathMatch::Exact(exact) => path == exact,
        PathMatch::Separated(prefix) => path
            .strip_prefix(prefix.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        PathMatch::Regex(regex) => regex.is_match(path),
    };
    fits && conditions
        .iter()
        .all(|condition| header_matches(condition, headers))
}

/// Whether a header is as a matcher wants it.
pub(super) fn header_matches(condition: &HeaderMatch, headers: &Headers) -> bool {
    let values: Vec<&[u8]> = headers.get_all(&condition.name).collect();
    let joined = values.join(&b',');
    let value = String::from_utf8_lossy(&joined);
    let holds = match &condition.text {
        None => values.is_empty() != condition.present,
        Some(_) if values.is_empty() => return false,
        Some(text) => text_matches(text, &value),
    };
    holds != condition.invert
}

/// Whether a text is as a `StringMatcher` wants it.
pub(super) fn text_matches(text: &TextMatch, value: &str) -> bool {
    let fold = |s: &str, ignore: bool| {
        if ignore {
            s.to_ascii_lowercase()
        } else {
            s.to_owned()
        }
    };
    match text {
        TextMatch::Exact(t, i) => fold(value, *i) == fold(t, *i),
        TextMatch::Prefix(t, i) => fold(value, *i).starts_with(&fold(t, *i)),
        TextMatch::Suffix(t, i) => fold(value, *i).ends_with(&fold(t, *i)),
        TextMatch::Contains(t, i) => fold(value, *i).contains(&fold(t, *i)),
        TextMatch::Regex(regex) => regex.is_match(value),
    }
}
