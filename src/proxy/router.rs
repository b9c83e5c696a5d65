//! The router: chooses a route before the filters run, and at their end sends the request on.

use super::clock::Weight;
use super::config::{
    Action, Append, Forward, HeaderChange, HeaderMatch, PathMatch, Redirect, Route, TextMatch,
};
use super::downstream::put;
use super::local_reply::Reply;
use super::shared::Shared;
use super::stream::{RouteCache, Upstream};
use super::task::{Direction, Task};
use crate::model::Headers;
use crate::model::report::UpstreamRequest;
use crate::model::trace::{Kind, arg};
use std::collections::VecDeque;

impl Shared {
    /// The route of a stream: cached, or looked for now.
    pub(super) fn resolve_route(&mut self, index: usize) -> Option<(usize, usize)> {
        let stream = &mut self.streams[index];
        if stream.route == RouteCache::Unknown {
            let found = stream
                .request
                .headers
                .as_ref()
                .and_then(|headers| find_route(&self.config.manager.routes.hosts, headers));
            stream.route = match found {
                Some((host, route)) => RouteCache::Found(host, route),
                None => RouteCache::Missing,
            };
            stream.info.route = found;
            if self.trace.capture {
                let name = match found {
                    Some((host, route)) => {
                        let host = &self.config.manager.routes.hosts[host];
                        route_words(&host.name, &host.routes[route])
                    }
                    None => "none".to_owned(),
                };
                let args = vec![arg("stream", index), arg("route", name.as_bytes())];
                self.record(Kind::Chain, "route", None, None, args);
            }
        }
        match self.streams[index].route {
            RouteCache::Found(host, route) => Some((host, route)),
            _ => None,
        }
    }

    /// A route by its place.
    pub(super) fn route(&self, (host, route): (usize, usize)) -> &Route {
        &self.config.manager.routes.hosts[host].routes[route]
    }

    /// The request's headers have come through all filters.
    pub(super) fn route_headers(&mut self, index: usize, end: bool) {
        let headers = self.streams[index].request.headers.as_ref();
        let missing = [":method", ":path", ":authority"]
            .into_iter()
            .find(|name| headers.is_none_or(|h| h.get(name).is_none_or(<[u8]>::is_empty)));
        if let Some(name) = missing {
            let details = format!("filter_removed_required_request_headers{{{name}}}");
            self.local_reply(
                index,
                Reply {
                    status: 400,
                    details,
                    ..Reply::default()
                },
            );
            return;
        }
        let Some(place) = self.resolve_route(index) else {
            self.streams[index].flag("NR");
            self.http_stat("no_route", 1);
            let details = "route_not_found".to_owned();
            self.local_reply(
                index,
                Reply {
                    status: 404,
                    details,
                    ..Reply::default()
                },
            );
            return;
        };
        let route = self.route(place).clone();
        match route.action {
            Action::Direct(status, body) => {
                self.http_stat("rq_direct_response", 1);
                let details = "direct_response".to_owned();
                let mut reply = Reply {
                    status,
                    body,
                    details,
                    ..Reply::default()
                };
                self.change_headers(index, &route.response, &mut reply.headers);
                self.local_reply(index, reply);
            }
            Action::Redirect(redirect) => {
                self.http_stat("rq_redirect", 1);
                let request = self.streams[index]
                    .request
                    .headers
                    .clone()
                    .unwrap_or_default();
                let mut headers = Headers::default();
                headers.push("location", location(&redirect, &route.path, &request));
                self.change_headers(index, &route.response, &mut headers);
                let details = "direct_response".to_owned();
                let status = redirect.status;
                self.local_reply(
                    index,
                    Reply {
                        status,
                        headers,
                        details,
                        ..Reply::default()
                    },
                );
            }
            Action::Forward(forward) => {
                self.forward(index, &forward, &route.path, &route.request, end)
            }
        }
    }

