//! What the bundle's upstreams are told: where to listen, how to answer.

use super::{ADMIN, CONTROL, Listens};
use crate::export::admin::prefix;
use crate::export::bootstrap::Whole;
use crate::export::bundle::Names;
use crate::export::tree::{kind_of, walk};
use crate::model::lab::{Lab, Matcher, Reset, UpstreamAction, UpstreamRule};
use crate::model::{Bytes, Headers};
use crate::proxy::config::Code;
use serde_json::{Map, Value, json};

/// Whether the connection manager writes lines where `docker compose logs` shows them.
pub(super) fn on_stdout(whole: &Whole) -> bool {
    const STDOUT: &str = "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog";
    let mut found = false;
    walk(&whole.tree, &mut |node| {
        found |= kind_of(node) == Some(STDOUT)
    });
    found
}

/// `upstreams.json`.
pub(super) fn told(
    lab: &Lab,
    whole: &Whole,
    names: &Names,
    listens: &Listens,
    notes: &mut Vec<String>,
) -> String {
    let clusters: Vec<Value> = listens
        .iter()
        .map(|(name, hosts)| cluster(lab, whole, names, name, hosts, notes))
        .collect();
    let mut prefixes: Vec<String> = whole
        .config
        .plugins()
        .iter()
        .map(|plugin| prefix(plugin))
        .collect();
    // A name may begin another one.
    prefixes.sort_by_key(|prefix| std::cmp::Reverse(prefix.len()));
    prefixes.dedup();
    let whole = json!({
        "control": CONTROL,
        "admin": ADMIN,
        "tcp": whole.config.network.is_some(),
        "prefixes": prefixes,
        "access_log": on_stdout(whole),
        "clusters": clusters,
    });
    serde_json::to_string_pretty(&whole).unwrap_or_default() + "\n"
}

fn cluster(
    lab: &Lab,
    whole: &Whole,
    names: &Names,
    name: &str,
    hosts: &[(String, u16)],
    notes: &mut Vec<String>,
) -> Value {
    let rules = lab.upstreams.get(name).map_or(&[][..], Vec::as_slice);
    for note in rules.iter().filter_map(|rule| beyond(name, rule)) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    let http: Vec<Value> = rules.iter().filter_map(rule).collect();
    let tcp: Vec<Value> = rules.iter().filter_map(tcp_rule).collect();
    let mut files = Vec::new();
    for plugin in whole.config.plugins() {
        let Code::Remote(remote) = &plugin.code else {
            continue;
        };
        if remote.agent || remote.cluster != name {
            continue;
        }
        let Some(file) = lab.files.get(&remote.uri) else {
            continue;
        };
        let rest = remote.uri.split_once("://").map_or("", |(_, rest)| rest);
        let path = rest.find('/').map_or("/", |at| &rest[at..]);
        let mut entry = json!({
            "path": path,
            "status": file.status,
            "failures": file.failures,
            "delay": seconds(file.delay_ns),
        });
        if let (Some(name), Value::Object(entry)) = (names.get(&remote.uri), &mut entry) {
            entry.insert("file".to_owned(), name.as_str().into());
        }
        files.push(entry);
    }
    json!({"name": name, "listen": hosts, "rules": http, "tcp": tcp, "files": files})
}

/// What the small server cannot do of a rule.
fn beyond(cluster: &str, rule: &UpstreamRule) -> Option<String> {
    let why = match &rule.action {
        UpstreamAction::Grpc(_) => "answers gRPC, which is HTTP/2",
        UpstreamAction::Reset(Reset::RefusedStream) => "refuses a stream, as only HTTP/2 can",
        UpstreamAction::Reset(Reset::ConnectFailure | Reset::ConnectTimeout) => {
            "takes no connection, which a listening socket cannot refuse for one request"
        }
        UpstreamAction::Strict => "answers 400 to what is malformed, which is left to Envoy here",
        _ => return None,
    };
    Some(format!(
        "A rule of the cluster `{cluster}` {why}. The bundle's upstreams do not do that: put a server of your own in their place to see it."
    ))
}

/// A rule for a request over HTTP; `None` for one about bytes, and for one that only refuses what is
/// malformed.
fn rule(rule: &UpstreamRule) -> Option<Value> {
    if rule.matches.data.is_some() || rule.matches.connect {
        return None;
    }
    let mut out = Map::new();
    let mut wanted = Map::new();
    for (name, value) in [
        ("method", &rule.matches.method),
        ("path", &rule.matches.path),
    ] {
        if let Some(value) = value {
            wanted.insert(name.to_owned(), value.as_str().into());
        }
    }
    let headers = rule.matches.headers.iter();
    let headers: Vec<Value> = headers
        .map(|(name, wanted)| json!([name, matcher(wanted)]))
        .collect();
    wanted.insert("headers".to_owned(), headers.into());
    out.insert("match".to_owned(), wanted.into());
    out.insert("delay".to_owned(), seconds(rule.delay_ns).into());
    match &rule.action {
        UpstreamAction::Echo => out.insert("echo".to_owned(), true.into()),
        UpstreamAction::Timeout => out.insert("timeout".to_owned(), true.into()),
        UpstreamAction::Reset(how) => out.insert("reset".to_owned(), how.word().into()),
        UpstreamAction::Grpc(_) => {
            let body = Bytes::from("these upstreams have no gRPC").to_base64();
            out.insert("reply".to_owned(), json!({"status": 501, "body": body}))
        }
        UpstreamAction::Strict | UpstreamAction::Tcp { .. } => return None,
        UpstreamAction::Reply {
            status,
            headers,
            body,
            chunks,
            trailers,
            informational,
            reset,
        } => {
            let mut reply = json!({
                "status": status,
                "headers": pairs(headers),
                "body": body.to_base64(),
                "chunks": chunks,
                "trailers": pairs(trailers),
                "informational": informational,
            });
            if let (Some(how), Value::Object(reply)) = (reset, &mut reply) {
                reply.insert("reset".to_owned(), how.word().into());
            }
            out.insert("reply".to_owned(), reply)
        }
    };
    Some(out.into())
}

fn tcp_rule(rule: &UpstreamRule) -> Option<Value> {
    let UpstreamAction::Tcp { send, close } = &rule.action else {
        return None;
    };
    let send: Vec<String> = send.iter().map(Bytes::to_base64).collect();
    let mut out = json!({"send": send, "close": close, "delay": seconds(rule.delay_ns)});
    if let (Some(wanted), Value::Object(out)) = (&rule.matches.data, &mut out) {
        out.insert("data".to_owned(), matcher(wanted));
    }
    (!rule.matches.connect).then_some(out)
}

/// Headers as pairs; bytes that are no text as `{base64}`.
fn pairs(headers: &Headers) -> Value {
    let pair = |(name, value): (&[u8], &[u8])| {
        let value = serde_json::to_value(Bytes::from(value)).unwrap_or_default();
        json!([String::from_utf8_lossy(name), value])
    };
    headers.iter().map(pair).collect()
}

/// A matcher as the server reads it.
pub(super) fn matcher(matcher: &Matcher) -> Value {
    match matcher {
        Matcher::Exact(bytes) => json!({"exact": bytes.to_base64()}),
        Matcher::Contains(bytes) => json!({"contains": bytes.to_base64()}),
        Matcher::Matches(pattern) => json!({"matches": pattern}),
    }
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}
