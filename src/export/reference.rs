//! The reference as HTML, written from the tables that the linker itself reads.
//!
//! Must not know: how a page looks beyond the classes of a table.

use crate::abi::{
    AbiVersion, CALLBACKS, Callback, CallbackReturns, GROUPS, Group, HostCall, Param, ParamKind,
    Returns, Status,
};
use crate::course::{escape, inline};
use crate::model::Place;

/// Every host call, callback and status.
pub fn html() -> String {
    let mut out = String::from(
        "<p>Written from the tables that this host links modules with: what stands here is what a \
         module gets.</p>\n<ul class=\"contents\">",
    );
    for (id, title) in sections() {
        out.push_str(&format!("<li><a href=\"#{id}\">{title}</a></li>"));
    }
    out.push_str("</ul>\n<h2 id=\"host-calls\">Host calls</h2>\n");
    for calls in GROUPS {
        let Some(first) = calls.first() else { continue };
        let (id, title) = group(first.group);
        out.push_str(&format!("<h3 id=\"{id}\">{title}</h3>\n"));
        out.extend(calls.iter().map(host_call));
    }
    out.push_str(
        "<h2 id=\"callbacks\">Callbacks</h2>\n\
         <p>Functions that a module exports, and that the host calls where they are there.</p>\n",
    );
    out.extend(CALLBACKS.iter().map(callback));
    out.push_str(&statuses());
    out
}

/// The tables' sentences are Markdown of one paragraph.
fn prose(text: &str) -> String {
    inline(text, &Place::default())
}

fn sections() -> Vec<(&'static str, &'static str)> {
    let groups = GROUPS.iter().filter_map(|calls| calls.first());
    let mut sections: Vec<_> = groups.map(|call| group(call.group)).collect();
    sections.push(("callbacks", "Callbacks"));
    sections.push(("status-codes", "Status codes"));
    sections
}

fn group(group: Group) -> (&'static str, &'static str) {
    match group {
        Group::General => (
            "general",
            "Logging, clock, timers, properties, foreign functions",
        ),
        Group::Streams => ("streams", "Streams"),
        Group::Headers => ("headers", "Header maps"),
        Group::Buffers => ("buffers", "Buffers"),
        Group::Callouts => ("callouts", "HTTP and gRPC callouts"),
        Group::State => ("state", "Shared data and queues"),
        Group::Metrics => ("metrics", "Metrics"),
        Group::Toolchain => ("toolchain", "What toolchains import"),
        Group::Wasi => ("wasi", "WASI"),
    }
}

fn host_call(call: &HostCall) -> String {
    let returns = match call.returns {
        Returns::Status => " → status",
        Returns::Errno => " → errno",
        Returns::Number => " → number",
        Returns::Nothing => "",
    };
    let mut body = format!("<p>{}</p>", prose(call.doc));
    if !call.statuses.is_empty() {
        let rows = call.statuses.iter().map(|(status, cause)| {
            format!(
                "<dt><code>{}</code></dt><dd>{}</dd>",
                escape(status.word()),
                prose(cause)
            )
        });
        body.push_str(&format!("<dl>{}</dl>", rows.collect::<String>()));
    }
    entry(call.name, call.params, returns, call.versions, &body)
}

fn callback(callback: &Callback) -> String {
    let returns = match callback.returns {
        CallbackReturns::Nothing => "",
        CallbackReturns::Truth => " → bool",
        CallbackReturns::HeadersStatus => " → FilterHeadersStatus",
        CallbackReturns::DataStatus => " → FilterDataStatus",
        CallbackReturns::TrailersStatus => " → FilterTrailersStatus",
        CallbackReturns::MetadataStatus => " → FilterMetadataStatus",
        CallbackReturns::NetworkStatus => " → FilterStatus",
        CallbackReturns::Address => " → address",
        CallbackReturns::Ignored => " → ignored",
    };
    let mut body = format!("<p>{}</p>", prose(callback.doc));
    if let Some(n) = callback.params_0_1_0 {
        body.push_str(&format!(
            "<p>A module of version 0.1.0 takes only the first {n} of these.</p>"
        ));
    }
    let words: Vec<String> = (0..)
        .map_while(|n| callback.returns.word(n).map(|word| (n, word)))
        .take(8)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    // `bool` speaks for itself.
    if callback.returns != CallbackReturns::Truth && !words.is_empty() {
        body.push_str(&format!("<p>Returns: {}.</p>", words.join(", ")));
    }
    entry(
        callback.name,
        callback.params,
        returns,
        callback.versions,
        &body,
    )
}