    fn forward(
        &mut self,
        index: usize,
        forward: &Forward,
        path: &PathMatch,
        change: &HeaderChange,
        end: bool,
    ) {
        let found = self
            .config
            .clusters
            .iter()
            .position(|c| c.name == forward.cluster);
        let Some(cluster) = found else {
            self.streams[index].flag("NC");
            self.http_stat("no_cluster", 1);
            let details = "cluster_not_found".to_owned();
            self.local_reply(
                index,
                Reply {
                    status: 503,
                    details,
                    ..Reply::default()
                },
            );
            return;
        };
        let thread = self.streams[index].thread;
        let Some(host) = self.pick_host(thread, cluster) else {
            self.streams[index].flag("UH");
            self.cluster_stat(&forward.cluster, "upstream_cx_none_healthy", 1);
            let reply = Reply {
                status: 503,
                body: b"no healthy upstream".to_vec(),
                details: "no_healthy_upstream".to_owned(),
                ..Reply::default()
            };
            self.local_reply(index, reply);
            return;
        };
        let mut headers = self.streams[index]
            .request
            .headers
            .clone()
            .unwrap_or_default();
        if let Some(rewrite) = &forward.prefix_rewrite {
            let old = headers.get_str(":path").unwrap_or("/").to_owned();
            put(&mut headers, ":path", rewrite_prefix(path, rewrite, &old));
            put(&mut headers, "x-envoy-original-path", old);
        }
        if let Some(host) = &forward.host_rewrite {
            put(&mut headers, ":authority", host);
        }
        self.change_headers(index, change, &mut headers);
        if forward.timeout_ns > 0 {
            put(
                &mut headers,
                "x-envoy-expected-rq-timeout-ms",
                (forward.timeout_ns / 1_000_000).to_string(),
            );
        }
        self.cluster_stat(&forward.cluster, "upstream_rq_total", 1);
        if self.trace.capture {
            let args = vec![
                arg("stream", index),
                arg("cluster", forward.cluster.as_bytes()),
                arg("headers", &headers),
                arg("end_of_stream", if end { "true" } else { "false" }),
            ];
            self.record(Kind::Upstream, "request_headers", None, None, args);
        }
        let now = self.clock.now_ns;
        let stream = &mut self.streams[index];
        // The access log and `on_log` see the request as the router has sent it.
        stream.request.headers = Some(headers.clone());
        stream.exchange.upstream_requests.push(UpstreamRequest {
            cluster: forward.cluster.clone(),
            headers,
            ..UpstreamRequest::default()
        });
        stream.upstream = Some(Upstream {
            cluster: forward.cluster.clone(),
            host,
            index: stream.exchange.upstream_requests.len() - 1,
            request_done: false,
            request_done_ns: 0,
            began_ns: now,
            last_byte_ns: None,
            inbox: VecDeque::new(),
            reading: false,
            answered: false,
            timeout: None,
            answer: None,
            gone: false,
        });
        if end {
            self.request_sent(index, forward.timeout_ns);
        }
    }

    /// A part of the request's body has come through all filters.
    pub(super) fn route_data(&mut self, index: usize, bytes: &[u8], end: bool) {
        if self.streams[index].upstream.is_none() {
            return;
        }
        if self.trace.capture {
            let args = vec![
                arg("stream", index),
                arg("data", bytes),
                arg("end_of_stream", if end { "true" } else { "false" }),
            ];
            self.record(Kind::Upstream, "request_data", None, None, args);
        }
        if let Some(sent) = self.sent(index) {
            sent.body.0.extend(bytes);
        }
        if end {
            self.request_sent(index, self.route_timeout(index));
        }
    }

    /// The request's trailers have come through all filters.
    pub(super) fn route_trailers(&mut self, index: usize) {
        if self.streams[index].upstream.is_none() {
            return;
        }
        let trailers = self.streams[index]
            .request
            .trailers
            .clone()
            .unwrap_or_default();
        if self.trace.capture {
            let args = vec![arg("stream", index), arg("trailers", &trailers)];
            self.record(Kind::Upstream, "request_trailers", None, None, args);
        }
        if let Some(sent) = self.sent(index) {
            sent.trailers = trailers;
        }
        self.request_sent(index, self.route_timeout(index));
    }

    fn sent(&mut self, index: usize) -> Option<&mut UpstreamRequest> {
        let stream = &mut self.streams[index];
        let at = stream.upstream.as_ref()?.index;
        stream.exchange.upstream_requests.get_mut(at)
    }

    fn route_timeout(&self, index: usize) -> u64 {
        match self.streams[index].route {
            RouteCache::Found(host, route) => match &self.route((host, route)).action {
                Action::Forward(forward) => forward.timeout_ns,
                _ => 0,
            },
            _ => 0,
        }
    }

    /// The whole request was sent: the route timeout begins, and the upstream sets to work.
    fn request_sent(&mut self, index: usize, timeout_ns: u64) {
        let now = self.clock.now_ns;
        let stream = &mut self.streams[index];
        let thread = stream.thread;
        let Some(upstream) = &mut stream.upstream else {
            return;
        };
        upstream.request_done = true;
        upstream.request_done_ns = now;
        if timeout_ns > 0 {
            upstream.timeout =
                Some(
                    self.clock
                        .after(timeout_ns, thread, Task::RouteTimeout(index), Weight::Work),
                );
        }
        self.upstream_works(index);
    }

    /// The route timeout has struck.
    pub(super) fn timed_out(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        let Some(upstream) = &mut stream.upstream else {
            return;
        };
        if upstream.gone {
            return;
        }
        upstream.timeout = None;
        let answered = upstream.answered;
        let cluster = upstream.cluster.clone();
        stream.flag("UT");
        self.cluster_stat(&cluster, "upstream_rq_timeout", 1);
        self.abandon_upstream(index);
        if answered {
            self.streams[index].info.details = "response_timeout".to_owned();
            self.streams[index].response.aborted = true;
            self.reset(index);
            return;
        }
        let reply = Reply {
            status: 504,
            body: b"upstream request timeout".to_vec(),
            details: "response_timeout".to_owned(),
            ..Reply::default()
        };
        self.local_reply(index, reply);
    }

