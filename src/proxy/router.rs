//! The router: chooses a route before the filters run, and at their end sends the request on.

use super::clock::Weight;
use super::config::{Action, Append, Choice, Forward, HeaderChange, PathMatch, Redirect, Route};
use super::downstream::put;
use super::local_reply::Reply;
use super::lookup::find_route;
use super::retry::{Attempts, Limits, expected_ms};
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
            self.choose_cluster(index);
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

    /// The cluster of the route that was found: named, in a request header, or drawn by weight. A
    /// stream draws once, so a route that is chosen anew leads to the same cluster.
    fn choose_cluster(&mut self, index: usize) {
        let place = self.streams[index].info.route;
        let choice = place.and_then(|place| match &self.route(place).action {
            Action::Forward(forward) => Some(forward.choice.clone()),
            _ => None,
        });
        let (cluster, weighted) = match choice {
            None => (None, None),
            Some(Choice::Named(name, _)) => (Some(name), None),
            Some(Choice::Header(header)) => {
                let headers = self.streams[index].request.headers.as_ref();
                let name = headers.and_then(|headers| headers.get_str(&header));
                (Some(name.unwrap_or("").to_owned()), None)
            }
            Some(Choice::Weighted(list)) => {
                let drawn = match self.streams[index].info.random {
                    Some(drawn) => drawn,
                    None => self.random.next(),
                };
                self.streams[index].info.random = Some(drawn);
                let total: u64 = list.iter().map(|w| u64::from(w.weight)).sum();
                let mut left = drawn % total.max(1);
                let at = list.iter().position(|w| {
                    let here = left < u64::from(w.weight);
                    left = left.saturating_sub(u64::from(w.weight));
                    here
                });
                (at.map(|at| list[at].name.clone()), at)
            }
        };
        let info = &mut self.streams[index].info;
        (info.cluster, info.weighted) = (cluster, weighted);
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
        self.http_stat("rq_total", 1);
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
        let name = self.streams[index].info.cluster.clone().unwrap_or_default();
        let Some(cluster) = self.cluster_index(&name) else {
            self.streams[index].flag("NC");
            self.http_stat("no_cluster", 1);
            let reply = Reply {
                status: forward.not_found,
                details: "cluster_not_found".to_owned(),
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
        if self.strictly_refused(index, &headers) {
            return;
        }
        let Some(host) = self.pick_first_host(index, cluster) else {
            self.no_host(index, &name);
            return;
        };
        let place = self.streams[index].info.route;
        let hosts = &self.config.manager.routes.hosts;
        let of_host = place.map(|(host, _)| &hosts[host]);
        let policy = forward
            .retry
            .as_ref()
            .or(of_host.and_then(|host| host.retry.as_ref()));
        let limits = Limits::read(&mut headers, forward.timeout_ns, policy);
        let attempts = Attempts::new(&mut headers, policy, limits);
        let count = of_host.is_some_and(|host| host.attempt_count);
        let envoys = !self.config.manager.suppress_envoy_headers;
        if let Some(rewrite) = &forward.prefix_rewrite {
            let old = headers.get_str(":path").unwrap_or("/").to_owned();
            put(&mut headers, ":path", rewrite_prefix(path, rewrite, &old));
            if envoys {
                put(&mut headers, "x-envoy-original-path", old);
            }
        }
        if let Some(host) = &forward.host_rewrite {
            put(&mut headers, ":authority", host);
        }
        for change in self.changes(index, change, false) {
            self.change_headers(index, &change, &mut headers);
        }
        if let Some(ms) = expected_ms(&limits, 0).filter(|_| envoys) {
            put(
                &mut headers,
                "x-envoy-expected-rq-timeout-ms",
                ms.to_string(),
            );
        }
        if count {
            put(&mut headers, "x-envoy-attempt-count", "1");
        }
        // The access log and `on_log` see the request as the router has sent it.
        self.streams[index].request.headers = Some(headers.clone());
        self.streams[index].attempts = Some(attempts);
        if self.begin_attempt(index, cluster, host, headers, end) && end {
            self.request_sent(index);
        }
    }

    /// Sends a request's headers to a host of a cluster; false when the circuit breaker is open.
    pub(super) fn begin_attempt(
        &mut self,
        index: usize,
        cluster: usize,
        host: (String, u16),
        headers: Headers,
        end: bool,
    ) -> bool {
        let cluster = self.config.clusters[cluster].name.clone();
        if self.circuit_is_open(&cluster) {
            self.overflow(index);
            return false;
        }
        self.callout_begins(&cluster);
        if self.trace.capture {
            let args = vec![
                arg("stream", index),
                arg("cluster", cluster.as_bytes()),
                arg("headers", &headers),
                arg("end_of_stream", if end { "true" } else { "false" }),
            ];
            self.record(Kind::Upstream, "request_headers", None, None, args);
        }
        let now = self.clock.now_ns;
        let stream = &mut self.streams[index];
        stream.info.attempts += 1;
        stream.exchange.upstream_requests.push(UpstreamRequest {
            cluster: cluster.clone(),
            headers,
            ..UpstreamRequest::default()
        });
        stream.upstream = Some(Upstream {
            cluster,
            host,
            index: stream.exchange.upstream_requests.len() - 1,
            request_done: false,
            request_done_ns: 0,
            began_ns: now,
            last_byte_ns: None,
            inbox: VecDeque::new(),
            reading: false,
            answered: false,
            per_try: None,
            answer: None,
            rule: None,
            gone: false,
        });
        self.attempt_stat(index, "rq_total", 1);
        self.attempt_stat(index, "rq_active", 1);
        true
    }

    /// No host to send to.
    pub(super) fn no_host(&mut self, index: usize, cluster: &str) {
        self.streams[index].flag("UH");
        self.cluster_stat(cluster, "upstream_cx_none_healthy", 1);
        self.count_final(cluster, "503");
        let reply = Reply {
            status: 503,
            body: b"no healthy upstream".to_vec(),
            details: "no_healthy_upstream".to_owned(),
            ..Reply::default()
        };
        self.local_reply(index, reply);
    }

    /// A cluster by its name.
    pub(super) fn cluster_index(&self, name: &str) -> Option<usize> {
        self.config.clusters.iter().position(|c| c.name == name)
    }

    /// Envoy's `strict_check_headers`: whether the request was answered 400 for one of them.
    fn strictly_refused(&mut self, index: usize, headers: &Headers) -> bool {
        let names = self.config.manager.strict_headers.iter();
        let bad = names.filter_map(|name| {
            let value = headers.get_str(name)?;
            let fine = match name.ends_with("-on") {
                true => value
                    .split(',')
                    .all(|word| super::config::On::words(word).next().is_some()),
                false => value.parse::<u64>().is_ok(),
            };
            (!fine).then(|| (name.clone(), value.to_owned()))
        });
        let Some((name, value)) = bad.into_iter().next() else {
            return false;
        };
        self.streams[index].flag("IH");
        let reply = Reply {
            status: 400,
            body: format!("invalid header '{name}' with value '{value}'").into_bytes(),
            details: format!("request_headers_failed_strict_check{{{name}}}"),
            ..Reply::default()
        };
        self.local_reply(index, reply);
        true
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
        self.keep_for_retry(index, bytes);
        if end {
            self.request_sent(index);
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
        self.request_sent(index);
    }

    /// The request that goes on to an upstream, as the report has it.
    pub(super) fn sent(&mut self, index: usize) -> Option<&mut UpstreamRequest> {
        let stream = &mut self.streams[index];
        let at = stream.upstream.as_ref()?.index;
        stream.exchange.upstream_requests.get_mut(at)
    }

    /// The whole request was sent: the timeouts begin, and the upstream sets to work.
    pub(super) fn request_sent(&mut self, index: usize) {
        let now = self.clock.now_ns;
        let stream = &mut self.streams[index];
        let thread = stream.thread;
        let (Some(upstream), Some(attempts)) = (&mut stream.upstream, &stream.attempts) else {
            return;
        };
        upstream.request_done = true;
        upstream.request_done_ns = now;
        let limits = attempts.limits;
        let work = Weight::Work;
        if limits.per_try_ns > 0 {
            let task = Task::PerTryTimeout(index);
            upstream.per_try = Some(self.clock.after(limits.per_try_ns, thread, task, work));
        }
        // The route's timeout is one over all attempts.
        if limits.total_ns > 0 && attempts.made == 0 {
            let task = Task::RouteTimeout(index);
            stream.route_timer = Some(self.clock.after(limits.total_ns, thread, task, work));
        }
        self.upstream_works(index);
    }

    /// The host of a stream's first attempt: the one that a filter wants, or the next in turn. A
    /// strict wish that no host fulfils finds none; a retry never asks, as in Envoy.
    fn pick_first_host(&mut self, index: usize, cluster: usize) -> Option<(String, u16)> {
        let stream = &self.streams[index];
        if let Some((wanted, strict)) = &stream.info.override_host {
            let mut hosts = self.config.clusters[cluster].hosts.iter();
            let found = hosts.find(|(ip, port)| format!("{ip}:{port}") == *wanted);
            if found.is_some() || *strict {
                return found.cloned();
            }
        }
        self.pick_host(stream.thread, cluster)
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
        for addition in &change.add {
            let (name, append) = (&addition.name, addition.append);
            let value = self.write_value(index, &addition.value);
            if value.is_empty() && !addition.keep_empty {
                continue;
            }
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
            for change in self.changes(index, &change, true) {
                self.change_headers(index, &change, headers);
            }
        }
    }

    /// The changes that apply to a stream, the most specific first: of the weighted cluster, the
    /// route (given), the virtual host, and all routes.
    fn changes(&self, index: usize, route: &HeaderChange, response: bool) -> Vec<HeaderChange> {
        let info = &self.streams[index].info;
        let routes = &self.config.manager.routes;
        let weighted =
            info.weighted
                .zip(info.route)
                .and_then(|(at, place)| match &self.route(place).action {
                    Action::Forward(Forward {
                        choice: Choice::Weighted(list),
                        ..
                    }) => list.get(at),
                    _ => None,
                });
        let host = info.route.map(|(host, _)| &routes.hosts[host]);
        let pick = |request: &HeaderChange, of_response: &HeaderChange| match response {
            true => of_response.clone(),
            false => request.clone(),
        };
        [
            weighted.map(|w| pick(&w.request, &w.response)),
            Some(route.clone()),
            host.map(|h| pick(&h.request, &h.response)),
            Some(pick(&routes.request, &routes.response)),
        ]
        .into_iter()
        .flatten()
        .collect()
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
        Action::Forward(forward) => match &forward.choice {
            Choice::Named(name, _) => format!("cluster {name}"),
            Choice::Header(header) => format!("the cluster in {header}"),
            Choice::Weighted(_) => "a cluster by weight".to_owned(),
        },
        Action::Direct(status, _) => format!("direct response {status}"),
        Action::Redirect(_) => "redirect".to_owned(),
    };
    match route.name.as_str() {
        "" => format!("{host}: {to}"),
        name => format!("{host}/{name}: {to}"),
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