fn entry(
    name: &str,
    params: &[Param],
    returns: &str,
    versions: &[AbiVersion],
    body: &str,
) -> String {
    let params: Vec<String> = params
        .iter()
        .map(|param| format!("{}: {}", param.name, kind(param.kind)))
        .collect();
    let versions: Vec<&str> = versions.iter().map(|version| version.word()).collect();
    let versions = match versions.len() {
        0 => "in no version of the specification".to_string(),
        n if n == AbiVersion::ALL.len() => "every ABI version".to_string(),
        _ => format!("ABI {}", versions.join(", ")),
    };
    format!(
        "<section class=\"entry\" id=\"{0}\"><h4><code>{0}</code></h4>\
         <p class=\"signature\"><code>({1}){2}</code> <span class=\"versions\">{3}</span></p>{4}</section>\n",
        escape(name),
        escape(&params.join(", ")),
        escape(returns),
        versions,
        body
    )
}

fn kind(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::U32 => "u32",
        ParamKind::I64 => "i64",
        ParamKind::Bool => "bool",
        ParamKind::Context => "context id",
        ParamKind::Level => "log level",
        ParamKind::Map => "header map",
        ParamKind::Buffer => "buffer",
        ParamKind::Stream => "stream",
        ParamKind::Metric => "metric kind",
        ParamKind::GrpcStatus => "gRPC status",
        ParamKind::Peer => "peer",
        ParamKind::Bytes => "bytes",
        ParamKind::Pairs => "pairs",
        ParamKind::Path => "property path",
        ParamKind::OutU32 => "returns u32",
        ParamKind::OutU64 => "returns u64",
        ParamKind::OutBytes => "returns bytes",
        ParamKind::OutPairs => "returns pairs",
        ParamKind::Pointer => "pointer",
    }
}

fn statuses() -> String {
    let rows = Status::ALL.iter().map(|status| {
        let calls: Vec<String> = GROUPS
            .iter()
            .flat_map(|calls| calls.iter())
            .filter(|call| call.statuses.iter().any(|(s, _)| s == status))
            .map(|call| format!("<a href=\"#{0}\"><code>{0}</code></a>", escape(call.name)))
            .collect();
        let calls = match calls.is_empty() {
            true => "none".to_string(),
            false => calls.join(", "),
        };
        format!(
            "<tr><td>{}</td><th scope=\"row\"><code>{}</code></th><td>{calls}</td></tr>",
            *status as u32,
            escape(status.word())
        )
    });
    format!(
        "<h2 id=\"status-codes\">Status codes</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Status codes\"><table><thead><tr><th scope=\"col\">Number</th><th scope=\"col\">Status</th>\
         <th scope=\"col\">Calls that answer it, besides those where it is Ok</th></tr></thead><tbody>{}</tbody></table></div>\n",
        rows.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_and_callback_has_an_anchor_of_its_own() {
        let html = html();
        let names = GROUPS
            .iter()
            .flat_map(|calls| calls.iter().map(|call| call.name))
            .chain(CALLBACKS.iter().map(|callback| callback.name));
        for name in names {
            assert_eq!(html.matches(&format!("id=\"{name}\"")).count(), 1, "{name}");
        }
    }

    #[test]
    fn links_within_the_page_lead_somewhere() {
        let html = html();
        for link in html.split("href=\"#").skip(1) {
            let id = link.split('"').next().unwrap_or_default();
            assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
        }
    }
}