    /// A host of a cluster, each worker in turn.
    pub(super) fn pick_host(&mut self, thread: usize, cluster: usize) -> Option<(String, u16)> {
        let hosts = &self.config.clusters[cluster].hosts;
        if hosts.is_empty() {
            return None;
        }
        let turn = self.threads[thread].turns.entry(cluster).or_insert(0);
        let host = hosts[*turn % hosts.len()].clone();
        *turn += 1;
        Some(host)
    }

    /// Headers that a route adds and removes.
    pub(super) fn change_headers(
        &mut self,
        index: usize,
        change: &HeaderChange,
        headers: &mut Headers,
    ) {
        for (name, format, append) in &change.add {
            let value = self.write_format(index, format);
            let present = headers.get(name).is_some();
            match append {
                Append::Always => headers.push(name, value),
                Append::IfAbsent if !present => headers.push(name, value),
                Append::Overwrite => headers.set(name, value),
                Append::OverwritePresent if present => headers.set(name, value),
                _ => {}
            }
        }
        for name in &change.remove {
            headers.remove(name);
        }
    }

    /// The changes of a stream's route to a response from upstream.
    pub(super) fn change_response(&mut self, index: usize, headers: &mut Headers) {
        if let RouteCache::Found(host, route) = self.streams[index].route {
            let change = self.route((host, route)).response.clone();
            self.change_headers(index, &change, headers);
        }
    }

    /// A filter wants the route chosen anew.
    pub(super) fn clear_route(&mut self, index: usize) {
        self.streams[index].route = RouteCache::Unknown;
    }

    /// Puts the response on its way through the encoders.
    pub(super) fn encode_pass(&mut self, index: usize, part: super::task::Part, end: bool) {
        let pass = self.begin_pass(index, Direction::Encode, part, end);
        self.push_front(Task::Pass(pass));
    }
}

/// A route in words, for the trace.
fn route_words(host: &str, route: &Route) -> String {
    let to = match &route.action {
        Action::Forward(forward) => format!("cluster {}", forward.cluster),
        Action::Direct(status, _) => format!("direct response {status}"),
        Action::Redirect(_) => "redirect".to_owned(),
    };
    match route.name.as_str() {
        "" => format!("{host}: {to}"),
        name => format!("{host}/{name}: {to}"),
    }
}

/// The virtual host of a request, and its first matching route.
fn find_route(hosts: &[super::config::VirtualHost], headers: &Headers) -> Option<(usize, usize)> {
    let authority = headers.get_str(":authority")?.to_ascii_lowercase();
    let host = find_host(hosts, &authority)?;
    let route = hosts[host]
        .routes
        .iter()
        .position(|route| matches(route, headers))?;
    Some((host, route))
}

/// Exact before `*.suffix` (the longest) before `prefix.*` (the longest) before `*`.
fn find_host(hosts: &[super::config::VirtualHost], authority: &str) -> Option<usize> {
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

fn matches(route: &Route, headers: &Headers) -> bool {
    let full = headers.get_str(":path").unwrap_or("");
    let path = full.split(['?', '#']).next().unwrap_or("");
    let fits = match &route.path {
        PathMatch::Prefix(prefix) => path.starts_with(prefix.as_str()),
        PathMatch::Exact(exact) => path == exact,
        PathMatch::Separated(prefix) => path
            .strip_prefix(prefix.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        PathMatch::Regex(regex) => regex.is_match(path),
    };
    fits && route
        .headers
        .iter()
        .all(|condition| header_matches(condition, headers))
}

fn header_matches(condition: &HeaderMatch, headers: &Headers) -> bool {
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

fn text_matches(text: &TextMatch, value: &str) -> bool {
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

/// The path with what was matched replaced.
fn rewrite_prefix(path: &PathMatch, rewrite: &str, old: &str) -> String {
    let matched = match path {
        PathMatch::Prefix(p) | PathMatch::Exact(p) | PathMatch::Separated(p) => p.len(),
        PathMatch::Regex(_) => old.find(['?', '#']).unwrap_or(old.len()),
    };
    format!("{rewrite}{}", old.get(matched..).unwrap_or(""))
}

/// The `location` of a redirect.
fn location(redirect: &Redirect, matched: &PathMatch, request: &Headers) -> String {
    let scheme = request.get_str("x-forwarded-proto").unwrap_or("http");
    let scheme = redirect.scheme.as_deref().unwrap_or(scheme);
    let host = redirect
        .host
        .as_deref()
        .or(request.get_str(":authority"))
        .unwrap_or("");
    let old = request.get_str(":path").unwrap_or("/");
    let (path, query) = match old.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (old, None),
    };
    let path = match (&redirect.path, &redirect.prefix) {
        (Some(path), _) => path.clone(),
        (None, Some(prefix)) => rewrite_prefix(matched, prefix, path),
        (None, None) => path.to_owned(),
    };
    match query {
        Some(query) if !redirect.strip_query && !path.contains('?') => {
            format!("{scheme}://{host}{path}?{query}")
        }
        _ => format!("{scheme}://{host}{path}"),
    }
}
